#include "config/tables/tables.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/shown.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

namespace {

constexpr std::size_t kMostAccounts = 64;

/// A secret is named by one of two keys, and never stands in the file itself.
void read_secret_source(TableReader& table, std::string_view credential_key, std::string_view file_key, bool given_inline,
                        std::string& credential_name, std::string& file) {
  const bool both = table.has(credential_key) && table.has(file_key);
  auto credential = table.text(credential_key, kCredentialForm);
  if (credential && !is_credential_name(credential->value)) {
    // Not repeated: it may be the secret itself.
    table.fault(*credential, "is no credential's name, must be " + std::string{kCredentialForm});
    credential.reset();
  }
  if (credential) credential_name = credential->value;
  file = read_absolute_path(table, file_key);
  if (both && credential)
    table.fault(*credential, "is given beside " + std::string{file_key} + ", must be the only one of the two");
  else if (!table.has(credential_key) && !table.has(file_key) && !given_inline)
    table.missing(credential_key, std::string{kCredentialForm} + " (or " + std::string{file_key} + " given)");
}

/// One of the venue's configured products.
void read_product(TableReader& table, const Config& config, AccountConfig& account) {
  const auto venue = std::ranges::find(config.venues, account.venue, &VenueConfig::kind);
  if (venue == config.venues.end() || venue->kind != Venue::Binance) return;
  const std::vector<std::string_view> known{venue->products.begin(), venue->products.end()};
  const std::string form = "one of the venue's products: " + one_of(known);
  const auto product = table.required_text("product", form);
  if (!product) return;
  if (std::ranges::find(venue->products, product->value) == venue->products.end())
    table.fault(*product, "is " + shown(product->value) + ", must be " + form);
  else
    account.product = product->value;
}

void read_collateral(TableReader& account, AccountConfig& config) {
  constexpr std::string_view kHaircutForm = "a fraction of the price, from 0 and below 1";
  std::vector<TableReader> tables;
  (void)account.tables("collateral", tables);
  for (TableReader& table : tables) {
    const auto asset = table.required_text("asset", kAssetCodeForm);
    const auto haircut = table.required_number("haircut_ratio", kHaircutForm);
    const auto codes = asset ? as_asset_codes(table, {*asset}) : std::vector<std::string>{};
    const bool usable = haircut && haircut->value >= 0 && haircut->value < 1;
    if (haircut && !usable) table.fault(*haircut, "is " + shown(haircut->value) + ", must be " + std::string{kHaircutForm});
    const bool twice = !codes.empty() && std::any_of(config.collateral.begin(), config.collateral.end(),
                                                     [&](const AccountConfig::Haircut& one) { return one.asset == codes.front(); });
    if (twice) table.fault(*asset, "is " + shown(asset->value) + " again, must be listed once");
    table.finish();
    if (!codes.empty() && usable && !twice) config.collateral.push_back({codes.front(), haircut->value});
  }
}

/// What the venue lets the account send. Nothing is assumed of either number: venues change them by account and tier.
void read_order_rate(TableReader& account, AccountConfig& config) {
  constexpr std::string_view kOrdersForm = "an integer from 1 to 10000";
  constexpr std::string_view kWindowForm = "a duration from \"1s\" to \"1h\"";
  auto table = account.table("order_rate");
  if (!table) return;
  OrderAllowance allowance;
  read_count(*table, "orders", 1, 10'000, allowance.orders);
  read_duration(*table, "window", std::chrono::seconds{1}, std::chrono::hours{1}, allowance.window);
  if (!table->has("orders")) table->missing("orders", kOrdersForm);
  if (!table->has("window")) table->missing("window", kWindowForm);
  table->finish();
  if (allowance.orders > 0 && allowance.window.count() > 0) config.order_rate = allowance;
}

}  // namespace

void read_account(TableReader& table, CrossReferences& references, Config& config) {
  static constexpr std::array<Choice<AuthMethod>, 2> kMethods{
      {{"client_signature", AuthMethod::ClientSignature}, {"client_credentials", AuthMethod::ClientCredentials}}};
  AccountConfig account;
  const auto name = read_name(table, references.accounts);
  if (const auto venue = table.required_text("venue", "the kind of a configured [[venue]]")) {
    if (references.venues.find(venue->value) != nullptr)
      account.venue = *venue_from_label(venue->value);
    else if (references.venues.complete)
      table.fault(*venue,
                  "is " + shown(venue->value) + ", must be the kind of a configured [[venue]]: " + references.venues.choices());
  }

  constexpr std::string_view kClientIdForm = "the API key's client id, 1 to 64 letters, digits, '-', '_' or '.'";
  if (auto client_id = table.required_text("client_id", kClientIdForm)) {
    if (is_credential_name(client_id->value))
      account.client_id = std::move(client_id->value);
    else
      table.fault(*client_id, "is " + shown(client_id->value) + ", must be " + std::string{kClientIdForm});
  }
  read_secret_source(table, "secret_credential", "secret_file", table.has("secret") || table.has("client_secret"),
                     account.secret_credential, account.secret_file);
  if (account.venue == Venue::Okx)
    read_secret_source(table, "passphrase_credential", "passphrase_file", table.has("passphrase"), account.passphrase_credential,
                       account.passphrase_file);
  if (account.venue == Venue::Deribit) read_choice(table, "auth", kMethods, account.auth);
  read_product(table, config, account);
  if (const auto allow = table.boolean("allow_trading_scope", "true or false")) account.allow_trading_scope = allow->value;
  read_collateral(table, account);
  read_order_rate(table, account);
  table.finish();

  if (references.accounts.size() == kMostAccounts + 1)
    table.fault(table.at(), table.path(),
                "is account " + std::to_string(kMostAccounts + 1) + ", must be at most " + std::to_string(kMostAccounts));
  if (name) {
    account.name = name->value;
    config.accounts.push_back(std::move(account));
  }
}

}  // namespace hedgewatch
