#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace hedgewatch {

/// A text in double quotes on one line: control characters and quotes escaped, cut after 60 bytes.
[[nodiscard]] std::string shown(std::string_view text);
[[nodiscard]] std::string shown(double number);

/// `"a"`, `"a" or "b"`, `"a", "b" or "c"`.
[[nodiscard]] std::string one_of(std::span<const std::string_view> choices);
[[nodiscard]] std::string one_of(std::initializer_list<std::string_view> choices);

/// The choice that `text` most likely means: at most a third of its letters changed. Empty when none is near.
[[nodiscard]] std::string_view nearest(std::string_view text, std::span<const std::string_view> choices);

}  // namespace hedgewatch
