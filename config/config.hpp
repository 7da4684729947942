#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/engine/engine_setup.hpp"
#include "core/instrument/instrument_pattern.hpp"
#include "core/types/ids.hpp"

namespace hedgewatch {

/// How the engine thread waits for events: spinning for the lowest latency, spinning a while and then sleeping, or sleeping at
/// once.
enum class WaitMode : std::uint8_t { BusyPoll, Adaptive, Blocking };
/// Which thread reads the sockets: one of the feeds, or the engine's own in turn, which spares the hop and a processor.
enum class FeedPlace : std::uint8_t { OwnThread, EngineThread };
/// Critical is what wakes a person; no configuration hides it.
enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error, Critical };

struct DaemonConfig {
  WaitMode wait = WaitMode::Adaptive;
  FeedPlace feeds = FeedPlace::OwnThread;
  std::optional<unsigned> engine_cpu;   ///< the engine thread is pinned to this CPU; nothing: not pinned
  bool lock_memory = false;             ///< pages stay in memory once they were touched
  std::size_t queue_capacity = 65'536;  ///< events of one connection that may wait for the engine; a whole option chain must fit
  LogLevel log_level = LogLevel::Info;
};

/// A bearer token, or a user's password: named, never held.
struct TokenConfig {
  std::string credential;  ///< a systemd credential's name; empty: not from there
  std::string file;        ///< absolute path; both empty: no token
  std::string user = {};   ///< whose password it is, for basic authentication; empty: it is a bearer token
  friend bool operator==(const TokenConfig&, const TokenConfig&) = default;
};

/// What the listener shows its clients. Without a certificate it speaks plain HTTP.
struct ListenerTlsConfig {
  std::string certificate_file;  ///< absolute; a chain in PEM, the listener's own certificate first
  std::string key_credential;    ///< of one of the two
  std::string key_file;          ///< absolute

  friend bool operator==(const ListenerTlsConfig&, const ListenerTlsConfig&) = default;
};

/// The daemon's own listener. Beyond loopback the parser lets it listen with TLS and a password only.
struct HttpConfig {
  std::string host = "127.0.0.1";  ///< an IP literal, without brackets
  std::uint16_t port = 9464;       ///< 0: any free port
  /// Absolute path of a Unix socket, where changes are asked for: a reload, an acknowledgement, an override. Empty: none.
  std::string control_socket = {};
  /// Whoever asks at the address must have it, and may then change things too. Without a user nobody needs one.
  TokenConfig password = {};
  ListenerTlsConfig tls = {};  ///< at the address
  std::size_t max_connections = 64;
  std::size_t max_request_bytes = 16'384;  ///< head and body of one request
  std::chrono::nanoseconds request_timeout = std::chrono::seconds{5};
};

/// When the journal's bytes must be on the disk: when the system likes, or before the next block is begun.
enum class JournalDurability : std::uint8_t { System, Block };

/// Where the engine's events are kept, and for how long. Without a directory nothing is kept.
struct JournalConfig {
  std::string directory;  ///< absolute; empty: no journal
  std::uint64_t segment_mebibytes = 64;
  std::uint64_t max_mebibytes = 4'096;  ///< of segments and snapshots; at least two segments
  std::chrono::nanoseconds max_age = std::chrono::hours{24 * 7};
  JournalDurability durability = JournalDurability::System;
  std::chrono::nanoseconds snapshot_interval = std::chrono::minutes{1};  ///< between snapshots of the engine's state
  bool restore = true;  ///< a start goes on from the newest snapshot and the events behind it
  friend bool operator==(const JournalConfig&, const JournalConfig&) = default;
};

/// Where the frames of the exchanges are kept as they came, and for how long. Without a directory none is.
struct CaptureConfig {
  std::string directory;                ///< absolute; empty: no capture
  std::uint64_t max_mebibytes = 4'096;  ///< of all files, compressed
  std::chrono::nanoseconds max_age = std::chrono::hours{24 * 7};
  friend bool operator==(const CaptureConfig&, const CaptureConfig&) = default;
};

/// Where a websocket is opened, always over TLS.
struct Endpoint {
  std::string host;  ///< a name or an IP literal, without brackets
  std::uint16_t port = 443;
  std::string path = "/";
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct VenueConfig {
  Venue kind = Venue::Deribit;
  /// Where websockets are opened, and where calls are made. Of Deribit the one address of both is `endpoint`. Of the other venues
  /// both are the beginnings of addresses; without hosts they are the venue's own of the network.
  Endpoint endpoint;
  Endpoint rest_endpoint;
  /// The venue's markets that are followed, in its own words: Binance and Bybit, whose connections each carry one.
  std::vector<std::string> products;
  /// `network` in the file, and what the venue must say of itself: true, real money; false, a test network or a simulator.
  bool production = true;
  std::string ca_file;  ///< PEM file of the only trusted authorities; empty: the system's
  /// Whose instruments are discovered: settlement currencies at Deribit, underlying coins elsewhere.
  std::vector<std::string> currencies;
  std::vector<InstrumentPattern> watch;
  std::vector<InstrumentPattern> books;  ///< exact: instruments whose order book is subscribed
  std::chrono::nanoseconds market_data_max_age = std::chrono::seconds{60};
  std::chrono::nanoseconds account_max_age = std::chrono::seconds{120};
  std::optional<double> carry_rate;  ///< continuous, per year; absent: no forward is carried from the perpetual or the index
  bool stablecoins_at_par = false;   ///< see VenueSetup
  std::chrono::nanoseconds heartbeat_interval = std::chrono::seconds{10};  ///< whole seconds, and no more than the venue allows
  std::chrono::nanoseconds silence_limit = std::chrono::seconds{25};       ///< no frame of any kind for so long: reconnect
  std::chrono::nanoseconds max_lag = std::chrono::seconds{3};              ///< data that comes later than this is not live
};

/// Where an HTTP service is reached.
struct HttpAddress {
  Endpoint endpoint;  ///< the path is empty or starts with '/', and does not end in one
  bool tls = true;    ///< false only for a loopback host
  friend bool operator==(const HttpAddress&, const HttpAddress&) = default;
};

/// A second route: an address that is posted every change of an alert, in the form of Alertmanager's webhooks.
struct WebhookConfig {
  HttpAddress address;
  TokenConfig token;
  friend bool operator==(const WebhookConfig&, const WebhookConfig&) = default;
};

/// Who is told of alerts. Without receivers they are logged and published only.
struct AlertmanagerConfig {
  std::vector<HttpAddress> receivers;
  std::string state_file;  ///< absolute; what is raised is remembered there over a restart; empty: it is not
  std::chrono::nanoseconds resend_interval = std::chrono::seconds{30};
  TokenConfig token;
  std::string runbooks = "/usr/share/hedgewatch/runbooks";  ///< where alerts say that their pages are: a folder or an address
  std::string owner;          ///< of the limits of the starter rules, those of hedges apart; empty: nobody may override them
  bool starter_rules = true;  ///< the rules that a desk starts with are in force beside those of the file
  friend bool operator==(const AlertmanagerConfig&, const AlertmanagerConfig&) = default;
};

enum class AuthMethod : std::uint8_t { ClientSignature, ClientCredentials };

/// Names the secret, never holds it.
struct AccountConfig {
  std::string name;
  Venue venue = Venue::Deribit;
  std::string client_id;
  std::string secret_credential;           ///< a systemd credential's name; empty: secret_file is given
  std::string secret_file;                 ///< absolute path; empty: secret_credential is given
  std::string passphrase_credential = {};  ///< the same of the passphrase that OKX wants beside the secret
  std::string passphrase_file = {};
  std::string product = {};  ///< Binance, where each market has margin of its own; of the venue's products
  AuthMethod auth = AuthMethod::ClientSignature;
  bool allow_trading_scope = false;  ///< false: a key that may trade or withdraw is refused
  struct Haircut {
    std::string asset;
    double ratio = 0;  ///< of the price, that does not count as collateral; from 0, below 1
  };
  std::vector<Haircut> collateral = {};           ///< an asset at most once
  std::optional<OrderAllowance> order_rate = {};  ///< nothing: no limit of its orders is known
};

/// Where positions are stated that no account tells of. They are then in the books like any other.
struct PositionsConfig {
  std::string file;                                           ///< absolute; empty: none
  std::chrono::nanoseconds max_age = std::chrono::hours{24};  ///< of a position that says nothing else
};

/// The whole configuration, checked. AccountId inside books is the index into `accounts`.
struct Config {
  DaemonConfig daemon;
  HttpConfig http;
  JournalConfig journal;
  CaptureConfig capture;
  std::vector<VenueConfig> venues;  ///< at most one of a kind
  std::vector<AccountConfig> accounts;
  PositionsConfig positions;
  ProfitPeriods profit;
  std::vector<BookSetup> books;
  std::vector<HedgeSetup> hedges;
  std::optional<ScenarioSetup> scenario;
  std::optional<VolExposureSetup> exposure;
  std::vector<AlertRule> alerts;  ///< of the file; the starter rules come beside them
  AlertmanagerConfig alertmanager;
  std::optional<WebhookConfig> webhook;
};

}  // namespace hedgewatch
