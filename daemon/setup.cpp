#include "daemon/setup.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/alert/starter_rules.hpp"

namespace hedgewatch {

EngineSetup to_engine_setup(const Config& config) {
  EngineSetup setup;
  for (const VenueConfig& venue : config.venues) {
    setup.venues.push_back(
        {venue.kind, venue.market_data_max_age, venue.account_max_age, venue.carry_rate, venue.stablecoins_at_par});
    setup.connections.emplace_back(label(venue.kind));
    setup.connection_venues.push_back(venue.kind);
    setup.account_connections.push_back(false);
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
    setup.connections.push_back(std::string{label(account.venue)} + '/' + account.name);
    setup.connection_venues.push_back(account.venue);
    setup.account_connections.push_back(true);
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

ConnectionId venue_connection(std::size_t venue_index) { return ConnectionId{static_cast<std::uint8_t>(venue_index)}; }

ConnectionId account_connection(const Config& config, std::size_t account_index) {
  return ConnectionId{static_cast<std::uint8_t>(config.venues.size() + account_index)};
}

}  // namespace hedgewatch
