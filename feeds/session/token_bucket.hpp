#pragma once

#include <cstdint>
#include <optional>

#include "core/types/time.hpp"

namespace hedgewatch {

/// A venue's rate limit by credits: a pool that refills evenly and from which each request takes its cost.
/// Exact: counts in 1e-9 credits, so a moment named by available_at is never a nanosecond early.
class TokenBucket {
 public:
  /// `capacity` credits at most, `refill_per_second` credits come back each second. Starts full.
  TokenBucket(std::uint32_t capacity, std::uint32_t refill_per_second);

  /// Takes `credits` when the pool holds them; else takes nothing and says false. Times earlier than the last one refill nothing.
  [[nodiscard]] bool take(std::uint32_t credits, MonoTime now);
  /// The first moment at which take(credits) succeeds if nothing else is taken. Nothing: never (above the capacity, or no refill).
  [[nodiscard]] std::optional<MonoTime> available_at(std::uint32_t credits, MonoTime now) const;
  /// Whole credits in the pool.
  [[nodiscard]] std::uint32_t available(MonoTime now) const;
  /// Empties the pool: the venue has said "too many requests", so its count is not ours.
  void drain(MonoTime now);

 private:
  [[nodiscard]] std::int64_t level_at(MonoTime now) const;

  std::int64_t capacity_;               ///< 1e-9 credits
  std::int64_t refill_per_nanosecond_;  ///< 1e-9 credits
  std::int64_t level_;                  ///< 1e-9 credits, at filled_
  std::optional<MonoTime> filled_;
};

}  // namespace hedgewatch
