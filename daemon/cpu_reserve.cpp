#include "daemon/cpu_reserve.hpp"

#include <pthread.h>

namespace hedgewatch {

CpuReserve::CpuReserve(std::optional<unsigned> cpu) {
  if (!cpu || *cpu >= CPU_SETSIZE || pthread_getaffinity_np(pthread_self(), sizeof before_, &before_) != 0) return;
  cpu_set_t others = before_;
  CPU_CLR(*cpu, &others);
  if (CPU_COUNT(&others) == 0) return;
  reserved_ = pthread_setaffinity_np(pthread_self(), sizeof others, &others) == 0;
}

CpuReserve::~CpuReserve() {
  if (reserved_) static_cast<void>(pthread_setaffinity_np(pthread_self(), sizeof before_, &before_));
}

}  // namespace hedgewatch
