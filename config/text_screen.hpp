#pragma once

#include <optional>
#include <string_view>

#include "config/config_fault.hpp"

namespace hedgewatch {

struct Refused {
  TextPosition at;
  std::string_view message;  ///< a literal
};

/// Finds what toml++ 3.3 must not be given, in one pass that keeps nothing:
/// - a character beyond ASCII outside quoted texts and comments, or after a backslash. TOML allows none there, and toml++ has
/// undefined
///   behaviour on it: its search for wide spaces ends at an unreachable point for U+00A1 to U+0499.
/// - a key of more than 16 parts: toml++ frees nested tables recursively and would exhaust the stack on a long chain of dots.
/// - a table's header without a name, such as [=] or [[[, and a brace that closes where a value must begin, as in [}: toml++ takes
///   for granted that there is none.
/// A byte order mark at the start is allowed.
[[nodiscard]] std::optional<Refused> screen(std::string_view toml);

}  // namespace hedgewatch
