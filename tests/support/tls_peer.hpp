#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hedgewatch::testing {

struct CertificateWish {
  std::vector<std::string> names{"localhost"};
  std::vector<std::string> addresses{"127.0.0.1"};
  int valid_from_days = -1;  ///< from now
  int valid_to_days = 1;
};

struct Certificate {
  std::string chain_pem;
  std::string key_pem;
};

/// A certificate authority made for one test.
class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  [[nodiscard]] Certificate issue(const CertificateWish& wish = {}) const;
  /// The root certificate, in a file that lives as long as this.
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::filesystem::path file_;
};

/// One accepted connection of a TlsPeer, TLS done. Blocking, with a time-out; failures throw and end the script quietly.
class PeerConnection {
 public:
  virtual ~PeerConnection() = default;
  /// Up to and including the empty line.
  virtual std::string read_head() = 0;
  virtual void write(std::string_view bytes) = 0;
  virtual std::string read_exactly(std::size_t count) = 0;
  /// Drops TCP at once with a reset.
  virtual void reset() = 0;
  /// Waits until the client ends the connection.
  virtual void wait_for_end() = 0;

  /// Reads the upgrade request and grants it; returns the request's head.
  std::string accept_websocket(std::string_view behind = {});
  struct Frame {
    std::uint8_t opcode = 0;
    std::string payload;  ///< unmasked
  };
  /// One client frame; throws when it is not masked or not final.
  Frame read_frame();
};

/// A server frame: first byte (0x80 final, 0x40 .. reserved, low four bits the opcode), shortest length, no mask.
std::string server_frame(std::uint8_t first_byte, std::string_view payload);

/// A server on a free port of 127.0.0.1 that runs the script for each connection, one after the other, in a thread of its own.
class TlsPeer {
 public:
  using Script = std::function<void(PeerConnection&)>;
  /// `newest_version` is an OpenSSL protocol version such as TLS1_1_VERSION; nothing: no limit.
  TlsPeer(const Certificate& certificate, Script script, std::optional<int> newest_version = std::nullopt);
  ~TlsPeer();
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// The server name that the last client asked for.
  [[nodiscard]] std::string asked_for_name() const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace hedgewatch::testing
