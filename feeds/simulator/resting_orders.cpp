#include "feeds/simulator/resting_orders.hpp"

#include <cmath>

namespace hedgewatch::simulator {

namespace {

/// How far from the mark a quote is placed, and how near the mark may come before it is pulled.
constexpr double kPlacedAt = 0.004;
constexpr double kPulledAt = 0.001;
/// A quote that the market has left behind is brought after it.
constexpr double kLeftBehind = 0.01;

}  // namespace

RestingOrders::RestingOrders(double quote_usd, const SyntheticMarket& market) : quote_usd_{quote_usd} {
  if (!(quote_usd > 0)) return;
  for (std::size_t u = 0; u < market.underlyings().size(); ++u)
    for (const bool buy : {true, false}) orders_.push_back(quote(market, market.perpetual_of(u), buy));
}

RestingOrder RestingOrders::quote(const SyntheticMarket& market, std::size_t index, bool buy) {
  const MarketInstrument& instrument = market.instruments()[index];
  const double price = instrument.mark_price * (buy ? 1 - kPlacedAt : 1 + kPlacedAt);
  return {.order_id = next_id_++,
          .instrument = index,
          .buy = buy,
          .price = std::round(price / instrument.tick) * instrument.tick,
          .amount = std::round(quote_usd_ / instrument.contract_size) * instrument.contract_size,
          .placed = market.now(),
          .changed = market.now()};
}

void RestingOrders::step(const SyntheticMarket& market, std::vector<RestingOrder>& changed) {
  changed.clear();
  for (RestingOrder& order : orders_) {
    const double mark = market.instruments()[order.instrument].mark_price;
    const double away = order.buy ? 1 - order.price / mark : order.price / mark - 1;
    if (away > kPulledAt && away < kLeftBehind) continue;
    order.open = false;
    order.changed = market.now();
    changed.push_back(order);
    order = quote(market, order.instrument, order.buy);
    changed.push_back(order);
  }
}

}  // namespace hedgewatch::simulator
