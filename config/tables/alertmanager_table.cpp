#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "config/shown.hpp"
#include "config/tables/authentication.hpp"
#include "config/tables/rule_parts.hpp"
#include "config/tables/tables.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

}  // namespace

AlertmanagerConfig read_alertmanager(TableReader& table) {
  constexpr std::string_view kAddressForm =
      "https://HOST[:PORT], or http:// to a loopback address such as \"http://127.0.0.1:9093\"";
  AlertmanagerConfig alertmanager;
  for (const auto& found : table.required_texts("urls", kAddressForm)) {
    const auto address = parse_http_address(found.value);
    if (!address.ok()) {
      table.fault(found, "is " + std::string{address.error()} + ", must be " + std::string{kAddressForm});
      continue;
    }
    alertmanager.receivers.push_back(address.value());
  }
  alertmanager.token = read_authentication(table);
  alertmanager.state_file = read_absolute_path(table, "state_file");
  read_duration(table, "resend_interval", 1s, 10min, alertmanager.resend_interval);
  if (auto runbooks = table.text("runbooks", "a folder or an address: where the runbooks are"))
    alertmanager.runbooks = std::move(runbooks->value);
  if (auto owner = table.text("owner", kOwnerForm)) alertmanager.owner = std::move(owner->value);
  if (const auto starter = table.boolean("starter_rules", "true or false")) alertmanager.starter_rules = starter->value;
  table.finish();
  return alertmanager;
}

WebhookConfig read_webhook(TableReader& table) {
  constexpr std::string_view kAddressForm = "https://HOST[:PORT][/PATH], or http:// to a loopback address";
  WebhookConfig webhook;
  if (const auto url = table.required_text("url", kAddressForm)) {
    const auto address = parse_http_address(url->value);
    if (address.ok())
      webhook.address = address.value();
    else
      table.fault(*url, "is " + std::string{address.error()} + ", must be " + std::string{kAddressForm});
  }
  webhook.token = read_authentication(table);
  table.finish();
  return webhook;
}

}  // namespace hedgewatch
