#include "feeds/deribit/symbols.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cstring>

namespace hedgewatch::deribit {

namespace {

/// Eight bytes at a time, the last eight overlapping; each mixed in by a multiplication whose high half comes back down.
std::uint64_t hash_of(std::string_view name) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;
  std::uint64_t hash = name.size() * kOdd;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * kOdd;
    hash ^= hash >> 32;
  };
  std::uint64_t word = 0;
  if (name.size() < sizeof word) {
    for (const char c : name) word = word << 8 | static_cast<unsigned char>(c);
    mix(word);
    return hash;
  }
  for (std::size_t at = 0; at + sizeof word < name.size(); at += sizeof word) {
    std::memcpy(&word, name.data() + at, sizeof word);
    mix(word);
  }
  std::memcpy(&word, name.data() + name.size() - sizeof word, sizeof word);
  mix(word);
  return hash;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// 5JUN26: the day is not padded. Expiry is at 08:00 UTC.
std::optional<VenueTime> expiry_from(std::string_view text) {
  std::size_t at = 0;
  unsigned day = 0;
  for (; at < text.size() && is_digit(text[at]) && at < 2; ++at) day = day * 10 + static_cast<unsigned>(text[at] - '0');
  if (at == 0 || text.size() != at + 5) return std::nullopt;
  constexpr std::array<std::string_view, 12> kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                     "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  unsigned month = 0;
  while (month < kMonths.size() && kMonths[month] != text.substr(at, 3)) ++month;
  if (month == kMonths.size() || !is_digit(text[at + 3]) || !is_digit(text[at + 4])) return std::nullopt;
  const int year = 2000 + (text[at + 3] - '0') * 10 + (text[at + 4] - '0');
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month + 1}, std::chrono::day{day}};
  if (!date.ok()) return std::nullopt;
  const auto moment = std::chrono::sys_days{date} + std::chrono::hours{8};
  return from_nanoseconds<VenueTime>(std::chrono::nanoseconds{moment.time_since_epoch()}.count());
}

/// 100000, or 0d048 with d for the point.
std::optional<double> strike_from(std::string_view text) {
  std::array<char, 32> digits{};
  if (text.empty() || text.size() >= digits.size()) return std::nullopt;
  bool point = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == 'd' && !point && at != 0 && at + 1 < text.size()) {
      point = true;
      digits[at] = '.';
    } else if (is_digit(text[at])) {
      digits[at] = text[at];
    } else {
      return std::nullopt;
    }
  }
  double strike = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + text.size(), strike);
  if (error != std::errc{} || end != digits.data() + text.size() || !(strike > 0)) return std::nullopt;
  return strike;
}

bool is_asset(std::string_view text) {
  if (text.size() < 2 || text.size() > AssetCode::kCapacity) return false;
  for (const char c : text)
    if (!is_upper(c) && !is_digit(c)) return false;
  return true;
}

}  // namespace

Symbols::Symbols(std::size_t capacity) : capacity_{capacity} {
  entries_.reserve(capacity);
  slots_.resize(std::bit_ceil(2 * capacity + 1));
}

std::size_t Symbols::slot_of(std::string_view name, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot] != 0) {
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && entry.contract.name.view() == name) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

std::optional<InstrumentId> Symbols::find(std::string_view name) const {
  const std::uint32_t found = slots_[slot_of(name, hash_of(name))];
  if (found == 0) return std::nullopt;
  return id_at(found - 1);
}

std::optional<InstrumentId> Symbols::add(const Contract& contract) {
  const std::uint64_t hash = hash_of(contract.name.view());
  const std::size_t slot = slot_of(contract.name.view(), hash);
  if (slots_[slot] != 0) {
    entries_[slots_[slot] - 1].contract = contract;
    return id_at(slots_[slot] - 1);
  }
  if (entries_.size() == capacity_) return std::nullopt;
  entries_.push_back({contract, hash, false});
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  return id_at(entries_.size() - 1);
}

void Symbols::truncate(std::size_t size) {
  // The newest go first: no probe of an older one ever passed their slots.
  while (entries_.size() > size) {
    slots_[slot_of(entries_.back().contract.name.view(), entries_.back().hash)] = 0;
    entries_.pop_back();
  }
}

bool Symbols::want(InstrumentId id) {
  Entry& entry = entries_[count_of(id)];
  if (entry.wanted) return false;
  entry.wanted = true;
  ++wants_;
  return true;
}

bool is_combo_name(std::string_view name) {
  const std::size_t first = name.find('-');
  if (first == std::string_view::npos || first + 1 >= name.size() || !is_upper(name[first + 1])) return false;
  return name.find('-', first + 1) != std::string_view::npos;
}

std::optional<Contract> contract_from_name(std::string_view name) {
  std::array<std::string_view, 4> parts{};
  std::size_t count = 0;
  for (std::string_view rest = name;;) {
    if (count == parts.size()) return std::nullopt;
    const std::size_t dash = rest.find('-');
    parts[count++] = rest.substr(0, dash);
    if (dash == std::string_view::npos) break;
    rest.remove_prefix(dash + 1);
  }

  const std::size_t underscore = parts[0].find('_');
  const bool linear = underscore != std::string_view::npos;
  const std::string_view base = parts[0].substr(0, underscore);
  const std::string_view quote = linear ? parts[0].substr(underscore + 1) : std::string_view{"USD"};
  if (!is_asset(base) || !is_asset(quote)) return std::nullopt;

  Contract contract;
  const auto text = InstrumentName::from(name);
  if (!text) return std::nullopt;
  contract.name = *text;
  contract.base = *AssetCode::from(base);
  contract.quote = *AssetCode::from(quote);
  contract.settlement = linear ? contract.quote : contract.base;
  contract.style = linear ? PayoffStyle::Linear : PayoffStyle::Inverse;
  contract.contract_size = 1;
  contract.lot = 1;

  if (count == 1) {
    if (!linear) return std::nullopt;
    contract.kind = ContractKind::Spot;
    return contract;
  }
  if (parts[1] == "PERPETUAL") {
    contract.kind = ContractKind::Perpetual;
  } else {
    const auto expiry = expiry_from(parts[1]);
    if (!expiry) return std::nullopt;
    contract.expiry = *expiry;
    contract.kind = count == 4 ? ContractKind::Option : ContractKind::Future;
  }
  if (contract.kind == ContractKind::Option) {
    const auto strike = strike_from(parts[2]);
    if (!strike || (parts[3] != "C" && parts[3] != "P")) return std::nullopt;
    contract.strike = *strike;
    contract.right = parts[3] == "C" ? OptionRight::Call : OptionRight::Put;
    if (base == "BTC") contract.lot = 0.1;
    return contract;
  }
  if (count != 2) return std::nullopt;
  if (!linear) {
    contract.size_unit = SizeUnit::Quote;
    contract.contract_size = base == "BTC" ? 10 : 1;
    contract.lot = contract.contract_size;
  }
  return contract;
}

}  // namespace hedgewatch::deribit
