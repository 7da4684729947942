#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/desk_monitor.hpp"

namespace hedgewatch {

/// What venues force on accounts, and how far the accounts' newest statements are apart. A forced event stands until a person has
/// acknowledged an alert of it, a lock also until the venue lifts it. Market-maker protection, which only warns, stands for kHold.
class AccountEventMonitor final : public DeskMonitor {
 public:
  static constexpr std::chrono::nanoseconds kHold = std::chrono::minutes{15};

  /// An event that stood before a restart stands on, one that was acknowledged only if it was a lock; `row_labels` are those of its
  /// figure. Before the first cycle.
  void resume(std::string_view row_labels, MonoTime since, bool acknowledged);

  void lay_out(const DeskView& view, FigureTable& table) override;
  void apply(const DeskView& view, const Event& event) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  static constexpr std::size_t kKinds = 5;

  struct Forced {
    bool active = false;         ///< stands
    bool lifted = true;          ///< nothing of it goes on: an acknowledgement ends it
    bool acknowledged = false;   ///< while it goes on: its end is the end
    std::uint64_t identity = 0;  ///< of its row, as acknowledgements name it
    MonoTime since{};
    RowId row = kNoRow;
  };
  struct Watched {
    std::string name;
    std::array<Forced, kKinds> forced{};
    std::optional<MonoTime> newest;  ///< statement of any kind
    RowId skew = kNoRow;

    void visit_state(auto& archive) { archive(name, forced, newest, skew); }
  };

  void acknowledge(std::uint64_t row);

  std::vector<Watched> accounts_;  ///< parallel to the setup's accounts
};

}  // namespace hedgewatch
