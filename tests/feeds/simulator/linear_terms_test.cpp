#include "feeds/simulator/linear_terms.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <vector>

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace std::chrono_literals;

namespace {

/// 2026-03-04T12:00:00Z.
constexpr VenueTime kTermsNoon{std::chrono::milliseconds{1'772'625'600'000}};

SyntheticMarket terms_market() { return SyntheticMarket{{.seed = 4, .start = kTermsNoon, .strikes_per_side = 6}}; }

}  // namespace

TEST_SUITE("feeds/simulator/linear_terms") {
  TEST_CASE("lots and option ticks follow the index") {
    CHECK(linear_grid(96'000).lot_coins == 0.001);
    CHECK(linear_grid(96'000).option_tick_usd == 5);
    CHECK(linear_grid(3'400).lot_coins == 0.01);
    CHECK(linear_grid(3'400).option_tick_usd == 0.1);
    CHECK(linear_grid(0.2).lot_coins == 100);
  }

  TEST_CASE("an option's price in dollars is its coin price times the forward, on the side's own side of the tick") {
    const LinearGrid grid{.lot_coins = 0.001, .option_tick_usd = 5};
    const MarketInstrument option{.kind = ContractKind::Option, .forward_usd = 96'500};
    // 0.0333 * 96,500 = 3,213.45
    CHECK(dollar_price(option, 0.0333, QuoteSide::Bid, grid) == 3'210);
    CHECK(dollar_price(option, 0.0333, QuoteSide::Ask, grid) == 3'215);
    // 0.00004 * 96,500 = 3.86, below the smallest tick
    CHECK(dollar_price(option, 0.00004, QuoteSide::Bid, grid) == 0);
    CHECK(dollar_price(option, 0.00004, QuoteSide::Ask, grid) == 5);
    const MarketInstrument perpetual{.kind = ContractKind::Perpetual};
    CHECK(dollar_price(perpetual, 96'012.5, QuoteSide::Bid, grid) == 96'012.5);
  }

  TEST_CASE("a future's dollars become coins on the lot grid") {
    const LinearGrid grid{.lot_coins = 0.001, .option_tick_usd = 5};
    const MarketInstrument perpetual{.kind = ContractKind::Perpetual};
    // 25,000 / 96,000 = 0.26041...
    CHECK(coin_size(perpetual, 25'000, 96'000, grid) == 0.26);
    CHECK(coin_size(perpetual, 40, 96'000, grid) == 0);
    CHECK(coin_size(MarketInstrument{.kind = ContractKind::Option}, 1.5, 3'000, grid) == 1.5);
  }

  TEST_CASE("levels of one dollar price are one level, and what has no price or no size is left out") {
    const LinearGrid grid{.lot_coins = 0.001, .option_tick_usd = 50};
    const MarketInstrument option{.kind = ContractKind::Option, .forward_usd = 100'000};
    // 3,340 and 3,310 are both 3,300 for a bid; 40 is below the tick of 50.
    const std::vector<BookLevel> bids{{0.0334, 1.5}, {0.0331, 2.25}, {0.0004, 7}};
    CHECK(dollar_levels(option, bids, QuoteSide::Bid, grid) == std::vector<BookLevel>{{3'300, 3.75}});
    const MarketInstrument perpetual{.kind = ContractKind::Perpetual};
    const std::vector<BookLevel> asks{{100'000, 1'000}, {100'001, 10}};
    CHECK(dollar_levels(perpetual, asks, QuoteSide::Ask, grid) == std::vector<BookLevel>{{100'000, 0.01}});
  }

  TEST_CASE("books in dollars are sorted, have no price twice and do not cross, for every instrument of a moving market") {
    SyntheticMarket market = terms_market();
    MarketChanges changes;
    for (int i = 0; i < 40; ++i) market.step(changes);
    for (const MarketInstrument& instrument : market.instruments()) {
      CAPTURE(instrument.name);
      const LinearGrid grid = linear_grid(market.underlyings()[instrument.underlying].config.index_usd);
      const std::vector<BookLevel> bids = dollar_levels(instrument, instrument.bids, QuoteSide::Bid, grid);
      const std::vector<BookLevel> asks = dollar_levels(instrument, instrument.asks, QuoteSide::Ask, grid);
      for (std::size_t i = 1; i < bids.size(); ++i) CHECK(bids[i].price < bids[i - 1].price);
      for (std::size_t i = 1; i < asks.size(); ++i) CHECK(asks[i].price > asks[i - 1].price);
      if (!bids.empty() && !asks.empty()) CHECK(bids.front().price < asks.front().price);
    }
  }

  TEST_CASE("the spot book stands around the index") {
    const SyntheticMarket market = terms_market();
    for (const MarketUnderlying& underlying : market.underlyings()) {
      const SpotBook book = spot_book(underlying, linear_grid(underlying.config.index_usd));
      REQUIRE(book.bids.size() == 10);
      CHECK(book.bids.front().price <= underlying.index_usd);
      CHECK(book.asks.front().price > underlying.index_usd);
      CHECK(book.asks.front().price - book.bids.front().price == doctest::Approx(underlying.config.perpetual_tick_usd));
      for (const BookLevel& level : book.bids) CHECK(level.amount > 0);
    }
  }

  TEST_CASE("funding is the interest while the premium is small, and follows the premium beyond that") {
    MarketUnderlying underlying;
    for (const double premium : {-0.0004, 0.0, 0.0001, 0.0006}) {
      underlying.perpetual_premium = premium;
      CHECK(linear_funding_rate(underlying) == doctest::Approx(0.0001));
    }
    underlying.perpetual_premium = 0.001;
    CHECK(linear_funding_rate(underlying) == doctest::Approx(0.0005));
    underlying.perpetual_premium = -0.001;
    CHECK(linear_funding_rate(underlying) == doctest::Approx(-0.0005));
  }

  TEST_CASE("funding is due at 00:00, 08:00 and 16:00 UTC, after the time asked for") {
    CHECK(next_funding(kTermsNoon) == kTermsNoon + 4h);
    CHECK(next_funding(kTermsNoon + 4h) == kTermsNoon + 12h);
    CHECK(next_funding(kTermsNoon + 4h - 1ns) == kTermsNoon + 4h);
  }
}
