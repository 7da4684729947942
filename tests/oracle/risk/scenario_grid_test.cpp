#include "core/risk/scenario_grid.hpp"

#include <cmath>
#include <string>

#include "oracle/hedge/oracle_rows.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

ScenarioShape venue_shape() {
  return {.spot_shocks = {-0.16, -0.12, -0.08, -0.04, 0, 0.04, 0.08, 0.12, 0.16},
          .vol_shocks = {{.name = "down", .change_ratio = -0.25, .floor_ratio = 0},
                         {.name = "same", .change_ratio = 0, .floor_ratio = 0},
                         {.name = "up", .change_ratio = 0.5, .floor_ratio = 0.5}},
          .extended = {}};
}

ScenarioPosition position_of(simdjson::dom::element row, double forward) {
  const std::string_view kind{row["kind"]};
  if (kind == "inverse_future")
    return {.kind = ContractKind::Perpetual, .unit = SizeUnit::Quote, .size = oracle_number(row["N_usd"]), .forward = forward};
  ScenarioPosition position{.size = oracle_number(row["size"]), .forward = forward};
  if (kind != "option") return position;
  position.kind = ContractKind::Option;
  position.right = std::string_view{row["type"]} == "c" ? OptionRight::Call : OptionRight::Put;
  position.strike = oracle_number(row["K"]);
  position.vol = oracle_number(row["vol"]);
  position.to_expiry = YearFraction::from_days(oracle_number(row["days"]));
  return position;
}

std::string shared_text(const char* path) { return read_text(*shared_directory() / path); }

}  // namespace

TEST_SUITE("oracle/risk/scenario_grid") {
  TEST_CASE("every cell and the worst one agree with full repricing at fifty digits") {
    const ScenarioShape shape = venue_shape();
    const auto cells = shape.cells();
    for_each_case("scenario_grid", 12, [&](simdjson::dom::element row) {
      const double forward = oracle_number(row["F"]);
      ScenarioRun run{shape};
      run.reserve(64, cells.size());
      run.begin(cells);
      double scale = 0;
      for (const simdjson::dom::element one : row["positions"].get_array()) {
        const ScenarioPosition position = position_of(one, forward);
        REQUIRE(run.add(position));
        scale += position.unit == SizeUnit::Quote ? std::abs(position.size) : std::abs(position.size) * forward;
      }
      while (!run.done()) run.work(7);
      std::size_t cell = 0;
      for (const simdjson::dom::element line : row["pnl_usd"].get_array())
        for (const simdjson::dom::element expected : line.get_array()) {
          CAPTURE(cell);
          agree(run.profits_usd()[cell++], oracle_number(expected), scale, "pnl_usd");
        }
      REQUIRE(cell == cells.size());
      const auto worst = worst_cell(run.profits_usd());
      REQUIRE(worst);
      agree(worst->profit_usd, oracle_number(row["worst"]["pnl"]), scale, "worst");
      CHECK(shape.vol_shocks[cells[worst->cell].vol_shock].name == std::string_view{row["worst"]["vol"]});
      CHECK(std::lround(100 * cells[worst->cell].spot_shock) == std::lround(oracle_number(row["worst"]["pct"])));
    });
  }

  TEST_CASE("the vols and the matrix that exchanges publish come out of the configuration") {
    if (skip_without_shared("vectors/published/portfolio_margin_scenarios.json")) return;
    const std::string text = shared_text("vectors/published/portfolio_margin_scenarios.json");
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(text);
    const ScenarioShape shape = venue_shape();
    std::size_t rows = 0;
    for (const simdjson::dom::element row : root["deribit_2024"]["cases"].get_array()) {
      const double vol = oracle_number(row["vol"]);
      const double days = oracle_number(row["days"]);
      CAPTURE(vol);
      CAPTURE(days);
      const double factor = vol_term_factor(shape, days);
      agree(shocked_vol(vol, shape.vol_shocks[2], factor), oracle_number(row["vol_up"]), 1, "vol_up");
      agree(shocked_vol(vol, shape.vol_shocks[0], factor), oracle_number(row["vol_down"]), 1, "vol_down");
      ++rows;
    }
    CHECK(rows >= 5);
    for (const simdjson::dom::element row : root["deribit_old"]["cases"].get_array())
      agree(0.38 * vol_term_factor(shape, oracle_number(row["days"])), oracle_number(row["iv_change"]), 1, "iv_change");

    const simdjson::dom::element table = root["dederi"]["table"];
    ScenarioShape futures;
    futures.vol_shocks = {{.name = "same", .change_ratio = 0, .floor_ratio = 0}};
    for (const auto& [percent, expected] : simdjson::dom::object{table})
      futures.spot_shocks.push_back(std::stod(std::string{percent}) / 100);
    const auto cells = futures.cells();
    ScenarioRun run{futures};
    run.reserve(0, cells.size());
    run.begin(cells);
    run.add({.size = 10, .forward = oracle_number(root["dederi"]["F0"])});
    while (!run.done()) run.work(1);
    std::size_t cell = 0;
    for (const auto& [percent, expected] : simdjson::dom::object{table}) {
      const std::string column{percent};
      CAPTURE(column);
      CHECK(std::abs(run.profits_usd()[cell++] - oracle_number(expected["published"])) < 0.5);
    }
    CHECK(cell == 11);
  }
}
