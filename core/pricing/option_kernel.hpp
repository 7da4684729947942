#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/pricing/option_batch.hpp"

namespace hedgewatch::detail {

/// The columns a kernel reads, one number a lane, 64-byte aligned. The root of the time carries the option's right in its sign.
struct KernelInput {
  const double* forward;
  const double* strike;
  const double* vol;
  const double* signed_root_time;  ///< +sqrt(T) for a call, -sqrt(T) for a put
  const double* discount;
  const double* rate;
};

/// The columns a kernel writes, in the order of `Greek`, 64-byte aligned.
struct KernelOutput {
  std::array<double*, column_count(GreekSet::Every)> column;
};

/// Told of every group of lanes of which at least one is outside the kernel's domain; the lanes' outputs are then not to be
/// trusted. `mask` has a bit per lane from `first`.
class IrregularLanes {
 public:
  virtual void reprice(std::size_t first, std::uint64_t mask) = 0;

 protected:
  ~IrregularLanes() = default;
};

/// Prices lanes [first, last), both multiples of the lane block.
using OptionKernel = void (*)(const KernelInput& in, std::size_t first, std::size_t last, const KernelOutput& out,
                              IrregularLanes& irregular);

/// One instruction set's build of the kernel: the nine usual columns, or all.
struct KernelBuild {
  OptionKernel usual = nullptr;
  OptionKernel every = nullptr;
};

/// The build for `target`, or for the best that comes below it where the compiler could not make that one.
[[nodiscard]] KernelBuild kernel_build(KernelTarget target);

}  // namespace hedgewatch::detail
