#include "config/tables/tables.hpp"

#include <chrono>
#include <string>

#include "config/shown.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

}  // namespace

HttpConfig read_http(TableReader& table) {
  HttpConfig http;
  constexpr std::string_view kListenForm = "an IP address and a port from 0 to 65535 such as \"127.0.0.1:9464\"";
  if (const auto found = table.text("listen", kListenForm)) {
    const auto address = parse_listen_address(found->value);
    if (!address) {
      table.fault(*found, "is " + shown(found->value) + ", must be " + std::string{kListenForm});
    } else if (!address->loopback) {
      table.fault(*found,
                  "is " + shown(found->value) +
                      ", must be on loopback (127.0.0.1 or [::1]): positions are served without a password, so a proxy that "
                      "asks for one has to stand between them and a network");
    } else {
      http.host = address->host;
      http.port = address->port;
    }
  }
  read_count(table, "max_connections", 1, 4'096, http.max_connections);
  read_count(table, "max_request_bytes", 1'024, 1'048'576, http.max_request_bytes);
  read_duration(table, "request_timeout", 100ms, 60s, http.request_timeout);
  table.finish();
  return http;
}

}  // namespace hedgewatch
