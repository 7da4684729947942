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
#include "feeds/deribit/requests.hpp"
#include "feeds/deribit/symbols.hpp"
#include "feeds/session/feed_statistics.hpp"
#include "feeds/session/session_notice.hpp"
#include "feeds/session/venue_session.hpp"

namespace hedgewatch {

enum class DeribitRole : std::uint8_t {
  MarketData,  ///< instruments, tickers, books, indices; needs no key
  Account      ///< one account's positions and margins; needs a key with account:read and trade:read
};
enum class DeribitEndpoint : std::uint8_t { Production, TestNetwork };
enum class DeribitLogin : std::uint8_t { Signature, Secret };

/// How the depth of a hedge instrument is followed.
enum class DeribitBook : std::uint8_t {
  Changes,  ///< the whole book by snapshot and changes, joined by change ids
  Top10,    ///< ten levels in full each time
  Top20     ///< twenty
};

struct DeribitSessionOptions {
  ConnectionId connection = kNoConnection;
  DeribitRole role = DeribitRole::MarketData;
  /// What the venue must say of itself: a test key never feeds a production dashboard.
  DeribitEndpoint endpoint = DeribitEndpoint::Production;

  // market data
  std::vector<std::string> currencies{"BTC", "ETH"};  ///< settlement currencies to list, or "any"
  std::vector<InstrumentPattern> watch;               ///< tickers for these, held or not
  std::vector<InstrumentPattern> books;               ///< order books for these
  DeribitBook book = DeribitBook::Changes;
  bool mark_surface = true;  ///< vols and marks of whole chains, one channel per index

  // account
  AccountId account = kNoAccount;
  std::optional<deribit::Credential> credential;
  DeribitLogin login = DeribitLogin::Signature;
  /// A monitor's key is read-only: one that may trade is refused unless this is set.
  bool allow_trading_scope = false;

  std::chrono::seconds heartbeat{30};
  /// Without any frame for this long the connection is taken for dead. Zero: 2.5 heartbeats.
  std::chrono::nanoseconds silence_limit{0};
  /// Without market data for this long it is, too: indices tick about every second.
  std::chrono::nanoseconds market_data_silence_limit{std::chrono::seconds{15}};
  /// While its data comes later than this, by the venue's own clock, the connection is not live.
  std::chrono::nanoseconds max_lag{std::chrono::seconds{3}};
  std::chrono::nanoseconds snapshot_timeout{std::chrono::seconds{5}};
  /// A request that is not answered within this closes the connection.
  std::chrono::nanoseconds reply_timeout{std::chrono::seconds{15}};
  std::chrono::nanoseconds reconcile_interval{std::chrono::seconds{30}};
  /// Spreads reconnects and seeds nonces; give every session another.
  std::uint64_t seed = 1;
};

/// One connection to Deribit, without its socket. Sessions of one I/O thread share the symbols: what an account session holds,
/// the market-data session subscribes to.
class DeribitSession final : public VenueSession {
 public:
  /// `symbols` and `statistics` outlive the session.
  DeribitSession(DeribitSessionOptions options, deribit::Symbols& symbols, FeedStatistics& statistics);
  ~DeribitSession() override;

  void on_open(SessionTime now, EventBatch& events, SessionActions& actions) override;
  void on_frame(simdjson::padded_string_view frame, SessionTime now, EventBatch& events, SessionActions& actions) override;
  void on_closed(std::string_view reason, SessionTime now, EventBatch& events) override;
  void on_deadline(SessionTime now, EventBatch& events, SessionActions& actions) override;
  void on_books_lost(std::span<const InstrumentId> books, SessionTime now, EventBatch& events, SessionActions& actions) override;
  [[nodiscard]] std::optional<MonoTime> deadline() const override;
  [[nodiscard]] std::optional<MonoTime> reconnect_at() const override;

  void want(std::string_view name) override;
  /// Market data is needed for this instrument from now on.
  void want(InstrumentId instrument);

  [[nodiscard]] SessionNotices& notices() override;
  /// Live: channels are granted, data is coming and, for an account, its positions are known.
  [[nodiscard]] bool live() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedgewatch
