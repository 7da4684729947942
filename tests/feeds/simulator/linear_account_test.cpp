#include "feeds/simulator/linear_account.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <vector>

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace std::chrono_literals;

namespace {

constexpr VenueTime kLinearNoon{std::chrono::milliseconds{1'772'625'600'000}};

struct LinearWorld {
  explicit LinearWorld(VenueTime start = kLinearNoon, double fills_per_minute = 4, double band = 0.004)
      : market{{.seed = 9, .start = start, .strikes_per_side = 6}},
        account{{.seed = 9, .option_fills_per_minute = fills_per_minute, .hedge_band_ratio = band}, market} {}
  void step() {
    market.step(changes);
    account.step(market, changes, account_changes);
  }
  SyntheticMarket market;
  LinearAccount account;
  MarketChanges changes;
  LinearChanges account_changes;
};

constexpr double kNever = 1e9;  ///< a band that nothing leaves

}  // namespace

TEST_SUITE("feeds/simulator/linear_account") {
  TEST_CASE("the account is short options and flat in delta to within a lot of the perpetual") {
    const LinearWorld world;
    for (const std::size_t underlying : {0U, 1U}) {
      CAPTURE(underlying);
      const LinearGreeks greeks = world.account.greeks(world.market, underlying);
      CHECK(greeks.options_gamma < 0);
      CHECK(greeks.options_theta > 0);
      CHECK(std::abs(greeks.delta()) <= world.account.grid(underlying).lot_coins / 2 + 1e-9);
      CHECK(greeks.futures_delta != 0);
    }
    CHECK(world.account.totals(world.market).options_value < 0);
  }

  TEST_CASE("equity is wallet, unrealised profit of futures and value of options, each a sum over the lines") {
    LinearWorld world;
    for (int i = 0; i < 300; ++i) world.step();
    double options = 0;
    double futures = 0;
    for (const auto& [index, position] : world.account.positions()) {
      const MarketInstrument& instrument = world.market.instruments()[index];
      if (instrument.kind == ContractKind::Option) {
        options += position.size_coins * instrument.mark_price * instrument.forward_usd;
      } else {
        futures += position.size_coins * (instrument.mark_price - position.average_price_usd);
      }
    }
    const LinearTotals totals = world.account.totals(world.market);
    CHECK(totals.options_value == doctest::Approx(options));
    CHECK(totals.futures_profit == doctest::Approx(futures));
    CHECK(totals.equity() == doctest::Approx(totals.wallet() + futures + options));
    CHECK(totals.maintenance_margin() > 0);
    CHECK(totals.initial_margin() > totals.maintenance_margin());
    CHECK(totals.margin_balance() > totals.initial_margin());
  }

  TEST_CASE("a bought option costs its premium and fee at once, in dollars") {
    LinearWorld world{kLinearNoon, 0, kNever};
    world.step();
    const LinearTotals before = world.account.totals(world.market);
    std::size_t option = 0;
    while (world.market.instruments()[option].kind != ContractKind::Option || world.market.instruments()[option].asks.empty())
      ++option;
    const double held = world.account.positions().contains(option) ? world.account.positions().at(option).size_coins : 0;
    world.market.submit(option, true, 1);
    world.step();
    REQUIRE(!world.account_changes.fills.empty());
    double paid = 0;
    double bought = 0;
    for (const LinearFill& fill : world.account_changes.fills) {
      CAPTURE(fill.price_usd);
      paid += fill.price_usd * fill.size_coins + fill.fee_usd;
      bought += fill.size_coins;
      CHECK(fill.fee_usd > 0);
      // On the tick of five dollars.
      CHECK(std::fmod(fill.price_usd, 5) == 0);
    }
    CHECK(bought == doctest::Approx(1));
    CHECK(world.account.positions().at(option).size_coins == doctest::Approx(held + 1));
    CHECK(world.account.totals(world.market).options_cash == doctest::Approx(before.options_cash - paid));
    CHECK(world.account.totals(world.market).futures_cash == before.futures_cash);
  }

  TEST_CASE("closing a linear perpetual realises its size in coins times the difference of the prices") {
    LinearWorld world{kLinearNoon, 0, kNever};
    const std::size_t perpetual = world.market.perpetual_of(0);
    world.step();
    const LinearPosition before = world.account.positions().at(perpetual);
    const LinearTotals totals = world.account.totals(world.market);
    const double usd = std::round(std::abs(before.size_coins) / 2 * world.market.instruments()[perpetual].mark_price / 10) * 10;
    world.market.submit(perpetual, before.size_coins < 0, usd);
    world.step();
    REQUIRE(!world.account_changes.fills.empty());
    double profit = 0;
    double fees = 0;
    double closed = 0;
    for (const LinearFill& fill : world.account_changes.fills) {
      CAPTURE(fill.size_coins);
      CHECK(fill.closed_coins == fill.size_coins);
      CHECK(std::abs(fill.size_coins / 0.001 - std::round(fill.size_coins / 0.001)) < 1e-6);
      profit += std::copysign(fill.size_coins, before.size_coins) * (fill.price_usd - before.average_price_usd);
      fees += fill.fee_usd;
      closed += fill.size_coins;
    }
    const LinearPosition& after = world.account.positions().at(perpetual);
    CHECK(std::abs(after.size_coins) == doctest::Approx(std::abs(before.size_coins) - closed));
    CHECK(after.average_price_usd == before.average_price_usd);
    CHECK(after.realized_usd == doctest::Approx(profit));
    CHECK(world.account.totals(world.market).futures_cash == doctest::Approx(totals.futures_cash + profit - fees));
  }

  TEST_CASE("more of a position blends its entry, and turning it round takes the new price") {
    LinearWorld world{kLinearNoon, 0, kNever};
    const std::size_t perpetual = world.market.perpetual_of(0);
    world.step();
    LinearPosition expected = world.account.positions().at(perpetual);
    const bool is_long = expected.size_coins > 0;
    for (const double usd : {200'000.0, 40'000'000.0}) {
      world.market.submit(perpetual, usd < 1e6 ? is_long : !is_long, usd);
      world.step();
      REQUIRE(!world.account_changes.fills.empty());
      for (const LinearFill& fill : world.account_changes.fills) {
        const double change = fill.buys ? fill.size_coins : -fill.size_coins;
        const double after = expected.size_coins + change;
        if (expected.size_coins * change > 0)
          expected.average_price_usd = (expected.size_coins * expected.average_price_usd + change * fill.price_usd) / after;
        else if (expected.size_coins * after < 0)
          expected.average_price_usd = fill.price_usd;
        expected.size_coins = after;
      }
    }
    const LinearPosition& after = world.account.positions().at(perpetual);
    CHECK((after.size_coins > 0) != is_long);
    CHECK(after.size_coins == doctest::Approx(expected.size_coins));
    CHECK(after.average_price_usd == doctest::Approx(expected.average_price_usd));
  }

  TEST_CASE("funding is paid every eight hours: size times mark times rate, by the long") {
    LinearWorld world{kLinearNoon + 4h - 1s, 0, kNever};
    const std::size_t perpetual = world.market.perpetual_of(0);
    const double size = world.account.positions().at(perpetual).size_coins;
    double cash = 0;
    int steps = 0;
    while (world.account_changes.funding.empty() && steps < 30) {
      cash = world.account.totals(world.market).futures_cash;
      world.step();
      ++steps;
    }
    CHECK(steps == 10);
    REQUIRE(world.account_changes.funding.size() == 2);
    const LinearFunding& paid = world.account_changes.funding.front();
    CHECK(paid.instrument == perpetual);
    CHECK(paid.rate == linear_funding_rate(world.market.underlyings()[0]));
    CHECK(paid.amount_usd == doctest::Approx(-size * paid.mark_usd * paid.rate));
    CHECK(world.account.totals(world.market).futures_cash ==
          doctest::Approx(cash + paid.amount_usd + world.account_changes.funding.back().amount_usd));
    world.step();
    CHECK(world.account_changes.funding.empty());
  }

  TEST_CASE("expiry pays what an option is worth and ends the line, which is told of once as flat") {
    // A week's end: the nearest expiry that the account holds is at most a fortnight out, so bought for the purpose.
    LinearWorld world{kLinearNoon - 4h - 2s, 0, kNever};
    std::size_t option = 0;
    const auto& instruments = world.market.instruments();
    while (instruments[option].kind != ContractKind::Option || instruments[option].underlying != 0 ||
           instruments[option].expiry > kLinearNoon || instruments[option].right != OptionRight::Call ||
           instruments[option].strike_usd > instruments[option].index_usd || instruments[option].asks.empty())
      ++option;
    world.market.submit(option, true, 0.5);
    world.step();
    REQUIRE(world.account.positions().contains(option));
    double cash = 0;
    int steps = 0;
    while (world.account_changes.delivered.empty() && steps < 60) {
      cash = world.account.totals(world.market).options_cash;
      world.step();
      ++steps;
    }
    REQUIRE(world.account_changes.delivered == std::vector{option});
    const double price = world.market.underlyings()[0].delivery_price;
    const double worth = price - instruments[option].strike_usd;
    CHECK(worth > 0);
    CHECK(world.account.totals(world.market).options_cash == doctest::Approx(cash + 0.5 * worth));
    CHECK_FALSE(world.account.positions().contains(option));
    REQUIRE(world.account.last_of(option) != nullptr);
    CHECK(world.account.last_of(option)->size_coins == 0);
    world.step();
    CHECK(world.account.last_of(option) == nullptr);
  }

  TEST_CASE("a move of the index is hedged with the perpetual") {
    LinearWorld world{kLinearNoon, 0};
    world.step();
    world.market.shock_index(0, 0.04);
    for (int i = 0; i < 3; ++i) world.step();
    const double open = std::abs(world.account.greeks(world.market, 0).delta());
    double least = open;
    bool traded = false;
    for (int i = 0; i < 150; ++i) {
      world.step();
      for (const LinearFill& fill : world.account_changes.fills) traded = traded || fill.instrument == world.market.perpetual_of(0);
      least = std::min(least, std::abs(world.account.greeks(world.market, 0).delta()));
    }
    CAPTURE(open);
    CAPTURE(least);
    CHECK(traded);
    CHECK(least < open / 4);
  }

  TEST_CASE("the same seed gives the same account, another seed another") {
    LinearWorld one;
    LinearWorld other;
    SyntheticMarket market{{.seed = 9, .start = kLinearNoon, .strikes_per_side = 6}};
    const LinearAccount stranger{{.seed = 10}, market};
    CHECK(stranger.positions().begin()->second.average_price_usd != one.account.positions().begin()->second.average_price_usd);
    for (int i = 0; i < 600; ++i) {
      one.step();
      other.step();
    }
    CHECK(one.account.totals(one.market).equity() == other.account.totals(other.market).equity());
    CHECK(one.account.totals(one.market).realized == other.account.totals(other.market).realized);
    CHECK(one.account.positions().size() == other.account.positions().size());
  }
}
