#include "core/engine/forward_followers.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

constexpr int kStrikes = 20;
constexpr std::array kExpiries{"1JAN28", "29JAN28"};

std::string option(int expiry, int strike, bool call) {
  return "BTC-" + std::string{kExpiries[static_cast<std::size_t>(expiry)]} + "-" + std::to_string(80'000 + 2'000 * strike) +
         (call ? "-C" : "-P");
}

std::vector<std::string> options() {
  std::vector<std::string> names;
  for (int expiry = 0; expiry < 2; ++expiry)
    for (int strike = 0; strike < kStrikes; ++strike)
      for (const bool call : {true, false}) names.push_back(option(expiry, strike, call));
  return names;
}

/// Lines and an account's positions over two expiries in two books, one of them hedged.
EngineSetup two_books() {
  EngineSetup setup = EngineDriver::setup();
  BookSetup main = book_of("main", {line("BTC-PERPETUAL", -20'000, 100'000)});
  BookSetup other = book_of("other", {});
  int i = 0;
  for (const std::string& name : options()) {
    BookSetup& book = i % 3 == 0 ? other : main;
    if (i % 7 != 6) book.positions.push_back(line(name, i % 4 == 0 ? -1.5 : 2.25, 0.05));
    if (i % 11 == 0) other.positions.push_back(line(name, 0.5, 0.06));
    ++i;
  }
  main.rules = {{.accounts = {kMain}, .underlyings = {}, .instruments = {}}};
  setup.books = {main, other};
  HedgeSetup hedge;
  hedge.name = "hedge";
  hedge.book = "main";
  hedge.underlying = "BTC";
  hedge.legs = {deribit("BTC-PERPETUAL")};
  hedge.soft_delta_limit_coins = 1;
  hedge.hard_delta_limit_coins = 2;
  setup.hedges = {hedge};
  setup.scenario = ScenarioSetup{};
  setup.vol_exposure = VolExposureSetup{};
  setup.venues.front().market_data_max_age = std::chrono::hours{1};
  return setup;
}

constexpr std::string_view kOtherCoin = "ETH_USDC-PERPETUAL";
/// Of the other book and the first expiry, coin-settled, and never the one whose ticker brings the forward.
constexpr std::array<std::size_t, 4> kOptionLegs{9, 12, 18, 21};
constexpr std::string_view kLegsOfOptions = "by_options";

/// The same with a hedge of the options by another coin and one of that coin by options, all deltas by this rule.
EngineSetup with_crosses(SmileRule smile) {
  EngineSetup setup = two_books();
  setup.hedges.front().smile = smile;
  for (BookSetup& book : setup.books) book.positions.push_back(line(kOtherCoin, -100));
  EffectivenessSetup effectiveness;
  effectiveness.sampling.bar = std::chrono::seconds{60};
  effectiveness.sampling.windows = {std::chrono::minutes{20}};
  effectiveness.sampling.minimum_pairs = 5;
  effectiveness.reference = deribit("BTC-PERPETUAL");
  effectiveness.basis_leg = deribit(kOtherCoin);
  HedgeSetup by_coin = setup.hedges.front();
  by_coin.name = "by_coin";
  by_coin.leg_underlying = "ETH";
  by_coin.legs = {deribit(kOtherCoin)};
  by_coin.beta_source = BetaSource::Fixed;
  by_coin.beta = 1.25;
  by_coin.effectiveness = effectiveness;
  HedgeSetup by_options = by_coin;
  by_options.name = kLegsOfOptions;
  by_options.book = "other";  // where no other hedge looks at the options
  by_options.underlying = "ETH";
  by_options.leg_underlying = "BTC";
  by_options.beta = 0.8;
  by_options.effectiveness->reference = deribit(kOtherCoin);
  by_options.effectiveness->basis_leg = deribit("BTC-PERPETUAL");
  by_options.legs.clear();
  const std::vector<std::string> names = options();
  for (const std::size_t leg : kOptionLegs) by_options.legs.push_back(deribit(names[leg]));
  setup.hedges.push_back(by_coin);
  setup.hedges.push_back(by_options);
  return setup;
}

/// A fit is of the past before the next one comes, while every vol is told anew in time.
EngineSetup with_short_smiles() {
  EngineSetup setup = with_crosses(kStickyDelta);
  setup.venues.front().market_data_max_age = std::chrono::seconds{3};
  return setup;
}

/// `one_by_one`: whoever follows a forward is looked at when it moves, so that none is repriced in columns.
class Market {
 public:
  Market(EngineSetup setup, bool one_by_one) : driver_{std::move(setup)}, one_by_one_{one_by_one} {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const double strike = 80'000 + 2'000 * static_cast<double>(i / 2 % kStrikes);
      driver_.list_option(names_[i], i % 2 == 0 ? OptionRight::Call : OptionRight::Put, strike,
                          i < std::size_t{2} * kStrikes ? 30 : 0.01, is_linear(i) ? PayoffStyle::Linear : PayoffStyle::Inverse);
    }
    driver_.list_perpetual("BTC-PERPETUAL");
    driver_.list_linear(kOtherCoin, "ETH");
    driver_.cycle();
    driver_.begin_snapshot();
    for (std::size_t held = 0; held < names_.size(); held += 5) driver_.position(names_[held], 1.25, 0.04);
    driver_.end_snapshot();
    driver_.index(99'900);
    driver_.index(99'900, "BTC", "USDC");
    driver_.mark("BTC-PERPETUAL", {.price = 100'000});
    driver_.index(3'000, "ETH", "USDC");
    driver_.mark(kOtherCoin, {.price = 3'000});
    tell_vols();
    driver_.cycle();
  }

  void step(int number) {
    driver_.advance(std::chrono::milliseconds{37});
    const double move = 10.0 * number;
    if (number % 2 == 0) ticker(2, 100'000 + move);
    if (number % 3 == 0) ticker(2 * kStrikes + 5, 101'000 - move);
    if (number % 17 == 8) ticker(8, 100'000 + move);  // of a linear contract
    if (number % 5 == 0) driver_.index(99'900 + move);
    if (number % 4 == 1) driver_.mark("BTC-PERPETUAL", {.price = 100'000 - move});
    if (number % 7 == 3) driver_.mark(names_[20], {.price = 0.04, .vol = 0.6 + 0.001 * number});
    if (number % 13 == 4) driver_.position(names_[5], 1 + 0.25 * number, 0.04);
    if (number % 31 == 9) driver_.equity(3);
    if (number == 33) phase(10, phase_of_tenth_ = InstrumentPhase::Halted);
    if (number == 44) phase(10, phase_of_tenth_ = InstrumentPhase::Open);
    if (number == 60) driver_.status(kPublic, FeedPhase::Down);
    if (number == 65) driver_.status(kPublic, FeedPhase::Live);
    if (number == 70) driver_.mark(names_[15], {.price = 0.05, .vol = 0});
    if (number == 80) driver_.position(names_[0], 0);
    // The second expiry comes, in between two tickers.
    if (number == 90) driver_.advance(std::chrono::minutes{15});
    driver_.cycle();
  }
  /// The same without an end of anything: forwards move, and what the smile and the other coin need is told anew in time.
  void long_step(int number) {
    driver_.advance(std::chrono::milliseconds{37});
    const double move = 10.0 * (number % 50);
    if (number % 2 == 0) ticker(2, 100'000 + move);
    if (number % 3 == 0) ticker(2 * kStrikes + 5, 101'000 - move);
    if (number % 17 == 8) ticker(8, 100'000 + move);
    if (number % 40 == 1) {
      tell_vols();
      driver_.index(99'900 + move);
      driver_.index(99'900 + move, "BTC", "USDC");
      driver_.mark("BTC-PERPETUAL", {.price = 100'000 - move});
      driver_.index(3'000 + move / 10, "ETH", "USDC");
      driver_.mark(kOtherCoin, {.price = 3'000 + move / 10});
      driver_.position(names_[5], 1 + 0.25 * number, 0.04);
    }
    driver_.cycle();
  }
  EngineDriver& driver() { return driver_; }
  void save_and_restore(const EngineSetup& setup) {
    std::vector<std::byte> state;
    driver_.engine().save(state);
    auto restored = Engine::restored(setup, state);
    REQUIRE(restored.ok());
    driver_.engine() = std::move(restored).value();
  }
  FigureSnapshot snapshot() {
    FigureSnapshot copy;
    driver_.engine().figures().copy_to(copy);
    return copy;
  }
  [[nodiscard]] const std::string& name(std::size_t place) const { return names_[place]; }

 private:
  static bool is_linear(std::size_t place) { return place % 9 == 8; }
  static bool is_told(std::size_t place) { return place % 19 != 5; }
  static bool same_expiry(std::size_t a, std::size_t b) {
    return is_linear(a) == is_linear(b) && (a < std::size_t{2} * kStrikes) == (b < std::size_t{2} * kStrikes);
  }
  /// One option's ticker tells the forward; the others have a vol only.
  void tell_vols() {
    for (std::size_t told = 0; told < names_.size(); ++told)
      if (is_told(told)) driver_.mark(names_[told], {.price = 0.05, .vol = 0.5 + 0.001 * static_cast<double>(told), .rate = 0.01});
  }
  void ticker(std::size_t place, double forward) {
    driver_.mark(names_[place], {.price = 0.05, .vol = 0.5, .forward = forward, .rate = 0.01});
    // Its own vol came with a forward: it follows again once it has one alone.
    driver_.mark(names_[place], {.price = 0.05, .vol = 0.5, .rate = 0.01});
    for (std::size_t other = 0; other < names_.size() && one_by_one_; ++other)
      if (same_expiry(place, other) && is_told(other)) phase(other, other == 10 ? phase_of_tenth_ : InstrumentPhase::Open);
  }
  void phase(std::size_t place, InstrumentPhase phase) {
    driver_.apply(InstrumentStateChanged{.phase = phase}, driver_.id(names_[place]));
  }

  EngineDriver driver_;
  std::vector<std::string> names_ = options();
  bool one_by_one_;
  InstrumentPhase phase_of_tenth_ = InstrumentPhase::Open;
};

/// But for how old data are: an option has none because another one ticked.
bool same_but_ages(const FigureSnapshot& a, const FigureSnapshot& b) {
  if (a.values.size() != b.values.size()) return false;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (a.layout->rows[i].figure == Figure::DataAgeSeconds) continue;
    if (std::bit_cast<std::uint64_t>(a.values[i].value) == std::bit_cast<std::uint64_t>(b.values[i].value) &&
        a.values[i].as_of == b.values[i].as_of && a.values[i].state == b.values[i].state &&
        a.values[i].reason == b.values[i].reason)
      continue;
    CAPTURE(definition_of(a.layout->rows[i].figure).name);
    CAPTURE(a.layout->rows[i].labels);
    CHECK(a.values[i].value == b.values[i].value);
    CHECK(nanoseconds_of(a.values[i].as_of) == nanoseconds_of(b.values[i].as_of));
    CHECK(label(a.values[i].state) == label(b.values[i].state));
    CHECK(label(a.values[i].reason) == label(b.values[i].reason));
    return false;
  }
  return true;
}

}  // namespace

TEST_SUITE_BEGIN("core/engine/forward_followers");

TEST_CASE("every figure is to the bit that of options that are valued one by one, however seldom the table is read") {
  for (const EngineSetup& setup : {two_books(), with_crosses(kStickyStrike), with_crosses(kStickyDelta)}) {
    CAPTURE(setup.hedges.size());
    CAPTURE(setup.hedges.front().smile.skew_stickiness_ratio);
    Market columns{setup, false};
    Market seldom{setup, false};
    Market one_by_one{setup, true};
    for (int number = 1; number <= 120; ++number) {
      CAPTURE(number);
      columns.step(number);
      seldom.step(number);
      one_by_one.step(number);
      const FigureSnapshot expected = one_by_one.snapshot();
      REQUIRE(same_but_ages(columns.snapshot(), expected));
      if (number % 11 == 0) REQUIRE(same_but_ages(seldom.snapshot(), expected));
    }
    CHECK(columns.driver().value(Figure::BookDeltaCoins, {"main", "BTC", "black_scholes"}) != 0);
  }
}

TEST_CASE("an option that follows is valued one by one while its expiry has a smile, and follows again behind it") {
  Market columns{with_short_smiles(), false};
  Market seldom{with_short_smiles(), false};
  Market one_by_one{with_short_smiles(), true};
  Market stopped{with_short_smiles(), false};
  int changes = 0;
  bool known = false;
  for (int number = 1; number <= 340; ++number) {
    CAPTURE(number);
    for (Market* market : {&columns, &seldom, &one_by_one, &stopped}) market->long_step(number);
    const FigureSnapshot expected = one_by_one.snapshot();
    REQUIRE(same_but_ages(columns.snapshot(), expected));
    if (number % 11 == 0) REQUIRE(same_but_ages(seldom.snapshot(), expected));
    // Now and then, and in every cycle around a fit: one may wait for the next cycle.
    if (number % 23 == 0 || number % 100 < 40) {
      stopped.save_and_restore(with_short_smiles());
      REQUIRE(same_but_ages(stopped.snapshot(), expected));
    }
    const bool now_known = columns.driver().state(Figure::HedgeLegsDeltaCoins, {kLegsOfOptions}) == "ok/none";
    if (now_known != known) ++changes;
    known = now_known;
  }
  // A fit, none that is young enough, the next fit.
  CHECK(changes >= 3);
}

TEST_CASE("an engine that goes on from what was saved follows the forwards as the one that never stopped") {
  for (const EngineSetup& setup : {two_books(), with_crosses(kStickyStrike), with_crosses(kStickyDelta)}) {
    CAPTURE(setup.hedges.size());
    CAPTURE(setup.hedges.front().smile.skew_stickiness_ratio);
    Market going{setup, false};
    Market stopped{setup, false};
    for (int number = 1; number <= 60; ++number) {
      CAPTURE(number);
      going.step(number);
      stopped.step(number);
      if (number % 9 == 4) stopped.save_and_restore(setup);
      REQUIRE(same_but_ages(stopped.snapshot(), going.snapshot()));
    }
  }
}

TEST_CASE("an alert on an option that follows is judged in the cycle in which another option brings the forward") {
  EngineSetup setup = two_books();
  AlertRule rule;
  rule.name = "ForwardHigh";
  rule.figure = Figure::ForwardPriceUsd;
  rule.upper = 150'000;
  setup.alerts = {rule};
  Market market{setup, false};
  market.step(2);
  market.step(4);
  REQUIRE(market.driver().engine().alerts().transitions().empty());
  market.driver().mark(market.name(2), {.price = 0.05, .vol = 0.5, .forward = 160'000});
  market.driver().cycle();
  CHECK(market.driver().engine().alerts().transitions().size() > kStrikes);
}

TEST_SUITE_END();
