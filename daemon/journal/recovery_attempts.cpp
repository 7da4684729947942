#include "daemon/journal/recovery_attempts.hpp"

#include <fstream>
#include <system_error>

namespace hedgewatch {

bool RecoveryAttempts::begin() {
  unsigned failed = 0;
  std::ifstream{file_} >> failed;
  if (failed >= kMost) {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
    return false;
  }
  std::ofstream{file_, std::ios::trunc} << failed + 1 << '\n';
  counting_ = true;
  return true;
}

void RecoveryAttempts::proven() {
  if (!counting_) return;
  counting_ = false;
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

}  // namespace hedgewatch
