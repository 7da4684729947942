#pragma once

#include <cstring>
#include <map>
#include <string>

#include "core/engine/engine.hpp"
#include "core/metric/figure_table.hpp"
#include "daemon/commands/alert_timeline.hpp"

namespace hedgewatch::testing {

/// Every row of the table, to the last bit.
inline std::string bytes_of(const FigureTable& table) {
  FigureSnapshot snapshot;
  table.copy_to(snapshot);
  std::string bytes;
  for (std::size_t row = 0; row < snapshot.values.size(); ++row) {
    const FigureLayout::Row& name = snapshot.layout->rows[row];
    const FigureValue& value = snapshot.values[row];
    bytes += std::string{definition_of(name.figure).name} + '{' + name.labels + "} " + std::string{label(value.state)} + ' ' +
             std::string{label(value.reason)};
    if (value.state == FigureState::Ok) {
      char raw[sizeof value.value];
      std::memcpy(raw, &value.value, sizeof raw);
      bytes.append(raw, sizeof raw);
    }
    bytes += '\n';
  }
  return bytes;
}

/// What changed in the newest cycle, by the engine's own clock.
inline std::string alerts_of(const AlertBoard& board) {
  std::string rows;
  if (board.transitions().empty()) return rows;
  const WallTime now = from_nanoseconds<WallTime>(nanoseconds_of(board.transitions()[0].at));
  for (const AlertChange& change : alert_changes(board, now)) append_alert_change(rows, change);
  return rows;
}

/// What a daemon showed and raised, over all its lives.
struct Shown {
  std::map<std::uint64_t, std::string> tables;  ///< by cycle
  std::string alerts;                           ///< the timeline
};

}  // namespace hedgewatch::testing
