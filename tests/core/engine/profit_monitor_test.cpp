#include "core/engine/profit_monitor.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <string_view>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;
using doctest::Approx;

namespace {

EngineSetup setup_with(Numeraire numeraire, bool equity) {
  EngineSetup setup = EngineDriver::setup();
  BookSetup book;
  book.name = "main";
  book.numeraire = numeraire;
  book.rules = {BookRule{.accounts = {kMain}, .underlyings = {"BTC"}, .instruments = {}}};
  if (equity) book.equity = {{.account = kMain, .share = 0.5}};
  setup.books = {book};
  return setup;
}

/// A perpetual and a call on an account; the market moves by calls.
struct Bench : EngineDriver {
  explicit Bench(Numeraire numeraire = Numeraire::Dollars, bool equity = false) : EngineDriver{setup_with(numeraire, equity)} {
    list_perpetual("PERP");
    list_option("CALL", OptionRight::Call, 50'000, 20);
    market(50'000, 50'000, 0.03, 0.5);
    hold(0, 0);
    if (equity) coins(10);
    cycle();
  }
  void market(double spot, double perpetual, double price, double vol) {
    index(spot);
    mark("PERP", {.price = perpetual});
    mark("CALL", {.price = price, .vol = vol, .forward = spot});
  }
  void hold(double perpetual, double call) {
    begin_snapshot();
    position("PERP", perpetual, 50'000);
    position("CALL", call, 0.03);
    end_snapshot();
  }
  void coins(double equity) { summary({.asset = AssetCode::from("BTC").value(), .equity = equity}); }
  void fill(std::string_view name, double amount, double price, double fee = 0) {
    apply(Fill{.price = Price::from_raw(std::llround(price * 1e9)),
               .size = size_of(std::abs(amount)),
               .fee = fee,
               .fee_asset = {},
               .side = amount > 0 ? Side::Buy : Side::Sell},
          id(name), kMain, kPrivate);
  }
  void wait(std::chrono::nanoseconds time = 2s) {
    advance(time);
    cycle();
  }
  [[nodiscard]] double profit(std::string_view component, std::string_view since = "designation") const {
    return value(Figure::PnlUsd, {"main", component, since});
  }
  [[nodiscard]] double total() const {
    double sum = 0;
    for (std::size_t c = 0; c < kProfitComponents; ++c) sum += profit(label(static_cast<ProfitComponent>(c)));
    return sum;
  }
};

}  // namespace

TEST_SUITE("core/engine/profit_monitor") {
  TEST_CASE("a perpetual's profit is delta on the index, basis beyond it, and funding") {
    Bench bench;
    bench.fill("PERP", 100'000, 50'000);
    bench.position("PERP", 100'000, 50'000);
    bench.apply(Funding{.current_rate_8h = 0.0008}, bench.id("PERP"));
    bench.wait();
    bench.advance(30s);
    bench.market(50'500, 50'510, 0.03, 0.5);
    bench.apply(Funding{.current_rate_8h = 0.0008}, bench.id("PERP"));
    bench.cycle();
    CHECK(bench.profit("delta") == Approx(2 * 0.01 * 50'500));
    CHECK(bench.profit("basis") == Approx(100'000 / (50'000.0 * 50'000) * 10 * 50'500));
    CHECK(bench.profit("funding") == Approx(-100'000 / 50'000.0 * 0.0008 * 32 / 28'800 * 50'500));
    CHECK(bench.profit("trading") == 0);
    const double earned = 100'000 * (1 / 50'000.0 - 1 / 50'510.0) * 50'500;
    CHECK(bench.total() == Approx(earned + bench.profit("funding")));
    CHECK(bench.value(Figure::PnlUnexplainedRatio, {"main", "designation"}) < 0.001);
  }

  TEST_CASE("an option's profit is explained by its Greeks at the interval's start") {
    Bench bench;
    bench.fill("CALL", -10, 0.03);
    bench.position("CALL", -10, 0.03);
    bench.wait();
    bench.advance(20s);
    bench.market(50'400, 50'400, 0.0335, 0.52);
    bench.cycle();
    CHECK(bench.profit("delta") < 0);
    CHECK(bench.profit("gamma") < 0);
    CHECK(bench.profit("vega") < 0);
    CHECK(bench.profit("theta") > 0);
    CHECK(bench.total() == Approx(-10 * (0.0335 - 0.03) * 50'400));
  }

  TEST_CASE("a fill away from the mark and its fee stand in components of their own, and cut the interval") {
    Bench bench;
    bench.hold(50'000, 0);
    bench.wait();
    bench.advance(10s);
    bench.market(51'000, 51'000, 0.03, 0.5);
    bench.fill("PERP", -20'000, 50'900, 0.00001);
    bench.position("PERP", 30'000, 50'000);
    bench.cycle();
    const double moved = 50'000 * (1 / 50'000.0 - 1 / 51'000.0) * 51'000;
    const double sold_low = -20'000 * (1 / 50'900.0 - 1 / 51'000.0) * 51'000;
    CHECK(bench.profit("trading") == Approx(sold_low));
    CHECK(bench.profit("fees") == Approx(-0.00001 * 51'000));
    CHECK(bench.total() == Approx(moved + sold_low - 0.51));
    // From here on the smaller position counts.
    bench.advance(10s);
    bench.market(52'020, 52'020, 0.03, 0.5);
    bench.cycle();
    CHECK(bench.total() == Approx(moved + sold_low - 0.51 + 30'000 * (1 / 51'000.0 - 1 / 52'020.0) * 52'020));
  }

  TEST_CASE("equity in coin gains by the coin's price as collateral; a deposit is no profit") {
    Bench bench{Numeraire::Dollars, true};
    bench.wait();
    bench.market(50'100, 50'100, 0.03, 0.5);
    bench.wait();
    CHECK(bench.profit("collateral") == Approx(5 * 100));
    bench.coins(110);
    bench.wait(61s);
    CHECK(bench.state(Figure::PnlUsd, {"main", "collateral", "designation"}) == "stale/too_old");
    bench.market(50'100, 50'100, 0.03, 0.5);
    bench.wait();
    CHECK(bench.profit("collateral") == Approx(5 * 100));
    CHECK(bench.total() == Approx(5 * 100));
  }

  TEST_CASE("deposits and withdrawals move equity and no component of profit, told or not") {
    Bench bench{Numeraire::Dollars, true};
    bench.hold(50'000, 2);
    bench.wait();
    const auto transfer = [&](double amount, double equity, bool told) {
      if (told) bench.apply(Transfer{.asset = AssetCode::from("BTC").value(), .amount = amount}, kNoInstrument, kMain, kPrivate);
      bench.coins(equity);
      bench.wait();
      CAPTURE(amount);
      CHECK(bench.value(Figure::EquityUsd, {"main", "deribit", "BTC"}) == Approx(equity * 50'000));
      for (std::size_t c = 0; c < kProfitComponents; ++c)
        for (const ProfitSince since : kProfitSinces) {
          const std::string component{label(static_cast<ProfitComponent>(c))};
          CAPTURE(component);
          CHECK(std::abs(bench.profit(component, label(since))) < 1e-9);
        }
    };
    transfer(5, 15, true);
    transfer(-12, 3, true);
    transfer(4, 7, false);
  }

  TEST_CASE("a book that counts in coin has no collateral component to speak of") {
    Bench bench{Numeraire::Coin, true};
    bench.wait();
    bench.market(51'000, 51'000, 0.03, 0.5);
    bench.wait();
    CHECK(bench.profit("collateral") == 0);
  }

  TEST_CASE("an option is paid out at the delivery price once, whatever the account says first") {
    Bench bench;
    bench.list_option("SOON", OptionRight::Call, 40'000, 1.0 / 24);
    bench.mark("SOON", {.price = 0.2, .vol = 0.5, .forward = 50'000});
    bench.fill("SOON", -2, 0.2);
    bench.position("SOON", -2, 0.2);
    bench.wait();
    bench.advance(1h);
    bench.market(50'000, 50'000, 0.03, 0.5);
    bench.hold(0, 0);
    bench.position("SOON", -2, 0.2);
    bench.cycle();
    // Between the expiry and the venue's word nobody knows what it is worth.
    CHECK(bench.state(Figure::PnlUsd, {"main", "delta", "designation"}) == "unknown/expired");
    bench.apply(InstrumentDelivered{.price = 50'000}, bench.id("SOON"));
    bench.wait();
    CHECK(bench.total() == Approx(0).epsilon(1e-9));
    bench.index(60'000);
    bench.wait();
    bench.hold(0, 0);
    bench.wait();
    CHECK(bench.total() == Approx(0).epsilon(1e-9));
  }

  TEST_CASE("trades missed while the connection was lost are taken at what the venue's entry says they cost") {
    Bench bench;
    bench.fill("PERP", 50'000, 50'000);
    bench.hold(50'000, 0);
    bench.wait();
    bench.status(kPrivate, FeedPhase::Down);
    bench.wait();
    CHECK(bench.state(Figure::PnlUsd, {"main", "delta", "designation"}) == "unknown/feed_down");
    bench.status(kPrivate, FeedPhase::Live);
    bench.market(51'000, 51'000, 0.03, 0.5);
    bench.begin_snapshot();
    bench.position("PERP", 100'000, 100'000 / (50'000 / 50'000.0 + 50'000 / 50'500.0));
    bench.end_snapshot();
    bench.wait();
    CHECK(bench.total() == Approx((100'000 / 50'000.0 / 2 + 50'000 / 50'500.0 - 100'000 / 51'000.0) * 51'000));
    CHECK(bench.profit("trading") == Approx((50'000 / 50'500.0 - 50'000 / 51'000.0) * 51'000));
  }

  TEST_CASE("what is held at the start and lines stated by hand enter at the mark") {
    Bench bench;
    bench.hold(75'000, 3);
    bench.wait();
    CHECK(bench.total() == 0);
    CHECK(bench.state(Figure::PnlUnexplainedRatio, {"main", "session"}) == "unknown/inconclusive");
  }

  TEST_CASE("a session begins when the configuration says, and the window is as long as it says") {
    EngineSetup setup = setup_with(Numeraire::Dollars, false);
    // The driver's day begins at 08:00 UTC of the epoch's count: a session that starts a minute from now.
    const auto of_day = kVenueStart.time_since_epoch() % 24h;
    setup.profit = {.session_start = std::chrono::floor<std::chrono::minutes>(of_day) + 2min, .window = 96min};
    EngineDriver driver{setup};
    driver.list_perpetual("PERP");
    driver.index(50'000);
    driver.mark("PERP", {.price = 50'000});
    driver.begin_snapshot();
    driver.position("PERP", 100'000, 50'000);
    driver.end_snapshot();
    driver.cycle();
    const auto move = [&](double price) {
      driver.advance(30s);
      driver.index(price);
      driver.mark("PERP", {.price = price});
      driver.begin_snapshot();
      driver.position("PERP", 100'000, 50'000);
      driver.end_snapshot();
      driver.cycle();
    };
    move(50'500);
    const double first = driver.value(Figure::PnlUsd, {"main", "delta", "session"});
    CHECK(first > 900);
    for (int i = 0; i < 6; ++i) move(50'500);
    CHECK(driver.value(Figure::PnlUsd, {"main", "delta", "session"}) == Approx(0).epsilon(1e-6));
    CHECK(driver.value(Figure::PnlUsd, {"main", "delta", "designation"}) == Approx(first).epsilon(0.02));
    CHECK(driver.value(Figure::PnlUsd, {"main", "delta", "window"}) == Approx(first).epsilon(0.02));
    for (int i = 0; i < 2 * 100; ++i) move(50'500);
    CHECK(driver.value(Figure::PnlUsd, {"main", "delta", "window"}) == Approx(0).epsilon(1e-6));
  }

  TEST_CASE(
      "a linear contract's profit is in its stablecoin, at the price the venue tells; at par until then unless that is refused") {
    for (const bool at_par : {true, false}) {
      CAPTURE(at_par);
      EngineSetup setup = setup_with(Numeraire::Dollars, false);
      setup.venues.front().stablecoins_at_par = at_par;
      EngineDriver driver{setup};
      driver.list_linear("LINEAR");
      driver.index(50'000, "BTC", "USDC");
      driver.index(49'000);
      driver.mark("LINEAR", {.price = 50'000});
      driver.begin_snapshot();
      driver.position("LINEAR", 2, 50'000);
      driver.end_snapshot();
      driver.cycle();
      if (!at_par) {
        CHECK(driver.state(Figure::PnlUsd, {"main", "delta", "designation"}) == "unknown/missing_index");
        driver.index(0.97, "USDC", "USD");
      }
      driver.advance(2s);
      driver.cycle();
      driver.advance(2s);
      driver.index(50'500, "BTC", "USDC");
      driver.mark("LINEAR", {.price = 50'500});
      driver.cycle();
      CHECK(driver.value(Figure::PnlUsd, {"main", "delta", "designation"}) == Approx(1'000 * (at_par ? 1 : 0.97)));
    }
  }

  TEST_CASE("a session's loss is measured by the equity of the book's accounts, and a gain is negative") {
    Bench bench;
    bench.coins(10);
    bench.fill("PERP", 100'000, 50'000);
    bench.position("PERP", 100'000, 50'000);
    bench.wait();
    bench.advance(30s);
    bench.market(49'000, 49'000, 0.03, 0.5);
    bench.coins(10);
    bench.cycle();
    double session = 0;
    for (std::size_t c = 0; c < kProfitComponents; ++c) session += bench.profit(label(static_cast<ProfitComponent>(c)), "session");
    CHECK(session < -1'900);
    CHECK(bench.value(Figure::SessionLossRatio, {"main"}) == Approx(-session / (10 * 49'000)));
    CHECK(!bench.has(Figure::SessionLossRatio, {"(all)"}));
    bench.advance(2s);
    bench.market(52'000, 52'000, 0.03, 0.5);
    bench.coins(10);
    bench.cycle();
    CHECK(bench.value(Figure::SessionLossRatio, {"main"}) < 0);
  }

  TEST_CASE("of several books the losses are also put together") {
    EngineSetup setup = setup_with(Numeraire::Dollars, false);
    BookSetup other = setup.books[0];
    other.name = "ether";
    other.rules[0].underlyings = {"ETH"};
    setup.books.push_back(other);
    EngineDriver driver{setup};
    driver.index(50'000);
    driver.equity(10);
    driver.begin_snapshot();
    driver.end_snapshot();
    driver.cycle();
    CHECK(driver.value(Figure::SessionLossRatio, {"main"}) == 0);
    CHECK(driver.value(Figure::SessionLossRatio, {"ether"}) == 0);
    CHECK(driver.value(Figure::SessionLossRatio, {"(all)"}) == 0);
  }
}
