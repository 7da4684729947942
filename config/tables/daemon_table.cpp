#include "config/tables/tables.hpp"

#include <array>

#include "config/value_readers.hpp"

namespace hedgewatch {

DaemonConfig read_daemon(TableReader& table) {
  static constexpr std::array<Choice<WaitMode>, 3> kWaits{
      {{"busy_poll", WaitMode::BusyPoll}, {"adaptive", WaitMode::Adaptive}, {"blocking", WaitMode::Blocking}}};
  static constexpr std::array<Choice<FeedPlace>, 2> kPlaces{
      {{"own_thread", FeedPlace::OwnThread}, {"engine_thread", FeedPlace::EngineThread}}};
  static constexpr std::array<Choice<LogLevel>, 4> kLevels{
      {{"debug", LogLevel::Debug}, {"info", LogLevel::Info}, {"warning", LogLevel::Warning}, {"error", LogLevel::Error}}};
  DaemonConfig daemon;
  read_choice(table, "wait", kWaits, daemon.wait);
  read_choice(table, "feeds", kPlaces, daemon.feeds);
  read_count(table, "engine_cpu", 0, 1023, daemon.engine_cpu);
  if (const auto lock = table.boolean("lock_memory", "true or false")) daemon.lock_memory = lock->value;
  read_count(table, "queue_capacity", 40'000, 500'000, daemon.queue_capacity);
  read_choice(table, "log_level", kLevels, daemon.log_level);
  table.finish();
  return daemon;
}

}  // namespace hedgewatch
