#include "core/hedge/basis.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>

using namespace hedgewatch;

TEST_SUITE("core/hedge/basis") {
  TEST_CASE("the three ways to put a basis on a year, and none in the last day") {
    CHECK(annualised_basis(102, 100, 73, BasisAnnualisation::Simple).value() == doctest::Approx(0.1));
    CHECK(annualised_basis(102, 100, 73, BasisAnnualisation::Continuous).value() == doctest::Approx(5 * std::log(1.02)));
    CHECK(annualised_basis(102, 100, 73, BasisAnnualisation::Compound).value() == doctest::Approx(std::pow(1.02, 5) - 1));
    CHECK_FALSE(annualised_basis(102, 100, 0.9, BasisAnnualisation::Simple).has_value());
    CHECK_FALSE(annualised_basis(102, 0, 73, BasisAnnualisation::Simple).has_value());
  }

  TEST_CASE("the current bar is scored against those before it, and a tick of a quiet basis is no outlier") {
    BasisWindow window{10};
    for (int bar = 0; bar < 10; ++bar) window.add(bar % 2 == 0 ? 1e-4 : 2e-4);
    const BasisScore quiet = window.add(6e-4);
    CHECK(quiet.zscore.value() > 4);
    CHECK_FALSE(quiet.outlier);
    const BasisScore blown = window.add(50e-4);
    CHECK(blown.outlier);
    CHECK(blown.move > 10e-4);
    // Within its own window it could not be further out than (n - 1) / sqrt(n) = 2.85.
    CHECK(blown.zscore.value() > 10);
  }

  TEST_CASE("a basis that never moved has no score, and a missing bar breaks the run of changes") {
    BasisWindow window{10};
    for (int bar = 0; bar < 5; ++bar) window.add(1e-4);
    CHECK_FALSE(window.add(1e-4).zscore.has_value());
    CHECK_FALSE(window.add(std::nullopt).zscore.has_value());
    const BasisScore after = window.add(9e-4);
    CHECK(after.change_volatility.value() == 0);
  }

  TEST_CASE("carry for each sigma that the hedge takes away, and none when it adds risk") {
    CHECK(carry_per_sigma_removed(-30, 400, 25).value() == doctest::Approx(-2));
    CHECK_FALSE(carry_per_sigma_removed(-30, 25, 400).has_value());
  }
}
