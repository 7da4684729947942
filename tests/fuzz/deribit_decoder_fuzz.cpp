// Property: a frame gives events or an error, an error gives no events and no new symbols, and the same frame gives the same again.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/symbols.hpp"

using namespace hedgewatch;

namespace {

struct Run {
  explicit Run(deribit::UnknownInstrument unknown) : decoder{symbols, {.unknown = unknown}} {
    for (const char* name : {"BTC-PERPETUAL", "BTC-26MAR27-90000-P", "BTC-25JUN27"})
      symbols.add(*deribit::contract_from_name(name));
  }

  void require_untouched(bool good, std::size_t events, std::size_t known) const {
    if (!good && (batch.size() != events || symbols.size() != known)) std::abort();
  }

  void decode(simdjson::padded_string_view frame) {
    const std::size_t known = symbols.size();
    batch.truncate(0);
    const auto decoded = decoder.decode(frame, MonoTime{}, batch);
    ok = decoded.ok();
    require_untouched(ok, 0, known);
    if (ok && decoded.value().kind == FrameKind::Ignored && !batch.empty()) std::abort();
    if (!ok || decoded.value().kind != FrameKind::Reply) return;
    for (int what = 0; what < 3; ++what) {
      const std::size_t events = batch.size();
      const std::size_t symbols_before = symbols.size();
      const auto result = what == 0   ? decoder.decode_instruments(MonoTime{}, batch)
                          : what == 1 ? decoder.decode_positions(MonoTime{}, batch)
                                      : decoder.decode_account_summaries(MonoTime{}, batch);
      require_untouched(result.ok(), events, symbols_before);
      // A fault of the reader stays, so the other readings of one reply begin from a new start.
      if (!decoder.decode(frame, MonoTime{}, batch).ok()) std::abort();
    }
    static_cast<void>(decoder.decode_channels([](std::string_view) {}));
  }

  deribit::Symbols symbols{64};
  deribit::Decoder decoder;
  EventBatch batch{512};
  bool ok = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<char> text(size + simdjson::SIMDJSON_PADDING, '}');
  if (size != 0) std::memcpy(text.data(), data, size);
  const simdjson::padded_string_view frame{text.data(), size, text.size()};
  for (const auto unknown : {deribit::UnknownInstrument::Refuse, deribit::UnknownInstrument::Imply}) {
    Run run{unknown};
    run.decode(frame);
    const bool ok = run.ok;
    const std::size_t known = run.symbols.size();
    run.decode(frame);
    if (run.ok != ok || run.symbols.size() != known) std::abort();
  }
  return 0;
}
