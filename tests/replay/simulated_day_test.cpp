#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
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
#include "feeds/deribit/session.hpp"
#include "feeds/deribit/symbols.hpp"
#include "feeds/simulator/deribit_exchange.hpp"
#include "feeds/simulator/synthetic_content.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr ConnectionId kMarketFeed{0};
constexpr ConnectionId kAccountFeed{1};
constexpr std::chrono::nanoseconds kStep = 10s;
constexpr VenueTime kEvening{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}.time_since_epoch() + 20h};
constexpr double kCent = 0.01;

simulator::SyntheticContentConfig world(bool whole) {
  simulator::SyntheticContentConfig config;
  config.market.seed = 20'261'124;
  config.market.start = kEvening;
  config.market.step = std::chrono::duration_cast<std::chrono::milliseconds>(kStep);
  // Smiles need more strikes than books do.
  config.market.strikes_per_side = whole ? 5 : 2;
  config.market.underlyings = {{.currency = "BTC", .index_usd = 96'000}};
  // Nothing is held at the start, so that every price that enters is a fill's own.
  config.account.straddle_usd = 0;
  config.account.option_fills_per_minute = 0.5;
  return config;
}

EngineSetup desk() {
  EngineSetup setup;
  // Of the options an eighth is marked in a step: each comes every 80 s.
  setup.venues = {{.venue = Venue::Deribit, .market_data_max_age = 100s}};
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

DeribitSessionOptions market_session(bool whole = false) {
  DeribitSessionOptions options;
  options.connection = kMarketFeed;
  options.endpoint = DeribitEndpoint::TestNetwork;
  options.currencies = {"BTC"};
  options.watch = {{.venue = Venue::Deribit, .symbol = "BTC-PERPETUAL"}};
  options.mark_surface = false;
  if (whole) {
    options.books = options.watch;
    options.watch = {{.venue = Venue::Deribit, .symbol = "BTC-*"}};
  }
  return options;
}

/// Everything that the engine can be asked to follow.
EngineSetup whole_desk() {
  EngineSetup setup = watched_desk();
  // Surfaces are fitted to marks of at most half that age.
  setup.venues[0].market_data_max_age = 200s;
  setup.books[0].equity = {{.account = AccountId{0}, .share = 1}};
  HedgeSetup& hedge = setup.hedges[0];
  EffectivenessSetup effectiveness;
  effectiveness.sampling.windows = {1h, 4h};
  effectiveness.sampling.minimum_pairs = 20;
  effectiveness.sampling.reference = 3h;
  effectiveness.basis_leg = {.venue = Venue::Deribit, .symbol = "BTC-PERPETUAL"};
  hedge.effectiveness = effectiveness;
  hedge.smile = SmileRule{0.5};
  setup.allowances = {{.account = AccountId{0}, .orders = {.orders = 20, .window = 60s}}};
  hedge.band =
      BandSetup{.kind = BandKind::WhalleyWilmott, .half_width_coins = 0.5, .risk_aversion_per_usd = 1e-6, .cost_ratio = 0.000'5};
  hedge.advice = {{.instrument = {.venue = Venue::Deribit, .symbol = "BTC-PERPETUAL"},
                   .max_trade_size = 1'000'000,
                   .fee_ratio = 0.000'5,
                   .position_limit = {},
                   .min_notional_usd = {}}};
  ScenarioSetup scenario;
  scenario.shape.spot_shocks = {-0.2, -0.1, 0, 0.1, 0.2};
  scenario.shape.vol_shocks = {{.name = "down", .change_ratio = -0.3, .floor_ratio = 0.1}, {.name = "up", .change_ratio = 0.5}};
  scenario.options_per_cycle = 64;
  scenario.value_at_risk.window = 48;
  setup.scenario = scenario;
  setup.vol_exposure = VolExposureSetup{};
  setup.watch = {{.venue = Venue::Deribit, .symbol = "BTC-PERPETUAL"}};
  setup.order_books = setup.watch;
  AlertRule moved;
  moved.name = "IndexMoved";
  moved.figure = Figure::IndexPriceUsd;
  moved.condition = AlertCondition::Change;
  moved.upper = 300;
  moved.change_within = 20min;
  moved.clear_hold = 5min;
  setup.alerts.push_back(moved);
  return setup;
}

DeribitSessionOptions account_session() {
  DeribitSessionOptions options = market_session();
  options.connection = kAccountFeed;
  options.role = DeribitRole::Account;
  options.watch.clear();
  options.account = AccountId{0};
  options.credential = deribit::Credential{"monitor", Secret{"correct horse"}};
  options.seed = 2;
  return options;
}

std::string shown(const FigureValue& value) {
  return std::to_string(value.value) + ' ' + std::string{label(value.state)} + '/' + std::string{label(value.reason)} + " as of " +
         std::to_string(nanoseconds_of(value.as_of));
}

bool same_bits(const FigureValue& a, const FigureValue& b) {
  return std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value) && a.as_of == b.as_of &&
         a.state == b.state && a.reason == b.reason;
}

/// Table and alerts of the newest cycle, to the bit.
std::string first_difference(const Engine& one, const Engine& other) {
  const auto layout = one.figures().layout();
  const auto other_layout = other.figures().layout();
  if (layout->rows.size() != other_layout->rows.size())
    return std::to_string(layout->rows.size()) + " rows against " + std::to_string(other_layout->rows.size());
  for (std::size_t i = 0; i < layout->rows.size(); ++i) {
    const FigureLayout::Row& row = layout->rows[i];
    const auto name = [&row] { return std::string{definition_of(row.figure).name} + '{' + row.labels + '}'; };
    if (row.figure != other_layout->rows[i].figure || row.labels != other_layout->rows[i].labels)
      return name() + " stands where another has " + other_layout->rows[i].labels;
    const FigureValue& value = one.figures().at_position(i);
    const FigureValue& other_value = other.figures().at_position(i);
    if (!same_bits(value, other_value)) return name() + ": " + shown(value) + " against " + shown(other_value);
  }
  const auto alerts = one.alerts().transitions();
  const auto other_alerts = other.alerts().transitions();
  for (std::size_t i = 0; i < std::max(alerts.size(), other_alerts.size()); ++i) {
    if (i == alerts.size()) return "an alert more";
    const std::string name = one.alerts().rules()[one.alerts().alerts()[alerts[i].alert].rule].name;
    if (i == other_alerts.size()) return name + " is missing";
    const AlertTransition& a = alerts[i];
    const AlertTransition& b = other_alerts[i];
    if (a.alert != b.alert || a.from != b.from || a.to != b.to || !same_bits(a.value, b.value) || a.since != b.since ||
        a.at != b.at || a.overridden != b.overridden)
      return name + " changes otherwise";
  }
  return {};
}

/// A day of the simulated exchange, through its protocol and both sessions into an engine and into a ledger beside it, without
/// sockets or waiting.
class Day {
 public:
  explicit Day(EngineSetup setup = desk(), bool whole_market = false)
      : exchange_{{.seed = 5, .keys = {{"monitor", "correct horse", false}}},
                  std::make_unique<simulator::SyntheticContent>(world(whole_market))},
        content_{&dynamic_cast<simulator::SyntheticContent&>(exchange_.content())},
        setup_{setup},
        engine_{std::move(setup)},
        market_{std::make_unique<DeribitSession>(market_session(whole_market), symbols_, statistics_)},
        account_{std::make_unique<DeribitSession>(account_session(), symbols_, statistics_)} {
    perpetual_ = content_->market().instruments()[content_->market().perpetual_of(0)].name;
    open(market_);
    open(account_);
    // The account asks for its positions a little after the first listing.
    while (!market_.session->live() || !account_.session->live()) {
      REQUIRE(now_ < kOpening + 60s);
      move(1s);
    }
    end_cycle();
  }

  void step(std::chrono::nanoseconds by = kStep) {
    ++steps_;
    move(by);
    end_cycle();
  }

  void order(std::string_view name, bool buy, double amount) {
    const std::string text = std::string{R"({"instrument_name":")"} + std::string{name} + R"(","direction":")" +
                             (buy ? "buy" : "sell") + R"(","amount":)" + std::to_string(amount) + "}";
    simdjson::dom::parser parser;
    const simdjson::padded_string padded{text};
    simdjson::dom::object object;
    REQUIRE(!parser.parse(padded).get(object));
    REQUIRE(content_->drill("trade", simulator::Params{object}, now_)->ok());
    // Its market has to be known by the time it is held.
    market_.session->want(name);
  }
  /// Coins from outside, negative to outside.
  void transfer(double coins) {
    simdjson::dom::parser parser;
    const simdjson::padded_string padded{R"({"currency":"BTC","amount":)" + std::to_string(coins) + "}"};
    simdjson::dom::object object;
    REQUIRE(!parser.parse(padded).get(object));
    REQUIRE(content_->drill("transfer", simulator::Params{object}, now_)->ok());
    transferred_ += coins;
  }
  [[nodiscard]] double transferred() const { return transferred_; }
  [[nodiscard]] std::size_t transfers_told() const { return transfers_told_; }
  void watch(const std::string& name) { market_.session->want(name); }

  /// From now on a second engine runs beside the first, made of what the first one saved. Called again, of what the second saved,
  /// so that whatever one saving loses is not made good by the next.
  void restart() {
    state_.clear();
    (restarted_ ? *restarted_ : engine_).save(state_);
    auto restored = Engine::restored(setup_, state_);
    REQUIRE_MESSAGE(restored.ok(), restored.error());
    restarted_.emplace(std::move(restored).value());
    compare();
  }
  [[nodiscard]] std::size_t saved_bytes() const { return state_.size(); }
  [[nodiscard]] const std::vector<std::byte>& saved() const { return state_; }
  /// The first thing that the second engine showed otherwise, with the step; empty while it is the same to the bit.
  [[nodiscard]] const std::string& difference() const { return difference_; }
  [[nodiscard]] const Engine& engine() const { return engine_; }
  [[nodiscard]] std::size_t transitions() const { return transitions_; }

  void disconnect() {
    exchange_.closed(*account_.client);
    account_.client.reset();
    account_.session->on_closed("reset by peer", times(), batch_);
    pass_on();
    end_cycle();
  }
  void reconnect() { open(account_); }
  [[nodiscard]] bool live() const { return account_.session->live(); }

  /// The option of one right that expires at `expiry`, nearest the money.
  [[nodiscard]] std::string at_the_money(VenueTime expiry, OptionRight right) const {
    const simulator::MarketInstrument* best = nullptr;
    for (const simulator::MarketInstrument& one : content_->market().instruments())
      if (one.kind == ContractKind::Option && one.right == right && one.expiry == expiry &&
          (best == nullptr || std::abs(one.strike_usd - one.index_usd) < std::abs(best->strike_usd - best->index_usd)))
        best = &one;
    REQUIRE(best != nullptr);
    return best->name;
  }

  [[nodiscard]] const simulator::SyntheticContent& content() const { return *content_; }
  /// Pages so far: rule and labels.
  [[nodiscard]] const std::vector<std::string>& pages() const { return pages_; }
  [[nodiscard]] const AccountLedger& ledger() const { return ledger_; }
  [[nodiscard]] const std::string& perpetual() const { return perpetual_; }
  [[nodiscard]] double index() const { return content_->market().underlyings()[0].index_usd; }
  [[nodiscard]] std::size_t fills() const { return fills_; }
  [[nodiscard]] std::size_t several_at_once() const { return several_at_once_; }
  /// Fills that were told more than half a minute after they happened.
  [[nodiscard]] std::size_t told_late() const { return told_late_; }
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
  struct Line {
    std::unique_ptr<DeribitSession> session;
    std::optional<simulator::ClientId> client = {};
  };

  [[nodiscard]] SessionTime times() const { return {now_, from_nanoseconds<WallTime>(nanoseconds_of(content_->venue_time(now_)))}; }
  void open(Line& line) {
    line.client = exchange_.open(now_);
    line.session->on_open(times(), batch_, actions_);
    send(line);
  }
  /// Events to the engine, requests to the exchange.
  void send(Line& line) {
    pass_on();
    REQUIRE_FALSE(actions_.close);
    std::vector<std::string> texts;
    texts.swap(actions_.send);
    for (const std::string& text : texts) {
      out_.clear();
      exchange_.handle(*line.client, text, now_, out_);
      frames_.insert(frames_.end(), out_.begin(), out_.end());
    }
  }
  void move(std::chrono::nanoseconds by) {
    now_ += by;
    out_.clear();
    exchange_.poll(now_, 1'000, out_);
    frames_.insert(frames_.end(), out_.begin(), out_.end());
    deliver();
    for (Line* line : {&market_, &account_})
      for (int calls = 0; line->client && line->session->deadline().value_or(MonoTime::max()) <= now_ && calls < 10; ++calls) {
        line->session->on_deadline(times(), batch_, actions_);
        send(*line);
        deliver();
      }
  }
  void deliver() {
    while (!frames_.empty()) {
      const simulator::Outgoing frame = std::move(frames_.front());
      frames_.pop_front();
      CAPTURE(frame.reason);
      REQUIRE_FALSE(frame.close);
      for (Line* line : {&market_, &account_}) {
        if (line->client != frame.client) continue;
        line->session->on_frame(simdjson::padded_string{frame.text}, times(), batch_, actions_);
        send(*line);
      }
    }
  }
  void pass_on() {
    std::size_t fills = 0;
    for (const Event& event : batch_.events()) {
      engine_.apply(event);
      if (restarted_) restarted_->apply(event);
      keep(event);
      if (std::holds_alternative<Transfer>(event.body)) ++transfers_told_;
      if (!std::holds_alternative<Fill>(event.body)) continue;
      ++fills;
      if (content_->market().now() - event.header.exchange_time > 30s) ++told_late_;
    }
    fills_ += fills;
    if (fills > 1) ++several_at_once_;
    batch_.truncate(0);
  }
  /// The same events into a ledger of the test's own, which it can look into.
  void keep(const Event& event) {
    const EventHeader& header = event.header;
    if (const auto* listed = std::get_if<InstrumentListed>(&event.body)) {
      registry_.list(header.instrument, header.venue, listed->contract);
      return;
    }
    if (const auto* status = std::get_if<FeedStatus>(&event.body)) {
      if (header.connection == kAccountFeed && status->phase == FeedPhase::Down) ledger_.lose_connection();
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
      past_funding_.note(funding_);
    } else if (const auto* fill = std::get_if<Fill>(&event.body)) {
      const AccountLedger::Line* before = ledger_.find(slot);
      const double old = before == nullptr ? 0 : before->ledger.size().to_double();
      const bool perpetual = contract.kind == ContractKind::Perpetual;
      ledger_.fill(slot, contract, *fill, perpetual ? past_funding_.paid_per_unit(funding_, header.exchange_time) : 0);
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
  [[nodiscard]] std::int64_t session() const { return record_.session_of(content_->market().now()); }
  void end_cycle() {
    ledger_.review(now_, session(), [this](InstrumentSlot slot) { return registry_.phase(slot) == InstrumentPhase::Expired; });
    engine_.end_cycle(now_);
    if (restarted_) {
      restarted_->end_cycle(now_);
      compare();
    }
    const AlertBoard& board = engine_.alerts();
    transitions_ += board.transitions().size();
    for (const AlertTransition& transition : board.transitions()) {
      const AlertBoard::Alert& alert = board.alerts()[transition.alert];
      const AlertRule& rule = board.rules()[alert.rule];
      if (rule.severity == AlertSeverity::Page && transition.to == AlertState::Firing)
        pages_.push_back(rule.name + '{' + alert.labels + "} at step " + std::to_string(steps_));
    }
  }

  void compare() {
    if (!difference_.empty()) return;
    difference_ = first_difference(engine_, *restarted_);
    if (!difference_.empty()) difference_ += " at step " + std::to_string(steps_);
  }

  static constexpr MonoTime kOpening{1h};

  MonoTime now_ = kOpening;
  simulator::DeribitExchange exchange_;
  simulator::SyntheticContent* content_;
  EngineSetup setup_;
  Engine engine_;
  std::optional<Engine> restarted_;
  std::vector<std::byte> state_;
  std::string difference_;
  std::size_t transitions_ = 0;
  deribit::Symbols symbols_;
  FeedStatistics statistics_;
  Line market_;
  Line account_;
  EventBatch batch_;
  SessionActions actions_;
  std::vector<simulator::Outgoing> out_;
  std::deque<simulator::Outgoing> frames_;
  std::string perpetual_;
  std::size_t steps_ = 0;

  InstrumentRegistry registry_;
  AccountLedger ledger_;
  FundingAccrual funding_{Contract{.name = {}, .base = {}, .quote = {}, .settlement = {}, .style = PayoffStyle::Inverse},
                          FundingSchedule::Continuous};
  FundingHistory past_funding_;
  ProfitRecord record_;
  std::size_t fills_ = 0;
  std::size_t several_at_once_ = 0;
  std::size_t told_late_ = 0;
  std::size_t transfers_told_ = 0;
  double transferred_ = 0;
  std::size_t flips_ = 0;
  std::size_t deliveries_ = 0;
  std::vector<std::string> pages_;
};

/// Books and rest together hold what the venue says, no more and no less; while that is not known, they say nothing.
void check_books(const Day& day) {
  std::vector<std::string> names;
  for (const auto& [index, position] : day.content().account().positions())
    names.push_back(day.content().market().instruments()[index].name);
  for (const AccountLedger::Line& line : day.ledger().lines()) names.emplace_back(line.ledger.contract().name.view());
  for (const std::string& name : names) {
    CAPTURE(name);
    const auto position = day.content().account().positions().find(*day.content().market().find(name));
    double held = 0;
    bool known = true;
    for (const std::string_view book : {"options", "rest"})
      if (const FigureValue* value = day.figure(Figure::PositionSize, {book, "deribit", name}); value != nullptr) {
        known = known && value->state == FigureState::Ok;
        held += value->value;
      }
    CHECK(known == day.live());
    if (day.live())
      CHECK(held ==
            doctest::Approx(position == day.content().account().positions().end() ? 0 : position->second.size).epsilon(1e-12));
  }
}

/// Positions exactly, equity and realised profit to the cent.
void check_agreement(const Day& day, double equity_at_start) {
  const auto& market = day.content().market();
  double earned = 0;
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
    CHECK(std::abs(line.ledger.amounts().realized - held->second.realized_coins) <= kCent / day.index());
  }
  const double told = day.content().account().summary(market, 0).equity - equity_at_start - day.transferred();
  MESSAGE("equity earned: ours " << earned << ", venue " << told << " coins, apart by " << (earned - told) * day.index()
                                 << " dollars");
  CHECK(std::abs(earned - told) <= kCent / day.index());
  const FigureValue* difference = day.figure(Figure::ReconcileEquityDifferenceRatio, {"main", "deribit", "BTC"});
  REQUIRE(difference != nullptr);
  CAPTURE(label(difference->reason));
  CHECK(difference->state == FigureState::Ok);
  // The engine's own comparison: its marks have the digits that the venue prints.
  CHECK(std::abs(difference->value) < 0.000'1);
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
    double widest_delta = 0;
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
      // Coins come and go, also while nobody listens. Profit does not see them.
      if (i == 2'000) day.transfer(7.5);
      if (i == kLost + 30) day.transfer(-2);
      if (i == 6'000) day.transfer(-4.25);
      day.step();
      check_books(day);
      if (i >= kLost && i < kFound) continue;
      const FigureValue* mismatches = day.figure(Figure::ReconcilePositionMismatches, {"main", "deribit"});
      REQUIRE(mismatches != nullptr);
      if (mismatches->state != FigureState::Ok || mismatches->value != 0) ++mismatched_cycles;
      const FigureValue* delta = day.figure(Figure::ReconcileDeltaDifferenceCoins, {"main", "deribit", "BTC"});
      // In the half hour before an expiry the exchange fades out what settles, which the simulated one does not.
      const bool settling = i + 1 >= std::size_t{(11h + 30min) / kStep} && i <= std::size_t{12h / kStep};
      if (!settling && delta != nullptr && delta->state == FigureState::Ok)
        widest_delta = std::max(widest_delta, std::abs(delta->value));
    }
    CHECK(mismatched_cycles == 0);

    // Priced from the marks that the venue's own totals are made of, our delta is the venue's.
    MESSAGE("delta apart by at most " << widest_delta << " coins");
    CHECK(widest_delta < 0.01);

    // It was such a day.
    MESSAGE(day.fills() << " fills, " << day.several_at_once() << " orders in parts, " << day.flips() << " flips, "
                        << day.told_late() << " told late, " << day.deliveries() << " deliveries");
    CHECK(day.fills() > 100);
    CHECK(day.several_at_once() > 3);
    CHECK(day.flips() > 3);
    CHECK(day.told_late() > 5);
    CHECK(day.deliveries() >= 2);
    // What was missed was found trade by trade: nothing had to be taken over from a statement.
    CHECK(day.ledger().adopted() == 0);
    CHECK(day.transfers_told() == 3);

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

  TEST_CASE("an engine that was saved and loaded at 25 random moments of a day shows what the other one shows, to the bit") {
    Day day{whole_desk(), true};
    constexpr VenueTime kMorning = kEvening + 12h;
    const std::vector<std::string> sold{day.at_the_money(kMorning, OptionRight::Call), day.at_the_money(kMorning, OptionRight::Put),
                                        day.at_the_money(kMorning + 24h, OptionRight::Call),
                                        day.at_the_money(kMorning + 48h, OptionRight::Put)};
    constexpr std::size_t kSteps = 24h / kStep;
    constexpr std::size_t kRestarts = 25;
    constexpr std::size_t kLost = 3'000;
    constexpr std::size_t kFound = 3'060;
    std::mt19937_64 random{8};
    // The first before anything is held, some with the account's connection down.
    std::set<std::size_t> restarts{2, kLost + 15};
    while (restarts.size() < kRestarts) restarts.insert(random() % kSteps);
    for (std::size_t i = 0; i < kSteps && day.difference().empty(); ++i) {
      for (std::size_t which = 0; which < sold.size(); ++which)
        if (i == 50 + 3 * which) day.order(sold[which], false, 5);
      if (i % 500 == 100) day.order(day.perpetual(), true, 150'000);
      if (i % 500 == 200) day.order(day.perpetual(), false, 150'000);
      if (i == kLost) day.disconnect();
      if (i == kLost + 10) day.order(sold[2], false, 3);
      if (i == kFound) day.reconnect();
      if (i == 2'000) day.transfer(7.5);
      day.step();
      if (restarts.contains(i)) day.restart();
    }
    CHECK(day.difference() == "");
    MESSAGE(day.engine().figures().size() << " figures, " << day.transitions() << " changes of alerts, " << day.fills()
                                          << " fills, " << day.saved_bytes() << " bytes saved");
    CHECK(day.transitions() > 10);
    CHECK(day.fills() > 100);
    CHECK(day.deliveries() >= 2);
    const FigureValue* pairs = day.figure(Figure::HedgePairs, {"straddles", "rolling", "4h", "price"});
    REQUIRE(pairs != nullptr);
    CHECK(pairs->state == FigureState::Ok);
    CHECK(pairs->value > 200);
    for (const auto figure : {Figure::ValueAtRiskReturns, Figure::DepthRankRatio, Figure::SurfaceFittedMarks}) {
      const auto layout = day.engine().figures().layout();
      bool any = false;
      for (std::size_t place = 0; place < layout->rows.size(); ++place)
        any = any || (layout->rows[place].figure == figure && day.engine().figures().at_position(place).state == FigureState::Ok);
      const std::string name{definition_of(figure).name};
      CAPTURE(name);
      CHECK(any);
    }
  }

  TEST_CASE("the same in short cycles, while smiles are being fitted and books repriced piece by piece") {
    Day day{whole_desk(), true};
    for (int i = 0; i < 60; ++i) {
      if (i == 10) day.order(day.at_the_money(kEvening + 36h, OptionRight::Call), false, 5);
      if (i == 12) day.order(day.at_the_money(kEvening + 60h, OptionRight::Put), false, 5);
      if (i == 14) day.order(day.perpetual(), true, 150'000);
      day.step();
    }
    std::mt19937_64 random{9};
    for (int i = 0; i < 8'000 && day.difference().empty(); ++i) {
      day.step(2ms);
      if (random() % 4 == 0) day.restart();
    }
    CHECK(day.difference() == "");
  }

  TEST_CASE("a saved state that is cut anywhere, or was made under another configuration, is refused in words") {
    Day day{whole_desk(), true};
    for (int i = 0; i < 20; ++i) day.step();
    day.restart();
    const std::span<const std::byte> state{day.saved()};
    for (std::size_t size = 0; size < state.size(); size += state.size() / 97) {
      CAPTURE(size);
      CHECK_FALSE(Engine::restored(whole_desk(), state.first(size)).ok());
    }
    EngineSetup other = whole_desk();
    other.hedges.clear();
    CHECK_FALSE(Engine::restored(other, state).ok());
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
