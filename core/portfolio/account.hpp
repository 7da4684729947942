#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/market/event.hpp"
#include "core/market/freshness.hpp"
#include "core/metric/quality.hpp"
#include "core/portfolio/working_orders.hpp"
#include "core/types/ids.hpp"

namespace hedgewatch {

/// Index of a holding in the portfolio.
inline constexpr std::uint32_t kNoHolding = 0xFFFFFFFF;

struct AccountPosition {
  InstrumentId instrument = kNoInstrument;
  double size = 0;                 ///< signed, in the contract's SizeUnit
  double average_entry = kAbsent;  ///< in the contract's price unit
  std::uint32_t holding = kNoHolding;
  bool named = false;  ///< by the snapshot that is under way
};

/// One account as the venue states it: positions and a summary per asset. The venue's statements replace ours; fills do not
/// change a position, because the venue's own statement follows each.
class Account {
 public:
  static constexpr std::size_t kMaxPositions = 16'384;
  static constexpr std::size_t kMaxAssets = 256;

  /// What a report did: a position that nobody has a place for yet changes the structure of the figures.
  enum class Change : std::uint8_t { None, Resized, Opened };
  struct Effect {
    Change change = Change::None;
    std::uint32_t holding = kNoHolding;  ///< of a resized position
  };

  Effect apply(const PositionReport& report, InstrumentId instrument);
  void begin_snapshot();
  /// What was not named since begin_snapshot() is flat; `closed` gets the holdings that this closed.
  void end_snapshot(std::vector<std::uint32_t>& closed);
  /// The connection was lost: what is known may have changed since, and only a whole new snapshot makes it known again.
  void lose_connection();
  /// A new process begins and is told everything anew: what there was no room for may have room now.
  void forget_refusals() { refused_ = 0; }
  /// True when the asset is new, or margined in another pool than before.
  bool apply(const AccountSummary& summary, const Origin& origin);
  /// True when the venue has not stated totals of the asset before. Beyond kMaxAssets none is taken, which is counted.
  bool apply(const AccountGreeks& totals);
  /// True when it is another venue than was taken for the account's until now: rows carry its name.
  bool hear(Venue venue, const Origin& origin);
  /// See renumber(Origin&, ...).
  void renumber_connections(std::span<const ConnectionId> new_of_old);

  /// How far the list of positions may be believed.
  [[nodiscard]] Quality positions_quality(Freshness& freshness, const Feeds& feeds) const;

  struct Summary {
    AccountSummary amounts;
    Origin origin;
  };

  [[nodiscard]] std::vector<AccountPosition>& positions() { return positions_; }
  [[nodiscard]] const std::vector<AccountPosition>& positions() const { return positions_; }
  [[nodiscard]] WorkingOrders& orders() { return orders_; }
  [[nodiscard]] const WorkingOrders& orders() const { return orders_; }
  /// How far the list of working orders may be believed: as the newest message, once the venue has stated it whole.
  [[nodiscard]] Quality orders_quality(Freshness& freshness, const Feeds& feeds) const;
  [[nodiscard]] const std::vector<Summary>& summaries() const { return summaries_; }
  [[nodiscard]] bool states_totals_of(const AssetCode& asset) const;
  [[nodiscard]] Venue venue() const { return venue_; }
  [[nodiscard]] ConnectionId connection() const { return newest_.connection; }
  [[nodiscard]] bool heard() const { return heard_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  /// See StateArchive.
  void visit_state(auto& archive) {
    archive(positions_, summaries_, totals_assets_, orders_, newest_, venue_, heard_, complete_, snapshot_open_, lost_, refused_);
  }

 private:
  std::vector<AccountPosition> positions_;  ///< by instrument id
  std::vector<Summary> summaries_;          ///< in order of arrival
  std::vector<AssetCode> totals_assets_;    ///< in order of arrival
  WorkingOrders orders_;
  Origin newest_{};
  Venue venue_ = Venue::Deribit;
  bool heard_ = false;
  bool complete_ = false;
  bool snapshot_open_ = false;
  bool lost_ = false;
  std::uint64_t refused_ = 0;
};

}  // namespace hedgewatch
