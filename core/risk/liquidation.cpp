#include "core/risk/liquidation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hedgewatch {

namespace {

std::optional<double> positive_price(double numerator, double denominator) {
  const double price = numerator / denominator;
  return price > 0 && std::isfinite(price) ? std::optional{price} : std::nullopt;
}

}  // namespace

std::optional<IsolatedMargin> isolated_margin(const IsolatedPosition& position, double mark_price) {
  const double size = position.size;
  const double entry = position.entry_price;
  const double ratio = position.maintenance_ratio;
  if (!(std::abs(size) > 0) || !std::isfinite(size) || !(entry > 0) || !std::isfinite(entry) || !(mark_price > 0) ||
      !std::isfinite(mark_price) || !(position.collateral > 0) || !std::isfinite(position.collateral) || !(ratio >= 0 && ratio < 1))
    return std::nullopt;
  IsolatedMargin margin;
  double notional = 0;
  if (position.style == PayoffStyle::Linear) {
    notional = std::abs(size) * mark_price;
    margin.equity = position.collateral + size * (mark_price - entry);
    margin.liquidation_price = positive_price(size * entry - position.collateral, size - ratio * std::abs(size));
    margin.bankruptcy_price = positive_price(size * entry - position.collateral, size);
  } else {
    notional = std::abs(size) / mark_price;
    margin.equity = position.collateral + size * ((mark_price - entry) / (entry * mark_price));
    margin.liquidation_price = positive_price(size + ratio * std::abs(size), position.collateral + size / entry);
    margin.bankruptcy_price = positive_price(size, position.collateral + size / entry);
  }
  margin.maintenance = ratio * notional;
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  margin.leverage_ratio = margin.equity > 0 ? notional / margin.equity : kUndefined;
  margin.utilisation_ratio = margin.equity > 0 ? margin.maintenance / margin.equity : kUndefined;
  if (margin.liquidation_price) margin.distance_ratio = (size > 0 ? 1 : -1) * (mark_price - *margin.liquidation_price) / mark_price;
  return margin;
}

double headroom_usd(const MovedAccount& account, double profit_usd, double move) {
  return account.fixed_usd + account.coins_usd * (1 + move) + profit_usd - account.maintenance_usd * std::max(1.0, 1 + move);
}

std::optional<double> futures_liquidation_move(PayoffStyle style, double balance, double delta, double maintenance) {
  if (!(balance > maintenance) || !(maintenance >= 0) || !std::isfinite(balance) || !std::isfinite(delta)) return std::nullopt;
  const double move =
      style == PayoffStyle::Inverse ? (maintenance - balance) / (balance + delta) : (maintenance - balance) / (delta - maintenance);
  return move > -1 && std::isfinite(move) ? std::optional{move} : std::nullopt;
}

void LiquidationSearch::answer(double headroom) {
  if (finished_) return;
  if (!std::isfinite(headroom)) {
    failed_ = finished_ = true;
    return;
  }
  const bool halving = dead_.has_value();
  const double asked = ask();
  if (headroom > 0)
    alive_ = asked;
  else
    dead_ = asked;
  if (halving)
    finished_ = ++halvings_ == kHalvings;
  else if (headroom > 0)
    finished_ = ++next_ == moves_.size();
}

std::optional<double> leverage_ratio(double notional_usd, double equity_usd) {
  const double ratio = notional_usd / equity_usd;
  return equity_usd > 0 && std::isfinite(ratio) ? std::optional{ratio} : std::nullopt;
}

}  // namespace hedgewatch
