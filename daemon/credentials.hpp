#pragma once

#include <string>
#include <string_view>

#include "config/config.hpp"
#include "core/types/result.hpp"
#include "feeds/session/secret.hpp"

namespace hedgewatch {

struct CredentialError {
  std::string words;  ///< `account "main": secret_file "/x": has mode 0644, must be ...`; one line, never the secret
};

/// Where systemd put the credentials of this process: $CREDENTIALS_DIRECTORY, empty when it is not set.
[[nodiscard]] std::string credentials_directory();

/// What an account signs in with, beside its key's name.
struct AccountSecrets {
  Secret secret;
  Secret passphrase;  ///< OKX; else empty
};

/// Reads the API secret of one account: a systemd credential below `directory`, or the account's own file. One trailing newline is
/// dropped. A file that another user could read or write is refused, as is a text that is no single word of at most 4096 bytes.
/// Buffers that held it are overwritten.
/// A private key in PEM is a secret too, and the only one with line ends.
[[nodiscard]] Result<Secret, CredentialError> read_secret(const AccountConfig& account, const std::string& directory);

/// The same, with the passphrase of an account that has one.
[[nodiscard]] Result<AccountSecrets, CredentialError> read_secrets(const AccountConfig& account, const std::string& directory);

/// The same for the bearer token or password that alerts are posted with; `table` is the configuration's table that names it. Empty
/// when none is.
[[nodiscard]] Result<Secret, CredentialError> read_token(std::string_view table, const TokenConfig& token,
                                                         const std::string& directory);

/// The private key of the listener's certificate, in PEM. Empty when none is named.
[[nodiscard]] Result<Secret, CredentialError> read_listener_key(const ListenerTlsConfig& tls, const std::string& directory);

/// The value of an Authorization header: `Bearer TOKEN`, or `Basic` with the user's name and password in base64. Empty when there
/// is no secret.
[[nodiscard]] std::string authorization_of(const TokenConfig& token, const Secret& secret);

}  // namespace hedgewatch
