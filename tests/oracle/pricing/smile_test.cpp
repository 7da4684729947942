#include "core/pricing/smile.hpp"

#include <doctest/doctest.h>
#include <simdjson.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

TEST_SUITE("oracle/pricing/smile") {
  TEST_CASE("Vogt's smile is recognised as arbitrageable where the literature says, and its repair as free") {
    if (skip_without_shared("published/svi_vogt.json")) return;
    const std::string text = read_text(*shared_directory() / "vectors" / "published" / "svi_vogt.json");
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(text);
    const simdjson::dom::element raw = root["raw"];
    const SviSlice vogt{raw["a"], raw["b"], raw["rho"], raw["m"], raw["sigma"]};
    const auto decimal = [](simdjson::dom::element element) {
      return std::strtod(std::string{std::string_view{element}}.c_str(), nullptr);
    };

    const ButterflyCheck check = check_butterfly(vogt);
    CHECK_FALSE(check.free_of_arbitrage);
    CHECK(check.lowest == doctest::Approx(decimal(root["g_min"]["g"])).epsilon(1e-10));
    CHECK(check.at_k == doctest::Approx(decimal(root["g_min"]["k"])).epsilon(1e-6));

    for (const auto& [k, g] : simdjson::dom::object{root["g_at"]}) {
      const double at = std::strtod(std::string{k}.c_str(), nullptr);
      CAPTURE(at);
      CHECK(std::fabs(vogt.density_factor(at) - decimal(g)) <= 1e-13);
    }
    for (const auto& [k, w] : simdjson::dom::object{root["w_at"]}) {
      const double at = std::strtod(std::string{k}.c_str(), nullptr);
      CAPTURE(at);
      CHECK(std::fabs(vogt.total_variance(at) - decimal(w)) <= 1e-15);
    }
    for (const simdjson::dom::element edge : simdjson::dom::array{root["butterfly_arbitrage_interval"]}) {
      const double at = decimal(edge);
      CAPTURE(at);
      CHECK(std::fabs(vogt.density_factor(at)) <= 1e-13);
    }

    // In the order a, b, m, rho, sigma: the one in which its variance at the money is still the original's, as the repair demands.
    const simdjson::dom::array repaired = root["repaired"]["raw"];
    const SviSlice fixed{decimal(repaired.at(0)), decimal(repaired.at(1)), decimal(repaired.at(3)), decimal(repaired.at(2)),
                         decimal(repaired.at(4))};
    CHECK(fixed.total_variance(0) == doctest::Approx(vogt.total_variance(0)).epsilon(1e-12));
    CHECK(check_butterfly(fixed).free_of_arbitrage == bool{root["repaired"]["butterfly_free"]});
  }
}
