#include "daemon/reload_check.hpp"

#include <algorithm>
#include <string_view>

namespace hedgewatch {

namespace {

constexpr std::string_view kRefused = " changed: restart to use it; nothing of the new configuration is in force";
constexpr std::string_view kDelayed = " changed: takes effect after a restart";

class Comparison {
 public:
  explicit Comparison(ReloadVerdict& verdict) : verdict_{verdict} {}

  template <class T>
  void refuse(const std::string& path, const T& current, const T& next) {
    if (!(current == next)) verdict_.refused.push_back(path + std::string{kRefused});
  }
  template <class T>
  void delay(const std::string& path, const T& current, const T& next) {
    if (!(current == next)) verdict_.delayed.push_back(path + std::string{kDelayed});
  }

 private:
  ReloadVerdict& verdict_;
};

std::string element(std::string_view table, std::size_t index, std::string_view key) {
  return std::string{table} + '[' + std::to_string(index) + "]." + std::string{key};
}

}  // namespace

ReloadVerdict check_reload(const Config& current, const Config& next) {
  ReloadVerdict verdict;
  Comparison compare{verdict};
  compare.delay("daemon.wait", current.daemon.wait, next.daemon.wait);
  compare.delay("daemon.feeds", current.daemon.feeds, next.daemon.feeds);
  compare.delay("daemon.engine_cpu", current.daemon.engine_cpu, next.daemon.engine_cpu);
  compare.delay("daemon.lock_memory", current.daemon.lock_memory, next.daemon.lock_memory);
  compare.delay("daemon.queue_capacity", current.daemon.queue_capacity, next.daemon.queue_capacity);
  compare.delay("http.host", current.http.host, next.http.host);
  compare.delay("http.port", current.http.port, next.http.port);
  compare.delay("http.control_socket", current.http.control_socket, next.http.control_socket);
  compare.delay("http.basic_auth_user", current.http.password, next.http.password);
  compare.delay("http.tls_certificate_file", current.http.tls, next.http.tls);
  compare.delay("http.max_connections", current.http.max_connections, next.http.max_connections);
  compare.delay("http.max_request_bytes", current.http.max_request_bytes, next.http.max_request_bytes);
  compare.delay("http.request_timeout", current.http.request_timeout, next.http.request_timeout);

  compare.delay("[journal]", current.journal, next.journal);
  compare.delay("[capture]", current.capture, next.capture);
  compare.delay("alertmanager.urls", current.alertmanager.receivers, next.alertmanager.receivers);
  compare.delay("alertmanager.state_file", current.alertmanager.state_file, next.alertmanager.state_file);
  compare.delay("alertmanager.resend_interval", current.alertmanager.resend_interval, next.alertmanager.resend_interval);

  compare.delay("alertmanager.token", current.alertmanager.token, next.alertmanager.token);
  compare.delay("alertmanager.runbooks", current.alertmanager.runbooks, next.alertmanager.runbooks);
  compare.delay("[webhook]", current.webhook, next.webhook);

  // Figures carry the names of venues and accounts: half of the change would be shown as the whole.
  compare.refuse("the list of venues", current.venues.size(), next.venues.size());
  for (std::size_t index = 0; index < std::min(current.venues.size(), next.venues.size()); ++index) {
    const VenueConfig& old_venue = current.venues[index];
    const VenueConfig& new_venue = next.venues[index];
    const auto path = [index](std::string_view key) { return element("venue", index, key); };
    compare.refuse(path("kind"), old_venue.kind, new_venue.kind);
    compare.refuse(path("endpoint"), old_venue.endpoint, new_venue.endpoint);
    compare.refuse(path("rest_endpoint"), old_venue.rest_endpoint, new_venue.rest_endpoint);
    compare.refuse(path("products"), old_venue.products, new_venue.products);
    compare.refuse(path("network"), old_venue.production, new_venue.production);
    compare.refuse(path("ca_file"), old_venue.ca_file, new_venue.ca_file);
    compare.refuse(path("currencies"), old_venue.currencies, new_venue.currencies);
    compare.refuse(path("books"), old_venue.books, new_venue.books);
    compare.delay(path("heartbeat_interval"), old_venue.heartbeat_interval, new_venue.heartbeat_interval);
    compare.delay(path("silence_limit"), old_venue.silence_limit, new_venue.silence_limit);
    compare.delay(path("max_lag"), old_venue.max_lag, new_venue.max_lag);
    for (const InstrumentPattern& pattern : new_venue.watch)
      if (!pattern.is_exact() && std::ranges::find(old_venue.watch, pattern) == old_venue.watch.end())
        verdict.refused.push_back(path("watch") +
                                  " has a new pattern with *: restart to use it; nothing of the new configuration is in force");
  }
  compare.refuse("the list of accounts", current.accounts.size(), next.accounts.size());
  for (std::size_t index = 0; index < std::min(current.accounts.size(), next.accounts.size()); ++index) {
    const AccountConfig& old_account = current.accounts[index];
    const AccountConfig& new_account = next.accounts[index];
    const auto path = [index](std::string_view key) { return element("account", index, key); };
    compare.refuse(path("name"), old_account.name, new_account.name);
    compare.refuse(path("venue"), old_account.venue, new_account.venue);
    compare.refuse(path("client_id"), old_account.client_id, new_account.client_id);
    compare.refuse(path("secret_credential"), old_account.secret_credential, new_account.secret_credential);
    compare.refuse(path("secret_file"), old_account.secret_file, new_account.secret_file);
    compare.refuse(path("passphrase_credential"), old_account.passphrase_credential, new_account.passphrase_credential);
    compare.refuse(path("passphrase_file"), old_account.passphrase_file, new_account.passphrase_file);
    compare.refuse(path("product"), old_account.product, new_account.product);
    compare.refuse(path("auth"), old_account.auth, new_account.auth);
    compare.refuse(path("allow_trading_scope"), old_account.allow_trading_scope, new_account.allow_trading_scope);
  }
  return verdict;
}

}  // namespace hedgewatch
