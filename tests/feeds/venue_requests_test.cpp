#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "feeds/binance/requests.hpp"
#include "feeds/bybit/requests.hpp"
#include "feeds/okx/requests.hpp"

using namespace hedgewatch;

namespace {

constexpr auto kNow = from_nanoseconds<WallTime>(1'801'234'567'089'000'000);
constexpr auto kWhole = from_nanoseconds<WallTime>(1'801'234'567'000'000'000);
constexpr const char* kSecret = "a-secret-of-our-own";

std::string header(const HttpCall& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return {};
}

}  // namespace

// The expected signatures were made with another library.
TEST_SUITE("feeds/bybit/requests") {
  TEST_CASE("a login lasts ten seconds and does not hold the secret") {
    const bybit::Credential credential{"our-key", Secret{kSecret}};
    CHECK(bybit::auth_request("a1", credential, kWhole) ==
          R"({"req_id":"a1","op":"auth","args":["our-key",1801234577000,)"
          R"("68ef0eb6630b0553c88bdcc3e94076006fd2dafed5e56811430955d1dd7eca3f"]})");
  }

  TEST_CASE("a signed GET is signed as it is sent") {
    const bybit::Credential credential{"our-key", Secret{kSecret}};
    const auto request =
        bybit::signed_request("/v5/position/list", "category=linear&settleCoin=USDT&limit=200", credential, kWhole);
    CHECK(request.target == "/v5/position/list?category=linear&settleCoin=USDT&limit=200");
    CHECK(header(request, "X-BAPI-SIGN") == "d42bf299bb463393c49e62db5740951c3a77974e98a5f6cb7dae05fa5fbbf150");
    CHECK(header(request, "X-BAPI-TIMESTAMP") == "1801234567000");
    CHECK(bybit::positions_request(bybit::Category::Linear, "USDT", "", credential, kWhole).target == request.target);
    CHECK(bybit::key_request(credential, kWhole).target == "/v5/user/query-api");
    CHECK(bybit::key_request(credential, kWhole).headers.size() == 4);
    CHECK(bybit::greeks_request(credential, kWhole).target == "/v5/asset/coin-greeks");
    CHECK(bybit::status_request().target == "/v5/system/status");
    CHECK(bybit::status_request().headers.empty());
    CHECK(bybit::positions_request(bybit::Category::Option, "", "p%3D2", credential, kWhole).target ==
          "/v5/position/list?category=option&limit=200&cursor=p%3D2");
  }

  TEST_CASE("topics, few at a time") {
    CHECK(bybit::ticker_topic("BTCUSDT") == "tickers.BTCUSDT");
    CHECK(bybit::first_level_topic("BTCUSDT") == "orderbook.1.BTCUSDT");
    const std::vector<std::string> two{bybit::book_topic(bybit::Category::Option, "BTC-25DEC26-95000-C-USDT"),
                                       bybit::book_topic(bybit::Category::Inverse, "BTCUSD")};
    CHECK(bybit::subscribe_request("s1", two) ==
          R"({"req_id":"s1","op":"subscribe","args":["orderbook.25.BTC-25DEC26-95000-C-USDT","orderbook.50.BTCUSD"]})");
    CHECK(bybit::unsubscribe_request("s2", std::vector<std::string>{bybit::trade_topic("BTC")}) ==
          R"({"req_id":"s2","op":"unsubscribe","args":["publicTrade.BTC"]})");
    CHECK(bybit::ping_request("p1") == R"({"req_id":"p1","op":"ping"})");
    CHECK(bybit::instruments_request(bybit::Category::Option, "ETH", "x%3Dy").target ==
          "/v5/market/instruments-info?category=option&baseCoin=ETH&limit=1000&cursor=x%3Dy");
  }
}

TEST_SUITE("feeds/okx/requests") {
  TEST_CASE("a login is signed over whole seconds, a GET over milliseconds") {
    const okx::Credential credential{"our-key", Secret{kSecret}, Secret{"pass\"word"}};
    const std::string login = okx::login_request(credential, kNow);
    CHECK(login == R"({"op":"login","args":[{"apiKey":"our-key","passphrase":"pass\"word","timestamp":"1801234567",)"
                   R"("sign":"SL3mWhFYhoUpOYj4xPNLJ9pYPIOsI6OnklcMexGNAWc="}]})");
    const auto request = okx::signed_request("/api/v5/account/positions?instType=ANY", credential, kNow, true);
    CHECK(header(request, "OK-ACCESS-TIMESTAMP") == "2027-01-29T14:56:07.089Z");
    CHECK(header(request, "OK-ACCESS-SIGN") == "+0gZiEpbnJFYIpSrPUI6N0vjcVsrrQ/D6zK8BWQig2c=");
    CHECK(header(request, "x-simulated-trading") == "1");
    CHECK(header(okx::signed_request("/x", credential, kNow, false), "x-simulated-trading").empty());
  }

  TEST_CASE("subscriptions in calls that the venue takes") {
    const std::vector<okx::Subscription> two{{"bbo-tbt", "instId", "BTC-USDT-SWAP"}, {"status", "", ""}};
    CHECK(okx::subscribe_request("s1", two) ==
          R"({"id":"s1","op":"subscribe","args":[{"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"},{"channel":"status"}]})");
    CHECK(okx::unsubscribe_request("s2", std::vector<okx::Subscription>{two[1]}) ==
          R"({"id":"s2","op":"unsubscribe","args":[{"channel":"status"}]})");
    const std::vector<okx::Subscription> many(2000, two[0]);
    const std::size_t fit = okx::subscriptions_in_one_call(many);
    CHECK(fit > 1000);
    CHECK(okx::subscribe_request("s3", std::span{many}.first(fit)).size() < 64 * 1024);
    CHECK(okx::instruments_request("OPTION", "BTC-USD").target == "/api/v5/public/instruments?instType=OPTION&instFamily=BTC-USD");
  }
}

TEST_SUITE("feeds/binance/requests") {
  TEST_CASE("a shared secret signs in hexadecimal, a private key in base64 that is encoded") {
    const binance::Credential shared{"our-key", Secret{kSecret}};
    const auto request = binance::signed_request("/fapi/v3/positionRisk", "", shared, kWhole);
    REQUIRE(request.has_value());
    CHECK(request->target ==
          "/fapi/v3/positionRisk?recvWindow=5000&timestamp=1801234567000&signature="
          "5926ff3c9838926271b7197ebb3cf27ea0de9f3c60d546b652f20ace6b187f6b");
    CHECK(header(*request, "X-MBX-APIKEY") == "our-key");
    const binance::Credential own{
        "our-key",
        Secret{"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEICAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/\n-----END PRIVATE "
               "KEY-----\n"}};
    CHECK(binance::positions_request(binance::Product::UsdMargined, own, kWhole)
              ->target.ends_with("&signature=xKp1IyLjL75SSuVWp%2FO%2FnXAlTdQNsE%2FriBYmxQ2twUzad91bSBHRMz%2FkDW%"
                                 "2F0JMyCWkHsax7aOwzSYDdE%2BqSeCg%3D%3D"));
    CHECK_FALSE(binance::positions_request(binance::Product::Spot, shared, kWhole).has_value());
    const binance::Credential broken{"our-key", Secret{"-----BEGIN PRIVATE KEY-----"}};
    CHECK_FALSE(binance::account_request(binance::Product::Options, broken, kWhole).has_value());
  }

  TEST_CASE("each stream has one path, and one that is not known has none") {
    using binance::Product;
    using binance::StreamPath;
    CHECK(binance::path_of(Product::UsdMargined, binance::book_ticker_stream("BTCUSDT")) == StreamPath::Public);
    CHECK(binance::path_of(Product::UsdMargined, "btcusdt@depth20@100ms") == StreamPath::Public);
    CHECK(binance::path_of(Product::CoinMargined, binance::mark_price_stream("BTCUSD_PERP")) == StreamPath::Market);
    CHECK(binance::path_of(Product::UsdMargined, "!markPrice@arr@1s") == StreamPath::Market);
    CHECK(binance::path_of(Product::Options, binance::option_marks_stream("BTCUSDT")) == StreamPath::Market);
    CHECK_FALSE(binance::path_of(Product::Options, "btcusdt@aggTrade").has_value());
    CHECK_FALSE(binance::path_of(Product::UsdMargined, "btcusdt@lottery").has_value());
    CHECK_FALSE(binance::path_of(Product::Spot, "btcusdt@bookTicker").has_value());
    CHECK(binance::text(StreamPath::Private) == "/private");
  }

  TEST_CASE("streams in lower case, in calls of a hundred") {
    const std::vector<std::string> streams{binance::depth_stream("BTCUSD_PERP"), binance::aggregate_trade_stream("BTCUSDT")};
    CHECK(binance::subscribe_request(11, streams) ==
          R"({"method":"SUBSCRIBE","params":["btcusd_perp@depth@100ms","btcusdt@aggTrade"],"id":11})");
    CHECK(binance::unsubscribe_request(12, std::span{streams}.first(1)) ==
          R"({"method":"UNSUBSCRIBE","params":["btcusd_perp@depth@100ms"],"id":12})");
    CHECK(binance::streams_in_one_call(std::vector<std::string>(250, "x")) == 100);
    CHECK(binance::depth_request(binance::Product::CoinMargined, "BTCUSD_PERP").target ==
          "/dapi/v1/depth?symbol=BTCUSD_PERP&limit=1000");
    CHECK(binance::instruments_request(binance::Product::Options).target == "/eapi/v1/exchangeInfo");
    CHECK(binance::funding_info_request(binance::Product::UsdMargined).target == "/fapi/v1/fundingInfo");
    CHECK(binance::server_time_request(binance::Product::Options).target == "/eapi/v1/time");
    // Spot's list is asked for without the pairs that are closed.
    CHECK(binance::instruments_request(binance::Product::Spot).target ==
          "/api/v3/exchangeInfo?symbolStatus=TRADING&showPermissionSets=false");
    CHECK(binance::subscriptions_request(7) == R"({"method":"LIST_SUBSCRIPTIONS","id":7})");
  }

  TEST_CASE("a key for the private stream needs no signature; the spot account is opened by a signed request") {
    const binance::Credential credential{"our-key", Secret{kSecret}};
    const HttpCall key = binance::listen_key_request(binance::Product::CoinMargined, HttpVerb::Put, credential);
    CHECK(key.target == "/dapi/v1/listenKey");
    CHECK(key.verb == HttpVerb::Put);
    CHECK(header(key, "X-MBX-APIKEY") == "our-key");
    CHECK(binance::spot_account_request(5, credential, kWhole) ==
          R"({"id":5,"method":"userDataStream.subscribe.signature","params":{"apiKey":"our-key","recvWindow":5000,)"
          R"("timestamp":1801234567000,"signature":"e073bc36503d4ea51218d76137812b048f31881a1b691d587484a3ff98fb5e81"}})");
    const binance::Credential broken{"our-key", Secret{"-----BEGIN PRIVATE KEY-----"}};
    CHECK_FALSE(binance::spot_account_request(5, broken, kWhole).has_value());
    CHECK(
        binance::permissions_request(credential, kWhole)->target.starts_with("/sapi/v1/account/apiRestrictions?recvWindow=5000&"));
  }
}
