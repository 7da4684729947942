#include "core/instrument/instrument_pattern.hpp"

#include <cstddef>
#include <utility>
#include <vector>

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

bool InstrumentPattern::overlaps(const InstrumentPattern& other) const {
  if (other.venue != venue) return false;
  // reachable[j]: the first i characters of this and the first j of the other can stand for the same text.
  std::vector<bool> reachable(other.symbol.size() + 1);
  for (std::size_t i = 0; i <= symbol.size(); ++i) {
    std::vector<bool> next(other.symbol.size() + 1);
    for (std::size_t j = 0; j <= other.symbol.size(); ++j) {
      if (i == 0 && j == 0) {
        next[j] = true;
        continue;
      }
      const bool own_star = i > 0 && symbol[i - 1] == '*';
      const bool other_star = j > 0 && other.symbol[j - 1] == '*';
      next[j] = (i > 0 && j > 0 && (own_star || other_star || symbol[i - 1] == other.symbol[j - 1]) && reachable[j - 1]) ||
                (i > 0 && (own_star || other_star) && reachable[j]) || (j > 0 && (own_star || other_star) && next[j - 1]);
    }
    reachable = std::move(next);
  }
  return reachable[other.symbol.size()];
}

}  // namespace hedgewatch
