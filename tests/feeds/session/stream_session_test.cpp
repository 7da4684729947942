#include "feeds/session/stream_session.hpp"

#include <doctest/doctest.h>

#include <charconv>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kListing = 1;
constexpr std::uint32_t kStatement = 2;
constexpr std::uint32_t kKey = 3;

/// A venue made up for these tests. Its frames are words: `ack 5`, `err 5 code`, `login`, `tick X`, `book X first last previous`,
/// `snap X sequence`, `position X size time`, `ping`, `upgrade`, `expired`, `rest`, `work`. Listings are names separated by spaces.
class WordDialect final : public StreamDialect {
 public:
  struct Settings {
    bool with_login = false;
    bool with_key = false;
    bool account = false;
    bool no_topics = false;
    BookJoin join = BookJoin::Chained;
    std::chrono::nanoseconds silence_limit{0};
    std::chrono::nanoseconds life{0};
    std::chrono::nanoseconds statement_interval{30s};
  };
  WordDialect(Settings settings, SymbolTable& symbols) : settings_{settings}, symbols_{symbols} {}

  Venue venue() const override { return Venue::Okx; }
  StreamLimits limits() const override {
    return {
        .ping_interval = 10s, .life = settings_.life, .topics_per_request = 10, .requests_at_once = 50, .requests_per_second = 50};
  }
  BookJoin book_join() const override { return settings_.join; }
  void calls_before_open(std::vector<StreamCall>& calls) override {
    if (settings_.with_key) calls.push_back({.kind = kKey, .about = "key"});
  }
  std::string path_suffix() const override { return key_.empty() ? "" : "/" + key_; }
  std::optional<std::string> login(std::uint64_t id, WallTime) override {
    if (!settings_.with_login) return std::nullopt;
    return "login " + std::to_string(id);
  }
  std::string ping(std::uint64_t) override { return "ping"; }
  std::string pong() override { return "pong"; }
  std::string subscribe(std::uint64_t id, std::span<const std::string> topics) override { return request("sub", id, topics); }
  std::string unsubscribe(std::uint64_t id, std::span<const std::string> topics) override { return request("unsub", id, topics); }
  void standing_topics(std::vector<StreamTopic>& topics) override {
    if (settings_.no_topics) return;
    topics.push_back({settings_.account ? "positions" : "index"});
  }
  void topics_of(const Contract& contract, bool with_book, std::vector<StreamTopic>& topics) override {
    const std::string name{contract.name.view()};
    topics.push_back({.name = "tick." + name, .silence_limit = settings_.silence_limit});
    if (with_book) topics.push_back({.name = "book." + name, .is_book = true});
  }
  bool carries(const Contract&) const override { return true; }

  Result<Decoded, DecodeError> decode(simdjson::padded_string_view frame, MonoTime received, EventBatch& out) override {
    detail_ = {};
    topic_.clear();
    words_.clear();
    text_.assign(frame.data(), frame.size());
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = std::min(text_.find(' ', at), text_.size());
      words_.push_back(std::string_view{text_}.substr(at, end - at));
      at = end + 1;
    }
    const std::string_view verb = words_.at(0);
    static const std::map<std::string_view, ControlKind> kControls{
        {"ack", ControlKind::Acknowledged},   {"err", ControlKind::Error},      {"login", ControlKind::LoggedIn},
        {"pong", ControlKind::Pong},          {"ping", ControlKind::Ping},      {"upgrade", ControlKind::Upgrade},
        {"expired", ControlKind::KeyExpired}, {"dropped", ControlKind::Dropped}};
    if (const auto control = kControls.find(verb); control != kControls.end()) {
      detail_.control = control->second;
      if (verb == "err") detail_.code = number(2);
      if (verb == "dropped") topic_ = words_.at(1);
      return Decoded{FrameKind::Control, verb};
    }
    EventHeader header;
    header.received = received;
    header.venue = Venue::Okx;
    header.connection = ConnectionId{3};
    if (verb == "rest" || verb == "work") {
      static_cast<void>(out.push(header, PlatformState{false, verb == "rest"}));
      return Decoded{FrameKind::Control, verb};
    }
    if (verb == "bad") return DecodeError{DecodeFault::BadNumber, "tick", "price"};
    if (verb == "tick") {
      topic_ = words_.at(1) == "index" ? "index" : "tick." + std::string{words_.at(1)};
      static_cast<void>(out.push(header, IndexPrice{}));
      return Decoded{FrameKind::MarketData, verb};
    }
    header.instrument = symbols_.find(words_.at(1)).value_or(kNoInstrument);
    if (verb == "position" && header.instrument == kNoInstrument) {
      detail_.unknown = {&words_[1], 1};
      return DecodeError{DecodeFault::UnknownInstrument, "positions", "name"};
    }
    if (verb == "position") {
      topic_ = "positions";
      header.exchange_time = VenueTime{std::chrono::seconds{number(3)}};
      PositionReport report;
      report.size = Size::from_raw(number(2));
      static_cast<void>(out.push(header, report));
      return Decoded{FrameKind::Account, verb};
    }
    topic_ = "book." + std::string{words_.at(1)};
    detail_.instrument = header.instrument;
    detail_.book = verb == "snap" ? BookForm::Snapshot : BookForm::Change;
    if (verb == "snap") {
      detail_.sequence = unsigned_number(2);
    } else {
      detail_.first_sequence = unsigned_number(2);
      detail_.sequence = unsigned_number(3);
      detail_.previous = unsigned_number(4);
    }
    static_cast<void>(out.push(header, BookBegin{}));
    static_cast<void>(out.push(header, BookEnd{}));
    return Decoded{FrameKind::MarketData, "book"};
  }
  const FrameDetail& detail() const override { return detail_; }
  std::string_view topic() override { return topic_; }
  std::optional<std::uint64_t> request_id() const override {
    if (words_.size() < 2 || (words_[0] != "ack" && words_[0] != "err")) return std::nullopt;
    return static_cast<std::uint64_t>(number(1));
  }
  StreamReaction reaction_to(std::int64_t code, std::string_view) const override {
    switch (code) {
      case 429:
        return StreamReaction::BackOff;
      case 401:
        return StreamReaction::Refused;
      case 503:
        return StreamReaction::Maintenance;
      case 500:
        return StreamReaction::Retry;
      case 410:
        return StreamReaction::Reconnect;
      default:
        return StreamReaction::Note;
    }
  }
  void calls_at_open(std::vector<StreamCall>& calls) override {
    if (settings_.account)
      calls.push_back({.kind = kStatement, .about = "positions", .every = settings_.statement_interval});
    else
      calls.push_back({.kind = kListing, .about = "all"});
  }
  void calls_to_reconcile(std::vector<StreamCall>& calls) override {
    if (settings_.account) calls.push_back({.kind = kStatement, .about = "positions", .every = settings_.statement_interval});
  }
  void calls_to_define(std::string_view name, std::vector<StreamCall>& calls) override {
    calls.push_back({.kind = kListing, .about = std::string{name}});
  }
  std::optional<HttpCall> request_of(const StreamCall& call, WallTime) override {
    HttpCall request;
    request.target = "/" + std::to_string(call.kind) + "/" + call.about + (call.page.empty() ? "" : "?" + call.page);
    return request;
  }
  bool states_positions(const StreamCall& call) const override { return call.kind == kStatement; }
  Result<StreamAnswer, DecodeError> read(const StreamCall& call, unsigned status, simdjson::padded_string_view body,
                                         MonoTime received, EventBatch& out) override {
    detail_ = {};
    text_.assign(body.data(), body.size());
    StreamAnswer answer;
    if (status != 200) {
      answer.code = status;
      return answer;
    }
    if (text_ == "odd") return DecodeError{DecodeFault::WrongType, "list", "data"};
    if (text_ == "trader") answer.key_may_trade = true;
    EventHeader header;
    header.received = received;
    header.venue = Venue::Okx;
    if (call.kind == kKey) key_ = text_;
    if (call.kind == kListing) {
      std::string_view rest = text_;
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const std::string_view name = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (name.starts_with('>')) {
          answer.next_page = name.substr(1);
          break;
        }
        Contract contract;
        contract.name = *InstrumentName::from(name);
        header.instrument = symbols_.add(contract).value();
        static_cast<void>(out.push(header, InstrumentListed{contract}));
      }
    }
    if (call.kind == kStatement && text_ != "trader") {
      // `second NAME size`
      const std::size_t space = text_.find(' ');
      header.exchange_time = VenueTime{std::chrono::seconds{std::stoi(text_.substr(0, space))}};
      static_cast<void>(out.push(header, PositionSnapshotBegin{}));
      static_cast<void>(out.push(header, PositionSnapshotEnd{}));
    }
    if (call.kind == kBookSnapshotCall) {
      detail_.sequence = static_cast<std::uint64_t>(std::stoul(text_));
      header.instrument = symbols_.find(call.about).value();
      static_cast<void>(out.push(header, BookBegin{}));
      static_cast<void>(out.push(header, BookEnd{}));
    }
    return answer;
  }

 private:
  static std::string request(std::string_view verb, std::uint64_t id, std::span<const std::string> topics) {
    std::string text = std::string{verb} + " " + std::to_string(id);
    for (const std::string& topic : topics) text += " " + topic;
    return text;
  }
  [[nodiscard]] std::int64_t number(std::size_t at) const {
    std::int64_t value = 0;
    const std::string_view word = words_.at(at);
    std::from_chars(word.data(), word.data() + word.size(), value);
    return value;
  }
  [[nodiscard]] std::uint64_t unsigned_number(std::size_t at) const { return static_cast<std::uint64_t>(number(at)); }

  Settings settings_;
  SymbolTable& symbols_;
  FrameDetail detail_;
  std::string topic_;
  std::string text_;
  std::string key_;
  std::vector<std::string_view> words_;
};

/// A session and everything it does, without a socket.
struct Play {
  explicit Play(WordDialect::Settings settings = {}, StreamSessionOptions options = {})
      : session{[&] {
                  options.connection = ConnectionId{3};
                  if (settings.account) options.account = AccountId{0};
                  return options;
                }(),
                std::make_unique<WordDialect>(settings, symbols), symbols, statistics} {}

  [[nodiscard]] SessionTime time() const { return {now, WallTime{now.time_since_epoch()}}; }
  void take() {
    for (const std::string& text : actions.send) sent.push_back(text);
    for (const SessionCall& call : actions.calls) calls.emplace_back(call.id, call.request.target);
    if (actions.close) closed = actions.close_reason;
    actions.clear();
    for (const Event& event : batch.events()) events.push_back(event);
    batch.truncate(0);
  }
  void open() {
    session.on_open(time(), batch, actions);
    take();
  }
  void frame(std::string_view text) {
    const simdjson::padded_string padded{text};
    session.on_frame(padded, time(), batch, actions);
    take();
  }
  /// Answers the oldest open call.
  void answer(std::string body, unsigned status = 200) {
    REQUIRE_FALSE(calls.empty());
    HttpOutcome outcome{.status = status, .body = std::move(body)};
    const std::uint64_t id = calls.front().first;
    calls.erase(calls.begin());
    session.on_outcome(id, outcome, time(), batch, actions);
    take();
  }
  void pass(std::chrono::nanoseconds time_passed) {
    const MonoTime end = now + time_passed;
    for (int turn = 0; turn < 10'000; ++turn) {
      const auto due = session.deadline();
      if (!due || *due > end) break;
      now = std::max(now, *due);
      session.on_deadline(time(), batch, actions);
      take();
      if (!closed.empty()) break;
      now += 1ms;
    }
    now = std::max(now, end);
  }
  void close(std::string_view reason) {
    session.on_closed(reason, time(), batch);
    take();
  }
  /// The id of the newest request that begins with the verb and names the topic.
  [[nodiscard]] std::string id_of(std::string_view verb, std::string_view topic) const {
    for (auto text = sent.rbegin(); text != sent.rend(); ++text) {
      if (!text->starts_with(verb) || text->find(topic) == std::string::npos) continue;
      const std::size_t from = text->find(' ') + 1;
      return text->substr(from, text->find(' ', from) - from);
    }
    return "none";
  }
  [[nodiscard]] FeedStatus status() const {
    FeedStatus last;
    for (const Event& event : events)
      if (const auto* one = std::get_if<FeedStatus>(&event.body)) last = *one;
    return last;
  }
  template <class Body>
  [[nodiscard]] std::size_t count() const {
    std::size_t found = 0;
    for (const Event& event : events) found += std::holds_alternative<Body>(event.body) ? std::size_t{1} : 0;
    return found;
  }
  [[nodiscard]] std::size_t sent_with(std::string_view text) const {
    std::size_t found = 0;
    for (const std::string& one : sent) found += one.find(text) != std::string::npos ? std::size_t{1} : 0;
    return found;
  }
  /// Open, listed, subscribed, ticking.
  void go_live(std::string listing = "A B") {
    open();
    answer(std::move(listing));
    acknowledge();
    frame("tick index");
  }
  void acknowledge() {
    const std::vector<std::string> requests = sent;
    for (const std::string& text : requests) {
      if (!text.starts_with("sub ")) continue;
      const std::size_t from = text.find(' ') + 1;
      const std::string id = text.substr(from, text.find(' ', from) - from);
      if (acknowledged.insert(id).second) frame("ack " + id);
    }
  }

  MonoTime now{1h};
  SymbolTable symbols{Venue::Okx};
  FeedStatistics statistics;
  StreamSession session;
  EventBatch batch{1'000};
  SessionActions actions;
  std::vector<std::string> sent;
  std::vector<std::pair<std::uint64_t, std::string>> calls;
  std::vector<Event> events;
  std::string closed;
  std::set<std::string> acknowledged;
};

StreamSessionOptions with_books() {
  StreamSessionOptions options;
  options.watch = {{Venue::Okx, "A"}};
  options.books = {{Venue::Okx, "A"}};
  return options;
}

}  // namespace

TEST_SUITE("feeds/session/stream_session") {
  TEST_CASE("a market-data connection is live when its listing is read, its topics are acknowledged and data has come") {
    Play play{{}, with_books()};
    play.open();
    CHECK(play.status().phase == FeedPhase::Synchronising);
    REQUIRE(play.calls.size() == 1);
    CHECK(play.calls[0].second == "/1/all");
    play.answer("A B >two");
    REQUIRE(play.calls.size() == 1);
    CHECK(play.calls[0].second == "/1/all?two");
    play.answer("C");
    CHECK(play.symbols.size() == 3);
    CHECK(play.sent_with("tick.A") == 1);
    CHECK(play.sent_with("book.A") == 1);
    CHECK(play.sent_with("tick.B") == 0);
    play.acknowledge();
    CHECK_FALSE(play.session.live());
    play.frame("tick index");
    CHECK(play.session.live());
    CHECK(play.status().phase == FeedPhase::Live);
  }

  TEST_CASE("an instrument that is wanted later is subscribed then, also by a name that is listed later") {
    Play play;
    play.session.want("B");
    play.go_live("A B");
    CHECK(play.sent_with("tick.B") == 1);
    play.symbols.want(*play.symbols.find("A"));
    play.frame("tick index");
    CHECK(play.sent_with("tick.A") == 1);
    CHECK(play.session.live());
  }

  TEST_CASE("a market in which nothing is held or watched is live when it is listed, and takes up what is wanted within a second") {
    Play play{{.no_topics = true}};
    play.open();
    CHECK_FALSE(play.session.live());
    play.answer("A");
    CHECK(play.session.live());
    play.symbols.want(*play.symbols.find("A"));
    play.pass(1s);
    CHECK(play.sent_with("tick.A") == 1);
  }

  TEST_CASE("topics that are not acknowledged in time, or refused by an error, are told and asked for again later") {
    Play play{{}, with_books()};
    play.open();
    play.answer("A");
    play.pass(9s);
    CHECK(play.statistics.refused_channels.get() == 0);
    play.frame("pong");
    play.pass(2s);
    CHECK(play.statistics.refused_channels.get() == 3);
    const std::size_t before = play.sent_with("sub ");
    for (int i = 0; i < 4; ++i) {
      play.frame("pong");
      play.pass(9s);
    }
    CHECK(play.sent_with("sub ") > before);
    play.frame("err " + play.id_of("sub", "index") + " 404");
    CHECK(play.closed.empty());
  }

  TEST_CASE("pings are sent, and a connection on which nothing comes is dead") {
    Play play;
    play.go_live();
    play.pass(10s);
    CHECK(play.sent_with("ping") == 1);
    play.frame("ping");
    CHECK(play.sent_with("pong") == 1);
    play.pass(1h);
    CHECK(play.closed == "no market data");
    CHECK(play.status().reason == FeedDownReason::Silent);

    Play quiet{{.account = true}};
    quiet.open();
    quiet.pass(1h);
    CHECK(quiet.closed == "silent");
  }

  TEST_CASE("a topic that stays silent is subscribed anew once, then the connection is given up") {
    StreamSessionOptions options;
    options.watch = {{Venue::Okx, "A"}};
    Play play{{.silence_limit = 5s}, options};
    play.go_live("A");
    play.frame("tick A");
    play.pass(4s);
    play.frame("tick index");
    play.frame("tick A");
    for (int i = 0; i < 6; ++i) {
      play.pass(1s);
      play.frame("tick index");
    }
    CHECK(play.sent_with("unsub ") == 1);
    play.frame("ack " + play.id_of("unsub", "tick.A"));
    play.acknowledge();
    CHECK(play.sent_with("tick.A") == 3);
    for (int i = 0; i < 7 && play.closed.empty(); ++i) {
      play.pass(1s);
      if (play.closed.empty()) play.frame("tick index");
    }
    CHECK(play.closed == "a topic is silent");
  }

  TEST_CASE("a book that misses a change is void and fetched anew by subscribing again") {
    Play play{{}, with_books()};
    play.go_live("A");
    play.frame("snap A 10");
    play.frame("book A 11 11 10");
    CHECK(play.count<BookBegin>() == 2);
    play.frame("book A 13 13 12");
    CHECK(play.count<BookInvalidated>() == 1);
    CHECK(play.count<BookBegin>() == 2);
    CHECK(play.sent_with("unsub ") == 1);
    play.frame("book A 14 14 13");
    CHECK(play.count<BookBegin>() == 2);
    play.frame("ack " + play.id_of("unsub", "book.A"));
    play.acknowledge();
    play.frame("snap A 20");
    CHECK(play.count<BookBegin>() == 3);
    CHECK(play.statistics.gaps.get() == 1);
  }

  TEST_CASE("a book whose snapshot is called for holds its changes until it comes, and asks again after a gap") {
    Play play{{.join = BookJoin::Spliced}, with_books()};
    play.go_live("A");
    REQUIRE(play.calls.size() == 1);
    CHECK(play.calls[0].second == "/0/A");
    play.frame("book A 8 9 7");
    play.frame("book A 10 12 9");
    CHECK(play.count<BookBegin>() == 0);
    play.answer("5");
    CHECK(play.count<BookBegin>() == 0);
    play.pass(2s);
    REQUIRE(play.calls.size() == 1);
    play.answer("10");
    CHECK(play.count<BookBegin>() == 2);
    play.frame("book A 13 13 12");
    CHECK(play.count<BookBegin>() == 3);
    play.frame("book A 15 15 14");
    CHECK(play.count<BookInvalidated>() == 1);
    CHECK(play.calls.size() == 1);
    play.answer("15");
    CHECK(play.count<BookBegin>() >= 4);
  }

  TEST_CASE("a login that is refused for good is not tried again, one that may pass is") {
    Play play{{.with_login = true}};
    play.open();
    REQUIRE(play.sent_with("login") == 1);
    CHECK(play.calls.empty());
    play.frame("err " + play.id_of("login", "") + " 401");
    CHECK(play.closed == "the venue refuses the key");
    play.close("requested");
    CHECK_FALSE(play.session.reconnect_at());
    CHECK(play.status().reason == FeedDownReason::Unauthorised);

    Play later{{.with_login = true}};
    later.open();
    later.frame("err " + later.id_of("login", "") + " 429");
    later.close("requested");
    REQUIRE(later.session.reconnect_at());
    CHECK(*later.session.reconnect_at() >= later.now + 5s);

    Play unanswered{{.with_login = true}};
    unanswered.open();
    unanswered.pass(11s);
    CHECK(unanswered.closed == "no reply");
  }

  TEST_CASE("a key for the private stream is called for before the socket opens, each time") {
    Play play{{.with_key = true}};
    CHECK_FALSE(play.session.prepare(play.time(), play.actions));
    play.take();
    REQUIRE(play.calls.size() == 1);
    play.answer("", 500);
    // Asked at once, it waits; asked when it said, it calls again.
    for (int turn = 0; turn < 2; ++turn) {
      REQUIRE(play.session.reconnect_at());
      play.now = *play.session.reconnect_at();
      CHECK(play.calls.empty());
      CHECK_FALSE(play.session.prepare(play.time(), play.actions));
      play.take();
    }
    play.answer("k1");
    REQUIRE(play.session.reconnect_at());
    CHECK(play.session.prepare(play.time(), play.actions));
    CHECK(play.session.path_suffix() == "/k1");
    play.open();
    play.frame("expired");
    CHECK(play.closed == "the private stream's key is void");
    play.close("requested");
    CHECK_FALSE(play.session.prepare(play.time(), play.actions));
    play.take();
    CHECK(play.calls.back().second == "/3/key");
  }

  TEST_CASE("an account is live when its statement is read, and what overtakes a statement is told again after it") {
    Play play{{.account = true}};
    Contract contract;
    contract.name = *InstrumentName::from("A");
    static_cast<void>(play.symbols.add(contract));
    play.open();
    play.acknowledge();
    REQUIRE(play.calls.size() == 1);
    play.frame("position A 5 101");
    play.frame("position A 4 99");
    CHECK_FALSE(play.session.live());
    play.answer("100 A");
    CHECK(play.session.live());
    CHECK(play.count<PositionReport>() == 3);
    CHECK(std::get<PositionReport>(play.events[play.events.size() - 2].body).size == Size::from_raw(5));
    CHECK(play.symbols.wanted(*play.symbols.find("A")));
    for (int i = 0; i < 4; ++i) {
      play.pass(9s);
      play.frame("pong");
    }
    CHECK(play.calls.size() == 1);
  }

  TEST_CASE("an account that holds what nobody listed asks for its definition once, and for its statement again") {
    Play play{{.account = true}};
    play.open();
    play.acknowledge();
    play.answer("100 A");
    play.frame("position Q 5 101");
    play.frame("position Q 6 102");
    REQUIRE(play.calls.size() == 2);
    std::string targets = play.calls[0].second + " " + play.calls[1].second;
    CAPTURE(targets);
    CHECK(targets.find("/1/Q") != std::string::npos);
    CHECK(targets.find("/2/positions") != std::string::npos);
    if (play.calls[0].second != "/1/Q") std::swap(play.calls[0], play.calls[1]);
    play.answer("Q");
    CHECK(play.symbols.find("Q"));
    play.frame("position Q 7 103");
    CHECK(play.symbols.wanted(*play.symbols.find("Q")));
  }

  TEST_CASE("an account whose statement the venue refuses is not live, and asks again") {
    Play play{{.account = true}};
    play.open();
    play.acknowledge();
    play.answer("", 404);
    CHECK_FALSE(play.session.live());
    for (int i = 0; i < 4; ++i) {
      play.pass(9s);
      play.frame("pong");
    }
    REQUIRE(play.calls.size() == 1);
    play.answer("100 A");
    CHECK(play.session.live());
  }

  TEST_CASE("a frame that cannot be read asks an account's statement again at once") {
    Play play{{.account = true}};
    play.open();
    play.acknowledge();
    play.answer("100 A");
    CHECK(play.calls.empty());
    play.frame("bad");
    CHECK(play.calls.size() == 1);
    CHECK(play.statistics.decode_errors[static_cast<std::size_t>(DecodeFault::BadNumber)].get() == 1);
  }

  TEST_CASE("a key that may trade is refused unless that is allowed") {
    Play play{{.account = true}};
    play.open();
    play.acknowledge();
    play.answer("trader");
    CHECK(play.closed.find("may do more than read") != std::string::npos);
    play.close("requested");
    CHECK_FALSE(play.session.reconnect_at());

    StreamSessionOptions options;
    options.allow_trading_scope = true;
    Play allowed{{.account = true}, options};
    allowed.open();
    allowed.acknowledge();
    allowed.answer("trader");
    CHECK(allowed.closed.empty());
  }

  TEST_CASE("calls are retried slower each time, wait when there are too many, and tell of maintenance") {
    Play play;
    play.open();
    play.answer("", 500);
    CHECK(play.calls.empty());
    play.pass(1s);
    REQUIRE(play.calls.size() == 1);
    play.answer("odd");
    play.frame("pong");
    play.pass(1s);
    CHECK(play.calls.empty());
    play.pass(2s);
    REQUIRE(play.calls.size() == 1);
    HttpOutcome limited{.status = 429, .body = "", .retry_after_s = 8};
    play.session.on_outcome(play.calls[0].first, limited, play.time(), play.batch, play.actions);
    play.take();
    play.calls.clear();
    play.pass(7s);
    CHECK(play.calls.empty());
    CHECK(play.statistics.rate_limits.get() == 1);
    for (int i = 0; i < 10 && play.calls.empty(); ++i) {
      play.frame("pong");
      play.pass(5s);
    }
    REQUIRE_FALSE(play.calls.empty());
    play.answer("", 503);
    CHECK(play.status().reason == FeedDownReason::Maintenance);
    for (int i = 0; i < 20 && play.calls.empty(); ++i) {
      play.frame("pong");
      play.pass(5s);
    }
    play.answer("A");
    play.acknowledge();
    play.frame("tick index");
    CHECK(play.session.live());
  }

  TEST_CASE("the venue's maintenance, its notice and its own end of a subscription are understood") {
    Play play;
    play.go_live();
    play.frame("rest");
    CHECK(play.status().reason == FeedDownReason::Maintenance);
    play.frame("work");
    play.frame("tick index");
    CHECK(play.session.live());
    play.frame("dropped index");
    CHECK(play.sent_with("unsub ") == 1);
    play.frame("upgrade");
    CHECK(play.closed == "the venue's service changes");
    play.close("requested");
    REQUIRE(play.session.reconnect_at());
    CHECK(*play.session.reconnect_at() <= play.now + 1s);
  }

  TEST_CASE("a connection is replaced before the venue ends it") {
    Play play{{.life = 20s}};
    play.go_live();
    for (int i = 0; i < 4 && play.closed.empty(); ++i) {
      play.pass(5s);
      if (play.closed.empty()) play.frame("tick index");
    }
    CHECK(play.closed == "its time is over");
  }

  TEST_CASE("after a lost connection everything is asked for again and old answers count for nothing") {
    Play play{{}, with_books()};
    play.go_live("A");
    play.frame("snap A 10");
    play.close("peer_closed");
    CHECK(play.count<BookInvalidated>() == 1);
    CHECK(play.status().reason == FeedDownReason::Disconnected);
    REQUIRE(play.session.reconnect_at());
    const std::size_t subscribed = play.sent_with("book.A");
    play.open();
    CHECK(play.sent_with("book.A") == subscribed + 1);
    HttpOutcome late{.status = 200, .body = "Z"};
    play.session.on_outcome(1, late, play.time(), play.batch, play.actions);
    play.take();
    CHECK_FALSE(play.symbols.find("Z"));
  }

  TEST_CASE("too many requests close the connection and keep it away for at least five seconds") {
    Play play;
    play.go_live();
    play.frame("err 999 429");
    CHECK(play.closed == "rate limited");
    play.close("requested");
    CHECK(*play.session.reconnect_at() >= play.now + 5s);
  }
}
