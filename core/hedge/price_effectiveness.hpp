#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/hedge/exponential_pair.hpp"
#include "core/hedge/jump_test.hpp"
#include "core/hedge/pair_statistics.hpp"
#include "core/types/compensated_sum.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// What of two prices one bar apart is looked at.
enum class PriceMove : std::uint8_t {
  LogReturn,
  Linear,  ///< the change: what one unit of a linear contract gains
  Inverse  ///< the change of -1/price: what one quote unit of an inverse contract gains, in coin
};
[[nodiscard]] double price_move(double before, double after, PriceMove move);

struct EffectivenessParameters {
  std::size_t window_pairs = 240;  ///< rolling window of valid pairs
  std::size_t window_bars = 240;   ///< rolling window of bars, valid or not
  double fast_decay = 0.94;        ///< per valid pair
  double slow_decay = 0.99;        ///< per valid pair
  std::chrono::nanoseconds half_life = std::chrono::hours{6};
  double hedge_held = 1;  ///< units of the hedge instrument short for each unit of exposure
  PriceMove move = PriceMove::LogReturn;
};

/// The level of the spread between the two prices, (hedge - exposure)/exposure, against its own window (current bar included). All
/// absent at a bar without both prices.
struct BasisStatistics {
  std::optional<double> ratio;
  std::optional<double> deviation;  ///< sample
  std::optional<double> zscore;     ///< nullopt when the deviation is 0
};

/// How well one price tracked another, bar by bar: the `basis="price"` form of hedge effectiveness.
/// A return exists only when both ends of its bar exist, a pair only when both returns do. Work per bar: O(windows).
class PriceEffectiveness {
 public:
  explicit PriceEffectiveness(const EffectivenessParameters& parameters);

  /// The next bar's prices; nullopt is a missing price. The first bar has no returns.
  void add_bar(VenueTime time, std::optional<double> exposure, std::optional<double> hedge);

  [[nodiscard]] std::int64_t bars() const { return bars_; }
  [[nodiscard]] PairStatistics by_pairs() const;  ///< over the last window_pairs valid pairs
  [[nodiscard]] PairStatistics by_bars() const;   ///< over the valid pairs among the last window_bars bars
  [[nodiscard]] const ExponentialPair& fast() const { return fast_; }
  [[nodiscard]] const ExponentialPair& slow() const { return slow_; }
  [[nodiscard]] const ExponentialPair& by_time() const { return by_time_; }
  /// The zero-seeded form of fast(), divided by 1 - decay^n: unbiased while young.
  [[nodiscard]] const BiasCorrectedPair& fast_bias_corrected() const { return bias_corrected_; }
  /// Fast over slow volatility of the exposure.
  [[nodiscard]] std::optional<double> volatility_ratio() const;
  [[nodiscard]] JumpTest jumps() const;  ///< of the exposure's own returns over the last window_bars bars
  [[nodiscard]] BasisStatistics basis() const;
  /// How much of the exposure's price change the short hedge paid back, over all valid pairs so far: 1 is a perfect offset.
  /// hedge_held * sum(hedge) / sum(exposure), of price changes or, where another move than the logarithmic return is looked at, of
  /// those moves; nullopt while the exposure has not moved.
  [[nodiscard]] std::optional<double> dollar_offset() const;

 private:
  struct Bar {
    VenueTime time{};
    std::optional<double> exposure_price;
    std::optional<double> hedge_price;
    std::optional<double> exposure_return;
    std::optional<double> hedge_return;
  };

  EffectivenessParameters parameters_;
  std::int64_t bars_ = 0;
  std::deque<Bar> recent_;        ///< the last window_bars bars
  std::deque<ReturnPair> pairs_;  ///< the last window_pairs valid pairs
  ExponentialPair fast_;
  ExponentialPair slow_;
  ExponentialPair by_time_;
  BiasCorrectedPair bias_corrected_;
  std::optional<VenueTime> last_pair_time_;
  CompensatedSum exposure_change_;
  CompensatedSum hedge_change_;
};

}  // namespace hedgewatch
