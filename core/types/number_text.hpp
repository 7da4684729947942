#pragma once

#include <array>
#include <charconv>
#include <string>

namespace hedgewatch {

/// The shortest decimal text that reads back as the same number, for label values.
[[nodiscard]] inline std::string number_text(double number) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return error == std::errc{} ? std::string{buffer.data(), end} : std::string{"nan"};
}

}  // namespace hedgewatch
