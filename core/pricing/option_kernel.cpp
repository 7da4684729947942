// One source, compiled once per instruction set by Highway's foreach_target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/pricing/option_kernel.cpp"
// Builds that would differ from AVX-512 or SSE4 in nothing that this kernel uses.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#include <hwy/foreach_target.h>
// Highway wants its header after foreach_target.
#include <hwy/highway.h>

#include "core/pricing/option_kernel.hpp"

HWY_BEFORE_NAMESPACE();
namespace hedgewatch::detail {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<double>;
using BitsTag = hn::RebindToUnsigned<Tag>;
using Numbers = hn::Vec<Tag>;
using Bits = hn::Vec<BitsTag>;

HWY_INLINE Numbers constant(double value) { return hn::Set(Tag{}, value); }

/// ln(forward / strike) = k ln 2 + 2 atanh((m - strike) / (m + strike)) with m = forward 2^-k within a factor 1.5 of the strike.
/// m - strike is exact there, so the error stays relative to the logarithm however near the money. A quotient's bits stand in for
/// its binary logarithm (off by at most 0.09) to find k.
HWY_INLINE Numbers log_moneyness(Numbers forward, Numbers strike) {
  constexpr std::uint64_t kExponentBias = 1023;
  const BitsTag bits;
  const Tag tag;
  const Bits difference = hn::Sub(hn::BitCast(bits, forward), hn::BitCast(bits, strike));
  const Bits biased_k = hn::ShiftRight<52>(hn::Add(difference, hn::Set(bits, (kExponentBias << 52) + (std::uint64_t{1} << 51))));
  const Numbers two_to_minus_k = hn::BitCast(tag, hn::ShiftLeft<52>(hn::Sub(hn::Set(bits, 2 * kExponentBias), biased_k)));
  // An integer below 2^52 becomes a double by being put under the exponent of 2^52.
  constexpr double kTwoTo52 = 0x1p52;
  const Numbers k = hn::Sub(hn::BitCast(tag, hn::Or(biased_k, hn::BitCast(bits, constant(kTwoTo52)))),
                            constant(kTwoTo52 + static_cast<double>(kExponentBias)));

  const Numbers m = hn::Mul(forward, two_to_minus_k);
  const Numbers s = hn::Div(hn::Sub(m, strike), hn::Add(m, strike));
  const Numbers z = hn::Mul(s, s);
  // (atanh(sqrt z) / sqrt z - 1) / z on [0, 0.0404], Chebyshev fit, absolute error 6e-19 after the factor z.
  Numbers p = constant(0.06812043634691961);
  p = hn::MulAdd(p, z, constant(0.06603870001699784));
  p = hn::MulAdd(p, z, constant(0.07694484136448797));
  p = hn::MulAdd(p, z, constant(0.09090867550691496));
  p = hn::MulAdd(p, z, constant(0.11111111540325071));
  p = hn::MulAdd(p, z, constant(0.14285714283540604));
  p = hn::MulAdd(p, z, constant(0.20000000000004187));
  p = hn::MulAdd(p, z, constant(0.3333333333333333));
  const Numbers twice_s = hn::Add(s, s);
  constexpr double kLn2 = 0.693147180559945309417;
  return hn::MulAdd(k, constant(kLn2), hn::MulAdd(hn::Mul(twice_s, z), p, twice_s));
}

/// exp(-x^2 / 2) / sqrt(2 pi), and exactly 0 beyond |x| = 37.5 where it is below 1e-305.
HWY_INLINE Numbers normal_density(Numbers x, Numbers magnitude) {
  const BitsTag bits;
  const Tag tag;
  constexpr double kLog2E = 1.44269504088896340736;
  constexpr double kLn2 = 0.693147180559945309417;
  // Adding 1.5 * 2^52 rounds to an integer, which then stands in the low bits.
  constexpr double kRounder = 0x1.8p52;
  const Numbers exponent = hn::Mul(hn::Mul(x, x), constant(-0.5));
  const Numbers rounded = hn::MulAdd(exponent, constant(kLog2E), constant(kRounder));
  const Numbers r = hn::NegMulAdd(hn::Sub(rounded, constant(kRounder)), constant(kLn2), exponent);
  // exp(r) / sqrt(2 pi) on |r| <= ln 2 / 2: Chebyshev fit of (exp(r) - 1 - r) / r^2, relative error 1.3e-17.
  constexpr double kScale = 0.398942280401432677940;
  Numbers p = constant(kScale * 2.510038549551032e-08);
  p = hn::MulAdd(p, r, constant(kScale * 2.7620088445409746e-07));
  p = hn::MulAdd(p, r, constant(kScale * 2.7557268459997064e-06));
  p = hn::MulAdd(p, r, constant(kScale * 2.4801521295954376e-05));
  p = hn::MulAdd(p, r, constant(kScale * 0.00019841269863053618));
  p = hn::MulAdd(p, r, constant(kScale * 0.0013888888917213717));
  p = hn::MulAdd(p, r, constant(kScale * 0.008333333333330062));
  p = hn::MulAdd(p, r, constant(kScale * 0.04166666666662413));
  p = hn::MulAdd(p, r, constant(kScale * 0.16666666666666669));
  p = hn::MulAdd(p, r, constant(kScale * 0.5));
  p = hn::MulAdd(p, r, constant(kScale));
  p = hn::MulAdd(p, r, constant(kScale));
  const Numbers scaled = hn::BitCast(tag, hn::Add(hn::BitCast(bits, p), hn::ShiftLeft<52>(hn::BitCast(bits, rounded))));
  constexpr double kLastDensity = 37.5;
  return hn::IfThenElseZero(hn::Lt(magnitude, constant(kLastDensity)), scaled);
}

/// Mills's ratio N(-x) / phi(x) of two non-negative numbers, for x <= 38 (beyond it the density is 0 and the ratio not used):
/// rational fit with weight 1 + x by the exchange algorithm, error at most 9.2e-17 (1 + x) with these rounded coefficients.
/// All coefficients are positive, so nothing cancels.
HWY_INLINE void mills_ratios(Numbers x, Numbers y, Numbers& ratio_x, Numbers& ratio_y) {
  constexpr double kNumerator[] = {1.2533141373155003,    1.8290961346001895,    1.3270206690554776,   0.6108015112231441,
                                   0.19411245954135975,   0.04388737990625806,   0.007039669647376835, 0.0007722487112037907,
                                   5.264918675433421e-05, 1.7034325078417497e-06};
  constexpr double kDenominator[] = {1.0,
                                     2.257292126824557,
                                     2.3598678409207987,
                                     1.5075666681817466,
                                     0.653162428724871,
                                     0.2010467731468572,
                                     0.0446562242743336,
                                     0.007092318754225819,
                                     0.0007739521454220719,
                                     5.264918673244585e-05,
                                     1.7034325079669698e-06};
  x = hn::Min(x, constant(38));
  y = hn::Min(y, constant(38));
  Numbers over_x = constant(kNumerator[9]);
  Numbers over_y = over_x;
  Numbers under_x = constant(kDenominator[10]);
  Numbers under_y = under_x;
  under_x = hn::MulAdd(under_x, x, constant(kDenominator[9]));
  under_y = hn::MulAdd(under_y, y, constant(kDenominator[9]));
  HWY_UNROLL(9)
  for (int i = 8; i >= 0; --i) {
    const Numbers numerator = constant(kNumerator[i]);
    const Numbers denominator = constant(kDenominator[i]);
    over_x = hn::MulAdd(over_x, x, numerator);
    over_y = hn::MulAdd(over_y, y, numerator);
    under_x = hn::MulAdd(under_x, x, denominator);
    under_y = hn::MulAdd(under_y, y, denominator);
  }
  ratio_x = hn::Div(over_x, under_x);
  ratio_y = hn::Div(over_y, under_y);
}

template <bool kEvery>
HWY_INLINE void price_lanes(const KernelInput& in, std::size_t first, std::size_t last, const KernelOutput& out,
                            IrregularLanes& irregular) {
  const Tag tag;
  const std::size_t width = hn::Lanes(tag);
  const auto column = out.column;
  for (std::size_t lane = first; lane < last; lane += width) {
    const Numbers forward = hn::Load(tag, in.forward + lane);
    const Numbers strike = hn::Load(tag, in.strike + lane);
    const Numbers vol = hn::Load(tag, in.vol + lane);
    const Numbers signed_root = hn::Load(tag, in.signed_root_time + lane);
    const Numbers discount = hn::Load(tag, in.discount + lane);
    const Numbers rate = hn::Load(tag, in.rate + lane);

    const Numbers root_time = hn::Abs(signed_root);
    const Numbers put_bit = hn::AndNot(root_time, signed_root);
    const Numbers vol_root = hn::Mul(vol, root_time);
    // One division serves 1 / (forward vol_root) and 1 / vol_root.
    const Numbers per_forward_vol_root = hn::Div(constant(1), hn::Mul(forward, vol_root));
    const Numbers per_vol_root = hn::Mul(forward, per_forward_vol_root);
    const Numbers d1 = hn::MulAdd(log_moneyness(forward, strike), per_vol_root, hn::Mul(vol_root, constant(0.5)));
    const Numbers minus_d2 = hn::Sub(vol_root, d1);
    const Numbers a1 = hn::Abs(d1);
    const Numbers density = normal_density(d1, a1);
    Numbers ratio1;
    Numbers ratio2;
    mills_ratios(a1, hn::Abs(minus_d2), ratio1, ratio2);

    // strike phi(d2) = forward phi(d1): one exponential serves both tails.
    const Numbers forward_density = hn::Mul(forward, density);
    const Numbers tail1 = hn::Mul(density, ratio1);
    const Numbers tail2 = hn::Mul(forward_density, ratio2);
    const Numbers n1 = hn::IfNegativeThenElse(hn::Xor(d1, put_bit), tail1, hn::Sub(constant(1), tail1));
    const Numbers strike_n2 = hn::IfNegativeThenElse(hn::Xor(minus_d2, put_bit), hn::Sub(strike, tail2), tail2);

    const Numbers signed_discount = hn::Xor(discount, put_bit);
    const Numbers delta = hn::Mul(signed_discount, n1);
    const Numbers price = hn::MulSub(forward, delta, hn::Mul(signed_discount, strike_n2));
    const Numbers discounted_density = hn::Mul(discount, density);
    const Numbers gamma = hn::Mul(discounted_density, per_forward_vol_root);
    const Numbers vega = hn::Mul(hn::Mul(discount, forward_density), root_time);
    const Numbers per_vol = hn::Mul(root_time, per_vol_root);
    const Numbers per_root_time = hn::Mul(vol, per_vol_root);
    const Numbers half_per_time = hn::Mul(hn::Mul(per_root_time, per_root_time), constant(0.5));
    const Numbers decay = hn::Mul(hn::Mul(vega, vol), half_per_time);
    const Numbers time = hn::Mul(root_time, root_time);
    const Numbers density_minus_d2 = hn::Mul(discounted_density, minus_d2);
    const Numbers minus_d1_d2 = hn::Mul(d1, minus_d2);
    const Numbers vega_per_vol = hn::Mul(vega, per_vol);

    hn::Store(price, tag, column[0] + lane);
    hn::Store(delta, tag, column[1] + lane);
    hn::Store(gamma, tag, column[2] + lane);
    hn::Store(vega, tag, column[3] + lane);
    hn::Store(hn::MulSub(rate, price, decay), tag, column[4] + lane);
    hn::Store(hn::Neg(hn::Mul(time, price)), tag, column[5] + lane);
    hn::Store(hn::Mul(density_minus_d2, per_vol), tag, column[6] + lane);
    hn::Store(hn::Neg(hn::Mul(vega_per_vol, minus_d1_d2)), tag, column[7] + lane);
    hn::Store(hn::MulSub(rate, delta, hn::Mul(density_minus_d2, half_per_time)), tag, column[8] + lane);

    if constexpr (kEvery) {
      const Numbers per_forward = hn::Mul(vol_root, per_forward_vol_root);
      const Numbers d1_d2 = hn::Neg(minus_d1_d2);
      const Numbers one = constant(1);
      const Numbers d2 = hn::Neg(minus_d2);
      const Numbers speed = hn::Mul(hn::Neg(hn::Mul(gamma, per_forward)), hn::MulAdd(d1, per_vol_root, one));
      const Numbers zomma = hn::Mul(hn::Mul(gamma, per_vol), hn::Sub(d1_d2, one));
      const Numbers color = hn::Mul(gamma, hn::MulAdd(hn::Sub(one, d1_d2), half_per_time, rate));
      const Numbers veta = hn::Mul(vega, hn::NegMulAdd(hn::Add(one, d1_d2), half_per_time, rate));
      const Numbers squares = hn::MulAdd(d1, d1, hn::Mul(d2, d2));
      const Numbers ultima = hn::Neg(hn::Mul(hn::Mul(vega_per_vol, per_vol), hn::MulAdd(d1_d2, hn::Sub(one, d1_d2), squares)));
      const Numbers dual_delta = hn::Neg(hn::Div(hn::Mul(signed_discount, strike_n2), strike));
      hn::Store(speed, tag, column[9] + lane);
      hn::Store(zomma, tag, column[10] + lane);
      hn::Store(color, tag, column[11] + lane);
      hn::Store(veta, tag, column[12] + lane);
      hn::Store(ultima, tag, column[13] + lane);
      hn::Store(dual_delta, tag, column[14] + lane);
      hn::Store(d1, tag, column[15] + lane);
      hn::Store(d2, tag, column[16] + lane);
    }

    // Regular lanes: positive forward, strike and vol_root, nothing enormous, and d1 is a number (which a NaN anywhere prevents;
    // how Min and Max treat one differs between targets, so they are not asked). The others, and lanes not fit to be prepared, are
    // not.
    constexpr double kSmallest = 1e-50;
    constexpr double kLargest = 1e40;
    const Numbers smallest = hn::Min(hn::Min(forward, strike), vol_root);
    const Numbers largest = hn::Max(forward, strike);
    const auto ordinary = hn::And(hn::Gt(smallest, constant(kSmallest)), hn::Lt(largest, constant(kLargest)));
    const auto regular = hn::And(ordinary, hn::Lt(a1, constant(kLargest)));
    if (HWY_UNLIKELY(!hn::AllTrue(tag, regular))) {
      std::uint64_t mask = 0;
      HWY_ALIGN double ones[8];
      hn::Store(hn::IfThenElse(regular, hn::Zero(tag), constant(1)), tag, ones);
      for (std::size_t i = 0; i < width; ++i) mask |= std::uint64_t{ones[i] > 0} << i;
      irregular.reprice(lane, mask);
    }
  }
}

void price_usual(const KernelInput& in, std::size_t first, std::size_t last, const KernelOutput& out, IrregularLanes& irregular) {
  price_lanes<false>(in, first, last, out, irregular);
}

void price_every(const KernelInput& in, std::size_t first, std::size_t last, const KernelOutput& out, IrregularLanes& irregular) {
  price_lanes<true>(in, first, last, out, irregular);
}

}  // namespace HWY_NAMESPACE
}  // namespace hedgewatch::detail
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hedgewatch::detail {

KernelBuild kernel_build(KernelTarget target) {
  switch (target) {
#if HWY_TARGETS & HWY_AVX3
    case KernelTarget::Avx512:
      return {N_AVX3::price_usual, N_AVX3::price_every};
#endif
#if HWY_TARGETS & HWY_AVX2
    case KernelTarget::Avx2:
      return {N_AVX2::price_usual, N_AVX2::price_every};
#endif
#if HWY_TARGETS & HWY_SSE4
    case KernelTarget::Sse4:
      return {N_SSE4::price_usual, N_SSE4::price_every};
#endif
    default:
      return {HWY_STATIC_DISPATCH(price_usual), HWY_STATIC_DISPATCH(price_every)};
  }
}

}  // namespace hedgewatch::detail

namespace hedgewatch {

bool machine_runs(KernelTarget target) {
  const auto supported = hwy::SupportedTargets() & HWY_TARGETS;
  switch (target) {
    case KernelTarget::Avx512:
      return (supported & HWY_AVX3) != 0;
    case KernelTarget::Avx2:
      return (supported & HWY_AVX2) != 0;
    case KernelTarget::Sse4:
      return (supported & HWY_SSE4) != 0;
    case KernelTarget::Baseline:
      return true;
  }
  return false;
}

}  // namespace hedgewatch
#endif
