#include "daemon/exposition/metrics_writer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace hedgewatch {

namespace {

constexpr std::string_view kStateName = "hedgewatch_figure_state";
constexpr std::string_view kStateHeader =
    "# HELP hedgewatch_figure_state 1 for each figure that has no series now, with its state and the reason.\n"
    "# TYPE hedgewatch_figure_state gauge\n";
constexpr std::string_view kReasonLabel = R"(",reason=")";
constexpr std::string_view kStateEnd = "\"} 1\n";
/// Longest state and reason words with what stands between them, generously.
constexpr std::size_t kStateRoom = 96;
constexpr std::string_view kTotal = "_total";

/// The unit that OpenMetrics lets us declare, which must be the end of the name. Empty when the name ends in none.
std::string_view unit_of(std::string_view name) {
  constexpr std::array<std::string_view, 5> kUnits{"seconds", "bytes", "ratio", "usd", "coins"};
  for (const std::string_view unit : kUnits)
    if (name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_') return unit;
  return {};
}

/// `quote` is set for label values, where a double quote is escaped too.
template <class Text>
void append_escaped(Text& out, std::string_view text, bool quote) {
  for (const char& c : text) {
    if (c == '\\')
      out.append("\\\\");
    else if (c == '\n')
      out.append("\\n");
    else if (c == '"' && quote)
      out.append("\\\"");
    else
      out.append(std::string_view{&c, 1});
  }
}

template <class Text>
void append_header(Text& out, MetricsFormat format, std::string_view name, std::string_view help, std::string_view type) {
  out.append("# HELP ");
  out.append(name);
  out.append(" ");
  append_escaped(out, help, format == MetricsFormat::OpenMetrics);
  out.append("\n# TYPE ");
  out.append(name);
  out.append(" ");
  out.append(type);
  out.append("\n");
  const std::string_view unit = unit_of(name);
  if (format == MetricsFormat::OpenMetrics && !unit.empty()) {
    out.append("# UNIT ");
    out.append(name);
    out.append(" ");
    out.append(unit);
    out.append("\n");
  }
}

std::string_view type_word(prometheus::MetricType type, MetricsFormat format) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    case prometheus::MetricType::Summary:
      return "summary";
    case prometheus::MetricType::Histogram:
      return "histogram";
    case prometheus::MetricType::Untyped:
      break;
  }
  return format == MetricsFormat::OpenMetrics ? "unknown" : "untyped";
}

/// Bounds of buckets and quantiles read as numbers with a decimal point, as OpenMetrics wants them; the older format takes them
/// too, so a series keeps its name when the scraper changes the format.
void append_bound(TextBuffer& out, double bound) {
  const std::size_t before = out.size();
  out.append_number(bound);
  const std::string_view written = out.view().substr(before);
  if (written.find_first_not_of("-0123456789") == std::string_view::npos) out.append(".0");
}

/// One sample line; `bound_name` and `bound` are the extra label of a bucket or quantile.
void append_sample(TextBuffer& out, std::string_view name, std::string_view suffix, const prometheus::ClientMetric& metric,
                   double value, std::string_view bound_name = {}, double bound = 0) {
  out.append(name);
  out.append(suffix);
  if (!metric.label.empty() || !bound_name.empty()) {
    std::string_view separator = "{";
    for (const auto& label : metric.label) {
      out.append(separator);
      out.append(label.name);
      out.append("=\"");
      append_escaped(out, label.value, true);
      out.append("\"");
      separator = ",";
    }
    if (!bound_name.empty()) {
      out.append(separator);
      out.append(bound_name);
      out.append("=\"");
      append_bound(out, bound);
      out.append("\"");
    }
    out.append("}");
  }
  out.append(" ");
  out.append_number(value);
  out.append("\n");
}

void append_family(TextBuffer& out, MetricsFormat format, const prometheus::MetricFamily& family) {
  const bool counter = family.type == prometheus::MetricType::Counter;
  // OpenMetrics names a counter's family without _total and its sample with it; the older format has one name for both.
  std::string_view base = family.name;
  if (counter && base.ends_with(kTotal)) base.remove_suffix(kTotal.size());
  const bool open_metrics = format == MetricsFormat::OpenMetrics;
  append_header(out, format, counter && open_metrics ? base : std::string_view{family.name}, family.help,
                type_word(family.type, format));
  for (const prometheus::ClientMetric& metric : family.metric) {
    switch (family.type) {
      case prometheus::MetricType::Counter:
        if (open_metrics)
          append_sample(out, base, kTotal, metric, metric.counter.value);
        else
          append_sample(out, family.name, {}, metric, metric.counter.value);
        break;
      case prometheus::MetricType::Gauge:
        append_sample(out, family.name, {}, metric, metric.gauge.value);
        break;
      case prometheus::MetricType::Untyped:
        append_sample(out, family.name, {}, metric, metric.untyped.value);
        break;
      case prometheus::MetricType::Summary:
        for (const auto& quantile : metric.summary.quantile)
          append_sample(out, family.name, {}, metric, quantile.value, "quantile", quantile.quantile);
        append_sample(out, family.name, "_sum", metric, metric.summary.sample_sum);
        append_sample(out, family.name, "_count", metric, static_cast<double>(metric.summary.sample_count));
        break;
      case prometheus::MetricType::Histogram: {
        bool infinite = false;
        for (const auto& bucket : metric.histogram.bucket) {
          infinite = infinite || std::isinf(bucket.upper_bound);
          append_sample(out, family.name, "_bucket", metric, static_cast<double>(bucket.cumulative_count), "le",
                        bucket.upper_bound);
        }
        if (!infinite)
          append_sample(out, family.name, "_bucket", metric, static_cast<double>(metric.histogram.sample_count), "le",
                        std::numeric_limits<double>::infinity());
        append_sample(out, family.name, "_sum", metric, metric.histogram.sample_sum);
        append_sample(out, family.name, "_count", metric, static_cast<double>(metric.histogram.sample_count));
        break;
      }
    }
  }
}

}  // namespace

std::string_view content_type(MetricsFormat format) {
  return format == MetricsFormat::OpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                              : "text/plain; version=0.0.4; charset=utf-8";
}

void MetricsWriter::prepare(std::shared_ptr<const FigureLayout> layout) {
  layout_ = nullptr;  // until all is prepared: memory may run out on the way
  prepared_.clear();
  sample_.clear();
  state_.clear();
  shown_.clear();
  families_.clear();
  largest_rendering_ = kStateHeader.size();
  const auto piece_since = [this](std::size_t offset) {
    return Piece{static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(prepared_.size() - offset)};
  };

  std::optional<Figure> current;
  std::size_t index = 0;
  for (const FigureLayout::Row& row : layout->rows) {
    if (index == most_rows_) break;
    const FigureDefinition& definition = definition_of(row.figure);
    if (row.figure != current) {
      current = row.figure;
      Family family{.first_row = index, .end_row = index, .text_header = {}, .open_metrics_header = {}};
      std::size_t offset = prepared_.size();
      append_header(prepared_, MetricsFormat::Text, definition.name, definition.help, "gauge");
      family.text_header = piece_since(offset);
      offset = prepared_.size();
      append_header(prepared_, MetricsFormat::OpenMetrics, definition.name, definition.help, "gauge");
      family.open_metrics_header = piece_since(offset);
      largest_rendering_ += family.open_metrics_header.size;
      families_.push_back(family);
    }
    std::size_t offset = prepared_.size();
    prepared_ += definition.name;
    if (!row.labels.empty()) prepared_.append("{").append(row.labels).append("}");
    prepared_ += ' ';
    sample_.push_back(piece_since(offset));
    offset = prepared_.size();
    prepared_.append(kStateName).append("{figure=\"").append(definition.name).append("\",scope=\"");
    prepared_.append(row.scope).append("\",state=\"");
    state_.push_back(piece_since(offset));
    shown_.emplace_back();
    largest_rendering_ += std::max(sample_.back().size + TextBuffer::kNumberRoom + 1, state_.back().size + kStateRoom);
    families_.back().end_row = ++index;
  }
  refused_ += layout->rows.size() - index;
  layout_ = std::move(layout);
}

void MetricsWriter::render_family(MetricsFormat format, const FigureSnapshot& snapshot, Family& family) {
  std::string_view unread = previous_.view().substr(std::min(family.shown_at, previous_.size()));
  std::size_t same_bytes = 0;  ///< of the lines that have not changed since the last one that has
  const std::size_t before = out_.size();
  out_.put(text_of(format == MetricsFormat::OpenMetrics ? family.open_metrics_header : family.text_header));
  family.shown_at = out_.size();
  for (std::size_t row = family.first_row; row < family.end_row; ++row) {
    const FigureValue& figure = snapshot.values[row];
    Shown& shown = shown_[row];
    const std::uint64_t value_bits = figure.state == FigureState::Ok ? std::bit_cast<std::uint64_t>(figure.value) : kNotShown;
    if (value_bits == shown.value_bits) {
      same_bytes += shown.line_bytes;
      series_ += value_bits != kNotShown ? 1 : 0;
      continue;
    }
    out_.put_long(unread.substr(0, same_bytes));
    unread.remove_prefix(same_bytes + shown.line_bytes);
    same_bytes = 0;
    const std::size_t line_at = out_.size();
    if (value_bits != kNotShown) {
      out_.put(text_of(sample_[row]));
      out_.put_number(figure.value);
      out_.put('\n');
      ++series_;
    }
    shown = {.value_bits = value_bits, .line_bytes = static_cast<std::uint32_t>(out_.size() - line_at)};
  }
  out_.put_long(unread.substr(0, same_bytes));
  if (out_.size() == family.shown_at) out_.cut(before);
}

void MetricsWriter::render_figures(MetricsFormat format, const FigureSnapshot& snapshot) {
  for (Family& family : families_) render_family(format, snapshot, family);
  if (series_ == sample_.size()) return;
  out_.put(kStateHeader);
  for (std::size_t row = 0; row < sample_.size(); ++row) {
    const FigureValue& figure = snapshot.values[row];
    if (figure.state == FigureState::Ok) continue;
    out_.put(text_of(state_[row]));
    out_.put(label(figure.state));
    out_.put(kReasonLabel);
    out_.put(label(figure.reason));
    out_.put(kStateEnd);
  }
}

std::string_view MetricsWriter::render(MetricsFormat format, const FigureSnapshot* snapshot,
                                       std::span<const prometheus::MetricFamily> families) {
  const bool figures = snapshot != nullptr && snapshot->layout;
  // Before anything is told of the newest rendering: where memory runs out, its text stays what shown_ says.
  previous_.clear();
  if (figures) {
    adopt(snapshot->layout);
    previous_.need(largest_rendering_);
  }
  std::swap(out_, previous_);
  series_ = 0;
  if (figures)
    render_figures(format, *snapshot);
  else
    std::ranges::fill(shown_, Shown{});
  for (const prometheus::MetricFamily& family : families)
    if (!family.metric.empty()) append_family(out_, format, family);
  if (format == MetricsFormat::OpenMetrics) out_.append("# EOF\n");
  return out_.view();
}

}  // namespace hedgewatch
