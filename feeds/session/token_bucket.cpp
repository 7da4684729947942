#include "feeds/session/token_bucket.hpp"

#include <algorithm>

namespace hedgewatch {

namespace {
constexpr std::int64_t kUnitsPerCredit = 1'000'000'000;
}

TokenBucket::TokenBucket(std::uint32_t capacity, std::uint32_t refill_per_second)
    : capacity_{capacity * kUnitsPerCredit}, refill_per_nanosecond_{refill_per_second}, level_{capacity_} {}

std::int64_t TokenBucket::level_at(MonoTime now) const {
  if (!filled_ || now <= *filled_ || refill_per_nanosecond_ == 0) return level_;
  const std::int64_t elapsed = (now - *filled_).count();
  const std::int64_t missing = capacity_ - level_;
  // Compared before multiplying: a long sleep must not overflow.
  if (elapsed > missing / refill_per_nanosecond_) return capacity_;
  return level_ + elapsed * refill_per_nanosecond_;
}

bool TokenBucket::take(std::uint32_t credits, MonoTime now) {
  const std::int64_t cost = credits * kUnitsPerCredit;
  const std::int64_t level = level_at(now);
  if (level < cost) return false;
  level_ = level - cost;
  filled_ = filled_ ? std::max(*filled_, now) : now;
  return true;
}

std::optional<MonoTime> TokenBucket::available_at(std::uint32_t credits, MonoTime now) const {
  const std::int64_t cost = credits * kUnitsPerCredit;
  if (cost > capacity_) return std::nullopt;
  const std::int64_t missing = cost - level_at(now);
  if (missing <= 0) return now;
  if (refill_per_nanosecond_ == 0) return std::nullopt;
  const MonoTime start = filled_ ? std::max(*filled_, now) : now;
  const std::int64_t wait = missing / refill_per_nanosecond_ + (missing % refill_per_nanosecond_ != 0 ? 1 : 0);
  return start + std::chrono::nanoseconds{wait};
}

std::uint32_t TokenBucket::available(MonoTime now) const { return static_cast<std::uint32_t>(level_at(now) / kUnitsPerCredit); }

void TokenBucket::drain(MonoTime now) {
  level_ = 0;
  filled_ = filled_ ? std::max(*filled_, now) : now;
}

}  // namespace hedgewatch
