#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string_view>

#include "core/pricing/black76.hpp"
#include "oracle/vector_table.hpp"

namespace hedgewatch::testing {

/// The oracle's name of a column and the member it is compared with.
struct Black76Column {
  std::string_view name;
  double Black76Greeks::*value;
};

inline constexpr std::array<Black76Column, 22> kBlack76Columns{{{"price", &Black76Greeks::price},
                                                                {"delta_fwd", &Black76Greeks::delta},
                                                                {"delta_spot", &Black76Greeks::spot_delta},
                                                                {"gamma_fwd", &Black76Greeks::gamma},
                                                                {"gamma_spot", &Black76Greeks::spot_gamma},
                                                                {"vega", &Black76Greeks::vega},
                                                                {"theta_fwd", &Black76Greeks::theta},
                                                                {"theta_spot", &Black76Greeks::spot_theta},
                                                                {"rho_fwd", &Black76Greeks::rho},
                                                                {"rho_spot", &Black76Greeks::spot_rho},
                                                                {"vanna", &Black76Greeks::vanna},
                                                                {"volga", &Black76Greeks::volga},
                                                                {"charm_fwd", &Black76Greeks::charm},
                                                                {"charm_spot", &Black76Greeks::spot_charm},
                                                                {"speed", &Black76Greeks::speed},
                                                                {"zomma", &Black76Greeks::zomma},
                                                                {"color_fwd", &Black76Greeks::color},
                                                                {"veta", &Black76Greeks::veta},
                                                                {"ultima", &Black76Greeks::ultima},
                                                                {"dual_delta", &Black76Greeks::dual_delta},
                                                                {"d1", &Black76Greeks::d1},
                                                                {"d2", &Black76Greeks::d2}}};

/// One rounding unit of the oracle's tolerances: |error| <= kToleranceUnit * scale, at least kToleranceFloor.
inline constexpr double kToleranceUnit = 8 * 0x1p-52;
inline constexpr double kToleranceFloor = 1e-307;

/// Inputs of a row of an oracle table that has columns type, F, K, T, sigma; r and b where the table has them.
Black76Input black76_input(const VectorTable& table, std::size_t row, bool has_carry);

/// The scale of every value at these inputs: how far one rounding error in its ingredients is amplified.
Black76Greeks black76_scale(const Black76Input& input);

/// How a way of pricing is asked for one row: its Greeks with the spot versions, or the fault.
using Black76Pricer = std::function<Result<Black76Greeks, PricingFault>(std::size_t row)>;

/// Compares all 3,000 rows of greeks_black76.csv with what `priced` gives, cell by cell at the tolerance of the cell, and returns
/// the worst error as a share of its tolerance, by column of kBlack76Columns.
std::array<double, kBlack76Columns.size()> compare_with_oracle(const VectorTable& table, const VectorTable& tolerances,
                                                               const Black76Pricer& priced);

/// Compares every row of greeks_black76_degenerate.csv: limits, undefined entries and faults.
void compare_degenerate(const VectorTable& table, const Black76Pricer& priced);

/// kToleranceUnit * scale with the floor.
double tolerance_of(double scale);

}  // namespace hedgewatch::testing
