// One source, compiled once per instruction set by Highway's foreach_target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/risk/unit_risk_kernel.cpp"
// Builds that would differ from AVX-512 or SSE4 in nothing that this kernel uses.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#include <hwy/foreach_target.h>
// Highway wants its header after foreach_target.
#include <hwy/highway.h>

#include <cstddef>
#include <cstring>

#include "core/risk/unit_risk_kernel.hpp"
#include "core/types/units.hpp"

HWY_BEFORE_NAMESPACE();
namespace hedgewatch::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Writes the unit risks of one lane group, by vectors of lanes; each figure is made with the same operations, in the same order,
/// as ValuationBatch makes it.
/// False: some lane has no price.
HWY_ATTR bool write_unit_risks(const double* const (&greeks)[9], double forward, const double* coin, std::uint32_t wanted,
                               UnitRisk* out) {
  // Who follows a forward in columns has no slope of a smile, which would be another one at each forward.
  static_assert(offsetof(UnitRisk, smile_delta_coins) == 10 * sizeof(double) && sizeof(UnitRisk) == 11 * sizeof(double),
                "a row is copied as its ten numbers before that of the smile, in the order of the members");
  using Tag = hn::ScalableTag<double>;
  const Tag tag;
  const std::size_t lanes = hn::Lanes(tag);
  constexpr std::size_t kMostLanes = hn::MaxLanes(Tag{});
  HWY_ALIGN double first[4 * kMostLanes];
  HWY_ALIGN double second[4 * kMostLanes];
  HWY_ALIGN double third[2 * kMostLanes];
  const auto forwards = hn::Set(tag, forward);
  const auto hundredth = hn::Set(tag, 0.01);  // one percent, and one vol point
  const auto year = hn::Set(tag, YearFraction::kDaysPerYear);
  bool all_priced = true;
  for (std::size_t i = 0; i < kLaneGroup; i += lanes) {
    const auto column = [&](Greek greek) { return hn::LoadU(tag, greeks[static_cast<std::size_t>(greek)] + i); };
    const auto premium = column(Greek::Premium);
    const auto delta = column(Greek::Delta);
    all_priced = hn::AllTrue(tag, hn::Eq(premium, premium)) && all_priced;
    const auto settles_in_coin = hn::Ne(hn::LoadU(tag, coin + i), hn::Zero(tag));
    const auto net = hn::IfThenElse(settles_in_coin, hn::Sub(delta, hn::Div(premium, forwards)), delta);
    const auto gamma = hn::Mul(column(Greek::Gamma), forwards);
    hn::StoreInterleaved4(delta, net, hn::Mul(gamma, hundredth), hn::Mul(hn::Mul(gamma, forwards), hundredth), tag, first);
    hn::StoreInterleaved4(hn::Mul(column(Greek::Vega), hundredth), hn::Div(column(Greek::Theta), year),
                          hn::Mul(column(Greek::Rho), hundredth), hn::Mul(column(Greek::Vanna), hundredth), tag, second);
    hn::StoreInterleaved2(hn::Mul(hn::Mul(column(Greek::Volga), hundredth), hundredth), hn::Div(column(Greek::Charm), year), tag,
                          third);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      if ((wanted >> (i + lane) & 1) == 0) continue;
      auto* row = reinterpret_cast<std::byte*>(out + i + lane);
      std::memcpy(row, first + 4 * lane, 4 * sizeof(double));
      std::memcpy(row + 4 * sizeof(double), second + 4 * lane, 4 * sizeof(double));
      std::memcpy(row + 8 * sizeof(double), third + 2 * lane, 2 * sizeof(double));
    }
  }
  return all_priced;
}

}  // namespace hedgewatch::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hedgewatch {

namespace {

using Writer = bool (*)(const double* const (&greeks)[9], double forward, const double* coin, std::uint32_t wanted, UnitRisk* out);

/// The build for `target`, or the narrowest where the compiler could not make that one.
Writer writer_for(KernelTarget target) {
  switch (target) {
#if HWY_TARGETS & HWY_AVX3
    case KernelTarget::Avx512:
      return N_AVX3::write_unit_risks;
#endif
#if HWY_TARGETS & HWY_AVX2
    case KernelTarget::Avx2:
      return N_AVX2::write_unit_risks;
#endif
#if HWY_TARGETS & HWY_SSE4
    case KernelTarget::Sse4:
      return N_SSE4::write_unit_risks;
#endif
    default:
      return HWY_STATIC_DISPATCH(write_unit_risks);
  }
}

}  // namespace

std::uint32_t unit_risks(const GreekColumns& greeks, std::size_t first, double forward, std::span<const double> coin,
                         std::uint32_t wanted, std::span<UnitRisk, kLaneGroup> out, KernelTarget target) {
  const double* columns[column_count(GreekSet::Usual)];
  for (std::size_t column = 0; column < column_count(GreekSet::Usual); ++column)
    columns[column] = greeks[static_cast<Greek>(column)].data() + first;
  if (writer_for(target)(columns, forward, coin.data(), wanted, out.data())) return (1U << kLaneGroup) - 1;
  std::uint32_t priced = 0;
  for (std::size_t i = 0; i < kLaneGroup; ++i) priced |= static_cast<std::uint32_t>(is_present(columns[0][i])) << i;
  return priced;
}

UnitRisk sum_units(std::span<const HeldUnits> held, std::span<const UnitRisk> units) {
  UnitRisk sum;
  for (const HeldUnits& one : held) {
    if (one.size == 0) continue;
    const UnitRisk& unit = units[one.unit];
    sum.delta_black_scholes_coins += one.size * unit.delta_black_scholes_coins;
    sum.delta_net_transaction_coins += one.size * unit.delta_net_transaction_coins;
    sum.gamma_coins_per_percent += one.size * unit.gamma_coins_per_percent;
    sum.gamma_usd_per_percent += one.size * unit.gamma_usd_per_percent;
    sum.vega_usd_per_vol_point += one.size * unit.vega_usd_per_vol_point;
    sum.theta_usd_per_day += one.size * unit.theta_usd_per_day;
    sum.rho_usd_per_percent += one.size * unit.rho_usd_per_percent;
    sum.vanna_coins_per_vol_point += one.size * unit.vanna_coins_per_vol_point;
    sum.volga_usd_per_vol_point_squared += one.size * unit.volga_usd_per_vol_point_squared;
    sum.charm_coins_per_day += one.size * unit.charm_coins_per_day;
  }
  return sum;
}

}  // namespace hedgewatch
#endif
