#include "daemon/application.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "config/parser.hpp"
#include "core/types/duration_text.hpp"
#include "core/types/number_text.hpp"
#include "daemon/alerting/alert_desk.hpp"
#include "daemon/alerting/alert_message.hpp"
#include "daemon/alerting/raised_alerts_file.hpp"
#include "daemon/boot_identity.hpp"
#include "daemon/build_identity.hpp"
#include "daemon/capture/frame_capture.hpp"
#include "daemon/config_files.hpp"
#include "daemon/cpu_reserve.hpp"
#include "daemon/credentials.hpp"
#include "daemon/engine_thread.hpp"
#include "daemon/engine_waiter.hpp"
#include "daemon/event_queue.hpp"
#include "daemon/exposition/http_server.hpp"
#include "daemon/exposition/routes.hpp"
#include "daemon/feed_thread.hpp"
#include "daemon/journal/journal_writer.hpp"
#include "daemon/journal/recovery.hpp"
#include "daemon/journal/recovery_attempts.hpp"
#include "daemon/listener_identity.hpp"
#include "daemon/memory_lock.hpp"
#include "daemon/process_metrics.hpp"
#include "daemon/reload_check.hpp"
#include "daemon/setup.hpp"
#include "daemon/shutdown_stack.hpp"
#include "feeds/transport/clock.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

/// A scrape waits so long for the engine, which answers at the end of its cycle: microseconds, unless it is stalled.
constexpr std::chrono::nanoseconds kScrapePatience = 1s;
/// An engine that ends no cycle for so long is not well; when idle it ends one every 100 ms.
constexpr std::chrono::nanoseconds kStallLimit = 2s;
/// A start that went on from what was saved has proven itself when it is ready, or when it has lived so long.
constexpr std::chrono::nanoseconds kProvenAfter = 60s;

constexpr std::string_view kSelf = "hedgewatch";

std::string_view words(FeedPhase phase) {
  switch (phase) {
    case FeedPhase::Connecting:
      return "is connecting";
    case FeedPhase::Synchronising:
      return "is synchronising";
    case FeedPhase::Live:
      return "is live";
    case FeedPhase::Down:
      return "is down";
  }
  return "";
}

std::string_view words(FeedDownReason reason) {
  switch (reason) {
    case FeedDownReason::None:
      return "";
    case FeedDownReason::Disconnected:
      return ": disconnected";
    case FeedDownReason::Silent:
      return ": silent";
    case FeedDownReason::Refused:
      return ": refused";
    case FeedDownReason::Unauthorised:
      return ": unauthorised";
    case FeedDownReason::Maintenance:
      return ": the exchange is under maintenance";
    case FeedDownReason::Overflow:
      return ": its events found no room";
    case FeedDownReason::Stopped:
      return ": stopped";
    case FeedDownReason::Lagging:
      return ": its data is late";
  }
  return "";
}

std::string shown_seconds(std::chrono::nanoseconds duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

LogLevel level_of(AlertSeverity severity) {
  switch (severity) {
    case AlertSeverity::Page:
      return LogLevel::Critical;
    case AlertSeverity::Warn:
      return LogLevel::Warning;
    case AlertSeverity::Info:
      break;
  }
  return LogLevel::Info;
}

std::vector<std::string> lines_of(const LoadFaults& faults) {
  return faults.unreadable.empty() ? faults.lines : std::vector{faults.unreadable};
}

/// What a process remembers of the one before it.
struct Inheritance {
  std::string build;                  ///< of this one
  std::optional<Recovered> engine;    ///< nothing: it begins with a new one
  std::optional<std::string> alerts;  ///< for the journal
};

std::string time_of_day(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds{nanoseconds_of(time)});
  const std::chrono::hh_mm_ss clock{seconds - std::chrono::floor<std::chrono::days>(seconds)};
  const auto two = [](auto count) { return (count.count() < 10 ? "0" : "") + std::to_string(count.count()); };
  return two(clock.hours()) + ':' + two(clock.minutes()) + ':' + two(clock.seconds()) + " UTC";
}

std::chrono::nanoseconds steady_clock_shift_so_far() {
  return std::chrono::nanoseconds{steady_clock_shift_ns.load(std::memory_order_relaxed)};
}

/// Tells how it begins, and sets the clock on where the engine's times are of another one.
std::optional<Recovered> recover(const JournalConfig& config, const std::string& build, RecoveryAttempts& attempts, Log& log) {
  if (config.directory.empty()) return std::nullopt;
  if (!config.restore) {
    log.info("journal", "the engine begins anew", "restore = false");
    return std::nullopt;
  }
  if (!attempts.begin()) {
    log.warning("journal", "the engine begins anew: the last " + std::to_string(RecoveryAttempts::kMost) +
                               " starts that went on with what was saved ended before they were ready");
    return std::nullopt;
  }
  RecoveryOptions options;
  options.directory = config.directory;
  options.build = build;
  options.mono = mono_now;
  options.tell = [&log](const std::string& what) { log.warning("journal", what); };
  std::optional<Recovered> recovered;
  std::string why_not;
  try {
    auto outcome = recover_engine(options);
    if (outcome.ok())
      recovered = std::move(outcome).value();
    else
      why_not = outcome.error();
  } catch (const std::exception& fault) {
    why_not = std::string{"what was saved cannot be gone on from: "} + fault.what();
  }
  if (!recovered) {
    log.info("journal", "the engine begins anew", why_not);
    return std::nullopt;
  }
  const std::chrono::nanoseconds shift = steady_clock_shift(
      *recovered, {.mono = mono_now(), .wall = wall_now(), .boot = boot_identity(), .shift = steady_clock_shift_so_far()});
  if (shift.count() != 0) {
    steady_clock_shift_ns.fetch_add(shift.count(), std::memory_order_relaxed);
    log.info("journal", "the steady clock is set on by " + shown_seconds(shift), "so that the engine's time goes on");
  }
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(recovered->took).count();
  log.info("journal", "the engine goes on from " + time_of_day(recovered->until),
           std::to_string(recovered->replayed.events) + " events and " + std::to_string(recovered->replayed.cycles) +
               " cycles behind the snapshot of " + time_of_day(recovered->snapshot) + ", in " + std::to_string(milliseconds) +
               " ms");
  return recovered;
}

/// Makes the last folder of the path when it is not there.
std::unique_ptr<JournalWriter> open_journal(const JournalConfig& config, std::string text, Inheritance& inheritance, Log& log) {
  if (config.directory.empty()) return nullptr;
  std::error_code exists;
  std::filesystem::create_directory(config.directory, exists);
  constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
  JournalOptions options;
  options.directory = config.directory;
  options.segment_bytes = config.segment_mebibytes * kMebibyte;
  options.max_bytes = config.max_mebibytes * kMebibyte;
  options.max_age = config.max_age;
  options.sync = config.durability == JournalDurability::Block ? JournalSync::Block : JournalSync::Never;
  options.snapshot_every = config.snapshot_interval;
  options.version = HEDGEWATCH_VERSION;
  options.build = inheritance.build;
  options.continues = inheritance.engine.has_value();
  options.boot = boot_identity();
  options.clock_shift = steady_clock_shift_so_far();
  options.alerts = std::move(inheritance.alerts);
  options.mono = mono_now;
  options.wall = wall_now;
  options.tell = [&log](const std::string& what) { log.warning("journal", what); };
  return std::make_unique<JournalWriter>(std::move(options), std::move(text));
}

/// The same for the capture.
std::unique_ptr<FrameCapture> open_capture(const Config& config, Log& log) {
  if (config.capture.directory.empty()) return nullptr;
  std::error_code exists;
  std::filesystem::create_directory(config.capture.directory, exists);
  FrameCaptureOptions options;
  options.directory = config.capture.directory;
  for (const ConnectionPlan& plan : connection_plans(config)) options.connections.push_back(plan.name);
  options.max_bytes = config.capture.max_mebibytes << 20U;
  options.max_age = config.capture.max_age;
  options.mono = mono_now;
  options.wall = wall_now;
  options.tell = [&log](const std::string& what) { log.warning("capture", what); };
  return std::make_unique<FrameCapture>(std::move(options));
}

/// Values of Authorization headers; empty: none is sent, or asked for.
struct Authorizations {
  std::string alertmanager;
  std::string webhook;
  std::string listener;
};

}  // namespace

struct Application::State {
  State(ApplicationOptions given, Log& given_log)
      : options{std::move(given)},
        log{given_log},
        undo{[this](const std::string& name, const std::string& reason) { log.error(kSelf, "could not stop " + name, reason); }} {}

  void build(Config loaded, std::string text, std::vector<AccountSecrets> secrets, const Authorizations& authorizations,
             std::shared_ptr<ListenerTls> tls);
  void inherit_alerts(const EngineSetup& setup, Inheritance& inheritance, EngineThreadOptions& into);
  [[nodiscard]] AlertDeskOptions alert_options(const Authorizations& authorizations);
  [[nodiscard]] OverrideAnswer override_limits(const OverrideOrder& order);
  [[nodiscard]] std::vector<std::string> not_ready() const;
  [[nodiscard]] std::optional<std::string> unhealthy() const;
  [[nodiscard]] std::optional<std::string> reload();
  [[nodiscard]] std::vector<prometheus::MetricFamily> families(const ScrapeFacts& facts);
  [[nodiscard]] std::optional<std::string> refuse_reload(const std::vector<std::string>& faults);

  ApplicationOptions options;
  Log& log;
  ProcessMetrics metrics{HEDGEWATCH_VERSION};

  std::mutex reload_mutex;                   ///< one reload at a time; guards config
  CertificateValidity certificate_validity;  ///< of the listener's, where it has one; guarded too
  Config config;

  std::optional<CpuReserve> reserve;  ///< of the main thread, as long as the daemon lives
  std::unique_ptr<EngineWaiter> waiter;
  std::unique_ptr<EventQueue> queue;
  std::unique_ptr<AlertDesk> alerts;
  std::unique_ptr<JournalWriter> journal;  ///< null: none is kept
  std::unique_ptr<EngineThread> engine;
  std::unique_ptr<FrameCapture> capture;  ///< null: none is kept
  std::unique_ptr<FeedThread> feeds;
  std::vector<FeedSource> feed_sources;
  std::unique_ptr<Routes> routes;
  std::unique_ptr<HttpServer> http;
  std::vector<std::string> told_reasons{"starting"};
  bool was_ready = false;
  std::optional<RecoveryAttempts> attempts;
  MonoTime begun{};    ///< by the clock that the engine goes on with
  ShutdownStack undo;  ///< last: a start-up that failed is undone before its parts go
};

void Application::State::build(Config loaded, std::string text, std::vector<AccountSecrets> secrets,
                               const Authorizations& authorizations, std::shared_ptr<ListenerTls> tls) {
  config = std::move(loaded);
  if (config.daemon.lock_memory) {
    const std::string refusal = lock_memory();
    if (!refusal.empty()) log.warning("hedgewatch", "memory is not locked: " + refusal);
  }
  const EngineSetup setup = to_engine_setup(config);
  Inheritance inheritance{.build = build_identity(), .engine = {}, .alerts = {}};
  attempts.emplace(config.journal.directory);
  inheritance.engine = recover(config.journal, inheritance.build, *attempts, log);
  begun = mono_now();
  alerts = std::make_unique<AlertDesk>(alert_options(authorizations));

  // Every thread but the engine's is started below this, or later by this one.
  reserve.emplace(config.daemon.engine_cpu);
  if (config.daemon.engine_cpu && !reserve->taken())
    log.warning(kSelf, "other threads may use the engine's CPU", std::to_string(*config.daemon.engine_cpu));
  waiter = std::make_unique<EngineWaiter>(config.daemon.wait);
  queue = std::make_unique<EventQueue>(
      EventQueueSetup{.producers = setup.connections.size(), .capacity = config.daemon.queue_capacity}, *waiter);
  EngineThreadOptions engine_options;
  engine_options.cpu = config.daemon.engine_cpu;
  engine_options.observer = options.observer;
  inherit_alerts(setup, inheritance, engine_options);
  journal = open_journal(config.journal, without_secret_path(std::move(text), config), inheritance, log);
  engine_options.journal = journal.get();
  metrics.set_continued(inheritance.engine.has_value());
  KnownInstruments known;
  if (inheritance.engine) {
    known = inheritance.engine->engine.known_instruments();
    engine_options.resumed = std::move(inheritance.engine->engine);
  }
  engine_options.alerts = [this](const AlertBoard& board) { alerts->take(board); };
  if (options.most_events_per_cycle) engine_options.most_events_per_cycle = *options.most_events_per_cycle;
  engine_options.tell = [this](const std::string& refused) { log.warning("engine", refused); };
  engine = std::make_unique<EngineThread>(setup, *queue, *waiter, std::move(engine_options));
  capture = open_capture(config, log);
  feeds = std::make_unique<FeedThread>(config, std::move(secrets), *queue, log, capture.get(), known);
  waiter->serve(feeds->poller());
  for (std::size_t index = 0; index < feeds->names().size(); ++index) {
    const FeedName& name = feeds->names()[index];
    const ConnectionId connection{static_cast<std::uint8_t>(index)};
    feed_sources.push_back({std::string{label(name.venue)}, name.connection, &feeds->statistics(index),
                            &queue->counters(connection), &engine->exchange_lag(connection)});
  }

  HttpServerOptions http_options;
  http_options.address = config.http.host;
  http_options.port = config.http.port;
  if (!options.control_socket.empty()) config.http.control_socket = options.control_socket;
  http_options.control_socket = config.http.control_socket;
  http_options.max_connections = config.http.max_connections;
  http_options.max_header_bytes = static_cast<std::uint32_t>(config.http.max_request_bytes);
  http_options.max_body_bytes = config.http.max_request_bytes;
  http_options.request_time_out = std::chrono::duration_cast<std::chrono::milliseconds>(config.http.request_timeout);
  if (tls) certificate_validity = tls->validity();
  http_options.tls = std::move(tls);
  http_options.tell_tls_failure = [this](const std::string& why) {
    log.warning("http", "a client's TLS handshake failed; further ones are counted alone", why);
  };
  http = std::make_unique<HttpServer>(http_options);
  routes = std::make_unique<Routes>(
      RouteSources{.snapshot = [this] { return engine->snapshot(kScrapePatience); },
                   .families = [this](const ScrapeFacts& facts) { return families(facts); },
                   .unhealthy = [this] { return unhealthy(); },
                   .not_ready = [this] { return not_ready(); },
                   .reload = [this] { return reload(); },
                   .acknowledge =
                       [this](const std::string& alert, const std::vector<LabelMatch>& labels) {
                         const std::vector<AlertIdentity> raised = alerts->raised(alert, labels);
                         engine->acknowledge(raised);
                         return raised.size();
                       },
                   .override_limits = [this](const OverrideOrder& order) { return override_limits(order); },
                   .authorization = authorizations.listener});

  alerts->start();
  undo.push("the alerts", [this] { alerts->stop(); });
  engine->start();
  undo.push("the engine", [this] { engine->stop(); });
  feeds->start();
  undo.push("the feeds", [this] { feeds->stop(); });
  http->start([this](const HttpRequest& request) { return routes->handle(request); });
  undo.push("the HTTP listener", [this] { http->stop(); });
}

/// The state file is written at the moment of a change, the journal's newest events up to 200 ms later: where there is a file, it
/// says what is raised, acknowledged and overridden. Without one the engine says it, and nobody which of it a webhook was told:
/// twice is better than never.
void Application::State::inherit_alerts(const EngineSetup& setup, Inheritance& inheritance, EngineThreadOptions& into) {
  std::optional<AlertMemory> memory = alerts->memory();
  if (!memory && inheritance.engine) {
    const AlertBoard& board = inheritance.engine->engine.alerts();
    const std::chrono::nanoseconds offset{nanoseconds_of(wall_now()) - nanoseconds_of(mono_now())};
    AlertMemory known = memory_of(board.raised(), board.overrides(), offset);
    for (RememberedAlert& alert : known.alerts) alert.untold = !alert.acknowledged;
    static_cast<void>(alerts->remember(std::move(known), setup.alerts));
    return;
  }
  into.raised = alerts->remember(std::move(memory).value_or(AlertMemory{}), setup.alerts);
  into.overridden = alerts->remembered_overrides();
  inheritance.alerts = remembered_text(memory_of(*into.raised, *into.overridden, std::chrono::nanoseconds{0}));
}

OverrideAnswer Application::State::override_limits(const OverrideOrder& order) {
  OverrideAnswer answer;
  const FigureSnapshot* snapshot = engine->snapshot(kScrapePatience);
  if (snapshot == nullptr) return answer;
  std::vector<AlertRule> rules;
  {
    const std::scoped_lock lock{reload_mutex};
    rules = to_engine_setup(config).alerts;
  }
  std::vector<AlertIdentity> limits;
  for (const AlertRule& rule : rules) {
    if (rule.name != order.alert || !can_be_overridden(rule)) continue;
    for (const FigureLayout::Row& row : snapshot->layout->rows) {
      if (row.figure != rule.figure || !matches(rule.labels, row.labels) || !matches(order.labels, row.labels)) continue;
      if (rule.owner.empty() || rule.owner != order.owner)
        answer.forbidden = true;
      else
        limits.push_back(identity_of(rule.name, row.figure, row.labels));
    }
  }
  if (answer.forbidden || limits.empty()) return answer;
  answer.count = limits.size();
  const std::string words = order.limit ? "is overridden to " + number_text(*order.limit) + " for " + duration_text(order.lasts)
                                        : std::string{"is its own again"};
  log.warning("alert", "the limit of " + order.alert + ' ' + words + " by " + order.owner, order.reason);
  engine->override_limits(limits, order.limit.value_or(kAbsent), order.lasts);
  return answer;
}

AlertDeskOptions Application::State::alert_options(const Authorizations& authorizations) {
  AlertDeskOptions desk;
  const auto as_receiver = [](const HttpAddress& address, const std::string& authorization, ReceiverKind kind) {
    return AlertReceiver{.host = address.endpoint.host,
                         .port = address.endpoint.port,
                         .path = address.endpoint.path,
                         .tls = address.tls,
                         .authorization = authorization,
                         .kind = kind};
  };
  for (const HttpAddress& address : config.alertmanager.receivers)
    desk.receivers.push_back(as_receiver(address, authorizations.alertmanager, ReceiverKind::Alertmanager));
  if (config.webhook) desk.receivers.push_back(as_receiver(config.webhook->address, authorizations.webhook, ReceiverKind::Webhook));
  desk.runbooks = config.alertmanager.runbooks;
  desk.state_file = config.alertmanager.state_file;
  desk.resend = config.alertmanager.resend_interval;
  desk.mono = mono_now;
  desk.wall = wall_now;
  desk.healthy = [this] { return engine != nullptr && !unhealthy(); };
  desk.stall = [this] { return engine == nullptr ? std::chrono::nanoseconds{0} : engine->stall(); };
  desk.tell = [this](AlertSeverity severity, const std::string& text, const std::string& detail) {
    log.write(level_of(severity), "alert", text, detail);
  };
  desk.tell_failure = [this](const std::string& receiver, const std::string& fault) {
    log.error("alert", "cannot be told to " + receiver, fault);
  };
  return desk;
}

std::vector<std::string> Application::State::not_ready() const {
  std::vector<std::string> reasons;
  if (const auto reason = unhealthy()) reasons.push_back(*reason);
  for (std::size_t index = 0; index < feeds->names().size(); ++index) {
    const FeedStatus status = engine->feed_status(ConnectionId{static_cast<std::uint8_t>(index)});
    if (status.phase == FeedPhase::Live) continue;
    std::string reason = feeds->names()[index].connection + ' ';
    reason.append(words(status.phase)).append(status.phase == FeedPhase::Down ? words(status.reason) : "");
    reasons.push_back(std::move(reason));
  }
  return reasons;
}

std::optional<std::string> Application::State::unhealthy() const {
  const std::chrono::nanoseconds stall = engine->stall();
  if (stall < kStallLimit) return std::nullopt;
  return "the engine has ended no cycle for " + shown_seconds(stall);
}

std::vector<prometheus::MetricFamily> Application::State::families(const ScrapeFacts& facts) {
  metrics.set_ready(not_ready().empty());
  return metrics.collect({.tick_to_figure = engine->tick_to_figure().read(),
                          .fill_to_figure = engine->fill_to_figure().read(),
                          .cycle = engine->cycle_duration().read(),
                          .stall_seconds = std::chrono::duration<double>(engine->stall()).count(),
                          .cycles = engine->cycles(),
                          .queue_depth = queue->depth(),
                          .series = facts.series,
                          .refused_series = facts.refused_series,
                          .drops = engine->drops(),
                          .answered = facts.engine_answered},
                         feed_sources, http->counters(), journal ? &journal->counters() : nullptr, alerts.get(), capture.get());
}

std::optional<std::string> Application::State::refuse_reload(const std::vector<std::string>& faults) {
  metrics.config_refused();
  for (const std::string& fault : faults) log.error("reload", fault);
  log.error("reload", "refused, the configuration in force stays",
            std::to_string(faults.size()) + (faults.size() == 1 ? " fault" : " faults"));
  return joined(faults);
}

std::optional<std::string> Application::State::reload() {
  const std::scoped_lock lock{reload_mutex};
  auto loaded = load_config(options.config_file);
  if (!loaded.ok()) return refuse_reload(lines_of(loaded.error()));
  auto [next, text] = std::move(loaded).value();
  const std::uint64_t hash = config_text_hash(text);
  if (!options.control_socket.empty()) next.http.control_socket = options.control_socket;
  const ReloadVerdict verdict = check_reload(config, next);
  if (!verdict.refused.empty()) return refuse_reload(verdict.refused);
  const auto tls = load_listener_tls(config.http.tls, credentials_directory());
  if (!tls.ok()) return refuse_reload({tls.error()});
  if (tls.value()) {
    const WallTime now = wall_now();
    const auto warning = validity_warning(config.http.tls, tls.value()->validity(), now);
    // An old one that clients refuse as well is no reason to keep a limit from its change.
    if (!tls.value()->validity().holds_at(now) && certificate_validity.holds_at(now)) return refuse_reload({warning.value_or("")});
    if (warning) log.warning("http", *warning);
    certificate_validity = tls.value()->validity();
    http->use(tls.value());
  }

  engine->reconfigure(to_engine_setup(next),
                      journal ? journal->announce_configuration(without_secret_path(std::move(text), next)) : 0);
  feeds->want(named_instruments(next));
  log.set_level(next.daemon.log_level);
  // What waits for a restart stays as it runs, so that the next reload still tells it.
  next.daemon.wait = config.daemon.wait;
  next.daemon.feeds = config.daemon.feeds;
  next.daemon.engine_cpu = config.daemon.engine_cpu;
  next.daemon.lock_memory = config.daemon.lock_memory;
  next.daemon.queue_capacity = config.daemon.queue_capacity;
  next.http = config.http;
  next.journal = config.journal;
  next.capture = config.capture;
  next.alertmanager.receivers = config.alertmanager.receivers;
  next.alertmanager.state_file = config.alertmanager.state_file;
  next.alertmanager.resend_interval = config.alertmanager.resend_interval;
  next.alertmanager.token = config.alertmanager.token;
  next.alertmanager.runbooks = config.alertmanager.runbooks;
  next.webhook = config.webhook;
  for (std::size_t index = 0; index < next.venues.size(); ++index) {
    next.venues[index].heartbeat_interval = config.venues[index].heartbeat_interval;
    next.venues[index].silence_limit = config.venues[index].silence_limit;
    next.venues[index].max_lag = config.venues[index].max_lag;
  }
  config = std::move(next);
  metrics.config_loaded(hash, wall_now());
  for (const std::string& delayed : verdict.delayed) log.warning("reload", delayed);
  log.info("reload", "done", summary(config));
  return std::nullopt;
}

Application::Application(ApplicationOptions options, Log& log) : state_{std::make_unique<State>(std::move(options), log)} {}

Application::~Application() { stop(); }

std::vector<std::string> Application::start() {
  State& state = *state_;
  auto loaded = load_config(state.options.config_file);
  if (!loaded.ok()) return lines_of(loaded.error());
  auto [config, text] = std::move(loaded).value();
  const std::uint64_t hash = config_text_hash(text);
  state.log.set_level(config.daemon.log_level);

  std::vector<AccountSecrets> secrets;
  std::vector<std::string> faults;
  for (const AccountConfig& account : config.accounts) {
    auto secret = read_secrets(account, credentials_directory());
    if (secret.ok())
      secrets.push_back(std::move(secret).value());
    else
      faults.push_back(secret.error().words);
  }
  Authorizations authorizations;
  const auto read_authorization = [&faults](std::string_view table, const TokenConfig& token, std::string& into) {
    const auto secret = read_token(table, token, credentials_directory());
    if (!secret.ok())
      faults.push_back(secret.error().words);
    else
      into = authorization_of(token, secret.value());
  };
  read_authorization("alertmanager", config.alertmanager.token, authorizations.alertmanager);
  if (config.webhook) read_authorization("webhook", config.webhook->token, authorizations.webhook);
  read_authorization("http", config.http.password, authorizations.listener);
  const auto tls = load_listener_tls(config.http.tls, credentials_directory());
  if (!tls.ok()) faults.push_back(tls.error());
  if (!faults.empty()) return faults;

  state.log.info(kSelf, "starts", std::string{HEDGEWATCH_VERSION} + ", " + summary(config));
  try {
    state.build(std::move(config), std::move(text), std::move(secrets), authorizations, tls.value());
  } catch (const std::exception& error) {
    return {error.what()};
  }
  state.metrics.config_loaded(hash, wall_now());
  state.log.info("http", "serves /metrics", state.config.http.host + " port " + std::to_string(state.http->port()));
  if (tls.value()) {
    state.log.info("http", "over TLS, with a certificate until " + utc_text(tls.value()->validity().ends),
                   state.config.http.tls.certificate_file);
    if (const auto warning = validity_warning(state.config.http.tls, tls.value()->validity(), wall_now()))
      state.log.warning("http", *warning);
  }
  if (!state.config.http.control_socket.empty()) state.log.info("http", "takes changes", state.config.http.control_socket);
  return {};
}

void Application::stop() {
  if (state_->attempts) state_->attempts->proven();
  state_->undo.run();
}

std::optional<std::string> Application::reload() { return state_->reload(); }

std::vector<std::string> Application::not_ready() const { return state_->not_ready(); }

std::string Application::status() const {
  const std::vector<std::string> reasons = state_->not_ready();
  const std::size_t count = state_->feeds->names().size();
  if (reasons.empty()) return "ready, " + std::to_string(count) + (count == 1 ? " feed live" : " feeds live");
  std::string text = "not ready: ";
  for (std::size_t index = 0; index < reasons.size(); ++index) text += (index == 0 ? "" : "; ") + reasons[index];
  return text;
}

std::uint64_t Application::progress() const { return state_->engine->cycles(); }

std::uint16_t Application::http_port() const { return state_->http->port(); }

void Application::tick() {
  State& state = *state_;
  state.feeds->tell();
  state.log.tick();
  std::vector<std::string> reasons = state.not_ready();
  if (state.attempts && (reasons.empty() || mono_now() - state.begun > kProvenAfter)) state.attempts->proven();
  if (reasons == state.told_reasons) return;
  // Getting there is news, falling back is a warning.
  state.log.write(reasons.empty() || !state.was_ready ? LogLevel::Info : LogLevel::Warning, kSelf, status());
  state.was_ready = state.was_ready || reasons.empty();
  state.told_reasons = std::move(reasons);
}

}  // namespace hedgewatch
