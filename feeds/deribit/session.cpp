#include "feeds/deribit/session.hpp"

#include <algorithm>

#include "feeds/deribit/session_state.hpp"

namespace hedgewatch {

namespace {

void keep_earliest(std::optional<MonoTime>& earliest, std::optional<MonoTime> other) {
  if (other && (!earliest || *other < *earliest)) earliest = other;
}

}  // namespace

void DeribitSession::State::tell(FeedStatus status, SessionTime now, EventBatch& events) {
  if (status.phase == told.phase && status.reason == told.reason) return;
  if (!events.push(event(status, now))) return;
  told = status;
}

void DeribitSession::State::note(NoticeSeverity severity, std::string_view text, std::string detail) {
  notices.add(severity, text, std::move(detail));
}

void DeribitSession::State::close(std::string_view why, FeedDownReason reason, SessionTime now, EventBatch& events,
                                  SessionActions& actions) {
  if (closing) return;
  closing = true;
  actions.close = true;
  actions.close_reason = why;
  tell({FeedPhase::Down, reason}, now, events);
}

void DeribitSession::State::give_up(std::string_view why, FeedDownReason reason, SessionTime now, EventBatch& events,
                                    SessionActions& actions) {
  fatal = true;
  note(NoticeSeverity::Error, why);
  close(why, reason, now, events, actions);
}

void DeribitSession::State::stay_away(std::string_view why, FeedDownReason reason, nanoseconds pause, SessionTime now,
                                      EventBatch& events, SessionActions& actions) {
  least_pause = std::max(least_pause, pause);
  note(NoticeSeverity::Warning, why);
  close(why, reason, now, events, actions);
}

void DeribitSession::State::begin(SessionTime now, EventBatch& events, SessionActions& actions) {
  accepted_by_us = true;
  ask(Ask::Heartbeat);
  if (options.credential) {
    ask(Ask::Auth);
  } else if (is_account()) {
    return give_up("the account has no credential", FeedDownReason::Unauthorised, now, events, actions);
  }
  if (!is_account()) begin_market_data();
}

bool DeribitSession::State::ready() const {
  if (!open || closing || !accepted_by_us || !channels.settled() || channels.count(SubscriptionState::Confirmed) == 0) return false;
  if (is_account()) return authenticated && changes_granted && snapshot_applied && summaries_applied;
  return listings_open == 0 && data_seen;
}

void DeribitSession::State::update_status(SessionTime now, EventBatch& events) {
  if (!open || closing) return;
  if (maintenance) return tell({FeedPhase::Down, FeedDownReason::Maintenance}, now, events);
  if (lag.late() != lagging) on_lag_turned(now);
  if (lagging) return tell({FeedPhase::Down, FeedDownReason::Lagging}, now, events);
  if (!ready()) {
    // New channels on a live connection do not make the old ones unknown.
    if (told.phase != FeedPhase::Live) tell({FeedPhase::Synchronising, FeedDownReason::None}, now, events);
    return;
  }
  if (told.phase == FeedPhase::Live) return;
  tell({FeedPhase::Live, FeedDownReason::None}, now, events);
  note(NoticeSeverity::Info, "live",
       std::to_string(symbols.size()) + " instruments known, " + std::to_string(channels.count(SubscriptionState::Confirmed)) +
           " channels confirmed");
  back_off.reset();
  reauthentications = 0;
}

void DeribitSession::State::set_maintenance(bool on, SessionTime now) {
  if (maintenance == on) return;
  maintenance = on;
  note(NoticeSeverity::Warning, on ? "the venue is in maintenance" : "the venue's maintenance is over");
  if (on) {
    watchdog.excuse_market_data();
    data_seen = false;
  } else if (!is_account()) {
    watchdog.expect_market_data(now.mono);
  }
}

void DeribitSession::State::on_lag_turned(SessionTime now) {
  lagging = lag.late();
  const auto seconds_late = std::chrono::duration<double>(lag.lag().value_or(nanoseconds{0}));
  note(NoticeSeverity::Warning, lagging ? "the venue's data comes late" : "the venue's data comes in time again",
       std::to_string(seconds_late.count()) + " s");
  if (!is_account() || !lagging) return;
  // What was true when it was sent has to be stated anew.
  snapshot_applied = false;
  summaries_applied = false;
  if (authenticated && changes_granted) next_poll = now.mono;
}

void DeribitSession::State::forget_connection() {
  open = closing = accepted_by_us = authenticated = changes_granted = snapshot_applied = summaries_applied = data_seen = false;
  maintenance = maintenance_by_error = overflow = held_overflow = false;
  lagging = false;
  lag.on_closed();
  listings_open = 0;
  waiting.clear();
  pending.clear();
  asked_names.clear();
  locked_indices.clear();
  held_reports.clear();
  held_orders.clear();
  orders_refused = log_refused = false;
  history_due = false;
  histories.clear();
  statement.clear();
  held_fills.clear();
  refresh_token = Secret{};
  refresh_at.reset();
  next_poll.reset();
  retry_refused_at.reset();
  subscribe_not_before = MonoTime{};
  watchdog.stop();
  channels.on_connection_lost();
  for (Book& book : books) book.synchroniser.on_connection_lost();
}

void DeribitSession::State::settle(std::size_t before, SessionTime now, EventBatch& events, SessionActions& actions) {
  take_up_wants();
  if (overflow) close("overflow", FeedDownReason::Overflow, now, events, actions);
  pump(now, actions);
  update_status(now, events);
  statistics.events.add(events.size() - std::min(before, events.size()));
}

DeribitSession::DeribitSession(DeribitSessionOptions options, deribit::Symbols& symbols, FeedStatistics& statistics)
    : state_{std::make_unique<State>(std::move(options), symbols, statistics)} {}
DeribitSession::~DeribitSession() = default;

void DeribitSession::on_open(SessionTime now, EventBatch& events, SessionActions& actions) {
  State& s = *state_;
  const std::size_t before = events.size();
  s.forget_connection();
  s.open = true;
  s.reconnect.reset();
  s.least_pause = State::nanoseconds{0};
  s.statistics.connections.add();
  s.watchdog.start(now.mono);
  s.ask(deribit::Ask::Hello);
  s.settle(before, now, events, actions);
}

void DeribitSession::on_frame(simdjson::padded_string_view frame, SessionTime now, EventBatch& events, SessionActions& actions) {
  State& s = *state_;
  if (!s.open || s.closing) return;
  const std::size_t before = events.size();
  s.statistics.messages.add();
  s.statistics.bytes.add(frame.size());
  s.watchdog.on_frame(now.mono);
  const auto decoded = s.decoder.decode(frame, now.mono, events);
  const deribit::FrameDetail& detail = s.decoder.detail();
  s.statistics.refused_fields.add(detail.refused_fields);
  s.statistics.unknown_rows.add(detail.unknown_rows);
  if (!decoded.ok()) {
    s.on_decode_error(decoded.error(), now, events);
    return s.settle(before, now, events, actions);
  }
  switch (decoded.value().kind) {
    case FrameKind::MarketData:
      s.on_market_data(before, now, events);
      break;
    case FrameKind::Account:
      s.on_account(before, events);
      break;
    case FrameKind::Control:
      if (detail.test_request) {
        // At once, credits or not: unanswered, it ends the connection.
        static_cast<void>(s.request_credits.take(State::kRequestCost, now.mono));
        std::string text = deribit::test_request(s.next_id);
        s.post({deribit::Ask::Test, {}, {}, 0}, 0, std::move(text), now, actions);
      }
      s.on_control(before, now, events);
      break;
    case FrameKind::Reply:
      s.on_reply(before, now, events, actions);
      break;
    case FrameKind::Ignored:
      s.statistics.ignored.add();
      if (detail.tradable && detail.instrument == kNoInstrument) s.ask_definition(detail.state_instrument, false);
      break;
  }
  s.settle(before, now, events, actions);
}

void DeribitSession::on_closed(std::string_view reason, SessionTime now, EventBatch& events) {
  State& s = *state_;
  const std::size_t before = events.size();
  for (const State::Book& book : s.books) {
    if (!book.synchroniser.live()) continue;
    Event lost = s.event(BookInvalidated{}, now);
    lost.header.instrument = book.instrument;
    static_cast<void>(events.push(lost));  // the status below says the same of everything
  }
  if (s.told.phase != FeedPhase::Down || s.told.reason == FeedDownReason::Maintenance || s.told.reason == FeedDownReason::Lagging) {
    const FeedDownReason why = reason.starts_with("overflow")  ? FeedDownReason::Overflow
                               : reason.starts_with("stopped") ? FeedDownReason::Stopped
                               : s.maintenance                 ? FeedDownReason::Maintenance
                                                               : FeedDownReason::Disconnected;
    s.tell({FeedPhase::Down, why}, now, events);
  }
  if (!reason.empty()) s.note(NoticeSeverity::Warning, "the connection ended", std::string{reason});
  const State::nanoseconds pause = std::max(s.back_off.next(s.jitter.fraction()), s.least_pause);
  s.forget_connection();
  s.reconnect.reset();
  if (!s.fatal) s.reconnect = now.mono + pause;
  s.statistics.events.add(events.size() - before);
}

void DeribitSession::on_deadline(SessionTime now, EventBatch& events, SessionActions& actions) {
  State& s = *state_;
  if (!s.open || s.closing) return;
  const std::size_t before = events.size();
  switch (s.watchdog.check(now.mono)) {
    case Silence::None:
      break;
    case Silence::NoFrames:
      s.close("silent", FeedDownReason::Silent, now, events, actions);
      break;
    case Silence::NoMarketData:
      s.close("no market data", FeedDownReason::Silent, now, events, actions);
      break;
  }
  for (const State::Pending& request : s.pending) {
    if (request.due > now.mono) continue;
    if (!s.closing) s.note(NoticeSeverity::Warning, "a request was not answered", std::string{label(request.request.ask)});
    s.close("no reply", FeedDownReason::Silent, now, events, actions);
  }
  for (State::Book& book : s.books) {
    if (const auto due = book.synchroniser.deadline(); !due || *due > now.mono) continue;
    book.synchroniser.on_deadline(now.mono);
    s.statistics.resyncs.add();
  }
  if (s.refresh_at && *s.refresh_at <= now.mono) {
    s.refresh_at.reset();
    s.ask(deribit::Ask::Refresh);
  }
  if (s.next_poll && *s.next_poll <= now.mono) {
    s.next_poll.reset();
    // While a history is open a statement is there already; the next poll is set when it was let through.
    if (!s.asked(deribit::Ask::Positions) && !s.history_open()) s.ask(deribit::Ask::Positions);
    if (!s.asked(deribit::Ask::Summaries)) s.ask(deribit::Ask::Summaries);
    if (!s.orders_refused && !s.asked(deribit::Ask::Orders)) s.ask(deribit::Ask::Orders);
  }
  if (s.retry_refused_at && *s.retry_refused_at <= now.mono) {
    s.retry_refused_at.reset();
    s.channels.retry_refused();
  }
  s.settle(before, now, events, actions);
}

void DeribitSession::on_books_lost(std::span<const InstrumentId> books, SessionTime now, EventBatch& events,
                                   SessionActions& actions) {
  State& s = *state_;
  const std::size_t before = events.size();
  for (const InstrumentId instrument : books)
    if (State::Book* book = s.book_of(instrument); book != nullptr && book->synchroniser.on_lost() == BookVerdict::Invalidate)
      s.statistics.resyncs.add();
  s.settle(before, now, events, actions);
}

std::optional<MonoTime> DeribitSession::deadline() const {
  const State& s = *state_;
  if (!s.open || s.closing) return std::nullopt;
  std::optional<MonoTime> earliest = s.watchdog.deadline();
  for (const State::Pending& request : s.pending) keep_earliest(earliest, request.due);
  for (const State::Waiting& request : s.waiting) {
    const TokenBucket& bucket = request.ask == deribit::Ask::Instruments ? s.listing_credits : s.request_credits;
    keep_earliest(earliest, bucket.available_at(State::cost_of(request.ask), request.not_before));
  }
  if (s.may_subscribe() && s.channels.count(SubscriptionState::Wanted) + s.channels.count(SubscriptionState::ToLeave) != 0)
    keep_earliest(earliest, s.subscribe_credits.available_at(State::kSubscribeCost, s.subscribe_not_before));
  for (const State::Book& book : s.books) keep_earliest(earliest, book.synchroniser.deadline());
  keep_earliest(earliest, s.refresh_at);
  keep_earliest(earliest, s.next_poll);
  keep_earliest(earliest, s.retry_refused_at);
  return earliest;
}

std::optional<MonoTime> DeribitSession::reconnect_at() const { return state_->reconnect; }

void DeribitSession::want(InstrumentId instrument) { state_->symbols.want(instrument); }

void DeribitSession::want(std::string_view name) {
  if (const auto id = state_->symbols.find(name))
    state_->symbols.want(*id);
  else
    state_->wanted_names.emplace(name);
}

SessionNotices& DeribitSession::notices() { return state_->notices; }

bool DeribitSession::live() const { return state_->told.phase == FeedPhase::Live; }

}  // namespace hedgewatch
