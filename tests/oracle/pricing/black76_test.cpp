#include "core/pricing/black76.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "oracle/pricing/black76_oracle.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

TEST_SUITE("oracle/pricing/black76") {
  TEST_CASE("every price and Greek lies within the tolerance of its own cell") {
    if (skip_without_shared("greeks_black76.csv")) return;
    const VectorTable table{"greeks_black76.csv"};
    const VectorTable tolerances{"greeks_black76_tol.csv"};
    const auto worst =
        compare_with_oracle(table, tolerances, [&](std::size_t row) { return black76(black76_input(table, row, true)); });
    // Guards the margin: a change that still passes but loses accuracy shows here.
    CHECK(*std::max_element(worst.begin(), worst.end()) < 0.25);
  }

  TEST_CASE("the edges of the domain give their limits or their faults") {
    if (skip_without_shared("greeks_black76_degenerate.csv")) return;
    const VectorTable table{"greeks_black76_degenerate.csv"};
    compare_degenerate(table, [&](std::size_t row) { return black76(black76_input(table, row, false)); });
  }
}
