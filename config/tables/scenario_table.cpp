#include "config/tables/tables.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/shown.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"
#include "core/types/duration_text.hpp"

namespace hedgewatch {

namespace {

constexpr std::size_t kMostCells = 256;
constexpr std::string_view kSpotForm = "a fraction of the price from -0.99 to 20";

bool is_spot_shock(double value) { return value >= -0.99 && value <= 20; }

/// The shape of the matrix that Deribit publishes for BTC: a default to be compared with the venue's own page.
ScenarioShape usual_shape() {
  return {.spot_shocks = {-0.16, -0.12, -0.08, -0.04, 0, 0.04, 0.08, 0.12, 0.16},
          .vol_shocks = {{.name = "down", .change_ratio = -0.25, .floor_ratio = 0},
                         {.name = "same", .change_ratio = 0, .floor_ratio = 0},
                         {.name = "up", .change_ratio = 0.5, .floor_ratio = 0.5}},
          .extended = {}};
}

std::optional<double> within(TableReader& table, const std::optional<Found<double>>& found, double least, double most,
                             std::string_view must_be) {
  if (!found) return std::nullopt;
  if (found->value >= least && found->value <= most) return found->value;
  table.fault(*found, "is " + shown(found->value) + ", must be " + std::string{must_be});
  return std::nullopt;
}

void read_within(TableReader& table, std::string_view key, double least, double most, std::string_view must_be, double& into) {
  if (const auto value = within(table, table.number(key, must_be), least, most, must_be)) into = *value;
}

void read_spot_shocks(TableReader& table, ScenarioShape& shape) {
  const auto found = table.numbers("spot_shocks", kSpotForm);
  if (found.empty()) return;
  shape.spot_shocks.clear();
  for (const Found<double>& shock : found) {
    if (!is_spot_shock(shock.value))
      table.fault(shock, "is " + shown(shock.value) + ", must be " + std::string{kSpotForm});
    else if (std::ranges::find(shape.spot_shocks, shock.value) != shape.spot_shocks.end())
      table.fault(shock, "is " + shown(shock.value) + ", must be listed once");
    else
      shape.spot_shocks.push_back(shock.value);
  }
}

void read_vol_shocks(TableReader& table, ScenarioShape& shape) {
  constexpr std::string_view kChangeForm = "a fraction from -1 to 10 of the vol, such as 0.5 for half as much again";
  constexpr std::string_view kFloorForm = "a vol from 0 to 5, 1 is 100 %";
  std::vector<TableReader> tables;
  (void)table.tables("vol_shocks", tables);
  if (tables.empty()) return;
  shape.vol_shocks.clear();
  for (TableReader& one : tables) {
    VolShock shock;
    const auto name = one.required_text("name", kNameForm);
    const bool named = name && is_name(name->value);
    if (name && !named) one.fault(*name, "is " + shown(name->value) + ", must be " + std::string{kNameForm});
    const bool known = named && std::ranges::find(shape.vol_shocks, name->value, &VolShock::name) != shape.vol_shocks.end();
    if (known) one.fault(*name, "is " + shown(name->value) + " again, must be given once");
    if (const auto change = within(one, one.required_number("change_ratio", kChangeForm), -1, 10, kChangeForm))
      shock.change_ratio = *change;
    read_within(one, "floor_ratio", 0, 5, kFloorForm, shock.floor_ratio);
    one.finish();
    if (!named || known) continue;
    shock.name = name->value;
    shape.vol_shocks.push_back(std::move(shock));
  }
}

void read_extended(TableReader& table, ScenarioShape& shape) {
  constexpr std::string_view kVolForm = "the name of one of vol_shocks";
  constexpr std::string_view kWeightForm = "a fraction above 0, at most 1, of the profit that counts";
  std::vector<TableReader> tables;
  (void)table.tables("extended", tables);
  for (TableReader& one : tables) {
    ScenarioCell cell;
    const auto spot = one.required_number("spot_shock", kSpotForm);
    const auto move = within(one, spot, -0.99, 20, kSpotForm);
    const auto name = one.required_text("vol_shock", kVolForm);
    const auto row = name ? std::ranges::find(shape.vol_shocks, name->value, &VolShock::name) : shape.vol_shocks.end();
    if (name && row == shape.vol_shocks.end()) one.fault(*name, "is " + shown(name->value) + ", must be " + std::string{kVolForm});
    if (const auto weight = one.number("weight_ratio", kWeightForm)) {
      if (weight->value > 0 && weight->value <= 1)
        cell.weight = weight->value;
      else
        one.fault(*weight, "is " + shown(weight->value) + ", must be " + std::string{kWeightForm});
    }
    one.finish();
    if (!move || row == shape.vol_shocks.end()) continue;
    cell.spot_shock = *move;
    cell.vol_shock = static_cast<std::uint32_t>(row - shape.vol_shocks.begin());
    const auto all = shape.cells();
    if (std::ranges::any_of(all, [&](const ScenarioCell& other) {
          return other.spot_shock == cell.spot_shock && other.vol_shock == cell.vol_shock;
        }))
      one.fault(*spot, "is " + shown(*move) + " with " + shown(name->value) + ", must be no cell that is there already");
    else
      shape.extended.push_back(cell);
  }
}

void read_value_at_risk(TableReader& table, ValueAtRiskSetup& setup) {
  using namespace std::chrono_literals;
  constexpr std::string_view kConfidenceForm = "a fraction from 0.5 to 0.999";
  read_duration(table, "bar", 10s, 24h, setup.bar);
  read_count(table, "window", 20, 5'000, setup.window);
  const auto horizon = read_duration(table, "horizon", 10s, 24h * 30, setup.horizon);
  if (setup.horizon < setup.bar) {
    const std::string must_be = ", must be at least bar (" + duration_text(setup.bar) + ")";
    if (horizon)
      table.fault(*horizon, "is " + shown(horizon->value) + must_be);
    else
      table.fault(table.at(), table.path_of("horizon"), "is " + duration_text(setup.horizon) + must_be);
  }
  const auto confidences = table.numbers("confidences", kConfidenceForm);
  if (!confidences.empty()) setup.confidences.clear();
  for (const Found<double>& confidence : confidences) {
    if (!(confidence.value >= 0.5 && confidence.value <= 0.999))
      table.fault(confidence, "is " + shown(confidence.value) + ", must be " + std::string{kConfidenceForm});
    else if (std::ranges::find(setup.confidences, confidence.value) != setup.confidences.end())
      table.fault(confidence, "is " + shown(confidence.value) + ", must be listed once");
    else
      setup.confidences.push_back(confidence.value);
  }
  table.finish();
}

}  // namespace

ScenarioSetup read_scenario(TableReader& table) {
  ScenarioSetup setup;
  ScenarioShape& shape = setup.shape;
  shape = usual_shape();
  read_spot_shocks(table, shape);
  read_vol_shocks(table, shape);
  read_extended(table, shape);
  read_within(table, "vol_reference_days", 1, 3'650, "a number of days from 1 to 3650", shape.vol_reference_days);
  read_within(table, "short_term_power", 0, 1, "a power from 0 to 1", shape.short_term_power);
  read_within(table, "long_term_power", 0, 1, "a power from 0 to 1", shape.long_term_power);
  read_count(table, "options_per_cycle", 64, 65'536, setup.options_per_cycle);
  if (auto tail = table.table("value_at_risk")) read_value_at_risk(*tail, setup.value_at_risk);
  table.finish();
  if (const std::size_t cells = shape.cells().size(); cells > kMostCells)
    table.fault(table.at(), table.path(),
                "has " + std::to_string(cells) + " cells, must have at most " + std::to_string(kMostCells));
  return setup;
}

VolExposureSetup read_exposure(TableReader& table) {
  constexpr std::string_view kDaysForm = "a number of days above 0, at most 3650";
  VolExposureSetup setup;
  const auto found = table.numbers("bucket_days", kDaysForm);
  if (!found.empty()) setup.bucket_days.clear();
  for (const Found<double>& days : found) {
    if (!(days.value > 0 && days.value <= 3'650))
      table.fault(days, "is " + shown(days.value) + ", must be " + std::string{kDaysForm});
    else if (!setup.bucket_days.empty() && !(days.value > setup.bucket_days.back()))
      table.fault(days, "is " + shown(days.value) + ", must be above the one before (" + shown(setup.bucket_days.back()) + ")");
    else
      setup.bucket_days.push_back(days.value);
  }
  constexpr std::size_t kMostBounds = 16;
  if (setup.bucket_days.size() > kMostBounds)
    table.fault(found[kMostBounds],
                "is bound " + std::to_string(kMostBounds + 1) + ", must be at most " + std::to_string(kMostBounds));
  table.finish();
  return setup;
}

}  // namespace hedgewatch
