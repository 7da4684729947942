#include "daemon/process_metrics.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "daemon/exposition/exposition_text.hpp"
#include "daemon/exposition/metrics_writer.hpp"

namespace hedgewatch {

namespace {

testing::Exposition exposed(const ProcessMetrics& metrics, const EngineReading& engine = {},
                            const std::vector<FeedSource>& feeds = {}) {
  MetricsWriter writer;
  const auto families = metrics.collect(engine, feeds, {.requests = 4, .refused_connections = 2, .bad_requests = 1});
  return testing::parse_exposition(writer.render(MetricsFormat::Text, nullptr, families));
}

}  // namespace

TEST_SUITE("daemon/process_metrics") {
  TEST_CASE("a refused configuration lowers the gauge and keeps the hash of the one in force") {
    ProcessMetrics metrics{"1.2.3"};
    metrics.config_loaded(config_text_hash("a"), from_nanoseconds<WallTime>(1'500'000'000));
    auto seen = exposed(metrics);
    CHECK(seen.value("hedgewatch_config_last_reload_successful") == 1);
    CHECK(seen.value("hedgewatch_config_last_reload_success_timestamp_seconds") == 1.5);
    const auto hash = seen.value("hedgewatch_config_hash");
    metrics.config_refused();
    seen = exposed(metrics);
    CHECK(seen.value("hedgewatch_config_last_reload_successful") == 0);
    CHECK(seen.value("hedgewatch_config_last_reload_success_timestamp_seconds") == 1.5);
    CHECK(seen.value("hedgewatch_config_hash") == hash);
  }

  TEST_CASE("texts that differ have hashes that differ, exact as a double") {
    CHECK(config_text_hash("limit = 1") != config_text_hash("limit = 2"));
    const std::uint64_t hash = config_text_hash("some configuration");
    CHECK(static_cast<std::uint64_t>(static_cast<double>(hash)) == hash);
  }

  TEST_CASE("each feed counts under its venue and connection") {
    ProcessMetrics metrics{"1.2.3"};
    FeedStatistics statistics;
    statistics.messages.add(5);
    statistics.connections.add(3);
    statistics.refused_channels.add(2);
    statistics.decode_errors[static_cast<std::size_t>(DecodeFault::Truncated)].add(7);
    EventQueueCounters queue;
    queue.conflated.store(6);
    LatencyHistogram lag;
    lag.record(std::chrono::milliseconds{3});
    auto seen = exposed(metrics, {}, {{"deribit", "deribit/main", &statistics, &queue, &lag}});
    CHECK(seen.malformed.empty());
    CHECK(seen.repeated.empty());
    CHECK(seen.value(R"(hedgewatch_feed_messages_total{connection="deribit/main",venue="deribit"})") == 5);
    CHECK(seen.value(R"(hedgewatch_feed_reconnects_total{connection="deribit/main",venue="deribit"})") == 2);
    CHECK(seen.value(R"(hedgewatch_feed_conflated_total{connection="deribit/main",venue="deribit"})") == 6);
    CHECK(seen.value(R"(hedgewatch_feed_refused_channels{connection="deribit/main",venue="deribit"})") == 2);
    CHECK(seen.value(R"(hedgewatch_feed_exchange_lag_seconds_count{connection="deribit/main",venue="deribit"})") == 1);
    CHECK(seen.value(R"(hedgewatch_feed_decode_errors_total{connection="deribit/main",reason="truncated",venue="deribit"})") == 7);
    CHECK(seen.count_of_name("hedgewatch_feed_decode_errors_total") == kDecodeFaults.size());
    // The skew has never been measured: no series, not 0.
    CHECK(seen.count_of_name("hedgewatch_feed_clock_skew_seconds") == 0);
    statistics.clock_skew.store(-2'500'000);
    seen = exposed(metrics, {}, {{"deribit", "deribit/main", &statistics, nullptr, nullptr}});
    CHECK(seen.value(R"(hedgewatch_feed_clock_skew_seconds{connection="deribit/main",venue="deribit"})") == -0.0025);
  }

  TEST_CASE("the engine's stall and its queue are shown whether it answers or not") {
    ProcessMetrics metrics{"1.2.3"};
    LatencyHistogram cycles;
    cycles.record(std::chrono::microseconds{12});
    EngineReading engine;
    engine.cycle = cycles.read();
    engine.stall_seconds = 4.5;
    engine.queue_depth = 9;
    engine.drops.refused_positions = 3;
    const auto seen = exposed(metrics, engine);
    CHECK(seen.value(R"(hedgewatch_engine_drops_total{reason="position_refused"})") == 3);
    CHECK(seen.value("hedgewatch_engine_stall_seconds") == 4.5);
    CHECK(seen.value("hedgewatch_engine_answered") == 0);
    CHECK(seen.value("hedgewatch_queue_depth") == 9);
    CHECK(seen.value("hedgewatch_engine_cycle_seconds_count") == 1);
    CHECK(seen.value("hedgewatch_tick_to_figure_seconds_count") == 0);
    CHECK(seen.value("hedgewatch_fill_to_figure_seconds_count") == 0);
    CHECK(seen.value("hedgewatch_http_refused_connections_total") == 2);
  }

  TEST_CASE("the process tells its own use of the machine") {
    const auto seen = exposed(ProcessMetrics{"1.2.3"});
    CHECK(seen.value("process_resident_memory_bytes").value_or(0) > 1e6);
    CHECK(seen.value("process_open_fds").value_or(0) >= 3);
    CHECK(seen.value("process_start_time_seconds").value_or(0) > 1.6e9);
    CHECK(seen.value("process_cpu_seconds_total").has_value());
    CHECK(seen.count_of_name("hedgewatch_build_info") == 1);
  }
}

}  // namespace hedgewatch
