#include "feeds/simulator/market_drills.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "feeds/simulator/json_text.hpp"

namespace hedgewatch::simulator {
namespace {

RpcReply trade(SyntheticMarket& market, const Params& params, const InstrumentFinder& find) {
  const auto index = find(params.text("instrument_name").value_or(""));
  const auto direction = params.text("direction").value_or("");
  const auto amount = params.number("amount");
  if (!index) return RpcError{10020, "invalid_or_unsupported_instrument", {}};
  if ((direction != "buy" && direction != "sell") || !amount || !(*amount > 0))
    return invalid_params("amount", R"(send {"instrument_name":"BTC-PERPETUAL","direction":"buy","amount":1000})");
  market.submit(*index, direction == "buy", *amount);
  return std::string{"\"ok\""};
}

std::string index_name_of(std::string_view name) {
  std::string index_name = lower_case(name);
  std::replace(index_name.begin(), index_name.end(), '-', '_');
  return index_name;
}

std::optional<std::size_t> underlying_named(const SyntheticMarket& market, std::string_view name) {
  const std::string index_name = index_name_of(name);
  for (std::size_t u = 0; u < market.underlyings().size(); ++u)
    if (market.underlyings()[u].index_name == index_name) return u;
  return std::nullopt;
}

std::optional<std::size_t> stablecoin_named(const SyntheticMarket& market, std::string_view name) {
  const std::string index_name = index_name_of(name);
  for (std::size_t s = 0; s < market.stablecoins().size(); ++s)
    if (market.stablecoins()[s].index_name == index_name) return s;
  return std::nullopt;
}

RpcReply stress(SyntheticMarket& market, const Params& params) {
  const auto underlying = underlying_named(market, params.text("index_name").value_or(""));
  if (!underlying) return invalid_params("index_name");
  const MarketStress stress{.spread_multiple = params.number("spread_multiple").value_or(1),
                            .depth_divisor = params.number("depth_divisor").value_or(1),
                            .basis_ratio = params.number("basis_ratio").value_or(0),
                            .basis_noise_ratio = params.number("basis_noise_ratio").value_or(0)};
  if (!(stress.spread_multiple >= 1) || !(stress.spread_multiple <= 1'000))
    return invalid_params("spread_multiple", "must be between 1 and 1000");
  if (!(stress.depth_divisor >= 1) || !(stress.depth_divisor <= 1e6))
    return invalid_params("depth_divisor", "must be between 1 and 1000000");
  if (!(std::abs(stress.basis_ratio) <= 0.5)) return invalid_params("basis_ratio", "must be between -0.5 and 0.5");
  if (!(stress.basis_noise_ratio >= 0) || !(stress.basis_noise_ratio <= 0.05))
    return invalid_params("basis_noise_ratio", "must be between 0 and 0.05");
  market.stress(*underlying, stress);
  return std::string{"\"ok\""};
}

}  // namespace

std::optional<RpcReply> drill_market(SyntheticMarket& market, std::string_view name, const Params& params,
                                     const InstrumentFinder& find) {
  if (name == "trade") return trade(market, params, find);
  if (name == "stress") return stress(market, params);
  if (name != "index" && name != "vol") return std::nullopt;
  const std::string index_name = params.text("index_name").value_or("");
  const auto underlying = underlying_named(market, index_name);
  const auto stablecoin = name == "index" ? stablecoin_named(market, index_name) : std::nullopt;
  const auto ratio = params.number("move_ratio");
  if (!underlying && !stablecoin) return RpcReply{invalid_params("index_name")};
  if (!ratio || !(*ratio > -0.9) || !(*ratio < 5))
    return RpcReply{invalid_params("move_ratio", "must be between -0.9 and 5, 0.01 is one per cent")};
  if (stablecoin)
    market.shock_stablecoin(*stablecoin, *ratio);
  else if (name == "index")
    market.shock_index(*underlying, *ratio);
  else
    market.shock_vol(*underlying, *ratio);
  return RpcReply{std::string{"\"ok\""}};
}

}  // namespace hedgewatch::simulator
