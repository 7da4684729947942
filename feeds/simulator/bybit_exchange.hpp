#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "core/types/time.hpp"
#include "feeds/bybit/symbols.hpp"
#include "feeds/simulator/api_key.hpp"
#include "feeds/simulator/bybit_text.hpp"
#include "feeds/simulator/faults.hpp"
#include "feeds/simulator/linear_account.hpp"
#include "feeds/simulator/outgoing.hpp"
#include "feeds/simulator/paced_market.hpp"
#include "feeds/simulator/random.hpp"
#include "feeds/simulator/simulated_exchange.hpp"

namespace hedgewatch::simulator {

struct BybitExchangeConfig {
  std::uint64_t seed = 1;
  SyntheticMarketConfig market = {};
  LinearAccountConfig account = {};
  std::vector<ApiKey> keys = {};
  /// A connection that asked nothing for this long, not even a ping, is cut. Clients ping every 20 s.
  std::chrono::milliseconds ping_limit{60'000};
  /// How often `greeks` is told while nothing happens.
  std::chrono::milliseconds greeks_interval{5'000};
  /// Timestamps outside the window are refused. Off where the venue's clock is not the client's.
  bool check_timestamps = true;
  bool vary_key_order = true;
};

/// Bybit's protocol (v5: a websocket for each category and one for the account, and HTTPS) without sockets, over a seeded market
/// in dollars and coins and a unified account in USDT: requests and time in, frames out.
class BybitExchange final : public SimulatedExchange {
 public:
  static constexpr std::size_t kMostClients = 32;
  static constexpr std::size_t kMostArgumentCharacters = 21'000;  ///< of a connection's topics together
  static constexpr std::size_t kMostSpotArguments = 10;           ///< of one request
  static constexpr std::size_t kMostOptionArguments = 2'000;      ///< of a connection

  explicit BybitExchange(BybitExchangeConfig config);

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] std::string_view websocket_path() const override { return "/v5/public/linear"; }
  [[nodiscard]] std::string_view https_path() const override { return ""; }
  [[nodiscard]] bool accepts(MonoTime now) const override { return !faults_.active(FaultKind::Disconnect, now); }
  [[nodiscard]] bool is_full() const override { return clients_.size() >= kMostClients; }
  [[nodiscard]] bool serves_websocket(std::string_view target) const override;
  [[nodiscard]] ClientId open(std::string_view target, MonoTime now, std::vector<Outgoing>& out) override;
  void closed(ClientId client) override;
  void handle(ClientId client, std::string_view text, MonoTime now, std::vector<Outgoing>& out) override;
  void poll(MonoTime now, std::size_t most, std::vector<Outgoing>& out) override;
  [[nodiscard]] HttpReply answer(const HttpQuestion& question, MonoTime now) override;
  [[nodiscard]] FaultInjector& faults() override { return faults_; }

  [[nodiscard]] SyntheticMarket& market() { return market_; }
  [[nodiscard]] const LinearAccount& account() const { return account_; }
  [[nodiscard]] const BybitText& text() const { return text_; }

 private:
  /// What a connection's path leads to.
  enum class Door : std::uint8_t { Spot, Linear, Inverse, Option, Private, Status };
  enum class Kind : std::uint8_t { Ticker, Book, Trades, Position, Wallet, Execution, Greeks, Order, Status, Silent };
  struct Topic {
    Kind kind = Kind::Silent;
    Door door = Door::Linear;
    std::optional<BybitProduct> product = {};  ///< market data but options' trades
    std::size_t underlying = 0;                ///< options' trades
    std::optional<bybit::Category> only = {};  ///< account topics of one category
    std::size_t depth = 0;                     ///< books
    std::string name = {};
    std::vector<ClientId> subscribers = {};
    BybitFields ticker = {};  ///< as last told
    SpotBook book = {};       ///< as last told
    std::int64_t update = 0;  ///< of the book
    VenueTime told{};
  };
  struct Client {
    Door door = Door::Linear;
    const ApiKey* key = nullptr;  ///< once logged in
    std::string connection = {};
    std::vector<std::string> topics = {};
    MonoTime last_request{};
    bool closing = false;
    bool refuse_next = false;  ///< a drill of the rate limit
  };
  /// What a frame says beside its data.
  struct Frame {
    std::string_view type = {};  ///< empty: an account's
    std::string data = {};
    FrameClass kind = FrameClass::Market;
    bool is_book = false;
  };
  struct Query;

  // ---- requests

  void reply(ClientId id, std::string text);
  void acknowledge(ClientId id, std::string_view operation, std::string_view request, bool success, std::string_view message);
  void cut(ClientId id, std::string reason);
  void ping(ClientId id, std::string_view request, MonoTime now);
  void login(ClientId id, const simdjson::dom::array& arguments, std::string_view request, MonoTime now);
  void subscribe(ClientId id, const std::vector<std::string>& names, std::string_view request, MonoTime now);
  void unsubscribe(ClientId id, const std::vector<std::string>& names, std::string_view request);
  void join(ClientId id, const Topic& topic);
  void leave(ClientId id, const std::string& name);
  /// Nothing: no such topic behind this door.
  [[nodiscard]] std::optional<Topic> topic_of(Door door, std::string_view name) const;
  [[nodiscard]] std::optional<Topic> market_topic(Door door, std::string_view name) const;
  [[nodiscard]] std::optional<Topic> account_topic(std::string_view name) const;
  [[nodiscard]] const ApiKey* key_of(std::string_view id) const;

  // ---- frames

  [[nodiscard]] std::string frame_text(const Topic& topic, const Frame& frame);
  void send(Topic& topic, const Frame& frame);
  void send_to(ClientId client, const Topic& topic, const Frame& frame);
  void send_first(ClientId client, Topic& topic);
  void on_step(const MarketChanges& changes, MonoTime now);
  void tell_market(Topic& topic, const MarketChanges& changes);
  void tell_book(Topic& topic);
  void tell_ticker(Topic& topic);
  void tell_trades(Topic& topic, const MarketChanges& changes);
  void tell_account(Topic& topic);
  void tell_positions(std::string_view status, const std::vector<std::size_t>& instruments);
  void tell_status(std::string_view state);
  [[nodiscard]] std::string book_data(const Topic& topic, const std::vector<LevelChange>& bids,
                                      const std::vector<LevelChange>& asks);
  [[nodiscard]] std::vector<LevelChange> whole(const std::vector<BookLevel>& side, std::size_t depth) const;
  void take_turns(MonoTime now);
  void start_anew();
  void cut_silent(MonoTime now);
  [[nodiscard]] VenueTime time() const { return market_.now(); }

  // ---- calls

  struct CallFault {
    int code = 0;
    std::string message;
  };
  [[nodiscard]] std::optional<CallFault> signature_fault(const HttpQuestion& question, std::string_view query, MonoTime now,
                                                         const ApiKey*& key) const;
  [[nodiscard]] HttpReply call_reply(int code, std::string_view message, std::string_view result, MonoTime now) const;
  [[nodiscard]] HttpReply public_call(std::string_view path, const Query& query, MonoTime now);
  [[nodiscard]] HttpReply account_call(std::string_view path, const Query& query, const ApiKey& key, MonoTime now);
  [[nodiscard]] HttpReply instruments(const Query& query, MonoTime now) const;
  [[nodiscard]] HttpReply tickers(const Query& query, MonoTime now) const;
  [[nodiscard]] HttpReply order_book(const Query& query, MonoTime now) const;
  [[nodiscard]] HttpReply positions(const Query& query, MonoTime now) const;
  [[nodiscard]] HttpReply query_key(const ApiKey& key, MonoTime now) const;
  [[nodiscard]] HttpReply system_status(MonoTime now) const;
  /// A page of rows: from where the cursor says, at most `limit`.
  [[nodiscard]] HttpReply page(std::string_view category, const std::vector<std::string>& rows, const Query& query,
                               std::size_t usual, std::size_t most, MonoTime now) const;

  BybitExchangeConfig config_;
  PacedMarket paced_;
  SyntheticMarket& market_;
  LinearAccount account_;
  BybitText text_;
  FaultInjector faults_;
  Random random_;
  std::uint32_t next_client_ = 1;
  std::uint64_t sequence_ = 7'900'000'000;
  std::int64_t next_update_ = 18'000'000;
  bool refuse_next_call_ = false;
  bool dark_ = false;  ///< maintenance
  VenueTime greeks_told_{};
  std::map<ClientId, Client> clients_;
  std::map<std::pair<Door, std::string>, Topic> topics_;
  LinearChanges account_changes_;
  std::vector<char> touched_;  ///< by instrument: marked, traded or with another book in this step
  std::vector<Outgoing> produced_;
  simdjson::dom::parser parser_;
};

}  // namespace hedgewatch::simulator
