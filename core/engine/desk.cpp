#include "core/engine/desk.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "core/engine/leg_quotes.hpp"

namespace hedgewatch {

namespace {

class DeskBuilder {
 public:
  DeskBuilder(const EngineSetup& setup, const InstrumentRegistry& registry, const MarketState& market, const Portfolio& portfolio,
              BookUnderlyings& underlyings, FigureTable& table)
      : setup_{setup}, registry_{registry}, market_{market}, portfolio_{portfolio}, underlyings_{underlyings}, table_{table} {}

  Desk build() {
    track_instruments();
    form_exposures();
    form_hedges();
    lay_out();
    return std::move(desk_);
  }

 private:
  void track_instruments();
  void form_exposures();
  void form_hedges();
  void lay_out();
  void add_holdings(const HedgeSetup& relationship, const Exposure& exposure, bool legs, Hedge& hedge) const;
  [[nodiscard]] IndexId item_index(const HedgeSetup& relationship, const Exposure& exposure) const;
  [[nodiscard]] std::vector<EquitySource> equity_sources(std::uint32_t book, const AssetCode& underlying) const;
  [[nodiscard]] std::uint32_t exposure_of(std::uint32_t book, std::string_view underlying) const;

  const EngineSetup& setup_;
  const InstrumentRegistry& registry_;
  const MarketState& market_;
  const Portfolio& portfolio_;
  BookUnderlyings& underlyings_;
  FigureTable& table_;
  Desk desk_;
};

std::uint32_t DeskBuilder::exposure_of(std::uint32_t book, std::string_view underlying) const {
  for (std::uint32_t i = 0; i < desk_.exposures.size(); ++i)
    if (desk_.exposures[i].book == book && desk_.exposures[i].underlying.view() == underlying) return i;
  return kNoPlace;
}

void DeskBuilder::track_instruments() {
  desk_.tracked_of_slot.assign(registry_.size(), kNoPlace);
  const auto track = [this](InstrumentSlot slot) -> TrackedInstrument& {
    std::uint32_t& place = desk_.tracked_of_slot[index_of(slot)];
    if (place == kNoPlace) {
      place = static_cast<std::uint32_t>(desk_.tracked.size());
      desk_.tracked.push_back({.slot = slot, .rows = {}, .last_valuation = {}, .holdings = {}});
    }
    return desk_.tracked[place];
  };
  const auto holdings = portfolio_.holdings();
  for (std::uint32_t i = 0; i < holdings.size(); ++i) track(holdings[i].slot).holdings.push_back(i);
  for (const Account& account : portfolio_.accounts())
    for (const WorkingOrders::Order& order : account.orders().orders())
      if (const InstrumentSlot slot = registry_.slot_of(order.instrument); slot != kNoSlot) track(slot);
  for (std::uint32_t i = 0; i < registry_.size(); ++i) {
    const InstrumentSlot slot{i};
    if (std::any_of(setup_.watch.begin(), setup_.watch.end(), [&](const InstrumentPattern& pattern) {
          return pattern.matches(registry_.venue(slot), registry_.contract(slot).name.view());
        }))
      track(slot);
  }
  desk_.expiry_members.assign(market_.expiry_count(), {});
  for (std::uint32_t i = 0; i < desk_.tracked.size(); ++i) {
    const ExpiryId expiry = market_.at(desk_.tracked[i].slot).expiry;
    if (expiry != kNoExpiry) desk_.expiry_members[static_cast<std::size_t>(expiry)].push_back(i);
  }
}

std::vector<EquitySource> DeskBuilder::equity_sources(std::uint32_t book, const AssetCode& underlying) const {
  std::vector<EquitySource> sources;
  if (book >= setup_.books.size()) return sources;
  for (const BookSetup::EquityShare& share : setup_.books[book].equity) {
    EquitySource source{.account = static_cast<std::uint16_t>(share.account), .share = share.share};
    if (source.account < portfolio_.accounts().size()) {
      const Account& account = portfolio_.accounts()[source.account];
      for (std::uint32_t i = 0; i < account.summaries().size(); ++i)
        if (account.summaries()[i].amounts.asset == underlying) source.summary = i;
      source.index = market_.find_dollar_index(account.venue(), underlying.view());
    }
    sources.push_back(source);
  }
  return sources;
}

void DeskBuilder::form_exposures() {
  const auto holdings = portfolio_.holdings();
  for (const Holding& holding : holdings) underlyings_[holding.book].insert(registry_.contract(holding.slot).base);
  for (std::uint16_t account = 0; account < portfolio_.accounts().size(); ++account)
    for (const WorkingOrders::Order& order : portfolio_.accounts()[account].orders().orders()) {
      const InstrumentSlot slot = registry_.slot_of(order.instrument);
      if (slot == kNoSlot) continue;
      const Contract& contract = registry_.contract(slot);
      const auto book = book_of_position(setup_, AccountId{account}, contract, registry_.venue(slot));
      underlyings_[book.value_or(static_cast<std::uint32_t>(setup_.books.size()))].insert(contract.base);
    }
  for (std::size_t book = 0; book < setup_.books.size(); ++book)
    for (const BookRule& rule : setup_.books[book].rules)
      for (const std::string& underlying : rule.underlyings)
        if (const auto code = AssetCode::from(underlying)) underlyings_[book].insert(*code);
  for (const HedgeSetup& hedge : setup_.hedges)
    for (std::size_t book = 0; book < portfolio_.book_count(); ++book)
      if (portfolio_.book_name(book) == hedge.book)
        for (const std::string& underlying : {hedge.underlying, hedge.leg_underlying})
          if (const auto code = AssetCode::from(underlying); code && !underlying.empty()) underlyings_[book].insert(*code);

  desk_.part_of_holding.assign(holdings.size(), kNoPlace);
  std::uint32_t next = 0;
  for (std::uint32_t book = 0; book < portfolio_.book_count(); ++book) {
    std::set<AssetCode> underlyings = underlyings_[book];
    // A book all of whose instruments are unlisted has no underlying to name; it must say so and not be silent.
    if (underlyings.empty() && !portfolio_.unlisted(book).ok()) underlyings.insert(AssetCode{});
    for (const AssetCode& underlying : underlyings) {
      Exposure exposure;
      exposure.book = book;
      exposure.underlying = underlying;
      exposure.first_part = static_cast<std::uint32_t>(desk_.parts.size());
      for (; next < holdings.size() && holdings[next].book == book && registry_.contract(holdings[next].slot).base == underlying;
           ++next) {
        const IndexId index = market_.at(holdings[next].slot).index;
        if (desk_.parts.size() == exposure.first_part || desk_.parts.back().index != index)
          desk_.parts.push_back({.exposure = static_cast<std::uint32_t>(desk_.exposures.size()),
                                 .index = index,
                                 .first_holding = next,
                                 .holding_count = 0});
        ++desk_.parts.back().holding_count;
        desk_.part_of_holding[next] = static_cast<std::uint32_t>(desk_.parts.size() - 1);
      }
      exposure.part_count = static_cast<std::uint32_t>(desk_.parts.size()) - exposure.first_part;
      exposure.equity = equity_sources(book, underlying);
      desk_.exposures.push_back(std::move(exposure));
    }
  }
}

void DeskBuilder::add_holdings(const HedgeSetup& relationship, const Exposure& exposure, bool legs, Hedge& hedge) const {
  const bool cross = !relationship.leg_underlying.empty();
  for (std::uint32_t part = exposure.first_part; part < exposure.first_part + exposure.part_count; ++part) {
    hedge.parts.push_back({.sum = {}, .index_price = {}, .cross = legs});
    for (std::uint32_t h = desk_.parts[part].first_holding; h < desk_.parts[part].first_holding + desk_.parts[part].holding_count;
         ++h) {
      const InstrumentSlot slot = portfolio_.holdings()[h].slot;
      std::optional<double> share;
      if (legs == cross) share = leg_share(relationship, registry_.venue(slot), registry_.contract(slot).name.view());
      hedge.is_leg.push_back(share ? 1 : 0);
      // What is no leg is the item, and nothing where only legs are looked for.
      hedge.shares.push_back(share.value_or(legs ? 0 : 1));
    }
  }
}

/// Dollars per coin of the item, whether it is held or not.
IndexId DeskBuilder::item_index(const HedgeSetup& relationship, const Exposure& exposure) const {
  if (exposure.part_count > 0) return desk_.parts[exposure.first_part].index;
  for (const InstrumentPattern& leg : relationship.legs)
    if (const IndexId index = market_.find_dollar_index(leg.venue, relationship.underlying); index != kNoIndex) return index;
  return kNoIndex;
}

void DeskBuilder::form_hedges() {
  desk_.hedges.resize(setup_.hedges.size());
  for (std::uint32_t i = 0; i < desk_.hedges.size(); ++i) {
    const HedgeSetup& relationship = setup_.hedges[i];
    Hedge& hedge = desk_.hedges[i];
    const bool cross = !relationship.leg_underlying.empty();
    for (std::uint32_t book = 0; book < portfolio_.book_count(); ++book) {
      if (portfolio_.book_name(book) != relationship.book) continue;
      hedge.exposure = exposure_of(book, relationship.underlying);
      if (cross) hedge.legs_exposure = exposure_of(book, relationship.leg_underlying);
    }
    if (hedge.exposure == kNoPlace) continue;
    Exposure& exposure = desk_.exposures[hedge.exposure];
    exposure.hedges.push_back(i);
    add_holdings(relationship, exposure, false, hedge);
    if (hedge.legs_exposure == kNoPlace) continue;
    desk_.exposures[hedge.legs_exposure].crosses.push_back(i);
    add_holdings(relationship, desk_.exposures[hedge.legs_exposure], true, hedge);
    hedge.item_index = item_index(relationship, exposure);
  }
}

void DeskBuilder::lay_out() {
  std::set<std::pair<Venue, AssetCode>> pairs;
  for (TrackedInstrument& instrument : desk_.tracked) {
    const Contract& contract = registry_.contract(instrument.slot);
    const Venue venue = registry_.venue(instrument.slot);
    const bool follows_book =
        std::any_of(setup_.order_books.begin(), setup_.order_books.end(),
                    [&](const InstrumentPattern& pattern) { return pattern.matches(venue, contract.name.view()); });
    instrument.rows = InstrumentRows::add(table_, label(venue), contract, follows_book);
    pairs.emplace(registry_.venue(instrument.slot), contract.base);
  }
  for (const Holding& holding : portfolio_.holdings())
    desk_.position_rows.push_back(PositionRows::add(table_, portfolio_.book_name(holding.book),
                                                    label(registry_.venue(holding.slot)),
                                                    registry_.contract(holding.slot).name.view()));
  for (Exposure& exposure : desk_.exposures)
    exposure.rows =
        BookRows::add(table_, portfolio_.book_name(exposure.book), exposure.underlying.view(), !exposure.equity.empty());
  for (std::size_t i = 0; i < desk_.hedges.size(); ++i) desk_.hedges[i].rows = HedgeRows::add(table_, setup_.hedges[i]);

  for (const auto& [venue, base] : pairs)
    desk_.index_rows.push_back({.index = market_.find_dollar_index(venue, base.view()),
                                .row = table_.add_row(Figure::IndexPriceUsd, {label(venue), base.view()})});

  for (std::uint16_t i = 0; i < portfolio_.accounts().size(); ++i) {
    const Account& account = portfolio_.accounts()[i];
    for (std::uint32_t s = 0; s < account.summaries().size(); ++s) {
      const AssetCode asset = account.summaries()[s].amounts.asset;
      desk_.asset_rows.push_back(
          {.account = i, .summary = s, .rows = AccountRows::add(table_, setup_.accounts[i], label(account.venue()), asset.view())});
    }
  }

  desk_.feeds_down_rows.fill(kNoRow);
  for (std::size_t i = 0; i < setup_.connections.size(); ++i) {
    const Venue venue = i < setup_.connection_venues.size() ? setup_.connection_venues[i] : Venue::Deribit;
    desk_.feed_venues.push_back(venue);
    RowId& down = desk_.feeds_down_rows[static_cast<std::size_t>(venue)];
    if (down == kNoRow) down = table_.add_row(Figure::FeedsDown, {label(venue)});
    desk_.feed_rows.push_back(FeedRows::add(table_, label(venue), setup_.connections[i],
                                            i >= setup_.account_connections.size() || !setup_.account_connections[i]));
  }
  desk_.platform_rows.fill(kNoRow);
  for (const VenueSetup& venue : setup_.venues) {
    RowId& row = desk_.platform_rows[static_cast<std::size_t>(venue.venue)];
    if (row == kNoRow) row = table_.add_row(Figure::PlatformLocked, {label(venue.venue)});
  }
}

}  // namespace

Desk form_desk(const EngineSetup& setup, const InstrumentRegistry& registry, const MarketState& market, const Portfolio& portfolio,
               BookUnderlyings& underlyings, FigureTable& table) {
  return DeskBuilder{setup, registry, market, portfolio, underlyings, table}.build();
}

}  // namespace hedgewatch
