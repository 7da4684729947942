#include "feeds/simulator/okx_exchange.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "core/market/order_book.hpp"
#include "core/pricing/venue_conventions.hpp"
#include "feeds/session/chained_book.hpp"
#include "feeds/simulator/okx_bench.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;
using simulator::ClientId;
using simulator::HttpReply;
using simulator::MarketInstrument;
using simulator::Outgoing;

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

constexpr std::string_view kSwap = "BTC-USD-SWAP";

std::vector<okx::Subscription> one(std::string channel, std::string value = "BTC-USD-SWAP", std::string field = "instId") {
  return {{std::move(channel), std::move(field), std::move(value)}};
}

/// Every channel that the exchange has, of every instrument.
std::vector<okx::Subscription> all_public(simulator::OkxExchange& exchange) {
  std::vector<okx::Subscription> all{{"status", "", ""}};
  for (const char* type : {"SWAP", "FUTURES", "OPTION"}) all.push_back({"instruments", "instType", type});
  for (const char* coin : {"BTC", "ETH"}) {
    const std::string family = std::string{coin} + "-USD";
    all.push_back({"opt-summary", "instFamily", family});
    all.push_back({"funding-rate", "instId", family + "-SWAP"});
    for (const std::string& pair : {family, family + "T", family + "C"}) all.push_back({"index-tickers", "instId", pair});
  }
  for (const char* pair : {"USDT-USD", "USDC-USD"}) all.push_back({"index-tickers", "instId", pair});
  simulator::OkxText text{exchange.market(), 1, false};
  for (const MarketInstrument& instrument : exchange.market().instruments())
    for (const char* channel : {"bbo-tbt", "books", "books5", "tickers", "trades", "mark-price", "open-interest"})
      all.push_back({channel, "instId", text.name(instrument)});
  return all;
}

const std::vector<okx::Subscription> kAccountChannels{
    {"account", "", ""},        {"positions", "instType", "ANY"},           {"balance_and_position", "", ""},
    {"account-greeks", "", ""}, {"liquidation-warning", "instType", "ANY"}, {"orders", "instType", "ANY"}};

std::map<double, double> side_of(const OrderBook& book, Side side) {
  std::map<double, double> levels;
  for (const auto& level : book.levels(side)) levels[level.price.to_double()] = level.size.to_double();
  return levels;
}
std::map<double, double> side_of(const std::vector<simulator::BookLevel>& side) {
  std::map<double, double> levels;
  for (const auto& level : side) levels[level.price] = level.amount;
  return levels;
}

void put_on(OrderBook& book, const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (const auto* begin = std::get_if<BookBegin>(&event.body)) book.begin(begin->snapshot);
    if (const auto* level = std::get_if<BookLevel>(&event.body)) book.set(level->side, level->price, level->size);
    if (const auto* end = std::get_if<BookEnd>(&event.body)) book.end(end->sequence);
  }
}

const MarketInstrument& named(OkxBench& bench, std::string_view name) {
  simulator::OkxText text{bench.exchange.market(), 1, false};
  for (const MarketInstrument& instrument : bench.exchange.market().instruments())
    if (text.name(instrument) == name) return instrument;
  FAIL("no such instrument");
  return bench.exchange.market().instruments().front();
}

}  // namespace

TEST_SUITE("feeds/simulator/okx_exchange") {
  TEST_CASE("requests that are none are refused with the venue's codes, and an id is echoed") {
    OkxBench bench;
    const ClientId client = bench.open();
    CHECK(has(bench.send(client, "{\"op\":")[0], "60012"));
    CHECK(has(bench.send(client, R"({"id":"a1","op":"sing","args":[{}]})")[0], "60012"));
    CHECK(has(bench.send(client, R"({"id":"a1","op":"sing","args":[{}]})")[0], R"("id":"a1")"));
    CHECK(has(bench.send(client, R"({"op":"subscribe","args":[]})")[0], "60013"));
    CHECK(bench.send(client, "ping") == std::vector<std::string>{"pong"});
    CHECK(bench.closed(client).empty());
    CHECK(bench.send(client, std::string(70'000, 'x')).empty());
    CHECK(bench.closed(client) == "1009 request too long");
  }

  TEST_CASE("each argument is answered by itself: taken with its snapshot, or refused with a reason") {
    OkxBench bench;
    const ClientId client = bench.open();
    const auto replies = bench.subscribe(client, {{"bbo-tbt", "instId", "BTC-USD-SWAP"},
                                                  {"bbo-tbt", "instId", "DOGE-USD-SWAP"},
                                                  {"opt-summary", "uly", "BTC-USD"},
                                                  {"index-tickers", "instId", "BTC-USD-SWAP"},
                                                  {"funding-rate", "instId", "BTC-USD-260327"},
                                                  {"books50-l2-tbt", "instId", "BTC-USD-SWAP"},
                                                  {"account", "", ""}});
    REQUIRE(replies.size() == 8);
    CHECK(has(replies[0], R"("event":"subscribe","arg":{"channel":"bbo-tbt","instId":"BTC-USD-SWAP"})"));
    for (const std::size_t i : {1U, 3U, 4U, 6U}) CHECK(has(replies[i], "\"60018\""));
    CHECK(has(replies[2], "\"64000\""));
    CHECK(has(replies[5], "\"64003\""));
    CHECK(has(replies[7], R"("data":)"));
    // Again: an acknowledgement, but nothing is told twice.
    CHECK(bench.subscribe(client, one("bbo-tbt")).size() == 1);
    bench.sent.clear();
    bench.run(3s);
    const std::size_t told = bench.on("bbo-tbt:BTC-USD-SWAP").size();
    CHECK(told > 5);
    CHECK(told <= 3 * 30);
    CHECK(has(bench.send(client, okx::unsubscribe_request("8", one("bbo-tbt")))[0], R"("event":"unsubscribe")"));
    bench.sent.clear();
    bench.run(2s);
    CHECK(bench.sent.empty());
  }

  TEST_CASE("a login needs the key, its secret's signature of the time, and its passphrase") {
    const auto refused = [](okx::Credential credential, std::chrono::seconds off) {
      OkxBench bench;
      const ClientId client = bench.open("private");
      const auto reply = bench.send(client, okx::login_request(credential, bench.wall() + off));
      CHECK(bench.closed(client) == "4001 login failed");
      CHECK(bench.subscribe(client, one("account", "", "")).empty());
      return reply.at(0);
    };
    CHECK(has(refused({"nobody", Secret{"correct horse"}, Secret{"open sesame"}}, 0s), "\"60005\""));
    CHECK(has(refused({"monitor", Secret{"wrong"}, Secret{"open sesame"}}, 0s), "\"60007\""));
    CHECK(has(refused({"monitor", Secret{"correct horse"}, Secret{"wrong"}}, 0s), "\"60024\""));
    CHECK(has(refused(OkxBench::monitor(), 31s), "\"60006\""));
    CHECK(has(refused(OkxBench::monitor(), -31s), "\"60006\""));

    OkxBench bench;
    const ClientId early = bench.open("private");
    CHECK(has(bench.subscribe(early, {{"account", "", ""}})[0], "\"60011\""));
    const ClientId client = bench.login();
    CHECK(has(bench.send(client, okx::login_request(OkxBench::monitor(), bench.wall()))[0], "\"60031\""));
    CHECK(bench.subscribe(client, {{"account", "", ""}}).size() == 2);
    // Market data is elsewhere.
    CHECK(has(bench.subscribe(client, one("bbo-tbt"))[0], "\"60018\""));
    CHECK(has(bench.send(bench.open(), okx::login_request(OkxBench::monitor(), bench.wall()))[0], "\"60018\""));
    CHECK_FALSE(bench.exchange.serves_websocket("/ws/v5/secret"));
    CHECK(bench.exchange.serves_websocket("/ws/v5/business?brokerId=9999"));
  }

  TEST_CASE("signed calls are checked: key, passphrase, time, environment and the whole target") {
    OkxBench bench;
    const std::string target = "/api/v5/account/positions?instType=SWAP";
    const auto ask = [&](const okx::Credential& credential, std::chrono::seconds off, bool demo) {
      return bench.get(okx::signed_request(target, credential, bench.wall() + off, demo));
    };
    const auto refused = [](const HttpReply& reply, std::string_view code) {
      CAPTURE(reply.body);
      CHECK(reply.status == 401);
      CHECK(has(reply.body, code));
    };
    CHECK(ask(OkxBench::monitor(), 0s, true).status == 200);
    CHECK(ask(OkxBench::monitor(), 29s, true).status == 200);
    refused(ask(OkxBench::monitor(), 31s, true), "\"50102\"");
    refused(ask(OkxBench::monitor(), 0s, false), "\"50101\"");
    refused(ask({"nobody", Secret{"correct horse"}, Secret{"open sesame"}}, 0s, true), "\"50119\"");
    refused(ask({"monitor", Secret{"wrong"}, Secret{"open sesame"}}, 0s, true), "\"50113\"");
    refused(ask({"monitor", Secret{"correct horse"}, Secret{"wrong"}}, 0s, true), "\"50105\"");
    refused(bench.get(target), "\"50103\"");
    HttpCall other = okx::signed_request(target, OkxBench::monitor(), bench.wall(), true);
    other.target += "&instId=BTC-USD-SWAP";
    refused(bench.get(other), "\"50113\"");
    HttpCall odd = okx::signed_request(target, OkxBench::monitor(), bench.wall(), true);
    for (auto& [name, value] : odd.headers)
      if (name == "OK-ACCESS-TIMESTAMP") value = "1772625600";
    refused(bench.get(odd), "\"50112\"");
  }

  TEST_CASE("a key that may trade says so, and a reader's says that it only reads") {
    OkxBench bench;
    CHECK(has(bench.get_signed("/api/v5/account/config").body, R"("perm":"read_only")"));
    const okx::Credential trader{"trader", Secret{"battery staple"}, Secret{"swordfish"}};
    const HttpReply reply = bench.get(okx::signed_request("/api/v5/account/config", trader, bench.wall(), true));
    CHECK(has(reply.body, R"("perm":"read_only,trade")"));
  }

  TEST_CASE("the lists say what the market has: names, contract sizes, strikes and expiries") {
    OkxBench bench;
    OkxReader reader;
    reader.list_all(bench);
    simulator::OkxText text{bench.exchange.market(), 1, false};
    std::size_t listed = 0;
    for (const MarketInstrument& instrument : bench.exchange.market().instruments()) {
      const std::string name = text.name(instrument);
      CAPTURE(name);
      const auto id = reader.symbols.find(name);
      REQUIRE(id.has_value());
      ++listed;
      const Contract& contract = reader.symbols.contract(*id);
      CHECK(contract.kind == instrument.kind);
      const bool bitcoin = name.starts_with("BTC");
      if (instrument.kind == ContractKind::Option) {
        // One contract is ctVal 1 times ctMult 0.01 or 0.1 coins, not one coin.
        CHECK(contract.contract_size == (bitcoin ? 0.01 : 0.1));
        CHECK(contract.strike == instrument.strike_usd);
        CHECK(contract.right == instrument.right);
      } else {
        CHECK(contract.contract_size == (bitcoin ? 100 : 10));
        CHECK(contract.size_unit == SizeUnit::Quote);
      }
      CHECK(contract.style == PayoffStyle::Inverse);
      CHECK(contract.lot == doctest::Approx(instrument.lot).epsilon(1e-12));
      if (instrument.kind != ContractKind::Perpetual) CHECK(contract.expiry == instrument.expiry);
    }
    CHECK(listed == reader.symbols.size());
    CHECK(bench.get("/api/v5/public/instruments?instType=OPTION").status == 400);
    CHECK(has(bench.get("/api/v5/public/underlying?instType=OPTION").body, R"([["BTC-USD","ETH-USD"]])"));
    CHECK(has(bench.get("/api/v5/public/time").body, R"("ts":"1772625600000")"));
    CHECK(bench.get("/api/v5/public/nothing").status == 404);
  }

  TEST_CASE("every frame decodes, in any order of keys, and what is decoded is what the market and the account hold") {
    OkxBench bench;
    OkxReader reader;
    reader.list_all(bench);
    const ClientId client = bench.open();
    const auto wanted = all_public(bench.exchange);
    for (std::size_t at = 0; at < wanted.size(); at += 400)
      bench.subscribe(client, {wanted.begin() + static_cast<std::ptrdiff_t>(at),
                               wanted.begin() + static_cast<std::ptrdiff_t>(std::min(at + 400, wanted.size()))});
    const ClientId holder = bench.login();
    bench.subscribe(holder, kAccountChannels);
    CHECK(bench.control("trade", R"({"instrument_name":"BTC-USD-SWAP","direction":"buy","amount":200})").status == 200);
    bench.run(6s);
    std::map<std::string, int> labels;
    std::map<InstrumentId, Mark> marks;
    std::map<InstrumentId, Mark> vols;
    std::map<InstrumentId, Quote> quotes;
    std::map<InstrumentId, VenueGreeks> greeks;
    std::map<InstrumentId, PositionReport> positions;
    std::map<std::string, AccountSummary> summaries;
    std::map<std::string, AccountGreeks> totals;
    std::map<std::string, double> indices;
    std::size_t fills = 0;
    for (const Outgoing& frame : bench.sent) {
      if (frame.text.empty()) continue;
      const auto events = reader.read(frame.text);
      ++labels[std::string{reader.decoder.detail().label}];
      for (const Event& event : events) {
        const InstrumentId id = event.header.instrument;
        if (const auto* mark = std::get_if<Mark>(&event.body)) (is_present(mark->price) ? marks : vols)[id] = *mark;
        if (const auto* quote = std::get_if<Quote>(&event.body)) quotes[id] = *quote;
        if (const auto* one_option = std::get_if<VenueGreeks>(&event.body)) greeks[id] = *one_option;
        if (const auto* held = std::get_if<PositionReport>(&event.body)) positions[id] = *held;
        if (const auto* summary = std::get_if<AccountSummary>(&event.body))
          summaries[std::string{summary->asset.view()}] = *summary;
        if (const auto* total = std::get_if<AccountGreeks>(&event.body)) totals[std::string{total->asset.view()}] = *total;
        if (const auto* index = std::get_if<IndexPrice>(&event.body))
          indices[std::string{index->base.view()} + "-" + std::string{index->quote.view()}] = index->price;
        if (const auto* fill = std::get_if<Fill>(&event.body)) {
          ++fills;
          CHECK(fill->fee > 0);
          CHECK(std::string{fill->fee_asset.view()} == std::string{reader.symbols.contract(id).base.view()});
        }
      }
    }
    for (const char* label :
         {"bbo-tbt", "books", "books5", "tickers", "trades", "mark-price", "index-tickers", "opt-summary", "funding-rate",
          "open-interest", "account", "positions", "balance_and_position", "account-greeks", "orders", "event"}) {
      CAPTURE(std::string{label});
      CHECK(labels[label] > 0);
    }
    CHECK(fills > 0);

    const simulator::SyntheticMarket& market = bench.exchange.market();
    simulator::OkxText text{market, 1, false};
    for (std::size_t i = 0; i < market.instruments().size(); ++i) {
      const MarketInstrument& instrument = market.instruments()[i];
      const std::string name = text.name(instrument);
      CAPTURE(name);
      const InstrumentId id = *reader.symbols.find(name);
      CHECK(marks.at(id).price == doctest::Approx(text.mark(instrument)).epsilon(1e-8));
      const Quote& quote = quotes.at(id);
      REQUIRE(quote.ask.has_value());
      CHECK(quote.ask->to_double() == instrument.asks.front().price);
      CHECK(quote.ask_size.to_double() == instrument.asks.front().amount);
      if (!instrument.bids.empty()) {
        REQUIRE(quote.bid.has_value());
        CHECK(quote.bid->to_double() == instrument.bids.front().price);
        CHECK(quote.bid_size.to_double() == instrument.bids.front().amount);
      }
      const auto held = bench.exchange.account().positions().find(i);
      if (held != bench.exchange.account().positions().end()) {
        CHECK(positions.at(id).size.to_double() == doctest::Approx(held->second.size).epsilon(1e-12));
        CHECK(positions.at(id).average_entry == doctest::Approx(held->second.average_price).epsilon(1e-9));
      }
      if (instrument.kind != ContractKind::Option) continue;
      CHECK(vols.at(id).vol == doctest::Approx(instrument.mark_vol_percent / 100).epsilon(1e-12));
      CHECK(vols.at(id).forward == instrument.forward_usd);
      const auto expected = okx_greeks(
          {.right = instrument.right,
           .forward = vols.at(id).forward,
           .spot = instrument.index_usd,
           .strike = instrument.strike_usd,
           .to_expiry = YearFraction::from_nanoseconds(static_cast<double>((instrument.expiry - instrument.marked).count())),
           .vol = Vol::from_fraction(vols.at(id).vol)});
      REQUIRE(expected.ok());
      CHECK(greeks.at(id).delta == doctest::Approx(expected.value().black_scholes.delta).epsilon(1e-8));
      CHECK(greeks.at(id).gamma == doctest::Approx(expected.value().black_scholes.gamma).epsilon(1e-6));
      CHECK(greeks.at(id).vega == doctest::Approx(expected.value().black_scholes.vega_per_vol_point).epsilon(1e-6));
      CHECK(greeks.at(id).theta == doctest::Approx(expected.value().black_scholes.theta_per_day).epsilon(1e-6));
    }
    CHECK(indices.at("BTC-USD") == doctest::Approx(market.underlyings()[0].index_usd).epsilon(1e-6));
    CHECK(indices.at("USDT-USD") == doctest::Approx(1).epsilon(0.01));
    CHECK(indices.at("USDC-USD") == doctest::Approx(1).epsilon(0.01));
    CHECK(indices.at("BTC-USDT") * indices.at("USDT-USD") == doctest::Approx(indices.at("BTC-USD")).epsilon(1e-4));

    // The statements of an account, asked for: what it holds at this moment.
    const auto balance = bodies<AccountSummary>(reader.reply(bench.get_signed("/api/v5/account/balance").body, [&] {
      return reader.decoder.decode_balance(MonoTime{}, reader.events);
    }));
    REQUIRE(balance.size() == 2);
    for (std::size_t u = 0; u < 2; ++u) {
      const auto held = bench.exchange.account().summary(market, u);
      CHECK(balance[u].equity == doctest::Approx(held.equity).epsilon(1e-9));
      CHECK(balance[u].margin_balance == doctest::Approx(held.margin_balance).epsilon(1e-6));
      CHECK(balance[u].initial_margin == doctest::Approx(held.initial_margin).epsilon(1e-6));
      CHECK(balance[u].maintenance_margin == doctest::Approx(held.maintenance_margin).epsilon(1e-6));
      // Cash, what open futures have made since their entry, and the options' value are the equity.
      CHECK(balance[u].balance + held.futures_pl + held.options_value == doctest::Approx(held.equity).epsilon(1e-9));
      CHECK(totals.at(u == 0 ? "BTC" : "ETH").options_gamma == doctest::Approx(held.options_gamma).epsilon(0.02));
    }
    const auto statement = bodies<PositionReport>(reader.reply(bench.get_signed("/api/v5/account/positions").body, [&] {
      return reader.decoder.decode_positions(MonoTime{}, reader.events);
    }));
    CHECK(statement.size() == bench.exchange.account().positions().size());
    CHECK(summaries.size() == 2);
  }

  TEST_CASE("books start with a snapshot, each change names its predecessor, and the book is the market's after a run") {
    OkxBench bench;
    OkxReader reader;
    reader.list_all(bench);
    const ClientId client = bench.open();
    std::vector<std::string> names{"BTC-USD-SWAP", "ETH-USD-SWAP"};
    simulator::OkxText text{bench.exchange.market(), 1, false};
    for (const MarketInstrument& instrument : bench.exchange.market().instruments())
      if (instrument.kind == ContractKind::Option && names.size() < 8) names.push_back(text.name(instrument));
    for (const std::string& name : names) bench.subscribe(client, one("books", name));
    bench.run(20s);
    for (const std::string& name : names) {
      CAPTURE(name);
      ChainedBook chain;
      OrderBook book{1'000};
      chain.synchroniser().on_subscribe_sent(MonoTime{});
      std::size_t changes = 0;
      for (const std::string& frame : bench.on("books:" + name)) {
        const auto events = reader.read(frame);
        REQUIRE(chain.on_message(reader.decoder.detail()) == BookVerdict::Apply);
        put_on(book, events);
        CHECK_FALSE(book.crossed());
        ++changes;
      }
      CHECK(changes > 5);
      CHECK(side_of(book, Side::Buy) == side_of(named(bench, name).bids));
      CHECK(side_of(book, Side::Sell) == side_of(named(bench, name).asks));
      CHECK(book.unknown_removals() == 0);
    }
  }

  TEST_CASE("a change dropped, repeated or moved at any place of a chain is noticed, and without the check the book is wrong") {
    OkxBench bench;
    OkxReader reader;
    reader.list_all(bench);
    const ClientId client = bench.open();
    bench.subscribe(client, one("books"));
    bench.run(12s);
    struct Message {
      FrameDetail detail;
      std::vector<Event> events;
      std::map<double, double> bids;
      std::map<double, double> asks;
    };
    std::vector<Message> session;
    OrderBook venue{1'000};
    for (const std::string& frame : bench.on("books:BTC-USD-SWAP")) {
      Message message{.detail = {}, .events = reader.read(frame), .bids = {}, .asks = {}};
      message.detail = reader.decoder.detail();
      put_on(venue, message.events);
      message.bids = side_of(venue, Side::Buy);
      message.asks = side_of(venue, Side::Sell);
      session.push_back(std::move(message));
    }
    REQUIRE(session.size() > 60);
    int swept = 0;
    int noticed = 0;
    int wrong_without_check = 0;
    enum class Fault { Drop, Repeat, Swap };
    // Every place but the first, which is the snapshot, and the last, behind which nothing could tell.
    for (std::size_t at = 1; at + 2 < session.size(); ++at)
      for (const Fault fault : {Fault::Drop, Fault::Repeat, Fault::Swap}) {
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < session.size(); ++i)
          if (fault != Fault::Drop || i != at) order.push_back(i);
        if (fault == Fault::Repeat) order.insert(order.begin() + static_cast<std::ptrdiff_t>(at), at);
        if (fault == Fault::Swap) std::swap(order[at], order[at + 1]);
        ChainedBook chain;
        OrderBook checked{1'000};
        OrderBook trusting{1'000};
        chain.synchroniser().on_subscribe_sent(MonoTime{});
        bool told = false;
        for (const std::size_t i : order) {
          put_on(trusting, session[i].events);
          const BookVerdict verdict = chain.on_message(session[i].detail);
          if (verdict == BookVerdict::Apply) put_on(checked, session[i].events);
          if (verdict != BookVerdict::Invalidate) continue;
          told = true;
          checked.invalidate();
        }
        if (!chain.synchroniser().live()) {
          // The venue answers a new subscription with what the book is now.
          FrameDetail snapshot = session.back().detail;
          snapshot.book = BookForm::Snapshot;
          chain.synchroniser().on_unsubscribe_sent(MonoTime{});
          chain.synchroniser().on_unsubscribed();
          chain.synchroniser().on_subscribe_sent(MonoTime{});
          REQUIRE(chain.on_message(snapshot) == BookVerdict::Apply);
          checked.begin(true);
          for (const auto& [price, size] : session.back().bids)
            checked.set(Side::Buy, Price::from_raw(std::llround(price * 1e9)), Size::from_raw(std::llround(size * 1e9)));
          for (const auto& [price, size] : session.back().asks)
            checked.set(Side::Sell, Price::from_raw(std::llround(price * 1e9)), Size::from_raw(std::llround(size * 1e9)));
          checked.end(snapshot.sequence);
        }
        CAPTURE(at);
        CAPTURE(static_cast<int>(fault));
        ++swept;
        if (told) ++noticed;
        // Repeating a frame changes nothing and is dropped as such; the other two are noticed, every one.
        CHECK(told == (fault != Fault::Repeat));
        CHECK(chain.synchroniser().live());
        CHECK(side_of(checked, Side::Buy) == session.back().bids);
        CHECK(side_of(checked, Side::Sell) == session.back().asks);
        if (side_of(trusting, Side::Buy) != session.back().bids || side_of(trusting, Side::Sell) != session.back().asks)
          ++wrong_without_check;
      }
    CHECK(noticed == swept / 3 * 2);
    CHECK(wrong_without_check > 0);
    MESSAGE(swept << " faults, " << noticed << " noticed, " << wrong_without_check << " wrong at the end without the check");
  }

  TEST_CASE("statements come in pages, are repeated, and events between name only what has changed") {
    auto config = OkxBench::config();
    config.positions_per_page = 3;
    config.account_interval = 2s;
    OkxBench bench{config};
    OkxReader reader;
    reader.list_all(bench);
    const ClientId client = bench.login();
    bench.subscribe(client, {{"positions", "instType", "ANY"}, {"account", "", ""}});
    const std::size_t held = bench.exchange.account().positions().size();
    REQUIRE(held > 3);
    std::vector<Event> all;
    std::size_t pages = 0;
    for (const std::string& frame : bench.on("positions:ANY")) {
      ++pages;
      CHECK(has(frame, "\"curPage\":" + std::to_string(pages)));
      const auto events = reader.read(frame);
      all.insert(all.end(), events.begin(), events.end());
    }
    CHECK(pages == (held + 2) / 3);
    CHECK(bodies<PositionSnapshotBegin>(all).size() == 1);
    CHECK(bodies<PositionSnapshotEnd>(all).size() == 1);
    CHECK(bodies<PositionReport>(all).size() == held);
    bench.sent.clear();
    bench.run(7s);
    std::size_t statements = 0;
    for (const std::string& frame : bench.on("positions:ANY")) statements += bodies<PositionSnapshotEnd>(reader.read(frame)).size();
    CHECK(statements == 3);
    bench.sent.clear();
    CHECK(bench.control("trade", R"({"instrument_name":"BTC-USD-SWAP","direction":"sell","amount":1000})").status == 200);
    bench.run(150ms);
    const auto events = bench.on("positions:ANY");
    REQUIRE(!events.empty());
    CHECK(has(events[0], R"("eventType":"event_update")"));
    const auto reports = bodies<PositionReport>(reader.read(events[0]));
    REQUIRE(reports.size() == 1);
    const auto swap = bench.exchange.account().positions().find(bench.exchange.market().perpetual_of(0));
    REQUIRE(swap != bench.exchange.account().positions().end());
    CHECK(reports[0].size.to_double() == doctest::Approx(swap->second.size).epsilon(1e-12));
    CHECK(has(bench.on("account").back(), R"("eventType":"event_update")"));
  }

  TEST_CASE("a connection on which nothing comes or goes is cut, and a ping keeps it") {
    OkxBench bench;
    const ClientId quiet = bench.open();
    const ClientId pinging = bench.open();
    const ClientId listening = bench.open();
    bench.subscribe(listening, one("index-tickers", "BTC-USD"));
    bench.run(20s);
    bench.send(pinging, "ping");
    bench.run(9s);
    CHECK(bench.closed(quiet).empty());
    bench.run(2s);
    CHECK(bench.closed(quiet) == "4004 No data received in 30s.");
    CHECK(bench.closed(pinging).empty());
    bench.run(20s);
    CHECK(bench.closed(pinging) == "4004 No data received in 30s.");
    CHECK(bench.closed(listening).empty());
  }

  TEST_CASE("too many requests of an hour, and a drill of the limit, are refused without an end to the connection") {
    auto config = OkxBench::config();
    config.most_operations = 3;
    OkxBench bench{config};
    const ClientId client = bench.open();
    for (int i = 0; i < 3; ++i) CHECK(has(bench.subscribe(client, one("bbo-tbt"))[0], "subscribe"));
    CHECK(has(bench.subscribe(client, one("bbo-tbt"))[0], "\"60014\""));
    bench.run(1h);
    CHECK(has(bench.subscribe(client, one("bbo-tbt"))[0], "subscribe"));
    bench.fault("rate_limit");
    bench.run(100ms);
    CHECK(has(bench.subscribe(client, one("bbo-tbt"))[0], "\"60014\""));
    CHECK(has(bench.subscribe(client, one("bbo-tbt"))[0], "subscribe"));
    const HttpReply limited = bench.get("/api/v5/public/time");
    CHECK(limited.status == 429);
    CHECK(has(limited.body, "\"50011\""));
    CHECK(bench.get("/api/v5/public/time").status == 200);
    CHECK(bench.closed(client).empty());
  }

  TEST_CASE("a notice comes before an upgrade, and who has not left by its end is cut") {
    OkxBench bench;
    OkxReader reader;
    const ClientId staying = bench.open();
    const ClientId leaving = bench.open("private");
    bench.fault("upgrade@1s:3s");
    bench.run(1'100ms);
    std::vector<std::string> notices;
    for (const Outgoing& frame : bench.sent)
      if (has(frame.text, "64008")) notices.push_back(frame.text);
    REQUIRE(notices.size() == 2);
    reader.read(notices[0]);
    CHECK(reader.decoder.detail().control == ControlKind::Upgrade);
    CHECK(bench.closed(staying).empty());
    bench.exchange.closed(leaving);
    const ClientId instead = bench.open("private");
    bench.run(3s);
    CHECK(bench.closed(staying) == "service upgrade");
    CHECK(bench.closed(instead).empty());
  }

  TEST_CASE("maintenance is announced, refuses requests and calls, and is taken back") {
    OkxBench bench;
    OkxReader reader;
    const ClientId client = bench.open();
    bench.subscribe(client, {{"status", "", ""}, {"bbo-tbt", "instId", "BTC-USD-SWAP"}});
    bench.fault("maintenance:3s");
    bench.sent.clear();
    bench.run(1s);
    REQUIRE(bench.on("status").size() == 1);
    const auto down = bodies<PlatformState>(reader.read(bench.on("status")[0]));
    REQUIRE(down.size() == 1);
    CHECK(down[0].maintenance);
    CHECK(bench.on("bbo-tbt:BTC-USD-SWAP").empty());
    CHECK(has(bench.subscribe(client, one("books"))[0], "\"63999\""));
    CHECK(bench.get("/api/v5/public/time").status == 503);
    bench.run(3s);
    CHECK_FALSE(bodies<PlatformState>(reader.read(bench.on("status").back())).at(0).maintenance);
    CHECK(bench.get("/api/v5/public/time").status == 200);
    CHECK_FALSE(bench.on("bbo-tbt:BTC-USD-SWAP").empty());
  }

  TEST_CASE("lost changes, refused channels, void keys, cuts and forced events reach whom they concern") {
    OkxBench bench;
    OkxReader reader;
    reader.list_all(bench);
    const ClientId client = bench.open();
    const ClientId holder = bench.login();
    bench.subscribe(holder, kAccountChannels);
    bench.fault("refused_channel:1m/ETH-USD-SWAP");
    const auto replies = bench.subscribe(client, {{"books", "instId", "ETH-USD-SWAP"}, {"books", "instId", "BTC-USD-SWAP"}});
    CHECK(has(replies[0], "\"60018\""));
    CHECK(has(replies[1], R"("event":"subscribe")"));
    bench.fault("gap*2/books:BTC-USD-SWAP");
    bench.run(2s);
    ChainedBook chain;
    chain.synchroniser().on_subscribe_sent(MonoTime{});
    int lost = 0;
    for (const std::string& frame : bench.on("books:BTC-USD-SWAP")) {
      reader.read(frame);
      if (chain.on_message(reader.decoder.detail()) == BookVerdict::Invalidate) ++lost;
    }
    CHECK(lost == 1);
    bench.sent.clear();
    bench.fault("liquidation");
    bench.fault("adl");
    bench.run(100ms);
    std::vector<ForcedEventKind> kinds;
    for (const char* channel : {"balance_and_position", "liquidation-warning:ANY"})
      for (const std::string& frame : bench.on(channel))
        for (const ForcedEvent& forced : bodies<ForcedEvent>(reader.read(frame))) kinds.push_back(forced.kind);
    CHECK(std::set(kinds.begin(), kinds.end()) ==
          std::set{ForcedEventKind::Liquidation, ForcedEventKind::AutoDeleveraging, ForcedEventKind::Other});
    bench.fault("token_expiry");
    bench.run(100ms);
    CHECK(bench.closed(holder) == "4007 key changed or deleted");
    CHECK(bench.closed(client).empty());
    bench.fault("disconnect:2s");
    bench.run(100ms);
    CHECK(bench.closed(client) == "drill");
    CHECK_FALSE(bench.exchange.accepts(bench.now));
    bench.run(2s);
    CHECK(bench.exchange.accepts(bench.now));
  }

  TEST_CASE("what expires says so, its position is missing from the next statement, and new series are listed") {
    auto config = OkxBench::config();
    config.market.start = OkxBench::kNoon + 19h + 59min + 50s;
    OkxBench bench{config};
    OkxReader reader;
    reader.list_all(bench);
    const std::size_t before = reader.symbols.size();
    const ClientId client = bench.open();
    bench.subscribe(client, one("instruments", "OPTION", "instType"));
    CHECK(bench.on("instruments:OPTION").empty());
    bench.run(15s);
    std::set<InstrumentPhase> phases;
    for (const std::string& frame : bench.on("instruments:OPTION"))
      for (const auto& state : bodies<InstrumentStateChanged>(reader.read(frame))) phases.insert(state.phase);
    CHECK(phases == std::set{InstrumentPhase::Settling, InstrumentPhase::Expired});
    CHECK(reader.symbols.size() > before);
  }

  TEST_CASE("the whole conversation is a function of the seed and the requests") {
    const auto talk = [](std::uint64_t seed) {
      OkxBench bench{OkxBench::config(seed)};
      const ClientId client = bench.open();
      bench.subscribe(
          client,
          {{"books", "instId", "BTC-USD-SWAP"}, {"opt-summary", "instFamily", "ETH-USD"}, {"index-tickers", "instId", "USDT-USD"}});
      bench.subscribe(bench.login(), kAccountChannels);
      bench.run(3s);
      std::string all;
      for (const Outgoing& frame : bench.sent) all += frame.text + "\n";
      return all + bench.get_signed("/api/v5/account/positions").body;
    };
    CHECK(talk(5) == talk(5));
    CHECK(talk(5) != talk(6));
  }

  TEST_CASE("drills move the market by the venue's own names") {
    OkxBench bench;
    const double before = bench.exchange.market().underlyings()[0].index_usd;
    CHECK(bench.control("index", R"({"index_name":"BTC-USD","move_ratio":-0.05})").status == 200);
    bench.run(200ms);
    CHECK(bench.exchange.market().underlyings()[0].index_usd == doctest::Approx(before * 0.95).epsilon(0.001));
    CHECK(bench.control("trade", R"({"instrument_name":"BTC-USD-NEVER","direction":"buy","amount":100})").status == 400);
    CHECK(bench.control("faults", R"({"fault":"silence","duration":"2s"})").status == 200);
  }
}
