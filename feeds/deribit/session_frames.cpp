#include "feeds/deribit/session_state.hpp"

namespace hedgewatch {

using deribit::BookForm;

namespace {

constexpr std::size_t kMostLockedIndices = 64;

}  // namespace

void DeribitSession::State::on_decode_error(const DecodeError& error, SessionTime now, EventBatch& events) {
  FeedCount& count = statistics.decode_errors[static_cast<std::size_t>(error.fault)];
  count.add();
  const FrameDetail& detail = decoder.detail();
  if (worth_telling(count.get())) {
    std::string text{label(error.fault)};
    text.append(" in ").append(error.channel.empty() ? "a frame" : error.channel);
    if (!error.field.empty()) text.append(", field ").append(error.field);
    text.append(", number ").append(std::to_string(count.get()));
    note(NoticeSeverity::Warning, "a frame could not be decoded", std::move(text));
  }
  ask_definitions(detail, is_account());
  // What the frame would have changed is now unknown.
  if (Book* book = book_of(detail.channel_name)) lose(*book, now, events);
  if (is_account() && detail.channel_name.starts_with("user.")) resync_account(now);
}

void DeribitSession::State::lose(Book& book, SessionTime now, EventBatch& events) {
  if (book.synchroniser.on_lost() != BookVerdict::Invalidate) return;
  invalidate(book, now, events);
}

void DeribitSession::State::invalidate(const Book& book, SessionTime now, EventBatch& events) {
  statistics.gaps.add();
  statistics.resyncs.add();
  Event lost = event(BookInvalidated{}, now);
  lost.header.instrument = book.instrument;
  // A full batch holds a snapshot or listings; the reader of an overflowing batch is told by the feed's closing.
  if (!events.push(lost)) overflow = true;
}

void DeribitSession::State::on_book(std::size_t before, SessionTime now, EventBatch& events) {
  const FrameDetail& detail = decoder.detail();
  Book* book = book_of(detail.instrument);
  if (book == nullptr || book->channel != detail.channel_name) {
    events.truncate(before);
    statistics.late_frames.add();
    return;
  }
  BookVerdict verdict = BookVerdict::Apply;
  switch (detail.book) {
    case BookForm::Snapshot:
    case BookForm::Grouped:
      verdict = book->synchroniser.on_snapshot(detail.change_id);
      break;
    case BookForm::Change:
      verdict = book->synchroniser.on_delta(detail.previous_change_id, detail.change_id);
      break;
    case BookForm::None:
      break;
  }
  if (verdict == BookVerdict::Apply) return;
  events.truncate(before);
  if (verdict == BookVerdict::Ignore) {
    statistics.late_frames.add();
    return;
  }
  invalidate(*book, now, events);
  note(NoticeSeverity::Info, "a book lost its sequence and is fetched anew", std::string{symbols.name(book->instrument)});
}

void DeribitSession::State::on_market_data(std::size_t before, SessionTime now, EventBatch& events) {
  const FrameDetail& detail = decoder.detail();
  // Looked up only while something is being left: in the steady state every channel is a wanted one.
  const bool leaving = channels.count(SubscriptionState::ToLeave) + channels.count(SubscriptionState::Leaving) != 0;
  if (leaving && detail.book == BookForm::None && !channels.accepts(detail.channel_name)) {
    events.truncate(before);
    statistics.late_frames.add();
    return;
  }
  watchdog.on_market_data(now.mono);
  statistics.last_market_data.store(nanoseconds_of(now.mono), std::memory_order_relaxed);
  data_seen = true;
  // The newest event's time stands for the frame's. A frame without events says nothing.
  if (events.size() > before) lag.on_stamped(now.mono, events.events().back().header.exchange_time);
  if (detail.book != BookForm::None) on_book(before, now, events);
  ask_definitions(detail, false);
}

void DeribitSession::State::on_control(std::size_t before, SessionTime now, EventBatch& events) {
  const FrameDetail& detail = decoder.detail();
  if (detail.locked || detail.maintenance) return on_platform_state(before, now, events);
  if (!detail.state_instrument.empty() && detail.instrument != kNoInstrument) {
    for (const Event& told_event : events.events().subspan(before)) {
      const auto* state = std::get_if<InstrumentStateChanged>(&told_event.body);
      if (state == nullptr) continue;
      if (state->phase == InstrumentPhase::Expired) drop(detail.instrument);
      if (state->phase == InstrumentPhase::Open) {
        at(detail.instrument).expired = false;
        consider(detail.instrument);
      }
    }
  }
  for (const Event& told_event : events.events().subspan(before))
    if (std::holds_alternative<InstrumentListed>(told_event.body)) consider(told_event.header.instrument);
}

void DeribitSession::State::on_platform_state(std::size_t before, SessionTime now, EventBatch& events) {
  const FrameDetail& detail = decoder.detail();
  events.truncate(before);
  if (detail.maintenance) set_maintenance(*detail.maintenance, now);
  if (detail.locked) {
    const std::string index{detail.locked_index};
    if (!index.empty() && !relevant_index(index)) return;
    if (!*detail.locked)
      locked_indices.erase(index);
    else if (locked_indices.size() < kMostLockedIndices)
      locked_indices.insert(index);
  }
  if (!events.push(event(PlatformState{!locked_indices.empty(), maintenance}, now))) overflow = true;
}

}  // namespace hedgewatch
