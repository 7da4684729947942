#include "feeds/simulator/deribit_exchange.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <set>
#include <string>

#include "core/market/event_batch.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/requests.hpp"
#include "feeds/simulator/exchange_bench.hpp"

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* kPerpetualTicker = R"({"channels":["ticker.BTC-PERPETUAL.100ms"]})";
constexpr const char* kPerpetualBook = R"({"channels":["book.BTC-PERPETUAL.100ms"]})";

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("feeds/simulator/deribit_exchange") {
  TEST_CASE("requests that are none are refused with JSON-RPC's codes, and an id is echoed as it was written") {
    ExchangeBench bench;
    CHECK(error_code(bench.send("{\"id\":1,")) == -32700);
    CHECK(error_code(bench.send(R"({"jsonrpc":"2.0","method":"public/test"})")) == -32600);
    CHECK(error_code(bench.send(R"({"jsonrpc":"2.0","id":1})")) == -32600);
    CHECK(error_code(bench.send(R"({"jsonrpc":"2.0","id":1,"method":"public/sing"})")) == -32601);
    CHECK(error_code(bench.send(R"({"jsonrpc":"2.0","id":1,"method":"public/get_instruments","params":{}})")) == -32602);
    CHECK(error_code(bench.call("public/test", "\"" + std::string(33 * 1024, 'x') + "\"")) == -32600);
    CHECK(has(bench.send(R"({"jsonrpc":"2.0","id":"a\"7","method":"public/test"})"), R"("id":"a\"7")"));
    CHECK_FALSE(bench.closed());
  }

  TEST_CASE("replies carry the venue's time in microseconds and say that this is no production") {
    ExchangeBench bench;
    bench.run(2s);
    const std::string reply = bench.call("public/get_time");
    CHECK(integer_at(reply, "/result") == 1'772'625'602'000);
    CHECK(integer_at(reply, "/usIn") == 1'772'625'602'000'000);
    CHECK(integer_at(reply, "/usOut") - integer_at(reply, "/usIn") == integer_at(reply, "/usDiff"));
    CHECK(has(reply, R"("testnet":true)"));
  }

  TEST_CASE("a login needs the right secret or a fresh signature of it") {
    ExchangeBench bench;
    CHECK(error_code(bench.call("private/get_positions", R"({"currency":"any"})")) == 13009);
    CHECK(error_code(bench.call("public/auth",
                                R"({"grant_type":"client_credentials","client_id":"monitor","client_secret":"wrong"})")) == 13004);
    CHECK(error_code(bench.call("public/auth",
                                R"({"grant_type":"client_credentials","client_id":"nobody","client_secret":"x"})")) == 13004);
    const deribit::Credential credential{"monitor", Secret{"correct horse"}};
    const auto at = [](std::chrono::seconds off) { return WallTime{ExchangeBench::kNoon.time_since_epoch() + off}; };
    CHECK(error_code(bench.send(deribit::auth_with_signature(5, credential, at(90s), "n0nce", "account:read"))) == 13004);
    CHECK(error_code(bench.send(deribit::auth_with_signature(6, {"monitor", Secret{"wrong"}}, at(0s), "n0nce", "account:read"))) ==
          13004);
    const std::string granted =
        bench.send(deribit::auth_with_signature(7, credential, at(20s), "n0nce", "session:hw account:read trade:read"));
    CHECK(has(text_at(granted, "/result/scope"), "session:hw account:read trade:read wallet:none"));
    CHECK(integer_at(granted, "/result/expires_in") == 900);
    CHECK(count_at(bench.call("private/get_positions", R"({"currency":"any"})"), "/result") > 5);
  }

  TEST_CASE("an account's trades can be asked for by time, page by page, in either order") {
    ExchangeBench bench;
    bench.login();
    bench.run(600s);
    const std::string method = "private/get_user_trades_by_currency_and_time";
    const auto page = [&](std::string_view rest) {
      return bench.call(method, R"({"currency":"BTC","start_timestamp":0,"end_timestamp":9999999999999)" + std::string{rest} + "}");
    };
    const std::string all = page(R"(,"count":1000,"sorting":"asc")");
    const auto count = count_at(all, "/result/trades");
    CAPTURE(all);
    REQUIRE(count >= 3);
    CHECK(has(all, R"("has_more":false)"));
    const std::string first = page(R"(,"count":2,"sorting":"asc")");
    CHECK(count_at(first, "/result/trades") == 2);
    CHECK(has(first, R"("has_more":true)"));
    CHECK(integer_at(first, "/result/trades/1/timestamp") == integer_at(all, "/result/trades/1/timestamp"));
    const std::string newest = page(R"(,"count":1,"sorting":"desc")");
    CHECK(integer_at(newest, "/result/trades/0/trade_seq") ==
          integer_at(all, "/result/trades/" + std::to_string(count - 1) + "/trade_seq"));
    CHECK(error_code(bench.call(method, R"({"currency":"BTC"})")) == -32602);
    CHECK(error_code(page(R"(,"count":1001)")) == -32602);
  }

  TEST_CASE("an account has working orders, told when asked for and when they change") {
    ExchangeBench bench;
    bench.login();
    const std::string orders = bench.call("private/get_open_orders");
    CAPTURE(orders);
    // A bid and an ask in each of the two perpetuals.
    CHECK(count_at(orders, "/result") == 4);
    CHECK(has(text_at(orders, "/result/0/order_state"), "open"));
    bench.call("private/subscribe", R"({"channels":["user.changes.any.any.100ms"]})");
    bench.sent.clear();
    CHECK(bench.exchange.handle_http("POST", "/control/index", "", R"({"index_name":"btc_usd","move_ratio":0.005})", bench.now)
              .status == 200);
    bench.run(5s);
    std::size_t cancelled = 0;
    for (const std::string& frame : bench.on("user.changes.any.any.100ms"))
      if (has(frame, R"("order_state":"cancelled")")) ++cancelled;
    CHECK(cancelled > 0);
    CHECK(count_at(bench.call("private/get_open_orders"), "/result") == 4);
  }

  TEST_CASE("the scope that is granted is no wider than the key's, and calls outside it are refused") {
    ExchangeBench bench;
    bench.login("account:read_write trade:none");
    const std::string account = bench.call("private/get_account_summary", R"({"currency":"BTC"})");
    CHECK(number_at(account, "/result/equity") > 0);
    CHECK(error_code(bench.call("private/get_positions", R"({"currency":"BTC"})")) == 13403);
    const std::string reader = bench.call(
        "public/auth",
        R"({"grant_type":"client_credentials","client_id":"monitor","client_secret":"correct horse","scope":"trade:read_write"})");
    CHECK(has(text_at(reader, "/result/scope"), "trade:read "));
    const std::string trader =
        bench.call("public/auth", R"({"grant_type":"client_credentials","client_id":"trader","client_secret":"battery staple"})");
    CHECK(has(text_at(trader, "/result/scope"), "trade:read_write"));
  }

  TEST_CASE("a token ends after its lifetime, a refresh renews it, and without one the private feed falls silent") {
    auto config = ExchangeBench::config();
    config.token_lifetime = 10s;
    ExchangeBench bench{config};
    const std::string granted = bench.call(
        "public/auth",
        R"({"grant_type":"client_credentials","client_id":"monitor","client_secret":"correct horse","scope":"account:read trade:read"})");
    bench.call("private/subscribe", R"({"channels":["user.portfolio.btc"]})");
    bench.run(9s);
    const std::string refreshed = bench.call(
        "public/auth", R"({"grant_type":"refresh_token","refresh_token":")" + text_at(granted, "/result/refresh_token") + R"("})");
    CHECK(has(text_at(refreshed, "/result/scope"), "account:read trade:read"));
    bench.run(9s);
    CHECK(error_code(bench.call("private/get_positions", R"({"currency":"BTC"})")) == 0);
    CHECK(bench.on("user.portfolio.btc").size() > 15);
    bench.run(2s);
    bench.sent.clear();
    bench.run(3s);
    CHECK(bench.on("user.portfolio.btc").empty());
    CHECK(error_code(bench.call("private/get_positions", R"({"currency":"BTC"})")) == 13009);
    CHECK(error_code(bench.call("public/auth", R"({"grant_type":"refresh_token","refresh_token":"made up"})")) == 13004);
  }

  TEST_CASE("channels that are not known, not listed or not public are silently missing from the reply") {
    ExchangeBench bench;
    const std::string reply = bench.call(
        "public/subscribe",
        R"({"channels":["ticker.BTC-PERPETUAL.100ms","ticker.BTC-1JAN20-5-C.100ms","nonsense","user.lock","platform_state","deribit_price_index.doge_usd"]})");
    CHECK(count_at(reply, "/result") == 2);
    CHECK(has(reply, "ticker.BTC-PERPETUAL.100ms"));
    CHECK(has(reply, "platform_state"));
    CHECK(error_code(bench.call("public/subscribe", R"({"channels":"all"})")) == -32602);
  }

  TEST_CASE("raw intervals need a login, the whole call fails without") {
    ExchangeBench bench;
    CHECK(error_code(bench.call("public/subscribe", R"({"channels":["platform_state","book.BTC-PERPETUAL.raw"]})")) == 13778);
    bench.login();
    CHECK(count_at(bench.call("public/subscribe", R"({"channels":["platform_state","book.BTC-PERPETUAL.raw"]})"), "/result") == 2);
  }

  TEST_CASE("a book starts with a snapshot, its changes join, and only unsubscribing gives a new snapshot") {
    ExchangeBench bench;
    bench.call("public/subscribe", kPerpetualBook);
    bench.run(3s);
    bench.call("public/subscribe", kPerpetualBook);
    bench.run(1s);
    auto frames = bench.on("book.BTC-PERPETUAL.100ms");
    REQUIRE(frames.size() > 20);
    CHECK(text_at(frames.front(), "/params/data/type") == "snapshot");
    std::int64_t last = integer_at(frames.front(), "/params/data/change_id");
    for (std::size_t i = 1; i < frames.size(); ++i) {
      REQUIRE(text_at(frames[i], "/params/data/type") == "change");
      REQUIRE(integer_at(frames[i], "/params/data/prev_change_id") == last);
      last = integer_at(frames[i], "/params/data/change_id");
    }
    CHECK(count_at(bench.call("public/unsubscribe", kPerpetualBook), "/result") == 1);
    bench.sent.clear();
    bench.run(1s);
    CHECK(bench.sent.empty());
    bench.call("public/subscribe", kPerpetualBook);
    frames = bench.on("book.BTC-PERPETUAL.100ms");
    REQUIRE(frames.size() == 1);
    CHECK(text_at(frames[0], "/params/data/type") == "snapshot");
    CHECK(integer_at(frames[0], "/params/data/change_id") > last);
  }

  TEST_CASE("the aggregated book joins too, once a second, also for one that comes later") {
    ExchangeBench bench;
    bench.call("public/subscribe", R"({"channels":["book.BTC-PERPETUAL.agg2"]})");
    bench.run(5s);
    const auto frames = bench.on("book.BTC-PERPETUAL.agg2");
    REQUIRE(frames.size() >= 5);
    CHECK(frames.size() <= 7);
    for (std::size_t i = 1; i < frames.size(); ++i)
      CHECK(integer_at(frames[i], "/params/data/prev_change_id") == integer_at(frames[i - 1], "/params/data/change_id"));
    ExchangeBench late{ExchangeBench::config()};
    late.call("public/subscribe", R"({"channels":["book.ETH-PERPETUAL.agg2"]})");
    late.run(2'500ms);
    const ClientId second = late.exchange.open(late.now);
    std::vector<Outgoing> out;
    late.exchange.handle(second, R"({"id":1,"method":"public/subscribe","params":{"channels":["book.ETH-PERPETUAL.agg2"]}})",
                         late.now, out);
    REQUIRE(out.size() == 2);
    CHECK(integer_at(out[1].text, "/params/data/change_id") ==
          integer_at(late.on("book.ETH-PERPETUAL.agg2").back(), "/params/data/change_id"));
  }

  TEST_CASE("every public frame decodes, in any order of keys and with exponents, and no frame lists an unknown instrument") {
    auto config = ExchangeBench::config();
    config.vary_key_order = true;
    ExchangeBench bench{config, ExchangeBench::synthetic(11, ExchangeBench::kNoon, true)};
    bench.login();
    deribit::Symbols symbols;
    deribit::Decoder decoder{symbols, {.connection = ConnectionId{0}, .account = AccountId{0}}};
    EventBatch events;
    const auto decode = [&](const std::string& text) {
      const simdjson::padded_string padded{text};
      const auto decoded = decoder.decode(padded, MonoTime{}, events);
      CAPTURE(text);
      CHECK(decoded.ok());
      const bool ok = decoded.ok();
      events.truncate(0);
      return ok;
    };
    std::vector<std::string> channels{
        "platform_state",   "user.portfolio.any",       "user.changes.any.any.100ms", "user.lock",
        "user.liquidation", "instrument.state.any.any", "trades.future.any.100ms",    "trades.option.any.agg2"};
    for (const char* index : {"btc_usd", "eth_usd"})
      for (const char* head : {"deribit_price_index.", "markprice.options."}) channels.push_back(std::string{head} + index);
    for (const auto& instrument : dynamic_cast<SyntheticContent&>(bench.exchange.content()).market().instruments()) {
      symbols.add(*deribit::contract_from_name(instrument.name));
      channels.push_back("ticker." + instrument.name + ".100ms");
      channels.push_back("quote." + instrument.name);
      if (instrument.kind == ContractKind::Perpetual) {
        channels.push_back("perpetual." + instrument.name + ".100ms");
        channels.push_back("book." + instrument.name + ".none.10.100ms");
        channels.push_back("book." + instrument.name + ".raw");
      }
    }
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < channels.size(); i += 300) {
      const std::vector<std::string> part{channels.begin() + static_cast<std::ptrdiff_t>(i),
                                          channels.begin() + static_cast<std::ptrdiff_t>(std::min(i + 300, channels.size()))};
      accepted += count_at(bench.send(deribit::subscribe_request(100 + i, deribit::Audience::Private, part)), "/result");
    }
    CHECK(accepted == channels.size());
    bench.run(4s);
    std::size_t frames = 0;
    for (const Outgoing& frame : bench.sent) frames += decode(frame.text) ? 1U : 0U;
    CHECK(frames > 2'000);
    CHECK(!bench.on("trades.future.any.100ms").empty());
  }

  TEST_CASE("the whole conversation is a function of the seed and the requests") {
    const auto talk = [](std::uint64_t seed) {
      auto config = ExchangeBench::config();
      config.seed = seed;
      config.vary_key_order = true;
      ExchangeBench bench{config, ExchangeBench::synthetic(seed, ExchangeBench::kNoon, true)};
      bench.login();
      bench.call("private/subscribe",
                 R"({"channels":["ticker.BTC-PERPETUAL.100ms","book.ETH-PERPETUAL.raw","user.portfolio.any"]})");
      bench.run(2s);
      std::string all;
      for (const Outgoing& frame : bench.sent) all += frame.text + "\n";
      return all;
    };
    CHECK(talk(5) == talk(5));
    CHECK(talk(5) != talk(6));
  }

  TEST_CASE("heartbeats come at their interval, and a client that does not prove its life is cut") {
    ExchangeBench bench;
    CHECK(error_code(bench.call("public/set_heartbeat", R"({"interval":5})")) == -32602);
    CHECK(error_code(bench.call("public/set_heartbeat", R"({"interval":10})")) == 0);
    bench.sent.clear();
    bench.run(10s);
    REQUIRE(bench.sent.size() == 1);
    CHECK(text_at(bench.sent[0].text, "/method") == "heartbeat");
    CHECK(text_at(bench.sent[0].text, "/params/type") == "test_request");
    CHECK(text_at(bench.call("public/test"), "/result/version") == "1.2.99");
    bench.sent.clear();
    bench.run(10s);
    REQUIRE(bench.sent.size() == 1);
    CHECK(text_at(bench.sent[0].text, "/params/type") == "test_request");
    bench.run(10s);
    CHECK(bench.closed());
  }

  TEST_CASE("a client that goes on talking is sent plain heartbeats") {
    ExchangeBench bench;
    bench.call("public/set_heartbeat", R"({"interval":10})");
    bench.sent.clear();
    for (int i = 0; i < 5; ++i) {
      bench.run(5s);
      bench.call("public/get_time");
    }
    int beats = 0;
    for (const Outgoing& frame : bench.sent)
      if (frame.kind == FrameClass::Heartbeat) {
        CHECK(text_at(frame.text, "/params/type") == "heartbeat");
        ++beats;
      }
    CHECK(beats == 2);
  }

  TEST_CASE("too many requests end the connection with 10028; slower ones are served for ever") {
    ExchangeBench bench;
    for (int i = 0; i < 200; ++i) {
      bench.run(50ms);
      REQUIRE(error_code(bench.call("public/get_time")) == 0);
    }
    std::int64_t code = 0;
    for (int i = 0; i < 200 && code == 0; ++i) code = error_code(bench.call("public/get_time"));
    CHECK(code == 10028);
    CHECK(bench.closed());
    CHECK(bench.call("public/get_time").empty());
  }

  TEST_CASE("a drill of the rate limit refuses the next request, whichever it is") {
    ExchangeBench bench;
    bench.fault("rate_limit");
    bench.run(1s);
    CHECK_FALSE(bench.closed());
    const std::string reply = bench.call("public/test");
    CHECK(error_code(reply) == 10028);
    CHECK(integer_at(reply, "/id") == 1);
    CHECK(bench.closed());
  }

  TEST_CASE("what the account says adds up with its positions, by HTTP as by websocket") {
    ExchangeBench bench;
    const HttpReply refused = bench.exchange.handle_http("GET", "/api/v2/private/get_positions?currency=BTC", "", "", bench.now);
    CHECK(refused.status == 401);
    const HttpReply login = bench.exchange.handle_http(
        "GET",
        "/api/v2/public/"
        "auth?grant_type=client_credentials&client_id=monitor&client_secret=correct%20horse&scope=account:read+trade:read",
        "", "", bench.now);
    CHECK(login.status == 200);
    const std::string bearer = "Bearer " + text_at(login.body, "/result/access_token");
    const HttpReply positions =
        bench.exchange.handle_http("GET", "/api/v2/private/get_positions?currency=BTC", bearer, "", bench.now);
    CHECK(positions.status == 200);
    const HttpReply summary =
        bench.exchange.handle_http("GET", "/api/v2/private/get_account_summary?currency=BTC&extended=true", bearer, "", bench.now);
    double delta = 0;
    double value = 0;
    simdjson::dom::parser parser;
    for (const auto row : parser.parse(positions.body).at_pointer("/result").get_array()) {
      delta += row.at_key("delta").get_double().value();
      std::string_view kind;
      REQUIRE(row.at_key("kind").get(kind) == simdjson::SUCCESS);
      if (kind == "option") value += row.at_key("size").get_double().value() * row.at_key("mark_price").get_double().value();
    }
    CHECK(number_at(summary.body, "/result/delta_total") == doctest::Approx(delta - value).epsilon(1e-4));
    CHECK(number_at(summary.body, "/result/delta_total_map/btc_usd") == doctest::Approx(delta).epsilon(1e-4));
    const HttpReply posted = bench.exchange.handle_http(
        "POST", "/api/v2/", "", R"({"jsonrpc":"2.0","id":9,"method":"public/get_index_price","params":{"index_name":"btc_usd"}})",
        bench.now);
    CHECK(integer_at(posted.body, "/id") == 9);
    CHECK(number_at(posted.body, "/result/index_price") == doctest::Approx(96'000).epsilon(0.01));
    CHECK(bench.exchange.handle_http("GET", "/elsewhere", "", "", bench.now).status == 404);
  }

  TEST_CASE("the signed header of the venue's HTTP interface is checked") {
    ExchangeBench bench;
    const std::string target = "/api/v2/private/get_positions?currency=BTC";
    const Secret secret{"correct horse"};
    // Signed text: ts LF nonce LF GET LF target LF body LF, which is the websocket's form with the rest as its data.
    const std::string good = deribit::signature(secret, 1'772'625'600'000, "abc", "GET\n" + target + "\n\n");
    const std::string head = "deri-hmac-sha256 id=monitor,ts=1772625600000,nonce=abc,sig=";
    CHECK(bench.exchange.handle_http("GET", target, head + good, "", bench.now).status == 200);
    CHECK(bench.exchange.handle_http("GET", target + "&kind=option", head + good, "", bench.now).status == 401);
  }

  TEST_CASE("a drilled trade reaches the account's channel with the position after it") {
    ExchangeBench bench;
    bench.login();
    bench.call("private/subscribe", R"({"channels":["user.changes.any.any.raw","user.portfolio.btc"]})");
    CHECK(bench.exchange
              .handle_http("POST", "/control/trade", "", R"({"instrument_name":"BTC-PERPETUAL","direction":"buy","amount":20})",
                           bench.now)
              .status == 200);
    CHECK(bench.exchange
              .handle_http("POST", "/control/trade", "", R"({"instrument_name":"BTC-PERPETUAL","direction":"up","amount":20})",
                           bench.now)
              .status == 400);
    bench.sent.clear();
    bench.run(150ms);
    const auto changes = bench.on("user.changes.any.any.raw");
    REQUIRE(!changes.empty());
    CHECK(text_at(changes[0], "/params/data/instrument_name") == "BTC-PERPETUAL");
    CHECK(number_at(changes[0], "/params/data/trades/0/amount") == 20);
    CHECK(count_at(changes[0], "/params/data/positions") == 1);
    CHECK(!bench.on("user.portfolio.btc").empty());
  }

  TEST_CASE("a drilled stress tears the perpetual from the index, and one out of range is refused") {
    ExchangeBench bench;
    const auto post = [&](const std::string& body) {
      return bench.exchange.handle_http("POST", "/control/stress", "", body, bench.now);
    };
    bench.call("public/subscribe", R"({"channels":["ticker.BTC-PERPETUAL.100ms"]})");
    CHECK(post(R"({"index_name":"btc_usd","spread_multiple":20,"depth_divisor":50,"basis_ratio":-0.02})").status == 200);
    bench.sent.clear();
    bench.run(500ms);
    const auto tickers = bench.on("ticker.BTC-PERPETUAL.100ms");
    REQUIRE(!tickers.empty());
    const double mark = number_at(tickers.back(), "/params/data/mark_price");
    CHECK(mark / number_at(tickers.back(), "/params/data/index_price") == doctest::Approx(0.98).epsilon(0.002));
    for (const std::string body : {R"({"index_name":"doge_usd"})", R"({"index_name":"btc_usd","spread_multiple":0.5})",
                                   R"({"index_name":"btc_usd","depth_divisor":0})", R"({"index_name":"btc_usd","basis_ratio":-1})",
                                   R"({"index_name":"btc_usd","basis_noise_ratio":1})"}) {
      CAPTURE(body);
      CHECK(post(body).status == 400);
    }
  }

  TEST_CASE("maintenance is announced, answers every request with 11051, and is taken back") {
    ExchangeBench bench;
    bench.call("public/subscribe", R"({"channels":["platform_state","ticker.BTC-PERPETUAL.100ms"]})");
    bench.fault("maintenance:3s");
    bench.sent.clear();
    bench.run(1s);
    REQUIRE(bench.on("platform_state").size() == 1);
    CHECK(has(bench.on("platform_state")[0], R"("maintenance":true)"));
    CHECK(bench.on("ticker.BTC-PERPETUAL.100ms").empty());
    CHECK(error_code(bench.call("public/get_time")) == 11051);
    bench.run(3s);
    CHECK(has(bench.on("platform_state").back(), R"("maintenance":false)"));
    CHECK(error_code(bench.call("public/get_time")) == 0);
    CHECK(!bench.on("ticker.BTC-PERPETUAL.100ms").empty());
  }

  TEST_CASE("a cut closes every client and refuses new ones while it lasts") {
    ExchangeBench bench;
    bench.fault("disconnect@1s:2s");
    bench.run(900ms);
    CHECK_FALSE(bench.closed());
    CHECK(bench.exchange.accepts(bench.now));
    bench.run(200ms);
    CHECK(bench.closed());
    CHECK_FALSE(bench.exchange.accepts(bench.now));
    bench.exchange.closed(bench.client);
    CHECK(bench.exchange.clients() == 0);
    bench.run(2s);
    CHECK(bench.exchange.accepts(bench.now));
  }

  TEST_CASE("ended tokens, refused channels, locks and forced events reach who they concern") {
    ExchangeBench bench;
    bench.login();
    bench.call("private/subscribe", R"({"channels":["user.lock","user.liquidation","platform_state"]})");
    bench.fault("refused_channel:1m/ETH-PERPETUAL");
    CHECK(count_at(bench.call("public/subscribe", R"({"channels":["ticker.ETH-PERPETUAL.100ms","ticker.BTC-PERPETUAL.100ms"]})"),
                   "/result") == 1);
    for (const char* fault : {"lock:1s", "liquidation", "adl", "market_lock:1s/eth_usd"}) bench.fault(fault);
    bench.run(2s);
    CHECK(bench.on("user.lock").size() == 2);
    REQUIRE(bench.on("user.liquidation").size() == 3);
    CHECK(text_at(bench.on("user.liquidation")[0], "/params/data/state") == "liquidation_started");
    CHECK(text_at(bench.on("user.liquidation")[2], "/params/data/state") == "adl_transfer");
    REQUIRE(bench.on("platform_state").size() == 2);
    CHECK(text_at(bench.on("platform_state")[0], "/params/data/price_index") == "eth_usd");
    bench.fault("token_expiry");
    bench.run(100ms);
    CHECK(error_code(bench.call("private/get_positions", R"({"currency":"any"})")) == 13009);
    bench.fault("lock:1s");
    bench.sent.clear();
    bench.run(2s);
    CHECK(bench.on("user.lock").empty());
  }

  TEST_CASE("faults are set, shown and cleared over the control address") {
    ExchangeBench bench;
    const auto post = [&](std::string_view body) {
      return bench.exchange.handle_http("POST", "/control/faults", "", body, bench.now);
    };
    CHECK(post(R"({"fault":"gap","count":2,"target":"BTC-PERPETUAL"})").status == 200);
    CHECK(post(R"({"faults":"silence@20s:5s,adl"})").status == 200);
    CHECK(post(R"({"fault":"gapp"})").status == 400);
    CHECK(post(R"({"fault":"gap","after":"soon"})").status == 400);
    CHECK(post("no object").status == 400);
    bench.call("public/subscribe", kPerpetualBook);
    bench.run(2s);
    const auto frames = bench.on("book.BTC-PERPETUAL.100ms");
    int holes = 0;
    for (std::size_t i = 1; i < frames.size(); ++i)
      holes += integer_at(frames[i], "/params/data/prev_change_id") != integer_at(frames[i - 1], "/params/data/change_id") ? 1 : 0;
    CHECK(holes == 1);
    CHECK(has(bench.exchange.handle_http("GET", "/control/state", "", "", bench.now).body, "silence scheduled"));
    CHECK(bench.exchange.handle_http("DELETE", "/control/faults", "", "", bench.now).status == 200);
    CHECK_FALSE(has(bench.exchange.handle_http("GET", "/control/state", "", "", bench.now).body, "silence"));
  }

  TEST_CASE("an expiry is announced, its ticker stops, and its name cannot be subscribed any more") {
    ExchangeBench bench{ExchangeBench::config(), ExchangeBench::synthetic(11, ExchangeBench::kNoon - 4h - 3s)};
    const std::string name = "BTC-4MAR26-96000-C";
    const std::string ticker = R"({"channels":["ticker.)" + name + R"(.100ms","instrument.state.any.any"]})";
    CHECK(count_at(bench.call("public/subscribe", ticker), "/result") == 2);
    bench.run(6s);
    bool delivered = false;
    bool listed = false;
    for (const std::string& text : bench.on("instrument.state.any.any")) {
      const std::string state = text_at(text, "/params/data/state");
      delivered = delivered || (state == "delivered" && text_at(text, "/params/data/instrument_name") == name);
      listed = listed || (state == "open" && text_at(text, "/params/data/instrument_name").starts_with("BTC-"));
    }
    CHECK(delivered);
    CHECK(listed);
    bench.sent.clear();
    bench.run(3s);
    CHECK(bench.on("ticker." + name + ".100ms").empty());
    bench.call("public/unsubscribe_all");
    CHECK(count_at(bench.call("public/subscribe", ticker), "/result") == 1);
  }
}
