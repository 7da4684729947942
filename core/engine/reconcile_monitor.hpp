#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/portfolio/account_ledger.hpp"
#include "core/portfolio/funding.hpp"
#include "core/risk/profit_record.hpp"
#include "core/risk/reconciliation.hpp"

namespace hedgewatch {

/// Keeps every account's positions from its fills and compares ours with what the venue states: position by position, delta and
/// option Greeks, equity. Differences are figures; what each means stands in core/portfolio/reconciliation.md.
class ReconcileMonitor final : public DeskMonitor {
 public:
  void lay_out(const DeskView& view, FigureTable& table) override;
  void apply(const DeskView& view, const Event& event) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void renumber_connections(std::span<const ConnectionId> new_of_old) override;
  void visit_state(StateArchive& archive) override;

  /// The ledger of an account of the setup; nothing beyond it.
  [[nodiscard]] const AccountLedger* ledger(std::size_t account) const;
  /// Whether the fill that was told last changed the ledger's size; else the statement to come contains it.
  [[nodiscard]] bool last_fill_booked() const { return last_fill_booked_; }
  /// Some ledger has adopted positions whose trades were not told, since clear_missed().
  [[nodiscard]] bool has_missed() const;
  void clear_missed();
  /// Settlement asset that one unit of size of a perpetual has paid in funding since it was first heard of; 0 for everything else.
  [[nodiscard]] double funding_paid_per_unit(InstrumentSlot slot) const;
  /// What a contract was delivered at, once the venue has told.
  [[nodiscard]] std::optional<double> delivery_price(InstrumentSlot slot) const;
  /// What one account's positions have earned in one asset since the ledger began, open ones at their marks. Deposits are not in
  /// it.
  [[nodiscard]] Estimate earned(const DeskView& view, std::size_t account, const AssetCode& asset) const;

 private:
  /// Equity in one asset: where the comparison started, and the newest comparison.
  struct Equity {
    AssetCode asset;
    bool based = false;
    double base = 0;  ///< equity less earnings and transfers when the comparison began
    double transfers = 0;
    std::optional<MonoTime> differs_since;
    bool told = false;  ///< in this cycle
    double stated = 0;
    Origin origin{};
    Estimate difference_ratio{0, Quality::unknown(FigureReason::NeverReceived)};
    RowId row = kNoRow;
  };
  /// The venue's newest totals in one asset and what ours differed by when they came.
  struct Totals {
    AssetCode asset;
    AccountGreeks venue;
    Origin origin{};
    bool fresh = false;  ///< told in this cycle
    AccountTotals::Difference difference;
    RowId delta_total = kNoRow;
    RowId delta = kNoRow;
    RowId gamma = kNoRow;
    RowId vega = kNoRow;
    RowId theta = kNoRow;
  };
  struct Watched {
    std::string name;
    AccountLedger ledger;
    std::vector<Equity> equities;
    std::vector<Totals> totals;
    bool touched = false;
    std::optional<MonoTime> compared;  ///< when the venue last stated everything
    RowId mismatches = kNoRow;
    RowId mismatch_of_limit = kNoRow;
    RowId seconds_since = kNoRow;

    void visit_state(auto& archive) {
      archive(name, ledger, equities, totals, touched, compared, mismatches, mismatch_of_limit, seconds_since);
    }
  };

  Watched* watched(AccountId account);
  /// Positions that were stated before their contract was known get their lines.
  void learn_contract(const DeskView& view, InstrumentId instrument, InstrumentSlot slot);
  static Equity& equity_of(Watched& account, const AssetCode& asset);
  static Totals& totals_of(Watched& account, const AssetCode& asset);
  void compare_totals(const DeskView& view, std::size_t account, Totals& totals) const;
  void compare_equity(const DeskView& view, std::size_t account, Equity& equity) const;
  /// The largest mismatch of more than a lot, over the soft limit of the tightest hedge on its underlying.
  [[nodiscard]] static double mismatch_of_limit(const DeskView& view, const AccountLedger& ledger);
  static void publish(const DeskView& view, const Publisher& out, const Watched& account, const Account& source);

  std::vector<Watched> accounts_;  ///< parallel to the setup's accounts
  struct PerpetualFunding {
    FundingAccrual accrual{Contract{}, FundingSchedule::Continuous};
    FundingHistory history;

    void visit_state(auto& archive) { archive(accrual, history); }
  };
  [[nodiscard]] double funding_paid_per_unit(InstrumentSlot slot, VenueTime at) const;

  std::map<InstrumentSlot, PerpetualFunding> funding_;
  std::map<InstrumentSlot, double> deliveries_;
  bool last_fill_booked_ = false;
  ProfitRecord sessions_;  ///< for its session count only
};

}  // namespace hedgewatch
