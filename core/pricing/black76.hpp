#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/instrument/contract.hpp"
#include "core/types/result.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// Inputs of Black (1976) on a forward. Passed by name, so that arguments cannot be swapped.
struct Black76Input {
  OptionRight right = OptionRight::Call;
  double forward = 0;  ///< quote per base, of the option's own expiry; not negative
  double strike = 0;   ///< quote per base; not negative
  YearFraction to_expiry = YearFraction::from_years(0);
  Vol vol = Vol::from_fraction(0);
  double rate = 0;   ///< continuous, per year; 0 on coin-settled venues
  double carry = 0;  ///< continuous cost of carry b, per year: spot = forward * exp(-b T). Only the spot Greeks read it.
};

/// Raw calculus: derivatives per 1.0 of the variable, time derivatives per year passing (d/dt = -d/dT).
/// Undefined entries are NaN; nothing is infinite. Formulas: Black (1976); Haug, The Complete Guide to Option Pricing Formulas,
/// ch. 2.
struct Black76Greeks {
  double price = 0;  ///< quote per base
  double delta = 0;  ///< d price / d forward, discounted
  double gamma = 0;  ///< d delta / d forward
  double vega = 0;   ///< d price / d vol, per 1.0 of vol
  double theta = 0;  ///< d price / d t at a fixed forward, per year
  double rho = 0;    ///< d price / d rate at a fixed forward, per 1.0
  double vanna = 0;  ///< d delta / d vol
  double volga = 0;  ///< d vega / d vol
  double charm = 0;  ///< d delta / d t, per year
  double speed = 0;  ///< d gamma / d forward
  double zomma = 0;  ///< d gamma / d vol
  double color = 0;  ///< d gamma / d t, per year
  double veta = 0;   ///< d vega / d t, per year

  double ultima = 0;      ///< d volga / d vol
  double dual_delta = 0;  ///< d price / d strike
  double d1 = 0;          ///< standardised moneyness; NaN where it is infinite
  double d2 = 0;          ///< d1 - vol sqrt(T)

  /// The same with the spot held fixed, so that the forward spot * exp(b T) rolls.
  double spot_delta = 0;  ///< d price / d spot
  double spot_gamma = 0;  ///< d spot_delta / d spot
  double spot_theta = 0;  ///< d price / d t at a fixed spot, per year
  double spot_rho = 0;    ///< d price / d rate at a fixed spot and yield rate - b, per 1.0
  double spot_charm = 0;  ///< d spot_delta / d t, per year
};

enum class PricingFault : std::uint8_t { Expired, ForwardNegative, StrikeNegative, VolNegative, NotFinite };

/// What is wrong, in words, for messages and the `reason` of a figure.
[[nodiscard]] std::string_view label(PricingFault fault);

/// What keeps the input from being priced, if anything.
[[nodiscard]] std::optional<PricingFault> pricing_fault(const Black76Input& input);

/// Price and Greeks, scalar and readable: the statement that the batch kernels are tested against.
///
/// Degenerate inputs give their limits from inside the domain: with no vol or no time left the payoff's value (at the strike
/// delta is half, gamma is NaN), with a strike or a forward of 0 the discounted forward or strike. A negative time is
/// `Expired`, a negative or non-finite input a fault, and so is a discount factor that overflows.
///
/// Error at most 8 * 2^-52 times the scale of the value, where the scale grows with the condition of d1 (1 / (vol sqrt T),
/// |d1|, |d2|): an ulp in forward / strike moves d1 by 2^-53 / (vol sqrt T). Values below 1e-307 may be 0.
[[nodiscard]] Result<Black76Greeks, PricingFault> black76(const Black76Input& input);

/// Fills the spot Greeks from the others and the input's carry. black76() has done it; a batch leaves it to who wants them.
void add_spot_greeks(const Black76Input& input, Black76Greeks& greeks);

}  // namespace hedgewatch
