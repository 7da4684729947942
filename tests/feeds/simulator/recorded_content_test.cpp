#include "feeds/simulator/recorded_content.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "feeds/simulator/exchange_bench.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

/// A line of a recording made by hand: `second` after an hour of January 2024.
std::string line(int second, const std::string& frame) {
  return R"({"t":"recv","ts":)" + std::to_string(1'704'103'200 + second) + R"(.5,"data":)" + json_string(frame) + "}\n";
}

std::string notification(const std::string& channel, const std::string& data) {
  return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":")" + channel + R"(","data":)" + data + "}}";
}

std::string ticker(const std::string& name, int mark, double index = 42'000) {
  return notification(
      "ticker." + name + ".raw",
      R"({"timestamp":1704103201000,"instrument_name":")" + name + R"(","mark_price":)" + std::to_string(mark) +
          R"(,"best_bid_price":1.5e1,"best_bid_amount":2,"best_ask_price":null,"best_ask_amount":0,"index_price":)" +
          json_number(index) + "}");
}

std::string recording() {
  std::string text = R"({"t":"header"})"
                     "\n";
  text +=
      R"({"t":"http","ts":1704103199.0,"url":"https://venue/api/v2/public/get_instruments?currency=BTC","data":)" +
      json_string(
          R"({"result":[{"instrument_name":"BTC-26JAN24-44000-C","kind":"option","base_currency":"BTC","quote_currency":"BTC","option_type":"call","strike":44000.0,"contract_size":1.0,"tick_size":0.0005,"min_trade_amount":0.1,"expiration_timestamp":1706256000000,"creation_timestamp":1700000000000,"is_active":true}]})") +
      "}\n";
  text += line(0, R"({"jsonrpc":"2.0","id":1,"result":["ticker.BTC-PERPETUAL.raw"]})");
  text += line(1, ticker("BTC-26JAN24-44000-C", 1));
  text += line(
      2,
      notification(
          "book.BTC-PERPETUAL.raw",
          R"({"type":"snapshot","timestamp":1704103202000,"instrument_name":"BTC-PERPETUAL","change_id":10,"bids":[["new",42000.0,10.0],["new",41999.5,20.0]],"asks":[["new",42001.0,30.0]]})"));
  text += line(
      3,
      notification(
          "book.BTC-PERPETUAL.raw",
          R"({"type":"change","timestamp":1704103203000,"instrument_name":"BTC-PERPETUAL","change_id":12,"prev_change_id":10,"bids":[["delete",42000.0,0.0]],"asks":[["new",42000.5,5.0]]})"));
  text += line(4, ticker("ETH-PERPETUAL", 2, 2'500));
  text += line(5, ticker("BTC-26JAN24-44000-C", 3, 42'100));
  text += "this is no record\n";
  return text;
}

std::unique_ptr<RecordedContent> content(std::optional<double> speed) {
  std::istringstream in{recording()};
  auto read = RecordedContent::read(in, {.speed = speed});
  REQUIRE(read.ok());
  return std::move(read).value();
}

DeribitExchangeConfig config() {
  auto config = ExchangeBench::config();
  config.check_signature_age = false;
  return config;
}

constexpr const char* kEverything =
    R"({"channels":["ticker.BTC-26JAN24-44000-C.100ms","ticker.ETH-PERPETUAL.100ms","book.BTC-PERPETUAL.100ms"]})";

}  // namespace

TEST_SUITE("feeds/simulator/recorded_content") {
  TEST_CASE("every line of a recording is replayed or counted") {
    const auto recorded = content(1.0);
    CHECK(recorded->counts().frames == 5);
    CHECK(recorded->counts().instruments == 3);
    CHECK(recorded->counts().passed_over == 2);
    std::istringstream empty{"{\"t\":\"header\"}\n"};
    CHECK_FALSE(RecordedContent::read(empty, {}).ok());
  }

  TEST_CASE("the clock stands at the recording's start until somebody subscribes, and at its end afterwards") {
    ExchangeBench bench{config(), content(2.0)};
    bench.run(5s);
    CHECK(integer_at(bench.call("public/get_time"), "/result") == 1'704'103'201'500);
    bench.call("public/subscribe", kEverything);
    // All of it is subscribed: the replay begins with the next poll, 50 ms later.
    bench.run(1s);
    CHECK(integer_at(bench.call("public/get_time"), "/result") == 1'704'103'203'400);
    bench.run(20s);
    CHECK(integer_at(bench.call("public/get_time"), "/result") == 1'704'103'205'500);
  }

  TEST_CASE("frames come in their order, at their speed, unchanged, under the name that was subscribed") {
    ExchangeBench bench{config(), content(1.0)};
    bench.call("public/subscribe", kEverything);
    bench.sent.clear();
    bench.run(50ms);
    REQUIRE(bench.sent.size() == 1);
    CHECK(
        bench.sent[0].text ==
        notification(
            "ticker.BTC-26JAN24-44000-C.100ms",
            R"({"timestamp":1704103201000,"instrument_name":"BTC-26JAN24-44000-C","mark_price":1,"best_bid_price":1.5e1,"best_bid_amount":2,"best_ask_price":null,"best_ask_amount":0,"index_price":42000.0})"));
    bench.run(1s);
    CHECK(bench.sent.size() == 2);
    bench.run(3s);
    REQUIRE(bench.sent.size() == 5);
    CHECK(bench.sent[2].kind == FrameClass::BookChange);
    CHECK(bench.sent[3].channel == "ticker.ETH-PERPETUAL.100ms");
    bench.run(5s);
    CHECK(bench.sent.size() == 5);
  }

  TEST_CASE("a client that subscribes in several calls, or late, misses nothing at maximum speed") {
    ExchangeBench bench{config(), content(std::nullopt)};
    bench.call("public/subscribe", R"({"channels":["ticker.BTC-26JAN24-44000-C.100ms"]})");
    bench.run(250ms);
    CHECK(bench.on("ticker.BTC-26JAN24-44000-C.100ms").empty());
    bench.run(100ms);
    CHECK(bench.on("ticker.BTC-26JAN24-44000-C.100ms").size() == 2);
    bench.call("public/subscribe",
               R"({"channels":["book.BTC-PERPETUAL.100ms","ticker.ETH-PERPETUAL.100ms","quote.ETH-PERPETUAL"]})");
    CHECK(bench.on("book.BTC-PERPETUAL.100ms").size() == 2);
    CHECK(bench.on("ticker.ETH-PERPETUAL.100ms").size() == 1);
    REQUIRE(bench.on("quote.ETH-PERPETUAL").size() == 1);
    CHECK(number_at(bench.on("quote.ETH-PERPETUAL")[0], "/params/data/best_bid_price") == 15);
  }

  TEST_CASE("a book that is subscribed again gets the present state as its snapshot") {
    ExchangeBench bench{config(), content(std::nullopt)};
    bench.call("public/subscribe", kEverything);
    bench.run(1s);
    bench.call("public/unsubscribe", R"({"channels":["book.BTC-PERPETUAL.100ms"]})");
    bench.sent.clear();
    bench.call("public/subscribe", R"({"channels":["book.BTC-PERPETUAL.100ms","book.BTC-PERPETUAL.none.10.100ms"]})");
    const auto frames = bench.on("book.BTC-PERPETUAL.100ms");
    REQUIRE(frames.size() == 1);
    CHECK(text_at(frames[0], "/params/data/type") == "snapshot");
    CHECK(integer_at(frames[0], "/params/data/change_id") == 12);
    CHECK(number_at(frames[0], "/params/data/bids/0/1") == 41'999.5);
    CHECK(count_at(frames[0], "/params/data/bids") == 1);
    const auto grouped = bench.on("book.BTC-PERPETUAL.none.10.100ms");
    REQUIRE(grouped.size() == 1);
    CHECK(number_at(grouped[0], "/params/data/asks/0/0") == 42'000.5);
  }

  TEST_CASE("index ticks come from the tickers and go on after the end, with the last value") {
    ExchangeBench bench{config(), content(std::nullopt)};
    bench.call("public/subscribe", R"({"channels":["deribit_price_index.btc_usd"]})");
    bench.run(500ms);
    auto ticks = bench.on("deribit_price_index.btc_usd");
    REQUIRE(ticks.size() == 2);
    CHECK(number_at(ticks[0], "/params/data/price") == 42'000);
    bench.run(5s);
    ticks = bench.on("deribit_price_index.btc_usd");
    CHECK(ticks.size() == 7);
    CHECK(number_at(ticks.back(), "/params/data/price") == 42'100);
    CHECK(integer_at(ticks.back(), "/params/data/timestamp") == 1'704'103'205'500);
  }

  TEST_CASE("definitions are completed, or made from names, and the account is empty") {
    ExchangeBench bench{config(), content(1.0)};
    const std::string option = bench.call("public/get_instrument", R"({"instrument_name":"BTC-26JAN24-44000-C"})");
    CHECK(text_at(option, "/result/settlement_currency") == "BTC");
    CHECK(text_at(option, "/result/price_index") == "btc_usd");
    CHECK(text_at(option, "/result/instrument_type") == "reversed");
    CHECK(text_at(option, "/result/state") == "open");
    const std::string perpetual = bench.call("public/get_instrument", R"({"instrument_name":"ETH-PERPETUAL"})");
    CHECK(text_at(perpetual, "/result/settlement_currency") == "ETH");
    CHECK(integer_at(perpetual, "/result/expiration_timestamp") == 32'503'708'800'000);
    CHECK(count_at(bench.call("public/get_instruments", R"({"currency":"BTC"})"), "/result") == 2);
    CHECK(count_at(bench.call("public/get_instruments", R"({"currency":"any","kind":"option"})"), "/result") == 1);
    bench.login();
    const std::string positions = bench.call("private/get_positions", R"({"currency":"any"})");
    CHECK(positions.find(R"("result":[])") != std::string::npos);
  }

  TEST_CASE("a portion at maximum speed is no larger than what was asked for") {
    const auto recorded = content(std::nullopt);
    std::vector<Notification> out;
    recorded->on_subscribed(*parse_channel("ticker.BTC-26JAN24-44000-C.raw"), ExchangeBench::kStart, out);
    const auto all = [](const std::string&) { return true; };
    recorded->poll(ExchangeBench::kStart + 1s, 1, all, out);
    CHECK_FALSE(recorded->finished());
    recorded->poll(ExchangeBench::kStart + 1s, 100, all, out);
    CHECK(recorded->finished());
  }
}

TEST_SUITE("replay/simulator") {
  TEST_CASE("the recorded mainnet session reaches a subscriber of 100ms tickers with every ticker and an unbroken book") {
    if (skip_without_shared("the recorded session is not here")) return;
    auto loaded =
        RecordedContent::load(*shared_directory() / "data/deribit/cryptofeed_options_20210722.jsonl.zst", {.speed = std::nullopt});
    REQUIRE(loaded.ok());
    auto with = config();
    with.rate_limits = false;
    ExchangeBench bench{with, std::move(loaded).value()};
    const std::string instruments = bench.call("public/get_instruments", R"({"currency":"any","kind":"option"})");
    simdjson::dom::parser parser;
    std::string channels;
    for (const auto row : parser.parse(instruments).at_pointer("/result").get_array()) {
      const std::string name{row.at_key("instrument_name").get_string().value()};
      const std::string both = "\"ticker." + name + ".100ms\",\"book." + name + ".100ms\"";
      channels += channels.empty() ? both : "," + both;
      if (channels.size() < 12'000) continue;
      bench.call("public/subscribe", "{\"channels\":[" + channels + "]}");
      channels.clear();
      bench.run(400ms);
    }
    bench.call("public/subscribe", "{\"channels\":[" + channels + "]}");
    bench.run(1s);
    std::size_t tickers = 0;
    std::size_t changes = 0;
    std::map<std::string, std::int64_t> last;
    for (const Outgoing& frame : bench.sent) {
      if (frame.channel.starts_with("ticker.")) ++tickers;
      if (!frame.channel.starts_with("book.")) continue;
      if (frame.kind == FrameClass::BookChange) {
        ++changes;
        CHECK(integer_at(frame.text, "/params/data/prev_change_id") == last[frame.channel]);
      }
      last[frame.channel] = integer_at(frame.text, "/params/data/change_id");
    }
    CHECK(tickers == 89);
    CHECK(last.size() == 10);
    CHECK(changes == 36);
  }
}
