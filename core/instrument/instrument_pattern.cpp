#include "core/instrument/instrument_pattern.hpp"

#include <cstddef>

namespace hedgewatch {

bool InstrumentPattern::matches(Venue other, std::string_view name) const {
  if (other != venue) return false;
  // On a mismatch, retry from the last star with one character more swallowed: linear space, no recursion.
  std::size_t pattern_at = 0;
  std::size_t name_at = 0;
  std::size_t star = std::string::npos;
  std::size_t retry = 0;
  while (name_at < name.size()) {
    if (pattern_at < symbol.size() && symbol[pattern_at] == '*') {
      star = pattern_at++;
      retry = name_at;
    } else if (pattern_at < symbol.size() && symbol[pattern_at] == name[name_at]) {
      ++pattern_at;
      ++name_at;
    } else if (star != std::string::npos) {
      pattern_at = star + 1;
      name_at = ++retry;
    } else {
      return false;
    }
  }
  while (pattern_at < symbol.size() && symbol[pattern_at] == '*') ++pattern_at;
  return pattern_at == symbol.size();
}

}  // namespace hedgewatch
