#include "feeds/binance/symbols.hpp"

#include <algorithm>
#include <array>

#include "core/types/nano.hpp"
#include "feeds/expiry_text.hpp"

namespace hedgewatch::binance {

namespace {

bool is_dated(std::string_view tail) {
  return tail.size() == 6 && std::all_of(tail.begin(), tail.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// BTC-261225-105000-C.
bool set_option(Contract& contract, std::string_view name) {
  std::array<std::string_view, 4> parts{};
  for (std::size_t count = 0; count < parts.size(); ++count) {
    const std::size_t dash = name.find('-');
    if ((dash == std::string_view::npos) != (count + 1 == parts.size())) return false;
    parts[count] = name.substr(0, dash);
    if (dash != std::string_view::npos) name.remove_prefix(dash + 1);
  }
  const auto base = AssetCode::from(parts[0]);
  const auto expiry = expiry_from_year_month_day(parts[1]);
  const auto strike = strike_price(parts[2]);
  if (parts[0].empty() || !base || !expiry || !strike || (parts[3] != "C" && parts[3] != "P")) return false;
  contract.kind = ContractKind::Option;
  contract.base = *base;
  contract.quote = contract.settlement = *AssetCode::from("USDT");
  contract.expiry = *expiry;
  contract.strike = *strike;
  contract.right = parts[3] == "C" ? OptionRight::Call : OptionRight::Put;
  return true;
}

}  // namespace

Product product_of_symbol(std::string_view symbol) {
  if (symbol.find('-') != std::string_view::npos) return Product::Options;
  const std::size_t underscore = symbol.find('_');
  if (underscore == std::string_view::npos) return Product::UsdMargined;
  return symbol.substr(0, underscore).ends_with("USD") ? Product::CoinMargined : Product::UsdMargined;
}

std::optional<std::pair<AssetCode, AssetCode>> split_pair(std::string_view joined) {
  constexpr std::array<std::string_view, 16> kQuotes{"USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD1", "USD", "BTC",
                                                     "ETH",  "BNB",  "EUR",   "TRY",  "BRL",  "JPY",  "GBP", "PAX"};
  for (const std::string_view quote : kQuotes) {
    if (joined.size() <= quote.size() || !joined.ends_with(quote)) continue;
    const auto base = AssetCode::from(joined.substr(0, joined.size() - quote.size()));
    if (base) return std::pair{*base, *AssetCode::from(quote)};
  }
  return std::nullopt;
}

std::optional<Contract> contract_from_name(std::string_view name) {
  Contract contract;
  const auto text = InstrumentName::from(name);
  if (!text) return std::nullopt;
  contract.name = *text;
  contract.contract_size = 1;
  contract.lot = 1.0 / static_cast<double>(Size::kScale);
  const bool spot = name.ends_with(kSpotSuffix);
  if (!spot && name.find('-') != std::string_view::npos) return set_option(contract, name) ? std::optional{contract} : std::nullopt;

  std::string_view pair = spot ? name.substr(0, name.size() - kSpotSuffix.size()) : name;
  contract.kind = spot ? ContractKind::Spot : ContractKind::Perpetual;
  const std::size_t underscore = pair.find('_');
  if (underscore != std::string_view::npos) {
    const std::string_view tail = pair.substr(underscore + 1);
    if (is_dated(tail)) {
      const auto expiry = expiry_from_year_month_day(tail);
      if (!expiry) return std::nullopt;
      contract.kind = ContractKind::Future;
      contract.expiry = *expiry;
    } else if (tail != "PERP") {
      return std::nullopt;
    }
    pair = pair.substr(0, underscore);
  }
  const auto split = split_pair(pair);
  if (!split) return std::nullopt;
  contract.base = split->first;
  contract.quote = contract.settlement = split->second;
  if (!spot && contract.quote.view() == "USD") {
    contract.style = PayoffStyle::Inverse;
    contract.size_unit = SizeUnit::Quote;
    contract.settlement = contract.base;
    contract.contract_size = contract.lot = contract.base.view() == "BTC" ? 100 : 10;
  }
  return contract;
}

}  // namespace hedgewatch::binance
