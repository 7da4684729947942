#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/metric_family.h>

#include "core/metric/figure_table.hpp"
#include "daemon/exposition/text_buffer.hpp"

namespace hedgewatch {

enum class MetricsFormat : std::uint8_t {
  Text,        ///< Prometheus text format 0.0.4
  OpenMetrics  ///< OpenMetrics 1.0.0
};
[[nodiscard]] std::string_view content_type(MetricsFormat format);

/// Renders one consistent copy of the figure table, and the process's own metric families, for a scrape.
/// The names and labels of the figures are prepared once per layout; a scrape then copies text and formats the numbers that changed
/// since the scrape before, and allocates nothing in the steady state. A figure that is not ok has no series:
/// hedgewatch_figure_state says why.
/// Used by one thread.
class MetricsWriter {
 public:
  /// Rows beyond this are left out and counted: a scrape stays bounded whatever the venue lists.
  static constexpr std::size_t kMostRows = 250'000;

  explicit MetricsWriter(std::size_t most_rows = kMostRows) : most_rows_{most_rows} {}

  /// Prepares the layout's names unless they are; render does it, too.
  void adopt(const std::shared_ptr<const FigureLayout>& layout) {
    if (layout != layout_) prepare(layout);
  }
  /// `snapshot` is null when the engine did not answer: then no figure is rendered at all.
  /// The text stays valid until the next call. When memory runs out, the next call is as if this one had not been.
  [[nodiscard]] std::string_view render(MetricsFormat format, const FigureSnapshot* snapshot,
                                        std::span<const prometheus::MetricFamily> families);

  /// Figures that had a series in the last rendering.
  [[nodiscard]] std::size_t series() const { return series_; }
  /// Rows that were left out of the layouts so far.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  /// A piece of prepared_.
  struct Piece {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  struct Family {
    std::size_t first_row = 0;
    std::size_t end_row = 0;
    Piece text_header;
    Piece open_metrics_header;
    std::size_t shown_at = 0;  ///< where the lines of its rows begin in the newest rendering
  };
  /// Of a row without a line: the bits of a NaN, which no figure that is ok is.
  static constexpr std::uint64_t kNotShown = 0xFFFF'FFFF'FFFF'FFFF;
  /// What a row had in the newest rendering: its line is the same in both formats.
  struct Shown {
    std::uint64_t value_bits = kNotShown;
    std::uint32_t line_bytes = 0;
  };

  void prepare(std::shared_ptr<const FigureLayout> layout);
  void render_figures(MetricsFormat format, const FigureSnapshot& snapshot);
  void render_family(MetricsFormat format, const FigureSnapshot& snapshot, Family& family);
  [[nodiscard]] std::string_view text_of(Piece piece) const { return std::string_view{prepared_}.substr(piece.offset, piece.size); }

  std::size_t most_rows_;
  std::uint64_t refused_ = 0;
  TextBuffer out_;
  TextBuffer previous_;  ///< what was rendered before: lines that have not changed are copied from there
  std::size_t series_ = 0;

  std::shared_ptr<const FigureLayout> layout_;  ///< what is prepared
  std::string prepared_;
  std::vector<Piece> sample_;  ///< per row: name{labels} and a space
  std::vector<Piece> state_;   ///< per row: hedgewatch_figure_state{figure="...",scope="...",state="
  std::vector<Shown> shown_;   ///< per row
  std::vector<Family> families_;
  std::size_t largest_rendering_ = 0;  ///< an upper bound for all figures of the layout
};

}  // namespace hedgewatch
