#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/engine/desk_monitor.hpp"

namespace hedgewatch {

/// How near each account is to auto-deleveraging: the largest rank that its venue told of an open position.
class DeleveragingMonitor final : public DeskMonitor {
 public:
  void lay_out(const DeskView& view, FigureTable& table) override;
  void apply(const DeskView& view, const Event& event) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void renumber_connections(std::span<const ConnectionId> new_of_old) override;
  void visit_state(StateArchive& archive) override;

 private:
  struct Rank {
    InstrumentId instrument = kNoInstrument;
    double place_ratio = kAbsent;
    MonoTime told{};
    ConnectionId connection = kNoConnection;
  };
  struct Watched {
    std::string name;
    std::vector<Rank> ranks;  ///< by instrument
    Estimate nearest;         ///< as of the newest event of the account
    bool changed = true;      ///< since then
    RowId row = kNoRow;

    void visit_state(auto& archive) { archive(name, ranks, nearest, changed, row); }
  };

  static void find_nearest(const Account& account, Watched& watched);

  std::vector<Watched> accounts_;  ///< parallel to the setup's accounts
};

}  // namespace hedgewatch
