#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/hedge/exponential_pair.hpp"
#include "core/hedge/pair_moments.hpp"
#include "core/hedge/pair_statistics.hpp"
#include "core/types/compensated_sum.hpp"

namespace hedgewatch {

/// What the dollar offset says. Inconclusive: the item has gained or lost too little to divide by.
enum class OffsetVerdict : std::uint8_t { Effective, Ineffective, Inconclusive };

/// Effective from 0.80 to 1.25, both included; nothing counts while the item's change is below `floor` in size.
/// `hedge` is minus the legs' change, so that a perfect hedge offsets 1.
struct DollarOffset {
  std::optional<double> ratio;  ///< nothing while inconclusive
  OffsetVerdict verdict = OffsetVerdict::Inconclusive;
};
[[nodiscard]] DollarOffset dollar_offset(double item_change, double hedge_change, double floor);

/// How an effectiveness series samples and judges.
struct EffectivenessConventions {
  std::chrono::nanoseconds bar = std::chrono::seconds{60};
  std::vector<std::chrono::nanoseconds> windows{std::chrono::hours{4}, std::chrono::hours{24}};  ///< whole bars, longest last
  std::size_t minimum_pairs = 120;
  std::chrono::nanoseconds half_life = std::chrono::hours{6};
  std::chrono::nanoseconds reference = std::chrono::hours{24 * 30};
  double correlation_floor = 0.95;
  double offset_floor = 0;  ///< size of the item's change below which the offset is inconclusive; in the series' unit

  friend bool operator==(const EffectivenessConventions&, const EffectivenessConventions&) = default;
};

/// What one window says; taken anew at the end of each bar.
struct WindowEffectiveness {
  PairStatistics pairs;  ///< at the hedge held
  double item_change = 0;
  double hedge_change = 0;
  std::optional<double> breakdown_zscore;  ///< against the reference; nothing without one
  bool broken = false;                     ///< z < -3 for three bars and the correlation below its floor
  std::optional<double> beta_drift;        ///< beta less that of the reference
  std::optional<double> residual_drift;    ///< residual deviation over that of the reference
};

/// How well a hedge follows its item, bar by bar: item and hedge in one unit (P&L with b minus the legs' P&L, or log returns), at
/// one unit of hedge for each of item. A bar without both is missing and stays so. Takes its memory at once; a bar costs O(longest
/// window), and reading costs nothing.
/// The reference is a block of `reference` that was complete before the longest window began: it is frozen, and the windows are
/// disjoint from it. A newer block replaces it as soon as it is disjoint, too.
class EffectivenessSeries {
 public:
  explicit EffectivenessSeries(const EffectivenessConventions& conventions);

  void add_bar(const std::optional<ReturnPair>& pair);

  [[nodiscard]] std::size_t bars() const { return bars_; }
  [[nodiscard]] std::span<const WindowEffectiveness> windows() const { return results_; }
  [[nodiscard]] const ExponentialPair& exponential() const { return exponential_; }
  [[nodiscard]] std::size_t exponential_pairs() const { return pairs_; }
  /// Over every bar since the series began.
  [[nodiscard]] DollarOffset offset_since_start() const;
  [[nodiscard]] DollarOffset offset_in(const WindowEffectiveness& window) const;
  /// Nothing until a reference block is complete and disjoint.
  [[nodiscard]] const std::optional<PairMoments>& reference() const { return frozen_; }

  /// See StateArchive.
  void visit_state(auto& archive) {
    archive(ring_, results_, weak_bars_, bars_, pairs_, missing_since_pair_, exponential_, item_, hedge_, reference_bars_, filling_,
            filled_bars_, waiting_, waiting_ended_, frozen_);
  }

 private:
  void take_reference(const std::optional<ReturnPair>& pair);
  void judge(WindowEffectiveness& window, std::size_t place);

  EffectivenessConventions conventions_;
  std::vector<std::size_t> window_bars_;
  std::vector<std::optional<ReturnPair>> ring_;
  std::vector<ReturnPair> scratch_;
  std::vector<WindowEffectiveness> results_;
  std::vector<int> weak_bars_;  ///< per window: bars in a row with z < -3
  std::size_t bars_ = 0;
  std::size_t pairs_ = 0;
  std::size_t missing_since_pair_ = 0;
  ExponentialPair exponential_;
  CompensatedSum item_;
  CompensatedSum hedge_;
  std::size_t reference_bars_ = 0;
  PairMoments filling_;
  std::size_t filled_bars_ = 0;
  std::optional<PairMoments> waiting_;
  std::size_t waiting_ended_ = 0;  ///< bars_ when it was complete
  std::optional<PairMoments> frozen_;
};

}  // namespace hedgewatch
