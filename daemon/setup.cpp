#include "daemon/setup.hpp"

#include <algorithm>

#include <vector>

#include "core/alert/starter_rules.hpp"

namespace hedgewatch {

namespace {

/// Binance's options end in -C or -P, its spot pairs in -SPOT.
bool follows_option_book(const VenueConfig& venue) {
  return std::ranges::any_of(venue.books, [](const InstrumentPattern& book) {
    return book.symbol.find('-') != std::string::npos && !book.symbol.ends_with("-SPOT");
  });
}

/// What a venue's market data is split by: Bybit's markets have addresses of their own; each stream of Binance's futures and
/// options belongs to one of two paths. Of options the chain's stream tells marks and quotes: the other path is for books alone.
std::vector<std::string> parts_of(const VenueConfig& venue) {
  if (venue.products.empty()) return {std::string{}};
  if (venue.kind != Venue::Binance) return venue.products;
  std::vector<std::string> parts;
  for (const std::string& product : venue.products) {
    if (product == "spot" || product == "coin_margined") {
      parts.push_back(product);
    } else {
      if (product != "options" || follows_option_book(venue)) parts.push_back(product + "_public");
      parts.push_back(product + "_market");
    }
  }
  return parts;
}

}  // namespace

std::vector<ConnectionPlan> connection_plans(const Config& config) {
  std::vector<ConnectionPlan> plans;
  for (std::size_t index = 0; index < config.venues.size(); ++index) {
    const VenueConfig& venue = config.venues[index];
    for (const std::string& part : parts_of(venue))
      plans.push_back({std::string{label(venue.kind)} + (part.empty() ? "" : "-" + part), index, part});
  }
  for (std::size_t index = 0; index < config.accounts.size(); ++index) {
    const AccountConfig& account = config.accounts[index];
    const auto venue = std::ranges::find(config.venues, account.venue, &VenueConfig::kind);
    if (venue == config.venues.end()) continue;
    plans.push_back({std::string{label(account.venue)} + '/' + account.name,
                     static_cast<std::size_t>(venue - config.venues.begin()), account.product, index});
  }
  return plans;
}

EngineSetup to_engine_setup(const Config& config) {
  EngineSetup setup;
  for (const VenueConfig& venue : config.venues) {
    setup.venues.push_back(
        {venue.kind, venue.market_data_max_age, venue.account_max_age, venue.carry_rate, venue.stablecoins_at_par});
    setup.watch.insert(setup.watch.end(), venue.watch.begin(), venue.watch.end());
    // A followed book is looked at, so its instrument is too.
    setup.watch.insert(setup.watch.end(), venue.books.begin(), venue.books.end());
    setup.order_books.insert(setup.order_books.end(), venue.books.begin(), venue.books.end());
  }
  for (const AccountConfig& account : config.accounts) {
    const AccountId id{static_cast<std::uint16_t>(setup.accounts.size())};
    setup.accounts.push_back(account.name);
    for (const AccountConfig::Haircut& haircut : account.collateral)
      setup.collateral.push_back({.account = id, .asset = haircut.asset, .haircut_ratio = haircut.ratio});
  }
  for (std::size_t i = 0; i < config.accounts.size(); ++i)
    if (config.accounts[i].order_rate)
      setup.allowances.push_back({.account = AccountId{static_cast<std::uint16_t>(i)}, .orders = *config.accounts[i].order_rate});
  for (const ConnectionPlan& plan : connection_plans(config)) {
    setup.connections.push_back(plan.name);
    setup.connection_venues.push_back(config.venues[plan.venue].kind);
    setup.account_connections.push_back(plan.account.has_value());
  }
  setup.profit = config.profit;
  setup.books = config.books;
  setup.hedges = config.hedges;
  // What is to be advised has to be priced, held or not.
  for (const HedgeSetup& hedge : setup.hedges)
    for (const AdviceInstrument& advice : hedge.advice) setup.watch.push_back(advice.instrument);
  setup.scenario = config.scenario;
  setup.vol_exposure = config.exposure;
  if (config.alertmanager.starter_rules) setup.alerts = starter_rules(config.hedges);
  // A rule of the file takes the place of the starter rules of its name.
  std::erase_if(setup.alerts, [&config](const AlertRule& starter) {
    return std::any_of(config.alerts.begin(), config.alerts.end(), [&](const AlertRule& own) { return own.name == starter.name; });
  });
  for (AlertRule& starter : setup.alerts)
    if (starter.owner.empty() && starter.condition != AlertCondition::Unknown) starter.owner = config.alertmanager.owner;
  setup.alerts.insert(setup.alerts.end(), config.alerts.begin(), config.alerts.end());
  return setup;
}

}  // namespace hedgewatch
