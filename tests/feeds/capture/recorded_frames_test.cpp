#include "feeds/capture/recorded_frames.hpp"

#include <doctest/doctest.h>
#include <zstd.h>

#include <sstream>
#include <string>
#include <vector>

using namespace hedgewatch;

namespace {

std::string compressed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

RecordedFrame only(RecordedFrames& frames) {
  auto next = frames.next();
  REQUIRE(next.has_value());
  if (!next->ok()) FAIL("line " << next->error().line << ": " << std::string{next->error().what});
  return next->value();
}

std::string fault_of(const std::string& text) {
  std::istringstream in{text};
  RecordedFrames frames{in};
  auto next = frames.next();
  REQUIRE(next.has_value());
  REQUIRE_FALSE(next->ok());
  return std::string{next->error().what};
}

}  // namespace

TEST_SUITE("feeds/capture/recorded_frames") {
  TEST_CASE("a record gives its kind, exact time, names and the payload without its quoting") {
    std::istringstream in{
        R"({"t":"recv","ts":1701234567.1234567,"conn":"ws.3","url":"https://example/x","data":"{\"a\":\"b\\\\c\"}","book":{"bids":[[1.5,2]]}})"
        "\n"};
    RecordedFrames frames{in};
    const RecordedFrame frame = only(frames);
    CHECK(frame.kind == RecordKind::Received);
    REQUIRE(frame.received.has_value());
    CHECK(std::string{frame.connection} == "ws.3");
    CHECK(std::string{frame.url} == "https://example/x");
    CHECK(std::string{frame.payload} == R"({"a":"b\\c"})");
    CHECK(std::string{frame.book} == R"({"bids":[[1.5,2]]})");
    CHECK(frame.padded_payload().padding() >= simdjson::SIMDJSON_PADDING);
    CHECK_FALSE(frames.next().has_value());
  }

  TEST_CASE("records without a payload are kept apart from frames") {
    std::istringstream in{"{\"t\":\"header\",\"x\":1}\n{\"t\":\"connect\",\"conn\":\"c\"}\n{\"t\":\"send\",\"data\":\"{}\"}\n"};
    RecordedFrames frames{in};
    CHECK(only(frames).kind == RecordKind::Header);
    CHECK(only(frames).kind == RecordKind::Connect);
    CHECK(only(frames).kind == RecordKind::Sent);
  }

  TEST_CASE("a bare frame and a frame behind its receive time are frames") {
    std::istringstream in{"{\"id\":7}\n\n1700000000000000001 {\"id\":8}\r\n2023-11-14T22:13:20.5Z {\"id\":9}\nnonsense\n"};
    RecordedFrames frames{in};
    CHECK(std::string{only(frames).payload} == "{\"id\":7}");
    const RecordedFrame counted = only(frames);
    CHECK(counted.line == 3);
    CHECK(std::string{counted.payload} == "{\"id\":8}");
    CHECK(nanoseconds_of(counted.received.value()) == 1'700'000'000'000'000'001);
    CHECK(nanoseconds_of(only(frames).received.value()) == 1'700'000'000'500'000'000);
    CHECK(std::string{only(frames).payload} == "nonsense");
  }

  TEST_CASE("compressed text is expanded whatever its name, and its last line needs no line feed") {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "{\"id\":" + std::to_string(i) + "}\n";
    text += "{\"id\":\"last\"}";
    std::istringstream in{compressed(text)};
    RecordedFrames frames{in};
    for (int i = 0; i < 20'000; ++i) REQUIRE(std::string{only(frames).payload} == "{\"id\":" + std::to_string(i) + "}");
    CHECK(std::string{only(frames).payload} == "{\"id\":\"last\"}");
    CHECK_FALSE(frames.next().has_value());
  }

  TEST_CASE("a compressed text that was cut is a fault, not an end") {
    std::string text(200'000, 'x');
    for (std::size_t i = 0; i < text.size(); i += 70) text[i] = static_cast<char>('a' + i % 26);
    const std::string whole = compressed(text + "\n");
    std::istringstream in{whole.substr(0, whole.size() - 3)};
    RecordedFrames frames{in};
    bool faulty = false;
    while (auto next = frames.next()) faulty = faulty || !next->ok();
    CHECK(faulty);
  }

  TEST_CASE("what is wrong with a record is said") {
    CHECK(fault_of(R"({"t":"weird","data":"{}"})") == "the kind of record is unknown");
    CHECK(fault_of(R"({"t":"recv","data":{}})") == "data is not a text");
    CHECK(fault_of(R"({"t":"recv","ts":-1,"data":"{}"})") == "ts is not a time");
    CHECK(fault_of("17000") == "a receive time without a frame");
    CHECK(fault_of("2023-13-14T22:13:20Z {}") == "the receive time is neither nanoseconds nor ISO 8601 in UTC");
    CHECK(fault_of("9223372036854775807 {}") == "the receive time is before 1970 or after 2261");
    CHECK(fault_of(R"({"t":"recv","ts":9223372036.8,"data":"{}"})") == "ts is not a time");
  }

  TEST_CASE("a file that is not there is an error to tell") {
    const auto opened = RecordedFrames::open("/nonexistent/frames.jsonl");
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error() == "/nonexistent/frames.jsonl: cannot be opened");
  }
}
