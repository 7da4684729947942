#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/engine.hpp"
#include "core/metric/figure_table.hpp"
#include "feeds/deribit/symbols.hpp"

namespace hedgewatch::bench {

/// How many of what a made desk has.
struct DeskShape {
  std::uint32_t options = 1'000;  ///< held, over all venues
  std::uint32_t books = 10;       ///< the options are dealt out to them in turn
  std::uint32_t venues = 1;
  std::uint32_t expiries = 1;
};

/// Sizes and contracts of a desk that holds BTC options and nothing else, named as Deribit names them. At the other venues the same
/// names stand for other instruments.
class OptionDesk {
 public:
  static constexpr std::int64_t kNowMilliseconds = 1'801'234'567'890;  ///< in January 2027
  static constexpr double kForward = 89'105.25;
  static constexpr double kVol = 0.5208;

  explicit OptionDesk(DeskShape shape) : shape_{shape} {
    for (std::uint32_t i = 0; i < shape.options; ++i) {
      const std::uint32_t place = i / shape.venues;
      const std::uint32_t strike = place / 2 / shape.expiries;
      names_.push_back("BTC-" + day(place / 2 % shape.expiries) + "-" + std::to_string(40'000 + 200 * strike) +
                       (place % 2 == 0 ? "-C" : "-P"));
      contracts_.push_back(*deribit::contract_from_name(names_.back()));
    }
  }

  [[nodiscard]] const DeskShape& shape() const { return shape_; }
  [[nodiscard]] const std::string& name(std::uint32_t option) const { return names_[option]; }
  [[nodiscard]] const Contract& contract(std::uint32_t option) const { return contracts_[option]; }
  [[nodiscard]] static Venue venue_at(std::uint32_t place) { return kVenues[place]; }
  [[nodiscard]] Venue venue(std::uint32_t option) const { return kVenues[option % shape_.venues]; }
  [[nodiscard]] InstrumentId id(std::uint32_t option) const { return make_instrument_id(venue(option), option / shape_.venues); }
  [[nodiscard]] std::uint32_t book(std::uint32_t option) const { return option % shape_.books; }
  [[nodiscard]] static double size(std::uint32_t option) { return option % 3 == 0 ? -1.0 : 2.0; }

  [[nodiscard]] EngineSetup setup() const {
    EngineSetup setup;
    for (std::uint32_t v = 0; v < shape_.venues; ++v) {
      setup.venues.push_back({.venue = kVenues[v], .market_data_max_age = std::chrono::hours{24}});
      setup.connections.emplace_back(label(kVenues[v]));
      setup.connection_venues.push_back(kVenues[v]);
    }
    for (std::uint32_t b = 0; b < shape_.books; ++b) {
      BookSetup book;
      book.name = book_name(b);
      setup.books.push_back(std::move(book));
    }
    for (std::uint32_t i = 0; i < shape_.options; ++i)
      setup.books[book(i)].positions.push_back({.instrument = {venue(i), names_[i]}, .size = size(i), .entry_price = 0.05});
    return setup;
  }
  [[nodiscard]] static std::string book_name(std::uint32_t book) { return "book" + std::to_string(book); }

  /// Live connections, every option listed, and a mark of each. `leaning`: the marks bring a vol and no forward, as a whole chain's
  /// marks do, so that every option follows the forward that any ticker of its expiry brings.
  void open(Engine& engine, MonoTime now, bool leaning) const {
    for (std::uint32_t v = 0; v < shape_.venues; ++v)
      engine.apply(event(kVenues[v], kNoInstrument, now, FeedStatus{.phase = FeedPhase::Live}));
    for (std::uint32_t i = 0; i < shape_.options; ++i) engine.apply(event(venue(i), id(i), now, InstrumentListed{contracts_[i]}));
    engine.end_cycle(now);
    for (std::uint32_t i = 0; i < shape_.options; ++i) engine.apply(tick(i, 0, now));
    if (leaning)
      for (std::uint32_t i = 0; i < shape_.options; ++i)
        engine.apply(event(venue(i), id(i), now, Mark{.price = 0.05, .vol = kVol}));
    engine.end_cycle(now);
  }

  /// What a ticker of this option brings, `move` dollars from where it was.
  [[nodiscard]] Event tick(std::uint32_t option, std::uint32_t move, MonoTime now) const {
    return event(venue(option), id(option), now,
                 Mark{.price = 0.05, .vol = kVol, .forward = kForward + move, .index = kForward - 700 + move, .rate = 0});
  }

  [[nodiscard]] Event event(Venue venue, InstrumentId instrument, MonoTime now, const EventBody& body) const {
    return {.header = {.exchange_time = from_nanoseconds<VenueTime>(kNowMilliseconds * 1'000'000),
                       .received = now,
                       .instrument = instrument,
                       .account = kNoAccount,
                       .connection = ConnectionId{static_cast<std::uint8_t>(venue)},
                       .venue = venue},
            .body = body};
  }

  /// The text in which the option's venue tells a price, a vol or a forward that tick() tells.
  [[nodiscard]] std::string ticker_frame(std::uint32_t option, std::uint32_t move) const {
    const std::string forward = std::to_string(89'105 + move) + ".25";
    const std::string index = std::to_string(88'405 + move) + ".25";
    const std::string& name = names_[option];
    const std::string time = std::to_string(kNowMilliseconds);
    switch (venue(option)) {
      case Venue::Binance:
        return R"({"stream":"btcusdt@optionMarkPrice","data":[{"s":")" + name + R"(","mp":"4455.0","E":)" + time +
               R"(,"e":"markPrice","i":")" + index +
               R"(","bo":"4410.000","ao":"4500.000","bq":"3.2","aq":"7.5","b":"0.512","a":"0.529")" +
               R"(,"hl":"9000","ll":"1200","vo":"0.5208","rf":"0.0","d":"0.4721","t":"-61.25","g":"0.00002","v":"101.25"}]})";
      case Venue::Okx:
        return R"({"arg":{"channel":"opt-summary","instFamily":"BTC-USD"},"data":[{"instType":"OPTION","instId":")" + name +
               R"(","uly":"BTC-USD","delta":"0.42","gamma":"2.1","vega":"0.0012","theta":"-0.0008","markVol":"0.5208","bidVol":"0.512")" +
               R"(,"askVol":"0.529","realVol":"","deltaBS":"0.4721","gammaBS":"0.00002","vegaBS":"101.25","thetaBS":"-61.25","fwdPx":")" +
               forward + R"(","ts":")" + time + R"("}]})";
      case Venue::Bybit:
        return R"({"id":"tickers.)" + name + R"(-1-2","topic":"tickers.)" + name + R"(","ts":)" + time + R"(,"data":{"symbol":")" +
               name + R"(","bidPrice":"4410","bidSize":"3.2","bidIv":"0.512","askPrice":"4500","askSize":"7.5","askIv":"0.529")" +
               R"(,"markPrice":"4455.25","indexPrice":")" + index + R"(","markPriceIv":"0.5208","underlyingPrice":")" + forward +
               R"(","delta":"0.4721","gamma":"0.00002","vega":"101.25","theta":"-61.25","predictedDeliveryPrice":"0"},"type":"snapshot"})";
      case Venue::Deribit:
        break;
    }
    return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.)" + name + R"(.raw","data":{"timestamp":)" +
           time +
           R"(,"state":"open","stats":{"high":0.071,"low":null,"price_change":-3.25,"volume":41.7,"volume_usd":2.51e5})"
           R"(,"open_interest":812.4,"best_bid_price":0.0495,"best_bid_amount":3.2,"best_ask_price":0.0505,"best_ask_amount":7.5)"
           R"(,"bid_iv":51.2,"ask_iv":52.9,"mark_iv":52.08,"mark_price":0.05,"last_price":0.051,"settlement_price":0.0502)"
           R"(,"min_price":0.03,"max_price":0.1,"instrument_name":")" +
           name + R"(","index_price":)" + index + R"(,"underlying_price":)" + forward +
           R"(,"underlying_index":"BTC-26MAR27","interest_rate":0.0,"estimated_delivery_price":)" + index +
           R"(,"greeks":{"delta":-0.47213,"gamma":0.00002,"vega":101.337,"theta":-61.25,"rho":-38.75}}}})";
  }

  /// Where the net delta of a book stands, in the Black-Scholes view.
  [[nodiscard]] static RowId delta_row(const Engine& engine, std::uint32_t book) {
    return engine.figures().find(Figure::BookDeltaCoins, {book_name(book), "BTC", label(DeltaView::BlackScholes)});
  }
  [[nodiscard]] static bool believable(const Engine& engine) {
    const RowId row = delta_row(engine, 0);
    return row != kNoRow && engine.figures().at(row).state == FigureState::Ok;
  }

 private:
  static std::string day(std::uint32_t expiry) {
    constexpr std::array kMonths{"MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
    return std::to_string(1 + expiry % 28) + kMonths[expiry / 28 % kMonths.size()] + "27";
  }

  DeskShape shape_;
  std::vector<std::string> names_;
  std::vector<Contract> contracts_;
};

}  // namespace hedgewatch::bench
