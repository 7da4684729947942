#pragma once

#include <string>

namespace hedgewatch {

/// What tells this start of the machine from every other: the kernel's random boot id. As long as it is the same, so is the steady
/// clock. Empty where the system does not say.
[[nodiscard]] std::string boot_identity();

}  // namespace hedgewatch
