#include "core/risk/settlement_window.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/pricing/black76.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kLatestStart = std::chrono::seconds{6};
constexpr std::chrono::nanoseconds kLongestHole = std::chrono::minutes{1};

}  // namespace

void SettlementAverage::add(VenueTime at, double price) {
  if (!(price > 0) || !std::isfinite(price) || at < expiry_ - kSettlementWindow || at > expiry_) return;
  if (first_ == kNoVenueTime) {
    first_ = at;
    whole_ = at - (expiry_ - kSettlementWindow) <= kLatestStart;
  } else {
    if (at <= last_) return;
    if (at - last_ > kLongestHole) whole_ = false;
    weighted_ += last_price_ * std::chrono::duration<double>{at - last_}.count();
  }
  last_ = at;
  last_price_ = price;
}

double SettlementAverage::fraction_left(VenueTime now) const {
  const double left = std::chrono::duration<double>{expiry_ - now}.count();
  return std::clamp(left / std::chrono::duration<double>{kSettlementWindow}.count(), 0.0, 1.0);
}

std::optional<double> SettlementAverage::average() const {
  if (first_ == kNoVenueTime || !whole_) return std::nullopt;
  const double seconds = std::chrono::duration<double>{last_ - first_}.count();
  return seconds > 0 ? weighted_ / seconds : last_price_;
}

double averaged_delta_coins(const ScenarioPosition& position, double fraction_left, double average) {
  if (position.kind != ContractKind::Option)
    return fraction_left * (position.unit == SizeUnit::Quote ? position.size / position.forward : position.size);
  if (!(fraction_left > 0)) return 0;
  const double strike = (position.strike - (1 - fraction_left) * average) / fraction_left;
  if (!(strike > 0)) return position.right == OptionRight::Call ? position.size * fraction_left : 0;
  const auto greeks = black76({.right = position.right,
                               .forward = position.forward,
                               .strike = strike,
                               .to_expiry = position.to_expiry,
                               .vol = Vol::from_fraction(position.vol / std::sqrt(3.0))});
  return greeks ? position.size * fraction_left * greeks.value().delta : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace hedgewatch
