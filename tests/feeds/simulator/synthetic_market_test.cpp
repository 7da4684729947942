#include "feeds/simulator/synthetic_market.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "core/pricing/black76.hpp"

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace std::chrono_literals;

namespace {

/// Wednesday, 4 March 2026, 12:00 UTC.
constexpr VenueTime kNoon{std::chrono::milliseconds{1'772'625'600'000}};

SyntheticMarket market_at(VenueTime start, std::uint64_t seed = 3, double jumps_per_day = 0) {
  return SyntheticMarket{{.seed = seed, .start = start, .strikes_per_side = 4, .jumps_per_day = jumps_per_day}};
}

/// A number that any difference in the run changes.
double fingerprint(SyntheticMarket& market, int steps) {
  MarketChanges changes;
  double sum = 0;
  for (int i = 0; i < steps; ++i) {
    market.step(changes);
    for (const std::size_t index : changes.marked) sum += market.instruments()[index].mark_price * (1 + i);
    for (const MarketTrade& trade : changes.trades) sum += trade.price * trade.amount;
    for (const BookChange& book : changes.books) sum += static_cast<double>(book.bids.size() + 3 * book.asks.size());
  }
  return sum;
}

bool on_grid(double price, double tick) { return std::abs(price / tick - std::round(price / tick)) < 1e-6; }

}  // namespace

TEST_SUITE("feeds/simulator/synthetic_market") {
  TEST_CASE("the same seed gives the same market to the last bit, another seed another one") {
    auto first = market_at(kNoon);
    auto again = market_at(kNoon);
    auto other = market_at(kNoon, 4);
    const double once = fingerprint(first, 50);
    CHECK(once == fingerprint(again, 50));
    CHECK(once != fingerprint(other, 50));
  }

  TEST_CASE("perpetual, dated futures and options in at least five expiries are listed, one within days") {
    const auto market = market_at(kNoon);
    std::map<VenueTime, int> expiries;
    int futures = 0;
    int perpetuals = 0;
    for (const MarketInstrument& instrument : market.instruments()) {
      CAPTURE(instrument.name);
      CHECK(instrument.state == ListingState::Open);
      CHECK(market.find(instrument.name).has_value());
      if (instrument.kind == ContractKind::Perpetual) {
        ++perpetuals;
        continue;
      }
      CHECK(instrument.expiry > kNoon);
      CHECK(nanoseconds_of(instrument.expiry) % 86'400'000'000'000 == 8 * 3'600'000'000'000);
      if (instrument.kind == ContractKind::Future) ++futures;
      if (instrument.kind == ContractKind::Option) ++expiries[instrument.expiry];
    }
    CHECK(perpetuals == 2);
    CHECK(futures >= 6);
    CHECK(expiries.size() >= 5);
    CHECK(expiries.begin()->first - kNoon < 24h);
    CHECK(market.find("BTC-PERPETUAL") == market.perpetual_of(0));
    CHECK_FALSE(market.find("BTC-NOTHING").has_value());
    // Friday of that week, and the last Friday of the quarter.
    CHECK(market.find("BTC-6MAR26").has_value());
    CHECK(market.find("ETH-27MAR26").has_value());
  }

  TEST_CASE("an option's mark and Greeks are Black-76 on what is published beside them") {
    auto market = market_at(kNoon);
    MarketChanges changes;
    for (int i = 0; i < 20; ++i) market.step(changes);
    int priced = 0;
    for (const MarketInstrument& option : market.instruments()) {
      if (option.kind != ContractKind::Option) continue;
      CAPTURE(option.name);
      CAPTURE(option.forward_usd);
      CAPTURE(option.mark_vol_percent);
      const double minutes = std::round(std::chrono::duration<double>(option.expiry - option.marked).count() / 60);
      const auto oracle = black76({.right = option.right,
                                   .forward = option.forward_usd,
                                   .strike = option.strike_usd,
                                   .to_expiry = YearFraction::from_days(minutes / 1440),
                                   .vol = Vol::from_percent(option.mark_vol_percent)});
      REQUIRE(oracle.ok());
      CHECK(option.mark_price == doctest::Approx(oracle.value().price / option.forward_usd).epsilon(1e-9));
      CHECK(std::abs(option.greeks.delta - oracle.value().delta) <= 6e-6);
      CHECK(std::abs(option.greeks.gamma - oracle.value().gamma) <= 6e-6);
      CHECK(std::abs(option.greeks.vega - oracle.value().vega / 100) <= 6e-6);
      const double theta_per_day = oracle.value().theta / 365 * std::min(1.0, minutes / 1440);
      CHECK(option.greeks.theta >= theta_per_day - 6e-6);
      CHECK(-option.greeks.theta <= oracle.value().price + 6e-6);
      ++priced;
    }
    CHECK(priced > 100);
  }

  TEST_CASE("books never cross, lie on the tick grid, and their changes lead from one state to the next") {
    auto market = market_at(kNoon);
    std::map<std::size_t, MarketInstrument> shadows;
    for (std::size_t i = 0; i < market.instruments().size(); ++i) shadows[i] = market.instruments()[i];
    const auto apply = [](std::vector<BookLevel>& levels, const std::vector<LevelChange>& changes, bool best_is_highest) {
      for (const LevelChange& change : changes) {
        const auto at =
            std::find_if(levels.begin(), levels.end(), [&](const BookLevel& level) { return level.price == change.price; });
        CHECK((at != levels.end()) == (change.action != LevelAction::New));
        if (at != levels.end()) levels.erase(at);
        if (change.action != LevelAction::Delete) levels.push_back({change.price, change.amount});
      }
      std::sort(levels.begin(), levels.end(),
                [&](const BookLevel& a, const BookLevel& b) { return best_is_highest ? a.price > b.price : a.price < b.price; });
    };
    MarketChanges changes;
    for (int step = 0; step < 60; ++step) {
      market.step(changes);
      for (const BookChange& change : changes.books) {
        MarketInstrument& shadow = shadows[change.instrument];
        CHECK(change.previous_change_id == shadow.change_id);
        CHECK(change.change_id > change.previous_change_id);
        shadow.change_id = change.change_id;
        apply(shadow.bids, change.bids, true);
        apply(shadow.asks, change.asks, false);
      }
    }
    for (std::size_t i = 0; i < market.instruments().size(); ++i) {
      const MarketInstrument& instrument = market.instruments()[i];
      CAPTURE(instrument.name);
      CHECK(shadows[i].bids == instrument.bids);
      CHECK(shadows[i].asks == instrument.asks);
      if (!instrument.bids.empty() && !instrument.asks.empty())
        CHECK(instrument.bids.front().price < instrument.asks.front().price);
      for (const auto* side : {&instrument.bids, &instrument.asks})
        for (const BookLevel& level : *side) {
          CHECK(level.price > 0);
          CHECK(level.amount > 0);
          CHECK(on_grid(level.price,
                        instrument.kind == ContractKind::Option ? SyntheticMarket::option_tick(level.price) : instrument.tick));
          CHECK(on_grid(level.amount, instrument.lot));
        }
    }
  }

  TEST_CASE("the quoted vols lie around the mark vol and give back the quotes") {
    const auto market = market_at(kNoon);
    int repriced = 0;
    for (const MarketInstrument& option : market.instruments()) {
      if (option.kind != ContractKind::Option) continue;
      CAPTURE(option.name);
      CHECK((option.bid_vol_percent == 0 || option.bid_vol_percent < option.mark_vol_percent + 0.02));
      CHECK((option.ask_vol_percent == 0 || option.ask_vol_percent > option.mark_vol_percent - 0.02));
      for (const auto& [side, vol_percent] :
           {std::pair{&option.bids, option.bid_vol_percent}, {&option.asks, option.ask_vol_percent}}) {
        if (side->empty() || vol_percent == 0) continue;
        CAPTURE(vol_percent);
        const auto priced =
            black76({.right = option.right,
                     .forward = option.forward_usd,
                     .strike = option.strike_usd,
                     .to_expiry = YearFraction::from_nanoseconds(static_cast<double>((option.expiry - option.marked).count())),
                     .vol = Vol::from_percent(vol_percent)});
        REQUIRE(priced.ok());
        // A vol is published in hundredths of a point.
        const double vol_grid_usd = 0.0001 * priced.value().vega;
        CHECK(std::abs(priced.value().price - side->front().price * option.forward_usd) <= vol_grid_usd + 1e-6);
        ++repriced;
      }
    }
    CHECK(repriced > 100);
  }

  TEST_CASE("puts are worth calls less the forward, in coin") {
    const auto market = market_at(kNoon);
    for (const MarketInstrument& call : market.instruments()) {
      if (call.kind != ContractKind::Option || call.right != OptionRight::Call) continue;
      const auto put_index = market.find(call.name.substr(0, call.name.size() - 1) + "P");
      REQUIRE(put_index.has_value());
      const MarketInstrument& put = market.instruments()[*put_index];
      CAPTURE(call.name);
      CHECK(call.mark_price - put.mark_price == doctest::Approx(1 - call.strike_usd / call.forward_usd).epsilon(1e-9));
    }
  }

  TEST_CASE("trades are numbered without a hole and own orders fill level by level") {
    auto market = market_at(kNoon);
    MarketChanges changes;
    std::map<std::size_t, std::int64_t> sequences;
    const std::size_t perpetual = market.perpetual_of(0);
    const double wanted = 2 * market.instruments()[perpetual].asks.front().amount;
    market.submit(perpetual, true, wanted);
    double filled = 0;
    int own = 0;
    for (int step = 0; step < 40; ++step) {
      market.step(changes);
      for (const MarketTrade& trade : changes.trades) {
        CHECK(trade.trade_seq == ++sequences[trade.instrument]);
        if (!trade.own) continue;
        CHECK(step == 0);
        CHECK(trade.taker_buys);
        filled += trade.amount;
        ++own;
      }
    }
    CHECK(filled == doctest::Approx(wanted));
    CHECK(own >= 2);
  }

  TEST_CASE("a shocked index moves by its ratio and every option is marked anew") {
    auto market = market_at(kNoon);
    MarketChanges changes;
    market.step(changes);
    const double before = market.underlyings()[0].index_usd;
    market.shock_index(0, -0.05);
    market.step(changes);
    CHECK(market.underlyings()[0].index_usd == doctest::Approx(before * 0.95).epsilon(0.002));
    const auto options = std::count_if(
        market.instruments().begin(), market.instruments().end(),
        [](const MarketInstrument& instrument) { return instrument.underlying == 0 && instrument.kind == ContractKind::Option; });
    const auto marked = std::count_if(changes.marked.begin(), changes.marked.end(), [&](std::size_t index) {
      return market.instruments()[index].underlying == 0 && market.instruments()[index].kind == ContractKind::Option;
    });
    CHECK(marked == options);
  }

  TEST_CASE("under stress spreads, depth and the perpetual's basis are what was asked for, and afterwards what they were") {
    struct Book {
      double spread = 0;
      double bid_usd = 0;
      double basis = 0;
    };
    const auto average = [](SyntheticMarket& market) {
      MarketChanges changes;
      Book sum;
      constexpr int kSteps = 200;
      for (int i = 0; i < kSteps; ++i) {
        market.step(changes);
        const MarketInstrument& perpetual = market.instruments()[market.perpetual_of(0)];
        CHECK(perpetual.bids.front().price < perpetual.asks.front().price);
        CHECK(on_grid(perpetual.bids.front().price, perpetual.tick));
        sum.spread += (perpetual.asks.front().price - perpetual.bids.front().price) / kSteps;
        for (const BookLevel& level : perpetual.bids) sum.bid_usd += level.amount / kSteps;
        sum.basis += (perpetual.mark_price / perpetual.index_usd - 1) / kSteps;
      }
      return sum;
    };
    auto market = market_at(kNoon);
    const Book calm = average(market);
    market.stress(0, {.spread_multiple = 20, .depth_divisor = 50, .basis_ratio = -0.02, .basis_noise_ratio = 0.001});
    const Book wild = average(market);
    market.stress(0, {});
    const Book after = average(market);
    CAPTURE(calm.bid_usd);
    CAPTURE(wild.bid_usd);
    CHECK(wild.spread == doctest::Approx(20 * calm.spread).epsilon(0.1));
    CHECK(wild.bid_usd == doctest::Approx(calm.bid_usd / 50).epsilon(0.3));
    CHECK(wild.basis == doctest::Approx(-0.02).epsilon(0.05));
    CHECK(market.underlyings()[1].stress_premium == 0);
    CHECK(after.spread == doctest::Approx(calm.spread).epsilon(0.1));
    CHECK(after.bid_usd == doctest::Approx(calm.bid_usd).epsilon(0.3));
    CHECK(std::abs(after.basis) < 0.001);
    for (const MarketInstrument& instrument : market.instruments())
      if (!instrument.bids.empty() && !instrument.asks.empty())
        CHECK(instrument.bids.front().price < instrument.asks.front().price);
  }

  TEST_CASE("at 08:00 UTC the day's series is settled at the half hour's average, delivered, and a new one is listed") {
    const VenueTime start = kNoon - 4h - 2s;
    auto market = market_at(start);
    const auto daily = market.find("BTC-4MAR26-" + std::to_string(std::lround(std::round(96'000 / 500.0) * 500)) + "-C");
    REQUIRE(daily.has_value());
    CHECK_FALSE(market.find("BTC-5MAR26-96000-C") == std::nullopt);
    MarketChanges changes;
    bool settled = false;
    bool delivered = false;
    bool listed = false;
    for (int step = 0; step < 30; ++step) {
      const std::size_t known = market.instruments().size();
      market.step(changes);
      for (const std::size_t index : changes.states) {
        settled = settled || (index == *daily && market.instruments()[index].state == ListingState::Settlement);
        listed = listed || index >= known;
      }
      delivered = delivered || std::find(changes.expired.begin(), changes.expired.end(), *daily) != changes.expired.end();
    }
    CHECK(settled);
    CHECK(delivered);
    CHECK(listed);
    CHECK(market.instruments()[*daily].state == ListingState::Delivered);
    CHECK(market.instruments()[*daily].bids.empty());
    CHECK(market.underlyings()[0].delivery_price == doctest::Approx(96'000).epsilon(0.01));
    CHECK(std::any_of(market.instruments().begin(), market.instruments().end(),
                      [](const MarketInstrument& instrument) { return instrument.name.starts_with("BTC-5MAR26-"); }));
  }

  TEST_CASE("jumps widen the path of the index") {
    auto calm = market_at(kNoon, 5);
    auto wild = market_at(kNoon, 5, 50'000);
    const auto range = [](SyntheticMarket& market) {
      MarketChanges changes;
      for (int i = 0; i < 300; ++i) market.step(changes);
      return market.underlyings()[0].index_high_usd / market.underlyings()[0].index_low_usd - 1;
    };
    CHECK(range(wild) > 2 * range(calm));
  }
}
