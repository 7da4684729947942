#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kPerpetual = "BTC-PERPETUAL";
constexpr std::string_view kFuture = "BTC-50D";
constexpr std::string_view kNearFuture = "BTC-20D";
constexpr std::string_view kEther = "ETH-PERPETUAL";
constexpr std::string_view kSpot = "BTC_USDC";
constexpr std::string_view kLate = "BTC-50D-60000-C";
constexpr std::string_view kDelivered = "BTC-YESTERDAY-40000-C";
constexpr std::string_view kSwap = "BTC-USDT-SWAP";
constexpr std::string_view kOkxOption = "BTC-USD-20D-50000-P";

constexpr ConnectionId kDeribitMarket{0};
constexpr ConnectionId kDeribitAccount{1};
constexpr ConnectionId kOkxMarket{2};
constexpr ConnectionId kOkxAccount{3};

AssetCode asset(std::string_view code) { return AssetCode::from(code).value(); }
InstrumentPattern okx(std::string_view symbol) { return {.venue = Venue::Okx, .symbol = std::string{symbol}}; }
Price price_of(double dollars) { return Price::from_raw(std::llround(dollars * 1e9)); }
VenueTime after_days(double days) { return kVenueStart + std::chrono::nanoseconds{static_cast<std::int64_t>(days * 86'400e9)}; }

/// What a venue says at once: nothing else of it comes in between. Times are given when it is told.
using Saying = std::vector<Event>;

struct Listing {
  Contract contract;
  Venue venue = Venue::Deribit;
  double price = 0;  ///< of the contract, in its own unit
};

Contract option(std::string_view name, OptionRight right, double strike, double days) {
  return {.name = InstrumentName::from(name).value(),
          .base = asset("BTC"),
          .quote = asset("USD"),
          .settlement = asset("BTC"),
          .expiry = after_days(days),
          .strike = strike,
          .contract_size = 1,
          .lot = 0.1,
          .kind = ContractKind::Option,
          .right = right,
          .style = PayoffStyle::Inverse,
          .size_unit = SizeUnit::Base};
}

Contract inverse(std::string_view name, std::string_view base, ContractKind kind, VenueTime expiry = kNoVenueTime) {
  return {.name = InstrumentName::from(name).value(),
          .base = asset(base),
          .quote = asset("USD"),
          .settlement = asset(base),
          .expiry = expiry,
          .contract_size = 10,
          .lot = 10,
          .kind = kind,
          .style = PayoffStyle::Inverse,
          .size_unit = SizeUnit::Quote};
}

Contract linear(std::string_view name, std::string_view quote, ContractKind kind) {
  return {.name = InstrumentName::from(name).value(),
          .base = asset("BTC"),
          .quote = asset(quote),
          .settlement = asset(quote),
          .contract_size = 1,
          .lot = 0.001,
          .kind = kind,
          .style = PayoffStyle::Linear,
          .size_unit = SizeUnit::Base};
}

/// Two expiries with enough strikes for a smile each.
std::vector<Listing> listings() {
  std::vector<Listing> all;
  for (const double days : {20.0, 50.0})
    for (const int strike : {40'000, 44'000, 48'000, 52'000, 56'000, 60'000, 64'000}) {
      const std::string name = "BTC-" + std::to_string(static_cast<int>(days)) + "D-" + std::to_string(strike) + "-C";
      all.push_back({.contract = option(name, OptionRight::Call, strike, days), .price = 0.04});
    }
  all.push_back({.contract = inverse(kPerpetual, "BTC", ContractKind::Perpetual), .price = 50'010});
  all.push_back({.contract = inverse(kFuture, "BTC", ContractKind::Future, after_days(50)), .price = 50'600});
  all.push_back({.contract = inverse(kNearFuture, "BTC", ContractKind::Future, after_days(20)), .price = 50'200});
  all.push_back({.contract = inverse(kEther, "ETH", ContractKind::Perpetual), .price = 2'500});
  all.push_back({.contract = linear(kSpot, "USDC", ContractKind::Spot), .price = 50'000});
  all.push_back({.contract = option(kDelivered, OptionRight::Call, 40'000, -1), .price = 0.2});
  all.push_back({.contract = linear(kSwap, "USDT", ContractKind::Perpetual), .venue = Venue::Okx, .price = 50'020});
  all.push_back({.contract = option(kOkxOption, OptionRight::Put, 50'000, 20), .venue = Venue::Okx, .price = 0.03});
  return all;
}

HedgeSetup hedge_of(std::string_view name, std::string_view book, const std::vector<InstrumentPattern>& legs) {
  HedgeSetup hedge;
  hedge.name = name;
  hedge.book = book;
  hedge.underlying = "BTC";
  hedge.legs = legs;
  hedge.view = DeltaView::NetTransaction;
  hedge.soft_delta_limit_coins = 0.5;
  hedge.hard_delta_limit_coins = 2;
  return hedge;
}

EffectivenessSetup measured_by(const InstrumentPattern& leg) {
  EffectivenessSetup effectiveness;
  effectiveness.sampling = {.bar = 60s,
                            .windows = {10min},
                            .minimum_pairs = 5,
                            .half_life = 10min,
                            .reference = 24h,
                            .correlation_floor = 0.9,
                            .offset_floor = 10};
  effectiveness.basis_leg = leg;
  return effectiveness;
}

std::vector<AlertRule> rules_on(Figure figure, const std::string& name) {
  AlertRule above;
  above.name = name;
  above.figure = figure;
  above.upper = 0.1;
  AlertRule unknown = above;
  unknown.name = name + "_unknown";
  unknown.condition = AlertCondition::Unknown;
  return {above, unknown};
}

EngineSetup rich_desk() {
  EngineSetup setup;
  setup.venues = {{.venue = Venue::Deribit}, {.venue = Venue::Okx}};
  setup.accounts = {"main", "second"};
  setup.connections = {"deribit", "deribit/main", "okx", "okx/second"};
  setup.connection_venues = {Venue::Deribit, Venue::Deribit, Venue::Okx, Venue::Okx};
  setup.account_connections = {false, true, false, true};
  setup.collateral = {{.account = kMain, .asset = "ETH", .haircut_ratio = 0.1},
                      {.account = kSecond, .asset = "USDT", .haircut_ratio = 0.05}};
  setup.allowances = {{.account = kMain, .orders = {.orders = 20, .window = 2s}}};

  BookSetup options = book_of("options", {});
  options.rules = {BookRule{.accounts = {kMain}, .underlyings = {}, .instruments = {}}};
  options.equity = {{.account = kMain, .share = 1}};
  ExplicitPosition seen = line(kLate, -3, 0.02);
  seen.as_of = kVenueStart - 1h;
  const BookSetup stated = book_of("stated", {seen, line(kSpot, 0.7, 49'000)});
  BookSetup swaps = book_of("swaps", {line(kFuture, -5'000, 50'500)});
  swaps.rules = {BookRule{.accounts = {kSecond}, .underlyings = {"BTC"}, .instruments = {}}};
  setup.books = {options, stated, swaps};

  HedgeSetup near = hedge_of("near", "options", {deribit(kPerpetual)});
  near.band = BandSetup{.half_width_coins = 0.3};
  near.gamma_limit_coins_per_percent = 0.2;
  near.vega_limit_usd_per_vol_point = 500;
  near.effectiveness = measured_by(deribit(kPerpetual));
  AdviceInstrument advice;
  advice.instrument = deribit(kPerpetual);
  advice.max_trade_size = 100'000;
  advice.fee_ratio = 0.0005;
  near.advice = {advice};
  // Its leg is not held, and nobody watches it.
  HedgeSetup dated = hedge_of("dated", "stated", {deribit(kNearFuture)});
  dated.band = BandSetup{.half_width_coins = 0.2};
  dated.effectiveness = measured_by(deribit(kNearFuture));
  const HedgeSetup swap = hedge_of("swap", "swaps", {okx(kSwap)});
  HedgeSetup cross = hedge_of("cross", "options", {deribit(kEther)});
  cross.leg_underlying = "ETH";
  cross.beta_source = BetaSource::Fixed;
  cross.beta = 1.2;
  cross.effectiveness = measured_by(deribit(kEther));
  cross.effectiveness->reference = deribit(kPerpetual);
  setup.hedges = {near, dated, swap, cross};

  setup.alerts = rules_on(Figure::HedgeNetDeltaCoins, "delta");
  for (AlertRule& rule : rules_on(Figure::ReconcileEquityDifferenceRatio, "equity")) setup.alerts.push_back(std::move(rule));
  setup.watch = {deribit(kPerpetual), deribit("BTC-20D-48000-C"), okx(kSwap)};
  setup.order_books = {deribit(kPerpetual), okx(kSwap)};
  setup.scenario = ScenarioSetup{};
  setup.scenario->shape = {.spot_shocks = {-0.2, 0, 0.2}, .vol_shocks = {{.name = "same"}}, .extended = {}};
  setup.scenario->value_at_risk = {.bar = 60s, .window = 40, .horizon = 60s, .confidences = {0.9}};
  setup.vol_exposure = VolExposureSetup{};
  return setup;
}

/// Everything that two venues say when hedgewatch starts.
class Venues {
 public:
  Venues() {
    std::uint32_t count = 0;
    for (const Listing& listing : listings()) {
      const InstrumentId id = make_instrument_id(listing.venue, count++);
      ids_[std::string{listing.contract.name.view()}] = id;
      told.push_back({market(InstrumentListed{listing.contract}, listing.venue, id)});
    }
    say_of_connections();
    say_prices();
    say_of_accounts();
  }

  std::vector<Saying> told;    ///< at the start, in any order
  std::vector<Saying> retold;  ///< what they go on to say, in one order
  std::vector<Saying> passed;  ///< what happened to an account at its time, and is not said again

 private:
  static Event market(const EventBody& body, Venue venue, InstrumentId id = kNoInstrument) {
    return {.header = {.instrument = id, .connection = venue == Venue::Okx ? kOkxMarket : kDeribitMarket, .venue = venue},
            .body = body};
  }
  static Event account(const EventBody& body, AccountId account, InstrumentId id = kNoInstrument) {
    const bool second = account == kSecond;
    return {.header = {.instrument = id,
                       .account = account,
                       .connection = second ? kOkxAccount : kDeribitAccount,
                       .venue = second ? Venue::Okx : Venue::Deribit},
            .body = body};
  }
  void say(const Saying& saying, bool again = true) {
    told.push_back(saying);
    if (again) retold.push_back(saying);
  }
  [[nodiscard]] InstrumentId id(std::string_view name) const { return ids_.at(std::string{name}); }

  void say_of_connections() {
    for (std::uint8_t i = 0; i < 4; ++i) {
      Event live = market(FeedStatus{.phase = FeedPhase::Live}, i < 2 ? Venue::Deribit : Venue::Okx);
      live.header.connection = ConnectionId{i};
      say({live});
    }
    for (const Venue venue : {Venue::Deribit, Venue::Okx}) say({market(PlatformState{}, venue)});
  }

  void say_index(Venue venue, std::string_view base, std::string_view quote, double price) {
    say({market(IndexPrice{.base = asset(base), .quote = asset(quote), .price = price}, venue)});
  }

  void say_prices() {
    say_index(Venue::Deribit, "BTC", "USD", 50'000);
    say_index(Venue::Deribit, "BTC", "USDC", 50'005);
    say_index(Venue::Deribit, "ETH", "USD", 2'500);
    say_index(Venue::Deribit, "ETH", "USDC", 2'500.2);
    say_index(Venue::Deribit, "USDC", "USD", 0.9999);
    say_index(Venue::Okx, "BTC", "USD", 50'001);
    say_index(Venue::Okx, "BTC", "USDT", 50'015);
    say_index(Venue::Okx, "USDT", "USD", 0.9997);
    for (const Listing& listing : listings()) say_prices_of(listing);
    say({market(InstrumentStateChanged{InstrumentPhase::Expired}, Venue::Deribit, id(kDelivered)),
         market(InstrumentDelivered{.price = 49'900}, Venue::Deribit, id(kDelivered))});
  }

  void say_prices_of(const Listing& listing) {
    const InstrumentId instrument = id(listing.contract.name.view());
    const double price = listing.price;
    const auto of_it = [&](const EventBody& body) { return market(body, listing.venue, instrument); };
    say({of_it(
        Quote{.bid = price_of(price * 0.999), .ask = price_of(price * 1.001), .bid_size = size_of(2), .ask_size = size_of(2)})});
    if (listing.contract.kind == ContractKind::Option) {
      const double moneyness = listing.contract.strike / 50'000 - 1;
      say({of_it(Mark{.price = price,
                      .vol = 0.5 + moneyness * moneyness,
                      .forward = listing.contract.expiry > after_days(30) ? 50'600.0 : 50'200.0,
                      .rate = 0})});
      say({of_it(VenueGreeks{.delta = 0.4, .vega = 20})});
      return;
    }
    say({of_it(Mark{.price = price})});
    if (listing.contract.kind != ContractKind::Perpetual) return;
    say({of_it(Funding{.current_rate_8h = 0.0001, .average_rate_8h = 0.0001})});
    say({of_it(Trade{.price = price_of(price), .size = size_of(1)})});
    say({of_it(BookBegin{.snapshot = true}),
         of_it(BookLevel{.price = price_of(price - 5), .size = size_of(30'000), .side = Side::Buy}),
         of_it(BookLevel{.price = price_of(price + 5), .size = size_of(30'000), .side = Side::Sell}),
         of_it(BookEnd{.sequence = 1})});
  }

  void say_summary(AccountId of, std::string_view code, double equity, bool cross) {
    say({account(AccountSummary{.asset = asset(code),
                                .equity = equity,
                                .balance = equity,
                                .margin_balance = equity,
                                .initial_margin = 0.1 * equity,
                                .maintenance_margin = 0.08 * equity,
                                .cross_collateral = cross},
                 of)});
  }

  void say_of_accounts() {
    const auto held = [&](AccountId of, std::string_view name, double size, double entry) {
      return account(PositionReport{.size = size_of(size), .average_entry = entry}, of, id(name));
    };
    const auto resting = [&](AccountId of, std::string_view name, std::uint64_t order, double size, Side side) {
      return account(WorkingOrder{.order = order, .remaining = size_of(size), .side = side}, of, id(name));
    };
    say({account(PositionSnapshotBegin{}, kMain), held(kMain, "BTC-20D-52000-C", 2, 0.03), held(kMain, "BTC-50D-56000-C", -4, 0.05),
         held(kMain, kPerpetual, 20'000, 49'000), held(kMain, kEther, -3'000, 2'400), account(PositionSnapshotEnd{}, kMain)});
    say({account(PositionSnapshotBegin{}, kSecond), held(kSecond, kOkxOption, 1, 0.02), held(kSecond, kSwap, 0.5, 49'500),
         account(PositionSnapshotEnd{}, kSecond)});
    say({account(WorkingOrdersBegin{}, kMain), resting(kMain, "BTC-50D-48000-C", 7, 1, Side::Sell),
         resting(kMain, kPerpetual, 8, 10'000, Side::Buy), account(WorkingOrdersEnd{}, kMain)});
    say({account(WorkingOrdersBegin{}, kSecond), resting(kSecond, kSwap, 9, 0.1, Side::Buy), account(WorkingOrdersEnd{}, kSecond)});
    for (const std::string_view code : {"BTC", "ETH", "USDC"}) say_summary(kMain, code, 3, false);
    for (const std::string_view code : {"BTC", "USDT"}) say_summary(kSecond, code, 2'000, true);
    for (const std::string_view code : {"BTC", "ETH"})
      say({account(AccountGreeks{.asset = asset(code),
                                 .delta_total = 0.4,
                                 .options_delta = 0.3,
                                 .options_gamma = 1e-5,
                                 .options_vega = 60,
                                 .options_theta = -20},
                   kMain)});
    say({account(AccountGreeks{.asset = asset("BTC"), .options_delta = -0.5, .options_vega = 50}, kSecond)});
    say({account(DeleveragingRank{.place_ratio = 0.4}, kMain, id(kPerpetual))});
    say({account(DeleveragingRank{.place_ratio = 0.6}, kSecond, id(kSwap))});
    say({account(ForcedEvent{.kind = ForcedEventKind::AccountLock}, kMain)}, false);
    say({account(ForcedEvent{.kind = ForcedEventKind::AutoDeleveraging}, kSecond)}, false);
    passed.push_back({account(Fill{.price = price_of(50'000), .size = size_of(10), .fee = 0.00001, .fee_asset = asset("BTC")},
                              kMain, id(kPerpetual))});
    passed.push_back({account(Transfer{.asset = asset("BTC"), .amount = 0.1}, kMain)});
    passed.push_back({account(Transfer{.asset = asset("SOL"), .amount = 5}, kMain)});
  }

  std::map<std::string, InstrumentId> ids_;
};

/// An engine that is told sayings; each comes ten milliseconds after the one before.
struct Listener {
  explicit Listener(const EngineSetup& desk) : setup{desk}, engine{desk} {}

  void hear(const Saying& saying) {
    now += 10ms;
    for (Event event : saying) {
      event.header.received = now;
      event.header.exchange_time = kVenueStart + (now - kStart);
      engine.apply(event);
    }
  }
  void cycle() { engine.end_cycle(now); }

  EngineSetup setup;
  Engine engine;
  MonoTime now = kStart;
};

using Rows = std::map<std::string, FigureValue>;

Rows rows_of(const Engine& engine) {
  const FigureTable& table = engine.figures();
  const auto layout = table.layout();
  Rows rows;
  for (std::size_t i = 0; i < layout->rows.size(); ++i)
    rows[std::string{definition_of(layout->rows[i].figure).name} + '{' + layout->rows[i].labels + '}'] = table.at_position(i);
  return rows;
}

/// What only one of the two has, with a sign before it.
std::string other_rows(const Rows& one, const Rows& other) {
  std::string different;
  for (const auto& [row, value] : one)
    if (!other.contains(row)) different += "-" + row + " ";
  for (const auto& [row, value] : other)
    if (!one.contains(row)) different += "+" + row + " ";
  return different;
}

/// What counts from a moment that the start decides: profit, drift and cost from when a hedge's or book's prices were first whole,
/// equity from when it was first compared, and a surface's fit with its age from when its marks were read.
bool depends_on_history(std::string_view row) {
  constexpr std::array<std::string_view, 7> kFamilies{"hedgewatch_reconcile_equity_difference_ratio",
                                                      "hedgewatch_pnl_",
                                                      "hedgewatch_session_loss_",
                                                      "hedgewatch_delta_drift_",
                                                      "hedgewatch_hedge_cost_",
                                                      "hedgewatch_surface_fit_error_",
                                                      "hedgewatch_surface_age_"};
  return std::any_of(kFamilies.begin(), kFamilies.end(), [&](std::string_view family) { return row.starts_with(family); });
}

/// The same engine with all of its rows laid out anew, whether it sees a reason for that or not.
Engine laid_out_anew(const Listener& listener) {
  std::vector<std::byte> saved;
  listener.engine.save(saved);
  auto restored = Engine::restored(listener.setup, saved);
  REQUIRE_MESSAGE(restored.ok(), restored.error());
  Engine anew = std::move(restored).value();
  anew.reconfigure(listener.setup);
  return anew;
}

std::string text_of(const FigureValue& value) {
  return std::string{label(value.state)} + '/' + std::string{label(value.reason)} + ' ' + std::to_string(value.value);
}

}  // namespace

TEST_SUITE("core/engine/startup_order") {
  TEST_CASE("whatever comes in whatever order, every row that a layout of now would have is there when a cycle ends") {
    const Venues venues;
    for (std::uint32_t seed = 1; seed <= 150; ++seed) {
      std::mt19937 random{seed};
      // Some venues say little: what else they say must not be what brings the rows of the rest.
      std::vector<Saying> order;
      const std::uint32_t share = 1 + random() % 8;
      for (const std::vector<Saying>& all : {venues.told, venues.passed})
        for (const Saying& saying : all)
          if (random() % 8 < share) order.push_back(saying);
      std::shuffle(order.begin(), order.end(), random);
      Listener listener{rich_desk()};
      listener.cycle();
      for (std::size_t told = 0; told < order.size(); ++told) {
        listener.hear(order[told]);
        if (random() % 4 != 0 && told + 1 != order.size()) continue;
        listener.cycle();
        const std::string missed = other_rows(rows_of(listener.engine), rows_of(laid_out_anew(listener)));
        const std::size_t kind_of_event = order[told].front().body.index();
        CAPTURE(seed);
        CAPTURE(told);
        CAPTURE(kind_of_event);
        CHECK(missed == "");
        if (!missed.empty()) break;
      }
    }
  }

  TEST_CASE("once the venues have said everything again, every figure is what another order of the start would have made of it") {
    const Venues venues;
    Rows first;
    for (std::uint32_t seed = 0; seed <= 40; ++seed) {
      std::mt19937 random{seed};
      std::vector<Saying> order = venues.told;
      if (seed != 0) std::shuffle(order.begin(), order.end(), random);
      Listener listener{rich_desk()};
      for (const Saying& saying : order) {
        listener.hear(saying);
        if (random() % 4 == 0) listener.cycle();
      }
      listener.cycle();
      listener.now = kStart + 5s;
      for (const Saying& saying : venues.retold) listener.hear(saying);
      for (int i = 0; i < 130; ++i) {
        listener.now += 100ms;
        listener.cycle();
      }
      const Rows rows = rows_of(listener.engine);
      if (seed == 0) {
        first = rows;
        continue;
      }
      CAPTURE(seed);
      CHECK(other_rows(first, rows) == "");
      for (const auto& [row, value] : rows) {
        const auto known = first.find(row);
        if (known == first.end() || depends_on_history(row)) continue;
        const std::string was = text_of(known->second);
        const std::string is = text_of(value);
        CAPTURE(row);
        CHECK(was == is);
        if (was == is) CHECK(std::bit_cast<std::uint64_t>(known->second.value) == std::bit_cast<std::uint64_t>(value.value));
      }
    }
  }
}
