#include "core/alert/starter_rules.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/engine/engine_driver.hpp"

namespace hedgewatch {
namespace {

using namespace std::chrono_literals;
using testing::EngineDriver;
using testing::kMain;
using testing::kPrivate;
using testing::kPublic;

constexpr double kIndex = 60'000;
constexpr const char* kPerpetual = "BTC-PERPETUAL";
constexpr const char* kCall = "BTC-X-60000-C";

HedgeSetup hedge() {
  HedgeSetup hedge;
  hedge.name = "calls";
  hedge.book = "all";
  hedge.underlying = "BTC";
  hedge.legs = {testing::deribit(kPerpetual)};
  hedge.soft_delta_limit_coins = 2;
  hedge.hard_delta_limit_coins = 5;
  return hedge;
}

EngineSetup setup() {
  EngineSetup setup = EngineDriver::setup();
  setup.accounts = {"main"};
  setup.account_connections = {false, true};
  BookSetup book;
  book.name = "all";
  book.rules = {BookRule{.accounts = {kMain}, .underlyings = {}, .instruments = {}}};
  setup.books = {book};
  setup.hedges = {hedge()};
  setup.order_books = {testing::deribit(kPerpetual)};
  setup.alerts = starter_rules(setup.hedges);
  return setup;
}

struct Names : std::vector<std::string> {
  using vector::vector;
  friend std::ostream& operator<<(std::ostream& out, const Names& names) {
    for (const std::string& name : names) out << name << "; ";
    return out;
  }
};

/// A hedged account under the rules that a desk starts with, told everything once a second of the engine's time; what is written
/// down is what the pager would get.
class Desk {
 public:
  explicit Desk(std::vector<RaisedAlert> raised = {}) : driver_{setup()} {
    driver_.engine().resume_alerts(std::move(raised));
    driver_.list_option(kCall, OptionRight::Call, kIndex, 40);
    driver_.list_perpetual(kPerpetual);
  }

  void run(std::chrono::seconds duration) {
    for (std::chrono::seconds passed = 0s; passed < duration; ++passed) {
      driver_.advance(1s);
      if (market_live) tell_market();
      if (account_live) tell_account();
      end_cycle();
    }
  }
  void cut() {
    market_live = account_live = false;
    driver_.status(kPublic, FeedPhase::Down);
    driver_.status(kPrivate, FeedPhase::Down);
  }
  void back() {
    market_live = account_live = true;
    driver_.status(kPublic, FeedPhase::Live);
    driver_.status(kPrivate, FeedPhase::Live);
  }
  /// By the venue's own index, by what the coin's two indices imply, or both.
  void stablecoin(std::optional<double> own, std::optional<double> implied) {
    own_usdc = own;
    implied_usdc = implied;
  }
  void forced(ForcedEventKind kind) { driver_.apply(ForcedEvent{kind, true}, kNoInstrument, kMain, kPrivate); }
  void acknowledge(std::string_view rule, Figure figure, std::string_view labels) {
    const AlertIdentity alert = identity_of(rule, figure, labels);
    driver_.apply(AlertAcknowledged{.rule = alert.rule, .row = alert.row});
  }
  /// No cycle sees the time between.
  void jump(std::chrono::nanoseconds duration) { driver_.advance(duration); }

  EngineDriver& driver() { return driver_; }
  bool market_live = true;
  bool account_live = true;
  bool with_vol = true;
  bool with_depth = true;
  double margin = 0.2;
  double usdc = 0;  ///< cash in a stablecoin
  std::optional<double> own_usdc;
  std::optional<double> implied_usdc;
  double perpetual_usd = -300'000;  ///< ten calls of about half a coin each are hedged with this much

  Names pages;     ///< "Rule{labels}", each time one begins to be told
  Names resolved;  ///< the same of ends
  Names warnings;

 private:
  void tell_market() {
    driver_.index(kIndex);
    if (own_usdc) driver_.index(*own_usdc, "USDC", "USD");
    if (implied_usdc) driver_.index(kIndex / *implied_usdc, "BTC", "USDC");
    driver_.mark(kPerpetual, {.price = kIndex, .index = kIndex});
    driver_.mark(kCall, {.price = 0.06, .vol = with_vol ? 0.5 : kAbsent, .forward = kIndex, .index = kIndex});
    if (!with_depth) return;
    const InstrumentId perpetual = driver_.id(kPerpetual);
    driver_.apply(BookBegin{.snapshot = true}, perpetual);
    driver_.apply(BookLevel{.price = price(kIndex - 5), .size = testing::size_of(5'000'000), .side = Side::Buy}, perpetual);
    driver_.apply(BookLevel{.price = price(kIndex + 5), .size = testing::size_of(5'000'000), .side = Side::Sell}, perpetual);
    driver_.apply(BookEnd{}, perpetual);
  }
  void tell_account() {
    if (const double traded = perpetual_usd - told_perpetual_usd_; traded != 0 && told_perpetual_usd_ != 0) {
      Fill fill;
      fill.price = price(kIndex);
      fill.size = testing::size_of(std::abs(traded));
      fill.fee = 0;
      fill.side = traded > 0 ? Side::Buy : Side::Sell;
      driver_.apply(fill, driver_.id(kPerpetual), kMain, kPrivate);
    }
    told_perpetual_usd_ = perpetual_usd;
    driver_.begin_snapshot();
    driver_.position(kCall, 10);
    driver_.position(kPerpetual, perpetual_usd);
    driver_.end_snapshot();
    for (const char* asset : {"BTC", "ETH"})
      driver_.summary({.asset = AssetCode::from(asset).value(),
                       .equity = 10,
                       .balance = 10,
                       .margin_balance = 10,
                       .initial_margin = 10 * margin,
                       .maintenance_margin = 10 * margin});
    if (usdc != 0 || own_usdc || implied_usdc)
      driver_.summary({.asset = AssetCode::from("USDC").value(),
                       .equity = usdc,
                       .balance = usdc,
                       .margin_balance = usdc,
                       .initial_margin = 0,
                       .maintenance_margin = 0});
  }
  void end_cycle() {
    driver_.cycle();
    const AlertBoard& board = driver_.engine().alerts();
    for (const AlertTransition& transition : board.transitions()) {
      if (is_raised(transition.from) == is_raised(transition.to)) continue;
      const AlertBoard::Alert& alert = board.alerts()[transition.alert];
      const AlertRule& rule = board.rules()[alert.rule];
      const std::string name = rule.name + '{' + alert.labels + '}';
      if (rule.severity != AlertSeverity::Page)
        warnings.push_back(name);
      else
        (is_raised(transition.to) ? pages : resolved).push_back(name);
    }
  }
  static Price price(double value) { return Price::from_raw(static_cast<std::int64_t>(value * 1e9)); }

  EngineDriver driver_;
  double told_perpetual_usd_ = 0;
};

const std::string kFeedDown = R"(FeedDown{venue="deribit"})";

TEST_SUITE("core/alert/starter_rules") {
  TEST_CASE("every starter rule names labels that its figure has, can clear, and is silenced by nothing when a limit is broken") {
    const std::vector<AlertRule> rules = starter_rules(std::vector{hedge()});
    CHECK(rules.size() > 10);
    for (std::size_t place = 0; place < rules.size(); ++place) {
      const AlertRule& rule = rules[place];
      CAPTURE(rule.name);
      CHECK(!rule.summary.empty());
      const FigureDefinition& figure = definition_of(rule.figure);
      for (const LabelMatch& match : rule.labels) {
        CAPTURE(match.label);
        CHECK(std::find(figure.labels.begin(), figure.labels.end(), match.label) != figure.labels.end());
      }
      if (rule.condition == AlertCondition::Outside) CHECK(rule.lower + rule.clear_margin < rule.upper - rule.clear_margin);
      if (rule.condition != AlertCondition::Unknown) {
        CHECK(!rule.suppressed_by_feed);
        CHECK(rule.suppressed_by.empty());
      }
      for (const std::string& root : rule.suppressed_by) {
        CAPTURE(root);
        CHECK(std::any_of(rules.begin(), rules.begin() + static_cast<std::ptrdiff_t>(place) + 1,
                          [&](const AlertRule& earlier) { return earlier.name == root; }));
      }
    }
  }

  TEST_CASE("every page on a figure that can be unknown has a twin that pages when it is") {
    const std::vector<AlertRule> rules = starter_rules(std::vector{hedge()});
    for (const AlertRule& rule : rules) {
      // Whether a feed is down is always known; the distance in deviations has the twin of the distance itself.
      if (rule.severity != AlertSeverity::Page || rule.figure == Figure::FeedsDown ||
          rule.figure == Figure::LiquidationDistanceSigmas)
        continue;
      CAPTURE(rule.name);
      CHECK(std::any_of(rules.begin(), rules.end(), [&](const AlertRule& twin) {
        return twin.figure == rule.figure && twin.condition == AlertCondition::Unknown && twin.severity == AlertSeverity::Page &&
               (twin.while_held || twin.while_asset_held) && twin.hold == 30s;
      }));
    }
  }

  TEST_CASE("a hedged account whose data comes pages nobody") {
    Desk desk;
    desk.run(10min);
    CHECK(desk.pages == Names{});
  }

  TEST_CASE("a cut of the venue pages once, whatever the connections and figures that it takes, and resolves once") {
    Desk desk;
    desk.run(60s);
    desk.cut();
    desk.run(29s);
    CHECK(desk.pages == Names{});
    desk.run(5min);
    CHECK(desk.pages == Names{kFeedDown});
    desk.back();
    desk.run(5min);
    CHECK(desk.pages == Names{kFeedDown});
    CHECK(desk.resolved == Names{kFeedDown});
  }

  TEST_CASE("one connection that is lost after the other adds no page") {
    Desk desk;
    desk.run(60s);
    desk.driver().status(kPrivate, FeedPhase::Down);
    desk.account_live = false;
    desk.run(2min);
    CAPTURE(desk.driver().state(Figure::SessionLossRatio, {"all"}));
    CHECK(desk.pages == Names{kFeedDown});
    desk.cut();
    desk.run(2min);
    desk.driver().status(kPrivate, FeedPhase::Live);
    desk.account_live = true;
    desk.run(2min);
    CHECK(desk.resolved == Names{});
    desk.back();
    desk.run(2min);
    CHECK(desk.pages == Names{kFeedDown});
    CHECK(desk.resolved == Names{kFeedDown});
  }

  TEST_CASE("a start while the venue cannot be reached pages, because nobody knows what the account holds") {
    Desk desk;
    desk.cut();
    desk.run(2min);
    CHECK(desk.pages == Names{kFeedDown});
    desk.back();
    desk.run(2min);
    CHECK(desk.pages == Names{kFeedDown});
    CHECK(desk.resolved == Names{kFeedDown});
  }

  TEST_CASE("a cut silences neither margin nor forced events") {
    Desk desk;
    desk.run(60s);
    desk.driver().status(kPublic, FeedPhase::Down);
    desk.market_live = false;
    desk.run(60s);
    CHECK(desk.pages == Names{kFeedDown});
    desk.margin = 0.75;
    desk.forced(ForcedEventKind::Liquidation);
    desk.run(60s);
    CHECK(desk.pages == Names{kFeedDown, R"(ForcedEvent{account="main",venue="deribit",kind="liquidation"})",
                              R"(MaintenanceMarginHigh{account="main",venue="deribit",asset="BTC",source="venue"})",
                              R"(MaintenanceMarginHigh{account="main",venue="deribit",asset="ETH",source="venue"})"});
    // What fires goes on while nothing can be read.
    desk.cut();
    desk.run(2min);
    CHECK(desk.resolved == Names{});
    CHECK(desk.pages.size() == 4);
  }

  TEST_CASE("auto-deleveraging pages once, however often it is told, and market-maker protection only warns") {
    Desk desk;
    desk.run(60s);
    for (int times = 0; times < 3; ++times) {
      desk.forced(ForcedEventKind::AutoDeleveraging);
      desk.run(20s);
    }
    desk.forced(ForcedEventKind::MarketMakerProtection);
    desk.run(2min);
    CHECK(desk.pages == Names{R"(ForcedEvent{account="main",venue="deribit",kind="auto_deleveraging"})"});
    CHECK(desk.warnings == Names{R"(MarketMakerProtection{account="main",venue="deribit",kind="market_maker_protection"})"});
  }

  TEST_CASE("a forced event stands until it is acknowledged, and the next one pages again") {
    Desk desk;
    desk.run(60s);
    const std::string adl = R"(ForcedEvent{account="main",venue="deribit",kind="auto_deleveraging"})";
    desk.forced(ForcedEventKind::AutoDeleveraging);
    desk.run(2h);
    CHECK(desk.pages == Names{adl});
    CHECK(desk.resolved == Names{});
    desk.acknowledge("ForcedEvent", Figure::ForcedEventActive, R"(account="main",venue="deribit",kind="auto_deleveraging")");
    desk.run(10s);
    CHECK(desk.resolved == Names{adl});
    CHECK(desk.driver().value(Figure::ForcedEventActive, {"main", "deribit", "auto_deleveraging"}) == 0);
    desk.forced(ForcedEventKind::AutoDeleveraging);
    desk.run(10s);
    CHECK(desk.pages == Names{adl, adl});
  }

  TEST_CASE("an account lock that is acknowledged pages again while it lasts, and not after it is lifted") {
    Desk desk;
    desk.run(60s);
    const std::string lock = R"(ForcedEvent{account="main",venue="deribit",kind="account_lock"})";
    desk.forced(ForcedEventKind::AccountLock);
    desk.run(60s);
    desk.acknowledge("ForcedEvent", Figure::ForcedEventActive, R"(account="main",venue="deribit",kind="account_lock")");
    desk.run(29min);
    CHECK(desk.pages == Names{lock});
    desk.run(2min);
    CHECK(desk.pages == Names{lock, lock});
    desk.acknowledge("ForcedEvent", Figure::ForcedEventActive, R"(account="main",venue="deribit",kind="account_lock")");
    desk.run(10s);
    desk.driver().apply(ForcedEvent{ForcedEventKind::AccountLock, false}, kNoInstrument, kMain, kPrivate);
    desk.run(1h);
    CHECK(desk.pages == Names{lock, lock});
    // A lock that nobody acknowledged stands after it is lifted.
    desk.forced(ForcedEventKind::AccountLock);
    desk.run(10s);
    desk.driver().apply(ForcedEvent{ForcedEventKind::AccountLock, false}, kNoInstrument, kMain, kPrivate);
    desk.run(1h);
    CHECK(desk.resolved.size() == 2);
  }

  TEST_CASE("a forced event that nobody acknowledged stands on after a restart") {
    const std::string labels = R"(account="main",venue="deribit",kind="liquidation")";
    Desk desk{{RaisedAlert{.rule = "ForcedEvent", .labels = labels, .since = testing::kStart}}};
    desk.run(1h);
    CHECK(desk.driver().value(Figure::ForcedEventActive, {"main", "deribit", "liquidation"}) == 1);
    CHECK(desk.pages == Names{});
    CHECK(desk.resolved == Names{});
    desk.acknowledge("ForcedEvent", Figure::ForcedEventActive, labels);
    desk.run(10s);
    CHECK(desk.resolved == Names{"ForcedEvent{" + labels + '}'});
  }

  TEST_CASE("an account lock that was acknowledged before a restart does not page again, before its half hour is over") {
    const std::string labels = R"(account="main",venue="deribit",kind="account_lock")";
    Desk desk{{RaisedAlert{.rule = "ForcedEvent",
                           .labels = labels,
                           .since = testing::kStart,
                           .acknowledgement = Acknowledgement{.until = testing::kStart + 20min, .value = 1}}}};
    desk.run(60s);
    desk.forced(ForcedEventKind::AccountLock);  // the venue says so again
    desk.run(18min);
    CHECK(desk.pages == Names{});
    desk.run(2min);
    CHECK(desk.pages == Names{"ForcedEvent{" + labels + '}'});
  }

  TEST_CASE("a stablecoin at 0.97 pages once, when two sources say so for two minutes, and resolves once") {
    Desk desk;
    desk.usdc = 250'000;
    desk.stablecoin(1.0, 1.0);
    desk.run(60s);
    CHECK(desk.pages == Names{});
    desk.stablecoin(0.97, 1.0);
    desk.run(10min);
    CHECK(desk.pages == Names{});
    desk.stablecoin(0.97, 0.971);
    desk.run(119s);
    CHECK(desk.pages == Names{});
    desk.run(10min);
    const std::string depegged = R"(StablecoinDepegged{asset="USDC"})";
    CHECK(desk.pages == Names{depegged});
    // It trembles about the limit.
    for (int times = 0; times < 30; ++times) {
      const double price = times % 2 == 0 ? 0.9855 : 0.984;
      desk.stablecoin(price, price);
      desk.run(20s);
    }
    CHECK(desk.pages == Names{depegged});
    CHECK(desk.resolved == Names{});
    desk.stablecoin(0.999, 0.999);
    desk.run(5min);
    CHECK(desk.pages == Names{depegged});
    CHECK(desk.resolved == Names{depegged});
  }

  TEST_CASE("a stablecoin that nobody holds pages nobody, and one that is held and has no price pages") {
    Desk desk;
    desk.stablecoin(0.9, 0.9);
    desk.run(10min);
    CHECK(desk.pages == Names{});
    Desk other;
    other.usdc = 1'000;
    other.run(29s);
    CHECK(other.pages == Names{});
    other.run(5min);
    CHECK(other.pages == Names{R"(StablecoinPriceUnknown{asset="USDC"})"});
    other.stablecoin(1.0, std::nullopt);
    other.run(60s);
    CHECK(other.resolved == Names{R"(StablecoinPriceUnknown{asset="USDC"})"});
  }

  TEST_CASE("an acknowledged net delta pages again when it is a quarter worse, and not before") {
    Desk desk;
    desk.run(60s);
    desk.perpetual_usd = 60'000;  // about six coins net
    desk.run(2min);
    const std::string hard = R"(NetDeltaAboveHardLimit{hedge="calls"})";
    CHECK(desk.pages == Names{hard});
    desk.acknowledge("NetDeltaAboveHardLimit", Figure::HedgeNetDeltaCoins, R"(hedge="calls")");
    desk.run(1s);
    desk.perpetual_usd = 120'000;  // seven
    desk.run(5min);
    CHECK(desk.pages == Names{hard});
    desk.perpetual_usd = 180'000;  // eight
    desk.run(10s);
    CHECK(desk.pages == Names{hard, hard});
  }

  TEST_CASE("one vol that is missing pages once, for the hedge, and not for every view of its book") {
    Desk desk;
    desk.run(60s);
    desk.with_vol = false;
    desk.run(5min);
    CHECK(desk.pages == Names{R"(NetDeltaUnknown{hedge="calls"})"});
    desk.with_vol = true;
    desk.run(60s);
    CHECK(desk.resolved == Names{R"(NetDeltaUnknown{hedge="calls"})"});
  }

  TEST_CASE("an account that is connected and says nothing pages its exposure and its margin, once each") {
    Desk desk;
    desk.run(60s);
    desk.account_live = false;
    desk.run(10min);
    CHECK(desk.pages == Names{R"(NetDeltaUnknown{hedge="calls"})",
                              R"(MaintenanceMarginUnknown{account="main",venue="deribit",asset="BTC",source="venue"})"});
  }

  TEST_CASE("a hedge whose books cannot be read pages only while it would have to be traded") {
    Desk desk;
    desk.run(60s);
    desk.with_depth = false;
    desk.run(3min);
    CHECK(desk.pages == Names{});
    desk.perpetual_usd = -100'000;  // net delta between the soft and the hard limit
    desk.run(3min);
    CHECK(desk.pages == Names{R"(HedgeCannotBeMovedUnknown{hedge="calls",venue="all",demand="now"})"});
  }

  TEST_CASE("a net delta that flaps about its limit is one page, and a feed that flaps within the hold none") {
    Desk desk;
    desk.run(60s);
    desk.perpetual_usd = 30'000;
    desk.run(90s);
    for (int times = 0; times < 20; ++times) {
      desk.perpetual_usd = times % 2 == 0 ? -20'000 : 30'000;  // about 5.05 and 4.9 coins: inside by less than the margin
      desk.run(7s);
    }
    CHECK(desk.pages == Names{R"(NetDeltaAboveHardLimit{hedge="calls"})"});
    CHECK(desk.resolved == Names{});

    Desk other;
    other.run(60s);
    for (int times = 0; times < 20; ++times) {
      other.cut();
      other.run(20s);
      other.back();
      other.run(5s);
    }
    CHECK(other.pages == Names{});
    for (int times = 0; times < 20; ++times) {
      other.cut();
      other.run(60s);
      other.back();
      other.run(5s);  // shorter than what must be clear
    }
    CHECK(other.pages == Names{kFeedDown});
  }

  TEST_CASE("a restart while the venue is cut neither resolves the page nor pages again") {
    Desk desk{{RaisedAlert{.rule = "FeedDown", .labels = R"(venue="deribit")", .since = testing::kStart}}};
    desk.cut();
    desk.run(10min);
    CHECK(desk.pages == Names{});
    CHECK(desk.resolved == Names{});
    desk.back();
    desk.run(60s);
    CHECK(desk.pages == Names{});
    CHECK(desk.resolved == Names{kFeedDown});
  }

  TEST_CASE("a clock that leaps an hour, or steps back, pages nobody when the data comes on") {
    Desk desk;
    desk.run(60s);
    desk.jump(1h);
    desk.run(2min);
    CHECK(desk.pages == Names{});
    desk.jump(-10min);
    desk.run(20min);
    CHECK(desk.pages == Names{});
    // A breach that was pending before the leap was not seen to last.
    desk.perpetual_usd = 60'000;
    desk.run(5s);
    desk.jump(1h);
    desk.perpetual_usd = -300'000;
    desk.run(60s);
    CHECK(desk.pages == Names{});
  }
}

}  // namespace
}  // namespace hedgewatch
