#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "core/instrument/contract.hpp"
#include "core/market/event_batch.hpp"
#include "core/types/result.hpp"
#include "core/types/time.hpp"
#include "feeds/decoding.hpp"
#include "feeds/frame_detail.hpp"
#include "feeds/session/http_call.hpp"
#include "feeds/session/spliced_book.hpp"

namespace hedgewatch {

/// What one connection of a venue asks for, and within what limits.
struct StreamLimits {
  std::chrono::nanoseconds ping_interval{std::chrono::seconds{15}};  ///< zero: this side sends none
  std::chrono::nanoseconds life{0};  ///< the connection is replaced after so long, before the venue cuts it; zero: it lasts
  std::size_t topics = 20'000;
  std::size_t topics_per_request = 100;
  std::size_t bytes_per_request = 24'000;
  std::uint32_t requests_at_once = 10;  ///< frames sent in one burst, pings not counted
  std::uint32_t requests_per_second = 2;
  std::uint32_t calls_at_once = 10;  ///< HTTP
  std::uint32_t calls_per_second = 5;
};

/// A stream of an instrument, in the words of subscribe().
struct StreamTopic {
  std::string name = {};
  bool is_book = false;
  /// Longest time without a message of it, from its acknowledgement on: where an acknowledgement proves nothing, or where the venue
  /// says how often it speaks. Zero: it may be silent.
  std::chrono::nanoseconds silence_limit{0};
};

/// How the books of a connection are held together.
enum class BookJoin : std::uint8_t {
  Chained,  ///< the stream brings its snapshots
  Spliced   ///< snapshots are called for
};

/// An HTTP call of a session: what it is for, in the dialect's own numbering, and about what. Equal ones are made once at a time.
struct StreamCall {
  std::uint32_t kind = 0;
  std::string about = {};             ///< a family, a coin, a symbol
  std::string page = {};              ///< where a list goes on
  std::chrono::nanoseconds every{0};  ///< made again so long after its answer; zero: once
  /// Of a list in pages the first one stands for all: the whole is done when no page is left.
  [[nodiscard]] bool same_list(const StreamCall& other) const { return kind == other.kind && about == other.about; }
};

/// The kind of a book's snapshot in every dialect; StreamCall::about is then the program's name of the instrument.
inline constexpr std::uint32_t kBookSnapshotCall = 0;

/// What an answer was, beside its events.
struct StreamAnswer {
  std::int64_t code = 0;     ///< the venue's error; 0: none
  std::string_view message;  ///< its words, in the body
  std::string_view next_page;
  std::optional<VenueTime> venue_time;  ///< when the venue answered, where it says
  bool key_may_trade = false;           ///< the key can do more than read
};

/// What an error of the venue means to the connection.
enum class StreamReaction : std::uint8_t {
  Note,         ///< told and counted; what it answered is not asked again
  Retry,        ///< soon, slower each time
  BackOff,      ///< we ask too much: away for a while
  Maintenance,  ///< the venue rests
  Reconnect,    ///< this connection is of no use any more
  Login,        ///< the login is void: a new connection logs in anew
  Refused       ///< the key, its scope or its network: only a new configuration heals it
};

/// What differs between venues whose streams are subscribed topic by topic: texts, topics, calls. A value with memory, without
/// sockets, clocks and threads. One object per connection; StreamSession owns the connection's life.
class StreamDialect {
 public:
  StreamDialect() = default;
  StreamDialect(const StreamDialect&) = delete;
  StreamDialect& operator=(const StreamDialect&) = delete;
  virtual ~StreamDialect() = default;

  [[nodiscard]] virtual Venue venue() const = 0;
  [[nodiscard]] virtual StreamLimits limits() const = 0;
  [[nodiscard]] virtual BookJoin book_join() const { return BookJoin::Chained; }
  [[nodiscard]] virtual SpliceRule splice_rule() const { return SpliceRule::NamedPredecessor; }

  // ---- before the socket is opened

  /// Calls without whose answers it cannot be opened (a key for the private stream). They are made before each opening.
  virtual void calls_before_open(std::vector<StreamCall>& /*calls*/) {}
  /// Goes behind the endpoint's path. Asked when those calls were answered.
  [[nodiscard]] virtual std::string path_suffix() const { return {}; }

  // ---- what is sent

  /// Nothing: there is no login on the socket. Holds a secret: it is wiped when it was sent.
  [[nodiscard]] virtual std::optional<std::string> login(std::uint64_t /*id*/, WallTime /*now*/) { return std::nullopt; }
  [[nodiscard]] virtual std::string ping(std::uint64_t id) = 0;
  /// The answer to the venue's own ping, where it is a message.
  [[nodiscard]] virtual std::string pong() { return {}; }
  [[nodiscard]] virtual std::string subscribe(std::uint64_t id, std::span<const std::string> topics) = 0;
  [[nodiscard]] virtual std::string unsubscribe(std::uint64_t id, std::span<const std::string> topics) = 0;

  // ---- what is followed

  /// Topics that every connection of this kind has: indices, whole chains, an account's.
  virtual void standing_topics(std::vector<StreamTopic>& topics) = 0;
  /// Topics of an instrument that is looked at. Only connections with market data are asked.
  virtual void topics_of(const Contract& contract, bool with_book, std::vector<StreamTopic>& topics) = 0;
  /// The instrument belongs to this connection's market.
  [[nodiscard]] virtual bool carries(const Contract& contract) const = 0;

  // ---- frames

  [[nodiscard]] virtual Result<Decoded, DecodeError> decode(simdjson::padded_string_view frame, MonoTime received,
                                                            EventBatch& out) = 0;
  [[nodiscard]] virtual const FrameDetail& detail() const = 0;
  /// The topic of the message that was decoded last, as subscribe() had it; valid until the next call of the dialect. Empty: none.
  [[nodiscard]] virtual std::string_view topic() = 0;
  /// The request that the message answers; nothing when it names none.
  [[nodiscard]] virtual std::optional<std::uint64_t> request_id() const = 0;
  /// Of an acknowledgement: the venue acknowledges topic by topic, and this message names its own in topic().
  [[nodiscard]] virtual bool acknowledges_one_topic() const { return false; }
  /// Topics that an acknowledgement refuses although it is one. Views live as long as the frame.
  virtual void refused_topics(std::vector<std::string_view>& /*topics*/) const {}
  [[nodiscard]] virtual StreamReaction reaction_to(std::int64_t code, std::string_view message) const = 0;
  /// All that was subscribed is gone with the connection.
  virtual void forget_connection() {}

  // ---- calls

  /// Made when the connection has been opened and logged in: listings, statements. With StreamCall::every they are made again.
  virtual void calls_at_open(std::vector<StreamCall>& calls) = 0;
  /// Statements to ask for when something of the account was missed.
  virtual void calls_to_reconcile(std::vector<StreamCall>& /*calls*/) {}
  /// Calls whose answers define an instrument that an account holds and that no listing has had, by the venue's name.
  virtual void calls_to_define(std::string_view /*name*/, std::vector<StreamCall>& /*calls*/) {}
  /// The call as it is sent; signed ones carry `now`. Nothing: it cannot be made (a key that cannot sign).
  [[nodiscard]] virtual std::optional<HttpCall> request_of(const StreamCall& call, WallTime now) = 0;
  /// Whether the call states positions: reports of the stream that overtake it are kept until it is applied.
  [[nodiscard]] virtual bool states_positions(const StreamCall& /*call*/) const { return false; }
  /// Events of an answer, all or none. Of a book's snapshot detail().sequence is set. HTTP errors that carry no error of the
  /// venue come back as their status in StreamAnswer::code.
  [[nodiscard]] virtual Result<StreamAnswer, DecodeError> read(const StreamCall& call, unsigned status,
                                                               simdjson::padded_string_view body, MonoTime received,
                                                               EventBatch& out) = 0;
};

}  // namespace hedgewatch
