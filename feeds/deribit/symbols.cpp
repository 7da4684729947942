#include "feeds/deribit/symbols.hpp"

#include <array>

#include "feeds/expiry_text.hpp"

namespace hedgewatch::deribit {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// 100000, or 0d048 with d for the point.
std::optional<double> strike_from(std::string_view text) {
  std::array<char, 32> digits{};
  if (text.empty() || text.size() >= digits.size()) return std::nullopt;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '.') return std::nullopt;
    digits[at] = text[at] == 'd' ? '.' : text[at];
  }
  return strike_price({digits.data(), text.size()});
}

bool is_asset(std::string_view text) {
  if (text.size() < 2 || text.size() > AssetCode::kCapacity) return false;
  for (const char c : text)
    if (!is_upper(c) && !is_digit(c)) return false;
  return true;
}

}  // namespace

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
    const auto expiry = expiry_from_day_month_year(parts[1]);
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
