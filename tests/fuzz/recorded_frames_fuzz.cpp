// Property: any bytes are records, faults and an end; every payload has its padding; reading ends.

#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "feeds/capture/recorded_frames.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in{std::string{reinterpret_cast<const char*>(data), size}};
  hedgewatch::RecordedFrames frames{in};
  std::uint64_t last = 0;
  while (const auto next = frames.next()) {
    const std::uint64_t line = next->ok() ? next->value().line : next->error().line;
    if (line < last || (next->ok() && line == last)) std::abort();
    last = line;
    if (!next->ok()) {
      if (next->error().what.empty()) std::abort();
      continue;
    }
    const hedgewatch::RecordedFrame& frame = next->value();
    const volatile char* bytes = frame.payload.data();
    if (bytes != nullptr && frame.payload.data()[0] != '\0' && !frame.payload.empty())
      static_cast<void>(bytes[frame.payload.size() - 1]);
    if (frame.padded_payload().padding() < simdjson::SIMDJSON_PADDING) std::abort();
  }
  return 0;
}
