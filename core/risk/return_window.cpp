#include "core/risk/return_window.hpp"

#include <algorithm>
#include <cmath>

namespace hedgewatch {

ReturnWindow::ReturnWindow(std::chrono::nanoseconds bar, std::size_t window)
    : bar_{bar}, returns_(std::max<std::size_t>(window, 1), 0.0) {}

void ReturnWindow::advance(MonoTime now, double price) {
  if (begun_ && now < bar_end_) return;
  const bool usable = price > 0 && std::isfinite(price);
  // A whole bar passed without a look: the move is not one of a bar.
  const bool in_time = begun_ && now < bar_end_ + bar_;
  if (usable && in_time && last_price_ > 0) {
    returns_[next_] = std::log1p((price - last_price_) / last_price_);
    next_ = (next_ + 1) % returns_.size();
    count_ = std::min(count_ + 1, returns_.size());
  }
  last_price_ = usable ? price : 0;
  bar_end_ = (in_time ? bar_end_ : now) + bar_;
  begun_ = true;
}

}  // namespace hedgewatch
