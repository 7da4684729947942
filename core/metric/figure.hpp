#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hedgewatch {

/// Every figure the engine publishes, in the order of the catalogue.
enum class Figure : std::uint16_t {
  // instrument
  MarkPrice,
  MarkVolRatio,
  PricingVolRatio,
  PricingVolSource,
  ForwardPriceUsd,
  ForwardPriceSource,
  Delta,
  GammaPerUsd,
  VegaUsdPerVolPoint,
  ThetaUsdPerDay,
  RhoUsdPerPercent,
  Vanna,
  Volga,
  Charm,
  DataAgeSeconds,
  SpreadRatio,
  // position
  PositionSize,
  PositionNotionalUsd,
  PositionUnrealizedPnlUsd,
  PositionDeltaCoins,
  // book
  BookValueUsd,
  BookDeltaCoins,
  BookDeltaUsd,
  BookGammaCoinsPerPercent,
  BookGammaUsdPerPercent,
  BookVegaUsdPerVolPoint,
  BookThetaUsdPerDay,
  BookRhoUsdPerPercent,
  BookVanna,
  BookVolga,
  BookCharm,
  BookDeltaLowCoins,
  BookDeltaHighCoins,
  BookCoverageRatio,
  BookFallbackPositions,
  BookExpiryVegaUsdPerVolPoint,
  BookWeightedVegaUsdPerVolPoint,
  BookRiskReversalVegaUsd,
  BookButterflyVegaUsd,
  BookPinDeltaCoins,
  BookSettlementDeltaShiftCoins,
  // scenario
  ScenarioPnlUsd,
  ScenarioWorstLossUsd,
  ValueAtRiskUsd,
  ExpectedShortfallUsd,
  ValueAtRiskReturns,
  // hedge
  HedgeItemDeltaCoins,
  HedgeLegsDeltaCoins,
  HedgeNetDeltaCoins,
  HedgeNetDeltaUsd,
  HedgeRatio,
  HedgeTargetRatio,
  HedgeOverRatio,
  HedgeUnderRatio,
  HedgeWrongWay,
  HedgeNeutralityRatio,
  HedgeLimitUsageRatio,
  HedgeDeltaLimitCoins,
  // effectiveness
  HedgeCorrelationRatio,
  HedgeBeta,
  HedgeRSquared,
  HedgeVarianceReductionRatio,
  HedgeTrackingErrorRatio,
  HedgeDollarOffsetRatio,
  HedgeDollarOffsetState,
  HedgeCorrelationBreakdownZscore,
  HedgeCorrelationBroken,
  HedgeBetaDrift,
  HedgeResidualDriftRatio,
  HedgePairs,
  // basis and carry
  BasisUsd,
  BasisRatio,
  BasisAnnualizedRatio,
  BasisZscore,
  BasisOutlier,
  BasisVolatilityRatio,
  FundingRate8hRatio,
  CarryUsdPerDay,
  CarryPerSigmaRemoved,
  // volatility and regime
  UnderlyingRealizedVolRatio,
  UnderlyingImpliedVolRatio,
  VariancePremium,
  VolRatio,
  JumpZscore,
  RegimeOfUnderlying,
  RegimeLimitMultiplierRatio,
  // liquidity
  HedgeHourSigmaRatio,
  HedgeDeltaAfterHourCoins,
  FlattenSlippageRatio,
  FlattenCostUsd,
  FlattenFillableRatio,
  FlattenFilledRatio,
  DepthUsd,
  DepthEvaporationRatio,
  DepthRankRatio,
  HedgeSpreadRatio,
  // hedging cost
  HedgeCostUsd,
  HedgeCostPerSigmaRemoved,
  HedgeCostPerNotionalRatio,
  HedgeUncostedFills,
  // rebalancing
  BandLowerCoins,
  BandUpperCoins,
  BandFallback,
  OutsideBand,
  DeltaDriftCoins,
  SecondsSinceRebalance,
  ExpectedSecondsToBand,
  BreakevenMoveRatio,
  ConstraintBinding,
  // advice
  AdviceTradeSize,
  AdviceObjectiveBefore,
  AdviceObjectiveAfter,
  AdviceCostUsd,
  AdviceRankLost,
  // underlying
  IndexPriceUsd,
  // vol surface
  SurfaceFitErrorVolPoints,
  SurfaceFitVerdict,
  SurfaceFittedMarks,
  SurfaceAgeSeconds,
  SurfaceUnfittedExpiries,
  // account
  EquityUsd,
  MarginBalance,
  Balance,
  InitialMarginRatio,
  MaintenanceMarginRatio,
  // margin pools
  LeverageRatio,
  NetLeverageRatio,
  CollateralPriceUsd,
  CollateralHaircutRatio,
  StablecoinPriceUsd,
  StablecoinConfirmedPriceUsd,
  CollateralShareRatio,
  PoolWorstLossUsd,
  PoolWorstCellLossRatio,
  CollateralCoverageRatio,
  CollateralMinCoverageRatio,
  CollateralImbalanceRatio,
  LiquidationPriceUsd,
  LiquidationDistanceRatio,
  LiquidationDistanceSigmas,
  // account events
  ForcedEventActive,
  AdlRankRatio,
  WorkingBidDeltaCoins,
  WorkingAskDeltaCoins,
  PositionTimeSkewSeconds,
  PositionAgeSeconds,
  PositionAgeUsageRatio,
  // profit
  PnlUsd,
  PnlUnexplainedRatio,
  SessionLossRatio,
  // reconciliation
  ReconcilePositionMismatches,
  ReconcileMismatchLimitRatio,
  ReconcileDeltaDifferenceCoins,
  ReconcileGreekDifference,
  ReconcileEquityDifferenceRatio,
  ReconcileSecondsSince,
  // feeds, as the engine sees them
  FeedLive,
  FeedLastMarketDataAgeSeconds,
  FeedsDown,
  PlatformLocked,
  // alerts
  AlertState,
  Count
};
inline constexpr std::size_t kFigureCount = static_cast<std::size_t>(Figure::Count);

inline constexpr std::size_t kMaxLabels = 5;

struct FigureDefinition {
  Figure figure;
  std::string_view name;                            ///< with the prefix, e.g. hedgewatch_book_delta_coins
  std::string_view help;                            ///< one sentence with unit and sign
  std::array<std::string_view, kMaxLabels> labels;  ///< names in order; the unused ones are empty
  /// The repository's document that says what the figure tells a trader, when it lies, and its formula.
  std::string_view page = {};

  [[nodiscard]] constexpr std::size_t label_count() const {
    std::size_t count = 0;
    while (count < labels.size() && !labels[count].empty()) ++count;
    return count;
  }
};

/// The one list that exposition, alert rules, journal, dashboards and documentation read.
[[nodiscard]] std::span<const FigureDefinition> figure_catalogue();
[[nodiscard]] const FigureDefinition& definition_of(Figure figure);
[[nodiscard]] std::optional<Figure> figure_from_name(std::string_view name);

enum class FigureState : std::uint8_t { Unknown, Stale, Ok };
[[nodiscard]] std::string_view label(FigureState state);

/// Why a figure has no series.
enum class FigureReason : std::uint8_t {
  None,
  NeverReceived,      ///< no message about its input yet
  MissingInstrument,  ///< the venue lists no such instrument
  MissingMark,
  MissingForward,
  MissingVol,
  MissingIndex,
  MissingEquity,
  MissingEntryPrice,
  FeedDown,  ///< the input's connection is not live
  TooOld,    ///< the input's age is beyond its limit
  Expired,
  Halted,
  Inconclusive,  ///< the denominator is too near to nothing to divide by
  Empty,         ///< nothing is held
  NotFinite,
  MixedNumeraire,
  OrderBookInvalid,  ///< no snapshot yet, or its chain of changes broke
  DepthShort,        ///< the book does not hold enough for the whole order
  WarmingUp          ///< too few observations yet
};
[[nodiscard]] std::string_view label(FigureReason reason);

}  // namespace hedgewatch
