// Implied vols of 1,024 mixed options: our batch solver, cold and from a near vol, against QuantLib's two solvers and our scalar
// twin, each round running every side in turn. The peers are asked for the same accuracy.
#include <benchmark/benchmark.h>

#if __has_include(<ql/pricingengines/blackformula.hpp>)
#include <ql/pricingengines/blackformula.hpp>
#endif

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "bench/implied_vol_chain.hpp"
#include "bench/rounds.hpp"
#include "core/pricing/implied_vol.hpp"

namespace {

using namespace hedgewatch;

constexpr std::size_t kOptions = 1'024;
constexpr double kAccuracy = 1e-12;
/// What is stated for P. Jaeckel's LetsBeRational on a machine of this class, ns an option; not measured here.
constexpr double kLetsBeRationalNanoseconds = 283;

/// Our scalar twin over the first `count` options of a chain.
void solve_scalar(bench::ImpliedVolChain& chain, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const YearFraction to_expiry = YearFraction::from_years(chain.years[i]);
    chain.vol[i] = implied_vol({chain.right[i], chain.forward[i], chain.strike[i], to_expiry, chain.price[i]}).vol;
  }
}

#if __has_include(<ql/pricingengines/blackformula.hpp>)

enum class QuantLibSolver { LiRS, LiRSFromNear, Default };

void solve_quantlib(bench::ImpliedVolChain& chain, std::size_t count, QuantLibSolver solver) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto type = chain.right[i] == OptionRight::Call ? QuantLib::Option::Call : QuantLib::Option::Put;
    const double root = std::sqrt(chain.years[i]);
    const double strike = chain.strike[i];
    const double forward = chain.forward[i];
    const double price = chain.price[i];
    const double guess = solver == QuantLibSolver::LiRSFromNear ? chain.near[i] * root : QuantLib::Null<QuantLib::Real>();
    const double deviation =
        solver == QuantLibSolver::Default
            ? QuantLib::blackFormulaImpliedStdDev(type, strike, forward, price, 1, 0, guess, kAccuracy, 100)
            : QuantLib::blackFormulaImpliedStdDevLiRS(type, strike, forward, price, 1, 0, guess, 1, kAccuracy, 100);
    chain.vol[i] = deviation / root;
  }
}

#endif

/// How many times LiRS's time per option we must not exceed; stated for AVX-512.
double target_ratio(KernelTarget target, bool warm) {
  if (target != KernelTarget::Avx512) return 0;
  return warm ? 38 : 13;
}

void implied_vols(benchmark::State& state, KernelTarget target, bool warm) {
  if (!machine_runs(target)) return state.SkipWithError("this machine does not run it");
  bench::ImpliedVolChain chain{kOptions};
  chain.solve(warm, target);
  // The prices come from a double formula and carry its rounding; the solver's own bound is the oracle tests' business.
  const double error = chain.worst_error();
  if (!(error <= 20 * kAccuracy)) return state.SkipWithError("a vol is wrong");

#if !__has_include(<ql/pricingengines/blackformula.hpp>)
  state.SetLabel("QuantLib is not installed: its rows are missing");
#endif
  constexpr std::size_t kRepeats = 6;
  constexpr std::size_t kPeerOptions = 256;
  bench::Rounds rounds;
  for ([[maybe_unused]] auto _ : state) {
    const double seconds = rounds.time("ours", kRepeats * kOptions, [&] {
      for (std::size_t repeat = 0; repeat < kRepeats; ++repeat) {
        chain.solve(warm, target);
        benchmark::ClobberMemory();
      }
    });
    rounds.time("scalar", kPeerOptions, [&] {
      solve_scalar(chain, kPeerOptions);
      benchmark::ClobberMemory();
    });
#if __has_include(<ql/pricingengines/blackformula.hpp>)
    rounds.time("lirs", kPeerOptions, [&] {
      solve_quantlib(chain, kPeerOptions, QuantLibSolver::LiRS);
      benchmark::ClobberMemory();
    });
    rounds.time("lirs_near", kPeerOptions, [&] {
      solve_quantlib(chain, kPeerOptions, QuantLibSolver::LiRSFromNear);
      benchmark::ClobberMemory();
    });
    rounds.time("quantlib_default", kPeerOptions, [&] {
      solve_quantlib(chain, kPeerOptions, QuantLibSolver::Default);
      benchmark::ClobberMemory();
    });
#endif
    state.SetIterationTime(seconds);
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{kRepeats * kOptions});
  state.counters["ours_ns"] = rounds.median_nanoseconds("ours");
  state.counters["worst_error"] = error;
  state.counters["scalar_ratio"] = rounds.median_ratio("scalar", "ours");
  state.counters["stated_lets_be_rational_ratio"] = kLetsBeRationalNanoseconds / rounds.median_nanoseconds("ours");
#if __has_include(<ql/pricingengines/blackformula.hpp>)
  for (const std::string side : {"lirs", "lirs_near", "quantlib_default"}) {
    state.counters[side + "_ns"] = rounds.median_nanoseconds(side);
    state.counters[side + "_ratio"] = rounds.median_ratio(side, "ours");
  }
  if (const double ratio = target_ratio(target, warm); ratio > 0) state.counters["lirs_ratio_target"] = ratio;
#endif
}

BENCHMARK_CAPTURE(implied_vols, avx512_cold, KernelTarget::Avx512, false)->UseManualTime();
BENCHMARK_CAPTURE(implied_vols, avx512_warm, KernelTarget::Avx512, true)->UseManualTime();
BENCHMARK_CAPTURE(implied_vols, avx2_cold, KernelTarget::Avx2, false)->UseManualTime();
BENCHMARK_CAPTURE(implied_vols, avx2_warm, KernelTarget::Avx2, true)->UseManualTime();
BENCHMARK_CAPTURE(implied_vols, sse4_cold, KernelTarget::Sse4, false)->UseManualTime();
BENCHMARK_CAPTURE(implied_vols, baseline_cold, KernelTarget::Baseline, false)->UseManualTime();

}  // namespace
