// Every venue's decoder over frames of one kind (hand-made, in the venue's layout) and over whole recordings where they are at
// hand, against the documents of rapidjson and nlohmann. Of a document only the parsing is timed, no value is read from it: what a
// peer needs at least. `book_ticker_fields` also reads the eight values, as whoever uses a document must.

#include <benchmark/benchmark.h>
#include <rapidjson/document.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/fixtures.hpp"
#include "bench/rounds.hpp"
#include "daemon/commands/frame_interpreter.hpp"
#include "feeds/binance/decoder.hpp"
#include "feeds/bybit/decoder.hpp"
#include "feeds/capture/recorded_frames.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/okx/decoder.hpp"

using namespace hedgewatch;

namespace {

/// Reads one frame; false when it is a fault.
using Decode = std::function<bool(const RecordedFrame& frame, EventBatch& out)>;

/// A recording does not say what a connection is for: the decoder is told by each frame's looks.
Decode interpreting(Venue venue) {
  return [interpreter = std::shared_ptr<FrameInterpreter>{make_interpreter({.venue = venue})}](const RecordedFrame& frame,
                                                                                               EventBatch& out) {
    if (frame.kind == RecordKind::Connect) {
      interpreter->connected(frame);
      return false;
    }
    return interpreter->interpret(frame, MonoTime{}, out).decoded.ok();
  };
}

/// As a connection has it.
template <class Decoder, class Symbols>
struct Connection {
  template <class... Arguments>
  explicit Connection(Symbols table, const Arguments&... arguments) : symbols{std::move(table)}, decoder{symbols, arguments...} {}
  Symbols symbols;
  Decoder decoder;
};

template <class Decoder, class Symbols, class... Arguments>
Decode decoding(Symbols symbols, const Arguments&... arguments) {
  const auto connection = std::make_shared<Connection<Decoder, Symbols>>(std::move(symbols), arguments...);
  return [connection](const RecordedFrame& frame, EventBatch& out) {
    return connection->decoder.decode(frame.padded_payload(), MonoTime{}, out).ok();
  };
}

/// The decoder of a hand-made frame, `venue/kind`, with instruments that its name implies.
Decode decoder_of(const std::string& name) {
  const DecodingOptions implied{.unlisted = UnlistedInstrument::Imply};
  if (name.starts_with("binance/option_"))
    return decoding<binance::Decoder>(SymbolTable{Venue::Binance}, std::optional{binance::Product::Options}, implied);
  if (name.starts_with("binance/"))
    return decoding<binance::Decoder>(SymbolTable{Venue::Binance}, std::optional{binance::Product::UsdMargined}, implied);
  if (name.starts_with("okx/")) return decoding<okx::Decoder>(SymbolTable{Venue::Okx}, implied);
  if (name == "bybit/ticker_option") return decoding<bybit::Decoder>(SymbolTable{Venue::Bybit}, bybit::Category::Option, implied);
  if (name.starts_with("bybit/")) return decoding<bybit::Decoder>(SymbolTable{Venue::Bybit}, bybit::Category::Linear, implied);
  return decoding<deribit::Decoder>(deribit::Symbols{1024}, deribit::DecoderOptions{.unknown = deribit::UnknownInstrument::Imply});
}

/// Frames that decode, in their order, ready to be decoded again and again.
class Frames {
 public:
  Frames(Decode one, const std::string& text, int copies) : decode_{std::move(one)} {
    for (int i = 0; i < copies; ++i) add(text);
  }
  Frames(Decode one, RecordedFrames& recording) : decode_{std::move(one)} {
    while (auto next = recording.next()) {
      if (!next->ok()) continue;
      const RecordedFrame& frame = next->value();
      if (frame.kind == RecordKind::Connect || frame.kind == RecordKind::Http) static_cast<void>(decode(frame));
      if (frame.kind == RecordKind::Received) add(std::string{frame.payload}, std::string{frame.connection});
    }
  }

  /// Events of all frames.
  std::size_t decode_all() {
    std::size_t events = 0;
    for (std::size_t i = 0; i < frames_.size(); ++i) events += decode(record(i));
    return events;
  }
  void parse_all_by_rapidjson() const {
    for (const simdjson::padded_string& frame : frames_) {
      rapidjson::Document document;
      document.Parse(frame.data(), frame.size());
      benchmark::DoNotOptimize(document.HasParseError());
    }
  }
  void parse_all_by_nlohmann() const {
    for (const simdjson::padded_string& frame : frames_)
      benchmark::DoNotOptimize(nlohmann::json::parse(frame.data(), frame.data() + frame.size(), nullptr, false).size());
  }
  [[nodiscard]] std::size_t count() const { return frames_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  void add(const std::string& text, const std::string& connection = "") {
    frames_.emplace_back(text);
    connections_.push_back(connection);
    if (decode(record(frames_.size() - 1)) == 0) {
      frames_.pop_back();
      connections_.pop_back();
    } else {
      bytes_ += text.size();
    }
  }
  [[nodiscard]] RecordedFrame record(std::size_t place) const {
    RecordedFrame frame;
    frame.connection = connections_[place];
    frame.payload = {frames_[place].data(), frames_[place].size()};
    return frame;
  }
  /// 0 also for a frame that is a fault or of no use.
  std::size_t decode(const RecordedFrame& frame) {
    batch_.truncate(0);
    return decode_(frame, batch_) ? batch_.size() : 0;
  }

  Decode decode_;
  std::vector<simdjson::padded_string> frames_;
  std::vector<std::string> connections_;
  std::size_t bytes_ = 0;
  EventBatch batch_;
};

void time_frames(benchmark::State& state, Frames& frames) {
  const std::size_t events = frames.decode_all();
  if (frames.count() == 0 || events == 0) return state.SkipWithError("no frame decodes any more");
  const auto units = static_cast<double>(frames.count());
  bench::Rounds rounds;
  for (auto _ : state) {
    const double seconds = rounds.time("ours", units, [&] { benchmark::DoNotOptimize(frames.decode_all()); });
    rounds.time("rapidjson", units, [&] { frames.parse_all_by_rapidjson(); });
    rounds.time("nlohmann", units, [&] { frames.parse_all_by_nlohmann(); });
    state.SetIterationTime(seconds);
  }
  const auto iterations = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(iterations * static_cast<std::int64_t>(frames.count()));
  state.SetBytesProcessed(iterations * static_cast<std::int64_t>(frames.bytes()));
  state.counters["frame_bytes"] = static_cast<double>(frames.bytes()) / units;
  state.counters["events_per_frame"] = static_cast<double>(events) / units;
  state.counters["ours_ns"] = rounds.median_nanoseconds("ours");
  state.counters["rapidjson_parse_ratio"] = rounds.median_ratio("rapidjson", "ours");
  state.counters["nlohmann_parse_ratio"] = rounds.median_ratio("nlohmann", "ours");
}

void frame(benchmark::State& state, const char* name) {
  const std::string text = bench::fixture(name);
  if (text.empty()) return state.SkipWithError("the fixture is missing: set HEDGEWATCH_SOURCE_DIR");
  Frames frames{decoder_of(name), text, 200};
  time_frames(state, frames);
}

void recorded(benchmark::State& state, Venue venue, const char* name) {
  const auto file = bench::recording(std::string{label(venue)} + "/" + name);
  if (!file) {
    state.SetLabel("the recording is not here");
    for (auto _ : state) state.SetIterationTime(1);
    return;
  }
  auto opened = RecordedFrames::open(*file);
  if (!opened.ok()) return state.SkipWithError("the recording cannot be opened");
  RecordedFrames reader = std::move(opened).value();
  Frames frames{interpreting(venue), reader};
  time_frames(state, frames);
}

double in_quotes(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found != object.MemberEnd() && found->value.IsString() ? std::strtod(found->value.GetString(), nullptr) : 0;
}

/// The eight values of a bookTicker; 0 when one is missing.
double book_ticker_by_rapidjson(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  if (document.HasParseError()) return 0;
  const auto data = document.FindMember("data");
  if (data == document.MemberEnd()) return 0;
  const auto symbol = data->value.FindMember("s");
  if (symbol == data->value.MemberEnd()) return 0;
  double sum = static_cast<double>(symbol->value.GetStringLength());
  for (const char* name : {"b", "B", "a", "A"}) sum += in_quotes(data->value, name);
  for (const char* name : {"u", "E", "T"}) {
    const auto found = data->value.FindMember(name);
    if (found == data->value.MemberEnd()) return 0;
    sum += static_cast<double>(found->value.GetInt64());
  }
  return sum;
}

void book_ticker_fields(benchmark::State& state) {
  constexpr int kRepeats = 200;
  const std::string text = bench::fixture("binance/book_ticker");
  if (text.empty()) return state.SkipWithError("the fixture is missing: set HEDGEWATCH_SOURCE_DIR");
  if (book_ticker_by_rapidjson(text) == 0) return state.SkipWithError("rapidjson no longer reads the fixture");
  Frames frames{decoder_of("binance/book_ticker"), text, kRepeats};
  if (frames.count() != kRepeats) return state.SkipWithError("the fixture no longer decodes");
  bench::Rounds rounds;
  for (auto _ : state) {
    const double seconds = rounds.time("ours", kRepeats, [&] { benchmark::DoNotOptimize(frames.decode_all()); });
    rounds.time("rapidjson", kRepeats, [&] {
      for (int i = 0; i < kRepeats; ++i) benchmark::DoNotOptimize(book_ticker_by_rapidjson(text));
    });
    state.SetIterationTime(seconds);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kRepeats);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(frames.bytes()));
  state.counters["ours_ns"] = rounds.median_nanoseconds("ours");
  state.counters["rapidjson_ns"] = rounds.median_nanoseconds("rapidjson");
  state.counters["rapidjson_ratio"] = rounds.median_ratio("rapidjson", "ours");
  state.counters["rapidjson_ratio_target"] = 5;
}
BENCHMARK(book_ticker_fields)->UseManualTime();

BENCHMARK_CAPTURE(frame, deribit_ticker_option, "deribit/ticker_option")->UseManualTime();
BENCHMARK_CAPTURE(frame, deribit_book_change, "deribit/book_change")->UseManualTime();
BENCHMARK_CAPTURE(frame, deribit_mark_surface, "deribit/mark_surface")->UseManualTime();
BENCHMARK_CAPTURE(frame, deribit_trades, "deribit/trades")->UseManualTime();
BENCHMARK_CAPTURE(frame, binance_book_ticker, "binance/book_ticker")->UseManualTime();
BENCHMARK_CAPTURE(frame, binance_depth, "binance/depth")->UseManualTime();
BENCHMARK_CAPTURE(frame, binance_mark_price, "binance/mark_price")->UseManualTime();
BENCHMARK_CAPTURE(frame, binance_option_marks, "binance/option_marks")->UseManualTime();
BENCHMARK_CAPTURE(frame, okx_best_prices, "okx/best_prices")->UseManualTime();
BENCHMARK_CAPTURE(frame, okx_book_update, "okx/book_update")->UseManualTime();
BENCHMARK_CAPTURE(frame, okx_mark_price, "okx/mark_price")->UseManualTime();
BENCHMARK_CAPTURE(frame, okx_option_summary, "okx/option_summary")->UseManualTime();
BENCHMARK_CAPTURE(frame, bybit_ticker_option, "bybit/ticker_option")->UseManualTime();
BENCHMARK_CAPTURE(frame, bybit_ticker_snapshot, "bybit/ticker_snapshot")->UseManualTime();
BENCHMARK_CAPTURE(frame, bybit_book_delta, "bybit/book_delta")->UseManualTime();
BENCHMARK_CAPTURE(recorded, deribit_options, Venue::Deribit, "cryptofeed_options_20210722.jsonl.zst")->UseManualTime();
BENCHMARK_CAPTURE(recorded, binance_futures, Venue::Binance, "cryptofeed_usdm_20210722.jsonl.zst")->UseManualTime();
BENCHMARK_CAPTURE(recorded, binance_spot, Venue::Binance, "cryptofeed_spot_20211012.jsonl.zst")->UseManualTime();
BENCHMARK_CAPTURE(recorded, okx_books, Venue::Okx, "cryptofeed_books_20220513.jsonl.zst")->UseManualTime();
BENCHMARK_CAPTURE(recorded, bybit_linear, Venue::Bybit, "cryptofeed_v5_linear_btc_eth_20260809.jsonl.zst")->UseManualTime();

}  // namespace
