// Summing 1,000 positions into 10 books: ours, with every quality, bound and split by currency, against what is usually written, a
// hash map of six doubles a book, and against the least there is, six doubles in place.

#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/rounds.hpp"
#include "core/risk/book_exposure.hpp"

namespace hedgewatch {
namespace {

constexpr std::size_t kBooks = 10;
constexpr std::size_t kPositionsPerBook = 100;
constexpr std::size_t kPositions = kBooks * kPositionsPerBook;
using SixGreeks = std::array<double, 6>;

struct PlainPosition {
  std::string book;
  SixGreeks greeks{};
};

void books_are_summed(benchmark::State& state) {
  std::vector<PositionRisk> risks(kPositions);
  std::vector<PlainPosition> plain(kPositions);
  for (std::size_t i = 0; i < kPositions; ++i) {
    const double value = std::sin(static_cast<double>(i));
    risks[i].value = {.coins = value, .usd = -value};
    risks[i].bounds.low_coins = -1;
    risks[i].bounds.high_coins = 1;
    risks[i].bounds.priced_coins = 1;
    plain[i] = {.book = "book" + std::to_string(i / kPositionsPerBook), .greeks = {value, value, value, value, value, value}};
  }
  std::array<ExposureSum, kBooks> sums;
  std::unordered_map<std::string, SixGreeks> by_book;
  std::array<SixGreeks, kBooks> least{};
  bench::Rounds rounds;
  for (auto _ : state) {
    const double seconds = rounds.time("ours", kPositions, [&] {
      for (std::size_t book = 0; book < kBooks; ++book)
        sums[book] = sum_positions(std::span<const PositionRisk>{risks}.subspan(book * kPositionsPerBook, kPositionsPerBook));
      benchmark::DoNotOptimize(sums);
    });
    rounds.time("map", kPositions, [&] {
      by_book.clear();
      for (const PlainPosition& position : plain) {
        SixGreeks& sum = by_book[position.book];
        for (std::size_t g = 0; g < sum.size(); ++g) sum[g] += position.greeks[g];
      }
      benchmark::DoNotOptimize(by_book);
    });
    rounds.time("doubles", kPositions, [&] {
      least = {};
      for (std::size_t i = 0; i < kPositions; ++i)
        for (std::size_t g = 0; g < least[0].size(); ++g) least[i / kPositionsPerBook][g] += plain[i].greeks[g];
      benchmark::DoNotOptimize(least);
    });
    state.SetIterationTime(seconds);
  }
  if (!(std::fabs(sums[3].value.coins - least[3][0]) <= 1e-9)) return state.SkipWithError("the sums disagree");
  const auto positions = static_cast<std::int64_t>(state.iterations()) * std::int64_t{kPositions};
  state.SetItemsProcessed(positions);
  state.SetBytesProcessed(positions * std::int64_t{sizeof(PositionRisk)});
  state.counters["ours_ns"] = rounds.median_nanoseconds("ours");
  state.counters["map_ratio"] = rounds.median_ratio("map", "ours");
  state.counters["doubles_ratio"] = rounds.median_ratio("doubles", "ours");
}
BENCHMARK(books_are_summed)->UseManualTime();

}  // namespace
}  // namespace hedgewatch
