#pragma once

#include <string>

namespace hedgewatch {

/// Keeps every page of this process in memory once it was touched, from now on. Empty on success, otherwise why not; then nothing
/// is locked.
[[nodiscard]] std::string lock_memory();

}  // namespace hedgewatch
