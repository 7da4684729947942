#include "core/pricing/option_batch.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "core/pricing/option_kernel.hpp"

namespace hedgewatch {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// In the order of Greek.
constexpr std::array<double Black76Greeks::*, column_count(GreekSet::Every)> kMembers{
    &Black76Greeks::price, &Black76Greeks::delta, &Black76Greeks::gamma, &Black76Greeks::vega,   &Black76Greeks::theta,
    &Black76Greeks::rho,   &Black76Greeks::vanna, &Black76Greeks::volga, &Black76Greeks::charm,  &Black76Greeks::speed,
    &Black76Greeks::zomma, &Black76Greeks::color, &Black76Greeks::veta,  &Black76Greeks::ultima, &Black76Greeks::dual_delta,
    &Black76Greeks::d1,    &Black76Greeks::d2};

}  // namespace

std::string_view label(KernelTarget target) {
  constexpr std::array<std::string_view, kKernelTargets.size()> kLabels{"avx512", "avx2", "sse4", "baseline"};
  return kLabels[static_cast<std::size_t>(target)];
}

KernelTarget best_kernel_target() {
  static const KernelTarget best = *std::find_if(kKernelTargets.begin(), kKernelTargets.end(), machine_runs);
  return best;
}

OptionBatch::OptionBatch(std::size_t lanes) : inputs_{kColumns, lanes, kUnknown} {
  // Padding is priced too: as something ordinary, for it must not take the slow path.
  constexpr std::array<double, kColumns> kPadding{1, 1, 1, 1, 1, 0, 1};
  for (std::size_t column = 0; column < kColumns; ++column)
    std::fill(inputs_.data(column) + lanes, inputs_.data(column) + padded_lanes(lanes), kPadding[column]);
  std::fill_n(inputs_.data(kSignedRootTime), lanes, kUnknown);
}

void OptionBatch::set_contract(std::size_t lane, OptionRight right, double strike) {
  inputs_.column(kStrike)[lane] = strike;
  double& root = inputs_.column(kSignedRootTime)[lane];
  root = std::copysign(root, right == OptionRight::Call ? 1.0 : -1.0);
}

void OptionBatch::set_expiry(std::size_t lane, YearFraction to_expiry, double rate) { set_expiry(lane, 1, to_expiry, rate); }

void OptionBatch::set_expiry(std::size_t first, std::size_t count, YearFraction to_expiry, double rate) {
  // Outside these bounds intermediate products could overflow: such a lane is left to the scalar by a root that is no number.
  constexpr double kSmallestRoot = 1e-20;
  constexpr double kLargestRoot = 1e20;
  const double years = to_expiry.years();
  const double discount = std::exp(-rate * years);
  double root = std::sqrt(years);
  if (!(root > kSmallestRoot && root < kLargestRoot) || !std::isfinite(rate) || !std::isfinite(discount)) root = kUnknown;
  for (std::size_t lane = first; lane < first + count; ++lane) {
    double& signed_root = inputs_.column(kSignedRootTime)[lane];
    signed_root = std::copysign(root, signed_root);
    inputs_.column(kDiscount)[lane] = discount;
    inputs_.column(kRate)[lane] = rate;
    inputs_.column(kYears)[lane] = years;
  }
}

void OptionBatch::set(std::size_t lane, const Black76Input& input) {
  set_contract(lane, input.right, input.strike);
  set_expiry(lane, input.to_expiry, input.rate);
  forwards()[lane] = input.forward;
  vols()[lane] = input.vol.fraction();
}

Black76Input OptionBatch::input(std::size_t lane) const {
  return {.right = std::signbit(inputs_.column(kSignedRootTime)[lane]) ? OptionRight::Put : OptionRight::Call,
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
  BatchPricing(const OptionBatch& batch, GreekColumns& out) : batch_{batch}, out_{out} {}

  std::size_t run(std::size_t first, std::size_t count, KernelTarget target) {
    assert(first % kLaneGroup == 0 && first + count <= batch_.lanes() && batch_.lanes() <= out_.lanes());
    const LaneColumns& in = batch_.inputs_;
    const detail::KernelInput input{.forward = in.data(OptionBatch::kForward),
                                    .strike = in.data(OptionBatch::kStrike),
                                    .vol = in.data(OptionBatch::kVol),
                                    .signed_root_time = in.data(OptionBatch::kSignedRootTime),
                                    .discount = in.data(OptionBatch::kDiscount),
                                    .rate = in.data(OptionBatch::kRate)};
    detail::KernelOutput output{};
    for (std::size_t column = 0; column < column_count(out_.set_); ++column) output.column[column] = out_.cells_.data(column);
    const detail::KernelBuild build = detail::kernel_build(target);
    const auto kernel = out_.set_ == GreekSet::Usual ? build.usual : build.every;
    kernel(input, first, padded_lanes(first + count), output, *this);
    return faults_;
  }

  void reprice(std::size_t first, std::uint64_t mask) override {
    for (std::size_t offset = 0; offset < kLaneGroup; ++offset)
      if ((mask >> offset & 1) != 0) reprice_lane(first + offset);
  }

 private:
  void reprice_lane(std::size_t lane) {
    const auto result = black76(batch_.input(lane));
    if (!result) ++faults_;
    for (std::size_t column = 0; column < column_count(out_.set_); ++column)
      out_.cells_.column(column)[lane] = result ? result.value().*kMembers[column] : kUnknown;
  }

  const OptionBatch& batch_;
  GreekColumns& out_;
  std::size_t faults_ = 0;
};

std::size_t price(const OptionBatch& batch, GreekColumns& out, KernelTarget target) {
  return price(batch, 0, batch.lanes(), out, target);
}

std::size_t price(const OptionBatch& batch, std::size_t first, std::size_t count, GreekColumns& out, KernelTarget target) {
  return BatchPricing{batch, out}.run(first, count, target);
}

}  // namespace hedgewatch
