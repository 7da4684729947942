#include "config/config_fault.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace hedgewatch {

std::string ConfigFault::text() const {
  std::string line = file + ':' + std::to_string(at.line) + ':' + std::to_string(at.column) + ": ";
  if (!path.empty()) line += path + ": ";
  return line + message;
}

void FaultList::add(TextPosition at, std::string path, std::string message) {
  faults_.push_back({file_, at, std::move(path), std::move(message)});
}

std::vector<ConfigFault> FaultList::take() {
  std::ranges::stable_sort(faults_, [](const ConfigFault& a, const ConfigFault& b) {
    return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
  });
  return std::exchange(faults_, {});
}

}  // namespace hedgewatch
