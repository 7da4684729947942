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
}
