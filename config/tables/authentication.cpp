#include "config/tables/authentication.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "config/value_forms.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

namespace {

constexpr std::size_t kLongestUser = 128;
constexpr std::string_view kUserForm = "a name of 1 to 128 printable characters without a colon";

/// One of the two keys at most. Both are literals: the reader remembers them.
TokenConfig read_secret_place(TableReader& table, std::string_view credential_key, std::string_view file_key) {
  TokenConfig token;
  const auto credential = table.text(credential_key, kCredentialForm);
  token.file = read_absolute_path(table, file_key);
  if (!credential) return token;
  if (!is_credential_name(credential->value))
    // Not repeated: it may be the secret itself.
    table.fault(*credential, "is no credential's name, must be " + std::string{kCredentialForm});
  else if (table.has(file_key))
    table.fault(*credential, "is given beside " + std::string{file_key} + ", must be the only one of the two");
  token.credential = credential->value;
  return token;
}

/// A colon ends the name in the header.
bool is_user_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestUser &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7F && c != ':'; });
}

bool names_a_secret(const TokenConfig& token) { return !token.credential.empty() || !token.file.empty(); }

/// `alone`: no token is given beside it.
TokenConfig read_user(TableReader& table, bool alone) {
  const auto user = table.text("basic_auth_user", kUserForm);
  TokenConfig password = read_secret_place(table, "basic_auth_credential", "basic_auth_file");
  if (!user) {
    if (names_a_secret(password)) table.missing("basic_auth_user", std::string{kUserForm} + ": whose password is given");
    return {};
  }
  if (!is_user_name(user->value))
    table.fault(*user, "is no user's name, must be " + std::string{kUserForm});
  else if (!alone)
    table.fault(*user, "is given beside a token, must be the only one of the two");
  else if (!table.has("basic_auth_credential") && !table.has("basic_auth_file"))
    table.missing("basic_auth_credential", std::string{kCredentialForm} + ", or basic_auth_file: the user's password");
  password.user = user->value;
  return password;
}

}  // namespace

TokenConfig read_basic_auth(TableReader& table) { return read_user(table, true); }

ListenerTlsConfig read_listener_tls(TableReader& table) {
  ListenerTlsConfig tls;
  tls.certificate_file = read_absolute_path(table, "tls_certificate_file");
  TokenConfig key = read_secret_place(table, "tls_key_credential", "tls_key_file");
  const bool has_key = table.has("tls_key_credential") || table.has("tls_key_file");
  if (table.has("tls_certificate_file") && !has_key)
    table.missing("tls_key_credential", std::string{kCredentialForm} + ", or tls_key_file: the certificate's key");
  if (has_key && !table.has("tls_certificate_file"))
    table.missing("tls_certificate_file", "the path of a chain in PEM: the certificate whose key is given");
  tls.key_credential = std::move(key.credential);
  tls.key_file = std::move(key.file);
  return tls;
}

TokenConfig read_authentication(TableReader& table) {
  TokenConfig token = read_secret_place(table, "token_credential", "token_file");
  TokenConfig password = read_user(table, !names_a_secret(token));
  return password.user.empty() ? token : password;
}

}  // namespace hedgewatch
