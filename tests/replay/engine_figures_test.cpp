#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <string>
#include <variant>
#include <vector>

#include "core/engine/engine.hpp"
#include "core/market/event_batch.hpp"
#include "feeds/capture/recorded_frames.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/symbols.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

constexpr ConnectionId kRecording{0};

/// Frames through the decoder into the engine, a cycle after each, everything watched.
class Replay {
 public:
  Replay() : engine_{setup()}, decoder_{symbols_, {.connection = kRecording, .unknown = deribit::UnknownInstrument::Imply}} {
    Event live;
    live.header.connection = kRecording;
    live.body = FeedStatus{.phase = FeedPhase::Live};
    engine_.apply(live);
  }

  Engine& engine() { return engine_; }
  [[nodiscard]] int compared() const { return compared_; }

  void run(const std::string& file) {
    auto frames = RecordedFrames::open(*shared_directory() / "data/deribit" / file);
    REQUIRE(frames.ok());
    RecordedFrames reader = std::move(frames).value();
    while (const auto next = reader.next()) {
      if (!next->ok() || next->value().kind != RecordKind::Received) continue;
      now_ += std::chrono::milliseconds{1};
      batch_.truncate(0);
      if (!decoder_.decode(next->value().padded_payload(), now_, batch_)) continue;
      for (const Event& event : batch_.events()) engine_.apply(event);
      engine_.end_cycle(now_);
      for (const Event& event : batch_.events())
        if (const auto* published = std::get_if<VenueGreeks>(&event.body))
          compare(symbols_.name(event.header.instrument), *published);
    }
  }

 private:
  static EngineSetup setup() {
    EngineSetup setup;
    setup.venues = {{.venue = Venue::Deribit}};
    setup.connections = {"recording"};
    setup.connection_venues = {Venue::Deribit};
    setup.watch = {{.venue = Venue::Deribit, .symbol = "*"}};
    return setup;
  }

  void check(std::string_view instrument, Figure figure, double published, double relative, double absolute) {
    const std::string name{definition_of(figure).name};
    CAPTURE(name);
    CAPTURE(published);
    const RowId row = engine_.figures().find(figure, {"deribit", instrument});
    REQUIRE(row != kNoRow);
    const FigureValue& value = engine_.figures().at(row);
    CAPTURE(value.value);
    CHECK(value.state == FigureState::Ok);
    CHECK(std::abs(value.value - published) <= std::fmax(relative * std::abs(published), absolute));
  }

  void compare(std::string_view instrument, const VenueGreeks& published) {
    if (!is_present(published.delta)) return;
    const std::string name{instrument};
    CAPTURE(name);
    check(instrument, Figure::Delta, published.delta, 0, 1e-4);
    check(instrument, Figure::GammaPerUsd, published.gamma, 0, 1e-5);
    check(instrument, Figure::VegaUsdPerVolPoint, published.vega, 1e-3, 2e-3);
    check(instrument, Figure::ThetaUsdPerDay, published.theta, 1e-3, 0.05);
    check(instrument, Figure::RhoUsdPerPercent, published.rho, 1e-3, 2e-3);
    ++compared_;
  }

  deribit::Symbols symbols_;
  Engine engine_;
  deribit::Decoder decoder_;
  EventBatch batch_;
  MonoTime now_ = from_nanoseconds<MonoTime>(1'000'000'000);
  int compared_ = 0;
};

}  // namespace

TEST_SUITE("replay/engine_figures") {
  TEST_CASE("after every option ticker of a recorded session the table shows the Greeks that the venue published") {
    if (skip_without_shared("Deribit's recorded session")) return;
    Replay replay;
    replay.run("cryptofeed_options_20210722.jsonl.zst");
    CHECK(replay.compared() == 89);
    CHECK(replay.engine().counters().unknown_instrument_events == 0);
  }

  TEST_CASE("a whole recorded chain shows the Greeks that the venue published") {
    if (skip_without_shared("Deribit's recorded chain")) return;
    Replay replay;
    replay.run("btc_chain_full_greeks_20200514.jsonl.zst");
    CHECK(replay.compared() == 310);
  }

  TEST_CASE("the same recording gives the same table to the last bit") {
    if (skip_without_shared("Deribit's recorded session")) return;
    const auto run = [] {
      Replay replay;
      replay.run("cryptofeed_options_20210722.jsonl.zst");
      FigureSnapshot snapshot;
      replay.engine().figures().copy_to(snapshot);
      return snapshot;
    };
    const FigureSnapshot one = run();
    const FigureSnapshot two = run();
    REQUIRE(one.values.size() == two.values.size());
    CHECK(one.values.size() > 100);
    for (std::size_t i = 0; i < one.values.size(); ++i) {
      CHECK(one.layout->rows[i].labels == two.layout->rows[i].labels);
      CHECK(one.values[i].value == two.values[i].value);
      CHECK(one.values[i].as_of == two.values[i].as_of);
      CHECK(one.values[i].state == two.values[i].state);
      CHECK(one.values[i].reason == two.values[i].reason);
    }
  }
}
