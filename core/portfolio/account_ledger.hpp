#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/instrument/registry.hpp"
#include "core/market/event.hpp"
#include "core/portfolio/position_ledger.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// One account's positions kept from its fills, beside what the venue states about them. The venue wins, but not in silence: what
/// the fills do not explain after a lost connection is taken from its next whole statement at once; while connected a difference
/// stays visible for kAdoptAfter, longer than any alert holds it, and is taken then.
class AccountLedger {
 public:
  static constexpr std::chrono::nanoseconds kAdoptAfter = std::chrono::minutes{5};
  static constexpr std::size_t kMaxLines = 16'384;
  static constexpr std::size_t kMaxFolded = 256;

  struct Line {
    InstrumentSlot slot = kNoSlot;
    PositionLedger ledger;
    double funding_seen = 0;  ///< paid per unit when funding was last booked
    Size venue_size;
    double venue_entry = kAbsent;
    double venue_realized = kAbsent;
    double agreed_realized = kAbsent;  ///< the venue's, when sizes were last equal
    double agreed_own_realized = 0;    ///< ours then
    std::int64_t agreed_session = 0;
    bool named = false;                     ///< by the snapshot that is under way
    std::optional<MonoTime> differs_since;  ///< since when the sizes have differed while connected

    [[nodiscard]] bool differs() const { return venue_size != ledger.size(); }
  };

  /// What became of a position whose trades were not told.
  struct Missed {
    InstrumentSlot slot = kNoSlot;
    double size = 0;             ///< venue's less ours
    std::optional<double> cash;  ///< settlement asset that the trades brought in, where it can be known
  };

  /// `paid_per_unit`: FundingHistory's at the fill's time, 0 for what has no funding. A fill before the first whole statement
  /// leaves the size alone: the statement will contain it. One after a lost connection is booked: the venue tells the missed ones
  /// before its next statement, which then agrees. Returns whether it was booked.
  bool fill(InstrumentSlot slot, const Contract& contract, const Fill& fill, double paid_per_unit);
  void report(InstrumentSlot slot, const Contract& contract, const PositionReport& report);
  void begin_snapshot();
  /// `session` counts the venue's settlement sessions: what it has realised is compared within one only.
  void end_snapshot(std::int64_t session);
  void lose_connection();
  /// The contract of a position that was stated before it was listed: all of it was in that statement, and no trade was missed.
  void learn_contract(InstrumentSlot slot, const Contract& contract, const PositionReport& stated);
  /// The contract ended at a price: what is held of it is paid out. `paid_per_unit` as for fills.
  void deliver(InstrumentSlot slot, double delivery_price, double paid_per_unit);

  /// Once per cycle, when everything of it was told. Adopts what has differed for too long; `ended` says whether a slot's contract
  /// is over.
  template <class Ended>
  void review(MonoTime now, std::int64_t session, Ended&& ended) {
    if (!synchronised_) return;
    for (std::size_t i = 0; i < lines_.size();) {
      const bool over = ended(lines_[i].slot);
      if (review_line(lines_[i], now, session, over))
        ++i;
      else
        fold(i);
    }
  }

  /// The account was stated whole since the connection came.
  [[nodiscard]] bool synchronised() const { return synchronised_; }
  /// By slot. Lines of contracts that are over and flat are folded into folded().
  [[nodiscard]] std::span<const Line> lines() const { return lines_; }
  [[nodiscard]] const Line* find(InstrumentSlot slot) const;

  struct Folded {
    AssetCode asset;
    double net = 0;  ///< realised, funding and fees of what is over, in that asset
  };
  [[nodiscard]] std::span<const Folded> folded() const { return folded_; }

  /// Positions whose sizes differ while connected, contracts that are over apart.
  [[nodiscard]] std::size_t mismatches() const { return mismatches_; }
  /// Since the last clear_missed(): what was adopted from the venue because its trades were not told.
  [[nodiscard]] std::span<const Missed> missed() const { return missed_; }
  void clear_missed() { missed_.clear(); }
  /// Differences found by a whole statement, or adopted after kAdoptAfter, since the beginning.
  [[nodiscard]] std::uint64_t adopted() const { return adopted_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  /// See StateArchive.
  void visit_state(auto& archive) {
    archive(lines_, folded_, missed_, synchronised_, ever_synchronised_, snapshot_open_, mismatches_, adopted_, refused_);
  }

 private:
  Line* line(InstrumentSlot slot, const Contract& contract);
  /// False when the line is over and holds nothing.
  bool review_line(Line& line, MonoTime now, std::int64_t session, bool over);
  void adopt(Line& line, std::int64_t session);
  void fold(std::size_t index);
  void add_folded(const AssetCode& asset, double net);

  std::vector<Line> lines_;
  std::vector<Folded> folded_;
  std::vector<Missed> missed_;
  bool synchronised_ = false;
  bool ever_synchronised_ = false;
  bool snapshot_open_ = false;
  std::size_t mismatches_ = 0;
  std::uint64_t adopted_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace hedgewatch
