#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/types/time.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

/// An order of the account that rests, or rested until now.
struct RestingOrder {
  std::int64_t order_id = 0;
  std::size_t instrument = 0;
  bool buy = true;
  double price = 0;
  double amount = 0;
  bool open = true;
  VenueTime placed{};
  VenueTime changed{};
};

/// The account's quotes: a bid and an ask in every perpetual, some way off the mark. They are pulled and placed anew before the
/// market reaches them, so that none is ever filled. Pure.
class RestingOrders {
 public:
  /// `quote_usd`: size of each quote; 0: there are none.
  RestingOrders(double quote_usd, const SyntheticMarket& market);

  /// Takes in where the market stands now; `changed` gets what was pulled or placed, in this order.
  void step(const SyntheticMarket& market, std::vector<RestingOrder>& changed);
  [[nodiscard]] const std::vector<RestingOrder>& orders() const { return orders_; }

 private:
  [[nodiscard]] RestingOrder quote(const SyntheticMarket& market, std::size_t instrument, bool buy);

  double quote_usd_;
  std::int64_t next_id_ = 77'000'000'000;
  std::vector<RestingOrder> orders_;
};

}  // namespace hedgewatch::simulator
