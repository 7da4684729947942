#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/engine/hour_move_monitor.hpp"
#include "core/hedge/delta_drift.hpp"
#include "core/hedge/rebalance_band.hpp"
#include "core/portfolio/order_rate.hpp"

namespace hedgewatch {

/// The band of each hedge that has one, whether its delta is outside, what drove it there since the last hedge, and what keeps it
/// from going back.
class RebalanceMonitor final : public DeskMonitor {
 public:
  /// `hours` is laid out and ends its cycles before this one, and outlives it.
  explicit RebalanceMonitor(const HourMoveMonitor& hours) : hours_{&hours} {}

  void lay_out(const DeskView& view, FigureTable& table) override;
  void apply(const DeskView& view, const Event& event) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

  struct BandNow {
    double middle = 0;  ///< the net delta aimed at, coins
    double half_width = 0;
    Quality quality = Quality::unknown(FigureReason::NeverReceived);
    bool outside = false;
  };
  /// Parallel to the setup's hedges; unknown for those without a band.
  [[nodiscard]] std::span<const BandNow> bands() const { return bands_; }

 private:
  enum Constraint : std::uint8_t { Lot, MinNotional, Margin, PositionLimit, Depth, MaxTrade, RateLimit };
  static constexpr std::size_t kConstraints = 7;
  struct Rows {
    RowId lower = kNoRow;
    RowId upper = kNoRow;
    RowId fallback = kNoRow;
    RowId outside = kNoRow;
    std::array<RowId, 5> drift{kNoRow, kNoRow, kNoRow, kNoRow, kNoRow};
    RowId since = kNoRow;
    RowId expected = kNoRow;
    RowId breakeven = kNoRow;
    std::array<RowId, kConstraints> binding{kNoRow, kNoRow, kNoRow, kNoRow, kNoRow, kNoRow, kNoRow};
  };
  struct Followed {
    InstrumentSlot slot = kNoSlot;
    std::uint32_t holding = 0;
    bool leg = false;
    double share = 1;    ///< of the position that is the hedge's
    bool known = false;  ///< `before` was taken
    DeltaMoment before;
  };
  struct Learnt {
    HedgeSetup hedge;  ///< as it was when the drift began
    std::vector<Followed> holdings;
    DeltaDrift drift;
    MonoTime next_step{};
    MonoTime rebalanced{};
    bool ever_rebalanced = false;
    bool begun = false;
    std::vector<InstrumentSlot> tradable;  ///< what brings the delta back: advised futures, else the listed legs

    void visit_state(auto& archive) { archive(holdings, drift, next_step, rebalanced, ever_rebalanced, begun, tradable); }
  };

  /// What an account that states an allowance has sent of late.
  struct Sender {
    std::string name;
    std::uint16_t account = 0;
    OrderRate rate;
    std::uint64_t placed = 0;              ///< of its working orders, when last looked at
    VenueTime newest_fill = kNoVenueTime;  ///< where no working orders are told

    void visit_state(auto& archive) { archive(name, account, rate, placed, newest_fill); }
  };
  /// Orders that may go to a venue now, at most; nothing: no allowance is known there.
  struct OrdersLeft {
    std::optional<std::uint32_t> orders;
    Quality quality;
  };

  void lay_out_senders(const DeskView& view);
  [[nodiscard]] Sender* sender_of(std::uint16_t account);
  [[nodiscard]] OrdersLeft orders_left(const DeskView& view, std::uint32_t book, Venue venue);
  [[nodiscard]] static bool take_leg_trades(const DeskView& view, Learnt& learnt);
  static void step_drift(const DeskView& view, Learnt& learnt);
  [[nodiscard]] BandNow band_of(const DeskView& view, std::uint32_t hedge, const Learnt& learnt, bool& fallback) const;
  void publish_constraints(const DeskView& view, const Publisher& out, std::uint32_t hedge);
  void publish_rate_limit(const DeskView& view, const Publisher& out, std::uint32_t hedge, double coins, double price,
                          const Quality& quality);
  void publish_gamma_theta(const DeskView& view, const Publisher& out, std::uint32_t hedge) const;

  const HourMoveMonitor* hours_;
  std::vector<Learnt> hedges_;
  std::vector<Sender> senders_;
  std::vector<Rows> rows_;
  std::vector<BandNow> bands_;
};

}  // namespace hedgewatch
