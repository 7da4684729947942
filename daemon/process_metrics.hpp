#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include "core/engine/engine.hpp"
#include "core/types/time.hpp"
#include "daemon/alerting/alert_desk.hpp"
#include "daemon/event_queue.hpp"
#include "daemon/exposition/http_server.hpp"
#include "daemon/journal/journal_writer.hpp"
#include "daemon/latency_histogram.hpp"
#include "feeds/session/feed_statistics.hpp"

namespace hedgewatch {

class FrameCapture;

/// The engine's side of a scrape, read from counters that the engine writes without a lock.
struct EngineReading {
  LatencyHistogram::Reading tick_to_figure;       ///< frame received to table published, one per frame
  LatencyHistogram::Reading fill_to_figure = {};  ///< the same of the frames that told of a fill
  LatencyHistogram::Reading cycle;                ///< duration of apply, recompute and publish
  double stall_seconds = 0;                       ///< since the engine last ended a cycle
  std::uint64_t cycles = 0;
  std::uint64_t queue_depth = 0;
  std::uint64_t series = 0;          ///< figures with a series
  std::uint64_t refused_series = 0;  ///< figures beyond the exposition's bound, since the start
  EngineCounters drops;              ///< what the engine could not use
  bool answered = false;             ///< the engine handed over its table for this scrape
};

/// One feed connection. The pointers are read during collect.
struct FeedSource {
  std::string venue;
  std::string connection;
  const FeedStatistics* statistics = nullptr;
  const EventQueueCounters* queue = nullptr;
  const LatencyHistogram* exchange_lag = nullptr;  ///< nothing: not shown
};

/// The process's own metrics: what does not come from the engine's table. Registered gauges are set when something happens;
/// counters that belong to other threads are read when somebody scrapes. Any thread may call.
class ProcessMetrics {
 public:
  explicit ProcessMetrics(std::string_view version);

  /// A configuration was taken into use.
  void config_loaded(std::uint64_t hash, WallTime now);
  /// A reload was refused; the old configuration stays.
  void config_refused();
  void set_ready(bool ready);
  /// How the start was made.
  void set_continued(bool continued);

  [[nodiscard]] std::vector<prometheus::MetricFamily> collect(const EngineReading& engine, const std::vector<FeedSource>& feeds,
                                                              const HttpServerCounters& http,
                                                              const JournalCounters* journal = nullptr,
                                                              const AlertDesk* alerts = nullptr,
                                                              const FrameCapture* capture = nullptr) const;

 private:
  prometheus::Gauge& add_gauge(const char* name, const char* help);

  mutable prometheus::Registry registry_;
  prometheus::Gauge& ready_;
  prometheus::Gauge& continued_;
  prometheus::Gauge& reload_successful_;
  prometheus::Gauge& reload_time_;
  prometheus::Gauge& config_hash_;
};

/// 48 bits of a text's FNV-1a hash, so that it is exact as a metric: two daemons with the same number run the same configuration.
[[nodiscard]] std::uint64_t config_text_hash(std::string_view text);

}  // namespace hedgewatch
