#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>

#include "core/engine/desk_monitor.hpp"
#include "core/hedge/bar_sampler.hpp"

namespace hedgewatch {

struct MidTick {
  VenueTime time = kNoVenueTime;
  double price = 0;
};

/// The mid of the newest whole, uncrossed quote or followed order book, with its exchange time; nothing without either.
[[nodiscard]] std::optional<MidTick> newest_mid(const DeskView& view, InstrumentSlot slot);

/// Whether a position in the instrument moves with its hedge as one that is not an option does, and is listed: its slot, else
/// kNoSlot.
[[nodiscard]] InstrumentSlot listed_slot(const DeskView& view, const InstrumentPattern& exact);

/// The bars of a hedge's basis leg and of its reference price: previous-tick mids on a grid of multiples of the bar since the
/// epoch, in the exchange time of the leg's venue. A bar is closed when the first event of a later time is heard, before it is
/// applied (DeskMonitor::close_bars), so that it holds what an offline sampling of the same ticks holds.
class PairBars {
 public:
  explicit PairBars(std::chrono::nanoseconds bar) : bar_{bar}, leg_{grid()}, reference_{grid()} {}

  struct Bar {
    VenueTime end{};
    std::optional<double> reference;
    std::optional<double> leg;
    std::optional<double> reference_return;  ///< logarithmic; nothing when an end is missing
    std::optional<double> leg_return;
    bool ticked = false;  ///< the reference was told anew within the bar
    bool newest = false;  ///< no later bar has ended
  };

  /// Finds the instruments again; after lay_out of a monitor.
  void resolve(const DeskView& view, const EffectivenessSetup& setup);
  [[nodiscard]] InstrumentSlot leg() const { return leg_slot_; }
  /// Dollars per coin at the leg's venue.
  [[nodiscard]] IndexId index() const { return index_; }
  /// Whether the reference price is the instrument's, or the index.
  [[nodiscard]] bool refers_to(InstrumentSlot slot) const { return reference_slot_ != kNoSlot && slot == reference_slot_; }
  [[nodiscard]] bool refers_to(IndexId index) const { return by_index_ && index_ != kNoIndex && index == index_; }
  /// When the bar under way ends; VenueTime::max() while none is, or at another venue than the leg's.
  [[nodiscard]] VenueTime next_end(Venue venue) const {
    return venue == leg_venue_ && end_ != kNoVenueTime ? end_ : VenueTime::max();
  }
  /// The newest tick of the reference.
  [[nodiscard]] std::optional<MidTick> reference_price(const DeskView& view) const;

  /// Calls `close` for every bar that has ended, oldest first. After a silence of more than kMostMissed bars the older ones are
  /// passed over.
  template <class Close>
  void advance(const DeskView& view, Close close) {
    if (leg_slot_ == kNoSlot) return;
    const VenueTime now = view.now_at(view.registry.venue(leg_slot_));
    if (now == kNoVenueTime) return;
    const std::optional<MidTick> leg = newest_mid(view, leg_slot_);
    const std::optional<MidTick> reference = reference_price(view);
    if (end_ == kNoVenueTime) end_ = bar_after(now);
    if (now - end_ > kMostMissed * bar_) end_ = bar_after(now) - kMostMissed * bar_;
    while (now > end_) {
      take(leg_, leg, end_);
      if (take(reference_, reference, end_)) ticked_ = true;
      close(close_bar(now));
    }
    take(leg_, leg, now);
    if (take(reference_, reference, now)) ticked_ = true;
  }

 private:
  static constexpr std::int64_t kMostMissed = 2'000;

  [[nodiscard]] BarSampler::Grid grid() const { return {.start = {}, .interval = bar_, .max_age = bar_}; }
  /// The first end of a bar that is not before `now`.
  [[nodiscard]] VenueTime bar_after(VenueTime now) const;
  Bar close_bar(VenueTime now);
  /// True when the tick was new.
  bool take(BarSampler& sampler, const std::optional<MidTick>& tick, VenueTime until);

  std::chrono::nanoseconds bar_;
  BarSampler leg_;
  BarSampler reference_;
  InstrumentSlot leg_slot_ = kNoSlot;
  std::optional<Venue> leg_venue_;
  InstrumentSlot reference_slot_ = kNoSlot;
  IndexId index_ = kNoIndex;
  bool by_index_ = true;
  VenueTime end_ = kNoVenueTime;
  VenueTime newest_reference_ = kNoVenueTime;
  std::optional<double> last_leg_;
  std::optional<double> last_reference_;
  bool ticked_ = false;
};

}  // namespace hedgewatch
