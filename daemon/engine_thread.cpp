#include "daemon/engine_thread.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

#include "feeds/transport/clock.hpp"

namespace hedgewatch {

namespace {

constexpr int kReasonShift = 8;

constexpr std::array kDropCounts{&EngineCounters::unknown_instrument_events, &EngineCounters::unknown_account_events,
                                 &EngineCounters::unknown_connection_events, &EngineCounters::refused_instruments,
                                 &EngineCounters::refused_order_books,       &EngineCounters::refused_indices,
                                 &EngineCounters::refused_positions,         &EngineCounters::late_prices};

std::uint16_t packed(const FeedStatus& status) {
  return static_cast<std::uint16_t>(static_cast<unsigned>(status.phase) | static_cast<unsigned>(status.reason) << kReasonShift);
}

}  // namespace

EngineThread::EngineThread(EngineSetup setup, EventQueue& queue, EngineWaiter& waiter, EngineThreadOptions options)
    : queue_{queue},
      waiter_{waiter},
      options_{std::move(options)},
      engine_{options_.resumed ? std::move(*options_.resumed) : Engine{setup}},
      exchange_{[&waiter] { waiter.nudge(); }, options_.snapshot_rows},
      batch_(kBatch),
      statuses_(queue.producers()) {
  if (options_.resumed) engine_.resume(std::move(setup));
  options_.resumed.reset();
  if (options_.raised) engine_.resume_alerts(std::move(*options_.raised));
  if (options_.overridden) engine_.resume_overrides(std::move(*options_.overridden));
  // Before it starts it does not stand still.
  last_cycle_.store(nanoseconds_of(mono_now()), std::memory_order_relaxed);
  frames_.reserve(options_.most_events_per_cycle);
  for (std::size_t connection = 0; connection < queue.producers(); ++connection)
    exchange_lag_.push_back(std::make_unique<LatencyHistogram>());
}

EngineThread::~EngineThread() {
  stop();
  delete pending_setup_.load();
}

void EngineThread::start() {
  last_cycle_.store(nanoseconds_of(mono_now()), std::memory_order_relaxed);
  thread_ = std::thread{[this] { run(); }};
}

void EngineThread::stop() {
  if (!thread_.joinable()) return;
  stop_.store(true, std::memory_order_release);
  waiter_.nudge();
  thread_.join();
}

void EngineThread::reconfigure(EngineSetup setup, std::uint32_t configuration) {
  auto next = std::make_unique<PendingSetup>(PendingSetup{std::move(setup), configuration});
  delete pending_setup_.exchange(next.release(), std::memory_order_acq_rel);
  waiter_.nudge();
}

void EngineThread::order(std::vector<EventBody> orders) {
  {
    const std::scoped_lock lock{orders_mutex_};
    orders_.insert(orders_.end(), orders.begin(), orders.end());
    has_orders_.store(true, std::memory_order_release);
  }
  waiter_.nudge();
}

void EngineThread::acknowledge(const std::vector<AlertIdentity>& alerts) {
  std::vector<EventBody> orders;
  for (const AlertIdentity& alert : alerts) orders.emplace_back(AlertAcknowledged{.rule = alert.rule, .row = alert.row});
  order(std::move(orders));
}

void EngineThread::override_limits(const std::vector<AlertIdentity>& alerts, double level, std::chrono::nanoseconds lasts) {
  std::vector<EventBody> orders;
  for (const AlertIdentity& alert : alerts)
    orders.emplace_back(LimitOverridden{.rule = alert.rule, .row = alert.row, .level = level, .lasts_ns = lasts.count()});
  order(std::move(orders));
}

void EngineThread::apply(const Event& event) {
  engine_.apply(event);
  if (options_.journal != nullptr) options_.journal->record(event);
}

void EngineThread::take_orders(MonoTime now) {
  if (!has_orders_.load(std::memory_order_acquire)) return;
  std::vector<EventBody> orders;
  {
    const std::scoped_lock lock{orders_mutex_};
    orders.swap(orders_);
    has_orders_.store(false, std::memory_order_relaxed);
  }
  for (const EventBody& body : orders) {
    Event event;
    event.header.received = now;
    event.body = body;
    apply(event);
  }
}

std::chrono::nanoseconds EngineThread::stall() const {
  return mono_now() - from_nanoseconds<MonoTime>(last_cycle_.load(std::memory_order_relaxed));
}

FeedStatus EngineThread::feed_status(ConnectionId connection) const {
  const std::uint16_t word = statuses_[static_cast<std::size_t>(connection)].load(std::memory_order_relaxed);
  return {static_cast<FeedPhase>(word & 0xFF), static_cast<FeedDownReason>(word >> kReasonShift)};
}

EngineCounters EngineThread::drops() const {
  EngineCounters result;
  for (std::size_t index = 0; index < kDropCounts.size(); ++index)
    result.*kDropCounts[index] = drops_[index].load(std::memory_order_relaxed);
  return result;
}

void EngineThread::store_drops() {
  static_assert(kDropCounts.size() == std::tuple_size_v<decltype(drops_)>);
  const EngineCounters counters = engine_.counters();
  for (std::size_t index = 0; index < kDropCounts.size(); ++index)
    drops_[index].store(counters.*kDropCounts[index], std::memory_order_relaxed);
}

void EngineThread::run() {
  pthread_setname_np(pthread_self(), "engine");
  pin();
  while (!stop_.load(std::memory_order_acquire)) {
    waiter_.wait(queue_, options_.idle_tick);
    run_cycle();
  }
  run_cycle();
}

void EngineThread::pin() {
  if (!options_.cpu) return;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  int fault = EINVAL;
  if (*options_.cpu < CPU_SETSIZE) {
    CPU_SET(*options_.cpu, &cpus);
    fault = pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
  }
  if (fault != 0 && options_.tell)
    options_.tell("cannot pin the engine to CPU " + std::to_string(*options_.cpu) +
                  " and goes on unpinned: " + std::strerror(fault));
}

void EngineThread::run_cycle() {
  const MonoTime started = mono_now();
  if (pending_setup_.load(std::memory_order_relaxed) != nullptr) {
    const std::unique_ptr<PendingSetup> pending{pending_setup_.exchange(nullptr, std::memory_order_acq_rel)};
    engine_.reconfigure(std::move(pending->setup));
    if (options_.journal != nullptr && pending->configuration != 0) options_.journal->record_configuration(pending->configuration);
  }
  take_orders(started);
  frames_.clear();
  if (drain() == 0) {
    Event tick;
    tick.header.received = started;
    tick.body = TimerTick{};
    apply(tick);
  }
  publish(started);
}

std::size_t EngineThread::drain() {
  std::size_t applied = 0;
  while (applied < options_.most_events_per_cycle) {
    const std::size_t room = std::min(kBatch, options_.most_events_per_cycle - applied);
    const std::size_t taken = queue_.take({batch_.data(), room});
    if (options_.journal != nullptr) options_.journal->record({batch_.data(), taken});
    for (std::size_t index = 0; index < taken; ++index) {
      const Event& event = batch_[index];
      engine_.apply(event);
      note_frame(event);
      if (std::holds_alternative<FeedStatus>(event.body)) note_status(event);
    }
    applied += taken;
    if (taken < room) break;
  }
  return applied;
}

void EngineThread::note_frame(const Event& event) {
  const EventHeader& header = event.header;
  const bool fill = std::holds_alternative<Fill>(event.body);
  if (!frames_.empty() && frames_.back().received == header.received && frames_.back().connection == header.connection) {
    frames_.back().fill = frames_.back().fill || fill;
    if (frames_.back().exchange_time == kNoVenueTime) frames_.back().exchange_time = header.exchange_time;
    return;
  }
  frames_.push_back({header.received, header.exchange_time, header.connection, fill});
}

void EngineThread::note_status(const Event& event) {
  const auto connection = static_cast<std::size_t>(event.header.connection);
  if (connection < statuses_.size())
    statuses_[connection].store(packed(std::get<FeedStatus>(event.body)), std::memory_order_relaxed);
}

void EngineThread::end_cycle() {
  Event end;
  end.header.received = mono_now();
  end.body = EndOfCycle{};
  if (options_.journal != nullptr) options_.journal->record(end);
  engine_.end_cycle(end.header.received);
  if (options_.alerts) options_.alerts(engine_.alerts());
  if (options_.journal != nullptr && options_.journal->snapshot_due(end.header.received))
    options_.journal->record_snapshot(end.header.received, [this](std::vector<std::byte>& out) { engine_.save(out); });
}

void EngineThread::publish(MonoTime started) {
  end_cycle();
  const MonoTime ended = mono_now();
  const std::chrono::nanoseconds calendar_offset{nanoseconds_of(wall_now()) - nanoseconds_of(ended)};

  for (const Frame& frame : frames_) {
    tick_to_figure_.record(ended - frame.received);
    if (frame.fill) fill_to_figure_.record(ended - frame.received);
    const auto connection = static_cast<std::size_t>(frame.connection);
    if (frame.exchange_time == kNoVenueTime || connection >= exchange_lag_.size()) continue;
    const auto received = from_nanoseconds<WallTime>(nanoseconds_of(frame.received + calendar_offset));
    exchange_lag_[connection]->record(receive_lag(received, frame.exchange_time));
  }
  cycle_duration_.record(ended - started);
  cycles_.store(cycles_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  last_cycle_.store(nanoseconds_of(ended), std::memory_order_relaxed);
  if (exchange_.requested()) {
    store_drops();
    exchange_.serve(engine_.figures(), ended, engine_.cycles());
  }
  if (options_.observer) options_.observer(engine_);
}

}  // namespace hedgewatch
