#include "core/portfolio/order_rate.hpp"

namespace hedgewatch {

void OrderRate::add(MonoTime at) {
  if (seen_.empty()) return;
  if (count_ == seen_.size()) {
    first_ = (first_ + 1) % seen_.size();
    --count_;
  }
  seen_[(first_ + count_) % seen_.size()] = at;
  ++count_;
}

std::uint32_t OrderRate::left(MonoTime now) {
  while (count_ > 0 && now - seen_[first_] >= allowance_.window) {
    first_ = (first_ + 1) % seen_.size();
    --count_;
  }
  return allowance_.orders - static_cast<std::uint32_t>(count_);
}

void OrderRate::watch(MonoTime now, bool watching) {
  if (watching && !watching_) since_ = now;
  watching_ = watching;
}

}  // namespace hedgewatch
