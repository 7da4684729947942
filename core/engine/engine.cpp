#include "core/engine/engine.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/figure_rows.hpp"
#include "core/engine/touched_set.hpp"
#include "core/hedge/hedge_relationship.hpp"
#include "core/instrument/registry.hpp"
#include "core/market/feeds.hpp"
#include "core/market/freshness.hpp"
#include "core/market/market_state.hpp"
#include "core/portfolio/portfolio.hpp"
#include "core/risk/book_exposure.hpp"
#include "core/risk/instrument_valuation.hpp"
#include "core/risk/position_risk.hpp"

namespace hedgewatch {

namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFF;
/// Ages, and dollar amounts of positions that only the index moved, follow in this rhythm of the engine's time.
constexpr std::chrono::nanoseconds kSlowRefresh = std::chrono::milliseconds{100};

/// An instrument that is held or watched, with its newest valuation.
struct Tracked {
  InstrumentSlot slot = kNoSlot;
  InstrumentRows rows;
  InstrumentValuation valuation;
  std::vector<std::uint32_t> holdings;
};

/// The positions of one book in one underlying that convert to dollars at one index.
struct Part {
  std::uint32_t exposure = 0;
  IndexId index = kNoIndex;
  std::uint32_t first_holding = 0;
  std::uint32_t holding_count = 0;
};

/// One account's equity in a book's underlying.
struct EquitySource {
  std::uint16_t account = 0;
  std::uint32_t summary = kNone;  ///< kNone: the venue has not told of that asset
  double share = 0;
  IndexId index = kNoIndex;
};

struct Exposure {
  std::uint32_t book = 0;
  AssetCode underlying;
  BookRows rows;
  std::uint32_t first_part = 0;
  std::uint32_t part_count = 0;
  std::vector<std::uint32_t> hedges;
  std::vector<EquitySource> equity;
};

struct Hedge {
  HedgeRows rows;
  std::uint32_t exposure = kNone;
  std::vector<HedgePart> parts;       ///< parallel to the exposure's parts
  std::vector<unsigned char> is_leg;  ///< parallel to the exposure's holdings
};

struct IndexRow {
  IndexId index = kNoIndex;
  RowId row = kNoRow;
};

struct AssetRows {
  std::uint16_t account = 0;
  std::uint32_t summary = 0;
  IndexId index = kNoIndex;
  bool dollars = false;  ///< the asset is the dollar itself
  AccountRows rows;
};

bool changes_structure(InstrumentRegistry::Listing listing) {
  return listing == InstrumentRegistry::Listing::New || listing == InstrumentRegistry::Listing::Changed;
}

}  // namespace

struct Engine::State {
  explicit State(EngineSetup configuration) {
    venue_now.fill(kNoVenueTime);
    next_expiry.fill(VenueTime::max());
    configure(std::move(configuration));
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void configure(EngineSetup configuration);
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
  void on(const EventHeader& header, const FeedStatus& status);
  void on(const EventHeader& header, const PlatformState& platform);
  void on(const EventHeader& header, const TimerTick& tick);
  /// Trades, funding and the venue's own Greeks prove life; nothing is computed from them yet.
  template <class Other>
  void on(const EventHeader& header, const Other& other);

  // ---- what events share
  InstrumentSlot heard_instrument(const EventHeader& header);
  void note_market_data(const EventHeader& header);
  Account* heard_account(const EventHeader& header);
  void touch(InstrumentSlot slot);

  // ---- structure
  void rebuild();
  void track_instruments();
  void form_exposures();
  [[nodiscard]] std::vector<EquitySource> equity_sources(std::uint32_t book, const AssetCode& underlying) const;
  void form_hedges();
  void lay_out();
  [[nodiscard]] std::uint32_t exposure_of(std::uint32_t book, std::string_view underlying) const;

  // ---- one cycle
  void judge_accounts();
  void reprice();
  void refresh_positions();
  void sum_books();
  void publish_indices_and_accounts();
  void publish_feeds();
  void refresh_slow();
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
  std::array<VenueTime, kVenues.size()> next_expiry{};

  bool structure_changed = true;
  bool recompute_all = true;
  bool index_moved = false;
  MonoTime next_slow_refresh{};

  std::vector<Tracked> tracked;
  std::vector<std::uint32_t> tracked_of_slot;
  std::vector<std::vector<std::uint32_t>> expiry_members;
  std::vector<PositionRows> position_rows;
  std::vector<PositionRisk> risks;
  std::vector<std::uint32_t> part_of_holding;
  std::vector<Part> parts;
  std::vector<ExposurePart> part_sums;
  std::vector<Exposure> exposures;
  std::vector<Hedge> hedges;
  std::vector<IndexRow> index_rows;
  std::vector<AssetRows> asset_rows;
  std::vector<FeedRows> feed_rows;
  std::array<RowId, kVenues.size()> platform_rows{};
  std::vector<Quality> account_qualities;
  std::vector<std::uint32_t> closed_holdings;
  /// Underlyings a book has had stay reported, so that a closed position reads 0 and does not vanish.
  std::vector<std::set<AssetCode>> book_underlyings;

  TouchedSet touched_instruments;
  TouchedSet touched_holdings;
  TouchedSet touched_parts;
  TouchedSet touched_exposures;
  TouchedSet touched_indices;
};

// ---- configuration and structure

void Engine::State::configure(EngineSetup configuration) {
  // Connections are known by name across a new configuration, as accounts are.
  std::vector<ConnectionId> new_of_old;
  for (const std::string& name : setup.connections) {
    const auto place = std::find(configuration.connections.begin(), configuration.connections.end(), name);
    new_of_old.push_back(place == configuration.connections.end()
                             ? kNoConnection
                             : ConnectionId{static_cast<std::uint8_t>(place - configuration.connections.begin())});
  }
  feeds.renumber_connections(new_of_old, configuration.connections.size());
  market.renumber_connections(new_of_old);
  for (Account& account : portfolio.accounts()) account.renumber_connections(new_of_old);
  setup = std::move(configuration);
  for (const Venue venue : kVenues) freshness.set_limits(venue, {});
  for (const VenueSetup& venue : setup.venues)
    freshness.set_limits(venue.venue, {.market_data = venue.market_data_max_age, .account = venue.account_max_age});
  portfolio.configure(setup);
  account_qualities.assign(setup.accounts.size(), Quality{});
  book_underlyings.assign(portfolio.book_count(), {});
  rebuild();
}

std::uint32_t Engine::State::exposure_of(std::uint32_t book, std::string_view underlying) const {
  for (std::uint32_t i = 0; i < exposures.size(); ++i)
    if (exposures[i].book == book && exposures[i].underlying.view() == underlying) return i;
  return kNone;
}

void Engine::State::rebuild() {
  portfolio.rebuild(registry);
  track_instruments();
  form_exposures();
  form_hedges();
  lay_out();
  touched_instruments.resize(tracked.size());
  touched_holdings.resize(portfolio.holdings().size());
  touched_parts.resize(parts.size());
  touched_exposures.resize(exposures.size());
  touched_indices.resize(market.index_count());
  std::size_t account_positions = 0;
  for (const Account& account : portfolio.accounts()) account_positions += account.positions().size();
  closed_holdings.reserve(account_positions);
  structure_changed = false;
  recompute_all = true;
}

void Engine::State::track_instruments() {
  tracked.clear();
  tracked_of_slot.assign(registry.size(), kNone);
  const auto track = [this](InstrumentSlot slot) -> Tracked& {
    std::uint32_t& place = tracked_of_slot[index_of(slot)];
    if (place == kNone) {
      place = static_cast<std::uint32_t>(tracked.size());
      tracked.push_back({.slot = slot, .rows = {}, .valuation = {}, .holdings = {}});
    }
    return tracked[place];
  };
  const auto holdings = portfolio.holdings();
  for (std::uint32_t i = 0; i < holdings.size(); ++i) track(holdings[i].slot).holdings.push_back(i);
  for (std::uint32_t i = 0; i < registry.size(); ++i) {
    const InstrumentSlot slot{i};
    if (std::any_of(setup.watch.begin(), setup.watch.end(), [&](const InstrumentPattern& pattern) {
          return pattern.matches(registry.venue(slot), registry.contract(slot).name.view());
        }))
      track(slot);
  }
  expiry_members.assign(market.expiry_count(), {});
  for (std::uint32_t i = 0; i < tracked.size(); ++i) {
    const ExpiryId expiry = market.at(tracked[i].slot).expiry;
    if (expiry != kNoExpiry) expiry_members[static_cast<std::size_t>(expiry)].push_back(i);
  }
}

std::vector<EquitySource> Engine::State::equity_sources(std::uint32_t book, const AssetCode& underlying) const {
  std::vector<EquitySource> sources;
  if (book >= setup.books.size()) return sources;
  for (const BookSetup::EquityShare& share : setup.books[book].equity) {
    EquitySource source{.account = static_cast<std::uint16_t>(share.account), .share = share.share};
    if (source.account < portfolio.accounts().size()) {
      const Account& account = portfolio.accounts()[source.account];
      for (std::uint32_t i = 0; i < account.summaries().size(); ++i)
        if (account.summaries()[i].amounts.asset == underlying) source.summary = i;
      source.index = market.find_dollar_index(account.venue(), underlying.view());
    }
    sources.push_back(source);
  }
  return sources;
}

void Engine::State::form_exposures() {
  const auto holdings = portfolio.holdings();
  for (const Holding& holding : holdings) book_underlyings[holding.book].insert(registry.contract(holding.slot).base);
  for (std::size_t book = 0; book < setup.books.size(); ++book)
    for (const BookRule& rule : setup.books[book].rules)
      for (const std::string& underlying : rule.underlyings)
        if (const auto code = AssetCode::from(underlying)) book_underlyings[book].insert(*code);
  for (const HedgeSetup& hedge : setup.hedges)
    for (std::size_t book = 0; book < portfolio.book_count(); ++book)
      if (portfolio.book_name(book) == hedge.book)
        if (const auto code = AssetCode::from(hedge.underlying)) book_underlyings[book].insert(*code);

  exposures.clear();
  parts.clear();
  part_of_holding.assign(holdings.size(), kNone);
  std::uint32_t next = 0;
  for (std::uint32_t book = 0; book < portfolio.book_count(); ++book) {
    std::set<AssetCode> underlyings = book_underlyings[book];
    // A book all of whose instruments are unlisted has no underlying to name; it must say so and not be silent.
    if (underlyings.empty() && !portfolio.unlisted(book).ok()) underlyings.insert(AssetCode{});
    for (const AssetCode& underlying : underlyings) {
      Exposure exposure;
      exposure.book = book;
      exposure.underlying = underlying;
      exposure.first_part = static_cast<std::uint32_t>(parts.size());
      for (; next < holdings.size() && holdings[next].book == book && registry.contract(holdings[next].slot).base == underlying;
           ++next) {
        const IndexId index = market.at(holdings[next].slot).index;
        if (parts.size() == exposure.first_part || parts.back().index != index)
          parts.push_back({.exposure = static_cast<std::uint32_t>(exposures.size()),
                           .index = index,
                           .first_holding = next,
                           .holding_count = 0});
        ++parts.back().holding_count;
        part_of_holding[next] = static_cast<std::uint32_t>(parts.size() - 1);
      }
      exposure.part_count = static_cast<std::uint32_t>(parts.size()) - exposure.first_part;
      exposure.equity = equity_sources(book, underlying);
      exposures.push_back(std::move(exposure));
    }
  }
  risks.assign(holdings.size(), PositionRisk{});
  part_sums.assign(parts.size(), ExposurePart{});
}

void Engine::State::form_hedges() {
  hedges.clear();
  hedges.resize(setup.hedges.size());
  const auto holdings = portfolio.holdings();
  for (std::uint32_t i = 0; i < hedges.size(); ++i) {
    const HedgeSetup& relationship = setup.hedges[i];
    Hedge& hedge = hedges[i];
    for (std::uint32_t book = 0; book < portfolio.book_count(); ++book)
      if (portfolio.book_name(book) == relationship.book) hedge.exposure = exposure_of(book, relationship.underlying);
    if (hedge.exposure == kNone) continue;
    Exposure& exposure = exposures[hedge.exposure];
    exposure.hedges.push_back(i);
    hedge.parts.resize(exposure.part_count);
    for (std::uint32_t part = exposure.first_part; part < exposure.first_part + exposure.part_count; ++part)
      for (std::uint32_t h = parts[part].first_holding; h < parts[part].first_holding + parts[part].holding_count; ++h) {
        const InstrumentSlot slot = holdings[h].slot;
        const bool leg = std::any_of(relationship.legs.begin(), relationship.legs.end(), [&](const InstrumentPattern& pattern) {
          return pattern.matches(registry.venue(slot), registry.contract(slot).name.view());
        });
        hedge.is_leg.push_back(leg ? 1 : 0);
      }
  }
}

void Engine::State::lay_out() {
  table.begin_layout();
  std::set<std::pair<Venue, AssetCode>> pairs;
  for (Tracked& instrument : tracked) {
    const Contract& contract = registry.contract(instrument.slot);
    instrument.rows = InstrumentRows::add(table, label(registry.venue(instrument.slot)), contract);
    pairs.emplace(registry.venue(instrument.slot), contract.base);
  }
  position_rows.clear();
  for (const Holding& holding : portfolio.holdings())
    position_rows.push_back(PositionRows::add(table, portfolio.book_name(holding.book), label(registry.venue(holding.slot)),
                                              registry.contract(holding.slot).name.view()));
  for (Exposure& exposure : exposures)
    exposure.rows = BookRows::add(table, portfolio.book_name(exposure.book), exposure.underlying.view());
  for (std::size_t i = 0; i < hedges.size(); ++i) hedges[i].rows = HedgeRows::add(table, setup.hedges[i]);

  index_rows.clear();
  for (const auto& [venue, base] : pairs)
    index_rows.push_back({.index = market.find_dollar_index(venue, base.view()),
                          .row = table.add_row(Figure::IndexPriceUsd, {label(venue), base.view()})});

  asset_rows.clear();
  for (std::uint16_t i = 0; i < portfolio.accounts().size(); ++i) {
    const Account& account = portfolio.accounts()[i];
    for (std::uint32_t s = 0; s < account.summaries().size(); ++s) {
      const AssetCode asset = account.summaries()[s].amounts.asset;
      asset_rows.push_back({.account = i,
                            .summary = s,
                            .index = market.find_index(account.venue(), asset.view(), "USD"),
                            .dollars = asset.view() == "USD",
                            .rows = AccountRows::add(table, setup.accounts[i], label(account.venue()), asset.view())});
    }
  }

  feed_rows.clear();
  for (std::size_t i = 0; i < setup.connections.size(); ++i) {
    const Venue venue = i < setup.connection_venues.size() ? setup.connection_venues[i] : Venue::Deribit;
    feed_rows.push_back(FeedRows::add(table, label(venue), setup.connections[i]));
  }
  platform_rows.fill(kNoRow);
  for (const VenueSetup& venue : setup.venues) {
    RowId& row = platform_rows[static_cast<std::size_t>(venue.venue)];
    if (row == kNoRow) row = table.add_row(Figure::PlatformLocked, {label(venue.venue)});
  }
  table.end_layout();
}

// ---- events

void Engine::State::note_market_data(const EventHeader& header) {
  if (Feeds::Connection* connection = feeds.find(header.connection)) {
    connection->newest_market_data = header.received;
    connection->has_market_data = true;
  } else {
    ++counters.unknown_connection_events;
  }
  if (header.exchange_time != kNoVenueTime) venue_now[static_cast<std::size_t>(header.venue)] = header.exchange_time;
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
  account->hear(header.venue, origin_of(header));
  return account;
}

void Engine::State::touch(InstrumentSlot slot) {
  if (structure_changed) return;
  const std::uint32_t place = tracked_of_slot[index_of(slot)];
  if (place != kNone) touched_instruments.insert(place);
}

void Engine::State::on(const EventHeader& header, const Mark& mark) {
  const InstrumentSlot slot = heard_instrument(header);
  if (slot == kNoSlot) return;
  const MarketState::MarkEffect effect = market.apply(slot, mark, origin_of(header));
  touch(slot);
  if (structure_changed) return;
  const InstrumentMarket& state = market.at(slot);
  if (effect.index_updated) touched_indices.insert(static_cast<std::size_t>(state.index));
  if (effect.expiry_forward_updated)
    for (const std::uint32_t member : expiry_members[static_cast<std::size_t>(state.expiry)])
      if (market.at(tracked[member].slot).leans_on_expiry) touched_instruments.insert(member);
}

void Engine::State::on(const EventHeader& header, const Quote& quote) {
  const InstrumentSlot slot = heard_instrument(header);
  if (slot != kNoSlot) market.apply(slot, quote, origin_of(header));
}

void Engine::State::on(const EventHeader& header, const IndexPrice& index) {
  note_market_data(header);
  const std::size_t known = market.index_count();
  const IndexId id = market.apply(header.venue, index, origin_of(header));
  if (market.index_count() != known) structure_changed = true;
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
}

void Engine::State::on(const EventHeader& header, const BookInvalidated&) {
  const InstrumentSlot slot = registry.slot_of(header.instrument);
  if (slot == kNoSlot) return;
  if (OrderBook* book = market.order_book(slot)) book->invalidate();
}

void Engine::State::on(const EventHeader& header, const InstrumentListed& listed) {
  const InstrumentRegistry::Listing listing = registry.list(header.instrument, header.venue, listed.contract);
  if (!changes_structure(listing)) return;
  const InstrumentSlot slot = registry.slot_of(header.instrument);
  market.list(slot, header.venue, listed.contract);
  const std::string_view name = listed.contract.name.view();
  const bool wanted = listing == InstrumentRegistry::Listing::Changed || portfolio.awaits(header.instrument, header.venue, name) ||
                      std::any_of(setup.watch.begin(), setup.watch.end(),
                                  [&](const InstrumentPattern& pattern) { return pattern.matches(header.venue, name); });
  if (wanted || structure_changed) {
    structure_changed = true;
    return;
  }
  // Nobody looks at it: it only needs its places in the tables.
  tracked_of_slot.resize(registry.size(), kNone);
  expiry_members.resize(market.expiry_count());
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
  for (std::size_t e = 0; e < exposures.size(); ++e)
    for (const EquitySource& source : exposures[e].equity)
      if (AccountId{source.account} == header.account) touched_exposures.insert(e);
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

void Engine::State::on(const EventHeader& header, const TimerTick&) { now = std::max(now, header.received); }

template <class Other>
void Engine::State::on(const EventHeader& header, const Other&) {
  if constexpr (std::is_same_v<Other, VenueGreeks> || std::is_same_v<Other, Funding> || std::is_same_v<Other, Trade>) {
    const InstrumentSlot slot = heard_instrument(header);
    if (slot != kNoSlot) market.note(slot, origin_of(header));
  } else if constexpr (std::is_same_v<Other, Fill> || std::is_same_v<Other, AccountGreeks> || std::is_same_v<Other, ForcedEvent>) {
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
    if (source.summary == kNone) return {missing, missing};
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
    account_qualities[i] = quality;
  }
}

void Engine::State::reprice() {
  const Publisher out{table, now};
  for (const std::uint32_t place : touched_instruments.items()) {
    Tracked& instrument = tracked[place];
    const Contract& contract = registry.contract(instrument.slot);
    const Venue venue = registry.venue(instrument.slot);
    const auto v = static_cast<std::size_t>(venue);
    instrument.valuation = value_instrument(contract, venue, registry.phase(instrument.slot), market.at(instrument.slot),
                                            market.pricing_forward(instrument.slot), venue_now[v], freshness);
    if (contract.expiry != kNoVenueTime && !instrument.valuation.expired)
      next_expiry[v] = std::min(next_expiry[v], contract.expiry);
    instrument.rows.publish(out, instrument.valuation);
    instrument.rows.publish_age(out, market.at(instrument.slot));
    for (const std::uint32_t holding : instrument.holdings) touched_holdings.insert(holding);
  }
}

void Engine::State::refresh_positions() {
  const Publisher out{table, now};
  for (const std::uint32_t i : touched_holdings.items()) {
    portfolio.refresh(i, registry, account_qualities);
    const Holding& holding = portfolio.holdings()[i];
    const InstrumentValuation& valuation = tracked[tracked_of_slot[index_of(holding.slot)]].valuation;
    risks[i] = position_risk(registry.contract(holding.slot), valuation, holding.position);
    position_rows[i].publish(out, holding.position, risks[i], valuation.expired);
    position_rows[i].publish_dollars(out, risks[i], index_price(market.at(holding.slot).index));
    touched_parts.insert(part_of_holding[i]);
  }
}

void Engine::State::sum_books() {
  const Publisher out{table, now};
  const std::span<const PositionRisk> all{risks};
  for (const std::uint32_t p : touched_parts.items()) {
    const Part& part = parts[p];
    const auto positions = all.subspan(part.first_holding, part.holding_count);
    part_sums[p].sum = sum_positions(positions);
    const Exposure& exposure = exposures[part.exposure];
    const std::uint32_t first_holding = parts[exposure.first_part].first_holding;
    for (const std::uint32_t h : exposure.hedges)
      hedges[h].parts[p - exposure.first_part].sum =
          sum_hedge(positions, std::span{hedges[h].is_leg}.subspan(part.first_holding - first_holding, part.holding_count),
                    setup.hedges[h].view);
    touched_exposures.insert(part.exposure);
  }
  for (std::uint32_t e = 0; e < exposures.size(); ++e) {
    const Exposure& exposure = exposures[e];
    bool moved = touched_exposures.contains(e);
    for (std::uint32_t p = exposure.first_part; p < exposure.first_part + exposure.part_count; ++p)
      moved = moved || (parts[p].index != kNoIndex && touched_indices.contains(static_cast<std::size_t>(parts[p].index)));
    if (!moved) continue;
    for (std::uint32_t p = exposure.first_part; p < exposure.first_part + exposure.part_count; ++p) {
      part_sums[p].index_price = index_price(parts[p].index);
      for (const std::uint32_t h : exposure.hedges) hedges[h].parts[p - exposure.first_part].index_price = part_sums[p].index_price;
    }
    const Quality book = book_quality(exposure.book);
    const EquityPart equity = equity_of(exposure);
    exposure.rows.publish(out, book_exposure(std::span{part_sums}.subspan(exposure.first_part, exposure.part_count), equity, book));
    for (const std::uint32_t h : exposure.hedges)
      hedges[h].rows.publish(out, setup.hedges[h], hedge_figures(setup.hedges[h], hedges[h].parts, equity, book));
  }
}

void Engine::State::publish_indices_and_accounts() {
  const Publisher out{table, now};
  for (const IndexRow& row : index_rows)
    if (row.index == kNoIndex ? recompute_all : touched_indices.contains(static_cast<std::size_t>(row.index)))
      out.publish(row.row, index_price(row.index));
  for (const AssetRows& row : asset_rows) {
    const Account& account = portfolio.accounts()[row.account];
    const Account::Summary& summary = account.summaries()[row.summary];
    row.rows.publish(out, summary.amounts, freshness.of_account(summary.origin, account.venue()),
                     row.dollars ? Estimate{1, Quality{}} : index_price(row.index));
  }
}

void Engine::State::publish_feeds() {
  const Publisher out{table, now};
  for (std::size_t i = 0; i < feed_rows.size(); ++i) feed_rows[i].publish(out, feeds.at(i));
  for (const Venue venue : kVenues) {
    const RowId row = platform_rows[static_cast<std::size_t>(venue)];
    const Feeds::Platform& platform = feeds.platform(venue);
    Quality quality = platform.known ? Quality::fresh(platform.received) : Quality::unknown(FigureReason::NeverReceived);
    if (platform.known && !feeds.live(platform.connection)) quality = Quality::stale(platform.received, FigureReason::FeedDown);
    out.publish(row, {platform.locked ? 1.0 : 0.0, quality});
  }
}

void Engine::State::refresh_slow() {
  if (now < next_slow_refresh) return;
  next_slow_refresh = now + kSlowRefresh;
  const Publisher out{table, now};
  for (const Tracked& instrument : tracked) instrument.rows.publish_age(out, market.at(instrument.slot));
  if (!index_moved) return;
  index_moved = false;
  const auto holdings = portfolio.holdings();
  for (std::size_t i = 0; i < holdings.size(); ++i)
    position_rows[i].publish_dollars(out, risks[i], index_price(market.at(holdings[i].slot).index));
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
    touched_holdings.insert_all();
    touched_parts.insert_all();
    touched_exposures.insert_all();
    touched_indices.insert_all();
  }
  index_moved = index_moved || !touched_indices.empty();
  reprice();
  refresh_positions();
  sum_books();
  publish_indices_and_accounts();
  publish_feeds();
  refresh_slow();
  touched_instruments.clear();
  touched_holdings.clear();
  touched_parts.clear();
  touched_exposures.clear();
  touched_indices.clear();
  recompute_all = false;
  ++cycles;
}

// ---- the engine itself

Engine::Engine(EngineSetup setup) : state_{std::make_unique<State>(std::move(setup))} {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::apply(const Event& event) {
  std::visit([&](const auto& body) { state_->on(event.header, body); }, event.body);
}

void Engine::end_cycle(MonoTime now) { state_->end_cycle(now); }
void Engine::reconfigure(EngineSetup setup) { state_->configure(std::move(setup)); }
const FigureTable& Engine::figures() const { return state_->table; }
std::uint64_t Engine::cycles() const { return state_->cycles; }

EngineCounters Engine::counters() const {
  EngineCounters counters = state_->counters;
  counters.refused_instruments = state_->registry.refused();
  counters.refused_order_books = state_->market.refused_order_books();
  counters.refused_indices = state_->market.refused_indices();
  for (const Account& account : state_->portfolio.accounts()) counters.refused_positions += account.refused();
  return counters;
}

}  // namespace hedgewatch
