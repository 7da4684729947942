#include "core/hedge/pair_statistics.hpp"

#include <algorithm>
#include <cmath>

#include "core/types/compensated_sum.hpp"

namespace hedgewatch {

namespace {

template <class Term>
double sum_over(std::span<const ReturnPair> pairs, Term term) {
  CompensatedSum sum;
  for (const ReturnPair& pair : pairs) sum.add(term(pair));
  return sum.value();
}

/// Rounding alone can carry a perfect correlation past 1.
double clamp_correlation(double value) { return std::clamp(value, -1.0, 1.0); }

}  // namespace

PairStatistics pair_statistics(std::span<const ReturnPair> pairs, double hedge_held) {
  PairStatistics result;
  result.count = pairs.size();
  if (pairs.empty()) return result;
  const auto n = static_cast<double>(pairs.size());

  const double mean_a = sum_over(pairs, [](const ReturnPair& p) { return p.exposure; }) / n;
  const double mean_b = sum_over(pairs, [](const ReturnPair& p) { return p.hedge; }) / n;
  const double square_a = sum_over(pairs, [](const ReturnPair& p) { return p.exposure * p.exposure; });
  const double square_b = sum_over(pairs, [](const ReturnPair& p) { return p.hedge * p.hedge; });
  const double product = sum_over(pairs, [](const ReturnPair& p) { return p.exposure * p.hedge; });
  result.mean_exposure = mean_a;
  result.mean_hedge = mean_b;
  result.sum_squares_exposure = square_a;
  result.sum_squares_hedge = square_b;
  if (square_b > 0) result.realized_beta = product / square_b;
  if (square_a > 0 && square_b > 0)
    result.realized_correlation = clamp_correlation(product / std::sqrt(square_a) / std::sqrt(square_b));

  const double deviation_a = sum_over(pairs, [&](const ReturnPair& p) { return (p.exposure - mean_a) * (p.exposure - mean_a); });
  result.variance_exposure_population = deviation_a / n;
  if (pairs.size() < 2) return result;
  const double deviation_b = sum_over(pairs, [&](const ReturnPair& p) { return (p.hedge - mean_b) * (p.hedge - mean_b); });
  const double codeviation = sum_over(pairs, [&](const ReturnPair& p) { return (p.exposure - mean_a) * (p.hedge - mean_b); });
  const double net_mean = sum_over(pairs, [&](const ReturnPair& p) { return p.exposure - hedge_held * p.hedge; }) / n;
  const double net_deviation = sum_over(pairs, [&](const ReturnPair& p) {
    const double net = p.exposure - hedge_held * p.hedge - net_mean;
    return net * net;
  });
  result.variance_exposure = deviation_a / (n - 1);
  result.variance_hedge = deviation_b / (n - 1);
  result.covariance = codeviation / (n - 1);
  result.tracking_error = std::sqrt(net_deviation / (n - 1));
  if (deviation_a > 0) result.variance_reduction = 1 - net_deviation / deviation_a;
  if (!(deviation_b > 0)) return result;

  const double beta = codeviation / deviation_b;
  result.beta = beta;
  result.alpha = mean_a - beta * mean_b;
  if (pairs.size() > 2) {
    const double residual = sum_over(pairs, [&](const ReturnPair& p) {
      const double rest = (p.exposure - mean_a) - beta * (p.hedge - mean_b);
      return rest * rest;
    });
    result.residual_deviation = std::sqrt(residual / (n - 2));
  }
  if (deviation_a > 0) {
    const double correlation = clamp_correlation(codeviation / std::sqrt(deviation_a) / std::sqrt(deviation_b));
    result.correlation = correlation;
    result.r_squared = correlation * correlation;
  }
  return result;
}

}  // namespace hedgewatch
