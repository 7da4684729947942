#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <prometheus/metric_family.h>

#include "core/alert/alert_rule.hpp"
#include "daemon/exposition/gzip.hpp"
#include "daemon/exposition/http_message.hpp"
#include "daemon/exposition/metrics_writer.hpp"

namespace hedgewatch {

/// What one scrape saw of the engine.
struct ScrapeFacts {
  bool engine_answered = false;
  std::size_t series = 0;            ///< figures that have a series
  std::uint64_t refused_series = 0;  ///< figures left out since the start
};

/// What the owner of a limit asks for.
struct OverrideOrder {
  std::string alert;
  std::vector<LabelMatch> labels;
  std::optional<double> limit;  ///< nothing: the override is taken back
  std::chrono::nanoseconds lasts{0};
  std::string owner;
  std::string reason;
};
/// How many limits it concerned, or why none: another's limit, or no such one.
struct OverrideAnswer {
  std::size_t count = 0;
  bool forbidden = false;
};

/// Where the routes get what they show. All are called on the HTTP thread.
struct RouteSources {
  /// Null when the engine does not answer.
  std::function<const FigureSnapshot*()> snapshot;
  std::function<std::vector<prometheus::MetricFamily>(const ScrapeFacts&)> families;
  /// Why the process should be restarted; nothing while it is well.
  std::function<std::optional<std::string>()> unhealthy;
  /// What stands between now and ready, one reason each; empty: ready.
  std::function<std::vector<std::string>()> not_ready;
  /// Loads the configuration again; nothing on success, else the faults.
  std::function<std::optional<std::string>()> reload;
  /// Acknowledges the raised alerts of this name whose labels fit; how many there are.
  std::function<std::size_t(const std::string& alert, const std::vector<LabelMatch>& labels)> acknowledge;
  /// Sets other limits for a time.
  std::function<OverrideAnswer(const OverrideOrder&)> override_limits;
  /// The header that whoever asks at the address must send; empty: none is asked for, and nothing can be changed there.
  std::string authorization = {};
};

/// /metrics, /-/healthy, /-/ready, /-/reload, /-/acknowledge and /-/override; everything else is 404. The last three change
/// something: they are for callers on the control socket, and at the address for those who have shown the password.
class Routes {
 public:
  explicit Routes(RouteSources sources);
  [[nodiscard]] HttpResponse handle(const HttpRequest& request);

 private:
  /// Why the request changes nothing; nothing: it may.
  [[nodiscard]] std::optional<HttpResponse> refused_change(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse metrics(const HttpRequest& request);
  [[nodiscard]] HttpResponse healthy() const;
  [[nodiscard]] HttpResponse ready() const;
  [[nodiscard]] HttpResponse reload(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse acknowledge(const HttpRequest& request) const;
  [[nodiscard]] HttpResponse override_limits(const HttpRequest& request) const;

  RouteSources sources_;
  MetricsWriter writer_;
  GzipCompressor gzip_;
};

}  // namespace hedgewatch
