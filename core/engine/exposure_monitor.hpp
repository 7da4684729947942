#pragma once

#include <cstdint>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/risk/settlement_window.hpp"
#include "core/risk/vol_exposure.hpp"

namespace hedgewatch {

/// Term structure, skew, pin and settlement of every book and underlying, when the setup wants them. Each is made anew about once a
/// second of the engine's time, a bounded number of holdings a cycle.
class ExposureMonitor final : public DeskMonitor {
 public:
  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  struct Bucket {
    RowId vega = kNoRow;
    RowId risk_reversal = kNoRow;
    RowId butterfly = kNoRow;
  };
  struct Sums {
    std::vector<double> vega;  ///< by bucket, as the next two
    std::vector<double> risk_reversal;
    std::vector<double> butterfly;
    double weighted_vega = 0;
    double pin = 0;
    double settlement = 0;
    Quality quality = Quality::unknown(FigureReason::WarmingUp);
    Quality settlement_quality = Quality::unknown(FigureReason::WarmingUp);

    void reset(std::size_t buckets);

    void visit_state(auto& archive) {
      archive(vega, risk_reversal, butterfly, weighted_vega, pin, settlement, quality, settlement_quality);
    }
  };
  struct Book {
    std::vector<Bucket> buckets;
    RowId weighted_vega = kNoRow;
    RowId pin = kNoRow;
    RowId settlement = kNoRow;
    Sums sums;
    Quality published;
    MonoTime due{};

    void visit_state(auto& archive) { archive(buckets, weighted_vega, pin, settlement, sums, published, due); }
  };
  /// The running average of one index before one expiry.
  struct Window {
    IndexId index = kNoIndex;
    Venue venue = Venue::Deribit;
    SettlementAverage average;
  };

  void begin(const DeskView& view);
  void gather(const DeskView& view);
  void take(const DeskView& view, std::uint32_t holding);
  void follow_windows(const DeskView& view);
  Window* window_of(const DeskView& view, InstrumentSlot slot);
  static void publish(const Publisher& out, Book& book, const Quality& now);

  static constexpr std::size_t kMostWindows = 32;
  std::vector<double> bucket_days_;
  std::vector<Book> books_;  ///< parallel to the desk's exposures
  std::vector<Window> windows_;
  Sums working_;
  std::uint32_t current_ = kNoPlace;
  std::uint32_t next_ = 0;
  std::uint32_t holding_ = 0;
  std::uint32_t end_holding_ = 0;
};

}  // namespace hedgewatch
