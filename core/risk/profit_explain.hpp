#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/instrument/contract.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// What a book's profit is made of. A gain is positive in every component, so a fee paid is negative.
enum class ProfitComponent : std::uint8_t {
  Delta,        ///< start-of-interval delta on the move of the index
  Gamma,        ///< half gamma on the square of the forward's move
  Vega,         ///< vega on the move of the implied volatility
  Theta,        ///< time passing
  Vanna,        ///< forward and volatility moving together
  Volga,        ///< half volga on the square of the volatility's move
  Funding,      ///< of perpetuals, received
  Basis,        ///< start-of-interval delta on what the forward or mark moved beyond the index
  Trading,      ///< fill prices against the mark at the end of the interval that the fill cut
  Fees,         ///< rebates less fees
  Collateral,   ///< equity held in coin, on the move of the coin
  Unexplained,  ///< what was really earned less all of the above
  Count
};
inline constexpr std::size_t kProfitComponents = static_cast<std::size_t>(ProfitComponent::Count);
[[nodiscard]] std::string_view label(ProfitComponent component);

/// One amount per component, all in one currency.
struct ProfitTerms {
  std::array<double, kProfitComponents> amounts{};

  [[nodiscard]] double& operator[](ProfitComponent component) { return amounts[static_cast<std::size_t>(component)]; }
  [[nodiscard]] double operator[](ProfitComponent component) const { return amounts[static_cast<std::size_t>(component)]; }
  ProfitTerms& operator+=(const ProfitTerms& other);
  ProfitTerms& operator-=(const ProfitTerms& other);
  [[nodiscard]] ProfitTerms times(double factor) const;

  /// Everything but the unexplained part.
  [[nodiscard]] double explained() const;
  /// What was earned: explained and unexplained.
  [[nodiscard]] double total() const;
  /// Sum of the sizes of the explained terms: what the unexplained part is measured against. The total would cross 0.
  [[nodiscard]] double gross() const;
  /// |unexplained| / gross; nothing while nothing has moved.
  [[nodiscard]] std::optional<double> unexplained_ratio() const;
};

/// How the value of one unit of size answers to the market, in the settlement asset: raw calculus, per 1.0 of vol and per year
/// passing. For coin-settled contracts value and derivatives are in coin: an inverse future is worth -1 / price per dollar.
struct ValueSensitivity {
  double delta = 0;  ///< per quote unit of the forward (options) or mark (futures)
  double gamma = 0;
  double vega = 0;
  double theta = 0;
  double vanna = 0;
  double volga = 0;
};

/// At the start of an interval. `forward` is the option's own, or the mark of a future; `vol` and `to_expiry` are read for options
/// only. Nothing when an input is out of its domain; an option at or past its expiry has none.
[[nodiscard]] std::optional<ValueSensitivity> value_sensitivity(const Contract& contract, double forward, double vol,
                                                                YearFraction to_expiry, double rate = 0);

/// From the start of an interval to its end.
struct MarketMove {
  double forward = 0;       ///< change of the forward or mark, quote units
  double beyond_index = 0;  ///< the part of it that the index did not make: the basis
  double vol = 0;           ///< change of the volatility, fraction
  double years = 0;         ///< passed
};

/// The Taylor terms of `size` units: delta, basis, gamma, vega, theta, vanna and volga. Settlement asset. Formula page 10.
[[nodiscard]] ProfitTerms taylor_terms(const ValueSensitivity& start, double size, const MarketMove& move);

/// Settlement asset earned by `size` units whose mark went from one price to another; prices in the contract's price unit and
/// positive, an option's may be 0.
[[nodiscard]] double mark_profit(const Contract& contract, double size, double from, double to);

/// Completes terms with what was really earned in the same currency: the rest is unexplained.
void explain_rest(ProfitTerms& terms, double earned);

}  // namespace hedgewatch
