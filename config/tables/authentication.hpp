#pragma once

#include "config/config.hpp"
#include "config/table_reader.hpp"

namespace hedgewatch {

/// basic_auth_user with basic_auth_credential or basic_auth_file. Without a user when they are absent.
[[nodiscard]] TokenConfig read_basic_auth(TableReader& table);

/// tls_certificate_file with tls_key_credential or tls_key_file. Without a certificate when they are absent.
[[nodiscard]] ListenerTlsConfig read_listener_tls(TableReader& table);

/// The same as read_basic_auth(), or a bearer token: token_credential or token_file; at most one of the two ways.
[[nodiscard]] TokenConfig read_authentication(TableReader& table);

}  // namespace hedgewatch
