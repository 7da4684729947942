#include "core/pricing/forward.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr MonoTime kNow = from_nanoseconds<MonoTime>(1'000'000'000'000);

/// Call and put quotes around parity with the forward, `half` on each side.
ParityQuotes around(double forward, double strike, double half, MonoTime received = kNow) {
  const double call = std::max(forward - strike, 0.0) + 900;
  const double put = call - (forward - strike);
  return {strike, call - half, call + half, put - half, put + half, received};
}

ForwardInputs everything() {
  ForwardInputs inputs;
  inputs.venue_mark = {50'100, kNow - 1s};
  inputs.dated_future = {50'200, kNow - 2s};
  inputs.perpetual = {50'000, kNow - 3s};
  inputs.index = {49'900, kNow - 4s};
  inputs.rate = 0.08;
  inputs.to_expiry = YearFraction::from_years(0.25);
  inputs.now = kNow;
  return inputs;
}

}  // namespace

TEST_SUITE("core/pricing/forward") {
  TEST_CASE("sources are asked in their order, and the answer says which one spoke and how old it is") {
    const std::vector<ParityQuotes> parity{around(50'300, 50'000, 20, kNow - 5s), around(50'300, 52'000, 30)};
    ForwardInputs inputs = everything();
    inputs.parity = parity;

    Forward forward = select_forward(inputs);
    CHECK(std::string{label(forward.source)} == "venue_mark");
    CHECK(forward.value == 50'100);
    CHECK(forward.oldest_input == kNow - 1s);

    inputs.venue_mark.price = kAbsent;
    forward = select_forward(inputs);
    CHECK(std::string{label(forward.source)} == "dated_future");
    CHECK(forward.value == 50'200);

    inputs.dated_future.received = kNow - 61s;
    forward = select_forward(inputs);
    CHECK(std::string{label(forward.source)} == "put_call_parity");
    CHECK(forward.value == doctest::Approx(50'300));
    CHECK(forward.oldest_input == kNow - 5s);
    CHECK(forward.half_width == doctest::Approx(40));

    inputs.parity = {};
    forward = select_forward(inputs);
    CHECK(std::string{label(forward.source)} == "perpetual_and_rate");
    CHECK(forward.value == doctest::Approx(50'000 * std::exp(0.02)));

    inputs.perpetual.price = 0;
    forward = select_forward(inputs);
    CHECK(std::string{label(forward.source)} == "index_and_rate");
    CHECK(forward.value == doctest::Approx(49'900 * std::exp(0.02)));

    inputs.rate = kAbsent;
    forward = select_forward(inputs);
    CHECK(std::string{label(forward.source)} == "unknown");
    CHECK_FALSE(is_present(forward.value));
  }

  TEST_CASE("a source that is stale, negative, infinite or absent is passed over") {
    for (const double price : {kAbsent, 0.0, -50'000.0, std::numeric_limits<double>::infinity()}) {
      ForwardInputs inputs = everything();
      inputs.venue_mark.price = price;
      CAPTURE(price);
      CHECK(select_forward(inputs).source == ForwardSource::DatedFuture);
    }
    ForwardInputs inputs = everything();
    inputs.max_age = 500ms;
    CHECK(select_forward(inputs).source == ForwardSource::Unknown);
    inputs.max_age = 1s;
    CHECK(select_forward(inputs).source == ForwardSource::VenueMark);
  }

  TEST_CASE("strikes that agree narrow the forward to the intersection of their intervals") {
    const std::vector<ParityQuotes> strikes{{60'000, 2'000, 2'100, 1'500, 1'560, kNow},   // 60,440 to 60,600
                                            {62'000, 1'000, 1'020, 2'480, 2'500, kNow}};  // 60,500 to 60,540
    const ParityForward forward = forward_from_parity(strikes);
    CHECK(forward.forward == doctest::Approx(60'520));
    CHECK(forward.half_width == doctest::Approx(20));
  }

  TEST_CASE("strikes that contradict each other give the weighted median and admit the gap") {
    const std::vector<ParityQuotes> strikes{around(60'500, 58'000, 10), around(60'510, 60'000, 10), around(60'505, 61'000, 10),
                                            around(75'000, 64'000, 10)};
    const ParityForward forward = forward_from_parity(strikes);
    CHECK(forward.forward == doctest::Approx(60'505));
    CHECK(forward.half_width == doctest::Approx(0.5 * (74'980 - 60'520)));
    std::vector<ParityQuotes> turned{strikes.rbegin(), strikes.rend()};
    CHECK(forward_from_parity(turned).forward == forward.forward);

    // Such a forward is too open to be used.
    ForwardInputs inputs = everything();
    inputs.venue_mark = inputs.dated_future = {};
    inputs.parity = strikes;
    CHECK(select_forward(inputs).source == ForwardSource::PerpetualAndRate);
  }

  TEST_CASE("coin premiums give the forward that makes them equal to the linear ones") {
    const double true_forward = 61'234;
    const double strike = 58'000;
    const double put = 0.021;
    const double call = put + 1 - strike / true_forward;
    const std::vector<ParityQuotes> strikes{{strike, call - 0.0005, call + 0.0005, put - 0.0005, put + 0.0005, kNow}};
    const ParityForward forward = forward_from_coin_parity(strikes);
    CHECK(std::fabs(forward.forward - true_forward) < 5);
    // d F = F^2/K d(c - p)
    CHECK(forward.half_width == doctest::Approx(true_forward * true_forward / strike * 0.001).epsilon(1e-3));
  }

  TEST_CASE("a strike without four sane quotes says nothing") {
    const ParityQuotes good = around(60'000, 60'000, 10);
    const auto nothing = [](ParityQuotes quotes) { return !is_present(forward_from_parity(std::vector{quotes}).forward); };
    CHECK_FALSE(nothing(good));
    ParityQuotes quotes = good;
    quotes.call_ask = kAbsent;
    CHECK(nothing(quotes));
    quotes = good;
    quotes.put_bid = quotes.put_ask + 1;
    CHECK(nothing(quotes));
    quotes = good;
    quotes.put_bid = kAbsent;
    CHECK(nothing(quotes));
    quotes = good;
    quotes.strike = 0;
    CHECK(nothing(quotes));
    // A call worth a whole coin has no forward behind it.
    const std::vector<ParityQuotes> absurd{{20'000, 1.2, 1.3, 0.01, 0.02, kNow}};
    CHECK_FALSE(is_present(forward_from_coin_parity(absurd).forward));
    CHECK_FALSE(is_present(forward_from_parity({}).forward));
  }

  TEST_CASE("a stale strike neither moves nor widens the parity forward of the fresh ones") {
    const std::vector<ParityQuotes> strikes{around(60'500, 60'000, 20), around(57'000, 61'000, 5, kNow - 300s)};
    ForwardInputs inputs;
    inputs.parity = strikes;
    inputs.now = kNow;
    const Forward forward = select_forward(inputs);
    CHECK(forward.source == ForwardSource::PutCallParity);
    CHECK(forward.value == doctest::Approx(60'500));
    CHECK(forward.oldest_input == kNow);
  }
}
