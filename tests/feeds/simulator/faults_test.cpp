#include "feeds/simulator/faults.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace std::chrono_literals;

namespace {

constexpr MonoTime kStart{std::chrono::hours{5}};

Outgoing frame(std::string text, FrameClass kind = FrameClass::BookChange, std::string channel = "book.BTC-PERPETUAL.100ms") {
  return {.client = ClientId{1}, .kind = kind, .channel = std::move(channel), .text = std::move(text)};
}

/// What arrives, when these frames are sent at one moment.
std::vector<std::string> passed(FaultInjector& faults, MonoTime now, std::vector<Outgoing> frames) {
  std::vector<Outgoing> out;
  faults.pass(frames, now, out);
  std::vector<std::string> texts;
  for (const Outgoing& sent : out) texts.push_back(sent.text);
  return texts;
}

FaultInjector with(std::string_view fault) {
  FaultInjector injector;
  auto parsed = parse_fault(fault);
  REQUIRE(parsed.ok());
  injector.add(std::move(parsed).value(), kStart);
  return injector;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("feeds/simulator/faults") {
  TEST_CASE("a fault's text says when, how long, how often, how late and for whom") {
    const auto parsed = parse_fault("slow@1.5s:2m=300ms/BTC-25DEC26-90000-C");
    REQUIRE(parsed.ok());
    CHECK(parsed.value().kind == FaultKind::Slow);
    CHECK(parsed.value().after == 1500ms);
    CHECK(parsed.value().duration == 2min);
    CHECK(parsed.value().delay == 300ms);
    CHECK(parsed.value().target == "BTC-25DEC26-90000-C");
    const auto list = parse_faults("gap*3,silence@20s:5s,adl");
    REQUIRE(list.ok());
    CHECK(list.value().size() == 3);
    CHECK(list.value()[0].count == 3);
    CHECK_FALSE(list.value()[2].duration.has_value());
    CHECK(parse_faults("").value().empty());
  }

  TEST_CASE("a fault that cannot be read is told with what would be right") {
    for (const char* text : {"gapp", "gap@5", "gap*0", "gap*x", "silence:five", "@5s", "silence@-1s", "gap@1s,nonsense"}) {
      const std::string shown{text};
      CAPTURE(shown);
      const auto parsed = parse_faults(text);
      REQUIRE_FALSE(parsed.ok());
      CHECK(parsed.error().find("'") != std::string::npos);
    }
    CHECK(parse_faults("gapp").error().find("silence") != std::string::npos);
    CHECK(parse_faults("gap@5").error().find("500ms") != std::string::npos);
  }

  TEST_CASE("without faults every frame passes as it is") {
    FaultInjector faults;
    CHECK(passed(faults, kStart, {frame("a"), frame("b", FrameClass::Reply), frame("c", FrameClass::Market)}) ==
          Texts{"a", "b", "c"});
    CHECK(faults.touched() == 0);
  }

  TEST_CASE("a gap loses as many book changes as it says, of its target only, and no snapshot") {
    FaultInjector faults = with("gap*2/BTC");
    CHECK(passed(faults, kStart,
                 {frame("eth", FrameClass::BookChange, "book.ETH-PERPETUAL.raw"), frame("snapshot", FrameClass::BookSnapshot),
                  frame("1"), frame("2"), frame("3"), frame("ticker", FrameClass::Market, "ticker.BTC-PERPETUAL.raw")}) ==
          Texts{"eth", "snapshot", "3", "ticker"});
    CHECK(faults.touched() == 2);
  }

  TEST_CASE("silence stops market data for its time; heartbeats, replies and the account go on") {
    FaultInjector faults = with("silence@10s:5s");
    const auto all = [] {
      return std::vector<Outgoing>{frame("reply", FrameClass::Reply), frame("beat", FrameClass::Heartbeat),
                                   frame("mine", FrameClass::Account), frame("market", FrameClass::Market), frame("book")};
    };
    CHECK(passed(faults, kStart + 9'999ms, all()).size() == 5);
    CHECK(passed(faults, kStart + 10s, all()) == Texts{"reply", "beat", "mine"});
    CHECK(passed(faults, kStart + 14'999ms, all()).size() == 3);
    CHECK(passed(faults, kStart + 15s, all()).size() == 5);
  }

  TEST_CASE("a duplicate arrives twice, a reordered change after its successor of the same channel") {
    FaultInjector twice = with("duplicate");
    CHECK(passed(twice, kStart, {frame("1"), frame("2")}) == Texts{"1", "1", "2"});
    FaultInjector late = with("reorder");
    CHECK(passed(late, kStart, {frame("1"), frame("eth", FrameClass::BookChange, "book.ETH-PERPETUAL.raw")}) == Texts{"eth"});
    CHECK(passed(late, kStart + 1s, {frame("2"), frame("3")}) == Texts{"2", "1", "3"});
  }

  TEST_CASE("a slow line delays everything and changes no order, also past its end") {
    FaultInjector faults = with("slow:1s=300ms");
    CHECK(passed(faults, kStart, {frame("1"), frame("reply", FrameClass::Reply)}).empty());
    CHECK(passed(faults, kStart + 299ms, {}).empty());
    CHECK(passed(faults, kStart + 300ms, {}) == Texts{"1", "reply"});
    CHECK(passed(faults, kStart + 900ms, {frame("2")}).empty());
    CHECK(passed(faults, kStart + 1100ms, {frame("3")}).empty());
    CHECK(passed(faults, kStart + 1200ms, {frame("4")}) == Texts{"2", "3", "4"});
  }

  TEST_CASE("malformed frames differ from what was sent, and only market frames are spoilt") {
    FaultInjector faults = with("malformed*3");
    const std::string text = R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"c","data":{"price":1.5}}})";
    const auto arrived =
        passed(faults, kStart, {frame(text, FrameClass::Reply), frame(text), frame(text), frame(text), frame(text)});
    REQUIRE(arrived.size() == 5);
    CHECK(arrived[0] == text);
    for (const std::size_t spoilt : {1U, 2U, 3U}) CHECK(arrived[spoilt] != text);
    CHECK(arrived[4] == text);
  }

  TEST_CASE("faults that begin and end tell it once, instants have no end") {
    FaultInjector faults = with("maintenance@1s:2s");
    faults.add({.kind = FaultKind::Liquidation}, kStart);
    auto turns = faults.turns(kStart);
    REQUIRE(turns.size() == 1);
    CHECK(turns[0].kind == FaultKind::Liquidation);
    CHECK(faults.turns(kStart + 500ms).empty());
    turns = faults.turns(kStart + 1s);
    REQUIRE(turns.size() == 1);
    CHECK(turns[0].begins);
    CHECK(faults.active(FaultKind::Maintenance, kStart + 2s));
    turns = faults.turns(kStart + 3s);
    REQUIRE(turns.size() == 1);
    CHECK_FALSE(turns[0].begins);
    CHECK_FALSE(faults.active(FaultKind::Maintenance, kStart + 3s));
  }

  TEST_CASE("clearing ends what runs, tells its end, and lets go of what was held back") {
    FaultInjector faults = with("lock");
    faults.add({.kind = FaultKind::Slow, .delay = 10min}, kStart);
    faults.add({.kind = FaultKind::Silence, .after = 1h}, kStart);
    CHECK(faults.turns(kStart).size() == 2);
    CHECK(passed(faults, kStart, {frame("1")}).empty());
    faults.clear();
    CHECK(passed(faults, kStart + 1s, {frame("2")}) == Texts{"1", "2"});
    CHECK(faults.turns(kStart + 1s).size() == 2);
    CHECK(faults.descriptions(kStart + 1s).empty());
    CHECK_FALSE(faults.active(FaultKind::Silence, kStart + 2h));
  }

  TEST_CASE("frames held back for a client that is gone are forgotten") {
    FaultInjector faults = with("slow:1s");
    CHECK(passed(faults, kStart, {frame("1")}).empty());
    faults.forget(ClientId{1});
    CHECK(passed(faults, kStart + 2s, {}).empty());
  }
}
