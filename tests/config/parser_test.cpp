#include "config/parser.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared_files.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

std::string example(const std::string& name) {
  return testing::read_text(testing::source_directory() / "tests/data/config" / name);
}

}  // namespace

TEST_SUITE("config/parser") {
  TEST_CASE("every key of a full file arrives in its field") {
    const auto result = parse_config(example("valid.toml"), "valid.toml");
    if (!result.ok()) FAIL(result.error().front().text());
    const Config& config = result.value();

    CHECK(config.daemon.wait == WaitMode::BusyPoll);
    CHECK(config.daemon.engine_cpu == 1u);
    CHECK(config.daemon.queue_capacity == 131072);
    CHECK(config.daemon.log_level == LogLevel::Debug);
    CHECK(config.http.host == "::1");
    CHECK(config.http.port == 9500);
    CHECK(config.http.max_connections == 8);
    CHECK(config.http.max_request_bytes == 4096);
    CHECK(config.http.request_timeout == 2s);

    REQUIRE(config.venues.size() == 1);
    const VenueConfig& venue = config.venues[0];
    CHECK(venue.kind == Venue::Deribit);
    CHECK(venue.endpoint == Endpoint{"exchange.example", 8443, "/ws/api/v2"});
    CHECK_FALSE(venue.production);
    CHECK(venue.ca_file == "/etc/hedgewatch/ca.pem");
    CHECK(venue.currencies == std::vector<std::string>{"BTC", "USDC"});
    CHECK(venue.watch == std::vector<InstrumentPattern>{{Venue::Deribit, "BTC-*-C"}, {Venue::Deribit, "ETH-PERPETUAL"}});
    CHECK(venue.books == std::vector<InstrumentPattern>{{Venue::Deribit, "BTC-PERPETUAL"}});
    CHECK(venue.market_data_max_age == 90s);
    CHECK(venue.account_max_age == 5min);
    CHECK(venue.heartbeat_interval == 15s);
    CHECK(venue.silence_limit == 40s);

    REQUIRE(config.accounts.size() == 2);
    CHECK(config.accounts[0].name == "main");
    CHECK(config.accounts[0].client_id == "kEy01");
    CHECK(config.accounts[0].secret_credential == "deribit_api_key");
    CHECK(config.accounts[0].secret_file.empty());
    CHECK(config.accounts[0].auth == AuthMethod::ClientCredentials);
    CHECK(config.accounts[0].allow_trading_scope);
    CHECK(config.accounts[1].secret_credential.empty());
    CHECK(config.accounts[1].secret_file == "/etc/hedgewatch/treasury_key");
    CHECK(config.accounts[1].auth == AuthMethod::ClientSignature);
    CHECK_FALSE(config.accounts[1].allow_trading_scope);

    REQUIRE(config.books.size() == 2);
    const BookSetup& straddles = config.books[0];
    REQUIRE(straddles.rules.size() == 2);
    CHECK(straddles.rules[0].accounts == std::vector{AccountId{0}});
    CHECK(straddles.rules[0].underlyings == std::vector<std::string>{"BTC"});
    CHECK(straddles.rules[1].instruments == std::vector<InstrumentPattern>{{Venue::Deribit, "BTC_USDC-PERPETUAL"}});
    REQUIRE(straddles.equity.size() == 1);
    CHECK(straddles.equity[0].share == 0.75);
    const BookSetup& cold = config.books[1];
    REQUIRE(cold.positions.size() == 2);
    CHECK(cold.positions[0].instrument.symbol == "BTC-27MAR26-70000-P");
    CHECK(cold.positions[0].size == -2.5);
    CHECK(cold.positions[0].entry_price == 0.0415);
    CHECK(cold.positions[1].size == 40000);
    CHECK_FALSE(cold.positions[1].entry_price.has_value());
    REQUIRE(cold.equity.size() == 2);
    CHECK(cold.equity[1].account == AccountId{1});

    REQUIRE(config.hedges.size() == 1);
    const HedgeSetup& hedge = config.hedges[0];
    CHECK(hedge.name == "straddle-delta");
    CHECK(hedge.book == "straddles");
    CHECK(hedge.underlying == "BTC");
    CHECK(hedge.legs.size() == 2);
    CHECK(hedge.view == DeltaView::NetTransaction);
    CHECK(hedge.target_ratio == 0.95);
    CHECK(hedge.soft_delta_limit_coins == 1.5);
    CHECK(hedge.hard_delta_limit_coins == 4);
    CHECK(hedge.gamma_limit_coins_per_percent == 3);
    CHECK(hedge.vega_limit_usd_per_vol_point == 25000);

    CHECK(summary(config) == "1 venue, 2 accounts, 2 books, 1 hedge");
  }
}
