#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "core/engine/engine_setup.hpp"
#include "core/engine/figure_rows.hpp"
#include "core/hedge/hedge_relationship.hpp"
#include "core/instrument/registry.hpp"
#include "core/market/market_state.hpp"
#include "core/metric/figure_table.hpp"
#include "core/portfolio/portfolio.hpp"
#include "core/risk/instrument_valuation.hpp"
#include "core/types/ids.hpp"

namespace hedgewatch {

/// Where a thing has no place in an array.
inline constexpr std::uint32_t kNoPlace = 0xFFFFFFFF;

/// An instrument that is held or watched, with its newest valuation.
struct TrackedInstrument {
  InstrumentSlot slot = kNoSlot;
  InstrumentRows rows;
  InstrumentValuation last_valuation;  ///< may be older than the forward: read it through DeskView::valuation()
  std::vector<std::uint32_t> holdings;

  void visit_state(auto& archive) { archive(slot, rows, last_valuation, holdings); }
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
  std::uint32_t summary = kNoPlace;  ///< kNoPlace: the venue has not told of that asset
  double share = 0;
  IndexId index = kNoIndex;
};

/// One book in one underlying.
struct Exposure {
  std::uint32_t book = 0;
  AssetCode underlying;
  BookRows rows;
  std::uint32_t first_part = 0;
  std::uint32_t part_count = 0;
  std::vector<std::uint32_t> hedges;   ///< whose item is in it
  std::vector<std::uint32_t> crosses;  ///< cross hedges whose legs are in it
  std::vector<EquitySource> equity;

  void visit_state(auto& archive) { archive(book, underlying, rows, first_part, part_count, hedges, crosses, equity); }
};

/// One hedge relationship, with the newest sums of its parts.
struct Hedge {
  HedgeRows rows;
  std::uint32_t exposure = kNoPlace;
  std::uint32_t legs_exposure = kNoPlace;  ///< of a cross hedge
  IndexId item_index = kNoIndex;           ///< of a cross hedge: the item's dollars per coin
  Estimate beta{1, {}};                    ///< of a cross hedge, as of the newest cycle
  std::vector<HedgePart> parts;            ///< parallel to the exposure's parts, then to those of legs_exposure
  std::vector<unsigned char> is_leg;       ///< parallel to the holdings of both
  std::vector<double> shares;              ///< parallel to them: the part that is this hedge's; 1 in the item, 0 of what is neither

  void visit_state(auto& archive) { archive(rows, exposure, legs_exposure, item_index, beta, parts, is_leg, shares); }
};

struct IndexRow {
  IndexId index = kNoIndex;
  RowId row = kNoRow;
};

/// One account's summary of one asset.
struct AssetRows {
  std::uint16_t account = 0;
  std::uint32_t summary = 0;
  AccountRows rows;
};

/// How instruments, positions, books, hedges and accounts hang together, and which rows of the table report them. Made anew when
/// the structure changes; between such changes only values move.
struct Desk {
  std::vector<TrackedInstrument> tracked;
  std::vector<std::uint32_t> tracked_of_slot;              ///< kNoPlace: nobody looks at it
  std::vector<std::vector<std::uint32_t>> expiry_members;  ///< tracked options by ExpiryId
  std::vector<PositionRows> position_rows;                 ///< parallel to the portfolio's holdings
  std::vector<std::uint32_t> part_of_holding;
  std::vector<Part> parts;
  std::vector<Exposure> exposures;
  std::vector<Hedge> hedges;
  std::vector<IndexRow> index_rows;
  std::vector<AssetRows> asset_rows;
  std::vector<FeedRows> feed_rows;  ///< by ConnectionId
  std::vector<Venue> feed_venues;   ///< parallel to feed_rows
  std::array<RowId, kVenues.size()> feeds_down_rows{};
  std::array<RowId, kVenues.size()> platform_rows{};

  void visit_state(auto& archive) {
    archive(tracked, tracked_of_slot, expiry_members, position_rows, part_of_holding, parts, exposures, hedges, index_rows,
            asset_rows, feed_rows, feed_venues, feeds_down_rows, platform_rows);
  }
};

/// Underlyings that each book has had: they stay reported, so that a closed position reads 0 and does not vanish.
using BookUnderlyings = std::vector<std::set<AssetCode>>;

/// Forms the desk of a portfolio that was rebuilt, and adds its rows to `table`, whose layout is open. What the book holds now,
/// rules name and its hedges need is added to `underlyings`, one set a book.
[[nodiscard]] Desk form_desk(const EngineSetup& setup, const InstrumentRegistry& registry, const MarketState& market,
                             const Portfolio& portfolio, BookUnderlyings& underlyings, FigureTable& table);

}  // namespace hedgewatch
