#include "daemon/commands/decode_command.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "daemon/commands/command.hpp"
#include "feeds/deribit/frames.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct Decoding {
  int status;
  std::string events;
  std::string messages;
};

Decoding decode(const std::string& input, DecodeSettings settings = {}) {
  std::istringstream in{input};
  RecordedFrames frames{in};
  std::ostringstream out;
  std::ostringstream messages;
  const int status = decode_frames(Venue::Deribit, frames, settings, out, messages);
  return {status, out.str(), messages.str()};
}

}  // namespace

TEST_SUITE("daemon/commands/decode_command") {
  TEST_CASE("a frame becomes one JSON object per event, exact where the events are") {
    const Decoding decoding = decode("1801234567999000000 " + frame_text("quote_one_sided"));
    CHECK(decoding.status == kExitSuccess);
    CHECK(
        decoding.events ==
        R"({"event":"instrument_listed","instrument":"BTC-26MAR27-90000-P","receive_time_ns":1801234567999000000,"kind":"option",)"
        R"("style":"inverse","size_unit":"base","base":"BTC","quote":"USD","settlement":"BTC","expiry_ns":1806048000000000000,)"
        R"("right":"put","strike":90000,"contract_size":1,"lot":0.1})"
        "\n"
        R"({"event":"quote","instrument":"BTC-26MAR27-90000-P","exchange_time_ns":1801234567950000000,)"
        R"("receive_time_ns":1801234567999000000,"ask":0.0635,"ask_size":21.5})"
        "\n");
    CHECK(decoding.messages == "count channel outcome reason\n1 quote decoded\n1 records, 2 events\n");
  }

  TEST_CASE("faults are told with their line and the rest is done") {
    const Decoding decoding = decode("{\"broken\n" + frame_text("price_index") + "{\"t\":\"odd\"}\n");
    CHECK(decoding.status == kExitFault);
    CHECK(decoding.messages.find("line 1: frame: truncated\n") != std::string::npos);
    CHECK(decoding.messages.find("line 3: the kind of record is unknown\n") != std::string::npos);
    CHECK(decoding.messages.find("1 deribit_price_index decoded\n") != std::string::npos);
    CHECK(decoding.events.find("\"event\":\"index_price\"") != std::string::npos);
  }

  TEST_CASE("instruments that the input does not define can be made an error") {
    const Decoding strict = decode(frame_text("quote_one_sided"), {.known_only = true});
    CHECK(strict.status == kExitFault);
    CHECK(strict.messages.find("1 quote error unknown_instrument instrument_name\n") != std::string::npos);
    const Decoding defined = decode(frame_text("reply_instruments") + frame_text("quote_one_sided"), {.known_only = true});
    CHECK(defined.status == kExitSuccess);
  }

  TEST_CASE("a summary prints no events") {
    const Decoding decoding = decode(frame_text("price_index"), {.summary_only = true});
    CHECK(decoding.events.empty());
    CHECK(decoding.messages.find("1 records, 1 events") != std::string::npos);
  }
}
