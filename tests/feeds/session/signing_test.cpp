#include "feeds/session/signing.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

TEST_SUITE("feeds/session/signing") {
  TEST_CASE("a shared secret signs in hexadecimal and in base64") {
    // RFC 4231, test case 2.
    const Secret secret{"Jefe"};
    CHECK(hmac_sha256_hex(secret, "what do ya want for nothing?") ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hmac_sha256_base64(secret, "what do ya want for nothing?") == "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
  }

  TEST_CASE("an Ed25519 key in PEM signs; another text does not") {
    // The bytes 0x20 to 0x3f as a seed.
    const Secret key{
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEICAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/\n-----END PRIVATE "
        "KEY-----\n"};
    CHECK(is_private_key(key));
    CHECK(ed25519_base64(key, "recvWindow=5000&timestamp=1801234567000") ==
          "xKp1IyLjL75SSuVWp/O/nXAlTdQNsE/riBYmxQ2twUzad91bSBHRMz/kDW/0JMyCWkHsax7aOwzSYDdE+qSeCg==");
    CHECK_FALSE(is_private_key(Secret{"a-secret-of-our-own"}));
    CHECK_FALSE(ed25519_base64(Secret{"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "x").has_value());
  }

  TEST_CASE("texts in a query and in JSON") {
    CHECK(percent_encoded("a+b/c==~") == "a%2Bb%2Fc%3D%3D~");
    std::string json;
    append_json_string(json, "a\"b\\c\n");
    CHECK(json == R"("a\"b\\c\u000a")");
  }
}
