#include "core/hedge/effectiveness_series.hpp"

#include <algorithm>
#include <cmath>

#include "core/hedge/correlation_breakdown.hpp"

namespace hedgewatch {

namespace {

constexpr double kLeastEffective = 0.80;
constexpr double kMostEffective = 1.25;
constexpr double kWeakZscore = -3;
constexpr int kWeakBarsToBreak = 3;

std::size_t bars_in(std::chrono::nanoseconds window, std::chrono::nanoseconds bar) {
  return static_cast<std::size_t>(std::max<std::int64_t>(1, window / bar));
}

}  // namespace

DollarOffset dollar_offset(double item_change, double hedge_change, double floor) {
  if (!(std::abs(item_change) >= floor) || item_change == 0) return {};
  const double ratio = hedge_change / item_change;
  const bool effective = ratio >= kLeastEffective && ratio <= kMostEffective;
  return {.ratio = ratio, .verdict = effective ? OffsetVerdict::Effective : OffsetVerdict::Ineffective};
}

EffectivenessSeries::EffectivenessSeries(const EffectivenessConventions& conventions) : conventions_{conventions} {
  std::size_t longest = 1;
  for (const std::chrono::nanoseconds window : conventions.windows) {
    window_bars_.push_back(bars_in(window, conventions.bar));
    longest = std::max(longest, window_bars_.back());
  }
  ring_.resize(longest);
  scratch_.reserve(longest);
  results_.resize(window_bars_.size());
  weak_bars_.resize(window_bars_.size());
  reference_bars_ = bars_in(conventions.reference, conventions.bar);
}

void EffectivenessSeries::add_bar(const std::optional<ReturnPair>& pair) {
  ring_[bars_ % ring_.size()] = pair;
  ++bars_;
  ++missing_since_pair_;
  if (pair) {
    exponential_.add(*pair, ExponentialPair::decay_of(static_cast<std::int64_t>(missing_since_pair_) * conventions_.bar,
                                                      conventions_.half_life));
    missing_since_pair_ = 0;
    ++pairs_;
    item_.add(pair->exposure);
    hedge_.add(pair->hedge);
  }
  take_reference(pair);
  for (std::size_t w = 0; w < window_bars_.size(); ++w) {
    scratch_.clear();
    CompensatedSum item;
    CompensatedSum hedge;
    const std::size_t length = std::min(window_bars_[w], bars_);
    for (std::size_t i = bars_ - length; i < bars_; ++i) {
      const auto& kept = ring_[i % ring_.size()];
      if (!kept) continue;
      scratch_.push_back(*kept);
      item.add(kept->exposure);
      hedge.add(kept->hedge);
    }
    WindowEffectiveness window;
    window.pairs = pair_statistics(scratch_, 1);
    window.item_change = item.value();
    window.hedge_change = hedge.value();
    judge(window, w);
    results_[w] = window;
  }
}

void EffectivenessSeries::take_reference(const std::optional<ReturnPair>& pair) {
  if (waiting_ && bars_ - waiting_ended_ >= ring_.size()) {
    frozen_ = *waiting_;
    waiting_.reset();
  }
  if (pair) filling_.add(*pair);
  if (++filled_bars_ < reference_bars_) return;
  // A block with too few pairs is no reference; the one before stays.
  if (filling_.count() >= conventions_.minimum_pairs) {
    waiting_ = filling_;
    waiting_ended_ = bars_;
  }
  filling_ = {};
  filled_bars_ = 0;
}

void EffectivenessSeries::judge(WindowEffectiveness& window, std::size_t place) {
  if (!frozen_ || window.pairs.count < conventions_.minimum_pairs) {
    weak_bars_[place] = 0;
    return;
  }
  const auto reference = frozen_->correlation();
  if (window.pairs.correlation && reference)
    window.breakdown_zscore = correlation_breakdown_zscore(*window.pairs.correlation, *reference, window.pairs.count);
  if (window.pairs.beta && frozen_->beta()) window.beta_drift = *window.pairs.beta - *frozen_->beta();
  const auto residual = frozen_->residual_deviation();
  if (window.pairs.residual_deviation && residual && *residual > 0)
    window.residual_drift = *window.pairs.residual_deviation / *residual;
  const bool weak = window.breakdown_zscore && *window.breakdown_zscore < kWeakZscore;
  weak_bars_[place] = weak ? std::min(weak_bars_[place] + 1, kWeakBarsToBreak) : 0;
  window.broken = weak_bars_[place] >= kWeakBarsToBreak && window.pairs.correlation &&
                  *window.pairs.correlation < conventions_.correlation_floor;
}

DollarOffset EffectivenessSeries::offset_since_start() const {
  return dollar_offset(item_.value(), hedge_.value(), conventions_.offset_floor);
}

DollarOffset EffectivenessSeries::offset_in(const WindowEffectiveness& window) const {
  return dollar_offset(window.item_change, window.hedge_change, conventions_.offset_floor);
}

}  // namespace hedgewatch
