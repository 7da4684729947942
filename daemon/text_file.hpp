#pragma once

#include <cstddef>
#include <string>

#include "core/types/result.hpp"

namespace hedgewatch {

/// No configuration is longer; a path given by mistake, such as a device or a journal, must not be read for ever.
inline constexpr std::size_t kMostConfigBytes = std::size_t{4} * 1024 * 1024;

struct FileError {
  std::string words;  ///< "cannot be read: No such file or directory"
};

/// The whole file. Only regular files and pipes: a directory or device is an error.
[[nodiscard]] Result<std::string, FileError> read_text_file(const std::string& path, std::size_t most_bytes = kMostConfigBytes);

}  // namespace hedgewatch
