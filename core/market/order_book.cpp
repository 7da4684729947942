#include "core/market/order_book.hpp"

#include <algorithm>

namespace hedgewatch {

OrderBook::OrderBook(std::size_t depth) : depth_{depth} {
  bids_.reserve(depth_);
  asks_.reserve(depth_);
}

void OrderBook::begin(bool snapshot) {
  changing_ = true;
  if (!snapshot) return;
  bids_.clear();
  asks_.clear();
  truncated_ = 0;
  unknown_removals_ = 0;
  synchronised_ = true;
}

void OrderBook::set(Side side, Price price, Size size) {
  std::vector<Level>& levels = side == Side::Buy ? bids_ : asks_;
  const auto place = std::lower_bound(levels.begin(), levels.end(), price, [side](const Level& level, Price wanted) {
    return side == Side::Buy ? level.price < wanted : level.price > wanted;
  });
  const bool found = place != levels.end() && place->price == price;
  if (!(size.raw() > 0)) {
    if (found)
      levels.erase(place);
    else
      ++unknown_removals_;
    return;
  }
  if (found) {
    place->size = size;
    return;
  }
  if (levels.size() < depth_) {
    levels.insert(place, {price, size});
    return;
  }
  ++truncated_;
  if (place == levels.begin()) return;
  std::move(levels.begin() + 1, place, levels.begin());
  *(place - 1) = {price, size};
}

void OrderBook::end(std::uint64_t sequence) {
  sequence_ = sequence;
  changing_ = false;
}

void OrderBook::invalidate() {
  synchronised_ = false;
  changing_ = false;
  bids_.clear();
  asks_.clear();
}

bool OrderBook::crossed() const { return !bids_.empty() && !asks_.empty() && bids_.back().price >= asks_.back().price; }

}  // namespace hedgewatch
