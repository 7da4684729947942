#include "core/risk/value_at_risk.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "oracle/hedge/oracle_rows.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

void check_published(const std::vector<double>& losses, double confidence, simdjson::dom::element expected) {
  std::vector<double> reordered = losses;
  const auto tail = historical_tail_loss(reordered, confidence);
  REQUIRE(tail);
  CHECK(tail->value_at_risk == double{expected["VaR"]["published"]});
  CHECK(std::abs(tail->expected_shortfall - double{expected["ES"]["published"]}) <= 1e-12 * std::abs(tail->expected_shortfall));
}

}  // namespace

TEST_SUITE("oracle/risk/value_at_risk") {
  // Hull's two projects: each loses 10 with 2 % and 1 with 98 %, apart from the other. In ten thousand equal chances each.
  TEST_CASE("value at risk of two projects is more than of each, expected shortfall is less: the textbook's numbers") {
    if (skip_without_shared("vectors/published/var_es_examples.json")) return;
    const std::string text = read_text(*shared_directory() / "vectors/published/var_es_examples.json");
    simdjson::dom::parser parser;
    const simdjson::dom::element published = parser.parse(text)["hull_projects"];
    std::vector<double> one(9800, 1);
    one.insert(one.end(), 200, 10);
    std::vector<double> two(9604, 2);
    two.insert(two.end(), 392, 11);
    two.insert(two.end(), 4, 20);
    check_published(one, 0.975, published["one"]);
    check_published(two, 0.975, published["two"]);
  }

  TEST_CASE("of a normal sample both come near the closed form, and nearer the larger it is") {
    if (skip_without_shared("vectors/published/var_es_examples.json")) return;
    const std::string text = read_text(*shared_directory() / "vectors/published/var_es_examples.json");
    simdjson::dom::parser parser;
    const simdjson::dom::element normal = parser.parse(text)["normal"];
    const double quantile = oracle_number(normal["z99"]);
    const double shortfall = oracle_number(normal["es99_over_sigma"]);
    // The quantiles of the middle of each of n equal chances, found by bisection of erfc.
    const auto sample = [](std::size_t count) {
      std::vector<double> losses(count);
      for (std::size_t i = 0; i < count; ++i) {
        const double chance = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
        double low = -10;
        double high = 10;
        for (int step = 0; step < 80; ++step) {
          const double middle = (low + high) / 2;
          (0.5 * std::erfc(-middle / std::sqrt(2.0)) < chance ? low : high) = middle;
        }
        losses[i] = low;
      }
      return losses;
    };
    for (const std::size_t count : {std::size_t{1000}, std::size_t{10000}}) {
      CAPTURE(count);
      std::vector<double> losses = sample(count);
      const auto tail = historical_tail_loss(losses, 0.99);
      REQUIRE(tail);
      // The distance to the next quantile of the sample bounds the first; the second gains at the open end of the tail.
      CHECK(std::abs(tail->value_at_risk - quantile) <= 40.0 / static_cast<double>(count));
      CHECK(std::abs(tail->expected_shortfall - shortfall) <= 20.0 / static_cast<double>(count));
    }
  }
}
