#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/hedge/hayashi_yoshida.hpp"
#include "core/hedge/running_hayashi_yoshida.hpp"
#include "core/risk/value_at_risk.hpp"
#include "daemon/commands/csv.hpp"
#include "daemon/commands/effectiveness_command.hpp"
#include "shared_files.hpp"

namespace hedgewatch {

namespace {

using Row = std::map<std::string, std::string>;

/// Rows by bar number.
std::map<std::string, Row> rows_by_bar(const std::string& text) {
  std::istringstream in{text};
  CsvReader csv{in};
  std::map<std::string, Row> rows;
  while (csv.next()) {
    Row row;
    for (const std::string& name : csv.names()) row[name] = std::string{csv.field(*csv.column(name))};
    rows[row["k"]] = row;
  }
  return rows;
}

double number(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

double number(simdjson::dom::element element) {
  if (element.is_string()) return number(std::string{std::string_view{element}});
  return double(element);
}

/// `scale`: the size of the terms whose difference the value is, where that is far above the value itself.
void check_close(const std::string& place, const std::string& name, double actual, double expected, double relative,
                 double scale = 0) {
  CAPTURE(place);
  CAPTURE(name);
  CAPTURE(expected);
  CAPTURE(actual);
  CHECK(std::abs(actual - expected) <= relative * std::max(std::abs(expected), scale) + 1e-18);
}

void check_rows(const std::string& path, const std::map<std::string, Row>& actual, const std::map<std::string, Row>& expected,
                double population_correlation) {
  std::size_t compared = 0;
  for (const auto& [bar, row] : expected) {
    REQUIRE(actual.contains(bar));
    const Row& figures = actual.at(bar);
    for (const auto& [column, text] : row) {
      CAPTURE(path);
      CAPTURE(bar);
      CAPTURE(column);
      REQUIRE(figures.contains(column));
      const std::string& figure = figures.at(column);
      if (text.empty() || text == "nan") {
        CHECK(figure.empty());
        continue;
      }
      REQUIRE_FALSE(figure.empty());
      double scale = 0;
      // A difference of two inverse hyperbolic tangents; a mean of a window that holds two opposite 50 % moves.
      if (column == "fisher_z_vs_pop") scale = std::atanh(population_correlation) * std::sqrt(number(figures.at("w_n")));
      if (path == "stress" && column == "w_mean_b") scale = std::sqrt(number(figures.at("w_rv_b"))) * 1e-3;
      const double tolerance = path == "stress" && column == "basis_z" ? 1e-9 : 1e-12;
      check_close(path + " bar " + bar, column, number(figure), number(text), tolerance, scale);
      ++compared;
    }
  }
  CHECK(compared > 1000);
}

void check_path(const std::string& path) {
  const std::filesystem::path folder = *testing::shared_directory() / "vectors/paths";
  const std::string specification = testing::read_text(folder / (path + "_spec.json"));
  simdjson::dom::parser parser;
  const simdjson::padded_string padded{specification};
  const simdjson::dom::element spec = parser.parse(padded);

  std::istringstream ticks{testing::read_text(folder / (path + "_ticks.csv"))};
  std::vector<std::string> faults;
  const auto input = read_ticks(ticks, specification, faults);
  REQUIRE(input.ok());
  CHECK(faults.empty());

  std::ostringstream series;
  write_effectiveness(input.value(), EffectivenessOutput::Series, series);
  check_rows(path, rows_by_bar(series.str()), rows_by_bar(testing::read_text(folder / (path + "_expected.csv"))),
             double(spec["population"]["rho"]));

  std::ostringstream json;
  write_effectiveness(input.value(), EffectivenessOutput::Json, json);
  simdjson::dom::parser result_parser;
  const simdjson::padded_string result_text{json.str()};
  const simdjson::dom::element result = result_parser.parse(result_text);
  for (const auto field : simdjson::dom::object(spec["full_sample"]))
    check_close(path + " full sample", std::string{field.key}, double(result["full_sample"][field.key]), number(field.value),
                1e-12);

  const HayashiYoshida overlap = hayashi_yoshida(input.value().exposure_ticks, input.value().hedge_ticks);
  const auto expected = spec["hayashi_yoshida"];
  check_close(path, "hayashi_yoshida cov", overlap.covariance, number(expected["cov"]), 1e-12);
  check_close(path, "hayashi_yoshida corr", overlap.correlation.value(), number(expected["corr"]), 1e-12);
  check_close(path, "hayashi_yoshida rv_a", overlap.sum_squares_exposure, number(expected["rv_a"]), 1e-12);
  check_close(path, "hayashi_yoshida rv_b", overlap.sum_squares_hedge, number(expected["rv_b"]), 1e-12);
  CHECK(static_cast<double>(overlap.exposure_returns) == number(expected["n_a"]));
  CHECK(static_cast<double>(overlap.hedge_returns) == number(expected["n_b"]));

  // Tick by tick as the engine takes it, all bars together, however long they are.
  for (const std::chrono::nanoseconds bar : {std::chrono::nanoseconds{700'000'000}, std::chrono::nanoseconds{61'000'000'000}}) {
    RunningHayashiYoshida running{1'000'000};
    VenueTime end = std::min(input.value().exposure_ticks.front().time, input.value().hedge_ticks.front().time) + bar;
    std::size_t bars = 0;
    auto a = input.value().exposure_ticks.begin();
    auto b = input.value().hedge_ticks.begin();
    const auto a_end = input.value().exposure_ticks.end();
    const auto b_end = input.value().hedge_ticks.end();
    const auto close_before = [&](VenueTime time) {
      for (; end < time; end += bar, ++bars) running.close_bar(end);
    };
    while (a != a_end || b != b_end) {
      const bool of_exposure = b == b_end || (a != a_end && a->time <= b->time);
      const PriceTick& tick = of_exposure ? *a++ : *b++;
      close_before(tick.time);
      running.add(of_exposure ? RunningHayashiYoshida::Path::Exposure : RunningHayashiYoshida::Path::Hedge, tick.time, tick.price);
    }
    running.close_bar(end);
    const OverlapSums sums = running.over(bars + 1);
    check_close(path, "running hayashi_yoshida cov", sums.covariance, number(expected["cov"]), 1e-12);
    check_close(path, "running hayashi_yoshida corr", sums.correlation().value(), number(expected["corr"]), 1e-12);
  }

  const std::map<std::string, std::string> kTails{{"0.95", "95"}, {"0.975", "97_5"}, {"0.99", "99"}};
  for (const auto field : simdjson::dom::object(spec["hedged_pnl_var_es"])) {
    const std::string suffix = kTails.at(std::string{field.key});
    const auto figures = result["full_sample"];
    check_close(path, "value at risk", double(figures["hedged_value_at_risk_" + suffix]), number(field.value["var"]), 1e-9);
    check_close(path, "expected shortfall", double(figures["hedged_expected_shortfall_" + suffix]), number(field.value["es"]),
                1e-9);
  }
}

}  // namespace

TEST_SUITE("oracle/hedge/paths") {
  TEST_CASE("every estimator follows each price path to its tolerance") {
    if (testing::skip_without_shared("oracle/hedge/paths")) return;
    for (const std::string path : {"clean", "async", "break", "stress"}) SUBCASE(path.c_str()) {
        check_path(path);
      }
  }
}

}  // namespace hedgewatch
