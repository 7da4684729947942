#include "daemon/exposition/listener_tls.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "feeds/transport/clock.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_peer.hpp"

namespace hedgewatch {
namespace {

using testing::Certificate;
using testing::TemporaryFolder;
using testing::TestAuthority;

/// The error, or nothing.
std::string error_of(const std::string& file, std::string_view key) {
  const auto read =
      ListenerTls::read({.certificate_file = file, .certificate_name = "the certificate", .key_name = "the key"}, Secret{key});
  return read.ok() ? std::string{} : read.error();
}

TEST_SUITE("daemon/exposition/listener_tls") {
  TEST_CASE("a certificate and its key are taken, also with a chain, and tell when they expire") {
    const TemporaryFolder folder;
    const TestAuthority authority;
    const Certificate own = authority.issue({.valid_to_days = 3});
    const std::string file = folder.write("chain.pem", own.chain_pem + authority.issue().chain_pem);
    const auto read = ListenerTls::read({.certificate_file = file, .certificate_name = {}, .key_name = {}}, Secret{own.key_pem});
    REQUIRE(read.ok());
    const auto left = read.value()->validity().ends - wall_now();
    CHECK(left > std::chrono::hours{71});
    CHECK(left < std::chrono::hours{73});
    REQUIRE(certificate_validity(file).ok());
    CHECK(certificate_validity(file).value().ends == read.value()->validity().ends);
    CHECK(certificate_validity(file).value().begins == read.value()->validity().begins);
    CHECK(read.value()->validity().holds_at(wall_now()));
  }

  TEST_CASE("a certificate whose time is over is taken: who watches hedges starts all the same") {
    const TemporaryFolder folder;
    const TestAuthority authority;
    const Certificate old = authority.issue({.valid_from_days = -3, .valid_to_days = -1});
    const std::string file = folder.write("old.pem", old.chain_pem);
    CHECK(error_of(file, old.key_pem).empty());
    CHECK(certificate_validity(file).value().ends < wall_now());
  }

  TEST_CASE("a certificate whose time is to come is taken, and tells when it begins") {
    const TemporaryFolder folder;
    const TestAuthority authority;
    const Certificate early = authority.issue({.valid_from_days = 2, .valid_to_days = 90});
    const std::string file = folder.write("early.pem", early.chain_pem);
    CHECK(error_of(file, early.key_pem).empty());
    const CertificateValidity validity = certificate_validity(file).value();
    const WallTime now = wall_now();
    CHECK_FALSE(validity.holds_at(now));
    CHECK(validity.begins > now + std::chrono::hours{47});
    CHECK(validity.begins < now + std::chrono::hours{49});
    CHECK(validity.holds_at(validity.begins));
    CHECK_FALSE(validity.holds_at(validity.ends));
  }

  TEST_CASE("a certificate that ends after the year 2262, or never, is far from its end") {
    constexpr int kDaysInYear = 365;
    const TemporaryFolder folder;
    const TestAuthority authority;
    for (const int years : {274, 7'970}) {
      CAPTURE(years);
      const Certificate lasting = authority.issue({.valid_to_days = years * kDaysInYear});
      const std::string file = folder.write("lasting.pem", lasting.chain_pem);
      CHECK(error_of(file, lasting.key_pem).empty());
      REQUIRE(certificate_validity(file).ok());
      CHECK(certificate_validity(file).value().ends > wall_now() + std::chrono::hours{24 * kDaysInYear * 200});
    }
  }

  TEST_CASE("a chain that was cut or damaged is refused, wherever in it, and so is one without an end") {
    const TemporaryFolder folder;
    const TestAuthority authority;
    const Certificate own = authority.issue();
    const std::string other = authority.issue().chain_pem;
    const std::string unreadable = "the certificate: holds a certificate that cannot be read";
    const auto error_of_chain = [&](const std::string& text) { return error_of(folder.write("chain.pem", text), own.key_pem); };
    CHECK(error_of_chain(own.chain_pem + other.substr(0, other.size() / 2)) == unreadable);
    CHECK(error_of_chain(own.chain_pem.substr(0, own.chain_pem.size() / 2)) == unreadable);
    std::string damaged = other;
    damaged[damaged.size() / 2] = '!';
    CHECK(error_of_chain(own.chain_pem + damaged) == unreadable);
    CHECK(error_of_chain(own.chain_pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") == unreadable);
    CHECK(error_of_chain(own.chain_pem + damaged + other) == unreadable);

    // Words around the certificates, and their key in the same file, are nothing wrong.
    CHECK(error_of_chain("the server's own:\n" + own.chain_pem + own.key_pem + other + "and no more\n").empty());

    std::string longest = own.chain_pem;
    for (int link = 1; link < 16; ++link) longest += other;
    CHECK(error_of_chain(longest).empty());
    CHECK(error_of_chain(longest + other) == "the certificate: holds more than 16 certificates");
  }

  TEST_CASE("what is wrong is told with the name of what is at fault, and never with a byte of the key") {
    const TemporaryFolder folder;
    const TestAuthority authority;
    const Certificate own = authority.issue();
    const Certificate other = authority.issue();
    const std::string file = folder.write("own.pem", own.chain_pem);
    CHECK(error_of("/nonexistent/own.pem", own.key_pem) == "the certificate: cannot be read: No such file or directory");
    CHECK(error_of(folder.write("none.pem", "no certificate\n"), own.key_pem) ==
          "the certificate: holds no certificate, must be PEM with the server's own first");
    CHECK(error_of(file, other.key_pem) == "the key: does not match the certificate in \"" + file + '"');
    CHECK(error_of(file, "planted-key") == "the key: holds no private key, must be one in PEM without a passphrase");
    CHECK(error_of(file, own.chain_pem) == "the key: holds no private key, must be one in PEM without a passphrase");
    CHECK(error_of(file, {}) == "the key: holds no private key, must be one in PEM without a passphrase");
    CHECK(certificate_validity("/nonexistent/own.pem").error() == "cannot be read: No such file or directory");
  }
}

}  // namespace
}  // namespace hedgewatch
