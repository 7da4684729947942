#pragma once

#include <memory>
#include <string>

#include "core/types/result.hpp"
#include "core/types/time.hpp"
#include "feeds/session/secret.hpp"

namespace boost::asio::ssl {
class context;
}

namespace hedgewatch {

/// When a certificate holds, by the calendar. What lies before 1970 is told as 1970, what lies after the last second of WallTime as
/// that second.
struct CertificateValidity {
  WallTime begins{};
  WallTime ends{};

  [[nodiscard]] bool holds_at(WallTime now) const { return begins <= now && now < ends; }
};

/// Server side of TLS 1.2 or newer, forward secret and authenticated ciphers alone, without renegotiation: what the HTTP listener
/// shows its clients. Does not change; connections share it.
class ListenerTls {
 public:
  /// Where the certificate is, and how messages name it and its key.
  struct Place {
    std::string certificate_file;
    std::string certificate_name;
    std::string key_name;
  };

  /// From a chain in a PEM file, the server's own certificate first, and its key in PEM. The error names what is at fault and never
  /// holds a byte of the key. A certificate that has expired, or is not valid yet, is no error.
  [[nodiscard]] static Result<std::shared_ptr<ListenerTls>, std::string> read(const Place& place, const Secret& key);
  ~ListenerTls();
  ListenerTls(const ListenerTls&) = delete;
  ListenerTls& operator=(const ListenerTls&) = delete;

  [[nodiscard]] boost::asio::ssl::context& native() { return *context_; }
  /// Of the server's own certificate.
  [[nodiscard]] CertificateValidity validity() const { return validity_; }

 private:
  ListenerTls();

  std::unique_ptr<boost::asio::ssl::context> context_;
  CertificateValidity validity_;
};

/// The same without a key: what is wrong with the file, without its name, or when its first certificate holds.
[[nodiscard]] Result<CertificateValidity, std::string> certificate_validity(const std::string& certificate_file);

}  // namespace hedgewatch
