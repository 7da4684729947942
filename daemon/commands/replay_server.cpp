#include "daemon/commands/replay_server.hpp"

#include <prometheus/metric_family.h>

#include <utility>
#include <vector>

#include "feeds/transport/clock.hpp"

namespace hedgewatch {

namespace {

/// A replay at full speed ends cycles all the time; one that is paced answers while it waits.
constexpr std::chrono::nanoseconds kPatience = std::chrono::seconds{5};
constexpr std::size_t kRowsAtFirst = 4'096;
constexpr double kNanosecondsPerSecond = 1e9;

RouteSources sources_of(SnapshotExchange& exchange, const std::atomic<std::int64_t>& moment_ns) {
  RouteSources sources;
  sources.snapshot = [&exchange] { return exchange.take(kPatience); };
  sources.families = [&moment_ns](const ScrapeFacts&) {
    prometheus::MetricFamily family;
    family.name = "hedgewatch_replay_time_seconds";
    family.help = "Moment of the replay, seconds since the epoch.";
    family.type = prometheus::MetricType::Gauge;
    family.metric.emplace_back();
    family.metric.back().gauge.value = static_cast<double>(moment_ns.load()) / kNanosecondsPerSecond;
    return std::vector{std::move(family)};
  };
  sources.unhealthy = [] { return std::nullopt; };
  sources.not_ready = [&moment_ns] {
    return moment_ns.load() == 0 ? std::vector<std::string>{"the replay has not come to its first moment"}
                                 : std::vector<std::string>{};
  };
  return sources;
}

}  // namespace

ReplayServer::ReplayServer(std::uint16_t port)
    : exchange_{[this] {
                  const std::scoped_lock lock{mutex_};
                  asked_.notify_all();
                },
                kRowsAtFirst},
      routes_{sources_of(exchange_, moment_ns_)},
      server_{[port] {
        HttpServerOptions options;
        options.port = port;
        return options;
      }()} {
  server_.start([this](const HttpRequest& request) { return handle(request); });
}

HttpResponse ReplayServer::handle(const HttpRequest& request) {
  if (request.path == "/metrics" || request.path == "/-/healthy" || request.path == "/-/ready") return routes_.handle(request);
  HttpResponse response;
  response.status = 404;
  response.body = "not found; a replay has /metrics, /-/healthy and /-/ready\n";
  return response;
}

void ReplayServer::serve(WallTime moment, const Engine& engine) {
  moment_ns_.store(nanoseconds_of(moment));
  exchange_.serve(engine.figures(), MonoTime{moment.time_since_epoch()}, engine.cycles());
}

void ReplayServer::show(WallTime moment, const Engine& engine, std::chrono::nanoseconds lasts) {
  const MonoTime until = mono_now() + lasts;
  serve(moment, engine);
  while (true) {
    const std::chrono::nanoseconds left = until - mono_now();
    if (left.count() <= 0) return;
    std::unique_lock lock{mutex_};
    asked_.wait_for(lock, left, [this] { return exchange_.requested(); });
    lock.unlock();
    serve(moment, engine);
  }
}

}  // namespace hedgewatch
