#include "feeds/simulator/simulated_exchange.hpp"

#include <algorithm>

namespace hedgewatch::simulator {

namespace {

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

}  // namespace

std::string_view HttpQuestion::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (std::ranges::equal(key, name, {}, lower, lower)) return value;
  return {};
}

}  // namespace hedgewatch::simulator
