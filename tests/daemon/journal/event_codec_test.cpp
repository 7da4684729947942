#include "daemon/journal/event_codec.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

namespace hedgewatch {
namespace {

AssetCode code(std::string_view text) { return AssetCode::from(text).value(); }

EventHeader header() {
  return {.exchange_time = from_nanoseconds<VenueTime>(1'811'000'000'123'456'789),
          .received = from_nanoseconds<MonoTime>(77'000'000'001),
          .instrument = make_instrument_id(Venue::Okx, 513),
          .account = AccountId{3},
          .connection = ConnectionId{2},
          .venue = Venue::Okx};
}

/// One of every kind, with every field different from its default.
std::vector<Event> one_of_each() {
  Contract contract{.name = InstrumentName::from("BTC-26MAR27-90000-P").value(),
                    .base = code("BTC"),
                    .quote = code("USD"),
                    .settlement = code("BTC"),
                    .expiry = from_nanoseconds<VenueTime>(1'806'000'000'000'000'000),
                    .strike = 90'000,
                    .contract_size = 0.5,
                    .lot = 0.1,
                    .kind = ContractKind::Option,
                    .right = OptionRight::Put,
                    .style = PayoffStyle::Inverse,
                    .size_unit = SizeUnit::Quote};
  const std::vector<EventBody> bodies{Quote{Price::from_raw(5), std::nullopt, Size::from_raw(7), Size::from_raw(-8)},
                                      Mark{0.0125, 0.4875, 71'234.5, kAbsent, -0.01},
                                      VenueGreeks{0.5, 1e-5, 12.25, -30.5, kAbsent},
                                      Funding{1e-4, -2e-5},
                                      Trade{Price::from_raw(61'000'500'000'000), Size::from_raw(10), 99, Side::Sell},
                                      BookBegin{true},
                                      BookLevel{Price::from_raw(1), Size::from_raw(0), Side::Sell},
                                      BookEnd{0xFFFFFFFFFFFFFFFF},
                                      BookInvalidated{},
                                      IndexPrice{code("ETH"), code("USDC"), 2'345.25},
                                      InstrumentListed{contract},
                                      InstrumentStateChanged{InstrumentPhase::Expired},
                                      PositionReport{Size::from_raw(-25), 0.031, -4.5, 0.2, -0.1, 0.05},
                                      PositionSnapshotBegin{},
                                      PositionSnapshotEnd{},
                                      Fill{Price::from_raw(3), Size::from_raw(4), -0.0001, code("BTC"), 12, Side::Sell, true},
                                      AccountSummary{code("BTC"), 10.5, 9.5, 8.5, 1.5, 1.25, true},
                                      AccountGreeks{code("ETH"), -3.5, 1.5, 0.25, 100, -20},
                                      ForcedEvent{ForcedEventKind::AutoDeleveraging, false},
                                      FeedStatus{FeedPhase::Down, FeedDownReason::Overflow},
                                      PlatformState{true, true},
                                      TimerTick{},
                                      EndOfCycle{},
                                      InstrumentDelivered{61'250.5},
                                      Transfer{code("USDC"), -1'000},
                                      AlertAcknowledged{0xFEDCBA9876543210, 5},
                                      WorkingOrder{88'123'456'789, Size::from_raw(5), Side::Sell},
                                      WorkingOrdersBegin{},
                                      WorkingOrdersEnd{},
                                      LimitOverridden{7, 0xFEDCBA9876543210, 12.5, 7'200'000'000'000},
                                      DeleveragingRank{0.6}};
  std::vector<Event> events;
  for (const EventBody& body : bodies) events.push_back({header(), body});
  return events;
}

std::string bytes_of(const Event& event) {
  std::string bytes;
  encode_event(bytes, event);
  return bytes;
}

TEST_SUITE("daemon/journal/event_codec") {
  TEST_CASE("every kind of event comes back as it went") {
    const std::vector<Event> events = one_of_each();
    // A kind that this list leaves out would be untested.
    REQUIRE(events.size() >= std::variant_size_v<EventBody> - 8);
    std::string bytes;
    for (const Event& event : events) encode_event(bytes, event);
    std::string_view rest = bytes;
    for (const Event& event : events) {
      CAPTURE(event.body.index());
      const auto back = decode_event(rest);
      REQUIRE(back.has_value());
      CHECK(back->body.index() == event.body.index());
      // Absent doubles compare unequal to themselves: the bytes are compared instead.
      CHECK(bytes_of(*back) == bytes_of(event));
    }
    CHECK(rest.empty());
  }

  TEST_CASE("an event that is cut anywhere is no event, and nothing is taken") {
    for (const Event& event : one_of_each()) {
      const std::string whole = bytes_of(event);
      for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(event.body.index());
        CAPTURE(length);
        std::string_view cut = std::string_view{whole}.substr(0, length);
        CHECK(!decode_event(cut).has_value());
        CHECK(cut.size() == length);
      }
    }
  }

  TEST_CASE("a kind, a word or a flag that nobody defined is refused") {
    std::string bytes = bytes_of({header(), FeedStatus{FeedPhase::Live, FeedDownReason::None}});
    std::string unknown_kind = bytes;
    unknown_kind.front() = '\x7F';
    std::string_view view = unknown_kind;
    CHECK(!decode_event(view).has_value());

    std::string unknown_word = bytes;
    unknown_word.back() = '\x63';
    view = unknown_word;
    CHECK(!decode_event(view).has_value());

    std::string half_true = bytes_of({header(), BookBegin{true}});
    half_true.back() = '\x02';
    view = half_true;
    CHECK(!decode_event(view).has_value());
  }

  TEST_CASE("a name that is longer than its place is refused") {
    std::string bytes = bytes_of({header(), AccountGreeks{}});
    const std::size_t name_length_at = 1 + 8 + 8 + 4 + 2 + 1 + 1;
    bytes[name_length_at] = '\x28';
    bytes.append(64, 'X');
    std::string_view view = bytes;
    CHECK(!decode_event(view).has_value());
  }
}

}  // namespace
}  // namespace hedgewatch
