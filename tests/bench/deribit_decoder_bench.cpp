// Decoding one Deribit option ticker: every field that reaches the engine, by our decoder into events and by rapidjson's document
// into the same values as doubles. Both sides run in turn in one process, over the frame as the venue writes it, with its keys
// reversed, and over many frames whose numbers have other values and lengths each time, as those of a market have.

#include <benchmark/benchmark.h>
#include <rapidjson/document.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bench/rounds.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/json_tree.hpp"
#include "feeds/deribit/symbols.hpp"

using namespace hedgewatch;

namespace {

constexpr int kRepeats = 400;
constexpr double kTargetRatio = 5;

std::string fixture(std::string_view name) {
  const char* source = std::getenv("HEDGEWATCH_SOURCE_DIR");
  const std::filesystem::path root = source != nullptr ? std::filesystem::path{source} : std::filesystem::current_path();
  std::ifstream in{root / "tests/data/deribit" / (std::string{name} + ".json"), std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

double number(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found != object.MemberEnd() && found->value.IsNumber() ? found->value.GetDouble() : kAbsent;
}

/// The values that our decoder delivers of a ticker; summed up so that none is optimised away.
double by_rapidjson(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  if (document.HasParseError()) return kAbsent;
  const auto params = document.FindMember("params");
  if (params == document.MemberEnd()) return kAbsent;
  const auto channel = params->value.FindMember("channel");
  const auto data = params->value.FindMember("data");
  if (channel == params->value.MemberEnd() || data == params->value.MemberEnd()) return kAbsent;
  double sum = static_cast<double>(channel->value.GetStringLength());
  const auto name = data->value.FindMember("instrument_name");
  sum += name != data->value.MemberEnd() ? static_cast<double>(name->value.GetStringLength()) : kAbsent;
  for (const char* field : {"timestamp", "best_bid_price", "best_bid_amount", "best_ask_price", "best_ask_amount", "mark_price",
                            "mark_iv", "underlying_price", "index_price", "interest_rate"})
    sum += number(data->value, field);
  const auto greeks = data->value.FindMember("greeks");
  if (greeks == data->value.MemberEnd()) return kAbsent;
  for (const char* field : {"delta", "gamma", "vega", "theta", "rho"}) sum += number(greeks->value, field);
  return sum;
}

enum class Frames { AsWritten, KeysReversed, ValuesChange };

/// The frame with other numbers: of up to ten times the size, with none to five decimals. Times stay as they are.
std::string with_other_values(const std::string& written, std::mt19937_64& random) {
  testing::JsonNode tree = testing::json_tree(written);
  testing::each_scalar(tree, [&](testing::JsonNode& value) {
    constexpr double kLongerThanPrices = 1e12;
    if (!value.is_number()) return;
    const double was = std::strtod(value.scalar.c_str(), nullptr);
    if (was > kLongerThanPrices) return;
    const double now = was * static_cast<double>(random() % 10'000 + 1) / 1'000;
    std::array<char, 64> digits{};
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), now, std::chars_format::fixed, static_cast<int>(random() % 6));
    value.scalar.assign(digits.data(), end.ptr);
  });
  return testing::json_text(tree);
}

std::vector<std::string> frames_of(const std::string& written, Frames which) {
  constexpr int kDifferent = 400;
  if (which == Frames::AsWritten) return {written};
  if (which == Frames::KeysReversed) return {testing::json_text(testing::json_tree(written), {.reversed = true})};
  std::mt19937_64 random{1};
  std::vector<std::string> texts;
  for (int i = 0; i < kDifferent; ++i) texts.push_back(with_other_values(written, random));
  return texts;
}

void option_ticker(benchmark::State& state, Frames which) {
  const std::string written = fixture("ticker_option");
  if (written.empty()) return state.SkipWithError("the fixture is missing: set HEDGEWATCH_SOURCE_DIR");
  const std::vector<std::string> texts = frames_of(written, which);
  const std::vector<simdjson::padded_string> frames{texts.begin(), texts.end()};
  deribit::Symbols symbols{1024};
  symbols.add(*deribit::contract_from_name("BTC-26MAR27-90000-P"));
  deribit::Decoder decoder{symbols};
  EventBatch batch{64};
  const auto ours = [&](std::size_t frame) {
    batch.truncate(0);
    const auto decoded = decoder.decode(frames[frame], MonoTime{}, batch);
    benchmark::DoNotOptimize(batch.size());
    return decoded.ok() && batch.size() == 3;
  };
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!ours(i)) return state.SkipWithError("the fixture no longer decodes");
    if (!is_present(by_rapidjson(texts[i]))) return state.SkipWithError("rapidjson no longer reads the fixture");
  }

  bench::Rounds rounds;
  for (auto _ : state) {
    const double seconds = rounds.time("ours", kRepeats, [&] {
      for (std::size_t i = 0; i < kRepeats; ++i) ours(i % frames.size());
    });
    rounds.time("rapidjson", kRepeats, [&] {
      for (std::size_t i = 0; i < kRepeats; ++i) benchmark::DoNotOptimize(by_rapidjson(texts[i % texts.size()]));
    });
    state.SetIterationTime(seconds);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kRepeats);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * kRepeats *
                          static_cast<std::int64_t>(texts.front().size()));
  state.counters["ours_ns"] = rounds.median_nanoseconds("ours");
  state.counters["rapidjson_ns"] = rounds.median_nanoseconds("rapidjson");
  state.counters["rapidjson_ratio"] = rounds.median_ratio("rapidjson", "ours");
  state.counters["rapidjson_ratio_target"] = kTargetRatio;
}

}  // namespace

BENCHMARK_CAPTURE(option_ticker, as_written, Frames::AsWritten)->UseManualTime();
BENCHMARK_CAPTURE(option_ticker, keys_reversed, Frames::KeysReversed)->UseManualTime();
BENCHMARK_CAPTURE(option_ticker, values_change, Frames::ValuesChange)->UseManualTime();
