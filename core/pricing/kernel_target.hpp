#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hedgewatch {

/// Instruction sets that the kernels are built for, best first. Baseline runs on every x86-64.
enum class KernelTarget : std::uint8_t { Avx512, Avx2, Sse4, Baseline };
inline constexpr std::array kKernelTargets{KernelTarget::Avx512, KernelTarget::Avx2, KernelTarget::Sse4, KernelTarget::Baseline};

[[nodiscard]] std::string_view label(KernelTarget target);
/// True when this machine's processor and operating system run that build.
[[nodiscard]] bool machine_runs(KernelTarget target);
/// The first of kKernelTargets that the machine runs.
[[nodiscard]] KernelTarget best_kernel_target();

}  // namespace hedgewatch
