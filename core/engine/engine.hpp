#pragma once

#include <cstdint>
#include <memory>

#include "core/engine/engine_setup.hpp"
#include "core/market/event.hpp"
#include "core/metric/figure_table.hpp"

namespace hedgewatch {

/// The state machine that owns market, books, hedges and figures. A function of its event sequence: no clock, no thread,
/// no randomness, ordered iteration. One thread calls it. Drain, then recompute: apply every waiting event, then end_cycle once.
class Engine {
 public:
  explicit Engine(EngineSetup setup);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Changes state and marks what must be recomputed. Never allocates for market data of known instruments.
  void apply(const Event& event);

  /// Recomputes what was touched and updates the table. `now` is the newest receive time that was applied, or a later one.
  void end_cycle(MonoTime now);

  /// Replaces books, hedges, watch list and limits; market state, positions and instruments stay.
  void reconfigure(EngineSetup setup);

  [[nodiscard]] const FigureTable& figures() const;
  [[nodiscard]] std::uint64_t cycles() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedgewatch
