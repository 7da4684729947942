#pragma once

#include <cstddef>
#include <cstdint>

#include "core/pricing/option_batch.hpp"

namespace hedgewatch::detail {

/// Where a kernel finds a column in KernelInput. The half over time lies one further than the others would have it, at a distance
/// that an address can hold.
enum KernelColumn : std::size_t {
  kForward,
  kStrike,
  kVol,
  kSignedRootTime,  ///< +sqrt(T) for a call, -sqrt(T) for a put
  kDiscount,
  kRate,
  kYears,  ///< not read by the kernel
  kHalfPerTime,
  kKernelColumns
};

/// The columns a kernel reads, one number a lane, `stride` apart, 64-byte aligned.
struct KernelInput {
  const double* cells;
  std::size_t stride;
};

/// The columns a kernel writes, in the order of `Greek`, `stride` apart, 64-byte aligned.
struct KernelOutput {
  double* cells;
  std::size_t stride;
};

/// Told of every group of lanes of which at least one is outside the kernel's domain; the lanes' outputs are then not to be
/// trusted. `mask` has a bit per lane from `first`.
class IrregularLanes {
 public:
  virtual void reprice(std::size_t first, std::uint64_t mask) = 0;

 protected:
  ~IrregularLanes() = default;
};

/// Prices lanes [first, last), both multiples of kLaneGroup.
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
