#include "feeds/okx/symbols.hpp"

#include <array>

#include "core/types/nano.hpp"
#include "feeds/expiry_text.hpp"

namespace hedgewatch::okx {

namespace {

/// Coins of one contract, and dollars of one inverse future's.
struct UsualSizes {
  std::string_view base;
  double linear_coins;
  double inverse_dollars;
  double option_coins;
};
constexpr std::array kUsual{UsualSizes{"BTC", 0.01, 100, 0.01}, UsualSizes{"ETH", 0.1, 10, 0.1}};

}  // namespace

std::optional<Contract> contract_from_name(std::string_view name) {
  std::array<std::string_view, 5> parts{};
  std::size_t count = 0;
  for (std::string_view rest = name;;) {
    if (count == parts.size()) return std::nullopt;
    const std::size_t dash = rest.find('-');
    parts[count++] = rest.substr(0, dash);
    if (dash == std::string_view::npos) break;
    rest.remove_prefix(dash + 1);
  }
  Contract contract;
  const auto text = InstrumentName::from(name);
  const auto base = AssetCode::from(parts[0]);
  const auto quote = AssetCode::from(parts[1]);
  if (count < 2 || !text || !base || !quote || base->empty() || quote->empty()) return std::nullopt;
  if (parts[1].find('_') != std::string_view::npos) return std::nullopt;
  contract.name = *text;
  contract.base = *base;
  contract.quote = contract.settlement = *quote;
  contract.contract_size = 1;
  contract.lot = 1.0 / static_cast<double>(Size::kScale);
  if (count == 2) {
    contract.kind = ContractKind::Spot;
    return contract;
  }

  const UsualSizes* usual = nullptr;
  for (const UsualSizes& sizes : kUsual)
    if (sizes.base == parts[0]) usual = &sizes;
  if (usual == nullptr) return std::nullopt;
  const bool inverse = parts[1] == "USD";
  if (inverse) {
    contract.style = PayoffStyle::Inverse;
    contract.settlement = contract.base;
  }
  if (count == 3) {
    contract.contract_size = contract.lot = inverse ? usual->inverse_dollars : usual->linear_coins;
    contract.size_unit = inverse ? SizeUnit::Quote : SizeUnit::Base;
    contract.kind = ContractKind::Perpetual;
    if (parts[2] == "SWAP") return contract;
    contract.kind = ContractKind::Future;
  }
  const auto expiry = expiry_from_year_month_day(parts[2]);
  if (!expiry) return std::nullopt;
  contract.expiry = *expiry;
  if (count == 3) return contract;

  const auto strike = strike_price(parts[3]);
  if (count != 5 || !inverse || !strike || (parts[4] != "C" && parts[4] != "P")) return std::nullopt;
  contract.kind = ContractKind::Option;
  contract.strike = *strike;
  contract.right = parts[4] == "C" ? OptionRight::Call : OptionRight::Put;
  contract.contract_size = contract.lot = usual->option_coins;
  return contract;
}

}  // namespace hedgewatch::okx
