#include "daemon/setup.hpp"

#include <doctest/doctest.h>

#include <algorithm>

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
    CHECK(setup.venues[0].stablecoins_at_par);
    REQUIRE(setup.collateral.size() == 2);
    CHECK(setup.collateral[0] == CollateralSetup{.account = AccountId{0}, .asset = "STETH", .haircut_ratio = 0.07});
    CHECK(setup.profit.window == std::chrono::hours{48});
    CHECK(setup.accounts == std::vector<std::string>{"main", "treasury"});
    CHECK(setup.connections == std::vector<std::string>{"deribit", "deribit/main", "deribit/treasury"});
    CHECK(setup.connection_venues == std::vector{Venue::Deribit, Venue::Deribit, Venue::Deribit});
    CHECK(setup.account_connections == std::vector{false, true, true});
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

  TEST_CASE("a venue's market data has as many connections as its markets need, and an account has one") {
    Config config;
    config.venues.resize(4);
    config.venues[0].kind = Venue::Deribit;
    config.venues[1].kind = Venue::Binance;
    config.venues[1].products = {"spot", "usd_margined", "coin_margined", "options"};
    config.venues[1].books = {{Venue::Binance, "BTC-261225-105000-C"}};
    config.venues[2].kind = Venue::Okx;
    config.venues[3].kind = Venue::Bybit;
    config.venues[3].products = {"linear", "option"};
    config.accounts.resize(2);
    config.accounts[0].name = "hedge";
    config.accounts[0].venue = Venue::Binance;
    config.accounts[0].product = "usd_margined";
    config.accounts[1].name = "main";
    config.accounts[1].venue = Venue::Okx;
    const std::vector<ConnectionPlan> plans = connection_plans(config);
    std::vector<std::string> names;
    for (const ConnectionPlan& plan : plans) names.push_back(plan.name);
    CHECK(names == std::vector<std::string>{"deribit", "binance-spot", "binance-usd_margined_public", "binance-usd_margined_market",
                                            "binance-coin_margined", "binance-options_public", "binance-options_market", "okx",
                                            "bybit-linear", "bybit-option", "binance/hedge", "okx/main"});
    CHECK(plans[2].part == "usd_margined_public");
    CHECK(plans[2].venue == 1);
    CHECK_FALSE(plans[2].account);
    CHECK(plans[10].account == std::size_t{0});
    CHECK(plans[10].part == "usd_margined");
    CHECK(plans[11].venue == 2);
    const EngineSetup setup = to_engine_setup(config);
    CHECK(setup.connections == names);
    CHECK(setup.connection_venues[9] == Venue::Bybit);
    CHECK(setup.account_connections[9] == false);
    CHECK(setup.account_connections[10] == true);
    config.venues[1].books = {{Venue::Binance, "BTCUSDT-SPOT"}, {Venue::Binance, "BTCUSDT"}};
    const std::vector<ConnectionPlan> without = connection_plans(config);
    CHECK(without.size() == plans.size() - 1);
    CHECK(std::ranges::find(without, "options_public", &ConnectionPlan::part) == without.end());
  }
}
