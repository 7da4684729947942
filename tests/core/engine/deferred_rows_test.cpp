#include "core/engine/deferred_rows.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

constexpr std::string_view kOption = "BTC-1JAN28-100000-C";

EngineSetup one_option_book() {
  EngineSetup setup = EngineDriver::setup();
  setup.books = {book_of("main", {line(kOption, 2, 0.05), line("BTC-PERPETUAL", -1'000, 100'000)})};
  return setup;
}

void list_both(EngineDriver& driver) {
  driver.list_option(kOption, OptionRight::Call, 100'000, 30);
  driver.list_perpetual("BTC-PERPETUAL");
  driver.cycle();
}

/// One step of a market in which now the option, now the hedge, now the index alone moves, and once an input is lost.
void step(EngineDriver& driver, int number) {
  driver.advance(std::chrono::milliseconds{37});
  const double move = 10.0 * number;
  if (number % 3 == 0) driver.mark(kOption, {.price = 0.05 + 1e-4 * number, .vol = 0.5 + 1e-3 * number, .forward = 100'000 + move});
  if (number % 4 == 1) driver.mark("BTC-PERPETUAL", {.price = 100'000 - move});
  if (number % 2 == 0) driver.index(99'900 + move);
  if (number == 40) driver.status(kPublic, FeedPhase::Down);
  if (number == 50) driver.status(kPublic, FeedPhase::Live);
  driver.cycle();
}

bool same(const FigureSnapshot& a, const FigureSnapshot& b) {
  if (a.values.size() != b.values.size()) return false;
  for (std::size_t i = 0; i < a.values.size(); ++i)
    if (std::bit_cast<std::uint64_t>(a.values[i].value) != std::bit_cast<std::uint64_t>(b.values[i].value) ||
        a.values[i].as_of != b.values[i].as_of || a.values[i].state != b.values[i].state ||
        a.values[i].reason != b.values[i].reason) {
      CAPTURE(definition_of(a.layout->rows[i].figure).name);
      CAPTURE(a.layout->rows[i].labels);
      CHECK(a.values[i].value == b.values[i].value);
      return false;
    }
  return true;
}

AlertRule above(std::string_view name, Figure figure, double limit) {
  AlertRule rule;
  rule.name = name;
  rule.figure = figure;
  rule.upper = limit;
  return rule;
}

}  // namespace

TEST_SUITE_BEGIN("core/engine/deferred_rows");

TEST_CASE("the table is the same to the bit for one who looks every cycle and for one who looks seldom") {
  EngineDriver often{one_option_book()};
  EngineDriver seldom{one_option_book()};
  list_both(often);
  list_both(seldom);
  FigureSnapshot seen_often;
  FigureSnapshot seen_seldom;
  for (int number = 1; number <= 100; ++number) {
    CAPTURE(number);
    step(often, number);
    step(seldom, number);
    often.engine().figures().copy_to(seen_often);
    if (number % 7 != 0) continue;
    seldom.engine().figures().copy_to(seen_seldom);
    REQUIRE(same(seen_often, seen_seldom));
  }
  CHECK(seldom.value(Figure::Delta, {"deribit", kOption}) > 0);
  CHECK(seldom.value(Figure::PositionNotionalUsd, {"main", "deribit", kOption}) > 0);
}

TEST_CASE("an alert on a single option or position is judged in the cycle that breaks it, though nobody reads the table") {
  EngineSetup setup = one_option_book();
  setup.alerts = {above("VolHigh", Figure::MarkVolRatio, 0.8), above("PositionDelta", Figure::PositionDeltaCoins, 1.7)};
  EngineDriver driver{setup};
  list_both(driver);
  driver.index(100'000);
  driver.mark("BTC-PERPETUAL", {.price = 100'000});
  driver.mark(kOption, {.price = 0.05, .vol = 0.5, .forward = 100'000});
  driver.cycle();
  CHECK(driver.engine().alerts().transitions().empty());
  driver.mark(kOption, {.price = 0.5, .vol = 0.9, .forward = 200'000});
  driver.cycle();
  REQUIRE(driver.engine().alerts().transitions().size() == 2);
  CHECK(driver.engine().alerts().transitions()[0].value.value == doctest::Approx(0.9));
  CHECK(driver.engine().alerts().transitions()[1].value.value > 1.9);
}

TEST_SUITE_END();
