#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/alert/alert_board.hpp"
#include "core/engine/engine_setup.hpp"
#include "core/instrument/registry.hpp"
#include "core/market/event.hpp"
#include "core/metric/figure_table.hpp"
#include "core/types/result.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// What the engine could not use or keep. Everything that is dropped is in here.
struct EngineCounters {
  std::uint64_t unknown_instrument_events = 0;  ///< for an instrument that was never listed
  std::uint64_t unknown_account_events = 0;     ///< for an account that is not configured
  std::uint64_t unknown_connection_events = 0;  ///< for a connection that is not configured
  std::uint64_t refused_instruments = 0;        ///< beyond the registry's capacity
  std::uint64_t refused_order_books = 0;        ///< snapshots beyond the number of books that are kept
  std::uint64_t refused_indices = 0;
  std::uint64_t late_prices = 0;        ///< that came seconds after newer ones of their connection
  std::uint64_t refused_positions = 0;  ///< beyond an account's capacity: its positions are then unknown
};

/// The state machine that owns market, books, hedges and figures. A function of its event sequence: no clock, no thread,
/// no randomness, ordered iteration. One thread calls it. Drain, then recompute: apply every waiting event, then end_cycle once.
class Engine {
 public:
  explicit Engine(EngineSetup setup);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Changes state and marks what must be recomputed. Never allocates for market data of known instruments, except once for an
  /// instrument's first order-book snapshot.
  void apply(const Event& event);

  /// Recomputes what was touched and updates the table. `now` is the newest receive time that was applied, or a later one.
  void end_cycle(MonoTime now);

  /// Replaces books, hedges, watch list and limits; market state, positions and instruments stay.
  void reconfigure(EngineSetup setup);

  /// Goes on in another process, under `setup`: every connection is lost, no order book is valid, and whatever was heard before is
  /// stale until it is heard anew, however young it is. Windows, profit and alerts go on. Before the next event.
  void resume(EngineSetup setup);

  /// For questions, not for running: adds a trade to what the account holds, as if the venue had stated it. `size` is signed, in
  /// the contract's SizeUnit, `price` in its price unit. False, with nothing changed, when the account, the instrument or what is
  /// held of it is not known.
  [[nodiscard]] bool suppose(AccountId account, Venue venue, std::string_view instrument, double size, double price);

  /// As of the newest cycle. Rows that nobody had asked for since they changed are written by this call: ask anew after a cycle.
  [[nodiscard]] const FigureTable& figures() const;
  /// Which alerts changed their state in the newest cycle, and what they are.
  [[nodiscard]] const AlertBoard& alerts() const;
  /// Alerts that fired before a restart: see AlertBoard::resume. Before the first cycle, or after resume().
  void resume_alerts(std::vector<RaisedAlert> raised);
  /// Limits that were overridden before a restart and are so still. Before the first cycle, or after resume().
  void resume_overrides(std::vector<OverriddenLimit> overridden);
  [[nodiscard]] std::uint64_t cycles() const;
  /// The time of the newest cycle, or of a timer's event after it.
  [[nodiscard]] MonoTime now() const;
  /// Every instrument that was listed, and beyond which ids nothing refers to anything.
  [[nodiscard]] KnownInstruments known_instruments() const;

  /// Appends all that it knows, as bytes for restored(). Only after end_cycle, before the next event.
  void save(std::vector<std::byte>& out) const;
  /// An engine that goes on where the saved one was, byte for byte. `setup` must be the one that was in force then; what does not
  /// fit it, or is damaged, is an error in words.
  [[nodiscard]] static Result<Engine, std::string> restored(EngineSetup setup, std::span<const std::byte> state);
  [[nodiscard]] EngineCounters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedgewatch
