#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "feeds/session/secret.hpp"

/// Signatures that venues ask for, as texts.
namespace hedgewatch {

/// HMAC-SHA256 keyed with the secret, in lower-case hexadecimal digits.
[[nodiscard]] std::string hmac_sha256_hex(const Secret& secret, std::string_view message);
/// The same in base64.
[[nodiscard]] std::string hmac_sha256_base64(const Secret& secret, std::string_view message);

/// Whether the secret is a private key in PEM rather than a shared one.
[[nodiscard]] bool is_private_key(const Secret& secret);
/// Ed25519 in base64. Nothing when the secret is no Ed25519 private key in PEM.
[[nodiscard]] std::optional<std::string> ed25519_base64(const Secret& private_key, std::string_view message);

/// As it stands in a query: everything but letters, digits and -._~ becomes %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// Appends the text in quotes, escaped for JSON.
void append_json_string(std::string& out, std::string_view text);

}  // namespace hedgewatch
