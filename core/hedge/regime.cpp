#include "core/hedge/regime.hpp"

#include <algorithm>
#include <cmath>

#include "core/hedge/exponential_pair.hpp"

namespace hedgewatch {

namespace {

constexpr double kYearInNanoseconds = 365.0 * 86'400e9;

}  // namespace

std::string_view label(Regime regime) {
  switch (regime) {
    case Regime::Calm:
      return "calm";
    case Regime::Normal:
      return "normal";
    case Regime::Stressed:
      return "stressed";
    case Regime::Dislocated:
      return "dislocated";
  }
  return "";
}

Regime RegimeState::by_vol(double vol_ratio) const {
  if (vol_ratio > thresholds_.stressed_above || (vol_regime_ == Regime::Stressed && vol_ratio >= thresholds_.stressed_until))
    return Regime::Stressed;
  if (vol_ratio < thresholds_.calm_below || (vol_regime_ == Regime::Calm && vol_ratio <= thresholds_.calm_until))
    return Regime::Calm;
  return Regime::Normal;
}

Regime RegimeState::add_bar(std::optional<double> vol_ratio, bool dislocated) {
  ++bars_in_regime_;
  if (vol_ratio) vol_regime_ = by_vol(*vol_ratio);
  const Regime wanted = dislocated ? Regime::Dislocated : vol_regime_;
  if (wanted > regime_ || (wanted < regime_ && bars_in_regime_ >= thresholds_.fewest_bars)) {
    regime_ = wanted;
    bars_in_regime_ = 0;
  }
  return regime_;
}

double limit_multiplier(Regime regime) {
  switch (regime) {
    case Regime::Calm:
    case Regime::Normal:
      return 1;
    case Regime::Stressed:
      return 0.5;
    case Regime::Dislocated:
      return 0.25;
  }
  return 0.25;
}

VolatilitySeries::VolatilitySeries(const Parameters& parameters) : parameters_{parameters} {
  parameters_.window_bars = std::max<std::size_t>(parameters_.window_bars, 1);
  window_.reserve(parameters_.window_bars);
  ticked_.reserve(parameters_.window_bars);
}

void VolatilitySeries::add_bar(std::optional<double> log_return, bool ticked) {
  if (window_.size() == parameters_.window_bars) {
    std::move(window_.begin() + 1, window_.end(), window_.begin());
    std::move(ticked_.begin() + 1, ticked_.end(), ticked_.begin());
    window_.pop_back();
    ticked_.pop_back();
  }
  window_.push_back(log_return);
  ticked_.push_back(ticked ? 1 : 0);

  ++bars_since_return_;
  if (log_return) {
    const auto elapsed = static_cast<std::int64_t>(bars_since_return_) * parameters_.bar;
    const auto decayed = [&](double before, std::chrono::nanoseconds half_life) {
      const double kept = returns_ever_ > 0 ? ExponentialPair::decay_of(elapsed, half_life) : 0;
      return kept * before + (1 - kept) * *log_return * *log_return;
    };
    fast_ = decayed(fast_, parameters_.fast_half_life);
    slow_ = decayed(slow_, parameters_.slow_half_life);
    ++returns_ever_;
    bars_since_return_ = 0;
  }

  const JumpTest jumps = jump_test(window_);
  returns_ = jumps.count;
  realised_vol_.reset();
  jump_zscore_.reset();
  if (returns_ < parameters_.minimum_returns) return;
  const double years = static_cast<double>(parameters_.bar.count()) / kYearInNanoseconds;
  realised_vol_ = std::sqrt(jumps.realized_variance / (static_cast<double>(returns_) * years));
  const auto told = static_cast<double>(std::count(ticked_.begin(), ticked_.end(), 1));
  if (told >= parameters_.fewest_ticked * static_cast<double>(ticked_.size())) jump_zscore_ = jumps.zscore;
}

std::optional<double> VolatilitySeries::vol_ratio() const {
  if (returns_ < parameters_.minimum_returns || !(slow_ > 0)) return std::nullopt;
  return std::sqrt(fast_ / slow_);
}

}  // namespace hedgewatch
