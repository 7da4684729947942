#include "core/pricing/option_batch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "oracle/pricing/black76_oracle.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

OptionBatch batch_of(const VectorTable& table, bool has_carry) {
  OptionBatch batch{table.rows()};
  for (std::size_t row = 0; row < table.rows(); ++row) batch.set(row, black76_input(table, row, has_carry));
  return batch;
}

/// A lane as the scalar would return it.
Result<Black76Greeks, PricingFault> lane_of(const OptionBatch& batch, const GreekColumns& columns, const Black76Input& input,
                                            std::size_t lane) {
  if (const auto fault = batch.fault(lane)) return *fault;
  Black76Greeks greeks = columns.lane(lane);
  add_spot_greeks(input, greeks);
  return greeks;
}

}  // namespace

TEST_SUITE("oracle/pricing/option_batch") {
  TEST_CASE("the kernel of every instruction set here meets the tolerance of every cell") {
    if (skip_without_shared("greeks_black76.csv")) return;
    const VectorTable table{"greeks_black76.csv"};
    const VectorTable tolerances{"greeks_black76_tol.csv"};
    const OptionBatch batch = batch_of(table, true);
    for (const KernelTarget target : kKernelTargets) {
      if (!machine_runs(target)) continue;
      const std::string name{label(target)};
      CAPTURE(name);
      GreekColumns columns{GreekSet::Every, batch.lanes()};
      CHECK(price(batch, columns, target) == 0);
      const auto worst = compare_with_oracle(
          table, tolerances, [&](std::size_t row) { return lane_of(batch, columns, black76_input(table, row, true), row); });
      CHECK(*std::max_element(worst.begin(), worst.end()) < 0.5);

      GreekColumns usual{GreekSet::Usual, batch.lanes()};
      CHECK(price(batch, usual, target) == 0);
      for (std::size_t greek = 0; greek < column_count(GreekSet::Usual); ++greek) {
        const auto expected = columns[static_cast<Greek>(greek)];
        const auto got = usual[static_cast<Greek>(greek)];
        CHECK(std::equal(got.begin(), got.end(), expected.begin()));
      }
    }
  }

  TEST_CASE("the edges of the domain give their limits or their faults at every instruction set") {
    if (skip_without_shared("greeks_black76_degenerate.csv")) return;
    const VectorTable table{"greeks_black76_degenerate.csv"};
    const OptionBatch batch = batch_of(table, false);
    for (const KernelTarget target : kKernelTargets) {
      if (!machine_runs(target)) continue;
      const std::string name{label(target)};
      CAPTURE(name);
      GreekColumns columns{GreekSet::Every, batch.lanes()};
      price(batch, columns, target);
      compare_degenerate(table, [&](std::size_t row) { return lane_of(batch, columns, black76_input(table, row, false), row); });
    }
  }
}
