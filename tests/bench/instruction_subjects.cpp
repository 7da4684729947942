// Work to be counted by callgrind: `instruction_subjects NAME REPEATS`. Two runs that differ in their repeats alone differ in their
// instructions by the work alone. Without arguments it lists what there is, with the units of work in one repeat.
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "bench/fixtures.hpp"
#include "bench/implied_vol_chain.hpp"
#include "bench/option_desk.hpp"
#include "core/engine/engine.hpp"
#include "core/pricing/option_batch.hpp"
#include "feeds/binance/decoder.hpp"
#include "feeds/deribit/decoder.hpp"

namespace {

using namespace hedgewatch;

struct Subject {
  std::size_t units_per_repeat;
  std::function<void(std::size_t repeats)> run;
};

constexpr std::size_t kOptions = 4'096;

void greeks_avx2(std::size_t repeats) {
  OptionBatch batch{kOptions};
  for (std::size_t i = 0; i < kOptions; ++i)
    batch.set(i, {.right = i % 2 == 0 ? OptionRight::Call : OptionRight::Put,
                  .forward = 2'900,
                  .strike = 2'000 + 50.0 * static_cast<double>(i % 41),
                  .to_expiry = YearFraction::from_days(2 + static_cast<double>(i % 200)),
                  .vol = Vol::from_percent(40 + static_cast<double>(i % 23))});
  GreekColumns columns{GreekSet::Usual, kOptions};
  for (std::size_t repeat = 0; repeat < repeats; ++repeat) price(batch, columns, KernelTarget::Avx2);
}

void implied_vols_avx2(std::size_t repeats, bool warm) {
  bench::ImpliedVolChain chain{kOptions};
  for (std::size_t repeat = 0; repeat < repeats; ++repeat) chain.solve(warm, KernelTarget::Avx2);
}

/// One ticker a cycle of a desk with 1,000 held options in 10 books, from the event to the sums of the books. `leaning`: all
/// options follow the forward that it brings; else it reprices its own option alone.
void engine_cycles(std::size_t repeats, bool leaning) {
  const bench::OptionDesk desk{{}};
  MonoTime now = from_nanoseconds<MonoTime>(1'000'000'000);
  Engine engine{desk.setup()};
  desk.open(engine, now, leaning);
  const auto options = static_cast<std::size_t>(desk.shape().options);
  // What the engine does once for every option is done before what is counted.
  constexpr std::size_t kFirst = 128;
  for (std::size_t repeat = 0; repeat < kFirst + repeats; ++repeat) {
    now += std::chrono::microseconds{10};
    engine.apply(
        desk.tick(static_cast<std::uint32_t>(leaning ? 0 : repeat * 37 % options), static_cast<std::uint32_t>(repeat % 32), now));
    engine.end_cycle(now);
  }
}

constexpr std::size_t kFrames = 64;

/// One message again and again, as a connection has it.
template <class Decoder>
void decode(Decoder& decoder, const std::string& fixture, std::size_t repeats) {
  const simdjson::padded_string frame{bench::fixture(fixture)};
  EventBatch batch{64};
  for (std::size_t i = 0; i < repeats * kFrames; ++i) {
    batch.truncate(0);
    if (!decoder.decode(frame, MonoTime{}, batch).ok() || batch.empty()) std::exit(EXIT_FAILURE);
  }
}

void deribit_frames(const std::string& fixture, std::size_t repeats) {
  deribit::Symbols symbols{1024};
  deribit::Decoder decoder{symbols, {.unknown = deribit::UnknownInstrument::Imply}};
  decode(decoder, fixture, repeats);
}

void binance_frames(const std::string& fixture, std::size_t repeats) {
  SymbolTable symbols{Venue::Binance, 1024};
  binance::Decoder decoder{symbols, binance::Product::UsdMargined, {.unlisted = UnlistedInstrument::Imply}};
  decode(decoder, fixture, repeats);
}

const std::map<std::string, Subject>& subjects() {
  static const std::map<std::string, Subject> all{
      {"binance_book_ticker", {kFrames, [](std::size_t repeats) { binance_frames("binance/book_ticker", repeats); }}},
      {"deribit_book_change", {kFrames, [](std::size_t repeats) { deribit_frames("deribit/book_change", repeats); }}},
      {"deribit_ticker", {kFrames, [](std::size_t repeats) { deribit_frames("deribit/ticker_option", repeats); }}},
      {"engine_every_option", {1, [](std::size_t repeats) { engine_cycles(repeats, true); }}},
      {"engine_one_option", {1, [](std::size_t repeats) { engine_cycles(repeats, false); }}},
      {"greeks_avx2", {kOptions, greeks_avx2}},
      {"implied_vol_cold_avx2", {kOptions, [](std::size_t repeats) { implied_vols_avx2(repeats, false); }}},
      {"implied_vol_warm_avx2", {kOptions, [](std::size_t repeats) { implied_vols_avx2(repeats, true); }}}};
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (!machine_runs(KernelTarget::Avx2)) {
    std::cout << "SKIPPED: this processor has no AVX2\n";
    return 0;
  }
  if (argc != 3) {
    for (const auto& [name, subject] : subjects()) std::cout << name << ' ' << subject.units_per_repeat << '\n';
    return 0;
  }
  const auto found = subjects().find(argv[1]);
  if (found == subjects().end()) return 2;
  found->second.run(std::strtoul(argv[2], nullptr, 10));
  return 0;
}
