#include "daemon/listener_identity.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <string>

#include "feeds/transport/clock.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_peer.hpp"

namespace hedgewatch {
namespace {

/// A certificate and a key in files as they should be.
class ListenerFiles {
 public:
  explicit ListenerFiles(const testing::CertificateWish& wish = {}) : issued_{authority_.issue(wish)} {
    tls = {.certificate_file = folder_.write("own.pem", issued_.chain_pem),
           .key_credential = {},
           .key_file = folder_.write("own.key", issued_.key_pem)};
    REQUIRE(::chmod(tls.key_file.c_str(), 0600) == 0);
  }
  void write(const std::string& name, const std::string& content) const { static_cast<void>(folder_.write(name, content)); }
  [[nodiscard]] testing::Certificate other() const { return authority_.issue(); }

  ListenerTlsConfig tls;

 private:
  testing::TestAuthority authority_;
  testing::TemporaryFolder folder_;
  testing::Certificate issued_;
};

TEST_SUITE("daemon/listener_identity") {
  TEST_CASE("without a certificate there is nothing to load or to find") {
    CHECK(load_listener_tls({}, "").value() == nullptr);
    const ListenerFindings found = check_listener_tls({}, "", wall_now());
    CHECK_FALSE(found.fault.has_value());
    CHECK_FALSE(found.warning.has_value());
  }

  TEST_CASE("a key that others can read is refused, and one that does not match is told with both files") {
    const ListenerFiles files;
    REQUIRE(load_listener_tls(files.tls, "").ok());
    CHECK_FALSE(check_listener_tls(files.tls, "", wall_now()).fault.has_value());
    for (const mode_t mode : {mode_t{0640}, mode_t{0604}, mode_t{0620}}) {
      REQUIRE(::chmod(files.tls.key_file.c_str(), mode) == 0);
      const auto open = load_listener_tls(files.tls, "");
      REQUIRE_FALSE(open.ok());
      CHECK(open.error().starts_with("[http]: tls_key_file \"" + files.tls.key_file + "\": has mode 06"));
    }
    REQUIRE(::chmod(files.tls.key_file.c_str(), 0600) == 0);
    files.write("own.key", files.other().key_pem);
    const std::string mismatch = "[http]: tls_key_file \"" + files.tls.key_file + "\": does not match the certificate in \"" +
                                 files.tls.certificate_file + '"';
    CHECK(load_listener_tls(files.tls, "").error() == mismatch);
    CHECK(check_listener_tls(files.tls, "", wall_now()).fault == mismatch);
    files.write("own.pem", "nothing");
    CHECK(check_listener_tls(files.tls, "", wall_now()).fault ==
          "[http]: tls_certificate_file \"" + files.tls.certificate_file +
              "\": holds no certificate, must be PEM with the server's own first");
  }

  TEST_CASE("a key that only systemd can hand over is left to the start, the certificate is not") {
    ListenerFiles files;
    files.tls.key_file.clear();
    files.tls.key_credential = "listener_key";
    CHECK_FALSE(check_listener_tls(files.tls, "", wall_now()).fault.has_value());
    CHECK_FALSE(load_listener_tls(files.tls, "").ok());
    CHECK(check_listener_tls(files.tls, "/nonexistent", wall_now())
              .fault->starts_with("[http]: tls_key_credential \"listener_key\": "));
    files.tls.certificate_file = "/nonexistent/own.pem";
    CHECK(check_listener_tls(files.tls, "", wall_now()).fault ==
          "[http]: tls_certificate_file \"/nonexistent/own.pem\": cannot be read: No such file or directory");
  }

  TEST_CASE("a certificate that has expired, or soon will, is a warning with its day and file") {
    const ListenerFiles files{{.valid_to_days = 15}};
    const WallTime now = wall_now();
    CHECK_FALSE(check_listener_tls(files.tls, "", now).warning.has_value());
    const std::string name = "[http]: tls_certificate_file \"" + files.tls.certificate_file + "\": ";
    CHECK(check_listener_tls(files.tls, "", now + std::chrono::hours{24 * 2}).warning->starts_with(name + "expires on 2"));
    const ListenerFindings late = check_listener_tls(files.tls, "", now + std::chrono::hours{24 * 16});
    CHECK(late.warning->starts_with(name + "has expired on 2"));
    CHECK(late.warning->ends_with(", clients refuse it"));
    CHECK_FALSE(late.fault.has_value());
  }

  TEST_CASE("a certificate that is not valid yet is a warning with its day and file") {
    const ListenerFiles files{{.valid_from_days = 2, .valid_to_days = 90}};
    const std::string name = "[http]: tls_certificate_file \"" + files.tls.certificate_file + "\": ";
    const ListenerFindings found = check_listener_tls(files.tls, "", wall_now());
    REQUIRE(found.warning.has_value());
    CHECK(found.warning->starts_with(name + "is not valid before 2"));
    CHECK(found.warning->ends_with(", clients refuse it"));
    CHECK_FALSE(found.fault.has_value());
    CHECK_FALSE(check_listener_tls(files.tls, "", wall_now() + std::chrono::hours{24 * 3}).warning.has_value());
  }

  TEST_CASE("a certificate that never ends, or ends after the year 2262, is no warning") {
    for (const int years : {274, 7'970}) {
      CAPTURE(years);
      const ListenerFiles files{{.valid_to_days = years * 365}};
      const auto loaded = load_listener_tls(files.tls, "");
      REQUIRE(loaded.ok());
      CHECK_FALSE(validity_warning(files.tls, loaded.value()->validity(), wall_now()).has_value());
      const ListenerFindings found = check_listener_tls(files.tls, "", wall_now());
      CHECK_FALSE(found.fault.has_value());
      CHECK_FALSE(found.warning.has_value());
    }
  }
}

}  // namespace
}  // namespace hedgewatch
