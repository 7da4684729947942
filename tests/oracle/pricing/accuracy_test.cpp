#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <string>
#include <string_view>

#include "core/pricing/black76.hpp"
#include "core/pricing/option_batch.hpp"
#include "oracle/pricing/black76_oracle.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

using Shares = std::array<double, kBlack76Columns.size()>;

/// Worst error of the kernels of every instruction set here, as a share of the tolerance.
Shares worst_of_kernels(const VectorTable& table, const VectorTable& tolerances) {
  OptionBatch batch{table.rows()};
  for (std::size_t row = 0; row < table.rows(); ++row) batch.set(row, black76_input(table, row, true));
  Shares worst{};
  for (const KernelTarget target : kKernelTargets) {
    if (!machine_runs(target)) continue;
    GreekColumns columns{GreekSet::Every, batch.lanes()};
    price(batch, columns, target);
    const Shares of_target = compare_with_oracle(table, tolerances, [&](std::size_t row) -> Result<Black76Greeks, PricingFault> {
      Black76Greeks greeks = columns.lane(row);
      add_spot_greeks(black76_input(table, row, true), greeks);
      return greeks;
    });
    for (std::size_t i = 0; i < worst.size(); ++i) worst[i] = std::fmax(worst[i], of_target[i]);
  }
  return worst;
}

/// The two figures of a row `| name | scalar | kernel |` of the documentation's table.
bool stated_row(const std::string& page, std::string_view name, double& scalar, double& kernel) {
  const std::string start = "| `" + std::string{name} + "` |";
  std::istringstream in{page};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(start)) return std::sscanf(line.c_str() + start.size(), " %lf | %lf |", &scalar, &kernel) == 2;
  return false;
}

double rounded_up(double share) { return std::ceil(share * 100) / 100; }

}  // namespace

TEST_SUITE("oracle/pricing/accuracy") {
  TEST_CASE("the documented accuracy table states what is measured") {
    if (skip_without_shared("the accuracy table")) return;
    const VectorTable table{"greeks_black76.csv"};
    const VectorTable tolerances{"greeks_black76_tol.csv"};
    const Shares of_scalar =
        compare_with_oracle(table, tolerances, [&](std::size_t row) { return black76(black76_input(table, row, true)); });
    const Shares of_kernels = worst_of_kernels(table, tolerances);
    const std::string page = read_text(source_directory() / "core" / "pricing" / "README.md");
    for (std::size_t i = 0; i < kBlack76Columns.size(); ++i) {
      const std::string name{kBlack76Columns[i].name};
      std::ostringstream row;
      row << "| `" << name << "` | " << rounded_up(of_scalar[i]) << " | " << rounded_up(of_kernels[i]) << " |";
      CAPTURE("the row is to be " + row.str());
      double scalar = 0;
      double kernel = 0;
      CHECK(stated_row(page, name, scalar, kernel));
      // Another C library or processor may round a little better; what is stated must never be too good.
      CHECK(of_scalar[i] <= scalar);
      CHECK(of_kernels[i] <= kernel);
      CHECK(scalar <= 2 * of_scalar[i] + 0.02);
      CHECK(kernel <= 2 * of_kernels[i] + 0.02);
    }
  }
}
