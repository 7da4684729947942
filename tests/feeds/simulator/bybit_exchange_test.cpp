#include "feeds/simulator/bybit_exchange.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/market/order_book.hpp"
#include "core/pricing/black76.hpp"
#include "feeds/session/chained_book.hpp"
#include "feeds/simulator/bybit_bench.hpp"

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;
using bybit::Category;

namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// The nearest option of the market that somebody bids for, by the venue's name.
std::string some_option(const BybitBench& bench, std::string_view coin = "BTC") {
  for (const BybitProduct& product : bench.exchange.text().listed(Category::Option)) {
    const MarketInstrument& instrument = bench.exchange.text().instrument(product);
    if (!instrument.bids.empty() && instrument.name.starts_with(coin)) return bench.exchange.text().symbol(product);
  }
  FAIL("no option has a bid");
  return {};
}

/// A book as a session keeps it.
struct FollowedBook {
  ChainedBook chain;
  OrderBook book;
  std::size_t applied = 0;
  std::size_t refused = 0;

  void take(BybitReader& reader, const std::string& text) {
    reader.read(text);
    const BookVerdict verdict = chain.on_message(reader.decoder.detail());
    if (verdict == BookVerdict::Invalidate) {
      ++refused;
      book.invalidate();
    }
    if (verdict == BookVerdict::Apply) apply(reader);
  }
  void apply(BybitReader& reader) {
    ++applied;
    for (const Event& event : reader.batch.events()) {
      if (const auto* begin = std::get_if<BookBegin>(&event.body)) book.begin(begin->snapshot);
      if (const auto* level = std::get_if<hedgewatch::BookLevel>(&event.body)) book.set(level->side, level->price, level->size);
      if (const auto* end = std::get_if<BookEnd>(&event.body)) book.end(end->sequence);
    }
  }
};

/// What the followed book holds is what the exchange has now.
void check_same(const OrderBook& book, const SpotBook& expected) {
  const auto check_side = [](std::span<const OrderBook::Level> levels, const std::vector<simulator::BookLevel>& wanted) {
    REQUIRE(levels.size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const OrderBook::Level& level = levels[wanted.size() - 1 - i];
      CAPTURE(i);
      CHECK(level.price == Price::parse(decimal_text(wanted[i].price)));
      CHECK(level.size == Size::parse(decimal_text(wanted[i].amount)));
    }
  };
  check_side(book.levels(Side::Buy), expected.bids);
  check_side(book.levels(Side::Sell), expected.asks);
}

}  // namespace

TEST_SUITE("feeds/simulator/bybit_exchange") {
  TEST_CASE("each category has a path, and none but those of the venue are served") {
    BybitBench bench;
    for (const char* path : {"/v5/public/linear", "/v5/public/spot", "/v5/public/inverse", "/v5/public/option", "/v5/private",
                             "/v5/private?max_active_time=10m", "/v5/public/misc/status"})
      CHECK(bench.exchange.serves_websocket(path));
    for (const char* path : {"/", "/v5/public", "/v5/public/linear/", "/ws/api/v2"})
      CHECK_FALSE(bench.exchange.serves_websocket(path));
  }

  TEST_CASE("acknowledgements differ by category: linear says nothing of its topics, spot says subscribe, options list them") {
    BybitBench bench;
    const std::string linear = bench.subscribe(bench.open("public/linear"), {"tickers.BTCUSDT"});
    CHECK(holds(linear, R"("success":true,"ret_msg":"",)"));
    CHECK(holds(linear, R"("req_id":"s1","op":"subscribe")"));
    const std::string spot = bench.subscribe(bench.open("public/spot"), {"orderbook.50.BTCUSDT"});
    CHECK(holds(spot, R"("ret_msg":"subscribe")"));
    const std::string symbol = some_option(bench);
    const std::string option = bench.subscribe(bench.open("public/option"), {"tickers." + symbol, "tickers.BTC-1JAN20-5-C-USDT"});
    CHECK(holds(option, R"("failTopics":["tickers.BTC-1JAN20-5-C-USDT"],"successTopics":["tickers.)" + symbol));
    CHECK(holds(option, R"("type":"COMMAND_RESP")"));
    CHECK_FALSE(holds(option, "req_id"));
  }

  TEST_CASE("one topic that is none refuses the whole request, and so does one that is subscribed already") {
    BybitBench bench;
    const ClientId client = bench.open("public/linear");
    CHECK(holds(bench.subscribe(client, {"tickers.BTCUSDT", "orderbook.500.BTCUSDT"}),
                "error:handler not found,topic:orderbook.500.BTCUSDT"));
    bench.run(1s);
    CHECK(bench.on(client, "tickers.BTCUSDT").empty());
    CHECK(holds(bench.subscribe(client, {"tickers.BTCUSDT"}), R"("success":true)"));
    CHECK(holds(bench.subscribe(client, {"tickers.BTCUSDT"}), "already subscribed"));
    CHECK(holds(bench.subscribe(client, {"tickers.BTC-PERPETUAL"}), "handler not found"));
    CHECK(holds(bench.subscribe(bench.open("public/spot"), std::vector<std::string>(11, "tickers.BTCUSDT")), "args size >10"));
    CHECK(holds(bench.send(client, "{\"op\":"), R"("success":false)"));
    CHECK(holds(bench.send(client, R"({"op":"sing"})"), "unknown op"));
  }

  TEST_CASE("the option socket accepts topics that it has not, and then sends nothing") {
    BybitBench bench;
    const ClientId client = bench.open("public/option");
    const std::string topic = "orderbook.50." + some_option(bench);
    CHECK(holds(bench.subscribe(client, {topic}), "\"successTopics\":[\"" + topic));
    bench.run(5s);
    CHECK(bench.on(client, topic).empty());
  }

  TEST_CASE("three forms of pong, all of which our decoder takes for one") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    BybitReader reader{Category::Linear, symbols};
    const auto pong = [&](std::string_view door) { return bench.send(bench.open(door), bybit::ping_request("p7")); };
    CHECK(holds(pong("public/linear"), R"("ret_msg":"pong")"));
    CHECK(holds(pong("private"), R"({"req_id":"p7","op":"pong","args":[)"));
    CHECK(holds(pong("public/option"), R"({"args":["1772625600000"],"op":"pong"})"));
    for (const char* door : {"public/linear", "public/spot", "private", "public/option"}) {
      reader.read(pong(door));
      CHECK(reader.decoder.detail().control == ControlKind::Pong);
    }
  }

  TEST_CASE("a client that does not ping is cut, one that does is not") {
    auto config = BybitBench::config();
    config.ping_limit = 10s;
    BybitBench bench{config};
    const ClientId silent = bench.open("public/linear");
    const ClientId pinging = bench.open("public/linear");
    bench.subscribe(silent, {"tickers.BTCUSDT"});
    for (int i = 0; i < 3; ++i) {
      bench.send(pinging, bybit::ping_request("p1"));
      bench.run(4s);
    }
    CHECK(bench.closed(silent));
    CHECK_FALSE(bench.closed(pinging));
    const auto end = std::find_if(bench.sent.begin(), bench.sent.end(), [&](const Outgoing& frame) { return frame.close; });
    CHECK(std::none_of(end + 1, bench.sent.end(), [&](const Outgoing& frame) { return frame.client == silent; }));
  }

  TEST_CASE("a login needs its key's signature of a time that is still to come") {
    BybitBench bench;
    const ClientId client = bench.open("private");
    CHECK(holds(bench.subscribe(client, {"wallet"}), "needs auth first"));
    const auto attempt = [&](std::string_view key, std::string_view secret, std::chrono::seconds off) {
      return bench.send(client, bybit::auth_request("a1", {std::string{key}, Secret{secret}}, bench.wall() + off));
    };
    CHECK(holds(attempt("monitor", "wrong", 0s), R"("success":false,"ret_msg":"Params Error")"));
    CHECK(holds(attempt("nobody", "correct horse", 0s), "API key is invalid"));
    CHECK(holds(attempt("monitor", "correct horse", -11s), "Params Error"));
    CHECK(holds(attempt("monitor", "correct horse", 0s), R"("success":true)"));
    CHECK(holds(bench.subscribe(client, {"wallet", "position", "execution", "greeks", "order"}), R"("success":true)"));
    CHECK(holds(bench.subscribe(client, {"position.linear", "position"}), "can not be in the same request"));
    CHECK(holds(
        bench.send(bench.open("public/linear"), bybit::auth_request("a2", {"monitor", Secret{"correct horse"}}, bench.wall())),
        R"("success":false)"));
  }

  TEST_CASE(
      "signed calls are refused without the key, its signature or a fresh time, and the refusal of a signature holds the key") {
    BybitBench bench;
    const bybit::Credential good{"monitor", Secret{"correct horse"}};
    const auto code = [](const HttpReply& reply) { return integer_at(reply.body, "/retCode"); };
    CHECK(code(bench.get(bybit::wallet_request(good, bench.wall()))) == 0);
    CHECK(code(bench.get(bybit::wallet_request(good, bench.wall() - 5'001ms))) == 10002);
    CHECK(code(bench.get(bybit::wallet_request(good, bench.wall() + 1s))) == 10002);
    CHECK(code(bench.get(bybit::wallet_request({"nobody", Secret{"correct horse"}}, bench.wall()))) == 10003);
    const HttpReply refused = bench.get(bybit::wallet_request({"monitor", Secret{"wrong"}}, bench.wall()));
    CHECK(code(refused) == 10004);
    CHECK(holds(refused.body, "monitor"));
    HttpCall other = bybit::signed_request("/v5/position/list", "category=option", good, bench.wall());
    other.target += "&limit=50";
    CHECK(code(bench.get(other)) == 10004);
    CHECK(code(bench.get(bybit::signed_request("/v5/position/list", "category=linear", good, bench.wall()))) == 10001);
  }

  TEST_CASE("a key that may trade says so") {
    BybitBench bench;
    const auto read_only = [&](std::string_view key, std::string_view secret) {
      const HttpCall request = bybit::signed_request("/v5/user/query-api", "", {std::string{key}, Secret{secret}}, bench.wall());
      return integer_at(bench.get(request).body, "/result/readOnly");
    };
    CHECK(read_only("monitor", "correct horse") == 1);
    CHECK(read_only("trader", "battery staple") == 0);
  }

  TEST_CASE("instruments come in pages, options by coin, and read back as what the market lists") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    BybitReader options{Category::Option, symbols};
    options.list(bench, Category::Option, "BTC");
    std::size_t of_bitcoin = 0;
    for (const MarketInstrument& instrument : bench.exchange.market().instruments()) {
      const auto id = symbols.find(instrument.name + "-USDT");
      const bool wanted = instrument.kind == ContractKind::Option && instrument.name.starts_with("BTC");
      CAPTURE(instrument.name);
      REQUIRE(id.has_value() == wanted);
      if (!wanted) continue;
      ++of_bitcoin;
      const Contract& contract = symbols.contract(*id);
      CHECK(contract.expiry == instrument.expiry);
      CHECK(contract.strike == instrument.strike_usd);
      CHECK(contract.right == instrument.right);
      CHECK(contract.settlement.view() == "USDT");
      CHECK(contract.lot == 0.1);
    }
    CHECK(of_bitcoin > 50);
    // Without a coin they are bitcoin's alone.
    CHECK(count_at(bench.get("/v5/market/instruments-info?category=option&limit=1000").body, "/result/list") == of_bitcoin);
    const HttpReply page = bench.get("/v5/market/instruments-info?category=option&baseCoin=ETH&limit=10");
    CHECK(count_at(page.body, "/result/list") == 10);
    CHECK(text_at(page.body, "/result/nextPageCursor") == "first%3D10");
    const std::string second =
        bench.get("/v5/market/instruments-info?category=option&baseCoin=ETH&limit=10&cursor=first%3D10").body;
    CHECK(count_at(second, "/result/list") == 10);
    CHECK(text_at(second, "/result/list/0/symbol") != text_at(page.body, "/result/list/0/symbol"));
    CHECK(text_at(bench.get("/v5/market/instruments-info?category=option&baseCoin=ETH&limit=10&cursor=first%253D10").body,
                  "/result/list/0/symbol") == text_at(second, "/result/list/0/symbol"));
    BybitReader linear{Category::Linear, symbols};
    linear.list(bench, Category::Linear, "");
    const Contract& perpetual = symbols.contract(*symbols.find("BTCUSDT"));
    CHECK(perpetual.kind == ContractKind::Perpetual);
    CHECK(perpetual.style == PayoffStyle::Linear);
    CHECK(perpetual.lot == 0.001);
    BybitReader spot{Category::Spot, symbols};
    spot.list(bench, Category::Spot, "");
    CHECK(symbols.contract(*symbols.find("ETHUSDT-SPOT")).kind == ContractKind::Spot);
    BybitReader inverse{Category::Inverse, symbols};
    inverse.list(bench, Category::Inverse, "");
    CHECK(symbols.contract(*symbols.find("BTCUSD")).settlement.view() == "BTC");
  }

  TEST_CASE("a coin's filter on linear contracts brings inverse ones too") {
    BybitBench bench;
    const std::string both = bench.get("/v5/market/instruments-info?category=linear&baseCoin=BTC").body;
    CHECK(holds(both, "LinearPerpetual"));
    CHECK(holds(both, "InversePerpetual"));
    CHECK_FALSE(holds(both, "ETHUSDT"));
  }

  TEST_CASE("tickers of futures: the snapshot with its changes is the market's present state") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    BybitReader reader{Category::Linear, symbols};
    reader.list(bench, Category::Linear, "");
    const ClientId client = bench.open("public/linear");
    bench.subscribe(client, {"tickers.BTCUSDT"});
    bench.run(20s);
    const auto texts = bench.on(client, "tickers.BTCUSDT");
    REQUIRE(texts.size() > 50);
    CHECK(holds(texts.front(), R"("type":"snapshot")"));
    std::size_t changes = 0;
    for (const std::string& text : texts) {
      reader.read(text);
      if (holds(text, R"("type":"delta")")) ++changes;
    }
    CHECK(changes == texts.size() - 1);
    CHECK(texts.back().size() < texts.front().size());
    const BybitProduct product = *bench.exchange.text().find(Category::Linear, "BTCUSDT");
    const MarketInstrument& perpetual = bench.exchange.text().instrument(product);
    const SpotBook book = bench.exchange.text().book(product);
    REQUIRE(reader.all<Quote>().size() == 1);
    CHECK(reader.all<Quote>().front().bid == Price::parse(decimal_text(book.bids.front().price)));
    CHECK(reader.all<Quote>().front().ask_size == Size::parse(decimal_text(book.asks.front().amount)));
    CHECK(reader.all<Mark>().front().price == doctest::Approx(perpetual.mark_price));
    CHECK(reader.all<Mark>().front().index == doctest::Approx(perpetual.index_usd));
    CHECK(reader.all<Funding>().front().current_rate_8h ==
          doctest::Approx(linear_funding_rate(bench.exchange.market().underlyings()[0])));
  }

  TEST_CASE("a linear future is quoted in coins, an inverse one in dollars, and a dated one has no funding") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    BybitReader linear{Category::Linear, symbols};
    linear.list(bench, Category::Linear, "");
    BybitReader inverse{Category::Inverse, symbols};
    inverse.list(bench, Category::Inverse, "");
    const ClientId coins = bench.open("public/linear");
    const ClientId dollars = bench.open("public/inverse");
    bench.subscribe(coins, {"tickers.BTCUSDT"});
    bench.subscribe(dollars, {"tickers.BTCUSD"});
    linear.read(bench.on(coins, "tickers.BTCUSDT").front());
    inverse.read(bench.on(dollars, "tickers.BTCUSD").front());
    const Quote in_coins = linear.all<Quote>().front();
    const Quote in_dollars = inverse.all<Quote>().front();
    CHECK(in_coins.bid == in_dollars.bid);
    // Dollars over the price are coins, to within half a lot of 0.001.
    CHECK(std::abs(in_dollars.bid_size.to_double() / in_dollars.bid->to_double() - in_coins.bid_size.to_double()) <= 0.0005 + 1e-9);
    std::string dated;
    for (const BybitProduct& product : bench.exchange.text().listed(Category::Linear))
      if (bench.exchange.text().instrument(product).kind == ContractKind::Future) dated = bench.exchange.text().symbol(product);
    REQUIRE(dated.starts_with("ETHUSDT-"));
    bench.subscribe(coins, {"tickers." + dated});
    linear.read(bench.on(coins, "tickers." + dated).front());
    CHECK(linear.all<Mark>().size() == 1);
    CHECK(linear.all<Funding>().empty());
  }

  TEST_CASE("an option's ticker is Black-76 on the forward and vol beside it, to the millisecond") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    BybitReader reader{Category::Option, symbols};
    reader.list(bench, Category::Option, "BTC");
    reader.list(bench, Category::Option, "ETH");
    const ClientId client = bench.open("public/option");
    std::vector<std::string> topics;
    for (const BybitProduct& product : bench.exchange.text().listed(Category::Option))
      topics.push_back(bybit::ticker_topic(bench.exchange.text().symbol(product)));
    bench.subscribe(client, topics);
    bench.sent.clear();
    bench.run(1s);
    std::set<std::string> seen;
    for (const Outgoing& frame : bench.sent) {
      if (frame.channel.empty()) continue;
      reader.read(frame.text);
      const auto marks = reader.all<Mark>();
      const auto greeks = reader.all<hedgewatch::VenueGreeks>();
      REQUIRE(marks.size() == 1);
      REQUIRE(greeks.size() == 1);
      const Event& event = reader.batch.events().front();
      const Contract& contract = symbols.contract(event.header.instrument);
      const double years = std::chrono::duration<double>(contract.expiry - event.header.exchange_time).count() / 86'400 / 365;
      const auto priced = black76({.right = contract.right,
                                   .forward = marks.front().forward,
                                   .strike = contract.strike,
                                   .to_expiry = YearFraction::from_years(years),
                                   .vol = Vol::from_fraction(marks.front().vol)});
      REQUIRE(priced.ok());
      CAPTURE(frame.text);
      CHECK(std::abs(marks.front().price - priced.value().price) < 1e-7 * marks.front().forward);
      CHECK(std::abs(greeks.front().delta - priced.value().delta) < 1e-7);
      CHECK(std::abs(greeks.front().gamma - priced.value().gamma) < 1e-8);
      CHECK(std::abs(greeks.front().vega - priced.value().vega / 100) < 1e-5);
      CHECK(std::abs(greeks.front().theta - priced.value().theta / 365) < 1e-4 * std::abs(greeks.front().theta) + 1e-6);
      const Quote quote = reader.all<Quote>().front();
      if (quote.bid && quote.ask) CHECK(*quote.bid < *quote.ask);
      seen.insert(frame.channel);
    }
    CHECK(seen.size() > topics.size() * 9 / 10);
  }

  TEST_CASE("books join through a run in every category, and are what the exchange has at its end") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    struct Case {
      Category category;
      std::string door;
      std::string symbol;
      std::string coin = "";
      std::size_t depth = 50;
    };
    const std::vector<Case> cases{{Category::Linear, "public/linear", "BTCUSDT"},
                                  {Category::Spot, "public/spot", "ETHUSDT"},
                                  {Category::Inverse, "public/inverse", "BTCUSD"},
                                  {Category::Option, "public/option", some_option(bench), "BTC", 25}};
    for (const Case& one : cases) {
      CAPTURE(one.door);
      BybitReader reader{one.category, symbols};
      reader.list(bench, one.category, one.coin);
      const ClientId client = bench.open(one.door);
      const std::string topic = bybit::book_topic(one.category, one.symbol);
      bench.sent.clear();
      FollowedBook followed;
      followed.chain.synchroniser().on_subscribe_sent(bench.now);
      bench.subscribe(client, {topic});
      bench.run(20s);
      const auto texts = bench.on(client, topic);
      REQUIRE(texts.size() > 5);
      for (const std::string& text : texts) followed.take(reader, text);
      CHECK(followed.applied == texts.size());
      CHECK(followed.refused == 0);
      CHECK(followed.book.valid());
      CHECK_FALSE(followed.book.crossed());
      CHECK(followed.book.unknown_removals() == 0);
      check_same(followed.book, bench.exchange.text().book(*bench.exchange.text().find(one.category, one.symbol)));
    }
  }

  TEST_CASE("the first level is told whole, and again every three seconds when it stays") {
    BybitBench bench;
    const ClientId client = bench.open("public/inverse");
    bench.subscribe(client, {"orderbook.1.ETHUSD"});
    bench.run(10s);
    for (const std::string& text : bench.on(client, "orderbook.1.ETHUSD")) {
      CHECK(holds(text, R"("type":"snapshot")"));
      CHECK(count_at(text, "/data/b") == 1);
    }
    CHECK(bench.on(client, "orderbook.1.ETHUSD").size() >= 4);
  }

  // Every position of a change in a session: what the chain covers is noticed, and a new subscription repairs it.
  TEST_CASE("a change that is lost, doubled or late is noticed or harmless, at every place but the last, and a snapshot repairs") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    BybitReader reader{Category::Linear, symbols};
    reader.list(bench, Category::Linear, "");
    const ClientId client = bench.open("public/linear");
    bench.subscribe(client, {"orderbook.50.BTCUSDT"});
    bench.run(8s);
    const auto texts = bench.on(client, "orderbook.50.BTCUSDT");
    REQUIRE(texts.size() > 20);
    const auto last = bench.exchange.text().book(*bench.exchange.text().find(Category::Linear, "BTCUSDT"));
    enum class Spoil { Drop, Repeat, Swap };
    std::size_t wrong_without_check = 0;
    for (const Spoil spoil : {Spoil::Drop, Spoil::Repeat, Spoil::Swap}) {
      for (std::size_t at = 1; at + 1 < texts.size(); ++at) {
        std::vector<std::string> spoilt = texts;
        if (spoil == Spoil::Drop) spoilt.erase(spoilt.begin() + static_cast<std::ptrdiff_t>(at));
        if (spoil == Spoil::Repeat) spoilt.insert(spoilt.begin() + static_cast<std::ptrdiff_t>(at), texts[at]);
        if (spoil == Spoil::Swap) std::swap(spoilt[at], spoilt[at + 1]);
        CAPTURE(at);
        CAPTURE(static_cast<int>(spoil));
        FollowedBook checked;
        FollowedBook blind;
        checked.chain.synchroniser().on_subscribe_sent(bench.now);
        for (const std::string& text : spoilt) {
          checked.take(reader, text);
          blind.apply(reader);
        }
        // A control: without the check, dropped changes leave another book.
        const auto same = [&](const OrderBook& book) {
          return book.levels(Side::Buy).size() == last.bids.size() && book.levels(Side::Sell).size() == last.asks.size() &&
                 !book.crossed() && book.best_bid()->size == Size::parse(decimal_text(last.bids.front().amount));
        };
        if (!same(blind.book)) ++wrong_without_check;
        if (spoil == Spoil::Repeat) {
          CHECK((checked.refused == 1 || checked.book.valid()));
        } else {
          CHECK(checked.refused == 1);
          CHECK_FALSE(checked.book.valid());
        }
        // The repair: leave, subscribe again, a snapshot.
        if (!checked.chain.synchroniser().live()) {
          checked.chain.synchroniser().on_unsubscribe_sent(bench.now);
          checked.chain.synchroniser().on_unsubscribed();
          checked.chain.synchroniser().on_subscribe_sent(bench.now);
          const ClientId again = bench.open("public/linear");
          bench.sent.clear();
          bench.subscribe(again, {"orderbook.50.BTCUSDT"});
          checked.take(reader, bench.on(again, "orderbook.50.BTCUSDT").front());
          bench.exchange.closed(again);
        }
        CHECK(checked.book.valid());
        check_same(checked.book, last);
      }
    }
    CHECK(wrong_without_check > 0);
  }

  TEST_CASE("trades come by symbol, options' by coin, in coins") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    BybitReader linear{Category::Linear, symbols};
    linear.list(bench, Category::Linear, "");
    BybitReader option{Category::Option, symbols};
    option.list(bench, Category::Option, "BTC");
    const ClientId futures = bench.open("public/linear");
    const ClientId options = bench.open("public/option");
    bench.subscribe(futures, {"publicTrade.BTCUSDT"});
    bench.subscribe(options, {"publicTrade.BTC"});
    CHECK(holds(bench.subscribe(bench.open("public/option"), {"publicTrade.DOGE"}), R"("failTopics":["publicTrade.DOGE"])"));
    bench.run(60s);
    std::size_t trades = 0;
    for (const std::string& text : bench.on(futures, "publicTrade.BTCUSDT")) {
      linear.read(text);
      for (const Trade& trade : linear.all<Trade>()) CHECK(trade.size < *Size::parse("100"));
      trades += linear.all<Trade>().size();
    }
    CHECK(trades > 20);
    CHECK(bench.on(options, "publicTrade.BTC").size() > 3);
    for (const std::string& text : bench.on(options, "publicTrade.BTC")) option.read(text);
  }

  TEST_CASE("the account's statement is its positions, page by page, and its wallet") {
    BybitBench bench;
    bench.run(5s);
    SymbolTable symbols{Venue::Bybit};
    BybitReader reader{Category::Linear, symbols};
    reader.list(bench, Category::Linear, "");
    reader.list(bench, Category::Option, "BTC");
    reader.list(bench, Category::Option, "ETH");
    const bybit::Credential credential{"monitor", Secret{"correct horse"}};
    std::map<std::string, double> held;
    for (const auto& [category, coin] : {std::pair{Category::Linear, "USDT"}, std::pair{Category::Option, ""}}) {
      reader.read(bench.get(bybit::positions_request(category, coin, "", credential, bench.wall())).body);
      const auto read = reader.decoder.decode_positions(MonoTime{1s}, {.first = true, .last = true}, reader.batch);
      REQUIRE(read.ok());
      for (const Event& event : reader.batch.events())
        if (const auto* report = std::get_if<PositionReport>(&event.body)) {
          const std::string name{symbols.name(event.header.instrument)};
          held[name] = report->size.to_double();
          const BybitProduct product = *bench.exchange.text().find(category, name);
          const LinearPosition& line = bench.exchange.account().positions().at(product.instrument);
          const MarketInstrument& instrument = bench.exchange.text().instrument(product);
          CAPTURE(name);
          CHECK(report->average_entry == doctest::Approx(line.average_price_usd));
          CHECK(report->unrealized_pnl == doctest::Approx(LinearAccount::profit(instrument, line)).epsilon(1e-6));
          CHECK(report->maintenance_margin == doctest::Approx(LinearAccount::margin(instrument, line.size_coins).maintenance));
        }
    }
    REQUIRE(held.size() == bench.exchange.account().positions().size());
    for (const auto& [index, line] : bench.exchange.account().positions())
      CHECK(held.at(bench.exchange.text().symbol(bench.exchange.text().held(index))) == doctest::Approx(line.size_coins));

    reader.read(bench.get(bybit::wallet_request(credential, bench.wall())).body);
    REQUIRE(reader.decoder.decode_wallet(MonoTime{1s}, reader.batch).ok());
    REQUIRE(reader.all<hedgewatch::AccountSummary>().size() == 1);
    const hedgewatch::AccountSummary summary = reader.all<hedgewatch::AccountSummary>().front();
    const LinearTotals totals = bench.exchange.account().totals(bench.exchange.market());
    CHECK(summary.asset.view() == "USDT");
    CHECK(summary.equity == doctest::Approx(totals.equity()));
    CHECK(summary.balance == doctest::Approx(totals.wallet()));
    // Margins are dollars on the wire and come back as USDT.
    CHECK(summary.maintenance_margin == doctest::Approx(totals.maintenance_margin()));
    CHECK(summary.initial_margin == doctest::Approx(totals.initial_margin()));
    CHECK(summary.margin_balance == doctest::Approx(totals.margin_balance()));
    const std::string page =
        bench.get(bybit::signed_request("/v5/position/list", "category=option&limit=2", credential, bench.wall())).body;
    CHECK(count_at(page, "/result/list") == 2);
    CHECK(text_at(page, "/result/nextPageCursor") == "first%3D2");
  }

  TEST_CASE("the account's topics say nothing at first, and after a fill tell of it, of the position, the wallet and the Greeks") {
    auto config = BybitBench::config();
    config.account.option_fills_per_minute = 0;
    config.account.hedge_band_ratio = 1e9;
    config.greeks_interval = 1h;
    BybitBench bench{config};
    SymbolTable symbols{Venue::Bybit};
    BybitReader reader{Category::Linear, symbols};
    reader.list(bench, Category::Linear, "");
    const ClientId client = bench.open("private");
    bench.login(client);
    bench.subscribe(client, {"position", "wallet", "execution", "greeks", "order"});
    bench.run(5s);
    for (const char* topic : {"position", "wallet", "execution", "greeks", "order"}) CHECK(bench.on(client, topic).empty());
    const std::size_t perpetual = bench.exchange.market().perpetual_of(0);
    bench.exchange.market().submit(perpetual, true, 50'000);
    bench.run(200ms);
    const LinearPosition& line = bench.exchange.account().positions().at(perpetual);
    REQUIRE(bench.on(client, "execution").size() == 1);
    reader.read(bench.on(client, "execution").front());
    double filled = 0;
    for (const Fill& fill : reader.all<Fill>()) {
      CHECK(fill.side == Side::Buy);
      CHECK(fill.fee == doctest::Approx(0.00055 * fill.price.to_double() * fill.size.to_double()));
      CHECK(fill.fee_asset.view() == "USDT");
      filled += fill.size.to_double();
    }
    CHECK(filled == doctest::Approx(50'000 / line.average_price_usd).epsilon(0.02));
    REQUIRE(bench.on(client, "position").size() == 1);
    reader.read(bench.on(client, "position").front());
    REQUIRE(reader.all<PositionReport>().size() == 1);
    CHECK(reader.all<PositionReport>().front().size.to_double() == doctest::Approx(line.size_coins));
    REQUIRE(bench.on(client, "wallet").size() == 1);
    reader.read(bench.on(client, "wallet").front());
    CHECK(reader.all<hedgewatch::AccountSummary>().front().equity ==
          doctest::Approx(bench.exchange.account().totals(bench.exchange.market()).equity()).epsilon(1e-4));
    REQUIRE(bench.on(client, "greeks").size() == 1);
    reader.read(bench.on(client, "greeks").front());
    REQUIRE(reader.all<AccountGreeks>().size() == 2);
    CHECK(reader.all<AccountGreeks>().front().options_delta ==
          doctest::Approx(bench.exchange.account().greeks(bench.exchange.market(), 0).options_delta).epsilon(1e-3));
  }

  TEST_CASE("a topic of one category leaves the others out") {
    auto config = BybitBench::config();
    config.account.hedge_band_ratio = 1e9;
    config.account.option_fills_per_minute = 0;
    BybitBench bench{config};
    const ClientId client = bench.open("private");
    bench.login(client);
    bench.subscribe(client, {"position.option", "execution.linear"});
    bench.exchange.market().submit(bench.exchange.market().perpetual_of(0), true, 50'000);
    bench.run(200ms);
    CHECK(bench.on(client, "position.option").empty());
    CHECK(bench.on(client, "execution.linear").size() == 1);
  }

  TEST_CASE("funding comes as an execution that is no fill, and moves the wallet") {
    auto config = BybitBench::config();
    config.market.start = ExchangeBench::kNoon + 4h - 1s;
    config.account.option_fills_per_minute = 0;
    config.account.hedge_band_ratio = 1e9;
    BybitBench bench{config};
    SymbolTable symbols{Venue::Bybit};
    BybitReader reader{Category::Linear, symbols};
    reader.list(bench, Category::Linear, "");
    const ClientId client = bench.open("private");
    bench.login(client);
    bench.subscribe(client, {"execution", "wallet"});
    bench.run(2s);
    REQUIRE(bench.on(client, "execution").size() == 1);
    const std::string text = bench.on(client, "execution").front();
    CHECK(holds(text, R"("execType":"Funding")"));
    reader.read(text);
    CHECK(reader.all<Fill>().empty());
    CHECK(bench.on(client, "wallet").size() == 1);
  }

  TEST_CASE("maintenance stops the data, refuses calls and requests, is told by the status topic, and ends with books from 1") {
    BybitBench bench;
    const ClientId client = bench.open("public/linear");
    const ClientId status = bench.open("public/misc/status");
    bench.subscribe(client, {"orderbook.50.BTCUSDT", "tickers.BTCUSDT"});
    bench.subscribe(status, {"system.status"});
    bench.fault("maintenance:5s");
    bench.run(100ms);
    bench.sent.clear();
    bench.run(2s);
    CHECK(bench.on(client, "orderbook.50.BTCUSDT").empty());
    CHECK(holds(bench.subscribe(client, {"tickers.ETHUSDT"}), "restarting"));
    CHECK(integer_at(bench.get("/v5/market/time").body, "/retCode") == 10016);
    CHECK(holds(bench.get("/v5/system/status").body, "ongoing"));
    bench.run(4s);
    REQUIRE(!bench.on(client, "orderbook.50.BTCUSDT").empty());
    const std::string first = bench.on(client, "orderbook.50.BTCUSDT").front();
    CHECK(integer_at(first, "/data/u") == 1);
    CHECK(holds(bench.on(client, "tickers.BTCUSDT").front(), R"("type":"snapshot")"));
    CHECK(bench.on(status, "system.status").size() == 1);
    CHECK(holds(bench.on(status, "system.status").front(), "completed"));
    CHECK(integer_at(bench.get("/v5/market/time").body, "/retCode") == 0);
  }

  TEST_CASE("faults of the connection: a limit, a void login, a cut, a refused topic") {
    BybitBench bench;
    const ClientId client = bench.open("public/linear");
    const ClientId account = bench.open("private");
    bench.login(account);
    bench.fault("refused_channel/ETHUSDT");
    CHECK(holds(bench.subscribe(client, {"tickers.ETHUSDT"}), "handler not found"));
    bench.exchange.faults().clear();
    bench.fault("token_expiry");
    bench.poll();
    CHECK(bench.closed(account));
    CHECK_FALSE(bench.closed(client));
    bench.fault("rate_limit");
    bench.poll();
    CHECK(integer_at(bench.get("/v5/market/time").body, "/retCode") == 10006);
    CHECK(integer_at(bench.get("/v5/market/time").body, "/retCode") == 0);
    CHECK(holds(bench.send(client, bybit::ping_request("p1")), "Too many visits"));
    CHECK(bench.closed(client));
    const ClientId other = bench.open("public/linear");
    bench.fault("disconnect:2s");
    bench.poll();
    CHECK(bench.closed(other));
    CHECK_FALSE(bench.exchange.accepts(bench.now));
    bench.run(3s);
    CHECK(bench.exchange.accepts(bench.now));
  }

  TEST_CASE("a drill of a liquidation or of deleveraging shows in the position's status") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    BybitReader reader{Category::Linear, symbols};
    reader.list(bench, Category::Linear, "");
    reader.list(bench, Category::Option, "BTC");
    const ClientId client = bench.open("private");
    bench.login(client);
    bench.subscribe(client, {"position"});
    bench.fault("liquidation");
    bench.fault("adl");
    bench.poll();
    std::vector<ForcedEventKind> kinds;
    for (const std::string& text : bench.on(client, "position")) {
      reader.read(text);
      for (const ForcedEvent& forced : reader.all<ForcedEvent>()) kinds.push_back(forced.kind);
    }
    CHECK(kinds == std::vector{ForcedEventKind::Liquidation, ForcedEventKind::AutoDeleveraging});
  }

  TEST_CASE("the same seed and requests give the same bytes, another seed others") {
    const auto transcript = [](std::uint64_t seed) {
      auto config = BybitBench::config();
      config.seed = config.market.seed = config.account.seed = seed;
      BybitBench bench{config};
      const ClientId client = bench.open("public/linear");
      const ClientId account = bench.open("private");
      bench.login(account);
      bench.subscribe(client, {"orderbook.50.BTCUSDT", "tickers.ETHUSDT", "publicTrade.BTCUSDT"});
      bench.subscribe(account, {"position", "wallet", "execution", "greeks"});
      bench.run(30s);
      std::string all;
      for (const Outgoing& frame : bench.sent) all += frame.text + "\n";
      return all;
    };
    const std::string first = transcript(5);
    CHECK(first.size() > 10'000);
    CHECK(first == transcript(5));
    CHECK(first != transcript(6));
  }

  TEST_CASE("drills of the market are asked for below /control") {
    BybitBench bench;
    const auto post = [&](std::string_view path, std::string_view body) {
      return bench.exchange.answer({.verb = "POST", .target = path, .body = body}, bench.now);
    };
    const double before = bench.exchange.market().underlyings()[0].index_usd;
    CHECK(post("/control/index", R"({"index_name":"btc_usd","move_ratio":-0.05})").status == 200);
    CHECK(bench.exchange.market().underlyings()[0].index_usd == doctest::Approx(before * 0.95));
    CHECK(post("/control/trade", R"({"instrument_name":"BTCUSDT","direction":"buy","amount":10000})").status == 200);
    CHECK(post("/control/faults", R"({"fault":"silence","duration":"1s"})").status == 200);
    CHECK(holds(bench.get("/control/state").body, "silence"));
    CHECK(bench.get("/nothing").status == 404);
  }
}
