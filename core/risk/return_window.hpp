#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "core/types/time.hpp"

namespace hedgewatch {

/// The newest log returns of one price over bars of equal length. A bar at either end of which there was no price gives no return,
/// and none is made up from longer ones.
class ReturnWindow {
 public:
  /// Room for `window` returns, at least one.
  ReturnWindow(std::chrono::nanoseconds bar, std::size_t window);

  /// Time has come to `now`. `price` is that of now, 0 when there is none to believe. Takes at most one price a bar.
  void advance(MonoTime now, double price);

  [[nodiscard]] std::size_t count() const { return count_; }
  /// The i-th of count() remembered returns, in no order of time.
  [[nodiscard]] double log_return(std::size_t i) const { return returns_[i]; }
  [[nodiscard]] std::chrono::nanoseconds bar() const { return bar_; }
  [[nodiscard]] std::size_t window() const { return returns_.size(); }

  /// See StateArchive.
  void visit_state(auto& archive) { archive(bar_, returns_, count_, next_, last_price_, bar_end_, begun_); }

 private:
  std::chrono::nanoseconds bar_;
  std::vector<double> returns_;
  std::size_t count_ = 0;
  std::size_t next_ = 0;
  double last_price_ = 0;  ///< at the last bar's end; 0: none
  MonoTime bar_end_{};
  bool begun_ = false;
};

}  // namespace hedgewatch
