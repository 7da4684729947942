#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/types/time.hpp"
#include "feeds/simulator/api_key.hpp"
#include "feeds/simulator/channel.hpp"
#include "feeds/simulator/faults.hpp"
#include "feeds/simulator/outgoing.hpp"
#include "feeds/simulator/random.hpp"
#include "feeds/simulator/simulated_exchange.hpp"
#include "feeds/simulator/venue_content.hpp"

namespace hedgewatch::simulator {

struct DeribitExchangeConfig {
  std::uint64_t seed = 1;
  std::vector<ApiKey> keys = {};
  bool testnet = true;  ///< what replies say; a simulated venue is never production
  std::chrono::seconds token_lifetime{900};
  bool rate_limits = true;
  /// Signatures older than 60 s are refused. Off where the venue's clock is not the client's (a recording).
  bool check_signature_age = true;
  bool vary_key_order = true;
};

/// Deribit's protocol (JSON-RPC 2.0 over websocket and HTTP) without sockets: requests and time in, frames out. Faults that are
/// switched on are applied to what goes out.
class DeribitExchange final : public SimulatedExchange {
 public:
  static constexpr std::size_t kMostRequestBytes = 32'768;
  static constexpr std::size_t kMostChannelsPerCall = 500;
  static constexpr std::size_t kMostClients = 32;

  DeribitExchange(DeribitExchangeConfig config, std::unique_ptr<VenueContent> content);

  [[nodiscard]] std::string description() const override { return content_->description(); }
  [[nodiscard]] std::string_view websocket_path() const override { return "/ws/api/v2"; }
  [[nodiscard]] std::string_view https_path() const override { return "/api/v2"; }
  [[nodiscard]] bool accepts(MonoTime now) const override { return !faults_.active(FaultKind::Disconnect, now); }
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  [[nodiscard]] bool is_full() const override { return clients_.size() >= kMostClients; }
  [[nodiscard]] bool serves_websocket(std::string_view target) const override { return target == websocket_path(); }

  [[nodiscard]] ClientId open(MonoTime now);
  [[nodiscard]] ClientId open(std::string_view /*target*/, MonoTime now, std::vector<Outgoing>& /*out*/) override {
    return open(now);
  }
  void closed(ClientId client) override;

  void handle(ClientId client, std::string_view text, MonoTime now, std::vector<Outgoing>& out) override;
  void poll(MonoTime now, std::size_t most, std::vector<Outgoing>& out) override;

  /// `/api/v2/<method>` (GET with a query or POST with a JSON-RPC body) and `/control/...`.
  [[nodiscard]] HttpReply answer(const HttpQuestion& question, MonoTime now) override {
    return handle_http(question.verb, question.target, question.header("Authorization"), question.body, now);
  }
  [[nodiscard]] HttpReply handle_http(std::string_view verb, std::string_view target, std::string_view authorization,
                                      std::string_view body, MonoTime now);

  [[nodiscard]] FaultInjector& faults() override { return faults_; }
  [[nodiscard]] VenueContent& content() { return *content_; }

 private:
  enum class Access : std::uint8_t { None, Read, ReadWrite };
  struct Scope {
    Access account = Access::None;
    Access trade = Access::None;
    Access wallet = Access::None;
    Access block_trade = Access::None;
    std::string session = {};  ///< "connection" or "session:<name>"
  };
  struct Token {
    std::string access = {};
    std::string refresh = {};
    Scope scope;
    MonoTime ends{};
    std::string client_id = {};
  };
  struct Client {
    std::optional<Token> token = {};
    std::optional<std::chrono::seconds> heartbeat = {};
    MonoTime next_heartbeat{};
    std::optional<MonoTime> test_due = {};
    MonoTime last_request{};
    std::map<std::string, Channel, std::less<>> subscriptions;
    bool closing = false;
    bool refuse_next = false;  ///< a drill of the rate limit
  };
  struct Subscriber {
    ClientId client{};
    std::string channel = {};
    std::string label = {};
    Interval interval = Interval::None;
    FrameClass kind = FrameClass::Market;
    std::string pending = {};  ///< aggregated: newest data not yet sent
  };
  struct CreditPool {
    double capacity = 0;
    double refill_per_second = 0;
    double credits = 0;
    MonoTime last{};
    [[nodiscard]] bool take(double cost, MonoTime now);
  };
  struct Pools {
    CreditPool general{50'000, 10'000, 50'000};
    CreditPool subscribe{30'000, 10'000, 30'000};
    CreditPool instruments{500'000, 10'000, 500'000};
  };
  /// A call in progress: over a websocket it has a client, over HTTP it may have a token.
  struct Call {
    std::optional<ClientId> client = {};
    const Token* token = nullptr;
    std::string_view method;
    Params params = {};
    MonoTime now{};
    std::vector<Outgoing>* first = nullptr;  ///< what follows the reply
  };

  RpcReply call(Call& call);
  RpcReply auth(Call& call);
  RpcReply subscribe(Call& call, bool is_private);
  RpcReply unsubscribe(Call& call, bool all);
  RpcReply set_heartbeat(Call& call);
  std::string issue(Call& call, const ApiKey& key, Scope scope);
  [[nodiscard]] bool affordable(std::string_view method, bool authenticated, MonoTime now);
  [[nodiscard]] const ApiKey* key_of(std::string_view client_id) const;
  [[nodiscard]] const Token* live_token(const Client& client, MonoTime now) const;
  [[nodiscard]] const Token* token_of_header(std::string_view authorization, std::string_view verb, std::string_view target,
                                             std::string_view body, MonoTime now);
  [[nodiscard]] std::string reply_text(std::string_view id, const RpcReply& reply, MonoTime now);
  [[nodiscard]] std::string notification_text(const Subscriber& subscriber, std::string_view data);
  HttpReply control(std::string_view verb, std::string_view path, std::string_view body, MonoTime now);
  void drop_subscription(ClientId id, const std::string& name);
  void take_turns(MonoTime now, std::vector<Outgoing>& out);
  void beat(MonoTime now, std::vector<Outgoing>& out);
  void publish(const Notification& notification, MonoTime now, std::vector<Outgoing>& out);
  void flush_aggregated(MonoTime now, std::vector<Outgoing>& out);
  [[nodiscard]] bool may_receive(ClientId client, FrameClass kind, MonoTime now) const;

  DeribitExchangeConfig config_;
  std::unique_ptr<VenueContent> content_;
  FaultInjector faults_;
  Random random_;
  std::uint32_t next_client_ = 1;
  std::uint64_t next_token_ = 1;
  std::map<ClientId, Client> clients_;
  std::unordered_map<std::string, std::vector<Subscriber>> topics_;
  std::vector<Token> http_tokens_;
  std::unique_ptr<Token> header_token_;
  Pools anonymous_;
  Pools authenticated_;
  MonoTime next_flush_{};
  std::vector<Notification> notifications_;
  std::vector<Outgoing> produced_;
  simdjson::dom::parser parser_;
};

}  // namespace hedgewatch::simulator
