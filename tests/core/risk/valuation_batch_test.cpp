#include "core/risk/valuation_batch.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "core/pricing/coin_settled.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr VenueTime kAt = from_nanoseconds<VenueTime>(1'800'000'012'345'678'901);

struct Option {
  Contract contract;
  OptionMarket market;
  Venue venue = Venue::Deribit;
  double mark_price = 0.03;
};

Option option(int i) {
  Option one;
  one.contract.kind = ContractKind::Option;
  one.contract.right = i % 2 == 0 ? OptionRight::Call : OptionRight::Put;
  one.contract.style = i % 3 == 0 ? PayoffStyle::Linear : PayoffStyle::Inverse;
  one.contract.strike = 40'000 + 3'700.0 * i;
  one.contract.expiry = kAt + 37min * (1 + 11 * i * i);
  one.market = {.forward = 90'000.0 + 13 * i, .vol = 0.35 + 0.017 * i, .rate = i % 3 == 0 ? 0.04 : 0, .at = kAt};
  one.venue = i % 5 == 4 ? Venue::Bybit : Venue::Deribit;
  return one;
}

InstrumentValuation judged(const Option& one) {
  InstrumentValuation valuation;
  valuation.mark = Quality::fresh(MonoTime{1s});
  valuation.mark_price = one.mark_price * (one.contract.style == PayoffStyle::Linear ? one.market.forward : 1);
  return valuation;
}

Black76Greeks scalar(const Option& one) {
  const auto greeks =
      black76({.right = one.contract.right,
               .forward = one.market.forward,
               .strike = one.contract.strike,
               .to_expiry = YearFraction::from_nanoseconds(static_cast<double>((one.contract.expiry - one.market.at).count())),
               .vol = Vol::from_fraction(one.market.vol),
               .rate = one.contract.style == PayoffStyle::Inverse ? 0 : one.market.rate});
  REQUIRE(greeks.ok());
  return greeks.value();
}

void check_near(const char* what, double value, double expected, double scale) {
  CAPTURE(what);
  CAPTURE(value);
  CAPTURE(expected);
  CHECK(std::abs(value - expected) <= 1e-12 * (std::abs(expected) + scale));
}

void check_against_scalar(const Option& one, const InstrumentValuation& valuation) {
  CAPTURE(one.contract.strike);
  CAPTURE(one.market.forward);
  CAPTURE(one.market.vol);
  CAPTURE(one.market.rate);
  const Black76Greeks g = scalar(one);
  const double f = one.market.forward;
  const UnitRisk& unit = valuation.unit;
  check_near("delta", unit.delta_black_scholes_coins, g.delta, 1e-3);
  const double net = one.contract.style == PayoffStyle::Inverse ? -one.contract.strike / f * g.dual_delta : g.delta;
  check_near("net transaction delta", unit.delta_net_transaction_coins, net, 1e-2);
  check_near("gamma", unit.gamma_coins_per_percent, g.gamma * f / 100, 1e-3);
  check_near("gamma in dollars", unit.gamma_usd_per_percent, g.gamma * f * f / 100, 1);
  check_near("vega", unit.vega_usd_per_vol_point, g.vega / 100, 1);
  check_near("theta", unit.theta_usd_per_day, g.theta / 365, 1);
  check_near("rho", unit.rho_usd_per_percent, g.rho / 100, 1);
  check_near("vanna", unit.vanna_coins_per_vol_point, g.vanna / 100, 1e-2);
  check_near("volga", unit.volga_usd_per_vol_point_squared, g.volga / 10'000, 1);
  check_near("charm", unit.charm_coins_per_day, g.charm / 365, 1e-2);
  CHECK(valuation.charm == unit.charm_coins_per_day);
  if (one.venue != Venue::Deribit) {
    check_near("published theta", valuation.published.theta_per_day, g.theta / 365, 1);
    return;
  }
  const auto published = deribit_greeks({.right = one.contract.right,
                                         .forward = f,
                                         .strike = one.contract.strike,
                                         .to_expiry = deribit_time_to_expiry(one.market.at, one.contract.expiry),
                                         .vol = Vol::from_fraction(one.market.vol),
                                         .style = one.contract.style,
                                         .mark_price = valuation.mark_price});
  REQUIRE(published.ok());
  check_near("published delta", valuation.published.delta, published.value().delta, 1e-3);
  check_near("published gamma", valuation.published.gamma, published.value().gamma, 1e-7);
  check_near("published vega", valuation.published.vega_per_vol_point, published.value().vega_per_vol_point, 1);
  check_near("published theta", valuation.published.theta_per_day, published.value().theta_per_day, 1);
  check_near("published rho", valuation.published.rho_per_percent, published.value().rho_per_percent, 1);
}

}  // namespace

TEST_SUITE("core/risk/valuation_batch") {
  TEST_CASE("a batch of options of several venues gives what the scalar formulas give") {
    ValuationBatch batch;
    std::vector<Option> options;
    std::vector<InstrumentValuation> valuations;
    for (int i = 0; i < static_cast<int>(ValuationBatch::kCapacity); ++i) {
      options.push_back(option(i));
      valuations.push_back(judged(options.back()));
    }
    for (std::size_t i = 0; i < options.size(); ++i) {
      CHECK_FALSE(batch.full());
      batch.add(options[i].contract, options[i].venue, options[i].market, valuations[i]);
    }
    CHECK(batch.full());
    batch.price();
    CHECK_FALSE(batch.full());
    for (std::size_t i = 0; i < options.size(); ++i) check_against_scalar(options[i], valuations[i]);
  }

  TEST_CASE("OKX's Greeks look from the spot, and without one there are none to compare") {
    for (const double days : {0.4, 33.0}) {
      CAPTURE(days);
      Option one = option(7);
      one.venue = Venue::Okx;
      one.contract.style = PayoffStyle::Inverse;
      one.contract.expiry =
          kAt + std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double, std::ratio<86'400>>{days});
      one.market.spot = one.market.forward / 1.01;
      Option blind = one;
      blind.market.spot = 0;
      InstrumentValuation seeing = judged(one);
      InstrumentValuation without = judged(blind);
      ValuationBatch batch;
      batch.add(one.contract, one.venue, one.market, seeing);
      batch.add(blind.contract, blind.venue, blind.market, without);
      batch.price();
      const auto published =
          okx_greeks({.right = one.contract.right,
                      .forward = one.market.forward,
                      .spot = one.market.spot,
                      .strike = one.contract.strike,
                      .to_expiry = YearFraction::from_nanoseconds(static_cast<double>((one.contract.expiry - kAt).count())),
                      .vol = Vol::from_fraction(one.market.vol)});
      REQUIRE(published.ok());
      const PublishedGreeks& expected = published.value().black_scholes;
      check_near("delta", seeing.published.delta, expected.delta, 1e-3);
      check_near("gamma", seeing.published.gamma, expected.gamma, 1e-7);
      check_near("vega", seeing.published.vega_per_vol_point, expected.vega_per_vol_point, 1);
      check_near("theta", seeing.published.theta_per_day, expected.theta_per_day, 1);
      CHECK_FALSE(is_present(seeing.published.rho_per_percent));
      // Ours do not need it.
      CHECK(without.unit.vega_usd_per_vol_point == seeing.unit.vega_usd_per_vol_point);
      CHECK_FALSE(is_present(without.published.vega_per_vol_point));
    }
  }

  TEST_CASE("Binance's convention: Greeks on the index that grows to the forward at the venue's rate") {
    ValuationBatch batch;
    Option one = option(3);
    one.venue = Venue::Binance;
    REQUIRE(one.market.rate > 0);
    InstrumentValuation valuation = judged(one);
    batch.add(one.contract, one.venue, one.market, valuation);
    batch.price();
    const auto to_expiry = YearFraction::from_nanoseconds(static_cast<double>((one.contract.expiry - one.market.at).count()));
    const auto published = binance_greeks({.right = one.contract.right,
                                           .index_price = one.market.forward * std::exp(-one.market.rate * to_expiry.years()),
                                           .strike = one.contract.strike,
                                           .to_expiry = to_expiry,
                                           .vol = Vol::from_fraction(one.market.vol),
                                           .risk_free_rate = one.market.rate});
    REQUIRE(published.ok());
    check_near("published delta", valuation.published.delta, published.value().delta, 1e-3);
    check_near("published gamma", valuation.published.gamma, published.value().gamma, 1e-7);
    check_near("published vega", valuation.published.vega_per_vol_point, published.value().vega_per_vol_point, 1);
    check_near("published theta", valuation.published.theta_per_day, published.value().theta_per_day, 1);
    // Not the risk's own: that is on the forward.
    check_near("delta", valuation.unit.delta_black_scholes_coins, scalar(one).delta, 1e-3);
    CHECK(valuation.published.delta != valuation.unit.delta_black_scholes_coins);
  }

  TEST_CASE("an option gets the same bits alone, in company, and after a batch that had faults in it") {
    const Option one = option(7);
    InstrumentValuation alone = judged(one);
    ValuationBatch fresh;
    fresh.add(one.contract, one.venue, one.market, alone);
    fresh.price();

    ValuationBatch used;
    std::vector<Option> spoiled;
    std::vector<InstrumentValuation> others(ValuationBatch::kCapacity);
    for (std::size_t i = 0; i + 1 < ValuationBatch::kCapacity; ++i) {
      spoiled.push_back(option(static_cast<int>(i)));
      spoiled.back().market.vol = i % 2 == 0 ? -1 : kAbsent;
    }
    for (std::size_t i = 0; i < spoiled.size(); ++i) used.add(spoiled[i].contract, spoiled[i].venue, spoiled[i].market, others[i]);
    InstrumentValuation crowded = judged(one);
    used.add(one.contract, one.venue, one.market, crowded);
    used.price();
    InstrumentValuation after = judged(one);
    used.add(one.contract, one.venue, one.market, after);
    used.price();
    for (const InstrumentValuation* other : {&crowded, &after}) {
      CHECK(other->unit.delta_black_scholes_coins == alone.unit.delta_black_scholes_coins);
      CHECK(other->unit.volga_usd_per_vol_point_squared == alone.unit.volga_usd_per_vol_point_squared);
      CHECK(other->published.theta_per_day == alone.published.theta_per_day);
      CHECK(other->published.rho_per_percent == alone.published.rho_per_percent);
    }
  }

  TEST_CASE("what cannot be priced is unknown with its reason, and past its expiry an option is expired") {
    ValuationBatch batch;
    Option expired = option(2);
    expired.market.at = expired.contract.expiry + 1ns;
    Option negative = option(4);
    negative.market.vol = -0.5;
    InstrumentValuation first = judged(expired);
    InstrumentValuation second = judged(negative);
    batch.add(expired.contract, expired.venue, expired.market, first);
    batch.add(negative.contract, negative.venue, negative.market, second);
    batch.price();
    CHECK(first.expired);
    CHECK(first.mark.reason() == FigureReason::Expired);
    CHECK(first.greeks.reason() == FigureReason::Expired);
    CHECK_FALSE(second.expired);
    CHECK(second.mark.ok());
    CHECK(second.delta.reason() == FigureReason::NotFinite);
  }

  TEST_CASE("when Deribit's rounded minute has run out its convention has no Greeks, and ours still do") {
    ValuationBatch batch;
    Option last_seconds = option(1);
    last_seconds.contract.strike = 90'500;
    last_seconds.market.at = last_seconds.contract.expiry - 20s;
    InstrumentValuation valuation = judged(last_seconds);
    batch.add(last_seconds.contract, last_seconds.venue, last_seconds.market, valuation);
    batch.price();
    check_near("delta", valuation.unit.delta_black_scholes_coins, scalar(last_seconds).delta, 1e-3);
    // Zero minutes left: the payoff's own Greeks.
    CHECK(valuation.published.gamma == 0);
    last_seconds.market.at = last_seconds.contract.expiry - 1ns;
    InstrumentValuation last = judged(last_seconds);
    batch.add(last_seconds.contract, last_seconds.venue, last_seconds.market, last);
    batch.price();
    CHECK(is_present(last.unit.delta_black_scholes_coins));
  }
}
