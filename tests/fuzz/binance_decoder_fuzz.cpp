#include "feeds/binance/decoder.hpp"

#include "venue_decoder_fuzz.hpp"

using namespace hedgewatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  testing::check_decoder(
      Venue::Binance, data, size,
      [](SymbolTable& symbols, const DecodingOptions& options) {
        return binance::Decoder{symbols, std::nullopt, options};
      },
      [](binance::Decoder& decoder, simdjson::padded_string_view frame, SymbolTable& symbols, EventBatch& batch) {
        testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_instruments(MonoTime{}, batch); });
        testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_positions(MonoTime{}, batch); });
        testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_account(MonoTime{}, batch); });
        testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_depth("BTCUSDT", MonoTime{}, batch); });
        testing::check_reading(decoder, frame, symbols, batch, [&] { return decoder.decode_funding_info(MonoTime{}, batch); });
      });
  return 0;
}
