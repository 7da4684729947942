#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/market/event_batch.hpp"
#include "core/market/order_book.hpp"
#include "feeds/binance/decoder.hpp"
#include "feeds/binance/requests.hpp"
#include "feeds/session/spliced_book.hpp"
#include "feeds/simulator/binance_exchange.hpp"
#include "feeds/symbol_table.hpp"

/// Binance's simulated exchange, its clients and a clock, without sockets.
namespace hedgewatch::testing {

struct BinanceBench {
  static constexpr MonoTime kStart{std::chrono::hours{7}};
  /// Wednesday, 4 March 2026, 12:00 UTC.
  static constexpr VenueTime kNoon{std::chrono::milliseconds{1'772'625'600'000}};

  static simulator::BinanceExchangeConfig config(VenueTime start = kNoon) {
    return {.market = {.seed = 11, .start = start, .strikes_per_side = 3},
            .account = {.seed = 11},
            .keys = {{"monitor", "correct horse", false, ""}, {"trader", "battery staple", true, ""}}};
  }

  explicit BinanceBench(simulator::BinanceExchangeConfig with = config()) : exchange{std::move(with)} { poll(); }

  [[nodiscard]] WallTime wall() const { return WallTime{kNoon.time_since_epoch() + (now - kStart)}; }

  simulator::ClientId open(std::string_view target) {
    REQUIRE(exchange.serves_websocket(target));
    return exchange.open(target, now, sent);
  }
  /// The reply's text; what else was sent stays in `sent`.
  std::string send(simulator::ClientId client, std::string_view text) {
    std::vector<simulator::Outgoing> out;
    exchange.handle(client, text, now, out);
    std::string reply;
    for (simulator::Outgoing& frame : out) {
      if (reply.empty() && frame.kind == simulator::FrameClass::Reply) reply = frame.text;
      sent.push_back(std::move(frame));
    }
    return reply;
  }
  std::string subscribe(simulator::ClientId client, const std::vector<std::string>& streams) {
    return send(client, binance::subscribe_request(++last_id, streams));
  }
  simulator::HttpReply call(std::string_view verb, const HttpCall& request) {
    simulator::HttpQuestion question{.verb = verb, .target = request.target};
    for (const auto& [name, value] : request.headers) question.headers.emplace_back(name, value);
    return exchange.answer(question, now);
  }
  simulator::HttpReply get(std::string_view target) { return exchange.answer({.verb = "GET", .target = target}, now); }
  simulator::HttpReply listen_key(std::string_view verb, std::string_view family, std::string_view key = "monitor") {
    return call(verb, {"/" + std::string{family} + "/v1/listenKey", {{"X-MBX-APIKEY", std::string{key}}}});
  }

  void poll() { exchange.poll(now, 100'000, sent); }
  void run(std::chrono::milliseconds duration) {
    const MonoTime end = now + duration;
    while (now < end) {
      now += std::chrono::milliseconds{50};
      poll();
    }
  }
  void fault(std::string_view text) {
    auto parsed = simulator::parse_fault(text);
    REQUIRE(parsed.ok());
    exchange.faults().add(std::move(parsed).value(), now);
  }

  [[nodiscard]] std::vector<std::string> on(std::string_view channel) const {
    std::vector<std::string> texts;
    for (const simulator::Outgoing& frame : sent)
      if (frame.channel == channel) texts.push_back(frame.text);
    return texts;
  }
  [[nodiscard]] bool closed(simulator::ClientId client) const {
    return std::any_of(sent.begin(), sent.end(),
                       [&](const simulator::Outgoing& frame) { return frame.close && frame.client == client; });
  }

  MonoTime now = kStart;
  simulator::BinanceExchange exchange;
  std::vector<simulator::Outgoing> sent;
  std::uint64_t last_id = 0;
};

/// One product's decoder that knows what the exchange lists, and nothing else.
struct BinanceReader {
  BinanceReader(BinanceBench& bench, binance::Product of)
      : product{of},
        symbols{Venue::Binance, 2'048},
        decoder{symbols, of, {.connection = ConnectionId{1}, .account = AccountId{2}}} {
    reply(bench.call("GET", binance::instruments_request(of)));
    REQUIRE(decoder.decode_instruments(MonoTime{}, batch).ok());
    REQUIRE(decoder.detail().left_out_rows == 0);
    if (of == binance::Product::UsdMargined || of == binance::Product::CoinMargined) {
      reply(bench.call("GET", binance::funding_info_request(of)));
      REQUIRE(decoder.decode_funding_info(MonoTime{}, batch).ok());
    }
    batch.truncate(0);
  }

  /// Fails the test when it does not decode.
  Decoded take(const std::string& text) {
    frame = simdjson::padded_string{text};
    batch.truncate(0);
    const auto decoded = decoder.decode(frame, MonoTime{}, batch);
    CAPTURE(text);
    if (!decoded.ok()) {
      const std::string fault{label(decoded.error().fault)};
      const std::string field{decoded.error().field};
      FAIL(fault << " " << field);
    }
    CHECK(decoder.detail().unknown_rows == 0);
    return decoded.value();
  }
  void reply(const simulator::HttpReply& answer) {
    CAPTURE(answer.body);
    REQUIRE(answer.status == 200);
    REQUIRE(take(answer.body).kind == FrameKind::Reply);
  }
  template <class Body>
  [[nodiscard]] std::vector<std::pair<std::string, Body>> all() const {
    std::vector<std::pair<std::string, Body>> found;
    for (const Event& event : batch.events())
      if (const Body* body = std::get_if<Body>(&event.body))
        found.emplace_back(
            event.header.instrument == kNoInstrument ? std::string{} : std::string{symbols.name(event.header.instrument)}, *body);
    return found;
  }

  binance::Product product;
  SymbolTable symbols;
  binance::Decoder decoder;
  EventBatch batch;
  simdjson::padded_string frame;
};

/// A book that follows its stream, with snapshots by call.
struct BinanceFollower {
  BinanceFollower(BinanceBench& bench, binance::Product product, std::string name)
      : symbol{std::move(name)},
        reader{bench, product},
        spliced{product == binance::Product::Spot ? SpliceRule::NextNumber : SpliceRule::NamedPredecessor} {}

  SpliceVerdict on_frame(const std::string& text) {
    reader.take(text);
    const SpliceVerdict verdict = spliced.on_change(reader.decoder.detail(), reader.batch.events());
    if (verdict == SpliceVerdict::Apply) apply(reader.batch.events(), reader.decoder.detail().sequence);
    return verdict;
  }
  SnapshotVerdict ask(BinanceBench& bench) {
    reader.reply(bench.call("GET", binance::depth_request(reader.product, symbol)));
    REQUIRE(reader.decoder.decode_depth(symbol, MonoTime{}, reader.batch).ok());
    const auto events = reader.batch.events();
    const std::uint64_t last = reader.decoder.detail().sequence;
    const SnapshotVerdict verdict = spliced.on_snapshot(last);
    if (verdict == SnapshotVerdict::Joined) {
      apply(events, last);
      apply(spliced.held(), last);
    }
    return verdict;
  }
  void apply(std::span<const Event> events, std::uint64_t sequence) {
    for (const Event& event : events) {
      if (const auto* begin = std::get_if<BookBegin>(&event.body)) book.begin(begin->snapshot);
      if (const auto* level = std::get_if<BookLevel>(&event.body)) book.set(level->side, level->price, level->size);
      if (std::holds_alternative<BookEnd>(event.body)) book.end(sequence);
    }
  }

  std::string symbol;
  BinanceReader reader;
  SplicedBook spliced;
  OrderBook book;
};

}  // namespace hedgewatch::testing
