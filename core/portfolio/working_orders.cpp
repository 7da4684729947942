#include "core/portfolio/working_orders.hpp"

#include <algorithm>
#include <utility>

namespace hedgewatch {

bool WorkingOrders::apply(const WorkingOrder& order, InstrumentId instrument) {
  told_ = true;
  const auto place = std::lower_bound(orders_.begin(), orders_.end(), std::pair{instrument, order.order},
                                      [](const Order& one, const std::pair<InstrumentId, std::uint64_t>& key) {
                                        return std::pair{one.instrument, one.order} < key;
                                      });
  const bool known = place != orders_.end() && place->instrument == instrument && place->order == order.order;
  const Gone number{.order = order.order, .instrument = instrument};
  const auto is_gone = [&] { return std::find(gone_.begin(), gone_.end(), number) != gone_.end(); };
  if (!known && complete_ && !snapshot_open_ && !is_gone()) ++placed_;
  if (order.remaining == Size{}) {
    if (known) orders_.erase(place);
    if (!is_gone()) remember(number);
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

void WorkingOrders::remember(const Gone& gone) {
  if (gone_.size() < kMostGone) return gone_.push_back(gone);
  oldest_gone_ %= gone_.size();
  gone_[oldest_gone_++] = gone;
}

void WorkingOrders::begin_snapshot() {
  told_ = true;
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
