#include "daemon/listener_identity.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "daemon/alerting/alert_message.hpp"
#include "daemon/credentials.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::hours kWarnedBefore{24 * 14};
constexpr std::string_view kTable = "[http]: ";

std::string certificate_name(const ListenerTlsConfig& tls) {
  return std::string{kTable} + "tls_certificate_file \"" + tls.certificate_file + '"';
}

std::string key_name(const ListenerTlsConfig& tls) {
  const bool from_systemd = !tls.key_credential.empty();
  return std::string{kTable} + (from_systemd ? "tls_key_credential \"" + tls.key_credential : "tls_key_file \"" + tls.key_file) +
         '"';
}

bool key_is_for_others(const ListenerTlsConfig& tls, const std::string& credentials_directory) {
  if (!tls.key_credential.empty()) return credentials_directory.empty();
  return ::access(tls.key_file.c_str(), R_OK) != 0 && errno == EACCES;
}

}  // namespace

Result<std::shared_ptr<ListenerTls>, std::string> load_listener_tls(const ListenerTlsConfig& tls,
                                                                    const std::string& credentials_directory) {
  if (tls.certificate_file.empty()) return std::shared_ptr<ListenerTls>{};
  const auto key = read_listener_key(tls, credentials_directory);
  if (!key.ok()) return key.error().words;
  return ListenerTls::read(
      {.certificate_file = tls.certificate_file, .certificate_name = certificate_name(tls), .key_name = key_name(tls)},
      key.value());
}

std::optional<std::string> validity_warning(const ListenerTlsConfig& tls, const CertificateValidity& validity, WallTime now) {
  constexpr const char* kRefused = ", clients refuse it";
  const std::string name = certificate_name(tls);
  if (validity.ends <= now) return name + ": has expired on " + utc_text(validity.ends) + kRefused;
  if (validity.begins > now) return name + ": is not valid before " + utc_text(validity.begins) + kRefused;
  if (validity.ends - now > kWarnedBefore) return std::nullopt;
  return name + ": expires on " + utc_text(validity.ends);
}

ListenerFindings check_listener_tls(const ListenerTlsConfig& tls, const std::string& credentials_directory, WallTime now) {
  if (tls.certificate_file.empty()) return {};
  if (key_is_for_others(tls, credentials_directory)) {
    const auto validity = certificate_validity(tls.certificate_file);
    if (!validity.ok()) return {.fault = certificate_name(tls) + ": " + validity.error(), .warning = {}};
    return {.fault = {}, .warning = validity_warning(tls, validity.value(), now)};
  }
  const auto loaded = load_listener_tls(tls, credentials_directory);
  if (!loaded.ok()) return {.fault = loaded.error(), .warning = {}};
  return {.fault = {}, .warning = validity_warning(tls, loaded.value()->validity(), now)};
}

}  // namespace hedgewatch
