#include "feeds/simulator/binance_exchange.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>

#include "core/pricing/venue_conventions.hpp"
#include "feeds/session/signing.hpp"
#include "feeds/simulator/binance_bench.hpp"

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

/// Of RFC 8410's example: a key of no account anywhere.
constexpr const char* kPrivateKey =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string text_at(const std::string& json, std::string_view pointer) {
  simdjson::dom::parser parser;
  std::string_view value;
  return parser.parse(json).at_pointer(pointer).get(value) == simdjson::SUCCESS ? std::string{value} : std::string{};
}

std::int64_t code_of(const HttpReply& reply) {
  simdjson::dom::parser parser;
  std::int64_t code = 0;
  return parser.parse(reply.body).at_pointer("/code").get(code) == simdjson::SUCCESS ? code : 0;
}

binance::Credential monitor() { return {"monitor", Secret{"correct horse"}}; }

std::string option_at_the_money(const BinanceBench& bench) {
  const auto& market = bench.exchange.market();
  for (const BinanceInstrument& instrument : const_cast<BinanceExchange&>(bench.exchange).listing().instruments())
    if (instrument.product == BinanceProduct::Options && market.instruments()[instrument.source].greeks.delta > 0.45 &&
        market.instruments()[instrument.source].greeks.delta < 0.6 && instrument.symbol.starts_with("BTC"))
      return instrument.symbol;
  return {};
}

}  // namespace

TEST_SUITE("feeds/simulator/binance_exchange") {
  TEST_CASE("requests are acknowledged with their own id, what is none is refused with the venue's codes") {
    BinanceBench bench;
    const ClientId client = bench.open("/public/stream");
    CHECK(bench.send(client, R"({"method":"SUBSCRIBE","params":["btcusdt@bookTicker"],"id":7})") == R"({"result":null,"id":7})");
    CHECK(bench.send(client, R"({"method":"LIST_SUBSCRIPTIONS","id":"a"})") == R"({"result":["btcusdt@bookTicker"],"id":"a"})");
    CHECK(bench.send(client, R"({"method":"UNSUBSCRIBE","params":["btcusdt@bookTicker"],"id":8})") == R"({"result":null,"id":8})");
    CHECK(bench.send(client, R"({"method":"LIST_SUBSCRIPTIONS","id":9})") == R"({"result":[],"id":9})");
    CHECK(has(bench.send(client, "{\"method\""), R"("code":3)"));
    CHECK(has(bench.send(client, R"({"method":"SING","id":1})"), R"("code":2)"));
    CHECK(has(bench.send(client, R"({"method":"SUBSCRIBE","params":[5],"id":1})"), R"("code":2)"));
    CHECK_FALSE(bench.exchange.serves_websocket("/public/streams"));
    CHECK_FALSE(bench.exchange.serves_websocket("/elsewhere/ws"));
  }

  TEST_CASE("a stream on another path than its own is acknowledged and stays silent, and so is a misspelt one") {
    BinanceBench bench;
    const ClientId wrong = bench.open("/public/stream");
    const ClientId retired = bench.open("/stream");
    const ClientId right = bench.open("/market/stream");
    for (const ClientId client : {wrong, retired, right})
      CHECK(bench.subscribe(client, {"btcusdt@markPrice@1s", "btcusdt@nonsense"}).starts_with(R"({"result":null)"));
    bench.run(2'500ms);
    std::set<ClientId> spoken_to;
    for (const Outgoing& frame : bench.sent)
      if (frame.channel == "btcusdt@markPrice@1s") spoken_to.insert(frame.client);
    CHECK(spoken_to == std::set{right});
    CHECK(bench.on("btcusdt@markPrice@1s").size() == 2);
    CHECK(bench.on("btcusdt@nonsense").empty());
  }

  TEST_CASE("streams of the URL are subscribed at once; only combined endpoints name the stream") {
    BinanceBench bench;
    static_cast<void>(bench.open("/public/ws/btcusdt@bookTicker"));
    bench.run(500ms);
    REQUIRE_FALSE(bench.on("btcusdt@bookTicker").empty());
    CHECK(bench.on("btcusdt@bookTicker").front().starts_with(R"({"e":"bookTicker")"));
    static_cast<void>(bench.open("/spot/stream?streams=btcusdt@bookTicker/ethusdt@bookTicker"));
    bench.sent.clear();
    bench.run(500ms);
    REQUIRE_FALSE(bench.on("ethusdt@bookTicker").empty());
    CHECK(bench.on("ethusdt@bookTicker").front().starts_with(R"({"stream":"ethusdt@bookTicker","data":{"u":)"));
  }

  TEST_CASE("whatever is said of the markets our decoder reads, and reads what the market holds") {
    BinanceBench bench;
    const std::string option = option_at_the_money(bench);
    REQUIRE_FALSE(option.empty());
    struct Line {
      binance::Product product;
      std::string_view target;
      std::vector<std::string> streams;
    };
    const std::vector<Line> lines{
        {binance::Product::UsdMargined,
         "/public/stream",
         {binance::book_ticker_stream("BTCUSDT"), binance::depth_stream("ETHUSDT"), "btcusdt@depth20@100ms"}},
        {binance::Product::UsdMargined,
         "/market/stream",
         {binance::mark_price_stream("BTCUSDT"), binance::mark_price_stream("BTCUSDT_260327"),
          binance::aggregate_trade_stream("BTCUSDT")}},
        {binance::Product::CoinMargined,
         "/coin/public/stream",
         {binance::book_ticker_stream("BTCUSD_PERP"), binance::depth_stream("BTCUSD_PERP"), "ethusd_perp@depth5@100ms"}},
        {binance::Product::CoinMargined,
         "/coin/market/stream",
         {binance::mark_price_stream("BTCUSD_PERP"), binance::aggregate_trade_stream("BTCUSD_PERP"), "btcusd@indexPrice@1s"}},
        {binance::Product::Spot,
         "/spot/stream",
         {binance::book_ticker_stream("BTCUSDT"), binance::depth_stream("BTCUSDT"), "btcusdt@depth10@100ms", "btcusdt@aggTrade",
          "btcusdt@trade"}},
        {binance::Product::Options,
         "/public/stream",
         {binance::book_ticker_stream(option), binance::depth_stream(option),
          binance::depth_stream(option).replace(option.size() + 6, 0, "20")}},
        {binance::Product::Options, "/market/stream", {binance::option_marks_stream("BTCUSDT"), "!index@arr"}}};
    struct Open {
      ClientId client;
      std::unique_ptr<BinanceReader> reader;
      std::set<std::string> heard;
    };
    std::vector<Open> open;
    for (const Line& line : lines) {
      open.push_back({bench.open(line.target), std::make_unique<BinanceReader>(bench, line.product), {}});
      bench.subscribe(open.back().client, line.streams);
    }
    std::size_t trades = 0;
    for (int i = 0; i < 600; ++i) {
      bench.sent.clear();
      bench.run(100ms);
      for (const Outgoing& frame : bench.sent) {
        const auto at = std::find_if(open.begin(), open.end(), [&](const Open& one) { return one.client == frame.client; });
        REQUIRE(at != open.end());
        CHECK(at->reader->take(frame.text).kind == FrameKind::MarketData);
        CHECK(at->reader->decoder.detail().channel_name == frame.channel);
        at->heard.insert(frame.channel);
        trades += at->reader->all<Trade>().size();
        // What was just sent is what the books hold.
        for (const auto& [name, quote] : at->reader->all<Quote>()) {
          if (!frame.channel.ends_with("bookTicker")) continue;
          const BinanceProduct product = static_cast<BinanceProduct>(lines[static_cast<std::size_t>(at - open.begin())].product);
          const std::string symbol = name.substr(0, name.find("-SPOT"));
          const BinanceBook& book = bench.exchange.listing().book(*bench.exchange.listing().find(product, symbol));
          const double contract = product == BinanceProduct::CoinMargined ? 100 : 1;
          CAPTURE(name);
          CHECK(quote.bid->to_double() == doctest::Approx(book.bids.front().price).epsilon(1e-12));
          CHECK(quote.ask_size.to_double() == doctest::Approx(book.asks.front().amount * contract).epsilon(1e-9));
          CHECK(quote.bid < quote.ask);
        }
      }
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      CAPTURE(i);
      CHECK(open[i].heard == std::set<std::string>(lines[i].streams.begin(), lines[i].streams.end()));
    }
    CHECK(trades > 100);
  }

  TEST_CASE("a perpetual's sizes are coins where dollars settle it, contracts of 100 dollars where bitcoin does") {
    BinanceBench bench;
    BinanceListing& listing = bench.exchange.listing();
    const BinanceBook& linear = listing.book(*listing.find(BinanceProduct::UsdMargined, "BTCUSDT"));
    const BinanceBook& coin = listing.book(*listing.find(BinanceProduct::CoinMargined, "BTCUSD_PERP"));
    const MarketInstrument& source = bench.exchange.market().instruments()[bench.exchange.market().perpetual_of(0)];
    REQUIRE(linear.bids.size() == source.bids.size());
    for (std::size_t i = 0; i < source.bids.size(); ++i) {
      CAPTURE(i);
      CHECK(linear.bids[i].amount == doctest::Approx(source.bids[i].amount / source.bids[i].price).epsilon(0.2));
      CHECK(std::abs(coin.bids[i].amount * 100 - source.bids[i].amount) <= 50);
      CHECK(coin.bids[i].price == source.bids[i].price);
    }
  }

  TEST_CASE("books of every market are joined to their snapshots, follow the stream and end as the exchange has them") {
    BinanceBench bench;
    const std::string option = option_at_the_money(bench);
    const struct {
      binance::Product product;
      std::string symbol;
      std::string_view target;
      double unit;
    } cases[] = {{binance::Product::UsdMargined, "BTCUSDT", "/public/stream", 1},
                 {binance::Product::CoinMargined, "BTCUSD_PERP", "/coin/public/stream", 100},
                 {binance::Product::Spot, "BTCUSDT", "/spot/stream", 1},
                 {binance::Product::Options, option, "/public/stream", 1}};
    for (const auto& one : cases) {
      CAPTURE(one.symbol);
      BinanceFollower follower{bench, one.product, one.symbol};
      const ClientId client = bench.open(one.target);
      bench.subscribe(client, {binance::depth_stream(one.symbol)});
      const auto follow = [&] {
        std::size_t applied = 0;
        for (const std::string& frame : bench.on(binance::depth_stream(one.symbol))) {
          const SpliceVerdict verdict = follower.on_frame(frame);
          REQUIRE(verdict != SpliceVerdict::Invalidate);
          if (verdict == SpliceVerdict::Apply) ++applied;
        }
        bench.sent.clear();
        return applied;
      };
      bench.run(3s);
      CHECK(follow() == 0);
      REQUIRE(follower.ask(bench) == SnapshotVerdict::Joined);
      bench.run(20s);
      CHECK(follow() > 10);
      const auto& listing = bench.exchange.listing();
      const BinanceBook& book = bench.exchange.listing().book(*listing.find(static_cast<BinanceProduct>(one.product), one.symbol));
      CHECK(follower.book.valid());
      CHECK_FALSE(follower.book.crossed());
      const auto bids = follower.book.levels(Side::Buy);
      REQUIRE(bids.size() == book.bids.size());
      for (std::size_t i = 0; i < bids.size(); ++i) {
        const OrderBook::Level& level = bids[bids.size() - 1 - i];
        CHECK(level.price.to_double() == doctest::Approx(book.bids[i].price).epsilon(1e-12));
        CHECK(level.size.to_double() == doctest::Approx(book.bids[i].amount * one.unit).epsilon(1e-9));
      }
      CHECK(follower.book.levels(Side::Sell).size() == book.asks.size());
      bench.exchange.closed(client);
    }
  }

  TEST_CASE("a change that is lost, or comes after the next one, is noticed, and a new snapshot repairs the book") {
    for (const char* fault : {"gap", "reorder"}) {
      for (const binance::Product product : {binance::Product::UsdMargined, binance::Product::Spot}) {
        CAPTURE(std::string{fault});
        BinanceBench bench;
        BinanceFollower follower{bench, product, "BTCUSDT"};
        const ClientId client = bench.open(product == binance::Product::Spot ? "/spot/stream" : "/public/stream");
        bench.subscribe(client, {"btcusdt@depth@100ms"});
        bench.run(1s);
        for (const std::string& frame : bench.on("btcusdt@depth@100ms")) follower.on_frame(frame);
        REQUIRE(follower.ask(bench) == SnapshotVerdict::Joined);
        bench.fault(fault);
        bench.sent.clear();
        bench.run(1s);
        bool noticed = false;
        for (const std::string& frame : bench.on("btcusdt@depth@100ms"))
          noticed = follower.on_frame(frame) == SpliceVerdict::Invalidate || noticed;
        CHECK(noticed);
        CHECK_FALSE(follower.spliced.live());
        CHECK(bench.exchange.faults().touched() == 1);
        REQUIRE(follower.ask(bench) == SnapshotVerdict::Joined);
        CHECK(follower.book.best_bid()->price.to_double() ==
              bench.exchange.listing()
                  .book(*bench.exchange.listing().find(static_cast<BinanceProduct>(product), "BTCUSDT"))
                  .bids.front()
                  .price);
      }
    }
  }

  TEST_CASE("a change dropped or swapped at any place of any market's stream is noticed; without the check books would be wrong") {
    struct Change {
      FrameDetail detail;
      std::vector<Event> events;
    };
    const auto levels_of = [](const OrderBook& book) {
      const auto bids = book.levels(Side::Buy);
      const auto asks = book.levels(Side::Sell);
      return std::pair{std::vector(bids.begin(), bids.end()), std::vector(asks.begin(), asks.end())};
    };
    int swept = 0;
    int wrong_without_check = 0;
    for (const binance::Product product :
         {binance::Product::UsdMargined, binance::Product::CoinMargined, binance::Product::Spot, binance::Product::Options}) {
      const int which = static_cast<int>(product);
      CAPTURE(which);
      BinanceBench bench;
      const std::string symbol = product == binance::Product::Options        ? option_at_the_money(bench)
                                 : product == binance::Product::CoinMargined ? "BTCUSD_PERP"
                                                                             : "BTCUSDT";
      BinanceFollower follower{bench, product, symbol};
      const ClientId client = bench.open(product == binance::Product::Spot           ? "/spot/stream"
                                         : product == binance::Product::CoinMargined ? "/coin/stream"
                                                                                     : "/public/stream");
      bench.subscribe(client, {binance::depth_stream(symbol)});
      bench.run(200ms);
      REQUIRE(follower.ask(bench) == SnapshotVerdict::Joined);
      bench.sent.clear();
      const OrderBook snapshot = follower.book;
      const std::uint64_t last = snapshot.sequence();
      bench.run(25s);
      std::vector<Change> changes;
      for (const std::string& frame : bench.on(binance::depth_stream(symbol))) {
        follower.on_frame(frame);
        const auto events = follower.reader.batch.events();
        Change change{{}, {events.begin(), events.end()}};
        change.detail.first_sequence = follower.reader.decoder.detail().first_sequence;
        change.detail.sequence = follower.reader.decoder.detail().sequence;
        change.detail.previous = follower.reader.decoder.detail().previous;
        changes.push_back(std::move(change));
      }
      REQUIRE(changes.size() > 10);
      const auto whole = levels_of(follower.book);
      for (std::size_t at = 0; at + 1 < changes.size(); ++at) {
        for (const bool swap : {false, true}) {
          CAPTURE(at);
          CAPTURE(swap);
          std::vector<std::size_t> order;
          for (std::size_t i = 0; i < changes.size(); ++i)
            if (i != at) order.push_back(i);
          if (swap) order.insert(order.begin() + static_cast<std::ptrdiff_t>(at) + 1, at);
          SplicedBook spliced{product == binance::Product::Spot ? SpliceRule::NextNumber : SpliceRule::NamedPredecessor};
          REQUIRE(spliced.on_snapshot(last) == SnapshotVerdict::Joined);
          OrderBook trusting = snapshot;
          bool noticed = false;
          for (const std::size_t i : order) {
            noticed = spliced.on_change(changes[i].detail, changes[i].events) == SpliceVerdict::Invalidate || noticed;
            for (const Event& event : changes[i].events)
              if (const auto* level = std::get_if<hedgewatch::BookLevel>(&event.body))
                trusting.set(level->side, level->price, level->size);
          }
          ++swept;
          CHECK(noticed);
          if (levels_of(trusting) != whole) ++wrong_without_check;
        }
      }
    }
    CHECK(swept > 200);
    CHECK(wrong_without_check > swept / 20);
  }

  TEST_CASE("a chain of marks holds the market's vols, its forwards, and Black-Scholes on the index at the rate beside it") {
    BinanceBench bench;
    BinanceReader reader{bench, binance::Product::Options};
    const ClientId client = bench.open("/market/stream");
    bench.subscribe(client, {"btcusdt@optionMarkPrice"});
    bench.run(1'500ms);
    const auto frames = bench.on("btcusdt@optionMarkPrice");
    REQUIRE(frames.size() == 1);
    reader.take(frames.front());
    const auto marks = reader.all<Mark>();
    const auto greeks = reader.all<hedgewatch::VenueGreeks>();
    REQUIRE(marks.size() > 50);
    REQUIRE(greeks.size() == marks.size());
    const VenueTime at = reader.batch.events().front().header.exchange_time;
    for (std::size_t i = 0; i < marks.size(); ++i) {
      const auto& [name, mark] = marks[i];
      CAPTURE(name);
      const Contract& contract = reader.symbols.contract(*reader.symbols.find(name));
      const auto listed = bench.exchange.listing().find(BinanceProduct::Options, name);
      REQUIRE(listed.has_value());
      const MarketInstrument& source = bench.exchange.listing().source(*listed);
      CHECK(contract.strike == source.strike_usd);
      CHECK(contract.expiry == source.expiry);
      CHECK(mark.forward == doctest::Approx(source.forward_usd).epsilon(2e-4));
      CHECK(mark.vol * 100 == doctest::Approx(source.mark_vol_percent).epsilon(0.01));
      CHECK(mark.price == doctest::Approx(source.mark_price * mark.index).epsilon(0.02).scale(source.forward_usd * 1e-3));
      const auto own =
          binance_greeks({.right = contract.right,
                          .index_price = mark.index,
                          .strike = contract.strike,
                          .to_expiry = YearFraction::from_nanoseconds(static_cast<double>((contract.expiry - at).count())),
                          .vol = Vol::from_fraction(mark.vol),
                          .risk_free_rate = mark.rate});
      REQUIRE(own.ok());
      CHECK(greeks[i].second.delta == doctest::Approx(own.value().delta).epsilon(1e-6).scale(1));
      CHECK(greeks[i].second.gamma == doctest::Approx(own.value().gamma).epsilon(1e-3).scale(1e-4));
      CHECK(greeks[i].second.vega == doctest::Approx(own.value().vega_per_vol_point).epsilon(1e-6).scale(1));
      CHECK(greeks[i].second.theta == doctest::Approx(own.value().theta_per_day).epsilon(1e-6).scale(1));
    }
  }

  TEST_CASE("signed calls need a known key, the right signature of either kind, and a time within their window") {
    auto config = BinanceBench::config();
    config.keys.push_back({"signer", kPrivateKey, false, ""});
    BinanceBench bench{config};
    const auto positions = [&](const binance::Credential& credential, std::chrono::milliseconds off = 0ms) {
      return bench.call("GET", *binance::positions_request(binance::Product::UsdMargined, credential, bench.wall() + off));
    };
    CHECK(positions(monitor()).status == 200);
    CHECK(positions({"signer", Secret{kPrivateKey}}).status == 200);
    CHECK(code_of(positions({"signer", Secret{"correct horse"}})) == -1022);
    CHECK(code_of(positions({"monitor", Secret{"wrong"}})) == -1022);
    CHECK(code_of(positions({"nobody", Secret{"correct horse"}})) == -2015);
    CHECK(positions({"nobody", Secret{"correct horse"}}).status == 401);
    CHECK(code_of(bench.get("/fapi/v3/positionRisk")) == -2014);
    CHECK(positions(monitor(), 900ms).status == 200);
    CHECK(code_of(positions(monitor(), 1'000ms)) == -1021);
    CHECK(positions(monitor(), -5'000ms).status == 200);
    CHECK(code_of(positions(monitor(), -5'001ms)) == -1021);
    HttpCall changed = *binance::positions_request(binance::Product::UsdMargined, monitor(), bench.wall());
    changed.target += "&recvWindow=60000";
    CHECK(code_of(bench.call("GET", changed)) == -1022);
  }

  TEST_CASE("a key that may trade is recognised by what the venue says of its permissions") {
    BinanceBench bench;
    const auto restrictions = [&](const binance::Credential& credential) {
      return bench.call("GET", *binance::signed_request("/sapi/v1/account/apiRestrictions", "", credential, bench.wall())).body;
    };
    CHECK(has(restrictions(monitor()), R"("enableFutures":false)"));
    CHECK(has(restrictions(monitor()), R"("enableReading":true)"));
    CHECK(has(restrictions({"trader", Secret{"battery staple"}}), R"("enableFutures":true)"));
  }

  TEST_CASE("statements of positions and accounts say what the account holds") {
    BinanceBench bench;
    bench.run(1s);
    const LinearAccount& account = bench.exchange.account();
    const auto& market = bench.exchange.market();
    std::size_t told = 0;
    for (const binance::Product product : {binance::Product::UsdMargined, binance::Product::Options}) {
      BinanceReader reader{bench, product};
      reader.reply(bench.call("GET", *binance::positions_request(product, monitor(), bench.wall())));
      REQUIRE(reader.decoder.decode_positions(MonoTime{}, reader.batch).ok());
      for (const auto& [name, report] : reader.all<PositionReport>()) {
        CAPTURE(name);
        const auto listed = bench.exchange.listing().find(static_cast<BinanceProduct>(product), name);
        REQUIRE(listed.has_value());
        const LinearPosition& held = account.positions().at(bench.exchange.listing().instruments()[*listed].source);
        CHECK(report.size.to_double() == doctest::Approx(held.size_coins).epsilon(1e-9));
        CHECK(report.average_entry == doctest::Approx(held.average_price_usd).epsilon(1e-8));
        ++told;
      }
    }
    CHECK(told == account.positions().size());
    CHECK(told > 10);

    BinanceReader futures{bench, binance::Product::UsdMargined};
    futures.reply(bench.call("GET", *binance::account_request(binance::Product::UsdMargined, monitor(), bench.wall())));
    REQUIRE(futures.decoder.decode_account(MonoTime{}, futures.batch).ok());
    const LinearTotals totals = account.totals(market);
    REQUIRE(futures.all<hedgewatch::AccountSummary>().size() == 1);
    CHECK(futures.all<hedgewatch::AccountSummary>()[0].second.equity ==
          doctest::Approx(totals.futures_cash + totals.futures_profit).epsilon(1e-9));
    CHECK(futures.all<hedgewatch::AccountSummary>()[0].second.maintenance_margin ==
          doctest::Approx(totals.futures_maintenance_margin).epsilon(1e-9));

    BinanceReader options{bench, binance::Product::Options};
    options.reply(bench.call("GET", *binance::account_request(binance::Product::Options, monitor(), bench.wall())));
    REQUIRE(options.decoder.decode_account(MonoTime{}, options.batch).ok());
    const auto summary = options.all<hedgewatch::AccountSummary>();
    REQUIRE(summary.size() == 1);
    CHECK(summary[0].second.balance == doctest::Approx(totals.options_cash).epsilon(1e-9));
    // Marked on the index at a rate, not on the forward: within a per cent of what the account itself counts.
    CHECK(summary[0].second.equity - totals.options_cash == doctest::Approx(totals.options_value).epsilon(0.01));
    const auto greeks = options.all<AccountGreeks>();
    REQUIRE(greeks.size() == market.underlyings().size());
    double delta = 0;
    for (const auto& [source, position] : account.positions())
      if (market.instruments()[source].underlying == 0 && is_option(market.instruments()[source]))
        delta += position.size_coins * bench.exchange.listing().mark(market.instruments()[source]).delta;
    CHECK(greeks[0].second.options_delta == doctest::Approx(delta).epsilon(1e-6));

    BinanceReader coin{bench, binance::Product::CoinMargined};
    coin.reply(bench.call("GET", *binance::positions_request(binance::Product::CoinMargined, monitor(), bench.wall())));
    REQUIRE(coin.decoder.decode_positions(MonoTime{}, coin.batch).ok());
    REQUIRE(coin.all<PositionReport>().size() == 2);
    // 50 contracts of 100 dollars.
    CHECK(coin.all<PositionReport>()[0].second.size == *Size::parse("-5000"));
    coin.reply(bench.call("GET", *binance::account_request(binance::Product::CoinMargined, monitor(), bench.wall())));
    REQUIRE(coin.decoder.decode_account(MonoTime{}, coin.batch).ok());
    CHECK(coin.all<hedgewatch::AccountSummary>()[0].second.balance == 1.5);

    BinanceReader spot{bench, binance::Product::Spot};
    spot.reply(bench.call("GET", *binance::account_request(binance::Product::Spot, monitor(), bench.wall())));
    REQUIRE(spot.decoder.decode_account(MonoTime{}, spot.batch).ok());
    CHECK(spot.all<hedgewatch::AccountSummary>().size() == 3);
    CHECK(spot.all<hedgewatch::AccountSummary>()[1].second.equity == 1.5);
  }

  TEST_CASE("a key for the private stream is given once, extended, and told when it ends; a call for it then is refused") {
    auto config = BinanceBench::config();
    config.listen_key_life = 10s;
    BinanceBench bench{config};
    CHECK(code_of(bench.listen_key("PUT", "fapi")) == -1125);
    CHECK(code_of(bench.listen_key("POST", "fapi", "nobody")) == -2015);
    const std::string key = text_at(bench.listen_key("POST", "fapi").body, "/listenKey");
    CHECK(key.size() == 64);
    CHECK(text_at(bench.listen_key("POST", "fapi").body, "/listenKey") == key);
    const HttpReply options = bench.listen_key("POST", "eapi");
    CHECK(text_at(options.body, "/listenKey") != key);
    CHECK(has(options.body, R"("expiration":)"));
    CHECK(bench.listen_key("POST", "api").status == 410);
    static_cast<void>(bench.open("/private/ws/" + key));
    bench.run(9s);
    CHECK(bench.listen_key("PUT", "fapi").status == 200);
    bench.run(9s);
    CHECK(bench.on("fapi.listenKeyExpired").empty());
    bench.run(2s);
    REQUIRE(bench.on("fapi.listenKeyExpired").size() == 1);
    BinanceReader reader{bench, binance::Product::UsdMargined};
    CHECK(reader.take(bench.on("fapi.listenKeyExpired").front()).kind == FrameKind::Control);
    CHECK(reader.decoder.detail().control == ControlKind::KeyExpired);
    CHECK(code_of(bench.listen_key("PUT", "fapi")) == -1125);
    bench.sent.clear();
    bench.run(60s);
    CHECK(bench.sent.empty());
    CHECK(text_at(bench.listen_key("POST", "fapi").body, "/listenKey") != key);
  }

  TEST_CASE(
      "the account's trades come as events, positions after them are the account's, and the options' totals every ten seconds") {
    auto config = BinanceBench::config();
    config.account.option_fills_per_minute = 60;
    BinanceBench bench{config};
    BinanceReader futures{bench, binance::Product::UsdMargined};
    BinanceReader options{bench, binance::Product::Options};
    const ClientId futures_client = bench.open("/private/ws/" + text_at(bench.listen_key("POST", "fapi").body, "/listenKey"));
    const ClientId options_client =
        bench.open("/private/stream?streams=" + text_at(bench.listen_key("POST", "eapi").body, "/listenKey"));
    const LinearAccount& account = bench.exchange.account();
    std::size_t fills[2] = {0, 0};
    std::size_t reports[2] = {0, 0};
    std::size_t summaries = 0;
    std::size_t greeks = 0;
    for (int i = 0; i < 1'200; ++i) {
      bench.sent.clear();
      bench.run(100ms);
      for (const Outgoing& frame : bench.sent) {
        REQUIRE((frame.client == futures_client || frame.client == options_client));
        const std::size_t which = frame.client == options_client ? 1 : 0;
        BinanceReader& reader = which == 1 ? options : futures;
        CHECK(reader.take(frame.text).kind == FrameKind::Account);
        for (const auto& [name, report] : reader.all<PositionReport>()) {
          ++reports[which];
          CAPTURE(name);
          const auto listed =
              bench.exchange.listing().find(which == 1 ? BinanceProduct::Options : BinanceProduct::UsdMargined, name);
          const LinearPosition* held = account.last_of(bench.exchange.listing().instruments()[*listed].source);
          REQUIRE(held != nullptr);
          CHECK(report.size.to_double() == doctest::Approx(held->size_coins).epsilon(1e-9));
        }
        for (const auto& [name, fill] : reader.all<Fill>()) {
          ++fills[which];
          CHECK(fill.fee > 0);
          CHECK(fill.size > Size{});
          CHECK_FALSE(fill.liquidation);
        }
        summaries += reader.all<hedgewatch::AccountSummary>().size();
        greeks += reader.all<AccountGreeks>().size();
      }
    }
    CHECK(fills[0] > 0);
    CHECK(fills[1] > 50);
    CHECK(reports[0] > 0);
    CHECK(reports[1] > 50);
    CHECK(summaries >= 12);
    CHECK(greeks >= 24);
  }

  TEST_CASE("a forced closing trades, and is known by whose order it was") {
    BinanceBench bench;
    BinanceReader reader{bench, binance::Product::UsdMargined};
    static_cast<void>(bench.open("/private/ws/" + text_at(bench.listen_key("POST", "fapi").body, "/listenKey")));
    const auto forced = [&](std::string_view fault) {
      bench.sent.clear();
      bench.fault(fault);
      bench.run(500ms);
      std::vector<ForcedEventKind> kinds;
      for (const Outgoing& frame : bench.sent) {
        reader.take(frame.text);
        for (const auto& [name, event] : reader.all<ForcedEvent>()) kinds.push_back(event.kind);
      }
      return kinds;
    };
    const double before = bench.exchange.account().positions().at(bench.exchange.market().perpetual_of(0)).size_coins;
    CHECK(forced("liquidation") == std::vector{ForcedEventKind::Other, ForcedEventKind::Liquidation});
    const double after = bench.exchange.account().positions().at(bench.exchange.market().perpetual_of(0)).size_coins;
    CHECK(std::abs(after) < std::abs(before));
    CHECK(forced("adl") == std::vector{ForcedEventKind::AutoDeleveraging});
  }

  TEST_CASE("the options account is locked and unlocked by its risk level") {
    BinanceBench bench;
    BinanceReader reader{bench, binance::Product::Options};
    static_cast<void>(bench.open("/private/ws/" + text_at(bench.listen_key("POST", "eapi").body, "/listenKey")));
    bench.fault("lock:1s");
    bench.run(2s);
    const auto told = bench.on("eapi.RISK_LEVEL_CHANGE");
    REQUIRE(told.size() == 2);
    reader.take(told[0]);
    CHECK(reader.all<ForcedEvent>().at(0).second.active);
    reader.take(told[1]);
    CHECK_FALSE(reader.all<ForcedEvent>().at(0).second.active);
  }

  TEST_CASE("spot's account is listened to by a signed request, which a wrong signature does not open") {
    BinanceBench bench;
    const ClientId client = bench.open("/spot/ws-api/v3");
    const auto request = [&](std::string_view secret) {
      const std::string time = std::to_string(nanoseconds_of(bench.wall()) / 1'000'000);
      const std::string signature =
          hmac_sha256_hex(Secret{std::string{secret}}, "apiKey=monitor&recvWindow=5000&timestamp=" + time);
      return bench.send(
          client,
          R"({"id":"u1","method":"userDataStream.subscribe.signature","params":{"apiKey":"monitor","recvWindow":5000,"timestamp":)" +
              time + R"(,"signature":")" + signature + R"("}})");
    };
    CHECK(has(request("correct horse"), R"("result":{"subscriptionId":0})"));
    CHECK(has(request("wrong"), "-1022"));
  }

  TEST_CASE("faults: silence, refused streams, disconnects, maintenance and limits do what they say") {
    BinanceBench bench;
    const ClientId client = bench.open("/market/stream");
    bench.fault("refused_channel/ethusdt");
    bench.subscribe(client, {"btcusdt@markPrice@1s", "ethusdt@markPrice@1s"});
    bench.run(3s);
    CHECK(bench.on("btcusdt@markPrice@1s").size() == 3);
    CHECK(bench.on("ethusdt@markPrice@1s").empty());
    bench.sent.clear();
    bench.fault("silence:3s");
    bench.run(2'500ms);
    CHECK(bench.sent.empty());
    bench.run(2s);
    CHECK_FALSE(bench.sent.empty());

    bench.sent.clear();
    bench.fault("maintenance:2s");
    bench.run(1'500ms);
    CHECK(bench.sent.empty());
    CHECK(bench.get("/fapi/v1/time").status == 503);
    bench.run(2s);
    CHECK(bench.get("/fapi/v1/time").status == 200);

    bench.fault("rate_limit");
    bench.run(100ms);
    CHECK(bench.get("/fapi/v1/time").status == 429);
    CHECK(bench.get("/fapi/v1/time").status == 200);
    bench.subscribe(client, {"btcusdt@markPrice"});
    CHECK(bench.closed(client));
    bench.exchange.closed(client);

    const ClientId next = bench.open("/market/stream");
    bench.fault("disconnect:1s");
    bench.run(100ms);
    CHECK(bench.closed(next));
    CHECK_FALSE(bench.exchange.accepts(bench.now));
    bench.run(1s);
    CHECK(bench.exchange.accepts(bench.now));
  }

  TEST_CASE("every connection is cut when its day is over; spot is told before") {
    auto config = BinanceBench::config();
    config.connection_life = 10s;
    config.shutdown_notice = 4s;
    BinanceBench bench{config};
    const ClientId futures = bench.open("/public/stream");
    const ClientId spot = bench.open("/spot/stream");
    bench.run(5'900ms);
    CHECK(bench.sent.empty());
    bench.run(200ms);
    REQUIRE(bench.sent.size() == 1);
    CHECK(bench.sent[0].client == spot);
    BinanceReader reader{bench, binance::Product::Spot};
    CHECK(reader.take(bench.sent[0].text).kind == FrameKind::Control);
    CHECK(reader.decoder.detail().control == ControlKind::Upgrade);
    bench.run(4s);
    CHECK(bench.closed(futures));
    CHECK(bench.closed(spot));
    bench.exchange.closed(futures);
    bench.exchange.closed(spot);

    bench.sent.clear();
    const ClientId again = bench.open("/spot/stream");
    bench.fault("upgrade:2s");
    bench.run(1s);
    CHECK(bench.sent.size() == 1);
    CHECK_FALSE(bench.closed(again));
    bench.run(1'500ms);
    CHECK(bench.closed(again));
  }

  TEST_CASE("too many messages in a second end the connection, too much weight in a minute is refused until it is over") {
    BinanceBench bench;
    const ClientId client = bench.open("/public/stream");
    for (int i = 0; i < 10; ++i) bench.send(client, R"({"method":"LIST_SUBSCRIPTIONS","id":1})");
    CHECK_FALSE(bench.closed(client));
    bench.send(client, R"({"method":"LIST_SUBSCRIPTIONS","id":1})");
    CHECK(bench.closed(client));
    // A snapshot of 1,000 levels weighs 20 of the 2,400 of a minute.
    for (int i = 0; i < 120; ++i)
      REQUIRE(bench.call("GET", binance::depth_request(binance::Product::UsdMargined, "BTCUSDT")).status == 200);
    const HttpReply refused = bench.call("GET", binance::depth_request(binance::Product::UsdMargined, "BTCUSDT"));
    CHECK(refused.status == 429);
    CHECK(code_of(refused) == -1003);
    CHECK(bench.call("GET", binance::instruments_request(binance::Product::Options)).status == 200);
    bench.run(60s);
    CHECK(bench.call("GET", binance::depth_request(binance::Product::UsdMargined, "BTCUSDT")).status == 200);
  }

  TEST_CASE("symbols and limits that are none are refused") {
    BinanceBench bench;
    CHECK(code_of(bench.get("/fapi/v1/depth?symbol=NOSUCHUSDT")) == -1121);
    CHECK(code_of(bench.get("/fapi/v1/depth?symbol=BTCUSDT&limit=x")) == -1130);
    CHECK(bench.get("/fapi/v1/nothing").status == 404);
    CHECK(bench.get("/elsewhere").status == 404);
    CHECK(has(bench.get("/eapi/v1/index?underlying=BTCUSDT").body, "indexPrice"));
    CHECK(has(bench.get("/fapi/v1/premiumIndex?symbol=BTCUSDT").body, R"("nextFundingTime":1772640000000)"));
    CHECK(has(bench.get("/control/state").body, R"("clients":0)"));
  }

  TEST_CASE("the same seed and requests give the same bytes, and the index path is that of every venue") {
    const auto play = [] {
      BinanceBench bench;
      const ClientId client = bench.open("/public/stream");
      bench.subscribe(client, {"btcusdt@depth@100ms", "btcusdt@bookTicker"});
      const ClientId market = bench.open("/market/stream");
      bench.subscribe(market, {"btcusdt@optionMarkPrice"});
      static_cast<void>(bench.open("/private/ws/" + text_at(bench.listen_key("POST", "fapi").body, "/listenKey")));
      bench.run(20s);
      std::string all;
      for (const Outgoing& frame : bench.sent) all += frame.text;
      return std::pair{all, bench.exchange.market().underlyings()[0].index_usd};
    };
    const auto first = play();
    CHECK(first.first.size() > 100'000);
    CHECK((first == play()));
    SyntheticMarket alone{BinanceBench::config().market};
    MarketChanges changes;
    for (int i = 0; i < 200; ++i) alone.step(changes);
    CHECK(first.second == alone.underlyings()[0].index_usd);
  }

  TEST_CASE("at 08:00 what expires leaves the list and the account, and new series are listed") {
    BinanceBench bench{BinanceBench::config(BinanceBench::kNoon - 4h - 10s)};
    const std::string before = bench.get("/eapi/v1/exchangeInfo").body;
    CHECK(has(before, "BTC-260304-"));
    bench.run(15s);
    const std::string after = bench.get("/eapi/v1/exchangeInfo").body;
    CHECK_FALSE(has(after, "BTC-260304-"));
    CHECK(has(after, "BTC-260307-"));
    CHECK_FALSE(has(before, "BTC-260307-"));
  }
}
