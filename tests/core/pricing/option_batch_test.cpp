#include "core/pricing/option_batch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace hedgewatch;

namespace {

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
constexpr double kUnbounded = std::numeric_limits<double>::infinity();

Black76Input usual_input(std::size_t i) {
  return {.right = i % 3 == 0 ? OptionRight::Put : OptionRight::Call,
          .forward = 48'000 + 37.0 * static_cast<double>(i % 11),
          .strike = 30'000 + 1'250.0 * static_cast<double>(i % 29),
          .to_expiry = YearFraction::from_days(2 + 13.5 * static_cast<double>(i % 17)),
          .vol = Vol::from_fraction(0.35 + 0.05 * static_cast<double>(i % 9)),
          .rate = 0.015 * static_cast<double>(i % 4)};
}

OptionBatch usual_batch(std::size_t lanes) {
  OptionBatch batch{lanes};
  for (std::size_t lane = 0; lane < lanes; ++lane) batch.set(lane, usual_input(lane));
  return batch;
}

/// Equal bits, or both not a number.
bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

bool same_lane(const GreekColumns& a, const GreekColumns& b, std::size_t lane) {
  for (std::size_t greek = 0; greek < column_count(a.set()); ++greek)
    if (!same_bits(a[static_cast<Greek>(greek)][lane], b[static_cast<Greek>(greek)][lane])) return false;
  return true;
}

std::vector<KernelTarget> targets_here() {
  std::vector<KernelTarget> targets;
  std::copy_if(kKernelTargets.begin(), kKernelTargets.end(), std::back_inserter(targets), machine_runs);
  return targets;
}

/// Inputs that no kernel may meet unprepared.
std::vector<Black76Input> poisons() {
  std::vector<Black76Input> inputs;
  for (const double bad : {kNotANumber, kUnbounded, -kUnbounded, -1.0, 0.0, 1e-320, 1e300}) {
    Black76Input input = usual_input(5);
    input.forward = bad;
    inputs.push_back(input);
    input = usual_input(5);
    input.strike = bad;
    inputs.push_back(input);
    input = usual_input(6);
    input.to_expiry = YearFraction::from_years(bad);
    inputs.push_back(input);
    input = usual_input(7);
    input.vol = Vol::from_fraction(bad);
    inputs.push_back(input);
    input = usual_input(8);
    input.rate = bad;
    inputs.push_back(input);
    input = usual_input(9);
    input.strike = input.forward;
    input.vol = Vol::from_fraction(bad);
    inputs.push_back(input);
  }
  // Two wrongs that multiply to a right.
  Black76Input input = usual_input(10);
  input.strike = -input.strike;
  input.vol = Vol::from_fraction(-0.5);
  inputs.push_back(input);
  input.forward = -input.forward;
  inputs.push_back(input);
  input.strike = -input.strike;
  inputs.push_back(input);
  return inputs;
}

}  // namespace

TEST_SUITE("core/pricing/option_batch") {
  TEST_CASE("every lane agrees with the scalar") {
    for (const KernelTarget target : targets_here()) {
      const std::string name{label(target)};
      CAPTURE(name);
      const OptionBatch batch = usual_batch(517);
      GreekColumns columns{GreekSet::Every, batch.lanes()};
      CHECK(price(batch, columns, target) == 0);
      for (std::size_t lane = 0; lane < batch.lanes(); ++lane) {
        CAPTURE(lane);
        const Black76Greeks scalar = black76(usual_input(lane)).value();
        const Black76Greeks got = columns.lane(lane);
        const double forward = usual_input(lane).forward;
        CHECK(got.price == doctest::Approx(scalar.price).epsilon(1e-13).scale(forward));
        CHECK(got.delta == doctest::Approx(scalar.delta).epsilon(1e-13));
        CHECK(got.gamma == doctest::Approx(scalar.gamma).epsilon(1e-12));
        CHECK(got.theta == doctest::Approx(scalar.theta).epsilon(1e-12).scale(forward));
        CHECK(got.ultima == doctest::Approx(scalar.ultima).epsilon(1e-11).scale(forward));
        CHECK(got.dual_delta == doctest::Approx(scalar.dual_delta).epsilon(1e-13));
        CHECK(got.d1 == doctest::Approx(scalar.d1).epsilon(1e-13));
      }
    }
  }

  TEST_CASE("a poisoned lane gives the scalar's answer and leaves its neighbours' bits alone") {
    for (const KernelTarget target : targets_here()) {
      const std::string name{label(target)};
      CAPTURE(name);
      const std::size_t lanes = 48;
      GreekColumns clean{GreekSet::Every, lanes};
      price(usual_batch(lanes), clean, target);
      for (const Black76Input& poison : poisons())
        for (std::size_t at = 16; at < 32; ++at) {
          CAPTURE(at);
          CAPTURE(poison.forward);
          CAPTURE(poison.strike);
          CAPTURE(poison.vol.fraction());
          CAPTURE(poison.to_expiry.years());
          CAPTURE(poison.rate);
          OptionBatch batch = usual_batch(lanes);
          batch.set(at, poison);
          GreekColumns columns{GreekSet::Every, lanes};
          const std::size_t faults = price(batch, columns, target);
          for (std::size_t lane = 0; lane < lanes; ++lane)
            if (lane != at) CHECK(same_lane(columns, clean, lane));
          const auto scalar = black76(poison);
          CHECK(faults == (scalar.ok() ? 0 : 1));
          CHECK(batch.fault(at).has_value() == !scalar.ok());
          const Black76Greeks got = columns.lane(at);
          if (scalar.ok()) {
            CHECK(got.price == doctest::Approx(scalar.value().price).epsilon(1e-13));
            CHECK(got.delta == doctest::Approx(scalar.value().delta).epsilon(1e-13));
            CHECK(std::isnan(got.gamma) == std::isnan(scalar.value().gamma));
            CHECK_FALSE(std::isinf(got.theta));
          } else {
            CHECK(std::isnan(got.price));
            CHECK(std::isnan(got.delta));
            CHECK(std::isnan(got.charm));
            CHECK(std::isnan(got.d1));
          }
        }
    }
  }

  TEST_CASE("a lane's bits do not depend on where it stands") {
    for (const KernelTarget target : targets_here()) {
      const std::size_t lanes = 40;
      OptionBatch batch{lanes};
      for (std::size_t lane = 0; lane < lanes; ++lane) batch.set(lane, usual_input(4));
      GreekColumns columns{GreekSet::Usual, lanes};
      price(batch, columns, target);
      for (std::size_t lane = 1; lane < lanes; ++lane)
        for (std::size_t greek = 0; greek < column_count(GreekSet::Usual); ++greek)
          CHECK(same_bits(columns[static_cast<Greek>(greek)][lane], columns[static_cast<Greek>(greek)][0]));
    }
  }

  TEST_CASE("a lane that was not wholly set is a fault, not a number") {
    OptionBatch batch{3};
    batch.set(0, usual_input(0));
    batch.set_contract(1, OptionRight::Put, 100);
    batch.set_expiry(1, YearFraction::from_days(3));
    batch.forwards()[1] = 100;
    GreekColumns columns{GreekSet::Usual, 3};
    CHECK(price(batch, columns) == 2);
    CHECK(std::isfinite(columns[Greek::Premium][0]));
    CHECK(std::isnan(columns[Greek::Premium][1]));
    CHECK(batch.fault(1) == PricingFault::NotFinite);
    CHECK(std::isnan(columns[Greek::Delta][2]));
    batch.vols()[1] = 0.5;
    CHECK(price(batch, columns) == 1);
    CHECK(columns[Greek::Delta][1] < 0);
  }

  TEST_CASE("an expiry that passes makes its lanes faults, and the right survives it") {
    OptionBatch batch = usual_batch(20);
    GreekColumns columns{GreekSet::Usual, 20};
    batch.set_expiry(4, 3, YearFraction::from_days(-0.001));
    CHECK(price(batch, columns) == 3);
    CHECK(batch.fault(5) == PricingFault::Expired);
    batch.set_expiry(4, 3, YearFraction::from_days(10));
    CHECK(price(batch, columns) == 0);
    for (std::size_t lane = 4; lane < 7; ++lane)
      CHECK((columns[Greek::Delta][lane] < 0) == (usual_input(lane).right == OptionRight::Put));
  }

  TEST_CASE("a range prices its own groups and nothing else") {
    const OptionBatch batch = usual_batch(64);
    GreekColumns whole{GreekSet::Usual, 64};
    GreekColumns part{GreekSet::Usual, 64};
    price(batch, whole);
    CHECK(price(batch, 16, 20, part) == 0);
    for (std::size_t lane = 0; lane < 64; ++lane) {
      CAPTURE(lane);
      if (lane >= 16 && lane < 36) CHECK(same_lane(part, whole, lane));
      if (lane < 16 || lane >= 48) CHECK(std::isnan(part[Greek::Premium][lane]));
    }
  }

  TEST_CASE("a range that is priced apart stands in the first lanes, with what leaves the vector path and what has no price") {
    OptionBatch batch = usual_batch(64);
    batch.set_contract(20, OptionRight::Call, 1e-60);
    batch.set_expiry(25, 1, YearFraction::from_days(-1));
    GreekColumns whole{GreekSet::Usual, 64};
    GreekColumns apart{GreekSet::Usual, 32};
    CHECK(price(batch, whole) == 1);
    CHECK(price_apart(batch, 16, 32, apart) == 1);
    for (const Greek greek : {Greek::Premium, Greek::Delta, Greek::Vega, Greek::Charm})
      for (std::size_t lane = 0; lane < 32; ++lane) {
        CAPTURE(lane);
        if (lane == 9)
          CHECK(std::isnan(apart[greek][lane]));
        else
          CHECK(apart[greek][lane] == whole[greek][16 + lane]);
      }
  }

  TEST_CASE("an empty batch prices") {
    const OptionBatch batch{0};
    GreekColumns columns{GreekSet::Usual, 0};
    CHECK(price(batch, columns) == 0);
  }

  TEST_CASE("this machine runs the baseline and names its best") {
    CHECK(machine_runs(KernelTarget::Baseline));
    CHECK(machine_runs(best_kernel_target()));
    CHECK(label(KernelTarget::Avx2) == "avx2");
  }
}
