#include "core/engine/engine.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/account_event_monitor.hpp"
#include "core/engine/advice_monitor.hpp"
#include "core/engine/basis_monitor.hpp"
#include "core/engine/deferred_rows.hpp"
#include "core/engine/deleveraging_monitor.hpp"
#include "core/engine/desk.hpp"
#include "core/engine/desk_monitor.hpp"
#include "core/engine/effectiveness_monitor.hpp"
#include "core/engine/exposure_monitor.hpp"
#include "core/engine/figure_rows.hpp"
#include "core/engine/forward_followers.hpp"
#include "core/engine/hedge_cost_monitor.hpp"
#include "core/engine/hedge_sums.hpp"
#include "core/engine/hour_move_monitor.hpp"
#include "core/engine/leg_quotes.hpp"
#include "core/engine/liquidity_monitor.hpp"
#include "core/engine/margin_monitor.hpp"
#include "core/engine/part_sums.hpp"
#include "core/engine/position_age_monitor.hpp"
#include "core/engine/profit_monitor.hpp"
#include "core/engine/rebalance_monitor.hpp"
#include "core/engine/reconcile_monitor.hpp"
#include "core/engine/regime_monitor.hpp"
#include "core/engine/scenario_monitor.hpp"
#include "core/engine/stablecoin_monitor.hpp"
#include "core/engine/surface_monitor.hpp"
#include "core/engine/touched_set.hpp"
#include "core/engine/value_at_risk_monitor.hpp"
#include "core/engine/working_order_monitor.hpp"
#include "core/hedge/hedge_relationship.hpp"
#include "core/instrument/registry.hpp"
#include "core/market/feeds.hpp"
#include "core/market/freshness.hpp"
#include "core/market/market_state.hpp"
#include "core/portfolio/portfolio.hpp"
#include "core/risk/book_exposure.hpp"
#include "core/risk/instrument_valuation.hpp"
#include "core/risk/position_risk.hpp"
#include "core/risk/valuation_batch.hpp"
#include "core/types/state_archive.hpp"

namespace hedgewatch {

namespace {

/// Ages, and dollar amounts of positions that only the index moved, follow in this rhythm of the engine's time.
constexpr std::chrono::nanoseconds kSlowRefresh = std::chrono::milliseconds{100};

/// What the surfaces answer, with the desk as it is now.
class SurfaceFallback final : public OptionFallback {
 public:
  SurfaceFallback(SurfaceMonitor& surfaces, const DeskView& view) : surfaces_{surfaces}, view_{view} {}
  FallbackForward forward(ExpiryId expiry) override { return surfaces_.forward(view_, expiry); }
  FallbackVol vol(const FallbackQuestion& question) override { return surfaces_.vol(view_, question); }

 private:
  SurfaceMonitor& surfaces_;
  const DeskView& view_;
};

/// Whether a hedge looks at an instrument, held or not.
bool looks_at(const HedgeSetup& hedge, Venue venue, std::string_view name) {
  const auto is_it = [&](const InstrumentPattern& pattern) { return pattern.matches(venue, name); };
  if (std::any_of(hedge.legs.begin(), hedge.legs.end(), is_it)) return true;
  if (std::any_of(hedge.advice.begin(), hedge.advice.end(), [&](const AdviceInstrument& one) { return is_it(one.instrument); }))
    return true;
  const auto& effectiveness = hedge.effectiveness;
  return effectiveness && (is_it(effectiveness->basis_leg) || (effectiveness->reference && is_it(*effectiveness->reference)));
}

bool changes_structure(InstrumentRegistry::Listing listing) {
  return listing == InstrumentRegistry::Listing::New || listing == InstrumentRegistry::Listing::Changed;
}

}  // namespace

struct Engine::State {
  explicit State(EngineSetup configuration) {
    venue_now.fill(kNoVenueTime);
    next_bar_end.fill(VenueTime::max());
    next_expiry.fill(VenueTime::max());
    auto surface_monitor = std::make_unique<SurfaceMonitor>();
    surfaces = surface_monitor.get();
    monitors.push_back(std::move(surface_monitor));
    auto hours = std::make_unique<HourMoveMonitor>();
    const HourMoveMonitor& hour_moves = *hours;
    monitors.push_back(std::move(hours));
    monitors.push_back(std::make_unique<LiquidityMonitor>(hour_moves));
    auto effectiveness_monitor = std::make_unique<EffectivenessMonitor>();
    effectiveness = effectiveness_monitor.get();
    monitors.push_back(std::move(effectiveness_monitor));
    auto basis_monitor = std::make_unique<BasisMonitor>(*effectiveness);
    const BasisMonitor& basis = *basis_monitor;
    monitors.push_back(std::move(basis_monitor));
    monitors.push_back(std::make_unique<RegimeMonitor>(basis, hour_moves));
    // The three that sample prices into bars, in the order in which they read one another.
    std::transform(monitors.end() - 3, monitors.end(), samplers.begin(), [](const auto& monitor) { return monitor.get(); });
    auto rebalance_monitor = std::make_unique<RebalanceMonitor>(hour_moves);
    const RebalanceMonitor& bands = *rebalance_monitor;
    monitors.push_back(std::move(rebalance_monitor));
    monitors.push_back(std::make_unique<HedgeCostMonitor>(bands));
    monitors.push_back(std::make_unique<AdviceMonitor>(bands));
    auto reconcile = std::make_unique<ReconcileMonitor>();
    ReconcileMonitor& ledgers = *reconcile;
    monitors.push_back(std::move(reconcile));
    monitors.push_back(std::make_unique<ProfitMonitor>(ledgers));
    auto event_monitor = std::make_unique<AccountEventMonitor>();
    account_events = event_monitor.get();
    monitors.push_back(std::move(event_monitor));
    monitors.push_back(std::make_unique<MarginMonitor>());
    monitors.push_back(std::make_unique<StablecoinMonitor>());
    monitors.push_back(std::make_unique<PositionAgeMonitor>());
    monitors.push_back(std::make_unique<DeleveragingMonitor>());
    monitors.push_back(std::make_unique<WorkingOrderMonitor>());
    monitors.push_back(std::make_unique<ExposureMonitor>());
    monitors.push_back(std::make_unique<ScenarioMonitor>());
    monitors.push_back(std::make_unique<ValueAtRiskMonitor>());
    configure(std::move(configuration));
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  enum class Connections : std::uint8_t { KnownByName, AllNew };
  void configure(EngineSetup configuration, Connections connections = Connections::KnownByName);
  void apply(const Event& event);
  void lose_connections();
  void note_id(InstrumentId id);
  void end_cycle(MonoTime now);

  // ---- events
  void on(const EventHeader& header, const Mark& mark);
  void on(const EventHeader& header, const Quote& quote);
  void on(const EventHeader& header, const IndexPrice& index);
  void on(const EventHeader& header, const BookBegin& begin);
  void on(const EventHeader& header, const BookLevel& level);
  void on(const EventHeader& header, const BookEnd& end);
  void on(const EventHeader& header, const BookInvalidated& invalidated);
  void on(const EventHeader& header, const InstrumentListed& listed);
  void on(const EventHeader& header, const InstrumentStateChanged& changed);
  void on(const EventHeader& header, const PositionReport& report);
  void on(const EventHeader& header, const PositionSnapshotBegin& begin);
  void on(const EventHeader& header, const PositionSnapshotEnd& end);
  void on(const EventHeader& header, const AccountSummary& summary);
  void on(const EventHeader& header, const AccountGreeks& totals);
  void on(const EventHeader& header, const WorkingOrder& order);
  void on(const EventHeader& header, const WorkingOrdersBegin& begin);
  void on(const EventHeader& header, const WorkingOrdersEnd& end);
  void on(const EventHeader& header, const FeedStatus& status);
  void on(const EventHeader& header, const PlatformState& platform);
  void on(const EventHeader& header, const AlertAcknowledged& acknowledged);
  void on(const EventHeader& header, const LimitOverridden& overridden);
  void on(const EventHeader& header, const TimerTick& tick);
  /// The others prove life; what is computed from them is the monitors'.
  template <class Other>
  void on(const EventHeader& header, const Other& other);

  // ---- what events share
  InstrumentSlot heard_instrument(const EventHeader& header);
  void note_market_data(const EventHeader& header);
  void close_bars(const EventHeader& header);
  void find_next_bar_ends();
  void heard_price(InstrumentSlot slot);
  void heard_price(IndexId index);
  Account* heard_account(const EventHeader& header);
  [[nodiscard]] bool completes_smile(ExpiryId expiry) const;
  void touch(InstrumentSlot slot);
  void touch_spread(InstrumentSlot slot);

  // ---- structure
  void rebuild();
  void tell_monitors(const Event& event);
  [[nodiscard]] DeskView view();

  // ---- one cycle
  void judge_accounts();
  void touch_leaning();
  void touch_refitted();
  void touch_fallbacks();
  void judge(std::uint32_t place, OptionFallback& fallback);
  void reprice();
  void refresh_spreads();
  void refresh_position(std::uint32_t holding, const InstrumentValuation& valuation, const Estimate& index);
  void refresh_positions();
  void sum_books();
  void sum_cross_hedges();
  void publish_indices_and_accounts();
  void publish_feeds();
  void refresh_slow();
  void end_monitors_cycle();
  /// What waits between two readers; nothing does after a new structure or a restoration.
  void lay_out_deferred() {
    followers.lay_out();
    sums.lay_out(portfolio.holdings(), registry);
    std::vector<double> lots;
    for (const Holding& holding : portfolio.holdings()) lots.push_back(registry.contract(holding.slot).lot);
    hedge_sums.lay_out(setup.hedges, lots);
    deferred_rows.lay_out(desk, table, alerts.rows_read(table.size()));
  }
  void write_watched();
  [[nodiscard]] DeferredSources deferred_sources() const { return {desk, portfolio.holdings(), risks}; }
  [[nodiscard]] Estimate index_price(IndexId id);
  [[nodiscard]] Quality book_quality(std::uint32_t book);
  [[nodiscard]] EquityPart equity_of(const Exposure& exposure);

  EngineSetup setup;
  InstrumentRegistry registry;
  Feeds feeds;
  Freshness freshness{feeds};
  MarketState market;
  Portfolio portfolio;
  FigureTable table;
  EngineCounters counters;
  MonoTime now{};
  std::uint64_t cycles = 0;
  std::array<VenueTime, kVenues.size()> venue_now{};
  std::array<std::uint32_t, kVenues.size()> next_counts{};  ///< by venue: beyond every id that an event has named
  std::array<VenueTime, kVenues.size()> next_expiry{};
  std::array<VenueTime, kVenues.size()> next_bar_end{};
  std::vector<unsigned char> sampled_slots;    ///< by slot, as of the newest layout
  std::vector<unsigned char> sampled_indices;  ///< by IndexId, as of the newest layout

  bool smile_wanted = false;  ///< a hedge's delta moves with the smile

  bool structure_changed = true;
  bool recompute_all = true;
  bool index_moved = false;
  MonoTime next_slow_refresh{};

  Desk desk;
  std::vector<PositionRisk> risks;           ///< parallel to the portfolio's holdings
  std::vector<ExposurePart> part_sums;       ///< parallel to the desk's parts
  std::vector<BookExposure> book_exposures;  ///< parallel to the desk's exposures
  std::vector<HedgeFigures> hedge_results;   ///< parallel to the setup's hedges
  std::vector<Quality> account_qualities;
  std::vector<std::unique_ptr<DeskMonitor>> monitors;
  std::array<DeskMonitor*, 3> samplers{};  ///< those of the monitors that sample prices into bars
  AlertBoard alerts;
  AccountEventMonitor* account_events = nullptr;        ///< one of the monitors: it also remembers over a restart
  const EffectivenessMonitor* effectiveness = nullptr;  ///< one of the monitors: it also measures the beta of cross hedges
  SurfaceMonitor* surfaces = nullptr;  ///< one of the monitors: it also answers where a venue's vol or forward is missing
  std::vector<std::uint32_t> closed_holdings;
  BookUnderlyings book_underlyings;
  DeferredRows deferred_rows;
  ForwardFollowers followers{{.desk = desk,
                              .risks = risks,
                              .registry = registry,
                              .market = market,
                              .portfolio = portfolio,
                              .rows = deferred_rows,
                              .table = table}};
  PartSums sums{desk, risks, followers};
  HedgeSums hedge_sums{desk, sums, followers};
  std::uint64_t sizes_version = 0;  ///< changes whenever the quality of an account's positions does

  TouchedSet touched_instruments;
  TouchedSet touched_spreads;
  TouchedSet touched_holdings;
  TouchedSet touched_parts;
  TouchedSet touched_exposures;
  TouchedSet touched_indices;
  TouchedSet touched_expiries;  ///< with a new forward
  ValuationBatch valuation_batch;

  /// Everything but the setup, and what lives only within a cycle.
  void visit_state(StateArchive& archive);
};

// ---- configuration and structure

void Engine::State::configure(EngineSetup configuration, Connections connections) {
  // Connections are known by name across a new configuration, as accounts are.
  std::vector<ConnectionId> new_of_old;
  for (const std::string& name : setup.connections) {
    const auto place = std::find(configuration.connections.begin(), configuration.connections.end(), name);
    new_of_old.push_back(place == configuration.connections.end() || connections == Connections::AllNew
                             ? kNoConnection
                             : ConnectionId{static_cast<std::uint8_t>(place - configuration.connections.begin())});
  }
  feeds.renumber_connections(new_of_old, configuration.connections.size());
  market.renumber_connections(new_of_old);
  for (Account& account : portfolio.accounts()) account.renumber_connections(new_of_old);
  for (const auto& monitor : monitors) monitor->renumber_connections(new_of_old);
  setup = std::move(configuration);
  for (const Venue venue : kVenues) freshness.set_limits(venue, {});
  for (const VenueSetup& venue : setup.venues)
    freshness.set_limits(venue.venue, {.market_data = venue.market_data_max_age, .account = venue.account_max_age});
  portfolio.configure(setup);
  account_qualities.assign(setup.accounts.size(), Quality{});
  book_underlyings.assign(portfolio.book_count(), {});
  smile_wanted =
      std::any_of(setup.hedges.begin(), setup.hedges.end(), [](const HedgeSetup& hedge) { return hedge.smile != kStickyStrike; });
  HedgeScopes scopes;
  for (const HedgeSetup& hedge : setup.hedges) scopes[hedge.name] = {.book = hedge.book, .underlying = hedge.underlying};
  alerts.set_rules(setup.alerts, std::move(scopes));
  rebuild();
}

void Engine::State::rebuild() {
  portfolio.rebuild(registry);
  table.begin_layout();
  desk = form_desk(setup, registry, market, portfolio, book_underlyings, table);
  risks.assign(portfolio.holdings().size(), PositionRisk{});
  part_sums.assign(desk.parts.size(), ExposurePart{});
  book_exposures.assign(desk.exposures.size(), BookExposure{});
  hedge_results.assign(desk.hedges.size(), HedgeFigures{});
  structure_changed = false;
  followers.lay_out();
  for (const auto& monitor : monitors) monitor->lay_out(view(), table);
  sampled_slots.assign(registry.size(), 0);
  sampled_indices.assign(market.index_count(), 0);
  for (const DeskMonitor* sampler : samplers) {
    for (std::uint32_t slot = 0; slot < sampled_slots.size(); ++slot)
      if (sampler->samples(InstrumentSlot{slot})) sampled_slots[slot] = 1;
    for (std::uint32_t index = 0; index < sampled_indices.size(); ++index)
      if (sampler->samples(IndexId{index})) sampled_indices[index] = 1;
  }
  find_next_bar_ends();
  alerts.add_rows(table);
  table.end_layout();
  alerts.bind(table);
  lay_out_deferred();
  touched_instruments.resize(desk.tracked.size());
  touched_spreads.resize(desk.tracked.size());
  touched_holdings.resize(portfolio.holdings().size());
  touched_parts.resize(desk.parts.size());
  touched_exposures.resize(desk.exposures.size());
  touched_indices.resize(market.index_count());
  touched_expiries.resize(market.expiry_count());
  std::size_t account_positions = 0;
  for (const Account& account : portfolio.accounts()) account_positions += account.positions().size();
  closed_holdings.reserve(account_positions);
  recompute_all = true;
}

DeskView Engine::State::view() {
  return {.setup = setup,
          .registry = registry,
          .market = market,
          .portfolio = portfolio,
          .desk = desk,
          .feeds = feeds,
          .account_qualities = account_qualities,
          .book_exposures = book_exposures,
          .hedge_figures = hedge_results,
          .venue_now = venue_now,
          .freshness = freshness,
          .followers = followers,
          .last_risks = risks,
          .now = now,
          .structure_changed = structure_changed};
}

void Engine::State::tell_monitors(const Event& event) {
  if (!concerns_monitors(event.body)) return;
  const DeskView seen = view();
  for (const auto& monitor : monitors) monitor->apply(seen, event);
}

void Engine::State::lose_connections() {
  Event event;
  event.header.received = now;
  event.body = FeedStatus{FeedPhase::Down, FeedDownReason::Disconnected};
  for (std::size_t i = 0; i < setup.connections.size(); ++i) {
    event.header.connection = ConnectionId{static_cast<std::uint8_t>(i)};
    event.header.venue = i < setup.connection_venues.size() ? setup.connection_venues[i] : Venue::Deribit;
    apply(event);
  }
  event.header.connection = kNoConnection;
  event.body = BookInvalidated{};
  for (std::uint32_t i = 0; i < registry.size(); ++i) {
    const InstrumentSlot slot{i};
    if (market.order_book(slot) == nullptr) continue;
    event.header.instrument = registry.id(slot);
    event.header.venue = registry.venue(slot);
    apply(event);
  }
}

// ---- events

void Engine::State::apply(const Event& event) {
  note_id(event.header.instrument);
  std::visit([&](const auto& body) { on(event.header, body); }, event.body);
  tell_monitors(event);
}

void Engine::State::note_id(InstrumentId id) {
  const std::size_t venue = static_cast<std::uint32_t>(id) >> 24;
  if (venue < next_counts.size()) next_counts[venue] = std::max(next_counts[venue], count_of(id) + 1);
}

void Engine::State::note_market_data(const EventHeader& header) {
  if (Feeds::Connection* connection = feeds.find(header.connection)) {
    connection->newest_market_data = header.received;
    connection->has_market_data = true;
  } else {
    ++counters.unknown_connection_events;
  }
  if (header.exchange_time == kNoVenueTime) return;
  venue_now[static_cast<std::size_t>(header.venue)] = header.exchange_time;
  if (header.exchange_time > next_bar_end[static_cast<std::size_t>(header.venue)]) close_bars(header);
}

/// Before the event itself is applied, so that a bar holds what was known when it ended, however many events a cycle drains.
void Engine::State::close_bars(const EventHeader& header) {
  DeskView seen = view();
  seen.now = std::max(now, header.received);
  for (DeskMonitor* sampler : samplers) sampler->close_bars(seen);
  find_next_bar_ends();
}

void Engine::State::find_next_bar_ends() {
  for (const Venue venue : kVenues) {
    VenueTime& next = next_bar_end[static_cast<std::size_t>(venue)];
    next = VenueTime::max();
    for (const DeskMonitor* sampler : samplers) next = std::min(next, sampler->next_bar_end(venue));
  }
}

void Engine::State::heard_price(InstrumentSlot slot) {
  if (index_of(slot) >= sampled_slots.size() || sampled_slots[index_of(slot)] == 0) return;
  const DeskView seen = view();
  for (DeskMonitor* sampler : samplers) sampler->heard_price(seen, slot);
}

void Engine::State::heard_price(IndexId index) {
  const auto place = static_cast<std::size_t>(index);
  if (place >= sampled_indices.size() || sampled_indices[place] == 0) return;
  const DeskView seen = view();
  for (DeskMonitor* sampler : samplers) sampler->heard_price(seen, index);
}

InstrumentSlot Engine::State::heard_instrument(const EventHeader& header) {
  note_market_data(header);
  const InstrumentSlot slot = registry.slot_of(header.instrument);
  if (slot == kNoSlot) ++counters.unknown_instrument_events;
  return slot;
}

Account* Engine::State::heard_account(const EventHeader& header) {
  Account* account = portfolio.account(header.account);
  if (account == nullptr) {
    ++counters.unknown_account_events;
    return nullptr;
  }
  if (account->hear(header.venue, origin_of(header))) structure_changed = true;
  return account;
}

/// One more strike may be what the smile of an expiry that is looked at lacks: then it has rows.
bool Engine::State::completes_smile(ExpiryId expiry) const {
  const auto place = static_cast<std::size_t>(expiry);
  return expiry != kNoExpiry && place < desk.expiry_members.size() && !desk.expiry_members[place].empty() &&
         !surfaces->reports(expiry);
}

void Engine::State::touch(InstrumentSlot slot) {
  if (structure_changed) return;
  const std::uint32_t place = desk.tracked_of_slot[index_of(slot)];
  if (place != kNoPlace) touched_instruments.insert(place);
}

void Engine::State::touch_spread(InstrumentSlot slot) {
  if (structure_changed) return;
  const std::uint32_t place = desk.tracked_of_slot[index_of(slot)];
  if (place != kNoPlace && desk.tracked[place].rows.spread != kNoRow) touched_spreads.insert(place);
}

void Engine::State::on(const EventHeader& header, const Mark& mark) {
  const InstrumentSlot slot = heard_instrument(header);
  if (slot == kNoSlot) return;
  const MarketState::MarkEffect effect = market.apply(slot, mark, origin_of(header));
  touch(slot);
  const InstrumentMarket& state = market.at(slot);
  if (effect.index_updated) heard_price(state.index);
  if (structure_changed) return;
  if (effect.index_updated) touched_indices.insert(static_cast<std::size_t>(state.index));
  if (effect.expiry_forward_updated) touched_expiries.insert(static_cast<std::size_t>(state.expiry));
}

void Engine::State::on(const EventHeader& header, const Quote& quote) {
  const InstrumentSlot slot = heard_instrument(header);
  if (slot == kNoSlot) return;
  market.apply(slot, quote, origin_of(header));
  heard_price(slot);
}

void Engine::State::on(const EventHeader& header, const IndexPrice& index) {
  note_market_data(header);
  const std::size_t known = market.index_count();
  const IndexId id = market.apply(header.venue, index, origin_of(header));
  if (market.index_count() != known) structure_changed = true;
  if (id != kNoIndex) heard_price(id);
  if (id != kNoIndex && !structure_changed) touched_indices.insert(static_cast<std::size_t>(id));
}

void Engine::State::on(const EventHeader& header, const BookBegin& begin) {
  const InstrumentSlot slot = heard_instrument(header);
  if (slot == kNoSlot) return;
  market.note(slot, origin_of(header));
  market.begin_book(slot, begin.snapshot);
}

void Engine::State::on(const EventHeader& header, const BookLevel& level) {
  const InstrumentSlot slot = registry.slot_of(header.instrument);
  if (slot == kNoSlot) return;
  if (OrderBook* book = market.order_book(slot)) book->set(level.side, level.price, level.size);
}

void Engine::State::on(const EventHeader& header, const BookEnd& end) {
  const InstrumentSlot slot = registry.slot_of(header.instrument);
  if (slot == kNoSlot) return;
  if (OrderBook* book = market.order_book(slot)) book->end(end.sequence);
  market.note_book(slot, origin_of(header));
  touch_spread(slot);
  heard_price(slot);
}

void Engine::State::on(const EventHeader& header, const BookInvalidated&) {
  const InstrumentSlot slot = registry.slot_of(header.instrument);
  if (slot == kNoSlot) return;
  if (OrderBook* book = market.order_book(slot)) book->invalidate();
  touch_spread(slot);
}

void Engine::State::on(const EventHeader& header, const InstrumentListed& listed) {
  const InstrumentRegistry::Listing listing = registry.list(header.instrument, header.venue, listed.contract);
  if (!changes_structure(listing)) return;
  const InstrumentSlot slot = registry.slot_of(header.instrument);
  market.list(slot, header.venue, listed.contract);
  const std::string_view name = listed.contract.name.view();
  const bool wanted = listing == InstrumentRegistry::Listing::Changed || portfolio.awaits(header.instrument, header.venue, name) ||
                      std::any_of(setup.watch.begin(), setup.watch.end(),
                                  [&](const InstrumentPattern& pattern) { return pattern.matches(header.venue, name); }) ||
                      std::any_of(setup.hedges.begin(), setup.hedges.end(),
                                  [&](const HedgeSetup& hedge) { return looks_at(hedge, header.venue, name); }) ||
                      completes_smile(market.at(slot).expiry);
  if (wanted || structure_changed) {
    structure_changed = true;
    return;
  }
  // Nobody looks at it: it only needs its places in the tables.
  desk.tracked_of_slot.resize(registry.size(), kNoPlace);
  desk.expiry_members.resize(market.expiry_count());
  touched_expiries.grow(market.expiry_count());
  if (touched_indices.size() != market.index_count()) structure_changed = true;
}

void Engine::State::on(const EventHeader& header, const InstrumentStateChanged& changed) {
  const InstrumentSlot slot = registry.slot_of(header.instrument);
  if (slot == kNoSlot) {
    ++counters.unknown_instrument_events;
    return;
  }
  registry.set_phase(slot, changed.phase);
  touch(slot);
}

void Engine::State::on(const EventHeader& header, const PositionReport& report) {
  Account* account = heard_account(header);
  if (account == nullptr) return;
  const Account::Effect effect = account->apply(report, header.instrument);
  if (effect.change == Account::Change::Opened) structure_changed = true;
  if (effect.change == Account::Change::Resized && !structure_changed) touched_holdings.insert(effect.holding);
}

void Engine::State::on(const EventHeader& header, const PositionSnapshotBegin&) {
  if (Account* account = heard_account(header)) account->begin_snapshot();
}

void Engine::State::on(const EventHeader& header, const PositionSnapshotEnd&) {
  Account* account = heard_account(header);
  if (account == nullptr) return;
  closed_holdings.clear();
  account->end_snapshot(closed_holdings);
  if (structure_changed) return;
  for (const std::uint32_t holding : closed_holdings) touched_holdings.insert(holding);
}

void Engine::State::on(const EventHeader& header, const AccountSummary& summary) {
  Account* account = heard_account(header);
  if (account == nullptr) return;
  if (account->apply(summary, origin_of(header))) structure_changed = true;
  if (structure_changed) return;
  for (std::size_t e = 0; e < desk.exposures.size(); ++e)
    for (const EquitySource& source : desk.exposures[e].equity)
      if (AccountId{source.account} == header.account) touched_exposures.insert(e);
}

void Engine::State::on(const EventHeader& header, const AccountGreeks& totals) {
  Account* account = heard_account(header);
  if (account != nullptr && account->apply(totals)) structure_changed = true;
}

void Engine::State::on(const EventHeader& header, const WorkingOrder& order) {
  Account* account = heard_account(header);
  if (account != nullptr && account->orders().apply(order, header.instrument)) structure_changed = true;
}

void Engine::State::on(const EventHeader& header, const WorkingOrdersBegin&) {
  if (Account* account = heard_account(header)) account->orders().begin_snapshot();
}

void Engine::State::on(const EventHeader& header, const WorkingOrdersEnd&) {
  if (Account* account = heard_account(header)) account->orders().end_snapshot();
}

void Engine::State::on(const EventHeader& header, const FeedStatus& status) {
  Feeds::Connection* connection = feeds.find(header.connection);
  if (connection == nullptr) {
    ++counters.unknown_connection_events;
    return;
  }
  connection->phase = status.phase;
  connection->reason = status.reason;
  connection->status_received = header.received;
  if (status.phase == FeedPhase::Down || status.phase == FeedPhase::Connecting)
    for (Account& account : portfolio.accounts())
      if (account.heard() && account.connection() == header.connection) account.lose_connection();
  recompute_all = true;
}

void Engine::State::on(const EventHeader& header, const PlatformState& platform) {
  feeds.platform(header.venue) = {.known = true,
                                  .locked = platform.locked || platform.maintenance,
                                  .received = header.received,
                                  .connection = header.connection};
}

void Engine::State::on(const EventHeader&, const AlertAcknowledged& acknowledged) {
  alerts.acknowledge({.rule = acknowledged.rule, .row = acknowledged.row});
}

void Engine::State::on(const EventHeader& header, const LimitOverridden& overridden) {
  alerts.override_limit({.rule = overridden.rule, .row = overridden.row}, overridden.level,
                        header.received + std::chrono::nanoseconds{overridden.lasts_ns});
}

void Engine::State::on(const EventHeader& header, const TimerTick&) { now = std::max(now, header.received); }

template <class Other>
void Engine::State::on(const EventHeader& header, const Other&) {
  if constexpr (std::is_same_v<Other, VenueGreeks> || std::is_same_v<Other, Funding> || std::is_same_v<Other, Trade>) {
    const InstrumentSlot slot = heard_instrument(header);
    if (slot != kNoSlot) market.note(slot, origin_of(header));
  } else if constexpr (!std::is_same_v<Other, InstrumentDelivered> && !std::is_same_v<Other, EndOfCycle>) {
    heard_account(header);
  }
}

// ---- one cycle

Estimate Engine::State::index_price(IndexId id) {
  if (id == kNoIndex) return {0, Quality::unknown(FigureReason::MissingIndex)};
  const Reading& reading = market.index(id);
  return {reading.value, freshness.of_market(reading, market.index_venue(id), FigureReason::MissingIndex)};
}

Quality Engine::State::book_quality(std::uint32_t book) {
  Quality quality = portfolio.unlisted(book);
  for (const std::uint16_t account : portfolio.book_accounts(book)) quality = worst(quality, account_qualities[account]);
  return quality;
}

EquityPart Engine::State::equity_of(const Exposure& exposure) {
  const Estimate missing{0, Quality::unknown(FigureReason::MissingEquity)};
  if (exposure.equity.empty()) return {missing, missing};
  EquityPart part;
  for (const EquitySource& source : exposure.equity) {
    if (source.summary == kNoPlace) return {missing, missing};
    const Account& account = portfolio.accounts()[source.account];
    const Account::Summary& summary = account.summaries()[source.summary];
    if (!is_present(summary.amounts.equity)) return {missing, missing};
    const Estimate coins{source.share * summary.amounts.equity, freshness.of_account(summary.origin, account.venue())};
    part.coins = part.coins + coins;
    part.usd = part.usd + coins * index_price(source.index);
  }
  return part;
}

void Engine::State::judge_accounts() {
  for (std::size_t i = 0; i < account_qualities.size(); ++i) {
    const Quality quality = portfolio.accounts()[i].positions_quality(freshness, feeds);
    if (quality.state() != account_qualities[i].state() || quality.reason() != account_qualities[i].reason()) recompute_all = true;
    if (quality != account_qualities[i]) ++sizes_version;
    account_qualities[i] = quality;
  }
}

/// Options that take a forward or a vol from their expiry follow its forward, whoever's mark brought it.
void Engine::State::touch_leaning() {
  if (recompute_all) return;
  for (const std::uint32_t expiry : touched_expiries.items()) {
    const auto& members = desk.expiry_members[expiry];
    if (members.empty()) continue;
    const InstrumentSlot slot = desk.tracked[members.front()].slot;
    const Reading& forward = market.expiry_forward(ExpiryId{expiry});
    followers.follow({.expiry = ExpiryId{expiry},
                      .forward = forward.value,
                      .quality = freshness.of_market(forward, registry.venue(slot), FigureReason::MissingForward),
                      .index = index_price(market.at(slot).index),
                      .now = now,
                      .sizes_version = sizes_version},
                     touched_instruments);
    for (std::uint32_t part = 0; part < desk.parts.size(); ++part)
      if (sums.follows(part, expiry)) touched_parts.insert(part);
  }
}

/// Where deltas move with the smile, each fit of a surface has other slopes.
void Engine::State::touch_refitted() {
  surfaces->take_refitted([&](ExpiryId expiry) {
    if (!smile_wanted) return;
    for (const std::uint32_t place : desk.expiry_members[static_cast<std::size_t>(expiry)]) touched_instruments.insert(place);
  });
}

/// Options that the venue does not price follow the surfaces and the forwards in the slow rhythm.
void Engine::State::touch_fallbacks() {
  for (std::uint32_t place = 0; place < desk.tracked.size(); ++place) {
    const InstrumentValuation& valuation = desk.tracked[place].last_valuation;
    if (registry.contract(desk.tracked[place].slot).kind == ContractKind::Option && !valuation.expired &&
        (valuation.vol_source != VolSource::VenueMark || valuation.forward_source != ForwardSource::VenueMark ||
         (smile_wanted && !valuation.smile.ok())))
      touched_instruments.insert(place);
  }
}

void Engine::State::judge(std::uint32_t place, OptionFallback& fallback) {
  TrackedInstrument& instrument = desk.tracked[place];
  const InstrumentView seen{.contract = registry.contract(instrument.slot),
                            .market = market.at(instrument.slot),
                            .pricing_forward = market.pricing_forward(instrument.slot),
                            .venue = registry.venue(instrument.slot),
                            .phase = registry.phase(instrument.slot),
                            .venue_now = venue_now[static_cast<std::size_t>(registry.venue(instrument.slot))]};
  auto to_price = judge_instrument(seen, freshness, &fallback, instrument.last_valuation);
  if (to_price && smile_wanted) {
    const Estimate slope = surfaces->slope(view(), {.expiry_id = seen.market.expiry,
                                                    .expiry = seen.contract.expiry,
                                                    .at = to_price->at,
                                                    .strike = seen.contract.strike,
                                                    .forward = to_price->forward});
    instrument.last_valuation.smile = slope.quality;
    instrument.last_valuation.smile_slope = slope.value;
  }
  if (to_price && seen.venue == Venue::Okx)
    if (const Estimate index = index_price(seen.market.index); index.quality.ok()) to_price->spot = index.value;
  if (!to_price) return;
  followers.note_market(place, *to_price);
  valuation_batch.add(seen.contract, seen.venue, *to_price, instrument.last_valuation);
}

void Engine::State::reprice() {
  const Publisher out{table, now};
  // Before those that only follow others: an option has no younger data because another ticked.
  for (const std::uint32_t place : touched_instruments.items())
    desk.tracked[place].rows.publish_age(out, market.at(desk.tracked[place].slot));
  touch_leaning();
  touch_refitted();
  if (now >= next_slow_refresh) touch_fallbacks();
  const DeskView seen = view();
  SurfaceFallback fallback{*surfaces, seen};
  surfaces->begin_cycle();
  const auto touched = touched_instruments.items();
  for (std::size_t first = 0; first < touched.size(); first += ValuationBatch::kCapacity) {
    const auto block = touched.subspan(first, std::min(ValuationBatch::kCapacity, touched.size() - first));
    for (const std::uint32_t place : block) judge(place, fallback);
    valuation_batch.price();
    for (const std::uint32_t place : block) {
      const TrackedInstrument& instrument = desk.tracked[place];
      const VenueTime expiry = registry.contract(instrument.slot).expiry;
      VenueTime& next = next_expiry[static_cast<std::size_t>(registry.venue(instrument.slot))];
      followers.valued(place);
      if (expiry != kNoVenueTime && !instrument.last_valuation.expired) next = std::min(next, expiry);
      deferred_rows.defer_instrument(place, now);
      if (instrument.holdings.empty()) continue;
      const Estimate index = index_price(market.at(instrument.slot).index);
      for (const std::uint32_t holding : instrument.holdings) refresh_position(holding, instrument.last_valuation, index);
    }
  }
}

void Engine::State::refresh_spreads() {
  const Publisher out{table, now};
  for (const std::uint32_t place : touched_spreads.items()) {
    const TrackedInstrument& instrument = desk.tracked[place];
    const Quality quality = freshness.of_market(market.at(instrument.slot).book_change, registry.venue(instrument.slot),
                                                FigureReason::OrderBookInvalid);
    instrument.rows.publish_spread(out, std::as_const(market).order_book(instrument.slot), quality);
  }
}

void Engine::State::refresh_position(std::uint32_t holding, const InstrumentValuation& valuation, const Estimate& index) {
  portfolio.refresh(holding, registry, account_qualities);
  const Holding& held = portfolio.holdings()[holding];
  const Contract& contract = registry.contract(held.slot);
  set_position_risk(contract, valuation, held.position, risks[holding]);
  sums.refreshed(holding, held, contract);
  desk.position_rows[holding].publish_size({table, now}, held.position);
  deferred_rows.defer_risk(holding, now);
  deferred_rows.defer_dollars(holding, index, now);
  touched_parts.insert(desk.part_of_holding[holding]);
}

/// Those whose size moved; the others were made anew with their instrument.
void Engine::State::refresh_positions() {
  for (const std::uint32_t i : touched_holdings.items()) {
    const InstrumentSlot slot = portfolio.holdings()[i].slot;
    const std::uint32_t place = desk.tracked_of_slot[index_of(slot)];
    if (!touched_instruments.contains(place)) refresh_position(i, followers.valuation(place), index_price(market.at(slot).index));
  }
}

void Engine::State::sum_books() {
  const Publisher out{table, now};
  const std::span<const PositionRisk> all{risks};
  for (const std::uint32_t p : touched_parts.items()) {
    const Part& part = desk.parts[p];
    part_sums[p].sum = sums.sum(p);
    touched_exposures.insert(part.exposure);
    const Exposure& exposure = desk.exposures[part.exposure];
    if (exposure.hedges.empty() && exposure.crosses.empty()) continue;
    const std::uint32_t first_holding = desk.parts[exposure.first_part].first_holding;
    // What a cross hedge has of its legs' exposure stands behind what it has of its item's.
    const auto sum = [&](std::uint32_t h, std::size_t parts_before, std::size_t holdings_before) {
      Hedge& hedge = desk.hedges[h];
      const std::size_t place = parts_before + p - exposure.first_part;
      if (HedgeSums::has(setup.hedges[h])) {
        hedge.parts[place].sum = hedge_sums.sum(h, place, setup.hedges[h]);
        return;
      }
      for (std::uint32_t holding = part.first_holding; holding < part.first_holding + part.holding_count; ++holding)
        (void)followers.valuation(desk.tracked_of_slot[index_of(portfolio.holdings()[holding].slot)]);
      const std::size_t first = holdings_before + part.first_holding - first_holding;
      hedge.parts[place].sum =
          sum_hedge(all.subspan(part.first_holding, part.holding_count), std::span{hedge.is_leg}.subspan(first, part.holding_count),
                    std::span{hedge.shares}.subspan(first, part.holding_count), setup.hedges[h]);
    };
    for (const std::uint32_t h : exposure.hedges) sum(h, 0, 0);
    for (const std::uint32_t h : exposure.crosses)
      sum(h, desk.exposures[desk.hedges[h].exposure].part_count, holdings_of_hedge(desk, h).count);
  }
  for (std::uint32_t e = 0; e < desk.exposures.size(); ++e) {
    const Exposure& exposure = desk.exposures[e];
    bool moved = touched_exposures.contains(e);
    for (std::uint32_t p = exposure.first_part; p < exposure.first_part + exposure.part_count; ++p)
      moved = moved || (desk.parts[p].index != kNoIndex && touched_indices.contains(static_cast<std::size_t>(desk.parts[p].index)));
    if (!moved) continue;
    touched_exposures.insert(e);
    for (std::uint32_t p = exposure.first_part; p < exposure.first_part + exposure.part_count; ++p) {
      part_sums[p].index_price = index_price(desk.parts[p].index);
      for (const std::uint32_t h : exposure.hedges)
        desk.hedges[h].parts[p - exposure.first_part].index_price = part_sums[p].index_price;
      for (const std::uint32_t h : exposure.crosses)
        desk.hedges[h].parts[desk.exposures[desk.hedges[h].exposure].part_count + p - exposure.first_part].index_price =
            part_sums[p].index_price;
    }
    const Quality book = book_quality(exposure.book);
    const EquityPart equity = equity_of(exposure);
    book_exposures[e] = book_exposure(std::span{part_sums}.subspan(exposure.first_part, exposure.part_count), equity, book);
    exposure.rows.publish(out, book_exposures[e]);
    for (const std::uint32_t h : exposure.hedges) {
      if (desk.hedges[h].legs_exposure != kNoPlace) continue;
      hedge_results[h] = hedge_figures(setup.hedges[h], desk.hedges[h].parts, equity, book);
      desk.hedges[h].rows.publish(out, setup.hedges[h], hedge_results[h]);
    }
  }
}

/// They follow two exposures, and their beta.
void Engine::State::sum_cross_hedges() {
  const Publisher out{table, now};
  for (std::uint32_t h = 0; h < desk.hedges.size(); ++h) {
    Hedge& hedge = desk.hedges[h];
    if (hedge.exposure == kNoPlace || hedge.legs_exposure == kNoPlace) continue;
    const HedgeSetup& relationship = setup.hedges[h];
    const Estimate beta =
        relationship.beta_source == BetaSource::Rolling ? effectiveness->price_beta(h, now) : Estimate{relationship.beta, {}};
    const bool same = beta.value == hedge.beta.value && beta.quality.state() == hedge.beta.quality.state() &&
                      beta.quality.reason() == hedge.beta.quality.reason();
    hedge.beta = beta;
    const bool price_moved = hedge.item_index != kNoIndex && touched_indices.contains(static_cast<std::size_t>(hedge.item_index));
    if (same && !price_moved && !touched_exposures.contains(hedge.exposure) && !touched_exposures.contains(hedge.legs_exposure))
      continue;
    const Exposure& exposure = desk.exposures[hedge.exposure];
    hedge_results[h] = hedge_figures(relationship, hedge.parts, equity_of(exposure), book_quality(exposure.book),
                                     {.beta = beta, .item_price = index_price(hedge.item_index)});
    hedge.rows.publish(out, relationship, hedge_results[h]);
  }
}

void Engine::State::publish_indices_and_accounts() {
  const Publisher out{table, now};
  for (const IndexRow& row : desk.index_rows)
    if (row.index == kNoIndex ? recompute_all : touched_indices.contains(static_cast<std::size_t>(row.index)))
      out.publish(row.row, index_price(row.index));
  const DeskView seen = view();
  for (const AssetRows& row : desk.asset_rows) {
    const Account& account = portfolio.accounts()[row.account];
    const Account::Summary& summary = account.summaries()[row.summary];
    row.rows.publish(out, summary.amounts, freshness.of_account(summary.origin, account.venue()),
                     dollars_of_asset(seen, account.venue(), summary.amounts.asset));
  }
}

void Engine::State::publish_feeds() {
  const Publisher out{table, now};
  std::array<double, kVenues.size()> down{};
  for (std::size_t i = 0; i < desk.feed_rows.size(); ++i) {
    desk.feed_rows[i].publish(out, feeds.at(i));
    if (feeds.at(i).phase != FeedPhase::Live) down[static_cast<std::size_t>(desk.feed_venues[i])] += 1;
  }
  for (const Venue venue : kVenues) {
    out.publish(desk.feeds_down_rows[static_cast<std::size_t>(venue)], {down[static_cast<std::size_t>(venue)], Quality{}});
    const RowId row = desk.platform_rows[static_cast<std::size_t>(venue)];
    const Feeds::Platform& platform = feeds.platform(venue);
    Quality quality = platform.known ? Quality::fresh(platform.received) : Quality::unknown(FigureReason::NeverReceived);
    if (platform.known && !feeds.live(platform.connection)) quality = Quality::stale(platform.received, FigureReason::FeedDown);
    out.publish(row, {platform.locked ? 1.0 : 0.0, quality});
  }
}

void Engine::State::end_monitors_cycle() {
  if (monitors.empty()) return;
  const Publisher out{table, now};
  const DeskView seen = view();
  for (const auto& monitor : monitors) monitor->end_cycle(seen, out);
}

void Engine::State::refresh_slow() {
  if (now < next_slow_refresh) return;
  next_slow_refresh = now + kSlowRefresh;
  const Publisher out{table, now};
  for (const TrackedInstrument& instrument : desk.tracked) instrument.rows.publish_age(out, market.at(instrument.slot));
  if (!index_moved) return;
  index_moved = false;
  const auto holdings = portfolio.holdings();
  for (std::uint32_t i = 0; i < holdings.size(); ++i)
    deferred_rows.defer_dollars(i, index_price(market.at(holdings[i].slot).index), now);
}

void Engine::State::write_watched() {
  for (const std::uint32_t place : deferred_rows.watched_instruments()) (void)followers.published_valuation(place);
  for (const std::uint32_t holding : deferred_rows.watched_positions())
    (void)followers.valuation(desk.tracked_of_slot[index_of(portfolio.holdings()[holding].slot)]);
  deferred_rows.write_watched(deferred_sources(), table);
}

void Engine::State::end_cycle(MonoTime end) {
  now = std::max(now, end);
  freshness.set_now(now);
  if (structure_changed) rebuild();
  judge_accounts();
  if (now > freshness.horizon()) recompute_all = true;
  for (const Venue venue : kVenues) {
    const auto v = static_cast<std::size_t>(venue);
    if (venue_now[v] != kNoVenueTime && venue_now[v] >= next_expiry[v]) recompute_all = true;
  }
  if (recompute_all) {
    freshness.reset_horizon();
    next_expiry.fill(VenueTime::max());
    judge_accounts();
    touched_instruments.insert_all();
    touched_spreads.insert_all();
    touched_holdings.insert_all();
    touched_parts.insert_all();
    touched_exposures.insert_all();
    touched_indices.insert_all();
  }
  index_moved = index_moved || !touched_indices.empty();
  reprice();
  refresh_spreads();
  refresh_positions();
  sum_books();
  sum_cross_hedges();
  publish_indices_and_accounts();
  publish_feeds();
  end_monitors_cycle();
  find_next_bar_ends();
  refresh_slow();
  write_watched();
  alerts.observe(table, now);
  touched_instruments.clear();
  touched_spreads.clear();
  touched_holdings.clear();
  touched_parts.clear();
  touched_exposures.clear();
  touched_indices.clear();
  touched_expiries.clear();
  recompute_all = false;
  ++cycles;
}

// ---- over a restart

void Engine::State::visit_state(StateArchive& archive) {
  archive.section("market");
  archive(registry, feeds, freshness, market, counters, now, cycles, venue_now, next_counts, next_expiry, next_bar_end);
  archive.section("portfolio");
  archive(portfolio, account_qualities, risks, closed_holdings);
  archive.section("table");
  archive(table);
  archive.section("desk");
  archive(desk, part_sums, book_exposures, hedge_results, book_underlyings, sampled_slots, sampled_indices);
  archive(structure_changed, recompute_all, index_moved, next_slow_refresh);
  archive(touched_instruments, touched_spreads, touched_holdings, touched_parts, touched_exposures, touched_indices,
          touched_expiries);
  for (const auto& monitor : monitors) {
    archive.section("monitor");
    monitor->visit_state(archive);
  }
  archive.section("alerts");
  archive(alerts);
  if (archive.loading() && !alerts.fits(table.size())) archive.fail("a row is outside the table");
  archive.end();
}

// ---- the engine itself

Engine::Engine(EngineSetup setup) : state_{std::make_unique<State>(std::move(setup))} {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::apply(const Event& event) { state_->apply(event); }

void Engine::end_cycle(MonoTime now) { state_->end_cycle(now); }
void Engine::reconfigure(EngineSetup setup) { state_->configure(std::move(setup)); }
void Engine::resume(EngineSetup setup) {
  state_->lose_connections();
  state_->market.drop_order_books();
  for (Account& account : state_->portfolio.accounts()) account.forget_refusals();
  state_->configure(std::move(setup), State::Connections::AllNew);
}

bool Engine::suppose(AccountId id, Venue venue, std::string_view instrument, double size, double price) {
  const Account* account = state_->portfolio.account(id);
  const InstrumentSlot slot = state_->registry.find(venue, instrument);
  if (account == nullptr || slot == kNoSlot || !account->heard() || account->venue() != venue) return false;
  if (!account->positions_quality(state_->freshness, state_->feeds).ok()) return false;
  const Contract& contract = state_->registry.contract(slot);
  double held = 0;
  double cost = entry_cost(contract, size, price);
  for (const AccountPosition& position : account->positions())
    if (position.instrument == state_->registry.id(slot) && position.size != 0) {
      held = position.size;
      cost += entry_cost(contract, position.size, position.average_entry);
    }
  const double after = held + size;
  const bool harmonic = contract.style == PayoffStyle::Inverse && contract.kind != ContractKind::Option;
  PositionReport report;
  report.size = Size::from_raw(std::llround(after * static_cast<double>(Size::kScale)));
  if (after != 0) report.average_entry = harmonic ? after / cost : cost / after;
  apply({.header = {.exchange_time = state_->venue_now[static_cast<std::size_t>(venue)],
                    .received = state_->now,
                    .instrument = state_->registry.id(slot),
                    .account = id,
                    .connection = account->connection(),
                    .venue = venue},
         .body = report});
  return true;
}

void Engine::save(std::vector<std::byte>& out) const {
  (void)figures();  // whole, so that no row waits
  StateArchive archive{out};
  state_->visit_state(archive);
}

Result<Engine, std::string> Engine::restored(EngineSetup setup, std::span<const std::byte> state) {
  Engine engine{std::move(setup)};
  StateArchive archive{state};
  engine.state_->visit_state(archive);
  if (archive.failed()) return archive.fault();
  engine.state_->lay_out_deferred();
  return engine;
}

const AlertBoard& Engine::alerts() const { return state_->alerts; }
void Engine::resume_alerts(std::vector<RaisedAlert> raised) {
  for (const RaisedAlert& alert : raised)
    for (const AlertRule& rule : state_->alerts.rules())
      if (rule.name == alert.rule && rule.figure == Figure::ForcedEventActive && rule.condition != AlertCondition::Unknown)
        state_->account_events->resume(alert.labels, alert.since, alert.acknowledgement.has_value());
  state_->alerts.resume(std::move(raised));
}
void Engine::resume_overrides(std::vector<OverriddenLimit> overridden) { state_->alerts.resume_overrides(std::move(overridden)); }
const FigureTable& Engine::figures() const {
  state_->followers.settle_all();
  state_->deferred_rows.write_all(state_->deferred_sources(), state_->table);
  return state_->table;
}
std::uint64_t Engine::cycles() const { return state_->cycles; }
MonoTime Engine::now() const { return state_->now; }

KnownInstruments Engine::known_instruments() const {
  const InstrumentRegistry& registry = state_->registry;
  KnownInstruments known;
  known.next_counts = state_->next_counts;
  for (std::uint32_t i = 0; i < registry.size(); ++i) {
    const InstrumentSlot slot{i};
    const InstrumentName& name = registry.contract(slot).name;
    if (registry.find(registry.venue(slot), name.view()) == slot)
      known.named.push_back({.id = registry.id(slot), .venue = registry.venue(slot), .name = name});
  }
  return known;
}

EngineCounters Engine::counters() const {
  EngineCounters counters = state_->counters;
  counters.refused_instruments = state_->registry.refused();
  counters.refused_order_books = state_->market.refused_order_books();
  counters.refused_indices = state_->market.refused_indices();
  counters.late_prices = state_->market.late_prices();
  for (const Account& account : state_->portfolio.accounts()) counters.refused_positions += account.refused();
  return counters;
}

}  // namespace hedgewatch
