#include "core/pricing/simd_target.hpp"

#include <hwy/targets.h>

#include <array>
#include <cstddef>

namespace hedgewatch {

namespace {

constexpr std::array kTargets{SimdTarget::Scalar, SimdTarget::Sse4, SimdTarget::Avx2, SimdTarget::Avx512};

std::int64_t mask_of(SimdTarget target) {
  switch (target) {
    case SimdTarget::Scalar:
      return 0;  // Highway's own fall-back when nothing else is allowed
    case SimdTarget::Sse4:
      return HWY_SSE4;
    case SimdTarget::Avx2:
      return HWY_AVX2;
    case SimdTarget::Avx512:
      return HWY_AVX3;
  }
  return 0;
}

}  // namespace

std::string_view label(SimdTarget target) {
  constexpr std::array<std::string_view, kTargets.size()> kLabels{"scalar", "sse4", "avx2", "avx512"};
  return kLabels[static_cast<std::size_t>(target)];
}

std::span<const SimdTarget> supported_simd_targets() {
  static const std::size_t count = [] {
    std::size_t supported = 1;
    while (supported < kTargets.size() && (hwy::SupportedTargets() & mask_of(kTargets[supported])) != 0) ++supported;
    return supported;
  }();
  return std::span{kTargets}.first(count);
}

void use_simd_target(std::optional<SimdTarget> target) {
  if (target)
    hwy::GetChosenTarget().Update(mask_of(*target));
  else
    hwy::GetChosenTarget().DeInit();
}

}  // namespace hedgewatch
