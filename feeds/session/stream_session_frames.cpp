#include <algorithm>

#include "feeds/session/stream_session_state.hpp"

namespace hedgewatch {

namespace {

/// Position reports kept while a statement is on its way.
constexpr std::size_t kMostHeldReports = 4'096;

}  // namespace

void StreamSession::State::on_decode_error(const DecodeError& error, SessionTime now, EventBatch& events) {
  if (is_account() && error.fault == DecodeFault::UnknownInstrument && definitions_pending()) return resync_account(now);
  FeedCount& count = statistics.decode_errors[static_cast<std::size_t>(error.fault)];
  count.add();
  if (worth_telling(count.get())) {
    std::string text{label(error.fault)};
    text.append(" in ").append(error.channel.empty() ? "a frame" : error.channel);
    if (!error.field.empty()) text.append(", field ").append(error.field);
    text.append(" ").append(unknown_name());
    text.append(", number ").append(std::to_string(count.get()));
    note(NoticeSeverity::Warning, "a frame could not be decoded", std::move(text));
  }
  // What the frame would have changed is now unknown.
  if (is_account()) return resync_account(now);
  Book* book = book_of(dialect->detail().instrument);
  if (book == nullptr) book = book_of_topic(dialect->topic());
  if (book == nullptr) return;
  const bool was_live = book->live(join);
  if (join == BookJoin::Chained) {
    static_cast<void>(book->chained.on_lost());
  } else if (book->spliced.on_lost()) {
    ask_snapshot(*book, now);
  }
  if (was_live) invalidate(*book, now, events);
}

void StreamSession::State::resync_account(SessionTime now) {
  statistics.resyncs.add();
  scratch_calls.clear();
  dialect->calls_to_reconcile(scratch_calls);
  for (StreamCall& call : scratch_calls) {
    const auto waiting = std::ranges::find_if(waiting_calls, [&](const WaitingCall& one) { return one.call.same_list(call); });
    if (waiting != waiting_calls.end())
      waiting->not_before = std::min(waiting->not_before, now.mono);
    else if (!asked(call))
      ask(std::move(call), now.mono);
  }
}

void StreamSession::State::invalidate(const Book& book, SessionTime now, EventBatch& events) {
  statistics.gaps.add();
  statistics.resyncs.add();
  Event lost = event(BookInvalidated{}, now);
  lost.header.instrument = book.instrument;
  // A full batch holds a snapshot or listings; the reader of an overflowing batch is told by the feed's closing.
  if (!events.push(lost)) overflow = true;
}

void StreamSession::State::on_book(std::size_t before, SessionTime now, EventBatch& events) {
  const FrameDetail& detail = dialect->detail();
  Book* book = book_of(detail.instrument);
  if (book == nullptr) {
    events.truncate(before);
    statistics.late_frames.add();
    return;
  }
  if (join == BookJoin::Chained) {
    const BookVerdict verdict = book->chained.on_message(detail);
    if (verdict == BookVerdict::Apply) return;
    events.truncate(before);
    if (verdict == BookVerdict::Ignore) return statistics.late_frames.add();
  } else {
    if (detail.book == BookForm::Whole || detail.book == BookForm::Snapshot) return;
    const SpliceVerdict verdict = book->spliced.on_change(detail, events.events().subspan(before));
    if (verdict == SpliceVerdict::Apply) return;
    events.truncate(before);
    if (verdict == SpliceVerdict::Ignore) return statistics.late_frames.add();
    if (verdict == SpliceVerdict::Hold) return;
    ask_snapshot(*book, now);
  }
  invalidate(*book, now, events);
  note(NoticeSeverity::Info, "a book lost its sequence and is fetched anew", std::string{symbols.name(book->instrument)});
}

void StreamSession::State::on_market_data(std::size_t before, SessionTime now, EventBatch& events) {
  // Looked up only where a topic's silence says something, and while something is being left.
  const bool leaving = channels.count(SubscriptionState::ToLeave) + channels.count(SubscriptionState::Leaving) != 0;
  if (!watches.empty() || leaving) {
    const std::string_view topic = dialect->topic();
    if (const auto watch = watches.find(topic); watch != watches.end()) {
      watch->second.last = now.mono;
      watch->second.renewed = false;
    }
    if (leaving && dialect->detail().book == BookForm::None && !channels.accepts(topic)) {
      events.truncate(before);
      return statistics.late_frames.add();
    }
  }
  watchdog.on_market_data(now.mono);
  statistics.last_market_data.store(nanoseconds_of(now.mono), std::memory_order_relaxed);
  data_seen = true;
  // The newest event's time stands for the frame's. A frame without events says nothing.
  if (events.size() > before) {
    const VenueTime stamped = events.events().back().header.exchange_time;
    if (stamped != kNoVenueTime) lag.on_stamped(now.mono, stamped);
  }
  if (dialect->detail().book != BookForm::None) return on_book(before, now, events);
  take_up_listings(before, events);
}

void StreamSession::State::on_account(std::size_t before, EventBatch& events) {
  // Reports that overtake a statement are kept, so that the older statement cannot undo them.
  const bool hold = statement_open();
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

void StreamSession::State::on_platform_state(std::size_t before, SessionTime now, const EventBatch& events) {
  for (const Event& told_event : events.events().subspan(before))
    if (const auto* state = std::get_if<PlatformState>(&told_event.body)) set_maintenance(state->maintenance, now);
}

void StreamSession::State::on_error_message(SessionTime now, EventBatch& events, SessionActions& actions) {
  const FrameDetail& detail = dialect->detail();
  const std::int64_t code = detail.code;
  const std::string message{detail.message};
  statistics.error_replies.add();
  if (worth_telling(statistics.error_replies.get()) || code != last_error_code)
    note(NoticeSeverity::Warning, "the venue answered with an error", std::to_string(code) + " " + message);
  last_error_code = code;
  const StreamReaction reaction = dialect->reaction_to(code, message);
  const std::optional<std::uint64_t> id = dialect->request_id();
  const auto login = std::ranges::find(pending, Ask::Login, &Pending::ask);
  if (login != pending.end() && (!id || *id == login->id)) {
    pending.erase(login);
    // A login that is not taken now and may be later is tried again by another connection.
    if (reaction == StreamReaction::Refused) return give_up("the venue refuses the key", now, events, actions);
    if (reaction == StreamReaction::BackOff) return react(reaction, "the login was refused", now, events, actions);
    // Nothing else is asked before the login: another connection has to.
    if (reaction == StreamReaction::Maintenance)
      return stay_away("the venue is in maintenance", FeedDownReason::Maintenance, seconds{5}, now, events, actions);
    return stay_away("the login was refused", FeedDownReason::Unauthorised, seconds{5}, now, events, actions);
  }
  if (id && reaction == StreamReaction::Retry) {
    const auto found = std::ranges::find(pending, *id, &Pending::id);
    if (found != pending.end()) {
      channels.on_failed(found->batch);
      pending.erase(found);
    }
    return;
  }
  if (id || dialect->acknowledges_one_topic()) on_acknowledged(now);
  react(reaction, "the venue wants another connection", now, events, actions);
}

void StreamSession::State::on_control(std::size_t before, SessionTime now, EventBatch& events, SessionActions& actions) {
  switch (dialect->detail().control) {
    case ControlKind::None:
      on_platform_state(before, now, events);
      take_up_listings(before, events);
      return;
    case ControlKind::Subscribed:
    case ControlKind::Unsubscribed:
    case ControlKind::Acknowledged:
      return on_acknowledged(now);
    case ControlKind::LoggedIn:
      std::erase_if(pending, [](const Pending& request) { return request.ask == Ask::Login; });
      if (logged_in) return;
      logged_in = true;
      return begin(now);
    case ControlKind::Pong:
      return;
    case ControlKind::Ping:
      if (std::string pong = dialect->pong(); !pong.empty()) actions.send.push_back(std::move(pong));
      return;
    case ControlKind::Error:
      return on_error_message(now, events, actions);
    case ControlKind::Upgrade:
      note(NoticeSeverity::Info, "the venue announces that it will end this connection");
      return close("the venue's service changes", FeedDownReason::Disconnected, now, events, actions);
    case ControlKind::KeyExpired:
      return stay_away("the private stream's key is void", FeedDownReason::Unauthorised, seconds{0}, now, events, actions);
    case ControlKind::Dropped: {
      const std::string topic{dialect->topic()};
      note(NoticeSeverity::Warning, "the venue ended a subscription", topic);
      if (topic.empty()) return close("a subscription was ended", FeedDownReason::Refused, now, events, actions);
      channels.renew(topic);
      return;
    }
  }
}

}  // namespace hedgewatch
