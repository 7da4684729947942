#include "config/difference.hpp"

#include <cstddef>
#include <map>
#include <sstream>

#include "config/table_reader.hpp"
#include "core/types/number_text.hpp"

namespace hedgewatch {

namespace {

using Settings = std::map<std::string, std::string>;

void collect(const toml::node& node, const std::string& path, Settings& settings);

/// Tables of a list are the same one where they have the same name, wherever they stand.
void collect_tables(const toml::array& list, const std::string& path, Settings& settings) {
  for (std::size_t index = 0; index < list.size(); ++index) {
    const toml::node& item = list[index];
    const auto name = item.is_table() ? (*item.as_table())["name"].value<std::string>() : std::nullopt;
    collect(item, path + '[' + name.value_or(std::to_string(index)) + ']', settings);
  }
}

/// Numbers in their shortest form, which toml++ does not write.
std::string toml_text(const toml::node& node) {
  if (const auto* number = node.as_floating_point()) return number_text(number->get());
  if (const toml::array* list = node.as_array()) {
    std::string text;
    for (const toml::node& item : *list) text += (text.empty() ? "" : ", ") + toml_text(item);
    return '[' + text + ']';
  }
  std::ostringstream text;
  node.visit([&text](const auto& value) { text << value; });
  return text.str();
}

void collect(const toml::node& node, const std::string& path, Settings& settings) {
  if (const toml::table* table = node.as_table()) {
    for (const auto& [key, value] : *table)
      collect(value, path.empty() ? std::string{key.str()} : path + '.' + std::string{key.str()}, settings);
    return;
  }
  if (const toml::array* list = node.as_array(); list != nullptr && !list->empty() && list->is_homogeneous(toml::node_type::table))
    return collect_tables(*list, path, settings);
  settings[path] = toml_text(node);
}

Settings settings_of(std::string_view text) {
  Settings settings;
  try {
    collect(toml::parse(text), "", settings);
  } catch (const toml::parse_error&) {
    settings.clear();
  }
  return settings;
}

}  // namespace

std::vector<ConfigDifference> config_differences(std::string_view first, std::string_view second) {
  const Settings one = settings_of(first);
  const Settings other = settings_of(second);
  Settings paths = one;
  paths.insert(other.begin(), other.end());
  std::vector<ConfigDifference> differences;
  for (const auto& [path, ignored] : paths) {
    const auto value = [&path = path](const Settings& settings) {
      const auto found = settings.find(path);
      return found == settings.end() ? std::string{} : found->second;
    };
    if (value(one) != value(other)) differences.push_back({path, value(one), value(other)});
  }
  return differences;
}

}  // namespace hedgewatch
