#include "feeds/deribit/session.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "feeds/deribit/errors.hpp"
#include "feeds/deribit/frames.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr MonoTime kStart{100s};
constexpr WallTime kWallStart{1'801'234'000s};

DeribitSessionOptions market_data_options() {
  DeribitSessionOptions options;
  options.connection = ConnectionId{0};
  options.currencies = {"BTC"};
  options.watch = {{Venue::Deribit, "BTC-26MAR27-90000-P"}};
  options.books = {{Venue::Deribit, "BTC-PERPETUAL"}};
  return options;
}

DeribitSessionOptions account_options() {
  DeribitSessionOptions options;
  options.connection = ConnectionId{1};
  options.role = DeribitRole::Account;
  options.account = AccountId{3};
  options.credential = deribit::Credential{"client-7", Secret{"hw-demo-secret-0001"}};
  return options;
}

DeribitSessionOptions bitcoin_account() {
  DeribitSessionOptions options = account_options();
  options.currencies = {"BTC"};
  return options;
}

constexpr std::string_view kListing =
    R"([{"instrument_name":"BTC-26MAR27-90000-P","kind":"option","instrument_type":"reversed","option_type":"put","strike":90000,)"
    R"("base_currency":"BTC","quote_currency":"BTC","counter_currency":"USD","settlement_currency":"BTC","contract_size":1,)"
    R"("min_trade_amount":0.1,"expiration_timestamp":1806048000000,"settlement_period":"month"},)"
    R"({"instrument_name":"BTC-26MAR27-70000-P","kind":"option","instrument_type":"reversed","option_type":"put","strike":70000,)"
    R"("base_currency":"BTC","quote_currency":"BTC","counter_currency":"USD","settlement_currency":"BTC","contract_size":1,)"
    R"("min_trade_amount":0.1,"expiration_timestamp":1806048000000,"settlement_period":"month"},)"
    R"({"instrument_name":"BTC-PERPETUAL","kind":"future","instrument_type":"reversed","base_currency":"BTC","quote_currency":"USD",)"
    R"("counter_currency":"USD","settlement_currency":"BTC","contract_size":10,"min_trade_amount":10,)"
    R"("expiration_timestamp":32503708800000,"settlement_period":"perpetual"}])";

constexpr std::string_view kToken = R"({"access_token":"a.1","refresh_token":"r.1","token_type":"bearer","expires_in":900,)"
                                    R"("scope":"session:hedgewatch account:read trade:read wallet:none mainaccount"})";

/// A request as the venue reads it.
struct Request {
  std::uint64_t id = 0;
  std::string method;
  std::vector<std::string> channels;
  std::string text;
};

Request parsed(const std::string& text) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded{text};
  simdjson::dom::element root;
  REQUIRE(parser.parse(padded).get(root) == simdjson::SUCCESS);
  Request request;
  request.text = text;
  std::string_view method;
  REQUIRE(root["id"].get(request.id) == simdjson::SUCCESS);
  REQUIRE(root["method"].get(method) == simdjson::SUCCESS);
  request.method = method;
  simdjson::dom::array channels;
  if (root["params"]["channels"].get(channels) == simdjson::SUCCESS)
    for (const auto channel : channels) request.channels.emplace_back(std::string_view{channel});
  return request;
}

/// One session, its venue played by the test, and the clock.
struct Conversation {
  explicit Conversation(DeribitSessionOptions options) : session{std::move(options), symbols, statistics} {}
  Conversation(DeribitSessionOptions options, deribit::Symbols& shared) : session{std::move(options), shared, statistics} {}

  void collect() {
    for (const std::string& text : actions.send) sent.push_back(parsed(text));
    if (actions.close) {
      closed = true;
      close_reason = actions.close_reason;
    }
    actions.clear();
    for (const Event& event : batch.events()) events.push_back(event);
    batch.truncate(0);
  }
  void open() {
    closed = false;
    session.on_open({mono, wall}, batch, actions);
    collect();
  }
  void frame(const std::string& text) {
    const simdjson::padded_string padded{text};
    session.on_frame(padded, {mono, wall}, batch, actions);
    collect();
  }
  void lose(std::string_view reason = "reset by peer") {
    session.on_closed(reason, {mono, wall}, batch);
    collect();
  }
  /// Nothing rests and nothing was transferred, where a test is about something else.
  void answer_the_rest() {
    if (!answers_the_rest) return;
    while (has("private/get_open_orders")) answer("private/get_open_orders", "[]");
    while (has("private/get_transaction_log")) answer("private/get_transaction_log", R"({"logs":[],"continuation":null})");
  }
  void wait(std::chrono::nanoseconds duration) {
    answer_the_rest();
    const MonoTime until = mono + duration;
    for (auto next = session.deadline(); next && *next <= until && !closed; next = session.deadline()) {
      wall += std::max(*next, mono) - mono;
      mono = std::max(*next, mono);
      session.on_deadline({mono, wall}, batch, actions);
      collect();
      answer_the_rest();
      mono += 1ns;
    }
    wall += until > mono ? until - mono : 0ns;
    mono = std::max(mono, until);
  }
  /// The oldest request of this method that has not been taken.
  Request take(std::string_view method) {
    for (auto request = sent.begin(); request != sent.end(); ++request)
      if (request->method == method) {
        Request found = *request;
        sent.erase(request);
        return found;
      }
    const std::string missing{method};
    FAIL("not sent: " << missing);
    return {};
  }
  [[nodiscard]] bool has(std::string_view method) const {
    return std::any_of(sent.begin(), sent.end(), [&](const Request& request) { return request.method == method; });
  }
  void answer(const Request& request, std::string_view result, std::string_view testnet = "false") {
    frame(R"({"jsonrpc":"2.0","id":)" + std::to_string(request.id) + R"(,"result":)" + std::string{result} +
          R"(,"usIn":1801234000000000,"usOut":)" + std::to_string(us_out) + R"(,"usDiff":1,"testnet":)" + std::string{testnet} +
          "}");
  }
  void answer(std::string_view method, std::string_view result) { answer(take(method), result); }
  void refuse(const Request& request, int code, std::string_view message) {
    frame(R"({"jsonrpc":"2.0","id":)" + std::to_string(request.id) + R"(,"error":{"code":)" + std::to_string(code) +
          R"(,"message":")" + std::string{message} + R"("},"testnet":false})");
  }
  void refuse(std::string_view method, int code, std::string_view message = "") { refuse(take(method), code, message); }
  /// Grants every channel of every waiting subscribe call but those in `but`.
  void grant(std::string_view method = "public/subscribe", const std::vector<std::string>& but = {}) {
    while (has(method)) {
      const Request request = take(method);
      std::string list = "[";
      for (const std::string& channel : request.channels) {
        granted.push_back(channel);
        if (std::find(but.begin(), but.end(), channel) != but.end()) continue;
        if (list.size() > 1) list += ',';
        list += '"' + channel + '"';
      }
      answer(request, list + "]");
    }
  }
  /// The last status told, "phase/reason".
  [[nodiscard]] FeedStatus status() const {
    FeedStatus last{FeedPhase::Connecting, FeedDownReason::None};
    for (const Event& event : events)
      if (const auto* status = std::get_if<FeedStatus>(&event.body)) last = *status;
    return last;
  }
  template <class Body>
  [[nodiscard]] std::vector<Event> all() const {
    std::vector<Event> found;
    for (const Event& event : events)
      if (std::holds_alternative<Body>(event.body)) found.push_back(event);
    return found;
  }
  [[nodiscard]] bool was_asked_for(std::string_view channel) const {
    return std::find(granted.begin(), granted.end(), channel) != granted.end();
  }
  [[nodiscard]] bool noted(std::string_view text) {
    for (SessionNotice& notice : session.notices().take()) noticed.push_back(std::move(notice));
    return std::any_of(noticed.begin(), noticed.end(), [&](const SessionNotice& notice) { return notice.text == text; });
  }

  void bring_market_data_live() {
    open();
    answer("public/hello", R"({"version":"1.2.3"})");
    answer("public/set_heartbeat", R"("ok")");
    answer("public/get_instruments", kListing);
    grant();
    frame(index());
    frame(snapshot(1000));
  }
  void bring_account_live() {
    open();
    answer("public/hello", R"({"version":"1.2.3"})");
    answer("public/set_heartbeat", R"("ok")");
    answer("public/auth", kToken);
    grant("private/subscribe");
    wait(1s);
    answer("private/get_positions", "[]");
    answer("private/get_account_summaries", R"({"summaries":[{"currency":"BTC","equity":1.5}]})");
  }

  /// The venue's clock at a moment of ours: both run alike.
  static std::int64_t venue_milliseconds(MonoTime at) { return 1'801'234'000'000 + (at - kStart) / 1ms; }
  static std::string index_of(MonoTime stamped) {
    return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"deribit_price_index.btc_usd","data":{"index_name":"btc_usd","price":88412.5,"timestamp":)" +
           std::to_string(venue_milliseconds(stamped)) + "}}}";
  }
  /// The index ticks ten times a second, and each tick comes late by this much.
  void tick_for(std::chrono::nanoseconds duration, std::chrono::nanoseconds late) {
    for (const MonoTime until = mono + duration; mono < until;) {
      wait(100ms);
      frame(index_of(mono - late));
    }
  }
  static std::string index() {
    return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"deribit_price_index.btc_usd","data":{"index_name":"btc_usd","price":88412.5,"timestamp":1801234000000}}})";
  }
  static std::string ticker(std::string_view name) {
    return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.)" + std::string{name} +
           R"(.100ms","data":{"instrument_name":")" + std::string{name} +
           R"(","timestamp":1801234000000,"mark_price":0.05,"best_bid_price":null,"best_ask_price":null}}})";
  }
  static std::string snapshot(std::uint64_t id) {
    return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":{"type":"snapshot","instrument_name":"BTC-PERPETUAL","timestamp":1801234000000,"change_id":)" +
           std::to_string(id) + R"(,"bids":[["new",88400.0,10.0]],"asks":[["new",88401.0,20.0]]}}})";
  }
  static std::string change(std::uint64_t previous, std::uint64_t id) {
    return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":{"type":"change","instrument_name":"BTC-PERPETUAL","timestamp":1801234000100,"prev_change_id":)" +
           std::to_string(previous) + R"(,"change_id":)" + std::to_string(id) + R"(,"bids":[["change",88400.0,30.0]],"asks":[]}}})";
  }
  static std::string position(std::string_view name, double size, std::int64_t trade_ms) {
    return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"user.changes.any.any.100ms","data":{"instrument_name":")" +
           std::string{name} + R"(","trades":[{"trade_seq":5,"instrument_name":")" + std::string{name} + R"(","timestamp":)" +
           std::to_string(trade_ms) +
           R"(,"direction":"buy","price":88000.5,"amount":10}],"orders":[],"positions":[{"instrument_name":")" + std::string{name} +
           R"(","direction":"buy","size":)" + std::to_string(size) + R"(,"average_price":88000.5}]}}})";
  }

  deribit::Symbols symbols{1024};
  FeedStatistics statistics;
  DeribitSession session;
  EventBatch batch;
  SessionActions actions;
  MonoTime mono = kStart;
  WallTime wall = kWallStart;
  std::int64_t us_out = 1'801'234'000'000'500;
  std::vector<Request> sent;
  std::vector<std::string> granted;
  std::vector<Event> events;
  std::vector<SessionNotice> noticed;
  bool closed = false;
  bool answers_the_rest = true;
  std::string close_reason;
};

const std::string kTestRequest = R"({"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}})";
const std::string kHeartbeat = R"({"jsonrpc":"2.0","method":"heartbeat","params":{"type":"heartbeat"}})";

void is(FeedStatus status, FeedPhase phase, FeedDownReason reason) {
  CHECK(static_cast<int>(status.phase) == static_cast<int>(phase));
  CHECK(static_cast<int>(status.reason) == static_cast<int>(reason));
}

}  // namespace

TEST_SUITE("feeds/deribit/session") {
  TEST_CASE("nothing but a greeting is sent until the venue has said which network it is") {
    Conversation talk{market_data_options()};
    talk.open();
    REQUIRE(talk.sent.size() == 1);
    CHECK(talk.sent[0].method == "public/hello");
    is(talk.status(), FeedPhase::Synchronising, FeedDownReason::None);
    talk.answer(talk.take("public/hello"), R"({"version":"1"})", "true");
    CHECK(talk.closed);
    is(talk.status(), FeedPhase::Down, FeedDownReason::Refused);
    talk.lose();
    CHECK_FALSE(talk.session.reconnect_at().has_value());
    CHECK(talk.noted("this is the test network, production was configured"));
  }

  TEST_CASE("market data is live once instruments are listed, channels granted and data seen") {
    Conversation talk{market_data_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/set_heartbeat", R"("ok")");
    talk.answer("public/get_instruments", kListing);
    talk.grant();
    for (const char* channel :
         {"platform_state", "instrument.state.any.any", "deribit_price_index.btc_usd", "markprice.options.btc_usd",
          "ticker.BTC-26MAR27-90000-P.100ms", "ticker.BTC-PERPETUAL.100ms", "book.BTC-PERPETUAL.100ms"}) {
      const std::string name{channel};
      CAPTURE(name);
      CHECK(talk.was_asked_for(name));
    }
    CHECK_FALSE(talk.was_asked_for("ticker.BTC-26MAR27-70000-P.100ms"));
    is(talk.status(), FeedPhase::Synchronising, FeedDownReason::None);
    CHECK(talk.all<InstrumentListed>().size() == 3);
    talk.frame(Conversation::index());
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    CHECK(talk.session.live());
    CHECK(talk.all<IndexPrice>().size() == 1);
  }

  TEST_CASE("what stablecoins are worth is asked for, and not asked again of a venue that has no such index") {
    Conversation talk{market_data_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/set_heartbeat", R"("ok")");
    talk.answer("public/get_instruments", kListing);
    talk.grant("public/subscribe", {"deribit_price_index.usdt_usd", "deribit_price_index.btc_usdt"});
    for (const char* index : {"usdc_usd", "usdt_usd", "btc_usdc", "btc_usdt"}) {
      CAPTURE(index);
      CHECK(talk.was_asked_for("deribit_price_index." + std::string{index}));
    }
    CHECK(talk.statistics.refused_channels.get() == 0);
    CHECK_FALSE(talk.noted("channels were not granted"));
    talk.granted.clear();
    talk.wait(60s);
    talk.grant();
    CHECK_FALSE(talk.was_asked_for("deribit_price_index.usdt_usd"));
  }

  TEST_CASE("a test request is answered at once") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    talk.sent.clear();
    talk.frame(kTestRequest);
    CHECK(talk.has("public/test"));
    talk.sent.clear();
    talk.frame(kHeartbeat);
    CHECK(talk.sent.empty());
  }

  TEST_CASE("channels that the venue silently leaves out are counted and told") {
    Conversation talk{market_data_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/get_instruments", kListing);
    talk.grant("public/subscribe", {"ticker.BTC-26MAR27-90000-P.100ms", "instrument.state.any.any"});
    CHECK(talk.statistics.refused_channels.get() == 2);
    CHECK(talk.noted("channels were not granted"));
    talk.wait(2s);
    talk.grant();
    CHECK(talk.was_asked_for("instrument.state.option.any"));
  }

  TEST_CASE("a gap invalidates the book and fetches it anew: leave, wait for the reply, subscribe") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    talk.frame(Conversation::change(1000, 1010));
    CHECK(talk.all<BookInvalidated>().empty());
    const std::size_t books = talk.all<BookEnd>().size();
    talk.frame(Conversation::change(1020, 1030));
    REQUIRE(talk.all<BookInvalidated>().size() == 1);
    CHECK(talk.symbols.name(talk.all<BookInvalidated>()[0].header.instrument) == "BTC-PERPETUAL");
    CHECK(talk.all<BookEnd>().size() == books);
    CHECK(talk.statistics.gaps.get() == 1);
    const Request leave = talk.take("public/unsubscribe");
    CHECK(leave.channels == std::vector<std::string>{"book.BTC-PERPETUAL.100ms"});

    talk.frame(Conversation::change(1010, 1020));
    talk.frame(Conversation::snapshot(1030));
    CHECK(talk.all<BookEnd>().size() == books);
    CHECK_FALSE(talk.has("public/subscribe"));
    talk.answer(leave, R"(["book.BTC-PERPETUAL.100ms"])");
    talk.grant();
    talk.frame(Conversation::snapshot(2000));
    CHECK(talk.all<BookEnd>().size() == books + 1);
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    talk.frame(Conversation::ticker("BTC-26MAR27-90000-P"));
    CHECK(talk.all<Mark>().size() == 1);
  }

  TEST_CASE("a book frame that cannot be decoded invalidates its book") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    std::string text = Conversation::change(1000, 1010);
    text.replace(text.find("\"change\",88400.0"), 16, "\"change\",\"abc\" ");
    talk.frame(text);
    CHECK(talk.all<BookInvalidated>().size() == 1);
    CHECK(talk.has("public/unsubscribe"));
    CHECK(talk.statistics.decode_errors[static_cast<std::size_t>(DecodeFault::WrongType)].get() == 1);
  }

  TEST_CASE("a snapshot that does not come within its time is asked for again") {
    Conversation talk{market_data_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/set_heartbeat", R"("ok")");
    talk.answer("public/get_instruments", kListing);
    talk.grant();
    talk.frame(Conversation::index());
    talk.wait(4s);
    CHECK_FALSE(talk.has("public/unsubscribe"));
    talk.wait(2s);
    CHECK(talk.has("public/unsubscribe"));
  }

  TEST_CASE("books the engine lost are fetched anew without a second invalidation") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    const InstrumentId lost = *talk.symbols.find("BTC-PERPETUAL");
    talk.session.on_books_lost(std::span{&lost, 1}, {talk.mono, talk.wall}, talk.batch, talk.actions);
    talk.collect();
    CHECK(talk.has("public/unsubscribe"));
    CHECK(talk.all<BookInvalidated>().empty());
  }

  TEST_CASE("heartbeats prove the link, not the data") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    for (int i = 0; i < 14; ++i) {
      talk.wait(1s);
      talk.frame(kHeartbeat);
    }
    CHECK_FALSE(talk.closed);
    talk.wait(2s);
    CHECK(talk.closed);
    CHECK(talk.close_reason == "no market data");
    is(talk.status(), FeedPhase::Down, FeedDownReason::Silent);
    talk.lose("no market data");
    CHECK(talk.all<BookInvalidated>().size() == 1);
    REQUIRE(talk.session.reconnect_at().has_value());
    CHECK(*talk.session.reconnect_at() > talk.mono);
  }

  TEST_CASE("a request that is not answered ends the connection") {
    Conversation talk{market_data_options()};
    talk.open();
    talk.wait(16s);
    CHECK(talk.closed);
    CHECK(talk.close_reason == "no reply");
  }

  TEST_CASE("a lost connection begins anew, with every channel and every book") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    talk.lose();
    is(talk.status(), FeedPhase::Down, FeedDownReason::Disconnected);
    const auto pause = *talk.session.reconnect_at() - talk.mono;
    CHECK(pause >= 500ms);
    CHECK(pause <= 1s);
    talk.wait(1s);
    talk.granted.clear();
    talk.events.clear();
    talk.sent.clear();
    talk.bring_market_data_live();
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    CHECK(talk.was_asked_for("book.BTC-PERPETUAL.100ms"));
    CHECK(talk.all<BookEnd>().size() == 1);
    CHECK(talk.statistics.connections.get() == 2);
  }

  TEST_CASE("too many requests: the venue hangs up, and is left alone for five to ten seconds") {
    Conversation talk{market_data_options()};
    talk.open();
    talk.refuse("public/hello", 10028, "too_many_requests");
    CHECK(talk.closed);
    talk.lose();
    const auto pause = *talk.session.reconnect_at() - talk.mono;
    CHECK(pause >= 5s);
    CHECK(pause <= 10s);
    CHECK(talk.statistics.rate_limits.get() == 1);
  }

  TEST_CASE("maintenance is told as such, and its end brings the feed back") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    talk.frame(frame_text("platform_maintenance"));
    is(talk.status(), FeedPhase::Down, FeedDownReason::Maintenance);
    CHECK_FALSE(talk.closed);
    for (int i = 0; i < 30; ++i) {
      talk.wait(1s);
      talk.frame(kHeartbeat);
    }
    CHECK_FALSE(talk.closed);
    std::string over = frame_text("platform_maintenance");
    over.replace(over.find("true"), 4, "false");
    talk.frame(over);
    is(talk.status(), FeedPhase::Synchronising, FeedDownReason::None);
    talk.frame(Conversation::index());
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
  }

  TEST_CASE("maintenance in an answer is waited out") {
    Conversation talk{market_data_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/set_heartbeat", R"("ok")");
    talk.grant();
    talk.refuse("public/get_instruments", 11051, "system_maintenance");
    is(talk.status(), FeedPhase::Down, FeedDownReason::Maintenance);
    talk.wait(29s);
    CHECK_FALSE(talk.has("public/get_instruments"));
    talk.wait(2s);
    talk.answer("public/get_instruments", kListing);
    is(talk.status(), FeedPhase::Synchronising, FeedDownReason::None);
  }

  TEST_CASE("a lock of one index does not forget a lock of another, and foreign ones are none of ours") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    const auto lock = [&](std::string_view index, std::string_view locked) {
      talk.frame(R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"platform_state","data":{"price_index":")" +
                 std::string{index} + R"(","locked":)" + std::string{locked} + "}}}");
    };
    lock("btc_usd", "true");
    lock("btc_usdc", "true");
    lock("btc_usd", "false");
    lock("sol_usdc", "true");
    const auto states = talk.all<PlatformState>();
    REQUIRE(states.size() == 3);
    CHECK(std::get<PlatformState>(states[2].body).locked);
    lock("btc_usdc", "false");
    CHECK_FALSE(std::get<PlatformState>(talk.all<PlatformState>().back().body).locked);
  }

  TEST_CASE("an instrument that opens is defined and, when wanted, subscribed") {
    DeribitSessionOptions options = market_data_options();
    options.watch = {{Venue::Deribit, "BTC-*-P"}};
    Conversation talk{std::move(options)};
    talk.bring_market_data_live();
    talk.sent.clear();
    talk.frame(
        R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"instrument.state.any.any","data":{"instrument_name":"BTC-26MAR27-95000-P","state":"open","timestamp":1801234000000}}})");
    const Request definition = talk.take("public/get_instrument");
    CHECK(definition.text.find("BTC-26MAR27-95000-P") != std::string::npos);
    talk.answer(
        definition,
        R"({"instrument_name":"BTC-26MAR27-95000-P","kind":"option","instrument_type":"reversed","option_type":"put",)"
        R"("strike":95000,"base_currency":"BTC","quote_currency":"BTC","counter_currency":"USD","settlement_currency":"BTC",)"
        R"("contract_size":1,"min_trade_amount":0.1,"expiration_timestamp":1806048000000})");
    talk.grant();
    CHECK(talk.was_asked_for("ticker.BTC-26MAR27-95000-P.100ms"));
    talk.frame(
        R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"instrument.state.any.any","data":{"instrument_name":"SOL_USDC-26MAR27-95-P","state":"open","timestamp":1801234000000}}})");
    CHECK_FALSE(talk.has("public/get_instrument"));
  }

  TEST_CASE("an expired instrument's channels are left") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    talk.frame(frame_text("instrument_state"));
    const Request leave = talk.take("public/unsubscribe");
    CHECK(leave.channels == std::vector<std::string>{"ticker.BTC-26MAR27-90000-P.100ms"});
    CHECK(talk.all<InstrumentStateChanged>().size() == 1);
    talk.frame(Conversation::ticker("BTC-26MAR27-90000-P"));
    CHECK(talk.all<Mark>().empty());
    CHECK(talk.statistics.late_frames.get() == 1);
  }

  TEST_CASE("subscriptions come in few calls") {
    DeribitSessionOptions options = market_data_options();
    options.watch = {{Venue::Deribit, "BTC-*"}};
    Conversation talk{std::move(options)};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    std::string list = "[";
    for (int strike = 1; strike <= 900; ++strike) {
      if (list.size() > 1) list += ',';
      list += R"({"instrument_name":"BTC-26MAR27-)" + std::to_string(strike) +
              R"(000-P","kind":"option","instrument_type":"reversed","option_type":"put","strike":)" + std::to_string(strike) +
              R"(000,"base_currency":"BTC","quote_currency":"BTC","counter_currency":"USD","settlement_currency":"BTC",)"
              R"("contract_size":1,"min_trade_amount":0.1,"expiration_timestamp":1806048000000})";
    }
    talk.answer("public/get_instruments", list + "]");
    talk.wait(10s);
    int calls = 0;
    for (const Request& request : talk.sent)
      if (request.method == "public/subscribe") {
        ++calls;
        CHECK(request.channels.size() <= deribit::kMostChannels);
        CHECK(request.text.size() < 32'000);
      }
    CHECK(calls == 3);
  }

  TEST_CASE("an account is live once its channels are granted and its positions and balances known") {
    Conversation talk{account_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/set_heartbeat", R"("ok")");
    const Request login = talk.take("public/auth");
    CHECK(login.text.find("client_signature") != std::string::npos);
    CHECK(login.text.find("hw-demo-secret-0001") == std::string::npos);
    talk.answer(login, kToken);
    talk.grant("private/subscribe");
    CHECK(talk.was_asked_for("user.changes.any.any.100ms"));
    CHECK(talk.was_asked_for("user.portfolio.any"));
    talk.wait(1s);
    talk.answer("private/get_account_summaries", R"({"summaries":[{"currency":"BTC","equity":1.5}]})");
    is(talk.status(), FeedPhase::Synchronising, FeedDownReason::None);
    talk.answer("private/get_positions", "[]");
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    CHECK(talk.all<PositionSnapshotEnd>().size() == 1);
    for (const Event& event : talk.events) CHECK(event.header.account == AccountId{3});
    talk.wait(31s);
    CHECK(talk.has("private/get_positions"));
  }

  TEST_CASE("a key that may trade is refused and not tried again, unless that is allowed") {
    const std::string token =
        R"({"access_token":"a","refresh_token":"r","expires_in":900,"scope":"session:x account:read trade:read_write"})";
    Conversation talk{account_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/auth", token);
    CHECK(talk.closed);
    is(talk.status(), FeedPhase::Down, FeedDownReason::Unauthorised);
    talk.lose();
    CHECK_FALSE(talk.session.reconnect_at().has_value());

    DeribitSessionOptions allowed = account_options();
    allowed.allow_trading_scope = true;
    Conversation other{std::move(allowed)};
    other.open();
    other.answer("public/hello", R"({"version":"1"})");
    other.answer("public/auth", token);
    CHECK_FALSE(other.closed);
    CHECK(other.has("private/subscribe"));
  }

  TEST_CASE("a key without the scope to read is refused") {
    Conversation talk{account_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/auth",
                R"({"access_token":"a","refresh_token":"r","expires_in":900,"scope":"session:x account:read trade:none"})");
    CHECK(talk.closed);
    CHECK(talk.noted("the key lacks account:read or trade:read"));
  }

  TEST_CASE("wrong credentials are final, an expired login is renewed once") {
    Conversation wrong{account_options()};
    wrong.open();
    wrong.answer("public/hello", R"({"version":"1"})");
    wrong.refuse("public/auth", 13004, "invalid_credentials");
    wrong.lose();
    CHECK_FALSE(wrong.session.reconnect_at().has_value());

    Conversation talk{account_options()};
    talk.bring_account_live();
    talk.wait(31s);
    talk.refuse("private/get_positions", 13009, "unauthorized");
    is(talk.status(), FeedPhase::Synchronising, FeedDownReason::None);
    talk.answer("public/auth", kToken);
    talk.grant("private/subscribe");
    talk.wait(1s);
    while (talk.has("private/get_positions")) talk.answer("private/get_positions", "[]");
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
  }

  TEST_CASE("a login that does not hold twice in a row is left for a minute") {
    Conversation talk{account_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/auth", kToken);
    talk.refuse("private/subscribe", 13009, "unauthorized");
    talk.answer("public/auth", kToken);
    talk.refuse("private/subscribe", 13009, "unauthorized");
    CHECK(talk.closed);
    talk.lose();
    CHECK(*talk.session.reconnect_at() - talk.mono >= 60s);
  }

  TEST_CASE("the token is refreshed at four fifths of its life") {
    Conversation talk{account_options()};
    talk.bring_account_live();
    for (int i = 0; i < 700; ++i) {
      talk.wait(1s);
      talk.frame(kHeartbeat);
      while (talk.has("private/get_positions")) talk.answer("private/get_positions", "[]");
      while (talk.has("private/get_account_summaries"))
        talk.answer("private/get_account_summaries", R"({"summaries":[{"currency":"BTC","equity":1.5}]})");
    }
    CHECK_FALSE(talk.has("public/auth"));
    talk.wait(30s);
    const Request refresh = talk.take("public/auth");
    CHECK(refresh.text.find(R"("refresh_token":"r.1")") != std::string::npos);
  }

  TEST_CASE("an update that overtakes the snapshot survives it, an older one does not") {
    deribit::Symbols symbols{64};
    symbols.add(*deribit::contract_from_name("BTC-PERPETUAL"));
    symbols.add(*deribit::contract_from_name("ETH-PERPETUAL"));
    Conversation talk{account_options(), symbols};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/auth", kToken);
    talk.grant("private/subscribe");
    talk.wait(100ms);
    const Request positions = talk.take("private/get_positions");
    talk.frame(Conversation::position("BTC-PERPETUAL", 20, 1801234000001));
    talk.frame(Conversation::position("ETH-PERPETUAL", 30, 1801233999000));
    talk.answer(positions, R"([{"instrument_name":"BTC-PERPETUAL","direction":"buy","size":10,"average_price":88000.0}])");
    const auto reports = talk.all<PositionReport>();
    REQUIRE(reports.size() == 4);
    CHECK(std::get<PositionReport>(reports[2].body).size == *Size::parse("10"));
    CHECK(std::get<PositionReport>(reports[3].body).size == *Size::parse("20"));
    CHECK(symbols.wanted(*symbols.find("BTC-PERPETUAL")));
  }

  TEST_CASE("a position in an instrument that is not listed is never taken for flat") {
    Conversation talk{account_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/auth", kToken);
    talk.grant("private/subscribe");
    talk.wait(1s);
    talk.answer("private/get_account_summaries", R"({"summaries":[{"currency":"BTC","equity":1.5}]})");
    const std::string held = R"([{"instrument_name":"BTC-PERPETUAL","direction":"sell","size":-10,"average_price":88000.0}])";
    talk.answer("private/get_positions", held);
    CHECK(talk.all<PositionSnapshotBegin>().empty());
    is(talk.status(), FeedPhase::Synchronising, FeedDownReason::None);
    std::string listing{kListing};
    talk.answer("public/get_instrument", listing.substr(listing.rfind('{'), listing.size() - listing.rfind('{') - 1));
    talk.wait(1ms);
    talk.answer("private/get_positions", held);
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    CHECK(std::get<PositionReport>(talk.all<PositionReport>()[0].body).size == *Size::parse("-10"));
  }

  TEST_CASE("what an account holds, the market-data session subscribes to") {
    deribit::Symbols symbols{64};
    DeribitSessionOptions options = market_data_options();
    options.watch.clear();
    options.books.clear();
    Conversation market{std::move(options), symbols};
    market.bring_market_data_live();
    CHECK_FALSE(market.was_asked_for("ticker.BTC-26MAR27-70000-P.100ms"));
    Conversation account{account_options(), symbols};
    account.bring_account_live();
    account.frame(Conversation::position("BTC-26MAR27-70000-P", 5, 1801234000900));
    market.frame(Conversation::index());
    market.grant();
    CHECK(market.was_asked_for("ticker.BTC-26MAR27-70000-P.100ms"));
    is(market.status(), FeedPhase::Live, FeedDownReason::None);
  }

  TEST_CASE("an account message that cannot be decoded brings the positions again") {
    Conversation talk{account_options()};
    talk.bring_account_live();
    talk.frame(Conversation::position("BTC-PERPETUAL", 5, 1801234000900));
    talk.wait(1ms);
    CHECK(talk.has("private/get_positions"));
    CHECK(talk.has("public/get_instrument"));
  }

  TEST_CASE("fills that were missed are asked for and told before the next statement of positions, each once") {
    deribit::Symbols symbols{64};
    symbols.add(*deribit::contract_from_name("BTC-PERPETUAL"));
    Conversation talk{bitcoin_account(), symbols};
    talk.bring_account_live();
    CHECK_FALSE(talk.has("private/get_user_trades_by_currency_and_time"));
    talk.us_out += 60'000'000;
    talk.frame(Conversation::position("BTC-PERPETUAL", 10, 1801234050000));
    CHECK(talk.all<Fill>().size() == 1);
    talk.lose();
    talk.events.clear();

    talk.us_out += 60'000'000;
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/auth", kToken);
    talk.grant("private/subscribe");
    talk.wait(1s);
    talk.answer("private/get_account_summaries", R"({"summaries":[{"currency":"BTC","equity":1.5}]})");
    talk.answer("private/get_positions",
                R"([{"instrument_name":"BTC-PERPETUAL","direction":"buy","size":30,"average_price":88000.0}])");
    // The statement waits, and so does a fill that comes now.
    CHECK(talk.all<PositionSnapshotBegin>().empty());
    is(talk.status(), FeedPhase::Synchronising, FeedDownReason::None);
    const Request first = talk.take("private/get_user_trades_by_currency_and_time");
    INFO(first.text);
    const std::string_view asked =
        R"~("currency":"BTC","start_timestamp":1801234000001,"end_timestamp":1801234120000,"count":1000,"sorting":"asc")~";
    CHECK(first.text.find(asked) != std::string::npos);
    const auto trade = [](int sequence, std::int64_t at, std::string_view amount) {
      return R"({"trade_seq":)" + std::to_string(sequence) + R"(,"instrument_name":"BTC-PERPETUAL","timestamp":)" +
             std::to_string(at) + R"(,"direction":"buy","price":88000.5,"amount":)" + std::string{amount} +
             R"(,"fee":0.0001,"fee_currency":"BTC"})";
    };
    std::string live = Conversation::position("BTC-PERPETUAL", 34, 1801234120100);
    live.replace(live.find("\"trade_seq\":5"), 13, "\"trade_seq\":8");
    talk.frame(live);
    CHECK(talk.all<Fill>().empty());
    talk.answer(first,
                R"({"trades":[)" + trade(5, 1801234050000, "10") + "," + trade(6, 1801234070000, "15") + R"(],"has_more":true})");
    CHECK(talk.all<Fill>().size() == 1);
    const Request second = talk.take("private/get_user_trades_by_currency_and_time");
    CHECK(second.text.find("\"start_timestamp\":1801234070000") != std::string::npos);
    talk.answer(second,
                R"({"trades":[)" + trade(6, 1801234070000, "15") + "," + trade(7, 1801234080000, "5") + R"(],"has_more":false})");

    // 15 and 5 that were missed, the one that came meanwhile, and then the statement with what has changed since.
    std::vector<std::string> order;
    for (const Event& event : talk.events) {
      if (const auto* fill = std::get_if<Fill>(&event.body)) order.push_back("fill " + std::to_string(fill->sequence));
      if (std::holds_alternative<PositionSnapshotBegin>(event.body)) order.emplace_back("begin");
      if (std::holds_alternative<PositionSnapshotEnd>(event.body)) order.emplace_back("end");
      if (const auto* report = std::get_if<PositionReport>(&event.body))
        order.push_back("size " + std::to_string(std::lround(report->size.to_double())));
    }
    CHECK(order == std::vector<std::string>{"size 34", "fill 6", "fill 7", "fill 8", "begin", "size 30", "size 34", "end"});
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    CHECK(talk.noted("missed fills were found in the account's history"));
    // The same message again is no news.
    talk.frame(live);
    CHECK(talk.all<Fill>().size() == 3);
  }

  TEST_CASE("working orders are stated with the positions, and a change that overtakes the statement survives it") {
    deribit::Symbols symbols{64};
    symbols.add(*deribit::contract_from_name("BTC-PERPETUAL"));
    Conversation talk{bitcoin_account(), symbols};
    talk.answers_the_rest = false;
    talk.bring_account_live();
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    const auto order = [](std::string_view number, std::string_view state, double amount, std::int64_t at) {
      return R"({"order_id":")" + std::string{number} + R"(","instrument_name":"BTC-PERPETUAL","direction":"buy","order_state":")" +
             std::string{state} + R"(","amount":)" + std::to_string(amount) + R"(,"filled_amount":0,"last_update_timestamp":)" +
             std::to_string(at) + "}";
    };
    const auto change = [&](const std::string& row) {
      return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"user.changes.any.any.100ms","data":{"instrument_name":"BTC-PERPETUAL","trades":[],"positions":[],"orders":[)" +
             row + "]}}}";
    };
    // The venue's clock stands at ...000.5 ms: one cancel is older than the statement, the other newer.
    talk.frame(change(order("1", "cancelled", 10, 1801233999000)));
    talk.frame(change(order("2", "cancelled", 20, 1801234000900)));
    talk.answer("private/get_open_orders",
                "[" + order("1", "open", 10, 1801233999500) + "," + order("2", "open", 20, 1801233999500) + "]");
    std::vector<std::string> told;
    for (const Event& event : talk.events) {
      if (std::holds_alternative<WorkingOrdersBegin>(event.body)) told.emplace_back("begin");
      if (std::holds_alternative<WorkingOrdersEnd>(event.body)) told.emplace_back("end");
      if (const auto* one = std::get_if<WorkingOrder>(&event.body))
        told.push_back(std::to_string(one->order) + (one->remaining == Size{} ? " gone" : " rests"));
    }
    CHECK(told == std::vector<std::string>{"1 gone", "2 gone", "begin", "1 rests", "2 rests", "2 gone", "end"});
    CHECK(symbols.wanted(*symbols.find("BTC-PERPETUAL")));
    talk.wait(31s);
    CHECK(talk.has("private/get_open_orders"));
  }

  TEST_CASE("deposits and transfers are read from the transaction log after each statement, each once") {
    Conversation talk{bitcoin_account()};
    talk.answers_the_rest = false;
    talk.bring_account_live();
    talk.answer("private/get_open_orders", "[]");
    CHECK_FALSE(talk.has("private/get_transaction_log"));
    const auto round = [&] {
      talk.us_out += 30'000'000;
      talk.wait(31s);
      talk.answer("private/get_positions", "[]");
      talk.answer("private/get_account_summaries", R"({"summaries":[{"currency":"BTC","equity":1.5}]})");
      talk.answer("private/get_open_orders", "[]");
      return talk.take("private/get_transaction_log");
    };
    const std::string deposit =
        R"({"id":71,"user_seq":3,"timestamp":1801234010000,"type":"deposit","currency":"BTC","change":2.5})";
    const std::string paid = R"({"id":73,"timestamp":1801234012000,"type":"trade","currency":"BTC","change":-0.1})";
    const std::string sent = R"({"id":74,"timestamp":1801234013000,"type":"withdrawal","currency":"BTC","change":-1.0})";
    const Request first = round();
    CHECK(first.text.find(R"~("currency":"BTC","start_timestamp":1801234000000,"end_timestamp":1801234030000)~") !=
          std::string::npos);
    talk.answer(first, R"({"logs":[)" + sent + "," + paid + R"(],"continuation":4})");
    const Request second = talk.take("private/get_transaction_log");
    CHECK(second.text.find(R"~("continuation":4)~") != std::string::npos);
    talk.answer(second, R"({"logs":[)" + deposit + R"(],"continuation":null})");
    auto transfers = talk.all<Transfer>();
    REQUIRE(transfers.size() == 2);
    CHECK(std::get<Transfer>(transfers[0].body).amount == -1);
    CHECK(std::get<Transfer>(transfers[1].body).amount == 2.5);
    // The next round overlaps: what was told is not told again.
    const std::string more = R"({"id":80,"timestamp":1801234040000,"type":"transfer","currency":"BTC","change":0.5})";
    talk.answer(round(), R"({"logs":[)" + more + "," + sent + R"(],"continuation":null})");
    transfers = talk.all<Transfer>();
    REQUIRE(transfers.size() == 3);
    CHECK(std::get<Transfer>(transfers[2].body).amount == 0.5);
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
  }

  TEST_CASE("a venue that does not tell its orders is asked once a connection, and everything else goes on") {
    Conversation talk{bitcoin_account()};
    talk.answers_the_rest = false;
    talk.bring_account_live();
    talk.refuse("private/get_open_orders", -32601, "Method not found");
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    CHECK(talk.noted("the venue does not tell the working orders"));
    talk.answers_the_rest = true;
    talk.wait(31s);
    CHECK(talk.has("private/get_positions"));
    CHECK_FALSE(talk.has("private/get_open_orders"));
  }

  TEST_CASE("a history that cannot be had does not keep the positions back") {
    const auto reconnected = [](Conversation& talk) {
      talk.bring_account_live();
      talk.lose();
      talk.us_out += 60'000'000;
      talk.open();
      talk.answer("public/hello", R"({"version":"1"})");
      talk.answer("public/set_heartbeat", R"("ok")");
      talk.answer("public/auth", kToken);
      talk.grant("private/subscribe");
      talk.wait(1s);
      talk.answer("private/get_account_summaries", R"({"summaries":[{"currency":"BTC","equity":1.5}]})");
      talk.answer("private/get_positions", "[]");
      is(talk.status(), FeedPhase::Synchronising, FeedDownReason::None);
    };
    Conversation refused{bitcoin_account()};
    reconnected(refused);
    refused.refuse("private/get_user_trades_by_currency_and_time", 11050, "bad_request");
    is(refused.status(), FeedPhase::Live, FeedDownReason::None);

    Conversation unreadable{bitcoin_account()};
    reconnected(unreadable);
    unreadable.answer("private/get_user_trades_by_currency_and_time", R"({"trades":[{"trade_seq":null}],"has_more":false})");
    is(unreadable.status(), FeedPhase::Live, FeedDownReason::None);

    Conversation busy{bitcoin_account()};
    reconnected(busy);
    for (int i = 0; i < 4; ++i) {
      busy.wait(5s);
      if (!busy.has("private/get_user_trades_by_currency_and_time")) break;
      busy.refuse("private/get_user_trades_by_currency_and_time", 10047, "matching_engine_queue_full");
    }
    is(busy.status(), FeedPhase::Live, FeedDownReason::None);
  }

  TEST_CASE("a missed fill in an instrument without a definition waits for it") {
    Conversation talk{bitcoin_account()};
    talk.bring_account_live();
    talk.lose();
    talk.us_out += 60'000'000;
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/auth", kToken);
    talk.grant("private/subscribe");
    talk.wait(1s);
    talk.answer("private/get_account_summaries", R"({"summaries":[{"currency":"BTC","equity":1.5}]})");
    talk.answer("private/get_positions", "[]");
    const std::string page =
        R"({"trades":[{"trade_seq":6,"instrument_name":"BTC-PERPETUAL","timestamp":1801234030000,"direction":"sell","price":88000.5,"amount":10}],"has_more":false})";
    talk.answer("private/get_user_trades_by_currency_and_time", page);
    CHECK(talk.all<Fill>().empty());
    std::string listing{kListing};
    talk.answer("public/get_instrument", listing.substr(listing.rfind('{'), listing.size() - listing.rfind('{') - 1));
    talk.wait(1s);
    talk.answer("private/get_user_trades_by_currency_and_time", page);
    CHECK(talk.all<Fill>().size() == 1);
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
  }

  TEST_CASE("user.changes for every kind at once is replaced where it is refused") {
    Conversation talk{account_options()};
    talk.open();
    talk.answer("public/hello", R"({"version":"1"})");
    talk.answer("public/auth", kToken);
    talk.grant("private/subscribe", {"user.changes.any.any.100ms"});
    talk.wait(2s);
    talk.grant("private/subscribe");
    CHECK(talk.was_asked_for("user.changes.option.any.100ms"));
  }

  TEST_CASE("an operator's stop and an overflow are told by their names") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    talk.lose("overflow");
    is(talk.status(), FeedPhase::Down, FeedDownReason::Overflow);
    Conversation other{market_data_options()};
    other.bring_market_data_live();
    other.lose("stopped");
    is(other.status(), FeedPhase::Down, FeedDownReason::Stopped);
  }

  TEST_CASE("every error of the venue has its reaction, by code or by word") {
    using deribit::ErrorReaction;
    using deribit::reaction_to;
    CHECK(reaction_to(10028, "") == ErrorReaction::BackOff);
    CHECK(reaction_to(10029, "too_many_requests") == ErrorReaction::BackOff);
    CHECK(reaction_to(10041, "") == ErrorReaction::RetryAfterSettlement);
    CHECK(reaction_to(11051, "") == ErrorReaction::Maintenance);
    CHECK(reaction_to(13004, "") == ErrorReaction::Fatal);
    CHECK(reaction_to(13009, "") == ErrorReaction::Reauthenticate);
    CHECK(reaction_to(-32602, "Invalid params") == ErrorReaction::Log);
  }

  TEST_CASE("data that keeps coming and comes late takes the feed down until it comes in time again") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    talk.tick_for(10s, 50ms);
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    talk.tick_for(10s, 5s);
    is(talk.status(), FeedPhase::Down, FeedDownReason::Lagging);
    CHECK_FALSE(talk.closed);
    CHECK(talk.noted("the venue's data comes late"));
    talk.tick_for(200ms, 50ms);
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    CHECK(talk.noted("the venue's data comes in time again"));
  }

  TEST_CASE("a late feed that then ends is told as disconnected") {
    Conversation talk{market_data_options()};
    talk.bring_market_data_live();
    talk.tick_for(10s, 5s);
    is(talk.status(), FeedPhase::Down, FeedDownReason::Lagging);
    talk.lose();
    is(talk.status(), FeedPhase::Down, FeedDownReason::Disconnected);
  }

  TEST_CASE("an account whose answers come late is down, and live again once its positions were stated anew in time") {
    Conversation talk{account_options()};
    talk.bring_account_live();
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
    for (int round = 0; round < 2; ++round) {
      talk.frame(kTestRequest);
      const Request request = talk.take("public/test");
      talk.us_out = Conversation::venue_milliseconds(talk.mono + 1s) * 1'000;
      talk.wait(6s);
      talk.answer(request, R"({"version":"1"})");
    }
    is(talk.status(), FeedPhase::Down, FeedDownReason::Lagging);
    talk.wait(1ms);
    talk.us_out = Conversation::venue_milliseconds(talk.mono) * 1'000;
    talk.answer("private/get_positions", "[]");
    is(talk.status(), FeedPhase::Synchronising, FeedDownReason::None);
    talk.answer("private/get_account_summaries", R"({"summaries":[{"currency":"BTC","equity":1.5}]})");
    is(talk.status(), FeedPhase::Live, FeedDownReason::None);
  }
}
