#pragma once

#include <array>
#include <span>
#include <vector>

#include "core/engine/desk.hpp"
#include "core/engine/engine_setup.hpp"
#include "core/engine/figure_rows.hpp"
#include "core/engine/forward_followers.hpp"
#include "core/hedge/hedge_relationship.hpp"
#include "core/instrument/registry.hpp"
#include "core/market/event.hpp"
#include "core/market/freshness.hpp"
#include "core/market/market_state.hpp"
#include "core/metric/figure_table.hpp"
#include "core/portfolio/portfolio.hpp"
#include "core/risk/book_exposure.hpp"
#include "core/risk/position_risk.hpp"
#include "core/types/state_archive.hpp"

namespace hedgewatch {

/// What the engine knows, for the parts that compute figures of their own from it. Valid during one call only.
/// While `structure_changed`, the desk and what is parallel to it are of the structure before: use slots and ids, not places.
struct DeskView {
  const EngineSetup& setup;
  const InstrumentRegistry& registry;
  const MarketState& market;
  const Portfolio& portfolio;
  const Desk& desk;
  const Feeds& feeds;
  std::span<const Quality> account_qualities;    ///< of each account's list of positions
  std::span<const BookExposure> book_exposures;  ///< parallel to the desk's exposures
  std::span<const HedgeFigures> hedge_figures;   ///< parallel to the setup's hedges
  const std::array<VenueTime, kVenues.size()>& venue_now;
  Freshness& freshness;
  ForwardFollowers& followers;
  std::span<const PositionRisk> last_risks;  ///< parallel to the portfolio's holdings; read them through risk()
  MonoTime now;
  bool structure_changed;

  /// The dollar price of an index, and whether it may be believed.
  [[nodiscard]] Estimate index_price(IndexId id) const;
  /// The newest valuation of a tracked instrument, but for the Greeks in its venue's own convention.
  [[nodiscard]] const InstrumentValuation& valuation(std::uint32_t place) const { return followers.valuation(place); }
  /// The newest valuation of a tracked instrument as a whole.
  [[nodiscard]] const InstrumentValuation& published_valuation(std::uint32_t place) const {
    return followers.published_valuation(place);
  }
  /// The newest valuation of an instrument that is tracked.
  [[nodiscard]] const InstrumentValuation& valuation_of(InstrumentSlot slot) const {
    return valuation(desk.tracked_of_slot[index_of(slot)]);
  }
  /// What a holding adds to its book.
  [[nodiscard]] const PositionRisk& risk(std::uint32_t holding) const {
    (void)valuation_of(portfolio.holdings()[holding].slot);
    return last_risks[holding];
  }
  /// The venue's newest exchange time, kNoVenueTime when nothing was heard.
  [[nodiscard]] VenueTime now_at(Venue venue) const { return venue_now[static_cast<std::size_t>(venue)]; }
};

/// A part of the engine that owns estimators and figures of one kind: it remembers across cycles and reconfigurations, and reads
/// the rest from the view. A function of the calls it gets, as the engine is of its events.
class DeskMonitor {
 public:
  DeskMonitor() = default;
  DeskMonitor(const DeskMonitor&) = delete;
  DeskMonitor& operator=(const DeskMonitor&) = delete;
  virtual ~DeskMonitor() = default;

  /// The structure was made anew (first, after a reconfiguration, or when a position or instrument appeared): finds its places
  /// again and adds its rows to the table, whose layout is open. What was learnt is kept, found again by name, slot or account.
  virtual void lay_out(const DeskView& view, FigureTable& table) = 0;
  /// An event that the engine has applied: of an account, a trade, a funding rate, a change of an instrument's or feed's
  /// state, or an acknowledgement.
  /// Quotes, marks, indices and order books are read from the view at the end of the cycle.
  virtual void apply(const DeskView& view, const Event& event);
  /// Everything of the cycle is applied, repriced and summed.
  virtual void end_cycle(const DeskView& view, const Publisher& out) = 0;
  /// A new configuration, or a restart, is about to lay it out anew: see renumber(Origin&, ...). For whoever keeps from one cycle
  /// to the next where a number came from.
  virtual void renumber_connections(std::span<const ConnectionId>) {}
  /// All that it remembers and all that it laid out. See StateArchive; loading, into one that was made of the same setup.
  virtual void visit_state(StateArchive& archive) = 0;

  /// The exchange time of a venue after which a bar has ended that has to be closed; VenueTime::max() when none is waited for.
  [[nodiscard]] virtual VenueTime next_bar_end(Venue) const { return VenueTime::max(); }
  /// A venue's clock has passed such a time, and the event that told of it is not applied yet: the market is as it was when the bar
  /// ended. Valuations, risks and sums are those of the cycle before.
  virtual void close_bars(const DeskView&) {}
  /// Whether every single price of the instrument (of the index) matters, and not just the newest of a cycle.
  [[nodiscard]] virtual bool samples(InstrumentSlot) const { return false; }
  [[nodiscard]] virtual bool samples(IndexId) const { return false; }
  /// A quote or book of such an instrument, or such an index, was applied.
  virtual void heard_price(const DeskView&, InstrumentSlot) {}
  virtual void heard_price(const DeskView&, IndexId) {}
};

/// Whether monitors are told of an event.
[[nodiscard]] bool concerns_monitors(const EventBody& body);

}  // namespace hedgewatch
