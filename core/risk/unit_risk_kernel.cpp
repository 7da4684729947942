// One source, compiled once per instruction set by Highway's foreach_target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/risk/unit_risk_kernel.cpp"
// Builds that would differ from AVX-512 or SSE4 in nothing that this kernel uses.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#include <hwy/foreach_target.h>
// Highway wants its header after foreach_target.
#include <hwy/highway.h>

#include <cassert>
#include <cstddef>
#include <cstring>

#include "core/risk/unit_risk_kernel.hpp"
#include "core/types/units.hpp"

HWY_BEFORE_NAMESPACE();
namespace hedgewatch::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Unit risks of one vector of lanes, each figure made with the same operations, in the same order, as ValuationBatch makes it.
/// `put` writes the column of that number.
template <class Put>
HWY_INLINE void make_unit_risks(const double* const (&greeks)[9], std::size_t lane, double forward, const double* coin,
                                const Put& put) {
  const hn::ScalableTag<double> tag;
  const auto column = [&](Greek greek) HWY_ATTR { return hn::Load(tag, greeks[static_cast<std::size_t>(greek)] + lane); };
  const auto forwards = hn::Set(tag, forward);
  const auto hundredth = hn::Set(tag, 0.01);  // one percent, and one vol point
  const auto per_year = hn::Set(tag, 1 / YearFraction::kDaysPerYear);
  const auto delta = column(Greek::Delta);
  const auto settles_in_coin = hn::Ne(hn::Load(tag, coin + lane), hn::Zero(tag));
  const auto in_coin = hn::Sub(delta, hn::Mul(column(Greek::Premium), hn::Set(tag, 1 / forward)));
  const auto gamma = hn::Mul(column(Greek::Gamma), forwards);
  put(0, delta);
  put(1, hn::IfThenElse(settles_in_coin, in_coin, delta));
  put(2, hn::Mul(gamma, hundredth));
  put(3, hn::Mul(hn::Mul(gamma, forwards), hundredth));
  put(4, hn::Mul(column(Greek::Vega), hundredth));
  put(5, hn::Mul(column(Greek::Theta), per_year));
  put(6, hn::Mul(column(Greek::Rho), hundredth));
  put(7, hn::Mul(column(Greek::Vanna), hundredth));
  put(8, hn::Mul(hn::Mul(column(Greek::Volga), hundredth), hundredth));
  put(9, hn::Mul(column(Greek::Charm), per_year));
}

/// All pointers stand at the first lane.
HWY_ATTR void write_unit_risks(const double* const (&greeks)[9], double forward, const double* coin, const std::uint16_t* wanted,
                               std::size_t groups, double* out, std::size_t stride, std::uint16_t* priced) {
  const hn::ScalableTag<double> tag;
  const std::size_t lanes = hn::Lanes(tag);
  constexpr std::uint16_t kEvery = 0xFFFF;
  for (std::size_t group = 0; group < groups; ++group) {
    unsigned with_price = 0;
    for (std::size_t i = 0; i < kLaneGroup; i += lanes) {
      const std::size_t lane = group * kLaneGroup + i;
      double* const row = out + lane;
      std::uint8_t bits[8] = {};
      const auto premium = hn::Load(tag, greeks[0] + lane);
      hn::StoreMaskBits(tag, hn::Eq(premium, premium), bits);
      with_price |= static_cast<unsigned>(bits[0]) << i;
      if (wanted[group] == kEvery) {
        make_unit_risks(greeks, lane, forward, coin,
                        [&](std::size_t place, auto value) HWY_ATTR { hn::Store(value, tag, row + place * stride); });
        continue;
      }
      const std::uint64_t these = wanted[group] >> i & ((1U << lanes) - 1);
      std::memcpy(bits, &these, sizeof these);
      const auto into = hn::LoadMaskBits(tag, bits);
      make_unit_risks(greeks, lane, forward, coin, [&](std::size_t place, auto value) HWY_ATTR {
        hn::Store(hn::IfThenElse(into, value, hn::Load(tag, row + place * stride)), tag, row + place * stride);
      });
    }
    priced[group] = static_cast<std::uint16_t>(with_price);
  }
}

/// Adds the second half of each column of kLaneGroup numbers onto the first, and so on until two are left: halves upon halves, as
/// vectors of any width do it.
template <std::size_t kHalf>
HWY_INLINE void fold(double* columns, std::size_t count) {
  const hn::CappedTag<double, kHalf> tag;
  for (std::size_t column = 0; column < count; ++column) {
    double* const first = columns + column * kLaneGroup;
    for (std::size_t i = 0; i < kHalf; i += hn::Lanes(tag))
      hn::Store(hn::Add(hn::Load(tag, first + i), hn::Load(tag, first + kHalf + i)), tag, first + i);
  }
  if constexpr (kHalf > 2) fold<kHalf / 2>(columns, count);
}

/// `partial`: room for kLaneGroup sums of each summed column, the lanes apart; the first two of each are its halves in the end.
/// Five columns at a time leave registers for their sums.
HWY_ATTR void sum_lanes(const double* units, std::size_t stride, const std::uint32_t* groups, std::size_t count,
                        const double* sizes, double* partial) {
  const hn::ScalableTag<double> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t i = 0; i < kLaneGroup; i += lanes)
    for (std::size_t column = 0; column < UnitColumns::kSummed; column += 5) {
      auto sum0 = hn::Zero(tag);
      auto sum1 = sum0;
      auto sum2 = sum0;
      auto sum3 = sum0;
      auto sum4 = sum0;
      for (std::size_t block = 0; block < count; ++block) {
        const auto size = hn::Load(tag, sizes + block * kLaneGroup + i);
        const auto held = hn::Ne(size, hn::Zero(tag));
        const double* const from = units + column * stride + groups[block] * kLaneGroup + i;
        const auto taken = [&](std::size_t next) {
          return hn::IfThenElseZero(held, hn::Mul(size, hn::Load(tag, from + next * stride)));
        };
        sum0 = hn::Add(sum0, taken(0));
        sum1 = hn::Add(sum1, taken(1));
        sum2 = hn::Add(sum2, taken(2));
        sum3 = hn::Add(sum3, taken(3));
        sum4 = hn::Add(sum4, taken(4));
      }
      double* const to = partial + column * kLaneGroup + i;
      hn::Store(sum0, tag, to);
      hn::Store(sum1, tag, to + kLaneGroup);
      hn::Store(sum2, tag, to + 2 * kLaneGroup);
      hn::Store(sum3, tag, to + 3 * kLaneGroup);
      hn::Store(sum4, tag, to + 4 * kLaneGroup);
    }
  fold<kLaneGroup / 2>(partial, UnitColumns::kSummed);
}

/// `columns`: where delta, gamma and vega begin. `partial`: the same for a net and a gross sum of each.
HWY_ATTR void sum_hedge(const double* const (&columns)[3], const std::uint32_t* groups, std::size_t count, const double* sizes,
                        const double* shares, double* partial) {
  const hn::ScalableTag<double> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t i = 0; i < kLaneGroup; i += lanes) {
    auto net0 = hn::Zero(tag);
    auto net1 = net0;
    auto net2 = net0;
    auto gross0 = net0;
    auto gross1 = net0;
    auto gross2 = net0;
    for (std::size_t block = 0; block < count; ++block) {
      const std::size_t place = block * kLaneGroup + i;
      const auto size = hn::Mul(hn::Load(tag, sizes + place), hn::Load(tag, shares + place));
      const auto held = hn::Ne(size, hn::Zero(tag));
      const auto taken = [&](const double* column) {
        return hn::IfThenElseZero(held, hn::Mul(size, hn::Load(tag, column + groups[block] * kLaneGroup + i)));
      };
      const auto delta = taken(columns[0]);
      const auto gamma = taken(columns[1]);
      const auto vega = taken(columns[2]);
      net0 = hn::Add(net0, delta);
      gross0 = hn::Add(gross0, hn::Abs(delta));
      net1 = hn::Add(net1, gamma);
      gross1 = hn::Add(gross1, hn::Abs(gamma));
      net2 = hn::Add(net2, vega);
      gross2 = hn::Add(gross2, hn::Abs(vega));
    }
    hn::Store(net0, tag, partial + i);
    hn::Store(gross0, tag, partial + kLaneGroup + i);
    hn::Store(net1, tag, partial + 2 * kLaneGroup + i);
    hn::Store(gross1, tag, partial + 3 * kLaneGroup + i);
    hn::Store(net2, tag, partial + 4 * kLaneGroup + i);
    hn::Store(gross2, tag, partial + 5 * kLaneGroup + i);
  }
  fold<kLaneGroup / 2>(partial, 6);
}

}  // namespace hedgewatch::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hedgewatch {

namespace {

static_assert(sizeof(UnitRisk) == UnitColumns::kColumns * sizeof(double) && UnitColumns::kSummed == 10);
static_assert(offsetof(UnitRisk, delta_black_scholes_coins) == 0 &&
              offsetof(UnitRisk, delta_net_transaction_coins) == sizeof(double));
static_assert(offsetof(UnitRisk, gamma_coins_per_percent) == 2 * sizeof(double));
static_assert(offsetof(UnitRisk, vega_usd_per_vol_point) == 4 * sizeof(double));
static_assert(offsetof(UnitRisk, charm_coins_per_day) == 9 * sizeof(double));
static_assert(offsetof(UnitRisk, smile_delta_coins) == 10 * sizeof(double));

/// The kernels of one build.
struct Build {
  void (*write)(const double* const (&)[9], double, const double*, const std::uint16_t*, std::size_t, double*, std::size_t,
                std::uint16_t*);
  void (*sum)(const double*, std::size_t, const std::uint32_t*, std::size_t, const double*, double*);
  void (*hedge)(const double* const (&)[3], const std::uint32_t*, std::size_t, const double*, const double*, double*);
};

/// That for `target`, or the narrowest where the compiler could not make that one.
Build build_for(KernelTarget target) {
  switch (target) {
#if HWY_TARGETS & HWY_AVX3
    case KernelTarget::Avx512:
      return {N_AVX3::write_unit_risks, N_AVX3::sum_lanes, N_AVX3::sum_hedge};
#endif
#if HWY_TARGETS & HWY_AVX2
    case KernelTarget::Avx2:
      return {N_AVX2::write_unit_risks, N_AVX2::sum_lanes, N_AVX2::sum_hedge};
#endif
#if HWY_TARGETS & HWY_SSE4
    case KernelTarget::Sse4:
      return {N_SSE4::write_unit_risks, N_SSE4::sum_lanes, N_SSE4::sum_hedge};
#endif
    default:
      return {HWY_STATIC_DISPATCH(write_unit_risks), HWY_STATIC_DISPATCH(sum_lanes), HWY_STATIC_DISPATCH(sum_hedge)};
  }
}

double whole(const double* halves) { return halves[0] + halves[1]; }

}  // namespace

void unit_risks(const GreekColumns& greeks, double forward, const LaneColumns& coin, std::span<const std::uint16_t> wanted,
                UnitColumns& out, std::size_t first, std::span<std::uint16_t> priced, KernelTarget target) {
  assert(first % kLaneGroup == 0 && priced.size() == wanted.size());
  const double* columns[column_count(GreekSet::Usual)];
  for (std::size_t column = 0; column < column_count(GreekSet::Usual); ++column)
    columns[column] = greeks[static_cast<Greek>(column)].data();
  build_for(target).write(columns, forward, coin.data(0) + first, wanted.data(), wanted.size(), out.data() + first, out.stride(),
                          priced.data());
}

UnitRisk sum_units(const UnitColumns& units, const HeldLanes& held, KernelTarget target) {
  if (held.groups.empty()) return {};
  alignas(64) double partial[UnitColumns::kSummed * kLaneGroup];
  build_for(target).sum(units.data(), units.stride(), held.groups.data(), held.groups.size(), held.sizes, partial);
  std::array<double, UnitColumns::kColumns> sums{};
  for (std::size_t column = 0; column < UnitColumns::kSummed; ++column) sums[column] = whole(partial + column * kLaneGroup);
  return std::bit_cast<UnitRisk>(sums);
}

HedgeLanesSum sum_hedge_lanes(const UnitColumns& units, const HeldLanes& held, const double* shares, bool net_transaction,
                              KernelTarget target) {
  if (held.groups.empty()) return {};
  alignas(64) double partial[6 * kLaneGroup];
  const double* const columns[3] = {units.data() + (net_transaction ? units.stride() : 0), units.data() + 2 * units.stride(),
                                    units.data() + 4 * units.stride()};
  build_for(target).hedge(columns, held.groups.data(), held.groups.size(), held.sizes, shares, partial);
  return {.delta_net = whole(partial),
          .delta_gross = whole(partial + kLaneGroup),
          .gamma_net = whole(partial + 2 * kLaneGroup),
          .gamma_gross = whole(partial + 3 * kLaneGroup),
          .vega_net = whole(partial + 4 * kLaneGroup),
          .vega_gross = whole(partial + 5 * kLaneGroup)};
}

}  // namespace hedgewatch
#endif
