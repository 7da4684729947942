#include "daemon/commands/effectiveness_command.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/commands/csv.hpp"
#include "shared_files.hpp"

namespace hedgewatch {

namespace {

std::vector<PriceTick> prices(const std::string& text, std::vector<std::string>& faults) {
  std::istringstream in{text};
  return read_prices(in, "p.csv", "price", faults);
}

constexpr const char* kSpecification = R"({"bars":{"n":3,"dt_ns":1000000000,"t0_ns":0,"max_age_ns":1500000000},
  "params":{"W_valid_pairs":10,"W_bars":10,"lambda_fast":0.9,"lambda_slow":0.99,"halflife_s":10,"h0":1}})";

}  // namespace

TEST_SUITE("daemon/commands/effectiveness_command") {
  TEST_CASE("times are read as ISO 8601 in UTC") {
    CHECK(nanoseconds_of(*parse_iso_time("1970-01-02")) == 86'400'000'000'000);
    CHECK(parse_iso_time("1970-01-01 00:00:01") == parse_iso_time("1970-01-01T00:00:01.000Z"));
    CHECK(nanoseconds_of(*parse_iso_time("1970-01-01T00:00:00.0000000015")) == 1);
    for (const std::string text :
         {"", "2020-13-01", "2020-02-30", "2020-01-01 24:00", "2020-01-01T00:00:00+02:00", "2500-01-01", "2020-1-1"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_iso_time(text).has_value());
    }
  }

  TEST_CASE("an empty price is missing, and a row that is none is named and left out") {
    std::vector<std::string> faults;
    const auto read =
        prices("Timestamp,price\n2020-01-02,1\n2020-01-03,\n2020-01-03,-1\nyesterday,2\n2020-01-01,3\n2020-01-04,4\n", faults);
    CHECK(read.size() == 2);
    REQUIRE(faults.size() == 3);
    CHECK(faults[0] == "p.csv:line 4: the price is no positive number");
    CHECK(faults[1] == "p.csv:line 5: the time is unreadable");
    CHECK(faults[2] == "p.csv:line 6: the time is before that of the row above");
  }

  TEST_CASE("each time that either side has is a bar") {
    std::vector<std::string> faults;
    const auto exposure = prices("ts_ns,price\n1,10\n2,11\n", faults);
    const auto hedge = prices("ts_ns,price\n2,20\n3,21\n", faults);
    const auto bars = bars_of_rows(exposure, hedge);
    REQUIRE(bars.size() == 3);
    CHECK_FALSE(bars[0].hedge.has_value());
    CHECK(*bars[1].exposure == 11);
    CHECK(*bars[1].hedge == 20);
    CHECK_FALSE(bars[2].exposure.has_value());
  }

  TEST_CASE("a specification without a number says which, and a tick of a third instrument is named") {
    std::vector<std::string> faults;
    std::istringstream empty{"ts_ns,inst,price\n"};
    const auto missing = read_ticks(empty, R"({"bars":{"n":3}})", faults);
    REQUIRE_FALSE(missing.ok());
    CHECK(missing.error() == "the specification has no number at /bars/dt_ns");
    std::istringstream ticks{"ts_ns,inst,price\n0,A,10\n0,C,10\n"};
    CHECK(read_ticks(ticks, kSpecification, faults).ok());
    REQUIRE(faults.size() == 1);
    CHECK(faults[0] == "ticks:line 3: inst is neither A nor B");
  }

  TEST_CASE("moves are log returns, price changes, or the coins that an inverse contract gains") {
    CHECK(price_move(100, 110, PriceMove::LogReturn) == doctest::Approx(std::log(1.1)));
    CHECK(price_move(100, 110, PriceMove::Linear) == 10);
    CHECK(price_move(100, 110, PriceMove::Inverse) == doctest::Approx(1 / 100.0 - 1 / 110.0));
    CHECK_FALSE(price_move_named("").has_value());
    const auto with_moves = [](const std::string& moves) {
      std::vector<std::string> faults;
      std::istringstream ticks{
          "ts_ns,inst,price\n0,A,10\n0,B,20\n1000000000,A,12\n1000000000,B,25\n"
          "2000000000,A,14\n2000000000,B,30\n"
          "3000000000,A,16\n3000000000,B,35\n"};
      std::string specification = kSpecification;
      specification.insert(specification.find("\"h0\""), "\"moves\":" + moves + ",");
      return read_ticks(ticks, specification, faults);
    };
    const auto whole = [](const EffectivenessInput& input) {
      std::ostringstream json;
      write_effectiveness(input, EffectivenessOutput::Json, json);
      return json.str();
    };
    const auto linear = with_moves("\"linear\"");
    REQUIRE(linear.ok());
    CHECK(whole(linear.value()).find("\"mean_a\":2,\"mean_b\":5,") != std::string::npos);
    CHECK(whole(linear.value()).find("\"doff\":2.5}") != std::string::npos);
    const auto inverse = with_moves("\"inverse\"");
    REQUIRE(inverse.ok());
    const std::string figures = whole(inverse.value());
    const double offset = std::stod(figures.substr(figures.find("\"doff\":") + 7));
    CHECK(offset == doctest::Approx((1 / 20.0 - 1 / 35.0) / (1 / 10.0 - 1 / 16.0)));
    CHECK(with_moves("\"square\"").error() == "the specification's /params/moves must be \"log\", \"linear\" or \"inverse\"");
    CHECK_FALSE(with_moves("7").ok());
  }

  TEST_CASE("the table and the series show undefined values as nothing") {
    std::vector<std::string> faults;
    std::istringstream ticks{"ts_ns,inst,price\n0,A,10\n0,B,20\n1000000000,A,11\n"};
    const auto input = read_ticks(ticks, kSpecification, faults);
    REQUIRE(input.ok());
    std::ostringstream series;
    write_effectiveness(input.value(), EffectivenessOutput::Series, series);
    std::istringstream in{series.str()};
    CsvReader csv{in};
    REQUIRE(csv.next());
    CHECK(csv.field(*csv.column("w_n")) == "0");
    CHECK(csv.field(*csv.column("w_corr")).empty());
    CHECK(csv.field(*csv.column("basis")) == "1");
    std::ostringstream json;
    write_effectiveness(input.value(), EffectivenessOutput::Json, json);
    CHECK(json.str().find("\"corr\":null") != std::string::npos);
  }
}

TEST_SUITE("oracle/hedge/series") {
  TEST_CASE("spot against perpetual over five years of 8-hour closes is the known hedge") {
    if (testing::skip_without_shared("oracle/hedge/series")) return;
    const std::string text =
        testing::read_text(*testing::shared_directory() / "data/series/binance_btc_8h_spot_perp_funding.csv.zst");
    std::vector<std::string> faults;
    std::istringstream spot{text};
    std::istringstream perpetual{text};
    EffectivenessInput input;
    input.exposure_ticks = read_prices(spot, "spot", "Close_spot", faults);
    input.hedge_ticks = read_prices(perpetual, "perpetual", "Close_futures", faults);
    input.bars = bars_of_rows(input.exposure_ticks, input.hedge_ticks);
    CHECK(faults.empty());
    CHECK(input.bars.size() == 5164);
    std::ostringstream json;
    write_effectiveness(input, EffectivenessOutput::Json, json);
    const std::string out = json.str();
    const auto figure = [&](const std::string& name) {
      const std::size_t at = out.find('"' + name + "\":");
      REQUIRE(at != std::string::npos);
      return std::stod(out.substr(at + name.size() + 3));
    };
    CHECK(figure("corr") == doctest::Approx(0.99942).epsilon(5e-6));
    CHECK(figure("he_h0") == doctest::Approx(0.99879).epsilon(5e-6));
  }
}

}  // namespace hedgewatch
