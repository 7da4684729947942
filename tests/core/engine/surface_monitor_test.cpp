#include "core/engine/surface_monitor.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kHeld = "BTC-NEAR-104000-C";
constexpr double kForward = 100'000;
constexpr double kNear = 30;
constexpr double kMiddle = 45;
constexpr double kFar = 90;

double smile_vol(double days, double strike, double skew = -0.05) {
  const double k = std::log(strike / kForward);
  return 0.5 + 0.1 * k * k * std::sqrt(30 / days) + skew * k;
}

std::string name_of(std::string_view expiry, int strike, OptionRight right) {
  return "BTC-" + std::string{expiry} + "-" + std::to_string(strike) + (right == OptionRight::Call ? "-C" : "-P");
}

/// Three expiries of calls and puts of which one call is held, with the hedge and the index; marks are sent by the tests.
class Chain {
 public:
  explicit Chain(EngineSetup setup = EngineDriver::setup()) : driver{with_book(std::move(setup))} {
    for (const auto& [expiry, days] : {std::pair{"NEAR", kNear}, {"MIDDLE", kMiddle}, {"FAR", kFar}})
      for (int strike = 70'000; strike <= 138'000; strike += 4'000 + 400)
        for (const OptionRight right : {OptionRight::Call, OptionRight::Put}) list(expiry, days, strike, right);
    list("NEAR", kNear, 104'000, OptionRight::Call);
    list("NEAR", kNear, 104'000, OptionRight::Put);
    driver.list_perpetual("BTC-PERPETUAL");
    driver.index(99'000);
    driver.mark("BTC-PERPETUAL", {.price = 99'800});
    driver.cycle();
  }

  static EngineSetup with_book(EngineSetup setup) {
    setup.books = {book_of("main", {line(kHeld, 10, 0.05)})};
    return setup;
  }
  void list(std::string_view expiry, double days, int strike, OptionRight right) {
    driver.list_option(name_of(expiry, strike, right), right, strike, days);
    options.push_back({name_of(expiry, strike, right), days, static_cast<double>(strike)});
  }
  /// A mark with everything the venue sends, for every option but the held one.
  void mark_others(double forward = kForward) {
    for (const auto& option : options)
      if (option.name != kHeld && option.days >= least_days)
        driver.mark(option.name,
                    {.price = 0.05, .vol = smile_vol(option.days, option.strike, skew), .forward = forward, .rate = 0});
  }
  void mark_held(double vol) { driver.mark(kHeld, {.price = 0.05, .vol = vol, .forward = kForward, .rate = 0}); }
  /// Time with a mark every second, the held option's too where a vol is given.
  void pass(std::chrono::seconds time, double held_vol = kAbsent) {
    for (auto passed = 0s; passed < time; ++passed) {
      driver.advance(1s);
      mark_others();
      if (is_present(held_vol)) mark_held(held_vol);
      for (int i = 0; i < 10; ++i) {
        driver.advance(10ms);
        driver.cycle();
      }
      driver.advance(-100ms);
    }
  }
  [[nodiscard]] std::string vol_state() const { return driver.state(Figure::PricingVolRatio, {"deribit", kHeld}); }

  struct Option {
    std::string name;
    double days;
    double strike;
  };
  EngineDriver driver;
  std::vector<Option> options;
  double least_days = 0;  ///< nearer options stay silent
  double skew = -0.05;
};

const std::initializer_list<std::string_view> kOption{"deribit", kHeld};
const std::initializer_list<std::string_view> kBook{"main", "BTC"};

}  // namespace

TEST_SUITE("core/engine/surface_monitor") {
  TEST_CASE("an option without a mark vol is priced from its expiry's smile, and says so") {
    Chain chain;
    chain.driver.mark(kHeld, {.price = 0.05, .forward = kForward, .rate = 0});
    chain.driver.cycle();
    CHECK(chain.vol_state() == "unknown/missing_vol");
    chain.pass(12s);
    EngineDriver& driver = chain.driver;
    CHECK(driver.value(Figure::PricingVolSource, kOption) == 1);
    CHECK(driver.value(Figure::PricingVolRatio, kOption) == doctest::Approx(smile_vol(kNear, 104'000)).epsilon(2e-3));
    CHECK(driver.state(Figure::Delta, kOption) == "ok/none");
    CHECK(driver.state(Figure::BookVegaUsdPerVolPoint, kBook) == "ok/none");
    // Never shown as the venue's mark.
    CHECK(driver.state(Figure::MarkVolRatio, kOption) == "unknown/missing_vol");
    CHECK(driver.value(Figure::BookFallbackPositions, kBook) == 1);
  }

  TEST_CASE("the venue's own mark comes first, again as soon as it is back") {
    Chain chain;
    chain.pass(3s, 0.77);
    EngineDriver& driver = chain.driver;
    CHECK(driver.value(Figure::PricingVolSource, kOption) == 0);
    CHECK(driver.value(Figure::PricingVolRatio, kOption) == 0.77);
    CHECK(driver.value(Figure::BookFallbackPositions, kBook) == 0);

    // Its ticker falls silent while the others go on: too old after a minute.
    chain.pass(62s);
    CHECK(driver.state(Figure::MarkVolRatio, kOption) == "stale/too_old");
    CHECK(driver.value(Figure::PricingVolSource, kOption) == 1);
    CHECK(driver.value(Figure::PricingVolRatio, kOption) == doctest::Approx(smile_vol(kNear, 104'000)).epsilon(2e-3));
    CHECK(driver.value(Figure::BookFallbackPositions, kBook) == 1);

    chain.mark_held(0.66);
    driver.cycle();
    CHECK(driver.value(Figure::PricingVolSource, kOption) == 0);
    CHECK(driver.value(Figure::PricingVolRatio, kOption) == 0.66);
    CHECK(driver.value(Figure::BookFallbackPositions, kBook) == 0);
  }

  TEST_CASE("without a smile of its own the neighbouring expiry answers") {
    Chain chain;
    chain.least_days = kMiddle;
    chain.driver.mark(kHeld, {.price = 0.05, .forward = kForward, .rate = 0});
    chain.pass(12s);
    CHECK(chain.driver.value(Figure::PricingVolSource, kOption) == 2);
    CHECK(chain.driver.value(Figure::PricingVolRatio, kOption) == doctest::Approx(0.5).epsilon(0.05));
    CHECK(chain.driver.value(Figure::SurfaceFitVerdict, {"deribit", "BTC", "USD", expiry_label(chain.driver.in_days(kNear))}) == 2);
    CHECK(chain.driver.value(Figure::SurfaceUnfittedExpiries, {"deribit", "BTC", "USD"}) == 1);
  }

  TEST_CASE("the delta of a hedge moves with the smile by the hedge's own rule, once there is a smile") {
    EngineSetup setup = EngineDriver::setup();
    for (const auto& [name, rule] : {std::pair{"strike", kStickyStrike}, {"delta", kStickyDelta}, {"half", SmileRule{0.5}}}) {
      HedgeSetup hedge;
      hedge.name = name;
      hedge.book = "main";
      hedge.underlying = "BTC";
      hedge.legs = {deribit("BTC-PERPETUAL")};
      hedge.smile = rule;
      hedge.soft_delta_limit_coins = 1;
      hedge.hard_delta_limit_coins = 2;
      setup.hedges.push_back(hedge);
    }
    Chain chain{setup};
    const auto item = [&](std::string_view hedge) { return chain.driver.value(Figure::HedgeItemDeltaCoins, {hedge}); };
    chain.mark_held(0.5);
    chain.driver.cycle();
    CHECK(item("strike") == chain.driver.value(Figure::BookDeltaCoins, {"main", "BTC", "black_scholes"}));
    CHECK(chain.driver.state(Figure::HedgeNetDeltaCoins, {"delta"}) == "unknown/missing_vol");
    CHECK(chain.driver.state(Figure::HedgeRatio, {"half"}) == "unknown/missing_vol");
    chain.pass(12s, 0.5);
    // Ten calls 4 % out of the money: - vega * slope / F, with d1 = -0.0392 / 0.1433 + 0.0717 = -0.2020, phi(d1) = 0.3909 and
    // slope = 0.2 * 0.0392 - 0.05 = -0.0422.
    const double smile = 10 * 0.3909 * std::sqrt(30.0 / 365) * 0.0422;
    CHECK(item("delta") - item("strike") == doctest::Approx(smile).epsilon(0.03));
    CHECK(item("half") == doctest::Approx((item("delta") + item("strike")) / 2).epsilon(1e-12));

    // The held option's own mark stands still: its delta follows the next fit of the others' all the same.
    chain.skew = -0.1;
    chain.pass(12s);
    CHECK(item("delta") - item("strike") == doctest::Approx(smile / 0.0422 * 0.0922).epsilon(0.03));

    // The others fall silent: the smile is of the past before the held option's own mark is.
    for (int i = 0; i < 70; ++i) {
      chain.driver.advance(1s);
      chain.mark_held(0.5);
      chain.driver.cycle();
    }
    CHECK(chain.driver.state(Figure::HedgeItemDeltaCoins, {"strike"}) == "ok/none");
    CHECK(chain.driver.state(Figure::HedgeItemDeltaCoins, {"delta"}) != "ok/none");
  }

  TEST_CASE("a surface whose feed is down answers nothing, nor one whose marks are too old") {
    Chain chain;
    chain.driver.mark(kHeld, {.price = 0.05, .forward = kForward, .rate = 0});
    chain.pass(12s);
    REQUIRE(chain.vol_state() == "ok/none");
    chain.driver.status(kPublic, FeedPhase::Down);
    chain.driver.cycle();
    CHECK(chain.driver.state(Figure::Delta, kOption) == "unknown/missing_vol");
    const std::string expiry = expiry_label(chain.driver.in_days(kNear));
    chain.driver.advance(200ms);
    chain.driver.cycle();
    CHECK(chain.driver.state(Figure::SurfaceFittedMarks, {"deribit", "BTC", "USD", expiry}) == "stale/feed_down");

    chain.driver.status(kPublic, FeedPhase::Live);
    chain.driver.cycle();
    CHECK(chain.vol_state() == "ok/none");
    for (int i = 0; i < 70; ++i) {
      chain.driver.advance(1s);
      chain.driver.apply(TimerTick{});
      chain.driver.mark("BTC-PERPETUAL", {.price = 99'800});
      chain.driver.cycle();
    }
    CHECK(chain.vol_state() == "unknown/missing_vol");
    CHECK(chain.driver.state(Figure::Delta, kOption) != "ok/none");
  }

  TEST_CASE("a halted option is not one whose vol is missing") {
    Chain chain;
    chain.pass(12s, 0.5);
    chain.driver.apply(InstrumentStateChanged{InstrumentPhase::Halted}, chain.driver.id(kHeld));
    chain.driver.cycle();
    CHECK(chain.vol_state() == "stale/halted");
    CHECK(chain.driver.state(Figure::Delta, kOption) == "stale/halted");
  }

  TEST_CASE("each expiry in which something is held says how well it is fitted; the others have no series") {
    Chain chain;
    chain.pass(4s, smile_vol(kNear, 104'000));
    EngineDriver& driver = chain.driver;
    const std::string near = expiry_label(driver.in_days(kNear));
    for (const std::string_view statistic : {"median", "p95", "worst", "weighted_rms"})
      CHECK(driver.value(Figure::SurfaceFitErrorVolPoints, {"deribit", "BTC", "USD", near, statistic}) < 30);
    CHECK(driver.value(Figure::SurfaceFitErrorVolPoints, {"deribit", "BTC", "USD", near, "median"}) < 0.5);
    CHECK(driver.value(Figure::SurfaceFitVerdict, {"deribit", "BTC", "USD", near}) <= 1);
    CHECK(driver.value(Figure::SurfaceFittedMarks, {"deribit", "BTC", "USD", near}) >= 32);
    CHECK(driver.value(Figure::SurfaceAgeSeconds, {"deribit", "BTC", "USD", near}) >= 0);
    CHECK(driver.value(Figure::SurfaceUnfittedExpiries, {"deribit", "BTC", "USD"}) == 0);
    CHECK_FALSE(driver.has(Figure::SurfaceFitVerdict, {"deribit", "BTC", "USD", expiry_label(driver.in_days(kFar))}));
  }

  TEST_CASE("an expiry with fewer strikes than a smile needs has no series of a fit") {
    EngineDriver driver{Chain::with_book(EngineDriver::setup())};
    for (const int strike : {96'000, 100'000, 104'000, 108'000})
      driver.list_option(name_of("NEAR", strike, OptionRight::Call), OptionRight::Call, strike, kNear);
    driver.cycle();
    const std::string near = expiry_label(driver.in_days(kNear));
    CHECK_FALSE(driver.has(Figure::SurfaceFitVerdict, {"deribit", "BTC", "USD", near}));
    CHECK_FALSE(driver.has(Figure::SurfaceUnfittedExpiries, {"deribit", "BTC", "USD"}));
    driver.list_option(name_of("NEAR", 112'000, OptionRight::Call), OptionRight::Call, 112'000, kNear);
    driver.apply(PositionReport{.size = size_of(1)}, driver.id(name_of("NEAR", 112'000, OptionRight::Call)), kMain, kPrivate);
    driver.cycle();
    CHECK(driver.has(Figure::SurfaceFitVerdict, {"deribit", "BTC", "USD", near}));
  }

  TEST_CASE("the strike that completes a smile brings its rows, though nobody holds it") {
    EngineDriver driver{Chain::with_book(EngineDriver::setup())};
    for (const int strike : {96'000, 100'000, 104'000, 108'000})
      driver.list_option(name_of("NEAR", strike, OptionRight::Call), OptionRight::Call, strike, kNear);
    driver.cycle();
    driver.list_option(name_of("NEAR", 112'000, OptionRight::Call), OptionRight::Call, 112'000, kNear);
    driver.cycle();
    CHECK(driver.has(Figure::SurfaceFitVerdict, {"deribit", "BTC", "USD", expiry_label(driver.in_days(kNear))}));
    CHECK(driver.has(Figure::SurfaceUnfittedExpiries, {"deribit", "BTC", "USD"}));
  }

  TEST_CASE("the work of a fit is spread over the engine's time, whatever the number of cycles") {
    Chain chain;
    const std::string near = expiry_label(chain.driver.in_days(kNear));
    const std::initializer_list<std::string_view> labels{"deribit", "BTC", "USD", near};
    chain.mark_others();
    for (int i = 0; i < 500; ++i) chain.driver.cycle();  // no time passes: no work beyond what was saved up
    CHECK(chain.driver.state(Figure::SurfaceFittedMarks, labels) != "ok/none");
    int cycles = 0;
    while (chain.driver.state(Figure::SurfaceFittedMarks, labels) != "ok/none" && cycles < 100'000) {
      chain.driver.advance(100us);
      chain.driver.cycle();
      ++cycles;
    }
    CAPTURE(cycles);
    CHECK(cycles > 500);
    CHECK(cycles < 20'000);
  }

  TEST_CASE("a state saved between two fits, after more options were listed, can be restored") {
    Chain chain;
    chain.pass(12s, 0.77);
    for (int strike = 150'000; strike <= 300'000; strike += 1'000) chain.list("FAR", kFar, strike, OptionRight::Call);
    chain.driver.cycle();
    std::vector<std::byte> saved;
    chain.driver.engine().save(saved);
    auto restored = Engine::restored(Chain::with_book(EngineDriver::setup()), saved);
    REQUIRE_MESSAGE(restored.ok(), restored.error());
    const std::string expiry = expiry_label(chain.driver.in_days(kNear));
    const double marks = chain.driver.value(Figure::SurfaceFittedMarks, {"deribit", "BTC", "USD", expiry});
    chain.driver.engine() = std::move(restored).value();
    chain.driver.cycle();
    CHECK(chain.driver.value(Figure::SurfaceFittedMarks, {"deribit", "BTC", "USD", expiry}) == marks);
  }

  TEST_CASE("the label of an expiry is its moment to the minute") {
    CHECK(expiry_label(from_nanoseconds<VenueTime>(1'800'000'000'000'000'000)) == "2027-01-15T08:00Z");
    CHECK(expiry_label(from_nanoseconds<VenueTime>(951'782'399'000'000'000)) == "2000-02-28T23:59Z");
  }
}

TEST_SUITE("core/engine/forward_selector") {
  TEST_CASE("an expiry without a forward of the venue takes the future of the same expiry") {
    Chain chain;
    chain.driver.mark(kHeld, {.price = 0.05, .vol = 0.5, .rate = 0});
    chain.driver.cycle();
    CHECK(chain.driver.state(Figure::ForwardPriceUsd, kOption) == "unknown/missing_forward");
    Contract future;
    future.name = InstrumentName::from("BTC-NEAR").value();
    future.base = AssetCode::from("BTC").value();
    future.quote = AssetCode::from("USD").value();
    future.settlement = future.base;
    future.expiry = chain.driver.in_days(kNear);
    future.contract_size = 10;
    future.lot = 10;
    future.kind = ContractKind::Future;
    future.style = PayoffStyle::Inverse;
    future.size_unit = SizeUnit::Quote;
    chain.driver.list(future);
    chain.driver.mark("BTC-NEAR", {.price = 100'700});
    chain.driver.advance(200ms);
    chain.driver.cycle();
    chain.driver.advance(200ms);
    chain.driver.cycle();
    CHECK(chain.driver.value(Figure::ForwardPriceUsd, kOption) == 100'700);
    CHECK(chain.driver.value(Figure::ForwardPriceSource, kOption) == 1);
    CHECK(chain.driver.value(Figure::PricingVolSource, kOption) == 0);
    CHECK(chain.driver.value(Figure::BookFallbackPositions, kBook) == 1);
    CHECK(chain.driver.state(Figure::Delta, kOption) == "ok/none");

    chain.driver.mark("BTC-NEAR", {.price = 100'900});
    chain.driver.advance(200ms);
    chain.driver.cycle();
    CHECK(chain.driver.value(Figure::ForwardPriceUsd, kOption) == 100'900);

    // The venue's own forward, on whichever option's mark, comes first.
    chain.driver.mark(name_of("NEAR", 104'000, OptionRight::Put), {.price = 0.05, .vol = 0.5, .forward = 101'234});
    chain.driver.cycle();
    CHECK(chain.driver.value(Figure::ForwardPriceUsd, kOption) == 101'234);
    CHECK(chain.driver.value(Figure::ForwardPriceSource, kOption) == 0);
    CHECK(chain.driver.value(Figure::BookFallbackPositions, kBook) == 0);
  }

  TEST_CASE("without a future the quotes of calls and puts tell the forward") {
    Chain chain;
    chain.driver.mark(kHeld, {.price = 0.05, .vol = 0.5, .rate = 0});
    // 1 - K / F = c - p in coin, at F = 101,000.
    const double difference = 1 - 104'000 / 101'000.0;
    const auto quote = [&](OptionRight right, double middle) {
      Quote sides;
      sides.bid = Price::from_raw(std::llround((middle - 0.0005) * 1e9));
      sides.ask = Price::from_raw(std::llround((middle + 0.0005) * 1e9));
      chain.driver.apply(sides, chain.driver.id(name_of("NEAR", 104'000, right)));
    };
    quote(OptionRight::Call, 0.05);
    quote(OptionRight::Put, 0.05 - difference);
    chain.driver.advance(200ms);
    chain.driver.cycle();
    CHECK(chain.driver.value(Figure::ForwardPriceUsd, kOption) == doctest::Approx(101'000).epsilon(1e-4));
    CHECK(chain.driver.value(Figure::ForwardPriceSource, kOption) == 2);
    chain.driver.advance(61s);
    chain.driver.mark(kHeld, {.price = 0.05, .vol = 0.5, .rate = 0});
    chain.driver.cycle();
    CHECK(chain.driver.state(Figure::ForwardPriceUsd, kOption) == "unknown/missing_forward");
  }

  TEST_CASE("perpetual and index are carried only at a configured rate") {
    for (const bool configured : {false, true}) {
      CAPTURE(configured);
      EngineSetup setup = EngineDriver::setup();
      if (configured) setup.venues[0].carry_rate = 0.06;
      Chain chain{setup};
      chain.driver.mark(kHeld, {.price = 0.05, .vol = 0.5, .rate = 0});
      chain.driver.cycle();
      if (!configured) {
        CHECK(chain.driver.state(Figure::ForwardPriceUsd, kOption) == "unknown/missing_forward");
        continue;
      }
      const double carry = std::exp(0.06 * kNear / 365);
      CHECK(chain.driver.value(Figure::ForwardPriceUsd, kOption) == doctest::Approx(99'800 * carry).epsilon(1e-9));
      CHECK(chain.driver.value(Figure::ForwardPriceSource, kOption) == 3);
      chain.driver.advance(61s);
      chain.driver.index(99'100);
      chain.driver.mark(kHeld, {.price = 0.05, .vol = 0.5, .rate = 0});
      chain.driver.cycle();
      CHECK(chain.driver.value(Figure::ForwardPriceUsd, kOption) == doctest::Approx(99'100 * carry).epsilon(1e-4));
      CHECK(chain.driver.value(Figure::ForwardPriceSource, kOption) == 4);
    }
  }
}
