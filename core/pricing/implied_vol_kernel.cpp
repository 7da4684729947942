#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/pricing/implied_vol.hpp"

// Compiled once per instruction set: Highway includes this file again for each of them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/pricing/implied_vol_kernel.cpp"
// Builds that would differ from AVX-512 or SSE4 in nothing that this kernel uses.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hedgewatch::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;
using Bits = hn::RebindToUnsigned<D>;

HWY_INLINE V constant(double value) { return hn::Set(D(), value); }

/// Horner's rule, unrolled: the sum of coefficients[I] x^I from I = At on, `top` being what stands above At.
template <std::size_t At, std::size_t N>
HWY_INLINE V horner(V x, V top, const double (&coefficients)[N]) {
  const V sum = hn::MulAdd(top, x, constant(coefficients[At]));
  if constexpr (At > 0)
    return horner<At - 1>(x, sum, coefficients);
  else
    return sum;
}

/// Coefficients from the lowest power up.
template <std::size_t N>
HWY_INLINE V polynomial(V x, const double (&coefficients)[N]) {
  return horner<N - 2>(x, constant(coefficients[N - 1]), coefficients);
}

/// x = mantissa * 2^exponent with the mantissa in [sqrt(1/2), sqrt(2)); x positive and normal.
struct Split {
  V mantissa;
  V exponent;
};
HWY_INLINE Split split(V x) {
  const Bits bits;
  const auto root_half = hn::Set(bits, std::uint64_t{0x3FE6A09E667F3BCD});
  const auto shifted = hn::Add(hn::BitCast(bits, x), hn::Set(bits, std::uint64_t{0x3FF0000000000000 - 0x3FE6A09E667F3BCD}));
  const auto mantissa = hn::Add(hn::And(shifted, hn::Set(bits, std::uint64_t{0x000FFFFFFFFFFFFF})), root_half);
  // 2^52 + exponent as a double, without an integer conversion (AVX2 has none for 64 bits).
  const auto biased = hn::Or(hn::ShiftRight<52>(shifted), hn::Set(bits, std::uint64_t{0x4330000000000000}));
  return {hn::BitCast(D(), mantissa), hn::Sub(hn::BitCast(D(), biased), constant(4503599627370496.0 + 1023.0))};
}

/// ln of positive normal x from s = f / (2 + f), f = mantissa - 1. Error below 1 ulp.
HWY_INLINE V logarithm(V f, V exponent) {
  constexpr double kSeries[] = {6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
                                2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
                                1.479819860511658591e-01};
  constexpr double kLn2High = 6.93147180369123816490e-01;
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  const V s = hn::Div(f, hn::Add(f, constant(2)));
  const V z = hn::Mul(s, s);
  const V series = hn::Mul(z, polynomial(z, kSeries));
  const V half_square = hn::Mul(hn::Mul(f, f), constant(0.5));
  const V low = hn::MulAdd(exponent, constant(kLn2Low), hn::Mul(s, hn::Add(half_square, series)));
  return hn::MulSub(exponent, constant(kLn2High), hn::Sub(hn::Sub(half_square, low), f));
}

HWY_INLINE V logarithm(V x) {
  const Split parts = split(x);
  return logarithm(hn::Sub(parts.mantissa, constant(1)), parts.exponent);
}

/// ln(1 + excess), where x is the rounded sum: near 1 the exact excess is used.
HWY_INLINE V logarithm_of_one_plus(V x, V excess) {
  const Split parts = split(x);
  return logarithm(hn::IfThenElse(hn::Eq(parts.exponent, hn::Zero(D())), excess, hn::Sub(parts.mantissa, constant(1))),
                   parts.exponent);
}

/// To 1e-6, absolute.
HWY_INLINE V rough_logarithm(V x) {
  constexpr double kSeries[] = {2.0, 0.66666666666, 0.400089, 0.28};
  const Split parts = split(x);
  const V f = hn::Sub(parts.mantissa, constant(1));
  const V s = hn::Div(f, hn::Add(f, constant(2)));
  return hn::MulAdd(parts.exponent, constant(0.6931471805599453), hn::Mul(s, polynomial(hn::Mul(s, s), kSeries)));
}

/// (u + 4) N(-y) / phi(y) as a polynomial of t = (u - 4) / (u + 4), u = y + 0.75, fitted on y >= -0.75 to 1.6e-15 relative; the
/// error is smooth, so that it does not grow in the difference of two ratios.
constexpr double kMillsCoefficients[] = {
    2.275057173987945,       -2.573456302325476,      2.349184596899686,      -1.7086363683555739,   0.9544290104476765,
    -0.372579349475635,      0.07056968193729926,     0.01765920025445585,    -0.014697512858938482, 0.001033619973366682,
    0.00207181180418808,     -0.00044375837080914775, -0.0003212290276122086, 9.376838894353805e-05, 6.092506341690821e-05,
    -1.6421538968472446e-05, -1.344342022213244e-05,  2.2993366922817213e-06, 2.973969885260462e-06, -2.0245064899606324e-07,
    -5.317012639536502e-07,  4.630502496675502e-09,   5.2831090619539837e-08};
/// The same to 3e-6, for a first step.
constexpr double kRoughMillsCoefficients[] = {2.275059932,  -2.573464961,  2.349044585,   -1.70850231,   0.9555751921,
                                              -0.373180185, 0.06723293252, 0.01880347977, -0.01057171384};
constexpr double kMillsShift = 0.75;
constexpr double kMillsScale = 4;

struct Pair {
  V first;
  V second;
};

/// Sums of every second coefficient of two polynomials at once: constants are loaded once, and short chains hide latency.
template <std::size_t At, std::size_t N>
HWY_INLINE Pair every_second(Pair square, Pair top, const double (&coefficients)[N]) {
  const V coefficient = constant(coefficients[At]);
  const Pair sum{hn::MulAdd(top.first, square.first, coefficient), hn::MulAdd(top.second, square.second, coefficient)};
  if constexpr (At >= 2)
    return every_second<At - 2>(square, sum, coefficients);
  else
    return sum;
}

/// Mills ratios N(-y) / phi(y) of two arguments with one division, the second not negative. Where the first is below -0.75 it
/// is taken at -0.75: a step from there leads back, but is no proof of a root.
template <std::size_t N>
HWY_INLINE Pair mills_ratios(V y1, V y2, const double (&coefficients)[N]) {
  static_assert(N % 2 == 1);
  const V scale = constant(kMillsScale);
  const V u1 = hn::Max(hn::Add(y1, constant(kMillsShift)), hn::Zero(D()));
  const V u2 = hn::Add(y2, constant(kMillsShift));
  const V sum1 = hn::Add(u1, scale);
  const V sum2 = hn::Add(u2, scale);
  const V inverse = hn::Div(constant(1), hn::Mul(sum1, sum2));
  const Pair inverses{hn::Mul(inverse, sum2), hn::Mul(inverse, sum1)};
  const Pair t{hn::Mul(hn::Sub(u1, scale), inverses.first), hn::Mul(hn::Sub(u2, scale), inverses.second)};
  const Pair square{hn::Mul(t.first, t.first), hn::Mul(t.second, t.second)};
  const V top_even = constant(coefficients[N - 1]);
  const V top_odd = constant(coefficients[N - 2]);
  const Pair even = every_second<N - 3>(square, {top_even, top_even}, coefficients);
  const Pair odd = every_second<N - 4>(square, {top_odd, top_odd}, coefficients);
  return {hn::Mul(hn::MulAdd(odd.first, t.first, even.first), inverses.first),
          hn::Mul(hn::MulAdd(odd.second, t.second, even.second), inverses.second)};
}

/// What does not change while a vector of options is solved.
struct Problem {
  V moneyness;  ///< |ln(F/K)|
  V scale;      ///< sqrt(F K) / (sqrt(2 pi) value), value = out-of-the-money price or its complement
  M upper;      ///< lanes that solve for the complement
  V flip;       ///< the sign bit in those lanes
};

constexpr double kSeriesVolRoot = 0.01;

/// Price (or complement) over phi(d1) exp(-|x|/2), as the scalar twin's density_multiple. `inner` is -d1 or, for the complement,
/// d1.
HWY_INLINE V density_multiple(const Problem& problem, V vol_root, V z, V inner, V half) {
  const Pair mills = mills_ratios(inner, hn::Add(z, half), kMillsCoefficients);
  const V direct = hn::Sub(mills.first, hn::Xor(mills.second, problem.flip));
  const M small = hn::AndNot(problem.upper, hn::Lt(vol_root, constant(kSeriesVolRoot)));
  if (hn::AllFalse(D(), small)) return direct;
  const V m = mills_ratios(z, z, kMillsCoefficients).first;
  const V zm = hn::Mul(z, m);
  const V z2 = hn::Mul(z, z);
  const V first = hn::NegMulAdd(z, m, constant(1));
  const V third = hn::NegMulAdd(hn::Add(z2, constant(3)), zm, hn::Add(z2, constant(2)));
  const V fifth = hn::NegMulAdd(hn::MulAdd(hn::Add(z2, constant(10)), z2, constant(15)), zm,
                                hn::MulAdd(hn::Add(z2, constant(9)), z2, constant(8)));
  const V h2 = hn::Mul(half, half);
  const V inside = hn::MulAdd(hn::Mul(h2, constant(1.0 / 20)), fifth, third);
  const V series = hn::Mul(vol_root, hn::MulAdd(hn::Mul(h2, constant(1.0 / 6)), inside, first));
  return hn::IfThenElse(small, series, direct);
}

/// A Newton step below this, relative, leaves an error below 1e-12 after the third-order step: the next would be of its fourth
/// power.
constexpr double kLastStep = 5e-4;

struct Step {
  V change;  ///< relative to vol_root
  M last;    ///< lanes that are at their root after it
};

/// Householder's third-order step on the logarithm f, relative to vol_root. With rho = d f / d ln v and a = z^2 - v^2/4 the second
/// and third derivatives over the first are (a - rho) / v and (a^2 - 3 z^2 - v^2/4 - 3 a rho + 2 rho^2) / v^2; multiplied by
/// Newton's step n = -f / rho no division by rho is left.
HWY_INLINE Step householder_step(const Problem& problem, V vol_root) {
  const V inverse = hn::Div(constant(1), vol_root);
  const V z = hn::Mul(problem.moneyness, inverse);
  const V half = hn::Mul(vol_root, constant(0.5));
  const V inner = hn::Xor(hn::Sub(z, half), problem.flip);
  const V multiple = density_multiple(problem, vol_root, z, inner, half);
  const V z2 = hn::Mul(z, z);
  const V quarter = hn::Mul(half, half);
  const V minus_error = hn::MulSub(hn::Add(z2, quarter), constant(0.5), logarithm(hn::Mul(multiple, problem.scale)));
  const V newton = hn::Xor(hn::Mul(minus_error, hn::Mul(multiple, inverse)), problem.flip);
  const V a_newton = hn::Mul(hn::Sub(z2, quarter), newton);
  const V second = hn::Sub(a_newton, minus_error);
  const V curvature = hn::Mul(hn::MulAdd(constant(3), z2, quarter), hn::Mul(newton, newton));
  const V third = hn::MulAdd(a_newton, hn::NegMulAdd(constant(3), minus_error, a_newton),
                             hn::MulSub(hn::Add(minus_error, minus_error), minus_error, curvature));
  const V numerator = hn::MulAdd(second, constant(0.5), constant(1));
  const V denominator = hn::MulAdd(third, constant(1.0 / 6), hn::Add(second, constant(1)));
  return {hn::Div(hn::Mul(newton, numerator), denominator),
          hn::And(hn::Lt(hn::Abs(newton), constant(kLastStep)), hn::Gt(inner, constant(-kMillsShift)))};
}

/// Halley's step with a rough price: right to 3e-4 of vol_root where that is not below kSeriesVolRoot and starts near.
HWY_INLINE V rough_step(const Problem& problem, V vol_root) {
  const V inverse = hn::Div(constant(1), vol_root);
  const V z = hn::Mul(problem.moneyness, inverse);
  const V half = hn::Mul(vol_root, constant(0.5));
  const Pair mills = mills_ratios(hn::Xor(hn::Sub(z, half), problem.flip), hn::Add(z, half), kRoughMillsCoefficients);
  const V multiple = hn::Sub(mills.first, hn::Xor(mills.second, problem.flip));
  const V z2 = hn::Mul(z, z);
  const V quarter = hn::Mul(half, half);
  const V minus_error = hn::MulSub(hn::Add(z2, quarter), constant(0.5), rough_logarithm(hn::Mul(multiple, problem.scale)));
  const V newton = hn::Xor(hn::Mul(minus_error, hn::Mul(multiple, inverse)), problem.flip);
  const V second = hn::MulSub(hn::Sub(z2, quarter), newton, minus_error);
  return hn::Div(newton, hn::MulAdd(second, constant(0.5), constant(1)));
}

/// Upper-tail normal quantile to about 5e-4 (Abramowitz and Stegun 26.2.23), 0 < p <= 1/2.
HWY_INLINE V rough_quantile(V p) {
  const V s = hn::Sqrt(hn::Mul(constant(-2), rough_logarithm(hn::Min(p, constant(0.5)))));
  const V numerator = hn::MulAdd(s, hn::MulAdd(s, constant(0.010328), constant(0.802853)), constant(2.515517));
  const V denominator =
      hn::MulAdd(s, hn::MulAdd(s, hn::MulAdd(s, constant(0.001308), constant(0.189269)), constant(1.432788)), constant(1));
  return hn::Sub(s, hn::Div(numerator, denominator));
}

/// A Mills ratio to a few per cent, for guessing.
HWY_INLINE V rough_mills_inverse(V y) { return hn::Add(y, hn::Sqrt(hn::MulAdd(y, y, constant(2.5464790894703255)))); }

/// Where the complement is known: v = q + sqrt(q^2 + 2|x|) with N(-q) the share of the complement that its first term has.
HWY_INLINE V guess_from_complement(const Problem& problem, V root_ratio) {
  constexpr double kSqrtTwoPi = 2.5066282746310002;
  const V share = hn::Div(root_ratio, hn::Mul(problem.scale, constant(kSqrtTwoPi)));  // complement / upper bound
  const V twice = hn::Add(problem.moneyness, problem.moneyness);
  const V first = rough_quantile(hn::Mul(share, constant(0.7)));
  const V mills1 = rough_mills_inverse(first);
  const V mills2 = rough_mills_inverse(hn::Sqrt(hn::MulAdd(first, first, twice)));
  const V q = rough_quantile(hn::Mul(share, hn::Div(mills2, hn::Add(mills1, mills2))));
  return hn::Add(q, hn::Sqrt(hn::MulAdd(q, q, twice)));
}

/// The normal (Bachelier) model has one function of one variable between price and vol: z = |F-K| / (normal vol sqrt T) solves
/// H(z) = ln kappa with kappa = |F-K| / (sqrt(2 pi) price). A rational function of ln(1 + kappa) gives z to 0.1 %; the change to
/// the lognormal model is v (1 + v^2/24). Right to a few per cent below half of the upper bound.
HWY_INLINE V guess_from_price(const Problem& problem, V excess, V root_ratio) {
  constexpr double kNumerator[] = {0.9996983398, 0.2760770320, 0.03830998108, 0.001557691598};
  constexpr double kDenominator[] = {1.0, 1.775340343, 0.2262790336, 0.02624599538, 0.0007819375515};
  const V one = constant(1);
  const V kappa = hn::Mul(hn::Div(excess, root_ratio), problem.scale);
  const V t = rough_logarithm(hn::Add(one, kappa));
  const V z = hn::Mul(t, hn::Sqrt(hn::Div(polynomial(t, kNumerator), polynomial(t, kDenominator))));
  const V near_money = hn::Div(hn::MulAdd(kappa, constant(1.2533141373155), one), problem.scale);
  const V away = hn::Div(problem.moneyness, z);
  const V normal = hn::IfThenElse(hn::Lt(kappa, constant(1e-2)), near_money, away);
  return hn::Mul(normal, hn::MulAdd(hn::Mul(normal, normal), constant(1.0 / 24), one));
}

/// A previous vol sqrt(T) beyond this is no start.
constexpr double kLargestStart = 16;
constexpr int kRestartStep = 5;
constexpr int kStepLimit = 16;

/// By value and apart, so that a warm solve need not keep anything in memory for it.
HWY_NOINLINE V cold_guess(Problem problem, V excess, V root_ratio) {
  const V guess = guess_from_price(problem, excess, root_ratio);
  if (hn::AllFalse(D(), problem.upper)) return guess;
  return hn::IfThenElse(problem.upper, guess_from_complement(problem, root_ratio), guess);
}

/// Where the options stand; previous may be null.
struct Lanes {
  const OptionRight* right;
  const double* forward;
  const double* strike;
  const double* years;
  const double* price;
  const double* previous;
  double* vol;
  ImpliedVolStatus* status;
};

HWY_INLINE M calls(const OptionRight* right) {
  static_assert(sizeof(OptionRight) == 1 && OptionRight::Call == OptionRight{0});
  const hn::Rebind<std::uint8_t, D> bytes;
  const hn::Rebind<std::int32_t, D> integers;
  std::array<std::uint8_t, HWY_MAX_BYTES / sizeof(double)> copy;
  std::memcpy(copy.data(), right, hn::Lanes(D()));
  return hn::Eq(hn::PromoteTo(D(), hn::PromoteTo(integers, hn::LoadU(bytes, copy.data()))), hn::Zero(D()));
}

void store_statuses(M ok, M valid, M above, M at_upper, M below, M at_intrinsic, V vol, double* vol_out,
                    ImpliedVolStatus* status_out) {
  const D d;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  // Codes in a vector, later assignments win.
  const auto code = [](ImpliedVolStatus status) { return constant(static_cast<double>(status)); };
  V codes = code(ImpliedVolStatus::NotConverged);
  codes = hn::IfThenElse(ok, code(ImpliedVolStatus::Ok), codes);
  codes = hn::IfThenElse(at_intrinsic, code(ImpliedVolStatus::AtIntrinsic), codes);
  codes = hn::IfThenElse(below, code(ImpliedVolStatus::BelowIntrinsic), codes);
  codes = hn::IfThenElse(at_upper, code(ImpliedVolStatus::AtUpper), codes);
  codes = hn::IfThenElse(above, code(ImpliedVolStatus::AboveUpper), codes);
  codes = hn::IfThenElse(valid, codes, code(ImpliedVolStatus::Invalid));
  V vols = hn::IfThenElse(hn::Eq(codes, code(ImpliedVolStatus::Ok)), vol, constant(kNone));
  vols = hn::IfThenElse(hn::Eq(codes, code(ImpliedVolStatus::AtIntrinsic)), hn::Zero(d), vols);
  vols = hn::IfThenElse(hn::Eq(codes, code(ImpliedVolStatus::AtUpper)), constant(std::numeric_limits<double>::infinity()), vols);
  hn::StoreU(vols, d, vol_out);
  HWY_ALIGN std::array<double, HWY_MAX_BYTES / sizeof(double)> buffer;
  hn::Store(codes, d, buffer.data());
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) status_out[i] = static_cast<ImpliedVolStatus>(static_cast<int>(buffer[i]));
}

/// Solves the options from `at` on, one vector of them.
HWY_INLINE void solve_vector(const Lanes& in, std::size_t at) {
  constexpr double kSqrtTwoPi = 2.5066282746310002;
  constexpr double kLargestRatio = 1e14;
  constexpr double kSmallestPrice = 1e-300;
  const D d;
  const V zero = hn::Zero(d);
  const V one = constant(1);
  const V forward = hn::LoadU(d, in.forward + at);
  const V strike = hn::LoadU(d, in.strike + at);
  const V years = hn::LoadU(d, in.years + at);
  const V price = hn::LoadU(d, in.price + at);
  const M call = calls(in.right + at);
  const V infinity = constant(std::numeric_limits<double>::infinity());

  const V larger = hn::Max(forward, strike);
  const V smaller = hn::Min(forward, strike);
  const V difference = hn::Abs(hn::Sub(forward, strike));  // keeps NaN
  const V rounding = hn::Sub(hn::Sub(larger, difference), smaller);
  const V excess = hn::Div(difference, smaller);
  const V ratio = hn::Add(one, excess);
  const V bound = hn::IfThenElse(call, forward, strike);
  const M in_the_money = hn::And(hn::Lt(smaller, bound), hn::Gt(difference, zero));
  const V above_payoff = hn::IfThenElse(in_the_money, hn::Sub(price, difference), price);
  const V out_price = hn::IfThenElse(in_the_money, hn::Sub(above_payoff, rounding), above_payoff);
  const V root_ratio = hn::Sqrt(ratio);
  const V unit = hn::Mul(smaller, root_ratio);

  const M sane = hn::And(hn::Gt(smaller, zero),
                         hn::And(hn::And(hn::Gt(years, zero), hn::Lt(years, infinity)), hn::Lt(ratio, constant(kLargestRatio))));
  const M has_value = hn::Gt(hn::Min(above_payoff, out_price), hn::Mul(unit, constant(kSmallestPrice)));
  const M solvable = hn::And(hn::And(sane, has_value), hn::Lt(price, bound));

  Problem problem;
  problem.upper = hn::And(solvable, hn::Gt(out_price, hn::Mul(smaller, constant(0.5))));
  problem.flip = hn::IfThenElseZero(problem.upper, constant(-0.0));
  const V value = hn::IfThenElse(problem.upper, hn::Sub(bound, price), out_price);
  problem.scale = hn::Div(unit, hn::Mul(value, constant(kSqrtTwoPi)));
  problem.moneyness = logarithm_of_one_plus(ratio, excess);
  const V root_years = hn::Sqrt(years);

  // Lanes without an answer go along with whatever numbers they have; only `active` ones are looked at.
  V vol_root = one;
  if (in.previous == nullptr) {
    vol_root = cold_guess(problem, excess, root_ratio);
  } else {
    vol_root = hn::Mul(hn::LoadU(d, in.previous + at), root_years);
    const M warm = hn::And(hn::Gt(vol_root, zero), hn::Lt(vol_root, constant(kLargestStart)));
    if (!hn::AllFalse(d, hn::AndNot(warm, solvable)))
      vol_root = hn::IfThenElse(warm, vol_root, cold_guess(problem, excess, root_ratio));
  }

  const V largest_fall = constant(-0.6);
  const V largest_rise = constant(2);
  const M roughly = hn::Gt(vol_root, constant(kSeriesVolRoot));
  if (!hn::AllFalse(d, roughly)) {
    const V change = hn::Min(hn::Max(rough_step(problem, vol_root), largest_fall), largest_rise);
    vol_root = hn::IfThenElse(roughly, hn::MulAdd(vol_root, change, vol_root), vol_root);
  }
  M active = solvable;
  for (int step = 0; step < kStepLimit; ++step) {
    const Step taken = householder_step(problem, vol_root);
    const V change = hn::Min(hn::Max(taken.change, largest_fall), largest_rise);
    // A lane that has its root keeps it, so that the number of its neighbours' steps does not show in it.
    vol_root = hn::IfThenElse(active, hn::MulAdd(vol_root, change, vol_root), vol_root);
    active = hn::AndNot(taken.last, active);
    if (hn::AllFalse(d, active)) break;
    // A start that was too far away (or left the numbers) begins again from the price.
    if (step == kRestartStep) vol_root = hn::IfThenElse(active, cold_guess(problem, excess, root_ratio), vol_root);
  }

  const V vol = hn::Div(vol_root, root_years);
  const M ok = hn::AndNot(active, solvable);
  if (hn::AllTrue(d, ok)) {
    hn::StoreU(vol, d, in.vol + at);
    static_assert(ImpliedVolStatus::Ok == ImpliedVolStatus{0});
    std::memset(in.status + at, 0, hn::Lanes(d));
    return;
  }
  const M valid = hn::And(sane, hn::Lt(hn::Abs(price), infinity));
  const M above = hn::Gt(price, bound);
  const M at_upper = hn::Eq(price, bound);
  const M below = hn::Lt(above_payoff, zero);
  const M at_intrinsic = hn::AndNot(hn::Or(has_value, below), valid);
  store_statuses(ok, valid, above, at_upper, below, at_intrinsic, vol, in.vol + at, in.status + at);
}

void solve_batch(const ImpliedVolBatch& batch) {
  const std::size_t lanes = hn::Lanes(D());
  const std::size_t size = batch.forward.size();
  const bool warm = !batch.previous_vol.empty();
  const Lanes all{batch.right.data(), batch.forward.data(),      batch.strike.data(), batch.to_expiry_years.data(),
                  batch.price.data(), batch.previous_vol.data(), batch.vol.data(),    batch.status.data()};
  std::size_t at = 0;
  for (; at + lanes <= size; at += lanes) solve_vector(all, at);
  if (at == size) return;
  // The rest goes through a full vector whose other lanes are a harmless at-the-money option.
  constexpr std::size_t kMostLanes = HWY_MAX_BYTES / sizeof(double);
  std::array<OptionRight, kMostLanes> right;
  std::array<double, kMostLanes> forward, strike, years, price, previous, vol;
  std::array<ImpliedVolStatus, kMostLanes> status;
  for (std::size_t i = 0; i < lanes; ++i) {
    const bool real = at + i < size;
    right[i] = real ? batch.right[at + i] : OptionRight::Call;
    forward[i] = real ? batch.forward[at + i] : 1.0;
    strike[i] = real ? batch.strike[at + i] : 1.0;
    years[i] = real ? batch.to_expiry_years[at + i] : 1.0;
    price[i] = real ? batch.price[at + i] : 0.2;
    previous[i] = real && warm ? batch.previous_vol[at + i] : 0.5;
  }
  solve_vector({right.data(), forward.data(), strike.data(), years.data(), price.data(), warm ? previous.data() : nullptr,
                vol.data(), status.data()},
               0);
  for (std::size_t i = 0; at + i < size; ++i) {
    batch.vol[at + i] = vol[i];
    batch.status[at + i] = status[i];
  }
}

}  // namespace hedgewatch::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hedgewatch {

namespace {

using Solver = void (*)(const ImpliedVolBatch& batch);

/// The build for `target`, or the narrowest where the compiler could not make that one.
Solver solver_for(KernelTarget target) {
  switch (target) {
#if HWY_TARGETS & HWY_AVX3
    case KernelTarget::Avx512:
      return N_AVX3::solve_batch;
#endif
#if HWY_TARGETS & HWY_AVX2
    case KernelTarget::Avx2:
      return N_AVX2::solve_batch;
#endif
#if HWY_TARGETS & HWY_SSE4
    case KernelTarget::Sse4:
      return N_SSE4::solve_batch;
#endif
    default:
      return HWY_STATIC_DISPATCH(solve_batch);
  }
}

}  // namespace

void solve_implied_vols(const ImpliedVolBatch& batch, KernelTarget target) {
  [[maybe_unused]] const std::size_t size = batch.forward.size();
  assert(batch.right.size() == size && batch.strike.size() == size && batch.to_expiry_years.size() == size);
  assert(batch.price.size() == size && batch.vol.size() == size && batch.status.size() == size);
  assert(batch.previous_vol.empty() || batch.previous_vol.size() == size);
  solver_for(target)(batch);
}

}  // namespace hedgewatch
#endif
