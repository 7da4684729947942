#include "feeds/deribit/session_state.hpp"

namespace hedgewatch {

namespace {

/// Position reports kept while a snapshot is on its way.
constexpr std::size_t kMostHeldReports = 4'096;

/// A venue that keeps naming what it does not define is told of after this many replies.
constexpr unsigned kMostWaitsForDefinitions = 5;

}  // namespace

void DeribitSession::State::begin_account() {
  for (const std::string_view channel : {"user.changes.any.any.100ms", "user.portfolio.any", "user.lock", "user.liquidation"})
    want_channel(channel);
}

void DeribitSession::State::resync_account(SessionTime now) {
  statistics.resyncs.add();
  next_poll = now.mono;
}

void DeribitSession::State::on_account(std::size_t before, EventBatch& events) {
  // Statements that overtake the snapshot are kept, so that the older snapshot cannot undo them.
  const bool hold = asked(Ask::Positions);
  for (const Event& told_event : events.events().subspan(before)) {
    const auto* report = std::get_if<PositionReport>(&told_event.body);
    if (report == nullptr) continue;
    if (report->size != Size{}) symbols.want(told_event.header.instrument);
    if (!hold) continue;
    if (held_reports.size() < kMostHeldReports)
      held_reports.push_back(told_event);
    else
      held_overflow = true;
  }
}

void DeribitSession::State::on_positions(std::size_t before, SessionTime now, EventBatch& events) {
  const auto decoded = decoder.decode_positions(now.mono, events);
  const FrameDetail& detail = decoder.detail();
  if (!decoded.ok()) {
    ask_definitions(detail, true);
    // A position in a currency that nobody listed is usual at the start: its definition is on its way.
    if (decoded.error().fault == DecodeFault::UnknownInstrument && waits_for_definitions < kMostWaitsForDefinitions) {
      if (waits_for_definitions++ == 0) note(NoticeSeverity::Info, "asks for the definitions of instruments that are held", {});
      next_poll = now.mono + seconds{1};
      return;
    }
    FeedCount& count = statistics.decode_errors[static_cast<std::size_t>(decoded.error().fault)];
    count.add();
    if (worth_telling(count.get()))
      note(NoticeSeverity::Warning, "the positions could not be read",
           std::string{label(decoded.error().fault)} + " " + std::string{decoded.error().field});
    next_poll = now.mono + seconds{5};
    return;
  }
  waits_for_definitions = 0;
  if (held_overflow) {
    events.truncate(before);
    next_poll = now.mono;
    return;
  }
  const VenueTime as_of = events.events().back().header.exchange_time;
  for (const Event& told_event : events.events().subspan(before)) {
    const auto* report = std::get_if<PositionReport>(&told_event.body);
    if (report != nullptr && report->size != Size{}) symbols.want(told_event.header.instrument);
  }
  bool untimed = false;
  for (const Event& held : held_reports) {
    if (held.header.exchange_time == kNoVenueTime) untimed = true;
    if (held.header.exchange_time > as_of && !events.push(held)) overflow = true;
  }
  held_reports.clear();
  snapshot_applied = true;
  // One whose time is not known may be older or newer than the snapshot: the next one tells.
  next_poll = now.mono + (untimed ? nanoseconds{seconds{1}} : options.reconcile_interval);
}

}  // namespace hedgewatch
