#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/pricing/lane_columns.hpp"
#include "core/pricing/option_batch.hpp"
#include "core/risk/instrument_valuation.hpp"

namespace hedgewatch {

/// What the exact time to expiry and the contract make of an option's market.
[[nodiscard]] Black76Input pricing_input(const Contract& contract, const OptionMarket& market);

/// Options that were judged and wait for their Greeks: one call of the batch kernel prices them all. A Deribit option takes two
/// lanes, one at the exact time to expiry for risk and one at the venue's rounded minute for the Greeks that the venue publishes.
/// Allocates when made only. What an option gets does not depend on the others in the batch.
class ValuationBatch {
 public:
  /// Options that fit; small enough that all columns stay in the first-level cache.
  static constexpr std::size_t kCapacity = 32;

  ValuationBatch();

  [[nodiscard]] bool full() const { return count_ == kCapacity; }
  /// Queues an option that judge_instrument() wants priced; the batch is not full. `contract` and `valuation` are kept until
  /// price().
  void add(const Contract& contract, Venue venue, const OptionMarket& market, InstrumentValuation& valuation);
  /// Prices what waits, completes its valuations, and is empty again. An option that cannot be priced becomes unknown with the
  /// reason; past its expiry it is `expired`.
  void price();

 private:
  struct Waiting {
    const Contract* contract = nullptr;
    InstrumentValuation* valuation = nullptr;
    OptionMarket market;
    YearFraction venue_time = YearFraction::from_years(0);  ///< of the second lane
    std::uint32_t lane = 0;
    bool has_venue_lane = false;
    bool looks_from_spot = false;  ///< the venue's Greeks are OKX's
    bool on_index = false;         ///< the venue's Greeks are those of the index at its rate
    YearFraction to_expiry = YearFraction::from_years(0);
  };

  void fill_last_group();
  void complete(const Waiting& waiting) const;

  OptionBatch batch_;
  GreekColumns greeks_;
  std::array<Waiting, kCapacity> waiting_{};
  std::size_t count_ = 0;
  std::size_t lanes_ = 0;                                            ///< in use
  std::array<std::size_t, 2 * kCapacity / kLaneGroup> left_over_{};  ///< lanes of each group that an earlier pricing has set
};

}  // namespace hedgewatch
