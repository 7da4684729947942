#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "core/types/time.hpp"
#include "feeds/simulator/api_key.hpp"
#include "feeds/simulator/binance_listing.hpp"
#include "feeds/simulator/binance_streams.hpp"
#include "feeds/simulator/binance_text.hpp"
#include "feeds/simulator/faults.hpp"
#include "feeds/simulator/linear_account.hpp"
#include "feeds/simulator/outgoing.hpp"
#include "feeds/simulator/paced_market.hpp"
#include "feeds/simulator/random.hpp"
#include "feeds/simulator/simulated_exchange.hpp"
#include "feeds/simulator/synthetic_market.hpp"

namespace hedgewatch::simulator {

struct BinanceExchangeConfig {
  SyntheticMarketConfig market = {};
  LinearAccountConfig account = {};
  /// A secret in PEM is an Ed25519 private key.
  std::vector<ApiKey> keys = {};
  bool rate_limits = true;
  /// Calls signed outside their window are refused. Off where the venue's clock is not the client's.
  bool check_timestamps = true;
  /// Every connection is cut at this age; the venue gives a day. Spot's is told before, by this much.
  std::chrono::nanoseconds connection_life{std::chrono::hours{24}};
  std::chrono::nanoseconds shutdown_notice{std::chrono::minutes{10}};
  std::chrono::nanoseconds listen_key_life{std::chrono::minutes{60}};
};

/// Binance's protocol without sockets: requests and time in, frames out. Spot, both families of futures and options of one seeded
/// market. Subscriptions are acknowledged whether or not the stream exists on the connection's path: one that does not is silent.
class BinanceExchange final : public SimulatedExchange {
 public:
  static constexpr std::size_t kMostClients = 64;
  static constexpr std::size_t kMostStreams = 1'024;  ///< of one connection
  static constexpr std::size_t kMostRequestBytes = 65'536;

  explicit BinanceExchange(BinanceExchangeConfig config);

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] std::string_view websocket_path() const override { return "/public/stream"; }
  [[nodiscard]] std::string_view https_path() const override { return ""; }
  [[nodiscard]] bool accepts(MonoTime now) const override { return !faults_.active(FaultKind::Disconnect, now); }
  [[nodiscard]] bool is_full() const override { return clients_.size() >= kMostClients; }
  /// `/public`, `/market`, `/private` before `/ws` or `/stream`; the same below `/coin`; `/spot/ws`, `/spot/stream`,
  /// `/spot/ws-api/v3`.
  [[nodiscard]] bool serves_websocket(std::string_view target) const override;

  [[nodiscard]] ClientId open(std::string_view target, MonoTime now, std::vector<Outgoing>& out) override;
  void closed(ClientId client) override;
  void handle(ClientId client, std::string_view text, MonoTime now, std::vector<Outgoing>& out) override;
  void poll(MonoTime now, std::size_t most, std::vector<Outgoing>& out) override;
  /// Calls below `/api`, `/fapi`, `/dapi`, `/eapi`, `/sapi`, and `/control/...`.
  [[nodiscard]] HttpReply answer(const HttpQuestion& question, MonoTime now) override;

  [[nodiscard]] FaultInjector& faults() override { return faults_; }
  [[nodiscard]] const SyntheticMarket& market() const { return paced_.market(); }
  [[nodiscard]] const LinearAccount& account() const { return account_; }
  [[nodiscard]] BinanceListing& listing() { return listing_; }

 private:
  struct Client {
    BinanceEndpoint endpoint;
    std::set<std::string, std::less<>> streams = {};
    MonoTime opened{};
    bool closing = false;
    bool told = false;          ///< that it will be cut
    bool refuse_next = false;   ///< a drill of the rate limit
    bool spot_account = false;  ///< events of the spot account go here
    MonoTime window{};          ///< in which messages are counted
    int messages = 0;
  };
  struct Topic {
    BinanceStream stream;
    std::vector<ClientId> clients;
  };
  /// A stream's name on its host.
  using TopicKey = std::pair<BinanceHost, std::string>;
  struct ListenKey {
    BinanceProduct product = BinanceProduct::UsdMargined;
    std::string owner;
    MonoTime ends{};
    bool told = true;  ///< its end is announced
  };
  /// The weight that calls of one family have used in the running minute.
  struct Pool {
    double limit = 0;
    double used = 0;
    MonoTime minute{};
  };
  /// A call taken apart.
  struct Call {
    std::string_view verb;
    std::string_view path;
    std::string_view query;
    std::string_view body;
    std::string_view key;
    std::vector<std::pair<std::string, std::string>> parameters;
    MonoTime now{};
    [[nodiscard]] std::string parameter(std::string_view name) const;
  };

  // ---- websockets
  void subscribe(ClientId id, Client& client, const std::string& stream, MonoTime now);
  void unsubscribe(ClientId id, Client& client, const std::string& stream);
  [[nodiscard]] std::string request(ClientId id, Client& client, std::string_view text, MonoTime now);
  [[nodiscard]] std::string spot_call(Client& client, std::string_view method, std::string_view id, MonoTime now);
  void cut(ClientId id, Client& client, std::string reason);
  void tell(const TopicKey& key, const Topic& topic, const std::string& data, FrameClass kind);
  void tell_markets(const MarketChanges& changes);
  void tell_account();
  void tell_account_of(BinanceProduct product, std::string_view event, const std::string& data);
  void take_turns(MonoTime now);
  void end_of_life(MonoTime now);
  void end_keys(MonoTime now);
  void announce_shutdown(ClientId id, Client& client);
  void force_close(std::string_view client_id);

  // ---- calls
  [[nodiscard]] HttpReply call(Call& call);
  [[nodiscard]] HttpReply public_call(const Call& call, BinanceProduct product, std::string_view name);
  [[nodiscard]] HttpReply signed_call(const Call& call, BinanceProduct product, std::string_view name);
  [[nodiscard]] HttpReply listen_key(const Call& call, BinanceProduct product);
  [[nodiscard]] std::optional<HttpReply> refused_signature(const Call& call) const;
  [[nodiscard]] const ApiKey* key_of(std::string_view client_id) const;
  [[nodiscard]] std::optional<HttpReply> over_limit(const Call& call, BinanceProduct product);

  BinanceExchangeConfig config_;
  PacedMarket paced_;
  BinanceListing listing_;
  LinearAccount account_;
  BinanceText text_;
  FaultInjector faults_;
  Random random_;
  std::uint32_t next_client_ = 1;
  std::map<ClientId, Client> clients_;
  std::map<TopicKey, Topic> topics_;
  std::map<std::string, ListenKey, std::less<>> listen_keys_;
  std::array<Pool, 3> pools_;
  bool refuse_next_call_ = false;
  std::uint64_t steps_ = 0;
  LinearChanges account_changes_;
  std::string forced_client_id_;  ///< of the next fill of a perpetual: a drill closes it by force
  std::vector<Outgoing> produced_;
  simdjson::dom::parser parser_;
};

}  // namespace hedgewatch::simulator
