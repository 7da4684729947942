#include "core/alert/starter_rules.hpp"

#include <chrono>
#include <string>

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kUnknownHold = 30s;
/// A net delta must come back this share of its limit inside it.
constexpr double kWayBack = 0.05;

AlertRule above(std::string name, Figure figure, double limit, AlertSeverity severity, std::chrono::nanoseconds hold,
                std::string summary) {
  AlertRule rule;
  rule.name = std::move(name);
  rule.figure = figure;
  rule.condition = AlertCondition::Above;
  rule.upper = limit;
  rule.hold = hold;
  rule.clear_hold = 10s;
  rule.severity = severity;
  rule.summary = std::move(summary);
  return rule;
}

AlertRule below(std::string name, Figure figure, double limit, AlertSeverity severity, std::chrono::nanoseconds hold,
                std::string summary) {
  AlertRule rule = above(std::move(name), figure, 0, severity, hold, std::move(summary));
  rule.condition = AlertCondition::Below;
  rule.lower = limit;
  return rule;
}

AlertRule unknown(std::string name, Figure figure, std::string summary) {
  AlertRule rule = above(std::move(name), figure, 0, AlertSeverity::Page, kUnknownHold, std::move(summary));
  rule.condition = AlertCondition::Unknown;
  rule.while_held = true;
  rule.suppressed_by_feed = true;
  return rule;
}

/// Net delta beyond the limits that the hedge names.
void add_net_delta(std::vector<AlertRule>& rules, const HedgeSetup& hedge) {
  const auto outside = [&hedge](std::string name, double limit, AlertSeverity severity, std::chrono::nanoseconds hold,
                                std::string summary) {
    AlertRule rule = above(std::move(name), Figure::HedgeNetDeltaCoins, limit, severity, hold, std::move(summary));
    rule.condition = AlertCondition::Outside;
    rule.lower = -limit;
    rule.clear_margin = limit * kWayBack;
    rule.labels = {{"hedge", hedge.name}};
    rule.owner = hedge.limit_owner;
    return rule;
  };
  constexpr double kFarBeyond = 3;
  rules.push_back(outside("NetDeltaAboveSoftLimit", hedge.soft_delta_limit_coins, AlertSeverity::Warn, 60s,
                          "Net delta is beyond the hedge's soft limit"));
  rules.push_back(outside("NetDeltaAboveHardLimit", hedge.hard_delta_limit_coins, AlertSeverity::Page, 60s,
                          "Net delta is beyond the hedge's hard limit"));
  rules.push_back(outside("NetDeltaFarAboveHardLimit", kFarBeyond * hedge.hard_delta_limit_coins, AlertSeverity::Page, 5s,
                          "Net delta is beyond three times the hedge's hard limit"));
}

/// A liquidation price that a usual day reaches.
void add_liquidation(std::vector<AlertRule>& rules) {
  rules.push_back(below("LiquidationPriceNear", Figure::LiquidationDistanceRatio, 0.10, AlertSeverity::Page, 60s,
                        "A move of less than 10 percent liquidates the margin pool"));
  rules.back().clear_margin = 0.01;
  rules.push_back(below("LiquidationPriceWithinThreeSigma", Figure::LiquidationDistanceSigmas, 3, AlertSeverity::Page, 60s,
                        "A move of less than three daily standard deviations liquidates the margin pool"));
  rules.back().clear_margin = 0.2;
  rules.push_back(unknown("LiquidationDistanceUnknown", Figure::LiquidationDistanceRatio,
                          "How far the pool is from liquidation cannot be computed while a position is held"));
  rules.back().suppressed_by = {"NetDeltaUnknown", "BookDeltaUnknown", "MaintenanceMarginUnknown", "LiquidationDistanceUnknown"};
}

/// The one word about a feed that is down, before everything that follows from it.
AlertRule feed_down() {
  AlertRule rule = above("FeedDown", Figure::FeedsDown, 0.5, AlertSeverity::Page, kUnknownHold,
                         "A venue's feeds deliver nothing to be believed while a position is held");
  rule.while_held = true;
  rule.tells_outage = true;
  return rule;
}

/// An exposure that cannot be told: the hedge speaks for its book, which names the same unpriced position.
void add_unknown_exposure(std::vector<AlertRule>& rules) {
  rules.push_back(
      unknown("NetDeltaUnknown", Figure::HedgeNetDeltaCoins, "The hedge's net delta cannot be computed while a position is held"));
  rules.push_back(
      unknown("BookDeltaUnknown", Figure::BookDeltaCoins, "The book's delta cannot be computed while a position is held"));
  rules.back().labels = {{"view", "black_scholes"}};
  rules.back().suppressed_by = {"NetDeltaUnknown"};
}

/// What a venue says of the account. An account that says nothing pages once, by its margin.
void add_account(std::vector<AlertRule>& rules) {
  constexpr double kMarginWarning = 0.70;
  constexpr double kMarginDanger = 0.85;
  AlertRule margin = above("MaintenanceMarginHigh", Figure::MaintenanceMarginRatio, kMarginWarning, AlertSeverity::Page, 30s,
                           "Maintenance margin is a large part of the margin balance; at 1 the account is liquidated");
  margin.labels = {{"source", "venue"}};
  margin.clear_margin = 0.02;
  rules.push_back(margin);
  margin.name = "MaintenanceMarginCritical";
  margin.upper = kMarginDanger;
  margin.hold = 0s;
  rules.push_back(margin);
  rules.push_back(unknown("MaintenanceMarginUnknown", Figure::MaintenanceMarginRatio,
                          "The account's margin cannot be read while a position is held"));
  rules.back().labels = margin.labels;
  rules.back().suppressed_by = {"MaintenanceMarginUnknown"};
  add_liquidation(rules);

  const auto forced = [&rules](std::string name, std::string kind, AlertSeverity severity, std::string summary) {
    rules.push_back(above(std::move(name), Figure::ForcedEventActive, 0.5, severity, 0s, std::move(summary)));
    rules.back().labels = {{"kind", std::move(kind)}};
  };
  for (const char* kind : {"liquidation", "auto_deleveraging", "account_lock", "other"})
    forced("ForcedEvent", kind, AlertSeverity::Page, "The venue acts on the account: liquidation, auto-deleveraging or a lock");
  forced("MarketMakerProtection", "market_maker_protection", AlertSeverity::Warn,
         "The venue has taken the account's quotes away: many were filled at once");
  rules.push_back(unknown("ForcedEventUnknown", Figure::ForcedEventActive,
                          "Whether the venue acts on the account cannot be told while a position is held"));
  rules.back().labels = {{"kind", "liquidation"}};
  rules.back().suppressed_by = {"MaintenanceMarginUnknown"};

  rules.push_back(above("PositionMismatch", Figure::ReconcileMismatchLimitRatio, 0.25, AlertSeverity::Page, 90s,
                        "Positions that follow from our fills are not what the venue states"));
  rules.push_back(unknown("PositionMismatchUnknown", Figure::ReconcileMismatchLimitRatio,
                          "Our positions cannot be compared with the venue's while one is held"));
  rules.back().suppressed_by = {"MaintenanceMarginUnknown", "ForcedEventUnknown"};
}

/// What the pool has lost, and what it would lose.
void add_losses(std::vector<AlertRule>& rules) {
  rules.push_back(above("WorstCellLoss", Figure::PoolWorstCellLossRatio, 0.15, AlertSeverity::Page, 120s,
                        "A move of at most 20 percent would cost the margin pool more than 15 percent of its equity"));
  rules.back().clear_margin = 0.01;
  rules.push_back(unknown("WorstCellLossUnknown", Figure::PoolWorstCellLossRatio,
                          "What a move of 20 percent would cost the pool cannot be computed while a position is held"));
  rules.back().suppressed_by = {"NetDeltaUnknown", "BookDeltaUnknown", "MaintenanceMarginUnknown", "LiquidationDistanceUnknown",
                                "WorstCellLossUnknown"};
  rules.push_back(above("SessionLoss", Figure::SessionLossRatio, 0.03, AlertSeverity::Page, 60s,
                        "More than 3 percent of the equity has been lost since the session began"));
  rules.back().clear_margin = 0.002;
  rules.push_back(unknown("SessionLossUnknown", Figure::SessionLossRatio,
                          "What has been lost since the session began cannot be told while a position is held"));
  rules.back().suppressed_by = {"NetDeltaUnknown",          "BookDeltaUnknown",
                                "MaintenanceMarginUnknown", "LiquidationDistanceUnknown",
                                "WorstCellLossUnknown",     "SessionLossUnknown"};
}

/// Collateral that is meant to be worth a dollar and is not.
void add_stablecoins(std::vector<AlertRule>& rules) {
  constexpr double kDepegged = 0.985;
  rules.push_back(below("StablecoinDepegged", Figure::StablecoinConfirmedPriceUsd, kDepegged, AlertSeverity::Page, 120s,
                        "A stablecoin that is collateral has lost its peg to the dollar"));
  rules.back().clear_margin = 0.002;
  rules.back().while_asset_held = true;
  rules.push_back(unknown("StablecoinPriceUnknown", Figure::StablecoinConfirmedPriceUsd,
                          "What a stablecoin that is collateral is worth cannot be told"));
  rules.back().while_held = false;
  rules.back().while_asset_held = true;
}

/// Whether the hedge can still be traded, asked only while it would have to be.
void add_flattening(std::vector<AlertRule>& rules) {
  AlertRule flatten = below("HedgeCannotBeMoved", Figure::FlattenFillableRatio, 0.5, AlertSeverity::Page, 60s,
                            "Less than half of the net delta could be traded away near the mid");
  flatten.labels = {{"demand", "now"}, {"venue", "all"}};
  flatten.while_above_soft_limit = true;
  rules.push_back(flatten);
  AlertRule flatten_unknown = unknown("HedgeCannotBeMovedUnknown", Figure::FlattenFillableRatio,
                                      "Whether the net delta could be traded away cannot be told while it is above its soft limit");
  flatten_unknown.labels = flatten.labels;
  flatten_unknown.while_above_soft_limit = true;
  rules.push_back(flatten_unknown);
}

/// Whether a hedge still does what it is for. Ratios near nothing say nothing: most of it counts only beyond the soft limit.
void add_hedge_quality(std::vector<AlertRule>& rules) {
  const auto beyond_limit = [&rules](AlertRule rule) {
    rule.while_above_soft_limit = true;
    rules.push_back(std::move(rule));
  };
  const std::vector<LabelMatch> by_delta{{"estimator", "rolling"}, {"basis", "pnl_delta"}};
  const std::vector<LabelMatch> by_all{{"estimator", "rolling"}, {"basis", "pnl_total"}};
  beyond_limit(above("HedgeWrongWay", Figure::HedgeWrongWay, 0.5, AlertSeverity::Warn, 60s,
                     "The hedge's legs add to the item's delta instead of offsetting it"));
  beyond_limit(above("HedgeOverHedged", Figure::HedgeOverRatio, 0.1, AlertSeverity::Warn, 60s,
                     "The hedge ratio is more than 10 percent above its target"));
  beyond_limit(above("HedgeUnderHedged", Figure::HedgeUnderRatio, 0.1, AlertSeverity::Warn, 60s,
                     "The hedge ratio is more than 10 percent below its target"));
  beyond_limit(below("NeutralityLost", Figure::HedgeNeutralityRatio, 0.9, AlertSeverity::Warn, 60s,
                     "More than a tenth of the gross delta is not offset"));
  rules.back().labels = {{"greek", "delta"}};
  rules.push_back(below("CorrelationLow", Figure::HedgeCorrelationRatio, 0.95, AlertSeverity::Warn, 5min,
                        "The legs' profit no longer follows what the delta of the item loses"));
  rules.back().labels = by_delta;
  rules.back().clear_margin = 0.005;
  rules.push_back(above("CorrelationBroken", Figure::HedgeCorrelationBroken, 0.5, AlertSeverity::Warn, 0s,
                        "The hedge's correlation has broken down against its reference"));
  rules.back().labels = by_all;
  rules.push_back(below("VarianceReductionLow", Figure::HedgeVarianceReductionRatio, 0.5, AlertSeverity::Warn, 5min,
                        "The hedge takes away less than half of the variance of the item's delta"));
  rules.back().labels = by_delta;
  rules.push_back(above("DollarOffsetOutside", Figure::HedgeDollarOffsetState, 0.5, AlertSeverity::Info, 5min,
                        "The legs have offset less than 80 or more than 125 percent of the item's profit or loss"));
  rules.back().labels = by_all;
  rules.back().labels.push_back({"state", "ineffective"});
  rules.push_back(above("ConstraintBinding", Figure::ConstraintBinding, 0.5, AlertSeverity::Warn, 5min,
                        "A constraint keeps the hedge from its band"));
  rules.push_back(above("OutsideRebalancingBand", Figure::OutsideBand, 0.5, AlertSeverity::Info, 60s,
                        "Net delta is outside the rebalancing band"));
}

/// What the market does to a hedge.
void add_market(std::vector<AlertRule>& rules) {
  rules.push_back(above("BasisOutlier", Figure::BasisOutlier, 0.5, AlertSeverity::Warn, 0s,
                        "The basis of the hedge's leg is more than four deviations and 10 bp from its mean"));
  rules.push_back(above("RegimeStressed", Figure::RegimeOfUnderlying, 0.5, AlertSeverity::Info, 60s,
                        "The market is stressed: limits deserve to be narrower"));
  rules.back().labels = {{"regime", "stressed"}};
  rules.push_back(above("RegimeDislocated", Figure::RegimeOfUnderlying, 0.5, AlertSeverity::Warn, 60s,
                        "The market is dislocated: prices and depth are not what they were"));
  rules.back().labels = {{"regime", "dislocated"}};
  rules.push_back(
      above("JumpSeen", Figure::JumpZscore, 3, AlertSeverity::Info, 0s, "The market has jumped: no delta hedge follows that"));
}

}  // namespace

std::vector<AlertRule> starter_rules(std::span<const HedgeSetup> hedges) {
  std::vector<AlertRule> rules{feed_down()};
  for (const HedgeSetup& hedge : hedges) add_net_delta(rules, hedge);
  add_unknown_exposure(rules);
  add_account(rules);
  add_losses(rules);
  add_stablecoins(rules);
  add_flattening(rules);
  rules.push_back(above("PositionAgeHigh", Figure::PositionAgeUsageRatio, 1, AlertSeverity::Warn, 60s,
                        "Nobody has vouched for a position that is stated by hand for longer than is permitted"));
  rules.push_back(above("ProfitUnexplained", Figure::PnlUnexplainedRatio, 0.2, AlertSeverity::Warn, 5min,
                        "A large part of the book's profit is not explained by its Greeks, funding and fees"));
  rules.back().labels = {{"since", "session"}};
  rules.push_back(above("VenueLocked", Figure::PlatformLocked, 0.5, AlertSeverity::Warn, 0s,
                        "The venue says that trading is locked or under maintenance"));
  add_hedge_quality(rules);
  add_market(rules);
  return rules;
}

}  // namespace hedgewatch
