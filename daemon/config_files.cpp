#include "daemon/config_files.hpp"

#include <utility>

#include "config/parser.hpp"
#include "daemon/text_file.hpp"

namespace hedgewatch {

namespace {

LoadFaults faults_of(const std::vector<ConfigFault>& faults) {
  LoadFaults told;
  for (const ConfigFault& fault : faults) told.lines.push_back(fault.text());
  return told;
}

LoadFaults unreadable(const std::string& file, const FileError& error) {
  return {.unreadable = file + ": " + error.words, .lines = {}};
}

}  // namespace

Result<LoadedConfig, LoadFaults> load_config(const std::string& file) {
  auto text = read_text_file(file);
  if (!text.ok()) return unreadable(file, text.error());
  auto config = parse_config(text.value(), file);
  if (!config.ok()) return faults_of(config.error());
  const std::string positions_file = config.value().positions.file;
  if (positions_file.empty()) return LoadedConfig{std::move(config).value(), std::move(text).value()};
  const auto positions = read_text_file(positions_file);
  if (!positions.ok()) return unreadable(positions_file, positions.error());
  auto whole = parse_config({text.value(), file}, {positions.value(), positions_file});
  if (!whole.ok()) return faults_of(whole.error());
  return LoadedConfig{std::move(whole).value(), joined_text(text.value(), positions.value())};
}

}  // namespace hedgewatch
