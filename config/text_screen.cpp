#include "config/text_screen.hpp"

#include <algorithm>
#include <cstddef>

namespace hedgewatch {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr std::size_t kMostKeyParts = 16;
constexpr std::string_view kEndsKey = "=,[]{}\n";

constexpr bool beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80U; }
constexpr bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

TextPosition position_at(std::string_view text, std::size_t offset) {
  TextPosition at;
  for (const char c : text.substr(0, offset)) {
    if (c == '\n')
      at = {at.line + 1, 1};
    else if (!continues_character(c))
      ++at.column;
  }
  return at;
}

/// Walks over a quoted text whose opening quote is at `at`. Gives the offset after it, or of a character beyond ASCII that follows
/// a backslash. An unclosed text ends with its line, or with the whole when it may span lines.
std::size_t end_of_text(std::string_view toml, std::size_t at) {
  const char quote = toml[at];
  const std::string_view triple = quote == '"' ? "\"\"\"" : "'''";
  const bool spans_lines = toml.substr(at).starts_with(triple);
  for (at += spans_lines ? 3 : 1; at < toml.size(); ++at) {
    if (toml[at] == '\n' && !spans_lines) return at;
    if (toml[at] == quote) {
      if (!spans_lines) return at + 1;
      if (!toml.substr(at).starts_with(triple)) continue;
      // Up to two quotes may stand right before the closing three.
      at += 3;
      for (int extra = 0; extra < 2 && at < toml.size() && toml[at] == quote; ++extra) ++at;
      return at;
    }
    if (toml[at] == '\\' && quote == '"') {
      ++at;
      if (at < toml.size() && is_blank(toml[at])) {
        if (!spans_lines) return at;
        while (at < toml.size() && is_blank(toml[at])) ++at;
        if (at < toml.size() && beyond_ascii(toml[at])) return at;
        --at;
      } else if (at < toml.size() && beyond_ascii(toml[at])) {
        return at;
      }
    }
  }
  return toml.size();
}

/// Where the name of the table begins whose header's first bracket is at `at`.
std::size_t name_in_header(std::string_view toml, std::size_t at) {
  constexpr std::string_view kSpaces = " \t";
  at = std::min(toml.find_first_not_of(kSpaces, at + 1), toml.size());
  if (at < toml.size() && toml[at] == '[') at = std::min(toml.find_first_not_of(kSpaces, at + 1), toml.size());
  return at;
}

/// Whether toml++ may be given a header whose name begins so. Characters beyond ASCII are refused elsewhere.
bool may_begin_name(char c) {
  constexpr std::string_view kOthers = "-_\"']";
  const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return alphanumeric || beyond_ascii(c) || kOthers.find(c) != std::string_view::npos;
}

}  // namespace

std::optional<Refused> screen(std::string_view toml) {
  std::size_t at = toml.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  std::size_t dots = 0;     // since the last character that a key cannot hold
  std::size_t depth = 0;    // of arrays and inline tables
  bool line_begins = true;  // only blanks since the last line end
  char before = 0;          // the last character that is neither blank nor of a comment
  while (at < toml.size()) {
    const char c = toml[at];
    const bool header = c == '[' && line_begins && depth == 0;
    line_begins = c == '\n' || (line_begins && is_blank(c));
    if (c == '}' && (before == '[' || before == ','))
      return Refused{position_at(toml, at), "is no TOML (a brace closes where a value must begin), must be TOML 1.0"};
    if (!is_blank(c) && c != '#') before = c;
    if (header) {
      dots = 0;
      at = name_in_header(toml, at);
      if (at < toml.size() && !may_begin_name(toml[at]))
        return Refused{position_at(toml, at), "is no table's name, must be a key in brackets"};
    } else if (c == '#') {
      at = std::min(toml.find('\n', at), toml.size());
    } else if (c == '"' || c == '\'') {
      at = end_of_text(toml, at);
    } else if (beyond_ascii(c)) {
      return Refused{position_at(toml, at), "is no TOML (a character beyond ASCII), must stand in quotes or a comment"};
    } else {
      if (c == '.' && ++dots == kMostKeyParts)
        return Refused{position_at(toml, at), "is a key of more than 16 parts, must be shorter"};
      if (kEndsKey.find(c) != std::string_view::npos) dots = 0;
      if (c == '[' || c == '{') ++depth;
      if ((c == ']' || c == '}') && depth > 0) --depth;
      ++at;
    }
  }
  return std::nullopt;
}

}  // namespace hedgewatch
