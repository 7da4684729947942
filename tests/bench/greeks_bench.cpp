// Price and eight Greeks of 1,024 mixed options: our kernels against plain libm, QuantLib's BlackCalculator (six outputs) and its
// AnalyticEuropeanEngine after a bumped quote (six outputs), each round running every side in turn.
#include <benchmark/benchmark.h>

#if __has_include(<ql/pricingengines/blackcalculator.hpp>)
#include <ql/exercise.hpp>
#include <ql/instruments/europeanoption.hpp>
#include <ql/pricingengines/blackcalculator.hpp>
#include <ql/pricingengines/vanilla/analyticeuropeanengine.hpp>
#include <ql/processes/blackscholesprocess.hpp>
#include <ql/quotes/simplequote.hpp>
#include <ql/settings.hpp>
#include <ql/termstructures/volatility/equityfx/blackconstantvol.hpp>
#include <ql/termstructures/yield/flatforward.hpp>
#include <ql/time/calendars/nullcalendar.hpp>
#include <ql/time/daycounters/actual365fixed.hpp>
#endif

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/rounds.hpp"
#include "core/pricing/option_batch.hpp"

namespace {

using namespace hedgewatch;

constexpr std::size_t kOptions = 1'024;

/// A made chain: strikes from a fifth below to four fifths above, expiries from days to a year, a smile, half of them puts.
Black76Input option(std::size_t i) {
  return {.right = i % 2 == 0 ? OptionRight::Call : OptionRight::Put,
          .forward = 61'000 + 25.0 * static_cast<double>(i % 13),
          .strike = 48'000 + 1'000.0 * static_cast<double>(i % 63),
          .to_expiry = YearFraction::from_days(3 + 28.0 * static_cast<double>(i % 12)),
          .vol = Vol::from_fraction(0.42 + 0.01 * static_cast<double>(i % 31)),
          .rate = 0.01 * static_cast<double>(i % 4)};
}

/// The plain way: one option after the other through the C library, with the same prepared inputs and outputs as the kernel.
class PlainLibm {
 public:
  PlainLibm() {
    for (std::size_t i = 0; i < kOptions; ++i) {
      const Black76Input input = option(i);
      forward.push_back(input.forward);
      strike.push_back(input.strike);
      vol.push_back(input.vol.fraction());
      root_time.push_back(std::sqrt(input.to_expiry.years()));
      sign.push_back(input.right == OptionRight::Call ? 1 : -1);
      rate.push_back(input.rate);
      discount.push_back(std::exp(-input.rate * input.to_expiry.years()));
    }
  }

  void price(std::size_t count) {
    constexpr double kInverseRootTwo = 0.70710678118654752440;
    constexpr double kInverseRootTwoPi = 0.39894228040143267794;
    for (std::size_t i = 0; i < count; ++i) {
      const double v = vol[i] * root_time[i];
      const double d1 = std::log(forward[i] / strike[i]) / v + 0.5 * v;
      const double d2 = d1 - v;
      const double n1 = 0.5 * std::erfc(-sign[i] * d1 * kInverseRootTwo);
      const double n2 = 0.5 * std::erfc(-sign[i] * d2 * kInverseRootTwo);
      const double density = discount[i] * kInverseRootTwoPi * std::exp(-0.5 * d1 * d1);
      const double time = root_time[i] * root_time[i];
      const double value = sign[i] * discount[i] * (forward[i] * n1 - strike[i] * n2);
      const double delta = sign[i] * discount[i] * n1;
      const double vega = forward[i] * density * root_time[i];
      out[0][i] = value;
      out[1][i] = delta;
      out[2][i] = density / (forward[i] * v);
      out[3][i] = vega;
      out[4][i] = rate[i] * value - vega * vol[i] / (2 * time);
      out[5][i] = -time * value;
      out[6][i] = -density * d2 / vol[i];
      out[7][i] = vega * d1 * d2 / vol[i];
      out[8][i] = rate[i] * delta + density * d2 / (2 * time);
    }
  }

  std::array<std::vector<double>, 9> out = [] {
    std::array<std::vector<double>, 9> columns;
    columns.fill(std::vector<double>(kOptions));
    return columns;
  }();

 private:
  std::vector<double> forward, strike, vol, root_time, sign, rate, discount;
};

#if __has_include(<ql/pricingengines/blackcalculator.hpp>)

/// Value, delta, gamma, vega, theta, rho of `count` options, a calculator each.
double black_calculator(std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Black76Input input = option(i);
    const double years = input.to_expiry.years();
    const QuantLib::BlackCalculator calculator{input.right == OptionRight::Call ? QuantLib::Option::Call : QuantLib::Option::Put,
                                               input.strike, input.forward, input.vol.fraction() * std::sqrt(years),
                                               std::exp(-input.rate * years)};
    sum += calculator.value() + calculator.delta(input.forward) + calculator.gamma(input.forward) + calculator.vega(years) +
           calculator.theta(input.forward, years) + calculator.rho(years);
  }
  return sum;
}

/// Instruments on one process, asked again after the quote moved.
class EuropeanEngine {
 public:
  static constexpr std::size_t kInstruments = 32;

  EuropeanEngine() {
    using namespace QuantLib;
    const Date today{1, January, 2030};
    Settings::instance().evaluationDate() = today;
    const DayCounter days = Actual365Fixed{};
    const Handle<YieldTermStructure> rates{ext::make_shared<FlatForward>(today, 0.0, days)};
    const Handle<BlackVolTermStructure> vols{ext::make_shared<BlackConstantVol>(today, NullCalendar{}, 0.55, days)};
    const auto process = ext::make_shared<BlackScholesMertonProcess>(Handle<Quote>{quote_}, rates, rates, vols);
    const auto engine = ext::make_shared<AnalyticEuropeanEngine>(process);
    for (std::size_t i = 0; i < kInstruments; ++i) {
      const Black76Input input = option(i);
      const auto payoff =
          ext::make_shared<PlainVanillaPayoff>(input.right == OptionRight::Call ? Option::Call : Option::Put, input.strike);
      const auto exercise = ext::make_shared<EuropeanExercise>(today + static_cast<Integer>(input.to_expiry.days()));
      options_.push_back(std::make_unique<EuropeanOption>(payoff, exercise));
      options_.back()->setPricingEngine(engine);
    }
  }

  double reprice() {
    quote_->setValue(quote_->value() > 61'000 ? 60'999 : 61'001);
    double sum = 0;
    for (const auto& priced : options_)
      sum += priced->NPV() + priced->delta() + priced->gamma() + priced->vega() + priced->theta() + priced->rho();
    return sum;
  }

 private:
  QuantLib::ext::shared_ptr<QuantLib::SimpleQuote> quote_ = QuantLib::ext::make_shared<QuantLib::SimpleQuote>(61'000.0);
  std::vector<std::unique_ptr<QuantLib::EuropeanOption>> options_;
};

#endif

/// What the best peers of this kind reach on AVX-512 and AVX2 leaves this to aim at.
struct Targets {
  double black_calculator, european_engine, libm;
};

Targets targets_of(KernelTarget target) {
  if (target == KernelTarget::Avx512) return {28, 300, 7};
  if (target == KernelTarget::Avx2) return {18, 0, 4.5};
  return {0, 0, 0};
}

void report(benchmark::State& state, const bench::Rounds& rounds, const std::string& side, double target) {
  state.counters[side + "_ns"] = rounds.median_nanoseconds(side);
  state.counters[side + "_ratio"] = rounds.median_ratio(side, "ours");
  if (target > 0) state.counters[side + "_ratio_target"] = target;
}

void greeks(benchmark::State& state, KernelTarget target) {
  if (!machine_runs(target)) {
    state.SkipWithError("this machine does not run it");
    return;
  }
  OptionBatch batch{kOptions};
  for (std::size_t i = 0; i < kOptions; ++i) batch.set(i, option(i));
  GreekColumns columns{GreekSet::Usual, kOptions};
  PlainLibm libm;

  libm.price(kOptions);
  if (price(batch, columns, target) != 0) return state.SkipWithError("a lane is a fault");
  for (std::size_t i = 0; i < kOptions; ++i)
    for (std::size_t greek = 0; greek < libm.out.size(); ++greek)
      if (!(std::fabs(columns[static_cast<Greek>(greek)][i] - libm.out[greek][i]) <= 1e-9 * (1 + std::fabs(libm.out[greek][i]))))
        return state.SkipWithError("the kernel and libm disagree");

#if __has_include(<ql/pricingengines/blackcalculator.hpp>)
  EuropeanEngine engine;
#else
  state.SetLabel("QuantLib is not installed: its rows are missing");
#endif

  constexpr std::size_t kRepeats = 3;
  constexpr std::size_t kLibmOptions = 512;
  bench::Rounds rounds;
  for ([[maybe_unused]] auto _ : state) {
    const double seconds = rounds.time("ours", kRepeats * kOptions, [&] {
      for (std::size_t repeat = 0; repeat < kRepeats; ++repeat) {
        price(batch, columns, target);
        benchmark::ClobberMemory();
      }
    });
    rounds.time("libm", kLibmOptions, [&] {
      libm.price(kLibmOptions);
      benchmark::ClobberMemory();
    });
#if __has_include(<ql/pricingengines/blackcalculator.hpp>)
    constexpr std::size_t kCalculators = 128;
    rounds.time("black_calculator", kCalculators, [&] { benchmark::DoNotOptimize(black_calculator(kCalculators)); });
    rounds.time("european_engine", EuropeanEngine::kInstruments, [&] { benchmark::DoNotOptimize(engine.reprice()); });
#endif
    state.SetIterationTime(seconds / kRepeats);
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{kOptions});
  state.counters["ours_ns"] = rounds.median_nanoseconds("ours");
  const Targets targets = targets_of(target);
  report(state, rounds, "libm", targets.libm);
#if __has_include(<ql/pricingengines/blackcalculator.hpp>)
  report(state, rounds, "black_calculator", targets.black_calculator);
  report(state, rounds, "european_engine", targets.european_engine);
#endif
}

BENCHMARK_CAPTURE(greeks, avx512, KernelTarget::Avx512)->UseManualTime();
BENCHMARK_CAPTURE(greeks, avx2, KernelTarget::Avx2)->UseManualTime();
BENCHMARK_CAPTURE(greeks, sse4, KernelTarget::Sse4)->UseManualTime();
BENCHMARK_CAPTURE(greeks, baseline, KernelTarget::Baseline)->UseManualTime();

}  // namespace
