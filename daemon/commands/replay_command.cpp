#include "daemon/commands/replay_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>
#include <iostream>
#include <memory>
#include <string_view>
#include <utility>

#include "core/types/duration_text.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/effectiveness_input.hpp"
#include "daemon/commands/replay_output.hpp"
#include "daemon/config_files.hpp"
#include "daemon/journal/replay.hpp"

namespace hedgewatch {

namespace {

/// What is over before `from` began need not be read: a segment stands alone.
void drop_segments_before(std::vector<SegmentFile>& segments, WallTime from) {
  std::size_t first = 0;
  while (first + 1 < segments.size() && segments[first + 1].begun <= from) ++first;
  segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(first));
}

std::optional<Config> read_config(const std::string& file, std::ostream& messages) {
  auto loaded = load_config(file);
  if (loaded.ok()) return std::move(loaded).value().config;
  if (!loaded.error().unreadable.empty()) messages << loaded.error().unreadable << '\n';
  for (const std::string& line : loaded.error().lines) messages << line << '\n';
  return std::nullopt;
}

/// Passes on the table at the times that were asked for.
class Sampler {
 public:
  explicit Sampler(const ReplayRequest& request) : request_{request} {}

  void after_cycle(WallTime now, const Engine& engine, const std::function<void(const FigureSnapshot&)>& take) {
    if ((request_.from && now < *request_.from) || (request_.to && now > *request_.to)) return;
    if (request_.every.count() > 0) {
      const std::int64_t slot = nanoseconds_of(now) / request_.every.count();
      if (slot == newest_slot_) return;
      newest_slot_ = slot;
    }
    engine.figures().copy_to(snapshot_);
    take(snapshot_);
  }

 private:
  const ReplayRequest& request_;
  FigureSnapshot snapshot_;
  std::int64_t newest_slot_ = -1;
};

void tell_totals(std::ostream& messages, const ReplayTotals& totals) {
  messages << "replayed " << totals.events << " events in " << totals.cycles << " cycles of " << totals.sessions
           << (totals.sessions == 1 ? " session" : " sessions");
  if (totals.lost_events > 0) messages << ", " << totals.lost_events << " events missing";
  if (totals.damages > 0) messages << ", " << totals.damages << " damaged places";
  messages << '\n';
}

int compare(JournalReader& journal, const ReplayRequest& request, const ReplaySettings& common, Config other, std::ostream& out,
            std::ostream& messages) {
  ReplayComparison comparison{out, {request.figures}};
  Sampler recorded_sampler{request};
  Sampler other_sampler{request};
  ReplaySettings first = common;
  first.after_cycle = [&](WallTime now, const Engine& engine) {
    recorded_sampler.after_cycle(now, engine, [&](const FigureSnapshot& table) { comparison.recorded(table); });
  };
  ReplaySettings second{.configuration = std::move(other), .after_cycle = {}, .begin_session = {}, .tell = common.tell};
  second.after_cycle = [&](WallTime now, const Engine& engine) {
    other_sampler.after_cycle(now, engine, [&](const FigureSnapshot& table) { comparison.other(now, table); });
  };
  const ReplayTotals totals = replay_side_by_side(journal, first, second);
  comparison.finish();
  tell_totals(messages, totals);
  messages << comparison.differences() << " differences\n";
  return totals.faults || totals.damages > 0 ? kExitFault : kExitSuccess;
}

}  // namespace

std::optional<std::vector<SegmentFile>> segments_of(const std::vector<std::filesystem::path>& inputs, std::ostream& messages) {
  std::vector<SegmentFile> segments;
  for (const std::filesystem::path& input : inputs) {
    if (std::filesystem::is_directory(input)) {
      std::vector<SegmentFile> found = segments_in(input);
      if (found.empty()) {
        messages << input.string() << ": holds no journal segment, must be a journal's directory\n";
        return std::nullopt;
      }
      segments.insert(segments.end(), found.begin(), found.end());
    } else if (auto segment = parse_segment_name(input); segment && std::filesystem::is_regular_file(input)) {
      segments.push_back(std::move(*segment));
    } else {
      messages << input.string() << ": is no journal segment, must be a directory or a file named NUMBER-TIME.journal\n";
      return std::nullopt;
    }
  }
  std::sort(segments.begin(), segments.end(), [](const SegmentFile& a, const SegmentFile& b) {
    return a.sequence != b.sequence ? a.sequence < b.sequence : a.begun < b.begun;
  });
  return segments;
}

std::optional<WallTime> parse_time(const std::string& text) {
  std::int64_t count = 0;
  const char* const last = text.data() + text.size();
  if (const auto [end, fault] = std::from_chars(text.data(), last, count); fault == std::errc{} && end == last)
    return from_nanoseconds<WallTime>(count);
  if (const auto time = parse_iso_time(text)) return from_nanoseconds<WallTime>(nanoseconds_of(*time));
  return std::nullopt;
}

int run_replay(const ReplayRequest& request, std::ostream& out, std::ostream& messages) {
  auto segments = segments_of(request.inputs, messages);
  if (!segments) return kExitFault;
  if (request.from) drop_segments_before(*segments, *request.from);

  ReplaySettings settings;
  settings.tell = [&messages](const std::string& line) { messages << line << '\n'; };
  if (!request.configuration.empty()) {
    settings.configuration = read_config(request.configuration, messages);
    if (!settings.configuration) return kExitFault;
  }
  JournalReader journal{std::move(*segments)};
  if (!request.compare.empty()) {
    auto other = read_config(request.compare, messages);
    if (!other) return kExitFault;
    return compare(journal, request, settings, std::move(*other), out, messages);
  }

  const auto output =
      request.format == ReplayFormat::Csv ? csv_output(out, {request.figures}) : open_metrics_output(out, {request.figures});
  Sampler sampler{request};
  settings.after_cycle = [&](WallTime now, const Engine& engine) {
    sampler.after_cycle(now, engine, [&](const FigureSnapshot& table) { output->sample(now, table); });
  };
  const ReplayTotals totals = replay_journal(journal, settings);
  output->finish();
  tell_totals(messages, totals);
  return totals.faults || totals.damages > 0 ? kExitFault : kExitSuccess;
}

void add_replay_command(CLI::App& app, int& status) {
  CLI::App* replay = app.add_subcommand("replay", "Compute the figures of a journal again");
  replay->footer(
      R"(Runs recorded events through the same engine, cycle by cycle as they were: the same journal gives the same figures.
A journal carries its configuration; --config asks what another one would have shown.

Output, on standard output:
  csv           ts_ns,figure,labels,state,reason,value; a row whenever a figure is another than at the sample before
  openmetrics   every sample with its time, for
                promtool tsdb create-blocks-from openmetrics FILE DATA_DIRECTORY, so that Grafana shows the incident
  --compare     ts_ns,figure,labels,recorded,other; a row whenever a difference between the two is another than before

TIME is nanoseconds since the epoch, or ISO 8601 in UTC. A replay that starts with --from reads from the segment in which that
moment lies: positions, marks and balances are known at its head, estimates over longer windows fill again from there, and an order
book is unknown until its next snapshot.

Standard error: what the journal misses (a torn end, damaged places, events it had no room for), then totals.

Exit status: 0 the journal was whole, 1 it was not or could not be read, 2 wrong usage.

Examples:
  hedgewatch replay /var/lib/hedgewatch/journal --figure hedgewatch_hedge_ratio > ratio.csv
  hedgewatch replay /var/lib/hedgewatch/journal --from 2026-11-25T07:55:00Z --to 2026-11-25T08:10:00Z --every 1s --format openmetrics
  hedgewatch replay /var/lib/hedgewatch/journal --compare tighter-limits.toml)");
  struct Options {
    ReplayRequest request;
    std::string every = "15s";
    std::string from;
    std::string to;
    std::string format = "csv";
  };
  auto options = std::make_shared<Options>();
  const auto time_check = CLI::Validator{
      [](const std::string& text) { return parse_time(text) ? std::string{} : "is " + text + ", must be a time"; }, "TIME"};
  const auto duration_check =
      CLI::Validator{[](const std::string& text) {
                       return parse_duration(text) ? std::string{} : "is " + text + ", must be a duration such as 500ms";
                     },
                     "DURATION"};
  const auto figure_check = CLI::Validator{
      [](const std::string& text) { return figure_from_name(text) ? std::string{} : "is " + text + ", must be a figure's name"; },
      "NAME"};
  replay->add_option("FILE", options->request.inputs, "Journal directories or segments")->required();
  replay->add_option("--format", options->format, "csv or openmetrics")
      ->capture_default_str()
      ->check(CLI::IsMember({"csv", "openmetrics"}));
  replay->add_option("--every", options->every, "Time between samples; 0s samples after every cycle")
      ->capture_default_str()
      ->check(duration_check);
  replay->add_option("--from", options->from, "Write no sample before")->check(time_check);
  replay->add_option("--to", options->to, "Write no sample after")->check(time_check);
  replay->add_option("--figure", options->request.figures, "Only this figure; may be given more than once")->check(figure_check);
  CLI::Option* config =
      replay->add_option("--config", options->request.configuration, "Instead of the recorded configuration")->type_name("FILE");
  replay->add_option("--compare", options->request.compare, "Write where this configuration would have shown other figures")
      ->type_name("FILE")
      ->excludes(config);
  replay->callback([options, &status] {
    ReplayRequest& request = options->request;
    request.format = options->format == "csv" ? ReplayFormat::Csv : ReplayFormat::OpenMetrics;
    request.every = parse_duration(options->every).value_or(request.every);
    if (!options->from.empty()) request.from = parse_time(options->from);
    if (!options->to.empty()) request.to = parse_time(options->to);
    std::ios::sync_with_stdio(false);
    status = run_replay(request, std::cout, std::cerr);
  });
}

}  // namespace hedgewatch
