#include "daemon/commands/svg_plot.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace hedgewatch {

namespace {

constexpr double kWidth = 960;
constexpr double kHeight = 250;
constexpr double kLeft = 78;
constexpr double kRight = 14;
constexpr double kTop = 36;
constexpr double kBottom = 26;
constexpr double kPlotWidth = kWidth - kLeft - kRight;
constexpr double kPlotHeight = kHeight - kTop - kBottom;
constexpr std::size_t kPixelColumns = 868;
/// Okabe and Ito's colours, which the colour-blind tell apart and which stay apart in grey.
constexpr std::array<std::string_view, 4> kColours{"#0072B2", "#D55E00", "#009E73", "#666666"};

using Days = std::chrono::days;

std::string two_digits(unsigned value) { return (value < 10 ? "0" : "") + std::to_string(value); }

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] bool empty() const { return !(low <= high); }
};

/// 1, 2 or 5 times a power of ten that cuts the span into about five.
double tick_step(double span) {
  const double rough = span / 5;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough) return factor * power;
  return 10 * power;
}

class Canvas {
 public:
  Canvas(const Plot& plot, Range range) : plot_{plot}, range_{range} {
    first_ = nanoseconds_of(plot.times.front());
    span_ = std::max<double>(1, static_cast<double>(nanoseconds_of(plot.times.back()) - first_));
  }

  [[nodiscard]] double x(VenueTime time) const {
    return kLeft + static_cast<double>(nanoseconds_of(time) - first_) / span_ * kPlotWidth;
  }
  [[nodiscard]] double y(double value) const {
    const double inside = std::clamp(value, range_.low, range_.high);
    return kTop + (range_.high - inside) / (range_.high - range_.low) * kPlotHeight;
  }

  [[nodiscard]] std::string text(double at_x, double at_y, std::string_view anchor, std::string_view what,
                                 std::string_view more = {}) const {
    return "<text x=\"" + fixed_text(at_x, 1) + "\" y=\"" + fixed_text(at_y, 1) + "\" text-anchor=\"" + std::string{anchor} + "\"" +
           std::string{more} + ">" + html_escaped(what) + "</text>\n";
  }

  [[nodiscard]] std::string grid() const {
    std::string out;
    const double step = tick_step(range_.high - range_.low);
    int decimals = plot_.decimals;
    while (decimals < 8 && std::pow(10.0, -decimals) > step * 1.001) ++decimals;
    const auto first = static_cast<std::int64_t>(std::ceil(range_.low / step));
    const auto last = static_cast<std::int64_t>(std::floor(range_.high / step + 1e-6));
    for (std::int64_t line = first; line <= last; ++line) {
      const double value = static_cast<double>(line) * step;
      const double at = y(value);
      out += "<line x1=\"" + fixed_text(kLeft, 1) + "\" x2=\"" + fixed_text(kWidth - kRight, 1) + "\" y1=\"" + fixed_text(at, 1) +
             "\" y2=\"" + fixed_text(at, 1) + "\" stroke=\"#e4e4e4\"/>\n";
      out += text(kLeft - 6, at + 4, "end", fixed_text(std::abs(value) < step * 1e-6 ? 0 : value, decimals));
    }
    constexpr int kTimes = 4;
    for (int i = 0; i <= kTimes; ++i) {
      const double share = static_cast<double>(i) / kTimes;
      const auto time = from_nanoseconds<VenueTime>(first_ + static_cast<std::int64_t>(share * span_));
      const std::string label = span_ > 20 * 86'400e9 ? utc_minute(time).substr(0, 10) : utc_minute(time);
      out += text(kLeft + share * kPlotWidth, kHeight - 8, i == 0 ? "start" : i == kTimes ? "end" : "middle", label);
    }
    return out;
  }

  [[nodiscard]] std::string mark(const PlotMark& mark) const {
    const double top = y(std::max(mark.from, mark.to));
    const double bottom = y(std::min(mark.from, mark.to));
    if (mark.from == mark.to)
      return "<line x1=\"" + fixed_text(kLeft, 1) + "\" x2=\"" + fixed_text(kWidth - kRight, 1) + "\" y1=\"" + fixed_text(top, 1) +
             "\" y2=\"" + fixed_text(top, 1) + "\" stroke=\"#999\" stroke-dasharray=\"6 4\"/>\n" +
             text(kWidth - kRight - 4, top - 4, "end", mark.name, " fill=\"#777\"");
    return "<rect x=\"" + fixed_text(kLeft, 1) + "\" y=\"" + fixed_text(top, 1) + "\" width=\"" + fixed_text(kPlotWidth, 1) +
           "\" height=\"" + fixed_text(bottom - top, 1) + "\" fill=\"#009E73\" fill-opacity=\"0.10\"/>\n" +
           text(kWidth - kRight - 4, top + 13, "end", mark.name, " fill=\"#777\"");
  }

  [[nodiscard]] std::string line(const PlotLine& line, std::string_view colour) const {
    std::string path;
    bool pen_down = false;
    const auto to = [&](VenueTime time, double value) {
      path += (pen_down ? 'L' : 'M') + fixed_text(x(time), 1) + ' ' + fixed_text(y(value), 1);
      pen_down = true;
    };
    const std::size_t per_column = std::max<std::size_t>(1, (line.values.size() + kPixelColumns - 1) / kPixelColumns);
    for (std::size_t first = 0; first < line.values.size(); first += per_column) {
      const std::size_t end = std::min(line.values.size(), first + per_column);
      std::size_t lowest = end;
      std::size_t highest = end;
      for (std::size_t i = first; i < end; ++i) {
        if (!line.values[i]) continue;
        if (lowest == end || *line.values[i] < *line.values[lowest]) lowest = i;
        if (highest == end || *line.values[i] > *line.values[highest]) highest = i;
      }
      if (lowest == end) {
        pen_down = false;
        continue;
      }
      const auto [earlier, later] = std::minmax(lowest, highest);
      to(plot_.times[earlier], *line.values[earlier]);
      if (later != earlier) to(plot_.times[later], *line.values[later]);
    }
    return "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + std::string{colour} +
           "\" stroke-width=\"1.3\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n";
  }

 private:
  const Plot& plot_;
  Range range_;
  std::int64_t first_ = 0;
  double span_ = 1;
};

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char character : text) {
    if (character == '<')
      out += "&lt;";
    else if (character == '>')
      out += "&gt;";
    else if (character == '&')
      out += "&amp;";
    else if (character == '"')
      out += "&quot;";
    else
      out += character;
  }
  return out;
}

std::string utc_minute(VenueTime time) {
  const std::chrono::sys_time<std::chrono::nanoseconds> at{time.time_since_epoch()};
  const auto day = std::chrono::floor<Days>(at);
  const std::chrono::year_month_day date{day};
  const auto minutes = static_cast<unsigned>(std::chrono::duration_cast<std::chrono::minutes>(at - day).count());
  return std::to_string(static_cast<int>(date.year())) + '-' + two_digits(static_cast<unsigned>(date.month())) + '-' +
         two_digits(static_cast<unsigned>(date.day())) + ' ' + two_digits(minutes / 60) + ':' + two_digits(minutes % 60);
}

std::string fixed_text(std::optional<double> value, int decimals) {
  if (!value || !std::isfinite(*value)) return "\u2013";
  std::array<char, 400> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *value, std::chars_format::fixed, decimals);
  if (error != std::errc{}) return "\u2013";
  std::string text{buffer.data(), end};
  // A negative nothing is nothing.
  if (text.front() == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

std::string svg_of(const Plot& plot) {
  std::string out = "<svg viewBox=\"0 0 960 250\" role=\"img\" aria-label=\"" + html_escaped(plot.title) +
                    "\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n";
  out += "<text x=\"0\" y=\"16\" font-size=\"15\" font-weight=\"600\">" + html_escaped(plot.title) +
         " <tspan font-weight=\"400\" font-size=\"12\" fill=\"#777\">" + html_escaped(plot.unit) + "</tspan></text>\n";
  Range range;
  Range all;
  for (const PlotLine& line : plot.lines)
    for (const auto& value : line.values)
      if (value && std::isfinite(*value)) all.include(*value);
  if (all.empty() || plot.times.empty())
    return out +
           "<text x=\"480\" y=\"130\" text-anchor=\"middle\" fill=\"#777\">nothing to show: no value is defined</text>\n</svg>\n";
  range = all;
  for (const PlotMark& mark : plot.marks) {
    range.include(mark.from);
    range.include(mark.to);
  }
  if (plot.least) range.low = std::max(range.low, *plot.least);
  if (plot.most) range.high = std::min(range.high, *plot.most);
  if (!(range.high > range.low))
    range = {range.low - std::max(1e-9, std::abs(range.low) * 0.01), range.low + std::max(1e-9, std::abs(range.low) * 0.01)};
  const double margin = (range.high - range.low) * 0.04;
  range = {range.low - margin, range.high + margin};

  const Canvas canvas{plot, range};
  out += canvas.grid();
  for (const PlotMark& mark : plot.marks) out += canvas.mark(mark);
  double legend = kWidth - kRight;
  for (std::size_t i = plot.lines.size(); i > 0; --i) {
    const std::string_view colour = kColours[(i - 1) % kColours.size()];
    out += canvas.line(plot.lines[i - 1], colour);
    out += canvas.text(legend, 16, "end", plot.lines[i - 1].name, " font-weight=\"600\" fill=\"" + std::string{colour} + "\"");
    legend -= 7.2 * static_cast<double>(plot.lines[i - 1].name.size()) + 18;
  }
  if (all.low < range.low || all.high > range.high)
    out += canvas.text(
        kLeft, 31, "start",
        "cut off: values reach from " + fixed_text(all.low, plot.decimals) + " to " + fixed_text(all.high, plot.decimals),
        " fill=\"#D55E00\"");
  return out + "</svg>\n";
}

}  // namespace hedgewatch
