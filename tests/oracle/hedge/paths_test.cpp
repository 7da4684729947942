#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/hedge/bar_sampler.hpp"
#include "core/hedge/correlation_breakdown.hpp"
#include "core/hedge/hayashi_yoshida.hpp"
#include "core/hedge/price_effectiveness.hpp"
#include "core/risk/value_at_risk.hpp"
#include "shared_files.hpp"

namespace hedgewatch {

namespace {

using Row = std::map<std::string, std::string>;

std::vector<Row> read_csv(const std::filesystem::path& file) {
  std::istringstream in{testing::read_text(file)};
  std::string line;
  std::vector<std::string> header;
  std::vector<Row> rows;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> cells;
    std::istringstream split{line};
    for (std::string cell; std::getline(split, cell, ',');) cells.push_back(cell);
    if (header.empty()) {
      header = cells;
      continue;
    }
    cells.resize(header.size());
    Row row;
    for (std::size_t i = 0; i < header.size(); ++i) row[header[i]] = cells[i];
    rows.push_back(std::move(row));
  }
  return rows;
}

double number(const std::string& text) { return std::strtod(text.c_str(), nullptr); }
std::int64_t whole(const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); }

struct Spec {
  BarSampler::Grid grid;
  std::int64_t bars = 0;
  EffectivenessParameters parameters;
  double population_correlation = 0;
  std::map<std::string, double> full_sample;
  std::map<std::string, double> hayashi;
  std::map<std::string, std::pair<double, double>> tail;
};

double value_of(simdjson::dom::element element) {
  if (element.is_string()) return number(std::string{std::string_view{element}});
  return double(element);
}

Spec read_spec(const std::filesystem::path& file) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text{testing::read_text(file)};
  simdjson::dom::element json = parser.parse(text);
  Spec spec;
  spec.bars = std::int64_t(json["bars"]["n"]);
  spec.grid = {.start = from_nanoseconds<VenueTime>(std::int64_t(json["bars"]["t0_ns"])),
               .interval = std::chrono::nanoseconds{std::int64_t(json["bars"]["dt_ns"])},
               .max_age = std::chrono::nanoseconds{std::int64_t(json["bars"]["max_age_ns"])}};
  spec.parameters.window_pairs = std::uint64_t(json["params"]["W_valid_pairs"]);
  spec.parameters.window_bars = std::uint64_t(json["params"]["W_bars"]);
  spec.parameters.fast_decay = double(json["params"]["lambda_fast"]);
  spec.parameters.slow_decay = double(json["params"]["lambda_slow"]);
  spec.parameters.half_life = std::chrono::nanoseconds{static_cast<std::int64_t>(double(json["params"]["halflife_s"]) * 1e9)};
  spec.parameters.hedge_held = double(json["params"]["h0"]);
  spec.population_correlation = double(json["population"]["rho"]);
  for (const auto field : simdjson::dom::object(json["full_sample"]))
    spec.full_sample[std::string{field.key}] = value_of(field.value);
  for (const auto field : simdjson::dom::object(json["hayashi_yoshida"]))
    spec.hayashi[std::string{field.key}] = value_of(field.value);
  for (const auto field : simdjson::dom::object(json["hedged_pnl_var_es"]))
    spec.tail[std::string{field.key}] = {value_of(field.value["var"]), value_of(field.value["es"])};
  return spec;
}

using Figures = std::map<std::string, std::optional<double>>;

void add_pair_statistics(Figures& out, const std::string& prefix, const PairStatistics& s) {
  out[prefix + "n"] = static_cast<double>(s.count);
  out[prefix + "mean_a"] = s.mean_exposure;
  out[prefix + "mean_b"] = s.mean_hedge;
  out[prefix + "var_a_s"] = s.variance_exposure;
  out[prefix + "var_a_p"] = s.variance_exposure_population;
  out[prefix + "var_b_s"] = s.variance_hedge;
  out[prefix + "cov_s"] = s.covariance;
  out[prefix + "corr"] = s.correlation;
  out[prefix + "beta"] = s.beta;
  out[prefix + "alpha"] = s.alpha;
  out[prefix + "r2"] = s.r_squared;
  out[prefix + "resid_sd"] = s.residual_deviation;
  out[prefix + "te_h0"] = s.tracking_error;
  out[prefix + "he_h0"] = s.variance_reduction;
  out[prefix + "rv_a"] = s.sum_squares_exposure;
  out[prefix + "rv_b"] = s.sum_squares_hedge;
  out[prefix + "rcorr"] = s.realized_correlation;
  out[prefix + "rbeta"] = s.realized_beta;
}

Figures figures_of(const PriceEffectiveness& series, double population_correlation) {
  Figures out;
  const PairStatistics window = series.by_pairs();
  add_pair_statistics(out, "w_", window);
  add_pair_statistics(out, "b_", series.by_bars());
  out["e_var_a"] = series.fast().variance_exposure();
  out["e_var_b"] = series.fast().variance_hedge();
  out["e_cov"] = series.fast().covariance();
  out["e_corr"] = series.fast().correlation();
  out["e_beta"] = series.fast().beta();
  out["z_var_a"] = series.fast_bias_corrected().variance_exposure();
  out["z_cov"] = series.fast_bias_corrected().covariance();
  out["z_corr"] = series.fast_bias_corrected().correlation();
  out["t_var_a"] = series.by_time().variance_exposure();
  out["t_cov"] = series.by_time().covariance();
  out["t_corr"] = series.by_time().correlation();
  out["vol_ratio"] = series.volatility_ratio();
  if (window.correlation)
    out["fisher_z_vs_pop"] = correlation_breakdown_zscore(*window.correlation, population_correlation, window.count);
  const JumpTest jumps = series.jumps();
  if (jumps.count > 0) {
    out["bv_rv"] = jumps.realized_variance;
    out["bv_bv"] = jumps.bipower_variation;
    out["bv_tp"] = jumps.tripower_quarticity;
  }
  out["bv_rj"] = jumps.relative_jump;
  out["bv_bns_z"] = jumps.zscore;
  const BasisStatistics basis = series.basis();
  out["basis"] = basis.ratio;
  out["basis_sd"] = basis.deviation;
  out["basis_z"] = basis.zscore;
  out["doff"] = series.dollar_offset();
  return out;
}

/// `scale`: the size of the terms whose difference the value is, where that is far above the value itself.
void check_close(const std::string& path, const std::string& name, std::optional<double> actual, double expected, double relative,
                 double scale = 0) {
  CAPTURE(path);
  CAPTURE(name);
  CAPTURE(expected);
  REQUIRE(actual.has_value());
  CAPTURE(*actual);
  CHECK(std::abs(*actual - expected) <= relative * std::max(std::abs(expected), scale) + 1e-18);
}

void check_path(const std::string& name) {
  const std::filesystem::path folder = *testing::shared_directory() / "vectors/paths";
  const Spec spec = read_spec(folder / (name + "_spec.json"));
  std::vector<PriceTick> exposure_ticks;
  std::vector<PriceTick> hedge_ticks;
  for (const Row& row : read_csv(folder / (name + "_ticks.csv")))
    (row.at("inst") == "A" ? exposure_ticks : hedge_ticks)
        .push_back({from_nanoseconds<VenueTime>(whole(row.at("ts_ns"))), number(row.at("price"))});
  std::map<std::int64_t, Row> expected;
  for (Row& row : read_csv(folder / (name + "_expected.csv"))) expected[whole(row.at("k"))] = row;

  PriceEffectiveness series{spec.parameters};
  BarSampler exposure{spec.grid};
  BarSampler hedge{spec.grid};
  std::size_t exposure_at = 0;
  std::size_t hedge_at = 0;
  std::vector<ReturnPair> all;
  std::vector<double> losses;
  std::optional<double> before_a;
  std::optional<double> before_b;
  std::size_t compared = 0;
  for (std::int64_t k = 0; k <= spec.bars; ++k) {
    const VenueTime end = exposure.end_of_bar(k);
    for (; exposure_at < exposure_ticks.size() && exposure_ticks[exposure_at].time <= end; ++exposure_at)
      exposure.add(exposure_ticks[exposure_at].time, exposure_ticks[exposure_at].price);
    for (; hedge_at < hedge_ticks.size() && hedge_ticks[hedge_at].time <= end; ++hedge_at)
      hedge.add(hedge_ticks[hedge_at].time, hedge_ticks[hedge_at].price);
    const auto a = exposure.sample(end);
    const auto b = hedge.sample(end);
    series.add_bar(end, a, b);
    if (a && b && before_a && before_b) {
      all.push_back({std::log1p((*a - *before_a) / *before_a), std::log1p((*b - *before_b) / *before_b)});
      losses.push_back(-((*a - *before_a) - spec.parameters.hedge_held * (*b - *before_b)));
    }
    before_a = a;
    before_b = b;
    const auto row = expected.find(k);
    if (row == expected.end()) continue;
    const Figures figures = figures_of(series, spec.population_correlation);
    for (const auto& [column, text] : row->second) {
      if (column == "k" || column == "t_ns") continue;
      const auto figure = figures.find(column);
      CAPTURE(name);
      CAPTURE(k);
      CAPTURE(column);
      if (text.empty() || text == "nan") {
        CHECK_FALSE((figure != figures.end() && figure->second.has_value()));
        continue;
      }
      REQUIRE(figure != figures.end());
      const double tolerance = name == "stress" && column == "basis_z" ? 1e-9 : 1e-12;
      double scale = 0;
      // A difference of two inverse hyperbolic tangents; a mean of a window that holds two opposite 50 % moves.
      if (column == "fisher_z_vs_pop") scale = std::atanh(spec.population_correlation) * std::sqrt(*figures.at("w_n"));
      if (name == "stress" && column == "w_mean_b") scale = std::sqrt(*figures.at("w_rv_b")) * 1e-3;
      check_close(name + " bar " + std::to_string(k), column, figure->second, number(text), tolerance, scale);
      ++compared;
    }
  }
  CHECK(compared > 1000);

  Figures full;
  add_pair_statistics(full, "", pair_statistics(all, spec.parameters.hedge_held));
  for (const auto& [column, value] : spec.full_sample) check_close(name + " full sample", column, full[column], value, 1e-12);

  const HayashiYoshida hy = hayashi_yoshida(exposure_ticks, hedge_ticks);
  check_close(name, "hayashi_yoshida cov", hy.covariance, spec.hayashi.at("cov"), 1e-12);
  check_close(name, "hayashi_yoshida corr", hy.correlation, spec.hayashi.at("corr"), 1e-12);
  check_close(name, "hayashi_yoshida rv_a", hy.sum_squares_exposure, spec.hayashi.at("rv_a"), 1e-12);
  check_close(name, "hayashi_yoshida rv_b", hy.sum_squares_hedge, spec.hayashi.at("rv_b"), 1e-12);
  CHECK(static_cast<double>(hy.exposure_returns) == spec.hayashi.at("n_a"));
  CHECK(static_cast<double>(hy.hedge_returns) == spec.hayashi.at("n_b"));

  for (const auto& [confidence, tail] : spec.tail) {
    const auto actual = historical_tail_loss(losses, number(confidence));
    REQUIRE(actual.has_value());
    check_close(name, "value at risk " + confidence, actual->value_at_risk, tail.first, 1e-9);
    check_close(name, "expected shortfall " + confidence, actual->expected_shortfall, tail.second, 1e-9);
  }
}

}  // namespace

TEST_SUITE("oracle/hedge/paths") {
  TEST_CASE("every estimator follows each price path to its tolerance") {
    if (testing::skip_without_shared("oracle/hedge/paths")) return;
    for (const std::string name : {"clean", "async", "break", "stress"}) SUBCASE(name.c_str()) {
        check_path(name);
      }
  }
}

}  // namespace hedgewatch
