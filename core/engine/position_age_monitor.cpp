#include "core/engine/position_age_monitor.hpp"

#include <algorithm>
#include <chrono>

namespace hedgewatch {

void PositionAgeMonitor::lay_out(const DeskView& view, FigureTable& table) {
  positions_.clear();
  for (std::uint32_t book = 0; book < view.setup.books.size(); ++book)
    for (const ExplicitPosition& line : view.setup.books[book].positions) {
      if (!line.as_of) continue;
      const auto known = std::find_if(positions_.begin(), positions_.end(),
                                      [&](const Watched& one) { return one.book == book && one.instrument == line.instrument; });
      if (known == positions_.end()) {
        positions_.push_back({.book = book, .instrument = line.instrument, .as_of = *line.as_of, .max_age = line.max_age});
      } else if (*line.as_of + line.max_age < known->as_of + known->max_age) {
        known->as_of = *line.as_of;
        known->max_age = line.max_age;
      }
    }
  for (Watched& position : positions_) {
    const std::string_view book = view.portfolio.book_name(position.book);
    const std::string_view venue = label(position.instrument.venue);
    position.age = table.add_row(Figure::PositionAgeSeconds, {book, venue, position.instrument.symbol});
    position.usage = table.add_row(Figure::PositionAgeUsageRatio, {book, venue, position.instrument.symbol});
  }
}

void PositionAgeMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  for (const Venue venue : kVenues) {
    Clock& clock = clocks_[static_cast<std::size_t>(venue)];
    const VenueTime told = view.now_at(venue);
    if (told == kNoVenueTime || told == clock.told) continue;
    clock = {.told = told, .heard = view.now};
  }
  for (const Watched& position : positions_) {
    const Clock& clock = clocks_[static_cast<std::size_t>(position.instrument.venue)];
    Estimate age{0, Quality::unknown(FigureReason::NeverReceived)};
    if (clock.told != kNoVenueTime) {
      const std::chrono::nanoseconds elapsed = clock.told + (view.now - clock.heard) - position.as_of;
      age = {std::chrono::duration<double>(elapsed).count(), Quality{}};
    }
    out.publish(position.age, age);
    out.publish(position.usage, age.value / std::chrono::duration<double>(position.max_age).count(), age.quality);
  }
}

void PositionAgeMonitor::visit_state(StateArchive& archive) { archive(positions_, clocks_); }

}  // namespace hedgewatch
