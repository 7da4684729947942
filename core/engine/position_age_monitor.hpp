#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/engine/desk_monitor.hpp"

namespace hedgewatch {

/// How long ago somebody last vouched for each position that is stated by hand, against how long that may be. The clock is the
/// venue's newest exchange time, carried on by the engine's own while the venue is silent: an age never stands still.
class PositionAgeMonitor final : public DeskMonitor {
 public:
  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  struct Watched {
    std::uint32_t book = 0;
    InstrumentPattern instrument;  ///< exact
    VenueTime as_of{};             ///< the oldest of the lines in one instrument
    std::chrono::nanoseconds max_age{};
    RowId age = kNoRow;
    RowId usage = kNoRow;

    void visit_state(auto& archive) { archive(book, instrument, as_of, max_age, age, usage); }
  };
  struct Clock {
    VenueTime told = kNoVenueTime;
    MonoTime heard{};
  };

  std::vector<Watched> positions_;
  std::array<Clock, kVenues.size()> clocks_{};
};

}  // namespace hedgewatch
