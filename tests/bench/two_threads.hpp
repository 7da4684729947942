#pragma once

#include <pthread.h>
#include <sched.h>

#include <cstdint>
#include <thread>

namespace hedgewatch::bench {

/// Polls without holding a processor that somebody else needs: on a quiet machine it never comes to yield.
class Poll {
 public:
  void wait() {
    if (++turns_ % 4'096 == 0) sched_yield();
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

 private:
  std::uint32_t turns_ = 0;
};

/// The calling thread stays on that processor, or on one of those there are, as long as this lives.
class Pin {
 public:
  explicit Pin(unsigned cpu) {
    pthread_getaffinity_np(pthread_self(), sizeof before_, &before_);
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    const unsigned processors = std::thread::hardware_concurrency();
    CPU_SET(processors == 0 ? 0 : cpu % processors, &cpus);
    static_cast<void>(pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus));
  }
  ~Pin() { static_cast<void>(pthread_setaffinity_np(pthread_self(), sizeof before_, &before_)); }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace hedgewatch::bench
