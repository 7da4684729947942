#include "feeds/okx/dialect.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <string>

#include "core/market/order_book.hpp"
#include "core/pricing/venue_conventions.hpp"
#include "feeds/session/stream_session.hpp"
#include "feeds/simulator/memory_wire.hpp"
#include "feeds/simulator/okx_exchange.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr MonoTime kStart{7h};
/// Wednesday, 4 March 2026, 12:00 UTC.
constexpr VenueTime kNoon{std::chrono::milliseconds{1'772'625'600'000}};

simulator::OkxExchangeConfig served(std::uint64_t seed = 11) {
  simulator::OkxExchangeConfig config{.seed = seed};
  config.market = {.seed = seed, .start = kNoon, .strikes_per_side = 2};
  config.account.seed = seed;
  config.keys = {{"monitor", "correct horse", false, "open sesame"}, {"trader", "battery staple", true, "swordfish"}};
  return config;
}

okx::DialectOptions dialect_options(bool account, std::string_view key = "monitor", std::string_view secret = "correct horse",
                                    std::string_view passphrase = "open sesame") {
  okx::DialectOptions options;
  options.connection = account ? ConnectionId{1} : ConnectionId{0};
  if (account) options.account = AccountId{3};
  options.currencies = {"BTC", "ETH"};
  options.demo = true;
  options.credential = okx::Credential{std::string{key}, Secret{secret}, Secret{passphrase}};
  return options;
}

StreamSessionOptions session_options(bool account) {
  StreamSessionOptions options;
  options.connection = account ? ConnectionId{1} : ConnectionId{0};
  if (account) options.account = AccountId{3};
  options.watch = {{Venue::Okx, "BTC-USD-2*-C"}};
  options.books = {{Venue::Okx, "BTC-USD-SWAP"}};
  return options;
}

/// An exchange, a market-data session and, where asked for, an account's, on one clock.
struct Desk {
  explicit Desk(simulator::OkxExchangeConfig config = served(), StreamSessionOptions market_options = session_options(false))
      : exchange{std::move(config)},
        market{std::move(market_options), std::make_unique<okx::Dialect>(dialect_options(false), symbols), symbols, market_counts},
        wire{exchange, kStart, WallTime{kNoon.time_since_epoch()}} {
    wire.connect(market_line);
  }
  void add_account(StreamSessionOptions options = session_options(true), okx::DialectOptions dialect = dialect_options(true)) {
    account.emplace(std::move(options), std::make_unique<okx::Dialect>(std::move(dialect), symbols), symbols, account_counts);
    account_line.emplace(MemoryLine{*account, ""});
    wire.connect(*account_line);
  }
  void fault(std::string_view text) {
    auto parsed = simulator::parse_fault(text);
    REQUIRE(parsed.ok());
    exchange.faults().add(std::move(parsed).value(), wire.now);
  }
  void go_live() {
    const bool live = wire.run_until([&] { return market.live() && (!account || account->live()); }, 20s);
    REQUIRE(live);
  }

  simulator::OkxExchange exchange;
  SymbolTable symbols{Venue::Okx, 4'096};
  FeedStatistics market_counts;
  FeedStatistics account_counts;
  StreamSession market;
  std::optional<StreamSession> account;
  MemoryWire wire;
  MemoryLine market_line{market, ""};
  std::optional<MemoryLine> account_line;
};

std::uint64_t decode_errors(const FeedStatistics& counts) {
  std::uint64_t all = 0;
  for (const FeedCount& count : counts.decode_errors) all += count.get();
  return all;
}

bool was_down(const MemoryLine& line, FeedDownReason reason) {
  const auto told = line.all<FeedStatus>();
  return std::ranges::any_of(told, [&](const FeedStatus& one) { return one.phase == FeedPhase::Down && one.reason == reason; });
}

}  // namespace

TEST_SUITE("feeds/okx/dialect") {
  TEST_CASE("market data: everything is listed, what is watched is subscribed, and the connection is live") {
    Desk desk;
    desk.go_live();
    desk.wire.run(5s);
    CHECK(desk.symbols.size() == desk.exchange.market().instruments().size());
    CHECK(decode_errors(desk.market_counts) == 0);
    CHECK(desk.market_counts.refused_channels.get() == 0);
    CHECK(desk.market_counts.error_replies.get() == 0);
    CHECK(desk.market_counts.late_frames.get() == 0);
    CHECK(desk.market_line.openings == 1);
    const auto& events = desk.market_line.events;
    const auto of = [&](std::string_view name, auto&& is) {
      const auto id = desk.symbols.find(name);
      REQUIRE(id.has_value());
      return std::ranges::count_if(events, [&](const Event& event) { return event.header.instrument == *id && is(event.body); });
    };
    CHECK(of("BTC-USD-SWAP", [](const EventBody& body) { return std::holds_alternative<Quote>(body); }) > 10);
    CHECK(of("BTC-USD-SWAP", [](const EventBody& body) { return std::holds_alternative<Mark>(body); }) > 10);
    CHECK(of("BTC-USD-SWAP", [](const EventBody& body) { return std::holds_alternative<Funding>(body); }) == 1);
    CHECK(of("BTC-USD-SWAP", [](const EventBody& body) { return std::holds_alternative<BookEnd>(body); }) > 10);
    // Not asked for.
    CHECK(of("ETH-USD-SWAP", [](const EventBody& body) { return std::holds_alternative<Quote>(body); }) == 0);
    CHECK(std::ranges::any_of(events, [](const Event& event) {
      const auto* index = std::get_if<IndexPrice>(&event.body);
      return index != nullptr && index->base == *AssetCode::from("USDT") && index->quote == *AssetCode::from("USD");
    }));
    CHECK(desk.market_counts.clock_skew.load() != FeedStatistics::kNoClockSkew);
  }

  TEST_CASE("an account: positions as the venue holds them, summaries, Greeks and fills; what is held is followed") {
    auto without_watch = session_options(false);
    without_watch.watch.clear();
    without_watch.books.clear();
    Desk desk{served(), without_watch};
    desk.add_account();
    desk.go_live();
    desk.wire.run(20s);
    CHECK(decode_errors(desk.account_counts) == 0);
    std::map<InstrumentId, Size> held;
    std::map<AssetCode, AccountSummary, decltype([](const AssetCode& a, const AssetCode& b) { return a.view() < b.view(); })>
        summaries;
    for (const Event& event : desk.account_line->events) {
      if (const auto* report = std::get_if<PositionReport>(&event.body)) held[event.header.instrument] = report->size;
      if (const auto* summary = std::get_if<AccountSummary>(&event.body)) summaries[summary->asset] = *summary;
      if (is_account_event(event.body)) CHECK(event.header.account == AccountId{3});
    }
    CHECK(desk.account_line->all<PositionSnapshotBegin>().size() == desk.account_line->all<PositionSnapshotEnd>().size());
    CHECK(desk.account_line->all<PositionSnapshotEnd>().size() >= 5);
    CHECK_FALSE(desk.account_line->all<AccountGreeks>().empty());
    simulator::OkxText text{desk.exchange.market(), 1, false};
    for (const auto& [index, position] : desk.exchange.account().positions()) {
      const std::string name = text.name(desk.exchange.market().instruments()[index]);
      CAPTURE(name);
      const auto id = desk.symbols.find(name);
      REQUIRE(id.has_value());
      CHECK(held[*id].to_double() == doctest::Approx(position.size).epsilon(1e-12));
      CHECK(desk.symbols.wanted(*id));
      CHECK(std::ranges::any_of(desk.market_line.events, [&](const Event& event) {
        return event.header.instrument == *id && std::holds_alternative<Quote>(event.body);
      }));
    }
    REQUIRE(summaries.size() == 2);
    CHECK(summaries.begin()->second.equity > 0);
    CHECK(summaries.begin()->second.margin_balance > 0);
  }

  TEST_CASE("a refused topic is told and asked for again, and the others go on") {
    Desk desk;
    desk.fault("refused_channel:20s/books:BTC-USD-SWAP");
    desk.go_live();
    CHECK(desk.market_counts.refused_channels.get() == 1);
    CHECK(desk.market_line.was_noted("topics were not granted"));
    CHECK(desk.market_line.all<BookEnd>().empty());
    CHECK_FALSE(desk.market_line.all<Quote>().empty());
    desk.wire.run(45s);
    CHECK_FALSE(desk.market_line.all<BookEnd>().empty());
    CHECK(desk.market_line.openings == 1);
    CHECK(desk.market.live());
  }

  TEST_CASE("a refusal whose words name no topic refuses none of the others: what is not acknowledged does") {
    SymbolTable symbols{Venue::Okx, 16};
    okx::Dialect dialect{dialect_options(false), symbols};
    EventBatch batch{16};
    simdjson::padded_string padded;
    const auto decode = [&](std::string_view text) {
      padded = simdjson::padded_string{text};
      REQUIRE(dialect.decode(padded, kStart, batch).ok());
    };
    decode(
        R"({"id":"7","event":"error","code":"60018","msg":"Wrong URL or channel:books,instId:BTC-USD-SWAP doesn't exist.","connId":"a"})");
    CHECK(dialect.acknowledges_one_topic());
    CHECK(dialect.topic() == "books:BTC-USD-SWAP");
    CHECK(dialect.request_id() == 7);
    decode(R"({"id":"7","event":"error","code":"60018","msg":"Something doesn't exist.","connId":"a"})");
    CHECK_FALSE(dialect.acknowledges_one_topic());
    CHECK(dialect.topic().empty());
    CHECK_FALSE(dialect.request_id().has_value());
    decode(R"({"id":"7","event":"error","code":"60012","msg":"Illegal request","connId":"a"})");
    CHECK(dialect.request_id() == 7);
    decode(R"({"id":"s7","event":"subscribe","arg":{"channel":"opt-summary","instFamily":"BTC-USD"},"connId":"a"})");
    CHECK(dialect.topic() == "opt-summary:BTC-USD");
    CHECK_FALSE(dialect.request_id().has_value());
  }

  TEST_CASE("a stream that falls silent while the connection lives is left after the limit, and found again") {
    auto options = session_options(false);
    options.market_data_silence_limit = 5s;
    Desk desk{served(), options};
    desk.go_live();
    desk.fault("silence:8s");
    desk.wire.run(4s);
    CHECK(desk.market.live());
    desk.wire.run(2s);
    CHECK(desk.market_line.reasons == std::vector<std::string>{"no market data"});
    CHECK(was_down(desk.market_line, FeedDownReason::Silent));
    CHECK(desk.wire.run_until([&] { return desk.market.live(); }, 40s));
  }

  TEST_CASE("one silent topic among others is subscribed anew: a mark is repeated every ten seconds") {
    Desk desk;
    desk.go_live();
    desk.fault("silence:40s/mark-price:BTC-USD-SWAP");
    desk.wire.run(30s);
    CHECK(desk.market_line.was_noted("a topic is silent and is subscribed anew"));
    CHECK(desk.market_line.openings == 1);
  }

  TEST_CASE("a venue that does not answer is taken for dead, and one that hears nothing from us cuts the connection") {
    auto config = served();
    config.idle_limit = 10s;
    {
      Desk desk{config};
      desk.go_live();
      desk.wire.deaf = true;
      desk.wire.run(26s);
      CHECK(was_down(desk.market_line, FeedDownReason::Silent));
      CHECK_FALSE(desk.market.live());
      desk.wire.deaf = false;
      CHECK(desk.wire.run_until([&] { return desk.market.live(); }, 60s));
    }
    // An account on which nothing happens: pings alone keep it.
    config.idle_limit = 16s;
    config.account_interval = 1h;
    config.account.option_fills_per_minute = 0;
    config.account.hedge_band_ratio = 10;
    {
      Desk desk{config};
      desk.add_account();
      desk.go_live();
      desk.wire.run(2min);
      CHECK(desk.account_line->openings == 1);
      CHECK(desk.account->live());
    }
    config.idle_limit = 10s;
    {
      Desk desk{config};
      desk.add_account();
      desk.wire.run(60s);
      REQUIRE_FALSE(desk.account_line->reasons.empty());
      CHECK(desk.account_line->reasons[0] == "4004 No data received in 30s.");
      CHECK(desk.account_line->openings > 2);
    }
  }

  TEST_CASE("a notice of an upgrade is followed at once: another connection, before the venue cuts this one") {
    Desk desk;
    desk.add_account();
    desk.go_live();
    desk.fault("upgrade:30s");
    desk.wire.run(1s);
    CHECK(desk.market_line.reasons == std::vector<std::string>{"the venue's service changes"});
    CHECK(desk.account_line->reasons == std::vector<std::string>{"the venue's service changes"});
    CHECK(desk.wire.run_until([&] { return desk.market.live() && desk.account->live(); }, 20s));
    desk.wire.run(40s);
    CHECK(desk.market_line.reasons.size() == 1);
    CHECK(desk.account_line->reasons.size() == 1);
  }

  TEST_CASE("a cut connection comes back, with a new snapshot of its books") {
    Desk desk;
    desk.go_live();
    desk.fault("disconnect:2s");
    desk.wire.run(1s);
    CHECK_FALSE(desk.market.live());
    CHECK_FALSE(desk.market_line.all<BookInvalidated>().empty());
    CHECK(desk.wire.run_until([&] { return desk.market.live(); }, 20s));
    CHECK(desk.market_line.openings >= 2);
  }

  TEST_CASE("a login that became void is made anew; market data knows nothing of it") {
    Desk desk;
    desk.add_account();
    desk.go_live();
    desk.fault("token_expiry");
    desk.wire.run(500ms);
    CHECK(desk.account_line->reasons == std::vector<std::string>{"4007 key changed or deleted"});
    CHECK(desk.wire.run_until([&] { return desk.account->live(); }, 20s));
    CHECK(desk.account_line->openings == 2);
    CHECK(desk.market_line.openings == 1);
  }

  TEST_CASE("asked too often, the venue is left alone for a while") {
    Desk desk;
    // Before the opening: lists are asked for again after a pause.
    desk.fault("rate_limit:3s");
    desk.wire.run(4s);
    CHECK(desk.market_line.openings == 0);
    CHECK(desk.market_counts.rate_limits.get() >= 1);
    desk.go_live();
    // On the socket: the connection is left, and not opened again for five seconds.
    const std::uint64_t before = desk.market_counts.rate_limits.get();
    desk.fault("disconnect");
    desk.fault("rate_limit:4s");
    REQUIRE(desk.wire.run_until([&] { return was_down(desk.market_line, FeedDownReason::Refused); }, 4s));
    CHECK(desk.market_counts.rate_limits.get() > before);
    const std::size_t openings = desk.market_line.openings;
    desk.wire.run(4s);
    CHECK(desk.market_line.openings == openings);
    CHECK(desk.wire.run_until([&] { return desk.market.live(); }, 30s));
  }

  TEST_CASE("maintenance is down with its own reason, and over when the venue says so") {
    Desk desk;
    desk.add_account();
    desk.go_live();
    desk.fault("maintenance:20s");
    desk.wire.run(1s);
    CHECK(desk.market_line.status().phase == FeedPhase::Down);
    CHECK(desk.market_line.status().reason == FeedDownReason::Maintenance);
    desk.wire.run(17s);
    // The market's silence is excused meanwhile.
    CHECK(desk.market_line.openings == 1);
    CHECK(desk.wire.run_until([&] { return desk.market.live() && desk.account->live(); }, 60s));
  }

  TEST_CASE("a lost change is noticed: the book is invalid until its new snapshot, and then the market's") {
    Desk desk;
    desk.go_live();
    desk.wire.run(1s);
    desk.fault("gap*1/books:BTC-USD-SWAP");
    REQUIRE(desk.wire.run_until([&] { return !desk.market_line.all<BookInvalidated>().empty(); }, 5s));
    CHECK(desk.market_counts.gaps.get() == 1);
    desk.wire.run(5s);
    OrderBook book{1'000};
    const InstrumentId swap = *desk.symbols.find("BTC-USD-SWAP");
    bool whole = false;
    for (const Event& event : desk.market_line.events) {
      if (event.header.instrument != swap) continue;
      if (const auto* begin = std::get_if<BookBegin>(&event.body)) book.begin(begin->snapshot);
      if (const auto* level = std::get_if<BookLevel>(&event.body)) book.set(level->side, level->price, level->size);
      if (const auto* end = std::get_if<BookEnd>(&event.body)) book.end(end->sequence);
      if (std::holds_alternative<BookInvalidated>(event.body)) book.invalidate();
      whole = book.valid();
    }
    CHECK(whole);
    const auto& venue = desk.exchange.market().instruments()[desk.exchange.market().perpetual_of(0)];
    REQUIRE(book.best_bid().has_value());
    CHECK(book.best_bid()->price.to_double() == venue.bids.front().price);
    CHECK(book.levels(Side::Buy).size() == venue.bids.size());
    CHECK(book.levels(Side::Sell).size() == venue.asks.size());
    CHECK(desk.market_line.openings == 1);
  }

  TEST_CASE("spoilt and repeated frames are counted, and the books are right afterwards") {
    Desk desk;
    desk.go_live();
    desk.fault("malformed*6");
    desk.fault("duplicate*20");
    desk.fault("reorder*2/books:BTC-USD-SWAP");
    desk.wire.run(10s);
    CHECK(decode_errors(desk.market_counts) >= 1);
    CHECK(desk.market_counts.gaps.get() >= 1);
    CHECK(desk.market.live());
    CHECK(desk.market_line.openings == 1);
  }

  TEST_CASE("a key that may trade is refused for good, unless the configuration allows it") {
    Desk desk;
    desk.add_account(session_options(true), dialect_options(true, "trader", "battery staple", "swordfish"));
    desk.wire.run(30s);
    CHECK_FALSE(desk.account->live());
    CHECK(desk.account_line->was_noted("the key may do more than read: a monitor must not hold it"));
    CHECK(desk.account_line->status().reason == FeedDownReason::Unauthorised);
    CHECK(desk.account_line->openings == 1);
    Desk lenient;
    auto allowed = session_options(true);
    allowed.allow_trading_scope = true;
    lenient.add_account(std::move(allowed), dialect_options(true, "trader", "battery staple", "swordfish"));
    lenient.go_live();
  }

  TEST_CASE("a wrong secret, passphrase or environment is given up, not tried for ever") {
    for (const bool wrong_secret : {true, false}) {
      CAPTURE(wrong_secret);
      Desk desk;
      desk.add_account(session_options(true), dialect_options(true, "monitor", wrong_secret ? "wrong" : "correct horse",
                                                              wrong_secret ? "open sesame" : "wrong"));
      desk.wire.run(60s);
      CHECK(desk.account_line->openings == 1);
      CHECK(desk.account_line->was_noted("the venue refuses the key"));
    }
    Desk desk;
    auto production = dialect_options(true);
    production.demo = false;
    desk.add_account(session_options(true), std::move(production));
    desk.wire.run(60s);
    CHECK(desk.account_line->openings == 1);
    CHECK(desk.account_line->status().reason == FeedDownReason::Unauthorised);
  }

  TEST_CASE("an answer that is none of the venue's counts by its status, and a list that cannot be read is no answer") {
    SymbolTable symbols{Venue::Okx, 16};
    okx::Dialect dialect{dialect_options(true), symbols};
    EventBatch batch{64};
    const auto read = [&](std::uint32_t kind, unsigned status, std::string_view text) {
      StreamCall call;
      call.kind = kind;
      const simdjson::padded_string padded{text};
      return dialect.read(call, status, padded, kStart, batch);
    };
    CHECK(read(okx::Dialect::Balance, 502, "<html>Bad Gateway</html>").value().code == 502);
    CHECK_FALSE(read(okx::Dialect::Balance, 200, "<html>hello</html>").ok());
    CHECK(read(okx::Dialect::Balance, 401, R"({"code":"50113","msg":"Invalid Sign","data":[]})").value().code == 50113);
    CHECK(read(okx::Dialect::Balance, 200, R"({"code":"50011","msg":"Too Many Requests","data":[]})").value().code == 50011);
    CHECK_FALSE(read(okx::Dialect::Time, 200, R"({"code":"0","msg":"","data":[]})").ok());
    CHECK(read(okx::Dialect::Time, 200, R"({"code":"0","msg":"","data":[{"ts":"1772625600000"}]})").value().venue_time == kNoon);
    CHECK(read(okx::Dialect::Configuration, 200, R"({"code":"0","msg":"","data":[{"perm":"read_only"}]})").value().key_may_trade ==
          false);
    CHECK(read(okx::Dialect::Configuration, 200, R"({"code":"0","msg":"","data":[{"perm":"read_only,withdraw"}]})")
              .value()
              .key_may_trade);
    // A key that does not say what it may do is not taken for one that may only read.
    CHECK_FALSE(read(okx::Dialect::Configuration, 200, R"({"code":"0","msg":"","data":[{"uid":"1"}]})").ok());
    CHECK_FALSE(dialect.request_of(StreamCall{}, WallTime{}).has_value());
  }
}
