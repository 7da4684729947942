#include "daemon/commands/replay_output.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/commands/csv.hpp"

namespace hedgewatch {

namespace {

std::string number_text(double value) {
  std::string text;
  append_number(text, value);
  return text;
}

/// A CSV field that may hold quotes and commas.
std::string csv_quoted(std::string_view text) {
  std::string field{'"'};
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  field += '"';
  return field;
}

bool same(const FigureValue& a, const FigureValue& b) {
  if (a.state != b.state || a.reason != b.reason) return false;
  return a.state != FigureState::Ok || std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value);
}

class CsvOutput final : public ReplayOutput {
 public:
  CsvOutput(std::ostream& out, FigureChoice choice) : out_{out}, choice_{std::move(choice)} {
    out_ << "ts_ns,figure,labels,state,reason,value\n";
  }

  void sample(WallTime now, const FigureSnapshot& table) override {
    for (std::size_t row = 0; row < table.values.size(); ++row) {
      const FigureLayout::Row& name = table.layout->rows[row];
      if (!choice_.wants(name.figure)) continue;
      const FigureValue& value = table.values[row];
      const auto [known, is_new] = last_.try_emplace({name.figure, name.labels}, value);
      if (!is_new && same(known->second, value)) continue;
      known->second = value;
      out_ << nanoseconds_of(now) << ',' << definition_of(name.figure).name << ',' << csv_quoted(name.labels) << ','
           << label(value.state) << ',';
      if (value.state == FigureState::Ok)
        out_ << ',' << number_text(value.value) << '\n';
      else
        out_ << label(value.reason) << ",\n";
    }
  }
  void finish() override { out_.flush(); }

 private:
  std::ostream& out_;
  FigureChoice choice_;
  std::map<std::pair<Figure, std::string>, FigureValue> last_;
};

class OpenMetricsOutput final : public ReplayOutput {
 public:
  OpenMetricsOutput(std::ostream& out, FigureChoice choice) : out_{out}, choice_{std::move(choice)} {}

  void sample(WallTime now, const FigureSnapshot& table) override {
    if (table.layout != layout_) adopt(table.layout);
    for (std::size_t row = 0; row < table.values.size(); ++row)
      if (series_of_row_[row] != nullptr && table.values[row].state == FigureState::Ok)
        series_of_row_[row]->push_back({nanoseconds_of(now), table.values[row].value});
  }

  void finish() override {
    std::optional<Figure> family;
    for (const auto& [key, samples] : series_) {
      if (samples.empty()) continue;
      const FigureDefinition& definition = definition_of(key.first);
      if (family != key.first) {
        family = key.first;
        out_ << "# TYPE " << definition.name << " gauge\n# HELP " << definition.name << ' ';
        for (const char c : definition.help) {
          if (c == '\\' || c == '"') out_ << '\\';
          out_ << c;
        }
        out_ << '\n';
      }
      for (const Sample& sample : samples)
        out_ << definition.name << (key.second.empty() ? "" : "{") << key.second << (key.second.empty() ? " " : "} ")
             << number_text(sample.value) << ' ' << seconds_text(sample.time) << '\n';
    }
    out_ << "# EOF\n";
    out_.flush();
  }

 private:
  struct Sample {
    std::int64_t time;
    double value;
  };

  /// Seconds with three decimals: Prometheus keeps milliseconds.
  static std::string seconds_text(std::int64_t nanoseconds) {
    constexpr std::int64_t kPerMillisecond = 1'000'000;
    constexpr std::int64_t kMilliseconds = 1'000;
    const std::int64_t milliseconds = nanoseconds / kPerMillisecond;
    std::string fraction = std::to_string(milliseconds % kMilliseconds);
    fraction.insert(0, 3 - fraction.size(), '0');
    return std::to_string(milliseconds / kMilliseconds) + '.' + fraction;
  }

  void adopt(const std::shared_ptr<const FigureLayout>& layout) {
    layout_ = layout;
    series_of_row_.clear();
    for (const FigureLayout::Row& row : layout->rows)
      series_of_row_.push_back(choice_.wants(row.figure) ? &series_[{row.figure, row.labels}] : nullptr);
  }

  std::ostream& out_;
  FigureChoice choice_;
  std::shared_ptr<const FigureLayout> layout_;
  std::vector<std::vector<Sample>*> series_of_row_;
  std::map<std::pair<Figure, std::string>, std::vector<Sample>> series_;
};

}  // namespace

bool FigureChoice::wants(Figure figure) const {
  return names.empty() || std::find(names.begin(), names.end(), definition_of(figure).name) != names.end();
}

std::unique_ptr<ReplayOutput> csv_output(std::ostream& out, FigureChoice choice) {
  return std::make_unique<CsvOutput>(out, std::move(choice));
}

std::unique_ptr<ReplayOutput> open_metrics_output(std::ostream& out, FigureChoice choice) {
  return std::make_unique<OpenMetricsOutput>(out, std::move(choice));
}

ReplayComparison::ReplayComparison(std::ostream& out, FigureChoice choice) : out_{out}, choice_{std::move(choice)} {
  out_ << "ts_ns,figure,labels,recorded,other\n";
}

ReplayComparison::Shown ReplayComparison::shown(const FigureSnapshot& table) const {
  Shown result;
  for (std::size_t row = 0; row < table.values.size(); ++row) {
    const FigureLayout::Row& name = table.layout->rows[row];
    if (!choice_.wants(name.figure)) continue;
    const FigureValue& value = table.values[row];
    result[{name.figure, name.labels}] = value.state == FigureState::Ok
                                             ? number_text(value.value)
                                             : std::string{label(value.state)} + '/' + std::string{label(value.reason)};
  }
  return result;
}

void ReplayComparison::recorded(const FigureSnapshot& table) { recorded_ = shown(table); }

void ReplayComparison::other(WallTime now, const FigureSnapshot& table) {
  const Shown there = shown(table);
  Shown keys = recorded_;
  keys.insert(there.begin(), there.end());
  for (const auto& [key, ignored] : keys) {
    const auto text = [&key = key](const Shown& from) {
      const auto at = from.find(key);
      return at == from.end() ? std::string{} : at->second;
    };
    const std::pair both{text(recorded_), text(there)};
    if (both.first == both.second) continue;
    auto& known = last_[key];
    if (known == both) continue;
    known = both;
    ++differences_;
    out_ << nanoseconds_of(now) << ',' << definition_of(key.first).name << ',' << csv_quoted(key.second) << ',' << both.first << ','
         << both.second << '\n';
  }
}

std::map<Figure, std::size_t> ReplayComparison::series_that_differed() const {
  std::map<Figure, std::size_t> count;
  for (const auto& [key, ignored] : last_) ++count[key.first];
  return count;
}

void ReplayComparison::finish() { out_.flush(); }

}  // namespace hedgewatch
