#pragma once

#include "core/instrument/contract.hpp"
#include "core/types/result.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// Inputs of Black (1976) on a forward. Passed by name, so that arguments cannot be swapped.
struct Black76Input {
  OptionRight right = OptionRight::Call;
  double forward = 0;  ///< quote per base, of the option's own expiry; positive
  double strike = 0;   ///< quote per base; not negative
  YearFraction to_expiry = YearFraction::from_years(0);
  Vol vol = Vol::from_fraction(0);
  double rate = 0;  ///< continuous, per year; 0 on coin-settled venues
};

/// Raw calculus: derivatives per 1.0 of the variable, time derivatives per year passing. Undefined entries are NaN.
struct Black76Greeks {
  double price = 0;  ///< quote per base
  double delta = 0;  ///< d price / d forward
  double gamma = 0;  ///< d delta / d forward
  double vega = 0;   ///< d price / d vol, per 1.0 of vol
  double theta = 0;  ///< d price / d t (time passing), per year
  double rho = 0;    ///< d price / d rate at a fixed forward, per 1.0
  double vanna = 0;  ///< d delta / d vol
  double volga = 0;  ///< d vega / d vol
  double charm = 0;  ///< d delta / d t, per year
  double speed = 0;  ///< d gamma / d forward
  double zomma = 0;  ///< d gamma / d vol
  double color = 0;  ///< d gamma / d t, per year
  double veta = 0;   ///< d vega / d t, per year
};

enum class PricingFault : std::uint8_t { Expired, ForwardNotPositive, StrikeNegative, VolNegative, NotFinite };

/// Price and Greeks, scalar and readable: the statement that the batch kernels are tested against.
/// Degenerate inputs (no time, no vol, zero strike) give their limits; an expired option is a fault.
[[nodiscard]] Result<Black76Greeks, PricingFault> black76(const Black76Input& input);

}  // namespace hedgewatch
