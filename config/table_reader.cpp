#include "config/table_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "config/shown.hpp"

namespace hedgewatch {

namespace {

TextPosition position_of(const toml::source_region& region) {
  if (!region.begin) return {};
  return {region.begin.line, region.begin.column};
}

/// What stands there, in the words of a fault. Never used for the value of an unknown key, which could be a secret.
std::string shown_node(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return shown(*text);
  if (const auto integer = node.value_exact<std::int64_t>()) return std::to_string(*integer);
  if (const auto number = node.value_exact<double>()) return shown(*number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "an array";
  return "a date or time";
}

constexpr std::array<std::string_view, 9> kSecretKeys{"secret",       "client_secret", "api_secret", "password",   "passphrase",
                                                      "access_token", "refresh_token", "api_key",    "private_key"};

}  // namespace

TextPosition position_of(const toml::node& node) { return position_of(node.source()); }

TableReader::TableReader(const toml::table& table, std::string path, FaultList& faults)
    : table_{&table}, path_{std::move(path)}, at_{position_of(table)}, faults_{&faults} {}

std::string TableReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string{key} : path_ + '.' + std::string{key};
}

const toml::node* TableReader::find(std::string_view key) {
  asked_.push_back(key);
  return table_->get(key);
}

const toml::node* TableReader::find_required(std::string_view key, std::string_view must_be) {
  const toml::node* node = find(key);
  if (node == nullptr) missing(key, must_be);
  return node;
}

void TableReader::missing(std::string_view key, std::string_view must_be) {
  faults_->add(at_, path_of(key), "is missing, must be " + std::string{must_be});
}

void TableReader::wrong_type(const toml::node& node, std::string path, std::string_view must_be) {
  faults_->add(hedgewatch::position_of(node), std::move(path), "is " + shown_node(node) + ", must be " + std::string{must_be});
}

std::optional<Found<std::string>> TableReader::as_text(const toml::node* node, std::string_view key, std::string_view must_be) {
  if (node == nullptr) return std::nullopt;
  if (auto value = node->value_exact<std::string>())
    return Found<std::string>{std::move(*value), hedgewatch::position_of(*node), path_of(key)};
  wrong_type(*node, path_of(key), must_be);
  return std::nullopt;
}

std::optional<Found<double>> TableReader::as_number(const toml::node* node, std::string_view key, std::string_view must_be) {
  if (node == nullptr) return std::nullopt;
  std::optional<double> value = node->value_exact<double>();
  if (const auto integer = node->value_exact<std::int64_t>()) value = static_cast<double>(*integer);
  if (value && std::isfinite(*value)) return Found<double>{*value, hedgewatch::position_of(*node), path_of(key)};
  wrong_type(*node, path_of(key), must_be);
  return std::nullopt;
}

std::vector<Found<std::string>> TableReader::as_texts(const toml::node* node, std::string_view key, std::string_view must_be,
                                                      bool required) {
  std::vector<Found<std::string>> result;
  if (node == nullptr) return result;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(*node, path_of(key), "an array, each element " + std::string{must_be});
    return result;
  }
  if (array->empty())
    faults_->add(
        hedgewatch::position_of(*node), path_of(key),
        std::string{required ? "is empty, must hold at least one: " : "is empty, must hold at least one or be left out: "} +
            std::string{must_be});
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::node& element = *array->get(i);
    std::string path = path_of(key) + '[' + std::to_string(i) + ']';
    if (auto value = element.value_exact<std::string>())
      result.push_back({std::move(*value), hedgewatch::position_of(element), std::move(path)});
    else
      wrong_type(element, std::move(path), must_be);
  }
  return result;
}

std::optional<Found<std::string>> TableReader::text(std::string_view key, std::string_view must_be) {
  return as_text(find(key), key, must_be);
}
std::optional<Found<std::string>> TableReader::required_text(std::string_view key, std::string_view must_be) {
  return as_text(find_required(key, must_be), key, must_be);
}
std::optional<Found<double>> TableReader::number(std::string_view key, std::string_view must_be) {
  return as_number(find(key), key, must_be);
}
std::optional<Found<double>> TableReader::required_number(std::string_view key, std::string_view must_be) {
  return as_number(find_required(key, must_be), key, must_be);
}
std::optional<Found<bool>> TableReader::boolean(std::string_view key, std::string_view must_be) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto value = node->value_exact<bool>()) return Found<bool>{*value, hedgewatch::position_of(*node), path_of(key)};
  wrong_type(*node, path_of(key), must_be);
  return std::nullopt;
}
std::vector<Found<std::string>> TableReader::texts(std::string_view key, std::string_view must_be) {
  return as_texts(find(key), key, must_be, false);
}
std::vector<Found<std::string>> TableReader::required_texts(std::string_view key, std::string_view must_be) {
  return as_texts(find_required(key, "an array, each element " + std::string{must_be}), key, must_be, true);
}

std::vector<Found<double>> TableReader::numbers(std::string_view key, std::string_view must_be) {
  std::vector<Found<double>> result;
  const toml::node* node = find(key);
  if (node == nullptr) return result;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(*node, path_of(key), "an array, each element " + std::string{must_be});
    return result;
  }
  if (array->empty())
    faults_->add(hedgewatch::position_of(*node), path_of(key),
                 "is empty, must hold at least one or be left out: " + std::string{must_be});
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::node& element = *array->get(i);
    std::string path = path_of(key) + '[' + std::to_string(i) + ']';
    std::optional<double> value = element.value_exact<double>();
    if (const auto integer = element.value_exact<std::int64_t>()) value = static_cast<double>(*integer);
    if (value && std::isfinite(*value))
      result.push_back({*value, hedgewatch::position_of(element), std::move(path)});
    else
      wrong_type(element, std::move(path), must_be);
  }
  return result;
}

std::optional<Found<std::int64_t>> TableReader::integer(std::string_view key, std::string_view must_be) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto value = node->value_exact<std::int64_t>())
    return Found<std::int64_t>{*value, hedgewatch::position_of(*node), path_of(key)};
  wrong_type(*node, path_of(key), must_be);
  return std::nullopt;
}

std::optional<TableReader> TableReader::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const toml::table* table = node->as_table()) return TableReader{*table, path_of(key), *faults_};
  wrong_type(*node, path_of(key), "one table, [" + path_of(key) + "]");
  return std::nullopt;
}

bool TableReader::tables(std::string_view key, std::vector<TableReader>& into) {
  const toml::node* node = find(key);
  if (node == nullptr) return true;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(*node, path_of(key),
               "an array of tables" + (path_.empty() ? ", [[" + std::string{key} + "]] before each" : std::string{}));
    return false;
  }
  bool all_tables = true;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::node& element = *array->get(i);
    std::string path = path_of(key) + '[' + std::to_string(i) + ']';
    if (const toml::table* table = element.as_table()) {
      into.emplace_back(*table, std::move(path), *faults_);
    } else {
      wrong_type(element, std::move(path), "a table");
      all_tables = false;
    }
  }
  return all_tables;
}

void TableReader::finish(const std::map<std::string_view, std::string_view, std::less<>>& reserved) {
  for (const auto& [key, node] : *table_) {
    const std::string_view name = key.str();
    if (std::ranges::find(asked_, name) != asked_.end()) continue;
    std::string message;
    if (const auto known = reserved.find(name); known != reserved.end()) {
      message = known->second;
    } else if (std::ranges::find(kSecretKeys, name) != kSecretKeys.end()) {
      message = "is a secret in the file, must be named by secret_credential or secret_file and kept outside";
    } else if (const std::string_view near = nearest(name, asked_); !near.empty()) {
      message = "is an unknown key, must be " + shown(near) + " or left out";
    } else {
      message = "is an unknown key, must be " + one_of(asked_);
    }
    // A quoted key may hold anything; shown as it is only when it is an ordinary one.
    const bool ordinary = std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    faults_->add(position_of(key.source()), path_of(ordinary && !name.empty() ? std::string{name} : shown(name)),
                 std::move(message));
  }
}

}  // namespace hedgewatch
