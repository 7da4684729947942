// Fails when the engine allocates in its steady state.

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "core/engine/engine.hpp"
#include "core/metric/figure_table.hpp"
#include "counted_new.hpp"

namespace hedgewatch {
namespace {

constexpr ConnectionId kMarket{0};
constexpr AccountId kMain{0};
constexpr int kOptions = 200;

struct Desk {
  Engine engine;
  MonoTime now = from_nanoseconds<MonoTime>(1'000'000'000'000);
  VenueTime venue_now = from_nanoseconds<VenueTime>(1'800'000'000'000'000'000);

  static EngineSetup setup() {
    EngineSetup setup;
    setup.venues = {{.venue = Venue::Deribit}};
    setup.accounts = {"main"};
    setup.connections = {"market"};
    setup.connection_venues = {Venue::Deribit};
    BookSetup calls;
    calls.name = "calls";
    calls.rules = {BookRule{.accounts = {}, .underlyings = {}, .instruments = {{Venue::Deribit, "BTC-*-C"}}}};
    BookSetup all;
    all.name = "all";
    all.rules = {BookRule{}};
    all.equity = {{.account = kMain, .share = 1}};
    setup.books = {calls, all};
    HedgeSetup hedge;
    hedge.name = "hedge";
    hedge.book = "all";
    hedge.underlying = "BTC";
    hedge.legs = {{Venue::Deribit, "BTC-PERPETUAL"}};
    hedge.soft_delta_limit_coins = 1;
    hedge.hard_delta_limit_coins = 2;
    hedge.gamma_limit_coins_per_percent = 0.1;
    hedge.vega_limit_usd_per_vol_point = 100;
    hedge.band =
        BandSetup{.kind = BandKind::WhalleyWilmott, .half_width_coins = 0.5, .risk_aversion_per_usd = 1e-5, .cost_ratio = 5e-4};
    EffectivenessSetup effectiveness;
    effectiveness.sampling = {.bar = std::chrono::seconds{1},
                              .windows = {std::chrono::seconds{10}, std::chrono::seconds{20}},
                              .minimum_pairs = 5,
                              .half_life = std::chrono::seconds{10},
                              .reference = std::chrono::seconds{30},
                              .correlation_floor = 0.95,
                              .offset_floor = 1};
    effectiveness.basis_leg = {Venue::Deribit, "BTC-PERPETUAL"};
    hedge.effectiveness = effectiveness;
    hedge.smile = kStickyDelta;
    setup.allowances = {{.account = kMain, .orders = {.orders = 5, .window = std::chrono::seconds{1}}}};
    for (const char* name : {"BTC-PERPETUAL", "BTC-X-100000-C", "BTC-X-110000-C"}) {
      AdviceInstrument advice;
      advice.instrument = {Venue::Deribit, name};
      advice.max_trade_size = 100'000;
      hedge.advice.push_back(advice);
    }
    setup.hedges = {hedge};
    setup.watch = {{Venue::Deribit, "*"}};
    setup.order_books = {{Venue::Deribit, "BTC-PERPETUAL"}};
    setup.scenario = ScenarioSetup{};
    setup.scenario->shape.spot_shocks = {-0.1, 0.1};
    setup.scenario->shape.vol_shocks = {{.name = "up", .change_ratio = 0.5, .floor_ratio = 0.5}};
    setup.vol_exposure = VolExposureSetup{};
    return setup;
  }

  Desk() : engine{setup()} {
    apply(FeedStatus{.phase = FeedPhase::Live});
    for (std::uint32_t i = 0; i < kOptions; ++i) {
      Contract option = contract("BTC-X-" + std::to_string(50'000 + 500 * i) + (i % 2 == 0 ? "-C" : "-P"));
      option.kind = ContractKind::Option;
      option.right = i % 2 == 0 ? OptionRight::Call : OptionRight::Put;
      option.strike = 50'000 + 500 * i;
      option.expiry = venue_now + std::chrono::hours{24 * 30};
      apply(InstrumentListed{option}, instrument(i));
    }
    Contract perpetual = contract("BTC-PERPETUAL");
    perpetual.kind = ContractKind::Perpetual;
    perpetual.size_unit = SizeUnit::Quote;
    apply(InstrumentListed{perpetual}, instrument(kOptions));
    apply(PositionSnapshotBegin{});
    for (std::uint32_t i = 0; i <= kOptions; ++i) report(i, i % 3 == 0 ? -1 : 2);
    apply(PositionSnapshotEnd{});
    apply(AccountSummary{.asset = AssetCode::from("BTC").value(), .equity = 10, .margin_balance = 10, .maintenance_margin = 1});
    snapshot_book();
  }

  static Contract contract(const std::string& name) {
    Contract result;
    result.name = InstrumentName::from(name).value();
    result.base = AssetCode::from("BTC").value();
    result.quote = AssetCode::from("USD").value();
    result.settlement = result.base;
    result.contract_size = 1;
    result.lot = 0.1;
    result.style = PayoffStyle::Inverse;
    return result;
  }
  static InstrumentId instrument(std::uint32_t count) { return make_instrument_id(Venue::Deribit, count); }

  void apply(const EventBody& body, InstrumentId id = kNoInstrument) {
    engine.apply({.header = {.exchange_time = venue_now,
                             .received = now,
                             .instrument = id,
                             .account = kMain,
                             .connection = kMarket,
                             .venue = Venue::Deribit},
                  .body = body});
  }
  void report(std::uint32_t i, double size) {
    apply(PositionReport{.size = Size::from_raw(static_cast<std::int64_t>(size * 1e9)), .average_entry = 0.05}, instrument(i));
  }
  void snapshot_book() {
    apply(BookBegin{.snapshot = true}, instrument(kOptions));
    for (int level = 0; level < 50; ++level)
      apply(
          BookLevel{
              .price = Price::from_raw((100'000 - level) * Price::kScale), .size = Size::from_raw(Size::kScale), .side = Side::Buy},
          instrument(kOptions));
    apply(BookLevel{.price = Price::from_raw(100'010 * Price::kScale), .size = Size::from_raw(Size::kScale), .side = Side::Sell},
          instrument(kOptions));
    apply(BookEnd{.sequence = 1}, instrument(kOptions));
  }

  void round(int i) {
    now += std::chrono::milliseconds{30};
    venue_now += std::chrono::milliseconds{30};
    const auto option = static_cast<std::uint32_t>(i * 7 % kOptions);
    apply(Mark{.price = 0.05, .vol = 0.5 + 1e-4 * (i % 100), .forward = 100'000.0 + i % 50, .index = 99'900.0 + i % 40, .rate = 0},
          instrument(option));
    apply(Mark{.price = 0.06, .vol = 0.6}, instrument(option + 1));
    apply(Mark{.price = 100'000.0 + i % 30, .index = 99'900.0 + i % 40}, instrument(kOptions));
    apply(Quote{}, instrument(option));
    apply(Trade{}, instrument(option));
    apply(VenueGreeks{}, instrument(option));
    apply(IndexPrice{.base = AssetCode::from("BTC").value(), .quote = AssetCode::from("USD").value(), .price = 99'950.0 + i % 20});
    apply(BookBegin{}, instrument(kOptions));
    apply(BookLevel{.price = Price::from_raw((100'000 - i % 80) * Price::kScale),
                    .size = Size::from_raw(i % 5 * Size::kScale),
                    .side = Side::Buy},
          instrument(kOptions));
    apply(BookEnd{.sequence = static_cast<std::uint64_t>(i)}, instrument(kOptions));
    report(option, 1 + i % 4);
    apply(AccountSummary{.asset = AssetCode::from("BTC").value(),
                         .equity = 10.0 + i % 3,
                         .margin_balance = 9,
                         .initial_margin = 2,
                         .maintenance_margin = 1});
    if (i % 40 == 0) apply(FeedStatus{.phase = i % 80 == 0 ? FeedPhase::Synchronising : FeedPhase::Live});
    if (i % 90 == 0) {
      apply(PositionSnapshotBegin{});
      for (std::uint32_t held = 0; held <= kOptions; ++held) report(held, 2);
      apply(PositionSnapshotEnd{});
    }
    if (i % 10 == 0) apply(TimerTick{});
    engine.end_cycle(now);
  }
};

int run() {
  Desk desk;
  FigureSnapshot snapshot;
  for (int i = 0; i < 300; ++i) {
    desk.round(i);
    desk.engine.figures().copy_to(snapshot);
  }
  const std::size_t before = allocations();
  if (before == 0) {
    std::puts("FAILED: nothing was counted");
    return 1;
  }
  for (int i = 300; i < 2'300; ++i) {
    desk.round(i);
    desk.engine.figures().copy_to(snapshot);
  }
  const std::size_t made = allocations() - before;
  std::printf("%zu allocations in 2000 cycles of market and account events over %zu figures\n", made, snapshot.values.size());
  return made == 0 ? 0 : 1;
}

}  // namespace
}  // namespace hedgewatch

int main() { return hedgewatch::run(); }
