#include "core/pricing/option_batch.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "core/pricing/option_kernel.hpp"

namespace hedgewatch {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

using enum detail::KernelColumn;

/// In the order of Greek.
constexpr std::array<double Black76Greeks::*, column_count(GreekSet::Every)> kMembers{
    &Black76Greeks::price, &Black76Greeks::delta, &Black76Greeks::gamma, &Black76Greeks::vega,   &Black76Greeks::theta,
    &Black76Greeks::rho,   &Black76Greeks::vanna, &Black76Greeks::volga, &Black76Greeks::charm,  &Black76Greeks::speed,
    &Black76Greeks::zomma, &Black76Greeks::color, &Black76Greeks::veta,  &Black76Greeks::ultima, &Black76Greeks::dual_delta,
    &Black76Greeks::d1,    &Black76Greeks::d2};

/// sqrt(T) where the kernel may be given the expiry, else no number, which leaves the lane to the scalar: outside these bounds
/// intermediate products could overflow.
double root_time(double years, double rate, double discount) {
  constexpr double kSmallestRoot = 1e-20;
  constexpr double kLargestRoot = 1e20;
  const double root = std::sqrt(years);
  const bool fit = root > kSmallestRoot && root < kLargestRoot && std::isfinite(rate) && std::isfinite(discount);
  return fit ? root : kUnknown;
}

/// Coin-settled venues have no rate: most lanes need no exponential.
double discount_factor(double rate, double years) { return rate == 0 && std::isfinite(years) ? 1 : std::exp(-rate * years); }

}  // namespace

std::string_view label(KernelTarget target) {
  constexpr std::array<std::string_view, kKernelTargets.size()> kLabels{"avx512", "avx2", "sse4", "baseline"};
  return kLabels[static_cast<std::size_t>(target)];
}

KernelTarget best_kernel_target() {
  static const KernelTarget best = *std::find_if(kKernelTargets.begin(), kKernelTargets.end(), machine_runs);
  return best;
}

OptionBatch::OptionBatch(std::size_t lanes) : inputs_{kKernelColumns, lanes, kUnknown} {
  static_assert(kColumns == kKernelColumns);
  // Padding is priced too: as something ordinary, for it must not take the slow path.
  static_assert(kForwardColumn == kForward && kVolColumn == kVol);
  constexpr std::array<double, kKernelColumns> kPadding{1, 1, 1, 1, 1, 0, 1, 0.5};
  for (std::size_t column = 0; column < kKernelColumns; ++column)
    std::fill(inputs_.data(column) + lanes, inputs_.data(column) + padded_lanes(lanes), kPadding[column]);
}

void OptionBatch::set_contract(std::size_t lane, OptionRight right, double strike) {
  inputs_.column(kStrike)[lane] = strike;
  prepare(lane, root_time(inputs_.column(kYears)[lane], inputs_.column(kRate)[lane], inputs_.column(kDiscount)[lane]), right);
}

void OptionBatch::set_expiry(std::size_t lane, YearFraction to_expiry, double rate) { set_expiry(lane, 1, to_expiry, rate); }

void OptionBatch::set_expiry(std::size_t first, std::size_t count, YearFraction to_expiry, double rate) {
  const double years = to_expiry.years();
  const double discount = discount_factor(rate, years);
  const double root = root_time(years, rate, discount);
  for (std::size_t lane = first; lane < first + count; ++lane) {
    inputs_.column(kDiscount)[lane] = discount;
    inputs_.column(kRate)[lane] = rate;
    inputs_.column(kYears)[lane] = years;
    inputs_.column(kHalfPerTime)[lane] = 0.5 / years;
    prepare(lane, root, right(lane));
  }
}

void OptionBatch::prepare(std::size_t lane, double root, OptionRight right) {
  if (!(inputs_.column(kStrike)[lane] >= 0)) root = kUnknown;
  inputs_.column(kSignedRootTime)[lane] = std::copysign(root, right == OptionRight::Call ? 1.0 : -1.0);
}

OptionRight OptionBatch::right(std::size_t lane) const {
  return std::signbit(inputs_.column(kSignedRootTime)[lane]) ? OptionRight::Put : OptionRight::Call;
}

void OptionBatch::set(std::size_t lane, const Black76Input& input) {
  const double years = input.to_expiry.years();
  const double discount = discount_factor(input.rate, years);
  inputs_.data(kForward)[lane] = input.forward;
  inputs_.data(kStrike)[lane] = input.strike;
  inputs_.data(kVol)[lane] = input.vol.fraction();
  inputs_.data(kDiscount)[lane] = discount;
  inputs_.data(kRate)[lane] = input.rate;
  inputs_.data(kYears)[lane] = years;
  inputs_.data(kHalfPerTime)[lane] = 0.5 / years;
  prepare(lane, root_time(years, input.rate, discount), input.right);
}

Black76Input OptionBatch::input(std::size_t lane) const {
  return {.right = right(lane),
          .forward = inputs_.column(kForward)[lane],
          .strike = inputs_.column(kStrike)[lane],
          .to_expiry = YearFraction::from_years(inputs_.column(kYears)[lane]),
          .vol = Vol::from_fraction(inputs_.column(kVol)[lane]),
          .rate = inputs_.column(kRate)[lane]};
}

std::optional<PricingFault> OptionBatch::fault(std::size_t lane) const { return pricing_fault(input(lane)); }

GreekColumns::GreekColumns(GreekSet set, std::size_t lanes) : set_{set}, cells_{column_count(set), lanes, kUnknown} {}

Black76Greeks GreekColumns::lane(std::size_t lane) const {
  Black76Greeks greeks;
  for (std::size_t column = 0; column < kMembers.size(); ++column)
    greeks.*kMembers[column] = column < column_count(set_) ? cells_.column(column)[lane] : kUnknown;
  greeks.spot_delta = greeks.spot_gamma = greeks.spot_theta = greeks.spot_rho = greeks.spot_charm = kUnknown;
  return greeks;
}

/// One pricing of a batch; reprices what the kernel hands back.
class BatchPricing final : detail::IrregularLanes {
 public:
  /// The kernel counts both from where they begin.
  BatchPricing(const OptionBatch& batch, std::size_t first, GreekColumns& out, std::size_t out_first)
      : batch_{batch}, out_{out}, first_{first}, out_first_{out_first} {}

  std::size_t run(std::size_t count, KernelTarget target) {
    assert(first_ % kLaneGroup == 0 && first_ + count <= batch_.lanes());
    assert(out_first_ % kLaneGroup == 0 && out_first_ + count <= out_.lanes());
    const LaneColumns& in = batch_.inputs_;
    const detail::KernelInput input{.cells = in.data(0) + first_, .stride = in.stride()};
    const detail::KernelOutput output{.cells = out_.cells_.data(0) + out_first_, .stride = out_.cells_.stride()};
    const detail::KernelBuild build = detail::kernel_build(target);
    const auto kernel = out_.set_ == GreekSet::Usual ? build.usual : build.every;
    kernel(input, 0, padded_lanes(count), output, *this);
    return faults_;
  }

  void reprice(std::size_t first, std::uint64_t mask) override {
    for (std::size_t offset = 0; offset < kLaneGroup; ++offset)
      if ((mask >> offset & 1) != 0) reprice_lane(first + offset);
  }

 private:
  void reprice_lane(std::size_t lane) {
    const auto result = black76(batch_.input(first_ + lane));
    if (!result) ++faults_;
    for (std::size_t column = 0; column < column_count(out_.set_); ++column)
      out_.cells_.column(column)[out_first_ + lane] = result ? result.value().*kMembers[column] : kUnknown;
  }

  const OptionBatch& batch_;
  GreekColumns& out_;
  std::size_t first_;
  std::size_t out_first_;
  std::size_t faults_ = 0;
};

std::size_t price(const OptionBatch& batch, GreekColumns& out, KernelTarget target) {
  return price(batch, 0, batch.lanes(), out, target);
}

std::size_t price(const OptionBatch& batch, std::size_t first, std::size_t count, GreekColumns& out, KernelTarget target) {
  return BatchPricing{batch, first, out, first}.run(count, target);
}

std::size_t price_apart(const OptionBatch& batch, std::size_t first, std::size_t count, GreekColumns& out, KernelTarget target) {
  return BatchPricing{batch, first, out, 0}.run(count, target);
}

}  // namespace hedgewatch
