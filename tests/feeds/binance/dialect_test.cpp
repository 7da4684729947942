#include "feeds/binance/dialect.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "feeds/session/stream_session.hpp"
#include "feeds/simulator/binance_bench.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;
using binance::Product;
using binance::StreamPath;

namespace {

struct Setup {
  Product product = Product::UsdMargined;
  StreamPath path = StreamPath::Public;
  std::vector<std::string> watch = {"BTCUSDT"};
  std::vector<std::string> books = {};
  std::string client_id = "monitor";
  std::string secret = "correct horse";
  bool allow_trading_scope = false;
};

/// A session and the simulated exchange, joined without sockets: a step is 50 ms of both.
struct Wire {
  explicit Wire(Setup given, simulator::BinanceExchangeConfig config = BinanceBench::config())
      : setup{std::move(given)}, bench{std::move(config)} {
    StreamSessionOptions options;
    options.connection = ConnectionId{1};
    if (setup.path == StreamPath::Private) options.account = AccountId{2};
    for (const std::string& name : setup.watch) options.watch.push_back({Venue::Binance, name});
    for (const std::string& name : setup.books) options.books.push_back({Venue::Binance, name});
    options.allow_trading_scope = setup.allow_trading_scope;
    session = std::make_unique<StreamSession>(
        std::move(options),
        std::make_unique<binance::Dialect>(
            binance::DialectOptions{.product = setup.product,
                                    .path = setup.path,
                                    .coins = {*AssetCode::from("BTC"), *AssetCode::from("ETH")},
                                    .decoding = {.connection = ConnectionId{1}, .account = options.account},
                                    .credential = {setup.client_id, Secret{setup.secret}},
                                    .permissions_host = {}},
            symbols),
        symbols, statistics);
  }

  [[nodiscard]] SessionTime now() const { return {bench.now, bench.wall()}; }

  void obey() {
    // Copied: what is answered may ask for more.
    const std::vector<std::string> texts = actions.send;
    std::vector<SessionCall> calls = std::move(actions.calls);
    const bool close = actions.close;
    const std::string reason{actions.close_reason};
    actions.clear();
    for (const std::string& text : texts) {
      requests.push_back(text);
      std::vector<simulator::Outgoing> out;
      bench.exchange.handle(client, text, bench.now, out);
      take(out);
    }
    for (const SessionCall& call : calls) {
      targets.push_back(call.request.target);
      const std::string_view verb = call.request.verb == HttpVerb::Post  ? "POST"
                                    : call.request.verb == HttpVerb::Put ? "PUT"
                                                                         : "GET";
      const simulator::HttpReply reply = bench.call(verb, call.request);
      HttpOutcome outcome{.status = static_cast<unsigned>(reply.status), .body = reply.body, .retry_after_s = 0};
      session->on_outcome(call.id, outcome, now(), batch, actions);
      keep();
      obey();
    }
    if (close && open) lose(reason);
  }
  void take(const std::vector<simulator::Outgoing>& frames) {
    for (const simulator::Outgoing& frame : frames) {
      if (!open || frame.client != client) continue;
      if (!frame.text.empty() && !deaf) {
        const simdjson::padded_string padded{frame.text};
        session->on_frame(padded, now(), batch, actions);
        keep();
        obey();
      }
      if (frame.close && open) lose(frame.reason);
    }
  }
  void lose(const std::string& reason) {
    open = false;
    ended.push_back(reason);
    bench.exchange.closed(client);
    session->on_closed(reason, now(), batch);
    keep();
  }
  void keep() {
    for (const Event& event : batch.events()) events.push_back(event);
    batch.truncate(0);
  }
  void connect() {
    if (open || !bench.exchange.accepts(bench.now)) return;
    if (started && (!session->reconnect_at() || *session->reconnect_at() > bench.now)) return;
    started = true;
    const bool ready = session->prepare(now(), actions);
    obey();
    if (!ready) return;
    const std::string_view prefix = setup.product == Product::Spot           ? "/spot"
                                    : setup.product == Product::CoinMargined ? "/coin"
                                                                             : "";
    target = std::string{prefix} + std::string{binance::websocket_path(setup.product, setup.path)} + session->path_suffix();
    client = bench.open(target);
    open = true;
    session->on_open(now(), batch, actions);
    keep();
    obey();
  }
  void run(std::chrono::milliseconds duration) {
    const MonoTime end = bench.now + duration;
    while (bench.now < end) {
      bench.now += 50ms;
      connect();
      std::vector<simulator::Outgoing> out;
      bench.exchange.poll(bench.now, 100'000, out);
      take(out);
      if (open)
        if (const auto due = session->deadline(); due && *due <= bench.now) {
          session->on_deadline(now(), batch, actions);
          keep();
          obey();
        }
    }
  }

  template <class Body>
  [[nodiscard]] std::vector<std::pair<std::string, Body>> all() const {
    std::vector<std::pair<std::string, Body>> found;
    for (const Event& event : events)
      if (const Body* body = std::get_if<Body>(&event.body))
        found.emplace_back(
            event.header.instrument == kNoInstrument ? std::string{} : std::string{symbols.name(event.header.instrument)}, *body);
    return found;
  }
  [[nodiscard]] FeedStatus status() const {
    const auto told = all<FeedStatus>();
    return told.empty() ? FeedStatus{} : told.back().second;
  }
  [[nodiscard]] std::string notices() {
    for (const SessionNotice& notice : session->notices().take())
      told_notices.append(notice.text).append(": ").append(notice.detail).append("\n");
    return told_notices;
  }
  /// A book made of the events, as the engine would make it.
  [[nodiscard]] OrderBook book(std::string_view name) const {
    OrderBook made;
    for (const Event& event : events) {
      if (event.header.instrument == kNoInstrument || symbols.name(event.header.instrument) != name) continue;
      if (const auto* begin = std::get_if<BookBegin>(&event.body)) made.begin(begin->snapshot);
      if (const auto* level = std::get_if<BookLevel>(&event.body)) made.set(level->side, level->price, level->size);
      if (const auto* end = std::get_if<BookEnd>(&event.body)) made.end(end->sequence);
      if (std::holds_alternative<BookInvalidated>(event.body)) made.invalidate();
    }
    return made;
  }

  Setup setup;
  BinanceBench bench;
  SymbolTable symbols{Venue::Binance, 4'096};
  FeedStatistics statistics;
  std::unique_ptr<StreamSession> session;
  EventBatch batch;
  SessionActions actions;
  std::vector<Event> events;
  std::vector<std::string> requests, targets, ended;
  std::string target, told_notices;
  simulator::ClientId client{};
  bool open = false;
  bool started = false;
  bool deaf = false;  ///< nothing that is sent arrives
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("feeds/binance/dialect") {
  TEST_CASE("each market's connection becomes live on its own path, and quotes or marks come of what is looked at") {
    const struct {
      Setup setup;
      std::string target;
      std::size_t quotes, marks;
    } cases[] = {{{Product::UsdMargined, StreamPath::Public}, "/public/stream", 1, 0},
                 {{Product::UsdMargined, StreamPath::Market}, "/market/stream", 0, 1},
                 {{Product::CoinMargined, StreamPath::Public, {"BTCUSD_PERP"}}, "/coin/stream", 1, 1},
                 {{Product::Spot, StreamPath::Public, {"BTCUSDT-SPOT"}}, "/spot/stream", 1, 0},
                 {{Product::Options, StreamPath::Market, {}}, "/market/stream", 50, 50}};
    for (const auto& one : cases) {
      CAPTURE(one.target);
      Wire wire{one.setup};
      wire.run(4s);
      const std::string notices = wire.notices();
      CAPTURE(notices);
      CHECK(wire.target == one.target);
      CHECK(wire.session->live());
      CHECK(wire.all<Quote>().size() >= one.quotes);
      CHECK(wire.all<Mark>().size() >= one.marks);
      CHECK((one.marks != 0 || wire.all<Mark>().empty()));
      for (const FeedCount& errors : wire.statistics.decode_errors) CHECK(errors.get() == 0);
      CHECK(wire.statistics.refused_channels.get() == 0);
    }
  }

  TEST_CASE("only instruments of the configured coins are listed, and a perpetual's funding comes once its interval is known") {
    Wire wire{{Product::UsdMargined, StreamPath::Market}};
    wire.run(4s);
    CHECK_FALSE(wire.all<InstrumentListed>().empty());
    CHECK_FALSE(wire.all<Funding>().empty());
    SymbolTable symbols{Venue::Binance, 64};
    binance::Decoder decoder{symbols, Product::UsdMargined};
    decoder.list_only({*AssetCode::from("ETH")});
    EventBatch batch;
    const simdjson::padded_string reply{wire.bench.get("/fapi/v1/exchangeInfo").body};
    REQUIRE(decoder.decode(reply, MonoTime{}, batch).ok());
    REQUIRE(decoder.decode_instruments(MonoTime{}, batch).ok());
    CHECK(symbols.find("ETHUSDT").has_value());
    CHECK_FALSE(symbols.find("BTCUSDT").has_value());
    CHECK(decoder.detail().left_out_rows > 0);
  }

  TEST_CASE("a book is joined to its snapshot and follows the stream; a lost change voids it until a new snapshot") {
    for (const Product product : {Product::UsdMargined, Product::Spot}) {
      const std::string name = product == Product::Spot ? "BTCUSDT-SPOT" : "BTCUSDT";
      CAPTURE(name);
      Wire wire{{product, StreamPath::Public, {name}, {name}}};
      wire.run(5s);
      CHECK(wire.book(name).valid());
      CHECK(std::ranges::count_if(wire.targets, [](const std::string& target) { return has(target, "/depth?"); }) == 1);
      wire.bench.fault("gap");
      wire.run(2s);
      CHECK(wire.statistics.gaps.get() == 1);
      CHECK(wire.all<BookInvalidated>().size() == 1);
      CHECK(wire.session->live());
      const OrderBook book = wire.book(name);
      CHECK(book.valid());
      CHECK_FALSE(book.crossed());
      const simulator::BinanceBook& there = wire.bench.exchange.listing().book(
          *wire.bench.exchange.listing().find(static_cast<simulator::BinanceProduct>(product), "BTCUSDT"));
      REQUIRE(book.best_bid().has_value());
      CHECK(book.best_bid()->price.to_double() == doctest::Approx(there.bids.front().price).epsilon(1e-12));
      CHECK(book.levels(Side::Sell).size() == there.asks.size());
      CHECK(std::ranges::count_if(wire.targets, [](const std::string& target) { return has(target, "/depth?"); }) == 2);
    }
  }

  TEST_CASE("a stream that is acknowledged and stays silent is subscribed anew, then the connection is given up") {
    Wire wire{{Product::UsdMargined, StreamPath::Market, {"BTCUSDT", "ETHUSDT"}}};
    wire.bench.fault("refused_channel:60s/ethusdt");
    wire.run(14s);
    CHECK(wire.session->live());
    CHECK(wire.ended.empty());
    wire.run(5s);
    CHECK(has(wire.notices(), "a topic is silent and is subscribed anew: ethusdt@markPrice@1s"));
    wire.run(20s);
    REQUIRE(wire.ended.size() == 1);
    CHECK(wire.ended[0] == "a topic is silent");
    // When the venue speaks again, so does the connection.
    wire.run(40s);
    CHECK(wire.session->live());
    CHECK(std::ranges::any_of(wire.all<Mark>(), [](const auto& mark) { return mark.first == "ETHUSDT"; }));
  }

  TEST_CASE("a connection on which nothing comes any more, not even an answer to a ping, is closed and opened again") {
    for (const StreamPath path : {StreamPath::Public, StreamPath::Private}) {
      Wire wire{{Product::UsdMargined, path}};
      BinanceReader reader{wire.bench, Product::UsdMargined};
      for (std::size_t i = 0; i < reader.symbols.size(); ++i)
        static_cast<void>(wire.symbols.add(reader.symbols.contract(reader.symbols.id_at(i))));
      wire.run(21s);
      CHECK(wire.session->live());
      CHECK(std::ranges::count_if(wire.requests, [](const std::string& text) { return has(text, "LIST_SUBSCRIPTIONS"); }) >= 2);
      wire.deaf = true;
      wire.run(26s);
      REQUIRE_FALSE(wire.ended.empty());
      CHECK(wire.status().phase != FeedPhase::Live);
      wire.deaf = false;
      wire.run(40s);
      CHECK(wire.session->live());
    }
  }

  TEST_CASE("market data that stops while pings are answered is no life either") {
    Wire wire{{Product::UsdMargined, StreamPath::Market}};
    wire.run(3s);
    wire.bench.fault("silence:20s");
    wire.run(19s);
    CHECK(wire.ended == std::vector<std::string>{"no market data"});
    CHECK(
        std::ranges::any_of(wire.all<FeedStatus>(), [](const auto& told) { return told.second.reason == FeedDownReason::Silent; }));
    wire.run(10s);
    CHECK(wire.session->live());
  }

  TEST_CASE("a notice of shutdown is obeyed before the cut, and a day's end is foreseen") {
    Wire spot{{Product::Spot, StreamPath::Public, {"BTCUSDT-SPOT"}}};
    spot.run(3s);
    spot.bench.fault("upgrade:30s");
    spot.run(10s);
    CHECK(spot.ended == std::vector<std::string>{"the venue's service changes"});
    CHECK(spot.session->live());
    // Futures are cut without a word.
    auto config = BinanceBench::config();
    config.connection_life = 10s;
    Wire futures{{Product::UsdMargined, StreamPath::Market}, config};
    futures.run(8s);
    CHECK(futures.session->live());
    futures.run(6s);
    CHECK(futures.ended == std::vector<std::string>{"a day is over"});
    futures.run(3s);
    CHECK(futures.session->live());
    SymbolTable symbols{Venue::Binance};
    CHECK(binance::Dialect{{}, symbols}.limits().life == 23h);
  }

  TEST_CASE("a rate limit on calls is waited out, one on the socket ends the connection, which comes back") {
    Wire wire{{Product::UsdMargined, StreamPath::Public, {"BTCUSDT"}, {"BTCUSDT"}}};
    wire.run(3s);
    wire.bench.fault("rate_limit:3s");
    wire.bench.fault("gap");
    wire.run(3s);
    CHECK(wire.statistics.rate_limits.get() >= 1);
    CHECK_FALSE(wire.book("BTCUSDT").valid());
    wire.run(30s);
    CHECK(wire.session->live());
    CHECK(wire.book("BTCUSDT").valid());
    CHECK(wire.ended == std::vector<std::string>{"too many messages"});
  }

  TEST_CASE("maintenance: calls say so, streams rest, and all comes back by itself") {
    Wire wire{{Product::UsdMargined, StreamPath::Market}};
    wire.run(3s);
    wire.bench.fault("maintenance:40s");
    wire.run(35s);
    CHECK_FALSE(wire.session->live());
    CHECK(has(wire.notices(), "the venue is in maintenance"));
    wire.run(60s);
    CHECK(wire.session->live());
  }

  TEST_CASE("a disconnect is followed by a new connection with everything on it") {
    Wire wire{{Product::Options, StreamPath::Market, {}}};
    wire.run(3s);
    wire.bench.fault("disconnect:2s");
    wire.run(1s);
    CHECK(wire.ended == std::vector<std::string>{"drill"});
    CHECK(wire.status().reason == FeedDownReason::Disconnected);
    wire.run(10s);
    CHECK(wire.session->live());
    CHECK(wire.statistics.connections.get() == 2);
  }

  TEST_CASE("an account's connection carries its key in its path, reads each statement once and is live") {
    for (const Product product : {Product::UsdMargined, Product::Options, Product::CoinMargined, Product::Spot}) {
      const int which = static_cast<int>(product);
      CAPTURE(which);
      Wire wire{{product, StreamPath::Private, {}}};
      // Listings are the market-data connections' to read.
      BinanceReader reader{wire.bench, product};
      for (std::size_t i = 0; i < reader.symbols.size(); ++i)
        static_cast<void>(wire.symbols.add(reader.symbols.contract(reader.symbols.id_at(i))));
      wire.run(3s);
      const std::string notices = wire.notices();
      CAPTURE(notices);
      CHECK(wire.session->live());
      CHECK_FALSE(wire.all<AccountSummary>().empty());
      if (product == Product::Spot) {
        CHECK(wire.target == "/spot/ws-api/v3");
        CHECK(wire.all<PositionSnapshotEnd>().empty());
        continue;
      }
      CHECK(wire.target.starts_with(product == Product::CoinMargined ? "/coin/ws/" : "/private/ws/"));
      CHECK(wire.target.size() > 64);
      CHECK(wire.all<PositionSnapshotEnd>().size() == 1);
      for (const auto& [name, report] : wire.all<PositionReport>()) CHECK(wire.symbols.wanted(*wire.symbols.find(name)));
      // Statements are asked for again, and so is another hour of the key.
      const bool whole = product == Product::UsdMargined;
      wire.run(whole ? 26min : 2min);
      CHECK(wire.all<PositionSnapshotEnd>().size() >= (whole ? 70U : 6U));
      if (!whole) continue;
      CHECK(std::ranges::count_if(wire.targets, [](const std::string& target) { return has(target, "listenKey"); }) == 3);
      CHECK(wire.ended.empty());
    }
  }

  TEST_CASE("fills and positions of the account come as events while it is live") {
    auto config = BinanceBench::config();
    config.account.option_fills_per_minute = 60;
    Wire wire{{Product::Options, StreamPath::Private, {}}, config};
    BinanceReader reader{wire.bench, Product::Options};
    for (std::size_t i = 0; i < reader.symbols.size(); ++i)
      static_cast<void>(wire.symbols.add(reader.symbols.contract(reader.symbols.id_at(i))));
    wire.run(60s);
    CHECK(wire.all<Fill>().size() > 20);
    CHECK(wire.all<AccountGreeks>().size() > 10);
    CHECK(wire.statistics.unknown_rows.get() == 0);
  }

  TEST_CASE("a key for the private stream that is void is replaced, whether the venue says so or falls silent") {
    for (const char* fault : {"token_expiry", "token_expiry/silent"}) {
      CAPTURE(std::string{fault});
      Wire wire{{Product::UsdMargined, StreamPath::Private, {}}};
      BinanceReader reader{wire.bench, Product::UsdMargined};
      for (std::size_t i = 0; i < reader.symbols.size(); ++i)
        static_cast<void>(wire.symbols.add(reader.symbols.contract(reader.symbols.id_at(i))));
      wire.run(3s);
      const std::string before = wire.target;
      wire.bench.fault(fault);
      wire.run(std::string_view{fault} == "token_expiry" ? std::chrono::milliseconds{5s} : std::chrono::milliseconds{26min});
      CHECK(wire.ended.size() == 1);
      CHECK(wire.target != before);
      CHECK(wire.session->live());
    }
  }

  TEST_CASE("a key that may trade is refused for good, unless that is allowed") {
    Wire wire{{Product::UsdMargined, StreamPath::Private, {}, {}, "trader", "battery staple"}};
    wire.run(30s);
    CHECK_FALSE(wire.session->live());
    CHECK(wire.ended.size() == 1);
    CHECK(wire.status().reason == FeedDownReason::Unauthorised);
    CHECK_FALSE(wire.session->reconnect_at().has_value());
    CHECK(has(wire.notices(), "the key may do more than read"));
    Wire allowed{{Product::CoinMargined, StreamPath::Private, {}, {}, "trader", "battery staple", true}};
    BinanceReader reader{allowed.bench, Product::CoinMargined};
    for (std::size_t i = 0; i < reader.symbols.size(); ++i)
      static_cast<void>(allowed.symbols.add(reader.symbols.contract(reader.symbols.id_at(i))));
    allowed.run(3s);
    CHECK(allowed.session->live());
  }

  TEST_CASE("a wrong secret and an unknown key are refused for good") {
    for (const Product product : {Product::UsdMargined, Product::Spot}) {
      Wire wrong{{product, StreamPath::Private, {}, {}, "monitor", "wrong"}};
      wrong.run(20s);
      CHECK_FALSE(wrong.session->live());
      CHECK_FALSE(wrong.session->reconnect_at().has_value());
      CHECK(has(wrong.notices(), "the venue refuses the key"));
      Wire unknown{{product, StreamPath::Private, {}, {}, "nobody", "correct horse"}};
      unknown.run(20s);
      CHECK_FALSE(unknown.session->live());
      CHECK_FALSE(unknown.session->reconnect_at().has_value());
    }
  }

  TEST_CASE("errors of the venue mean what its table says") {
    SymbolTable symbols{Venue::Binance};
    const binance::Dialect dialect{{}, symbols};
    CHECK(dialect.reaction_to(429, "") == StreamReaction::BackOff);
    CHECK(dialect.reaction_to(-1003, "") == StreamReaction::BackOff);
    CHECK(dialect.reaction_to(-1125, "") == StreamReaction::Login);
    CHECK(dialect.reaction_to(-2015, "") == StreamReaction::Refused);
    CHECK(dialect.reaction_to(-1022, "") == StreamReaction::Refused);
    CHECK(dialect.reaction_to(-1021, "") == StreamReaction::Retry);
    CHECK(dialect.reaction_to(-1016, "") == StreamReaction::Maintenance);
    CHECK(dialect.reaction_to(502, "") == StreamReaction::Retry);
    // An account that never opened options.
    CHECK(dialect.reaction_to(-1130, "") == StreamReaction::Note);
  }

  TEST_CASE("permissions are asked for at another host where there is one") {
    SymbolTable symbols{Venue::Binance};
    binance::Dialect dialect{
        {.path = StreamPath::Private, .credential = {"monitor", Secret{"correct horse"}}, .permissions_host = "api.binance.com"},
        symbols};
    std::vector<StreamCall> calls;
    dialect.calls_at_open(calls);
    std::size_t elsewhere = 0;
    for (const StreamCall& call : calls) {
      const auto request = dialect.request_of(call, WallTime{});
      REQUIRE(request.has_value());
      if (request->host.empty()) continue;
      ++elsewhere;
      CHECK(request->target.starts_with("/sapi/v1/account/apiRestrictions?"));
    }
    CHECK(elsewhere == 1);
  }
}
