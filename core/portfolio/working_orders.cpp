#include "core/portfolio/working_orders.hpp"

#include <algorithm>
#include <utility>

namespace hedgewatch {

bool WorkingOrders::apply(const WorkingOrder& order, InstrumentId instrument) {
  const auto place = std::lower_bound(orders_.begin(), orders_.end(), std::pair{instrument, order.order},
                                      [](const Order& one, const std::pair<InstrumentId, std::uint64_t>& key) {
                                        return std::pair{one.instrument, one.order} < key;
                                      });
  const bool known = place != orders_.end() && place->instrument == instrument && place->order == order.order;
  if (!known && complete_ && !snapshot_open_) ++placed_;
  if (order.remaining == Size{}) {
    if (known) orders_.erase(place);
    return false;
  }
  const Size remaining = order.side == Side::Buy ? order.remaining : Size{} - order.remaining;
  if (known) {
    place->remaining = remaining;
    place->named = true;
    return false;
  }
  if (orders_.size() == kMaxOrders) {
    refused_ = true;
    complete_ = false;
    return false;
  }
  const bool first = std::none_of(orders_.begin(), orders_.end(), [&](const Order& one) { return one.instrument == instrument; });
  orders_.insert(place, {.order = order.order, .instrument = instrument, .remaining = remaining, .named = true});
  return first;
}

void WorkingOrders::begin_snapshot() {
  snapshot_open_ = true;
  refused_ = false;
  for (Order& order : orders_) order.named = false;
}

void WorkingOrders::end_snapshot() {
  if (!std::exchange(snapshot_open_, false)) return;
  std::erase_if(orders_, [](const Order& order) { return !order.named; });
  complete_ = !refused_;
}

void WorkingOrders::lose_connection() {
  complete_ = false;
  snapshot_open_ = false;
}

}  // namespace hedgewatch
