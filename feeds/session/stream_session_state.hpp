#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "feeds/session/back_off.hpp"
#include "feeds/session/chained_book.hpp"
#include "feeds/session/jitter.hpp"
#include "feeds/session/lag_watch.hpp"
#include "feeds/session/silence_watchdog.hpp"
#include "feeds/session/spliced_book.hpp"
#include "feeds/session/stream_session.hpp"
#include "feeds/session/subscription_set.hpp"
#include "feeds/session/token_bucket.hpp"

// Shared by the session's source files: the connection's life, topics, frames and calls.

namespace hedgewatch {

/// What one stream session knows and does. Everything that comes from outside ends in settle().
struct StreamSession::State {
  using nanoseconds = std::chrono::nanoseconds;
  using seconds = std::chrono::seconds;

  State(StreamSessionOptions given, std::unique_ptr<StreamDialect> what_differs, SymbolTable& names, FeedStatistics& counts);

  // ---- what is told to the engine and the operator

  [[nodiscard]] bool is_account() const { return options.account != kNoAccount; }
  [[nodiscard]] Event event(const EventBody& body, SessionTime now) const;
  void tell(FeedStatus status, SessionTime now, EventBatch& events);
  void note(NoticeSeverity severity, std::string_view text, std::string detail = {});
  /// For what may come by the thousand: the first, second, fourth, eighth ... time.
  static bool worth_telling(std::uint64_t count) { return (count & (count - 1)) == 0; }
  void close(std::string_view why, FeedDownReason reason, SessionTime now, EventBatch& events, SessionActions& actions);
  /// Only a new configuration heals it: no attempt is made again.
  void give_up(std::string_view why, SessionTime now, EventBatch& events, SessionActions& actions);
  /// Closes, and stays away for at least this long.
  void stay_away(std::string_view why, FeedDownReason reason, nanoseconds pause, SessionTime now, EventBatch& events,
                 SessionActions& actions);

  // ---- the connection's life

  [[nodiscard]] bool ready() const;
  void begin(SessionTime now);
  void update_status(SessionTime now, EventBatch& events);
  void set_maintenance(bool on, SessionTime now);
  void react(StreamReaction reaction, std::string_view why, SessionTime now, EventBatch& events, SessionActions& actions);
  void forget_connection();
  void settle(std::size_t before, SessionTime now, EventBatch& events, SessionActions& actions);

  // ---- topics

  struct Book {
    std::string topic;
    InstrumentId instrument = kNoInstrument;
    ChainedBook chained;
    SplicedBook spliced;
    std::uint32_t fruitless_snapshots = 0;
    [[nodiscard]] bool live(BookJoin how) const {
      return how == BookJoin::Chained ? chained.synchroniser().live() : spliced.live();
    }
  };
  struct PerInstrument {
    bool followed = false;
    bool expired = false;
    std::int32_t book = -1;
    std::vector<std::string> topics;
  };
  struct Watch {
    nanoseconds limit{0};
    std::optional<MonoTime> last;  ///< nothing: not acknowledged yet
    bool renewed = false;          ///< it was subscribed anew and has been silent since
  };
  struct TopicHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  enum class Ask : std::uint8_t { Login, Subscribe, Unsubscribe };
  /// A request that waits for its acknowledgement.
  struct Pending {
    std::uint64_t id = 0;
    Ask ask = Ask::Subscribe;
    std::uint64_t batch = 0;
    std::vector<std::string> topics;
    std::vector<std::string> accepted;  ///< where they come one by one
    MonoTime due{};
    std::size_t refused = 0;  ///< of those that come one by one
  };

  PerInstrument& at(InstrumentId id);
  Book* book_of(InstrumentId id);
  Book* book_of_topic(std::string_view topic);
  void want_topic(const StreamTopic& topic);
  /// Subscribes to what the instrument is needed for. Only market-data sessions do.
  void consider(InstrumentId id);
  void drop(InstrumentId id);
  void take_up_wants();
  void take_up_listings(std::size_t before, const EventBatch& events);
  void pump_topics(SessionTime now, SessionActions& actions);
  void on_acknowledged(SessionTime now);
  void close_subscribe(const Pending& request, const std::vector<std::string_view>& accepted, SessionTime now);
  void close_unsubscribe(const Pending& request);
  void on_refused(const std::vector<std::string>& refused, SessionTime now);
  void confirm_watches(const std::vector<std::string_view>& accepted, SessionTime now);
  void check_watches(SessionTime now, EventBatch& events, SessionActions& actions);

  // ---- frames

  void on_decode_error(const DecodeError& error, SessionTime now, EventBatch& events);
  void on_market_data(std::size_t before, SessionTime now, EventBatch& events);
  void on_account(std::size_t before, EventBatch& events);
  void on_control(std::size_t before, SessionTime now, EventBatch& events, SessionActions& actions);
  void on_platform_state(std::size_t before, SessionTime now, const EventBatch& events);
  void on_error_message(SessionTime now, EventBatch& events, SessionActions& actions);
  void on_book(std::size_t before, SessionTime now, EventBatch& events);
  void invalidate(const Book& book, SessionTime now, EventBatch& events);
  void resync_account(SessionTime now);

  // ---- calls

  struct WaitingCall {
    StreamCall call;
    MonoTime not_before{};
    std::uint32_t attempts = 0;
    bool before_open = false;
  };
  struct OpenCall {
    std::uint64_t id = 0;
    WaitingCall call;
    MonoTime sent{};
  };

  void ask(StreamCall call, MonoTime not_before = {}, std::uint32_t attempts = 0, bool before_open = false);
  [[nodiscard]] bool asked(const StreamCall& call) const;
  void ask_snapshot(Book& book, SessionTime now);
  void pump_calls(SessionTime now, SessionActions& actions);
  void retry(WaitingCall call, nanoseconds pause, SessionTime now);
  void on_answer(OpenCall& call, HttpOutcome& outcome, SessionTime now, EventBatch& events, SessionActions& actions);
  void on_call_error(OpenCall& call, const StreamAnswer& answer, const HttpOutcome& outcome, SessionTime now, EventBatch& events,
                     SessionActions& actions);
  void on_snapshot(const OpenCall& call, std::size_t before, SessionTime now, EventBatch& events);
  void on_list_done(const StreamCall& call);
  /// Asks for the definitions of the instruments that the last message named and nobody listed.
  void ask_definitions();
  /// An account's message named what nobody listed: usual at the start, when definitions are on their way. False: too often in a
  /// row.
  [[nodiscard]] bool definitions_pending();
  /// The first of them, for a notice; empty when there is none.
  [[nodiscard]] std::string unknown_name() const;
  void finish_statement(std::size_t before, EventBatch& events);
  [[nodiscard]] bool statement_open() const;

  // ---- state

  StreamSessionOptions options;
  std::unique_ptr<StreamDialect> dialect;
  StreamLimits limits;
  BookJoin join;
  SymbolTable& symbols;
  FeedStatistics& statistics;
  SessionNotices notices;
  Jitter jitter;
  LagWatch lag;

  // for the life of the session
  BackOff back_off;
  TokenBucket request_credits;
  TokenBucket call_credits;
  SubscriptionSet channels;
  std::vector<PerInstrument> instruments;
  std::vector<Book> books;
  std::unordered_map<std::string, Watch, TopicHash, std::equal_to<>> watches;
  std::set<std::string, std::less<>> wanted_names;
  std::uint64_t seen_wants = 0;
  std::size_t seen_symbols = 0;
  std::uint64_t next_id = 1;
  FeedStatus told;
  bool fatal = false;
  nanoseconds least_pause{0};
  std::optional<MonoTime> reconnect;
  std::int64_t last_error_code = 0;
  MonoTime calls_not_before{};
  bool prepared = false;  ///< what has to be answered before the opening was asked for

  // of one connection
  bool open = false;
  bool closing = false;
  bool logged_in = false;
  bool begun = false;
  bool data_seen = false;
  bool maintenance = false;
  bool maintenance_by_error = false;
  bool overflow = false;
  bool lagging = false;
  bool held_overflow = false;
  std::vector<StreamCall> unmet;  ///< of the calls at the opening, those without a whole answer
  std::vector<WaitingCall> waiting_calls;
  std::vector<OpenCall> open_calls;
  std::vector<Pending> pending;
  std::vector<Event> held_reports;
  std::set<std::string, std::less<>> asked_names;  ///< whose definitions were asked for
  unsigned waits_for_definitions = 0;              ///< messages in a row that named an instrument not yet defined
  std::optional<MonoTime> next_ping;
  std::optional<MonoTime> life_ends;
  std::optional<MonoTime> retry_refused_at;
  std::optional<MonoTime> next_watch_check;
  SilenceWatchdog watchdog;
  std::vector<StreamCall> scratch_calls;
  std::vector<StreamTopic> scratch_topics;
  std::vector<std::string_view> scratch_names;
};

}  // namespace hedgewatch
