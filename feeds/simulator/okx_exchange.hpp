#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "core/types/time.hpp"
#include "feeds/simulator/api_key.hpp"
#include "feeds/simulator/faults.hpp"
#include "feeds/simulator/okx_text.hpp"
#include "feeds/simulator/outgoing.hpp"
#include "feeds/simulator/paced_market.hpp"
#include "feeds/simulator/random.hpp"
#include "feeds/simulator/simulated_exchange.hpp"
#include "feeds/simulator/synthetic_account.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

/// The account's number.
inline constexpr std::string_view kOkxUserId = "700000000001";

struct OkxExchangeConfig {
  std::uint64_t seed = 1;
  SyntheticMarketConfig market = {};
  SyntheticAccountConfig account = {};
  std::vector<ApiKey> keys = {};
  /// Keys are of demo trading: signed calls need the header x-simulated-trading.
  bool demo = true;
  /// A connection on which nothing came or went for this long is cut.
  std::chrono::milliseconds idle_limit{30'000};
  /// How often `account`, `positions` and `account-greeks` are told again where the subscriber does not say.
  std::chrono::milliseconds account_interval{5'000};
  std::size_t positions_per_page = 100;
  /// Requests of one connection in an hour.
  std::size_t most_operations = 480;
  /// Timestamps off by more than 30 s are refused. Off where the venue's clock is not the client's.
  bool check_signature_age = true;
  bool vary_key_order = true;
};

/// OKX's protocol (v5, three websockets and HTTPS) without sockets, over a seeded market of inverse contracts and coin options and
/// an account in futures mode: requests and time in, frames out.
class OkxExchange final : public SimulatedExchange {
 public:
  static constexpr std::size_t kMostRequestBytes = 65'536;
  static constexpr std::size_t kMostClients = 32;
  /// Levels of a side in `books`.
  static constexpr std::size_t kBookDepth = 400;

  explicit OkxExchange(OkxExchangeConfig config);

  [[nodiscard]] std::string description() const override;
  /// Sockets and calls have one beginning, which is what a client's configuration names.
  [[nodiscard]] std::string_view websocket_path() const override { return ""; }
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
  [[nodiscard]] const SyntheticAccount& account() const { return account_; }

 private:
  enum class Door : std::uint8_t { Public, Private, Business };
  enum class Kind : std::uint8_t {
    Instruments,
    Tickers,
    BestPrices,
    Book,
    BestLevels,
    Trades,
    MarkPrice,
    IndexTickers,
    OptionSummary,
    FundingRate,
    OpenInterest,
    Status,
    Account,
    Positions,
    BalanceAndPosition,
    AccountGreeks,
    LiquidationWarning,
    Orders
  };
  /// What a subscription is about, as it was asked for.
  struct Argument {
    Kind kind = Kind::Status;
    std::string channel = {};
    std::string field = {};  ///< instId, instFamily, instType, ccy; empty: none
    std::string value = {};
    std::size_t index = 0;                                   ///< of the instrument or the underlying
    std::optional<std::chrono::milliseconds> interval = {};  ///< of the account channels; 0: events only
    [[nodiscard]] std::string name() const { return field.empty() ? channel : channel + ":" + value; }
    [[nodiscard]] bool is_private() const { return kind >= Kind::Account; }
  };
  struct Subscriber {
    ClientId client{};
    std::chrono::milliseconds interval{0};
    MonoTime due{};
  };
  struct Topic {
    Argument argument;
    std::vector<Subscriber> subscribers;
    MonoTime last_sent{};
  };
  struct Client {
    Door door = Door::Public;
    const ApiKey* key = nullptr;  ///< once logged in
    std::string connection;
    std::set<std::string, std::less<>> subscriptions;
    MonoTime last_frame{};  ///< from or to it
    MonoTime hour_began{};
    std::size_t operations = 0;
    bool closing = false;
    bool refuse_next = false;
    bool told_to_leave = false;  ///< a notice of an upgrade went out
  };
  struct Refusal {
    std::string_view code;
    std::string message;
  };
  /// One message of a channel: its rows, and what stands beside them.
  struct Message {
    std::vector<std::string> rows = {};
    std::string_view action = {};
    std::string_view event_type = {};
    int page = 0;  ///< 0: not of a statement
    bool last_page = true;
    FrameClass kind = FrameClass::Market;
  };

  void refuse(ClientId id, const Refusal& refusal, std::string_view request);
  void cut(ClientId id, std::string reason);
  void login(ClientId id, const simdjson::dom::array& arguments, std::string_view request, MonoTime now);
  void subscribe(ClientId id, const simdjson::dom::array& arguments, std::string_view request, MonoTime now);
  void unsubscribe(ClientId id, const simdjson::dom::array& arguments, std::string_view request);
  /// The argument, or why there is none.
  [[nodiscard]] Result<Argument, Refusal> argument_of(const simdjson::dom::element& element, const Client& client) const;
  void drop_subscription(ClientId id, const std::string& name);
  [[nodiscard]] std::optional<Refusal> signature_fault(const HttpQuestion& question, MonoTime now, const ApiKey*& key) const;
  [[nodiscard]] const ApiKey* key_of(std::string_view id) const;

  [[nodiscard]] std::string frame(const Argument& argument, const Message& message);
  /// To those who subscribed to the channel with this value; nothing is made when nobody did.
  template <class Make>
  void tell(std::string_view channel, std::string_view value, MonoTime now, Make&& make);
  void send(Topic& topic, const Message& message, MonoTime now);
  /// What a new subscriber is sent at once, and what is repeated.
  [[nodiscard]] std::vector<Message> present(const Argument& argument, MonoTime now);
  [[nodiscard]] std::vector<Message> statement(std::vector<std::string> rows) const;

  void on_step(const MarketChanges& changes, MonoTime now);
  void tell_markets(const MarketChanges& changes, MonoTime now);
  void tell_indices(MonoTime now);
  void tell_account(const MarketChanges& changes, MonoTime now);
  void repeat(MonoTime now);
  void take_turns(MonoTime now);
  void cut_idle(MonoTime now);
  void name_new_instruments();
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> underlying_of(std::string_view family) const;
  /// Nothing: the venue has no such index.
  [[nodiscard]] std::optional<double> index_price(std::string_view pair) const;
  [[nodiscard]] std::vector<std::size_t> all_underlyings() const;

  [[nodiscard]] HttpReply call(const HttpQuestion& question, MonoTime now);
  [[nodiscard]] HttpReply public_call(std::string_view path, std::string_view query, MonoTime now);
  [[nodiscard]] HttpReply account_call(std::string_view path, std::string_view query, const ApiKey& key);
  [[nodiscard]] HttpReply instruments(std::string_view query);
  [[nodiscard]] HttpReply option_summary(std::string_view query);
  [[nodiscard]] HttpReply by_instrument(std::string_view query,
                                        const std::function<std::string(const MarketInstrument&)>& row) const;

  OkxExchangeConfig config_;
  PacedMarket paced_;
  SyntheticMarket& market_;
  SyntheticAccount account_;
  OkxText text_;
  FaultInjector faults_;
  Random random_;
  double tether_usd_ = 0.9996;
  double circle_usd_ = 0.9999;
  std::uint32_t next_client_ = 1;
  std::uint64_t steps_ = 0;
  bool refuse_next_call_ = false;
  std::map<ClientId, Client> clients_;
  std::map<std::string, Topic, std::less<>> topics_;
  std::vector<std::string> names_;  ///< by the market's index
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::vector<AccountFill> fills_;
  std::vector<Outgoing> produced_;
  simdjson::dom::parser parser_;
};

}  // namespace hedgewatch::simulator
