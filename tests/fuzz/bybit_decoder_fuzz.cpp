#include "feeds/bybit/decoder.hpp"

#include "venue_decoder_fuzz.hpp"

using namespace hedgewatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto category : {bybit::Category::Linear, bybit::Category::Option})
    testing::check_decoder(
        Venue::Bybit, data, size,
        [&](SymbolTable& symbols, const DecodingOptions& options) {
          return bybit::Decoder{symbols, category, options};
        },
        [](bybit::Decoder& decoder, simdjson::padded_string_view frame, SymbolTable& symbols, EventBatch& batch) {
          testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_instruments(MonoTime{}, batch); });
          testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_positions(MonoTime{}, {}, batch); });
          testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_wallet(MonoTime{}, batch); });
        });
  return 0;
}
