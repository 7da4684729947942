#pragma once

#include <sched.h>

#include <optional>

namespace hedgewatch {

/// While this lives, threads that the calling thread starts stay off one CPU, so that it is left to the one that is pinned to it.
/// Nothing changes where the caller may use no other CPU, or the system refuses.
class CpuReserve {
 public:
  /// Nothing: none is reserved.
  explicit CpuReserve(std::optional<unsigned> cpu);
  /// The calling thread, the same one, may use again what it could use before.
  ~CpuReserve();
  [[nodiscard]] bool taken() const { return reserved_; }
  CpuReserve(const CpuReserve&) = delete;
  CpuReserve& operator=(const CpuReserve&) = delete;

 private:
  cpu_set_t before_{};
  bool reserved_ = false;
};

}  // namespace hedgewatch
