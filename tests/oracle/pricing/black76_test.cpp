#include "core/pricing/black76.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "oracle/pricing/black76_oracle.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

TEST_SUITE("oracle/pricing/black76") {
  TEST_CASE("every price and Greek lies within the tolerance of its own cell") {
    if (skip_without_shared("greeks_black76.csv")) return;
    const VectorTable table{"greeks_black76.csv"};
    const VectorTable tolerances{"greeks_black76_tol.csv"};
    REQUIRE(table.rows() == 3000);
    double worst = 0;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::string id = table.text(row, "id");
      REQUIRE(tolerances.text(row, "id") == id);
      CAPTURE(id);
      const auto result = black76(black76_input(table, row, true));
      REQUIRE(result.ok());
      for (const auto& column : kBlack76Columns) {
        const std::string name{column.name};
        const double expected = table.number(row, name);
        const double computed = result.value().*column.value;
        const double tolerance = tolerances.number(row, name);
        CAPTURE(name);
        CAPTURE(computed);
        CAPTURE(expected);
        CHECK(std::fabs(computed - expected) <= tolerance);
        worst = std::fmax(worst, std::fabs(computed - expected) / tolerance);
      }
    }
    // Guards the margin: a change that still passes but loses accuracy shows here.
    CHECK(worst < 0.25);
  }

  TEST_CASE("the edges of the domain give their limits or their faults") {
    if (skip_without_shared("greeks_black76_degenerate.csv")) return;
    const VectorTable table{"greeks_black76_degenerate.csv"};
    REQUIRE(table.rows() == 274);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::string id = table.text(row, "id");
      const std::string status = table.text(row, "status");
      const std::string note = table.text(row, "note");
      CAPTURE(id);
      CAPTURE(note);
      const Black76Input input = black76_input(table, row, false);
      const auto result = black76(input);
      if (status == "expired") {
        REQUIRE_FALSE(result.ok());
        CHECK(result.error() == PricingFault::Expired);
        continue;
      }
      if (status == "invalid") {
        REQUIRE_FALSE(result.ok());
        CHECK(result.error() != PricingFault::Expired);
        continue;
      }
      REQUIRE(result.ok());
      const Black76Greeks scale = black76_scale(input);
      for (const auto& column : kBlack76Columns) {
        const std::string name{column.name};
        if (name == "d1" || name == "d2" || name == "charm_fwd" || name.ends_with("_spot")) continue;
        if (name == "speed" || name == "zomma" || name == "color_fwd" || name == "veta" || name == "ultima" || name == "dual_delta")
          continue;
        if (table.blank(row, name)) continue;
        const double computed = result.value().*column.value;
        const double expected = table.number(row, name);
        CAPTURE(name);
        CAPTURE(computed);
        CAPTURE(expected);
        if (std::isinf(expected)) {
          CHECK(std::isnan(computed));
          continue;
        }
        const double amplified = std::isfinite(scale.*column.value) ? scale.*column.value : 0;
        CHECK(std::fabs(computed - expected) <= tolerance_of(std::fmax(amplified, std::fabs(expected))));
      }
    }
  }
}
