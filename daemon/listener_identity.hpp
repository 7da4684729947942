#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "core/types/result.hpp"
#include "core/types/time.hpp"
#include "daemon/exposition/listener_tls.hpp"

namespace hedgewatch {

/// The listener's certificate and its key as the configuration names them; null without one. The error is one line with the file's
/// name, and never holds the key.
[[nodiscard]] Result<std::shared_ptr<ListenerTls>, std::string> load_listener_tls(const ListenerTlsConfig& tls,
                                                                                  const std::string& credentials_directory);

/// That the certificate is not valid yet, has expired or will within two weeks: one line; nothing otherwise. The daemon starts all
/// the same: what it watches matters more than who can scrape it.
[[nodiscard]] std::optional<std::string> validity_warning(const ListenerTlsConfig& tls, const CertificateValidity& validity,
                                                          WallTime now);

/// What `hedgewatch check` finds in the files.
struct ListenerFindings {
  std::optional<std::string> fault;
  std::optional<std::string> warning;
};

/// A key that whoever asks has no right to read, or that only systemd could hand over, is left to the start.
[[nodiscard]] ListenerFindings check_listener_tls(const ListenerTlsConfig& tls, const std::string& credentials_directory,
                                                  WallTime now);

}  // namespace hedgewatch
