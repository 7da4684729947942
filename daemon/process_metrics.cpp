#include "daemon/process_metrics.hpp"

#include <array>
#include <atomic>
#include <limits>
#include <optional>
#include <utility>

#include "daemon/capture/frame_capture.hpp"
#include "daemon/process_usage.hpp"
#include "feeds/decoding.hpp"
#include "feeds/transport/clock.hpp"

namespace hedgewatch {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

ClientMetric gauge(double value, Labels labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = value;
  return metric;
}

ClientMetric counter(double value, Labels labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = value;
  return metric;
}

ClientMetric histogram(const LatencyHistogram::Reading& reading, Labels labels = {}) {
  constexpr double kNanosecond = 1e9;
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.histogram.sample_count = reading.cumulative.back();
  metric.histogram.sample_sum = reading.sum_seconds;
  for (std::size_t bucket = 0; bucket < LatencyHistogram::kBoundsNanoseconds.size(); ++bucket)
    metric.histogram.bucket.push_back(
        {reading.cumulative[bucket], static_cast<double>(LatencyHistogram::kBoundsNanoseconds[bucket]) / kNanosecond});
  metric.histogram.bucket.push_back({reading.cumulative.back(), std::numeric_limits<double>::infinity()});
  return metric;
}

MetricFamily family(std::string name, std::string help, MetricType type, std::vector<ClientMetric> metrics) {
  return {std::move(name), std::move(help), type, std::move(metrics)};
}

struct DropMetric {
  const char* reason;
  std::uint64_t EngineCounters::*count;
};
constexpr std::array kDrops{DropMetric{"unknown_instrument", &EngineCounters::unknown_instrument_events},
                            DropMetric{"unknown_account", &EngineCounters::unknown_account_events},
                            DropMetric{"unknown_connection", &EngineCounters::unknown_connection_events},
                            DropMetric{"instrument_refused", &EngineCounters::refused_instruments},
                            DropMetric{"order_book_refused", &EngineCounters::refused_order_books},
                            DropMetric{"index_refused", &EngineCounters::refused_indices},
                            DropMetric{"position_refused", &EngineCounters::refused_positions},
                            DropMetric{"late_price", &EngineCounters::late_prices}};

void add_engine(std::vector<MetricFamily>& out, const EngineReading& engine) {
  out.push_back(family("hedgewatch_tick_to_figure_seconds", "Time from a frame's arrival to the table that holds its effect.",
                       MetricType::Histogram, {histogram(engine.tick_to_figure)}));
  out.push_back(family("hedgewatch_fill_to_figure_seconds",
                       "Time from the arrival of a fill's frame to the table that holds its effect.", MetricType::Histogram,
                       {histogram(engine.fill_to_figure)}));
  out.push_back(family("hedgewatch_engine_cycle_seconds", "Duration of one engine cycle: apply, recompute, publish.",
                       MetricType::Histogram, {histogram(engine.cycle)}));
  out.push_back(family("hedgewatch_engine_cycles_total", "Cycles that the engine has ended.", MetricType::Counter,
                       {counter(static_cast<double>(engine.cycles))}));
  out.push_back(family("hedgewatch_engine_stall_seconds",
                       "Time since the engine last ended a cycle; it ends ten a second when idle.", MetricType::Gauge,
                       {gauge(engine.stall_seconds)}));
  out.push_back(
      family("hedgewatch_engine_answered",
             "1 when the engine handed over its table for this scrape, 0 when the scrape has no figures because it did not.",
             MetricType::Gauge, {gauge(engine.answered ? 1 : 0)}));
  MetricFamily drops =
      family("hedgewatch_engine_drops_total", "Events that the engine could not use or keep, by reason.", MetricType::Counter, {});
  for (const DropMetric& drop : kDrops)
    drops.metric.push_back(counter(static_cast<double>(engine.drops.*drop.count), {{"reason", drop.reason}}));
  out.push_back(std::move(drops));
  out.push_back(family("hedgewatch_queue_depth", "Events that wait between the feeds and the engine.", MetricType::Gauge,
                       {gauge(static_cast<double>(engine.queue_depth))}));
  out.push_back(family("hedgewatch_series", "Figures that have a series in this scrape.", MetricType::Gauge,
                       {gauge(static_cast<double>(engine.series))}));
  out.push_back(family("hedgewatch_series_refused_total", "Figures left out because the exposition had no room for more.",
                       MetricType::Counter, {counter(static_cast<double>(engine.refused_series))}));
}

/// Adds one family with a sample per feed; a feed without the value has none.
template <class ValueOf>
void add_per_feed(std::vector<MetricFamily>& out, const std::vector<FeedSource>& feeds, const char* name, const char* help,
                  MetricType type, ValueOf value_of) {
  MetricFamily result = family(name, help, type, {});
  for (const FeedSource& feed : feeds) {
    const Labels labels{{"venue", feed.venue}, {"connection", feed.connection}};
    const std::optional<double> value = value_of(feed);
    if (value) result.metric.push_back(type == MetricType::Counter ? counter(*value, labels) : gauge(*value, labels));
  }
  out.push_back(std::move(result));
}

struct FeedCountMetric {
  const char* name;
  const char* help;
  FeedCount FeedStatistics::*count;
};
constexpr std::array kFeedCounts{
    FeedCountMetric{"hedgewatch_feed_messages_total", "Frames received.", &FeedStatistics::messages},
    FeedCountMetric{"hedgewatch_feed_bytes_total", "Bytes of frames received.", &FeedStatistics::bytes},
    FeedCountMetric{"hedgewatch_feed_events_total", "Events handed to the engine.", &FeedStatistics::events},
    FeedCountMetric{"hedgewatch_feed_ignored_total", "Frames understood and of no use here.", &FeedStatistics::ignored},
    FeedCountMetric{"hedgewatch_feed_gaps_total", "Breaks in a sequence.", &FeedStatistics::gaps},
    FeedCountMetric{"hedgewatch_feed_resyncs_total", "Books or accounts asked for again.", &FeedStatistics::resyncs},
    FeedCountMetric{"hedgewatch_feed_late_frames_total", "Frames dropped because their channel had been given up.",
                    &FeedStatistics::late_frames},
    FeedCountMetric{"hedgewatch_feed_error_replies_total", "Requests that the venue answered with an error.",
                    &FeedStatistics::error_replies},
    FeedCountMetric{"hedgewatch_feed_rate_limits_total", "Times the venue said that we ask too much.",
                    &FeedStatistics::rate_limits},
    FeedCountMetric{"hedgewatch_feed_refused_fields_total", "Numbers that the exact types cannot hold; their event was left out.",
                    &FeedStatistics::refused_fields},
    FeedCountMetric{"hedgewatch_feed_unknown_rows_total", "Rows of lists about instruments that were not listed.",
                    &FeedStatistics::unknown_rows}};

struct QueueCountMetric {
  const char* name;
  const char* help;
  std::atomic<std::uint64_t> EventQueueCounters::*count;
  MetricType type;
};
constexpr std::array kQueueCounts{
    QueueCountMetric{"hedgewatch_feed_conflated_total", "Market data replaced by newer before the engine took it.",
                     &EventQueueCounters::conflated, MetricType::Counter},
    QueueCountMetric{"hedgewatch_feed_lost_events_total", "Events that found no room on the way to the engine.",
                     &EventQueueCounters::refused, MetricType::Counter},
    QueueCountMetric{"hedgewatch_feed_lost_books_total", "Order books declared invalid because their changes found no room.",
                     &EventQueueCounters::lost_books, MetricType::Counter},
    QueueCountMetric{"hedgewatch_feed_overflows_total", "Times the connection was given up because account events found no room.",
                     &EventQueueCounters::breaks, MetricType::Counter},
    QueueCountMetric{"hedgewatch_queue_high_water", "Most events of the connection that ever waited for the engine.",
                     &EventQueueCounters::high_water, MetricType::Gauge}};

void add_feeds(std::vector<MetricFamily>& out, const std::vector<FeedSource>& feeds) {
  for (const FeedCountMetric& metric : kFeedCounts)
    add_per_feed(out, feeds, metric.name, metric.help, MetricType::Counter, [&metric](const FeedSource& feed) {
      return std::optional{static_cast<double>((feed.statistics->*metric.count).get())};
    });
  for (const QueueCountMetric& metric : kQueueCounts)
    add_per_feed(out, feeds, metric.name, metric.help, metric.type, [&metric](const FeedSource& feed) -> std::optional<double> {
      if (feed.queue == nullptr) return std::nullopt;
      return static_cast<double>((feed.queue->*metric.count).load(std::memory_order_relaxed));
    });
  add_per_feed(out, feeds, "hedgewatch_feed_refused_channels", "Channels asked for and silently not granted.", MetricType::Gauge,
               [](const FeedSource& feed) { return std::optional{static_cast<double>(feed.statistics->refused_channels.get())}; });
  add_per_feed(out, feeds, "hedgewatch_feed_reconnects_total", "Times the connection was opened again after its first.",
               MetricType::Counter, [](const FeedSource& feed) {
                 const std::uint64_t opened = feed.statistics->connections.get();
                 return std::optional{opened > 0 ? static_cast<double>(opened - 1) : 0.0};
               });
  add_per_feed(out, feeds, "hedgewatch_feed_clock_skew_seconds", "Venue's time minus this machine's, from round trips.",
               MetricType::Gauge, [](const FeedSource& feed) -> std::optional<double> {
                 const std::int64_t skew = feed.statistics->clock_skew.load(std::memory_order_relaxed);
                 if (skew == FeedStatistics::kNoClockSkew) return std::nullopt;
                 return static_cast<double>(skew) * 1e-9;
               });

  MetricFamily errors =
      family("hedgewatch_feed_decode_errors_total", "Frames that could not be decoded, by reason.", MetricType::Counter, {});
  MetricFamily lag =
      family("hedgewatch_feed_exchange_lag_seconds",
             "Receive time by this machine's clock minus the exchange's own time; below 0 counts as 0.", MetricType::Histogram, {});
  for (const FeedSource& feed : feeds) {
    for (std::size_t fault = 0; fault < kDecodeFaults.size(); ++fault)
      errors.metric.push_back(
          counter(static_cast<double>(feed.statistics->decode_errors[fault].get()),
                  {{"venue", feed.venue}, {"connection", feed.connection}, {"reason", std::string{label(kDecodeFaults[fault])}}}));
    if (feed.exchange_lag != nullptr)
      lag.metric.push_back(histogram(feed.exchange_lag->read(), {{"venue", feed.venue}, {"connection", feed.connection}}));
  }
  out.push_back(std::move(errors));
  out.push_back(std::move(lag));
}

void add_http(std::vector<MetricFamily>& out, const HttpServerCounters& http) {
  out.push_back(family("hedgewatch_http_requests_total", "Requests that the daemon's own listener has answered.",
                       MetricType::Counter, {counter(static_cast<double>(http.requests))}));
  out.push_back(family("hedgewatch_http_refused_connections_total", "Connections closed at once because too many were open.",
                       MetricType::Counter, {counter(static_cast<double>(http.refused_connections))}));
  out.push_back(family("hedgewatch_http_bad_requests_total", "Requests that were no HTTP, too large or too slow.",
                       MetricType::Counter, {counter(static_cast<double>(http.bad_requests))}));
  out.push_back(family("hedgewatch_http_tls_failures_total", "TLS handshakes at the listener that failed or took too long.",
                       MetricType::Counter, {counter(static_cast<double>(http.tls_failures))}));
}

void add_journal(std::vector<MetricFamily>& out, const JournalCounters& journal) {
  const auto count = [](const std::atomic<std::uint64_t>& value) {
    return static_cast<double>(value.load(std::memory_order_relaxed));
  };
  out.push_back(family("hedgewatch_journal_bytes_total", "Bytes written to the journal.", MetricType::Counter,
                       {counter(count(journal.bytes))}));
  out.push_back(family("hedgewatch_journal_events_total", "Events written to the journal.", MetricType::Counter,
                       {counter(count(journal.events))}));
  out.push_back(family("hedgewatch_journal_lost_events_total", "Events that the journal had no room for; a replay is told where.",
                       MetricType::Counter, {counter(count(journal.lost_events))}));
  out.push_back(family("hedgewatch_journal_write_failures_total", "Times that a journal file could not be made or written.",
                       MetricType::Counter, {counter(count(journal.write_failures))}));
  out.push_back(
      family("hedgewatch_journal_segments", "Journal files that are kept.", MetricType::Gauge, {gauge(count(journal.segments))}));
  const std::int64_t oldest = journal.oldest_waiting_ns.load(std::memory_order_relaxed);
  const double lag = oldest == 0 ? 0 : static_cast<double>(nanoseconds_of(mono_now()) - oldest) * 1e-9;
  out.push_back(family("hedgewatch_journal_lag_seconds", "Age of the oldest event that is not yet written to the journal.",
                       MetricType::Gauge, {gauge(lag)}));
}

void add_capture(std::vector<MetricFamily>& out, const FrameCapture& capture) {
  const auto add = [&out](const char* name, const char* help, const std::atomic<std::uint64_t>& value) {
    out.push_back(family(name, help, MetricType::Counter, {counter(static_cast<double>(value.load(std::memory_order_relaxed)))}));
  };
  const FrameCaptureCounters& counters = capture.counters();
  add("hedgewatch_capture_bytes_total", "Bytes written to captured frames, compressed.", counters.bytes);
  add("hedgewatch_capture_frames_total", "Frames that were captured.", counters.frames);
  add("hedgewatch_capture_withheld_frames_total", "Frames not captured because they are about signing in.",
      counters.withheld_frames);
  add("hedgewatch_capture_lost_frames_total", "Frames that the capture had no room for.", counters.lost_frames);
  add("hedgewatch_capture_write_failures_total", "Times that a file of captured frames could not be made or written.",
      counters.write_failures);
  out.push_back(family("hedgewatch_capture_lag_seconds", "Age of the oldest frame that is not yet captured.", MetricType::Gauge,
                       {gauge(std::chrono::duration<double>(capture.lag()).count())}));
}

/// A sample per alert, with the labels of its own row, so that a rule of the second route can leave out exactly it.
MetricFamily handled(const char* name, const char* help, const std::vector<HandledAlert>& alerts, bool levels) {
  MetricFamily result = family(name, help, MetricType::Gauge, {});
  for (const HandledAlert& alert : alerts) {
    Labels labels{{"alert", alert.rule}};
    for (auto& [label, value] : parse_row_labels(alert.labels)) labels.push_back({label, value});
    result.metric.push_back(gauge(levels ? alert.level : 1, labels));
  }
  return result;
}

void add_alerts(std::vector<MetricFamily>& out, const AlertDesk& alerts) {
  out.push_back(handled("hedgewatch_alert_acknowledged", "1 for each alert that a person has acknowledged, with its own labels.",
                        alerts.acknowledged(), false));
  out.push_back(handled("hedgewatch_alert_limit_overridden",
                        "The limit that is in force for a time in the place of the alert's own, with the alert's labels.",
                        alerts.overridden(), true));
  out.push_back(family("hedgewatch_alert_transitions_total", "Changes of state of alerts.", MetricType::Counter,
                       {counter(static_cast<double>(alerts.transitions()))}));
  out.push_back(family("hedgewatch_alerts_refused_total", "Raised alerts, and ends of some, that found no room to be told.",
                       MetricType::Counter, {counter(static_cast<double>(alerts.refused()))}));
  out.push_back(family("hedgewatch_alert_delivery_seconds",
                       "Time from the cycle that raised or ended an alert until a receiver had accepted it.", MetricType::Histogram,
                       {histogram(alerts.delivery().read())}));
  MetricFamily delivered =
      family("hedgewatch_alert_deliveries_total", "Posts that the receiver accepted.", MetricType::Counter, {});
  MetricFamily failures =
      family("hedgewatch_alert_delivery_failures_total", "Posts that the receiver did not accept.", MetricType::Counter, {});
  MetricFamily behind = family("hedgewatch_alert_receiver_behind",
                               "1 while the receiver has not accepted the newest change of an alert.", MetricType::Gauge, {});
  for (const AlertReceiverCounters& receiver : alerts.counters()) {
    const Labels labels{{"receiver", receiver.receiver}};
    delivered.metric.push_back(counter(static_cast<double>(receiver.delivered), labels));
    failures.metric.push_back(counter(static_cast<double>(receiver.failures), labels));
    behind.metric.push_back(gauge(receiver.behind ? 1 : 0, labels));
  }
  out.push_back(std::move(delivered));
  out.push_back(std::move(failures));
  out.push_back(std::move(behind));
}

void add_process(std::vector<MetricFamily>& out) {
  const ProcessUsage usage = read_process_usage();
  const auto add = [&out](const char* name, const char* help, const std::optional<double>& value) {
    if (value) out.push_back(family(name, help, MetricType::Gauge, {gauge(*value)}));
  };
  if (usage.cpu_seconds)
    out.push_back(
        family("process_cpu_seconds_total", "User and system CPU time spent.", MetricType::Counter, {counter(*usage.cpu_seconds)}));
  add("process_resident_memory_bytes", "Resident memory.", usage.resident_bytes);
  add("process_virtual_memory_bytes", "Virtual memory.", usage.virtual_bytes);
  add("process_start_time_seconds", "Start of the process, Unix time.", usage.start_time_seconds);
  add("process_open_fds", "Open file descriptors.", usage.open_descriptors);
  add("process_max_fds", "Most file descriptors that may be open.", usage.max_descriptors);
  add("process_threads", "Threads of the process.", usage.threads);
}

}  // namespace

ProcessMetrics::ProcessMetrics(std::string_view version)
    : ready_{add_gauge("hedgewatch_ready", "1 when every configured feed is live and every account reconciled.")},
      continued_{
          add_gauge("hedgewatch_engine_continued",
                    "1 when the engine went on at the start from what was saved, 0 when it began anew, with empty windows.")},
      reload_successful_{
          add_gauge("hedgewatch_config_last_reload_successful", "1 when the newest configuration given is the one in force.")},
      reload_time_{add_gauge("hedgewatch_config_last_reload_success_timestamp_seconds",
                             "When the configuration in force was loaded, Unix time.")},
      config_hash_{add_gauge("hedgewatch_config_hash", "Hash of the text of the configuration in force.")} {
  prometheus::BuildGauge()
      .Name("hedgewatch_build_info")
      .Help("1; the labels say what was built.")
      .Register(registry_)
      .Add({{"version", std::string{version}}, {"compiler", "g++ " __VERSION__}})
      .Set(1);
}

prometheus::Gauge& ProcessMetrics::add_gauge(const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add({});
}

void ProcessMetrics::config_loaded(std::uint64_t hash, WallTime now) {
  reload_successful_.Set(1);
  reload_time_.Set(static_cast<double>(nanoseconds_of(now)) * 1e-9);
  config_hash_.Set(static_cast<double>(hash));
}

void ProcessMetrics::config_refused() { reload_successful_.Set(0); }

void ProcessMetrics::set_continued(bool continued) { continued_.Set(continued ? 1 : 0); }

void ProcessMetrics::set_ready(bool ready) { ready_.Set(ready ? 1 : 0); }

std::vector<prometheus::MetricFamily> ProcessMetrics::collect(const EngineReading& engine, const std::vector<FeedSource>& feeds,
                                                              const HttpServerCounters& http, const JournalCounters* journal,
                                                              const AlertDesk* alerts, const FrameCapture* capture) const {
  std::vector<MetricFamily> out = registry_.Collect();
  add_engine(out, engine);
  add_feeds(out, feeds);
  add_http(out, http);
  if (journal != nullptr) add_journal(out, *journal);
  if (alerts != nullptr) add_alerts(out, *alerts);
  if (capture != nullptr) add_capture(out, *capture);
  add_process(out);
  return out;
}

std::uint64_t config_text_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  constexpr int kKeptBits = 48;
  return hash & ((std::uint64_t{1} << kKeptBits) - 1);
}

}  // namespace hedgewatch
