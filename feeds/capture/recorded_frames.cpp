#include "feeds/capture/recorded_frames.hpp"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "core/types/nano.hpp"

namespace hedgewatch {

namespace {

/// The end of 2261 in nanoseconds: what is counted on from a time must not wrap.
constexpr std::int64_t kLatestTime = 9'214'646'399'999'999'999;
constexpr std::string_view kZstdMark{"\x28\xB5\x2F\xFD", 4};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct ReleaseContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// Bytes of a stream in blocks, expanded when they are zstd's.
class ByteSource {
 public:
  explicit ByteSource(std::istream& in) : in_{&in} {}
  explicit ByteSource(std::unique_ptr<std::ifstream> file) : file_{std::move(file)}, in_{file_.get()} {}

  /// The next bytes; empty at the end or after a fault.
  std::string_view block() {
    if (!started_) {
      started_ = true;
      read();
      if (raw_.view().starts_with(kZstdMark)) {
        context_.reset(ZSTD_createDCtx());
        expanded_.resize(ZSTD_DStreamOutSize());
      }
    } else if (!context_) {
      read();
    }
    return context_ ? expand() : raw_.view();
  }

  /// What went wrong, or empty. A literal.
  [[nodiscard]] std::string_view fault() const { return fault_; }

 private:
  struct Block {
    std::vector<char> bytes = std::vector<char>(std::size_t{1} << 16);
    std::size_t size = 0;
    [[nodiscard]] std::string_view view() const { return {bytes.data(), size}; }
  };

  void read() {
    in_->read(raw_.bytes.data(), static_cast<std::streamsize>(raw_.bytes.size()));
    raw_.size = static_cast<std::size_t>(in_->gcount());
    input_ = {raw_.bytes.data(), raw_.size, 0};
  }

  std::string_view expand() {
    for (;;) {
      if (input_.pos == input_.size && !flushing_) {
        read();
        if (raw_.size == 0) {
          if (unfinished_) fault_ = "the compressed text ends early";
          return {};
        }
      }
      ZSTD_outBuffer output{expanded_.data(), expanded_.size(), 0};
      const std::size_t code = ZSTD_decompressStream(context_.get(), &output, &input_);
      if (ZSTD_isError(code) != 0U) {
        fault_ = "the compressed text is damaged";
        return {};
      }
      unfinished_ = code != 0;
      flushing_ = output.pos == output.size;
      if (output.pos != 0) return {expanded_.data(), output.pos};
    }
  }

  std::unique_ptr<std::ifstream> file_;
  std::istream* in_;
  bool started_ = false;
  Block raw_;
  std::unique_ptr<ZSTD_DCtx, ReleaseContext> context_;
  std::vector<char> expanded_;
  ZSTD_inBuffer input_{};
  bool unfinished_ = false;
  bool flushing_ = false;
  std::string_view fault_;
};

/// `2021-07-22T22:42:03.131184Z`, up to nine decimals.
std::optional<std::int64_t> nanoseconds_from_iso8601(std::string_view text) {
  const auto digits = [&](std::size_t at, std::size_t count) -> std::optional<int> {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      if (i >= text.size() || !is_digit(text[i])) return std::nullopt;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  if (text.size() < 20 || text.back() != 'Z' || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':')
    return std::nullopt;
  const auto year = digits(0, 4);
  const auto month = digits(5, 2);
  const auto day = digits(8, 2);
  const auto hour = digits(11, 2);
  const auto minute = digits(14, 2);
  const auto second = digits(17, 2);
  if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  // Beyond these the count of nanoseconds could overflow.
  if (!date.ok() || *year < 1970 || *year > 2261) return std::nullopt;
  std::int64_t fraction = 0;
  if (text[19] == '.') {
    const std::size_t decimals = text.size() - 21;
    if (decimals == 0 || decimals > 9) return std::nullopt;
    const auto value = digits(20, decimals);
    if (!value) return std::nullopt;
    fraction = *value;
    for (std::size_t i = decimals; i < 9; ++i) fraction *= 10;
  } else if (text.size() != 20) {
    return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return (((days * 24 + *hour) * 60 + *minute) * 60 + *second) * 1'000'000'000 + fraction;
}

std::optional<RecordKind> kind_from(std::string_view word) {
  if (word == "recv") return RecordKind::Received;
  if (word == "send") return RecordKind::Sent;
  if (word == "http") return RecordKind::Http;
  if (word == "connect") return RecordKind::Connect;
  if (word == "header") return RecordKind::Header;
  return std::nullopt;
}

}  // namespace

struct RecordedFrames::State {
  explicit State(ByteSource bytes) : source{std::move(bytes)} {}

  /// The next line without its line feed, in `line`. False at the end.
  bool read_line() {
    line.clear();
    too_long = false;
    bool any = false;
    for (;;) {
      if (rest.empty()) {
        rest = source.block();
        if (rest.empty()) return any;
      }
      any = true;
      const std::size_t feed = rest.find('\n');
      const std::string_view piece = rest.substr(0, feed);
      if (line.size() + piece.size() > kLongestLine)
        too_long = true;
      else
        line.append(piece);
      rest.remove_prefix(feed == std::string_view::npos ? rest.size() : feed + 1);
      if (feed != std::string_view::npos) return true;
    }
  }

  /// Bare frames and `TIME FRAME` keep the frame in `line`.
  void take_payload_from_line(RecordedFrame& frame, std::size_t from) {
    line.reserve(line.size() + simdjson::SIMDJSON_PADDING);
    frame.payload = std::string_view{line}.substr(from);
  }

  ByteSource source;
  std::string_view rest;
  std::string line;
  bool too_long = false;
  bool ended = false;
  std::uint64_t lines = 0;
  simdjson::dom::parser parser;
  std::string payload;
  std::string connection;
  std::string url;
  std::string book;
};

RecordedFrames::RecordedFrames(std::istream& in) : state_{std::make_unique<State>(ByteSource{in})} {}
RecordedFrames::RecordedFrames(std::unique_ptr<State> state) : state_{std::move(state)} {}
RecordedFrames::RecordedFrames(RecordedFrames&&) noexcept = default;
RecordedFrames& RecordedFrames::operator=(RecordedFrames&&) noexcept = default;
RecordedFrames::~RecordedFrames() = default;

Result<RecordedFrames, std::string> RecordedFrames::open(const std::filesystem::path& file) {
  auto stream = std::make_unique<std::ifstream>(file, std::ios::binary);
  if (!*stream) return file.string() + ": cannot be opened";
  return RecordedFrames{std::make_unique<State>(ByteSource{std::move(stream)})};
}

std::optional<Result<RecordedFrame, RecordFault>> RecordedFrames::next() {
  State& s = *state_;
  using Answer = Result<RecordedFrame, RecordFault>;
  const auto fault = [&](std::string_view what) { return std::optional<Answer>{RecordFault{s.lines, what}}; };

  for (;;) {
    if (s.ended) return std::nullopt;
    if (!s.read_line()) {
      s.ended = true;
      if (!s.source.fault().empty()) return fault(s.source.fault());
      return std::nullopt;
    }
    ++s.lines;
    if (s.too_long) return fault("the line is too long");
    if (!s.line.empty() && s.line.back() == '\r') s.line.pop_back();
    if (s.line.find_first_not_of(" \t") != std::string::npos) break;
  }

  RecordedFrame frame;
  frame.line = s.lines;
  if (is_digit(s.line.front())) {
    const std::size_t space = s.line.find(' ');
    const std::string_view time = std::string_view{s.line}.substr(0, space);
    if (space == std::string::npos) return fault("a receive time without a frame");
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), count);
    if (error != std::errc{} || end != time.data() + time.size()) {
      const auto iso = nanoseconds_from_iso8601(time);
      if (!iso) return fault("the receive time is neither nanoseconds nor ISO 8601 in UTC");
      count = *iso;
    }
    if (count < 0 || count > kLatestTime) return fault("the receive time is before 1970 or after 2261");
    frame.received = from_nanoseconds<WallTime>(count);
    s.take_payload_from_line(frame, space + 1);
    return Answer{frame};
  }

  simdjson::dom::element root;
  std::string_view word;
  if (s.parser.parse(s.line).get(root) != simdjson::SUCCESS || root["t"].get(word) != simdjson::SUCCESS) {
    // No record: a frame by itself, well-formed or not. What is wrong with it is for its decoder to say.
    s.take_payload_from_line(frame, 0);
    return Answer{frame};
  }
  const auto kind = kind_from(word);
  if (!kind) return fault("the kind of record is unknown");
  frame.kind = *kind;

  const auto text_field = [&](const char* name, std::string& into) {
    std::string_view text;
    into.clear();
    if (root[name].get(text) == simdjson::SUCCESS) into = text;
    return std::string_view{into};
  };
  simdjson::dom::element field;
  if (root["ts"].get(field) == simdjson::SUCCESS && !field.is_null()) {
    // By its shortest digits, which are those written: seconds times 1e9 in a double would be some hundred nanoseconds off.
    const std::string written = simdjson::minify(field);
    double seconds = 0;
    if (field.get(seconds) != simdjson::SUCCESS || !(seconds >= 0)) return fault("ts is not a time");
    const auto exact = detail::parse_nano(written);
    if (!exact || *exact > kLatestTime) return fault("ts is not a time");
    frame.received = from_nanoseconds<WallTime>(*exact);
  }
  frame.connection = text_field("conn", s.connection);
  frame.url = text_field("url", s.url);
  if (frame.url.empty()) frame.url = text_field("addr", s.url);
  s.book.clear();
  if (root["book"].get(field) == simdjson::SUCCESS) {
    s.book = simdjson::minify(field);
    s.book.reserve(s.book.size() + simdjson::SIMDJSON_PADDING);
  }
  frame.book = s.book;

  const bool has_payload = *kind == RecordKind::Received || *kind == RecordKind::Sent || *kind == RecordKind::Http;
  std::string_view payload;
  if (has_payload && root["data"].get(payload) != simdjson::SUCCESS) return fault("data is not a text");
  s.payload = payload;
  s.payload.reserve(payload.size() + simdjson::SIMDJSON_PADDING);
  frame.payload = s.payload;
  return Answer{frame};
}

}  // namespace hedgewatch
