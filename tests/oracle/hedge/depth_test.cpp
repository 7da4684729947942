#include <vector>

#include "core/hedge/depth_walk.hpp"
#include "oracle/hedge/oracle_rows.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

/// The file's levels, best first, as a book keeps them: best last.
std::vector<OrderBook::Level> levels_of(simdjson::dom::element side) {
  std::vector<OrderBook::Level> levels;
  for (const simdjson::dom::element level : side.get_array())
    levels.insert(levels.begin(), {Price::from_raw(std::llround(oracle_number(level.at(0)) * 1e9)),
                                   Size::from_raw(std::llround(oracle_number(level.at(1)) * 1e9))});
  return levels;
}

}  // namespace

TEST_SUITE("oracle/hedge/depth") {
  TEST_CASE("walking a book agrees with the oracle: mean price, slippage, impact, cost, and what is unfilled") {
    for_each_case("depth", 40, [](simdjson::dom::element row) {
      const simdjson::dom::element expect = row["expect"];
      const Side order = std::string_view{row["side"]} == "buy" ? Side::Buy : Side::Sell;
      const auto bids = levels_of(row["bids"]);
      const auto asks = levels_of(row["asks"]);
      const double mid = (bids.back().price.to_double() + asks.back().price.to_double()) / 2;
      const bool inverse = bool{row["inverse"]};
      const auto& levels = order == Side::Buy ? asks : bids;
      const DepthSide side{.levels = levels, .mid = mid, .unit = inverse ? SizeUnit::Quote : SizeUnit::Base};
      const double size = oracle_number(row["size"]);
      const DepthWalk walk = walk_depth(side, order, size);

      agree(mid, oracle_number(expect["mid"]), mid, "mid");
      agree(walk.filled, oracle_number(expect["filled"]), size, "filled");
      agree(walk.unfilled, oracle_number(expect["unfilled"]), size, "unfilled");
      CHECK(walk.levels_touched == static_cast<std::size_t>(std::int64_t{expect["levels_touched"]}));
      agree(walk.worst_price, oracle_number(expect["worst_price"]), mid, "worst_price");
      agree(walk.average_price, oracle_number(expect["avg_price"]), mid, "avg_price");
      agree(walk.slippage, oracle_number(expect["slippage_abs"]), mid, "slippage_abs");
      agree(walk.slippage / mid * 1e4, oracle_number(expect["slippage_bps"]), 1e4, "slippage_bps");
      const double half_spread = std::abs(levels.back().price.to_double() - mid) / mid * 1e4;
      agree(half_spread, oracle_number(expect["half_spread_bps"]), 1e4, "half_spread_bps");
      agree(walk.slippage / mid * 1e4 - half_spread, oracle_number(expect["impact_bps"]), 1e4, "impact_bps");

      const auto cost = slippage_cost(walk, side, order);
      CHECK(cost.has_value() == !(oracle_number(expect["unfilled"]) > 0));
      CHECK(slippage_ratio(walk, mid).has_value() == cost.has_value());
      if (!cost) return;
      if (inverse)
        agree(*cost / mid, oracle_number(expect["cost_coin"]), size / mid, "cost_coin");
      else
        agree(*cost, oracle_number(expect["cost_quote"]), size * mid, "cost_quote");
      const DepthSplit split = split_depth({&side, 1}, order, inverse ? size / mid : size);
      agree(split.cost_quote, *cost, inverse ? size : size * mid, "the same as a split over one book");
    });
  }
}
