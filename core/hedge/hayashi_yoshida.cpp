#include "core/hedge/hayashi_yoshida.hpp"

#include <cmath>
#include <vector>

#include "core/types/compensated_sum.hpp"

namespace hedgewatch {

namespace {

struct Interval {
  VenueTime open;
  VenueTime close;
  double log_return;
};

std::vector<Interval> intervals_of(std::span<const PriceTick> ticks) {
  std::vector<Interval> result;
  result.reserve(ticks.size());
  std::optional<PriceTick> previous;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    if (i + 1 < ticks.size() && ticks[i + 1].time == ticks[i].time) continue;
    if (previous)
      result.push_back({previous->time, ticks[i].time, std::log1p((ticks[i].price - previous->price) / previous->price)});
    previous = ticks[i];
  }
  return result;
}

double sum_squares(const std::vector<Interval>& intervals) {
  CompensatedSum sum;
  for (const Interval& interval : intervals) sum.add(interval.log_return * interval.log_return);
  return sum.value();
}

}  // namespace

HayashiYoshida hayashi_yoshida(std::span<const PriceTick> exposure, std::span<const PriceTick> hedge) {
  const std::vector<Interval> a = intervals_of(exposure);
  const std::vector<Interval> b = intervals_of(hedge);
  CompensatedSum covariance;
  std::size_t first = 0;
  for (const Interval& interval : a) {
    while (first < b.size() && b[first].close <= interval.open) ++first;
    for (std::size_t j = first; j < b.size() && b[j].open < interval.close; ++j)
      covariance.add(interval.log_return * b[j].log_return);
  }
  HayashiYoshida result{.covariance = covariance.value(),
                        .sum_squares_exposure = sum_squares(a),
                        .sum_squares_hedge = sum_squares(b),
                        .exposure_returns = a.size(),
                        .hedge_returns = b.size(),
                        .correlation = std::nullopt};
  if (result.sum_squares_exposure > 0 && result.sum_squares_hedge > 0)
    result.correlation = result.covariance / std::sqrt(result.sum_squares_exposure) / std::sqrt(result.sum_squares_hedge);
  return result;
}

}  // namespace hedgewatch
