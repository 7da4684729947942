#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "core/engine/engine_driver.hpp"
#include "core/hedge/price_effectiveness.hpp"
#include "daemon/commands/effectiveness_input.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kLeg = "BTC_USDC-PERPETUAL";
constexpr std::string_view kOption = "BTC-30D-50000-C";

EngineSetup hedged() {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("desk", {line(kOption, -10), line(kLeg, 5)})};
  HedgeSetup hedge;
  hedge.name = "delta";
  hedge.book = "desk";
  hedge.underlying = "BTC";
  hedge.legs = {deribit(kLeg)};
  hedge.view = DeltaView::NetTransaction;
  hedge.soft_delta_limit_coins = 1;
  hedge.hard_delta_limit_coins = 2;
  hedge.band = BandSetup{.half_width_coins = 0.5};
  EffectivenessSetup effectiveness;
  effectiveness.sampling = {.bar = 60s,
                            .windows = {20min, 40min},
                            .minimum_pairs = 5,
                            .half_life = 10min,
                            .reference = 24h,
                            .correlation_floor = 0.9,
                            .offset_floor = 10};
  effectiveness.basis_leg = deribit(kLeg);
  hedge.effectiveness = effectiveness;
  setup.hedges = {hedge};
  return setup;
}

double index_at(int second) { return 50'000 + 40 * std::sin(0.011 * second) + 9 * std::sin(0.31 * second); }
double mid_at(int second) { return index_at(second) + 20 + 6 * std::cos(0.05 * second); }

void leg_quote(EngineDriver& driver, double mid) {
  driver.apply(Quote{.bid = Price::from_raw(std::llround((mid - 2) * 1e9)),
                     .ask = Price::from_raw(std::llround((mid + 2) * 1e9)),
                     .bid_size = size_of(1),
                     .ask_size = size_of(1)},
               driver.id(kLeg));
}

/// One second: each price in a cycle of its own, half a second apart.
void second(EngineDriver& driver, double index, double mid, double option_mark) {
  driver.index(index);
  driver.index(index, "BTC", "USDC");
  driver.mark(kOption, {.price = option_mark, .vol = 0.6, .forward = index, .index = index});
  driver.mark(kLeg, {.price = mid, .index = index});
  driver.cycle();
  driver.advance(500ms);
  leg_quote(driver, mid);
  driver.cycle();
  driver.advance(500ms);
}

EngineDriver listed(EngineSetup setup = hedged()) {
  EngineDriver driver{std::move(setup)};
  driver.list_option(kOption, OptionRight::Call, 50'000, 30);
  driver.list_linear(kLeg);
  return driver;
}

std::vector<PriceTick> ticks_until(std::vector<PriceTick> ticks, VenueTime end) {
  std::erase_if(ticks, [&](const PriceTick& tick) { return tick.time > end; });
  return ticks;
}

double figure(const EngineDriver& driver, Figure wanted, std::string_view basis, std::string_view window = "20m",
              std::string_view estimator = "rolling") {
  return driver.value(wanted, {"delta", estimator, window, basis});
}

}  // namespace

TEST_SUITE("core/engine/effectiveness_monitor") {
  TEST_CASE("the same ticks give the figures that the offline estimators give") {
    EngineDriver driver = listed();
    std::ostringstream ticks;
    ticks << "ts_ns,inst,price\n";
    ticks.precision(17);
    const std::int64_t start = nanoseconds_of(driver.venue_now());
    constexpr int kSeconds = 31 * 60 + 1;
    for (int s = 0; s < kSeconds; ++s) {
      const double mid = (static_cast<double>(std::llround((mid_at(s) - 2) * 1e9)) / 1e9 +
                          static_cast<double>(std::llround((mid_at(s) + 2) * 1e9)) / 1e9) /
                         2;
      const std::int64_t now = nanoseconds_of(driver.venue_now());
      ticks << now << ",A," << index_at(s) << '\n' << now + 500'000'000 << ",B," << mid << '\n';
      second(driver, index_at(s), mid_at(s), 0.06);
    }
    std::vector<PriceTick> exposure;
    std::vector<PriceTick> hedge;
    std::istringstream lines{ticks.str()};
    std::string text;
    std::getline(lines, text);
    while (std::getline(lines, text)) {
      const std::size_t comma = text.find(',');
      const PriceTick tick{from_nanoseconds<VenueTime>(std::stoll(text.substr(0, comma))), std::stod(text.substr(comma + 3))};
      (text[comma + 1] == 'A' ? exposure : hedge).push_back(tick);
    }
    const BarSampler::Grid grid{.start = from_nanoseconds<VenueTime>(start), .interval = 60s, .max_age = 60s};
    const std::vector<PriceBar> bars = bars_of_ticks(exposure, hedge, grid, 31);
    PriceEffectiveness offline{{.window_pairs = 20, .window_bars = 20, .half_life = 10min}};
    for (const PriceBar& bar : bars) offline.add_bar(bar.time, bar.exposure, bar.hedge);
    const PairStatistics expected = offline.by_bars();
    REQUIRE(expected.count == 20);
    const auto same = [](double actual, double wanted) {
      CAPTURE(actual);
      CAPTURE(wanted);
      CHECK(std::abs(actual - wanted) <= 1e-12 * std::abs(wanted));
    };
    same(figure(driver, Figure::HedgePairs, "price"), 20);
    same(figure(driver, Figure::HedgeCorrelationRatio, "price"), expected.correlation.value());
    same(figure(driver, Figure::HedgeBeta, "price"), expected.beta.value());
    same(figure(driver, Figure::HedgeRSquared, "price"), expected.r_squared.value());
    same(figure(driver, Figure::HedgeVarianceReductionRatio, "price"), expected.variance_reduction.value());
    same(figure(driver, Figure::HedgeTrackingErrorRatio, "price"), expected.tracking_error.value() * std::sqrt(365 * 1440.0));
    same(figure(driver, Figure::HedgeCorrelationRatio, "price", "10m", "ewma"), offline.by_time().correlation().value());
    same(figure(driver, Figure::HedgeCorrelationRatio, "price", "40m", "hayashi_yoshida"),
         hayashi_yoshida(ticks_until(exposure, bars.back().time), ticks_until(hedge, bars.back().time)).correlation.value());
    same(driver.value(Figure::BasisRatio, {"delta", "deribit", "perpetual"}), offline.basis().ratio.value());
  }

  TEST_CASE("a cycle that drains the ticks of many bars gives the figures of a cycle for each") {
    const auto run = [](bool one_by_one) {
      EngineDriver driver = listed();
      second(driver, index_at(0), mid_at(0), 0.06);
      for (int s = 1; s < 10 * 60; ++s) {
        driver.index(index_at(s));
        leg_quote(driver, mid_at(s));
        driver.advance(700ms);
        leg_quote(driver, mid_at(s) + 3 * std::cos(1.7 * s));
        driver.advance(300ms);
        if (one_by_one || s % 97 == 0) driver.cycle();
      }
      driver.cycle();
      return driver;
    };
    const EngineDriver each = run(true);
    const EngineDriver drained = run(false);
    for (const Figure wanted :
         {Figure::HedgeCorrelationRatio, Figure::HedgeBeta, Figure::HedgeVarianceReductionRatio, Figure::HedgePairs})
      CHECK(figure(each, wanted, "price") == figure(drained, wanted, "price"));
    CHECK(figure(each, Figure::HedgeCorrelationRatio, "price", "20m", "hayashi_yoshida") ==
          figure(drained, Figure::HedgeCorrelationRatio, "price", "20m", "hayashi_yoshida"));
    CHECK(each.value(Figure::BasisRatio, {"delta", "deribit", "perpetual"}) ==
          drained.value(Figure::BasisRatio, {"delta", "deribit", "perpetual"}));
  }

  TEST_CASE("profit is that of the positions at the bar's open: legs that pay back half of the item offset 0.5") {
    EngineDriver driver = listed();
    // The option's mark moves so that 10 short options lose twice what 5 long coins gain, in coin at the closing index.
    double mark = 0.06;
    double mid = 50'000;
    driver.advance(10s);  // both prices move within a bar, and neither at its end
    for (int bar = 0; bar < 12; ++bar) {
      const double next = mid + 100 * std::sin(2.1 * bar) + 20;
      mark += (next - mid) / 50'000;
      mid = next;
      for (int s = 0; s < 60; s += 30) {
        second(driver, 50'000, mid, mark);
        driver.advance(29s);
      }
    }
    CHECK(figure(driver, Figure::HedgeDollarOffsetRatio, "pnl_total") == doctest::Approx(0.5));
    CHECK(figure(driver, Figure::HedgeCorrelationRatio, "pnl_total") == doctest::Approx(1));
    CHECK(figure(driver, Figure::HedgeBeta, "pnl_total") == doctest::Approx(2));
    CHECK(figure(driver, Figure::HedgeVarianceReductionRatio, "pnl_total") == doctest::Approx(0.75));
    CHECK(driver.value(Figure::HedgeDollarOffsetState, {"delta", "rolling", "20m", "pnl_total", "ineffective"}) == 1);
    CHECK(driver.value(Figure::HedgeDollarOffsetState, {"delta", "rolling", "20m", "pnl_total", "effective"}) == 0);
  }

  TEST_CASE("two hedges that share a leg have their parts of its delta and of its profit, and together all of it") {
    EngineSetup setup = hedged();
    setup.hedges[0].leg_shares = {0.6};
    HedgeSetup other = setup.hedges[0];
    other.name = "other";
    other.leg_shares = {0.4};
    setup.hedges.push_back(other);
    EngineDriver driver = listed(std::move(setup));
    double mark = 0.06;
    double mid = 50'000;
    driver.advance(10s);
    for (int bar = 0; bar < 12; ++bar) {
      const double next = mid + 100 * std::sin(2.1 * bar) + 20;
      mark += (next - mid) / 50'000;
      mid = next;
      for (int s = 0; s < 60; s += 30) {
        second(driver, 50'000, mid, mark);
        driver.advance(29s);
      }
    }
    // Five coins pay back half of the item: six tenths of them 0.3, the others 0.2.
    CHECK(driver.value(Figure::HedgeLegsDeltaCoins, {"delta"}) == doctest::Approx(3));
    CHECK(driver.value(Figure::HedgeLegsDeltaCoins, {"other"}) == doctest::Approx(2));
    CHECK(driver.value(Figure::HedgeItemDeltaCoins, {"delta"}) == driver.value(Figure::HedgeItemDeltaCoins, {"other"}));
    CHECK(figure(driver, Figure::HedgeDollarOffsetRatio, "pnl_total") == doctest::Approx(0.3));
    CHECK(driver.value(Figure::HedgeDollarOffsetRatio, {"other", "rolling", "20m", "pnl_total"}) == doctest::Approx(0.2));
    driver.apply(Funding{.current_rate_8h = 0.0001, .average_rate_8h = 0.0001}, driver.id(kLeg));
    driver.cycle();
    CHECK(driver.value(Figure::CarryUsdPerDay, {"delta", "deribit", "perpetual"}) == doctest::Approx(-3 * 50'000 * 0.0003));
  }

  TEST_CASE("a new configuration leaves the windows of a hedge as they are, and one of other shares begins those of profit anew") {
    EngineSetup setup = hedged();
    setup.hedges[0].leg_shares = {0.6};
    EngineDriver driver = listed(setup);
    double mark = 0.06;
    double mid = 50'000;
    driver.advance(10s);
    const auto bars = [&](int count) {
      for (int bar = 0; bar < count; ++bar) {
        const double next = mid + 100 * std::sin(2.1 * bar) + 20;
        mark += (next - mid) / 50'000;
        mid = next;
        for (int s = 0; s < 60; s += 30) {
          second(driver, 50'000, mid, mark);
          driver.advance(29s);
        }
      }
    };
    const auto row = [&](Figure wanted, std::string_view basis) {
      return driver.figure(wanted, {"delta", "rolling", "20m", basis}).value;
    };
    bars(12);
    const double pairs = row(Figure::HedgePairs, "pnl_total");
    CHECK(pairs == 10);

    setup.hedges[0].target_ratio = 0.9;
    driver.engine().reconfigure(setup);
    driver.cycle();
    CHECK(row(Figure::HedgePairs, "pnl_total") == pairs);
    CHECK(row(Figure::HedgeDollarOffsetRatio, "pnl_total") == doctest::Approx(0.3));

    setup.hedges[0].leg_shares = {0.4};
    driver.engine().reconfigure(setup);
    driver.cycle();
    CHECK(row(Figure::HedgePairs, "pnl_total") == 0);
    CHECK(row(Figure::HedgePairs, "pnl_delta") == 0);
    CHECK(row(Figure::HedgePairs, "price") == pairs);
    CHECK(driver.state(Figure::HedgeDollarOffsetRatio, {"delta", "rolling", "20m", "pnl_total"}) == "unknown/warming_up");
    bars(8);
    // The bar under way was the old share's and is missing; what follows is of the new one alone.
    CHECK(row(Figure::HedgePairs, "pnl_total") == 7);
    CHECK(row(Figure::HedgePairs, "price") == pairs + 8);
    CHECK(row(Figure::HedgeDollarOffsetRatio, "pnl_total") == doctest::Approx(0.2));
    CHECK(driver.value(Figure::HedgeDollarOffsetRatio, {"delta", "cumulative", "observed", "pnl_total"}) == doctest::Approx(0.2));
  }

  TEST_CASE("too few pairs are warming up, no reference leaves the breakdown unknown, and silence makes the rest stale") {
    EngineDriver driver = listed();
    driver.cycle();
    CHECK(driver.state(Figure::HedgeBeta, {"delta", "rolling", "20m", "price"}) == "unknown/warming_up");
    for (int s = 0; s < 8 * 60; ++s) second(driver, index_at(s), mid_at(s), 0.06);
    CHECK(driver.state(Figure::HedgeBeta, {"delta", "rolling", "20m", "price"}) == "ok/none");
    CHECK(driver.state(Figure::HedgeCorrelationBreakdownZscore, {"delta", "rolling", "20m", "price"}) == "unknown/warming_up");
    driver.advance(4min);
    driver.cycle();
    CHECK(driver.state(Figure::HedgeBeta, {"delta", "rolling", "20m", "price"}) == "stale/too_old");
    CHECK(driver.state(Figure::BasisRatio, {"delta", "deribit", "perpetual"}) == "stale/too_old");
  }

  TEST_CASE("an item that loses its mark makes the bars of profit missing and leaves those of prices") {
    EngineDriver driver = listed();
    for (int s = 0; s < 8 * 60; ++s) second(driver, index_at(s), mid_at(s), 0.06 + 1e-6 * s);
    const double before = figure(driver, Figure::HedgePairs, "pnl_total");
    for (int s = 8 * 60; s < 13 * 60; ++s) {
      driver.index(index_at(s));
      driver.index(index_at(s), "BTC", "USDC");
      driver.mark(kLeg, {.price = mid_at(s), .index = index_at(s)});
      leg_quote(driver, mid_at(s));
      driver.cycle();
      driver.advance(1s);
    }
    CHECK(figure(driver, Figure::HedgePairs, "pnl_total") <= before + 2);
    CHECK(figure(driver, Figure::HedgePairs, "price") >= before + 4);
  }

  TEST_CASE("funding of the leg is carry: longs pay a positive rate") {
    EngineDriver driver = listed();
    for (int s = 0; s < 120; ++s) second(driver, 50'000, 50'010, 0.06);
    driver.apply(Funding{.current_rate_8h = 0.0001, .average_rate_8h = 0.0001}, driver.id(kLeg));
    driver.cycle();
    CHECK(driver.value(Figure::FundingRate8hRatio, {"delta", "deribit", "perpetual"}) == 0.0001);
    CHECK(driver.value(Figure::CarryUsdPerDay, {"delta", "deribit", "perpetual"}) == doctest::Approx(-5 * 50'000 * 0.0003));
    CHECK(driver.state(Figure::CarryPerSigmaRemoved, {"delta", "deribit", "perpetual"}) == "unknown/warming_up");
  }

  TEST_CASE("in a crisis the basis is an outlier and the market dislocated, with a spread twenty times as wide") {
    EngineDriver driver = listed();
    for (int s = 0; s < 35 * 60; ++s) second(driver, index_at(s), mid_at(s), 0.06);
    CHECK(driver.value(Figure::BasisOutlier, {"delta", "deribit", "perpetual"}) == 0);
    CHECK(driver.value(Figure::RegimeOfUnderlying, {"BTC", "dislocated"}) == 0);
    const double correlation = figure(driver, Figure::HedgeCorrelationRatio, "price");
    for (int s = 35 * 60; s < 37 * 60 + 2; ++s) {
      driver.index(index_at(s));
      driver.index(index_at(s), "BTC", "USDC");
      driver.mark(kOption, {.price = 0.06, .vol = 0.6, .forward = index_at(s), .index = index_at(s)});
      const double mid = mid_at(s) + (s / 60 % 2 == 0 ? -600 : -900);
      driver.mark(kLeg, {.price = mid, .index = index_at(s)});
      driver.apply(Quote{.bid = Price::from_raw(std::llround((mid - 40) * 1e9)),
                         .ask = Price::from_raw(std::llround((mid + 40) * 1e9)),
                         .bid_size = size_of(0.02),
                         .ask_size = size_of(0.02)},
                   driver.id(kLeg));
      driver.cycle();
      driver.advance(1s);
    }
    CHECK(driver.value(Figure::BasisZscore, {"delta", "deribit", "perpetual"}) < -4);
    CHECK(driver.value(Figure::BasisOutlier, {"delta", "deribit", "perpetual"}) == 1);
    CHECK(driver.value(Figure::RegimeOfUnderlying, {"BTC", "dislocated"}) == 1);
    CHECK(driver.value(Figure::RegimeLimitMultiplierRatio, {"BTC"}) == 0.25);
    CHECK(figure(driver, Figure::HedgeCorrelationRatio, "price") < correlation);
    CHECK(figure(driver, Figure::HedgeVarianceReductionRatio, "price") < 0);
  }
}
