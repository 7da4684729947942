#include "config/parser.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared_files.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

std::string example(const std::string& name) {
  return testing::read_text(testing::source_directory() / "tests/data/config" / name);
}

/// The faults of a text, one a line.
std::string faults_of(std::string_view text) {
  const auto result = parse_config(text, "x");
  if (result.ok()) return {};
  std::string lines;
  for (const ConfigFault& fault : result.error()) lines += fault.text() + '\n';
  return lines;
}

struct BadExample {
  const char* name;   ///< of the file, without .toml
  const char* fault;  ///< what follows the file name
};

/// One file each, with the one thing that is wrong in its name.
const BadExample kBadExamples[] = {
    {"syntax_unclosed_string",
     "5:16: is no TOML (Error while parsing string: unescaped control characters other than TAB (U+0009) are explicitly "
     "prohibited), must be TOML 1.0"},
    {"syntax_key_twice",
     "14:13: is no TOML (Error while parsing key-value pair: cannot redefine existing string 'client_id'), must be TOML 1.0"},
    {"top_unknown_table",
     "32:2: telemetry: is an unknown key, must be \"daemon\", \"http\", \"journal\", \"capture\", \"venue\", \"account\", "
     "\"positions\", \"book\", "
     "\"position\", \"hedge\", \"scenario\", \"profit\", \"exposure\", \"alert\", \"limit\", \"alertmanager\" or \"webhook\""},
    {"top_plural_table", "22:3: hedges: is an unknown key, must be \"hedge\": write [[hedge]] before each"},
    {"alert_figure_unknown", "34:10: alert[0].figure: is \"hedgewatch_hedge_rato\", must be \"hedgewatch_hedge_ratio\""},
    {"alert_label_unknown", "38:12: alert[0].labels.book: is an unknown key, must be \"hedge\""},
    {"alert_without_condition",
     "32:1: alert[0].above: is missing, must be a limit (above, below or both), change_above, or "
     "unknown = true"},
    {"alert_limits_crossed", "36:9: alert[0].below: is 2, must be less than above (1): no value would be right"},
    {"alert_unknown_beside_limit",
     "38:11: alert[0].unknown: is true beside a limit, must be the only condition: what is unknown is beyond no limit"},
    {"alert_never_clears",
     "37:16: alert[0].clear_margin: is 0.6, must leave values between the limits: the alert could never clear"},
    {"alert_change_without_time",
     "32:1: alert[0].change_within: is missing, must be a duration such as \"5m\", in which change_above is reached"},
    {"alert_change_time_alone",
     "32:1: alert[0].change_above: is missing, must be a positive number in the figure's unit: change_within says in which time it "
     "is reached"},
    {"alert_change_negative", "37:16: alert[0].change_above: is -0.5, must be a positive number in the figure's unit"},
    {"alert_change_beside_limit", "38:16: alert[0].change_above: is beside another condition, must be the only one"},
    {"alert_change_never_clears",
     "39:16: alert[0].clear_margin: is 0.6, must be at most change_above (0.5): the alert could never clear"},
    {"alert_latched_text", "38:11: alert[0].latched: is \"yes\", must be true or false"},
    {"alert_severity_unknown", "36:12: alert[0].severity: is \"critical\", must be \"info\", \"warn\" or \"page\""},
    {"alert_name_twice", "40:8: alert[1].name: is \"mine\", must be a name that is not taken (line 33 has it)"},
    {"alert_summary_foreign_label",
     "37:11: alert[0].summary: is \"too much of {book}\", must name only labels of the figure in braces, such as {hedge}"},
    {"alert_owner_number", "37:9: alert[0].owner: is 7, must be a name: who may override the limit for a time"},
    {"alert_runbook_number", "37:11: alert[0].runbook: is 7, must be a path or an address: where it says what to do"},
    {"hedge_limit_owner_number", "31:15: hedge[0].limit_owner: is 7, must be a name: who may override the limit for a time"},
    {"limit_levels_crossed", "38:8: limit[0].hard: is 1000, must be above soft (2000)"},
    {"limit_soft_negative", "37:8: limit[0].soft: is -2000, must be above 0: the limit is on both sides of zero"},
    {"limit_owner_missing", "32:1: limit[0].owner: is missing, must be a name: who may override the limit for a time"},
    {"limit_side_unknown", "36:8: limit[0].side: is \"both\", must be \"above\", \"below\" or \"outside\""},
    {"limit_below_crossed", "38:8: limit[0].hard: is 2000, must be below soft (1000)"},
    {"limit_named_as_alert", "40:8: limit[0].name: is \"mine\", must be a name that is not taken (line 33 has it)"},
    {"alertmanager_token_twice",
     "34:20: alertmanager.token_credential: is given beside token_file, must be the only one of the two"},
    {"alertmanager_token_form",
     "34:20: alertmanager.token_credential: is no credential's name, must be the name of a systemd credential: 1 to 64 letters, "
     "digits, '-', '_' or '.'"},
    {"alertmanager_basic_auth_beside_token",
     "35:19: alertmanager.basic_auth_user: is given beside a token, must be the only one of the two"},
    {"alertmanager_basic_auth_without_password",
     "32:1: alertmanager.basic_auth_credential: is missing, must be the name of a systemd credential: 1 to 64 letters, digits, "
     "'-', '_' or '.', or basic_auth_file: the user's password"},
    {"alertmanager_basic_auth_without_user",
     "32:1: alertmanager.basic_auth_user: is missing, must be a name of 1 to 128 printable characters without a colon: whose "
     "password is given"},
    {"alertmanager_basic_auth_user_form",
     "34:19: alertmanager.basic_auth_user: is no user's name, must be a name of 1 to 128 printable characters without a colon"},
    {"webhook_basic_auth_twice",
     "35:25: webhook.basic_auth_credential: is given beside basic_auth_file, must be the only one of the two"},
    {"alertmanager_runbooks_number", "34:12: alertmanager.runbooks: is 1, must be a folder or an address: where the runbooks are"},
    {"alertmanager_owner_number", "34:9: alertmanager.owner: is 1, must be a name: who may override the limit for a time"},
    {"webhook_without_url", "32:1: webhook.url: is missing, must be https://HOST[:PORT][/PATH], or http:// to a loopback address"},
    {"webhook_plain_on_network",
     "33:7: webhook.url: is without TLS beyond this machine, must be https://HOST[:PORT][/PATH], or http:// to a loopback address"},
    {"webhook_token_file_relative",
     "34:14: webhook.token_file: is no absolute path, must be a path from the root such as \"/etc/hedgewatch/file\""},
    {"alertmanager_plain_on_network",
     "33:9: alertmanager.urls[0]: is without TLS beyond this machine, must be https://HOST[:PORT], or http:// to a loopback "
     "address such as \"http://127.0.0.1:9093\""},
    {"alertmanager_without_urls",
     "32:1: alertmanager.urls: is missing, must be an array, each element https://HOST[:PORT], or http:// to a loopback address "
     "such as \"http://127.0.0.1:9093\""},
    {"scenario_spot_shock_below_all", "33:16: scenario.spot_shocks[0]: is -1.5, must be a fraction of the price from -0.99 to 20"},
    {"scenario_spot_shock_twice", "33:22: scenario.spot_shocks[2]: is 0, must be listed once"},
    {"scenario_spot_shocks_number",
     "33:15: scenario.spot_shocks: is 16, must be an array, each element a fraction of the price from "
     "-0.99 to 20"},
    {"scenario_vol_change_percent",
     "33:47: scenario.vol_shocks[0].change_ratio: is -25, must be a fraction from -1 to 10 of the vol, such as 0.5 for half as "
     "much "
     "again"},
    {"scenario_vol_twice", "34:61: scenario.vol_shocks[1].name: is \"up\" again, must be given once"},
    {"scenario_extended_unknown_vol", "34:43: scenario.extended[0].vol_shock: is \"up\", must be the name of one of vol_shocks"},
    {"scenario_extended_in_grid",
     "33:28: scenario.extended[0].spot_shock: is 0.08 with \"up\", must be no cell that is there already"},
    {"scenario_too_many_cells", "32:1: scenario: has 300 cells, must have at most 256"},
    {"scenario_budget_zero", "33:21: scenario.options_per_cycle: is 0, must be an integer from 64 to 65536"},
    {"scenario_confidence_percent", "33:34: scenario.value_at_risk.confidences[0]: is 95, must be a fraction from 0.5 to 0.999"},
    {"scenario_horizon_below_bar", "33:41: scenario.value_at_risk.horizon: is \"30m\", must be at least bar (1h)"},
    {"exposure_bucket_days_falling", "33:20: exposure.bucket_days[1]: is 7, must be above the one before (30)"},
    {"journal_directory_missing",
     "32:1: journal.directory: is missing, must be a path from the root such as \"/var/lib/hedgewatch/journal\""},
    {"journal_directory_relative",
     "33:13: journal.directory: is no absolute path, must be a path from the root such as \"/etc/hedgewatch/file\""},
    {"journal_smaller_than_two_segments", "32:1: journal.max_mebibytes: is 100, must be at least two segments, 128"},
    {"capture_directory_missing",
     "32:1: capture.directory: is missing, must be a path from the root such as \"/var/lib/hedgewatch/capture\""},
    {"journal_durability_unknown", "34:14: journal.durability: is \"always\", must be \"system\" or \"block\""},
    {"journal_snapshot_interval_too_short",
     "34:21: journal.snapshot_interval: is \"100ms\", must be a duration from \"1s\" to \"1h\""},
    {"journal_restore_text", "34:11: journal.restore: is \"no\", must be true or false"},
    {"top_no_venue", "1:1: venue: is missing, must be at least one [[venue]] table"},
    {"daemon_wait_unknown", "2:8: daemon.wait: is \"spin\", must be \"busy_poll\", \"adaptive\" or \"blocking\""},
    {"daemon_feeds_unknown", "2:9: daemon.feeds: is \"together\", must be \"own_thread\" or \"engine_thread\""},
    {"daemon_log_level_unknown", "2:13: daemon.log_level: is \"trace\", must be \"debug\", \"info\", \"warning\" or \"error\""},
    {"daemon_queue_too_small", "2:18: daemon.queue_capacity: is 16, must be an integer from 40000 to 500000"},
    {"daemon_engine_cpu_negative", "2:14: daemon.engine_cpu: is -1, must be an integer from 0 to 1023"},
    {"daemon_lock_memory_text", "2:15: daemon.lock_memory: is \"yes\", must be true or false"},
    {"daemon_queue_capacity_text", "2:18: daemon.queue_capacity: is \"64k\", must be an integer from 40000 to 500000"},
    {"daemon_misspelt_key", "2:1: daemon.queue_capactiy: is an unknown key, must be \"queue_capacity\" or left out"},
    {"http_listen_on_network",
     "2:10: http.listen: is \"0.0.0.0:9464\", must be on loopback (127.0.0.1 or [::1]), or have tls_certificate_file and "
     "basic_auth_user beside it: positions are not served to a network without TLS and a password"},
    {"http_listen_on_network_without_password",
     "2:10: http.listen: is \"0.0.0.0:9464\", must be on loopback (127.0.0.1 or [::1]), or have tls_certificate_file and "
     "basic_auth_user beside it: positions are not served to a network without TLS and a password"},
    {"http_listen_on_network_without_tls",
     "2:10: http.listen: is \"0.0.0.0:9464\", must be on loopback (127.0.0.1 or [::1]), or have tls_certificate_file and "
     "basic_auth_user beside it: positions are not served to a network without TLS and a password"},
    {"http_tls_without_key",
     "1:1: http.tls_key_credential: is missing, must be the name of a systemd credential: 1 to 64 letters, digits, '-', '_' or "
     "'.', or "
     "tls_key_file: the certificate's key"},
    {"http_tls_key_without_certificate",
     "1:1: http.tls_certificate_file: is missing, must be the path of a chain in PEM: the certificate whose key is given"},
    {"http_tls_key_twice", "3:22: http.tls_key_credential: is given beside tls_key_file, must be the only one of the two"},
    {"http_control_socket_relative",
     "3:18: http.control_socket: is no absolute path, must be a path from the root such as \"/etc/hedgewatch/file\""},
    {"http_control_socket_too_long",
     "3:18: http.control_socket: has 125 characters, must be a path from the root of at most 107 characters"},
    {"http_password_without_user",
     "1:1: http.basic_auth_user: is missing, must be a name of 1 to 128 printable characters without a colon: whose password is "
     "given"},
    {"http_port_too_large",
     "2:10: http.listen: is \"127.0.0.1:94640\", must be an IP address and a port from 0 to 65535 such as \"127.0.0.1:9464\""},
    {"http_listen_without_port",
     "2:10: http.listen: is \"localhost\", must be an IP address and a port from 0 to 65535 such as \"127.0.0.1:9464\""},
    {"http_timeout_without_unit", "2:19: http.request_timeout: is \"5\", must be a duration from \"100ms\" to \"1m\""},
    {"http_timeout_number", "2:19: http.request_timeout: is 5, must be a duration from \"100ms\" to \"1m\""},
    {"venue_single_table", "4:1: venue: is a table, must be an array of tables, [[venue]] before each"},
    {"venue_kind_unknown", "5:8: venue[0].kind: is \"derbit\", must be \"deribit\", \"binance\", \"okx\" or \"bybit\""},
    {"venue_rest_endpoint_missing",
     "4:1: venue[0].rest_endpoint: is missing, must be https://HOST[:PORT][/PATH], what the addresses of its calls begin with "
     "(beside endpoint)"},
    {"venue_rest_endpoint_alone",
     "4:1: venue[0].endpoint: is missing, must be wss://HOST[:PORT][/PATH], what the addresses of its streams begin with "
     "(beside rest_endpoint)"},
    {"venue_rest_endpoint_without_tls",
     "9:17: venue[0].rest_endpoint: is without TLS, must be https://HOST[:PORT][/PATH], what the addresses of its calls begin "
     "with"},
    {"venue_rest_endpoint_of_deribit",
     "8:1: venue[0].rest_endpoint: is an unknown key, must be \"kind\", \"endpoint\", \"network\", \"ca_file\", \"currencies\", "
     "\"watch\", \"books\", \"market_data_max_age\", \"account_max_age\", \"carry_rate\", \"stablecoins_at_par\", "
     "\"heartbeat_interval\", \"max_lag\" or "
     "\"silence_limit\""},
    {"venue_products_missing",
     "4:1: venue[0].products: is missing, must be an array, each element \"spot\", \"linear\", \"inverse\" or \"option\""},
    {"venue_products_unknown",
     "8:23: venue[0].products[1]: is \"options\", must be \"spot\", \"linear\", \"inverse\" or \"option\""},
    {"venue_products_twice", "8:21: venue[0].products[1]: is \"spot\" again, must be listed once"},
    {"venue_private_ca_for_own_hosts",
     "8:11: venue[0].ca_file: is \"/etc/hedgewatch/ca.pem\", must be left out for the production host \"the venue's own\": a "
     "private authority could stand in for the exchange"},
    {"account_passphrase_missing",
     "9:1: account[0].passphrase_credential: is missing, must be the name of a systemd credential: 1 to 64 letters, digits, '-', "
     "'_' or '.' (or passphrase_file given)"},
    {"account_passphrase_inline",
     "14:1: account[0].passphrase: is a secret in the file, must be named by secret_credential or secret_file and kept outside"},
    {"account_passphrase_twice",
     "14:25: account[0].passphrase_credential: is given beside passphrase_file, must be the only one of the two"},
    {"account_product_missing", "10:1: account[0].product: is missing, must be one of the venue's products: \"usd_margined\""},
    {"account_product_not_followed",
     "15:11: account[0].product: is \"options\", must be one of the venue's products: \"usd_margined\""},
    {"venue_twice", "33:8: venue[1].kind: is \"deribit\" again, must be the only [[venue]] of its kind (line 5 has one)"},
    {"venue_endpoint_missing",
     "4:1: venue[0].endpoint: is missing, must be wss://HOST[:PORT]/PATH such as \"wss://www.deribit.com/ws/api/v2\""},
    {"venue_endpoint_without_tls",
     "6:12: venue[0].endpoint: is without TLS, must be wss://HOST[:PORT]/PATH such as \"wss://www.deribit.com/ws/api/v2\""},
    {"venue_endpoint_with_password",
     "6:12: venue[0].endpoint: is an address with a user name, must be wss://HOST[:PORT]/PATH such as "
     "\"wss://www.deribit.com/ws/api/v2\""},
    {"venue_endpoint_port_zero",
     "6:12: venue[0].endpoint: is an address with a port outside 1 to 65535, must be wss://HOST[:PORT]/PATH such as "
     "\"wss://www.deribit.com/ws/api/v2\""},
    {"venue_network_missing", "4:1: venue[0].network: is missing, must be \"production\" or \"testnet\""},
    {"venue_network_contradicts_host", "7:11: venue[0].network: is \"production\", must be \"testnet\" for \"test.deribit.com\""},
    {"venue_private_ca_for_production",
     "8:11: venue[0].ca_file: is \"/etc/hedgewatch/ca.pem\", must be left out for the production host \"www.deribit.com\": a "
     "private authority could stand in for the exchange"},
    {"venue_ca_file_relative",
     "7:11: venue[0].ca_file: is no absolute path, must be a path from the root such as \"/etc/hedgewatch/file\""},
    {"venue_currency_lower_case",
     "8:22: venue[0].currencies[1]: is \"eth\", must be a code of 2 to 7 capital letters or digits such as \"BTC\""},
    {"venue_currencies_empty",
     "8:14: venue[0].currencies: is empty, must hold at least one: a code of 2 to 7 capital letters or digits such as \"BTC\""},
    {"venue_currency_twice", "8:22: venue[0].currencies[1]: is \"BTC\" again, must be listed once"},
    {"venue_currencies_not_array",
     "8:14: venue[0].currencies: is \"BTC\", must be an array, each element a code of 2 to 7 capital letters or digits such as "
     "\"BTC\""},
    {"venue_watch_without_venue", "9:10: venue[0].watch[0]: is \"BTC-*\", must be venue:SYMBOL such as \"deribit:BTC-*-C\""},
    {"venue_watch_other_venue", "9:10: venue[0].watch[0]: is \"okx:BTC-*\", must be on a configured venue: \"deribit\""},
    {"venue_books_pattern",
     "9:10: venue[0].books[0]: is \"deribit:BTC-*\", must be one instrument such as \"deribit:BTC-PERPETUAL\""},
    {"venue_max_age_negative", "9:23: venue[0].market_data_max_age: is \"-1s\", must be a duration from \"1s\" to \"1d\""},
    {"venue_max_age_zero", "9:19: venue[0].account_max_age: is \"0s\", must be a duration from \"1s\" to \"1d\""},
    {"venue_carry_rate_too_high", "9:14: venue[0].carry_rate: is 5, must be a number from -1 to 1 (a continuous rate per year)"},
    {"venue_carry_rate_text", "9:14: venue[0].carry_rate: is \"5%\", must be a number from -1 to 1 (a continuous rate per year)"},
    {"venue_stablecoins_text", "9:22: venue[0].stablecoins_at_par: is \"yes\", must be true or false"},
    {"account_collateral_percent",
     "16:50: account[0].collateral[0].haircut_ratio: is 7, must be a fraction of the price, from 0 and below 1"},
    {"account_collateral_twice", "16:65: account[0].collateral[1].asset: is \"BTC\" again, must be listed once"},
    {"account_collateral_without_asset",
     "16:15: account[0].collateral[0].asset: is missing, must be a code of 2 to 7 capital letters or digits such as \"BTC\""},
    {"account_order_rate_none", "16:25: account[0].order_rate.orders: is 0, must be an integer from 1 to 10000"},
    {"account_order_rate_without_window",
     "16:14: account[0].order_rate.window: is missing, must be a duration from \"1s\" to \"1h\""},
    {"account_order_rate_day", "16:38: account[0].order_rate.window: is \"1d\", must be a duration from \"1s\" to \"1h\""},
    {"profit_session_next_day", "33:17: profit.session_start: is \"25h\", must be a duration from \"0s\" to \"1439m\""},
    {"profit_window_short", "33:10: profit.window: is \"1h\", must be a duration from \"96m\" to \"30d\""},
    {"venue_heartbeat_too_short", "9:22: venue[0].heartbeat_interval: is \"5s\", must be a duration from \"10s\" to \"10m\""},
    {"venue_heartbeat_not_whole", "9:22: venue[0].heartbeat_interval: is \"10500ms\", must be a whole number of seconds"},
    {"venue_max_lag_too_short", "9:11: venue[0].max_lag: is \"10ms\", must be a duration from \"100ms\" to \"10m\""},
    {"venue_silence_below_heartbeat", "10:17: venue[0].silence_limit: is \"20s\", must be longer than heartbeat_interval (30s)"},
    {"account_name_missing",
     "10:1: account[0].name: is missing, must be 1 to 48 letters, digits, '-', '_' or '.', starting with a letter or digit"},
    {"account_name_form",
     "11:8: account[0].name: is \"main/desk\", must be 1 to 48 letters, digits, '-', '_' or '.', starting with a letter or digit"},
    {"account_twice", "17:8: account[1].name: is \"main\", must be a name that is not taken (line 11 has it)"},
    {"account_venue_unknown", "12:9: account[0].venue: is \"okx\", must be the kind of a configured [[venue]]: \"deribit\""},
    {"account_secret_inline",
     "14:1: account[0].client_secret: is a secret in the file, must be named by secret_credential or secret_file and kept outside"},
    {"account_secret_missing",
     "10:1: account[0].secret_credential: is missing, must be the name of a systemd credential: 1 to 64 letters, digits, '-', '_' "
     "or '.' (or secret_file given)"},
    {"account_secret_twice", "14:21: account[0].secret_credential: is given beside secret_file, must be the only one of the two"},
    {"account_secret_file_relative",
     "14:15: account[0].secret_file: is no absolute path, must be a path from the root such as \"/etc/hedgewatch/file\""},
    {"account_credential_form",
     "14:21: account[0].secret_credential: is no credential's name, must be the name of a systemd credential: 1 to 64 letters, "
     "digits, '-', '_' or '.'"},
    {"account_auth_unknown", "16:8: account[0].auth: is \"password\", must be \"client_signature\" or \"client_credentials\""},
    {"account_allow_trading_text", "16:23: account[0].allow_trading_scope: is \"no\", must be true or false"},
    {"book_account_unknown",
     "18:24: book[0].rules[0].accounts[0]: is \"mian\", must be the name of a configured [[account]]: \"main\""},
    {"book_twice", "23:8: book[1].name: is \"straddles\", must be a name that is not taken (line 17 has it)"},
    {"book_named_rest", "23:8: book[1].name: is \"rest\", must be another name: what no book takes is reported under it"},
    {"book_numeraire_unknown", "24:13: book[1].numeraire: is \"euro\", must be \"dollars\" or \"coin\""},
    {"book_holds_nothing", "22:1: book[1].rules: is missing, must be given, or positions, or both: a book holds something"},
    {"book_rule_empty", "18:10: book[0].rules[0]: is empty, must name accounts, underlyings or instruments"},
    {"book_rule_misspelt_key", "18:33: book[0].rules[0].underlying: is an unknown key, must be \"underlyings\" or left out"},
    {"book_rule_underlying_form",
     "18:48: book[0].rules[0].underlyings[0]: is \"BTC-USD\", must be a code of 2 to 7 capital letters or digits such as \"BTC\""},
    {"book_rule_pattern_form",
     "18:48: book[0].rules[0].instruments[0]: is \"deribit:btc-perpetual\", must be venue:SYMBOL such as \"deribit:BTC-*-C\""},
    {"book_position_pattern",
     "19:29: book[0].positions[0].instrument: is \"deribit:BTC-*\", must be one instrument such as \"deribit:BTC-PERPETUAL\""},
    {"book_position_size_zero",
     "19:61: book[0].positions[0].size: is 0, must be a number other than 0, negative for a short position"},
    {"book_position_size_text",
     "19:61: book[0].positions[0].size: is \"-250\", must be a number other than 0, negative for a short position"},
    {"book_position_size_nan",
     "19:61: book[0].positions[0].size: is nan, must be a number other than 0, negative for a short position"},
    {"book_position_entry_price_negative",
     "19:81: book[0].positions[0].entry_price: is -1.5, must be a price above 0 in the contract's own unit"},
    {"positions_file_missing", "32:1: positions.file: is missing, must be an absolute path"},
    {"positions_file_relative",
     "33:8: positions.file: is no absolute path, must be a path from the root such as \"/etc/hedgewatch/file\""},
    {"position_book_unknown", "33:8: position[0].book: is \"stradles\", must be the name of a configured [[book]]: \"straddles\""},
    {"position_as_of_missing", "32:1: position[0].as_of: is missing, must be a time in UTC such as \"2026-01-31T08:00:00Z\""},
    {"position_as_of_local",
     "36:9: position[0].as_of: is \"2026-11-25 08:00\", must be a time in UTC such as \"2026-01-31T08:00:00Z\""},
    {"position_max_age_zero", "37:11: position[0].max_age: is \"0s\", must be a duration from \"1m\" to \"365d\""},
    {"book_equity_share_percent", "20:39: book[0].equity[0].share: is 60, must be a share above 0, at most 1"},
    {"book_equity_shares_above_one",
     "25:39: book[1].equity[0].share: is 0.5, must be at most 0.4: the books' shares of \"main\" may sum to 1"},
    {"hedge_book_unknown", "24:8: hedge[0].book: is \"stradles\", must be the name of a configured [[book]]: \"straddles\""},
    {"hedge_underlying_lower_case",
     "25:14: hedge[0].underlying: is \"btc\", must be a code of 2 to 7 capital letters or digits such as \"BTC\""},
    {"hedge_legs_missing",
     "22:1: hedge[0].legs: is missing, must be an array, each element venue:SYMBOL such as \"deribit:BTC-*-C\""},
    {"hedge_leg_other_underlying",
     "26:34: hedge[0].legs[1]: is \"deribit:ETH-*\", must be an instrument of the hedge's underlying \"BTC\""},
    {"hedge_leg_twice", "26:34: hedge[0].legs[1]: is \"deribit:BTC-PERPETUAL\" again, must be listed once"},
    {"hedge_leg_share_percent", "27:15: hedge[0].leg_shares[0]: is 50, must be a number above 0, at most 1"},
    {"hedge_leg_shares_too_many", "27:15: hedge[0].leg_shares[0]: is the first of 2, must be one number for each of the 1 legs"},
    {"hedge_leg_shares_above_one",
     "37:9: hedge[1].legs[0]: is \"deribit:BTC-*\" with a share of 0.5, must leave room for the share of \"delta\": the leg_shares "
     "of "
     "the hedges of a book sum to at most 1"},
    {"hedge_view_missing", "22:1: hedge[0].view: is missing, must be \"black_scholes\" or \"net_transaction\""},
    {"hedge_view_with_equity", "27:8: hedge[0].view: is \"with_equity\", must be \"black_scholes\" or \"net_transaction\""},
    {"hedge_target_ratio_missing",
     "22:1: hedge[0].target_ratio: is missing, must be a number above 0, at most 10 (1 is fully hedged)"},
    {"hedge_target_ratio_percent", "28:16: hedge[0].target_ratio: is 95, must be a number above 0, at most 10 (1 is fully hedged)"},
    {"hedge_soft_limit_missing", "22:1: hedge[0].soft_delta_limit_coins: is missing, must be a number of coins above 0"},
    {"hedge_soft_limit_negative", "29:26: hedge[0].soft_delta_limit_coins: is -2, must be a number of coins above 0"},
    {"hedge_limits_swapped", "30:26: hedge[0].hard_delta_limit_coins: is 1.5, must be above soft_delta_limit_coins (2)"},
    {"hedge_gamma_limit_zero",
     "31:33: hedge[0].gamma_limit_coins_per_percent: is 0, must be a number above 0: coins of delta for a move of one percent"},
    {"hedge_vega_limit_infinite",
     "31:32: hedge[0].vega_limit_usd_per_vol_point: is inf, must be a number above 0: dollars for one volatility point"},
    {"hedge_flatten_within_zero",
     "31:22: hedge[0].flatten_within_bps: is 0, must be a number of basis points above 0, at most 1000"},
    {"hedge_effectiveness_time_local",
     "32:17: hedge[0].effectiveness.designated_at: is \"2026-02-01 08:00\", must be a time in UTC such as "
     "\"2026-01-31T08:00:00Z\""},
    {"hedge_effectiveness_day_impossible",
     "32:17: hedge[0].effectiveness.designated_at: is \"2026-02-30T08:00:00Z\", must be a time in UTC such as "
     "\"2026-01-31T08:00:00Z\""},
    {"hedge_effectiveness_currency_missing", "31:1: hedge[0].effectiveness.pnl_currency: is missing, must be \"usd\" or \"coin\""},
    {"hedge_effectiveness_currency_unknown", "33:16: hedge[0].effectiveness.pnl_currency: is \"eur\", must be \"usd\" or \"coin\""},
    {"hedge_effectiveness_leg_foreign",
     "34:13: hedge[0].effectiveness.basis_leg: is \"deribit:BTC-27MAR26\", must be one of the hedge's legs"},
    {"hedge_effectiveness_leg_pattern",
     "34:13: hedge[0].effectiveness.basis_leg: is \"deribit:BTC-*\", must be one instrument such as \"deribit:BTC-PERPETUAL\""},
    {"hedge_effectiveness_reference_missing",
     "31:1: hedge[0].effectiveness.reference_price: is missing, must be \"index\" or one instrument such as \"deribit:BTC_USDC\""},
    {"hedge_effectiveness_annualisation_unknown",
     "36:23: hedge[0].effectiveness.basis_annualisation: is \"act360\", must be \"simple\", \"continuous\" or \"compound\""},
    {"hedge_effectiveness_smile_rule_unknown",
     "38:14: hedge[0].effectiveness.smile_rule: is \"sticky_moneyness\", must be \"sticky_strike\", \"sticky_delta\" or "
     "\"skew_stickiness\""},
    {"hedge_effectiveness_stickiness_missing",
     "31:1: hedge[0].effectiveness.skew_stickiness_ratio: is missing, must be a number from 0 to 3: 0 is sticky_delta, 1 "
     "sticky_strike"},
    {"hedge_effectiveness_stickiness_percent",
     "39:25: hedge[0].effectiveness.skew_stickiness_ratio: is 150, must be a number from 0 to 3: 0 is sticky_delta, 1 "
     "sticky_strike"},
    {"hedge_effectiveness_stickiness_beside",
     "39:25: hedge[0].effectiveness.skew_stickiness_ratio: is given beside smile_rule = \"sticky_delta\", must be left out"},
    {"hedge_effectiveness_beta_source_missing",
     "31:1: hedge[0].effectiveness.beta_source: is missing, must be \"same_underlying\""},
    {"hedge_leg_underlying_own", "26:18: hedge[0].leg_underlying: is \"BTC\", must be another one than underlying, or left out"},
    {"hedge_leg_underlying_leg_own",
     "27:34: hedge[0].legs[1]: is \"deribit:BTC-PERPETUAL\", must be an instrument of leg_underlying \"ETH\""},
    {"hedge_leg_underlying_band", "26:18: hedge[0].band: is given beside leg_underlying, must be left out"},
    {"hedge_leg_underlying_without_conventions",
     "22:1: hedge[0].effectiveness: is missing, must be the conventions of a hedge with leg_underlying"},
    {"hedge_effectiveness_beta_source_cross",
     "38:15: hedge[0].effectiveness.beta_source: is \"same_underlying\", must be \"fixed\" or \"rolling\""},
    {"hedge_effectiveness_beta_missing",
     "32:1: hedge[0].effectiveness.beta: is missing, must be a number from 0.1 to 10: what the item returns for each unit of the "
     "legs' return"},
    {"hedge_effectiveness_beta_zero",
     "39:8: hedge[0].effectiveness.beta: is 0, must be a number from 0.1 to 10: what the item returns for each unit of the legs' "
     "return"},
    {"hedge_effectiveness_beta_beside",
     "39:8: hedge[0].effectiveness.beta: is given beside beta_source = \"rolling\", must be left out"},
    {"hedge_effectiveness_currency_cross",
     "34:16: hedge[0].effectiveness.pnl_currency: is \"coin\", must be \"usd\" where item and legs are not of one coin"},
    {"hedge_effectiveness_reference_cross",
     "36:19: hedge[0].effectiveness.reference_price: is \"index\", must be an instrument of the item's underlying \"BTC\": the "
     "index is that of the legs"},
    {"hedge_effectiveness_roll_rule_missing", "31:1: hedge[0].effectiveness.roll_rule: is missing, must be \"keep_history\""},
    {"hedge_effectiveness_offset_floor_zero",
     "40:16: hedge[0].effectiveness.offset_floor: is 0, must be a number above 0, in the P&L currency"},
    {"hedge_effectiveness_window_not_whole",
     "41:18: hedge[0].effectiveness.windows[1]: is \"90s\", must be a whole number of bars of 1m, from 3 to 10080"},
    {"hedge_effectiveness_window_shorter",
     "41:18: hedge[0].effectiveness.windows[1]: is \"1h\", must be longer than the window before it"},
    {"hedge_effectiveness_pairs_too_few", "41:17: hedge[0].effectiveness.minimum_pairs: is 2, must be an integer from 3 to 10080"},
    {"hedge_effectiveness_floor_one", "41:21: hedge[0].effectiveness.correlation_floor: is 1, must be a number above 0, below 1"},
    {"hedge_band_kind_unknown",
     "31:17: hedge[0].band.kind: is \"wide\", must be \"fixed\", \"whalley_wilmott\" or \"zakamouline\""},
    {"hedge_band_without_risk_aversion",
     "31:8: hedge[0].band.risk_aversion_per_usd: is missing, must be a number above 0: absolute risk aversion per dollar, such as "
     "0.00001"},
    {"hedge_band_wider_than_limit", "31:45: hedge[0].band.half_width_coins: is 2.5, must be at most soft_delta_limit_coins (2)"},
    {"hedge_band_fixed_with_cost", "31:63: hedge[0].band.cost_ratio: is given for a fixed band, must be left out"},
    {"hedge_band_cost_percent",
     "31:102: hedge[0].band.cost_ratio: is 5, must be a fraction above 0, at most 0.1: one-way cost over the value traded, such as "
     "0.0005"},
    {"hedge_advice_pattern",
     "31:26: hedge[0].advice[0].instrument: is \"deribit:BTC-*\", must be one instrument such as \"deribit:BTC-PERPETUAL\""},
    {"hedge_advice_other_underlying",
     "31:26: hedge[0].advice[0].instrument: is \"deribit:ETH-PERPETUAL\", must be an instrument of the hedge's underlying \"BTC\""},
    {"hedge_advice_twice", "33:3: hedge[0].advice[1]: names an instrument again, must name each once"},
    {"hedge_advice_fee_percent",
     "31:85: hedge[0].advice[0].fee_ratio: is 5, must be a fraction from -0.1 to 0.1 of the value traded, negative for a rebate"},
    {"hedge_advice_size_missing",
     "31:11: hedge[0].advice[0].max_trade_size: is missing, must be a size above 0 in the contract's own unit (dollars for inverse "
     "futures)"},
};

constexpr std::string_view kVenue =
    "[[venue]]\nkind = \"deribit\"\nendpoint = \"wss://127.0.0.1:1/\"\nnetwork = \"testnet\"\ncurrencies = [\"BTC\"]\n";

}  // namespace

TEST_SUITE("config/parser") {
  TEST_CASE("every key of a full file arrives in its field") {
    const auto result = parse_config(example("valid.toml"), "valid.toml");
    if (!result.ok()) FAIL(result.error().front().text());
    const Config& config = result.value();

    CHECK(config.daemon.wait == WaitMode::BusyPoll);
    CHECK(config.daemon.feeds == FeedPlace::EngineThread);
    CHECK(config.daemon.engine_cpu == 1u);
    CHECK(config.daemon.lock_memory);
    CHECK(config.daemon.queue_capacity == 131072);
    CHECK(config.daemon.log_level == LogLevel::Debug);
    CHECK(config.http.host == "::1");
    CHECK(config.http.port == 9500);
    CHECK(config.http.tls == ListenerTlsConfig{"/etc/hedgewatch/listener.pem", "listener_key", ""});
    CHECK(config.http.max_connections == 8);
    CHECK(config.capture == CaptureConfig{"/var/lib/hedgewatch/capture", 512, 48h});
    CHECK(config.journal == JournalConfig{"/var/lib/hedgewatch/journal", 32, 1'024, 72h, JournalDurability::Block, 30s, false});
    CHECK(config.http.max_request_bytes == 4096);
    CHECK(config.http.request_timeout == 2s);

    REQUIRE(config.venues.size() == 1);
    const VenueConfig& venue = config.venues[0];
    CHECK(venue.kind == Venue::Deribit);
    CHECK(venue.endpoint == Endpoint{"exchange.example", 8443, "/ws/api/v2"});
    CHECK_FALSE(venue.production);
    CHECK(venue.ca_file == "/etc/hedgewatch/ca.pem");
    CHECK(venue.currencies == std::vector<std::string>{"BTC", "USDC"});
    CHECK(venue.watch == std::vector<InstrumentPattern>{{Venue::Deribit, "BTC-*-C"}, {Venue::Deribit, "ETH-PERPETUAL"}});
    CHECK(venue.books == std::vector<InstrumentPattern>{{Venue::Deribit, "BTC-PERPETUAL"}});
    CHECK(venue.market_data_max_age == 90s);
    CHECK(venue.account_max_age == 5min);
    CHECK(venue.carry_rate == 0.04);
    CHECK(venue.stablecoins_at_par);
    CHECK(venue.heartbeat_interval == 15s);
    CHECK(venue.silence_limit == 40s);
    CHECK(venue.max_lag == 1500ms);

    REQUIRE(config.accounts.size() == 2);
    CHECK(config.accounts[0].name == "main");
    CHECK(config.accounts[0].client_id == "kEy01");
    CHECK(config.accounts[0].secret_credential == "deribit_api_key");
    CHECK(config.accounts[0].secret_file.empty());
    CHECK(config.accounts[0].auth == AuthMethod::ClientCredentials);
    CHECK(config.accounts[0].allow_trading_scope);
    REQUIRE(config.accounts[0].collateral.size() == 2);
    CHECK(config.accounts[0].collateral[0].asset == "STETH");
    CHECK(config.accounts[0].collateral[0].ratio == 0.07);
    CHECK(config.accounts[0].collateral[1].ratio == 0);
    CHECK(config.accounts[1].collateral.empty());
    CHECK(config.accounts[0].order_rate == OrderAllowance{.orders = 20, .window = 10s});
    CHECK_FALSE(config.accounts[1].order_rate);
    CHECK(config.profit == ProfitPeriods{.session_start = 0s, .window = 48h});
    CHECK(config.accounts[1].secret_credential.empty());
    CHECK(config.accounts[1].secret_file == "/etc/hedgewatch/treasury_key");
    CHECK(config.accounts[1].auth == AuthMethod::ClientSignature);
    CHECK_FALSE(config.accounts[1].allow_trading_scope);

    REQUIRE(config.books.size() == 2);
    const BookSetup& straddles = config.books[0];
    REQUIRE(straddles.rules.size() == 2);
    CHECK(straddles.rules[0].accounts == std::vector{AccountId{0}});
    CHECK(straddles.rules[0].underlyings == std::vector<std::string>{"BTC"});
    CHECK(straddles.rules[1].instruments == std::vector<InstrumentPattern>{{Venue::Deribit, "BTC_USDC-PERPETUAL"}});
    REQUIRE(straddles.equity.size() == 1);
    CHECK(straddles.equity[0].share == 0.75);
    const BookSetup& cold = config.books[1];
    REQUIRE(cold.positions.size() == 3);
    CHECK(cold.positions[0].instrument.symbol == "BTC-27MAR26-70000-P");
    CHECK(cold.positions[0].size == -2.5);
    CHECK(cold.positions[0].entry_price == 0.0415);
    CHECK(cold.positions[1].size == 40000);
    CHECK_FALSE(cold.positions[1].entry_price.has_value());
    CHECK_FALSE(cold.positions[1].as_of.has_value());
    CHECK(cold.positions[2].instrument.symbol == "BTC_USDC");
    CHECK(cold.positions[2].size == 12.5);
    CHECK(cold.positions[2].entry_price == 61000);
    CHECK(cold.positions[2].as_of == from_nanoseconds<VenueTime>(1'795'593'600'000'000'000));
    CHECK(cold.positions[2].max_age == 24h * 7);
    CHECK(config.positions.file == "/etc/hedgewatch/positions.toml");
    CHECK(config.positions.max_age == 12h);
    REQUIRE(cold.equity.size() == 2);
    CHECK(cold.equity[1].account == AccountId{1});

    REQUIRE(config.hedges.size() == 1);
    const HedgeSetup& hedge = config.hedges[0];
    CHECK(hedge.name == "straddle-delta");
    CHECK(hedge.book == "straddles");
    CHECK(hedge.underlying == "BTC");
    CHECK(hedge.legs.size() == 2);
    CHECK(hedge.leg_shares == std::vector<double>{1, 0.5});
    CHECK(hedge.view == DeltaView::NetTransaction);
    CHECK(hedge.target_ratio == 0.95);
    CHECK(hedge.soft_delta_limit_coins == 1.5);
    CHECK(hedge.hard_delta_limit_coins == 4);
    CHECK(hedge.gamma_limit_coins_per_percent == 3);
    CHECK(hedge.vega_limit_usd_per_vol_point == 25000);
    CHECK(hedge.flatten_within_bps == 40);
    REQUIRE(hedge.effectiveness.has_value());
    CHECK(nanoseconds_of(hedge.effectiveness->designated_at) == 1'769'932'830'000'000'000);
    CHECK(hedge.effectiveness->profit_currency == ProfitCurrency::Coin);
    CHECK(hedge.effectiveness->basis_leg.symbol == "BTC-PERPETUAL");
    CHECK(hedge.effectiveness->reference->symbol == "BTC_USDC");
    CHECK(hedge.effectiveness->annualisation == BasisAnnualisation::Compound);
    CHECK(hedge.smile == SmileRule{1.5});
    CHECK(hedge.effectiveness->sampling.offset_floor == 0.5);
    CHECK(hedge.effectiveness->sampling.bar == std::chrono::seconds{30});
    CHECK(hedge.effectiveness->sampling.windows.size() == 2);
    CHECK(hedge.effectiveness->sampling.windows.back() == std::chrono::hours{12});
    CHECK(hedge.effectiveness->sampling.minimum_pairs == 60);
    CHECK(hedge.effectiveness->sampling.half_life == std::chrono::hours{3});
    CHECK(hedge.effectiveness->sampling.reference == std::chrono::hours{240});
    CHECK(hedge.effectiveness->sampling.correlation_floor == 0.9);
    REQUIRE(hedge.band.has_value());
    CHECK(hedge.band->kind == BandKind::WhalleyWilmott);
    CHECK(hedge.band->half_width_coins == 0.8);
    CHECK(hedge.band->risk_aversion_per_usd == 0.00002);
    CHECK(hedge.band->cost_ratio == 0.0004);
    REQUIRE(hedge.advice.size() == 2);
    CHECK(hedge.advice[0].instrument == InstrumentPattern{Venue::Deribit, "BTC-PERPETUAL"});
    CHECK(hedge.advice[0].max_trade_size == 90000);
    CHECK(hedge.advice[0].fee_ratio == 0.0005);
    CHECK(hedge.advice[0].position_limit == 750000);
    CHECK(hedge.advice[0].min_notional_usd == 10);
    CHECK(hedge.advice[1].fee_ratio == -0.0001);
    CHECK_FALSE(hedge.advice[1].position_limit.has_value());

    CHECK(summary(config) == "1 venue, 2 accounts, 2 books, 1 hedge");
  }

  TEST_CASE("with TLS and a password the listener may be on a network") {
    std::string text = example("http_listen_on_network.toml");
    const std::string head = "listen = \"0.0.0.0:9464\"\n";
    text.insert(text.find(head) + head.size(),
                "tls_certificate_file = \"/etc/hedgewatch/listener.pem\"\ntls_key_file = \"/etc/hedgewatch/listener.key\"\n"
                "basic_auth_user = \"prometheus\"\nbasic_auth_file = \"/etc/hedgewatch/password\"\n");
    CHECK(faults_of(text) == "");
    const auto result = parse_config(text, "x");
    REQUIRE(result.ok());
    CHECK(result.value().http.host == "0.0.0.0");
    CHECK(result.value().http.tls == ListenerTlsConfig{"/etc/hedgewatch/listener.pem", "", "/etc/hedgewatch/listener.key"});
  }

  TEST_CASE("each bad example has exactly one fault, with its place and what would be right") {
    for (const BadExample& example_row : kBadExamples) {
      const std::string file = std::string{example_row.name} + ".toml";
      CAPTURE(file);
      const auto result = parse_config(example(file), file);
      REQUIRE_FALSE(result.ok());
      CHECK(result.error().size() == 1);
      CHECK(result.error().front().text() == file + ':' + example_row.fault);
    }
  }

  TEST_CASE("a positions file joins the books, and its faults are told at their place in it") {
    const std::string main = example("exposure_bucket_days_falling.toml");
    const std::string good = main.substr(0, main.find("[exposure]")) + "[positions]\nfile = \"/positions.toml\"\n";
    const auto joined = [&good](std::string_view positions) -> std::string {
      const auto result = parse_config({good, "main.toml"}, {positions, "/positions.toml"});
      if (result.ok()) return std::to_string(result.value().books[0].positions.size());
      return result.error().front().text();
    };
    constexpr std::string_view kLine = "[[position]]\nbook = \"straddles\"\ninstrument = \"deribit:BTC_USDC\"\n";
    const std::string one = std::string{kLine} + "size = 1\nas_of = \"2026-11-25T08:00:00Z\"\n";
    CHECK(joined("") == "1");
    CHECK(joined(one + one) == "3");
    CHECK(joined(one + std::string{kLine} + "size = 0\nas_of = \"2026-11-25T08:00:00Z\"\n") ==
          "/positions.toml:9:8: position[1].size: is 0, must be a number other than 0, negative for a short position");
    CHECK(joined(one + "[[book]]\nname = \"other\"\n") ==
          "/positions.toml:6:3: book: is an unknown key, must be \"position\": write [[position]] before each");
    CHECK(joined(one + "[[position\n").starts_with("/positions.toml:"));
    // What a journal keeps reads back as the same.
    const auto again = parse_config(joined_text(good, one), "journal");
    REQUIRE(again.ok());
    CHECK(again.value().books[0].positions.size() == 2);
  }

  TEST_CASE("with a positions file a book may hold nothing of its own") {
    const std::string text = std::string{kVenue} + "[positions]\nfile = \"/positions.toml\"\n[[book]]\nname = \"cold\"\n";
    CHECK(faults_of(text).empty());
  }

  TEST_CASE("every example file is in the table") {
    std::set<std::string> listed{"valid", "valid_venues", "valid_cross"};
    for (const BadExample& row : kBadExamples) listed.insert(row.name);
    for (const auto& entry : std::filesystem::directory_iterator{testing::source_directory() / "tests/data/config"}) {
      const std::string name = entry.path().stem().string();
      CAPTURE(name);
      CHECK(listed.count(name) == 1);
    }
  }

  TEST_CASE("the shipped example for a real account has no fault") {
    const auto result = parse_config(testing::read_text(testing::source_directory() / "deploy/hedgewatch.toml"), "hedgewatch.toml");
    if (!result.ok()) FAIL(result.error().front().text());
    REQUIRE(result.value().venues.size() == 1);
    CHECK(result.value().venues[0].production);
    CHECK(result.value().venues[0].ca_file.empty());
    REQUIRE(result.value().accounts.size() == 1);
    CHECK_FALSE(result.value().accounts[0].allow_trading_scope);
  }

  TEST_CASE("a venue alone is a whole configuration, with the documented defaults") {
    const auto result = parse_config(kVenue, "x");
    if (!result.ok()) FAIL(result.error().front().text());
    const Config& config = result.value();
    CHECK(config.daemon.wait == WaitMode::Adaptive);
    CHECK(config.daemon.feeds == FeedPlace::OwnThread);
    CHECK_FALSE(config.daemon.engine_cpu.has_value());
    CHECK_FALSE(config.daemon.lock_memory);
    CHECK(config.daemon.queue_capacity == 65536);
    CHECK(config.daemon.log_level == LogLevel::Info);
    CHECK(config.http.host == "127.0.0.1");
    CHECK(config.http.port == 9464);
    CHECK(config.http.tls == ListenerTlsConfig{});
    CHECK(config.venues[0].market_data_max_age == 60s);
    CHECK_FALSE(config.venues[0].carry_rate.has_value());
    CHECK(config.venues[0].account_max_age == 120s);
    CHECK(config.venues[0].heartbeat_interval == 10s);
    CHECK(config.venues[0].silence_limit == 25s);
  }

  TEST_CASE("all faults come at once and in the order of the text") {
    const std::string text =
        "[daemon]\nwait = \"never\"\nspeed = 3\n" + std::string{kVenue} +
        "silence_limit = \"1s\"\n[[book]]\nname = \"b\"\npositions = [{ instrument = \"deribit:X-*\", size = 0 }]\n";
    CHECK(
        faults_of(text) ==
        "x:2:8: daemon.wait: is \"never\", must be \"busy_poll\", \"adaptive\" or \"blocking\"\n"
        "x:3:1: daemon.speed: is an unknown key, must be \"wait\", \"feeds\", \"engine_cpu\", \"lock_memory\", \"queue_capacity\" "
        "or \"log_level\"\n"
        "x:9:17: venue[0].silence_limit: is \"1s\", must be longer than heartbeat_interval (10s)\n"
        "x:12:29: book[0].positions[0].instrument: is \"deribit:X-*\", must be one instrument such as \"deribit:BTC-PERPETUAL\"\n"
        "x:12:51: book[0].positions[0].size: is 0, must be a number other than 0, negative for a short position\n");
  }

  TEST_CASE("a longer heartbeat alone is told about the silence limit it passes") {
    CHECK(faults_of(std::string{kVenue} + "heartbeat_interval = \"30s\"\n") ==
          "x:6:22: venue[0].heartbeat_interval: is \"30s\", must be shorter than silence_limit (25s)\n");
  }

  TEST_CASE("an empty text lacks a venue, and so does an empty array of venues") {
    CHECK(faults_of("") == "x:1:1: venue: is missing, must be at least one [[venue]] table\n");
    CHECK(faults_of("venue = []") == "x:1:1: venue: is missing, must be at least one [[venue]] table\n");
  }

  TEST_CASE("tables given as other types are faults and read as nothing") {
    CHECK(faults_of("venue = 3") == "x:1:9: venue: is 3, must be an array of tables, [[venue]] before each\n");
    CHECK(faults_of("venue = [1]") == "x:1:10: venue[0]: is 1, must be a table\n");
    CHECK(faults_of("daemon = []\n" + std::string{kVenue}) == "x:1:10: daemon: is an array, must be one table, [daemon]\n");
    CHECK(faults_of(std::string{kVenue} + "[[book]]\nname = \"b\"\nrules = 1979-05-27\n") ==
          "x:8:9: book[0].rules: is a date or time, must be an array of tables\n");
  }

  TEST_CASE("a secret in the file is named, never repeated") {
    const std::string secret = "hush/9Qz+41=";
    const std::string account = std::string{kVenue} + "[[account]]\nname = \"a\"\nvenue = \"deribit\"\nclient_id = \"c\"\n";
    for (const char* key : {"secret", "client_secret", "password", "api_key", "access_token", "secret_credential", "secret_file"}) {
      const std::string text = account + key + " = \"" + secret + "\"\n";
      const std::string faults = faults_of(text);
      CAPTURE(faults);
      CHECK_FALSE(faults.empty());
      CHECK(faults.find("hush") == std::string::npos);
    }
    CHECK(faults_of(account + "secret_credential = hush1234\n").find("hush") == std::string::npos);
  }

  TEST_CASE("whatever a text holds, a fault is one line") {
    const std::string faults = faults_of(std::string{kVenue} + "watch = [\"a\\nb\\u0007\\\"\"]\n\"a\\nb\" = 1\n");
    CAPTURE(faults);
    CHECK(std::ranges::count(faults, '\n') == 2);
    CHECK(faults.find("watch[0]: is \"a\\x0ab\\x07\\\"\", must") != std::string::npos);
    CHECK(faults.find("venue[0].\"a\\x0ab\": is an unknown key") != std::string::npos);
  }

  TEST_CASE("shares that are written as thirds may sum to the whole") {
    std::string text =
        std::string{kVenue} + "[[account]]\nname = \"a\"\nvenue = \"deribit\"\nclient_id = \"c\"\nsecret_credential = \"s\"\n";
    for (const char* book : {"x", "y", "z"})
      text += "[[book]]\nname = \"" + std::string{book} +
              "\"\nrules = [{ underlyings = [\"BTC\"] }]\nequity = [{ account = \"a\", share = 0.3333333333333333 }]\n";
    CHECK(faults_of(text) == "");
  }

  TEST_CASE("every kind of venue has its markets, its addresses and what its accounts need") {
    const auto parsed = parse_config(example("valid_venues.toml"), "valid_venues.toml");
    std::string faults;
    if (!parsed.ok())
      for (const ConfigFault& fault : parsed.error()) faults += fault.text() + '\n';
    CAPTURE(faults);
    REQUIRE(parsed.ok());
    const Config& config = parsed.value();
    REQUIRE(config.venues.size() == 3);
    CHECK(config.venues[0].kind == Venue::Okx);
    CHECK(config.venues[0].endpoint == Endpoint{"localhost", 8443, ""});
    CHECK(config.venues[0].rest_endpoint == Endpoint{"localhost", 8444, "/base"});
    CHECK(config.venues[1].kind == Venue::Binance);
    CHECK(config.venues[1].endpoint.host.empty());
    CHECK(config.venues[1].products == std::vector<std::string>{"spot", "usd_margined"});
    CHECK(config.venues[2].products == std::vector<std::string>{"linear", "option"});
    CHECK(config.accounts[0].passphrase_file == "/etc/hedgewatch/passphrase");
    CHECK(config.accounts[1].passphrase_credential == "okx_passphrase_b");
    CHECK(config.accounts[2].product == "usd_margined");
    CHECK(config.accounts[3].venue == Venue::Bybit);
  }

  TEST_CASE("a hedge by another underlying names its legs' and where their beta comes from") {
    const auto parsed = parse_config(example("valid_cross.toml"), "valid_cross.toml");
    REQUIRE(parsed.ok());
    REQUIRE(parsed.value().hedges.size() == 1);
    const HedgeSetup& hedge = parsed.value().hedges[0];
    CHECK(hedge.underlying == "BTC");
    CHECK(hedge.leg_underlying == "ETH");
    CHECK(hedge.beta_source == BetaSource::Fixed);
    CHECK(hedge.beta == 1.2);
    CHECK(hedge.smile == kStickyStrike);
  }

  TEST_CASE("one account too many is told once") {
    std::string text{kVenue};
    for (int i = 0; i < 70; ++i)
      text +=
          "[[account]]\nname = \"a" + std::to_string(i) + "\"\nvenue = \"deribit\"\nclient_id = \"c\"\nsecret_credential = \"s\"\n";
    CHECK(faults_of(text) == "x:326:1: account[64]: is account 65, must be at most 64\n");
  }

  TEST_CASE("a limit makes a rule for each level and one for the unknown, of one owner; the webhook and the tokens are named") {
    const auto parsed = parse_config(example("valid.toml"), "valid.toml");
    REQUIRE(parsed.ok());
    const Config& config = parsed.value();
    const auto rule = [&](std::string_view name) {
      const auto found =
          std::find_if(config.alerts.begin(), config.alerts.end(), [&](const AlertRule& one) { return one.name == name; });
      REQUIRE(found != config.alerts.end());
      return *found;
    };
    const AlertRule soft = rule("VegaSoftLimit");
    CHECK(soft.figure == Figure::BookVegaUsdPerVolPoint);
    CHECK(soft.condition == AlertCondition::Outside);
    CHECK(soft.lower == -20'000);
    CHECK(soft.upper == 20'000);
    CHECK(soft.severity == AlertSeverity::Warn);
    CHECK(soft.owner == "anna");
    CHECK(soft.hold == 30s);
    CHECK(soft.runbook == "https://wiki.example/vega");
    REQUIRE(soft.labels.size() == 1);
    CHECK(soft.labels[0].value == "straddles");
    const AlertRule hard = rule("VegaHardLimit");
    CHECK(hard.upper == 40'000);
    CHECK(hard.lower == -40'000);
    CHECK(hard.severity == AlertSeverity::Page);
    const AlertRule unknown = rule("VegaUnknown");
    CHECK(unknown.condition == AlertCondition::Unknown);
    CHECK(unknown.while_held);
    CHECK(unknown.severity == AlertSeverity::Page);
    CHECK(unknown.owner.empty());
    CHECK(config.hedges[0].limit_owner == "anna");
    CHECK(config.alertmanager.owner == "head-of-risk");
    CHECK(config.alertmanager.runbooks == "https://wiki.example/runbooks");
    CHECK(config.alertmanager.token.file == "/etc/hedgewatch/alertmanager-token");
    REQUIRE(config.webhook.has_value());
    CHECK(config.webhook->address.endpoint.host == "hooks.example");
    CHECK(config.webhook->address.endpoint.path == "/risk");
    CHECK(config.webhook->token.credential == "risk_hook");
  }
}
