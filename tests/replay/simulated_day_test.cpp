#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/alert/starter_rules.hpp"
#include "core/engine/engine.hpp"
#include "core/market/event_batch.hpp"
#include "core/portfolio/account_ledger.hpp"
#include "core/portfolio/funding.hpp"
#include "core/risk/profit_explain.hpp"
#include "core/risk/profit_record.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/symbols.hpp"
#include "feeds/simulator/synthetic_content.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr ConnectionId kMarketFeed{0};
constexpr ConnectionId kAccountFeed{1};
constexpr std::chrono::nanoseconds kStep = 10s;
constexpr VenueTime kEvening{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}.time_since_epoch() + 20h};
constexpr double kCent = 0.01;

simulator::SyntheticContentConfig world() {
  simulator::SyntheticContentConfig config;
  config.market.seed = 20'261'124;
  config.market.start = kEvening;
  config.market.step = std::chrono::duration_cast<std::chrono::milliseconds>(kStep);
  config.market.strikes_per_side = 2;
  config.market.underlyings = {{.currency = "BTC", .index_usd = 96'000}};
  // Nothing is held at the start, so that every price that enters is a fill's own.
  config.account.straddle_usd = 0;
  config.account.option_fills_per_minute = 0.5;
  return config;
}

EngineSetup desk() {
  EngineSetup setup;
  setup.venues = {{.venue = Venue::Deribit}};
  setup.accounts = {"main"};
  setup.connections = {"market", "account"};
  setup.connection_venues = {Venue::Deribit, Venue::Deribit};
  BookSetup options;
  options.name = "options";
  options.rules = {
      BookRule{.accounts = {},
               .underlyings = {},
               .instruments = {{.venue = Venue::Deribit, .symbol = "BTC-*-C"}, {.venue = Venue::Deribit, .symbol = "BTC-*-P"}}}};
  setup.books = {options};
  return setup;
}

/// The whole account as one hedged book, under the rules that a desk starts with.
EngineSetup watched_desk() {
  EngineSetup setup = desk();
  setup.account_connections = {false, true};
  BookSetup all;
  all.name = "all";
  all.rules = {BookRule{.accounts = {AccountId{0}}, .underlyings = {}, .instruments = {}}};
  setup.books = {all};
  HedgeSetup hedge;
  hedge.name = "straddles";
  hedge.book = "all";
  hedge.underlying = "BTC";
  hedge.legs = {{.venue = Venue::Deribit, .symbol = "BTC-PERPETUAL"}};
  hedge.view = DeltaView::NetTransaction;
  // 2.5 and 5 % of a hundred coins.
  hedge.soft_delta_limit_coins = 2.5;
  hedge.hard_delta_limit_coins = 5;
  setup.hedges = {hedge};
  setup.alerts = starter_rules(setup.hedges);
  return setup;
}

/// A day of the simulated exchange, through the decoder into an engine and into a ledger beside it, without sockets or waiting.
class Day {
 public:
  explicit Day(EngineSetup setup = desk())
      : content_{world()},
        engine_{std::move(setup)},
        market_decoder_{symbols_, {.connection = kMarketFeed}},
        account_decoder_{symbols_, {.connection = kAccountFeed, .account = AccountId{0}}} {
    list_instruments();
    status(kMarketFeed, FeedPhase::Live);
    status(kAccountFeed, FeedPhase::Live);
    perpetual_ = content_.market().instruments()[content_.market().perpetual_of(0)].name;
    watched_.insert(perpetual_);
    take_positions();
    take_summaries();
  }

  void step() {
    now_ += kStep;
    std::vector<simulator::Notification> out;
    content_.poll(
        now_, 1'000, [this](const std::string& topic) { return wanted(topic); }, out);
    for (const simulator::Notification& notification : out) take(notification);
    if (++steps_ % 3 == 0 && connected_) take_positions();
    end_cycle();
  }

  void order(std::string_view name, bool buy, double amount) {
    const std::string text = std::string{R"({"instrument_name":")"} + std::string{name} + R"(","direction":")" +
                             (buy ? "buy" : "sell") + R"(","amount":)" + std::to_string(amount) + "}";
    simdjson::dom::parser parser;
    const simdjson::padded_string padded{text};
    simdjson::dom::object object;
    REQUIRE(!parser.parse(padded).get(object));
    REQUIRE(content_.drill("trade", simulator::Params{object}, now_)->ok());
    watched_.insert(std::string{name});
  }

  /// The venue tells a subscriber of the newest ticker at once; here it comes with the next change, so ask before it is traded.
  void watch(const std::string& name) { watched_.insert(name); }

  void disconnect() {
    connected_ = false;
    status(kAccountFeed, FeedPhase::Down);
    ledger_.lose_connection();
    end_cycle();
  }
  void reconnect() {
    connected_ = true;
    status(kAccountFeed, FeedPhase::Live);
    take_positions();
    note_resolution();
    take_summaries();
    end_cycle();
  }

  /// The option of one right that expires at `expiry`, nearest the money.
  [[nodiscard]] std::string at_the_money(VenueTime expiry, OptionRight right) const {
    const simulator::MarketInstrument* best = nullptr;
    for (const simulator::MarketInstrument& one : content_.market().instruments())
      if (one.kind == ContractKind::Option && one.right == right && one.expiry == expiry &&
          (best == nullptr || std::abs(one.strike_usd - one.index_usd) < std::abs(best->strike_usd - best->index_usd)))
        best = &one;
    REQUIRE(best != nullptr);
    return best->name;
  }

  [[nodiscard]] const simulator::SyntheticContent& content() const { return content_; }
  /// Pages so far: rule and labels.
  [[nodiscard]] const std::vector<std::string>& pages() const { return pages_; }
  [[nodiscard]] const AccountLedger& ledger() const { return ledger_; }
  [[nodiscard]] const std::string& perpetual() const { return perpetual_; }
  [[nodiscard]] double index() const { return content_.market().underlyings()[0].index_usd; }
  [[nodiscard]] std::size_t fills() const { return fills_; }
  [[nodiscard]] std::size_t several_at_once() const { return several_at_once_; }
  [[nodiscard]] std::size_t missed() const { return missed_; }
  [[nodiscard]] double missed_fees() const { return missed_fees_; }
  [[nodiscard]] double resolution() const { return resolution_; }
  [[nodiscard]] std::size_t flips() const { return flips_; }
  [[nodiscard]] std::size_t deliveries() const { return deliveries_; }
  [[nodiscard]] double funding_paid_per_unit() const { return funding_.paid_per_unit(); }
  [[nodiscard]] InstrumentSlot slot(std::string_view name) const { return registry_.find(Venue::Deribit, name); }

  [[nodiscard]] const FigureValue* figure(Figure figure, std::initializer_list<std::string_view> labels) const {
    const RowId row = engine_.figures().find(figure, labels);
    return row == kNoRow ? nullptr : &engine_.figures().at(row);
  }
  [[nodiscard]] ProfitTerms profit(std::string_view book) const {
    ProfitTerms terms;
    for (std::size_t c = 0; c < kProfitComponents; ++c) {
      const std::string_view component = label(static_cast<ProfitComponent>(c));
      const FigureValue* value = figure(Figure::PnlUsd, {book, component, "designation"});
      REQUIRE(value != nullptr);
      CAPTURE(std::string{component});
      CHECK(value->state == FigureState::Ok);
      terms.amounts[c] = value->value;
    }
    return terms;
  }

 private:
  [[nodiscard]] bool wanted(const std::string& topic) const {
    if (topic == "deribit_price_index.btc_usd" || topic == "instrument.state.any.any") return true;
    if (topic == "user.changes.any.any" || topic == "user.portfolio.any") return true;
    constexpr std::string_view kTicker = "ticker.";
    return topic.starts_with(kTicker) && watched_.count(topic.substr(kTicker.size())) == 1;
  }

  void list_instruments() {
    simdjson::dom::parser parser;
    const simdjson::padded_string padded{std::string{R"({"currency":"BTC"})"}};
    simdjson::dom::object object;
    REQUIRE(!parser.parse(padded).get(object));
    const auto reply = content_.answer("public/get_instruments", simulator::Params{object}, now_);
    REQUIRE(market_decoder_.decode(reply_frame(reply->value()), now_, batch_).ok());
    REQUIRE(market_decoder_.decode_instruments(now_, batch_).ok());
    pass_on();
  }
  void take_positions() {
    const auto reply = content_.answer("private/get_positions", simulator::Params{}, now_);
    REQUIRE(account_decoder_.decode(reply_frame(reply->value()), now_, batch_).ok());
    REQUIRE(account_decoder_.decode_positions(now_, batch_).ok());
    pass_on();
  }
  void take_summaries() {
    const auto reply = content_.answer("private/get_account_summaries", simulator::Params{}, now_);
    REQUIRE(account_decoder_.decode(reply_frame(reply->value()), now_, batch_).ok());
    REQUIRE(account_decoder_.decode_account_summaries(now_, batch_).ok());
    pass_on();
  }
  simdjson::padded_string_view reply_frame(const std::string& result) {
    frame_ = simdjson::padded_string{R"({"jsonrpc":"2.0","id":1,"result":)" + result + R"(,"usOut":)" +
                                     std::to_string(nanoseconds_of(content_.market().now()) / 1'000) + R"(,"testnet":true})"};
    return frame_;
  }
  void take(const simulator::Notification& notification) {
    const bool account = notification.topic.starts_with("user.");
    if (account && !connected_) {
      if (notification.topic.starts_with("user.changes")) miss(notification);
      return;
    }
    std::string channel = notification.topic;
    if (channel.starts_with("ticker.") || channel.starts_with("user.changes.")) channel += ".100ms";
    frame_ = simdjson::padded_string{R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":")" + channel +
                                     R"(","data":)" + notification.data + "}}"};
    deribit::Decoder& decoder = account ? account_decoder_ : market_decoder_;
    CAPTURE(channel);
    REQUIRE(decoder.decode(frame_, now_, batch_).ok());
    pass_on();
  }
  /// What the engine will never hear: the fees of these fills are in no later statement of positions.
  void miss(const simulator::Notification& notification) {
    ++missed_;
    frame_ = simdjson::padded_string{R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":")" + notification.topic +
                                     R"(.100ms","data":)" + notification.data + "}}"};
    REQUIRE(account_decoder_.decode(frame_, now_, batch_).ok());
    for (const Event& event : batch_.events())
      if (const auto* fill = std::get_if<Fill>(&event.body)) missed_fees_ += fill->fee;
    batch_.truncate(0);
  }
  /// Coins by which the positions taken over can be off because the venue prints their average entries with so many digits.
  void note_resolution() {
    for (const AccountLedger::Missed& missed : ledger_.missed()) {
      const PositionLedger& held = ledger_.find(missed.slot)->ledger;
      const double size = std::abs(held.size().to_double());
      const double entry = held.average_entry().value_or(index());
      resolution_ += held.contract().kind == ContractKind::Option ? size * 0.5e-6 : size * 0.005 / (entry * entry);
    }
  }
  void pass_on() {
    std::size_t fills = 0;
    for (const Event& event : batch_.events()) {
      engine_.apply(event);
      keep(event);
      if (std::holds_alternative<Fill>(event.body)) ++fills;
    }
    fills_ += fills;
    if (fills > 1) ++several_at_once_;
    batch_.truncate(0);
  }
  void status(ConnectionId connection, FeedPhase phase) {
    Event event;
    event.header.connection = connection;
    event.header.received = now_;
    event.body = FeedStatus{.phase = phase};
    engine_.apply(event);
  }
  /// The same events into a ledger of the test's own, which it can look into.
  void keep(const Event& event) {
    const EventHeader& header = event.header;
    if (const auto* listed = std::get_if<InstrumentListed>(&event.body)) {
      registry_.list(header.instrument, header.venue, listed->contract);
      return;
    }
    if (std::holds_alternative<PositionSnapshotBegin>(event.body)) return ledger_.begin_snapshot();
    if (std::holds_alternative<PositionSnapshotEnd>(event.body)) return ledger_.end_snapshot(session());
    const InstrumentSlot slot = registry_.slot_of(header.instrument);
    if (slot == kNoSlot) return;
    const Contract& contract = registry_.contract(slot);
    const double paid = contract.kind == ContractKind::Perpetual ? funding_.paid_per_unit() : 0;
    if (const auto* funding = std::get_if<Funding>(&event.body)) {
      funding_.update(header.exchange_time, funding->current_rate_8h, index());
    } else if (const auto* fill = std::get_if<Fill>(&event.body)) {
      const AccountLedger::Line* before = ledger_.find(slot);
      const double old = before == nullptr ? 0 : before->ledger.size().to_double();
      ledger_.fill(slot, contract, *fill, paid);
      if (old * ledger_.find(slot)->ledger.size().to_double() < 0) ++flips_;
    } else if (const auto* report = std::get_if<PositionReport>(&event.body)) {
      ledger_.report(slot, contract, *report);
    } else if (const auto* delivered = std::get_if<InstrumentDelivered>(&event.body)) {
      ++deliveries_;
      ledger_.deliver(slot, delivered->price, paid);
    } else if (const auto* state = std::get_if<InstrumentStateChanged>(&event.body)) {
      registry_.set_phase(slot, state->phase);
    }
  }
  [[nodiscard]] std::int64_t session() const { return record_.session_of(content_.market().now()); }
  void end_cycle() {
    ledger_.review(now_, session(), [this](InstrumentSlot slot) { return registry_.phase(slot) == InstrumentPhase::Expired; });
    engine_.end_cycle(now_);
    const AlertBoard& board = engine_.alerts();
    for (const AlertTransition& transition : board.transitions()) {
      const AlertBoard::Alert& alert = board.alerts()[transition.alert];
      const AlertRule& rule = board.rules()[alert.rule];
      if (rule.severity == AlertSeverity::Page && transition.to == AlertState::Firing)
        pages_.push_back(rule.name + '{' + alert.labels + "} at step " + std::to_string(steps_));
    }
  }

  MonoTime now_{1h};
  simulator::SyntheticContent content_;
  Engine engine_;
  deribit::Symbols symbols_;
  deribit::Decoder market_decoder_;
  deribit::Decoder account_decoder_;
  EventBatch batch_;
  simdjson::padded_string frame_;
  std::set<std::string> watched_;
  std::string perpetual_;
  bool connected_ = true;
  std::size_t steps_ = 0;

  InstrumentRegistry registry_;
  AccountLedger ledger_;
  FundingAccrual funding_{Contract{.name = {}, .base = {}, .quote = {}, .settlement = {}, .style = PayoffStyle::Inverse},
                          FundingSchedule::Continuous};
  ProfitRecord record_;
  std::size_t fills_ = 0;
  std::size_t several_at_once_ = 0;
  std::size_t missed_ = 0;
  double missed_fees_ = 0;
  double resolution_ = 0;
  std::size_t flips_ = 0;
  std::size_t deliveries_ = 0;
  std::vector<std::string> pages_;
};

/// Books and rest together hold what the venue says, no more and no less.
void check_books(const Day& day) {
  for (const auto& [index, position] : day.content().account().positions()) {
    const std::string name = day.content().market().instruments()[index].name;
    CAPTURE(name);
    double held = 0;
    for (const std::string_view book : {"options", "rest"})
      if (const FigureValue* value = day.figure(Figure::PositionSize, {book, "deribit", name}); value != nullptr) {
        CHECK(value->state == FigureState::Ok);
        held += value->value;
      }
    CHECK(held == doctest::Approx(position.size).epsilon(1e-12));
  }
}

/// Positions exactly, equity and realised profit to the cent: where fills were missed, with their fees counted and as far as the
/// venue prints the entries of what was taken over.
void check_agreement(const Day& day, double equity_at_start) {
  const auto& market = day.content().market();
  double earned = -day.missed_fees();
  for (const AccountLedger::Folded& folded : day.ledger().folded()) earned += folded.net;
  for (const AccountLedger::Line& line : day.ledger().lines()) {
    const std::string name{line.ledger.contract().name.view()};
    CAPTURE(name);
    const auto index = market.find(name);
    REQUIRE(index.has_value());
    const auto held = day.content().account().positions().find(*index);
    const bool flat = held == day.content().account().positions().end();
    CHECK(line.ledger.size().to_double() == (flat ? 0 : held->second.size));
    const double paid = name == day.perpetual() ? day.funding_paid_per_unit() : 0;
    const double unbooked = -line.ledger.size().to_double() * (paid - line.funding_seen);
    earned += line.ledger.amounts().net() + unbooked + line.ledger.unrealized(market.instruments()[*index].mark_price).value();
    if (name != day.perpetual()) continue;
    REQUIRE(!flat);
    MESSAGE("perpetual realised " << line.ledger.amounts().realized << ", venue " << held->second.realized_coins << "; funding "
                                  << line.ledger.amounts().funding + unbooked << ", venue " << held->second.realized_funding_coins);
    CHECK(std::abs(line.ledger.amounts().realized - held->second.realized_coins) <= kCent / day.index() + day.resolution());
  }
  const double told = day.content().account().summary(market, 0).equity - equity_at_start;
  MESSAGE("equity earned: ours " << earned << ", venue " << told << " coins, apart by " << (earned - told) * day.index()
                                 << " dollars; resolution " << day.resolution() * day.index() << " dollars");
  CHECK(std::abs(earned - told) <= kCent / day.index() + day.resolution());
}

}  // namespace

TEST_SUITE("replay/simulated_day") {
  TEST_CASE("after a day of fills, flips, funding, an expiry and a lost connection, ours and the venue's agree to the cent") {
    Day day;
    const double start = day.content().account().summary(day.content().market(), 0).equity;
    constexpr VenueTime kMorning = kEvening + 12h;
    const std::string call = day.at_the_money(kMorning, OptionRight::Call);
    const std::string put = day.at_the_money(kMorning, OptionRight::Put);
    const std::string later_call = day.at_the_money(kMorning + 24h, OptionRight::Call);
    const std::string later_put = day.at_the_money(kMorning + 48h, OptionRight::Put);
    constexpr std::size_t kSteps = 24h / kStep;
    constexpr std::size_t kLost = 3'000;
    constexpr std::size_t kFound = 3'060;
    std::size_t mismatched_cycles = 0;
    for (std::size_t i = 0; i < kSteps; ++i) {
      if (i == 5) day.order(call, false, 12);
      if (i == 8) day.order(put, false, 12);
      if (i == 11) day.order(later_call, false, 20);
      if (i == 14) day.order(later_put, false, 15);
      // The perpetual through zero and back, in sizes beyond the first levels of its book.
      if (i % 700 == 100) day.order(day.perpetual(), true, 2'000'000);
      if (i % 700 == 110) day.order(day.perpetual(), false, 4'000'000);
      if (i == kLost) {
        check_agreement(day, start);
        day.disconnect();
      }
      if (i == kLost + 10) day.order(later_call, false, 3);
      if (i == kLost + 20) day.order(day.perpetual(), true, 50'000);
      if (i == kFound) day.reconnect();
      day.step();
      if (i >= kLost && i < kFound) continue;
      check_books(day);
      const FigureValue* mismatches = day.figure(Figure::ReconcilePositionMismatches, {"main", "deribit"});
      REQUIRE(mismatches != nullptr);
      if (mismatches->state != FigureState::Ok || mismatches->value != 0) ++mismatched_cycles;
    }
    CHECK(mismatched_cycles == 0);

    // It was such a day.
    MESSAGE(day.fills() << " fills, " << day.several_at_once() << " orders in parts, " << day.flips() << " flips, " << day.missed()
                        << " messages missed, " << day.deliveries() << " deliveries");
    CHECK(day.fills() > 100);
    CHECK(day.several_at_once() > 3);
    CHECK(day.flips() > 3);
    CHECK(day.missed() > 1);
    CHECK(day.deliveries() >= 2);
    CHECK(day.ledger().adopted() >= 1);

    check_agreement(day, start);
    for (const std::string_view book : {"options", "rest"}) {
      const ProfitTerms terms = day.profit(book);
      const std::string name{book};
      CAPTURE(name);
      CAPTURE(terms.total());
      CAPTURE(terms.gross());
      CAPTURE(terms[ProfitComponent::Unexplained]);
      MESSAGE(name << ": total " << terms.total() << " of " << terms.gross() << " gross, unexplained ratio "
                   << terms.unexplained_ratio().value());
      CHECK(terms.unexplained_ratio().value() < 0.01);
    }
  }

  TEST_CASE("a day with trades and an expiry at 08:00 pages nobody") {
    Day day{watched_desk()};
    constexpr VenueTime kMorning = kEvening + 12h;
    const std::vector<std::string> sold{day.at_the_money(kMorning, OptionRight::Call), day.at_the_money(kMorning, OptionRight::Put),
                                        day.at_the_money(kMorning + 24h, OptionRight::Call),
                                        day.at_the_money(kMorning + 48h, OptionRight::Put)};
    for (const std::string& name : sold) day.watch(name);
    constexpr std::size_t kSteps = 24h / kStep;
    for (std::size_t i = 0; i < kSteps; ++i) {
      for (std::size_t which = 0; which < sold.size(); ++which)
        if (i == 50 + 3 * which) day.order(sold[which], false, 5);
      if (i % 500 == 100) day.order(day.perpetual(), true, 50'000);
      if (i % 500 == 200) day.order(day.perpetual(), false, 50'000);
      day.step();
    }
    MESSAGE(day.fills() << " fills, " << day.deliveries() << " deliveries");
    CHECK(day.fills() > 100);
    CHECK(day.deliveries() >= 2);
    std::string pages;
    for (const std::string& page : day.pages()) pages += page + '\n';
    CHECK(pages == "");
  }
}
