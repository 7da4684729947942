#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/alert/alert_board.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// An alert that is raised, by the calendar, as a restart must know it.
struct RememberedAlert {
  std::string rule;
  std::string labels;  ///< of its row
  WallTime since{};
  /// Where a person has taken it on: until when, and the figure's value then.
  struct Acknowledged {
    WallTime until{};
    std::optional<double> value;
  };
  std::optional<Acknowledged> acknowledged = std::nullopt;
  bool untold = false;  ///< a webhook, which is told once, has not accepted it as it is now
};

/// An alert that has ended, by the calendar, and whose end some receiver has not accepted.
struct RememberedEnd {
  std::string rule;
  std::string labels;  ///< of its row
  WallTime since{};
  WallTime ended{};
  bool untold = false;  ///< to a webhook, which is told once; otherwise only an Alertmanager lacks it
};

/// A limit that its owner has replaced for a time.
struct RememberedOverride {
  std::string rule;
  std::string labels;  ///< of its row
  double level = 0;
  WallTime until{};
};

/// What a restart must know.
struct AlertMemory {
  std::vector<RememberedAlert> alerts;
  std::vector<RememberedOverride> overrides;
  std::vector<RememberedEnd> ended = {};
};

/// What the engine has to be told, or has told, by its own clock: the calendar's time less `offset`.
[[nodiscard]] std::vector<RaisedAlert> raised_in(const AlertMemory& memory, std::chrono::nanoseconds offset);
[[nodiscard]] std::vector<OverriddenLimit> overridden_in(const AlertMemory& memory, std::chrono::nanoseconds offset);
[[nodiscard]] AlertMemory memory_of(const std::vector<RaisedAlert>& raised, const std::vector<OverriddenLimit>& overridden,
                                    std::chrono::nanoseconds offset);

/// A limit that is overridden is `limit<tab>RULE<tab>LABELS<tab>UNTIL_NANOSECONDS<tab>LEVEL`. One alert a line:
/// `NANOSECONDS<tab>RULE<tab>LABELS`, where it was acknowledged `<tab>UNTIL_NANOSECONDS<tab>VALUE`, the value empty where it was
/// not known. One that has ended is `ended<tab>RULE<tab>LABELS<tab>SINCE_NANOSECONDS<tab>ENDED_NANOSECONDS`, which programs of
/// before leave out. An alert's line ends with `<tab>untold` where a webhook has not accepted it as it is. Label text holds no tab
/// or line end that is not escaped.
[[nodiscard]] std::string remembered_text(const AlertMemory& memory);
/// Lines that make no sense are left out: a false page is better than no start.
[[nodiscard]] AlertMemory parse_remembered(std::string_view text);

/// Replaces the file as a whole, so that a crash leaves the old or the new one. False with errno set.
[[nodiscard]] bool write_remembered(const std::string& file, const AlertMemory& memory);

}  // namespace hedgewatch
