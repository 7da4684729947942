#include "daemon/memory_lock.hpp"

#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace hedgewatch {

std::string lock_memory() {
  // Under a finite limit the lock may succeed now and make an allocation fail later.
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return std::strerror(errno);
  if (limit.rlim_cur != RLIM_INFINITY)
    return "the limit of locked memory is " + std::to_string(limit.rlim_cur) + " bytes, must be infinite (LimitMEMLOCK=)";
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) return std::strerror(errno);
  return {};
}

}  // namespace hedgewatch
