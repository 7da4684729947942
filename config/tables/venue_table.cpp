#include "config/tables/tables.hpp"

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

void read_endpoint(TableReader& table, VenueConfig& venue) {
  constexpr std::string_view kEndpointForm = "wss://HOST[:PORT]/PATH such as \"wss://www.deribit.com/ws/api/v2\"";
  const auto endpoint = table.required_text("endpoint", kEndpointForm);
  std::optional<HostKind> host;
  if (endpoint) {
    auto parsed = parse_endpoint(endpoint->value);
    if (parsed.ok()) {
      venue.endpoint = std::move(parsed).value();
      host = host_kind(Venue::Deribit, venue.endpoint.host);
    } else {
      // The text is not repeated: an address may carry a password.
      table.fault(*endpoint, "is " + std::string{parsed.error()} + ", must be " + std::string{kEndpointForm});
    }
  }

  static constexpr std::array<Choice<bool>, 2> kNetworks{{{"production", true}, {"testnet", false}}};
  const auto network = table.required_text("network", choices_of(kNetworks));
  if (const auto production = chosen(table, network, kNetworks)) {
    venue.production = *production;
    if (host && host != HostKind::Other && *production != (host == HostKind::Production))
      table.fault(*network, "is " + shown(network->value) + ", must be " + (*production ? "\"testnet\"" : "\"production\"") +
                                " for " + shown(venue.endpoint.host));
  }

  if (host == HostKind::Production) {
    const auto ca_file = table.text("ca_file", "left out");
    if (ca_file)
      table.fault(*ca_file, "is " + shown(ca_file->value) + ", must be left out for the production host " +
                                shown(venue.endpoint.host) + ": a private authority could stand in for the exchange");
  } else {
    venue.ca_file = read_absolute_path(table, "ca_file");
  }
}

}  // namespace

void read_venue(TableReader& table, CrossReferences& references, Config& config) {
  VenueConfig venue;
  constexpr std::string_view kKindForm = "\"deribit\"";
  const auto kind = table.required_text("kind", kKindForm);
  bool kind_is_good = false;
  if (!kind || kind->value != label(Venue::Deribit)) {
    references.venues.complete = false;
    if (kind)
      table.fault(*kind, "is " + shown(kind->value) + ", must be " + std::string{kKindForm} + ", the only kind of this version");
  } else if (const auto* other = references.venues.find(kind->value)) {
    table.fault(*kind, "is " + shown(kind->value) + " again, must be the only [[venue]] of its kind (line " +
                           std::to_string(other->line) + " has one)");
  } else {
    kind_is_good = true;
    references.venues.add(kind->value, kind->at.line);
  }

  read_endpoint(table, venue);
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
