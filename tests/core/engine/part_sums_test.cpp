#include "core/engine/part_sums.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/valued_positions.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

constexpr std::uint32_t kOptions = ValuedPositions::kOptions;

void check_same(const ExposureSum& a, const ExposureSum& b) {
  // Options are added up by lanes.
  const auto found = std::bit_cast<std::array<double, 11>>(a.total);
  const auto expected = std::bit_cast<std::array<double, 11>>(b.total);
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-13));
  }
  CHECK(a.value.coins == b.value.coins);
  CHECK(a.value.usd == b.value.usd);
  CHECK(a.bounds.low_coins == doctest::Approx(b.bounds.low_coins).epsilon(1e-13));
  CHECK(a.bounds.high_coins == doctest::Approx(b.bounds.high_coins).epsilon(1e-13));
  CHECK(a.bounds.priced_coins == b.bounds.priced_coins);
  CHECK(a.bounds.unpriced_coins == b.bounds.unpriced_coins);
  CHECK(a.bounds.unpriced_usd == b.bounds.unpriced_usd);
  CHECK((a.bounds.quality == b.bounds.quality));
  CHECK((a.bounds.size == b.bounds.size));
  CHECK((a.delta == b.delta));
  CHECK((a.greeks == b.greeks));
  CHECK((a.greeks_usd == b.greeks_usd));
  CHECK((a.value_quality == b.value_quality));
  CHECK(a.fallback_positions == b.fallback_positions);
  CHECK(a.open == b.open);
  CHECK(a.value_needs_index == b.value_needs_index);
}

/// The part's sum is that of its risks once they are all up to date.
void check_sums(ValuedPositions& positions) {
  std::vector<ExposureSum> found;
  for (std::uint32_t part = 0; part < positions.desk.parts.size(); ++part) found.push_back(positions.sums.sum(part));
  positions.settle();
  for (std::uint32_t part = 0; part < positions.desk.parts.size(); ++part) {
    CAPTURE(part);
    const Part& range = positions.desk.parts[part];
    check_same(found[part], sum_positions(std::span{positions.risks}.subspan(range.first_holding, range.holding_count)));
  }
}

}  // namespace

TEST_SUITE_BEGIN("core/engine/part_sums");

TEST_CASE("a sum is that of its positions before and after forwards moved, with some options unpriced and some flat") {
  ValuedPositions positions;
  positions.value_all();
  check_sums(positions);
  for (std::uint32_t i = 0; i <= kOptions; ++i)
    if (i % 11 != 5) positions.mark(i, {.price = 0.04, .vol = 0.4 + 0.002 * i}, std::chrono::seconds{i});
  positions.follow(0, 100'000, std::chrono::seconds{60});
  positions.follow(1, 101'000, std::chrono::seconds{61});
  positions.value_all();
  check_sums(positions);
  const std::size_t before = positions.repriced_alone;
  for (int step = 1; step < 8; ++step) {
    CAPTURE(step);
    positions.follow(step % 3 == 0 ? 1 : 0, 100'000 + 250.0 * step, std::chrono::seconds{70 - 15 * step});
    check_sums(positions);
  }
  CHECK(positions.repriced_alone == before);
  // One of them is told a vol that nothing can be priced from.
  positions.mark(4, {.price = 0.04, .vol = -1});
  positions.value(positions.desk.tracked_of_slot[4]);
  check_sums(positions);
}

TEST_CASE("what the oldest and the worst position said is forgotten once it says otherwise") {
  ValuedPositions positions;
  for (std::uint32_t i = 0; i <= kOptions; ++i)
    positions.mark(i, {.price = 0.04, .vol = 0.5, .forward = 100'000}, std::chrono::seconds{i});
  positions.value_all();
  check_sums(positions);
  for (std::uint32_t i = 0; i <= kOptions; i += 3) {
    CAPTURE(i);
    // The oldest of its part hears something new.
    positions.mark(i, {.price = 0.04 + 0.001 * i, .vol = 0.6, .forward = 100'500}, std::chrono::seconds{100 + i});
    positions.value(positions.desk.tracked_of_slot[i]);
    check_sums(positions);
    // Another one's price comes over a feed that is dead, and again over one that lives; then all of it.
    for (const ConnectionId connection : {kPrivate, kPublic}) {
      positions.mark(i / 2, {.price = 0.05}, std::chrono::seconds{50}, connection);
      positions.value(positions.desk.tracked_of_slot[i / 2]);
      check_sums(positions);
    }
    positions.mark(i / 2, {.price = 0.04, .vol = 0.5, .forward = 100'000}, std::chrono::seconds{50}, kPrivate);
    positions.value(positions.desk.tracked_of_slot[i / 2]);
    check_sums(positions);
    positions.mark(i / 2, {.price = 0.04, .vol = 0.5, .forward = 100'000}, std::chrono::seconds{50});
    positions.value(positions.desk.tracked_of_slot[i / 2]);
    check_sums(positions);
  }
}

TEST_SUITE_END();
