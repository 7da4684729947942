#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/pricing/implied_vol.hpp"

// Compiled once per instruction set: Highway includes this file again for each of them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/pricing/implied_vol_batch.cpp"
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

/// Horner's rule over coefficients from the lowest power up, four short chains instead of one long where there are many.
template <std::size_t N>
HWY_INLINE V polynomial(V x, const double (&coefficients)[N]) {
  V sum = constant(coefficients[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) sum = hn::MulAdd(sum, x, constant(coefficients[i]));
  return sum;
}

/// ln of positive normal x by the classic reduction to [sqrt(1/2), sqrt(2)) and s = f / (2 + f). Error below 1 ulp.
/// `excess` is x - 1 without the rounding of x; it is used where x needs no reduction.
HWY_INLINE V logarithm(V x, V excess) {
  constexpr double kSeries[] = {6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
                                2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
                                1.479819860511658591e-01};
  constexpr double kLn2High = 6.93147180369123816490e-01;
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  const Bits bits;
  const auto root_half = hn::Set(bits, std::uint64_t{0x3FE6A09E667F3BCD});
  const auto shifted = hn::Add(hn::BitCast(bits, x), hn::Set(bits, std::uint64_t{0x3FF0000000000000 - 0x3FE6A09E667F3BCD}));
  const auto mantissa = hn::Add(hn::And(shifted, hn::Set(bits, std::uint64_t{0x000FFFFFFFFFFFFF})), root_half);
  // 2^52 + exponent as a double, without an integer conversion (AVX2 has none for 64 bits).
  const auto biased = hn::Or(hn::ShiftRight<52>(shifted), hn::Set(bits, std::uint64_t{0x4330000000000000}));
  const V exponent = hn::Sub(hn::BitCast(D(), biased), constant(4503599627370496.0 + 1023.0));

  const V one = constant(1);
  const V f = hn::IfThenElse(hn::Eq(exponent, hn::Zero(D())), excess, hn::Sub(hn::BitCast(D(), mantissa), one));
  const V s = hn::Div(f, hn::Add(f, constant(2)));
  const V z = hn::Mul(s, s);
  const V series = hn::Mul(z, polynomial(z, kSeries));
  const V half_square = hn::Mul(hn::Mul(f, f), constant(0.5));
  const V low = hn::MulAdd(exponent, constant(kLn2Low), hn::Mul(s, hn::Add(half_square, series)));
  return hn::MulSub(exponent, constant(kLn2High), hn::Sub(hn::Sub(half_square, low), f));
}

HWY_INLINE V logarithm(V x) { return logarithm(x, hn::Sub(x, constant(1))); }

/// (u + 4) N(-y) / phi(y) as a polynomial of t = (u - 4) / (u + 4), u = y + 0.75, fitted on y >= -0.75 to 4e-16 relative.
HWY_INLINE V mills_polynomial(V t) {
  constexpr double kCoefficients[] = {
      2.2750571739879435,     -2.5734563023255217,     2.349184596900042,       -1.7086363683515797,   0.9544290104306997,
      -0.37257934957948186,   0.07056968225419728,     0.017659201500617974,    -0.014697515914740814, 0.0010336116656191824,
      0.0020718291883080105,  -0.0004437245356193315,  -0.00032129171580226086, 9.367989690863406e-05, 6.107386175813119e-05,
      -1.626983833720844e-05, -1.367901759573549e-05,  2.12978892792783e-06,    3.220346223668883e-06, -8.346976173017441e-08,
      -6.950876778455506e-07, -4.2961852409680035e-08, 1.1507353400693047e-07,  8.276931288061831e-09, -1.0373740564565105e-08};
  return polynomial(t, kCoefficients);
}

constexpr double kMillsShift = 0.75;
constexpr double kMillsScale = 4;

/// Mills ratios of two arguments with one division.
struct MillsPair {
  V first;
  V second;
};
HWY_INLINE MillsPair mills_ratios(V y1, V y2) {
  const V u1 = hn::Max(hn::Add(y1, constant(kMillsShift)), hn::Zero(D()));
  const V u2 = hn::Max(hn::Add(y2, constant(kMillsShift)), hn::Zero(D()));
  const V sum1 = hn::Add(u1, constant(kMillsScale));
  const V sum2 = hn::Add(u2, constant(kMillsScale));
  const V inverse = hn::Div(constant(1), hn::Mul(sum1, sum2));
  const V inverse1 = hn::Mul(inverse, sum2);
  const V inverse2 = hn::Mul(inverse, sum1);
  const V t1 = hn::Mul(hn::Sub(u1, constant(kMillsScale)), inverse1);
  const V t2 = hn::Mul(hn::Sub(u2, constant(kMillsScale)), inverse2);
  return {hn::Mul(mills_polynomial(t1), inverse1), hn::Mul(mills_polynomial(t2), inverse2)};
}

/// What does not change while a vector of options is solved.
struct Problem {
  V moneyness;  ///< |ln(F/K)|
  V scale;      ///< sqrt(F K) / (sqrt(2 pi) value), value = out-of-the-money price or its complement
  M upper;      ///< lanes that solve for the complement
};

constexpr double kSeriesVolRoot = 0.02;

/// Price (or complement) over phi(d1) exp(-|x|/2), as the scalar twin's density_multiple.
HWY_INLINE V density_multiple(const Problem& problem, V vol_root, V z) {
  const V half = hn::Mul(vol_root, constant(0.5));
  const V inner = hn::Sub(z, half);
  const MillsPair mills = mills_ratios(hn::IfThenElse(problem.upper, hn::Neg(inner), inner), hn::Add(z, half));
  const V direct = hn::Add(mills.first, hn::IfThenElse(problem.upper, mills.second, hn::Neg(mills.second)));
  const M small = hn::AndNot(problem.upper, hn::Lt(vol_root, constant(kSeriesVolRoot)));
  if (hn::AllFalse(D(), small)) return direct;
  const V m = mills_ratios(z, z).first;
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

/// Householder's third-order step on the logarithm, relative to vol_root.
HWY_INLINE V relative_step(const Problem& problem, V vol_root) {
  const V inverse = hn::Div(constant(1), vol_root);
  const V z = hn::Mul(problem.moneyness, inverse);
  const V multiple = density_multiple(problem, vol_root, z);
  const V z2 = hn::Mul(z, z);
  const V quarter = hn::Mul(hn::Mul(vol_root, vol_root), constant(0.25));
  const V error = hn::NegMulAdd(hn::Add(z2, quarter), constant(0.5), logarithm(hn::Mul(multiple, problem.scale)));
  const V unsigned_elasticity = hn::Div(vol_root, multiple);
  const V elasticity = hn::IfThenElse(problem.upper, hn::Neg(unsigned_elasticity), unsigned_elasticity);
  const V signed_error = hn::IfThenElse(problem.upper, hn::Neg(error), error);
  const V newton = hn::Neg(hn::Mul(signed_error, hn::Mul(multiple, inverse)));
  const V a = hn::Sub(z2, quarter);
  const V second = hn::Sub(a, elasticity);
  const V third = hn::MulAdd(elasticity, hn::NegMulAdd(constant(3), a, hn::Add(elasticity, elasticity)),
                             hn::MulSub(a, a, hn::MulAdd(constant(3), z2, quarter)));
  const V numerator = hn::MulAdd(hn::Mul(second, newton), constant(0.5), constant(1));
  const V denominator = hn::MulAdd(newton, hn::MulAdd(third, hn::Mul(newton, constant(1.0 / 6)), second), constant(1));
  return hn::Div(hn::Mul(newton, numerator), denominator);
}

/// Upper-tail normal quantile to about 5e-4 (Abramowitz and Stegun 26.2.23), 0 < p <= 1/2.
HWY_INLINE V rough_quantile(V p) {
  const V s = hn::Sqrt(hn::Mul(constant(-2), logarithm(hn::Min(p, constant(0.5)))));
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
  const V t = logarithm(hn::Add(one, kappa));
  const V z = hn::Mul(t, hn::Sqrt(hn::Div(polynomial(t, kNumerator), polynomial(t, kDenominator))));
  const V near_money = hn::Div(hn::MulAdd(kappa, constant(1.2533141373155), one), problem.scale);
  const V away = hn::Div(problem.moneyness, z);
  const V normal = hn::IfThenElse(hn::Lt(kappa, constant(1e-2)), near_money, away);
  return hn::Mul(normal, hn::MulAdd(hn::Mul(normal, normal), constant(1.0 / 24), one));
}

/// A relative step below this leaves an error below 1e-12: the next one would be of its fourth power.
constexpr double kLastStep = 5e-4;
constexpr int kRestartStep = 5;
constexpr int kStepLimit = 16;

/// Options of one vector; rights as +1 call, -1 put.
struct LaneInput {
  const double* sign;
  const double* forward;
  const double* strike;
  const double* years;
  const double* price;
  const double* previous;  ///< or nullptr
};

HWY_INLINE M positive_and_finite(V x) {
  return hn::And(hn::Gt(x, hn::Zero(D())), hn::Lt(x, constant(std::numeric_limits<double>::infinity())));
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

HWY_INLINE void solve_vector(const LaneInput& in, double* vol_out, ImpliedVolStatus* status_out) {
  constexpr double kSqrtTwoPi = 2.5066282746310002;
  constexpr double kLargestRatio = 1e300;
  constexpr double kSmallestPrice = 1e-300;
  const D d;
  const V zero = hn::Zero(d);
  const V one = constant(1);
  const V forward = hn::LoadU(d, in.forward);
  const V strike = hn::LoadU(d, in.strike);
  const V years = hn::LoadU(d, in.years);
  const V price = hn::LoadU(d, in.price);
  const M call = hn::Gt(hn::LoadU(d, in.sign), zero);

  const V larger = hn::Max(forward, strike);
  const V smaller = hn::Min(forward, strike);
  const V difference = hn::Sub(larger, smaller);
  const V rounding = hn::Sub(hn::Sub(larger, difference), smaller);
  const V excess = hn::Div(difference, smaller);
  const V ratio = hn::Add(one, excess);
  const M finite_price = hn::Lt(hn::Abs(price), constant(std::numeric_limits<double>::infinity()));
  const M valid = hn::And(hn::And(hn::And(positive_and_finite(forward), positive_and_finite(strike)), positive_and_finite(years)),
                          hn::And(finite_price, hn::Lt(ratio, constant(kLargestRatio))));

  const V bound = hn::IfThenElse(call, forward, strike);
  const M in_the_money = hn::And(hn::Lt(smaller, bound), hn::Gt(difference, zero));
  const V above_payoff = hn::IfThenElse(in_the_money, hn::Sub(price, difference), price);
  const V out_price = hn::IfThenElse(in_the_money, hn::Sub(above_payoff, rounding), above_payoff);
  const V root_ratio = hn::Sqrt(ratio);
  const V unit = hn::Mul(smaller, root_ratio);

  const M above = hn::Gt(price, bound);
  const M at_upper = hn::Eq(price, bound);
  const M below = hn::Lt(above_payoff, zero);
  const M has_value = hn::And(hn::Gt(above_payoff, zero), hn::Gt(out_price, hn::Mul(unit, constant(kSmallestPrice))));
  const M solvable = hn::And(hn::And(valid, has_value), hn::Lt(price, bound));

  Problem problem;
  problem.upper = hn::And(solvable, hn::Gt(out_price, hn::Mul(smaller, constant(0.5))));
  const V value = hn::IfThenElse(problem.upper, hn::Sub(bound, price), out_price);
  // Lanes without an answer solve a harmless problem instead: neither their numbers nor their steps reach a neighbour.
  problem.scale = hn::IfThenElse(solvable, hn::Div(unit, hn::Mul(value, constant(kSqrtTwoPi))), one);
  problem.moneyness = hn::IfThenElseZero(solvable, logarithm(ratio, excess));
  const V root_years = hn::Sqrt(years);

  const V lowest = hn::Max(hn::Mul(problem.moneyness, constant(1.0 / 64)), constant(1e-150));
  const V highest = hn::Add(constant(64), problem.moneyness);
  const auto cold_guess = [&]() HWY_ATTR {
    V guess = guess_from_price(problem, excess, root_ratio);
    if (!hn::AllFalse(d, problem.upper)) guess = hn::IfThenElse(problem.upper, guess_from_complement(problem, root_ratio), guess);
    return hn::IfThenElse(solvable, guess, one);
  };

  V vol_root = one;
  M warm = hn::Lt(zero, zero);
  if (in.previous != nullptr) {
    const V previous = hn::Mul(hn::LoadU(d, in.previous), root_years);
    warm = hn::And(solvable, positive_and_finite(previous));
    vol_root = hn::IfThenElse(warm, previous, one);
  }
  if (!hn::AllTrue(d, hn::Or(warm, hn::Not(solvable)))) vol_root = hn::IfThenElse(warm, vol_root, cold_guess());
  vol_root = hn::Min(hn::Max(vol_root, lowest), highest);

  M done = hn::Not(solvable);
  for (int step = 0; step < kStepLimit; ++step) {
    const V change = hn::Min(hn::Max(relative_step(problem, vol_root), constant(-0.6)), constant(2));
    const V next = hn::MulAdd(vol_root, change, vol_root);
    // A lane that is done keeps its value, so that the number of its neighbours' steps does not show in it.
    vol_root = hn::IfThenElse(done, vol_root, next);
    done = hn::Or(done, hn::Lt(hn::Abs(change), constant(kLastStep)));
    if (hn::AllTrue(d, done)) break;
    // A start that was too far away (or left the numbers) begins again from the price.
    if (step == kRestartStep) vol_root = hn::IfThenElse(done, vol_root, cold_guess());
    vol_root = hn::Min(hn::Max(vol_root, lowest), highest);
  }

  const V vol = hn::Div(vol_root, root_years);
  const M ok = hn::And(solvable, done);
  if (hn::AllTrue(d, ok)) {
    hn::StoreU(vol, d, vol_out);
    std::fill_n(status_out, hn::Lanes(d), ImpliedVolStatus::Ok);
    return;
  }
  const M at_intrinsic = hn::AndNot(hn::Or(has_value, below), valid);
  store_statuses(ok, valid, above, at_upper, below, at_intrinsic, vol, vol_out, status_out);
}

void solve_batch(const ImpliedVolBatch& batch) {
  const std::size_t lanes = hn::Lanes(D());
  const std::size_t size = batch.forward.size();
  constexpr std::size_t kMostLanes = HWY_MAX_BYTES / sizeof(double);
  std::array<double, kMostLanes> sign;
  std::size_t at = 0;
  for (; at + lanes <= size; at += lanes) {
    for (std::size_t i = 0; i < lanes; ++i) sign[i] = batch.right[at + i] == OptionRight::Call ? 1.0 : -1.0;
    solve_vector({sign.data(), &batch.forward[at], &batch.strike[at], &batch.to_expiry_years[at], &batch.price[at],
                  batch.previous_vol.empty() ? nullptr : &batch.previous_vol[at]},
                 &batch.vol[at], &batch.status[at]);
  }
  if (at == size) return;
  // The rest goes through a full vector whose other lanes are a harmless at-the-money option.
  std::array<double, kMostLanes> forward, strike, years, price, previous, vol;
  std::array<ImpliedVolStatus, kMostLanes> status;
  for (std::size_t i = 0; i < lanes; ++i) {
    const bool real = at + i < size;
    sign[i] = real && batch.right[at + i] == OptionRight::Put ? -1.0 : 1.0;
    forward[i] = real ? batch.forward[at + i] : 1.0;
    strike[i] = real ? batch.strike[at + i] : 1.0;
    years[i] = real ? batch.to_expiry_years[at + i] : 1.0;
    price[i] = real ? batch.price[at + i] : 0.2;
    previous[i] = real && !batch.previous_vol.empty() ? batch.previous_vol[at + i] : 0.5;
  }
  solve_vector({sign.data(), forward.data(), strike.data(), years.data(), price.data(),
                batch.previous_vol.empty() ? nullptr : previous.data()},
               vol.data(), status.data());
  for (std::size_t i = 0; at + i < size; ++i) {
    batch.vol[at + i] = vol[i];
    batch.status[at + i] = status[i];
  }
}

}  // namespace hedgewatch::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hedgewatch {

HWY_EXPORT(solve_batch);

void solve_implied_vols(const ImpliedVolBatch& batch) {
  [[maybe_unused]] const std::size_t size = batch.forward.size();
  assert(batch.right.size() == size && batch.strike.size() == size && batch.to_expiry_years.size() == size);
  assert(batch.price.size() == size && batch.vol.size() == size && batch.status.size() == size);
  assert(batch.previous_vol.empty() || batch.previous_vol.size() == size);
  HWY_DYNAMIC_DISPATCH(solve_batch)(batch);
}

}  // namespace hedgewatch
#endif
