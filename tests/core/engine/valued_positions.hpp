#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/engine/deferred_rows.hpp"
#include "core/engine/desk.hpp"
#include "core/engine/engine_driver.hpp"
#include "core/engine/figure_rows.hpp"
#include "core/engine/forward_followers.hpp"
#include "core/engine/part_sums.hpp"

namespace hedgewatch::testing {

/// Options of two expiries in two books with one future, valued and summed by hand, without an engine.
class ValuedPositions {
 public:
  static constexpr std::uint32_t kOptions = 50;
  /// Held twice in "main", and in all not at all. Its lot is larger than those of the others.
  static constexpr std::uint32_t kCancelled = 17;
  /// What an account adds to "other".
  static constexpr std::array<std::uint32_t, 2> kOfAccount{2, 14};
  static constexpr AccountId kHolder{0};

  explicit ValuedPositions(const std::vector<HedgeSetup>& hedges = {}) {
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
    // Lots that cancel out, but not what they cost: nothing is held, and the position is not flat.
    setup.books[0].positions.push_back(line(contract(kCancelled).name.view(), -2.25, 0.07));
    BookRule rule;
    rule.accounts = {kHolder};
    setup.books[1].rules = {rule};
    setup.hedges = hedges;
    feeds.renumber_connections({}, 2);
    feeds.find(kPublic)->phase = FeedPhase::Live;
    freshness.set_now(now);
    portfolio.configure(setup);
    for (const std::uint32_t i : kOfAccount)
      portfolio.account(kHolder)->positions().push_back(
          {.instrument = make_instrument_id(Venue::Deribit, i), .size = 0.5 + i, .average_entry = 0.04});
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
  ValuedPositions(const ValuedPositions&) = delete;
  ValuedPositions& operator=(const ValuedPositions&) = delete;

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
      portfolio.refresh(holding, registry, account_qualities);
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
  /// The account says anew what it holds of kOfAccount[which].
  void resize(std::size_t which, double size, double entry) {
    AccountPosition& position = portfolio.account(kHolder)->positions()[which];
    position.size = size;
    position.average_entry = entry;
    value(desk.tracked_of_slot[kOfAccount[which]]);
  }
  /// How far the account may be believed.
  void judge_account(const Quality& quality) {
    account_qualities[static_cast<std::size_t>(kHolder)] = quality;
    for (const std::uint32_t i : kOfAccount) value(desk.tracked_of_slot[i]);
  }
  /// Makes valuations and risks up to date, so that they can be summed one by one.
  void settle() {
    for (std::uint32_t place = 0; place < desk.tracked.size(); ++place) (void)followers.valuation(place);
  }

  MonoTime now = kStart;
  std::size_t repriced_alone = 0;
  std::vector<Quality> account_qualities{2};
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
            .lot = i == kCancelled ? 1.0 : 0.1,
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
  std::uint32_t listed_ = 0;
};

}  // namespace hedgewatch::testing
