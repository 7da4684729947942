// A large desk: 10,000 positions over 2,000 options on 4 venues, five accounts and books a venue, scenarios, exposures and margin
// pools included. What it takes to load, to follow the market and to be scraped, and how much memory it holds.

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/engine.hpp"
#include "core/metric/figure_table.hpp"
#include "daemon/exposition/metrics_writer.hpp"
#include "daemon/process_usage.hpp"

using namespace hedgewatch;

namespace {

constexpr std::uint32_t kOptionsPerVenue = 500;
constexpr std::uint32_t kAccountsPerVenue = 5;
constexpr std::uint32_t kOptions = kOptionsPerVenue * static_cast<std::uint32_t>(kVenues.size());
constexpr std::uint32_t kPositions = kOptions * kAccountsPerVenue;
static_assert(kPositions == 10'000);

class Desk {
 public:
  Desk() : engine_{setup()} {
    for (const Venue venue : kVenues) {
      apply(venue, FeedStatus{.phase = FeedPhase::Live});
      for (std::uint32_t i = 0; i < kOptionsPerVenue; ++i) apply(venue, InstrumentListed{option(i)}, id(venue, i));
    }
    engine_.end_cycle(now_);
    for (const Venue venue : kVenues)
      for (std::uint32_t a = 0; a < kAccountsPerVenue; ++a) {
        const AccountId account = account_of(venue, a);
        apply(venue, PositionSnapshotBegin{}, kNoInstrument, account);
        for (std::uint32_t i = 0; i < kOptionsPerVenue; ++i)
          apply(venue, PositionReport{.size = Size::from_raw((i % 3 == 0 ? -1 : 2) * Size::kScale), .average_entry = 0.05},
                id(venue, i), account);
        apply(venue, PositionSnapshotEnd{}, kNoInstrument, account);
        apply(venue,
              AccountSummary{.asset = AssetCode::from("BTC").value(),
                             .equity = 1'000,
                             .margin_balance = 1'000,
                             .initial_margin = 200,
                             .maintenance_margin = 150},
              kNoInstrument, account);
      }
    every_option_ticks();
    cycle();
  }

  void tick(std::uint32_t which) {
    ++ticks_;
    const double move = static_cast<double>(ticks_ % 64);
    const Venue venue = kVenues[which % kVenues.size()];
    apply(venue, Mark{.price = 0.05, .vol = 0.5 + 1e-5 * move, .forward = 100'000 + move, .index = 99'900 + move, .rate = 0},
          id(venue, which / static_cast<std::uint32_t>(kVenues.size())));
  }
  void every_option_ticks() {
    for (std::uint32_t i = 0; i < kOptions; ++i) tick(i);
  }
  void cycle() {
    now_ += std::chrono::microseconds{500};
    venue_now_ += std::chrono::microseconds{500};
    engine_.end_cycle(now_);
  }
  std::string_view scrape() {
    engine_.figures().copy_to(snapshot_);
    return writer_.render(MetricsFormat::Text, &snapshot_, {});
  }
  [[nodiscard]] bool believable() const {
    const RowId row = engine_.figures().find(Figure::BookVegaUsdPerVolPoint, {"book0", "BTC"});
    return row != kNoRow && engine_.figures().at(row).state == FigureState::Ok;
  }
  [[nodiscard]] std::size_t figures() const { return engine_.figures().size(); }
  void save(std::vector<std::byte>& out) const { engine_.save(out); }
  [[nodiscard]] static bool loads(const std::vector<std::byte>& state) { return Engine::restored(setup(), state).ok(); }

 private:
  static InstrumentId id(Venue venue, std::uint32_t count) { return make_instrument_id(venue, count); }
  static AccountId account_of(Venue venue, std::uint32_t account) {
    return AccountId{static_cast<std::uint16_t>(static_cast<std::uint32_t>(venue) * kAccountsPerVenue + account)};
  }
  Contract option(std::uint32_t i) const {
    Contract result;
    result.name = InstrumentName::from("BTC-" + std::to_string(i) + (i % 2 == 0 ? "-C" : "-P")).value();
    result.base = result.settlement = AssetCode::from("BTC").value();
    result.quote = AssetCode::from("USD").value();
    result.kind = ContractKind::Option;
    result.right = i % 2 == 0 ? OptionRight::Call : OptionRight::Put;
    result.strike = 60'000 + 1'600 * (i % 50);
    result.expiry = venue_now_ + std::chrono::hours{24 * (2 + 9 * (i / 50))};
    result.contract_size = 1;
    result.lot = 0.1;
    result.style = PayoffStyle::Inverse;
    return result;
  }
  static EngineSetup setup() {
    EngineSetup setup;
    for (const Venue venue : kVenues) {
      setup.venues.push_back({.venue = venue});
      setup.connections.emplace_back(label(venue));
      setup.connection_venues.push_back(venue);
      for (std::uint32_t a = 0; a < kAccountsPerVenue; ++a) setup.accounts.push_back(std::string{label(venue)} + std::to_string(a));
    }
    for (std::uint32_t b = 0; b < kAccountsPerVenue; ++b) {
      BookSetup book;
      book.name = "book" + std::to_string(b);
      BookRule rule;
      for (const Venue venue : kVenues) rule.accounts.push_back(account_of(venue, b));
      book.rules = {rule};
      setup.books.push_back(std::move(book));
    }
    setup.scenario = ScenarioSetup{};
    setup.scenario->shape.spot_shocks = {-0.16, -0.12, -0.08, -0.04, 0, 0.04, 0.08, 0.12, 0.16};
    setup.scenario->shape.vol_shocks = {
        {.name = "down", .change_ratio = -0.25}, {.name = "same"}, {.name = "up", .change_ratio = 0.5, .floor_ratio = 0.5}};
    setup.vol_exposure = VolExposureSetup{};
    return setup;
  }
  void apply(Venue venue, const EventBody& body, InstrumentId instrument = kNoInstrument, AccountId account = kNoAccount) {
    engine_.apply({.header = {.exchange_time = venue_now_,
                              .received = now_,
                              .instrument = instrument,
                              .account = account,
                              .connection = ConnectionId{static_cast<std::uint8_t>(venue)},
                              .venue = venue},
                   .body = body});
  }

  MonoTime now_ = from_nanoseconds<MonoTime>(1'000'000'000'000);
  VenueTime venue_now_ = from_nanoseconds<VenueTime>(1'800'000'000'000'000'000);
  Engine engine_;
  FigureSnapshot snapshot_;
  MetricsWriter writer_;
  std::uint64_t ticks_ = 0;
};

double resident_mebibytes() { return read_process_usage().resident_bytes.value_or(0) / (1 << 20); }

/// One option's ticker: five books hold it. Scenarios, exposures and pools take their share of every cycle.
void one_option_ticks(benchmark::State& state) {
  const double before = resident_mebibytes();
  const auto desk = std::make_unique<Desk>();
  // What the first desk takes from the system; the allocator keeps it for those that follow.
  static const double taken = resident_mebibytes() - before;
  state.counters["resident_mebibytes"] = taken;
  state.counters["figures"] = static_cast<double>(desk->figures());
  std::uint32_t option = 0;
  for (auto _ : state) {
    desk->tick(option = (option + 37) % kOptions);
    desk->cycle();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_option_ticks)->Unit(benchmark::kMicrosecond);

/// From nothing to the first figures.
void the_book_loads(benchmark::State& state) {
  for (auto _ : state) {
    const Desk desk;
    if (!desk.believable()) return state.SkipWithError("the desk's figures are not ok");
  }
  state.SetItemsProcessed(state.iterations() * kPositions);
}
BENCHMARK(the_book_loads)->Unit(benchmark::kMillisecond);

/// Every option ticks before the cycle: 2,000 are repriced and 10,000 positions summed.
void every_option_ticks(benchmark::State& state) {
  const auto desk = std::make_unique<Desk>();
  for (auto _ : state) {
    desk->every_option_ticks();
    desk->cycle();
  }
  state.SetItemsProcessed(state.iterations() * kOptions);
}
BENCHMARK(every_option_ticks)->Unit(benchmark::kMicrosecond);

/// A consistent copy of all figures and its text, as a scrape gets it.
void the_book_is_scraped(benchmark::State& state) {
  const auto desk = std::make_unique<Desk>();
  std::size_t bytes = 0;
  for (auto _ : state) benchmark::DoNotOptimize(bytes = desk->scrape().size());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(desk->figures()));
  state.counters["text_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(the_book_is_scraped)->Unit(benchmark::kMicrosecond);

/// All that the engine knows, into a buffer that is used again: what a snapshot takes of the engine's thread.
void the_state_is_saved(benchmark::State& state) {
  const auto desk = std::make_unique<Desk>();
  std::vector<std::byte> bytes;
  desk->save(bytes);
  for (auto _ : state) {
    bytes.clear();
    desk->save(bytes);
  }
  state.counters["state_bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(the_state_is_saved)->Unit(benchmark::kMicrosecond);

void the_state_is_loaded(benchmark::State& state) {
  std::vector<std::byte> bytes;
  Desk{}.save(bytes);
  for (auto _ : state)
    if (!Desk::loads(bytes)) return state.SkipWithError("the state does not load");
}
BENCHMARK(the_state_is_loaded)->Unit(benchmark::kMicrosecond);

}  // namespace
