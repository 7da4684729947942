#include "feeds/okx/decoder.hpp"

#include "venue_decoder_fuzz.hpp"

using namespace hedgewatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  testing::check_decoder(
      Venue::Okx, data, size,
      [](SymbolTable& symbols, const DecodingOptions& options) {
        return okx::Decoder{symbols, options};
      },
      [](okx::Decoder& decoder, simdjson::padded_string_view frame, SymbolTable& symbols, EventBatch& batch) {
        testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_instruments(MonoTime{}, batch); });
        testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_positions(MonoTime{}, batch); });
        testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_balance(MonoTime{}, batch); });
        testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_option_summary(MonoTime{}, batch); });
      });
  return 0;
}
