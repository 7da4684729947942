#include "feeds/transport/websocket_codec.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace hedgewatch {

namespace {

std::string frame(unsigned first_byte, std::string_view payload) {
  std::string bytes{static_cast<char>(first_byte)};
  const std::size_t size = payload.size();
  const std::size_t length_bytes = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
  bytes.push_back(static_cast<char>(length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127));
  for (std::size_t i = length_bytes; i-- > 0;) bytes.push_back(static_cast<char>(size >> (8 * i) & 0xFF));
  return bytes.append(payload);
}

std::string text_of(const WebsocketMessage& message) {
  return {reinterpret_cast<const char*>(message.payload.data()), message.payload.size()};
}

struct Seen {
  std::vector<std::string> texts;
  std::vector<std::string> pings;
  WebsocketFault fault = WebsocketFault::None;
  std::uint16_t close_code = 0;
  std::string close_reason;
};

/// Feeds the bytes in pieces of at most `step`, taking every message as soon as it is whole.
Seen read_all(WebsocketReader& reader, std::string_view bytes, std::size_t step) {
  Seen seen;
  while (!bytes.empty()) {
    const auto space = reader.space();
    const std::size_t count = std::min({step, bytes.size(), space.size()});
    std::copy_n(bytes.data(), count, space.data());
    reader.commit(count);
    bytes.remove_prefix(count);
    while (true) {
      const WebsocketMessage message = reader.next();
      if (message.item == WebsocketItem::NeedMore) break;
      CHECK(message.payload.padding() >= (message.payload.empty() ? 0 : simdjson::SIMDJSON_PADDING));
      if (message.item == WebsocketItem::Text) seen.texts.push_back(text_of(message));
      if (message.item == WebsocketItem::Ping) seen.pings.push_back(text_of(message));
      if (message.item == WebsocketItem::Close) {
        seen.close_code = message.close_code;
        seen.close_reason = text_of(message);
      }
      if (message.item == WebsocketItem::Refused) {
        seen.fault = message.fault;
        return seen;
      }
    }
  }
  return seen;
}

Seen read_once(std::string_view bytes, std::size_t longest = 1'000'000) {
  WebsocketReader reader{longest};
  return read_all(reader, bytes, bytes.size());
}

}  // namespace

TEST_SUITE("feeds/transport/websocket_codec") {
  TEST_CASE("messages come out whole, however the bytes are cut") {
    const std::string longer(70'000, 'x');
    const std::vector<std::string> expected{"{\"a\":1}", "", std::string(125, 'b'), std::string(126, 'c'), longer, "grüß"};
    std::string bytes;
    for (const auto& text : expected) bytes += frame(0x81, text);
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{1'000}, std::size_t{65'536}}) {
      CAPTURE(step);
      WebsocketReader reader{100'000};
      const Seen seen = read_all(reader, bytes, step);
      CHECK(seen.fault == WebsocketFault::None);
      CHECK(seen.texts == expected);
    }
  }

  TEST_CASE("many messages pass through one buffer") {
    WebsocketReader reader{1'000};
    std::string bytes;
    for (int number = 0; number < 1'000; ++number) bytes += frame(0x81, std::string(static_cast<std::size_t>(number % 700), 'n'));
    for (int round = 0; round < 3; ++round) {
      const Seen seen = read_all(reader, bytes, 10'007);
      REQUIRE(seen.texts.size() == 1'000);
      for (std::size_t number = 0; number < 1'000; ++number) REQUIRE(seen.texts[number].size() == number % 700);
    }
  }

  TEST_CASE("fragments become one message, with pings in between") {
    const std::string bytes =
        frame(0x01, "{\"a\":") + frame(0x89, "now") + frame(0x00, "") + frame(0x80, "1}") + frame(0x81, "next");
    for (const std::size_t step : {std::size_t{1}, bytes.size()}) {
      WebsocketReader reader{100};
      const Seen seen = read_all(reader, bytes, step);
      CHECK(seen.texts == std::vector<std::string>{"{\"a\":1}", "next"});
      CHECK(seen.pings == std::vector<std::string>{"now"});
    }
  }

  TEST_CASE("a character may be cut by a fragment's end, but not by the message's") {
    CHECK(read_once(frame(0x01, "\xC3") + frame(0x80, "\xBC")).texts == std::vector<std::string>{"\xC3\xBC"});
    CHECK(read_once(frame(0x81, "\xC3")).fault == WebsocketFault::NotUtf8);
    CHECK(read_once(frame(0x01, "\xC3") + frame(0x80, "x")).fault == WebsocketFault::NotUtf8);
  }

  TEST_CASE("a message above the limit is refused before it has come") {
    CHECK(read_once(frame(0x81, std::string(1'000, 'x')), 1'000).texts.size() == 1);
    CHECK(read_once(frame(0x81, std::string(1'001, 'x')).substr(0, 4), 1'000).fault == WebsocketFault::TooLarge);
    const std::string giant{"\x81\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10};
    CHECK(read_once(giant).fault == WebsocketFault::TooLarge);
    CHECK(read_once(frame(0x01, std::string(600, 'x')) + frame(0x80, std::string(401, 'x')), 1'000).fault ==
          WebsocketFault::TooLarge);
  }

  TEST_CASE("binary messages are refused") {
    CHECK(read_once(frame(0x82, "x")).fault == WebsocketFault::Binary);
    CHECK(read_once(frame(0x02, "x")).fault == WebsocketFault::Binary);
  }

  TEST_CASE("what breaks the protocol is refused") {
    struct Row {
      const char* what;
      std::string bytes;
    };
    const std::vector<Row> rows{
        {"reserved bit 1", frame(0xC1, "x")},
        {"reserved bit 3", frame(0x91, "x")},
        {"unknown data opcode", frame(0x83, "x")},
        {"unknown control opcode", frame(0x8B, "x")},
        {"masked by the server", std::string{"\x81\x81\0\0\0\0x", 7}},
        {"a continuation of nothing", frame(0x80, "x")},
        {"a new message inside a fragmented one", frame(0x01, "x") + frame(0x81, "y")},
        {"a fragmented ping", frame(0x09, "x")},
        {"a long ping", frame(0x89, std::string(126, 'x'))},
        {"two length bytes for a short length", std::string{"\x81\x7E\0\x7D", 4}},
        {"eight length bytes for a short length", std::string{"\x81\x7F\0\0\0\0\0\0\xFF\xFF", 10}},
        {"a negative length", std::string{"\x81\x7F\x80\0\0\0\0\0\0\0", 10}},
        {"a close with half a code", frame(0x88, "x")},
        {"a close with a code that is never sent", frame(0x88, std::string{"\x03\xED", 2})},
        {"a close whose reason is not UTF-8", frame(0x88, std::string{"\x03\xE8\xFF", 3})},
    };
    for (const Row& row : rows) {
      const std::string what = row.what;
      CAPTURE(what);
      CHECK(read_once(row.bytes).fault == WebsocketFault::Protocol);
    }
  }

  TEST_CASE("after a refusal nothing is read any more") {
    WebsocketReader reader{100};
    CHECK(read_all(reader, frame(0x82, "x"), 100).fault == WebsocketFault::Binary);
    CHECK(read_all(reader, frame(0x81, "fine"), 100).fault == WebsocketFault::Binary);
  }

  TEST_CASE("a close frame tells its code and reason") {
    const Seen said = read_once(frame(0x88, std::string{"\x03\xE9"} + "maintenance"));
    CHECK(said.close_code == 1001);
    CHECK(said.close_reason == "maintenance");
    CHECK(read_once(frame(0x88, "")).close_code == 1005);
  }

  TEST_CASE("a client's frame is final, masked and of the shortest form") {
    const std::array<unsigned char, 4> mask{0x11, 0x22, 0x33, 0x44};
    std::string out = "before";
    append_client_frame(out, WebsocketOpcode::Text, "abcde", mask);
    CHECK(out == std::string{"before\x81\x85\x11\x22\x33\x44"} + "\x70\x40\x50\x20\x74");
    for (const auto& [size, header] : {std::pair{125, 6}, {126, 8}, {65'535, 8}, {65'536, 14}}) {
      CAPTURE(size);
      std::string frame_bytes;
      append_client_frame(frame_bytes, WebsocketOpcode::Text, std::string(static_cast<std::size_t>(size), 'x'), mask);
      CHECK(frame_bytes.size() == static_cast<std::size_t>(size + header));
    }
  }

  TEST_CASE("a close payload fits a control frame") {
    CHECK(close_payload(1000, "stopped") == std::string{"\x03\xE8"} + "stopped");
    CHECK(close_payload(1000, std::string(500, 'x')).size() == 125);
  }
}

}  // namespace hedgewatch
