#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/market/event_batch.hpp"
#include "feeds/okx/decoder.hpp"
#include "feeds/okx/requests.hpp"
#include "feeds/simulator/okx_exchange.hpp"

/// OKX's simulated exchange, its clients and a clock, without sockets.
namespace hedgewatch::testing {

struct OkxBench {
  static constexpr MonoTime kStart{std::chrono::hours{7}};
  /// Wednesday, 4 March 2026, 12:00 UTC.
  static constexpr VenueTime kNoon{std::chrono::milliseconds{1'772'625'600'000}};

  static simulator::OkxExchangeConfig config(std::uint64_t seed = 11) {
    simulator::OkxExchangeConfig config{.seed = seed};
    config.market = {.seed = seed, .start = kNoon, .strikes_per_side = 3};
    config.account.seed = seed;
    config.keys = {{"monitor", "correct horse", false, "open sesame"}, {"trader", "battery staple", true, "swordfish"}};
    return config;
  }
  static okx::Credential monitor() { return {"monitor", Secret{"correct horse"}, Secret{"open sesame"}}; }

  explicit OkxBench(simulator::OkxExchangeConfig with = config()) : exchange{std::move(with)} {}

  simulator::ClientId open(std::string_view door = "public") { return exchange.open("/ws/v5/" + std::string{door}, now, sent); }
  [[nodiscard]] WallTime wall() const { return WallTime{kNoon.time_since_epoch() + (now - kStart)}; }
  /// Sends a text and gives what came back at once.
  std::vector<std::string> send(simulator::ClientId client, std::string_view text) {
    std::vector<simulator::Outgoing> out;
    exchange.handle(client, text, now, out);
    std::vector<std::string> texts;
    for (simulator::Outgoing& frame : out) {
      if (!frame.close) texts.push_back(frame.text);
      sent.push_back(std::move(frame));
    }
    return texts;
  }
  std::vector<std::string> subscribe(simulator::ClientId client, std::vector<okx::Subscription> list) {
    return send(client, okx::subscribe_request("7", list));
  }
  simulator::ClientId login(const okx::Credential& credential = monitor()) {
    const simulator::ClientId client = open("private");
    const auto reply = send(client, okx::login_request(credential, wall()));
    REQUIRE(reply.size() == 1);
    REQUIRE(reply[0].find(R"("event":"login","code":"0")") != std::string::npos);
    return client;
  }
  simulator::HttpReply get(const HttpCall& request) {
    simulator::HttpQuestion question{.verb = "GET", .target = request.target};
    for (const auto& [name, value] : request.headers) question.headers.emplace_back(name, value);
    return exchange.answer(question, now);
  }
  simulator::HttpReply get(std::string_view target) { return get(HttpCall{.target = std::string{target}, .headers = {}}); }
  simulator::HttpReply get_signed(std::string_view target) { return get(okx::signed_request(target, monitor(), wall(), true)); }
  simulator::HttpReply control(std::string_view path, std::string_view body) {
    const std::string target = "/control/" + std::string{path};
    return exchange.answer({.verb = "POST", .target = target, .body = body}, now);
  }
  void run(std::chrono::milliseconds duration) {
    const MonoTime end = now + duration;
    while (now < end) {
      now += std::chrono::milliseconds{50};
      exchange.poll(now, 100'000, sent);
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
  /// Why a client's connection ended; empty while it lives.
  [[nodiscard]] std::string closed(simulator::ClientId client) const {
    for (const simulator::Outgoing& frame : sent)
      if (frame.close && frame.client == client) return frame.reason;
    return {};
  }

  MonoTime now = kStart;
  simulator::OkxExchange exchange;
  std::vector<simulator::Outgoing> sent;
};

/// The venue's frames through our decoder.
struct OkxReader {
  SymbolTable symbols{Venue::Okx, 4096};
  okx::Decoder decoder{symbols, {.connection = ConnectionId{0}, .account = AccountId{0}}};
  EventBatch events{8192};

  /// The events of a frame. Fails the test when it does not decode, or says something of an instrument that is not listed.
  std::vector<Event> read(const std::string& text) {
    const simdjson::padded_string padded{text};
    return judged(text, decoder.decode(padded, MonoTime{}, events));
  }
  template <class Read>
  std::vector<Event> reply(const std::string& text, Read&& read) {
    const simdjson::padded_string padded{text};
    CAPTURE(text);
    REQUIRE(decoder.decode(padded, MonoTime{}, events).ok());
    return judged(text, read());
  }
  /// Takes the lists of all types and families.
  void list_all(OkxBench& bench) {
    for (const char* query : {"SWAP", "FUTURES", "OPTION&instFamily=BTC-USD", "OPTION&instFamily=ETH-USD"}) {
      const auto listed = bench.get("/api/v5/public/instruments?instType=" + std::string{query});
      REQUIRE(listed.status == 200);
      reply(listed.body, [&] { return decoder.decode_instruments(MonoTime{}, events); });
      CHECK(decoder.detail().left_out_rows == 0);
    }
  }

 private:
  std::vector<Event> judged(const std::string& text, const Result<Decoded, DecodeError>& decoded) {
    CAPTURE(text);
    if (!decoded.ok()) {
      const std::string fault{label(decoded.error().fault)};
      const std::string field{decoded.error().field};
      FAIL(fault << " " << field);
    }
    CHECK(decoder.detail().unknown_rows == 0);
    CHECK(decoder.detail().refused_fields == 0);
    std::vector<Event> found{events.events().begin(), events.events().end()};
    events.truncate(0);
    return found;
  }
};

/// The bodies of one kind, in order.
template <class Body>
std::vector<Body> bodies(const std::vector<Event>& events) {
  std::vector<Body> found;
  for (const Event& event : events)
    if (const Body* body = std::get_if<Body>(&event.body)) found.push_back(*body);
  return found;
}

}  // namespace hedgewatch::testing
