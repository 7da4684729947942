#pragma once

#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace hedgewatch::testing {

/// The samples of an exposition, keyed by name and labels in the order of the label names; `le` bounds as numbers.
struct Exposition {
  std::map<std::string, double> samples;
  std::set<std::string> malformed;  ///< lines that are no sample and no comment
  std::set<std::string> repeated;   ///< keys that came twice

  [[nodiscard]] std::optional<double> value(const std::string& key) const {
    const auto found = samples.find(key);
    return found == samples.end() ? std::nullopt : std::optional{found->second};
  }
  [[nodiscard]] std::size_t count_of_name(std::string_view name) const {
    std::size_t count = 0;
    for (const auto& [key, value] : samples)
      if (key.substr(0, key.find('{')) == name) ++count;
    return count;
  }
};

inline Exposition parse_exposition(std::string_view text) {
  Exposition result;
  std::istringstream lines{std::string{text}};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::size_t at = line.find_first_of("{ ");
    std::map<std::string, std::string> labels;
    bool good = at != std::string::npos && at > 0;
    const std::string name = line.substr(0, at);
    if (good && line[at] == '{') {
      ++at;
      while (good && at < line.size() && line[at] != '}') {
        const std::size_t equals = line.find("=\"", at);
        if (equals == std::string::npos) {
          good = false;
          break;
        }
        const std::string label = line.substr(at, equals - at);
        std::string value;
        at = equals + 2;
        while (at < line.size() && line[at] != '"') {
          if (line[at] == '\\') value += line[at++];
          value += line[at++];
        }
        if (label == "le") value = std::to_string(std::strtod(value.c_str(), nullptr));
        labels[label] = value;
        ++at;
        if (at < line.size() && line[at] == ',') ++at;
      }
      ++at;
    }
    char* end = nullptr;
    const char* begin = good && at + 1 < line.size() ? line.c_str() + at + 1 : "";
    const double value = std::strtod(begin, &end);
    if (!good || at >= line.size() || line[at] != ' ' || end == begin || *end != '\0') {
      result.malformed.insert(line);
      continue;
    }
    std::string key = name;
    if (!labels.empty()) {
      key += '{';
      for (const auto& [label, text_value] : labels) {
        if (key.back() != '{') key += ',';
        key.append(label).append("=\"").append(text_value).append("\"");
      }
      key += '}';
    }
    if (!result.samples.emplace(key, value).second) result.repeated.insert(key);
  }
  return result;
}

}  // namespace hedgewatch::testing
