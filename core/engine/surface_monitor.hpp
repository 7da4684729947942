#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/engine/forward_selector.hpp"
#include "core/engine/option_chains.hpp"
#include "core/engine/surface_sweep.hpp"
#include "core/pricing/vol_surface.hpp"
#include "core/risk/option_fallback.hpp"

namespace hedgewatch {

/// Keeps a vol surface for every chain of which an option is held or watched, fitted to the venue's mark vols, and answers for
/// options whose own vol or forward is missing or stale. The work of fitting is cut into pieces and counted: what is done depends
/// on the engine's time alone. Figures and the order of sources: core/pricing/README.md.
class SurfaceMonitor final : public DeskMonitor {
 public:
  /// A surface is fitted anew this long after the fit before; one without any slice after a tenth of it.
  static constexpr std::chrono::nanoseconds kSweepEvery = std::chrono::seconds{10};
  /// The engine's time that must pass for each cell that is worked: about one per cent of a core.
  static constexpr std::chrono::nanoseconds kTimePerCell = std::chrono::microseconds{1};
  /// The most that is saved up: cells of one cycle after a pause.
  static constexpr std::size_t kMostCells = 20'000;

  void lay_out(const DeskView& view, FigureTable& table) override;
  void apply(const DeskView& view, const Event& event) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void renumber_connections(std::span<const ConnectionId> new_of_old) override;
  void visit_state(StateArchive& archive) override;

  /// Calls `use` with each expiry of the surfaces that were fitted anew since it was asked last.
  template <class Use>
  void take_refitted(Use use) {
    for (Surface& surface : surfaces_)
      if (std::exchange(surface.refitted, false))
        for (const ChainExpiry& one : surface.chain.expiries) use(one.id);
  }
  /// Whether the expiry has rows: something of it is held or watched, and it has as many strikes as a smile needs.
  [[nodiscard]] bool reports(ExpiryId expiry) const;
  /// Before options are repriced: forwards are selected anew when they are asked for.
  void begin_cycle();
  [[nodiscard]] FallbackForward forward(const DeskView& view, ExpiryId expiry);
  [[nodiscard]] FallbackVol vol(const DeskView& view, const FallbackQuestion& question) const;
  /// d vol / d ln(strike / forward) of the smile at the question's strike.
  [[nodiscard]] Estimate slope(const DeskView& view, const FallbackQuestion& question) const;

 private:
  /// Rows of one expiry that is reported.
  struct ExpiryRows {
    VenueTime expiry = kNoVenueTime;
    std::array<RowId, 4> error{};  ///< by statistic
    RowId verdict = kNoRow;
    RowId quotes = kNoRow;
    RowId age = kNoRow;
  };
  struct Surface {
    OptionChain chain;
    VolSurface surface{std::chrono::nanoseconds{0}};
    std::vector<ConnectionId> connections;  ///< of the marks it was fitted to
    MonoTime swept{};                       ///< end of the newest fit
    MonoTime next_sweep{};
    bool has_swept = false;
    bool refitted = false;  ///< since take_refitted()
    std::vector<ExpiryRows> rows;
    RowId unfitted = kNoRow;

    void visit_state(auto& archive) {
      archive(chain, surface, connections, swept, next_sweep, has_swept, refitted, rows, unfitted);
    }
  };
  struct Place {
    std::uint32_t surface = kNoPlace;
    std::uint32_t expiry = 0;
  };

  void form(const DeskView& view);
  static void lay_out_rows(Surface& surface, FigureTable& table);
  void sweep(const DeskView& view);
  void begin_due_sweep(MonoTime now);
  void finish_sweep(MonoTime now);
  void publish(const Surface& surface, const DeskView& view, const Publisher& out) const;
  [[nodiscard]] const Surface* surface_of(ExpiryId expiry) const;
  [[nodiscard]] static VolQuestion asked(const DeskView& view, const FallbackQuestion& question);
  [[nodiscard]] Quality quality_of(const Surface& surface, MonoTime oldest_input, const DeskView& view) const;

  std::vector<Surface> surfaces_;
  std::vector<Place> place_of_expiry_;        ///< by ExpiryId
  std::vector<FallbackForward> forwards_;     ///< by ExpiryId
  std::vector<unsigned char> forward_known_;  ///< by ExpiryId: selected in this cycle
  ForwardSelector selector_;
  SurfaceSweep sweep_;
  std::size_t swept_surface_ = 0;
  std::chrono::nanoseconds saved_{};  ///< time not yet spent on cells; negative after a long piece
  MonoTime saved_until_{};
  MonoTime next_publish_{};
  bool chains_changed_ = false;
};

/// "2027-03-26T08:00Z", to the minute: the label of an expiry.
[[nodiscard]] std::string expiry_label(VenueTime at);

}  // namespace hedgewatch
