#include "feeds/simulator/synthetic_account.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <vector>

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace std::chrono_literals;

namespace {

constexpr VenueTime kNoon{std::chrono::milliseconds{1'772'625'600'000}};

struct World {
  explicit World(VenueTime start = kNoon, double fills_per_minute = 4)
      : market{{.seed = 9, .start = start, .strikes_per_side = 6}},
        account{{.seed = 9, .option_fills_per_minute = fills_per_minute}, market} {}
  void step() {
    market.step(changes);
    account.step(market, changes, fills);
  }
  SyntheticMarket market;
  SyntheticAccount account;
  MarketChanges changes;
  std::vector<AccountFill> fills;
};

}  // namespace

TEST_SUITE("feeds/simulator/synthetic_account") {
  TEST_CASE("the account is short options and flat in net transaction delta to within a contract") {
    const World world;
    for (const std::size_t underlying : {0U, 1U}) {
      CAPTURE(underlying);
      const AccountSummary summary = world.account.summary(world.market, underlying);
      CHECK(summary.options_gamma < 0);
      CHECK(summary.options_theta > 0);
      CHECK(summary.options_value < 0);
      CHECK(std::abs(summary.delta_total) < 1e-3);
      CHECK(summary.futures_delta != 0);
    }
  }

  TEST_CASE("the totals are the venue's sums over the lines") {
    World world;
    for (int i = 0; i < 100; ++i) world.step();
    for (const std::size_t underlying : {0U, 1U}) {
      double option_delta = 0;
      double option_value = 0;
      double future_coins = 0;
      for (const auto& [index, position] : world.account.positions()) {
        const MarketInstrument& instrument = world.market.instruments()[index];
        if (instrument.underlying != underlying) continue;
        if (instrument.kind == ContractKind::Option) {
          option_delta += position.size * instrument.greeks.delta;
          option_value += position.size * instrument.mark_price;
        } else {
          future_coins += position.size / instrument.mark_price;
        }
      }
      const AccountSummary summary = world.account.summary(world.market, underlying);
      CHECK(summary.delta_total == doctest::Approx(option_delta - option_value + future_coins));
      CHECK(summary.equity ==
            doctest::Approx(summary.balance + summary.futures_session_upl + summary.futures_session_rpl + option_value));
      CHECK(summary.margin_balance == doctest::Approx(summary.equity - option_value));
      CHECK(summary.initial_margin > summary.maintenance_margin);
      CHECK(summary.maintenance_margin > 0);
      CHECK(summary.margin_balance > summary.initial_margin);
    }
  }

  TEST_CASE("a bought option costs its premium and fee at once, and its value comes in") {
    World world{kNoon, 0};
    world.step();
    const AccountSummary before = world.account.summary(world.market, 0);
    std::size_t option = 0;
    while (world.market.instruments()[option].kind != ContractKind::Option || world.market.instruments()[option].asks.empty())
      ++option;
    const double held = world.account.positions().contains(option) ? world.account.positions().at(option).size : 0;
    world.market.submit(option, true, 1);
    world.step();
    REQUIRE(!world.fills.empty());
    double paid = 0;
    double bought = 0;
    for (const AccountFill& fill : world.fills) {
      paid += fill.trade.price * fill.trade.amount + fill.fee_coins;
      bought += fill.trade.amount;
      CHECK(fill.fee_coins > 0);
    }
    CHECK(bought == doctest::Approx(1));
    CHECK(world.account.positions().at(option).size == doctest::Approx(held + 1));
    CHECK(world.account.summary(world.market, 0).balance == doctest::Approx(before.balance - paid));
  }

  TEST_CASE("profit of an inverse future is its size times the difference of the prices' inverses, and moves equity once") {
    World world{kNoon, 0};
    const std::size_t perpetual = world.market.perpetual_of(0);
    world.step();
    const double size = world.account.positions().at(perpetual).size;
    const double entry = world.account.positions().at(perpetual).average_price;
    const double session = world.account.positions().at(perpetual).session_price;
    // All of it is closed, whatever its sign.
    world.market.submit(perpetual, size < 0, std::abs(size));
    world.step();
    REQUIRE(!world.fills.empty());
    double profit = 0;
    double expected = 0;
    double expected_session = 0;
    for (const AccountFill& fill : world.fills) {
      const double part = std::copysign(fill.trade.amount, size);
      profit += fill.profit_coins;
      expected += part * (1 / entry - 1 / fill.trade.price);
      expected_session += part * (1 / session - 1 / fill.trade.price);
    }
    CHECK(profit == doctest::Approx(expected).epsilon(1e-9));
    CHECK_FALSE(world.account.positions().contains(perpetual));
    CHECK(world.account.summary(world.market, 0).futures_session_rpl == doctest::Approx(expected_session).epsilon(1e-6));
  }

  TEST_CASE("a move of the index is hedged with the perpetual") {
    World world{kNoon, 0};
    world.step();
    world.market.shock_index(0, 0.04);
    for (int i = 0; i < 3; ++i) world.step();
    const double open = world.account.summary(world.market, 0).delta_total;
    double least = std::abs(open);
    bool traded = false;
    for (int i = 0; i < 100; ++i) {
      world.step();
      for (const AccountFill& fill : world.fills) traded = traded || fill.trade.instrument == world.market.perpetual_of(0);
      least = std::min(least, std::abs(world.account.summary(world.market, 0).delta_total));
    }
    CAPTURE(open);
    CHECK(traded);
    CHECK(least < 0.1);
  }

  TEST_CASE("settlement at 08:00 UTC moves the session's profit into the balance and leaves equity where it was") {
    World world{kNoon - 4h - 1s, 0};
    world.step();
    world.market.shock_index(0, 0.001);
    for (int i = 0; i < 8; ++i) world.step();
    const AccountSummary before = world.account.summary(world.market, 0);
    REQUIRE(before.futures_session_upl != 0);
    world.step();
    const AccountSummary after = world.account.summary(world.market, 0);
    CHECK(std::abs(after.futures_session_upl) < std::abs(before.futures_session_upl) / 2);
    CHECK(after.futures_session_rpl == 0);
    CHECK(after.balance == doctest::Approx(before.balance + before.futures_session_upl + before.futures_session_rpl).epsilon(1e-4));
    CHECK(after.equity == doctest::Approx(before.equity).epsilon(1e-3));
  }

  TEST_CASE("random fills come, and bring the account further from where it began") {
    World world{kNoon, 600};
    int fills = 0;
    for (int i = 0; i < 50; ++i) {
      world.step();
      fills += static_cast<int>(world.fills.size());
    }
    CHECK(fills > 20);
  }

  TEST_CASE("margin of short options only, at the standard model's floors") {
    MarketInstrument call{.name = "C", .kind = ContractKind::Option, .right = OptionRight::Call, .strike_usd = 100};
    call.forward_usd = 100;
    call.mark_price = 0.04;
    CHECK(SyntheticAccount::margin(call, 5).initial == 0);
    CHECK(SyntheticAccount::margin(call, -2).initial == doctest::Approx(2 * 0.19));
    CHECK(SyntheticAccount::margin(call, -2).maintenance == doctest::Approx(2 * 0.115));
    call.strike_usd = 130;
    CHECK(SyntheticAccount::margin(call, -1).initial == doctest::Approx(0.14));
  }
}
