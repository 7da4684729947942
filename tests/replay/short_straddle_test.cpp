#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core/hedge/bar_profit.hpp"
#include "core/hedge/effectiveness_series.hpp"
#include "daemon/commands/csv.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;

namespace {

constexpr std::array<const char*, 2> kStraddle{"BTC-27MAR26-78000-C", "BTC-27MAR26-78000-P"};

struct Snapshot {
  std::array<BarPrice, 2> options;
  std::array<double, 2> deltas{};
  BarPrice future;
};

/// The straddle's rows by time, oldest first.
std::map<std::int64_t, Snapshot> snapshots() {
  std::istringstream in{testing::read_text(*testing::shared_directory() / "data/series/deribit_panel_2026-02.csv.zst")};
  CsvReader csv{in};
  std::map<std::int64_t, Snapshot> found;
  while (csv.next()) {
    const auto text = [&](const char* column) { return std::string{csv.field(*csv.column(column))}; };
    const auto number = [&](const char* column) { return std::strtod(text(column).c_str(), nullptr); };
    for (std::size_t i = 0; i < kStraddle.size(); ++i) {
      if (text("instrument") != kStraddle[i]) continue;
      Snapshot& snapshot = found[std::stoll(text("ts_ms"))];
      snapshot.options[i] = {.mid = {}, .mark = number("mark"), .forward = number("F"), .index = number("index")};
      snapshot.deltas[i] = number("delta");
      if (i == 0) snapshot.future = {.mid = number("F"), .mark = {}, .forward = 0, .index = number("index")};
    }
  }
  // The rows of a snapshot are seconds apart: forward and index of the call stand for both.
  for (auto& [time, snapshot] : found)
    for (BarPrice& option : snapshot.options) {
      option.forward = *snapshot.future.mid;
      option.index = snapshot.future.index;
    }
  return found;
}

}  // namespace

TEST_SUITE("replay/short_straddle") {
  TEST_CASE("price statistics call a hedge near perfect that does not pay back what a short straddle loses") {
    if (testing::skip_without_shared("replay/short_straddle")) return;
    Contract option;
    option.kind = ContractKind::Option;
    option.style = PayoffStyle::Inverse;
    Contract future;
    future.kind = ContractKind::Future;
    const auto path = snapshots();
    REQUIRE(path.size() == 110);

    const EffectivenessConventions conventions{.bar = std::chrono::hours{6},
                                               .windows = {std::chrono::hours{24 * 60}},
                                               .minimum_pairs = 30,
                                               .half_life = std::chrono::hours{24},
                                               .reference = std::chrono::hours{24 * 60},
                                               .correlation_floor = 0.95,
                                               .offset_floor = 100};
    EffectivenessSeries price{conventions};
    EffectivenessSeries total{conventions};
    EffectivenessSeries delta{conventions};
    double worst_bar = 0;
    for (auto open = path.begin(), close = std::next(open); close != path.end(); ++open, ++close) {
      const Snapshot& a = open->second;
      const Snapshot& b = close->second;
      ReturnPair whole;
      ReturnPair part;
      double straddle_delta = 0;
      for (std::size_t i = 0; i < kStraddle.size(); ++i) {
        const auto gain = bar_profit(option, a.options[i], b.options[i], a.deltas[i], DeltaView::BlackScholes, ProfitCurrency::Usd);
        REQUIRE(gain.has_value());
        whole.exposure -= gain->total;
        part.exposure -= gain->delta;
        straddle_delta -= a.deltas[i];
      }
      // Hedged to flat at every snapshot: the legs are minus the delta, b is minus their profit.
      const auto leg = bar_profit(future, a.future, b.future, 1, DeltaView::BlackScholes, ProfitCurrency::Usd);
      whole.hedge = straddle_delta * leg.value().total;
      part.hedge = straddle_delta * leg.value().delta;
      total.add_bar(whole);
      delta.add_bar(part);
      price.add_bar(ReturnPair{std::log1p((b.future.index - a.future.index) / a.future.index),
                               std::log1p((*b.future.mid - *a.future.mid) / *a.future.mid)});
      worst_bar = std::min(worst_bar, whole.exposure - whole.hedge);
    }

    // Computed from the same rows by a separate program.
    const PairStatistics& on_price = price.windows()[0].pairs;
    CHECK(on_price.count == 109);
    CHECK(on_price.correlation.value() == doctest::Approx(0.9969041173130727).epsilon(1e-10));
    CHECK(on_price.variance_reduction.value() == doctest::Approx(0.9935051279862535).epsilon(1e-10));
    const PairStatistics& on_profit = total.windows()[0].pairs;
    CHECK(on_profit.correlation.value() == doctest::Approx(0.9391886682870211).epsilon(1e-10));
    CHECK(on_profit.beta.value() == doctest::Approx(1.2308669453171788).epsilon(1e-10));
    CHECK(on_profit.variance_reduction.value() == doctest::Approx(0.8510435535063537).epsilon(1e-10));
    CHECK(on_profit.tracking_error.value() == doctest::Approx(310.9633278296297).epsilon(1e-10));
    CHECK(total.offset_since_start().ratio.value() == doctest::Approx(-0.2289456546504094).epsilon(1e-10));
    CHECK(total.offset_since_start().verdict == OffsetVerdict::Ineffective);
    CHECK(total.windows()[0].item_change - total.windows()[0].hedge_change == doctest::Approx(-2408.6989774298063).epsilon(1e-10));
    CHECK(worst_bar == doctest::Approx(-1716.1218374339026).epsilon(1e-10));
    CHECK(delta.windows()[0].pairs.variance_reduction.value() == doctest::Approx(1).epsilon(1e-12));
    CHECK(delta.offset_since_start().verdict == OffsetVerdict::Effective);
  }
}
