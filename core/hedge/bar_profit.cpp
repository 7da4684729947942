#include "core/hedge/bar_profit.hpp"

namespace hedgewatch {

namespace {

struct Ends {
  double open = 0;
  double close = 0;
};

std::optional<Ends> both(const std::optional<double>& open, const std::optional<double>& close) {
  if (!open || !close) return std::nullopt;
  return Ends{*open, *close};
}

}  // namespace

std::optional<BarProfit> bar_profit(const Contract& contract, const BarPrice& open, const BarPrice& close, double unit_delta_coins,
                                    DeltaView view, ProfitCurrency currency) {
  if (!(open.index > 0) || !(close.index > 0)) return std::nullopt;
  const double per_dollar = currency == ProfitCurrency::Coin ? 1 / close.index : 1;
  if (contract.kind == ContractKind::Option) {
    const auto mark = both(open.mark, close.mark);
    if (!mark || !(open.forward > 0) || !(close.forward > 0)) return std::nullopt;
    double total = mark->close - mark->open;
    if (contract.style == PayoffStyle::Inverse)
      total = view == DeltaView::BlackScholes && currency == ProfitCurrency::Usd
                  ? mark->close * close.index - mark->open * open.index
                  : total * close.index;
    return BarProfit{.total = total * per_dollar, .delta = unit_delta_coins * (close.forward - open.forward) * per_dollar};
  }
  auto price = both(open.mid, close.mid);
  if (!price) price = both(open.mark, close.mark);
  if (!price || !(price->open > 0) || !(price->close > 0)) return std::nullopt;
  const double total = contract.size_unit == SizeUnit::Quote
                           ? (price->close - price->open) / price->open / price->close * close.index
                           : price->close - price->open;
  return BarProfit{.total = total * per_dollar, .delta = unit_delta_coins * (price->close - price->open) * per_dollar};
}

}  // namespace hedgewatch
