#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/time.hpp"

namespace hedgewatch {

/// One line of a plot. A missing value interrupts it.
struct PlotLine {
  std::string name;
  std::vector<std::optional<double>> values;  ///< parallel to the plot's times
};

/// A horizontal line or band that gives a plot its meaning, such as a floor.
struct PlotMark {
  std::string name;
  double from = 0;
  double to = 0;  ///< equal to `from`: a line
};

struct Plot {
  std::string title;
  std::string unit;  ///< of the vertical axis, in words
  std::vector<VenueTime> times;
  std::vector<PlotLine> lines;  ///< at most four
  std::vector<PlotMark> marks;
  int decimals = 2;             ///< of the vertical axis
  std::optional<double> least;  ///< the vertical axis shows nothing below; what is cut off is said beside the title
  std::optional<double> most;
};

/// The plot as one <svg> element that needs nothing else: no script, no style sheet, no font. Where there are more points than
/// columns, each column shows the lowest and the highest of its points, so that no spike is lost. A plot without any value says so.
[[nodiscard]] std::string svg_of(const Plot& plot);

/// Text with <, >, & and " made harmless.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// 2026-02-05 16:00, in UTC.
[[nodiscard]] std::string utc_minute(VenueTime time);
/// A number with that many decimals, without an exponent; an en dash for nothing.
[[nodiscard]] std::string fixed_text(std::optional<double> value, int decimals);

}  // namespace hedgewatch
