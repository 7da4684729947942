#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace hedgewatch::testing {

/// The repository's root, for the hand-made fixtures under tests/data.
std::filesystem::path source_directory();

/// The folder of oracles and recorded frames: HEDGEWATCH_SHARED, else ../shared beside the source tree.
/// Nothing where it is absent: the caller's test then prints "SKIPPED: reason" through skip_without_shared.
std::optional<std::filesystem::path> shared_directory();

/// True (after saying so) when shared/ is absent and the test must return. Under CI that is a failure instead.
bool skip_without_shared(const char* what);

/// Whole text of a file, zstd-compressed ones (`.zst`) expanded. Fails the running test when it cannot be read.
std::string read_text(const std::filesystem::path& file);

}  // namespace hedgewatch::testing
