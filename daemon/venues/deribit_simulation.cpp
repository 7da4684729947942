#include <utility>

#include "daemon/commands/simulate_command.hpp"
#include "feeds/simulator/deribit_exchange.hpp"
#include "feeds/simulator/recorded_content.hpp"
#include "feeds/simulator/synthetic_content.hpp"

namespace hedgewatch {

namespace {

/// What the account holds of each stablecoin, in coins of it.
constexpr double kStablecoinCash = 250'000;

}  // namespace

Simulation make_deribit_simulation(const SimulateOptions& options, std::string secret, WallTime wall) {
  std::unique_ptr<simulator::VenueContent> content;
  if (options.frames.empty()) {
    simulator::SyntheticContentConfig config;
    config.market.seed = options.seed;
    config.market.start = market_start(options, wall);
    config.market.strikes_per_side = options.strikes_per_side;
    config.market.jumps_per_day = options.jumps_per_day;
    config.account.seed = options.seed;
    config.market.stablecoins = {{.currency = "USDC"}};
    config.account.stablecoin_cash = kStablecoinCash;
    content = std::make_unique<simulator::SyntheticContent>(config);
  } else {
    auto recorded = simulator::RecordedContent::load(options.frames, {.speed = options.speed});
    if (!recorded) return options.frames.string() + ": " + recorded.error();
    content = std::move(recorded).value();
  }
  std::unique_ptr<simulator::SimulatedExchange> exchange = std::make_unique<simulator::DeribitExchange>(
      simulator::DeribitExchangeConfig{.seed = options.seed,
                                       .keys = {{options.client_id, std::move(secret), options.trading_key}},
                                       .token_lifetime = options.token_lifetime,
                                       .check_signature_age = options.frames.empty() && !options.start_time},
      std::move(content));
  return exchange;
}

}  // namespace hedgewatch
