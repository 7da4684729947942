#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace hedgewatch::bench {

/// The repository's root: HEDGEWATCH_SOURCE_DIR, else where the program was started.
inline std::filesystem::path source_directory() {
  const char* source = std::getenv("HEDGEWATCH_SOURCE_DIR");
  return source != nullptr ? std::filesystem::path{source} : std::filesystem::current_path();
}

/// A hand-made frame, such as `deribit/ticker_option`, without its line's end; empty when there is none.
inline std::string fixture(const std::string& name) {
  std::ifstream in{source_directory() / "tests/data" / (name + ".json"), std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// A recording of a venue: below HEDGEWATCH_SHARED, else beside the source tree; nothing when it is not there.
inline std::optional<std::filesystem::path> recording(const std::string& name) {
  const char* shared = std::getenv("HEDGEWATCH_SHARED");
  const auto root = shared != nullptr ? std::filesystem::path{shared} : source_directory() / "../shared";
  auto file = root / "data" / name;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return std::nullopt;
  return file;
}

}  // namespace hedgewatch::bench
