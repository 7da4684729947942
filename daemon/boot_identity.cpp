#include "daemon/boot_identity.hpp"

#include <cstddef>

#include "daemon/text_file.hpp"

namespace hedgewatch {

std::string boot_identity() {
  constexpr std::size_t kMostBytes = 64;
  const auto text = read_text_file("/proc/sys/kernel/random/boot_id", kMostBytes);
  return text.ok() ? text.value().substr(0, text.value().find('\n')) : std::string{};
}

}  // namespace hedgewatch
