// A text is a configuration or has at least one fault; each fault is one line with a place in the text.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "config/parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> bytes(data, data + size);
  const auto result = hedgewatch::parse_config({bytes.data(), bytes.size()}, "fuzz");
  if (result.ok()) {
    if (result.value().venues.empty()) std::abort();
    return 0;
  }
  if (result.error().empty()) std::abort();
  for (const hedgewatch::ConfigFault& fault : result.error()) {
    if (fault.at.line < 1 || fault.at.column < 1 || fault.message.empty()) std::abort();
    if (fault.text().find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
