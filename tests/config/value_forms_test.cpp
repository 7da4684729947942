#include "config/value_forms.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hedgewatch;

TEST_SUITE("config/value_forms") {
  TEST_CASE("an endpoint is read into host, port and path") {
    const auto read = [](std::string_view text) {
      const auto result = parse_endpoint(text);
      return result.ok() ? std::optional{result.value()} : std::nullopt;
    };
    CHECK(read("wss://www.deribit.com/ws/api/v2") == Endpoint{"www.deribit.com", 443, "/ws/api/v2"});
    CHECK(read("wss://localhost:8443") == Endpoint{"localhost", 8443, "/"});
    CHECK(read("wss://[::1]:65535/x") == Endpoint{"::1", 65535, "/x"});
    for (const char* bad : {"",
                            "wss://",
                            "wss:///x",
                            "ws://host/",
                            "https://host/",
                            "WSS://host/",
                            "wss://host:/",
                            "wss://host:0/",
                            "wss://host:65536/",
                            "wss://host:-1/",
                            "wss://host:+1/",
                            "wss://ho st/",
                            "wss://[::1/",
                            "wss://[host]/",
                            "wss://::1/",
                            "wss://user@host/",
                            "wss://host/a?b=c",
                            "wss://host/#a",
                            "wss://host/a b",
                            "wss://-host/"}) {
      const std::string text = bad;
      CAPTURE(text);
      CHECK_FALSE(read(text).has_value());
    }
  }

  TEST_CASE("a listen address is an IP literal with a port, and loopback is recognised") {
    const auto v4 = parse_listen_address("127.0.0.1:0");
    REQUIRE(v4.has_value());
    CHECK(v4->host == "127.0.0.1");
    CHECK(v4->port == 0);
    CHECK(v4->loopback);
    CHECK(parse_listen_address("127.9.9.9:1")->loopback);
    CHECK(parse_listen_address("[::1]:80")->loopback);
    CHECK_FALSE(parse_listen_address("[::]:80")->loopback);
    CHECK_FALSE(parse_listen_address("10.0.0.1:80")->loopback);
    CHECK_FALSE(parse_listen_address("[::ffff:10.0.0.1]:80")->loopback);
    for (const char* bad : {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "127.0.1:80", "127.0.0.0.1:80",
                            "256.0.0.1:80", "127.0.0.01:80", "::1:80", "localhost:80", "127.0.0.1.evil.example:80"}) {
      const std::string text = bad;
      CAPTURE(text);
      CHECK_FALSE(parse_listen_address(text).has_value());
    }
  }

  TEST_CASE("production hosts are recognised however they are written") {
    CHECK(host_kind(Venue::Deribit, "www.deribit.com") == HostKind::Production);
    CHECK(host_kind(Venue::Deribit, "WWW.Deribit.COM.") == HostKind::Production);
    CHECK(host_kind(Venue::Deribit, "deribit.com") == HostKind::Production);
    CHECK(host_kind(Venue::Deribit, "streams.deribit.com") == HostKind::Production);
    CHECK(host_kind(Venue::Deribit, "test.deribit.com") == HostKind::Testnet);
    CHECK(host_kind(Venue::Deribit, "notderibit.com") == HostKind::Other);
    CHECK(host_kind(Venue::Deribit, "test.deribit.com.example") == HostKind::Other);
  }

  TEST_CASE("instrument patterns name a known venue and a symbol that can exist") {
    CHECK(parse_instrument_pattern("deribit:BTC-25DEC26-100000-C") == InstrumentPattern{Venue::Deribit, "BTC-25DEC26-100000-C"});
    CHECK(parse_instrument_pattern("deribit:XRP_USDC-25DEC26-0d625-P").has_value());
    CHECK(parse_instrument_pattern("okx:*").has_value());
    for (const char* bad : {"", "deribit", "deribit:", ":BTC", "Deribit:BTC", "deribit:btc", "deribit:BTC PERPETUAL",
                            "deribit:BTC/USD", "deribit:BTC-PERPETUAL-PERPETUAL-PERPETUAL"}) {
      const std::string text = bad;
      CAPTURE(text);
      CHECK_FALSE(parse_instrument_pattern(text).has_value());
    }
  }

  TEST_CASE("the asset at a symbol's head is known unless a star hides it") {
    CHECK(leading_asset("BTC-PERPETUAL") == "BTC");
    CHECK(leading_asset("BTC_USDC-PERPETUAL") == "BTC");
    CHECK(leading_asset("BTC-*") == "BTC");
    CHECK(leading_asset("BTC*") == "");
    CHECK(leading_asset("*") == "");
    CHECK(leading_asset("BTC") == "");
  }

  TEST_CASE("names, codes and credential names have their forms") {
    CHECK(is_name("straddle-delta.2"));
    for (const char* bad : {"", "-a", ".a", "a b", "a/b", "a\"b", "\xC3\xA4", "a\n"}) {
      const std::string text = bad;
      CAPTURE(text);
      CHECK_FALSE(is_name(text));
    }
    CHECK_FALSE(is_name(std::string(49, 'a')));
    CHECK(is_asset_code("1INCH"));
    for (const char* bad : {"", "B", "btc", "BTC-USD", "12", "LONGCODE"}) {
      const std::string text = bad;
      CAPTURE(text);
      CHECK_FALSE(is_asset_code(text));
    }
    CHECK(is_credential_name("deribit_api_key"));
    CHECK_FALSE(is_credential_name("../key"));
    CHECK_FALSE(is_credential_name("..."));
    CHECK_FALSE(is_credential_name(""));
  }
}
