// Preloaded into the daemon by the fault table: its calendar clock is the machine's plus what a file says, in nanoseconds.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

const volatile std::int64_t* shared_offset() {
  static const volatile std::int64_t* const offset = []() -> const volatile std::int64_t* {
    const char* name = std::getenv("HEDGEWATCH_CLOCK_FILE");
    if (name == nullptr) return nullptr;
    const int file = ::open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return nullptr;
    void* page = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    ::close(file);
    return page == MAP_FAILED ? nullptr : static_cast<const volatile std::int64_t*>(page);
  }
  ();
  return offset;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (result != 0 || clock != CLOCK_REALTIME || shared_offset() == nullptr) return result;
  const std::int64_t total = time->tv_sec * kSecond + time->tv_nsec + *shared_offset();
  time->tv_sec = total / kSecond;
  time->tv_nsec = total % kSecond;
  return 0;
}
