#include "core/pricing/implied_vol.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "core/pricing/kernel_target.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/csv.hpp"
#include "daemon/commands/implied_vol_command.hpp"
#include "oracle/vector_table.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct Options {
  std::vector<OptionRight> right;
  std::vector<double> forward, strike, years, price;

  [[nodiscard]] ImpliedVolInput at(std::size_t row) const {
    return {right[row], forward[row], strike[row], YearFraction::from_years(years[row]), price[row]};
  }
};

struct Answers {
  std::vector<double> vol;
  std::vector<ImpliedVolStatus> status;
};

Answers solve(const Options& options, const std::vector<double>& previous, KernelTarget target = best_kernel_target()) {
  Answers answers{std::vector<double>(options.price.size()), std::vector<ImpliedVolStatus>(options.price.size())};
  solve_implied_vols(
      {options.right, options.forward, options.strike, options.years, options.price, previous, answers.vol, answers.status},
      target);
  return answers;
}

Options options_of(const VectorTable& table) {
  Options options;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    options.right.push_back(table.text(row, "type") == "c" ? OptionRight::Call : OptionRight::Put);
    options.forward.push_back(table.number(row, "F"));
    options.strike.push_back(table.number(row, "K"));
    options.years.push_back(table.number(row, "T"));
    options.price.push_back(table.number(row, "price"));
  }
  return options;
}

struct Expected {
  std::string id;
  std::string status;
  bool has_interval = false;
  double low = 0, high = 0, tolerance = 0;

  /// The file's own rule: within the interval that the price's rounding leaves, widened by the tolerance.
  [[nodiscard]] bool allows(double vol, ImpliedVolStatus answer) const {
    if (label(answer) != status) return false;
    if (answer == ImpliedVolStatus::AtIntrinsic) return vol == 0;
    if (answer == ImpliedVolStatus::AtUpper) return vol == HUGE_VAL;
    if (answer != ImpliedVolStatus::Ok) return std::isnan(vol);
    return !has_interval || (vol >= low * (1 - tolerance) && vol <= high * (1 + tolerance));
  }
  /// How much of the tolerance a vol outside the interval uses.
  [[nodiscard]] double use(double vol) const {
    return has_interval ? std::fmax((low - vol) / low, (vol - high) / high) / tolerance : 0;
  }
};

std::vector<Expected> expected_of(const VectorTable& table) {
  std::vector<Expected> rows;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    Expected expected{table.text(row, "id"), table.text(row, "status")};
    if (expected.status == "ok" && !table.blank(row, "iv_lo")) {
      const bool extreme = table.text(row, "stratum") == "J";
      expected.has_interval = true;
      expected.low = table.number(row, "iv_lo");
      expected.high = table.number(row, "iv_hi");
      expected.tolerance = extreme ? std::fmax(5e-12, 16 * table.number(row, "cond") * 0x1p-52) : 1e-12;
    }
    rows.push_back(expected);
  }
  return rows;
}

/// Checks one solver's answers row by row; gives the worst use of the tolerance.
double check_rows(const std::vector<Expected>& rows, const Answers& answers, const std::string& solver) {
  REQUIRE(rows.size() == answers.vol.size());
  double worst = 0;
  std::size_t allowed = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const double vol = answers.vol[row];
    worst = std::fmax(worst, rows[row].use(vol));
    if (rows[row].allows(vol, answers.status[row])) {
      ++allowed;
      continue;
    }
    CAPTURE(solver);
    CAPTURE(rows[row].id);
    CAPTURE(rows[row].low);
    CAPTURE(rows[row].high);
    CAPTURE(vol);
    CHECK(std::string{label(answers.status[row])} == rows[row].status);
    CHECK(rows[row].allows(vol, answers.status[row]));
  }
  CHECK(allowed == rows.size());
  return worst;
}

/// What the documentation's row `| implied vol, SOLVER | share |` states must hold, and not by much more than it says.
void check_documented(const std::string& solver, double worst) {
  const std::string page = read_text(source_directory() / "core" / "pricing" / "README.md");
  const std::string start = "\n| implied vol, " + solver + " | ";
  const std::size_t at = page.find(start);
  CAPTURE(worst);
  REQUIRE(at != std::string::npos);
  const double stated = std::strtod(page.c_str() + at + start.size(), nullptr);
  CHECK(worst <= stated);
  CHECK(stated <= 2 * worst + 0.02);
}

}  // namespace

TEST_SUITE("oracle/pricing/implied_vol") {
  TEST_CASE("every row lies in its interval through the scalar solver") {
    if (skip_without_shared("implied_vol.csv")) return;
    const VectorTable table{"implied_vol.csv"};
    REQUIRE(table.rows() == 1410);
    const std::vector<Expected> rows = expected_of(table);
    const Options options = options_of(table);
    Answers answers;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const ImpliedVol answer = implied_vol(options.at(row));
      answers.vol.push_back(answer.vol);
      answers.status.push_back(answer.status);
    }
    const double worst = check_rows(rows, answers, "scalar");
    check_documented("scalar", worst);
  }

  TEST_CASE("every row lies in its interval through the batch at every instruction set, cold and warm") {
    if (skip_without_shared("implied_vol.csv")) return;
    const VectorTable table{"implied_vol.csv"};
    const std::vector<Expected> rows = expected_of(table);
    const Options options = options_of(table);
    double worst_of_all = 0;
    for (const KernelTarget target : kKernelTargets) {
      if (!machine_runs(target)) continue;
      const Answers cold = solve(options, {}, target);
      const std::string name{label(target)};
      double worst = check_rows(rows, cold, name + " cold");
      // Warm starts from near, from far, and from nonsense give the same vols.
      std::vector<double> factors{1.0, 1.03, -1.0, 0.0, 1e-200, 1e200};
      for (double factor = 1e-4; factor < 1e7; factor *= 1.4) factors.push_back(factor);
      for (const double factor : factors) {
        std::vector<double> previous;
        for (std::size_t row = 0; row < table.rows(); ++row) previous.push_back(cold.vol[row] * factor);
        worst = std::fmax(worst, check_rows(rows, solve(options, previous, target), name + " warm from " + std::to_string(factor)));
      }
      worst_of_all = std::fmax(worst_of_all, worst);
    }
    check_documented("kernel", worst_of_all);
  }

  TEST_CASE("the command gives every row its vol and its status") {
    if (skip_without_shared("implied_vol.csv")) return;
    const std::vector<Expected> rows = expected_of(VectorTable{"implied_vol.csv"});
    std::istringstream in{read_text(*shared_directory() / "vectors" / "implied_vol.csv")};
    std::stringstream out;
    std::ostringstream errors;
    CHECK(run_implied_vol(in, out, errors) == kExitSuccess);
    CHECK(errors.str().empty());
    CsvReader csv{out};
    REQUIRE(csv.column("sigma") == 1);
    REQUIRE(csv.column("status") == 2);
    for (const Expected& row : rows) {
      REQUIRE(csv.next());
      CAPTURE(row.id);
      CHECK(std::string{csv.field(0)} == row.id);
      CHECK(std::string{csv.field(2)} == row.status);
      if (!row.has_interval) continue;
      const double vol = parse_number(csv.field(1)).value_or(-1);
      CHECK(row.allows(vol, ImpliedVolStatus::Ok));
    }
    CHECK_FALSE(csv.next());
  }

  TEST_CASE("the prices of Jaeckel's own program give back its vols") {
    if (skip_without_shared("published/lets_be_rational_values.csv")) return;
    const VectorTable table{"published/lets_be_rational_values.csv"};
    REQUIRE(table.rows() > 900);
    Options options;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      options.right.push_back(table.number(row, "q") > 0 ? OptionRight::Call : OptionRight::Put);
      options.forward.push_back(table.number(row, "F"));
      options.strike.push_back(table.number(row, "K"));
      options.years.push_back(table.number(row, "T"));
      options.price.push_back(table.number(row, "lbr_price"));
    }
    const Answers answers = solve(options, {});
    for (std::size_t row = 0; row < table.rows(); ++row) {
      CAPTURE(row);
      const ImpliedVol scalar = implied_vol(options.at(row));
      const ImpliedVolInput input = options.at(row);
      // Where the price carries few digits of vol (deep in the money) both programs are free within the price's own rounding.
      const double ulp = std::nextafter(input.price, HUGE_VAL) - input.price;
      const ImpliedVolInterval interval = implied_vol_interval(input, 4 * ulp);
      const double published = table.number(row, "lbr_iv");
      CAPTURE(published);
      for (const ImpliedVol answer : {scalar, ImpliedVol{answers.vol[row], answers.status[row]}}) {
        CAPTURE(answer.vol);
        CHECK((answer.status == ImpliedVolStatus::Ok || answer.status == ImpliedVolStatus::AtIntrinsic));
        CHECK(published >= interval.low * (1 - 1e-12));
        CHECK(published <= interval.high * (1 + 1e-12));
        CHECK(answer.vol >= interval.low * (1 - 1e-12));
        CHECK(answer.vol <= interval.high * (1 + 1e-12));
      }
    }
  }
}
