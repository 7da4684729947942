// Property: the exact reader of decimals and the frame reader agree on every JSON number, and on what is none.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/types/nano.hpp"
#include "feeds/json_reader.hpp"

using namespace hedgewatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text{reinterpret_cast<const char*>(data), size};
  const auto exact = detail::parse_nano(text);

  const simdjson::padded_string array{"[" + text + "]"};
  JsonReader reader;
  Decimal decimal;
  const bool read = reader.start(array) && reader.array([&] { return reader.number(decimal); }) && reader.at_end() &&
                    decimal.token.size() == text.size();
  if (!read) return 0;
  if (decimal.to_nano() != exact) std::abort();
  const auto value = decimal.to_double();
  if (value && *value != std::strtod(text.c_str(), nullptr)) std::abort();
  if (exact && value && std::fabs(*value - Price::from_raw(*exact).to_double()) > 1e-6 * (1 + std::fabs(*value))) std::abort();
  return 0;
}
