#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/engine/desk_monitor.hpp"

namespace hedgewatch {

/// What venues force on accounts, and how far the accounts' newest statements are apart. Alerts latch; here an event without an end
/// of its own stands for kHold, long enough for every evaluation to see it.
class AccountEventMonitor final : public DeskMonitor {
 public:
  static constexpr std::chrono::nanoseconds kHold = std::chrono::minutes{15};

  void lay_out(const DeskView& view, FigureTable& table) override;
  void apply(const DeskView& view, const Event& event) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;

 private:
  static constexpr std::size_t kKinds = 5;

  struct Forced {
    bool active = false;
    MonoTime since{};
    RowId row = kNoRow;
  };
  struct Watched {
    std::string name;
    std::array<Forced, kKinds> forced{};
    std::optional<MonoTime> newest;  ///< statement of any kind
    RowId skew = kNoRow;
  };

  std::vector<Watched> accounts_;  ///< parallel to the setup's accounts
};

}  // namespace hedgewatch
