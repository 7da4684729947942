#include "feeds/simulator/linear_terms.hpp"

#include <algorithm>
#include <cmath>

namespace hedgewatch::simulator {
namespace {

constexpr int kSpotLevels = 10;

/// Multiples of a tick without the noise of the multiplication: no tick here has more than six decimals.
double on_dollar_grid(double count, double tick) { return std::round(count * tick * 1e6) / 1e6; }

/// The largest of 1, 2 and 5 times a power of ten that is not above `value`.
double round_down(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  const double lead = value / power;
  const double step = lead >= 5 ? 5 : lead >= 2 ? 2 : 1;
  return std::round(step * power * 1e6) / 1e6;
}

}  // namespace

LinearGrid linear_grid(double index_usd) {
  const double lot = std::clamp(std::pow(10, -std::floor(std::log10(index_usd)) + 1), 1e-4, 1e3);
  return {.lot_coins = std::round(lot * 1e6) / 1e6, .option_tick_usd = round_down(index_usd / 18'000)};
}

double dollar_price(const MarketInstrument& instrument, double price, QuoteSide side, const LinearGrid& grid) {
  if (!is_option(instrument)) return price;
  const double ticks = price * instrument.forward_usd / grid.option_tick_usd;
  return on_dollar_grid(side == QuoteSide::Bid ? std::floor(ticks + 1e-9) : std::ceil(ticks - 1e-9), grid.option_tick_usd);
}

double dollar_mark(const MarketInstrument& instrument) {
  return is_option(instrument) ? instrument.mark_price * instrument.forward_usd : instrument.mark_price;
}

double coin_size(const MarketInstrument& instrument, double amount, double price_usd, const LinearGrid& grid) {
  if (is_option(instrument)) return amount;
  if (!(price_usd > 0)) return 0;
  return on_dollar_grid(std::round(amount / price_usd / grid.lot_coins), grid.lot_coins);
}

std::vector<BookLevel> dollar_levels(const MarketInstrument& instrument, const std::vector<BookLevel>& levels, QuoteSide side,
                                     const LinearGrid& grid) {
  std::vector<BookLevel> result;
  result.reserve(levels.size());
  for (const BookLevel& level : levels) {
    const double price = dollar_price(instrument, level.price, side, grid);
    const double size = coin_size(instrument, level.amount, price, grid);
    if (!(price > 0) || !(size > 0)) continue;
    if (!result.empty() && result.back().price == price) {
      result.back().amount = std::round((result.back().amount + size) * 1e6) / 1e6;
    } else {
      result.push_back({price, size});
    }
  }
  return result;
}

SpotBook spot_book(const MarketUnderlying& underlying, const LinearGrid& grid) {
  const double tick = underlying.config.perpetual_tick_usd;
  const double middle = std::floor(underlying.index_usd / tick);
  SpotBook book;
  for (int i = 0; i < kSpotLevels; ++i) {
    // Sizes grow away from the middle and vary with the price, so that levels come, go and change.
    const auto size = [&](double count) {
      return on_dollar_grid(std::round((1 + i) * (40 + std::fmod(count, 7) * 5)), grid.lot_coins);
    };
    book.bids.push_back({on_dollar_grid(middle - i, tick), size(middle - i)});
    book.asks.push_back({on_dollar_grid(middle + 1 + i, tick), size(middle + 1 + i)});
  }
  return book;
}

double linear_funding_rate(const MarketUnderlying& underlying) {
  constexpr double kInterest = 0.0001;
  constexpr double kGivesWay = 0.0005;
  const double premium = underlying.perpetual_premium;
  return std::round((premium + std::clamp(kInterest - premium, -kGivesWay, kGivesWay)) * 1e8) / 1e8;
}

VenueTime next_funding(VenueTime time) {
  const std::int64_t interval = std::chrono::nanoseconds{kFundingInterval}.count();
  return from_nanoseconds<VenueTime>((nanoseconds_of(time) / interval + 1) * interval);
}

}  // namespace hedgewatch::simulator
