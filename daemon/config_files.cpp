#include "daemon/config_files.hpp"

#include <cstddef>
#include <string_view>
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

std::string without_secret_path(std::string text, const Config& config) {
  if (!config.webhook || config.webhook->address.endpoint.path.empty()) return text;
  constexpr std::string_view kInstead = "/...";
  const Endpoint& webhook = config.webhook->address.endpoint;
  const std::string host = "://" + webhook.host;
  for (std::size_t at = text.find(host); at != std::string::npos; at = text.find(host, at)) {
    at += host.size();
    const std::size_t path = text.find('/', at);
    if (path == std::string::npos || text.compare(path, webhook.path.size(), webhook.path) != 0) continue;
    text.replace(path, webhook.path.size(), kInstead);
  }
  return text;
}

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
