#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/instrument/instrument_pattern.hpp"
#include "core/types/ids.hpp"
#include "feeds/session/feed_statistics.hpp"
#include "feeds/session/session_notice.hpp"
#include "feeds/session/stream_dialect.hpp"
#include "feeds/session/venue_session.hpp"
#include "feeds/symbol_table.hpp"

namespace hedgewatch {

struct StreamSessionOptions {
  ConnectionId connection = kNoConnection;
  AccountId account = kNoAccount;        ///< an account's connection; nothing: market data
  std::vector<InstrumentPattern> watch;  ///< quotes and marks of these, held or not
  std::vector<InstrumentPattern> books;  ///< order books of these
  /// A monitor's key is read-only: one that may do more is refused unless this is set.
  bool allow_trading_scope = false;

  /// Pings are sent at least so often, or as often as the venue wants them; zero: as the venue wants.
  std::chrono::nanoseconds ping_interval{0};
  /// Without any frame for this long the connection is taken for dead.
  std::chrono::nanoseconds silence_limit{std::chrono::seconds{25}};
  /// Without market data for this long it is, too.
  std::chrono::nanoseconds market_data_silence_limit{std::chrono::seconds{15}};
  /// While its data comes later than this, by the venue's own clock, the connection is not live.
  std::chrono::nanoseconds max_lag{std::chrono::seconds{3}};
  std::chrono::nanoseconds snapshot_timeout{std::chrono::seconds{5}};
  /// A login that is not answered within this closes the connection; topics that are not acknowledged count as refused.
  std::chrono::nanoseconds reply_timeout{std::chrono::seconds{10}};
  std::chrono::nanoseconds retry_refused_after{std::chrono::seconds{30}};
  /// Spreads reconnects; give every session another.
  std::uint64_t seed = 1;
};

/// The life of one connection to a venue whose streams are subscribed topic by topic: login, subscriptions and their
/// acknowledgements, pings, silence of the whole and of single topics, books and their repair, calls beside the socket, the
/// account's statements, reconnects. What a venue says and how is its dialect's.
///
/// A market-data connection is live when its listings are read, its topics acknowledged or refused, and data has come; an account's
/// when its topics are acknowledged and each of its statements was read once.
class StreamSession final : public VenueSession {
 public:
  /// `symbols` and `statistics` outlive the session; the symbols are shared by the venue's sessions of one I/O thread.
  StreamSession(StreamSessionOptions options, std::unique_ptr<StreamDialect> dialect, SymbolTable& symbols,
                FeedStatistics& statistics);
  ~StreamSession() override;

  [[nodiscard]] bool prepare(SessionTime now, SessionActions& actions) override;
  [[nodiscard]] std::string path_suffix() const override;
  void on_open(SessionTime now, EventBatch& events, SessionActions& actions) override;
  void on_frame(simdjson::padded_string_view frame, SessionTime now, EventBatch& events, SessionActions& actions) override;
  void on_outcome(std::uint64_t call, HttpOutcome& outcome, SessionTime now, EventBatch& events, SessionActions& actions) override;
  void on_closed(std::string_view reason, SessionTime now, EventBatch& events) override;
  void on_deadline(SessionTime now, EventBatch& events, SessionActions& actions) override;
  void on_books_lost(std::span<const InstrumentId> books, SessionTime now, EventBatch& events, SessionActions& actions) override;
  [[nodiscard]] std::optional<MonoTime> deadline() const override;
  [[nodiscard]] std::optional<MonoTime> reconnect_at() const override;
  void want(std::string_view name) override;
  [[nodiscard]] SessionNotices& notices() override;

  [[nodiscard]] bool live() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedgewatch
