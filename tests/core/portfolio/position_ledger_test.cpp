#include "core/portfolio/position_ledger.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace hedgewatch;
using doctest::Approx;

namespace {

Size size(double value) { return Size::from_raw(std::llround(value * 1e9)); }
AssetCode asset(std::string_view code) { return AssetCode::from(code).value(); }

Contract perpetual() {
  return {.name = {},
          .base = asset("BTC"),
          .quote = asset("USD"),
          .settlement = asset("BTC"),
          .kind = ContractKind::Perpetual,
          .style = PayoffStyle::Inverse,
          .size_unit = SizeUnit::Quote};
}

Contract dated(VenueTime expiry) {
  Contract contract = perpetual();
  contract.kind = ContractKind::Future;
  contract.expiry = expiry;
  return contract;
}

Contract option(OptionRight right, double strike, PayoffStyle style = PayoffStyle::Inverse) {
  const bool inverse = style == PayoffStyle::Inverse;
  return {.name = {},
          .base = asset("BTC"),
          .quote = asset(inverse ? "USD" : "USDC"),
          .settlement = asset(inverse ? "BTC" : "USDC"),
          .expiry = from_nanoseconds<VenueTime>(1'800'000'000'000'000'000),
          .strike = strike,
          .kind = ContractKind::Option,
          .right = right,
          .style = style,
          .size_unit = SizeUnit::Base};
}

Contract linear() {
  return {.name = {},
          .base = asset("ETH"),
          .quote = asset("USDC"),
          .settlement = asset("USDC"),
          .kind = ContractKind::Perpetual,
          .style = PayoffStyle::Linear,
          .size_unit = SizeUnit::Base};
}

}  // namespace

TEST_SUITE("core/portfolio/position_ledger") {
  TEST_CASE("fills of one side average: harmonically for inverse futures, by size otherwise") {
    PositionLedger inverse{perpetual()};
    inverse.fill(size(2'000), 40'000);
    inverse.fill(size(6'000), 60'000);
    CHECK(inverse.average_entry().value() == Approx(8'000 / (0.05 + 0.1)));
    PositionLedger straight{linear()};
    straight.fill(size(-1), 2'000);
    straight.fill(size(-3), 3'000);
    CHECK(straight.average_entry().value() == Approx(2'750));
    CHECK(straight.size() == size(-4));
  }

  TEST_CASE("a partial close realises its share and leaves the average alone") {
    PositionLedger ledger{perpetual()};
    ledger.fill(size(10'000), 50'000);
    const auto effect = ledger.fill(size(-2'500), 62'500);
    REQUIRE(effect.has_value());
    CHECK(effect->closed == size(2'500));
    CHECK(effect->opened == Size{});
    CHECK(effect->realized == Approx(2'500 * (1 / 50'000.0 - 1 / 62'500.0)));
    CHECK(ledger.average_entry().value() == Approx(50'000));
    CHECK(ledger.size() == size(7'500));
    CHECK(ledger.amounts().realized == Approx(0.01));
  }

  TEST_CASE("a flip through zero closes all of one side at its own average and opens the other at the fill's price") {
    PositionLedger ledger{linear()};
    ledger.fill(size(2), 1'000);
    const auto effect = ledger.fill(size(-5), 1'100);
    REQUIRE(effect.has_value());
    CHECK(effect->closed == size(2));
    CHECK(effect->opened == size(-3));
    CHECK(effect->realized == Approx(200));
    CHECK(ledger.size() == size(-3));
    CHECK(ledger.average_entry().value() == Approx(1'100));
    CHECK(ledger.unrealized(1'000).value() == Approx(300));
  }

  TEST_CASE("a position traded in sizes that no binary fraction holds ends flat to the last digit") {
    PositionLedger ledger{option(OptionRight::Call, 50'000)};
    for (int i = 0; i < 10; ++i) ledger.fill(size(0.1), 0.0123);
    ledger.fill(size(-0.7), 0.02);
    ledger.fill(size(-0.3), 0.02);
    CHECK(ledger.size() == Size{});
    CHECK(ledger.cost() == 0);
    CHECK_FALSE(ledger.average_entry().has_value());
    CHECK(ledger.unrealized(0.05).value() == 0);
    CHECK(ledger.amounts().realized == Approx(0.0077));
  }

  TEST_CASE("whatever the order of fills, realised and unrealised add up to cash flows and market value") {
    PositionLedger ledger{perpetual()};
    struct Trade {
      double size;
      double price;
    };
    constexpr std::array<Trade, 6> kTrades{
        {{500, 41'000}, {-900, 43'500}, {250, 42'250}, {-1'310, 39'000}, {2'000, 44'000}, {-30, 45'500}}};
    double coins = 0;
    double held = 0;
    for (const Trade& trade : kTrades) {
      ledger.fill(size(trade.size), trade.price);
      coins += trade.size / trade.price;
      held += trade.size;
    }
    const double mark = 40'123;
    CHECK(ledger.amounts().realized + ledger.unrealized(mark).value() == Approx(coins - held / mark).epsilon(1e-13));
  }

  TEST_CASE("fees stand by their asset and do not touch what was realised") {
    PositionLedger ledger{linear()};
    ledger.fill(size(1), 2'000, 1.5, asset("USDC"));
    ledger.fill(size(1), 2'000, 0.25);
    ledger.fill(size(-1), 2'000, 0.002, asset("BNB"));
    ledger.fill(size(-1), 2'000, 0.001, asset("BNB"));
    CHECK(ledger.amounts().fees == 1.75);
    CHECK(ledger.amounts().realized == 0);
    REQUIRE(ledger.other_fees().size() == 1);
    CHECK(ledger.other_fees()[0].paid == 0.003);
    ledger.add_funding(-0.5);
    CHECK(ledger.amounts().net() == -2.25);
  }

  TEST_CASE("fees in more assets than there is room for are counted and not mixed") {
    PositionLedger ledger{linear()};
    for (const std::string_view code : {"A", "B", "C", "D", "E"}) ledger.fill(size(1), 10, 1, asset(code));
    CHECK(ledger.other_fees().size() == PositionLedger::kMaxFeeAssets);
    CHECK(ledger.refused_fees() == 1);
    CHECK(ledger.size() == size(5));
  }

  TEST_CASE("a fill without a usable price or fee changes nothing") {
    PositionLedger ledger{perpetual()};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_FALSE(ledger.fill(size(10), 0).has_value());
    CHECK_FALSE(ledger.fill(size(10), -1).has_value());
    CHECK_FALSE(ledger.fill(size(10), nan).has_value());
    CHECK_FALSE(ledger.fill(size(10), 50'000, nan).has_value());
    CHECK(ledger.size() == Size{});
    PositionLedger worthless{option(OptionRight::Put, 100)};
    CHECK(worthless.fill(size(1), 0).has_value());
  }

  TEST_CASE("an option in the money pays its intrinsic value in its settlement asset, one out of the money nothing") {
    PositionLedger call{option(OptionRight::Call, 300)};
    call.fill(size(-2), 0.2);
    CHECK(call.deliver(400).value() == Approx(-2 * (0.25 - 0.2)));
    CHECK(call.size() == Size{});
    PositionLedger put{option(OptionRight::Put, 300)};
    put.fill(size(1), 0.01);
    CHECK(put.deliver(400).value() == Approx(-0.01));
    PositionLedger quoted{option(OptionRight::Put, 500, PayoffStyle::Linear)};
    quoted.fill(size(3), 20);
    CHECK(quoted.deliver(400).value() == Approx(3 * (100 - 20)));
  }

  TEST_CASE("a dated future closes at the delivery price; a perpetual and a missing price deliver nothing") {
    PositionLedger future{dated(from_nanoseconds<VenueTime>(1))};
    future.fill(size(1'000), 50'000);
    CHECK_FALSE(future.deliver(0).has_value());
    CHECK(future.deliver(40'000).value() == Approx(-0.005));
    PositionLedger forever{perpetual()};
    forever.fill(size(1'000), 50'000);
    CHECK_FALSE(forever.deliver(40'000).has_value());
    CHECK(forever.size() == size(1'000));
  }

  TEST_CASE("a roll moves the size to the next contract and realises the old one") {
    PositionLedger near{dated(from_nanoseconds<VenueTime>(1))};
    PositionLedger next{dated(from_nanoseconds<VenueTime>(2))};
    near.fill(size(-8'000), 40'000);
    CHECK(roll(near, next, 50'000, 50'500).value() == Approx(-8'000 * (1 / 40'000.0 - 1 / 50'000.0)));
    CHECK(near.size() == Size{});
    CHECK(next.size() == size(-8'000));
    CHECK(next.average_entry().value() == Approx(50'500));
    PositionLedger other{linear()};
    CHECK_FALSE(roll(next, other, 50'000, 50'000).has_value());
    CHECK(next.size() == size(-8'000));
  }

  TEST_CASE("the venue's statement replaces ours and tells what the missed trades paid") {
    PositionLedger ledger{perpetual()};
    ledger.fill(size(1'000), 50'000);
    // Missed: 500 more at 40,000.
    const double entry = 1'500 / (1'000 / 50'000.0 + 500 / 40'000.0);
    const auto bought = ledger.adopt(size(1'500), entry);
    CHECK(bought.difference == size(500));
    CHECK(bought.cash.value() == Approx(500 / 40'000.0));
    // Missed: 600 sold at 45,000, of which the venue tells the profit.
    const double profit = 600 * (1 / entry - 1 / 45'000.0);
    const auto sold = ledger.adopt(size(900), entry, profit);
    CHECK(sold.difference == size(-600));
    CHECK(sold.cash.value() == Approx(-600 / 45'000.0));
    CHECK(ledger.amounts().realized == Approx(profit));
    // Nothing is known of what a close has earned when nobody tells.
    CHECK_FALSE(ledger.adopt(Size{}, std::nullopt).cash.has_value());
    CHECK(ledger.size() == Size{});
  }

  TEST_CASE("a position without an entry price has no profit until it is flat again") {
    PositionLedger ledger{linear()};
    ledger.adopt(size(2), std::nullopt);
    CHECK_FALSE(ledger.unrealized(100).has_value());
    CHECK_FALSE(ledger.average_entry().has_value());
    ledger.fill(size(-2), 100);
    ledger.fill(size(1), 100);
    CHECK(ledger.amounts().realized == 0);
    CHECK(ledger.unrealized(110).value() == Approx(10));
  }
}
