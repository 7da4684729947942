// What one tick costs in the engine: 1,000 options held in 10 books, a perpetual hedge in each, all instruments and positions
// reported.

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "core/engine/engine.hpp"
#include "core/metric/figure_table.hpp"

using namespace hedgewatch;

namespace {

constexpr std::uint32_t kBooks = 10;
constexpr std::uint32_t kOptionsPerBook = 100;
constexpr std::uint32_t kOptions = kBooks * kOptionsPerBook;
constexpr ConnectionId kMarket{0};

class Desk {
 public:
  enum class Expiries : std::uint8_t { Twenty, One };

  explicit Desk(Expiries expiries = Expiries::Twenty) : engine_{setup()} {
    apply(FeedStatus{.phase = FeedPhase::Live}, kNoInstrument);
    for (std::uint32_t i = 0; i < kOptions; ++i) {
      Contract option = contract(option_name(i));
      option.kind = ContractKind::Option;
      option.right = i % 2 == 0 ? OptionRight::Call : OptionRight::Put;
      option.strike = strike(i);
      option.expiry = venue_now_ + std::chrono::hours{24 * (expiries == Expiries::One ? 30 : 1 + i / 50)};
      apply(InstrumentListed{option}, id(i));
    }
    Contract perpetual = contract("BTC-PERPETUAL");
    perpetual.kind = ContractKind::Perpetual;
    perpetual.size_unit = SizeUnit::Quote;
    apply(InstrumentListed{perpetual}, id(kOptions));
    engine_.end_cycle(now_);
    for (std::uint32_t i = 0; i < kOptions; ++i) tick(i);
    tick_perpetual();
    cycle();
  }

  /// A ticker of one option, as a feed sends it.
  void tick(std::uint32_t option) {
    ++ticks_;
    const double move = static_cast<double>(ticks_ % 64);
    apply(Mark{.price = 0.05, .vol = 0.5 + 1e-5 * move, .forward = 100'000 + move, .index = 99'900 + move, .rate = 0}, id(option));
  }
  /// All options but the first get a vol without a forward, as a venue's list of marks gives it.
  void lean_on_forward() {
    for (std::uint32_t i = 1; i < kOptions; ++i) apply(Mark{.price = 0.05, .vol = 0.5}, id(i));
    cycle();
  }
  void tick_perpetual() {
    ++ticks_;
    const double move = static_cast<double>(ticks_ % 64);
    apply(Mark{.price = 100'000 + move, .index = 99'900 + move}, id(kOptions));
  }
  void cycle() {
    now_ += std::chrono::microseconds{50};
    venue_now_ += std::chrono::microseconds{50};
    engine_.end_cycle(now_);
  }
  void publish(FigureSnapshot& snapshot) const { engine_.figures().copy_to(snapshot); }
  [[nodiscard]] bool believable() const {
    const RowId row = engine_.figures().find(Figure::BookDeltaCoins, {"book0", "BTC", "net_transaction"});
    return row != kNoRow && engine_.figures().at(row).state == FigureState::Ok;
  }
  [[nodiscard]] double vega() const {
    return engine_.figures().at(engine_.figures().find(Figure::BookVegaUsdPerVolPoint, {"book9", "BTC"})).value;
  }
  [[nodiscard]] std::size_t figures() const { return engine_.figures().size(); }

 private:
  static double strike(std::uint32_t i) { return 60'000 + 1'600 * (i % 50); }
  static std::string option_name(std::uint32_t i) { return "BTC-" + std::to_string(i) + (i % 2 == 0 ? "-C" : "-P"); }
  static InstrumentId id(std::uint32_t count) { return make_instrument_id(Venue::Deribit, count); }
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
  static EngineSetup setup() {
    EngineSetup setup;
    setup.venues = {{.venue = Venue::Deribit}};
    setup.connections = {"market"};
    setup.connection_venues = {Venue::Deribit};
    for (std::uint32_t b = 0; b < kBooks; ++b) {
      BookSetup book;
      book.name = "book" + std::to_string(b);
      for (std::uint32_t i = 0; i < kOptionsPerBook; ++i)
        book.positions.push_back({.instrument = {Venue::Deribit, option_name(b * kOptionsPerBook + i)},
                                  .size = i % 3 == 0 ? -1.0 : 2.0,
                                  .entry_price = 0.05});
      book.positions.push_back({.instrument = {Venue::Deribit, "BTC-PERPETUAL"}, .size = -500'000, .entry_price = 100'000});
      HedgeSetup hedge;
      hedge.name = "hedge" + std::to_string(b);
      hedge.book = book.name;
      hedge.underlying = "BTC";
      hedge.legs = {{Venue::Deribit, "BTC-PERPETUAL"}};
      hedge.soft_delta_limit_coins = 1;
      hedge.hard_delta_limit_coins = 2;
      setup.books.push_back(std::move(book));
      setup.hedges.push_back(std::move(hedge));
    }
    return setup;
  }
  void apply(const EventBody& body, InstrumentId instrument) {
    engine_.apply({.header = {.exchange_time = venue_now_,
                              .received = now_,
                              .instrument = instrument,
                              .account = kNoAccount,
                              .connection = kMarket,
                              .venue = Venue::Deribit},
                   .body = body});
  }

  Engine engine_;
  MonoTime now_ = from_nanoseconds<MonoTime>(1'000'000'000'000);
  VenueTime venue_now_ = from_nanoseconds<VenueTime>(1'800'000'000'000'000'000);
  std::uint64_t ticks_ = 0;
};

/// One option's ticker to updated figures: what a busy-polling engine does per frame.
void one_option_ticks(benchmark::State& state) {
  Desk desk;
  if (!desk.believable()) return state.SkipWithError("the desk's figures are not ok");
  std::uint32_t option = 0;
  for (auto _ : state) {
    desk.tick(option = (option + 37) % kOptions);
    desk.cycle();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["figures"] = static_cast<double>(desk.figures());
}
BENCHMARK(one_option_ticks);

/// The hedge ticks: every book holds it.
void the_perpetual_ticks(benchmark::State& state) {
  Desk desk;
  for (auto _ : state) {
    desk.tick_perpetual();
    desk.cycle();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(the_perpetual_ticks);

/// Every option ticks before the cycle: all 1,000 are repriced and all books summed.
void every_option_ticks(benchmark::State& state) {
  Desk desk;
  for (auto _ : state) {
    for (std::uint32_t option = 0; option < kOptions; ++option) desk.tick(option);
    desk.cycle();
  }
  state.SetItemsProcessed(state.iterations() * kOptions);
}
BENCHMARK(every_option_ticks)->Unit(benchmark::kMicrosecond);

/// One ticker of the expiry that all options share, as a forward that moves: all 1,000 are repriced and all books summed.
void one_forward_moves_every_option(benchmark::State& state) {
  Desk desk{Desk::Expiries::One};
  if (!desk.believable()) return state.SkipWithError("the desk's figures are not ok");
  desk.lean_on_forward();
  const double before = desk.vega();
  desk.tick(0);
  desk.cycle();
  if (before == desk.vega()) return state.SkipWithError("the options do not follow the forward");
  for (auto _ : state) {
    desk.tick(0);
    desk.cycle();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_forward_moves_every_option)->Unit(benchmark::kMicrosecond);

/// A whole consistent copy of the table, as the daemon hands it to its readers.
void the_table_is_copied(benchmark::State& state) {
  const Desk desk;
  FigureSnapshot snapshot;
  for (auto _ : state) {
    desk.publish(snapshot);
    benchmark::DoNotOptimize(snapshot.values.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(desk.figures()));
}
BENCHMARK(the_table_is_copied);

}  // namespace
