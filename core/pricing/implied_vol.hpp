#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/instrument/contract.hpp"
#include "core/pricing/kernel_target.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// Why a price has a volatility, or has none. Everything but Ok carries no usable vol.
enum class ImpliedVolStatus : std::uint8_t {
  Ok,
  AtIntrinsic,     ///< the price is the payoff at today's forward (or within 1e-300 sqrt(F K) of it): vol 0
  BelowIntrinsic,  ///< cheaper than the payoff, or negative: no vol (NaN)
  AtUpper,         ///< a call at the forward, a put at the strike: vol is infinite
  AboveUpper,      ///< dearer than that: no vol (NaN)
  Invalid,         ///< forward, strike or time not positive, their ratio beyond 1e14, or an input not finite (NaN)
  NotConverged,    ///< the step limit was reached (NaN); no known input does this
};

/// The word that commands print: ok, at_intrinsic, below_intrinsic, at_upper, above_upper, invalid, not_converged.
[[nodiscard]] std::string_view label(ImpliedVolStatus status);

struct ImpliedVolInput {
  OptionRight right = OptionRight::Call;
  double forward = 0;  ///< quote per base, of the option's own expiry; positive
  double strike = 0;   ///< quote per base; positive
  YearFraction to_expiry = YearFraction::from_years(0);
  double price = 0;  ///< undiscounted, quote per base (a coin price times the forward)
};

struct ImpliedVol {
  double vol = 0;  ///< fraction per sqrt(year); 0, inf or NaN as the status says
  ImpliedVolStatus status = ImpliedVolStatus::Invalid;
};

/// The vol at which Black (1976) gives this price: the readable statement, and the twin that the batch is tested against.
/// Solved on the out-of-the-money side (price less intrinsic value, subtracted without rounding), by third-order steps on the
/// logarithm of the price below half of its upper bound and on the logarithm of its complement above.
/// Relative error 1e-12 or cond * 2^-52, whichever is more, where cond = price / (vol * vega).
[[nodiscard]] ImpliedVol implied_vol(const ImpliedVolInput& input);

/// Vols between which the true one lies when the price was rounded to a grid.
struct ImpliedVolInterval {
  double low = 0;   ///< fraction; 0 where half a tick less is at or below the intrinsic value
  double high = 0;  ///< fraction; infinite where half a tick more is at or above the upper bound
  ImpliedVolStatus status = ImpliedVolStatus::Invalid;  ///< Ok, or Invalid (both ends NaN); the price itself is not judged
};

/// Vols of price - tick/2 and price + tick/2; `tick` not negative, in the price's unit. A coin-quoted option has a tick of
/// its coin tick times the forward. A wide interval says that the vol of this price means nothing.
[[nodiscard]] ImpliedVolInterval implied_vol_interval(const ImpliedVolInput& input, double tick);

/// Options side by side; every span has the same length. Inputs as in ImpliedVolInput, times in years.
struct ImpliedVolBatch {
  std::span<const OptionRight> right;
  std::span<const double> forward;
  std::span<const double> strike;
  std::span<const double> to_expiry_years;
  std::span<const double> price;
  std::span<const double>
      previous_vol;       ///< warm start: fraction, or anything not positive and finite for a cold lane; empty: all cold
  std::span<double> vol;  ///< out; may be the memory of previous_vol
  std::span<ImpliedVolStatus> status;  ///< out
};

/// Solves every lane, vectorised for the widest instruction set of the machine. Lanes do not influence each other.
/// Error as implied_vol; the two agree within that bound, not to the last bit. No allocation. `target` is one the machine runs.
void solve_implied_vols(const ImpliedVolBatch& batch, KernelTarget target = best_kernel_target());

/// implied_vol_interval for every lane of a batch that solve_implied_vols has filled, started from its vols. `tick` in the unit of
/// the price; `low` and `high` get the ends (0, infinite or NaN as there). No allocation.
void solve_implied_vol_intervals(const ImpliedVolBatch& solved, std::span<const double> tick, std::span<double> low,
                                 std::span<double> high);

}  // namespace hedgewatch
