#include "core/metric/figure.hpp"

namespace hedgewatch {

namespace {

using enum Figure;

constexpr std::array<FigureDefinition, kFigureCount> kDefinitions{{
    {MarkPrice,
     "hedgewatch_mark_price",
     "Venue's mark in the contract's price unit (coin for inverse options, quote currency otherwise).",
     {"venue", "instrument"}},
    {MarkVolRatio,
     "hedgewatch_mark_vol_ratio",
     "Implied volatility of the venue's mark, annualised; 0.5 is 50 percent.",
     {"venue", "instrument"}},
    {PricingVolRatio,
     "hedgewatch_pricing_vol_ratio",
     "Volatility that the option's Greeks are made of, annualised: the venue's mark or a fallback, as pricing_vol_source says.",
     {"venue", "instrument"}},
    {PricingVolSource,
     "hedgewatch_pricing_vol_source",
     "Where pricing_vol_ratio comes from: 0 the venue's mark, 1 the fitted smile of its expiry, 2 the smiles of neighbouring "
     "expiries.",
     {"venue", "instrument"}},
    {ForwardPriceUsd,
     "hedgewatch_forward_price_usd",
     "Forward of the option's own expiry, dollars per coin, from where forward_price_source says.",
     {"venue", "instrument"}},
    {ForwardPriceSource,
     "hedgewatch_forward_price_source",
     "Where forward_price_usd comes from: 0 the venue's mark, 1 the future of that expiry, 2 put-call parity, 3 the perpetual and "
     "4 "
     "the index carried at the configured rate.",
     {"venue", "instrument"}},
    {Delta, "hedgewatch_delta", "Black-Scholes delta on the forward per unit of the underlying.", {"venue", "instrument"}},
    {GammaPerUsd, "hedgewatch_gamma_per_usd", "Change of delta for one dollar more on the forward.", {"venue", "instrument"}},
    {VegaUsdPerVolPoint,
     "hedgewatch_vega_usd_per_vol_point",
     "Dollars gained for one volatility point (0.01) more.",
     {"venue", "instrument"}},
    {ThetaUsdPerDay,
     "hedgewatch_theta_usd_per_day",
     "Dollars gained by one day passing, under the venue's own day and cap rules.",
     {"venue", "instrument"}},
    {RhoUsdPerPercent,
     "hedgewatch_rho_usd_per_percent",
     "Dollars gained for a rate one percent higher, in the venue's convention.",
     {"venue", "instrument"}},
    {Vanna, "hedgewatch_vanna", "Change of delta for one volatility point (0.01) more.", {"venue", "instrument"}},
    {Volga, "hedgewatch_volga", "Change of vega (dollars per vol point) for one volatility point more.", {"venue", "instrument"}},
    {Charm, "hedgewatch_charm", "Change of delta by one day passing.", {"venue", "instrument"}},
    {DataAgeSeconds, "hedgewatch_data_age_seconds", "Age of the newest market data of the instrument.", {"venue", "instrument"}},
    {SpreadRatio,
     "hedgewatch_spread_ratio",
     "Best ask minus best bid over their mean, from the order book that is followed.",
     {"venue", "instrument"}},
    {PositionSize,
     "hedgewatch_position_size",
     "Signed size in the contract's own unit (dollars for inverse futures, coins otherwise); long is positive.",
     {"book", "venue", "instrument"}},
    {PositionNotionalUsd, "hedgewatch_position_notional_usd", "Signed full notional in dollars.", {"book", "venue", "instrument"}},
    {PositionUnrealizedPnlUsd,
     "hedgewatch_position_unrealized_pnl_usd",
     "Profit of the open position against its average entry, in dollars at the current index.",
     {"book", "venue", "instrument"}},
    {PositionDeltaCoins,
     "hedgewatch_position_delta_coins",
     "Black-Scholes delta of the position in coins; long is positive.",
     {"book", "venue", "instrument"}},
    {BookValueUsd,
     "hedgewatch_book_value_usd",
     "Market value of the book's options and unrealised profit of its futures, in dollars.",
     {"book", "underlying"}},
    {BookDeltaCoins,
     "hedgewatch_book_delta_coins",
     "Net delta in coins by view: black_scholes, net_transaction (premium-adjusted) or with_equity.",
     {"book", "underlying", "view"}},
    {BookDeltaUsd, "hedgewatch_book_delta_usd", "Net delta in dollars at the index, by view.", {"book", "underlying", "view"}},
    {BookGammaCoinsPerPercent,
     "hedgewatch_book_gamma_coins_per_percent",
     "Change of the net delta in coins for a forward one percent higher.",
     {"book", "underlying"}},
    {BookGammaUsdPerPercent,
     "hedgewatch_book_gamma_usd_per_percent",
     "Change of the net delta in dollars for a forward one percent higher.",
     {"book", "underlying"}},
    {BookVegaUsdPerVolPoint,
     "hedgewatch_book_vega_usd_per_vol_point",
     "Dollars gained when every volatility rises by one point (0.01).",
     {"book", "underlying"}},
    {BookThetaUsdPerDay, "hedgewatch_book_theta_usd_per_day", "Dollars gained by one day passing.", {"book", "underlying"}},
    {BookRhoUsdPerPercent,
     "hedgewatch_book_rho_usd_per_percent",
     "Dollars gained for a rate one percent higher, forwards fixed.",
     {"book", "underlying"}},
    {BookVanna, "hedgewatch_book_vanna", "Change of the net delta in coins for one volatility point more.", {"book", "underlying"}},
    {BookVolga,
     "hedgewatch_book_volga",
     "Change of vega in dollars per vol point for one volatility point more.",
     {"book", "underlying"}},
    {BookCharm, "hedgewatch_book_charm", "Change of the net delta in coins by one day passing.", {"book", "underlying"}},
    {BookDeltaLowCoins,
     "hedgewatch_book_delta_low_coins",
     "Lowest Black-Scholes delta in coins that the book can have, whatever its unpriced options are worth.",
     {"book", "underlying"}},
    {BookDeltaHighCoins,
     "hedgewatch_book_delta_high_coins",
     "Highest Black-Scholes delta in coins that the book can have, whatever its unpriced options are worth.",
     {"book", "underlying"}},
    {BookCoverageRatio,
     "hedgewatch_book_coverage_ratio",
     "Share of the book's gross size in coins whose delta is known; below 1 the book's delta has bounds only.",
     {"book", "underlying"}},
    {BookFallbackPositions,
     "hedgewatch_book_fallback_positions",
     "Open option positions whose Greeks come from a fallback: a vol or forward that the venue did not send.",
     {"book", "underlying"}},
    {BookExpiryVegaUsdPerVolPoint,
     "hedgewatch_book_expiry_vega_usd_per_vol_point",
     "Dollars gained when the volatilities of the expiries in the bucket rise by one point (0.01).",
     {"book", "underlying", "expiry_bucket"}},
    {BookWeightedVegaUsdPerVolPoint,
     "hedgewatch_book_weighted_vega_usd_per_vol_point",
     "Dollars gained when 30-day volatility rises by one point and the others by sqrt(30/days) points, days at least 1.",
     {"book", "underlying"}},
    {BookRiskReversalVegaUsd,
     "hedgewatch_book_risk_reversal_vega_usd",
     "Dollars gained when 25-delta calls rise by one vol point against 25-delta puts in the expiries of the bucket.",
     {"book", "underlying", "expiry_bucket"}},
    {BookButterflyVegaUsd,
     "hedgewatch_book_butterfly_vega_usd",
     "Dollars gained when both 25-delta wings rise by one vol point against the money in the expiries of the bucket.",
     {"book", "underlying", "expiry_bucket"}},
    {BookPinDeltaCoins,
     "hedgewatch_book_pin_delta_coins",
     "Delta one standard deviation of the remaining life above minus one below, of the options that expire within 24 hours, coins.",
     {"book", "underlying"}},
    {BookSettlementDeltaShiftCoins,
     "hedgewatch_book_settlement_delta_shift_coins",
     "What averaging in the last 30 minutes before expiry adds to the book's Black-Scholes delta, coins; 0 outside.",
     {"book", "underlying"}},
    {ScenarioPnlUsd,
     "hedgewatch_scenario_pnl_usd",
     "Dollars gained by the book's positions in one cell of the grid, everything repriced, vols at their strikes.",
     {"book", "underlying", "spot_shock", "vol_shock"}},
    {ScenarioWorstLossUsd,
     "hedgewatch_scenario_worst_loss_usd",
     "Dollars lost in the worst cell of the grid; positive is a loss.",
     {"book", "underlying"}},
    {ValueAtRiskUsd,
     "hedgewatch_value_at_risk_usd",
     "Loss in dollars that the remembered returns, scaled to the horizon, exceed with a probability of 1 minus the confidence.",
     {"book", "underlying", "confidence", "horizon", "method"}},
    {ExpectedShortfallUsd,
     "hedgewatch_expected_shortfall_usd",
     "Mean loss in dollars in the tail beyond the confidence; positive is a loss.",
     {"book", "underlying", "confidence", "horizon", "method"}},
    {ValueAtRiskReturns,
     "hedgewatch_value_at_risk_returns",
     "Returns of the underlying that the tail figures are made of.",
     {"book", "underlying"}},
    {HedgeItemDeltaCoins,
     "hedgewatch_hedge_item_delta_coins",
     "Delta of the hedged item in coins, in the relationship's view.",
     {"hedge"}},
    {HedgeLegsDeltaCoins, "hedgewatch_hedge_legs_delta_coins", "Delta of the hedging legs in coins.", {"hedge"}},
    {HedgeNetDeltaCoins,
     "hedgewatch_hedge_net_delta_coins",
     "Item and legs together, in coins; zero is perfectly hedged.",
     {"hedge"}},
    {HedgeNetDeltaUsd, "hedgewatch_hedge_net_delta_usd", "Item and legs together, in dollars at the index.", {"hedge"}},
    {HedgeRatio,
     "hedgewatch_hedge_ratio",
     "Share of the item's delta that the legs offset; 1 is fully hedged, negative adds to the exposure.",
     {"hedge"}},
    {HedgeTargetRatio, "hedgewatch_hedge_target_ratio", "Hedge ratio that the configuration aims at.", {"hedge"}},
    {HedgeOverRatio, "hedgewatch_hedge_over_ratio", "How far the hedge ratio is above its target, 0 when it is not.", {"hedge"}},
    {HedgeUnderRatio, "hedgewatch_hedge_under_ratio", "How far the hedge ratio is below its target, 0 when it is not.", {"hedge"}},
    {HedgeWrongWay, "hedgewatch_hedge_wrong_way", "1 when the legs add to the item's delta instead of offsetting it.", {"hedge"}},
    {HedgeNeutralityRatio,
     "hedgewatch_hedge_neutrality_ratio",
     "1 minus net over gross of a Greek; 1 is neutral.",
     {"hedge", "greek"}},
    {HedgeLimitUsageRatio,
     "hedgewatch_hedge_limit_usage_ratio",
     "Net Greek over its soft limit; above 1 the limit is broken.",
     {"hedge", "greek"}},
    {HedgeHourSigmaRatio,
     "hedgewatch_hedge_hour_sigma_ratio",
     "Standard deviation of one hour of the underlying, a fraction of its price, from the vols of the options that are held.",
     {"hedge"}},
    {HedgeDeltaAfterHourCoins,
     "hedgewatch_hedge_delta_after_hour_coins",
     "Net delta in coins after the underlying moved one standard deviation of an hour, up or down, every option repriced.",
     {"hedge", "move"}},
    {FlattenSlippageRatio,
     "hedgewatch_flatten_slippage_ratio",
     "Cost of trading the net delta to zero in the legs, over its value at the mid, half-spread included; of the delta now or "
     "after a one-sigma hour.",
     {"hedge", "venue", "demand"}},
    {FlattenCostUsd,
     "hedgewatch_flatten_cost_usd",
     "Dollars lost against the mid by trading the net delta to zero in the legs now; positive is a loss.",
     {"hedge", "venue", "demand"}},
    {FlattenFillableRatio,
     "hedgewatch_flatten_fillable_ratio",
     "Share of the net delta that can be traded to zero in the legs within the configured distance from the mid, at most 1.",
     {"hedge", "venue", "demand"}},
    {FlattenFilledRatio,
     "hedgewatch_flatten_filled_ratio",
     "Share of the net delta that the whole books of the legs can take; below 1 there is no cost of flattening.",
     {"hedge", "venue", "demand"}},
    {DepthUsd,
     "hedgewatch_depth_usd",
     "Dollars resting within the configured distance from the mid in the books of the legs, by side.",
     {"hedge", "venue", "side"}},
    {DepthEvaporationRatio,
     "hedgewatch_depth_evaporation_ratio",
     "Share of the usual depth (median of the last four hours, thinner side) that is gone; negative when there is more than usual.",
     {"hedge", "venue"}},
    {DepthRankRatio,
     "hedgewatch_depth_rank_ratio",
     "Share of the last four hours that had less depth than now; 0 is the thinnest.",
     {"hedge", "venue"}},
    {HedgeSpreadRatio,
     "hedgewatch_hedge_spread_ratio",
     "Best ask minus best bid over their mean, of the tightest book among the legs.",
     {"hedge", "venue"}},
    {HedgeCostUsd,
     "hedgewatch_hedge_cost_usd",
     "Dollars that hedging has cost since the daemon started, by kind: fees, half_spread, delay, impact, funding; negative is a "
     "gain.",
     {"hedge", "kind"}},
    {HedgeCostPerSigmaRemoved,
     "hedgewatch_hedge_cost_per_sigma_removed",
     "Cost of hedging over the standard deviation of delta profit that it removed since the daemon started, dollars per dollar.",
     {"hedge"}},
    {HedgeCostPerNotionalRatio,
     "hedgewatch_hedge_cost_per_notional_ratio",
     "Cost of hedging, funding left out, over the dollars traded in the legs since the daemon started.",
     {"hedge"}},
    {HedgeUncostedFills,
     "hedgewatch_hedge_uncosted_fills",
     "Fills of the legs whose slippage is not in hedge_cost_usd, for want of a believable mid.",
     {"hedge"}},
    {BandLowerCoins,
     "hedgewatch_band_lower_coins",
     "Net delta in coins below which the hedge is to be traded back to this edge.",
     {"hedge"}},
    {BandUpperCoins,
     "hedgewatch_band_upper_coins",
     "Net delta in coins above which the hedge is to be traded back to this edge.",
     {"hedge"}},
    {BandFallback,
     "hedgewatch_band_fallback",
     "1 while the band is the fixed one because the formula cannot be trusted: gross gamma above 5 times net, or an expiry within "
     "a day.",
     {"hedge"}},
    {OutsideBand, "hedgewatch_outside_band", "1 while the net delta is outside its band, else 0.", {"hedge"}},
    {DeltaDriftCoins,
     "hedgewatch_delta_drift_coins",
     "Change of the net delta in coins since the last hedge, by cause: gamma, vanna, charm, trades, other.",
     {"hedge", "cause"}},
    {SecondsSinceRebalance, "hedgewatch_seconds_since_rebalance", "Time since the position in a leg last changed.", {"hedge"}},
    {ExpectedSecondsToBand,
     "hedgewatch_expected_seconds_to_band",
     "Expected time until the net delta reaches an edge of its band, if only gamma moves it; 0 outside.",
     {"hedge"}},
    {BreakevenMoveRatio,
     "hedgewatch_breakeven_move_ratio",
     "Move of the underlying in a day, a fraction of its price, whose gamma profit pays for the theta (or whose gamma loss uses it "
     "up).",
     {"hedge"}},
    {ConstraintBinding,
     "hedgewatch_constraint_binding",
     "1 while a constraint keeps the hedge from its band: lot, min_notional, margin, position_limit, depth.",
     {"hedge", "kind"}},
    {AdviceTradeSize,
     "hedgewatch_advice_trade_size",
     "Size to trade now, positive to buy, in the contract's own unit; 0 advises nothing. Advice only: hedgewatch never trades.",
     {"hedge", "venue", "instrument"}},
    {AdviceObjectiveBefore,
     "hedgewatch_advice_objective_before",
     "Squared excess of each limited Greek over its limit, in limits, times the dollars of the soft delta limit; 0 inside all "
     "limits.",
     {"hedge"}},
    {AdviceObjectiveAfter,
     "hedgewatch_advice_objective_after",
     "The same after the advised trades, with their cost; never above the one before.",
     {"hedge"}},
    {AdviceCostUsd, "hedgewatch_advice_cost_usd", "Dollars that the advised trades would cost in fees and half-spread.", {"hedge"}},
    {AdviceRankLost,
     "hedgewatch_advice_rank_lost",
     "1 while the advice instruments cannot move the limited Greeks independently of each other.",
     {"hedge"}},
    {IndexPriceUsd, "hedgewatch_index_price_usd", "The venue's spot index, dollars per coin.", {"venue", "underlying"}},
    {SurfaceFitErrorVolPoints,
     "hedgewatch_surface_fit_error_vol_points",
     "Distance of the fitted smile from the venue's mark vols of an expiry, in vol points (0.01): median, p95, worst, "
     "weighted_rms.",
     {"venue", "underlying", "quote", "expiry", "statistic"}},
    {SurfaceFitVerdict,
     "hedgewatch_surface_fit_verdict",
     "0: the marks' best smile has no butterfly or calendar arbitrage; 1: it had, and was pulled away until it has none; 2: no "
     "smile.",
     {"venue", "underlying", "quote", "expiry"}},
    {SurfaceFittedMarks,
     "hedgewatch_surface_fitted_marks",
     "Mark vols that the smile of the expiry was fitted to.",
     {"venue", "underlying", "quote", "expiry"}},
    {SurfaceAgeSeconds,
     "hedgewatch_surface_age_seconds",
     "Age of the oldest mark vol that the smile of the expiry was fitted to.",
     {"venue", "underlying", "quote", "expiry"}},
    {SurfaceUnfittedExpiries,
     "hedgewatch_surface_unfitted_expiries",
     "Expiries of the underlying, looked at or not, for which the newest fit gave no smile.",
     {"venue", "underlying", "quote"}},
    {EquityUsd,
     "hedgewatch_equity_usd",
     "Equity of the account in one asset, valued at the index, in dollars.",
     {"account", "venue", "asset"}},
    {MarginBalance,
     "hedgewatch_margin_balance",
     "What the venue tests margin against, in units of the asset.",
     {"account", "venue", "asset"}},
    {Balance, "hedgewatch_balance", "Cash in units of the asset.", {"account", "venue", "asset"}},
    {InitialMarginRatio,
     "hedgewatch_initial_margin_ratio",
     "Venue's initial margin over its margin balance; at 1 no new risk is possible.",
     {"account", "venue", "asset"}},
    {MaintenanceMarginRatio,
     "hedgewatch_maintenance_margin_ratio",
     "Venue's maintenance margin over its margin balance; at 1 the account is liquidated.",
     {"account", "venue", "asset"}},
    {ForcedEventActive,
     "hedgewatch_forced_event",
     "1 while the venue forces something on the account, and for 15 minutes after what it does not end by a word of its own.",
     {"account", "venue", "kind"}},
    {PositionTimeSkewSeconds,
     "hedgewatch_position_time_skew_seconds",
     "How much older the account's newest statement is than the newest of all accounts.",
     {"account", "venue"}},
    {PnlUsd,
     "hedgewatch_pnl_usd",
     "Dollars earned by component, counted since the session began, since the record began or over the window; a gain is positive.",
     {"book", "component", "since"}},
    {PnlUnexplainedRatio,
     "hedgewatch_pnl_unexplained_ratio",
     "Unexplained profit in size over the sizes of all explained components together.",
     {"book", "since"}},
    {ReconcilePositionMismatches,
     "hedgewatch_reconcile_position_mismatches",
     "Positions whose size from our fills is not what the venue states.",
     {"account", "venue"}},
    {ReconcileDeltaDifferenceCoins,
     "hedgewatch_reconcile_delta_difference_coins",
     "Our net transaction delta of the account less the venue's, when it last stated it.",
     {"account", "venue", "asset"}},
    {ReconcileGreekDifference,
     "hedgewatch_reconcile_greek_difference",
     "Our sum over the account's options less the venue's, in the venue's units of each Greek.",
     {"account", "venue", "asset", "greek"}},
    {ReconcileEquityDifferenceRatio,
     "hedgewatch_reconcile_equity_difference_ratio",
     "Equity kept from fills, funding and transfers less the venue's, over the venue's.",
     {"account", "venue", "asset"}},
    {ReconcileSecondsSince,
     "hedgewatch_reconcile_seconds_since",
     "Age of the venue's newest whole statement of the account's positions.",
     {"account", "venue"}},
    {FeedLive, "hedgewatch_feed_live", "1 while the connection delivers believable data, else 0.", {"venue", "connection"}},
    {FeedLastMarketDataAgeSeconds,
     "hedgewatch_feed_last_market_data_age_seconds",
     "Age of the newest market data of the connection.",
     {"venue", "connection"}},
    {PlatformLocked,
     "hedgewatch_platform_locked",
     "1 while the venue says that trading is locked or under maintenance.",
     {"venue"}},
    {AlertState,
     "hedgewatch_alert_state",
     "1 for the state that the alert is in, 0 for the others; the worst of its rows: inactive, pending, firing, clearing.",
     {"alert", "severity", "state"}},
}};

/// A family of figures begins here and goes on to where the next one does: a new figure has the page of its neighbours.
struct FamilyPage {
  Figure first;
  std::string_view page;
};
constexpr std::array kPages{
    FamilyPage{MarkPrice, "core/risk/README.md"},
    FamilyPage{HedgeItemDeltaCoins, "core/hedge/neutrality.md"},
    FamilyPage{HedgeHourSigmaRatio, "core/hedge/liquidity.md"},
    FamilyPage{HedgeCostUsd, "core/hedge/cost.md"},
    FamilyPage{BandLowerCoins, "core/hedge/rebalancing.md"},
    FamilyPage{AdviceTradeSize, "core/hedge/advice.md"},
    FamilyPage{IndexPriceUsd, "core/risk/README.md"},
    FamilyPage{SurfaceFitErrorVolPoints, "core/pricing/README.md"},
    FamilyPage{EquityUsd, "core/portfolio/README.md"},
    FamilyPage{FeedLive, "core/market/README.md"},
};

consteval auto with_pages() {
  auto catalogue = kDefinitions;
  for (FigureDefinition& definition : catalogue)
    for (const FamilyPage& family : kPages)
      if (family.first <= definition.figure) definition.page = family.page;
  return catalogue;
}
constexpr auto kCatalogue = with_pages();

consteval bool in_order() {
  for (std::size_t i = 0; i < kCatalogue.size(); ++i)
    if (static_cast<std::size_t>(kCatalogue[i].figure) != i) return false;
  return true;
}
static_assert(in_order(), "the catalogue follows the order of the enumeration");

}  // namespace

std::span<const FigureDefinition> figure_catalogue() { return kCatalogue; }

const FigureDefinition& definition_of(Figure figure) { return kCatalogue[static_cast<std::size_t>(figure)]; }

std::optional<Figure> figure_from_name(std::string_view name) {
  for (const FigureDefinition& definition : kCatalogue)
    if (definition.name == name) return definition.figure;
  return std::nullopt;
}

std::string_view label(FigureState state) {
  switch (state) {
    case FigureState::Unknown:
      return "unknown";
    case FigureState::Stale:
      return "stale";
    case FigureState::Ok:
      return "ok";
  }
  return "";
}

std::string_view label(FigureReason reason) {
  switch (reason) {
    case FigureReason::None:
      return "none";
    case FigureReason::NeverReceived:
      return "never_received";
    case FigureReason::MissingInstrument:
      return "missing_instrument";
    case FigureReason::MissingMark:
      return "missing_mark";
    case FigureReason::MissingForward:
      return "missing_forward";
    case FigureReason::MissingVol:
      return "missing_vol";
    case FigureReason::MissingIndex:
      return "missing_index";
    case FigureReason::MissingEquity:
      return "missing_equity";
    case FigureReason::MissingEntryPrice:
      return "missing_entry_price";
    case FigureReason::FeedDown:
      return "feed_down";
    case FigureReason::TooOld:
      return "too_old";
    case FigureReason::Expired:
      return "expired";
    case FigureReason::Halted:
      return "halted";
    case FigureReason::Inconclusive:
      return "inconclusive";
    case FigureReason::Empty:
      return "empty";
    case FigureReason::NotFinite:
      return "not_finite";
    case FigureReason::MixedNumeraire:
      return "mixed_numeraire";
    case FigureReason::OrderBookInvalid:
      return "order_book_invalid";
    case FigureReason::DepthShort:
      return "depth_short";
    case FigureReason::WarmingUp:
      return "warming_up";
  }
  return "";
}

}  // namespace hedgewatch
