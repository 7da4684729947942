#include "feeds/bybit/symbols.hpp"

#include <array>

#include "core/types/nano.hpp"
#include "feeds/expiry_text.hpp"

namespace hedgewatch::bybit {

namespace {

constexpr std::array<std::string_view, 4> kWords{"spot", "linear", "inverse", "option"};

/// Between dashes; nothing when there are more than five parts.
struct Parts {
  std::array<std::string_view, 5> text{};
  std::size_t count = 0;
};
std::optional<Parts> parts_of(std::string_view name) {
  Parts parts;
  for (;;) {
    if (parts.count == parts.text.size()) return std::nullopt;
    const std::size_t dash = name.find('-');
    parts.text[parts.count++] = name.substr(0, dash);
    if (dash == std::string_view::npos) return parts;
    name.remove_prefix(dash + 1);
  }
}

bool set_pair(Contract& contract, std::string_view base, std::string_view quote) {
  const auto base_code = AssetCode::from(base);
  const auto quote_code = AssetCode::from(quote);
  if (base.empty() || !base_code || !quote_code) return false;
  contract.base = *base_code;
  contract.quote = contract.settlement = *quote_code;
  return true;
}

/// BTCUSDT into BTC and USDT.
bool set_joined_pair(Contract& contract, std::string_view joined) {
  constexpr std::array<std::string_view, 6> kQuotes{"USDT", "USDC", "USD", "EUR", "BTC", "ETH"};
  for (const std::string_view quote : kQuotes)
    if (joined.size() > quote.size() && joined.ends_with(quote))
      return set_pair(contract, joined.substr(0, joined.size() - quote.size()), quote);
  return false;
}

void make_inverse(Contract& contract) {
  contract.style = PayoffStyle::Inverse;
  contract.size_unit = SizeUnit::Quote;
  contract.settlement = contract.base;
}

bool set_future(Contract& contract, const Parts& parts) {
  const auto expiry = expiry_from_day_month_year(parts.text[1]);
  if (!expiry) return false;
  contract.kind = ContractKind::Future;
  contract.expiry = *expiry;
  return set_joined_pair(contract, parts.text[0]) || set_pair(contract, parts.text[0], "USDC");
}

bool set_option(Contract& contract, const Parts& parts) {
  const auto expiry = expiry_from_day_month_year(parts.text[1]);
  const auto strike = strike_price(parts.text[2]);
  const bool call = parts.text[3] == "C";
  if (!expiry || !strike || (!call && parts.text[3] != "P")) return false;
  contract.kind = ContractKind::Option;
  contract.right = call ? OptionRight::Call : OptionRight::Put;
  contract.expiry = *expiry;
  contract.strike = *strike;
  return set_pair(contract, parts.text[0], parts.count == 5 ? parts.text[4] : "USDC");
}

bool set_perpetual_or_lettered_future(Contract& contract, std::string_view name) {
  contract.kind = ContractKind::Perpetual;
  if (name.ends_with("PERP")) return set_pair(contract, name.substr(0, name.size() - 4), "USDC");
  if (set_joined_pair(contract, name)) {
    if (contract.quote.view() == "USD") make_inverse(contract);
    // Only these two and dollars quote perpetuals.
    return contract.quote.view() == "USDT" || contract.quote.view() == "USD";
  }
  if (name.size() <= 6) return false;
  const auto expiry = expiry_from_month_letter(name.substr(name.size() - 3));
  if (!expiry || !set_joined_pair(contract, name.substr(0, name.size() - 3)) || contract.quote.view() != "USD") return false;
  contract.kind = ContractKind::Future;
  contract.expiry = *expiry;
  make_inverse(contract);
  return true;
}

}  // namespace

std::optional<Category> category_from(std::string_view text) {
  for (std::size_t at = 0; at < kWords.size(); ++at)
    if (kWords[at] == text) return static_cast<Category>(at);
  return std::nullopt;
}

std::string_view word(Category category) { return kWords[static_cast<std::size_t>(category)]; }

std::optional<double> strike_of(std::string_view option_symbol) {
  const auto parts = parts_of(option_symbol);
  if (!parts || parts->count < 4) return std::nullopt;
  return strike_price(parts->text[2]);
}

std::optional<Contract> contract_from_name(std::string_view name) {
  Contract contract;
  const auto text = InstrumentName::from(name);
  if (!text || name.empty()) return std::nullopt;
  contract.name = *text;
  contract.contract_size = 1;
  contract.lot = 1.0 / static_cast<double>(Size::kScale);
  bool named = false;
  if (name.ends_with(kSpotSuffix)) {
    contract.kind = ContractKind::Spot;
    named = set_joined_pair(contract, name.substr(0, name.size() - kSpotSuffix.size()));
  } else if (const auto parts = parts_of(name)) {
    if (parts->count == 1) named = set_perpetual_or_lettered_future(contract, name);
    if (parts->count == 2) named = set_future(contract, *parts);
    if (parts->count >= 4) named = set_option(contract, *parts);
  }
  return named ? std::optional{contract} : std::nullopt;
}

}  // namespace hedgewatch::bybit
