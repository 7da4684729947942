#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include "core/engine/engine_driver.hpp"
#include "core/pricing/black76.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kPerpetual = "BTC-PERPETUAL";
constexpr std::string_view kLinear = "BTC_USDC-PERPETUAL";
constexpr std::string_view kCall = "BTC-30D-100000-C";
constexpr double kIndex = 100'000;

EngineSetup setup(bool scenario = true) {
  EngineSetup setup = EngineDriver::setup();
  BookSetup book = book_of("desk", {});
  book.rules = {BookRule{}};
  setup.books = {book};
  if (scenario) {
    setup.scenario = ScenarioSetup{};
    setup.scenario->shape = {.spot_shocks = {-0.2, 0, 0.2}, .vol_shocks = {{.name = "same"}}, .extended = {}};
  }
  return setup;
}

double call_usd(double forward) {
  return black76({.right = OptionRight::Call,
                  .forward = forward,
                  .strike = 100'000,
                  .to_expiry = YearFraction::from_days(30),
                  .vol = Vol::from_fraction(0.6)})
      .value()
      .price;
}

EngineDriver listed(const EngineSetup& configuration = setup()) {
  EngineDriver driver{configuration};
  driver.list_perpetual(kPerpetual);
  driver.list_linear(kLinear);
  driver.list_option(kCall, OptionRight::Call, 100'000, 30);
  driver.index(kIndex);
  driver.index(kIndex, "BTC", "USDC");
  driver.index(1, "USDC", "USD");
  driver.mark(kPerpetual, {.price = kIndex});
  driver.mark(kLinear, {.price = kIndex});
  driver.mark(kCall, {.price = call_usd(kIndex) / kIndex, .vol = 0.6, .forward = kIndex, .rate = 0});
  return driver;
}

struct Held {
  std::string_view name;
  double size;
};

void hold(EngineDriver& driver, std::initializer_list<Held> positions, AccountId account = kMain) {
  driver.begin_snapshot(account);
  for (const Held& held : positions) driver.position(held.name, held.size, kIndex, account);
  driver.end_snapshot(account);
}

void fund(EngineDriver& driver, double equity, double maintenance, double balance, std::string_view asset = "BTC",
          AccountId account = kMain, bool cross = false) {
  driver.summary({.asset = AssetCode::from(asset).value(),
                  .equity = equity,
                  .margin_balance = balance,
                  .maintenance_margin = maintenance,
                  .cross_collateral = cross},
                 account);
}

double pool(const EngineDriver& driver, Figure figure, std::string_view asset = "BTC", std::string_view account = "main") {
  return driver.value(figure, {account, "deribit", asset});
}

double distance(const EngineDriver& driver, std::string_view direction, std::string_view asset = "BTC",
                std::string_view underlying = "BTC") {
  return driver.value(Figure::LiquidationDistanceRatio, {"main", "deribit", asset, underlying, direction});
}

}  // namespace

TEST_SUITE("core/engine/margin_monitor") {
  TEST_CASE("leverage is gross, net leverage nets collateral in coin against the delta") {
    EngineDriver driver = listed();
    hold(driver, {{kPerpetual, -200'000}, {kCall, 4}});
    hold(driver, {}, kSecond);
    fund(driver, 3, 0.02, 3);
    driver.cycle();
    const double delta = driver.value(Figure::PositionDeltaCoins, {"desk", "deribit", kCall});
    CHECK(driver.value(Figure::LeverageRatio, {"main", "deribit", "BTC", "full"}) == doctest::Approx(6.0 / 3));
    CHECK(driver.value(Figure::LeverageRatio, {"main", "deribit", "BTC", "delta"}) == doctest::Approx((2 + delta) / 3));
    const double net_transaction = driver.value(Figure::BookDeltaCoins, {"desk", "BTC", "net_transaction"});
    CHECK(pool(driver, Figure::NetLeverageRatio) == doctest::Approx(std::abs(3 + net_transaction) / 3));
  }

  TEST_CASE("a pool of inverse futures is liquidated where the closed form says") {
    EngineDriver driver = listed();
    hold(driver, {{kPerpetual, -200'000}});
    fund(driver, 1.5, 0.02, 1.5);
    driver.cycle();
    // 2 coins short on 1.5 coins: (0.02 - 1.5) / (1.5 - 2).
    CHECK(distance(driver, "up") == doctest::Approx(2.96));
    CHECK(driver.value(Figure::LiquidationPriceUsd, {"main", "deribit", "BTC", "BTC", "up"}) == doctest::Approx(396'000));
    CHECK(distance(driver, "down") == 0.95);
    CHECK(driver.state(Figure::LiquidationPriceUsd, {"main", "deribit", "BTC", "BTC", "down"}) == "unknown/empty");
    CHECK(driver.state(Figure::LiquidationDistanceSigmas, {"main", "deribit", "BTC", "BTC", "up"}) == "unknown/missing_vol");
  }

  TEST_CASE("collateral counts after its haircut for share and coverage, debts whole, and leverage is over equity") {
    EngineSetup configuration = setup();
    configuration.collateral = {{.account = kMain, .asset = "BTC", .haircut_ratio = 0.2}};
    EngineDriver driver = listed(configuration);
    hold(driver, {{kPerpetual, -200'000}});
    hold(driver, {}, kSecond);
    fund(driver, 3, 0.02, 3);
    fund(driver, 1, 0, 1, "BTC", kSecond);
    driver.cycle();
    CHECK(pool(driver, Figure::CollateralHaircutRatio) == 0.2);
    CHECK_FALSE(driver.has(Figure::CollateralHaircutRatio, {"second", "deribit", "BTC"}));
    CHECK(pool(driver, Figure::CollateralPriceUsd) == kIndex);
    CHECK(pool(driver, Figure::CollateralShareRatio) == doctest::Approx(2.4 / 3.4));
    CHECK(driver.value(Figure::LeverageRatio, {"main", "deribit", "BTC", "full"}) == doctest::Approx(2.0 / 3));
  }

  TEST_CASE("a pool of linear futures is liquidated where the closed form says, at the price of its stablecoin") {
    EngineDriver driver = listed();
    driver.index(0.98, "USDC", "USD");
    hold(driver, {{kLinear, 2}});
    fund(driver, 50'000, 2'000, 50'000, "USDC");
    driver.cycle();
    CHECK(distance(driver, "down", "USDC") == doctest::Approx((49'000 - 1'960) / (200'000.0 - 1'960)));
    CHECK(distance(driver, "up", "USDC") == 4);
    CHECK(pool(driver, Figure::CollateralPriceUsd, "USDC") == 0.98);
  }

  TEST_CASE("a pool with options is repriced whole until its margin balance is gone") {
    EngineDriver driver = listed();
    hold(driver, {{kCall, -10}, {kPerpetual, 300'000}});
    const double call = call_usd(kIndex);
    fund(driver, 2, 0.4, 2);
    driver.cycle();
    for (const auto& [direction, sign] : {std::pair{"up", 1.0}, std::pair{"down", -1.0}}) {
      CAPTURE(direction);
      const double move = sign * distance(driver, direction);
      CAPTURE(move);
      const double coins = 2 * kIndex + 10 * call;
      const double headroom = coins * (1 + move) - 10 * call + 300'000 * move - 10 * (call_usd(kIndex * (1 + move)) - call) -
                              0.4 * kIndex * std::max(1.0, 1 + move);
      CHECK(std::abs(headroom) < 20);
    }
    CHECK(driver.value(Figure::LiquidationDistanceSigmas, {"main", "deribit", "BTC", "BTC", "up"}) ==
          doctest::Approx(distance(driver, "up") / (0.6 / std::sqrt(365))));
  }

  TEST_CASE("long options save a pool whose balance contains them, and no other") {
    EngineDriver portfolio = listed();
    hold(portfolio, {{kPerpetual, -400'000}, {kCall, 10}});
    fund(portfolio, 2, 0.1, 2);
    portfolio.cycle();
    EngineDriver standard = listed();
    hold(standard, {{kPerpetual, -400'000}, {kCall, 10}});
    fund(standard, 2, 0.1, 2 - 10 * call_usd(kIndex) / kIndex);
    standard.cycle();
    CHECK(distance(portfolio, "up") == 4);
    const double balance = 2 - 10 * call_usd(kIndex) / kIndex;
    CHECK(distance(standard, "up") == doctest::Approx((balance - 0.1) / (4 + 0.1 - balance)).epsilon(1e-4));
  }

  TEST_CASE("coverage is equity over requirement and worst loss, and the weakest pool is named by its coverage") {
    EngineDriver driver = listed();
    hold(driver, {{kPerpetual, -200'000}});
    fund(driver, 1.5, 0.02, 1.5);
    hold(driver, {{kPerpetual, 100'000}}, kSecond);
    fund(driver, 0.5, 0.01, 0.5, "BTC", kSecond);
    driver.cycle();
    CHECK(pool(driver, Figure::PoolWorstLossUsd) == doctest::Approx(40'000));
    CHECK(driver.value(Figure::MaintenanceMarginRatio, {"main", "deribit", "BTC", "model"}) == doctest::Approx(40.0 / 150));
    CHECK(driver.value(Figure::MaintenanceMarginRatio, {"main", "deribit", "BTC", "venue"}) == doctest::Approx(0.02 / 1.5));
    const double main = 150.0 / 42;
    const double second = 50.0 / 21;
    CHECK(pool(driver, Figure::CollateralCoverageRatio) == doctest::Approx(main));
    CHECK(pool(driver, Figure::CollateralCoverageRatio, "BTC", "second") == doctest::Approx(second));
    CHECK(driver.value(Figure::CollateralMinCoverageRatio, {"all"}) == doctest::Approx(second));
    CHECK(driver.value(Figure::CollateralImbalanceRatio, {"all"}) == doctest::Approx(main - second));
    CHECK(pool(driver, Figure::CollateralShareRatio) == doctest::Approx(0.75));
  }

  TEST_CASE("with cross collateral the account is one pool, whose margin is counted once") {
    EngineDriver driver = listed();
    hold(driver, {{kPerpetual, -200'000}, {kLinear, 1}});
    fund(driver, 1, 0.03, 2, "BTC", kMain, true);
    fund(driver, 100'000, 3'000, 200'000, "USDC", kMain, true);
    driver.cycle();
    CHECK(driver.value(Figure::LeverageRatio, {"main", "deribit", "cross", "full"}) == doctest::Approx(1.5));
    CHECK(pool(driver, Figure::CollateralCoverageRatio, "cross") == doctest::Approx(200'000 / (3'000 + 20'000.0)));
    // 1 coin of collateral, 2 coins short, 1 coin long: nothing is left to move.
    CHECK(distance(driver, "down", "cross") == 0.95);
    CHECK_FALSE(driver.has(Figure::CollateralShareRatio, {"main", "deribit", "BTC"}));
    fund(driver, 1, 0.02, 1, "BTC");
    fund(driver, 100'000, 1'000, 100'000, "USDC");
    driver.cycle();
    CHECK(driver.has(Figure::CollateralShareRatio, {"main", "deribit", "BTC"}));
  }

  TEST_CASE("which row of a cross-margined account came first is not seen, even where the rows are of two moments") {
    std::vector<double> coverages;
    for (const bool coin_first : {true, false}) {
      EngineDriver driver = listed();
      hold(driver, {{kPerpetual, -200'000}, {kLinear, 1}});
      if (coin_first) fund(driver, 1, 0.03, 2, "BTC", kMain, true);
      fund(driver, 100'000, 4'000, 200'000, "USDC", kMain, true);
      if (!coin_first) fund(driver, 1, 0.03, 2, "BTC", kMain, true);
      driver.cycle();
      coverages.push_back(pool(driver, Figure::CollateralCoverageRatio, "cross"));
    }
    CHECK(coverages[0] == coverages[1]);
  }

  TEST_CASE("underlyings of one pool are moved alone and together") {
    EngineDriver driver = listed();
    driver.list_linear("ETH_USDC-PERPETUAL", "ETH");
    driver.index(4'000, "ETH", "USDC");
    driver.mark("ETH_USDC-PERPETUAL", {.price = 4'000});
    hold(driver, {{kLinear, 1}, {"ETH_USDC-PERPETUAL", 25}});
    fund(driver, 40'000, 2'000, 40'000, "USDC");
    driver.cycle();
    CHECK(distance(driver, "down", "USDC", "BTC") == doctest::Approx(0.38).epsilon(1e-4));
    CHECK(distance(driver, "down", "USDC", "ETH") == doctest::Approx(0.38).epsilon(1e-4));
    CHECK(distance(driver, "down", "USDC", "all") == doctest::Approx(0.19).epsilon(1e-4));
    CHECK(distance(driver, "up", "USDC", "all") == 4);
  }

  TEST_CASE("a pool that is past its requirement has no distance left") {
    EngineDriver driver = listed();
    hold(driver, {{kPerpetual, -200'000}});
    fund(driver, 0.02, 0.02, 0.02);
    driver.cycle();
    CHECK(distance(driver, "up") == 0);
    CHECK(distance(driver, "down") == 0);
  }

  TEST_CASE("a lost mark takes what needs it within a second, a lost account everything at once") {
    EngineDriver driver = listed();
    hold(driver, {{kPerpetual, -200'000}});
    fund(driver, 1.5, 0.02, 1.5);
    driver.cycle();
    driver.mark(kPerpetual, {.price = kAbsent});
    driver.advance(61s);
    driver.index(kIndex);
    fund(driver, 1.5, 0.02, 1.5);
    driver.cycle();
    CHECK(driver.value(Figure::LeverageRatio, {"main", "deribit", "BTC", "full"}) == doctest::Approx(2 / 1.5));
    CHECK(driver.state(Figure::LeverageRatio, {"main", "deribit", "BTC", "delta"}) == "stale/too_old");
    CHECK(driver.state(Figure::LiquidationDistanceRatio, {"main", "deribit", "BTC", "BTC", "up"}) == "stale/too_old");
    CHECK(driver.state(Figure::CollateralMinCoverageRatio, {"all"}) == "stale/too_old");
    driver.status(kPrivate, FeedPhase::Down);
    driver.cycle();
    CHECK(driver.state(Figure::LeverageRatio, {"main", "deribit", "BTC", "full"}) == "unknown/feed_down");
    CHECK(driver.state(Figure::CollateralShareRatio, {"main", "deribit", "BTC"}) == "stale/feed_down");
  }

  TEST_CASE("a pool without positions has a share and nothing to be liquidated") {
    EngineDriver driver = listed();
    hold(driver, {});
    fund(driver, 2, 0, 2);
    driver.cycle();
    CHECK(pool(driver, Figure::CollateralShareRatio) == 1);
    CHECK_FALSE(driver.has(Figure::CollateralCoverageRatio, {"main", "deribit", "BTC"}));
    CHECK_FALSE(driver.has(Figure::LiquidationDistanceRatio, {"main", "deribit", "BTC", "BTC", "up"}));
  }

  TEST_CASE("without a scenario table there is liquidation and no coverage") {
    EngineDriver driver = listed(setup(false));
    hold(driver, {{kPerpetual, -200'000}, {kCall, -1}});
    fund(driver, 1.5, 0.02, 1.5);
    driver.cycle();
    CHECK(distance(driver, "up") > 0);
    CHECK_FALSE(driver.has(Figure::CollateralCoverageRatio, {"main", "deribit", "BTC"}));
    CHECK_FALSE(driver.has(Figure::MaintenanceMarginRatio, {"main", "deribit", "BTC", "model"}));
  }

  TEST_CASE("the worst cell within a fifth of spot is measured by the pool's equity; moves beyond it are not in it") {
    EngineSetup wide = setup();
    wide.scenario->shape.spot_shocks = {-0.5, -0.2, 0, 0.2, 0.5};
    EngineSetup narrow = setup();
    narrow.scenario->shape.spot_shocks = {-0.1, 0.1};
    EngineSetup far = setup();
    far.scenario->shape.spot_shocks = {-0.5, 0.5};
    for (const auto& [configuration, worst_loss] : {std::pair{wide, 500'000}, {narrow, 100'000}, {far, 500'000}}) {
      EngineDriver driver = listed(configuration);
      hold(driver, {{kPerpetual, 1'000'000}});
      fund(driver, 50, 1, 50);
      for (int i = 0; i < 30; ++i) driver.cycle();
      CAPTURE(worst_loss);
      CHECK(pool(driver, Figure::PoolWorstLossUsd) == doctest::Approx(worst_loss));
      CHECK(pool(driver, Figure::PoolWorstCellLossRatio) == doctest::Approx(200'000.0 / (50 * kIndex)));
    }
  }
}
