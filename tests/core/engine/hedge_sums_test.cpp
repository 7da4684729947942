#include "core/engine/hedge_sums.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/engine/valued_positions.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

/// Legs are a future, of which another hedge has a part, and some options.
std::vector<HedgeSetup> hedges_of_options() {
  HedgeSetup hedge;
  hedge.name = "hedge";
  hedge.book = "main";
  hedge.underlying = "BTC";
  hedge.legs = {deribit("OPTION-50"), deribit("OPTION-1*")};
  hedge.leg_shares = {0.75, 1};
  hedge.view = DeltaView::BlackScholes;
  HedgeSetup other = hedge;
  other.name = "other";
  other.book = "other";
  other.view = DeltaView::NetTransaction;
  other.leg_shares = {0.5, 0.25};
  HedgeSetup cross = hedge;
  cross.name = "cross";
  cross.leg_underlying = "BTC";
  return {hedge, other, cross};
}

class HedgedPositions {
 public:
  HedgedPositions() {
    std::vector<double> lots;
    for (const Holding& holding : positions.portfolio.holdings()) lots.push_back(positions.registry.contract(holding.slot).lot);
    sums.lay_out(setups, lots);
  }
  void check() {
    std::vector<HedgeSum> found;
    each_part(
        [&](std::uint32_t h, std::size_t place, std::uint32_t, std::size_t) { found.push_back(sums.sum(h, place, setups[h])); });
    positions.settle();
    std::size_t next = 0;
    each_part([&](std::uint32_t h, std::size_t, std::uint32_t part, std::size_t first) {
      CAPTURE(setups[h].name);
      CAPTURE(part);
      const Hedge& hedge = positions.desk.hedges[h];
      const Part& range = positions.desk.parts[part];
      const HedgeSum expected = sum_hedge(std::span{positions.risks}.subspan(range.first_holding, range.holding_count),
                                          std::span{hedge.is_leg}.subspan(first, range.holding_count),
                                          std::span{hedge.shares}.subspan(first, range.holding_count), setups[h]);
      check_same(found[next++], expected);
    });
    CHECK(next > setups.size());
  }

  std::vector<HedgeSetup> setups = hedges_of_options();
  ValuedPositions positions{setups};
  HedgeSums sums{positions.desk, positions.sums, positions.followers};

 private:
  template <class Look>
  void each_part(const Look& look) const {
    for (std::uint32_t h = 0; h < setups.size(); ++h) {
      const Hedge& hedge = positions.desk.hedges[h];
      std::size_t place = 0;
      std::size_t first = 0;
      for (const std::uint32_t e : {hedge.exposure, hedge.legs_exposure}) {
        if (e == kNoPlace) continue;
        const Exposure& exposure = positions.desk.exposures[e];
        for (std::uint32_t part = exposure.first_part; part < exposure.first_part + exposure.part_count; ++part) {
          look(h, place++, part, first);
          first += positions.desk.parts[part].holding_count;
        }
      }
    }
  }
  static void check_same(const HedgeSum& a, const HedgeSum& b) {
    const auto near = [](double value) { return doctest::Approx(value).epsilon(1e-12); };
    CHECK(a.item_coins == near(b.item_coins));
    CHECK(a.legs_coins == near(b.legs_coins));
    CHECK(a.legs_gross_coins == near(b.legs_gross_coins));
    CHECK(a.lot_coins == near(b.lot_coins));
    CHECK(a.delta.net == near(b.delta.net));
    CHECK(a.delta.gross == near(b.delta.gross));
    CHECK(a.gamma.net == near(b.gamma.net));
    CHECK(a.gamma.gross == near(b.gamma.gross));
    CHECK(a.vega.net == near(b.vega.net));
    CHECK(a.vega.gross == near(b.vega.gross));
    CHECK((a.item == b.item));
    CHECK((a.legs == b.legs));
    CHECK((a.gamma_quality == b.gamma_quality));
    CHECK((a.vega_quality == b.vega_quality));
    CHECK(a.open == b.open);
  }
};

}  // namespace

TEST_SUITE_BEGIN("core/engine/hedge_sums");

TEST_CASE("a hedge's sums are those of its positions' risks while forwards move, with some options unpriced and some flat") {
  HedgedPositions hedged;
  ValuedPositions& positions = hedged.positions;
  positions.value_all();
  hedged.check();
  for (std::uint32_t i = 0; i <= ValuedPositions::kOptions; ++i)
    if (i % 11 != 5) positions.mark(i, {.price = 0.04, .vol = 0.4 + 0.002 * i}, std::chrono::seconds{i});
  positions.mark(ValuedPositions::kOptions, {.price = 100'100});
  positions.follow(0, 100'000, std::chrono::seconds{60});
  positions.follow(1, 101'000, std::chrono::seconds{61});
  positions.value_all();
  hedged.check();
  for (int step = 1; step < 8; ++step) {
    CAPTURE(step);
    positions.follow(step % 3 == 0 ? 1 : 0, 100'000 + 250.0 * step, std::chrono::seconds{70 - 15 * step});
    hedged.check();
  }
  // One is told a vol that nothing can be priced from; the feed of another dies and lives again.
  positions.mark(4, {.price = 0.04, .vol = -1});
  positions.value(positions.desk.tracked_of_slot[4]);
  hedged.check();
  for (const ConnectionId connection : {kPrivate, kPublic}) {
    positions.mark(11, {.price = 0.05, .vol = 0.5}, std::chrono::seconds{80}, connection);
    positions.value(positions.desk.tracked_of_slot[11]);
    hedged.check();
  }
}

TEST_CASE("a hedge's sums go along when an account resizes, closes and reopens its positions, and when it is not believed") {
  HedgedPositions hedged;
  ValuedPositions& positions = hedged.positions;
  for (std::uint32_t i = 0; i <= ValuedPositions::kOptions; ++i) positions.mark(i, {.price = 0.04, .vol = 0.4 + 0.002 * i});
  positions.mark(ValuedPositions::kOptions, {.price = 100'100});
  positions.value_all();
  positions.follow(0, 100'000, std::chrono::seconds{60});
  positions.follow(1, 101'000, std::chrono::seconds{61});
  hedged.check();
  for (std::size_t which = 0; which < ValuedPositions::kOfAccount.size(); ++which) {
    CAPTURE(which);
    for (const double size : {3.0, -40.0, 0.0, 1.5, 0.0}) {
      CAPTURE(size);
      positions.resize(which, size, 0.03);
      hedged.check();
      positions.follow(0, 100'000 + 10 * size, std::chrono::seconds{62});
      hedged.check();
    }
  }
  for (const Quality& quality : {Quality::unknown(FigureReason::FeedDown), Quality{}}) {
    positions.judge_account(quality);
    hedged.check();
    positions.resize(1, 7, 0.05);
    hedged.check();
    positions.resize(0, 0, 0);
    hedged.check();
  }
}

TEST_CASE("a hedge whose deltas move with the smile is left to its positions' own slopes") {
  HedgeSetup setup;
  CHECK(HedgeSums::has(setup));
  setup.smile = kStickyDelta;
  CHECK_FALSE(HedgeSums::has(setup));
}

TEST_SUITE_END();
