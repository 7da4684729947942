#include "core/hedge/price_effectiveness.hpp"

#include <cmath>

namespace hedgewatch {

namespace {

std::optional<double> move_between(std::optional<double> before, std::optional<double> after, PriceMove move) {
  return before && after ? std::optional{price_move(*before, *after, move)} : std::nullopt;
}

}  // namespace

double price_move(double before, double after, PriceMove move) {
  // A difference of logarithms, or of reciprocals, would lose the digits of a small move.
  switch (move) {
    case PriceMove::LogReturn:
      return std::log1p((after - before) / before);
    case PriceMove::Linear:
      return after - before;
    case PriceMove::Inverse:
      return (after - before) / before / after;
  }
  return 0;
}

PriceEffectiveness::PriceEffectiveness(const EffectivenessParameters& parameters) : parameters_{parameters} {}

void PriceEffectiveness::add_bar(VenueTime time, std::optional<double> exposure, std::optional<double> hedge) {
  Bar bar{.time = time, .exposure_price = exposure, .hedge_price = hedge, .exposure_return = {}, .hedge_return = {}};
  if (!recent_.empty()) {
    bar.exposure_return = move_between(recent_.back().exposure_price, exposure, parameters_.move);
    bar.hedge_return = move_between(recent_.back().hedge_price, hedge, parameters_.move);
  }
  if (bar.exposure_return && bar.hedge_return) {
    const ReturnPair pair{.exposure = *bar.exposure_return, .hedge = *bar.hedge_return};
    const PriceMove offset_of = parameters_.move == PriceMove::Inverse ? PriceMove::Inverse : PriceMove::Linear;
    exposure_change_.add(price_move(*recent_.back().exposure_price, *exposure, offset_of));
    hedge_change_.add(price_move(*recent_.back().hedge_price, *hedge, offset_of));
    fast_.add(pair, parameters_.fast_decay);
    slow_.add(pair, parameters_.slow_decay);
    bias_corrected_.add(pair, parameters_.fast_decay);
    const auto elapsed = last_pair_time_ ? time - *last_pair_time_ : std::chrono::nanoseconds{0};
    by_time_.add(pair, ExponentialPair::decay_of(elapsed, parameters_.half_life));
    last_pair_time_ = time;
    pairs_.push_back(pair);
    if (pairs_.size() > parameters_.window_pairs) pairs_.pop_front();
  }
  recent_.push_back(bar);
  if (recent_.size() > parameters_.window_bars) recent_.pop_front();
  ++bars_;
}

PairStatistics PriceEffectiveness::by_pairs() const {
  const std::vector<ReturnPair> window(pairs_.begin(), pairs_.end());
  return pair_statistics(window, parameters_.hedge_held);
}

PairStatistics PriceEffectiveness::by_bars() const {
  std::vector<ReturnPair> window;
  window.reserve(recent_.size());
  for (const Bar& bar : recent_)
    if (bar.exposure_return && bar.hedge_return) window.push_back({.exposure = *bar.exposure_return, .hedge = *bar.hedge_return});
  return pair_statistics(window, parameters_.hedge_held);
}

std::optional<double> PriceEffectiveness::volatility_ratio() const {
  const auto fast = fast_.variance_exposure();
  const auto slow = slow_.variance_exposure();
  if (!fast || !slow || !(*slow > 0)) return std::nullopt;
  return std::sqrt(*fast / *slow);
}

JumpTest PriceEffectiveness::jumps() const {
  std::vector<std::optional<double>> returns;
  returns.reserve(recent_.size());
  for (const Bar& bar : recent_) returns.push_back(bar.exposure_return);
  return jump_test(returns);
}

BasisStatistics PriceEffectiveness::basis() const {
  BasisStatistics result;
  if (recent_.empty()) return result;
  const auto level = [](const Bar& bar) { return (*bar.hedge_price - *bar.exposure_price) / *bar.exposure_price; };
  CompensatedSum sum;
  std::size_t count = 0;
  for (const Bar& bar : recent_) {
    if (!bar.exposure_price || !bar.hedge_price) continue;
    sum.add(level(bar));
    ++count;
  }
  const Bar& last = recent_.back();
  if (!last.exposure_price || !last.hedge_price) return result;
  result.ratio = level(last);
  if (count < 2) return result;
  const double mean = sum.value() / static_cast<double>(count);
  CompensatedSum squares;
  for (const Bar& bar : recent_)
    if (bar.exposure_price && bar.hedge_price) squares.add((level(bar) - mean) * (level(bar) - mean));
  result.deviation = std::sqrt(squares.value() / static_cast<double>(count - 1));
  if (*result.deviation > 0) result.zscore = (*result.ratio - mean) / *result.deviation;
  return result;
}

std::optional<double> PriceEffectiveness::dollar_offset() const {
  const double exposure = exposure_change_.value();
  if (exposure == 0) return std::nullopt;
  return parameters_.hedge_held * hedge_change_.value() / exposure;
}

}  // namespace hedgewatch
