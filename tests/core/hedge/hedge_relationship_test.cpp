#include "core/hedge/hedge_relationship.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/pricing/black76.hpp"
#include "core/pricing/vol_surface.hpp"
#include "core/risk/valuation_batch.hpp"

using namespace hedgewatch;

namespace {

constexpr Quality kKnown = Quality::fresh(MonoTime{});

PositionRisk holding(double delta, double gamma = 0, double vega = 0, double lot = 0) {
  PositionRisk risk;
  risk.total.delta_black_scholes_coins = delta;
  risk.total.delta_net_transaction_coins = delta / 2;
  risk.total.gamma_coins_per_percent = gamma;
  risk.total.vega_usd_per_vol_point = vega;
  risk.lot_delta_coins = lot;
  risk.delta = risk.greeks = risk.greeks_usd = kKnown;
  return risk;
}

HedgeSetup relationship() {
  HedgeSetup setup;
  setup.name = "main";
  setup.soft_delta_limit_coins = 1;
  setup.target_ratio = 1;
  return setup;
}

/// The first position is the item, the others are legs.
HedgeFigures figures_of(const HedgeSetup& setup, const std::vector<PositionRisk>& positions, const EquityPart& equity = {},
                        const Quality& book = kKnown) {
  std::vector<unsigned char> legs(positions.size(), 1);
  legs[0] = 0;
  const HedgePart part{.sum = sum_hedge(positions, legs, std::vector<double>(positions.size(), 1), setup),
                       .index_price = {50'000, kKnown}};
  return hedge_figures(setup, std::span{&part, 1}, equity, book);
}

constexpr VenueTime kAt = from_nanoseconds<VenueTime>(1'800'000'000'000'000'000);
constexpr VenueTime kExpiry = kAt + std::chrono::hours{24 * 30};
constexpr double kForward = 90'000;

/// One expiry with a skew and wings.
VolSurface skewed() {
  const YearFraction to_expiry = YearFraction::from_days(30);
  std::vector<SmileQuote> quotes;
  for (int i = -12; i <= 12; ++i) quotes.push_back({.k = 0.05 * i, .vol = 0.6 - 0.2 * 0.05 * i + 0.4 * 0.05 * i * 0.05 * i});
  const std::vector<ExpiryQuotes> expiries{{kExpiry, to_expiry, quotes, MonoTime{}}};
  VolSurface surface{std::chrono::seconds{60}};
  surface.fit(expiries);
  return surface;
}

VolQuestion asked(double strike) {
  return {.expiry = kExpiry, .to_expiry = YearFraction::from_days(30), .k = std::log(strike / kForward)};
}

/// Dollars of one option after the forward has moved and the smile with it.
double repriced(const VolSurface& surface, OptionRight right, double strike, double log_move, SmileRule rule) {
  return black76({.right = right,
                  .forward = kForward * std::exp(log_move),
                  .strike = strike,
                  .to_expiry = YearFraction::from_days(30),
                  .vol = Vol::from_fraction(surface.vol_after_move(asked(strike), log_move, rule).vol)})
      .value()
      .price;
}

}  // namespace

TEST_SUITE("core/hedge/hedge_relationship") {
  TEST_CASE("under each smile rule the delta is what repricing says where the smile moves with the forward") {
    const VolSurface surface = skewed();
    ValuationBatch batch;
    const double h = 1e-4;
    for (const OptionRight right : {OptionRight::Call, OptionRight::Put})
      for (const double strike : {70'000.0, 90'000.0, 115'000.0}) {
        Contract contract;
        contract.kind = ContractKind::Option;
        contract.style = PayoffStyle::Inverse;
        contract.right = right;
        contract.strike = strike;
        contract.expiry = kExpiry;
        const SurfaceVol smile = surface.smile(asked(strike));
        REQUIRE(smile.source == VolSource::Fitted);
        InstrumentValuation valuation;
        valuation.smile_slope = smile.slope;
        batch.add(contract, Venue::Deribit, {.forward = kForward, .vol = smile.vol, .at = kAt}, valuation);
        batch.price();
        for (const double ratio : {0.0, 0.5, 1.0, 1.7}) {
          CAPTURE(strike);
          CAPTURE(ratio);
          HedgeSetup setup = relationship();
          setup.smile = SmileRule{ratio};
          const auto value = [&](double move) { return repriced(surface, right, strike, move, setup.smile); };
          const double black = (value(h) - value(-h)) / (kForward * (std::exp(h) - std::exp(-h)));
          CHECK(relationship_delta(valuation.unit, setup) == doctest::Approx(black).epsilon(1e-6));
          setup.view = DeltaView::NetTransaction;
          const auto coins = [&](double move) { return value(move) / (kForward * std::exp(move)); };
          const double net = kForward * (coins(h) - coins(-h)) / (kForward * (std::exp(h) - std::exp(-h)));
          CHECK(relationship_delta(valuation.unit, setup) == doctest::Approx(net).epsilon(1e-6));
        }
      }
  }

  TEST_CASE("a smile rule adds its part of what the smile does to the delta, and wants the smile to be known") {
    PositionRisk option = holding(4);
    option.total.smile_delta_coins = 0.5;
    option.smile = Quality::unknown(FigureReason::MissingVol);
    HedgeSetup setup = relationship();
    CHECK(figures_of(setup, {option}).item_delta_coins.value == 4);
    CHECK(figures_of(setup, {option}).item_delta_coins.quality.ok());
    setup.smile = kStickyDelta;
    CHECK(figures_of(setup, {option}).net_delta_coins.quality.reason() == FigureReason::MissingVol);
    option.smile = kKnown;
    CHECK(figures_of(setup, {option}).item_delta_coins.value == 4.5);
    setup.smile = SmileRule{1.5};
    const HedgeFigures figures = figures_of(setup, {option, holding(-3)});
    CHECK(figures.item_delta_coins.value == 3.75);
    CHECK(figures.ratio.value == doctest::Approx(0.8));
    setup.view = DeltaView::NetTransaction;
    CHECK(figures_of(setup, {option}).item_delta_coins.value == 1.75);
  }

  TEST_CASE("legs that offset 80 % of the item give a ratio of 0.8") {
    const HedgeFigures figures = figures_of(relationship(), {holding(10), holding(-6), holding(-2)});
    CHECK(figures.item_delta_coins.value == 10);
    CHECK(figures.legs_delta_coins.value == -8);
    CHECK(figures.net_delta_coins.value == 2);
    CHECK(figures.net_delta_usd.value == 100'000);
    CHECK(figures.ratio.value == doctest::Approx(0.8));
    CHECK(figures.over.value == 0);
    CHECK(figures.under.value == doctest::Approx(0.2));
    CHECK(figures.wrong_way.value == 0);
    CHECK(figures.usage_delta.value == 2);
  }

  TEST_CASE("legs of another underlying count by their dollars over beta, and in deltas alone") {
    const HedgeSetup setup = relationship();
    const std::vector<PositionRisk> item{holding(10, 0.5, 100)};
    const std::vector<PositionRisk> legs{holding(-100, -3, 40, 2), holding(50)};
    std::vector<HedgePart> parts(2);
    parts[0].sum = sum_hedge(item, std::vector<unsigned char>{0}, std::vector<double>{1}, setup);
    parts[0].index_price = {50'000, kKnown};
    parts[1].sum = sum_hedge(legs, std::vector<unsigned char>{1, 0}, std::vector<double>{1, 0}, setup);
    parts[1].index_price = {3'000, kKnown};
    parts[1].cross = true;
    CrossRate cross{.beta = {1.25, kKnown}, .item_price = {50'000, kKnown}};
    // A coin of the legs is 3,000 / (1.25 * 50,000) = 0.048 of the item's; the second position is not the hedge's.
    HedgeFigures figures = hedge_figures(setup, parts, {}, kKnown, cross);
    CHECK(figures.legs_delta_coins.value == doctest::Approx(-4.8));
    CHECK(figures.net_delta_coins.value == doctest::Approx(5.2));
    CHECK(figures.net_delta_usd.value == doctest::Approx(260'000));
    CHECK(figures.ratio.value == doctest::Approx(0.48));
    CHECK(figures.neutrality_delta.value == doctest::Approx(1 - 5.2 / 14.8));
    CHECK(figures.neutrality_gamma.value == 0);
    CHECK(figures.neutrality_vega.value == 0);

    cross.beta.quality = Quality::unknown(FigureReason::WarmingUp);
    figures = hedge_figures(setup, parts, {}, kKnown, cross);
    CHECK(figures.item_delta_coins.quality.ok());
    CHECK(figures.held.ok());
    CHECK(figures.net_delta_coins.quality.reason() == FigureReason::WarmingUp);
    CHECK(figures.ratio.quality.reason() == FigureReason::WarmingUp);
    cross = {.beta = {1.25, kKnown}, .item_price = {0, kKnown}};
    CHECK(hedge_figures(setup, parts, {}, kKnown, cross).net_delta_coins.quality.reason() == FigureReason::NotFinite);
  }

  TEST_CASE("hedges take the same positions when book, underlying, legs and shares are the same, whole ones written out or not") {
    HedgeSetup one = relationship();
    one.book = "desk";
    one.underlying = "BTC";
    one.legs = {{.venue = Venue::Deribit, .symbol = "BTC-PERPETUAL"}, {.venue = Venue::Deribit, .symbol = "BTC-26MAR27"}};
    HedgeSetup other = one;
    other.target_ratio = 0.9;
    other.leg_shares = {1, 1};
    CHECK(takes_the_same(one, other));
    other.leg_shares = {1, 0.5};
    CHECK_FALSE(takes_the_same(one, other));
    other.leg_shares = {};
    for (std::string HedgeSetup::*member : {&HedgeSetup::book, &HedgeSetup::underlying, &HedgeSetup::leg_underlying}) {
      HedgeSetup elsewhere = other;
      elsewhere.*member = "other";
      CHECK_FALSE(takes_the_same(one, elsewhere));
    }
    other.legs.pop_back();
    CHECK_FALSE(takes_the_same(one, other));
  }

  TEST_CASE("of a shared leg only the share counts, in each Greek and in what gross is") {
    const std::vector<PositionRisk> positions{holding(10), holding(-8), holding(-4)};
    const std::vector<unsigned char> legs{0, 1, 1};
    const HedgeSum sum = sum_hedge(positions, legs, std::vector<double>{1, 0.75, 1}, relationship());
    CHECK(sum.item_coins == 10);
    CHECK(sum.legs_coins == -10);
    CHECK(sum.legs_gross_coins == 10);
    CHECK(sum.delta.gross == 20);
    CHECK(sum.gamma.net ==
          doctest::Approx(positions[0].total.gamma_coins_per_percent + 0.75 * positions[1].total.gamma_coins_per_percent +
                          positions[2].total.gamma_coins_per_percent));
  }

  TEST_CASE("a leg's share is that of the first pattern that matches, all of it where none is stated, and none in the item") {
    HedgeSetup setup = relationship();
    setup.legs = {{Venue::Deribit, "BTC-PERPETUAL"}, {Venue::Deribit, "BTC-*"}};
    CHECK(leg_share(setup, Venue::Deribit, "BTC-27MAR26") == 1);
    setup.leg_shares = {0.4, 0.9};
    CHECK(leg_share(setup, Venue::Deribit, "BTC-PERPETUAL") == 0.4);
    CHECK(leg_share(setup, Venue::Deribit, "BTC-27MAR26") == 0.9);
    CHECK_FALSE(leg_share(setup, Venue::Okx, "BTC-PERPETUAL").has_value());
  }

  TEST_CASE("over- and under-hedge are measured against the target") {
    HedgeSetup setup = relationship();
    setup.target_ratio = 0.5;
    const HedgeFigures figures = figures_of(setup, {holding(10), holding(-8)});
    CHECK(figures.over.value == doctest::Approx(0.3));
    CHECK(figures.under.value == 0);
  }

  TEST_CASE("legs of the item's own sign are the wrong way, with a negative ratio") {
    for (const double side : {1.0, -1.0}) {
      const HedgeFigures figures = figures_of(relationship(), {holding(side * 10), holding(side * 4)});
      CHECK(figures.wrong_way.value == 1);
      CHECK(figures.ratio.value == doctest::Approx(-0.4));
      CHECK(figures.under.value == doctest::Approx(1.4));
    }
  }

  TEST_CASE("the view decides which delta is hedged") {
    HedgeSetup setup = relationship();
    setup.view = DeltaView::NetTransaction;
    CHECK(figures_of(setup, {holding(10), holding(-8)}).item_delta_coins.value == 5);
    setup.view = DeltaView::WithEquity;
    const EquityPart equity{.coins = {3, kKnown}, .usd = {150'000, kKnown}};
    const HedgeFigures figures = figures_of(setup, {holding(10), holding(-8)}, equity);
    CHECK(figures.item_delta_coins.value == 8);
    CHECK(figures.net_delta_coins.value == 4);
    CHECK(figures.net_delta_usd.value == 1 * 50'000 + 150'000);
  }

  TEST_CASE("equity that is not known makes only the view that needs it unknown") {
    HedgeSetup setup = relationship();
    const EquityPart equity{.coins = {0, Quality::unknown(FigureReason::MissingEquity)},
                            .usd = {0, Quality::unknown(FigureReason::MissingEquity)}};
    CHECK(figures_of(setup, {holding(10), holding(-8)}, equity).ratio.quality.ok());
    setup.view = DeltaView::WithEquity;
    CHECK(figures_of(setup, {holding(10), holding(-8)}, equity).ratio.quality.reason() == FigureReason::MissingEquity);
  }

  TEST_CASE("ratios near nothing are inconclusive while the net delta stays live") {
    struct Row {
      std::string why;
      double item, leg, lot, soft_limit;
      bool conclusive;
    };
    const Row rows[] = {
        {"above every threshold", 1.2, -1, 0.5, 1, true},   {"below the soft limit", 0.9, -1, 0.5, 1, false},
        {"below one lot", 1.2, -1, 1.5, 1, false},          {"below 5 % of the legs' gross delta", 1.2, -30, 0.5, 1, false},
        {"exactly at the soft limit", 1, -1, 0.5, 1, true}, {"nothing at all", 0, 0, 0, 0, false},
    };
    for (const Row& row : rows) {
      CAPTURE(row.why);
      HedgeSetup setup = relationship();
      setup.soft_delta_limit_coins = row.soft_limit;
      const HedgeFigures figures = figures_of(setup, {holding(row.item), holding(row.leg, 0, 0, row.lot)});
      for (const Estimate* ratio : {&figures.ratio, &figures.over, &figures.under, &figures.wrong_way}) {
        CHECK(ratio->quality.ok() == row.conclusive);
        if (!row.conclusive) CHECK(ratio->quality.reason() == FigureReason::Inconclusive);
      }
      CHECK(figures.net_delta_coins.quality.ok());
      CHECK(figures.net_delta_coins.value == row.item + row.leg);
    }
  }

  TEST_CASE("neutrality of each Greek is 1 minus net over gross, and nothing without a gross") {
    const HedgeFigures figures = figures_of(relationship(), {holding(10, 0.4, 0), holding(-6, -0.1, 0), holding(-2, 0, 0)});
    CHECK(figures.neutrality_delta.value == doctest::Approx(1 - 2.0 / 18));
    CHECK(figures.neutrality_gamma.value == doctest::Approx(1 - 0.3 / 0.5));
    CHECK(figures.neutrality_vega.quality.reason() == FigureReason::Empty);
  }

  TEST_CASE("limit usage is the size of the net Greek over its limit") {
    HedgeSetup setup = relationship();
    setup.soft_delta_limit_coins = 4;
    setup.gamma_limit_coins_per_percent = 0.2;
    setup.vega_limit_usd_per_vol_point = 500;
    const HedgeFigures figures = figures_of(setup, {holding(10, -0.3, 1'000), holding(-12, 0, -250)});
    CHECK(figures.usage_delta.value == 0.5);
    CHECK(figures.usage_gamma.value == doctest::Approx(1.5));
    CHECK(figures.usage_vega.value == 1.5);
  }

  TEST_CASE("an unpriced leg spoils what depends on legs and leaves the item alone") {
    PositionRisk leg = holding(0);
    leg.delta = Quality::unknown(FigureReason::MissingMark);
    const HedgeFigures figures = figures_of(relationship(), {holding(10), leg});
    CHECK(figures.item_delta_coins.quality.ok());
    CHECK(figures.legs_delta_coins.quality.reason() == FigureReason::MissingMark);
    CHECK(figures.net_delta_coins.quality.reason() == FigureReason::MissingMark);
    CHECK(figures.ratio.quality.reason() == FigureReason::MissingMark);
    CHECK(figures.neutrality_vega.quality.reason() == FigureReason::Empty);
  }

  TEST_CASE("a book whose positions are not known has no hedge figure") {
    const HedgeFigures figures =
        figures_of(relationship(), {holding(10), holding(-10)}, {}, Quality::unknown(FigureReason::FeedDown));
    for (const Estimate* figure : {&figures.item_delta_coins, &figures.legs_delta_coins, &figures.net_delta_usd, &figures.ratio,
                                   &figures.neutrality_delta, &figures.usage_delta})
      CHECK(figure->quality.reason() == FigureReason::FeedDown);
  }
}
