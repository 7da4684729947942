// However the bytes are cut into reads, the same messages come out; texts are UTF-8 and within the limit, and carry padding.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/transport/websocket_codec.hpp"

namespace {

using namespace hedgewatch;

constexpr std::size_t kLongest = 4'096;

std::vector<std::string> messages(std::string_view bytes, std::size_t step) {
  WebsocketReader reader{kLongest};
  std::vector<std::string> seen;
  while (!bytes.empty()) {
    const auto space = reader.space();
    if (space.empty()) std::abort();
    const std::size_t count = std::min({step, bytes.size(), space.size()});
    std::copy_n(bytes.data(), count, space.data());
    reader.commit(count);
    bytes.remove_prefix(count);
    while (true) {
      const WebsocketMessage message = reader.next();
      if (message.item == WebsocketItem::NeedMore) break;
      const std::string_view payload{reinterpret_cast<const char*>(message.payload.data()), message.payload.size()};
      std::string told = std::to_string(static_cast<int>(message.item)) + ' ' + std::to_string(static_cast<int>(message.fault)) +
                         ' ' + std::to_string(message.close_code) + ' ';
      seen.push_back(told.append(payload));
      if (message.item == WebsocketItem::Refused) return seen;
      if (message.item != WebsocketItem::Text) continue;
      if (payload.size() > kLongest || message.payload.padding() < simdjson::SIMDJSON_PADDING) std::abort();
      if (!simdjson::validate_utf8(payload.data(), payload.size())) std::abort();
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::vector<char> bytes(data + 1, data + size);
  const std::string_view text{bytes.data(), bytes.size()};
  const auto whole = messages(text, text.size());
  if (messages(text, 1) != whole || messages(text, 1 + data[0]) != whole) std::abort();
  return 0;
}
