#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/engine/engine_setup.hpp"
#include "core/metric/quality.hpp"
#include "core/risk/position_risk.hpp"

namespace hedgewatch {

inline constexpr std::array kDeltaViews{DeltaView::BlackScholes, DeltaView::NetTransaction, DeltaView::WithEquity};

/// A number that knows how far it may be believed.
struct Estimate {
  double value = 0;
  Quality quality;

  friend Estimate operator+(const Estimate& a, const Estimate& b) { return {a.value + b.value, worst(a.quality, b.quality)}; }
  friend Estimate operator*(const Estimate& a, const Estimate& b) { return {a.value * b.value, worst(a.quality, b.quality)}; }
};

/// The sum of the positions of one book that convert to dollars at one index. Quality by what the figures depend on.
struct ExposureSum {
  UnitRisk total;
  SplitAmount value;
  DeltaBounds bounds;
  Quality delta;
  Quality greeks;
  Quality greeks_usd;
  Quality value_quality;
  std::uint32_t fallback_positions = 0;  ///< priced from a vol or forward that the venue did not send
  bool open = false;                     ///< any position is not flat: dollars need the index
  bool value_needs_index = false;
};

/// Adds up in the order given, so that the same positions give the same bytes.
[[nodiscard]] ExposureSum sum_positions(std::span<const PositionRisk> positions);

/// What a book reports about one underlying. Units and signs: the figure catalogue.
struct BookExposure {
  std::array<Estimate, kDeltaViews.size()> delta_coins;
  std::array<Estimate, kDeltaViews.size()> delta_usd;
  Estimate value_usd;
  Estimate gamma_coins_per_percent;
  Estimate gamma_usd_per_percent;
  Estimate vega_usd_per_vol_point;
  Estimate theta_usd_per_day;
  Estimate rho_usd_per_percent;
  Estimate vanna;
  Estimate volga;
  Estimate charm;
  Estimate delta_low_coins;
  Estimate delta_high_coins;
  Estimate coverage;
  Estimate fallback_positions;
};

/// One index group of a book: its positions' sum and the index that turns its coins into dollars.
struct ExposurePart {
  ExposureSum sum;
  Estimate index_price;
};

/// The equity that belongs to a book in coins of the underlying, and the same in dollars.
struct EquityPart {
  Estimate coins;
  Estimate usd;
};

/// `book` is the quality of knowing which positions there are at all; it enters every figure.
[[nodiscard]] BookExposure book_exposure(std::span<const ExposurePart> parts, const EquityPart& equity, const Quality& book);

}  // namespace hedgewatch
