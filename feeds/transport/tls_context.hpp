#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

struct ssl_st;

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

/// Before a connection's handshake: the certificate must be made out to `host` (a name, or an address literal), and a name is
/// sent as SNI. False when OpenSSL refuses the name; then the connection must not be used.
[[nodiscard]] bool expect_host(ssl_st* connection, const std::string& host);

/// After a failed handshake: why the certificate was not accepted. Empty when it was, or none came.
[[nodiscard]] std::string verification_failure(ssl_st* connection);

}  // namespace hedgewatch
