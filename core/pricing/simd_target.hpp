#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hedgewatch {

/// Instruction sets that the vectorised kernels are compiled for. The best one of the machine is chosen at run time.
enum class SimdTarget : std::uint8_t { Scalar, Sse4, Avx2, Avx512 };

/// Word for tables of results: scalar, sse4, avx2, avx512.
[[nodiscard]] std::string_view label(SimdTarget target);

/// Those this machine can run, narrowest first.
[[nodiscard]] std::span<const SimdTarget> supported_simd_targets();

/// For tests and benchmarks: every kernel from now on runs as compiled for this target; nothing restores the best one.
/// Not to be called while another thread is in a kernel. `target` is one of supported_simd_targets().
void use_simd_target(std::optional<SimdTarget> target);

}  // namespace hedgewatch
