#pragma once

#include <cstdint>
#include <optional>

#include "core/market/event.hpp"
#include "core/types/compensated_sum.hpp"

namespace hedgewatch {

/// One execution of a hedge. Prices are quote per coin.
struct HedgeFill {
  Side side = Side::Buy;
  double coins = 0;        ///< positive; dollars over the mid at the fill for sizes in dollars
  double price = 0;        ///< paid or got
  double arrival_mid = 0;  ///< when the hedge signal fired, not when the order was sent
  double mid_at_fill = 0;
  double half_spread = 0;  ///< at the fill; not negative
  double fee = 0;          ///< quote currency; negative is a rebate
};

/// Why a fill was worse than the mid at the signal, in quote currency, positive when it hurt. They sum to
/// side * (price - arrival_mid) * coins. Source: Perold (1988), implementation shortfall.
struct Slippage {
  double half_spread = 0;
  double delay = 0;   ///< the mid moved between the signal and the fill
  double impact = 0;  ///< what is left: beyond the half spread, or gained inside it

  [[nodiscard]] double total() const { return half_spread + delay + impact; }
};
[[nodiscard]] Slippage slippage_of(const HedgeFill& fill);

/// What hedging has cost so far, in quote currency; positive is money lost.
class HedgeCost {
 public:
  void add(const HedgeFill& fill);
  void add_funding_paid(double quote) { funding_.add(quote); }

  [[nodiscard]] double fees() const { return fees_.value(); }
  [[nodiscard]] double half_spread() const { return half_spread_.value(); }
  [[nodiscard]] double delay() const { return delay_.value(); }
  [[nodiscard]] double impact() const { return impact_.value(); }
  [[nodiscard]] double funding() const { return funding_.value(); }
  [[nodiscard]] double slippage() const { return half_spread() + delay() + impact(); }
  [[nodiscard]] double trading() const { return fees() + slippage(); }
  [[nodiscard]] double total() const { return trading() + funding(); }
  /// Sum of coins * price without sign.
  [[nodiscard]] double notional() const { return notional_.value(); }
  /// Trading cost, without funding, over what was traded; nothing before the first fill.
  [[nodiscard]] std::optional<double> per_notional() const;

 private:
  CompensatedSum fees_;
  CompensatedSum half_spread_;
  CompensatedSum delay_;
  CompensatedSum impact_;
  CompensatedSum funding_;
  CompensatedSum notional_;
};

/// Cost per unit of variance that hedging removed over the same time; nothing when it removed none.
[[nodiscard]] std::optional<double> cost_per_variance_removed(double cost, double unhedged_variance, double hedged_variance);
/// The same per unit of standard deviation, the headline: it does not change with the currency's scale. Nothing as above.
[[nodiscard]] std::optional<double> cost_per_sigma_removed(double cost, double unhedged_variance, double hedged_variance);

/// Realised squared profit of the delta of an item and of what was left of it after hedging: bar by bar, deltas frozen at the bar's
/// open, so that it covers exactly the time that the costs cover. Zero mean, as realised variance is.
class DeltaRiskRemoved {
 public:
  /// `price_change` in dollars over the bar, deltas in coins at its open.
  void add_bar(double item_delta_coins, double net_delta_coins, double price_change);

  [[nodiscard]] std::int64_t bars() const { return bars_; }
  [[nodiscard]] double unhedged() const { return unhedged_.value(); }  ///< dollars squared
  [[nodiscard]] double hedged() const { return hedged_.value(); }      ///< dollars squared

 private:
  std::int64_t bars_ = 0;
  CompensatedSum unhedged_;
  CompensatedSum hedged_;
};

}  // namespace hedgewatch
