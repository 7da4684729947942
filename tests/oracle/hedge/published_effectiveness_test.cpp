#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/hedge/basis.hpp"
#include "core/hedge/effectiveness_series.hpp"
#include "core/hedge/exponential_pair.hpp"
#include "core/hedge/pair_moments.hpp"
#include "core/hedge/pair_statistics.hpp"
#include "oracle/hedge/oracle_rows.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using simdjson::dom::element;

namespace {

/// Reads one document of the published examples, or skips.
template <class Check>
void with_document(const std::string& file, Check check) {
  if (testing::skip_without_shared(file.c_str())) return;
  CAPTURE(file);
  const std::string text = testing::read_text(*testing::shared_directory() / "vectors" / file);
  simdjson::dom::parser parser;
  const element root = parser.parse(text);
  check(root);
}

/// "p/q", or a number as text or as such.
double rational(element value) {
  if (value.is_string()) {
    const std::string text{std::string_view{value}};
    const std::size_t slash = text.find('/');
    if (slash != std::string::npos)
      return std::strtod(text.substr(0, slash).c_str(), nullptr) / std::strtod(text.substr(slash + 1).c_str(), nullptr);
  }
  return testing::oracle_number(value);
}

std::vector<ReturnPair> pairs_of(element exposure, element hedge) {
  std::vector<ReturnPair> pairs;
  const simdjson::dom::array a{exposure};
  const simdjson::dom::array b{hedge};
  REQUIRE(a.size() == b.size());
  auto other = b.begin();
  for (const element value : a) {
    pairs.push_back({double(value), double(*other)});
    ++other;
  }
  return pairs;
}

void check_exact(const std::vector<ReturnPair>& pairs, element exact) {
  const PairStatistics naive = pair_statistics(pairs, 1);
  const double beta = naive.beta.value();
  const PairStatistics best = pair_statistics(pairs, beta);
  const auto same = [&](const char* name, double actual) {
    const double expected = testing::oracle_number(exact[name]);
    CAPTURE(name);
    CAPTURE(actual);
    CAPTURE(expected);
    CHECK(std::abs(actual - expected) <= 1e-12 * std::max(1.0, std::abs(expected)));
  };
  same("rho", naive.correlation.value());
  same("h_star", beta);
  same("R2", naive.r_squared.value());
  same("alpha", naive.alpha.value());
  same("sd_S_sample", std::sqrt(naive.variance_exposure.value()));
  same("sd_F_sample", std::sqrt(naive.variance_hedge.value()));
  same("HE_naive_one_to_one", naive.variance_reduction.value());
  same("HE_ederington_in_sample", best.variance_reduction.value());
  same("var_hedged_sample", best.tracking_error.value() * best.tracking_error.value());
  double item = 0;
  double hedge = 0;
  PairMoments moments;
  for (const ReturnPair& pair : pairs) {
    item += pair.exposure;
    hedge += beta * pair.hedge;
    moments.add(pair);
  }
  const double offset = testing::oracle_number(exact["dollar_offset_cumulative_h_star"]);
  CHECK(dollar_offset(item, hedge, 1e-9).ratio.value() == doctest::Approx(offset).epsilon(1e-9));
  CHECK(moments.beta().value() == doctest::Approx(beta).epsilon(1e-13));
  CHECK(moments.residual_deviation().value() == doctest::Approx(best.residual_deviation.value()).epsilon(1e-12));
}

}  // namespace

TEST_SUITE("oracle/hedge/published_effectiveness") {
  TEST_CASE("jet fuel against heating oil, ten days, ten and twenty months of spot and futures") {
    for (const std::string name :
         {"hull_jet_fuel_min_variance", "ten_days_spot_futures", "hull_problem_ten_months", "twenty_months_spot_futures"})
      with_document("published/" + name + ".json",
                    [](element root) { check_exact(pairs_of(root["dS"], root["dF"]), root["exact"]); });
  }

  TEST_CASE("the four sets of Anscombe share their statistics and differ in what they are") {
    with_document("published/anscombe.json", [](element root) {
      for (const element set : root["sets"].get_array()) {
        const element data = root["data"];
        check_exact(pairs_of(data[std::string_view{set["y"]}], data[std::string_view{set["x"]}]), set["exact"]);
      }
    });
  }

  TEST_CASE("a certified regression comes out in all of its digits") {
    with_document("published/nist_norris_regression.json", [](element root) {
      const PairStatistics fit = pair_statistics(pairs_of(root["y"], root["x"]), 1);
      const auto certified = [&](const char* name) { return double(root["certified"][name]["published"]); };
      CHECK(fit.beta.value() == doctest::Approx(certified("slope")).epsilon(1e-13));
      CHECK(fit.alpha.value() == doctest::Approx(certified("intercept")).epsilon(1e-11));
      CHECK(fit.r_squared.value() == doctest::Approx(certified("R2")).epsilon(1e-13));
      CHECK(fit.residual_deviation.value() == doctest::Approx(certified("resid_sd")).epsilon(1e-12));
    });
  }

  TEST_CASE("variances of series that are all offset and hardly any movement are certified to their digits") {
    with_document("published/nist_numacc_variance.json", [](element root) {
      std::size_t sets = 0;
      for (const element set : root["sets"].get_array()) {
        const std::string name{std::string_view{set["name"]}};
        CAPTURE(name);
        const double first = rational(set["first"]);
        const simdjson::dom::array pair{set["pair"]};
        const std::size_t count{std::uint64_t{set["n"]}};
        std::vector<ReturnPair> pairs{{first, first}};
        while (pairs.size() < count) {
          const double next = rational(pair.at((pairs.size() - 1) % 2).value());
          pairs.push_back({next, next});
        }
        const double mean = rational(set["binary64_inputs_exact"]["mean"]);
        const double deviation = rational(set["binary64_inputs_exact"]["sd"]);
        const PairStatistics window = pair_statistics(pairs, 1);
        CHECK(std::abs(window.mean_exposure.value() - mean) <= 1e-15 * mean);
        CHECK(std::abs(std::sqrt(window.variance_exposure.value()) - deviation) <= 1e-12 * deviation);
        PairMoments block;
        for (const ReturnPair& value : pairs) block.add(value);
        // The block is updated a value at a time: its mean is rounded a thousand times where the window's is rounded once.
        CHECK(std::abs(block.beta().value() - 1) <= 1e-12);
        ++sets;
      }
      CHECK(sets == 4);
    });
  }

  TEST_CASE("paths of whole ticks give the exact fractions") {
    with_document("paths/exact_integer_paths.json", [](element root) {
      std::size_t cases = 0;
      for (const element one : root["cases"].get_array()) {
        CAPTURE(cases);
        std::vector<double> a;
        std::vector<double> b;
        for (const element tick : one["A_ticks"].get_array()) a.push_back(double(tick));
        for (const element tick : one["B_ticks"].get_array()) b.push_back(double(tick));
        std::vector<ReturnPair> pairs;
        for (std::size_t i = 1; i < a.size(); ++i) pairs.push_back({a[i] - a[i - 1], b[i] - b[i - 1]});
        const PairStatistics fit = pair_statistics(pairs, 1);
        const element exact = one["exact"];
        const auto same = [&](const char* name, double actual) {
          const double expected = rational(exact[name]);
          CAPTURE(name);
          CAPTURE(actual);
          CAPTURE(expected);
          CHECK(std::abs(actual - expected) <= 1e-13 * std::max(1.0, std::abs(expected)));
        };
        same("var_dA_sample", fit.variance_exposure.value());
        same("var_dA_population", fit.variance_exposure_population.value());
        same("var_dB_sample", fit.variance_hedge.value());
        same("cov_sample", fit.covariance.value());
        same("beta", fit.beta.value());
        same("alpha", fit.alpha.value());
        same("r2", fit.r_squared.value());
        same("HE_one_to_one", fit.variance_reduction.value());
        same("residual_var_n_minus_2", fit.residual_deviation.value() * fit.residual_deviation.value());
        CHECK((fit.correlation.value() > 0) == (double(exact["corr_sign"]) > 0));
        ++cases;
      }
      CHECK(cases == 4);
    });
  }

  TEST_CASE("dollar offsets at and beside both ends of the corridor") {
    with_document("published/dollar_offset_examples.json", [](element root) {
      for (const element one : root["synthetic"].get_array()) {
        const std::string inputs = simdjson::to_string(one);
        CAPTURE(inputs);
        const DollarOffset offset = dollar_offset(double(one["item"]), -double(one["hedge"]), 1e-6);
        const std::string_view verdict{one["verdict"]};
        CHECK((offset.verdict == OffsetVerdict::Effective) == (verdict == "effective"));
        CHECK((offset.verdict == OffsetVerdict::Ineffective) == (verdict == "not effective"));
        CHECK(offset.ratio.has_value() == !one["ratio"].is_null());
        if (offset.ratio) CHECK(*offset.ratio == doctest::Approx(double(one["ratio"])).epsilon(1e-14));
      }
      CHECK(dollar_offset(-120, -100, 1).verdict == OffsetVerdict::Effective);
      CHECK(dollar_offset(-100, -120, 1).verdict == OffsetVerdict::Effective);
    });
  }

  TEST_CASE("exponentially weighted variances of the textbooks") {
    with_document("published/ewma_examples.json", [](element root) {
      std::size_t checked = 0;
      for (const element one : root["examples"].get_array()) {
        if (one["ret"].error() != simdjson::SUCCESS) continue;
        ExponentialPair pair;
        const double seed = double(one["vol"]);
        pair.add({seed, seed}, 0);
        pair.add({double(one["ret"]), double(one["ret"])}, double(one["lam"]));
        const double percent = 100 * std::sqrt(pair.variance_exposure().value());
        CHECK(percent == doctest::Approx(double(one["vol_pct"]["recomputed"])).epsilon(1e-12));
        ++checked;
      }
      CHECK(checked >= 3);
    });
  }

  TEST_CASE("annualised basis by its three conventions") {
    with_document("published/basis_annualised.json", [](element root) {
      for (const element one : root["cases"].get_array()) {
        const double f = double(one["F"]);
        const double s = double(one["S"]);
        const double days = double(one["days"]);
        CAPTURE(f);
        CAPTURE(s);
        CAPTURE(days);
        CHECK(basis_ratio(f, s) == doctest::Approx(double(one["rel"])).epsilon(1e-13));
        const auto same = [&](const char* name, BasisAnnualisation convention) {
          CAPTURE(name);
          CHECK(annualised_basis(f, s, days, convention).value() == doctest::Approx(double(one[name])).epsilon(1e-12));
        };
        same("ann_simple", BasisAnnualisation::Simple);
        same("ann_cont", BasisAnnualisation::Continuous);
        same("ann_comp", BasisAnnualisation::Compound);
      }
    });
  }
}
