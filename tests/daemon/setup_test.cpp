#include "daemon/setup.hpp"

#include <doctest/doctest.h>

#include "config/parser.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;

TEST_SUITE("daemon/setup") {
  TEST_CASE("the engine is told every name, book and hedge, and each account has a connection of its own") {
    const auto parsed =
        parse_config(testing::read_text(testing::source_directory() / "tests/data/config/valid.toml"), "valid.toml");
    REQUIRE(parsed.ok());
    const Config& config = parsed.value();
    const EngineSetup setup = to_engine_setup(config);

    REQUIRE(setup.venues.size() == 1);
    CHECK(setup.venues[0].market_data_max_age == std::chrono::seconds{90});
    CHECK(setup.venues[0].account_max_age == std::chrono::minutes{5});
    CHECK(setup.venues[0].carry_rate == 0.04);
    CHECK_FALSE(setup.venues[0].stablecoins_at_par);
    REQUIRE(setup.collateral.size() == 2);
    CHECK(setup.collateral[0] == CollateralSetup{.account = AccountId{0}, .asset = "STETH", .haircut_ratio = 0.07});
    CHECK(setup.profit.window == std::chrono::hours{48});
    CHECK(setup.accounts == std::vector<std::string>{"main", "treasury"});
    CHECK(setup.connections == std::vector<std::string>{"deribit", "deribit/main", "deribit/treasury"});
    CHECK(setup.connection_venues == std::vector{Venue::Deribit, Venue::Deribit, Venue::Deribit});
    CHECK(setup.account_connections == std::vector{false, true, true});
    CHECK(venue_connection(0) == ConnectionId{0});
    CHECK(account_connection(config, 1) == ConnectionId{2});
    // Two patterns to watch, the instrument whose book is followed, and two that advice may trade.
    CHECK(setup.watch.size() == 5);
    CHECK(setup.order_books.size() == 1);
    REQUIRE(setup.books.size() == 2);
    CHECK(setup.books[0].rules[0].accounts == std::vector{AccountId{0}});
    REQUIRE(setup.hedges.size() == 1);
    CHECK(setup.hedges[0].hard_delta_limit_coins == 4);
  }

  TEST_CASE(
      "a rule of the file takes the place of the starter rule of its name, and the starter rules have the owner that is named") {
    Config config;
    config.alertmanager.owner = "anna";
    HedgeSetup hedge;
    hedge.name = "one";
    hedge.limit_owner = "bob";
    config.hedges = {hedge};
    AlertRule own;
    own.name = "MaintenanceMarginHigh";
    own.figure = Figure::MaintenanceMarginRatio;
    own.upper = 0.6;
    config.alerts = {own};
    const EngineSetup setup = to_engine_setup(config);
    std::size_t margins = 0;
    for (const AlertRule& rule : setup.alerts) {
      if (rule.name == "MaintenanceMarginHigh") {
        ++margins;
        CHECK(rule.upper == 0.6);
        CHECK(rule.owner.empty());
      }
      if (rule.name == "SessionLoss") CHECK(rule.owner == "anna");
      if (rule.name == "SessionLossUnknown") CHECK(rule.owner.empty());
      if (rule.name == "NetDeltaAboveHardLimit") CHECK(rule.owner == "bob");
    }
    CHECK(margins == 1);
  }
}
