#include "core/engine/desk_monitor.hpp"

#include <variant>

namespace hedgewatch {

Estimate DeskView::index_price(IndexId id) const {
  if (id == kNoIndex) return {0, Quality::unknown(FigureReason::MissingIndex)};
  const Reading& reading = market.index(id);
  return {reading.value, freshness.of_market(reading, market.index_venue(id), FigureReason::MissingIndex)};
}

void DeskMonitor::apply(const DeskView&, const Event&) {}

bool concerns_monitors(const EventBody& body) {
  return is_account_event(body) || std::holds_alternative<Trade>(body) || std::holds_alternative<Funding>(body) ||
         std::holds_alternative<InstrumentListed>(body) || std::holds_alternative<InstrumentStateChanged>(body) ||
         std::holds_alternative<InstrumentDelivered>(body) || std::holds_alternative<FeedStatus>(body) ||
         std::holds_alternative<PlatformState>(body) || std::holds_alternative<AlertAcknowledged>(body);
}

}  // namespace hedgewatch
