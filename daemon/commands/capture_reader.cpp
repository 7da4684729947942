#include "daemon/commands/capture_reader.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "core/market/event_batch.hpp"
#include "daemon/commands/frame_interpreter.hpp"
#include "daemon/journal/journal_files.hpp"
#include "daemon/venue_feeds.hpp"
#include "feeds/capture/recorded_frames.hpp"

namespace hedgewatch {

namespace {

/// As the daemon's engine, which ends a cycle at least so often.
constexpr std::chrono::nanoseconds kIdleTick = std::chrono::milliseconds{100};
/// A longer silence is walked through so far and then left out: all that waits for time to pass has happened.
constexpr std::chrono::nanoseconds kLongestWalk = std::chrono::hours{1};
/// Faults of one kind that are told.
constexpr std::uint64_t kMostTold = 20;

bool names_frames(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".frames") || name.ends_with(".frames.zst");
}

std::vector<std::filesystem::path> frames_in(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{directory, error})
    if (names_frames(entry.path())) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

/// As the capture writes it.
std::string file_name_of(std::string connection) {
  std::ranges::replace(connection, '/', '_');
  return connection;
}

std::optional<std::size_t> connection_of(const std::filesystem::path& file, const std::vector<ConnectionPlan>& connections) {
  const std::string name = file.filename().string();
  std::optional<std::size_t> found;
  std::size_t longest = 0;
  for (std::size_t index = 0; index < connections.size(); ++index) {
    const std::string beginning = file_name_of(connections[index].name);
    if (beginning.size() <= longest || !name.starts_with(beginning)) continue;
    if (name.size() > beginning.size() && name[beginning.size()] != '-' && name[beginning.size()] != '.') continue;
    found = index;
    longest = beginning.size();
  }
  return found;
}

/// Nothing where no line has a time.
std::optional<WallTime> begin_of(const std::filesystem::path& file) {
  auto opened = RecordedFrames::open(file);
  if (!opened.ok()) return std::nullopt;
  RecordedFrames frames = std::move(opened).value();
  while (const auto frame = frames.next())
    if (frame->ok() && frame->value().received) return frame->value().received;
  return std::nullopt;
}

MonoTime as_mono(WallTime time) { return from_nanoseconds<MonoTime>(nanoseconds_of(time)); }

}  // namespace

bool is_capture(const std::filesystem::path& input, bool any_name) {
  if (std::filesystem::is_directory(input)) return segments_in(input).empty() && !frames_in(input).empty();
  return std::filesystem::is_regular_file(input) && (names_frames(input) || (any_name && !parse_segment_name(input)));
}

Result<std::vector<CaptureFile>, std::string> capture_files(std::span<const std::filesystem::path> inputs,
                                                            const std::vector<ConnectionPlan>& connections) {
  std::vector<CaptureFile> files;
  for (const std::filesystem::path& input : inputs) {
    const std::vector<std::filesystem::path> paths = std::filesystem::is_directory(input) ? frames_in(input) : std::vector{input};
    for (const std::filesystem::path& path : paths) {
      const auto connection = connection_of(path, connections);
      if (!connection) {
        std::string fault = path.string() + ": is of no connection of the configuration, its name must begin with ";
        for (std::size_t index = 0; index < connections.size(); ++index)
          fault += (index == 0 ? "" : " or ") + file_name_of(connections[index].name) + '-';
        return fault;
      }
      files.push_back({path, *connection});
    }
  }
  return files;
}

std::optional<WallTime> end_of_capture(const std::vector<CaptureFile>& files) {
  std::optional<WallTime> begun;
  const CaptureFile* last = nullptr;
  for (const CaptureFile& file : files) {
    const auto begin = begin_of(file.path);
    if (!begin || (begun && *begin < *begun)) continue;
    begun = begin;
    last = &file;
  }
  if (last == nullptr) return std::nullopt;
  auto opened = RecordedFrames::open(last->path);
  if (!opened.ok()) return begun;
  RecordedFrames frames = std::move(opened).value();
  while (const auto frame = frames.next())
    if (frame->ok() && frame->value().received) begun = std::max(*begun, *frame->value().received);
  return begun;
}

struct CaptureReader::State {
  /// One that the configuration asks for.
  struct Connection {
    Venue venue = Venue::Deribit;
    std::chrono::nanoseconds longest_silence{};
    std::vector<std::string> coins;  ///< whose instruments are listed; empty: all
    std::unique_ptr<FrameInterpreter> interpreter;
    bool live = false;
    MonoTime newest{};  ///< frame
  };
  struct WaitingFile {
    CaptureFile file;
    MonoTime begin{};
  };
  struct OpenFile {
    CaptureFile file;
    RecordedFrames frames;
    RecordedFrame frame{};  ///< the next one
    MonoTime received{};
  };

  State(LoadedConfig given, std::vector<CaptureFile> files, std::function<void(const std::string&)> hears)
      : text{std::move(given.text)}, tell{std::move(hears)} {
    const Config& config = given.config;
    for (const VenueConfig& venue : config.venues) symbols.push_back(make_symbols(venue.kind));
    for (const ConnectionPlan& plan : connection_plans(config)) {
      const VenueConfig& venue = config.venues[plan.venue];
      Connection& connection = connections.emplace_back();
      connection.venue = venue.kind;
      connection.longest_silence = plan.account ? venue.account_max_age : venue.market_data_max_age;
      // Deribit is only asked about its own; of the others some can only be asked for all.
      if (!plan.account && venue.kind != Venue::Deribit) connection.coins = venue.currencies;
      InterpreterSetup setup;
      setup.venue = venue.kind;
      setup.part = plan.part;
      setup.connection = ConnectionId{static_cast<std::uint8_t>(connections.size() - 1)};
      if (plan.account) setup.account = AccountId{static_cast<std::uint16_t>(*plan.account)};
      setup.symbols = symbols[plan.venue].get();
      connection.interpreter = make_interpreter(setup);
    }
    for (CaptureFile& file : files) {
      const auto begin = begin_of(file.path);
      waiting.push_back({std::move(file), begin ? as_mono(*begin) : MonoTime{}});
    }
    std::ranges::stable_sort(waiting, {}, &WaitingFile::begin);
  }

  void fault(const CaptureFile& file, std::uint64_t line, const std::string& what, std::uint64_t number) {
    if (!tell || number > kMostTold) return;
    const std::string where = line == 0 ? file.path.string() : file.path.string() + ':' + std::to_string(line);
    tell(where + ": " + what + (number == kMostTold ? "; more of the kind are counted only" : ""));
  }

  /// Goes on to the file's next frame with a time. False at its end.
  bool step(OpenFile& open) {
    const bool first = open.frame.line == 0;
    while (auto next = open.frames.next()) {
      if (!next->ok()) {
        fault(open.file, next->error().line, std::string{next->error().what}, ++totals.bad_lines);
        continue;
      }
      open.frame = next->value();
      if (open.frame.kind == RecordKind::Connect) connections[open.file.connection].interpreter->connected(open.frame);
      if (open.frame.kind != RecordKind::Received && open.frame.kind != RecordKind::Http) continue;
      if (!open.frame.received) {
        fault(open.file, open.frame.line, "the frame has no receive time", ++totals.bad_lines);
        continue;
      }
      const MonoTime received = as_mono(*open.frame.received);
      if (!first && received < open.received) ++totals.out_of_order;
      open.received = first ? received : std::max(open.received, received);
      return true;
    }
    return false;
  }

  void open_files_until(MonoTime time) {
    while (next_waiting < waiting.size() && waiting[next_waiting].begin <= time) {
      CaptureFile& file = waiting[next_waiting++].file;
      auto opened = RecordedFrames::open(file.path);
      if (!opened.ok()) {
        ++totals.bad_lines;
        if (tell) tell(opened.error());
        continue;
      }
      auto open = std::make_unique<OpenFile>(OpenFile{.file = std::move(file), .frames = std::move(opened).value()});
      if (step(*open)) open_files.push_back(std::move(open));
    }
  }

  /// The file whose frame is next; null at the end.
  OpenFile* next_file() {
    const auto earliest = [this] {
      return std::ranges::min_element(open_files, {}, [](const auto& open) { return open->received; });
    };
    while (open_files.empty() && next_waiting < waiting.size()) open_files_until(waiting[next_waiting].begin);
    if (open_files.empty()) return nullptr;
    open_files_until((*earliest())->received);
    return earliest()->get();
  }

  void push(EventBody body, std::size_t connection, MonoTime time) {
    Event event;
    event.header.received = time;
    event.header.connection = ConnectionId{static_cast<std::uint8_t>(connection)};
    event.header.venue = connections[connection].venue;
    event.body = body;
    events.push_back(event);
  }
  void push(EventBody body, MonoTime time) {
    Event event;
    event.header.received = time;
    event.body = body;
    events.push_back(event);
  }

  void look_for_silence(MonoTime time) {
    for (std::size_t index = 0; index < connections.size(); ++index) {
      Connection& connection = connections[index];
      if (!connection.live || time - connection.newest <= connection.longest_silence) continue;
      connection.live = false;
      connection.interpreter->lost();
      push(FeedStatus{FeedPhase::Down, FeedDownReason::Silent}, index, time);
    }
  }

  void read(OpenFile& open) {
    const std::size_t index = open.file.connection;
    Connection& connection = connections[index];
    connection.newest = now;
    if (!connection.live) {
      connection.live = true;
      push(FeedStatus{FeedPhase::Live, FeedDownReason::None}, index, now);
    }
    ++totals.frames;
    batch.truncate(0);
    const Interpretation read = connection.interpreter->interpret(open.frame, now, batch);
    if (!read.unknown_name.empty() && unknown_names.insert({connection.venue, read.unknown_name}).second)
      fault(open.file, open.frame.line, read.unknown_name + ": the instrument is not listed, and its name does not tell what it is",
            unknown_names.size());
    totals.unknown_rows += read.unknown_rows;
    if (!read.reply.empty()) {
      ++totals.unplaced;
      return;
    }
    if (!read.decoded.ok()) {
      ++totals.undecoded;
      const DecodeError& error = read.decoded.error();
      if (error.fault == DecodeFault::UnknownInstrument && !read.unknown_name.empty()) return;
      std::string what{error.channel.empty() ? "frame" : error.channel};
      what.append(": ").append(label(error.fault));
      if (!error.field.empty()) what.append(" ").append(error.field);
      fault(open.file, open.frame.line, what, ++undecoded[what]);
      return;
    }
    for (const Event& event : batch.events()) {
      const auto* listed = std::get_if<InstrumentListed>(&event.body);
      if (listed != nullptr && !connection.coins.empty() &&
          std::ranges::find(connection.coins, listed->contract.base.view()) == connection.coins.end())
        continue;
      events.push_back(event);
    }
  }

  /// Adds what happens next to `events`. False when nothing more does.
  bool go_on() {
    events.clear();
    next_event = 0;
    OpenFile* const open = next_file();
    if (in_cycle && (open == nullptr || open->received > now)) {
      push(EndOfCycle{}, now);
      in_cycle = false;
      return true;
    }
    if (open == nullptr) return false;
    const MonoTime tick = now + kIdleTick;
    if (begun && tick < open->received && tick - newest_frame <= kLongestWalk) {
      now = tick;
      look_for_silence(now);
      push(TimerTick{}, now);
      push(EndOfCycle{}, now);
      return true;
    }
    begun = true;
    in_cycle = true;
    now = std::max(now, open->received);
    newest_frame = now;
    look_for_silence(now);
    read(*open);
    if (!step(*open)) std::erase_if(open_files, [open](const auto& one) { return one.get() == open; });
    return true;
  }

  std::string text;
  std::function<void(const std::string&)> tell;
  std::vector<std::unique_ptr<SymbolTable>> symbols;  ///< by venue
  std::vector<Connection> connections;
  std::vector<WaitingFile> waiting;  ///< by their beginnings
  std::size_t next_waiting = 0;
  std::vector<std::unique_ptr<OpenFile>> open_files;
  CaptureTotals totals;
  std::set<std::pair<Venue, std::string>> unknown_names;
  std::map<std::string, std::uint64_t> undecoded;  ///< by what was wrong

  int told_heads = 0;  ///< the session, then its configuration
  MonoTime now{};
  MonoTime newest_frame{};
  bool begun = false;     ///< a frame came
  bool in_cycle = false;  ///< which has not ended
  EventBatch batch;
  std::vector<Event> events;
  std::size_t next_event = 0;
  std::uint64_t sequence = 0;
};

CaptureReader::CaptureReader(LoadedConfig config, std::vector<CaptureFile> files, std::function<void(const std::string&)> tell)
    : state_{std::make_unique<State>(std::move(config), std::move(files), std::move(tell))} {}
CaptureReader::~CaptureReader() = default;

const CaptureTotals& CaptureReader::totals() const { return state_->totals; }

std::optional<JournalItem> CaptureReader::next() {
  State& s = *state_;
  if (s.told_heads == 0) {
    ++s.told_heads;
    // Receive times are calendar times already.
    return SessionStart{};
  }
  if (s.told_heads == 1) {
    ++s.told_heads;
    return ConfigurationText{.text = s.text};
  }
  while (s.next_event == s.events.size())
    if (!s.go_on()) return std::nullopt;
  return JournaledEvent{.event = s.events[s.next_event++], .sequence = s.sequence++};
}

}  // namespace hedgewatch
