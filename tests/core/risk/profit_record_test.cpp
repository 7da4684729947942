#include "core/risk/profit_record.hpp"

#include <doctest/doctest.h>

#include <chrono>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::nanoseconds kMidnight = std::chrono::hours{24 * 20'000};

VenueTime at(std::chrono::nanoseconds into_the_day) { return VenueTime{kMidnight + into_the_day}; }

ProfitTerms gain(double amount) {
  ProfitTerms terms;
  terms[ProfitComponent::Theta] = amount;
  return terms;
}

double theta(const ProfitRecord& record, ProfitSince since) { return record.since(since)[ProfitComponent::Theta]; }

}  // namespace

TEST_SUITE("core/risk/profit_record") {
  TEST_CASE("a session ends at eight in the morning, the designation never") {
    ProfitRecord record;
    record.add(at(7h), gain(5));
    record.add(at(7h + 59min), gain(1));
    CHECK(theta(record, ProfitSince::Session) == 6);
    record.advance(at(8h));
    CHECK(theta(record, ProfitSince::Session) == 0);
    record.add(at(9h), gain(2));
    CHECK(theta(record, ProfitSince::Session) == 2);
    CHECK(theta(record, ProfitSince::Designation) == 8);
    record.advance(at(31h + 59min));
    CHECK(theta(record, ProfitSince::Session) == 2);
    record.advance(at(32h));
    CHECK(theta(record, ProfitSince::Session) == 0);
  }

  TEST_CASE("the window forgets what is older than it, step by step") {
    ProfitRecord record{{.session_start = 0h, .window = 96min}};
    record.add(at(10h), gain(1));
    record.add(at(11h), gain(2));
    CHECK(theta(record, ProfitSince::Window) == 3);
    record.advance(at(11h + 35min));
    CHECK(theta(record, ProfitSince::Window) == 3);
    record.advance(at(11h + 36min));
    CHECK(theta(record, ProfitSince::Window) == 2);
    record.advance(at(200h));
    CHECK(theta(record, ProfitSince::Window) == 0);
  }

  TEST_CASE("an interval that ends before the newest time counts as ending then") {
    ProfitRecord record;
    record.add(at(9h), gain(1));
    record.add(at(7h), gain(2));
    CHECK(theta(record, ProfitSince::Session) == 3);
  }

  TEST_CASE("the turn of the session can be configured") {
    const ProfitRecord record{{.session_start = 16h}};
    CHECK(record.session_of(at(15h + 59min)) + 1 == record.session_of(at(16h)));
  }
}
