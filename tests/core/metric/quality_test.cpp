#include "core/metric/quality.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

namespace {

MonoTime at(std::int64_t seconds) { return from_nanoseconds<MonoTime>(seconds * 1'000'000'000); }

}  // namespace

TEST_SUITE("core/metric/quality") {
  TEST_CASE("what depends on nothing is ok and changes nothing it is combined with") {
    CHECK(Quality{}.ok());
    const Quality stale = Quality::stale(at(5), FigureReason::TooOld);
    CHECK(worst(Quality{}, stale) == stale);
    CHECK(worst(stale, Quality{}) == stale);
  }

  TEST_CASE("unknown beats stale, and stale beats ok, whatever the reasons") {
    for (const FigureReason mild : Quality::kMildestFirst)
      for (const FigureReason wide : Quality::kMildestFirst) {
        if (mild == FigureReason::None || wide == FigureReason::None) continue;
        const Quality both = worst(Quality::unknown(mild), Quality::stale(at(1), wide));
        CHECK(both.state() == FigureState::Unknown);
        CHECK(both.reason() == mild);
        CHECK(worst(Quality::fresh(at(2)), Quality::stale(at(3), wide)).state() == FigureState::Stale);
      }
  }

  TEST_CASE("the widest reason is the one that is shown") {
    const Quality vol = Quality::unknown(FigureReason::MissingVol);
    const Quality instrument = Quality::unknown(FigureReason::MissingInstrument);
    CHECK(worst(vol, instrument).reason() == FigureReason::MissingInstrument);
    CHECK(worst(instrument, vol).reason() == FigureReason::MissingInstrument);
    CHECK(worst(Quality::stale(at(1), FigureReason::FeedDown), Quality::stale(at(1), FigureReason::TooOld)).reason() ==
          FigureReason::FeedDown);
  }

  TEST_CASE("the time is that of the oldest input") {
    CHECK(worst(Quality::fresh(at(7)), Quality::fresh(at(4))).as_of() == at(4));
    CHECK(worst(Quality::fresh(at(7)), Quality::stale(at(9), FigureReason::TooOld)).as_of() == at(7));
  }

  TEST_CASE("a verdict is the state and the reason, not the age") {
    CHECK(same_verdict(Quality::fresh(at(7)), Quality::fresh(at(4))));
    CHECK(same_verdict(Quality::stale(at(7), FigureReason::TooOld), Quality::stale(at(4), FigureReason::TooOld)));
    CHECK_FALSE(same_verdict(Quality::fresh(at(7)), Quality::stale(at(7), FigureReason::TooOld)));
    CHECK_FALSE(same_verdict(Quality::stale(at(7), FigureReason::FeedDown), Quality::stale(at(7), FigureReason::TooOld)));
    CHECK_FALSE(same_verdict(Quality::stale(at(7), FigureReason::TooOld), Quality::unknown(FigureReason::TooOld)));
  }
}
