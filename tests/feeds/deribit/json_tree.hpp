#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Well-formed JSON as a tree of its own texts, to be written down again in another shape.
namespace hedgewatch::testing {

struct JsonNode {
  char kind = 0;       ///< '{', '[', or 0 for a scalar
  std::string scalar;  ///< as written
  std::vector<std::pair<std::string, JsonNode>> fields;
  std::vector<JsonNode> items;

  [[nodiscard]] bool is_text() const { return kind == 0 && scalar.front() == '"'; }
  [[nodiscard]] bool is_number() const {
    return kind == 0 && (scalar.front() == '-' || (scalar.front() >= '0' && scalar.front() <= '9'));
  }
};

namespace detail {

inline std::string_view take_string(std::string_view& rest) {
  std::size_t end = 1;
  while (rest[end] != '"') end += rest[end] == '\\' ? 2U : 1U;
  const std::string_view text = rest.substr(0, end + 1);
  rest.remove_prefix(end + 1);
  return text;
}

inline void skip_space(std::string_view& rest) {
  while (!rest.empty() && std::isspace(static_cast<unsigned char>(rest.front())) != 0) rest.remove_prefix(1);
}

inline JsonNode take_value(std::string_view& rest) {
  skip_space(rest);
  JsonNode node;
  if (rest.front() == '{' || rest.front() == '[') {
    node.kind = rest.front();
    const char close = node.kind == '{' ? '}' : ']';
    rest.remove_prefix(1);
    skip_space(rest);
    while (rest.front() != close) {
      if (node.kind == '{') {
        std::string key{take_string(rest)};
        skip_space(rest);
        rest.remove_prefix(1);  // the colon
        node.fields.emplace_back(std::move(key), take_value(rest));
      } else {
        node.items.push_back(take_value(rest));
      }
      skip_space(rest);
      if (rest.front() == ',') rest.remove_prefix(1);
      skip_space(rest);
    }
    rest.remove_prefix(1);
    return node;
  }
  if (rest.front() == '"') {
    node.scalar = take_string(rest);
    return node;
  }
  const std::size_t end = rest.find_first_of(",]} \t\r\n");
  node.scalar = rest.substr(0, end);
  rest.remove_prefix(node.scalar.size());
  return node;
}

}  // namespace detail

inline JsonNode json_tree(std::string_view text) { return detail::take_value(text); }

struct JsonStyle {
  bool reversed = false;  ///< keys from the last to the first
  bool spaced = false;    ///< blanks wherever the grammar has room
  std::string unknown{};  ///< a field `"key":value` put first, in the middle and last into every object
  std::function<std::string(const JsonNode&)> scalar{};  ///< how to write scalars; as they are when empty
};

inline std::string json_text(const JsonNode& node, const JsonStyle& style = {}) {
  const std::string gap = style.spaced ? " \n\t " : "";
  if (node.kind == 0) return style.scalar ? style.scalar(node) : node.scalar;
  std::vector<std::string> parts;
  for (const auto& [key, value] : node.fields) parts.push_back(key + gap + ":" + gap + json_text(value, style));
  for (const JsonNode& item : node.items) parts.push_back(json_text(item, style));
  if (node.kind == '{') {
    if (style.reversed) std::reverse(parts.begin(), parts.end());
    if (!style.unknown.empty()) {
      parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(parts.size() / 2), style.unknown);
      parts.insert(parts.begin(), style.unknown);
      parts.push_back(style.unknown);
    }
  }
  std::string text(1, node.kind);
  for (std::size_t at = 0; at < parts.size(); ++at) text += (at == 0 ? "" : ",") + gap + parts[at] + gap;
  return text + (node.kind == '{' ? '}' : ']');
}

/// Every scalar of the tree, in order.
inline void each_scalar(JsonNode& node, const std::function<void(JsonNode&)>& visit) {
  if (node.kind == 0) return visit(node);
  for (auto& [key, value] : node.fields) each_scalar(value, visit);
  for (JsonNode& item : node.items) each_scalar(item, visit);
}

/// Every value of every field, objects and arrays too.
inline void each_field(JsonNode& node, const std::function<void(const std::string& key, JsonNode&)>& visit) {
  for (auto& [key, value] : node.fields) {
    visit(key, value);
    each_field(value, visit);
  }
  for (JsonNode& item : node.items) each_field(item, visit);
}

}  // namespace hedgewatch::testing
