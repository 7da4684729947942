#include <chrono>

#include "config/tables/tables.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

using namespace std::chrono_literals;

ProfitPeriods read_profit(TableReader& table) {
  constexpr std::chrono::nanoseconds kLastStart = 24h - 1min;
  // A step of the window is no shorter than an interval that is explained.
  constexpr std::chrono::nanoseconds kShortestWindow = 96min;
  ProfitPeriods periods;
  read_duration(table, "session_start", 0s, kLastStart, periods.session_start);
  read_duration(table, "window", kShortestWindow, 24h * 30, periods.window);
  table.finish();
  return periods;
}

}  // namespace hedgewatch
