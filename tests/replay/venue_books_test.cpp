#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/market/order_book.hpp"
#include "feeds/binance/decoder.hpp"
#include "feeds/bybit/decoder.hpp"
#include "feeds/capture/recorded_frames.hpp"
#include "feeds/okx/checksum_book.hpp"
#include "feeds/okx/decoder.hpp"
#include "feeds/session/chained_book.hpp"
#include "feeds/session/spliced_book.hpp"
#include "shared_files.hpp"

// The recorded books, through decoder, chain and order book, against a rebuild that shares nothing with them but the JSON parser;
// then the same with a frame dropped, repeated or moved at every place.

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

/// A book as the rebuild keeps it: sizes by price, both as written numbers.
struct Levels {
  std::map<double, double> bids;
  std::map<double, double> asks;
  friend bool operator==(const Levels&, const Levels&) = default;
};

/// Applies a JSON list of [price, size, ...] texts.
void rebuild(std::map<double, double>& side, simdjson::dom::array levels) {
  for (simdjson::dom::array level : levels) {
    const double price = std::stod(std::string{std::string_view{level.at(0)}});
    const double size = std::stod(std::string{std::string_view{level.at(1)}});
    if (size == 0)
      side.erase(price);
    else
      side[price] = size;
  }
}

/// One message about a book: what the decoder made of it, and the rebuild after it.
struct Message {
  FrameDetail detail;
  std::vector<std::string> words;  ///< what detail.wire_levels points to
  std::vector<WireLevel> wire;
  std::vector<Event> events;
  Levels after;
  bool by_request = false;  ///< a snapshot that was asked for
};

/// The messages of one book, in the order of their arrival.
using Session = std::vector<Message>;

void keep_words(Message& message) {
  message.words.reserve(2 * message.detail.wire_levels.size());
  for (const WireLevel& level : message.detail.wire_levels) {
    message.words.emplace_back(level.price);
    message.words.emplace_back(level.size);
  }
  std::size_t at = 0;
  for (const WireLevel& level : message.detail.wire_levels) {
    message.wire.push_back({message.words[at], message.words[at + 1], level.side});
    at += 2;
  }
  message.detail.wire_levels = message.wire;
}

struct Shape {
  const char* bids;
  const char* asks;
};

/// Reads a recording; `decode` gives false for frames that are about no book, and the JSON object that holds the levels.
std::map<std::string, Session> sessions(
    const std::string& file, Shape shape,
    const std::function<bool(const RecordedFrame&, EventBatch&, FrameDetail&, std::string&)>& decode,
    const std::function<simdjson::dom::element(simdjson::dom::element)>& levels_of) {
  auto opened = RecordedFrames::open(*shared_directory() / "data" / file);
  REQUIRE(opened.ok());
  RecordedFrames frames = std::move(opened).value();
  std::map<std::string, Session> result;
  simdjson::dom::parser parser;
  struct Timed {
    std::int64_t at;
    std::string name;
    Message message;
    std::string payload;
  };
  std::vector<Timed> arrivals;
  while (auto next = frames.next()) {
    REQUIRE(next->ok());
    const RecordedFrame& frame = next->value();
    if (frame.kind != RecordKind::Received && frame.kind != RecordKind::Http) continue;
    EventBatch batch;
    Timed arrival{frame.received ? nanoseconds_of(*frame.received) : 0, {}, {}, std::string{frame.payload}};
    if (!decode(frame, batch, arrival.message.detail, arrival.name)) continue;
    keep_words(arrival.message);
    for (const Event& event : batch.events())
      if (!std::holds_alternative<InstrumentListed>(event.body)) arrival.message.events.push_back(event);
    arrival.message.by_request = frame.kind == RecordKind::Http;
    arrivals.push_back(std::move(arrival));
  }
  // Requests were written down before the stream that ran beside them.
  std::stable_sort(arrivals.begin(), arrivals.end(), [](const Timed& a, const Timed& b) { return a.at < b.at; });
  std::map<std::string, Levels> books;
  std::map<std::string, std::uint64_t> known;
  for (Timed& arrival : arrivals) {
    Levels& book = books[arrival.name];
    const simdjson::dom::element object = levels_of(parser.parse(arrival.payload));
    const bool snapshot = arrival.message.detail.book == BookForm::Snapshot;
    if (snapshot) book = {};
    // A change that a requested snapshot contains already must not be put on top of it.
    const bool contained =
        !snapshot && arrival.message.detail.first_sequence != 0 && arrival.message.detail.sequence <= known[arrival.name];
    if (snapshot) known[arrival.name] = arrival.message.detail.sequence;
    if (!contained) {
      rebuild(book.bids, object[arrival.message.by_request ? "bids" : shape.bids]);
      rebuild(book.asks, object[arrival.message.by_request ? "asks" : shape.asks]);
    }
    arrival.message.after = book;
    // What it points to moves with it.
    Session& session = result[arrival.name];
    session.push_back(std::move(arrival.message));
    session.back().detail.wire_levels = session.back().wire;
  }
  return result;
}

/// The sizes of unlisted contracts are not known: here they count as one, which is what the rebuild does.
void list_plainly(SymbolTable& symbols, std::string_view name) {
  if (symbols.find(name)) return;
  Contract contract;
  contract.name = *InstrumentName::from(name);
  contract.contract_size = contract.lot = 1;
  symbols.add(contract);
}

std::map<std::string, Session> okx_sessions(const std::string& file) {
  auto symbols = std::make_shared<SymbolTable>(Venue::Okx, 8192);
  auto decoder = std::make_shared<okx::Decoder>(*symbols);
  return sessions(
      file, {"bids", "asks"},
      [symbols, decoder](const RecordedFrame& frame, EventBatch& batch, FrameDetail& detail, std::string& name) {
        if (frame.payload.find("\"channel\":\"books") == std::string_view::npos) return false;
        if (frame.payload.find("\"data\"") == std::string_view::npos) return false;
        const std::size_t at = frame.payload.find("\"instId\":\"") + 10;
        name = frame.payload.substr(at, frame.payload.find('"', at) - at);
        list_plainly(*symbols, name);
        REQUIRE(decoder->decode(frame.padded_payload(), MonoTime{}, batch).ok());
        detail = decoder->detail();
        return true;
      },
      [](simdjson::dom::element root) { return root["data"].at(0); });
}

std::map<std::string, Session> bybit_sessions(const std::string& file) {
  auto symbols = std::make_shared<SymbolTable>(Venue::Bybit, 8192);
  auto decoder =
      std::make_shared<bybit::Decoder>(*symbols, bybit::Category::Linear, DecodingOptions{.unlisted = UnlistedInstrument::Imply});
  return sessions(
      file, {"b", "a"},
      [symbols, decoder](const RecordedFrame& frame, EventBatch& batch, FrameDetail& detail, std::string& name) {
        if (frame.payload.find("\"topic\":\"orderbook.") == std::string_view::npos) return false;
        REQUIRE(decoder->decode(frame.padded_payload(), MonoTime{}, batch).ok());
        detail = decoder->detail();
        name = detail.channel_name;
        return true;
      },
      [](simdjson::dom::element root) { return root["data"].value(); });
}

std::map<std::string, Session> binance_sessions(const std::string& file, binance::Product product) {
  auto symbols = std::make_shared<SymbolTable>(Venue::Binance, 8192);
  auto decoder = std::make_shared<binance::Decoder>(*symbols, product, DecodingOptions{.unlisted = UnlistedInstrument::Imply});
  return sessions(
      file, {"b", "a"},
      [symbols, decoder](const RecordedFrame& frame, EventBatch& batch, FrameDetail& detail, std::string& name) {
        if (frame.kind == RecordKind::Http) {
          const std::size_t at = frame.url.find("depth?symbol=");
          if (at == std::string_view::npos) return false;
          const std::string_view rest = frame.url.substr(at + 13);
          name = rest.substr(0, rest.find('&'));
          REQUIRE(decoder->decode(frame.padded_payload(), MonoTime{}, batch).ok());
          REQUIRE(decoder->decode_depth(name, MonoTime{}, batch).ok());
        } else {
          if (frame.payload.find("depthUpdate") == std::string_view::npos) return false;
          REQUIRE(decoder->decode(frame.padded_payload(), MonoTime{}, batch).ok());
          const std::size_t at = frame.payload.find("\"s\":\"") + 5;
          name = frame.payload.substr(at, frame.payload.find('"', at) - at);
        }
        detail = decoder->detail();
        return true;
      },
      [](simdjson::dom::element root) {
        simdjson::dom::element data;
        return root["data"].get(data) == simdjson::SUCCESS ? data : root;
      });
}

Levels levels_of(const OrderBook& book) {
  Levels levels;
  for (const auto& level : book.levels(Side::Buy)) levels.bids[level.price.to_double()] = level.size.to_double();
  for (const auto& level : book.levels(Side::Sell)) levels.asks[level.price.to_double()] = level.size.to_double();
  return levels;
}

void put_on(OrderBook& book, std::span<const Event> events) {
  for (const Event& event : events) {
    if (const auto* begin = std::get_if<BookBegin>(&event.body)) book.begin(begin->snapshot);
    if (const auto* level = std::get_if<BookLevel>(&event.body)) book.set(level->side, level->price, level->size);
    if (const auto* end = std::get_if<BookEnd>(&event.body)) book.end(end->sequence);
  }
}

void set(OrderBook& book, const Levels& levels, std::uint64_t sequence) {
  book.begin(true);
  const auto put = [&](Side side, const std::map<double, double>& from) {
    for (const auto& [price, size] : from)
      book.set(side, Price::from_raw(std::llround(price * 1e9)), Size::from_raw(std::llround(size * 1e9)));
  };
  put(Side::Buy, levels.bids);
  put(Side::Sell, levels.asks);
  book.end(sequence);
}

/// A book that follows a stream with its own snapshots, as a session does it; the venue answers a new subscription at once.
struct Follower {
  explicit Follower(bool checking) : checks{checking} { chain.synchroniser().on_subscribe_sent(MonoTime{}); }

  /// Starts from a state of the recording instead of from its first snapshot.
  void start(const Message& at) {
    FrameDetail snapshot = at.detail;
    snapshot.book = BookForm::Snapshot;
    chain.on_message(snapshot);
    set(book, at.after, at.detail.sequence);
    // Texts of the wire are lost in the rebuild: the checksum's book begins with the next snapshot of the recording.
  }

  void take(const Message& message) {
    if (!checks) {
      put_on(book, message.events);
      return;
    }
    const BookVerdict verdict = chain.on_message(message.detail);
    if (verdict == BookVerdict::Apply) {
      put_on(book, message.events);
      if (message.detail.checksum != 0) {
        REQUIRE(words.apply(message.detail.book, message.wire));
        if (words.checksum() != message.detail.checksum) lose();
      }
    }
    if (verdict == BookVerdict::Invalidate) noticed = true;
  }
  void lose() {
    noticed = true;
    chain.on_lost();
  }
  /// The new subscription's snapshot: the recording's state behind `message`.
  void resubscribe(const Message& message, const okx::ChecksumBook& venue_words) {
    chain.synchroniser().on_unsubscribe_sent(MonoTime{});
    chain.synchroniser().on_unsubscribed();
    chain.synchroniser().on_subscribe_sent(MonoTime{});
    start(message);
    words = venue_words;
  }

  bool checks;
  bool noticed = false;
  ChainedBook chain;
  OrderBook book{2000};
  okx::ChecksumBook words;
};

enum class Fault { Drop, Repeat, Swap };

std::vector<std::size_t> order_with(Fault fault, std::size_t at, std::size_t size) {
  std::vector<std::size_t> order;
  for (std::size_t i = at; i < size; ++i) order.push_back(i);
  if (fault == Fault::Drop) order.erase(order.begin());
  if (fault == Fault::Repeat) order.insert(order.begin(), at);
  if (fault == Fault::Swap && order.size() > 1) std::swap(order[0], order[1]);
  return order;
}

struct SweepCounts {
  int swept = 0;
  int repeated = 0;
  int noticed = 0;
  int harmless = 0;   ///< not noticed, and the book was right at every later message that a check covers
  int uncovered = 0;  ///< wrong, but only in levels that no check covers
  int wrong = 0;
  int wrong_without_check = 0;
};

/// The part of a book that a checksum covers.
Levels best(const Levels& book) {
  constexpr std::ptrdiff_t kCovered = 25;
  Levels part;
  const auto bids = static_cast<std::ptrdiff_t>(book.bids.size());
  const auto asks = static_cast<std::ptrdiff_t>(book.asks.size());
  part.bids = {std::prev(book.bids.end(), std::min(bids, kCovered)), book.bids.end()};
  part.asks = {book.asks.begin(), std::next(book.asks.begin(), std::min(asks, kCovered))};
  return part;
}

/// Every place but the first, which is the snapshot, and the last, behind which nothing could tell.
void sweep_chain(const Session& session, SweepCounts& counts) {
  // What the venue's own book reads like behind each message, for sessions with checksums.
  std::vector<okx::ChecksumBook> words(session.size());
  okx::ChecksumBook venue;
  const bool summed = session.front().detail.checksum != 0;
  for (std::size_t i = 0; i < session.size() && summed; ++i) {
    REQUIRE(venue.apply(session[i].detail.book, session[i].wire));
    words[i] = venue;
  }
  constexpr std::size_t kWindow = 12;
  for (std::size_t at = 1; at + 1 < session.size(); ++at) {
    const std::size_t end = std::min(session.size(), at + kWindow);
    for (const Fault fault : {Fault::Drop, Fault::Repeat, Fault::Swap}) {
      // Behind the last two there is nothing that could tell which came first.
      if (fault == Fault::Swap && at + 2 == session.size()) continue;
      const auto order = order_with(fault, at, end);
      Follower checked{true};
      Follower trusting{false};
      checked.resubscribe(session[at - 1], words[at - 1]);
      set(trusting.book, session[at - 1].after, 0);
      bool was_wrong = false;
      std::size_t newest = at;
      int since_loss = 0;
      for (const std::size_t i : order) {
        newest = std::max(newest, i);
        checked.take(session[i]);
        trusting.take(session[i]);
        if (checked.noticed && !checked.chain.synchroniser().live() && ++since_loss == 3)
          checked.resubscribe(session[newest], words[newest]);
      }
      ++counts.swept;
      if (fault == Fault::Repeat) ++counts.repeated;
      if (checked.noticed) ++counts.noticed;
      if (checked.chain.synchroniser().live() && levels_of(checked.book) != session[newest].after) was_wrong = true;
      if (was_wrong) {
        // Checksums cover the best 25 of each side: what is wrong behind those only is theirs to miss.
        const bool covered = !summed || checked.noticed || best(levels_of(checked.book)) != best(session[newest].after);
        ++(covered ? counts.wrong : counts.uncovered);
      }
      if (!checked.noticed && !was_wrong) ++counts.harmless;
      if (levels_of(trusting.book) != session[newest].after) ++counts.wrong_without_check;
    }
  }
}

}  // namespace

TEST_SUITE("replay/venue_books") {
  TEST_CASE("OKX and Bybit: no crossed book, and the books are those of the rebuild after every message") {
    if (skip_without_shared("replay/venue_books")) return;
    int books = 0;
    int messages = 0;
    const auto replay = [&](const std::map<std::string, Session>& recorded) {
      for (const auto& [name, session] : recorded) {
        CAPTURE(name);
        if (session.front().detail.book != BookForm::Snapshot) continue;  // a chain without its beginning
        ++books;
        Follower follower{true};
        for (const Message& message : session) {
          ++messages;
          follower.take(message);
          REQUIRE_FALSE(follower.noticed);
          REQUIRE(follower.book.valid());
          REQUIRE_FALSE(follower.book.crossed());
          REQUIRE(levels_of(follower.book) == message.after);
        }
      }
    };
    replay(okx_sessions("okx/cryptofeed_books_20220513.jsonl.zst"));
    replay(okx_sessions("okx/cryptofeed_mixed_l2_tbt_20210722.jsonl.zst"));
    replay(bybit_sessions("bybit/cryptofeed_v5_linear_btc_eth_20260809.jsonl.zst"));
    CHECK(books == 15);
    CHECK(messages == 2629);
  }

  TEST_CASE("OKX, a recorded chain without its snapshot: every change names the one before") {
    if (skip_without_shared("replay/venue_books")) return;
    const auto recorded = okx_sessions("okx/fastmm_books_bbo_seqid_prod_20260926.jsonl");
    REQUIRE(recorded.size() == 1);
    const Session& session = recorded.begin()->second;
    for (std::size_t i = 1; i < session.size(); ++i) CHECK(session[i].detail.previous == session[i - 1].detail.sequence);
  }

  TEST_CASE("Binance: changes joined to the snapshot that was asked for, and then the books of the rebuild") {
    if (skip_without_shared("replay/venue_books")) return;
    int books = 0;
    const auto replay = [&](const std::map<std::string, Session>& recorded, SpliceRule rule) {
      for (const auto& [name, session] : recorded) {
        CAPTURE(name);
        SplicedBook splice{rule};
        OrderBook book{4000};
        for (const Message& message : session) {
          if (message.by_request) {
            REQUIRE(splice.on_snapshot(message.detail.sequence) == SnapshotVerdict::Joined);
            put_on(book, message.events);
            put_on(book, splice.held());
          } else {
            const SpliceVerdict verdict = splice.on_change(message.detail, message.events);
            REQUIRE(verdict != SpliceVerdict::Invalidate);
            if (verdict == SpliceVerdict::Apply) put_on(book, message.events);
          }
          if (splice.live()) REQUIRE_FALSE(book.crossed());
        }
        if (!splice.live()) continue;
        ++books;
        CHECK(levels_of(book) == session.back().after);
      }
    };
    replay(binance_sessions("binance/cryptofeed_usdm_20210722.jsonl.zst", binance::Product::UsdMargined),
           SpliceRule::NamedPredecessor);
    replay(binance_sessions("binance/cryptofeed_spot_20211012.jsonl.zst", binance::Product::Spot), SpliceRule::NextNumber);
    CHECK(books == 8);
  }

  TEST_CASE("OKX and Bybit: a frame dropped, repeated or moved at any place is noticed and repaired, or does no harm") {
    if (skip_without_shared("replay/venue_books")) return;
    SweepCounts chain;
    for (const auto& [name, session] : bybit_sessions("bybit/cryptofeed_v5_linear_btc_eth_20260809.jsonl.zst"))
      sweep_chain(session, chain);
    CHECK(chain.wrong == 0);
    // A repeated frame is dropped as such; every other fault is noticed.
    CHECK(chain.noticed == chain.swept - chain.repeated);
    CHECK(chain.harmless == chain.repeated);
    // The control: without the check the book is wrong at most of these places.
    CHECK(chain.wrong_without_check > chain.swept / 6);

    SweepCounts sums;
    for (const auto& [name, session] : okx_sessions("okx/cryptofeed_books_20220513.jsonl.zst")) sweep_chain(session, sums);
    for (const auto& [name, session] : okx_sessions("okx/cryptofeed_mixed_l2_tbt_20210722.jsonl.zst")) sweep_chain(session, sums);
    CHECK(sums.wrong == 0);
    CHECK(sums.noticed + sums.harmless + sums.uncovered == sums.swept);
    CHECK(sums.uncovered < sums.swept / 20);
    CHECK(sums.wrong_without_check > sums.swept / 10);
    MESSAGE("chain: " << chain.swept << " faults, " << chain.noticed << " noticed, " << chain.wrong_without_check
                      << " wrong without the check; checksums: " << sums.swept << " faults, " << sums.noticed << " noticed, "
                      << sums.harmless << " harmless, " << sums.uncovered << " deeper than the checksum, "
                      << sums.wrong_without_check << " wrong without the check");
  }

  TEST_CASE("Binance: a frame dropped, repeated or moved at any place is noticed, and a new snapshot repairs the book") {
    if (skip_without_shared("replay/venue_books")) return;
    int swept = 0;
    int noticed = 0;
    int wrong_without_check = 0;
    const auto sweep = [&](const std::map<std::string, Session>& recorded, SpliceRule rule) {
      for (const auto& [name, all] : recorded) {
        CAPTURE(name);
        // From the first change behind the snapshot that is not part of it.
        std::size_t first = 0;
        while (!all[first].by_request) ++first;
        const std::uint64_t number = all[first].detail.sequence;
        while (first < all.size() && (all[first].by_request || all[first].detail.sequence <= number)) ++first;
        for (std::size_t at = first + 1; at + 1 < all.size(); ++at) {
          for (const Fault fault : {Fault::Drop, Fault::Repeat, Fault::Swap}) {
            const std::size_t end = std::min(all.size(), at + 12);
            SplicedBook splice{rule};
            OrderBook book{4000};
            OrderBook trusting{4000};
            splice.on_snapshot(all[at - 1].detail.sequence);
            set(book, all[at - 1].after, 0);
            set(trusting, all[at - 1].after, 0);
            bool told = false;
            int since_loss = 0;
            std::size_t newest = at;
            for (const std::size_t i : order_with(fault, at, end)) {
              newest = std::max(newest, i);
              put_on(trusting, all[i].events);
              const SpliceVerdict verdict = splice.on_change(all[i].detail, all[i].events);
              if (verdict == SpliceVerdict::Apply) put_on(book, all[i].events);
              if (verdict == SpliceVerdict::Invalidate) told = true;
              if (!splice.live() && (++since_loss >= 3 || i + 1 == end)) {
                // The venue's state at this moment, asked for by request.
                REQUIRE(splice.on_snapshot(all[newest].detail.sequence) == SnapshotVerdict::Joined);
                set(book, all[newest].after, 0);
                put_on(book, splice.held());
              }
            }
            ++swept;
            if (told) ++noticed;
            CAPTURE(at);
            CHECK(splice.live());
            CHECK(levels_of(book) == all[newest].after);
            if (fault != Fault::Repeat) CHECK(told);
            if (levels_of(trusting) != all[newest].after) ++wrong_without_check;
          }
        }
      }
    };
    sweep(binance_sessions("binance/cryptofeed_usdm_20210722.jsonl.zst", binance::Product::UsdMargined),
          SpliceRule::NamedPredecessor);
    sweep(binance_sessions("binance/cryptofeed_spot_20211012.jsonl.zst", binance::Product::Spot), SpliceRule::NextNumber);
    CHECK(noticed == swept / 3 * 2);
    CHECK(wrong_without_check > swept / 6);
    MESSAGE(swept << " faults, " << noticed << " noticed, " << wrong_without_check << " wrong without the check");
  }
}
