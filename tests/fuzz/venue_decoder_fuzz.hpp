#pragma once

// Property: a frame gives events or an error, an error gives no events and no new symbols, and a new decoder says the same again.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "feeds/frame_reader.hpp"
#include "feeds/symbol_table.hpp"

namespace hedgewatch::testing {

/// `make(symbols, options)` returns a decoder; `read(decoder, batch)` calls what reads replies and gives whether each was good,
/// starting anew for each.
template <class Make, class Read>
void check_decoder(Venue venue, const std::uint8_t* data, std::size_t size, Make&& make, Read&& read) {
  std::vector<char> text(size + simdjson::SIMDJSON_PADDING, '}');
  if (size != 0) std::memcpy(text.data(), data, size);
  const simdjson::padded_string_view frame{text.data(), size, text.size()};
  for (const auto unlisted : {UnlistedInstrument::Refuse, UnlistedInstrument::Imply}) {
    const DecodingOptions options{.unlisted = unlisted};
    bool first_ok = false;
    std::size_t first_events = 0;
    std::size_t first_symbols = 0;
    for (int round = 0; round < 2; ++round) {
      SymbolTable symbols{venue, 64};
      EventBatch batch{512};
      auto decoder = make(symbols, options);
      const auto decoded = decoder.decode(frame, MonoTime{}, batch);
      if (!decoded.ok() && (!batch.empty() || symbols.size() != 0)) std::abort();
      if (decoded.ok() && decoded.value().kind == FrameKind::Ignored && !batch.empty()) std::abort();
      if (decoded.ok() && decoded.value().kind == FrameKind::Reply) read(decoder, frame, symbols, batch);
      if (round == 1 && (first_ok != decoded.ok() || first_events != batch.size() || first_symbols != symbols.size())) std::abort();
      first_ok = decoded.ok();
      first_events = batch.size();
      first_symbols = symbols.size();
    }
  }
}

/// One reading of a reply, which must leave nothing behind when it fails.
template <class Decoder, class Reading>
void check_reading(Decoder& decoder, simdjson::padded_string_view frame, SymbolTable& symbols, EventBatch& batch,
                   Reading&& reading) {
  // A fault of the reader stays, so each reading begins from a new start.
  if (!decoder.decode(frame, MonoTime{}, batch).ok()) std::abort();
  const std::size_t events = batch.size();
  const std::size_t known = symbols.size();
  if (!reading().ok() && (batch.size() != events || symbols.size() != known)) std::abort();
}

}  // namespace hedgewatch::testing
