#include "daemon/held_back_values.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <vector>

namespace hedgewatch {

namespace {

using Put = HeldBackValues::Put;

Event mark(std::uint32_t instrument, double price, double vol, double forward, std::int64_t received) {
  Event event{};
  event.header.instrument = make_instrument_id(Venue::Deribit, instrument);
  event.header.received = from_nanoseconds<MonoTime>(received);
  Mark body;
  body.price = price;
  body.vol = vol;
  body.forward = forward;
  event.body = body;
  return event;
}

Event index(Venue venue, double price) {
  Event event{};
  event.header.venue = venue;
  IndexPrice body;
  body.base = *AssetCode::from("BTC");
  body.quote = *AssetCode::from("USD");
  body.price = price;
  event.body = body;
  return event;
}

/// What an engine that applies them in order knows of the instrument in the end, each part with its receive time.
struct Known {
  double price = kAbsent;
  double vol = kAbsent;
  double forward = kAbsent;
  std::int64_t vol_received = 0;
  std::int64_t forward_received = 0;
};

Known applied(const HeldBackValues& held, std::uint32_t instrument) {
  Known known;
  for (const Event& event : held.values()) {
    if (event.header.instrument != make_instrument_id(Venue::Deribit, instrument)) continue;
    const Mark& body = std::get<Mark>(event.body);
    if (is_present(body.price)) known.price = body.price;
    if (is_present(body.vol)) {
      known.vol = body.vol;
      known.vol_received = nanoseconds_of(event.header.received);
    }
    if (is_present(body.forward)) {
      known.forward = body.forward;
      known.forward_received = nanoseconds_of(event.header.received);
    }
  }
  return known;
}

}  // namespace

TEST_SUITE("daemon/held_back_values") {
  TEST_CASE("a surface row without a forward leaves the ticker's forward alone, and its vol counts") {
    HeldBackValues held{8};
    CHECK(held.put(mark(1, 0.05, 0.6, 61'000, 10)) == Put::Added);
    CHECK(held.put(mark(1, 0.06, 0.7, kAbsent, 20)) == Put::Added);
    const Known known = applied(held, 1);
    CHECK(known.forward == 61'000);
    CHECK(known.forward_received == 10);
    CHECK(known.vol == 0.7);
    CHECK(known.price == 0.06);
  }

  TEST_CASE("in whatever order tickers and surface rows come, the newest of each part is known in the end") {
    for (unsigned pattern = 0; pattern < 64; ++pattern) {
      CAPTURE(pattern);
      HeldBackValues held{8};
      Known expected;
      for (int step = 0; step < 6; ++step) {
        const double value = 0.1 * (step + 1);
        const std::int64_t received = step + 1;
        const bool ticker = (pattern >> step & 1U) != 0;
        static_cast<void>(held.put(mark(1, value, value + 1, ticker ? 100 * value : kAbsent, received)));
        expected.price = value;
        expected.vol = value + 1;
        expected.vol_received = received;
        if (ticker) {
          expected.forward = 100 * value;
          expected.forward_received = received;
        }
      }
      const Known known = applied(held, 1);
      CHECK(known.price == expected.price);
      CHECK(known.vol == expected.vol);
      CHECK(known.vol_received == expected.vol_received);
      CHECK((known.forward == expected.forward || (!is_present(known.forward) && !is_present(expected.forward))));
      CHECK(known.forward_received == expected.forward_received);
      CHECK(held.size() <= 2);
    }
  }

  TEST_CASE("a ticker without price and vol takes nothing from the surface row before it") {
    HeldBackValues held{8};
    static_cast<void>(held.put(mark(1, 0.05, 0.6, kAbsent, 10)));
    static_cast<void>(held.put(mark(1, kAbsent, kAbsent, 61'000, 20)));
    const Known known = applied(held, 1);
    CHECK(known.price == 0.05);
    CHECK(known.vol == 0.6);
    CHECK(known.vol_received == 10);
    CHECK(known.forward == 61'000);
  }

  TEST_CASE("venues do not replace each other's index of the same pair") {
    HeldBackValues held{8};
    CHECK(held.put(index(Venue::Deribit, 61'000)) == Put::Added);
    CHECK(held.put(index(Venue::Binance, 61'050)) == Put::Added);
    CHECK(held.put(index(Venue::Deribit, 61'100)) == Put::Replaced);
    REQUIRE(held.size() == 2);
    CHECK(std::get<IndexPrice>(held.values()[0].body).price == 61'100);
    CHECK(std::get<IndexPrice>(held.values()[1].body).price == 61'050);
  }

  TEST_CASE("what is left after some were taken still finds its successors") {
    HeldBackValues held{8};
    static_cast<void>(held.put(mark(1, 0.05, 0.6, kAbsent, 10)));
    static_cast<void>(held.put(mark(2, 0.05, 0.6, kAbsent, 10)));
    static_cast<void>(held.put(mark(2, 0.06, 0.7, 61'000, 20)));
    held.drop_front(1);
    CHECK(held.put(mark(2, 0.07, 0.8, kAbsent, 30)) == Put::Replaced);
    CHECK(applied(held, 2).vol == 0.8);
    CHECK(applied(held, 2).forward == 61'000);
  }

  TEST_CASE("without room nothing is kept, and what waits of another instrument stays as it is") {
    HeldBackValues held{1};
    static_cast<void>(held.put(mark(1, 0.05, 0.6, kAbsent, 10)));
    CHECK(held.put(mark(2, 0.06, 0.7, 61'000, 20)) == Put::Full);
    CHECK(held.put(mark(2, 0.06, 0.7, kAbsent, 20)) == Put::Full);
    CHECK(applied(held, 1).vol == 0.6);
    CHECK(held.size() == 1);
  }

  TEST_CASE("without room neither of an instrument's two marks goes ahead of the other that waits") {
    HeldBackValues rows{1};
    static_cast<void>(rows.put(mark(1, 0.05, 0.6, kAbsent, 10)));
    CHECK(rows.put(mark(1, 0.06, 0.7, 61'000, 20)) == Put::Replaced);
    CHECK(applied(rows, 1).vol == 0.7);
    CHECK(rows.size() == 1);
    HeldBackValues whole{1};
    static_cast<void>(whole.put(mark(1, 0.05, 0.6, 61'000, 10)));
    CHECK(whole.put(mark(1, 0.06, 0.7, kAbsent, 20)) == Put::Replaced);
    CHECK(applied(whole, 1).vol == 0.6);
    CHECK(whole.size() == 1);
  }
}

}  // namespace hedgewatch
