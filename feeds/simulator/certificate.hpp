#pragma once

#include <string>

namespace hedgewatch::simulator {

/// A throw-away authority and a server certificate of it, for localhost, 127.0.0.1 and ::1, valid for a few days.
/// All PEM. The authority's own key is gone when this returns.
struct LoopbackCertificate {
  std::string authority;
  std::string certificate;
  std::string private_key;
};

/// Throws std::runtime_error when OpenSSL cannot (no entropy, no memory).
[[nodiscard]] LoopbackCertificate make_loopback_certificate();

}  // namespace hedgewatch::simulator
