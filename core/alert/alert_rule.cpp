#include "core/alert/alert_rule.hpp"

#include <algorithm>

namespace hedgewatch {

namespace {

/// `*` in the pattern stands for any run of characters.
bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

std::string_view label_value(std::string_view row_labels, std::string_view name) {
  while (!row_labels.empty()) {
    const std::size_t equals = row_labels.find("=\"");
    if (equals == std::string_view::npos) return {};
    std::size_t end = equals + 2;
    while (end < row_labels.size() && row_labels[end] != '"') end += row_labels[end] == '\\' ? 2U : 1U;
    if (row_labels.substr(0, equals) == name) return row_labels.substr(equals + 2, end - equals - 2);
    row_labels.remove_prefix(std::min(row_labels.size(), end + 2));  // the quote and the comma
  }
  return {};
}

bool matches(const std::vector<LabelMatch>& wanted, std::string_view row_labels) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const LabelMatch& match) { return fits(match.value, label_value(row_labels, match.label)); });
}

}  // namespace hedgewatch
