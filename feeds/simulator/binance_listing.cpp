#include "feeds/simulator/binance_listing.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "core/pricing/black76.hpp"
#include "feeds/simulator/linear_terms.hpp"

namespace hedgewatch::simulator {
namespace {

constexpr double kSpotTick = 0.01;
constexpr double kSpotStep = 0.00001;

double on_grid(double value, double grid) {
  // Grids are powers of ten times 1, 2 or 5: dividing by the count per unit leaves no noise of the multiplication.
  const double per_unit = std::round(1 / grid);
  return grid < 1 ? std::round(value * per_unit) / per_unit : std::round(value / grid) * grid;
}

/// 261225.
std::string date_digits(VenueTime expiry) {
  const std::chrono::year_month_day date{
      std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::nanoseconds>{expiry.time_since_epoch()})};
  std::string digits;
  for (const unsigned part : {static_cast<unsigned>(static_cast<int>(date.year()) % 100), static_cast<unsigned>(date.month()),
                              static_cast<unsigned>(date.day())}) {
    if (part < 10) digits += '0';
    digits += std::to_string(part);
  }
  return digits;
}

double coin_contract_usd(std::string_view currency) { return currency == "BTC" ? 100 : 10; }

/// Levels of one price become one; those without a size or a price are none.
void join(std::vector<BookLevel>& levels, double price, double size) {
  if (!(price > 0) || !(size > 0)) return;
  if (!levels.empty() && levels.back().price == price) {
    levels.back().amount += size;
  } else {
    levels.push_back({price, size});
  }
}

}  // namespace

BinanceListing::BinanceListing(const SyntheticMarket& market) : market_{market}, random_{market.configuration().seed ^ 0xB1A} {
  list_new();
}

void BinanceListing::add(BinanceInstrument instrument) {
  by_symbol_.emplace(std::pair{instrument.product, instrument.symbol}, instruments_.size());
  by_source_.emplace(std::pair{instrument.product, instrument.source}, instruments_.size());
  instruments_.push_back(std::move(instrument));
}

std::optional<std::size_t> BinanceListing::of_source(BinanceProduct product, std::size_t source) const {
  const auto found = by_source_.find({product, source});
  return found == by_source_.end() ? std::nullopt : std::optional{found->second};
}

void BinanceListing::list_new() {
  for (; seen_ < market_.instruments().size(); ++seen_) {
    const MarketInstrument& source = market_.instruments()[seen_];
    const UnderlyingConfig& coin = market_.underlyings()[source.underlying].config;
    const LinearGrid grid = linear_grid(coin.index_usd);
    const std::string usdt = coin.currency + "USDT";
    const std::string usd = coin.currency + "USD";
    if (is_option(source)) {
      add({.product = BinanceProduct::Options,
           .source = seen_,
           .symbol = coin.currency + "-" + date_digits(source.expiry) + "-" + std::to_string(std::lround(source.strike_usd)) +
                     (source.right == OptionRight::Call ? "-C" : "-P"),
           .pair = usdt,
           .tick = grid.option_tick_usd,
           .step = 0.01,
           .price_decimals = 3,
           .size_decimals = 4});
      continue;
    }
    const bool perpetual = source.kind == ContractKind::Perpetual;
    if (!perpetual && source.settlement_period == "week") continue;
    const std::string behind = perpetual ? "" : "_" + date_digits(source.expiry);
    add({.product = BinanceProduct::UsdMargined,
         .source = seen_,
         .symbol = usdt + behind,
         .pair = usdt,
         .tick = source.tick,
         .step = grid.lot_coins});
    add({.product = BinanceProduct::CoinMargined,
         .source = seen_,
         .symbol = usd + (perpetual ? "_PERP" : behind),
         .pair = usd,
         .tick = source.tick,
         .step = 1,
         .contract_size = coin_contract_usd(coin.currency),
         .size_decimals = 0});
    if (perpetual)
      add({.product = BinanceProduct::Spot,
           .source = seen_,
           .symbol = usdt,
           .pair = usdt,
           .tick = kSpotTick,
           .step = kSpotStep,
           .price_decimals = 8,
           .size_decimals = 8});
  }
}

std::optional<std::size_t> BinanceListing::find(BinanceProduct product, std::string_view symbol) const {
  const auto found = by_symbol_.find(std::pair{product, std::string{symbol}});
  return found == by_symbol_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<std::size_t> BinanceListing::underlying_of(std::string_view pair) const {
  for (std::size_t u = 0; u < market_.underlyings().size(); ++u) {
    const std::string& currency = market_.underlyings()[u].config.currency;
    if (pair == currency + "USDT" || pair == currency + "USD") return u;
  }
  return std::nullopt;
}

double BinanceListing::price_usd(const BinanceInstrument& instrument, double price) const {
  const MarketInstrument& source = market_.instruments()[instrument.source];
  if (instrument.product == BinanceProduct::Options) return price * source.index_usd;
  if (instrument.product == BinanceProduct::Spot) return on_grid(price - source.mark_price + source.index_usd, instrument.tick);
  return price;
}

double BinanceListing::size(const BinanceInstrument& instrument, double amount, double price) const {
  double size = amount;
  if (instrument.product == BinanceProduct::CoinMargined) size = amount / instrument.contract_size;
  if (instrument.product == BinanceProduct::UsdMargined || instrument.product == BinanceProduct::Spot) size = amount / price;
  return std::max(on_grid(size, instrument.step), instrument.step);
}

std::vector<BookLevel> BinanceListing::levels(const BinanceInstrument& instrument, bool bids) const {
  const MarketInstrument& source = market_.instruments()[instrument.source];
  std::vector<BookLevel> shown;
  for (const BookLevel& level : bids ? source.bids : source.asks) {
    double price = price_usd(instrument, level.price);
    if (instrument.product == BinanceProduct::Options) {
      // Away from the other side, so that no book crosses.
      const double count = price / instrument.tick;
      price = on_grid((bids ? std::floor(count + 1e-9) : std::ceil(count - 1e-9)) * instrument.tick, instrument.tick);
    }
    join(shown, price, size(instrument, level.amount, level.price));
  }
  return shown;
}

void BinanceListing::update(std::size_t index, BinanceBook& book) {
  const BinanceInstrument& instrument = instruments_[index];
  std::vector<BookLevel> bids = levels(instrument, true);
  std::vector<BookLevel> asks = levels(instrument, false);
  std::vector<LevelChange> bid_changes = level_changes(book.bids, bids);
  std::vector<LevelChange> ask_changes = level_changes(book.asks, asks);
  if (bid_changes.empty() && ask_changes.empty()) return;
  const auto top = [](const std::vector<BookLevel>& levels) { return levels.empty() ? BookLevel{} : levels.front(); };
  book.top_changed = top(book.bids) != top(bids) || top(book.asks) != top(asks);
  book.bids = std::move(bids);
  book.asks = std::move(asks);
  book.bid_changes = std::move(bid_changes);
  book.ask_changes = std::move(ask_changes);
  book.changed = market_.now();
  book.previous = book.last;
  // Spot's changes begin with the next number; a future's may leave some out, and names what it follows instead.
  book.first = book.last + 1 + (instrument.product == BinanceProduct::Spot ? 0 : random_.index(4));
  book.last = book.first + random_.index(30);
}

const BinanceBook& BinanceListing::book(std::size_t index) {
  const auto [found, is_new] = books_.try_emplace(index);
  if (is_new) {
    found->second.last = static_cast<std::uint64_t>(source(index).change_id);
    update(index, found->second);
    // Nobody was there to hear of it.
    found->second.changed = {};
  }
  return found->second;
}

void BinanceListing::step() {
  list_new();
  for (auto& [index, book] : books_) update(index, book);
}

BinanceMark BinanceListing::mark(const MarketInstrument& option) const {
  const MarketUnderlying& underlying = market_.underlyings()[option.underlying];
  BinanceMark mark{.index_usd = std::round(underlying.index_usd * 100) / 100,
                   .rate = std::round(underlying.carry * 1e4) / 1e4,
                   .vol_fraction = std::round(option.mark_vol_percent * 100) / 1e4};
  const auto left = YearFraction::from_nanoseconds(static_cast<double>((option.expiry - market_.now()).count()));
  const auto priced = black76({.right = option.right,
                               .forward = mark.index_usd * std::exp(mark.rate * left.years()),
                               .strike = option.strike_usd,
                               .to_expiry = left,
                               .vol = Vol::from_fraction(mark.vol_fraction),
                               .rate = mark.rate,
                               .carry = mark.rate});
  if (!priced) return mark;
  mark.price_usd = priced.value().price;
  mark.delta = priced.value().spot_delta;
  mark.gamma = priced.value().spot_gamma;
  mark.vega = priced.value().vega / 100;
  mark.theta = priced.value().spot_theta / 365;
  return mark;
}

}  // namespace hedgewatch::simulator
