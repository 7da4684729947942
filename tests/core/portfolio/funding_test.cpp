#include "core/portfolio/funding.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace hedgewatch;
using namespace std::chrono_literals;
using doctest::Approx;

namespace {

Contract perpetual(PayoffStyle style) {
  return {.name = {},
          .base = {},
          .quote = {},
          .settlement = {},
          .kind = ContractKind::Perpetual,
          .style = style,
          .size_unit = style == PayoffStyle::Inverse ? SizeUnit::Quote : SizeUnit::Base};
}

VenueTime at(std::chrono::nanoseconds since_epoch) { return VenueTime{since_epoch}; }

}  // namespace

TEST_SUITE("core/portfolio/funding") {
  TEST_CASE("a continuous venue books every moment at the rate and index in force") {
    FundingAccrual accrual{perpetual(PayoffStyle::Inverse), FundingSchedule::Continuous};
    CHECK_FALSE(accrual.known());
    accrual.update(at(100h), 0.0008, 50'000);
    accrual.update(at(102h), -0.0004, 40'000);
    accrual.advance(at(106h));
    CHECK(accrual.paid_per_unit() == Approx(0.0008 / 50'000 * 2 / 8 - 0.0004 / 40'000 * 4 / 8));
  }

  TEST_CASE("a venue with stamps books whole rates, only when a stamp is passed") {
    FundingAccrual accrual{perpetual(PayoffStyle::Linear), FundingSchedule::AtStamps};
    accrual.update(at(97h), 0.0001, 3'000);
    accrual.advance(at(103h + 59min));
    CHECK(accrual.paid_per_unit() == 0);
    accrual.advance(at(104h));
    CHECK(accrual.paid_per_unit() == Approx(0.3));
    accrual.update(at(105h), 0.0002, 3'100);
    accrual.advance(at(121h));
    CHECK(accrual.paid_per_unit() == Approx(0.3 + 2 * 0.62));
  }

  TEST_CASE("time that steps back and inputs of no use book nothing") {
    FundingAccrual accrual{perpetual(PayoffStyle::Inverse), FundingSchedule::Continuous};
    accrual.update(at(10h), 0.001, 0);
    CHECK_FALSE(accrual.known());
    accrual.update(at(10h), 0.001, 10'000);
    accrual.update(at(9h), 0.009, 10'000);
    accrual.advance(at(9h));
    CHECK(accrual.paid_per_unit() == 0);
    accrual.advance(at(18h));
    CHECK(accrual.paid_per_unit() == Approx(0.009 / 10'000));
  }

  TEST_CASE("what was paid at an earlier moment follows the rates of then") {
    FundingAccrual accrual{perpetual(PayoffStyle::Inverse), FundingSchedule::Continuous};
    FundingHistory history;
    CHECK(history.paid_per_unit(accrual, at(100h)) == 0);
    for (int minute = 0; minute <= 120; ++minute) {
      accrual.update(at(100h + std::chrono::minutes{minute}), minute < 60 ? 0.0008 : -0.0008, 50'000);
      history.note(accrual);
    }
    const double hour = 0.0008 / 50'000 / 8;
    CHECK(accrual.paid_per_unit() == Approx(0).epsilon(1e-15));
    CHECK(history.paid_per_unit(accrual, at(100h + 30min)) == Approx(hour / 2));
    CHECK(history.paid_per_unit(accrual, at(101h)) == Approx(hour));
    CHECK(history.paid_per_unit(accrual, at(101h + 15min + 20s)) == Approx(hour * (1 - 920.0 / 3'600)));
    // Before the first moment it is what it was then; ahead of the newest the rate in force goes on.
    CHECK(history.paid_per_unit(accrual, at(99h)) == 0);
    CHECK(history.paid_per_unit(accrual, at(103h)) == Approx(-hour));
  }

  TEST_CASE("at a venue with stamps the moment of a fill falls before or after one") {
    FundingAccrual accrual{perpetual(PayoffStyle::Linear), FundingSchedule::AtStamps};
    FundingHistory history;
    for (const auto time : {103h + 30min, 103h + 59min, 104h + 2min, 104h + 30min}) {
      accrual.update(at(time), 0.0001, 3'000);
      history.note(accrual);
    }
    CHECK(history.paid_per_unit(accrual, at(103h + 59min + 59s)) == 0);
    CHECK(history.paid_per_unit(accrual, at(104h)) == Approx(0.3));
    CHECK(history.paid_per_unit(accrual, at(104h + 1min)) == Approx(0.3));
  }

  TEST_CASE("a history holds a day") {
    FundingAccrual accrual{perpetual(PayoffStyle::Inverse), FundingSchedule::Continuous};
    FundingHistory history;
    for (int minute = 0; minute <= 3'000; ++minute) {
      accrual.update(at(100h + std::chrono::minutes{minute}), 0.0008, 50'000);
      history.note(accrual);
    }
    const double hour = 0.0008 / 50'000 / 8;
    CHECK(history.paid_per_unit(accrual, at(100h + 2'000min)) == Approx(2'000 / 60.0 * hour));
    CHECK(history.paid_per_unit(accrual, at(100h + 100min)) == Approx(1'560 / 60.0 * hour));
  }
}
