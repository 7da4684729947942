#include "daemon/commands/replay_command.hpp"

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

#include "config/difference.hpp"
#include "core/types/duration_text.hpp"
#include "daemon/build_identity.hpp"
#include "daemon/commands/alert_comparison.hpp"
#include "daemon/commands/alert_timeline.hpp"
#include "daemon/commands/capture_reader.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/csv.hpp"
#include "daemon/commands/effectiveness_input.hpp"
#include "daemon/commands/replay_output.hpp"
#include "daemon/commands/replay_pace.hpp"
#include "daemon/commands/replay_server.hpp"
#include "daemon/config_files.hpp"
#include "daemon/journal/replay.hpp"
#include "feeds/transport/clock.hpp"

namespace hedgewatch {

namespace {

/// What is over before `from` began need not be read: a segment stands alone.
void drop_segments_before(std::vector<SegmentFile>& segments, WallTime from) {
  std::size_t first = 0;
  while (first + 1 < segments.size() && segments[first + 1].begun < from) ++first;
  segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(first));
}

/// The newest good snapshot of the journals before that moment, since one of that moment comes after the cycle that ended then, of
/// which the segments are among those that are read.
std::optional<JournalSnapshot> snapshot_before(const std::vector<std::filesystem::path>& inputs,
                                               const std::vector<SegmentFile>& segments, WallTime from,
                                               const std::function<void(const std::string&)>& tell) {
  std::vector<SnapshotFile> snapshots;
  for (const std::filesystem::path& input : inputs)
    for (SnapshotFile& snapshot : snapshots_in(input))
      if (!segments.empty() && snapshot.sequence >= segments.front().sequence) snapshots.push_back(std::move(snapshot));
  std::ranges::sort(snapshots, {}, &SnapshotFile::sequence);
  return newest_snapshot(snapshots, from - std::chrono::nanoseconds{1}, build_identity(), tell);
}

std::optional<LoadedConfig> read_config(const std::string& file, std::ostream& messages) {
  auto loaded = load_config(file);
  if (loaded.ok()) return std::move(loaded).value();
  if (!loaded.error().unreadable.empty()) messages << loaded.error().unreadable << '\n';
  for (const std::string& line : loaded.error().lines) messages << line << '\n';
  return std::nullopt;
}

bool is_wanted(const ReplayRequest& request, WallTime now) {
  return (!request.from || now >= *request.from) && (!request.to || now <= *request.to);
}

/// Passes on the table at the times that were asked for.
class Sampler {
 public:
  explicit Sampler(const ReplayRequest& request) : request_{request} {}

  void after_cycle(WallTime now, const Engine& engine, const std::function<void(const FigureSnapshot&)>& take) {
    if (!is_wanted(request_, now)) return;
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

/// When the last cycle of the segments ended; nothing when there is none.
std::optional<WallTime> end_of(const std::vector<SegmentFile>& segments) {
  std::optional<WallTime> end;
  if (segments.empty()) return end;
  JournalReader reader{{segments.back()}};
  std::int64_t wall_offset_ns = 0;
  while (const auto item = reader.next()) {
    if (const auto* start = std::get_if<SessionStart>(&*item)) wall_offset_ns = start->session.wall_offset_ns;
    if (const auto* event = std::get_if<JournaledEvent>(&*item))
      end = from_nanoseconds<WallTime>(nanoseconds_of(event->event.header.received) + wall_offset_ns);
  }
  return end;
}

/// Shows a replay to people while it runs: at its speed, with its progress, served.
class Showing {
 public:
  /// `find_end` says when the last moment is; it is asked only where that is shown.
  Showing(const ReplayRequest& request, const std::function<std::optional<WallTime>()>& find_end, std::ostream& messages)
      : request_{request}, messages_{messages}, pace_{request.speed} {
    if (request.serve) {
      server_ = std::make_unique<ReplayServer>(*request.serve);
      messages << "serving http://127.0.0.1:" << server_->port() << "/metrics" << std::endl;
    }
    if (!request.progress) return;
    std::optional<WallTime> end = find_end();
    if (request.to && end) end = std::min(*end, *request.to);
    progress_.emplace(request.from, end);
  }

  void after_cycle(WallTime now, const Engine& engine) {
    if (!is_wanted(request_, now)) return;
    const std::chrono::nanoseconds wait = pace_.wait_for(now, mono_now());
    if (progress_)
      if (const auto line = progress_->line(now, mono_now())) messages_ << '\r' << *line << "\x1b[K" << std::flush;
    if (server_)
      server_->show(now, engine, wait);
    else
      std::this_thread::sleep_for(wait);
  }
  /// The line is left for what follows.
  void finish() {
    if (progress_) messages_ << '\n';
  }

 private:
  const ReplayRequest& request_;
  std::ostream& messages_;
  ReplayPace pace_;
  std::optional<ReplayProgress> progress_;
  std::unique_ptr<ReplayServer> server_;
};

/// The recording that is replayed.
struct Recording {
  std::unique_ptr<JournalSource> source;
  ReplaySettings settings;
  std::function<std::optional<WallTime>()> find_end;
  /// Writes what it came to. Whether all of it could be used.
  std::function<bool(const ReplayTotals&)> finish;
};

void tell_journal(std::ostream& messages, const ReplayTotals& totals) {
  messages << "replayed " << totals.events << " events in " << totals.cycles << " cycles of " << totals.sessions
           << (totals.sessions == 1 ? " session" : " sessions");
  if (totals.lost_events > 0) messages << ", " << totals.lost_events << " events missing";
  if (totals.damages > 0) messages << ", " << totals.damages << " damaged places";
  messages << '\n';
}

void tell_capture(std::ostream& messages, const ReplayTotals& replayed, const CaptureTotals& read) {
  messages << "replayed " << replayed.events << " events in " << replayed.cycles << " cycles of " << read.frames << " frames";
  const auto tell = [&messages](std::uint64_t count, std::string_view what) {
    if (count > 0) messages << ", " << count << ' ' << what;
  };
  tell(read.bad_lines, "bad lines");
  tell(read.undecoded, "frames not understood");
  tell(read.unknown_rows, "rows of unknown instruments");
  tell(read.unplaced, "answers to questions that are not recorded");
  tell(read.out_of_order, "frames out of order");
  messages << '\n';
}

void write_alerts(std::ostream& out, const AlertBoard& board, WallTime now) {
  std::string rows;
  for (const AlertChange& change : alert_changes(board, now)) append_alert_change(rows, change);
  out << rows;
}

/// A replay of the recorded configurations beside one of another, and what it came to.
class Comparison {
 public:
  Comparison(const ReplayRequest& request, LoadedConfig other, std::ostream& out)
      : request_{request},
        other_{std::move(other)},
        out_{out},
        figures_{request.alerts || request.format == ReplayFormat::Text ? nowhere_ : out, {request.figures}} {}

  /// `common` is what the two have in common.
  ReplayTotals run(JournalSource& journal, const ReplaySettings& common) {
    Sampler recorded_sampler{request_};
    Sampler other_sampler{request_};
    ReplaySettings first = common;
    first.configured = [this](const std::string& text) { recorded_texts_.push_back(text); };
    first.after_cycle = [&](WallTime now, const Engine& engine) {
      watch(recorded_alerts_, now, engine);
      if (!request_.alerts) recorded_sampler.after_cycle(now, engine, [&](const auto& table) { figures_.recorded(table); });
    };
    ReplaySettings second = common;
    second.configuration = other_.config;
    second.after_cycle = [&](WallTime now, const Engine& engine) {
      watch(other_alerts_, now, engine);
      if (!request_.alerts) other_sampler.after_cycle(now, engine, [&](const auto& table) { figures_.other(now, table); });
    };
    const ReplayTotals totals = replay_side_by_side(journal, first, second);
    figures_.finish();
    return totals;
  }

  void write() {
    if (request_.format == ReplayFormat::Text)
      out_ << in_words();
    else if (request_.alerts)
      out_ << alert_differences_csv(recorded_alerts_.histories(), other_alerts_.histories());
    out_.flush();
  }
  /// Of figures; meaningless where only alerts were asked for.
  [[nodiscard]] std::uint64_t differences() const { return figures_.differences(); }

 private:
  void watch(AlertHistorian& historian, WallTime now, const Engine& engine) const {
    if (is_wanted(request_, now)) historian.after_cycle(now, engine.alerts(), engine.figures());
  }
  [[nodiscard]] std::string in_words() const {
    std::string text = "Settings, recorded -> other";
    if (recorded_texts_.size() > 1) text += " (the newest recorded of " + std::to_string(recorded_texts_.size()) + ")";
    text += ":\n";
    const auto settings = config_differences(recorded_texts_.empty() ? std::string{} : recorded_texts_.back(), other_.text);
    const auto or_none = [](const std::string& value) { return value.empty() ? std::string{"(not set)"} : value; };
    for (const ConfigDifference& one : settings)
      text += "  " + one.path + ": " + or_none(one.first) + " -> " + or_none(one.second) + '\n';
    if (settings.empty()) text += "  the same\n";
    text += '\n' + alert_differences_text(recorded_alerts_.histories(), other_alerts_.histories());
    text += "\nFigures that differed, with the number of their series:\n";
    const auto figures = figures_.series_that_differed();
    for (const auto& [figure, series] : figures)
      text += "  " + std::string{definition_of(figure).name} + ": " + std::to_string(series) + '\n';
    if (figures.empty()) text += "  none\n";
    return text;
  }

  const ReplayRequest& request_;
  LoadedConfig other_;
  std::ostream& out_;
  std::ostream nowhere_{nullptr};
  ReplayComparison figures_;
  AlertHistorian recorded_alerts_;
  AlertHistorian other_alerts_;
  std::vector<std::string> recorded_texts_;
};

int compare(Recording& recording, const ReplayRequest& request, LoadedConfig other, std::ostream& out, std::ostream& messages) {
  Comparison comparison{request, std::move(other), out};
  const ReplayTotals totals = comparison.run(*recording.source, recording.settings);
  if (!totals.faults) comparison.write();
  const bool whole = recording.finish(totals);
  if (!request.alerts) messages << comparison.differences() << " differences\n";
  return totals.faults || !whole ? kExitFault : kExitSuccess;
}

std::optional<Recording> journal_recording(const ReplayRequest& request, std::ostream& messages) {
  if (!request.configuration.empty() && !request.compare.empty()) {
    messages << "--config: cannot be given with --compare, since a journal carries its configuration\n";
    return std::nullopt;
  }
  auto segments = segments_of(request.inputs, messages);
  if (!segments) return std::nullopt;
  Recording recording;
  recording.settings.tell = [&messages](const std::string& line) { messages << line << '\n'; };
  if (!request.configuration.empty()) {
    auto instead = read_config(request.configuration, messages);
    if (!instead) return std::nullopt;
    recording.settings.configuration = std::move(instead->config);
  }
  if (request.from && request.configuration.empty() && request.compare.empty())
    recording.settings.start = snapshot_before(request.inputs, *segments, *request.from, recording.settings.tell);
  if (recording.settings.start)
    *segments = segments_from(std::move(*segments), recording.settings.start->sequence);
  else if (request.from)
    drop_segments_before(*segments, *request.from);
  recording.find_end = [segments = *segments] { return end_of(segments); };
  recording.source = std::make_unique<JournalReader>(std::move(*segments));
  recording.finish = [&messages](const ReplayTotals& totals) {
    tell_journal(messages, totals);
    return totals.damages == 0;
  };
  return recording;
}

std::optional<Recording> capture_recording(const ReplayRequest& request, std::ostream& messages) {
  if (request.configuration.empty()) {
    messages << request.inputs.front().string() << ": is no journal segment, and a capture of frames carries no configuration: "
             << "--config FILE must be given\n";
    return std::nullopt;
  }
  auto config = read_config(request.configuration, messages);
  if (!config) return std::nullopt;
  auto files = capture_files(request.inputs, connection_plans(config->config));
  if (!files.ok()) {
    messages << files.error() << '\n';
    return std::nullopt;
  }
  Recording recording;
  recording.settings.tell = [&messages](const std::string& line) { messages << line << '\n'; };
  recording.find_end = [files = files.value()] { return end_of_capture(files); };
  auto reader = std::make_unique<CaptureReader>(std::move(*config), std::move(files).value(), recording.settings.tell);
  recording.finish = [&messages, &reader = *reader](const ReplayTotals& totals) {
    tell_capture(messages, totals, reader.totals());
    return reader.totals().whole();
  };
  recording.source = std::move(reader);
  return recording;
}

std::optional<Recording> recording_of(const ReplayRequest& request, std::ostream& messages) {
  // Without a configuration a file of another name is rather meant to be a journal's.
  const auto captured = [&request](const std::filesystem::path& input) {
    return is_capture(input, !request.configuration.empty());
  };
  const auto captures = std::ranges::count_if(request.inputs, captured);
  if (captures == 0) return journal_recording(request, messages);
  if (captures == std::ssize(request.inputs)) return capture_recording(request, messages);
  const auto capture = std::ranges::find_if(request.inputs, captured);
  const auto other = std::ranges::find_if_not(request.inputs, captured);
  messages << capture->string() << ": is a capture of frames and " << other->string() << " is none, must all be of one kind\n";
  return std::nullopt;
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

std::optional<double> parse_speed(const std::string& text) {
  constexpr double kMost = 1e6;
  const auto factor = parse_number(text);
  return factor && *factor > 0 && *factor <= kMost ? factor : std::nullopt;
}

int run_replay(const ReplayRequest& request, std::ostream& out, std::ostream& messages) {
  auto recording = recording_of(request, messages);
  if (!recording) return kExitFault;
  if (!request.compare.empty()) {
    auto other = read_config(request.compare, messages);
    if (!other) return kExitFault;
    return compare(*recording, request, std::move(*other), out, messages);
  }

  std::optional<Showing> showing;
  try {
    showing.emplace(request, recording->find_end, messages);
  } catch (const std::exception& error) {
    messages << error.what() << '\n';
    return kExitFault;
  }
  ReplaySettings& settings = recording->settings;
  if (request.serve) settings.until = request.to;

  std::unique_ptr<ReplayOutput> output;
  if (request.alerts)
    out << kAlertTimelineHeader;
  else if (!request.serve)
    output = request.format == ReplayFormat::Csv ? csv_output(out, {request.figures}) : open_metrics_output(out, {request.figures});
  Sampler sampler{request};
  settings.after_cycle = [&](WallTime now, const Engine& engine) {
    if (request.alerts && is_wanted(request, now)) write_alerts(out, engine.alerts(), now);
    if (output) sampler.after_cycle(now, engine, [&](const FigureSnapshot& table) { output->sample(now, table); });
    showing->after_cycle(now, engine);
  };
  const ReplayTotals totals = replay_journal(*recording->source, settings);
  if (output) output->finish();
  out.flush();
  showing->finish();
  const bool whole = recording->finish(totals);
  return totals.faults || !whole ? kExitFault : kExitSuccess;
}

void add_replay_command(CLI::App& app, int& status) {
  CLI::App* replay = app.add_subcommand("replay", "Compute the figures of a journal or of captured frames again");
  replay->footer(
      R"(Runs recorded events through the same engine, cycle by cycle as they were: the same journal gives the same figures.
A journal carries its configuration; --config asks what another one would have shown.

FILE may also be a capture's directory, or files of frames of any origin, for which --config is needed: frames are decoded, merged
by their receive times, and a cycle ends with each time. A file's name begins with that of its connection, such as deribit- or
bybit-linear-, deribit_main- for the account deribit/main. A connection is live from its first frame, and down when it was silent
for longer than its venue's market_data_max_age or account_max_age. Not in a capture, and so unknown until frames tell it: what
people ordered, what was remembered from before, and that an account holds nothing where the answer that said so names nothing.

Output, on standard output:
  csv           ts_ns,figure,labels,state,reason,value; a row whenever a figure is another than at the sample before
  openmetrics   every sample with its time, for
                promtool tsdb create-blocks-from openmetrics FILE DATA_DIRECTORY, so that Grafana shows the incident
  --alerts      ts_ns,alert,labels,severity,from,to,since_ns,value,limit; a row for each change of each alert, from inactive,
                pending, firing, clearing or acknowledged to another: since when its condition held, the value that decided
  --compare     ts_ns,figure,labels,recorded,other; a row whenever a difference between the two is another than before
  --compare with --alerts
                a row for each alert that was raised by one only, or at other times: how often, when first, for how long in all,
                its worst value and its limit, of each side
  --compare with --format text
                in words: the settings that differ, the alerts as above, and which figures differed

  --serve       nothing; http://127.0.0.1:PORT/metrics has the figures of the moment at which the replay is, which it passes on as
                hedgewatch_replay_time_seconds. It ends with the journal.

TIME is nanoseconds since the epoch, or ISO 8601 in UTC. A replay that starts with --from begins with the newest snapshot before
that moment, where the daemon left one in the journal's directory: everything is then as it was. Without one, and with another
configuration, it reads from the segment in which that moment lies: positions, marks and balances are known at its head, estimates
over longer windows fill again from there, an order book is unknown until its next snapshot, and what was raised before is raised
again once its condition has held. Where the daemon was restarted and went on with what it knew, the replay does so too.

Standard error: on a terminal a line with the moment, the share that is done, the speed and the time left; what the journal misses (a
torn end, damaged places, events it had no room for), or the capture's faults as FILE:LINE: what; then totals.

Exit status: 0 the journal or capture was whole, 1 it was not or could not be read, 2 wrong usage.

Examples:
  hedgewatch replay /var/lib/hedgewatch/journal --figure hedgewatch_hedge_ratio > ratio.csv
  hedgewatch replay /var/lib/hedgewatch/journal --from 2026-11-25T07:55:00Z --to 2026-11-25T08:10:00Z --every 1s \
      --format openmetrics
  hedgewatch replay /var/lib/hedgewatch/journal --alerts > timeline.csv
  hedgewatch replay /var/lib/hedgewatch/journal --from 2026-11-25T07:55:00Z --serve 9465 --speed 20
  hedgewatch replay /var/lib/hedgewatch/journal --compare tighter-limits.toml --format text
  hedgewatch replay /var/lib/hedgewatch/capture --config /etc/hedgewatch/hedgewatch.toml --alerts > timeline.csv)");
  struct Options {
    ReplayRequest request;
    std::string every = "15s";
    std::string from;
    std::string to;
    std::string format = "csv";
    std::string speed;
  };
  auto options = std::make_shared<Options>();
  const auto time_check = CLI::Validator{
      [](const std::string& text) { return parse_time(text) ? std::string{} : "is " + text + ", must be a time"; }, "TIME"};
  const auto duration_check =
      CLI::Validator{[](const std::string& text) {
                       return parse_duration(text) ? std::string{} : "is " + text + ", must be a duration such as 500ms";
                     },
                     "DURATION"};
  const auto speed_check = CLI::Validator{
      [](const std::string& text) {
        return text == "max" || parse_speed(text) ? std::string{} : "is " + text + ", must be a factor above 0 or max";
      },
      "FACTOR"};
  const auto figure_check = CLI::Validator{
      [](const std::string& text) { return figure_from_name(text) ? std::string{} : "is " + text + ", must be a figure's name"; },
      "NAME"};
  replay->add_option("FILE", options->request.inputs, "Journal directories or segments, or a capture's directories or files")
      ->required();
  CLI::Option* format = replay->add_option("--format", options->format, "csv, openmetrics, or text of a comparison")
                            ->capture_default_str()
                            ->check(CLI::IsMember({"csv", "openmetrics", "text"}));
  CLI::Option* every = replay->add_option("--every", options->every, "Time between samples; 0s samples after every cycle")
                           ->capture_default_str()
                           ->check(duration_check);
  replay->add_option("--from", options->from, "Write no sample before")->check(time_check);
  replay->add_option("--to", options->to, "Write no sample after")->check(time_check);
  CLI::Option* figure = replay->add_option("--figure", options->request.figures, "Only this figure; may be given more than once")
                            ->check(figure_check);
  CLI::Option* alerts = replay->add_flag("--alerts", options->request.alerts, "Write the changes of alerts instead of figures")
                            ->excludes(figure)
                            ->excludes(every)
                            ->excludes(format);
  replay
      ->add_option("--config", options->request.configuration,
                   "Configuration of a capture, which has none; of a journal, instead of the recorded one")
      ->type_name("FILE");
  CLI::Option* compare =
      replay->add_option("--compare", options->request.compare, "Write where this configuration would have shown another thing")
          ->type_name("FILE");
  replay->add_option("--speed", options->speed, "Times the recorded speed, such as 20, or max; default max, with --serve 1")
      ->excludes(compare)
      ->check(speed_check);
  replay->add_option("--serve", options->request.serve, "Serve /metrics on this port of 127.0.0.1; 0 takes a free one")
      ->type_name("PORT")
      ->excludes(compare)
      ->excludes(alerts)
      ->excludes(figure)
      ->excludes(every)
      ->excludes(format);
  replay->callback([options, &status] {
    ReplayRequest& request = options->request;
    if (options->format == "text" && request.compare.empty())
      throw CLI::ValidationError("--format", "is text, must be csv or openmetrics without --compare");
    if (options->format == "openmetrics" && !request.compare.empty())
      throw CLI::ValidationError("--format", "is openmetrics, must be csv or text with --compare");
    request.format = options->format == "csv"    ? ReplayFormat::Csv
                     : options->format == "text" ? ReplayFormat::Text
                                                 : ReplayFormat::OpenMetrics;
    request.every = parse_duration(options->every).value_or(request.every);
    if (!options->from.empty()) request.from = parse_time(options->from);
    if (!options->to.empty()) request.to = parse_time(options->to);
    request.speed = options->speed.empty() && request.serve ? std::optional{1.0} : parse_speed(options->speed);
    // Rows on the same terminal would be torn by it.
    request.progress = ::isatty(STDERR_FILENO) != 0 && (request.serve || ::isatty(STDOUT_FILENO) == 0);
    std::ios::sync_with_stdio(false);
    status = run_replay(request, std::cout, std::cerr);
  });
}

}  // namespace hedgewatch
