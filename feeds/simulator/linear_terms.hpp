#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/types/time.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

/// How a venue that settles in dollars quotes the synthetic market, whose futures count dollars and whose option prices are coin:
/// every price in dollars, every size in coins.
struct LinearGrid {
  double lot_coins = 0.001;  ///< of futures and spot
  double option_tick_usd = 0;
};

/// Grid of a coin at this index: lots of a few dollars to a hundred, option ticks of about 1/20,000 of the index, powers of ten
/// times 1, 2 or 5.
[[nodiscard]] LinearGrid linear_grid(double index_usd);

enum class QuoteSide : std::uint8_t { Bid, Ask };

/// A price of the market in dollars. An option's is its coin price times its forward, rounded away from the other side to the
/// tick; 0 where a bid is below the smallest tick.
[[nodiscard]] double dollar_price(const MarketInstrument& instrument, double price, QuoteSide side, const LinearGrid& grid);
/// An option's mark times its forward, unrounded; a future's mark.
[[nodiscard]] double dollar_mark(const MarketInstrument& instrument);
/// A size of the market in coins, on the lot grid; 0 where it is less than half a lot.
[[nodiscard]] double coin_size(const MarketInstrument& instrument, double amount, double price_usd, const LinearGrid& grid);
/// A side of the book, best first, levels of one dollar price joined and those without price or size left out. Sides do not cross.
[[nodiscard]] std::vector<BookLevel> dollar_levels(const MarketInstrument& instrument, const std::vector<BookLevel>& levels,
                                                   QuoteSide side, const LinearGrid& grid);

/// Quotes of the coin itself against the dollar: ten levels each side of the index. A function of the index: no random number.
struct SpotBook {
  std::vector<BookLevel> bids = {};  ///< best first, coins
  std::vector<BookLevel> asks = {};
};
[[nodiscard]] SpotBook spot_book(const MarketUnderlying& underlying, const LinearGrid& grid);

/// What a long pays at the next funding, as a ratio of the mark for eight hours: premium plus the interest of 0.01 %, which gives
/// way by at most 0.05 %.
[[nodiscard]] double linear_funding_rate(const MarketUnderlying& underlying);
inline constexpr std::chrono::hours kFundingInterval{8};
/// The first 00:00, 08:00 or 16:00 UTC after a time.
[[nodiscard]] VenueTime next_funding(VenueTime time);

}  // namespace hedgewatch::simulator
