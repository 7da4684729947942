#include "feeds/simulator/market_drills.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hedgewatch;
using namespace hedgewatch::simulator;

namespace {

struct Drilled {
  SyntheticMarket market{{.seed = 3, .start = VenueTime{std::chrono::milliseconds{1'772'625'600'000}}, .strikes_per_side = 1}};
  MarketChanges changes;

  std::optional<RpcReply> drill(std::string_view name, const std::string& json) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    REQUIRE(parser.parse(json).get(object) == simdjson::SUCCESS);
    return drill_market(market, name, Params{object}, [this](std::string_view one) { return market.find(one); });
  }
};

}  // namespace

TEST_SUITE("feeds/simulator/market_drills") {
  TEST_CASE("an index is moved by a ratio, under either spelling of its name") {
    Drilled bench;
    for (const char* name : {"btc_usd", "BTC-USD"}) {
      const double before = bench.market.underlyings()[0].index_usd;
      const auto reply = bench.drill("index", R"({"index_name":")" + std::string{name} + R"(","move_ratio":0.1})");
      REQUIRE(reply.has_value());
      CHECK(reply->ok());
      CHECK(bench.market.underlyings()[0].index_usd == doctest::Approx(before * 1.1));
    }
    const double level = bench.market.underlyings()[1].vol_level;
    CHECK(bench.drill("vol", R"({"index_name":"eth_usd","move_ratio":-0.5})")->ok());
    CHECK(bench.market.underlyings()[1].vol_level == doctest::Approx(level * 0.5));
  }

  TEST_CASE("a trade is filled by the next step, as the account's own") {
    Drilled bench;
    CHECK(bench.drill("trade", R"({"instrument_name":"BTC-PERPETUAL","direction":"sell","amount":500})")->ok());
    bench.market.step(bench.changes);
    double sold = 0;
    for (const MarketTrade& trade : bench.changes.trades)
      if (trade.own) sold += trade.taker_buys ? 0 : trade.amount;
    CHECK(sold == 500);
  }

  TEST_CASE("what makes no sense is refused, and what is no drill of a market is nobody's") {
    Drilled bench;
    CHECK_FALSE(bench.drill("trade", R"({"instrument_name":"BTC-NEVER","direction":"sell","amount":500})")->ok());
    CHECK_FALSE(bench.drill("trade", R"({"instrument_name":"BTC-PERPETUAL","direction":"up","amount":500})")->ok());
    CHECK_FALSE(bench.drill("trade", R"({"instrument_name":"BTC-PERPETUAL","direction":"buy","amount":0})")->ok());
    CHECK_FALSE(bench.drill("index", R"({"index_name":"doge_usd","move_ratio":0.1})")->ok());
    CHECK_FALSE(bench.drill("index", R"({"index_name":"btc_usd","move_ratio":-0.95})")->ok());
    CHECK_FALSE(bench.drill("song", "{}").has_value());
  }
}
