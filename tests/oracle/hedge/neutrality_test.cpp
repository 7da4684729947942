#include <doctest/doctest.h>
#include <simdjson.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "core/hedge/hedge_relationship.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;

namespace {

double number(simdjson::dom::element element) {
  if (element.is_string()) return std::strtod(std::string{std::string_view{element}}.c_str(), nullptr);
  return double{element};
}

void agree_by_name(double ours, double expected, double scale, const std::string& what) {
  CAPTURE(what);
  CAPTURE(ours);
  CAPTURE(expected);
  CHECK(std::abs(ours - expected) <= 1e-12 * scale);
}

}  // namespace

TEST_SUITE("oracle/hedge/neutrality") {
  TEST_CASE("ratio, over- and under-hedge, wrong way, neutrality and limit usage agree with the oracle") {
    if (hedgewatch::testing::skip_without_shared("vectors/risk_misc.json")) return;
    const std::string text = hedgewatch::testing::read_text(*hedgewatch::testing::shared_directory() / "vectors/risk_misc.json");
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(text);
    std::size_t rows = 0;
    for (const simdjson::dom::element row : root["neutrality"]["cases"].get_array()) {
      CAPTURE(rows);
      const simdjson::dom::element expect = row["expect"];
      const double item = number(row["exposure_delta"]);
      const double legs = number(row["hedge_delta"]);
      const double ratio = hedge_ratio(item, legs);
      const NetGross net{.net = item + legs, .gross = std::abs(item) + std::abs(legs)};
      agree_by_name(net.net, number(expect["net"]), net.gross, "net");
      agree_by_name(ratio, number(expect["hedge_ratio"]), std::abs(ratio), "hedge_ratio");
      agree_by_name(over_hedge(ratio, 1), number(expect["over_hedge"]), 1 + std::abs(ratio), "over_hedge");
      agree_by_name(under_hedge(ratio, 1), number(expect["under_hedge"]), 1 + std::abs(ratio), "under_hedge");
      CHECK(wrong_way(item, legs) == bool{expect["wrong_way"]});
      agree_by_name(neutrality_ratio(net).value(), number(expect["neutrality"]), 1, "neutrality");
      NetGross book;
      for (const simdjson::dom::element leg : row["leg_deltas"].get_array()) {
        book.net += number(leg);
        book.gross += std::abs(number(leg));
      }
      agree_by_name(book.gross, number(expect["gross_legs"]), book.gross, "gross_legs");
      agree_by_name(neutrality_ratio(book).value(), number(expect["neutrality_legs"]), 1, "neutrality_legs");
      agree_by_name(std::abs(net.net) / number(row["limit"]), number(expect["limit_usage"]), net.gross / number(row["limit"]),
                    "limit_usage");
      ++rows;
    }
    CHECK(rows >= 10);
  }
}
