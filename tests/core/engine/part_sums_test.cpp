#include "core/engine/part_sums.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/engine/engine_driver.hpp"
#include "core/engine/figure_rows.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

constexpr std::uint32_t kOptions = 50;

/// Options of two expiries in two books with one future, valued and summed by hand, without an engine.
class Positions {
 public:
  Positions() {
    for (std::uint32_t i = 0; i < kOptions; ++i) list(contract(i));
    Contract future = contract(kOptions);
    future.kind = ContractKind::Perpetual;
    future.size_unit = SizeUnit::Quote;
    future.expiry = kNoVenueTime;
    list(future);
    EngineSetup setup = EngineDriver::setup();
    setup.books = {book_of("main", {}), book_of("other", {})};
    for (std::uint32_t i = 0; i <= kOptions; ++i)
      setup.books[i % 3 == 0 ? 1 : 0].positions.push_back(line(contract(i).name.view(), i % 4 == 0 ? -1.5 : 2.25, 0.05));
    setup.books[1].positions.push_back(line(contract(7).name.view(), 0, 0));  // flat
    feeds.renumber_connections({}, 2);
    feeds.find(kPublic)->phase = FeedPhase::Live;
    freshness.set_now(now);
    portfolio.configure(setup);
    portfolio.rebuild(registry);
    table.begin_layout();
    BookUnderlyings underlyings(portfolio.book_count());
    desk = form_desk(setup, registry, market, portfolio, underlyings, table);
    table.end_layout();
    risks.assign(portfolio.holdings().size(), {});
    rows.lay_out(desk, table, std::vector<std::uint8_t>(table.size(), 0));
    followers.lay_out();
    sums.lay_out(portfolio.holdings(), registry);
  }
  Positions(const Positions&) = delete;
  Positions& operator=(const Positions&) = delete;

  void mark(std::uint32_t i, const Mark& mark, std::chrono::seconds later = {}, ConnectionId connection = kPublic) {
    market.apply(InstrumentSlot{i}, mark, {kVenueStart, now + later, connection});
  }
  /// By itself, as the engine does it.
  void value(std::uint32_t place) {
    TrackedInstrument& tracked = desk.tracked[place];
    const Contract& contract = registry.contract(tracked.slot);
    const auto inputs = judge_instrument({.contract = contract,
                                          .market = market.at(tracked.slot),
                                          .pricing_forward = market.pricing_forward(tracked.slot),
                                          .venue_now = kVenueStart},
                                         freshness, nullptr, tracked.last_valuation);
    if (inputs) {
      followers.note_market(place, *inputs);
      batch.add(contract, Venue::Deribit, *inputs, tracked.last_valuation);
      batch.price();
    }
    followers.valued(place);
    for (const std::uint32_t holding : tracked.holdings) {
      portfolio.refresh(holding, registry, {});
      set_position_risk(contract, tracked.last_valuation, portfolio.holdings()[holding].position, risks[holding]);
      sums.refreshed(holding, portfolio.holdings()[holding], contract);
    }
  }
  void value_all() {
    for (std::uint32_t place = 0; place < desk.tracked.size(); ++place) value(place);
  }
  /// Moves the forward of the options of one expiry, and reprices what follows it in columns.
  void follow(std::uint32_t option, double forward, std::chrono::seconds later) {
    mark(option, {.price = 0.05, .vol = 0.5, .forward = forward}, later);
    mark(option, {.price = 0.05, .vol = 0.5}, later);
    const ExpiryId expiry = market.at(InstrumentSlot{option}).expiry;
    TouchedSet touched;
    touched.resize(desk.tracked.size());
    followers.follow({.expiry = expiry,
                      .forward = forward,
                      .quality = freshness.of_market(market.expiry_forward(expiry), Venue::Deribit, FigureReason::MissingForward),
                      .index = {},
                      .now = now,
                      .sizes_version = 0},
                     touched);
    value(desk.tracked_of_slot[option]);
    for (const std::uint32_t place : touched.items()) value(place);
    repriced_alone += touched.items().size();
  }
  /// The part's sum is that of its risks once they are all up to date.
  void check_sums() {
    std::vector<ExposureSum> found;
    for (std::uint32_t part = 0; part < desk.parts.size(); ++part) found.push_back(sums.sum(part));
    for (std::uint32_t place = 0; place < desk.tracked.size(); ++place) (void)followers.valuation(place);
    for (std::uint32_t part = 0; part < desk.parts.size(); ++part) {
      CAPTURE(part);
      const Part& range = desk.parts[part];
      check_same(found[part], sum_positions(std::span{risks}.subspan(range.first_holding, range.holding_count)));
    }
  }

  MonoTime now = kStart;
  std::size_t repriced_alone = 0;
  InstrumentRegistry registry;
  Feeds feeds;
  Freshness freshness{feeds};
  MarketState market;
  Portfolio portfolio;
  FigureTable table;
  Desk desk;
  std::vector<PositionRisk> risks;
  DeferredRows rows;
  ForwardFollowers followers{
      {.desk = desk, .risks = risks, .registry = registry, .market = market, .portfolio = portfolio, .rows = rows, .table = table}};
  PartSums sums{desk, risks, followers};
  ValuationBatch batch;

 private:
  static Contract contract(std::uint32_t i) {
    return {.name = InstrumentName::from("OPTION-" + std::to_string(i)).value(),
            .base = AssetCode::from("BTC").value(),
            .quote = AssetCode::from(i % 10 == 9 ? "EUR" : "USD").value(),
            .settlement = AssetCode::from("BTC").value(),
            .expiry = kVenueStart + std::chrono::hours{24 * (i % 2 == 0 ? 30 : 3)},
            .strike = 80'000 + 1'000.0 * i,
            .contract_size = 1,
            .lot = 0.1,
            .kind = ContractKind::Option,
            .right = i % 3 == 0 ? OptionRight::Call : OptionRight::Put,
            .style = PayoffStyle::Inverse,
            .size_unit = SizeUnit::Base};
  }
  void list(const Contract& contract) {
    const InstrumentId id = make_instrument_id(Venue::Deribit, listed_++);
    registry.list(id, Venue::Deribit, contract);
    market.list(registry.slot_of(id), Venue::Deribit, contract);
  }
  static void check_same(const ExposureSum& a, const ExposureSum& b) {
    CHECK(std::bit_cast<std::array<std::uint64_t, 11>>(a.total) == std::bit_cast<std::array<std::uint64_t, 11>>(b.total));
    CHECK(a.value.coins == b.value.coins);
    CHECK(a.value.usd == b.value.usd);
    CHECK(a.bounds.low_coins == b.bounds.low_coins);
    CHECK(a.bounds.high_coins == b.bounds.high_coins);
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

  std::uint32_t listed_ = 0;
};

}  // namespace

TEST_SUITE_BEGIN("core/engine/part_sums");

TEST_CASE("a sum is to the bit that of its positions before and after forwards moved, with some options unpriced and some flat") {
  Positions positions;
  positions.value_all();
  positions.check_sums();
  for (std::uint32_t i = 0; i <= kOptions; ++i)
    if (i % 11 != 5) positions.mark(i, {.price = 0.04, .vol = 0.4 + 0.002 * i}, std::chrono::seconds{i});
  positions.follow(0, 100'000, std::chrono::seconds{60});
  positions.follow(1, 101'000, std::chrono::seconds{61});
  positions.value_all();
  positions.check_sums();
  const std::size_t before = positions.repriced_alone;
  for (int step = 1; step < 8; ++step) {
    CAPTURE(step);
    positions.follow(step % 3 == 0 ? 1 : 0, 100'000 + 250.0 * step, std::chrono::seconds{70 - 15 * step});
    positions.check_sums();
  }
  CHECK(positions.repriced_alone == before);
  // One of them is told a vol that nothing can be priced from.
  positions.mark(4, {.price = 0.04, .vol = -1});
  positions.value(positions.desk.tracked_of_slot[4]);
  positions.check_sums();
}

TEST_CASE("what the oldest and the worst position said is forgotten once it says otherwise") {
  Positions positions;
  for (std::uint32_t i = 0; i <= kOptions; ++i)
    positions.mark(i, {.price = 0.04, .vol = 0.5, .forward = 100'000}, std::chrono::seconds{i});
  positions.value_all();
  positions.check_sums();
  for (std::uint32_t i = 0; i <= kOptions; i += 3) {
    CAPTURE(i);
    // The oldest of its part hears something new.
    positions.mark(i, {.price = 0.04 + 0.001 * i, .vol = 0.6, .forward = 100'500}, std::chrono::seconds{100 + i});
    positions.value(positions.desk.tracked_of_slot[i]);
    positions.check_sums();
    // Another one's price comes over a feed that is dead, and again over one that lives; then all of it.
    for (const ConnectionId connection : {kPrivate, kPublic}) {
      positions.mark(i / 2, {.price = 0.05}, std::chrono::seconds{50}, connection);
      positions.value(positions.desk.tracked_of_slot[i / 2]);
      positions.check_sums();
    }
    positions.mark(i / 2, {.price = 0.04, .vol = 0.5, .forward = 100'000}, std::chrono::seconds{50}, kPrivate);
    positions.value(positions.desk.tracked_of_slot[i / 2]);
    positions.check_sums();
    positions.mark(i / 2, {.price = 0.04, .vol = 0.5, .forward = 100'000}, std::chrono::seconds{50});
    positions.value(positions.desk.tracked_of_slot[i / 2]);
    positions.check_sums();
  }
}

TEST_SUITE_END();
