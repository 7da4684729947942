#pragma once

#include "core/instrument/contract.hpp"
#include "core/metric/quality.hpp"
#include "core/risk/instrument_valuation.hpp"

namespace hedgewatch {

/// A holding as risk sees it: one instrument in one book, all its sources together.
struct SizedPosition {
  double size = 0;  ///< signed, in the contract's SizeUnit
  /// Sum of size * entry price, of size / entry price for inverse futures: what makes the profit of the whole that of its parts.
  double entry_cost = 0;
  bool entry_known = true;
  Quality quality;  ///< of the size itself
};

/// Amounts that need the index to become dollars stand in coins, so that a moving index touches sums and not positions.
struct SplitAmount {
  double coins = 0;
  double usd = 0;

  [[nodiscard]] double at(double index_price) const { return coins == 0 ? usd : coins * index_price + usd; }
  friend SplitAmount operator+(SplitAmount a, SplitAmount b) { return {a.coins + b.coins, a.usd + b.usd}; }
};

/// What can be said about a delta without its price: a call's is between 0 and 1, a put's between -1 and 0, whatever the model.
struct DeltaBounds {
  double low_coins = 0;
  double high_coins = 0;
  double priced_coins = 0;    ///< gross size whose delta is known
  double unpriced_coins = 0;  ///< gross size whose delta is not
  double unpriced_usd = 0;    ///< the same of inverse futures without a mark
  Quality quality;            ///< of the bounds: those of an inverse future need its mark
  Quality size;               ///< of the gross sizes

  friend DeltaBounds operator+(const DeltaBounds& a, const DeltaBounds& b) {
    return {.low_coins = a.low_coins + b.low_coins,
            .high_coins = a.high_coins + b.high_coins,
            .priced_coins = a.priced_coins + b.priced_coins,
            .unpriced_coins = a.unpriced_coins + b.unpriced_coins,
            .unpriced_usd = a.unpriced_usd + b.unpriced_usd,
            .quality = worst(a.quality, b.quality),
            .size = worst(a.size, b.size)};
  }
};

/// What one holding adds to its book. Signed, long positive.
struct PositionRisk {
  UnitRisk total;              ///< size times the instrument's unit risk
  SplitAmount value;           ///< market value of options and spot, unrealised profit of futures
  SplitAmount profit;          ///< unrealised, against the average entry
  SplitAmount notional;        ///< signed, full
  double lot_delta_coins = 0;  ///< size of one lot's delta, not negative
  DeltaBounds bounds;
  Quality delta;
  Quality smile;             ///< of smile_delta_coins
  Quality greeks;            ///< of vanna and charm, which are in coins
  Quality greeks_usd;        ///< of the Greeks in dollars
  Quality value_quality;     ///< without the index
  Quality profit_quality;    ///< without the index
  Quality notional_quality;  ///< without the index
  bool flat = false;         ///< known to be nothing: no input matters
  bool value_in_coins = false;
  bool on_fallback = false;  ///< priced from a vol or forward that the venue did not send
};

/// A flat position is nothing whatever its inputs; an expired one has no Greeks and an unknown value (it is settled into cash).
[[nodiscard]] PositionRisk position_risk(const Contract& contract, const InstrumentValuation& valuation,
                                         const SizedPosition& position);
/// The same into `risk`, whatever it was.
void set_position_risk(const Contract& contract, const InstrumentValuation& valuation, const SizedPosition& position,
                       PositionRisk& risk);

/// Adds size / entry or size * entry of one source to a holding's cost.
[[nodiscard]] double entry_cost(const Contract& contract, double size, double entry_price);

}  // namespace hedgewatch
