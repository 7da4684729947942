#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/engine/engine_driver.hpp"
#include "core/risk/profit_record.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kCall = "BTC-ONE-100000-C";
constexpr std::string_view kPut = "BTC-ONE-90000-P";
constexpr std::string_view kPerpetual = "BTC-PERPETUAL";
constexpr std::string_view kLinear = "BTC_USDC-PERPETUAL";

/// Every input that the desk of this test has. A row of the table spoils one.
struct Inputs {
  bool list_put = true;
  Mark call{.price = 0.063, .vol = 0.5, .forward = 100'000, .rate = 0};
  Mark put{.price = 0.02, .vol = 0.55, .forward = 100'000, .rate = 0};
  Mark perpetual{.price = 100'000};
  Mark linear{.price = 100'100};
  bool send_call = true;
  bool send_perpetual = true;
  double usd_index = 99'000;
  double usdc_index = 99'010;
  double perpetual_entry = 95'000;
  bool send_equity = true;
  double margin_balance = 4;
  double maintenance_margin = 0.5;
  bool rank = true;
  bool snapshot = true;
  bool orders = true;
  FeedPhase market_phase = FeedPhase::Live;
  FeedPhase account_phase = FeedPhase::Live;
  InstrumentPhase call_phase = InstrumentPhase::Open;
};

/// The call and the put are lines, the perpetuals are an account's; all in one book, hedged by the inverse perpetual.
/// `repriced`: with a grid, a tail and the age of the put, and as many returns remembered as a tail needs.
EngineSetup desk_setup(bool repriced) {
  EngineSetup setup = EngineDriver::setup();
  setup.accounts = {"main"};
  ExplicitPosition put = line(kPut, -5, 0.03);
  if (repriced) {
    put.as_of = kVenueStart;
    setup.scenario = ScenarioSetup{};
    setup.scenario->shape = {.spot_shocks = {-0.2, 0, 0.2}, .vol_shocks = {{.name = "same"}}, .extended = {}};
    setup.scenario->value_at_risk = {.bar = 60s, .window = 40, .horizon = 60s, .confidences = {0.9}};
  }
  BookSetup book = book_of("main", {line(kCall, 10, 0.05), put});
  book.rules = {BookRule{}};
  book.equity = {{.account = kMain, .share = 1}};
  HedgeSetup hedge;
  hedge.name = "hedge";
  hedge.book = "main";
  hedge.underlying = "BTC";
  hedge.legs = {deribit("BTC-PERPETUAL")};
  hedge.soft_delta_limit_coins = 0.5;
  hedge.hard_delta_limit_coins = 2;
  hedge.vega_limit_usd_per_vol_point = 1'000;
  setup.books = {book};
  setup.hedges = {hedge};
  return setup;
}

EngineDriver desk(const Inputs& inputs, bool repriced = false) {
  EngineDriver driver{desk_setup(repriced), false};
  driver.list_option(kCall, OptionRight::Call, 100'000, 36.5);
  if (inputs.list_put) driver.list_option(kPut, OptionRight::Put, 90'000, 36.5);
  driver.list_perpetual(kPerpetual);
  driver.list_linear(kLinear);
  driver.status(kPublic, FeedPhase::Live);
  driver.status(kPrivate, FeedPhase::Live);
  driver.apply(PlatformState{}, kNoInstrument, kNoAccount, kPrivate);
  for (int minute = 0; repriced && minute < 25; ++minute) {
    driver.index(inputs.usd_index * (minute % 2 == 0 ? 1 : 1.001));
    driver.cycle();
    driver.advance(60s);
  }
  driver.apply(Quote{}, driver.id(kCall), kNoAccount, kPrivate);
  if (inputs.send_call) driver.mark(kCall, inputs.call);
  if (inputs.list_put) driver.mark(kPut, inputs.put);
  if (inputs.send_perpetual) driver.mark(kPerpetual, inputs.perpetual);
  driver.mark(kLinear, inputs.linear);
  driver.index(inputs.usd_index);
  driver.index(inputs.usdc_index, "BTC", "USDC");
  driver.begin_snapshot();
  driver.position(kPerpetual, -300'000, inputs.perpetual_entry);
  driver.position(kLinear, 1, 99'000);
  if (inputs.snapshot) driver.end_snapshot();
  if (inputs.rank) driver.apply(DeleveragingRank{0.5}, driver.id(kPerpetual), kMain, kPrivate);
  driver.apply(WorkingOrdersBegin{}, kNoInstrument, kMain, kPrivate);
  driver.apply(WorkingOrder{.order = 1, .remaining = size_of(10'000), .side = Side::Buy}, driver.id(kPerpetual), kMain, kPrivate);
  if (inputs.orders) driver.apply(WorkingOrdersEnd{}, kNoInstrument, kMain, kPrivate);
  if (inputs.send_equity)
    driver.summary({.asset = AssetCode::from("BTC").value(),
                    .equity = 4,
                    .balance = 4,
                    .margin_balance = inputs.margin_balance,
                    .initial_margin = 1,
                    .maintenance_margin = inputs.maintenance_margin});
  if (inputs.market_phase != FeedPhase::Live) driver.status(kPublic, inputs.market_phase);
  if (inputs.account_phase != FeedPhase::Live) driver.status(kPrivate, inputs.account_phase);
  if (inputs.call_phase != InstrumentPhase::Open) driver.apply(InstrumentStateChanged{inputs.call_phase}, driver.id(kCall));
  driver.cycle();
  for (int i = 0; repriced && i < 20; ++i) {
    driver.advance(100ms);
    driver.cycle();
  }
  return driver;
}

/// "name scope" of every row that is not ok, with its state: what a table row is compared with.
std::vector<std::pair<std::string, std::string>> not_ok(EngineDriver& driver) {
  FigureSnapshot snapshot;
  driver.engine().figures().copy_to(snapshot);
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::size_t i = 0; i < snapshot.values.size(); ++i) {
    const FigureLayout::Row& row = snapshot.layout->rows[i];
    const FigureValue& value = snapshot.values[i];
    if (value.state == FigureState::Ok) continue;
    // Nothing has moved yet, so there is nothing to measure the unexplained part against.
    if (row.figure == Figure::PnlUnexplainedRatio && value.reason == FigureReason::Inconclusive) continue;
    // Four coins against three short: no price liquidates the account.
    if (row.figure == Figure::LiquidationPriceUsd && value.reason == FigureReason::Empty) continue;
    rows.emplace_back(std::string{definition_of(row.figure).name}.substr(sizeof "hedgewatch_" - 1) + " " + row.scope,
                      std::string{label(value.state)} + "/" + std::string{label(value.reason)});
  }
  return rows;
}

const std::vector<std::string> kCallGreeks = {"delta deribit/BTC-ONE-100000-C",
                                              "gamma_per_usd deribit/BTC-ONE-100000-C",
                                              "vega_usd_per_vol_point deribit/BTC-ONE-100000-C",
                                              "theta_usd_per_day deribit/BTC-ONE-100000-C",
                                              "rho_usd_per_percent deribit/BTC-ONE-100000-C",
                                              "vanna deribit/BTC-ONE-100000-C",
                                              "volga deribit/BTC-ONE-100000-C",
                                              "charm deribit/BTC-ONE-100000-C",
                                              "position_delta_coins main/deribit/BTC-ONE-100000-C"};
const std::vector<std::string> kBookDeltas = {
    "book_delta_coins main/BTC/black_scholes",        "book_delta_coins main/BTC/net_transaction",
    "book_delta_coins main/BTC/with_equity",          "book_gamma_coins_per_percent main/BTC",
    "working_bid_delta_coins main/BTC/black_scholes", "working_bid_delta_coins main/BTC/net_transaction",
    "working_ask_delta_coins main/BTC/black_scholes", "working_ask_delta_coins main/BTC/net_transaction"};
const std::vector<std::string> kWorkingOrders{kBookDeltas.end() - 4, kBookDeltas.end()};
const std::vector<std::string> kBookBounds = {"book_delta_low_coins main/BTC", "book_delta_high_coins main/BTC"};
const std::vector<std::string> kBookCoverage = {"book_coverage_ratio main/BTC"};
const std::vector<std::string> kBookFallback = {"book_fallback_positions main/BTC"};
const std::vector<std::string> kBookDollarDeltas = {
    "book_delta_usd main/BTC/black_scholes", "book_delta_usd main/BTC/net_transaction", "book_delta_usd main/BTC/with_equity"};
const std::vector<std::string> kBookGreeks = {"book_gamma_usd_per_percent main/BTC",
                                              "book_vega_usd_per_vol_point main/BTC",
                                              "book_theta_usd_per_day main/BTC",
                                              "book_rho_usd_per_percent main/BTC",
                                              "book_vanna main/BTC",
                                              "book_volga main/BTC",
                                              "book_charm main/BTC"};
const std::vector<std::string> kBookValue = {"book_value_usd main/BTC"};
const std::vector<std::string> kHedgeItem = {"hedge_item_delta_coins hedge"};
const std::vector<std::string> kHedgeLegs = {"hedge_legs_delta_coins hedge"};
const std::vector<std::string> kHedgeNet = {"hedge_net_delta_coins hedge",
                                            "hedge_net_delta_usd hedge",
                                            "hedge_ratio hedge",
                                            "hedge_over_ratio hedge",
                                            "hedge_under_ratio hedge",
                                            "hedge_wrong_way hedge",
                                            "hedge_neutrality_ratio hedge/delta",
                                            "hedge_neutrality_ratio hedge/gamma",
                                            "hedge_limit_usage_ratio hedge/delta"};
const std::vector<std::string> kHedgeVega = {"hedge_neutrality_ratio hedge/vega", "hedge_limit_usage_ratio hedge/vega"};
const std::vector<std::string> kAccountPositions = {"position_size main/deribit/BTC-PERPETUAL",
                                                    "position_size main/deribit/BTC_USDC-PERPETUAL",
                                                    "position_notional_usd main/deribit/BTC-PERPETUAL",
                                                    "position_notional_usd main/deribit/BTC_USDC-PERPETUAL",
                                                    "position_unrealized_pnl_usd main/deribit/BTC-PERPETUAL",
                                                    "position_unrealized_pnl_usd main/deribit/BTC_USDC-PERPETUAL",
                                                    "position_delta_coins main/deribit/BTC-PERPETUAL",
                                                    "position_delta_coins main/deribit/BTC_USDC-PERPETUAL"};

const std::vector<std::string> kFullLeverage = {"leverage_ratio main/deribit/BTC/full"};
const std::vector<std::string> kDeltaLeverage = {"leverage_ratio main/deribit/BTC/delta", "net_leverage_ratio main/deribit/BTC"};
const std::vector<std::string> kLiquidation = {
    "liquidation_price_usd main/deribit/BTC/BTC/down",       "liquidation_price_usd main/deribit/BTC/BTC/up",
    "liquidation_distance_ratio main/deribit/BTC/BTC/down",  "liquidation_distance_ratio main/deribit/BTC/BTC/up",
    "liquidation_distance_sigmas main/deribit/BTC/BTC/down", "liquidation_distance_sigmas main/deribit/BTC/BTC/up"};
const std::vector<std::string> kCollateralValue = {"collateral_price_usd main/deribit/BTC",
                                                   "collateral_share_ratio main/deribit/BTC"};

const std::vector<std::string> kEquityCheck = {"reconcile_equity_difference_ratio main/deribit/BTC"};
const std::vector<std::string> kPositionCheck = {"reconcile_position_mismatches main/deribit",
                                                 "reconcile_mismatch_limit_ratio main/deribit",
                                                 "reconcile_seconds_since main/deribit"};

/// Every component of the book's profit but the collateral's, and the ratio that is made of all of them.
std::vector<std::string> profit_rows() {
  std::vector<std::string> rows;
  for (const ProfitSince since : kProfitSinces) {
    for (std::size_t c = 0; c < kProfitComponents; ++c)
      if (static_cast<ProfitComponent>(c) != ProfitComponent::Collateral)
        rows.push_back("pnl_usd main/" + std::string{label(static_cast<ProfitComponent>(c))} + "/" + std::string{label(since)});
    rows.push_back("pnl_unexplained_ratio main/" + std::string{label(since)});
  }
  rows.emplace_back("session_loss_ratio main");
  return rows;
}
const std::vector<std::string> kProfit = profit_rows();
const std::vector<std::string> kCollateral = {"pnl_usd main/collateral/session", "pnl_usd main/collateral/designation",
                                              "pnl_usd main/collateral/window"};
struct Row {
  std::string what;
  std::string state;  ///< what every dependent figure must say
  std::function<void(Inputs&)> spoil;
  std::vector<std::vector<std::string>> dependents;
};

const Row kRows[] = {
    {"a mark without a vol",
     "unknown/missing_vol",
     [](Inputs& in) { in.call.vol = kAbsent; },
     {kProfit,
      {"mark_vol_ratio deribit/BTC-ONE-100000-C", "pricing_vol_ratio deribit/BTC-ONE-100000-C",
       "pricing_vol_source deribit/BTC-ONE-100000-C"},
      kCallGreeks,
      kBookDeltas,
      kBookDollarDeltas,
      kBookGreeks,
      kHedgeItem,
      kHedgeNet,
      kHedgeVega}},
    {"a mark without a price",
     "unknown/missing_mark",
     [](Inputs& in) { in.call.price = kAbsent; },
     {kProfit, {"mark_price deribit/BTC-ONE-100000-C", "position_unrealized_pnl_usd main/deribit/BTC-ONE-100000-C"}, kBookValue}},
    {"a future's mark without a price",
     "unknown/missing_mark",
     [](Inputs& in) { in.perpetual.price = kAbsent; },
     {kProfit,
      {"mark_price deribit/BTC-PERPETUAL", "position_unrealized_pnl_usd main/deribit/BTC-PERPETUAL",
       "position_delta_coins main/deribit/BTC-PERPETUAL"},
      kDeltaLeverage,
      kLiquidation,
      kEquityCheck,
      kBookValue,
      kBookBounds,
      kBookDeltas,
      kBookDollarDeltas,
      kHedgeLegs,
      kHedgeNet}},
    {"a linear future's mark without a price",
     "unknown/missing_mark",
     [](Inputs& in) { in.linear.price = kAbsent; },
     {kProfit,
      {"mark_price deribit/BTC_USDC-PERPETUAL", "position_unrealized_pnl_usd main/deribit/BTC_USDC-PERPETUAL",
       "position_notional_usd main/deribit/BTC_USDC-PERPETUAL"},
      kBookValue}},
    {"no message about a future at all",
     "unknown/never_received",
     [](Inputs& in) { in.send_perpetual = false; },
     {kProfit,
      {"mark_price deribit/BTC-PERPETUAL", "data_age_seconds deribit/BTC-PERPETUAL",
       "position_unrealized_pnl_usd main/deribit/BTC-PERPETUAL", "position_delta_coins main/deribit/BTC-PERPETUAL"},
      kDeltaLeverage,
      kLiquidation,
      kEquityCheck,
      kBookValue,
      kBookBounds,
      kBookDeltas,
      kBookDollarDeltas,
      kHedgeLegs,
      kHedgeNet}},
    {"no index of the coin in dollars",
     "unknown/missing_index",
     [](Inputs& in) { in.usd_index = kAbsent; },
     {kProfit,
      kCollateral,
      {"index_price_usd deribit/BTC", "equity_usd main/deribit/BTC", "hedge_net_delta_usd hedge",
       "position_notional_usd main/deribit/BTC-ONE-100000-C", "position_notional_usd main/deribit/BTC-ONE-90000-P",
       "position_unrealized_pnl_usd main/deribit/BTC-ONE-100000-C", "position_unrealized_pnl_usd main/deribit/BTC-ONE-90000-P",
       "position_unrealized_pnl_usd main/deribit/BTC-PERPETUAL"},
      kFullLeverage,
      kDeltaLeverage,
      kLiquidation,
      kCollateralValue,
      kBookValue,
      kBookDollarDeltas}},
    {"no index of the coin in the stablecoin",
     "unknown/missing_index",
     [](Inputs& in) { in.usdc_index = kAbsent; },
     {kProfit, {"hedge_net_delta_usd hedge"}, kBookDollarDeltas}},
    {"a position without an entry price",
     "unknown/missing_entry_price",
     [](Inputs& in) { in.perpetual_entry = kAbsent; },
     {{"position_unrealized_pnl_usd main/deribit/BTC-PERPETUAL"}, kEquityCheck, kBookValue}},
    {"an account that never told its equity",
     "unknown/missing_equity",
     [](Inputs& in) { in.send_equity = false; },
     {{"book_delta_coins main/BTC/with_equity", "book_delta_usd main/BTC/with_equity"},
      kCollateral,
      {"pnl_unexplained_ratio main/session", "pnl_unexplained_ratio main/designation", "pnl_unexplained_ratio main/window",
       "session_loss_ratio main"}}},
    {"a summary without a margin balance",
     "unknown/never_received",
     [](Inputs& in) { in.margin_balance = kAbsent; },
     {{"margin_balance main/deribit/BTC", "initial_margin_ratio main/deribit/BTC/venue",
       "maintenance_margin_ratio main/deribit/BTC/venue"},
      kLiquidation}},
    {"a summary without a maintenance margin",
     "unknown/never_received",
     [](Inputs& in) { in.maintenance_margin = kAbsent; },
     {{"maintenance_margin_ratio main/deribit/BTC/venue"}, kLiquidation}},
    {"a line whose instrument is not listed",
     "unknown/missing_instrument",
     [](Inputs& in) { in.list_put = false; },
     {kProfit, kBookDeltas, kBookBounds, kBookCoverage, kBookFallback, kBookDollarDeltas, kBookGreeks, kBookValue, kHedgeItem,
      kHedgeLegs, kHedgeNet, kHedgeVega}},
    {"a snapshot of positions that never ended",
     "unknown/never_received",
     [](Inputs& in) { in.snapshot = false; },
     {kProfit,
      kFullLeverage,
      kDeltaLeverage,
      kLiquidation,
      kPositionCheck,
      {"adl_rank_ratio main/deribit"},
      kEquityCheck,
      kAccountPositions,
      kBookDeltas,
      kBookBounds,
      kBookCoverage,
      kBookFallback,
      kBookDollarDeltas,
      kBookGreeks,
      kBookValue,
      kHedgeItem,
      kHedgeLegs,
      kHedgeNet,
      kHedgeVega}},
    {"an account whose venue tells no rank for auto-deleveraging",
     "unknown/never_received",
     [](Inputs& in) { in.rank = false; },
     {{"adl_rank_ratio main/deribit"}}},
    {"working orders that were never stated whole",
     "unknown/never_received",
     [](Inputs& in) { in.orders = false; },
     {kWorkingOrders}},
    {"a halted instrument",
     "stale/halted",
     [](Inputs& in) { in.call_phase = InstrumentPhase::Halted; },
     {kProfit,
      {"mark_price deribit/BTC-ONE-100000-C", "mark_vol_ratio deribit/BTC-ONE-100000-C",
       "pricing_vol_ratio deribit/BTC-ONE-100000-C", "pricing_vol_source deribit/BTC-ONE-100000-C",
       "forward_price_usd deribit/BTC-ONE-100000-C", "forward_price_source deribit/BTC-ONE-100000-C",
       "position_unrealized_pnl_usd main/deribit/BTC-ONE-100000-C"},
      kCallGreeks,
      kBookValue,
      kBookDeltas,
      kBookDollarDeltas,
      kBookGreeks,
      kHedgeItem,
      kHedgeNet,
      kHedgeVega}},
};

// ---- what is repriced, measured over a window, or vouched for

const std::set<std::string> kGrid = {"scenario_pnl_usd", "scenario_worst_loss_usd"};
const std::set<std::string> kTail = {"value_at_risk_usd", "expected_shortfall_usd"};
const std::set<std::string> kReturns = {"value_at_risk_returns"};
const std::set<std::string> kPoolGrid = {"pool_worst_loss_usd", "maintenance_margin_ratio model"};
const std::set<std::string> kCoverage = {"collateral_coverage_ratio", "collateral_min_coverage_ratio",
                                         "collateral_imbalance_ratio"};
const std::set<std::string> kAge = {"position_age_seconds", "position_age_usage_ratio"};

/// Which of those have a row that is not ok, by name; the model's margin ratio apart from the venue's.
std::set<std::string> repriced_not_ok(EngineDriver& driver, bool there) {
  std::set<std::string> family;
  for (const auto* group : {&kGrid, &kTail, &kReturns, &kPoolGrid, &kCoverage, &kAge}) family.insert(group->begin(), group->end());
  FigureSnapshot snapshot;
  driver.engine().figures().copy_to(snapshot);
  std::set<std::string> found;
  for (std::size_t i = 0; i < snapshot.values.size(); ++i) {
    const FigureLayout::Row& row = snapshot.layout->rows[i];
    std::string name = std::string{definition_of(row.figure).name}.substr(sizeof "hedgewatch_" - 1);
    if (row.labels.find("source=\"model\"") != std::string::npos) name += " model";
    if (family.count(name) == 1 && (there || snapshot.values[i].state != FigureState::Ok)) found.insert(name);
  }
  return found;
}

/// By the names of kRows.
const std::map<std::string, std::vector<std::set<std::string>>> kRepriced = {
    {"a mark without a vol", {kGrid, kTail}},
    {"a mark without a price", {}},
    {"a future's mark without a price", {kGrid, kTail, kPoolGrid, kCoverage}},
    {"a linear future's mark without a price", {kGrid, kTail}},
    {"no message about a future at all", {kGrid, kTail, kPoolGrid, kCoverage}},
    // A grid is repriced in dollars of forwards and marks; without the index there are no returns and no dollars of collateral.
    {"no index of the coin in dollars", {kTail, {"maintenance_margin_ratio model"}, kCoverage}},
    {"no index of the coin in the stablecoin", {}},
    {"a position without an entry price", {}},
    {"an account that never told its equity", {}},
    {"a summary without a margin balance", {{"maintenance_margin_ratio model"}}},
    {"a summary without a maintenance margin", {kCoverage}},
    {"a line whose instrument is not listed", {kGrid, kTail}},
    {"a snapshot of positions that never ended", {kGrid, kTail, kPoolGrid, kCoverage}},
    {"an account whose venue tells no rank for auto-deleveraging", {}},
    {"working orders that were never stated whole", {}},
    {"a halted instrument", {kGrid, kTail}},
};

}  // namespace

TEST_SUITE("core/engine/engine") {
  TEST_CASE("with every input there, every figure is ok") {
    EngineDriver driver = desk(Inputs{});
    const auto rows = not_ok(driver);
    for (const auto& [figure, state] : rows) {
      CAPTURE(figure);
      CHECK(state == "ok/none");
    }
  }

  TEST_CASE("each missing input makes exactly the figures that depend on it unknown, with its reason") {
    for (const Row& row : kRows) {
      CAPTURE(row.what);
      Inputs inputs;
      row.spoil(inputs);
      EngineDriver driver = desk(inputs);
      std::set<std::string> expected;
      for (const auto& group : row.dependents) expected.insert(group.begin(), group.end());
      for (const auto& [figure, state] : not_ok(driver)) {
        CAPTURE(figure);
        CHECK(state == row.state);
        CHECK_MESSAGE(expected.erase(figure) == 1, "does not depend on it, yet is not ok");
      }
      for (const std::string& figure : expected) CHECK_MESSAGE(figure.empty(), "depends on it, yet is shown: " << figure);
    }
  }

  TEST_CASE("each missing input makes exactly the grids, tails, coverages and ages that depend on it unknown") {
    EngineDriver whole = desk(Inputs{}, true);
    const std::set<std::string> all = repriced_not_ok(whole, true);
    std::size_t families = 0;
    for (const auto* group : {&kGrid, &kTail, &kReturns, &kPoolGrid, &kCoverage, &kAge}) families += group->size();
    CHECK(all.size() == families);
    CHECK(repriced_not_ok(whole, false).empty());
    for (const Row& row : kRows) {
      CAPTURE(row.what);
      REQUIRE(kRepriced.count(row.what) == 1);
      Inputs inputs;
      row.spoil(inputs);
      EngineDriver driver = desk(inputs, true);
      std::set<std::string> expected;
      for (const std::set<std::string>& group : kRepriced.at(row.what)) expected.insert(group.begin(), group.end());
      for (const std::string& figure : repriced_not_ok(driver, false)) {
        CAPTURE(figure);
        CHECK_MESSAGE(expected.erase(figure) == 1, "does not depend on it, yet is not ok");
      }
      for (const std::string& figure : expected) CHECK_MESSAGE(figure.empty(), "depends on it, yet is shown: " << figure);
    }
  }

  TEST_CASE("over a restart, with every connection live again and nothing heard, no figure is shown that somebody has to tell") {
    EngineDriver driver = desk(Inputs{}, true);
    driver.engine().resume(desk_setup(true));
    driver.status(kPublic, FeedPhase::Live);
    driver.status(kPrivate, FeedPhase::Live);
    for (int i = 0; i < 20; ++i) {
      driver.cycle();
      driver.advance(100ms);
    }
    // The desk's own lines, what is counted, how long ago something was, and the connections themselves.
    const std::set<std::string> own = {"position_size",
                                       "position_age_seconds",
                                       "position_age_usage_ratio",
                                       "hedge_target_ratio",
                                       "hedge_delta_limit_coins",
                                       "value_at_risk_returns",
                                       "data_age_seconds",
                                       "position_time_skew_seconds",
                                       "reconcile_seconds_since",
                                       "feed_live",
                                       "feeds_down"};
    FigureSnapshot snapshot;
    driver.engine().figures().copy_to(snapshot);
    for (std::size_t i = 0; i < snapshot.values.size(); ++i) {
      if (snapshot.values[i].state != FigureState::Ok) continue;
      const FigureLayout::Row& row = snapshot.layout->rows[i];
      const std::string name = std::string{definition_of(row.figure).name}.substr(sizeof "hedgewatch_" - 1);
      CHECK_MESSAGE(own.count(name) == 1, name << " " << row.labels << " was told before the restart only, yet is shown");
    }
  }

  TEST_CASE("the age of a position needs the venue's time, and nothing else") {
    EngineSetup setup = EngineDriver::setup();
    ExplicitPosition position = line(kPerpetual, 1);
    position.as_of = kVenueStart;
    setup.books = {book_of("cold", {position})};
    EngineDriver driver{setup};
    driver.cycle();
    CHECK(driver.state(Figure::PositionAgeSeconds, {"cold", "deribit", kPerpetual}) == "unknown/never_received");
    driver.list_perpetual(kPerpetual);
    driver.index(99'000);
    driver.cycle();
    CHECK(driver.state(Figure::PositionAgeSeconds, {"cold", "deribit", kPerpetual}) == "ok/none");
    driver.status(kPublic, FeedPhase::Down);
    driver.status(kPrivate, FeedPhase::Down);
    driver.cycle();
    CHECK(driver.state(Figure::PositionAgeSeconds, {"cold", "deribit", kPerpetual}) == "ok/none");
    CHECK(driver.state(Figure::PositionUnrealizedPnlUsd, {"cold", "deribit", kPerpetual}) != "ok/none");
  }

  TEST_CASE("without any forward of the expiry every option of it is unknown, and marks and sizes stay") {
    Inputs inputs;
    inputs.call.forward = inputs.put.forward = kAbsent;
    EngineDriver driver = desk(inputs);
    for (const std::string_view name : {kCall, kPut}) {
      CHECK(driver.state(Figure::Delta, {"deribit", name}) == "unknown/missing_forward");
      CHECK(driver.state(Figure::ForwardPriceUsd, {"deribit", name}) == "unknown/missing_forward");
      CHECK(driver.state(Figure::MarkPrice, {"deribit", name}) == "ok/none");
      CHECK(driver.state(Figure::PositionSize, {"main", "deribit", name}) == "ok/none");
    }
    CHECK(driver.state(Figure::BookDeltaCoins, {"main", "BTC", "net_transaction"}) == "unknown/missing_forward");
    CHECK(driver.state(Figure::BookValueUsd, {"main", "BTC"}) == "ok/none");
  }

  TEST_CASE("an unpriced option leaves its book a lowest and a highest delta, and says how much is priced") {
    EngineDriver whole = desk(Inputs{});
    const double delta = whole.value(Figure::BookDeltaCoins, {"main", "BTC", "black_scholes"});
    CHECK(whole.value(Figure::BookDeltaLowCoins, {"main", "BTC"}) == doctest::Approx(delta).epsilon(1e-14));
    CHECK(whole.value(Figure::BookDeltaHighCoins, {"main", "BTC"}) == doctest::Approx(delta).epsilon(1e-14));
    CHECK(whole.value(Figure::BookCoverageRatio, {"main", "BTC"}) == 1);

    const double calls = whole.value(Figure::PositionDeltaCoins, {"main", "deribit", kCall});
    Inputs inputs;
    inputs.call.vol = kAbsent;
    EngineDriver driver = desk(inputs);
    // Ten calls are worth between 0 and 10 coins of delta. Gross: 10 calls, 5 puts, 3 and 1 coins of perpetuals.
    CHECK(driver.value(Figure::BookDeltaLowCoins, {"main", "BTC"}) == doctest::Approx(delta - calls));
    CHECK(driver.value(Figure::BookDeltaHighCoins, {"main", "BTC"}) == doctest::Approx(delta - calls + 10));
    CHECK(driver.value(Figure::BookCoverageRatio, {"main", "BTC"}) == doctest::Approx(9.0 / 19));

    inputs = Inputs{};
    inputs.put.vol = kAbsent;
    EngineDriver short_puts = desk(inputs);
    const double puts = whole.value(Figure::PositionDeltaCoins, {"main", "deribit", kPut});
    CHECK(short_puts.value(Figure::BookDeltaLowCoins, {"main", "BTC"}) == doctest::Approx(delta - puts));
    CHECK(short_puts.value(Figure::BookDeltaHighCoins, {"main", "BTC"}) == doctest::Approx(delta - puts + 5));

    inputs = Inputs{};
    inputs.perpetual.price = kAbsent;
    EngineDriver unmarked = desk(inputs);
    // 300,000 dollars at an index of 99,000 are what the coverage weighs the unmarked perpetual with.
    CHECK(unmarked.value(Figure::BookCoverageRatio, {"main", "BTC"}) == doctest::Approx(16 / (16 + 300.0 / 99)));
  }

  TEST_CASE("while the market feed is down nothing that needs a market is shown, and account figures in coin are") {
    Inputs inputs;
    inputs.market_phase = FeedPhase::Down;
    EngineDriver driver = desk(inputs);
    for (const auto& [figure, state] : not_ok(driver)) {
      CAPTURE(figure);
      CHECK(state == "stale/feed_down");
    }
    for (const Figure figure : {Figure::BookValueUsd, Figure::BookGammaUsdPerPercent, Figure::BookVegaUsdPerVolPoint,
                                Figure::BookThetaUsdPerDay, Figure::BookRhoUsdPerPercent, Figure::BookCharm})
      CHECK(driver.state(figure, {"main", "BTC"}) == "stale/feed_down");
    CHECK(driver.state(Figure::EquityUsd, {"main", "deribit", "BTC"}) == "stale/feed_down");
    CHECK(driver.value(Figure::Balance, {"main", "deribit", "BTC"}) == 4);
    CHECK(driver.value(Figure::PositionSize, {"main", "deribit", kPerpetual}) == -300'000);
    CHECK(driver.value(Figure::FeedLive, {"deribit", "market"}) == 0);
    CHECK(driver.value(Figure::FeedLive, {"deribit", "account"}) == 1);
  }

  TEST_CASE("while the account feed is down its positions are unknown and its amounts stale, and the market is shown") {
    Inputs inputs;
    inputs.account_phase = FeedPhase::Down;
    EngineDriver driver = desk(inputs);
    CHECK(driver.state(Figure::PositionSize, {"main", "deribit", kPerpetual}) == "unknown/feed_down");
    CHECK(driver.state(Figure::BookDeltaCoins, {"main", "BTC", "black_scholes"}) == "unknown/feed_down");
    CHECK(driver.state(Figure::HedgeRatio, {"hedge"}) == "unknown/feed_down");
    CHECK(driver.state(Figure::Balance, {"main", "deribit", "BTC"}) == "stale/feed_down");
    CHECK(driver.state(Figure::Delta, {"deribit", kCall}) == "ok/none");
    CHECK(driver.state(Figure::PositionSize, {"main", "deribit", kCall}) == "ok/none");
  }

  TEST_CASE("a number that is not finite is never shown") {
    Inputs inputs;
    inputs.perpetual.price = 0;
    EngineDriver driver = desk(inputs);
    CHECK(driver.state(Figure::BookDeltaCoins, {"main", "BTC", "black_scholes"}) == "unknown/not_finite");
    CHECK(driver.state(Figure::PositionUnrealizedPnlUsd, {"main", "deribit", kPerpetual}) == "unknown/not_finite");
    CHECK(driver.state(Figure::BookValueUsd, {"main", "BTC"}) == "unknown/not_finite");
    inputs = Inputs{};
    inputs.call.vol = -0.74;
    EngineDriver negative = desk(inputs);
    CHECK(negative.state(Figure::Delta, {"deribit", kCall}) == "unknown/not_finite");
    CHECK(negative.state(Figure::BookVegaUsdPerVolPoint, {"main", "BTC"}) == "unknown/not_finite");
  }
}
