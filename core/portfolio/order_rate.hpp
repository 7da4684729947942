#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/types/time.hpp"

namespace hedgewatch {

/// How many orders a venue takes from an account within a window that runs along.
struct OrderAllowance {
  std::uint32_t orders = 0;           ///< positive
  std::chrono::nanoseconds window{};  ///< positive

  friend bool operator==(const OrderAllowance&, const OrderAllowance&) = default;
};

/// What an account has left of its allowance, by the orders that were seen. Takes its memory at once; adding and asking cost O(1),
/// orders that have left the window apart.
class OrderRate {
 public:
  OrderRate() = default;
  explicit OrderRate(OrderAllowance allowance) : allowance_{allowance}, seen_(allowance.orders) {}

  [[nodiscard]] const OrderAllowance& allowance() const { return allowance_; }
  /// An order was seen; times do not fall. Beyond the allowance the oldest is forgotten: nothing is left either way.
  void add(MonoTime at);
  /// Orders that may still go out; never below 0. What was seen a whole window ago no longer counts.
  [[nodiscard]] std::uint32_t left(MonoTime now);

  /// Whether every order of now would be seen. A gap makes what was seen before it less than the truth.
  void watch(MonoTime now, bool watching);
  /// Watched without a gap for a whole window.
  [[nodiscard]] bool whole(MonoTime now) const { return watching_ && now - since_ >= allowance_.window; }

  /// See StateArchive.
  void visit_state(auto& archive) { archive(allowance_, seen_, first_, count_, since_, watching_); }

 private:
  OrderAllowance allowance_;
  std::vector<MonoTime> seen_;  ///< a ring of as many as are allowed
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  MonoTime since_{};
  bool watching_ = false;
};

}  // namespace hedgewatch
