#pragma once

#include <cstddef>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/engine/option_chains.hpp"
#include "core/pricing/forward.hpp"
#include "core/risk/option_fallback.hpp"

namespace hedgewatch {

/// The forward of an expiry from what the market shows, where an option's own ticker brings none: the newest forward that the venue
/// stated for that expiry, the future of the same expiry, put-call parity over the quotes, and, with a carry rate configured, the
/// perpetual and the index. The first that is fresh answers; what is stale or on a dead connection is not asked.
class ForwardSelector {
 public:
  /// Makes room for expiries of so many options.
  void reserve(std::size_t options) { quotes_.reserve(options); }
  [[nodiscard]] FallbackForward select(const DeskView& view, const OptionChain& chain, const ChainExpiry& expiry);

 private:
  void collect_parity(const DeskView& view, const OptionChain& chain, const ChainExpiry& expiry);

  std::vector<ParityQuotes> quotes_;
};

}  // namespace hedgewatch
