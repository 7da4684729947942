#pragma once

#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/market/event_batch.hpp"
#include "feeds/bybit/decoder.hpp"
#include "feeds/bybit/requests.hpp"
#include "feeds/simulator/bybit_exchange.hpp"
#include "feeds/simulator/exchange_bench.hpp"

/// Bybit's simulated exchange, its clients and a clock, without sockets.
namespace hedgewatch::testing {

struct BybitBench {
  static simulator::BybitExchangeConfig config() {
    simulator::BybitExchangeConfig config;
    config.seed = config.market.seed = config.account.seed = 11;
    config.market.start = ExchangeBench::kNoon;
    config.market.strikes_per_side = 3;
    config.keys = {{"monitor", "correct horse", false, ""}, {"trader", "battery staple", true, ""}};
    return config;
  }

  explicit BybitBench(simulator::BybitExchangeConfig with = config()) : start{with.market.start}, exchange{std::move(with)} {
    poll();
  }

  simulator::ClientId open(std::string_view door) { return exchange.open("/v5/" + std::string{door}, now, sent); }
  /// The first reply's text; notifications stay in `sent`.
  std::string send(simulator::ClientId client, std::string_view text) {
    std::vector<simulator::Outgoing> out;
    exchange.handle(client, text, now, out);
    std::string reply;
    for (simulator::Outgoing& frame : out) {
      if (reply.empty() && frame.kind == simulator::FrameClass::Reply && !frame.close) reply = frame.text;
      sent.push_back(std::move(frame));
    }
    return reply;
  }
  std::string subscribe(simulator::ClientId client, const std::vector<std::string>& topics) {
    return send(client, bybit::subscribe_request("s" + std::to_string(++last_id), topics));
  }
  void login(simulator::ClientId client) {
    const std::string reply = send(client, bybit::auth_request("a1", {"monitor", Secret{"correct horse"}}, wall()));
    REQUIRE(reply.find(R"("success":true)") != std::string::npos);
  }
  [[nodiscard]] WallTime wall() const { return WallTime{start.time_since_epoch() + (now - ExchangeBench::kStart)}; }
  simulator::HttpReply get(const HttpCall& request) {
    simulator::HttpQuestion question{.verb = "GET", .target = request.target};
    for (const auto& [name, value] : request.headers) question.headers.emplace_back(name, value);
    return exchange.answer(question, now);
  }
  simulator::HttpReply get(std::string_view target) { return exchange.answer({.verb = "GET", .target = target}, now); }
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
  [[nodiscard]] std::vector<std::string> on(simulator::ClientId client, std::string_view channel) const {
    std::vector<std::string> texts;
    for (const simulator::Outgoing& frame : sent)
      if (frame.client == client && frame.channel == channel) texts.push_back(frame.text);
    return texts;
  }
  [[nodiscard]] bool closed(simulator::ClientId client) const {
    return std::any_of(sent.begin(), sent.end(),
                       [&](const simulator::Outgoing& frame) { return frame.client == client && frame.close; });
  }

  MonoTime now = ExchangeBench::kStart;
  VenueTime start;
  simulator::BybitExchange exchange;
  std::vector<simulator::Outgoing> sent;
  int last_id = 0;
};

/// Our decoder at the other end of one of its connections.
struct BybitReader {
  explicit BybitReader(bybit::Category category, SymbolTable& table)
      : symbols{table}, decoder{table, category, {.account = AccountId{3}, .unlisted = UnlistedInstrument::Refuse}} {}

  /// Decodes, which must succeed.
  Decoded read(std::string_view text) {
    batch.truncate(0);
    padded = simdjson::padded_string{text};
    auto decoded = decoder.decode(padded, MonoTime{std::chrono::seconds{1}}, batch);
    CAPTURE(std::string{text});
    if (!decoded) {
      const std::string fault = std::string{label(decoded.error().fault)} + " " + std::string{decoded.error().field};
      CAPTURE(fault);
      REQUIRE(decoded.ok());
    }
    return decoded.value();
  }
  /// Every page of a category's instruments into the table.
  void list(BybitBench& bench, bybit::Category category, std::string_view coin) {
    std::string cursor;
    do {
      read(bench.get(bybit::instruments_request(category, coin, cursor)).body);
      const auto listed = decoder.decode_instruments(MonoTime{std::chrono::seconds{1}}, batch);
      REQUIRE(listed.ok());
      CHECK(decoder.detail().left_out_rows == 0);
      cursor = decoder.detail().next_page;
    } while (!cursor.empty());
  }
  template <class Body>
  [[nodiscard]] std::vector<Body> all() const {
    std::vector<Body> bodies;
    for (const Event& event : batch.events())
      if (const auto* body = std::get_if<Body>(&event.body)) bodies.push_back(*body);
    return bodies;
  }

  SymbolTable& symbols;
  bybit::Decoder decoder;
  EventBatch batch;
  simdjson::padded_string padded;
};

}  // namespace hedgewatch::testing
