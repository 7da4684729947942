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
using MaskOf = hn::Mask<Tag>;

/// Two vectors side by side. One alone leaves the units idle: its chain of some two hundred cycles fills the processor's window
/// before the next one's start is in sight. Measured: 12 % faster on AVX-512, 18 % on AVX2 than one vector at a time.
struct Numbers {
  hn::Vec<Tag> low;
  hn::Vec<Tag> high;
};
struct Bits {
  hn::Vec<BitsTag> low;
  hn::Vec<BitsTag> high;
};
struct Condition {
  MaskOf low;
  MaskOf high;
};

HWY_INLINE Numbers load(const double* from) {
  const Tag tag;
  return {hn::Load(tag, from), hn::Load(tag, from + hn::Lanes(tag))};
}
HWY_INLINE void store(Numbers x, double* to) {
  const Tag tag;
  hn::Store(x.low, tag, to);
  hn::Store(x.high, tag, to + hn::Lanes(tag));
}
HWY_INLINE Numbers constant(double value) {
  const auto both = hn::Set(Tag{}, value);
  return {both, both};
}
HWY_INLINE Bits constant_bits(std::uint64_t value) {
  const auto both = hn::Set(BitsTag{}, value);
  return {both, both};
}
HWY_INLINE Bits bits_of(Numbers x) { return {hn::BitCast(BitsTag{}, x.low), hn::BitCast(BitsTag{}, x.high)}; }
HWY_INLINE Numbers number_of(Bits x) { return {hn::BitCast(Tag{}, x.low), hn::BitCast(Tag{}, x.high)}; }

HWY_INLINE Numbers operator+(Numbers x, Numbers y) { return {hn::Add(x.low, y.low), hn::Add(x.high, y.high)}; }
HWY_INLINE Numbers operator-(Numbers x, Numbers y) { return {hn::Sub(x.low, y.low), hn::Sub(x.high, y.high)}; }
HWY_INLINE Numbers operator*(Numbers x, Numbers y) { return {hn::Mul(x.low, y.low), hn::Mul(x.high, y.high)}; }
HWY_INLINE Numbers operator/(Numbers x, Numbers y) { return {hn::Div(x.low, y.low), hn::Div(x.high, y.high)}; }
/// x y + z, rounded once where the target has a fused multiply-add; so the next two.
HWY_INLINE Numbers multiply_add(Numbers x, Numbers y, Numbers z) {
  return {hn::MulAdd(x.low, y.low, z.low), hn::MulAdd(x.high, y.high, z.high)};
}
HWY_INLINE Numbers multiply_subtract(Numbers x, Numbers y, Numbers z) {
  return {hn::MulSub(x.low, y.low, z.low), hn::MulSub(x.high, y.high, z.high)};
}
HWY_INLINE Numbers subtract_product(Numbers z, Numbers x, Numbers y) {
  return {hn::NegMulAdd(x.low, y.low, z.low), hn::NegMulAdd(x.high, y.high, z.high)};
}
HWY_INLINE Numbers magnitude(Numbers x) { return {hn::Abs(x.low), hn::Abs(x.high)}; }
HWY_INLINE Numbers smaller(Numbers x, Numbers y) { return {hn::Min(x.low, y.low), hn::Min(x.high, y.high)}; }
/// The bits of x that are not in y.
HWY_INLINE Numbers without_bits(Numbers x, Numbers y) { return {hn::AndNot(y.low, x.low), hn::AndNot(y.high, x.high)}; }
HWY_INLINE Numbers flip(Numbers x, Numbers sign_bits) { return {hn::Xor(x.low, sign_bits.low), hn::Xor(x.high, sign_bits.high)}; }
HWY_INLINE Numbers if_negative(Numbers x, Numbers then, Numbers otherwise) {
  return {hn::IfNegativeThenElse(x.low, then.low, otherwise.low), hn::IfNegativeThenElse(x.high, then.high, otherwise.high)};
}
HWY_INLINE Condition operator<(Numbers x, Numbers y) { return {hn::Lt(x.low, y.low), hn::Lt(x.high, y.high)}; }
HWY_INLINE Condition operator&(Condition x, Condition y) { return {hn::And(x.low, y.low), hn::And(x.high, y.high)}; }
HWY_INLINE Numbers if_else_zero(Condition condition, Numbers then) {
  return {hn::IfThenElseZero(condition.low, then.low), hn::IfThenElseZero(condition.high, then.high)};
}
/// True only when every x is above `low` and every y below `high`, and none is NaN as long as its y is then. Both vectors are
/// judged as one: where several large y add up to `high`, it may say false though each is below.
HWY_INLINE bool all_between(double low, Numbers x, Numbers y, double high) {
  const Tag tag;
  const MaskOf above = hn::Lt(hn::Set(tag, low), hn::Min(x.low, x.high));
  const MaskOf below = hn::Lt(hn::Add(y.low, y.high), hn::Set(tag, high));
  return hn::AllTrue(tag, hn::And(above, below));
}
HWY_INLINE bool all(Condition condition) { return hn::AllTrue(Tag{}, hn::And(condition.low, condition.high)); }

HWY_INLINE Bits operator+(Bits x, Bits y) { return {hn::Add(x.low, y.low), hn::Add(x.high, y.high)}; }
HWY_INLINE Bits operator-(Bits x, Bits y) { return {hn::Sub(x.low, y.low), hn::Sub(x.high, y.high)}; }
HWY_INLINE Bits operator|(Bits x, Bits y) { return {hn::Or(x.low, y.low), hn::Or(x.high, y.high)}; }
HWY_INLINE Bits exponent_up(Bits x) { return {hn::ShiftLeft<52>(x.low), hn::ShiftLeft<52>(x.high)}; }
HWY_INLINE Bits exponent_down(Bits x) { return {hn::ShiftRight<52>(x.low), hn::ShiftRight<52>(x.high)}; }

constexpr double kLn2 = 0.693147180559945309417;

/// ln(forward / strike) = k ln 2 + 2 atanh((m - strike) / (m + strike)) with m = forward 2^-k within a factor 1.51 of the strike.
/// m - strike is exact there, so the error stays relative to the logarithm however near the money. A quotient's bits stand in for
/// its binary logarithm (off by at most 0.09) to find k.
HWY_INLINE Numbers log_moneyness(Numbers forward, Numbers strike) {
  constexpr std::uint64_t kExponentBias = 1023;
  const Bits biased_k =
      exponent_down(bits_of(forward) - bits_of(strike) + constant_bits((kExponentBias << 52) + (std::uint64_t{1} << 51)));
  const Numbers two_to_minus_k = number_of(exponent_up(constant_bits(2 * kExponentBias) - biased_k));
  // An integer below 2^52 becomes a double by being put under the exponent of 2^52.
  constexpr double kTwoTo52 = 0x1p52;
  const Numbers k = number_of(biased_k | bits_of(constant(kTwoTo52))) - constant(kTwoTo52 + static_cast<double>(kExponentBias));

  const Numbers m = forward * two_to_minus_k;
  const Numbers s = (m - strike) / (m + strike);
  // (atanh(s) / s - 1) / s^2 on |s| <= 0.201 as even + s^2 odd: Chebyshev fit in s^2, error 6e-17 relative to atanh(s).
  const Numbers z = s * s;
  const Numbers zz = z * z;
  Numbers even = constant(0.07566458533012033);
  Numbers odd = constant(0.07641053934677049);
  even = multiply_add(even, zz, constant(0.09092337937517805));
  odd = multiply_add(odd, zz, constant(0.11111090772721045));
  even = multiply_add(even, zz, constant(0.1428571442317718));
  odd = multiply_add(odd, zz, constant(0.1999999999965225));
  even = multiply_add(even, zz, constant(0.33333333333333476));
  const Numbers twice_s = s + s;
  return multiply_add(k, constant(kLn2), multiply_add(twice_s * z, multiply_add(odd, z, even), twice_s));
}

/// exp(-x^2 / 2) / sqrt(2 pi) where `size` = |x|, and exactly 0 beyond 37.5 where it is below 1e-305.
HWY_INLINE Numbers normal_density(Numbers x, Numbers size) {
  constexpr double kLog2E = 1.44269504088896340736;
  // Adding 1.5 * 2^52 rounds to an integer, which then stands in the low bits.
  constexpr double kRounder = 0x1.8p52;
  const Numbers square = x * x;
  const Numbers rounded = multiply_add(square, constant(-0.5 * kLog2E), constant(kRounder));
  // t = -2 r, where exp(-x^2 / 2) = 2^n exp(r) and |r| <= ln 2 / 2.
  const Numbers t = multiply_add(rounded - constant(kRounder), constant(2 * kLn2), square);
  // exp(r) / sqrt(2 pi) in t: Chebyshev fit of (exp(r) - 1 - r) / r^2 with its coefficients halved and negated in turn, relative
  // error 1.3e-17.
  constexpr double kScale = 0.3989422804014327;
  Numbers p = constant(-4.889455580338834e-12);
  p = multiply_add(p, t, constant(1.0760567450489284e-10));
  p = multiply_add(p, t, constant(-2.1472186564581456e-09));
  p = multiply_add(p, t, constant(3.864990415325287e-08));
  p = multiply_add(p, t, constant(-6.184001129083462e-07));
  p = multiply_add(p, t, constant(8.657601588867851e-06));
  p = multiply_add(p, t, constant(-0.00010389121885449898));
  p = multiply_add(p, t, constant(0.001038912188544337));
  p = multiply_add(p, t, constant(-0.008311297508363182));
  p = multiply_add(p, t, constant(0.049867785050179095));
  p = multiply_add(p, t, constant(-0.5 * kScale));
  p = multiply_add(p, t, constant(kScale));
  constexpr double kLastDensity = 37.5;
  return if_else_zero(size < constant(kLastDensity), number_of(bits_of(p) + exponent_up(bits_of(rounded))));
}

/// Mills's ratio N(-x) / phi(x) of two non-negative numbers up to 38: rational fit with weight 1 + x by the exchange algorithm,
/// error at most 9.2e-17 (1 + x) with these rounded coefficients. All are positive, so nothing cancels. Beyond 38, where the
/// density is 0, the result is a finite number that does not matter, up to 1e20.
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
  Numbers over_x = constant(kNumerator[9]);
  Numbers over_y = over_x;
  Numbers under_x = constant(kDenominator[10]);
  Numbers under_y = under_x;
  under_x = multiply_add(under_x, x, constant(kDenominator[9]));
  under_y = multiply_add(under_y, y, constant(kDenominator[9]));
  HWY_UNROLL(9)
  for (int i = 8; i >= 0; --i) {
    const Numbers numerator = constant(kNumerator[i]);
    const Numbers denominator = constant(kDenominator[i]);
    over_x = multiply_add(over_x, x, numerator);
    over_y = multiply_add(over_y, y, numerator);
    under_x = multiply_add(under_x, x, denominator);
    under_y = multiply_add(under_y, y, denominator);
  }
  ratio_x = over_x / under_x;
  ratio_y = over_y / under_y;
}

std::uint64_t lanes_outside(Condition regular) {
  const Tag tag;
  HWY_ALIGN double inside[kLaneGroup];
  store({hn::IfThenElseZero(regular.low, hn::Set(tag, 1)), hn::IfThenElseZero(regular.high, hn::Set(tag, 1))}, inside);
  std::uint64_t outside = 0;
  for (std::size_t i = 0; i < 2 * hn::Lanes(tag); ++i) outside |= std::uint64_t{!(inside[i] > 0)} << i;
  return outside;
}

template <bool kEvery>
HWY_INLINE void price_lanes(const KernelInput& in, std::size_t first, std::size_t last, const KernelOutput& out,
                            IrregularLanes& irregular) {
  const std::size_t width = 2 * hn::Lanes(Tag{});
  // A base for every three columns: x86 reaches a stride of one or two from each, and there are not registers for all.
  const std::size_t in_step = in.stride;
  const std::size_t out_step = out.stride;
  const double* const in0 = in.cells;
  const double* const in3 = in0 + 3 * in_step;
  double* const out0 = out.cells;
  double* const out3 = out0 + 3 * out_step;
  double* const out6 = out0 + 6 * out_step;
  const Numbers zero = constant(0);
  const Numbers one = constant(1);

  for (std::size_t lane = first; lane < last; lane += width) {
    const Numbers forward = load(in0 + lane);
    const Numbers strike = load(in0 + lane + in_step);
    const Numbers vol = load(in0 + lane + 2 * in_step);
    const Numbers signed_root = load(in3 + lane);
    const Numbers discount = load(in3 + lane + in_step);
    const Numbers rate = load(in3 + lane + 2 * in_step);
    const Numbers half_per_time = load(in3 + lane + 4 * in_step);

    const Numbers root_time = magnitude(signed_root);
    const Numbers put_bit = without_bits(signed_root, root_time);
    const Numbers vol_root = vol * root_time;
    const Numbers forward_vol_root = forward * vol_root;
    // One division serves 1 / (forward vol_root) and 1 / vol_root.
    const Numbers per_forward_vol_root = one / forward_vol_root;
    const Numbers per_vol_root = forward * per_forward_vol_root;
    const Numbers half_vol_root = vol_root * constant(0.5);
    const Numbers log_ratio = log_moneyness(forward, strike);
    const Numbers d1 = multiply_add(log_ratio, per_vol_root, half_vol_root);
    const Numbers minus_d2 = subtract_product(half_vol_root, log_ratio, per_vol_root);
    const Numbers size1 = magnitude(d1);
    const Numbers size2 = magnitude(minus_d2);
    Numbers ratio1;
    Numbers ratio2;
    mills_ratios(size1, size2, ratio1, ratio2);

    // strike phi(d2) = forward phi(d1): one exponential serves both tails. All of them are discounted from here on.
    const Numbers density = discount * normal_density(d1, size1);
    const Numbers forward_density = forward * density;
    const Numbers tail1 = density * ratio1;
    const Numbers tail2 = forward_density * ratio2;
    const Numbers discounted_strike = discount * strike;
    const Numbers n1 = if_negative(flip(d1, put_bit), tail1, discount - tail1);
    const Numbers strike_n2 = if_negative(flip(minus_d2, put_bit), discounted_strike - tail2, tail2);

    const Numbers delta = flip(n1, put_bit);
    const Numbers price = flip(multiply_subtract(forward, n1, strike_n2), put_bit);
    const Numbers gamma = density * per_forward_vol_root;
    const Numbers vega = forward_density * root_time;
    const Numbers per_vol = root_time * per_vol_root;
    const Numbers time = root_time * root_time;
    const Numbers decay = vega * vol * half_per_time;
    const Numbers density_minus_d2 = density * minus_d2;
    const Numbers minus_d1_d2 = d1 * minus_d2;
    const Numbers vega_per_vol = vega * per_vol;

    store(price, out0 + lane);
    store(delta, out0 + lane + out_step);
    store(gamma, out0 + lane + 2 * out_step);
    store(vega, out3 + lane);
    store(multiply_subtract(rate, price, decay), out3 + lane + out_step);
    store(subtract_product(zero, time, price), out3 + lane + 2 * out_step);
    store(density_minus_d2 * per_vol, out6 + lane);
    store(subtract_product(zero, vega_per_vol, minus_d1_d2), out6 + lane + out_step);
    store(multiply_subtract(rate, delta, density_minus_d2 * half_per_time), out6 + lane + 2 * out_step);

    if constexpr (kEvery) {
      const Numbers d2 = zero - minus_d2;
      const Numbers d1_d2 = d1 * d2;
      const Numbers per_forward = vol_root * per_forward_vol_root;
      double* const more = out0 + lane + column_count(GreekSet::Usual) * out_step;
      const Numbers squares = multiply_add(d1, d1, d2 * d2);
      store(zero - gamma * per_forward * multiply_add(d1, per_vol_root, one), more);
      store(gamma * per_vol * (d1_d2 - one), more + out_step);
      store(gamma * multiply_add(one - d1_d2, half_per_time, rate), more + 2 * out_step);
      store(vega * subtract_product(rate, one + d1_d2, half_per_time), more + 3 * out_step);
      store(zero - vega_per_vol * per_vol * multiply_add(d1_d2, one - d1_d2, squares), more + 4 * out_step);
      store(zero - flip(strike_n2, put_bit) / strike, more + 5 * out_step);
      store(d1, more + 6 * out_step);
      store(d2, more + 7 * out_step);
    }

    // Regular lanes: forward, strike and vol_root positive (strike not negative is seen to when it is set), nothing enormous, and
    // d1 a number, which a NaN anywhere prevents. How Min treats one differs between targets: the sum is what catches it.
    constexpr double kSmallest = 1e-50;
    constexpr double kLargest = 1e20;
    const Numbers product = forward_vol_root * strike;
    const Numbers least = smaller(forward, product);
    const Numbers sum = product + (size1 + size2);
    if (HWY_UNLIKELY(!all_between(kSmallest, least, sum, kLargest))) {
      const Condition regular = (constant(kSmallest) < least) & (sum < constant(kLargest));
      if (!all(regular)) irregular.reprice(lane, lanes_outside(regular));
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
