#include "config/tables/tables.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "config/shown.hpp"
#include "config/tables/authentication.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

/// What the system's address of a Unix socket holds.
constexpr std::size_t kLongestSocketPath = 107;
constexpr std::string_view kSocketForm = "a path from the root of at most 107 characters";

}  // namespace

HttpConfig read_http(TableReader& table) {
  HttpConfig http;
  constexpr std::string_view kListenForm = "an IP address and a port from 0 to 65535 such as \"127.0.0.1:9464\"";
  if (const auto found = table.text("listen", kListenForm)) {
    const auto address = parse_listen_address(found->value);
    if (!address) {
      table.fault(*found, "is " + shown(found->value) + ", must be " + std::string{kListenForm});
    } else if (!address->loopback && !(table.has("tls_certificate_file") && table.has("basic_auth_user"))) {
      table.fault(*found,
                  "is " + shown(found->value) +
                      ", must be on loopback (127.0.0.1 or [::1]), or have tls_certificate_file and basic_auth_user beside it: "
                      "positions are not served to a network without TLS and a password");
    } else {
      http.host = address->host;
      http.port = address->port;
    }
  }
  http.control_socket = read_absolute_path(table, "control_socket");
  if (http.control_socket.size() > kLongestSocketPath) {
    const auto found = table.text("control_socket", kSocketForm);
    table.fault(*found, "has " + std::to_string(http.control_socket.size()) + " characters, must be " + std::string{kSocketForm});
  }
  http.password = read_basic_auth(table);
  http.tls = read_listener_tls(table);
  read_count(table, "max_connections", 1, 4'096, http.max_connections);
  read_count(table, "max_request_bytes", 1'024, 1'048'576, http.max_request_bytes);
  read_duration(table, "request_timeout", 100ms, 60s, http.request_timeout);
  table.finish();
  return http;
}

}  // namespace hedgewatch
