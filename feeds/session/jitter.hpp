#pragma once

#include <cstdint>

namespace hedgewatch {

/// Reconnect jitter and nonces: uniform, not secret.
class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) : state_{seed} {}
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }

  /// In [0, 1).
  double fraction() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace hedgewatch
