#include "daemon/cpu_reserve.hpp"

#include <doctest/doctest.h>
#include <pthread.h>

#include <thread>

namespace hedgewatch {

namespace {

cpu_set_t usable_cpus() {
  cpu_set_t cpus;
  REQUIRE(pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus) == 0);
  return cpus;
}

cpu_set_t usable_cpus_of_new_thread() {
  cpu_set_t cpus;
  std::thread{[&cpus] { cpus = usable_cpus(); }}.join();
  return cpus;
}

unsigned first_of(const cpu_set_t& cpus) {
  unsigned cpu = 0;
  while (!CPU_ISSET(cpu, &cpus)) ++cpu;
  return cpu;
}

}  // namespace

TEST_SUITE("daemon/cpu_reserve") {
  TEST_CASE("threads started meanwhile stay off the reserved CPU, unless there is no other") {
    const cpu_set_t before = usable_cpus();
    const unsigned cpu = first_of(before);
    {
      const CpuReserve reserve{cpu};
      CHECK(reserve.taken() == (CPU_COUNT(&before) > 1));
      cpu_set_t others = before;
      if (CPU_COUNT(&before) > 1) CPU_CLR(cpu, &others);
      const cpu_set_t started = usable_cpus_of_new_thread();
      CHECK(CPU_EQUAL(&started, &others));
    }
    const cpu_set_t after = usable_cpus_of_new_thread();
    CHECK(CPU_EQUAL(&after, &before));
  }

  TEST_CASE("without a CPU, or with one that cannot be, nothing changes") {
    const cpu_set_t before = usable_cpus();
    const CpuReserve none{{}};
    const CpuReserve absurd{100'000};
    const cpu_set_t started = usable_cpus_of_new_thread();
    CHECK(CPU_EQUAL(&started, &before));
  }
}

}  // namespace hedgewatch
