#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hedgewatch {

/// How a basis is put on a year.
enum class BasisAnnualisation : std::uint8_t { Simple, Continuous, Compound };
[[nodiscard]] constexpr std::string_view label(BasisAnnualisation convention) {
  switch (convention) {
    case BasisAnnualisation::Simple:
      return "simple";
    case BasisAnnualisation::Continuous:
      return "continuous";
    case BasisAnnualisation::Compound:
      return "compound";
  }
  return "";
}

/// (leg - reference) / reference. Prices positive.
[[nodiscard]] double basis_ratio(double leg, double reference);
/// Per year of 365 days: simple rel 365/d, continuous ln(F/S) 365/d, compound (F/S)^(365/d) - 1. Nothing below one day to expiry,
/// where the division says nothing.
[[nodiscard]] std::optional<double> annualised_basis(double leg, double reference, double days, BasisAnnualisation convention);

/// What a new basis is against those before it.
struct BasisScore {
  std::size_t count = 0;                    ///< of the bars before it
  std::optional<double> zscore;             ///< with the current bar left out of mean and deviation; nothing when it never moved
  std::optional<double> change_volatility;  ///< sample deviation of the changes from bar to bar, the current one included
  double move = 0;                          ///< distance from the mean before, as a ratio
  bool outlier = false;                     ///< |z| > 4 and a move of at least 10 bp
};

/// The basis of the last bars. Recomputed from the window itself: O(window) a bar. Takes its memory at once.
class BasisWindow {
 public:
  explicit BasisWindow(std::size_t bars);

  /// The next bar; nothing is a bar without one of the prices, which also breaks the run of changes.
  BasisScore add(std::optional<double> basis);

  /// See StateArchive.
  void visit_state(auto& archive) { archive(ring_, bars_); }

 private:
  std::vector<std::optional<double>> ring_;
  std::size_t bars_ = 0;
};

/// Carry over the standard deviation of P&L that the hedge took away, both over one day in dollars; nothing when it took none away.
/// `unhedged`, `hedged`: variances.
[[nodiscard]] std::optional<double> carry_per_sigma_removed(double carry_per_day, double unhedged, double hedged);

}  // namespace hedgewatch
