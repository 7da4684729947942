#include "daemon/snapshot_exchange.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr int kRows = 64;

struct Table {
  FigureTable figures;
  std::vector<RowId> rows;

  Table() {
    figures.begin_layout();
    for (int row = 0; row < kRows; ++row) rows.push_back(figures.add_row(Figure::FeedLive, {"deribit", std::to_string(row)}));
    figures.end_layout();
  }
  void fill(double value) {
    for (const RowId row : rows) figures.set(row, value, MonoTime{});
  }
};

}  // namespace

TEST_SUITE("daemon/snapshot_exchange") {
  TEST_CASE("an engine that does not answer yields no copy") {
    int wakes = 0;
    SnapshotExchange exchange{[&] { ++wakes; }, kRows};
    CHECK(exchange.take(1ms) == nullptr);
    CHECK(wakes == 1);
    CHECK_FALSE(exchange.requested());
  }

  TEST_CASE("nothing is copied unless somebody asks") {
    Table table;
    table.fill(1);
    SnapshotExchange exchange{[] {}, kRows};
    exchange.serve(table.figures, MonoTime{}, 1);
    CHECK(exchange.take(1ms) == nullptr);
  }

  TEST_CASE("the copy carries the cycle and its time") {
    Table table;
    table.fill(2.5);
    SnapshotExchange* answering = nullptr;
    SnapshotExchange exchange{[&] { answering->serve(table.figures, MonoTime{} + 3s, 17); }, kRows};
    answering = &exchange;
    const FigureSnapshot* seen = exchange.take(10s);
    REQUIRE(seen != nullptr);
    CHECK(seen->cycle == 17);
    CHECK(seen->now == MonoTime{} + 3s);
    CHECK(seen->values.size() == kRows);
    CHECK(seen->values.front().value == 2.5);
  }

  TEST_CASE("an answer that came too late is not taken for a new one") {
    Table table;
    table.fill(1);
    bool answer = true;
    SnapshotExchange* answering = nullptr;
    SnapshotExchange exchange{[&] {
                                if (answer) answering->serve(table.figures, MonoTime{}, 1);
                              },
                              kRows};
    answering = &exchange;
    REQUIRE(exchange.take(10s) != nullptr);
    answer = false;
    CHECK(exchange.take(1ms) == nullptr);
    CHECK(exchange.take(1ms) == nullptr);
    answer = true;
    table.fill(2);
    const FigureSnapshot* seen = exchange.take(10s);
    REQUIRE(seen != nullptr);
    CHECK(seen->values.back().value == 2);
  }

  TEST_CASE("no copy mixes two cycles while the engine runs on") {
    Table table;
    std::atomic<bool> stop = false;
    SnapshotExchange exchange{[] {}, kRows};
    std::thread engine{[&] {
      for (std::uint64_t cycle = 1; !stop.load(); ++cycle) {
        table.fill(static_cast<double>(cycle));
        exchange.serve(table.figures, MonoTime{}, cycle);
      }
    }};
    std::uint64_t previous = 0;
    for (int scrape = 0; scrape < 500; ++scrape) {
      // Now and then with no patience at all, so that answers come late.
      const FigureSnapshot* seen = exchange.take(scrape % 7 == 0 ? 0ns : std::chrono::nanoseconds{20s});
      if (seen == nullptr) continue;
      bool one_cycle = true;
      for (const FigureValue& figure : seen->values)
        one_cycle = one_cycle && static_cast<std::uint64_t>(figure.value) == seen->cycle;
      REQUIRE(one_cycle);
      REQUIRE(seen->cycle > previous);
      previous = seen->cycle;
    }
    stop = true;
    engine.join();
    CHECK(previous > 0);
  }
}

}  // namespace hedgewatch
