#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/session.hpp"
#include "feeds/session/back_off.hpp"
#include "feeds/session/book_synchroniser.hpp"
#include "feeds/session/jitter.hpp"
#include "feeds/session/lag_watch.hpp"
#include "feeds/session/seen_fills.hpp"
#include "feeds/session/silence_watchdog.hpp"
#include "feeds/session/subscription_set.hpp"
#include "feeds/session/token_bucket.hpp"

// Shared by the session's source files: requests, channels, frames, replies, the account, and the connection's life.

namespace hedgewatch::deribit {

/// What a request asks for.
enum class Ask : std::uint8_t {
  Hello,
  Heartbeat,
  Test,
  Auth,
  Refresh,
  Instruments,
  Instrument,
  Subscribe,
  Unsubscribe,
  Positions,
  Summaries,
  Trades,
  Orders,
  Log
};

/// The method's name, for notices.
[[nodiscard]] std::string_view label(Ask ask);

/// A request that waits for credits or its time.
struct Waiting {
  Ask ask;
  std::string about;  ///< currency or instrument
  MonoTime not_before{};
  std::uint32_t attempts = 0;
};

/// A request that waits for its reply.
struct Pending {
  std::uint64_t id = 0;
  Waiting request;
  std::uint64_t batch = 0;
  MonoTime due{};
  MonoTime sent{};
};

/// An asset's code as the names of indices have it.
[[nodiscard]] std::string lower(std::string_view text);

}  // namespace hedgewatch::deribit

namespace hedgewatch {

/// What one session knows and does. Everything that comes from outside ends in settle().
struct DeribitSession::State {  // NOLINT(clang-analyzer-optin.performance.Padding): there is one a connection
  using Ask = deribit::Ask;
  using FrameDetail = deribit::FrameDetail;
  using Pending = deribit::Pending;
  using Waiting = deribit::Waiting;
  using nanoseconds = std::chrono::nanoseconds;
  using seconds = std::chrono::seconds;

  // The venue's prices for requests, in credits. Its pools are shared by all connections of an account or address, so each
  // connection spends at half of the documented pace.
  static constexpr std::uint32_t kRequestCost = 500;
  static constexpr std::uint32_t kSubscribeCost = 3'000;
  static constexpr std::uint32_t kListingCost = 10'000;
  static constexpr std::uint32_t kRequestPool = 25'000;
  static constexpr std::uint32_t kRequestRefill = 5'000;
  static constexpr std::uint32_t kSubscribePool = 15'000;
  static constexpr std::uint32_t kSubscribeRefill = 5'000;
  // The stricter of two documented limits for get_instruments on a websocket: five at once, then one each ten seconds.
  static constexpr std::uint32_t kListingPool = 50'000;
  static constexpr std::uint32_t kListingRefill = 1'000;

  State(DeribitSessionOptions given, deribit::Symbols& names, FeedStatistics& counts)
      : options{std::move(given)},
        symbols{names},
        statistics{counts},
        decoder{names, {.connection = options.connection, .account = options.account}},
        jitter{options.seed},
        lag{options.max_lag},
        watchdog{{.any_frame = options.silence_limit.count() > 0 ? options.silence_limit : options.heartbeat * 5 / 2,
                  .market_data = options.market_data_silence_limit}} {}

  // ---- what is told to the engine and the operator

  [[nodiscard]] bool is_account() const { return options.role == DeribitRole::Account; }

  Event event(const EventBody& body, SessionTime now) const {
    EventHeader header;
    header.received = now.mono;
    header.connection = options.connection;
    header.account = is_account() ? options.account : kNoAccount;
    header.venue = Venue::Deribit;
    return {header, body};
  }

  void tell(FeedStatus status, SessionTime now, EventBatch& events);
  void note(NoticeSeverity severity, std::string_view text, std::string detail = {});
  /// For what may come by the thousand: the first, second, fourth, eighth ... time.
  static bool worth_telling(std::uint64_t count) { return (count & (count - 1)) == 0; }
  void close(std::string_view why, FeedDownReason reason, SessionTime now, EventBatch& events, SessionActions& actions);
  /// Only a new configuration heals it: no attempt is made again.
  void give_up(std::string_view why, FeedDownReason reason, SessionTime now, EventBatch& events, SessionActions& actions);
  /// Closes, and stays away for at least this long.
  void stay_away(std::string_view why, FeedDownReason reason, nanoseconds pause, SessionTime now, EventBatch& events,
                 SessionActions& actions);

  // ---- requests

  void ask(Ask what, std::string about = {}, MonoTime not_before = {}, std::uint32_t attempts = 0);
  [[nodiscard]] bool asked(Ask what) const;
  TokenBucket& bucket_of(Ask what) { return what == Ask::Instruments ? listing_credits : request_credits; }
  static std::uint32_t cost_of(Ask what) { return what == Ask::Instruments ? kListingCost : kRequestCost; }
  void post(Waiting request, std::uint64_t batch, std::string text, SessionTime now, SessionActions& actions);
  [[nodiscard]] std::string nonce();
  [[nodiscard]] std::string text_of(const Waiting& request, SessionTime now);
  [[nodiscard]] bool may_subscribe() const { return accepted_by_us && (!is_account() || authenticated); }
  /// Sends what has credits and whose time has come.
  void pump(SessionTime now, SessionActions& actions);

  // ---- which instruments, which channels

  struct Book {
    std::string channel;
    InstrumentId instrument = kNoInstrument;
    BookSynchroniser synchroniser;
    bool joined = true;  ///< by change ids; a grouped book is a snapshot each time
  };
  struct PerInstrument {
    bool followed = false;
    bool expired = false;
    std::int32_t book = -1;
  };
  PerInstrument& at(InstrumentId id);
  Book* book_of(std::string_view channel);
  Book* book_of(InstrumentId id);
  void want_channel(std::string_view channel);
  [[nodiscard]] static bool matches(const std::vector<InstrumentPattern>& patterns, std::string_view name);
  /// Subscribes to what the instrument is needed for. Only the market-data session does.
  void consider(InstrumentId id);
  void drop(InstrumentId id);
  /// Whether an instrument belongs to one of the configured settlement currencies, as far as its name tells.
  [[nodiscard]] bool relevant(std::string_view name) const;
  [[nodiscard]] bool relevant_index(std::string_view index) const;
  /// Asks for the definition of an instrument that was named and is not listed, once per connection.
  void ask_definition(std::string_view name, bool needed);
  void ask_definitions(const FrameDetail& detail, bool needed);
  void take_up_wants();

  // ---- the connection's life

  void begin_market_data();
  void begin_account();
  /// hello has been answered by the right network.
  void begin(SessionTime now, EventBatch& events, SessionActions& actions);
  [[nodiscard]] bool ready() const;
  void update_status(SessionTime now, EventBatch& events);
  void set_maintenance(bool on, SessionTime now);
  /// What the reply to a request tells about the venue's clock and the line's lag.
  void note_answer_time(const Pending& request, std::uint64_t sent_at_us, SessionTime now);
  /// The data was found late, or in time again.
  void on_lag_turned(SessionTime now);

  // ---- frames

  void on_decode_error(const DecodeError& error, SessionTime now, EventBatch& events);
  void lose(Book& book, SessionTime now, EventBatch& events);
  void invalidate(const Book& book, SessionTime now, EventBatch& events);
  void resync_account(SessionTime now);
  void on_book(std::size_t before, SessionTime now, EventBatch& events);
  void on_market_data(std::size_t before, SessionTime now, EventBatch& events);
  void on_account(std::size_t before, EventBatch& events);
  void on_control(std::size_t before, SessionTime now, EventBatch& events);
  /// The venue's messages each tell one thing; what the engine is told is the whole.
  void on_platform_state(std::size_t before, SessionTime now, EventBatch& events);

  // ---- replies

  void on_reply(std::size_t before, SessionTime now, EventBatch& events, SessionActions& actions);
  void on_reply_fault(const DecodeError& error, const Pending& request, SessionTime now);
  void on_auth(const Pending& request, SessionTime now, EventBatch& events, SessionActions& actions);
  void on_instruments(const Pending& request, SessionTime now, EventBatch& events);
  void on_subscribed(const Pending& request, SessionTime now, EventBatch& events, SessionActions& actions);
  void on_refused(std::vector<std::string> refused, SessionTime now);
  void on_positions(std::size_t before, SessionTime now, EventBatch& events);
  void on_orders(const Pending& request, SessionTime now, EventBatch& events);

  // ---- fills that were missed

  // A statement of positions after an interruption waits for the trades between it and the one before, so that these are told
  // first. Fills that come meanwhile wait too: their order is the venue's.

  /// What is asked of one currency's trades, and how often its instruments' definitions were waited for.
  struct History {
    std::string currency;
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;
    unsigned waits = 0;
  };
  void ask_history(VenueTime to);
  [[nodiscard]] History* history_of(std::string_view currency);
  [[nodiscard]] bool history_open() const { return !histories.empty(); }
  /// The last one ended lets the statement through.
  void end_history(std::string_view currency, SessionTime now, EventBatch& events);
  void on_trades(const Pending& request, SessionTime now, EventBatch& events);
  void hold_fills(std::size_t before, EventBatch& events);
  void apply_statement(SessionTime now, EventBatch& events);
  /// Takes out of the batch what was told before. Returns how many fills are left.
  std::size_t keep_new_fills(std::size_t before, EventBatch& events);

  // ---- deposits, withdrawals and transfers: no channel tells of them, the transaction log does

  /// How far one currency's log was read.
  struct LogCursor {
    std::string currency;
    std::int64_t from_ms = 0;
    std::uint64_t read_to = 0;       ///< the highest id of finished rounds
    std::uint64_t newest = 0;        ///< the highest id of the round that is under way
    std::uint64_t continuation = 0;  ///< of that round
    VenueTime asked_to = kNoVenueTime;
  };
  /// Asks for what was logged until the newest statement.
  void ask_logs();
  void on_log(const Pending& request, SessionTime now, EventBatch& events);

  // ---- errors

  void retry(const Pending& request, SessionTime now, nanoseconds pause);
  /// The request is wrong and would be wrong again.
  void abandon(const Pending& request, SessionTime now, EventBatch& events, SessionActions& actions);
  void on_error(const Pending& request, const FrameDetail& detail, SessionTime now, EventBatch& events, SessionActions& actions);

  // ---- state

  DeribitSessionOptions options;
  deribit::Symbols& symbols;
  FeedStatistics& statistics;
  deribit::Decoder decoder;
  SessionNotices notices;
  Jitter jitter;
  LagWatch lag;

  // for the life of the session
  BackOff back_off;
  TokenBucket request_credits{kRequestPool, kRequestRefill};
  TokenBucket subscribe_credits{kSubscribePool, kSubscribeRefill};
  TokenBucket listing_credits{kListingPool, kListingRefill};
  SubscriptionSet channels;
  std::vector<PerInstrument> instruments;
  std::vector<Book> books;
  std::set<std::string, std::less<>> wanted_names;
  std::uint64_t seen_wants = 0;
  std::uint64_t next_id = 1;
  FeedStatus told;
  bool fatal = false;
  nanoseconds least_pause{0};
  std::optional<MonoTime> reconnect;
  std::uint32_t reauthentications = 0;
  std::int64_t last_error_code = 0;
  SeenFills seen_fills;
  VenueTime first_stated_at = kNoVenueTime;  ///< the venue's time of the first whole statement of positions
  VenueTime stated_at = kNoVenueTime;        ///< and of the newest
  std::vector<LogCursor> logs;

  // of one connection
  bool open = false;
  bool closing = false;
  bool accepted_by_us = false;
  bool authenticated = false;
  bool changes_granted = false;
  bool snapshot_applied = false;
  unsigned waits_for_definitions = 0;  ///< positions replies in a row that named an instrument not yet defined
  bool summaries_applied = false;
  bool data_seen = false;
  bool maintenance = false;
  bool lagging = false;
  bool maintenance_by_error = false;
  bool overflow = false;
  std::int32_t listings_open = 0;
  std::deque<Waiting> waiting;
  std::vector<Pending> pending;
  std::set<std::string, std::less<>> asked_names;
  std::set<std::string, std::less<>> locked_indices;
  std::vector<Event> held_reports;
  std::vector<Event> held_orders;  ///< changes that overtake a statement of the orders
  bool log_refused = false;        ///< the key may not read the transaction log
  bool orders_refused = false;     ///< the venue does not tell this key of its orders
  bool held_overflow = false;
  bool history_due = false;
  std::vector<History> histories;
  std::vector<Event> statement;
  std::vector<Event> held_fills;
  Secret refresh_token;
  std::optional<MonoTime> refresh_at;
  std::optional<MonoTime> next_poll;
  std::optional<MonoTime> retry_refused_at;
  MonoTime subscribe_not_before{};
  SilenceWatchdog watchdog;

  void forget_connection();
  /// After every call that came from outside.
  void settle(std::size_t before, SessionTime now, EventBatch& events, SessionActions& actions);
};

}  // namespace hedgewatch
