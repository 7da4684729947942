#pragma once

#include <string>

namespace hedgewatch {

/// What tells this program's file from every other one that was built: the linker's build id, in hexadecimal. Empty where the
/// linker gave none.
[[nodiscard]] std::string build_identity();

}  // namespace hedgewatch
