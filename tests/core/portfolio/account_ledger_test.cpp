#include "core/portfolio/account_ledger.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>

using namespace hedgewatch;
using namespace std::chrono_literals;
using doctest::Approx;

namespace {

constexpr InstrumentSlot kPerpetual{3};
constexpr InstrumentSlot kCall{7};

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

Contract call() {
  return {.name = {},
          .base = asset("BTC"),
          .quote = asset("USD"),
          .settlement = asset("BTC"),
          .expiry = from_nanoseconds<VenueTime>(1),
          .strike = 50'000,
          .kind = ContractKind::Option,
          .style = PayoffStyle::Inverse};
}

Fill bought(double amount, double price, double fee = 0) {
  return {.price = Price::from_raw(std::llround(price * 1e9)), .size = size(amount), .fee = fee, .fee_asset = {}};
}

Fill sold(double amount, double price, double fee = 0) {
  Fill fill = bought(amount, price, fee);
  fill.side = Side::Sell;
  return fill;
}

struct Bench {
  AccountLedger ledger;
  MonoTime now{1h};
  bool over = false;

  void state(double amount, double entry, double realized = kAbsent, InstrumentSlot slot = kPerpetual) {
    ledger.report(slot, slot == kCall ? call() : perpetual(),
                  {.size = size(amount), .average_entry = entry, .realized_pnl = realized});
  }
  void snapshot(double amount, double entry, double realized = kAbsent) {
    ledger.begin_snapshot();
    if (amount != 0) state(amount, entry, realized);
    ledger.end_snapshot(0);
    review();
  }
  void review() {
    ledger.review(now, 0, [&](InstrumentSlot slot) { return over && slot == kCall; });
  }
  [[nodiscard]] double held(InstrumentSlot slot = kPerpetual) const {
    const AccountLedger::Line* line = ledger.find(slot);
    return line == nullptr ? 0 : line->ledger.size().to_double();
  }
};

}  // namespace

TEST_SUITE("core/portfolio/account_ledger") {
  TEST_CASE("the first whole statement is where the ledger begins, and no difference") {
    Bench bench;
    CHECK_FALSE(bench.ledger.fill(kPerpetual, perpetual(), bought(100, 50'000), 0));
    CHECK_FALSE(bench.ledger.synchronised());
    bench.snapshot(1'000, 40'000);
    CHECK(bench.ledger.synchronised());
    CHECK(bench.held() == 1'000);
    CHECK(bench.ledger.adopted() == 0);
    CHECK(bench.ledger.missed().empty());
    CHECK(bench.ledger.mismatches() == 0);
  }

  TEST_CASE("fills and the statement that follows them agree") {
    Bench bench;
    bench.snapshot(1'000, 40'000);
    CHECK(bench.ledger.fill(kPerpetual, perpetual(), bought(500, 50'000), 0));
    bench.state(1'500, 43'000);
    bench.review();
    CHECK(bench.held() == 1'500);
    CHECK(bench.ledger.mismatches() == 0);
  }

  TEST_CASE("a difference while connected stays visible for five minutes, longer than an alert waits, and is then taken over") {
    Bench bench;
    bench.snapshot(1'000, 40'000);
    bench.state(1'200, 40'000);
    bench.review();
    CHECK(bench.ledger.mismatches() == 1);
    bench.now += 4min + 59s;
    bench.snapshot(1'200, 40'000);
    CHECK(bench.ledger.mismatches() == 1);
    CHECK(bench.held() == 1'000);
    bench.now += 1s;
    bench.review();
    CHECK(bench.ledger.mismatches() == 0);
    CHECK(bench.held() == 1'200);
    CHECK(bench.ledger.adopted() == 1);
  }

  TEST_CASE("a difference that a late fill explains goes by itself") {
    Bench bench;
    bench.snapshot(1'000, 40'000);
    bench.state(1'200, 40'000);
    bench.review();
    CHECK(bench.ledger.mismatches() == 1);
    bench.ledger.fill(kPerpetual, perpetual(), bought(200, 40'000), 0);
    bench.review();
    CHECK(bench.ledger.mismatches() == 0);
    CHECK(bench.ledger.adopted() == 0);
  }

  TEST_CASE("fills that are told after a lost connection make the next statement agree") {
    Bench bench;
    bench.snapshot(1'000, 40'000, 0.5);
    bench.review();
    bench.ledger.lose_connection();
    CHECK(bench.ledger.fill(kPerpetual, perpetual(), sold(250, 50'000, 0.0001), 0));
    const double profit = 250 * (1 / 40'000.0 - 1 / 50'000.0);
    bench.snapshot(750, 40'000, 0.5 + profit);
    CHECK(bench.held() == 750);
    CHECK(bench.ledger.adopted() == 0);
    CHECK(bench.ledger.missed().empty());
    CHECK(bench.ledger.find(kPerpetual)->ledger.amounts().realized == Approx(profit));
    CHECK(bench.ledger.find(kPerpetual)->ledger.amounts().fees == 0.0001);
  }

  TEST_CASE("what no fill explains after a lost connection is taken at once, and tells what the missed trades paid") {
    Bench bench;
    bench.snapshot(1'000, 40'000, 0.5);
    bench.review();
    bench.ledger.lose_connection();
    // Of 250 that were sold, 100 are told.
    CHECK(bench.ledger.fill(kPerpetual, perpetual(), sold(100, 50'000, 0.0001), 0));
    const double profit = 250 * (1 / 40'000.0 - 1 / 50'000.0);
    bench.snapshot(750, 40'000, 0.5 + profit);
    CHECK(bench.held() == 750);
    CHECK(bench.ledger.adopted() == 1);
    REQUIRE(bench.ledger.missed().size() == 1);
    CHECK(bench.ledger.missed()[0].size == -150);
    CHECK(bench.ledger.missed()[0].cash.value() == Approx(-150 / 50'000.0));
    CHECK(bench.ledger.find(kPerpetual)->ledger.amounts().realized == Approx(profit));
    bench.ledger.clear_missed();
    CHECK(bench.ledger.missed().empty());
  }

  TEST_CASE("a fill before the first statement is in it: only its fee is news") {
    Bench bench;
    CHECK_FALSE(bench.ledger.fill(kPerpetual, perpetual(), bought(400, 50'000, 0.0001), 0));
    bench.snapshot(400, 50'000);
    CHECK(bench.held() == 400);
    CHECK(bench.ledger.find(kPerpetual)->ledger.amounts().fees == 0.0001);
  }

  TEST_CASE("a position that the statement does not name is flat") {
    Bench bench;
    bench.snapshot(1'000, 40'000);
    bench.ledger.lose_connection();
    bench.snapshot(0, 0);
    CHECK(bench.held() == 0);
    REQUIRE(bench.ledger.missed().size() == 1);
    CHECK_FALSE(bench.ledger.missed()[0].cash.has_value());
  }

  TEST_CASE(
      "a contract that is over is no mismatch while one side has paid it out and the other not yet, and is folded when flat") {
    Bench bench;
    bench.ledger.begin_snapshot();
    bench.state(2, 0.05, kAbsent, kCall);
    bench.ledger.end_snapshot(0);
    bench.review();
    bench.over = true;
    bench.ledger.deliver(kCall, 62'500, 0);
    bench.review();
    CHECK(bench.ledger.mismatches() == 0);
    CHECK(bench.held(kCall) == 0);
    bench.ledger.begin_snapshot();
    bench.ledger.end_snapshot(0);
    bench.review();
    CHECK(bench.ledger.find(kCall) == nullptr);
    REQUIRE(bench.ledger.folded().size() == 1);
    CHECK(bench.ledger.folded()[0].asset == asset("BTC"));
    CHECK(bench.ledger.folded()[0].net == Approx(2 * (0.2 - 0.05)));
  }

  TEST_CASE("funding is booked on the size that was held when it was paid") {
    Bench bench;
    bench.snapshot(1'000, 40'000);
    bench.ledger.fill(kPerpetual, perpetual(), bought(1'000, 40'000), 1e-8);
    bench.ledger.fill(kPerpetual, perpetual(), bought(1, 40'000), 3e-8);
    CHECK(bench.ledger.find(kPerpetual)->ledger.amounts().funding == Approx(-(1'000 * 1e-8 + 2'000 * 2e-8)));
  }
}
