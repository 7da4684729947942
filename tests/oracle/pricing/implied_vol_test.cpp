#include "core/pricing/implied_vol.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/pricing/simd_target.hpp"
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

Answers solve(const Options& options, const std::vector<double>& previous) {
  Answers answers{std::vector<double>(options.price.size()), std::vector<ImpliedVolStatus>(options.price.size())};
  solve_implied_vols(
      {options.right, options.forward, options.strike, options.years, options.price, previous, answers.vol, answers.status});
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

/// Checks one solver's answers row by row with the file's own rule; gives the worst use of the tolerance outside the interval.
double check_rows(const VectorTable& table, const Answers& answers, const std::string& solver) {
  double worst = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string id = table.text(row, "id");
    const std::string status{label(answers.status[row])};
    const double vol = answers.vol[row];
    CAPTURE(solver);
    CAPTURE(id);
    CAPTURE(vol);
    CHECK(status == table.text(row, "status"));
    if (status == "at_intrinsic") CHECK(vol == 0);
    if (status == "at_upper") CHECK(vol == HUGE_VAL);
    if (status == "below_intrinsic" || status == "above_upper") CHECK(std::isnan(vol));
    if (status != "ok" || table.blank(row, "iv_lo")) continue;
    const double cond = table.number(row, "cond");
    const double tolerance = table.text(row, "stratum") == "J" ? std::fmax(5e-12, 16 * cond * 0x1p-52) : 1e-12;
    const double low = table.number(row, "iv_lo");
    const double high = table.number(row, "iv_hi");
    CHECK(vol >= low * (1 - tolerance));
    CHECK(vol <= high * (1 + tolerance));
    worst = std::fmax(worst, std::fmax((low - vol) / low, (vol - high) / high) / tolerance);
  }
  return worst;
}

}  // namespace

TEST_SUITE("oracle/pricing/implied_vol") {
  TEST_CASE("every row lies in its interval through the scalar solver") {
    if (skip_without_shared("implied_vol.csv")) return;
    const VectorTable table{"implied_vol.csv"};
    REQUIRE(table.rows() == 1410);
    const Options options = options_of(table);
    Answers answers;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const ImpliedVol answer = implied_vol(options.at(row));
      answers.vol.push_back(answer.vol);
      answers.status.push_back(answer.status);
    }
    const double worst = check_rows(table, answers, "scalar");
    MESSAGE("scalar: worst use of the tolerance " << worst);
    CHECK(worst < 0.5);
  }

  TEST_CASE("every row lies in its interval through the batch at every instruction set, cold and warm") {
    if (skip_without_shared("implied_vol.csv")) return;
    const VectorTable table{"implied_vol.csv"};
    const Options options = options_of(table);
    for (const SimdTarget target : supported_simd_targets()) {
      use_simd_target(target);
      const Answers cold = solve(options, {});
      const std::string name{label(target)};
      double worst = check_rows(table, cold, name + " cold");
      // Warm starts from near, from far, and from nonsense give the same vols.
      for (const double factor : {1.0, 1.03, 0.7, 3.0, 1e-3, 1e6, -1.0}) {
        std::vector<double> previous;
        for (std::size_t row = 0; row < table.rows(); ++row) previous.push_back(cold.vol[row] * factor);
        worst = std::fmax(worst, check_rows(table, solve(options, previous), name + " warm from " + std::to_string(factor)));
      }
      MESSAGE(name << ": worst use of the tolerance " << worst);
      CHECK(worst < 0.5);
    }
    use_simd_target(std::nullopt);
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
