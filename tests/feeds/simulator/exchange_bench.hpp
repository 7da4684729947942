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

#include "feeds/simulator/deribit_exchange.hpp"
#include "feeds/simulator/synthetic_content.hpp"

/// An exchange, its clients and a clock, without sockets.
namespace hedgewatch::testing {

struct ExchangeBench {
  static constexpr MonoTime kStart{std::chrono::hours{7}};
  /// Wednesday, 4 March 2026, 12:00 UTC.
  static constexpr VenueTime kNoon{std::chrono::milliseconds{1'772'625'600'000}};

  static simulator::DeribitExchangeConfig config() {
    return {.seed = 11, .keys = {{"monitor", "correct horse", false}, {"trader", "battery staple", true}}, .vary_key_order = false};
  }
  static std::unique_ptr<simulator::VenueContent> synthetic(std::uint64_t seed = 11, VenueTime start = kNoon, bool vary = false) {
    simulator::SyntheticContentConfig content;
    content.market = {.seed = seed, .start = start, .strikes_per_side = 3};
    content.account.seed = seed;
    content.vary_key_order = vary;
    return std::make_unique<simulator::SyntheticContent>(content);
  }

  explicit ExchangeBench(simulator::DeribitExchangeConfig with = config(),
                         std::unique_ptr<simulator::VenueContent> content = synthetic())
      : exchange{std::move(with), std::move(content)}, client{exchange.open(now)} {
    poll();
    sent.clear();
  }

  /// Sends a request and gives its reply's text; notifications stay in `sent`.
  std::string call(std::string_view method, std::string_view params = "{}") {
    const std::string id = std::to_string(++last_id);
    return send(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + std::string{method} + R"(","params":)" + std::string{params} +
                "}");
  }
  std::string send(std::string_view text) {
    std::vector<simulator::Outgoing> out;
    exchange.handle(client, text, now, out);
    std::string reply;
    for (simulator::Outgoing& frame : out) {
      if (reply.empty() && frame.kind == simulator::FrameClass::Reply && !frame.close) reply = frame.text;
      sent.push_back(std::move(frame));
    }
    return reply;
  }
  void poll() { exchange.poll(now, 100'000, sent); }
  void run(std::chrono::milliseconds duration) {
    const MonoTime end = now + duration;
    while (now < end) {
      now += std::chrono::milliseconds{50};
      poll();
    }
  }
  void login(std::string_view scope = "account:read trade:read", std::string_view id = "monitor",
             std::string_view secret = "correct horse") {
    const std::string reply =
        call("public/auth", R"({"grant_type":"client_credentials","client_id":")" + std::string{id} + R"(","client_secret":")" +
                                std::string{secret} + R"(","scope":")" + std::string{scope} + R"("})");
    REQUIRE(reply.find("access_token") != std::string::npos);
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
  [[nodiscard]] bool closed() const {
    return std::any_of(sent.begin(), sent.end(), [](const simulator::Outgoing& frame) { return frame.close; });
  }

  MonoTime now = kStart;
  simulator::DeribitExchange exchange;
  simulator::ClientId client;
  std::vector<simulator::Outgoing> sent;
  int last_id = 0;
};

inline std::int64_t error_code(const std::string& reply) {
  simdjson::dom::parser parser;
  std::int64_t code = 0;
  return parser.parse(reply).at_pointer("/error/code").get(code) == simdjson::SUCCESS ? code : 0;
}

inline std::string text_at(const std::string& json, std::string_view pointer) {
  simdjson::dom::parser parser;
  std::string_view value;
  return parser.parse(json).at_pointer(pointer).get(value) == simdjson::SUCCESS ? std::string{value} : std::string{};
}

inline std::size_t count_at(const std::string& json, std::string_view pointer) {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  return parser.parse(json).at_pointer(pointer).get(array) == simdjson::SUCCESS ? array.size() : 0;
}

inline std::int64_t integer_at(const std::string& json, std::string_view pointer) {
  simdjson::dom::parser parser;
  std::int64_t value = -1;
  return parser.parse(json).at_pointer(pointer).get(value) == simdjson::SUCCESS ? value : -1;
}

inline double number_at(const std::string& json, std::string_view pointer) {
  simdjson::dom::parser parser;
  double value = 0;
  REQUIRE(parser.parse(json).at_pointer(pointer).get(value) == simdjson::SUCCESS);
  return value;
}

}  // namespace hedgewatch::testing
