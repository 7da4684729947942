#include "feeds/deribit/requests.hpp"

#include <doctest/doctest.h>
#include <simdjson.h>

#include <string>
#include <vector>

using namespace hedgewatch;
using namespace hedgewatch::deribit;

namespace {

std::string text_at(const std::string& json, const char* pointer) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded{json};
  simdjson::dom::element value;
  CAPTURE(json);
  REQUIRE(parser.parse(padded).at_pointer(pointer).get(value) == simdjson::SUCCESS);
  return simdjson::minify(value);
}

}  // namespace

TEST_SUITE("feeds/deribit/requests") {
  TEST_CASE("signatures are those of the published vectors") {
    CHECK(signature(Secret{"AMANDASECRECT"}, 1576074319000, "1iqt2wls", "") ==
          "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1");
    CHECK(signature(Secret{"hw-demo-secret-0001"}, 1780000000000, "nonce42", "") ==
          "249bdcb611fd9479d0b432dd995180121a589ac78c2ab834bda307b39564d41f");
    CHECK(signature(Secret{"hw-demo-secret-0001"}, 1780000000000, "nonce42", "hedgewatch") ==
          "ac7a1b443f75cab395e5c2dc6e662fd4248a84596416638c9e1d198aa6687ce2");
  }

  TEST_CASE("a signed login carries the signature and not the secret") {
    const Credential credential{"AbCd1234", Secret{"hw-demo-secret-0001"}};
    const std::string text =
        auth_with_signature(5, credential, from_nanoseconds<WallTime>(1'780'000'000'000'123'456), "nonce42", "account:read");
    CHECK(text_at(text, "/params/signature") == "\"249bdcb611fd9479d0b432dd995180121a589ac78c2ab834bda307b39564d41f\"");
    CHECK(text_at(text, "/params/timestamp") == "1780000000000");
    CHECK(text_at(text, "/params/grant_type") == "\"client_signature\"");
    CHECK(text.find("hw-demo-secret-0001") == std::string::npos);
    CHECK(text_at(auth_with_secret(6, credential, ""), "/params/client_secret") == "\"hw-demo-secret-0001\"");
    CHECK(text_at(auth_refresh(7, Secret{"r\"1"}), "/params/refresh_token") == R"("r\"1")");
  }

  TEST_CASE("the plain requests name their method and parameters") {
    CHECK(text_at(hello_request(1), "/method") == "\"public/hello\"");
    CHECK(text_at(heartbeat_request(2, 5), "/params/interval") == "10");
    CHECK(text_at(heartbeat_request(2, 30), "/params/interval") == "30");
    CHECK(text_at(test_request(3), "/id") == "3");
    CHECK(text_at(time_request(4), "/params") == "{}");
    CHECK(text_at(instruments_request(5, "BTC"), "/params/currency") == "\"BTC\"");
    CHECK(text_at(instrument_request(6, "DOGE_USDC-4OCT24-0d048-C"), "/params/instrument_name") == "\"DOGE_USDC-4OCT24-0d048-C\"");
    CHECK(text_at(positions_request(7), "/params/currency") == "\"any\"");
    CHECK(text_at(account_summaries_request(8), "/params/extended") == "true");
    CHECK(text_at(logout_request(9), "/method") == "\"private/logout\"");
    CHECK(text_at(open_orders_request(11), "/method") == "\"private/get_open_orders\"");
    CHECK(text_at(user_trades_request(10, "ETH", 5, 9, 1000), "/params") ==
          R"({"currency":"ETH","start_timestamp":5,"end_timestamp":9,"count":1000,"sorting":"asc"})");
  }

  TEST_CASE("a call holds at most 500 channels and stays below the venue's size limit") {
    std::vector<std::string> channels(1200, "ticker.BTC-26MAR27-100000-C.100ms");
    CHECK(channels_in_one_call(channels) == 500);
    const std::span first{channels.data(), 500};
    CHECK(subscribe_request(1, Audience::Public, first).size() < 32'000);
    std::vector<std::string> longer(500, "ticker." + std::string(80, 'X') + ".100ms");
    const std::size_t fit = channels_in_one_call(longer);
    CHECK(fit < 500);
    CHECK(subscribe_request(1, Audience::Private, std::span{longer.data(), fit}).size() < 32'000);
    CHECK(text_at(unsubscribe_request(2, Audience::Private, std::span{channels.data(), 1}), "/params/channels/0") ==
          "\"ticker.BTC-26MAR27-100000-C.100ms\"");
  }
}
