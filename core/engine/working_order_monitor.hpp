#pragma once

#include <array>
#include <vector>

#include "core/engine/desk_monitor.hpp"

namespace hedgewatch {

/// What every book's delta would be with all of its working bids filled, and with all of its working asks: an order on the venue
/// is a trade that somebody else decides on. Made anew when an order changed, and ten times a second of the engine's time.
class WorkingOrderMonitor final : public DeskMonitor {
 public:
  void lay_out(const DeskView& view, FigureTable& table) override;
  void apply(const DeskView& view, const Event& event) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  static constexpr std::array kViews{DeltaView::BlackScholes, DeltaView::NetTransaction};

  struct Sums {
    std::array<double, kViews.size()> bids{};
    std::array<double, kViews.size()> asks{};
    Quality bid_quality;
    Quality ask_quality;
  };
  struct Book {
    std::array<RowId, kViews.size()> bid_rows{};
    std::array<RowId, kViews.size()> ask_rows{};
    Sums sums;
  };

  /// The desk's exposure that an order in an instrument belongs to; kNoPlace before the structure has it.
  [[nodiscard]] static std::uint32_t exposure_of(const DeskView& view, std::size_t account, InstrumentSlot slot);
  void add_orders(const DeskView& view, std::size_t account, const Quality& known);

  std::vector<Book> books_;  ///< parallel to the desk's exposures
  bool touched_ = true;
  MonoTime due_{};
};

}  // namespace hedgewatch
