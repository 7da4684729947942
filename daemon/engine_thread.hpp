#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/engine/engine.hpp"
#include "core/engine/engine_setup.hpp"
#include "core/market/event.hpp"
#include "daemon/engine_waiter.hpp"
#include "daemon/event_queue.hpp"
#include "daemon/journal/journal_writer.hpp"
#include "daemon/latency_histogram.hpp"
#include "daemon/snapshot_exchange.hpp"

namespace hedgewatch {

struct EngineThreadOptions {
  std::optional<unsigned> cpu;                                          ///< pinned to it when the system lets us
  std::chrono::nanoseconds idle_tick = std::chrono::milliseconds{100};  ///< time passes at least this often
  std::size_t snapshot_rows = 65'536;  ///< figures for which the scrape's copy has room from the start
  /// Events applied before a cycle ends although more wait: keeps the figures coming under any load.
  std::size_t most_events_per_cycle = 16'384;
  /// Gets what the engine gets, in its order; outlives the thread. Null: nothing is journalled.
  JournalWriter* journal = nullptr;
  /// Called on the engine's thread after each cycle; must return at once.
  std::function<void(const AlertBoard&)> alerts;
  /// Goes on with this one, which another process has left; nothing: with a new one.
  std::optional<Engine> resumed;
  /// What fired before a restart, and limits that were overridden then; nothing: what the engine knows of itself.
  std::optional<std::vector<RaisedAlert>> raised;
  std::optional<std::vector<OverriddenLimit>> overridden;
  /// Called on the engine's thread after each cycle; for tests.
  std::function<void(const Engine&)> observer;
  /// Hears once what the system refused, such as pinning.
  std::function<void(const std::string&)> tell;
};

/// Runs the engine: takes what waits in the queue, applies it, ends the cycle, hands the table to a scrape that asked.
/// Between start and stop only this thread touches the engine.
class EngineThread {
 public:
  /// The queue and its waiter outlive the thread.
  EngineThread(EngineSetup setup, EventQueue& queue, EngineWaiter& waiter, EngineThreadOptions options);
  /// Stops.
  ~EngineThread();
  EngineThread(const EngineThread&) = delete;
  EngineThread& operator=(const EngineThread&) = delete;

  void start();
  /// Applies what is still in the queue, ends one last cycle and joins.
  void stop();

  /// The engine takes it before its next cycle. Any thread; the newest wins. `configuration` is the number under which the journal
  /// was told of it; 0 without a journal.
  void reconfigure(EngineSetup setup, std::uint32_t configuration = 0);

  /// A person has taken these alerts on; the engine hears it before its next cycle. Any thread.
  void acknowledge(const std::vector<AlertIdentity>& alerts);

  /// The owner of these limits sets another one for a time; absent: takes it back. Any thread.
  void override_limits(const std::vector<AlertIdentity>& alerts, double level, std::chrono::nanoseconds lasts);

  /// A consistent table as of now; null when the engine does not answer in time. One reader at a time, valid until its next call.
  [[nodiscard]] const FigureSnapshot* snapshot(std::chrono::nanoseconds patience) { return exchange_.take(patience); }

  /// Cycles ended. It grows ten times a second even without data: what does not grow is stalled.
  [[nodiscard]] std::uint64_t cycles() const { return cycles_.load(std::memory_order_relaxed); }
  /// Since the last cycle ended, or since start.
  [[nodiscard]] std::chrono::nanoseconds stall() const;

  /// As the engine has seen it, in the order of events.
  [[nodiscard]] FeedStatus feed_status(ConnectionId connection) const;

  /// What the engine dropped, as of the newest snapshot.
  [[nodiscard]] EngineCounters drops() const;

  [[nodiscard]] const LatencyHistogram& tick_to_figure() const { return tick_to_figure_; }
  /// The same of the frames that told of a fill alone.
  [[nodiscard]] const LatencyHistogram& fill_to_figure() const { return fill_to_figure_; }
  [[nodiscard]] const LatencyHistogram& cycle_duration() const { return cycle_duration_; }
  /// Receive time by the calendar clock minus the exchange's time, one record a frame.
  [[nodiscard]] const LatencyHistogram& exchange_lag(ConnectionId connection) const {
    return *exchange_lag_[static_cast<std::size_t>(connection)];
  }

 private:
  static constexpr std::size_t kBatch = 512;

  void run();
  void pin();
  void run_cycle();
  void apply(const Event& event);
  void order(std::vector<EventBody> orders);
  void take_orders(MonoTime now);
  /// Applies what waits; returns how many events.
  std::size_t drain();
  void note_frame(const Event& event);
  void note_status(const Event& event);
  void end_cycle();
  void publish(MonoTime started);
  void store_drops();

  EventQueue& queue_;
  EngineWaiter& waiter_;
  EngineThreadOptions options_;
  Engine engine_;
  SnapshotExchange exchange_;
  std::vector<Event> batch_;

  struct Frame {
    MonoTime received;
    VenueTime exchange_time;
    ConnectionId connection;
    bool fill = false;  ///< tells of one
  };
  std::vector<Frame> frames_;  ///< of this cycle, one per frame

  struct PendingSetup {
    EngineSetup setup;
    std::uint32_t configuration = 0;
  };
  std::atomic<PendingSetup*> pending_setup_{nullptr};  ///< owned
  std::mutex orders_mutex_;                            ///< taken by the engine only when there is one
  std::vector<EventBody> orders_;                      ///< of people: acknowledgements and overrides
  std::atomic<bool> has_orders_{false};
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> cycles_{0};
  std::atomic<std::int64_t> last_cycle_{0};            ///< MonoTime nanoseconds
  std::vector<std::atomic<std::uint16_t>> statuses_;   ///< by connection: phase, and reason in the upper byte
  std::array<std::atomic<std::uint64_t>, 8> drops_{};  ///< in the order of EngineCounters
  std::vector<std::unique_ptr<LatencyHistogram>> exchange_lag_;
  LatencyHistogram tick_to_figure_;
  LatencyHistogram fill_to_figure_;
  LatencyHistogram cycle_duration_;
  std::thread thread_;
};

}  // namespace hedgewatch
