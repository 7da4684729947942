#include "config/tables/tables.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "config/shown.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"
#include "core/types/duration_text.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kEndpointForm = "wss://HOST[:PORT]/PATH such as \"wss://www.deribit.com/ws/api/v2\"";
constexpr std::string_view kBaseForm = "wss://HOST[:PORT][/PATH], what the addresses of its streams begin with";
constexpr std::string_view kRestForm = "https://HOST[:PORT][/PATH], what the addresses of its calls begin with";

template <class Parse>
void take_address(TableReader& table, const std::optional<Found<std::string>>& found, Parse&& parse, std::string_view form,
                  Endpoint& into) {
  if (!found) return;
  auto parsed = parse(found->value);
  if (parsed.ok())
    into = std::move(parsed).value();
  else
    // The text is not repeated: an address may carry a password.
    table.fault(*found, "is " + std::string{parsed.error()} + ", must be " + std::string{form});
}

/// Deribit has one address; the others have several, which are known and replaced together.
void read_addresses(TableReader& table, VenueConfig& venue) {
  if (venue.kind == Venue::Deribit)
    return take_address(table, table.required_text("endpoint", kEndpointForm), parse_endpoint, kEndpointForm, venue.endpoint);
  const auto endpoint = table.text("endpoint", kBaseForm);
  const auto rest = table.text("rest_endpoint", kRestForm);
  take_address(table, endpoint, parse_endpoint, kBaseForm, venue.endpoint);
  take_address(table, rest, parse_rest_endpoint, kRestForm, venue.rest_endpoint);
  if (endpoint && !rest) table.missing("rest_endpoint", std::string{kRestForm} + " (beside endpoint)");
  if (rest && !endpoint) table.missing("endpoint", std::string{kBaseForm} + " (beside rest_endpoint)");
  if (venue.endpoint.path == "/") venue.endpoint.path.clear();
  if (venue.rest_endpoint.path == "/") venue.rest_endpoint.path.clear();
}

void read_network(TableReader& table, VenueConfig& venue) {
  static constexpr std::array<Choice<bool>, 2> kNetworks{{{"production", true}, {"testnet", false}}};
  const auto network = table.required_text("network", choices_of(kNetworks));
  const auto production = chosen(table, network, kNetworks);
  if (production) venue.production = *production;

  std::string_view production_host;
  bool contradicted = false;
  for (const Endpoint* endpoint : {&venue.endpoint, &venue.rest_endpoint}) {
    if (endpoint->host.empty()) continue;
    const HostKind kind = host_kind(venue.kind, endpoint->host);
    if (kind == HostKind::Production && production_host.empty()) production_host = endpoint->host;
    if (!production || contradicted || kind == HostKind::Other || *production == (kind == HostKind::Production)) continue;
    contradicted = true;
    table.fault(*network, "is " + shown(network->value) + ", must be " + (*production ? "\"testnet\"" : "\"production\"") +
                              " for " + shown(endpoint->host));
  }

  if (venue.kind != Venue::Deribit && venue.endpoint.host.empty() && venue.production) production_host = "the venue's own";
  if (!production_host.empty()) {
    const auto ca_file = table.text("ca_file", "left out");
    if (ca_file)
      table.fault(*ca_file, "is " + shown(ca_file->value) + ", must be left out for the production host " + shown(production_host) +
                                ": a private authority could stand in for the exchange");
  } else {
    venue.ca_file = read_absolute_path(table, "ca_file");
  }
}

/// Markets in the venue's own words.
void read_products(TableReader& table, VenueConfig& venue) {
  static constexpr std::array<std::string_view, 4> kBinance{"spot", "usd_margined", "coin_margined", "options"};
  static constexpr std::array<std::string_view, 4> kBybit{"spot", "linear", "inverse", "option"};
  if (venue.kind != Venue::Binance && venue.kind != Venue::Bybit) return;
  const auto& known = venue.kind == Venue::Binance ? kBinance : kBybit;
  const std::string form = one_of(known);
  for (const Found<std::string>& product : table.required_texts("products", form)) {
    if (std::ranges::find(known, product.value) == known.end())
      table.fault(product, "is " + shown(product.value) + ", must be " + form);
    else if (std::ranges::find(venue.products, product.value) != venue.products.end())
      fault_repeated(table, product);
    else
      venue.products.push_back(product.value);
  }
}

}  // namespace

void read_venue(TableReader& table, CrossReferences& references, Config& config) {
  static constexpr std::array<Choice<Venue>, 4> kKinds{
      {{"deribit", Venue::Deribit}, {"binance", Venue::Binance}, {"okx", Venue::Okx}, {"bybit", Venue::Bybit}}};
  VenueConfig venue;
  const auto kind = table.required_text("kind", choices_of(kKinds));
  bool kind_is_good = false;
  if (const auto known = chosen(table, kind, kKinds); !known) {
    references.venues.complete = false;
  } else if (const auto* other = references.venues.find(kind->value)) {
    venue.kind = *known;
    table.fault(*kind, "is " + shown(kind->value) + " again, must be the only [[venue]] of its kind (line " +
                           std::to_string(other->line) + " has one)");
  } else {
    venue.kind = *known;
    kind_is_good = true;
    references.venues.add(kind->value, kind->at.line);
  }

  read_addresses(table, venue);
  read_network(table, venue);
  read_products(table, venue);
  venue.currencies = as_asset_codes(table, table.required_texts("currencies", kAssetCodeForm));
  venue.watch = references.as_patterns(table, table.texts("watch", kPatternForm));
  venue.books = references.as_patterns(table, table.texts("books", kInstrumentForm), true);
  read_duration(table, "market_data_max_age", 1s, 24h, venue.market_data_max_age);
  read_duration(table, "account_max_age", 1s, 24h, venue.account_max_age);
  constexpr std::string_view kCarryForm = "a number from -1 to 1 (a continuous rate per year)";
  const auto carry = table.number("carry_rate", kCarryForm);
  if (carry && !(carry->value >= -1 && carry->value <= 1))
    table.fault(*carry, "is " + shown(carry->value) + ", must be " + std::string{kCarryForm});
  if (carry) venue.carry_rate = carry->value;
  if (const auto par = table.boolean("stablecoins_at_par", "true or false")) venue.stablecoins_at_par = par->value;

  const auto heartbeat = read_duration(table, "heartbeat_interval", 10s, 10min, venue.heartbeat_interval);
  if (heartbeat && venue.heartbeat_interval % 1s != 0ns)
    table.fault(*heartbeat, "is " + shown(heartbeat->value) + ", must be a whole number of seconds");
  read_duration(table, "max_lag", 100ms, 10min, venue.max_lag);
  const auto silence = read_duration(table, "silence_limit", 1s, 1h, venue.silence_limit);
  if (!(venue.silence_limit > venue.heartbeat_interval)) {
    const Found<std::string>& culprit = silence ? *silence : *heartbeat;
    table.fault(culprit, silence ? "is " + shown(culprit.value) + ", must be longer than heartbeat_interval (" +
                                       duration_text(venue.heartbeat_interval) + ")"
                                 : "is " + shown(culprit.value) + ", must be shorter than silence_limit (" +
                                       duration_text(venue.silence_limit) + ")");
  }
  table.finish();
  if (kind_is_good) config.venues.push_back(std::move(venue));
}

}  // namespace hedgewatch
