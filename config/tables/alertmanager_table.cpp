#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "config/shown.hpp"
#include "config/tables/rule_parts.hpp"
#include "config/tables/tables.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLongestUser = 128;

/// KIND_credential or KIND_file, at most one.
TokenConfig read_secret_place(TableReader& table, const std::string& kind) {
  TokenConfig token;
  const auto credential = table.text(kind + "_credential", kCredentialForm);
  token.file = read_absolute_path(table, kind + "_file");
  if (!credential) return token;
  if (!is_credential_name(credential->value))
    // Not repeated: it may be the secret itself.
    table.fault(*credential, "is no credential's name, must be " + std::string{kCredentialForm});
  else if (table.has(kind + "_file"))
    table.fault(*credential, "is given beside " + kind + "_file, must be the only one of the two");
  token.credential = credential->value;
  return token;
}

/// A colon ends the name in the header.
bool is_user_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestUser &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7F && c != ':'; });
}

/// A bearer token, or a user with a password, or neither.
TokenConfig read_authentication(TableReader& table) {
  constexpr std::string_view kUserForm = "a name of 1 to 128 printable characters without a colon";
  const TokenConfig token = read_secret_place(table, "token");
  const auto user = table.text("basic_auth_user", kUserForm);
  TokenConfig password = read_secret_place(table, "basic_auth");
  const bool has_password = !password.credential.empty() || !password.file.empty();
  if (!user) {
    if (has_password) table.missing("basic_auth_user", std::string{kUserForm} + ": whose password is given");
    return token;
  }
  if (!is_user_name(user->value))
    table.fault(*user, "is no user's name, must be " + std::string{kUserForm});
  else if (!token.credential.empty() || !token.file.empty())
    table.fault(*user, "is given beside a token, must be the only one of the two");
  else if (!has_password && !table.has("basic_auth_credential") && !table.has("basic_auth_file"))
    table.missing("basic_auth_credential", std::string{kCredentialForm} + ", or basic_auth_file: the user's password");
  password.user = user->value;
  return password;
}

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
