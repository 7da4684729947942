#include "daemon/exposition/metrics_writer.hpp"

#include <doctest/doctest.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/exposition/exposition_text.hpp"

namespace hedgewatch {

namespace {

using testing::parse_exposition;

/// Three figures in two families, one of each state.
struct Table {
  FigureTable figures;
  RowId main_delta{};
  RowId main_value{};
  RowId odd_value{};

  Table() {
    figures.begin_layout();
    main_value = figures.add_row(Figure::BookValueUsd, {"main", "BTC"});
    main_delta = figures.add_row(Figure::BookDeltaCoins, {"main", "BTC", "black_scholes"});
    odd_value = figures.add_row(Figure::BookValueUsd, {"a \"quoted\" \\ book", "ETH"});
    figures.end_layout();
  }
  [[nodiscard]] FigureSnapshot snapshot() const {
    FigureSnapshot result;
    figures.copy_to(result);
    return result;
  }
};

prometheus::MetricFamily counter_family(double value) {
  prometheus::MetricFamily family{"hedgewatch_things_total", "Things that \"happened\".", prometheus::MetricType::Counter, {}};
  prometheus::ClientMetric metric;
  metric.label = {{"kind", "a\nb\\c\"d"}};
  metric.counter.value = value;
  family.metric.push_back(metric);
  return family;
}

prometheus::MetricFamily histogram_family() {
  prometheus::MetricFamily family{"hedgewatch_wait_seconds", "Time waited.", prometheus::MetricType::Histogram, {}};
  prometheus::ClientMetric metric;
  metric.histogram.sample_count = 7;
  metric.histogram.sample_sum = 3.25;
  metric.histogram.bucket = {{2, 0.001}, {5, 1}, {6, 2.5}};
  family.metric.push_back(metric);
  return family;
}

bool has_line(std::string_view text, const std::string& line) {
  return text.starts_with(line + "\n") || text.find("\n" + line + "\n") != std::string_view::npos;
}

}  // namespace

TEST_SUITE("daemon/exposition/metrics_writer") {
  TEST_CASE("an ok figure has one series under its family's help and type") {
    Table table;
    table.figures.set(table.main_delta, -1.25, MonoTime{});
    const FigureSnapshot snapshot = table.snapshot();
    MetricsWriter writer;
    const std::string text{writer.render(MetricsFormat::Text, &snapshot, {})};
    CAPTURE(text);
    CHECK(has_line(text, R"(hedgewatch_book_delta_coins{book="main",underlying="BTC",view="black_scholes"} -1.25)"));
    CHECK(has_line(text, "# TYPE hedgewatch_book_delta_coins gauge"));
    CHECK(text.find("# HELP hedgewatch_book_delta_coins ") != std::string::npos);
    CHECK(text.find("# UNIT") == std::string::npos);
    CHECK(text.find("# EOF") == std::string::npos);
    CHECK(writer.series() == 1);
  }

  TEST_CASE("a figure that is not ok has no series and says why") {
    Table table;
    table.figures.set(table.main_value, 12.5, MonoTime{});
    table.figures.set_stale(table.main_value, MonoTime{}, FigureReason::FeedDown);
    table.figures.set_unknown(table.main_delta, FigureReason::MissingForward);
    const FigureSnapshot snapshot = table.snapshot();
    MetricsWriter writer;
    const auto seen = parse_exposition(writer.render(MetricsFormat::Text, &snapshot, {}));
    CHECK(seen.count_of_name("hedgewatch_book_value_usd") == 0);
    CHECK(seen.count_of_name("hedgewatch_book_delta_coins") == 0);
    CHECK(seen.value(
              R"(hedgewatch_figure_state{figure="hedgewatch_book_value_usd",reason="feed_down",scope="main/BTC",state="stale"})") ==
          1);
    CHECK(
        seen.value(
            R"(hedgewatch_figure_state{figure="hedgewatch_book_delta_coins",reason="missing_forward",scope="main/BTC/black_scholes",state="unknown"})") ==
        1);
    CHECK(seen.count_of_name("hedgewatch_figure_state") == 3);
    CHECK(seen.malformed.empty());
    CHECK(writer.series() == 0);
  }

  TEST_CASE("no snapshot means no figure at all") {
    Table table;
    table.figures.set(table.main_delta, 3, MonoTime{});
    const FigureSnapshot snapshot = table.snapshot();
    MetricsWriter writer;
    static_cast<void>(writer.render(MetricsFormat::Text, &snapshot, {}));
    const std::vector families{counter_family(4)};
    const auto seen = parse_exposition(writer.render(MetricsFormat::Text, nullptr, families));
    CHECK(seen.samples.size() == 1);
    CHECK(writer.series() == 0);
  }

  TEST_CASE("a new layout replaces the prepared names") {
    Table table;
    table.figures.set(table.main_delta, 3, MonoTime{});
    MetricsWriter writer;
    FigureSnapshot snapshot = table.snapshot();
    static_cast<void>(writer.render(MetricsFormat::Text, &snapshot, {}));
    table.figures.begin_layout();
    const RowId row = table.figures.add_row(Figure::FeedLive, {"deribit", "public"});
    table.figures.end_layout();
    table.figures.set(row, 1, MonoTime{});
    table.figures.copy_to(snapshot);
    const auto seen = parse_exposition(writer.render(MetricsFormat::Text, &snapshot, {}));
    CHECK(seen.samples.size() == 1);
    CHECK(seen.value(R"(hedgewatch_feed_live{connection="public",venue="deribit"})") == 1);
  }

  TEST_CASE("rows beyond the bound are left out and counted") {
    Table table;
    for (const RowId row : {table.main_value, table.main_delta, table.odd_value}) table.figures.set(row, 1, MonoTime{});
    const FigureSnapshot snapshot = table.snapshot();
    MetricsWriter writer{2};
    const auto seen = parse_exposition(writer.render(MetricsFormat::Text, &snapshot, {}));
    CHECK(seen.samples.size() == 2);
    CHECK(writer.refused() == 1);
    static_cast<void>(writer.render(MetricsFormat::Text, &snapshot, {}));
    CHECK(writer.refused() == 1);
  }

  TEST_CASE("a rendering that copies what has not changed reads as one that was made anew") {
    constexpr std::array kFigures{Figure::BookValueUsd, Figure::BookVanna, Figure::BookVolga};
    constexpr std::array kValues{0.0, -0.0, 1.0, 12.5, -1.0 / 3, 1e-9, 1e22, 5e-324, 61'250.5};
    std::mt19937 random{1};
    const auto below = [&random](std::size_t bound) { return random() % bound; };
    FigureTable figures;
    std::vector<RowId> rows;
    FigureSnapshot snapshot;
    MetricsWriter copying;
    constexpr int kScrapes = 2'000;
    for (int scrape = 0; scrape < kScrapes; ++scrape) {
      CAPTURE(scrape);
      if (scrape == 0 || below(40) == 0) {
        rows.clear();
        figures.begin_layout();
        for (const Figure figure : kFigures)
          for (std::size_t book = below(20); book > 0; --book)
            rows.push_back(figures.add_row(figure, {std::string(below(2'000) + 1, 'b') + std::to_string(book), "BTC"}));
        figures.end_layout();
      }
      const std::size_t one_of = 1 + below(20);
      for (const RowId row : rows) {
        if (below(one_of) != 0) continue;
        if (below(3) == 0)
          figures.set_unknown(row, below(2) == 0 ? FigureReason::MissingForward : FigureReason::NeverReceived);
        else
          figures.set(row, kValues[below(kValues.size())], MonoTime{});
      }
      figures.copy_to(snapshot);
      const FigureSnapshot* const answer = below(15) == 0 ? nullptr : &snapshot;
      const MetricsFormat format = below(2) == 0 ? MetricsFormat::Text : MetricsFormat::OpenMetrics;
      const std::vector<prometheus::MetricFamily> families(below(3), counter_family(static_cast<double>(scrape)));
      MetricsWriter anew;
      REQUIRE(copying.render(format, answer, families) == anew.render(format, answer, families));
      REQUIRE(copying.series() == anew.series());
    }
  }

  TEST_CASE("every value reads back as itself") {
    Table table;
    MetricsWriter writer;
    for (const double value : {0.1, -0.0, 1e-300, 5e-324, 1.7976931348623157e308, 123456789.123456789, 1.0 / 3, 2e15}) {
      table.figures.set(table.main_delta, value, MonoTime{});
      const FigureSnapshot snapshot = table.snapshot();
      const auto seen = parse_exposition(writer.render(MetricsFormat::OpenMetrics, &snapshot, {}));
      const auto read = seen.value(R"(hedgewatch_book_delta_coins{book="main",underlying="BTC",view="black_scholes"})");
      CAPTURE(value);
      REQUIRE(read.has_value());
      CHECK(*read == value);
      CHECK(std::signbit(*read) == std::signbit(value));
    }
  }

  TEST_CASE("OpenMetrics names the unit, moves _total to the sample and ends with EOF") {
    Table table;
    table.figures.set(table.main_value, 2, MonoTime{});
    const FigureSnapshot snapshot = table.snapshot();
    MetricsWriter writer;
    const std::vector families{counter_family(4), histogram_family()};
    const std::string text{writer.render(MetricsFormat::OpenMetrics, &snapshot, families)};
    CAPTURE(text);
    CHECK(has_line(text, "# UNIT hedgewatch_book_value_usd usd"));
    CHECK(has_line(text, "# TYPE hedgewatch_things counter"));
    CHECK(has_line(text, R"(# HELP hedgewatch_things Things that \"happened\".)"));
    CHECK(has_line(text, R"(hedgewatch_things_total{kind="a\nb\\c\"d"} 4)"));
    CHECK(has_line(text, "# UNIT hedgewatch_wait_seconds seconds"));
    CHECK(has_line(text, R"(hedgewatch_wait_seconds_bucket{le="1.0"} 5)"));
    CHECK(has_line(text, R"(hedgewatch_wait_seconds_bucket{le="+Inf"} 7)"));
    CHECK(text.ends_with("# EOF\n"));
    CHECK(text.find("# EOF") == text.size() - 6);
  }

  TEST_CASE("what prometheus-cpp prints means the same") {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    prometheus::MetricFamily gauges{"hedgewatch_gauges", "Some \\ gauges.", prometheus::MetricType::Gauge, {}};
    for (const double value : {1.5, -2e-9, 0.0, kInfinity, -kInfinity}) {
      prometheus::ClientMetric metric;
      metric.label = {{"value", std::to_string(value)}, {"name", "x\"y"}};
      metric.gauge.value = value;
      gauges.metric.push_back(metric);
    }
    prometheus::MetricFamily summary{"hedgewatch_summary", "A summary.", prometheus::MetricType::Summary, {}};
    prometheus::ClientMetric metric;
    metric.summary.sample_count = 3;
    metric.summary.sample_sum = 1.75;
    metric.summary.quantile = {{0.5, 0.25}, {0.99, 1.25}};
    summary.metric.push_back(metric);
    const std::vector<prometheus::MetricFamily> families{counter_family(1e17), gauges, histogram_family(), summary};

    MetricsWriter writer;
    const auto ours = parse_exposition(writer.render(MetricsFormat::Text, nullptr, families));
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, families);
    const auto theirs = parse_exposition(out.str());
    CHECK(ours.malformed.empty());
    CHECK(ours.repeated.empty());
    CHECK(ours.samples.size() == theirs.samples.size());
    for (const auto& [key, value] : theirs.samples) {
      CAPTURE(key);
      REQUIRE(ours.value(key).has_value());
      CHECK(*ours.value(key) == value);
    }
  }

  TEST_CASE("ten thousand figures mean the same as prometheus-cpp's rendering of them") {
    FigureTable figures;
    figures.begin_layout();
    std::vector<RowId> rows;
    std::vector<std::string> names;
    for (int index = 0; index < 10'000; ++index) {
      names.push_back("BOOK-" + std::to_string(index));
      rows.push_back(figures.add_row(Figure::BookVanna, {names.back(), "BTC"}));
    }
    figures.end_layout();
    prometheus::MetricFamily family{"hedgewatch_book_vanna", "help", prometheus::MetricType::Gauge, {}};
    for (std::size_t index = 0; index < rows.size(); ++index) {
      const double value = std::sin(static_cast<double>(index)) * 1e5;
      figures.set(rows[index], value, MonoTime{});
      prometheus::ClientMetric metric;
      metric.label = {{"book", names[index]}, {"underlying", "BTC"}};
      metric.gauge.value = value;
      family.metric.push_back(metric);
    }
    FigureSnapshot snapshot;
    figures.copy_to(snapshot);
    MetricsWriter writer;
    const auto ours = parse_exposition(writer.render(MetricsFormat::Text, &snapshot, {}));
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, {family});
    CHECK(writer.series() == rows.size());
    const auto theirs = parse_exposition(out.str());
    REQUIRE(ours.samples.size() == theirs.samples.size());
    std::size_t differing = 0;
    for (const auto& [key, value] : theirs.samples) {
      // prometheus-cpp prints 16 digits, which do not always read back as the same double.
      const auto own = ours.value(key);
      if (!own || !(std::abs(*own - value) <= 1e-15 * std::abs(value))) ++differing;
    }
    CHECK(differing == 0);
  }
}

}  // namespace hedgewatch
