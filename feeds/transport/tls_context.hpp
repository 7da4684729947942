#pragma once

#include <filesystem>
#include <memory>
#include <optional>

namespace boost::asio::ssl {
class context;
}

namespace hedgewatch {

/// Client side of TLS 1.2 or newer. The peer's certificate chain and host name are always verified: there is no switch.
/// Shared by all connections of a process; must outlive them.
class TlsContext {
 public:
  /// Trusts the system's root certificates, or exactly those in `ca_file` (PEM) when it is given.
  /// Throws std::runtime_error, naming the file, when it cannot be read or holds no certificate.
  explicit TlsContext(const std::optional<std::filesystem::path>& ca_file = std::nullopt);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] boost::asio::ssl::context& native() { return *context_; }

 private:
  std::unique_ptr<boost::asio::ssl::context> context_;
};

}  // namespace hedgewatch
