#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/pricing/black76.hpp"
#include "core/pricing/kernel_target.hpp"
#include "core/pricing/lane_columns.hpp"

namespace hedgewatch {

/// What a batch computes, by column. Meaning, unit and sign as in Black76Greeks.
enum class Greek : std::uint8_t {
  Premium,
  Delta,
  Gamma,
  Vega,
  Theta,
  Rho,
  Vanna,
  Volga,
  Charm,
  Speed,
  Zomma,
  Color,
  Veta,
  Ultima,
  DualDelta,
  D1,
  D2
};

/// Usual: Premium to Charm, the first nine. Every: all of them.
enum class GreekSet : std::uint8_t { Usual, Every };
constexpr std::size_t column_count(GreekSet set) { return set == GreekSet::Usual ? 9 : 17; }

/// Options as columns, one lane each, calls and puts, expiries and underlyings mixed. What does not change with every tick is
/// prepared when it is set: sqrt(T) with the right in its sign, 1 / (2 T), and the discount factor. Writing forwards() and vols()
/// is all that a tick costs.
///
/// ln K is not kept: the kernel takes the logarithm of F / K from an exact difference, which costs one division, needs no cache
/// that could be stale, and keeps the digits at the money that ln F - ln K loses.
class OptionBatch {
 public:
  OptionBatch() = default;
  /// A lane that was not set prices as a fault (NaN), never as something.
  explicit OptionBatch(std::size_t lanes);

  [[nodiscard]] std::size_t lanes() const { return inputs_.lanes(); }

  void set_contract(std::size_t lane, OptionRight right, double strike);
  /// Any time and rate may be set; those that cannot be priced make the lane a fault.
  void set_expiry(std::size_t lane, YearFraction to_expiry, double rate = 0);
  /// The same for `count` lanes of one expiry.
  void set_expiry(std::size_t first, std::size_t count, YearFraction to_expiry, double rate = 0);
  void set(std::size_t lane, const Black76Input& input);

  /// Quote per base, one a lane. Unknown is NaN.
  [[nodiscard]] std::span<double> forwards() { return inputs_.column(kForwardColumn); }
  /// Annualised, 1.0 = 100 %, one a lane. Unknown is NaN.
  [[nodiscard]] std::span<double> vols() { return inputs_.column(kVolColumn); }

  /// The lane as the scalar reference takes it. A batch knows no carry: spot Greeks follow from add_spot_greeks().
  [[nodiscard]] Black76Input input(std::size_t lane) const;
  /// What keeps the lane from being priced, if anything.
  [[nodiscard]] std::optional<PricingFault> fault(std::size_t lane) const;

  /// See StateArchive; loading, into a batch of as many lanes.
  void visit_state(auto& archive) { inputs_.visit_cells(archive, kColumns); }

 private:
  friend class BatchPricing;
  static constexpr std::size_t kForwardColumn = 0;
  static constexpr std::size_t kVolColumn = 2;
  static constexpr std::size_t kColumns = 8;

  void prepare(std::size_t lane, double root, OptionRight right);
  [[nodiscard]] OptionRight right(std::size_t lane) const;

  LaneColumns inputs_;
};

/// The columns that a batch is priced into. Allocates when made, never when priced.
class GreekColumns {
 public:
  GreekColumns() = default;
  GreekColumns(GreekSet set, std::size_t lanes);

  [[nodiscard]] GreekSet set() const { return set_; }
  [[nodiscard]] std::size_t lanes() const { return cells_.lanes(); }
  /// One value a lane. With GreekSet::Usual only Premium to Charm exist.
  [[nodiscard]] std::span<const double> operator[](Greek greek) const { return cells_.column(static_cast<std::size_t>(greek)); }
  /// One lane in the scalar's form; what the set does not have is NaN, and so are the spot Greeks.
  [[nodiscard]] Black76Greeks lane(std::size_t lane) const;

 private:
  friend class BatchPricing;
  GreekSet set_ = GreekSet::Usual;
  LaneColumns cells_;
};

/// Prices every lane of the batch into `out`, which has at least as many lanes. Returns how many lanes are faults: their values are
/// NaN, and OptionBatch::fault says why. A lane's result does not depend on its neighbours.
///
/// Ordinary lanes (forward above 1e-50, forward * strike * vol sqrt(T) between 1e-50 and 1e20, |d1| and |d2| below 1e20) are priced
/// by the vector kernel, within the error bound of black76(): at most 8 * 2^-52 of the value's scale, see README.md for what was
/// measured. Values below 1e-300 may be 0. The others go through black76() itself. Results differ between targets in the last bits,
/// because the baseline and SSE4 have no fused multiply-add; on one target they are the same on every run.
std::size_t price(const OptionBatch& batch, GreekColumns& out, KernelTarget target = best_kernel_target());

/// Prices the lanes [first, first + count) only, first a multiple of kLaneGroup: for callers who use each block while it is in
/// cache. Lanes up to the end of the last group are priced too.
std::size_t price(const OptionBatch& batch, std::size_t first, std::size_t count, GreekColumns& out,
                  KernelTarget target = best_kernel_target());
/// The same into the first lanes of `out`, which needs no more than `count` of them: so few stay in the nearest cache.
std::size_t price_apart(const OptionBatch& batch, std::size_t first, std::size_t count, GreekColumns& out,
                        KernelTarget target = best_kernel_target());

}  // namespace hedgewatch
