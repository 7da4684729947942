#include "feeds/bybit/dialect.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feeds/session/stream_session.hpp"
#include "feeds/simulator/bybit_bench.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;
using bybit::Category;

namespace {

/// One connection of the monitor and the simulated exchange, joined in memory. Calls are answered at once.
class Wire {
 public:
  Wire(BybitBench& bench, SymbolTable& symbols, Category category, StreamSessionOptions options = {},
       std::optional<bybit::Credential> credential = {}, std::vector<std::string> coins = {"BTC", "ETH"})
      : bench_{bench}, door_{credential ? "private" : "public/" + std::string{bybit::word(category)}} {
    bybit::DialectOptions dialect;
    dialect.category = category;
    dialect.coins = std::move(coins);
    if (credential) options.account = dialect.account = AccountId{2};
    dialect.credential = std::move(credential);
    session_ = std::make_unique<StreamSession>(std::move(options), std::make_unique<bybit::Dialect>(std::move(dialect), symbols),
                                               symbols, statistics);
  }

  /// Steps of 50 ms: the exchange's frames come in, what is due is done, what is wanted is sent.
  void run(std::chrono::milliseconds duration) {
    const MonoTime end = bench_.now + duration;
    connect();
    while (bench_.now < end) {
      bench_.now += 50ms;
      bench_.poll();
      connect();
      deliver();
      if (const auto due = session_->deadline(); open_ && due && *due <= bench_.now) {
        session_->on_deadline(now(), batch, actions_);
        obey();
      }
      deliver();
    }
  }

  [[nodiscard]] StreamSession& session() { return *session_; }
  [[nodiscard]] bool live() const { return session_->live(); }
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] simulator::ClientId client() const { return client_; }
  [[nodiscard]] std::size_t openings() const { return openings_; }
  template <class Body>
  [[nodiscard]] std::vector<Body> all() const {
    std::vector<Body> bodies;
    for (const Event& event : batch.events())
      if (const auto* body = std::get_if<Body>(&event.body)) bodies.push_back(*body);
    return bodies;
  }
  [[nodiscard]] bool went_down(FeedDownReason reason) const {
    return std::ranges::any_of(
        all<FeedStatus>(), [&](const FeedStatus& status) { return status.phase == FeedPhase::Down && status.reason == reason; });
  }
  /// All notices so far, one a line.
  [[nodiscard]] std::string notices() {
    for (const SessionNotice& notice : session_->notices().take()) told_ += std::string{notice.text} + ": " + notice.detail + "\n";
    return told_;
  }
  void forget() { batch.truncate(0); }
  /// A spoilt or made-up frame of the venue's.
  void inject(std::string_view text) {
    const simdjson::padded_string padded{text};
    session_->on_frame(padded, now(), batch, actions_);
    obey();
  }

  EventBatch batch{500'000};
  FeedStatistics statistics;
  bool refuse_to_open = false;

 private:
  [[nodiscard]] SessionTime now() const { return {bench_.now, bench_.wall()}; }
  void connect() {
    if (open_ || given_up_) return;
    const auto due = session_->reconnect_at();
    if (asked_ && (!due || *due > bench_.now)) {
      given_up_ = !due;
      return;
    }
    for (int round = 0; round < 3; ++round) {
      asked_ = true;
      if (session_->prepare(now(), actions_)) {
        if (!bench_.exchange.accepts(bench_.now)) {
          session_->on_closed("refused", now(), batch);
          return;
        }
        client_ = bench_.open(door_ + session_->path_suffix());
        seen_ = bench_.sent.size();
        open_ = true;
        ++openings_;
        session_->on_open(now(), batch, actions_);
        return obey();
      }
      if (actions_.calls.empty()) return;
      obey();
    }
  }
  void obey() {
    for (int round = 0; round < 100; ++round) {
      const std::vector<std::string> texts = std::exchange(actions_.send, {});
      std::vector<SessionCall> calls = std::exchange(actions_.calls, {});
      const bool close = std::exchange(actions_.close, false);
      for (const std::string& text : texts) bench_.send(client_, text);
      if (close) return end(std::string{actions_.close_reason});
      for (SessionCall& call : calls) {
        HttpOutcome outcome;
        simulator::HttpReply reply = bench_.get(call.request);
        outcome.status = static_cast<unsigned>(reply.status);
        outcome.body = std::move(reply.body);
        session_->on_outcome(call.id, outcome, now(), batch, actions_);
      }
      if (actions_.send.empty() && actions_.calls.empty() && !actions_.close) return;
    }
  }
  void deliver() {
    for (; open_ && seen_ < bench_.sent.size(); ++seen_) {
      const simulator::Outgoing frame = bench_.sent[seen_];
      if (frame.client != client_) continue;
      if (!frame.text.empty()) {
        const simdjson::padded_string padded{frame.text};
        session_->on_frame(padded, now(), batch, actions_);
        obey();
      }
      if (open_ && frame.close) end(frame.reason);
    }
  }
  void end(const std::string& reason) {
    open_ = false;
    bench_.exchange.closed(client_);
    session_->on_closed(reason, now(), batch);
  }

  BybitBench& bench_;
  std::string door_;
  std::unique_ptr<StreamSession> session_;
  SessionActions actions_;
  simulator::ClientId client_{};
  std::size_t seen_ = 0;
  std::size_t openings_ = 0;
  bool open_ = false;
  bool asked_ = false;
  bool given_up_ = false;
  std::string told_;
};

StreamSessionOptions watching(std::vector<std::string> watch, std::vector<std::string> books = {}) {
  StreamSessionOptions options;
  for (std::string& name : watch) options.watch.push_back({Venue::Bybit, std::move(name)});
  for (std::string& name : books) options.books.push_back({Venue::Bybit, std::move(name)});
  return options;
}

bybit::Credential monitor_key() { return {"monitor", Secret{"correct horse"}}; }

bool said(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("feeds/bybit/dialect") {
  TEST_CASE("each market subscribes, is live, and gives quotes, marks and books") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    struct Case {
      Category category;
      std::string watch;
      std::string book;
      bool marks;
    };
    for (const Case& one :
         {Case{Category::Linear, "BTCUSDT*", "BTCUSDT", true}, Case{Category::Inverse, "BTCUSD", "BTCUSD", true},
          Case{Category::Spot, "ETHUSDT-SPOT", "ETHUSDT-SPOT", false}, Case{Category::Option, "BTC-*-USDT", "", true}}) {
      CAPTURE(one.watch);
      Wire wire{bench, symbols, one.category,
                watching({one.watch}, one.book.empty() ? std::vector<std::string>{} : std::vector{one.book})};
      wire.run(3s);
      CAPTURE(wire.notices());
      CHECK(wire.live());
      CHECK(!wire.all<InstrumentListed>().empty());
      CHECK(!wire.all<Quote>().empty());
      CHECK(wire.all<Mark>().empty() == !one.marks);
      CHECK(wire.all<BookEnd>().empty() == one.book.empty());
      CHECK(wire.statistics.gaps.get() == 0);
      CHECK(wire.statistics.refused_channels.get() == 0);
      for (const FeedCount& errors : wire.statistics.decode_errors) CHECK(errors.get() == 0);
    }
  }

  TEST_CASE("options in their hundreds are subscribed, and their Greeks come with their marks") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Option, watching({"BTC-*", "ETH-*"})};
    wire.run(4s);
    REQUIRE(wire.live());
    std::set<InstrumentId> seen;
    for (const Event& event : wire.batch.events())
      if (std::holds_alternative<VenueGreeks>(event.body)) seen.insert(event.header.instrument);
    std::size_t listed = 0;
    for (std::size_t i = 0; i < symbols.size(); ++i)
      listed += symbols.contract(symbols.id_at(i)).kind == ContractKind::Option ? 1U : 0U;
    CHECK(listed > 100);
    CHECK(seen.size() == listed);
  }

  TEST_CASE("coins that are not asked for are not listed to the engine") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Spot, watching({"BTCUSDT-SPOT"}), {}, {"BTC"}};
    wire.run(2s);
    REQUIRE(wire.all<InstrumentListed>().size() == 1);
    CHECK(wire.all<InstrumentListed>().front().contract.name.view() == "BTCUSDT-SPOT");
  }

  TEST_CASE("a refused topic harms no other, is counted, and is asked for again") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    for (const Category category : {Category::Linear, Category::Option}) {
      CAPTURE(std::string{bybit::word(category)});
      const std::string refused = category == Category::Linear ? "ETHUSDT" : "BTC-27MAR26-96000-C-USDT";
      bench.fault("refused_channel/" + refused);
      Wire wire{bench, symbols, category,
                watching(category == Category::Linear ? std::vector<std::string>{"BTCUSDT", "ETHUSDT"}
                                                      : std::vector<std::string>{"BTC-*"})};
      wire.run(5s);
      CAPTURE(wire.notices());
      const auto id = symbols.find(refused);
      REQUIRE(id.has_value());
      const auto told = [&] {
        return std::ranges::any_of(wire.batch.events(), [&](const Event& event) {
          return event.header.instrument == *id && std::holds_alternative<Mark>(event.body);
        });
      };
      CHECK(wire.live());
      CHECK(wire.statistics.refused_channels.get() >= 1);
      CHECK(said(wire.notices(), "tickers." + refused));
      CHECK_FALSE(told());
      bench.exchange.faults().clear();
      wire.forget();
      wire.run(31s);
      CHECK(told());
    }
  }

  TEST_CASE("silence ends the connection, and another one brings the data back") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, watching({"BTCUSDT"})};
    wire.run(2s);
    REQUIRE(wire.live());
    wire.forget();
    bench.fault("silence:20s");
    wire.run(18s);
    CHECK(wire.went_down(FeedDownReason::Silent));
    wire.run(15s);
    CHECK(wire.live());
    CHECK(wire.openings() >= 2);
  }

  TEST_CASE("one topic that falls silent is subscribed anew while the others go on") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, watching({"BTCUSDT", "ETHUSDT"})};
    wire.run(2s);
    REQUIRE(wire.live());
    bench.fault("silence:62s/tickers.ETHUSDT");
    wire.run(70s);
    CHECK(said(wire.notices(), "a topic is silent and is subscribed anew: tickers.ETHUSDT"));
    CHECK(wire.live());
    CHECK(wire.openings() == 1);
    wire.forget();
    wire.run(2s);
    CHECK(std::ranges::any_of(wire.batch.events(), [&](const Event& event) {
      return event.header.instrument == *symbols.find("ETHUSDT") && std::holds_alternative<Mark>(event.body);
    }));
  }

  TEST_CASE("a topic that the option socket accepts and never sends ends the connection in the end") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Option, watching({"BTC-27MAR26-9*"})};
    wire.run(2s);
    REQUIRE(wire.live());
    bench.fault("silence:400s/BTC-27MAR26-96000-C");
    wire.run(160s);
    CHECK(said(wire.notices(), "a topic stays silent: tickers.BTC-27MAR26-96000-C-USDT"));
    CHECK(wire.openings() >= 2);
  }

  TEST_CASE("a client that pings is kept; where the venue wants pings more often the cut is healed") {
    for (const auto limit : {30s, 8s}) {
      CAPTURE(limit.count());
      auto config = BybitBench::config();
      config.ping_limit = limit;
      BybitBench bench{config};
      SymbolTable symbols{Venue::Bybit};
      // Nothing but pings is sent once all is subscribed.
      Wire wire{bench, symbols, Category::Linear, watching({"BTCUSDT"})};
      wire.run(60s);
      CHECK((wire.openings() > 1) == (limit == 8s));
      CHECK(wire.went_down(FeedDownReason::Disconnected) == (limit == 8s));
      wire.run(5s);
      CHECK(wire.statistics.connections.get() == wire.openings());
    }
  }

  TEST_CASE("a cut connection comes back by itself, with its topics") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, watching({}, {"BTCUSDT"})};
    wire.run(2s);
    REQUIRE(wire.live());
    bench.fault("disconnect:3s");
    wire.run(1s);
    CHECK_FALSE(wire.live());
    CHECK(!wire.all<BookInvalidated>().empty());
    wire.forget();
    wire.run(20s);
    CHECK(wire.live());
    CHECK(!wire.all<BookEnd>().empty());
  }

  TEST_CASE("a rate limit keeps the session away for a while") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, watching({"BTCUSDT"})};
    wire.run(2s);
    REQUIRE(wire.live());
    bench.fault("rate_limit");
    // The next request is the ping.
    wire.run(20s);
    CHECK(wire.statistics.rate_limits.get() >= 1);
    CHECK(wire.went_down(FeedDownReason::Refused));
    wire.run(20s);
    CHECK(wire.live());
  }

  TEST_CASE("maintenance is known from the status, and its end is too") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, watching({"BTCUSDT"}, {"BTCUSDT"})};
    wire.run(29s);
    REQUIRE(wire.live());
    bench.fault("maintenance:30s");
    wire.run(10s);
    CHECK(wire.went_down(FeedDownReason::Maintenance));
    CHECK(wire.openings() == 1);
    wire.forget();
    wire.run(60s);
    CHECK(wire.live());
    CHECK(wire.openings() == 1);
    CHECK(said(wire.notices(), "the venue's maintenance is over"));
    // Books count from 1 again: no gap.
    CHECK(wire.statistics.gaps.get() == 0);
    CHECK(!wire.all<BookEnd>().empty());
  }

  TEST_CASE("a lost change of a book is noticed, and the book is fetched anew") {
    for (const char* fault : {"gap*1/orderbook", "reorder*1/orderbook"}) {
      CAPTURE(fault);
      BybitBench bench;
      SymbolTable symbols{Venue::Bybit};
      Wire wire{bench, symbols, Category::Linear, watching({}, {"BTCUSDT"})};
      wire.run(2s);
      REQUIRE(wire.live());
      wire.forget();
      bench.fault(fault);
      wire.run(3s);
      CHECK(wire.all<BookInvalidated>().size() == 1);
      CHECK(wire.statistics.gaps.get() == 1);
      CHECK(wire.openings() == 1);
      bool whole_again = false;
      for (const Event& event : wire.batch.events())
        if (const auto* begin = std::get_if<BookBegin>(&event.body)) whole_again = whole_again || begin->snapshot;
      CHECK(whole_again);
      CHECK(wire.live());
    }
  }

  TEST_CASE("an option that expires is told as expired and its topics are left, without a word of silence") {
    auto config = BybitBench::config();
    config.market.start = ExchangeBench::kNoon - 4h - 5s;
    BybitBench bench{config};
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Option, watching({"BTC-*"})};
    wire.run(4s);
    REQUIRE(wire.live());
    wire.run(180s);
    std::size_t expired = 0;
    for (const Event& event : wire.batch.events()) {
      const auto* state = std::get_if<InstrumentStateChanged>(&event.body);
      if (state == nullptr) continue;
      CHECK(state->phase == InstrumentPhase::Expired);
      CHECK(symbols.contract(event.header.instrument).expiry <= ExchangeBench::kNoon - 4h);
      ++expired;
    }
    CHECK(expired > 5);
    CHECK(wire.openings() == 1);
    CHECK(wire.live());
    CHECK_FALSE(said(wire.notices(), "stays silent"));
  }

  TEST_CASE("an account is live when its positions and wallet were stated, and its statement is the exchange's") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, {}, monitor_key()};
    wire.run(3s);
    CAPTURE(wire.notices());
    REQUIRE(wire.live());
    CHECK(wire.all<PositionSnapshotBegin>().size() == wire.all<PositionSnapshotEnd>().size());
    std::map<std::string, double> held;
    for (const Event& event : wire.batch.events()) {
      if (const auto* report = std::get_if<PositionReport>(&event.body)) {
        held[std::string{symbols.name(event.header.instrument)}] = report->size.to_double();
        CHECK(event.header.account == AccountId{2});
      }
    }
    for (const auto& [index, line] : bench.exchange.account().positions())
      CHECK(held[bench.exchange.text().symbol(bench.exchange.text().held(index))] == doctest::Approx(line.size_coins));
    REQUIRE(!wire.all<AccountSummary>().empty());
    CHECK(wire.all<AccountSummary>().back().equity ==
          doctest::Approx(bench.exchange.account().totals(bench.exchange.market()).equity()).epsilon(1e-3));
    CHECK(!wire.all<AccountGreeks>().empty());
    // What is held is wanted: its market's connection will subscribe to it.
    for (const auto& [name, size] : held)
      if (size != 0) CHECK(symbols.wanted(*symbols.find(name)));
    for (const FeedCount& errors : wire.statistics.decode_errors) CHECK(errors.get() == 0);
  }

  TEST_CASE("an account may hold options of a coin that is not discovered: their names tell what they are") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, {}, monitor_key(), {"BTC"}};
    wire.run(3s);
    CAPTURE(wire.notices());
    CHECK(wire.live());
    std::size_t of_ether = 0;
    for (const Event& event : wire.batch.events())
      if (std::holds_alternative<PositionReport>(event.body) && symbols.name(event.header.instrument).starts_with("ETH-"))
        ++of_ether;
    CHECK(of_ether > 0);
  }

  TEST_CASE("the wallet and the positions are stated again and again, since marks move without a message") {
    auto config = BybitBench::config();
    config.account.option_fills_per_minute = 0;
    config.account.hedge_band_ratio = 1e9;
    BybitBench bench{config};
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, {}, monitor_key()};
    wire.run(3s);
    wire.forget();
    wire.run(20s);
    CHECK(wire.all<AccountSummary>().size() >= 9);
    CHECK(wire.all<PositionSnapshotEnd>().size() == 2);
  }

  TEST_CASE("a statement in pages of several lists is one: begun once, ended once, as old as its first page") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    BybitReader reader{Category::Linear, symbols};
    reader.list(bench, Category::Linear, "");
    for (const char* coin : {"BTC", "ETH"}) reader.list(bench, Category::Option, coin);
    bybit::DialectOptions options;
    options.credential = monitor_key();
    options.coins = {"BTC", "ETH"};
    bybit::Dialect dialect{std::move(options), symbols};
    std::vector<StreamCall> calls;
    dialect.calls_to_reconcile(calls);
    const auto positions = std::ranges::find_if(calls, [&](const StreamCall& call) { return dialect.states_positions(call); });
    REQUIRE(positions != calls.end());
    StreamCall call = *positions;
    EventBatch batch;
    std::size_t pages = 0;
    std::vector<std::string> targets;
    const VenueTime began = bench.start + (bench.now - ExchangeBench::kStart);
    do {
      auto request = dialect.request_of(call, bench.wall());
      REQUIRE(request.has_value());
      targets.push_back(request->target);
      std::string body = bench.get(*request).body;
      const simdjson::padded_string padded{body};
      const auto answer = dialect.read(call, 200, padded, bench.now, batch);
      REQUIRE(answer.ok());
      REQUIRE(answer.value().code == 0);
      call.page = answer.value().next_page;
      ++pages;
      bench.now += 200ms;
      bench.poll();
    } while (!call.page.empty() && pages < 20);
    CHECK(targets == std::vector<std::string>{"/v5/position/list?category=linear&settleCoin=USDT&limit=200",
                                              "/v5/position/list?category=linear&settleCoin=USDC&limit=200",
                                              "/v5/position/list?category=inverse&limit=200",
                                              "/v5/position/list?category=option&limit=200"});
    CHECK(std::holds_alternative<PositionSnapshotBegin>(batch.events().front().body));
    CHECK(std::holds_alternative<PositionSnapshotEnd>(batch.events().back().body));
    CHECK(batch.events().back().header.exchange_time == began);
    CHECK(std::ranges::count_if(batch.events(),
                                [](const Event& event) { return std::holds_alternative<PositionSnapshotBegin>(event.body); }) == 1);
  }

  TEST_CASE("fills come as they happen, and the position with them") {
    auto config = BybitBench::config();
    config.account.option_fills_per_minute = 0;
    config.account.hedge_band_ratio = 1e9;
    BybitBench bench{config};
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, {}, monitor_key()};
    wire.run(3s);
    wire.forget();
    const std::size_t perpetual = bench.exchange.market().perpetual_of(0);
    bench.exchange.market().submit(perpetual, true, 100'000);
    wire.run(300ms);
    CHECK(!wire.all<Fill>().empty());
    const double held = bench.exchange.account().positions().at(perpetual).size_coins;
    CHECK(std::ranges::any_of(wire.batch.events(), [&](const Event& event) {
      const auto* report = std::get_if<PositionReport>(&event.body);
      return report != nullptr && event.header.instrument == *symbols.find("BTCUSDT") &&
             std::abs(report->size.to_double() - held) < 1e-9;
    }));
  }

  TEST_CASE("a key that may trade is refused before the socket is opened, unless it is allowed") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, {}, bybit::Credential{"trader", Secret{"battery staple"}}};
    wire.run(20s);
    CHECK(wire.openings() == 0);
    CHECK(wire.went_down(FeedDownReason::Unauthorised));
    CHECK(said(wire.notices(), "a monitor must not hold it"));
    StreamSessionOptions lenient;
    lenient.allow_trading_scope = true;
    Wire allowed{bench, symbols, Category::Linear, lenient, bybit::Credential{"trader", Secret{"battery staple"}}};
    allowed.run(3s);
    CHECK(allowed.live());
  }

  TEST_CASE("a wrong secret is given up, and no notice holds the key") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    for (const char* key : {"monitor", "stranger"}) {
      Wire wire{bench, symbols, Category::Linear, {}, bybit::Credential{key, Secret{"wrong"}}};
      wire.run(5s);
      CHECK(wire.openings() == 0);
      CHECK(wire.went_down(FeedDownReason::Unauthorised));
      CHECK(said(wire.notices(), "the venue refuses the key"));
      CHECK_FALSE(said(wire.notices(), key));
    }
  }

  TEST_CASE("a login that is void is made anew by another connection") {
    BybitBench bench;
    SymbolTable symbols{Venue::Bybit};
    Wire wire{bench, symbols, Category::Linear, {}, monitor_key()};
    wire.run(3s);
    REQUIRE(wire.live());
    wire.forget();
    bench.fault("token_expiry");
    wire.run(10s);
    CHECK(wire.openings() == 2);
    CHECK(wire.live());
    CHECK(!wire.all<PositionSnapshotEnd>().empty());
  }

  TEST_CASE("codes and words of the venue, and what they mean to the connection") {
    SymbolTable symbols{Venue::Bybit};
    const bybit::Dialect dialect{{}, symbols};
    struct Row {
      std::int64_t code;
      std::string_view message;
      StreamReaction reaction;
    };
    for (const Row& row :
         {Row{10'006, "", StreamReaction::BackOff}, Row{403, "", StreamReaction::BackOff}, Row{10'002, "", StreamReaction::Retry},
          Row{10'016, "", StreamReaction::Retry}, Row{10'019, "", StreamReaction::Maintenance},
          Row{10'003, "", StreamReaction::Refused}, Row{10'010, "", StreamReaction::Refused},
          Row{33'004, "", StreamReaction::Refused}, Row{10'001, "", StreamReaction::Note},
          Row{0, "error:handler not found,topic:x", StreamReaction::Note}, Row{0, "Too many visits!", StreamReaction::BackOff},
          Row{0, "Service is restarting", StreamReaction::Maintenance}, Row{0, "Request needs auth first", StreamReaction::Login},
          Row{0, "Params Error", StreamReaction::Note}}) {
      CAPTURE(row.code);
      CAPTURE(std::string{row.message});
      CHECK(dialect.reaction_to(row.code, row.message) == row.reaction);
    }
  }

  TEST_CASE("an option socket's acknowledgement finds its request by the topics") {
    SymbolTable symbols{Venue::Bybit};
    bybit::DialectOptions options;
    options.category = Category::Option;
    bybit::Dialect dialect{std::move(options), symbols};
    const std::vector<std::string> first{"tickers.A", "tickers.B"};
    const std::vector<std::string> second{"tickers.C", "tickers.D"};
    CHECK(dialect.subscribe(7, first) == bybit::subscribe_request("7", first));
    static_cast<void>(dialect.subscribe(8, second));
    EventBatch batch;
    const simdjson::padded_string answer{std::string_view{
        R"({"success":true,"conn_id":"c","data":{"failTopics":["tickers.C"],"successTopics":["tickers.D"]},"type":"COMMAND_RESP"})"}};
    REQUIRE(dialect.decode(answer, MonoTime{}, batch).ok());
    CHECK(dialect.request_id() == 8);
    std::vector<std::string_view> refused;
    dialect.refused_topics(refused);
    CHECK(refused == std::vector<std::string_view>{"tickers.C"});
    const simdjson::padded_string none{std::string_view{
        R"({"success":true,"data":{"failTopics":["tickers.A","tickers.B"],"successTopics":[]},"type":"COMMAND_RESP"})"}};
    REQUIRE(dialect.decode(none, MonoTime{}, batch).ok());
    CHECK(dialect.request_id() == 7);
    CHECK(dialect.detail().control == ControlKind::Error);
  }
}
