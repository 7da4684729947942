#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <string_view>

#include "feeds/transport/https_client.hpp"
#include "feeds/transport/tls_context.hpp"
#include "support/tls_peer.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch::testing {
namespace {

constexpr std::string_view kPassword = "a-password-made-for-these-tests";
/// prometheus:a-password-made-for-these-tests
constexpr const char* kAuthorization = "Basic cHJvbWV0aGV1czphLXBhc3N3b3JkLW1hZGUtZm9yLXRoZXNlLXRlc3Rz";

/// A daemon whose listener has TLS and a password, and its files.
class SecureListener {
 public:
  SecureListener() {
    show(first_);
    std::string text = venue_config(exchange_);
    const std::string listen = "listen = \"127.0.0.1:0\"\n";
    text.insert(text.find(listen) + listen.size(), "basic_auth_user = \"prometheus\"\nbasic_auth_file = \"" +
                                                       folder_.write("password", kPassword) + "\"\ntls_certificate_file = \"" +
                                                       path("own.pem") + "\"\ntls_key_file = \"" + path("own.key") + "\"\n");
    daemon_ = std::make_unique<Daemon>(folder_.write("hedgewatch.toml", text));
    daemon_->start();
  }

  /// Puts a new certificate of the authority and its key into the files.
  void show(const TestAuthority& authority, const CertificateWish& wish = {}) const {
    const Certificate own = authority.issue(wish);
    write("own.pem", own.chain_pem);
    write("own.key", own.key_pem);
  }
  void write(const std::string& name, std::string_view content) const { static_cast<void>(folder_.write(name, content)); }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  /// Its status; 0 where it did not come to an answer.
  [[nodiscard]] unsigned scrape(const TestAuthority& trusted, bool with_password = true) const {
    TlsContext trust{trusted.file()};
    HttpsRequest request{.host = "localhost", .port = daemon_->application().http_port(), .target = "/metrics"};
    if (with_password) request.headers.emplace_back("Authorization", kAuthorization);
    const HttpsResult answer = https_request(&trust, std::move(request));
    return answer.ok() ? answer.value().status : 0;
  }
  [[nodiscard]] const TestAuthority& first() const { return first_; }
  [[nodiscard]] const TestAuthority& second() const { return second_; }
  [[nodiscard]] Daemon& daemon() { return *daemon_; }

 private:
  TestAuthority first_;
  TestAuthority second_;
  Exchange exchange_;
  TemporaryFolder folder_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_SUITE("system/listener") {
  TEST_CASE("a listener with TLS and a password answers who has both, and nobody else") {
    SecureListener listener;
    CHECK(listener.scrape(listener.first()) == 200);
    CHECK(listener.scrape(listener.first(), false) == 401);
    CHECK(listener.scrape(listener.second()) == 0);
    const HttpAnswer plain = listener.daemon().get("/metrics", "Authorization: " + std::string{kAuthorization} + "\r\n");
    CHECK(plain.status == 0);
    CHECK(listener.daemon().post("/-/reload").status == 200);
    CHECK(eventually([&] {
      return listener.daemon().log_text().find("a client's TLS handshake failed; further ones are counted alone") !=
             std::string::npos;
    }));
  }

  TEST_CASE("a reload shows the certificate that is in the file now, and a wrong one is refused while the old one stays") {
    SecureListener listener;
    listener.show(listener.second());
    CHECK_FALSE(listener.daemon().application().reload().has_value());
    CHECK(eventually([&] { return listener.scrape(listener.second()) == 200; }));
    CHECK(listener.scrape(listener.first()) == 0);

    listener.write("own.pem", listener.first().issue().chain_pem);
    CHECK(listener.daemon().application().reload() == "[http]: tls_key_file \"" + listener.path("own.key") +
                                                          "\": does not match the certificate in \"" + listener.path("own.pem") +
                                                          '"');
    listener.show(listener.first(), {.valid_from_days = -3, .valid_to_days = -1});
    const auto expired = listener.daemon().application().reload();
    CHECK(expired.value_or("").find("own.pem\": has expired on 2") != std::string::npos);
    listener.show(listener.first(), {.valid_from_days = 2, .valid_to_days = 90});
    const auto early = listener.daemon().application().reload();
    CHECK(early.value_or("").find("own.pem\": is not valid before 2") != std::string::npos);
    // Nanoseconds since 1970 end in 2262.
    listener.show(listener.second(), {.valid_to_days = 274 * 365});
    CHECK_FALSE(listener.daemon().application().reload().has_value());
    listener.show(listener.second(), {.valid_to_days = 7'970 * 365});
    CHECK_FALSE(listener.daemon().application().reload().has_value());
    listener.show(listener.first());
    CHECK(::chmod(listener.path("own.key").c_str(), 0644) == 0);
    CHECK(listener.daemon().application().reload().value_or("").find("has mode 0644") != std::string::npos);
    CHECK(listener.daemon().log_text().find("refused, the configuration in force stays") != std::string::npos);
    CHECK(listener.scrape(listener.second()) == 200);
  }
}

}  // namespace
}  // namespace hedgewatch::testing
