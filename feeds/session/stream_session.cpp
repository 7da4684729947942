#include "feeds/session/stream_session.hpp"

#include <algorithm>
#include <utility>

#include "feeds/session/stream_session_state.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::seconds kWatchCheckInterval{1};

SubscriptionLimits subscription_limits(const StreamLimits& limits) {
  return {
      .channels = limits.topics, .channels_per_request = limits.topics_per_request, .bytes_per_request = limits.bytes_per_request};
}

void earliest_of(std::optional<MonoTime>& earliest, std::optional<MonoTime> other) {
  if (other && (!earliest || *other < *earliest)) earliest = other;
}

}  // namespace

StreamSession::State::State(StreamSessionOptions given, std::unique_ptr<StreamDialect> what_differs, SymbolTable& names,
                            FeedStatistics& counts)
    : options{std::move(given)},
      dialect{std::move(what_differs)},
      limits{dialect->limits()},
      join{dialect->book_join()},
      symbols{names},
      statistics{counts},
      jitter{options.seed},
      lag{options.max_lag},
      request_credits{limits.requests_at_once, limits.requests_per_second},
      call_credits{limits.calls_at_once, limits.calls_per_second},
      channels{subscription_limits(limits)},
      watchdog{{.any_frame = options.silence_limit, .market_data = options.market_data_silence_limit}} {}

Event StreamSession::State::event(const EventBody& body, SessionTime now) const {
  EventHeader header;
  header.received = now.mono;
  header.connection = options.connection;
  header.account = options.account;
  header.venue = dialect->venue();
  return {header, body};
}

void StreamSession::State::tell(FeedStatus status, SessionTime now, EventBatch& events) {
  if (status.phase == told.phase && status.reason == told.reason) return;
  if (!events.push(event(status, now))) return;
  told = status;
}

void StreamSession::State::note(NoticeSeverity severity, std::string_view text, std::string detail) {
  notices.add(severity, text, std::move(detail));
}

void StreamSession::State::close(std::string_view why, FeedDownReason reason, SessionTime now, EventBatch& events,
                                 SessionActions& actions) {
  if (closing) return;
  closing = true;
  actions.close = true;
  actions.close_reason = why;
  tell({FeedPhase::Down, reason}, now, events);
}

void StreamSession::State::give_up(std::string_view why, SessionTime now, EventBatch& events, SessionActions& actions) {
  if (fatal) return;
  fatal = true;
  reconnect.reset();
  note(NoticeSeverity::Error, why);
  if (open) return close(why, FeedDownReason::Unauthorised, now, events, actions);
  tell({FeedPhase::Down, FeedDownReason::Unauthorised}, now, events);
}

void StreamSession::State::stay_away(std::string_view why, FeedDownReason reason, nanoseconds pause, SessionTime now,
                                     EventBatch& events, SessionActions& actions) {
  note(NoticeSeverity::Warning, why);
  if (!open) {
    reconnect = now.mono + pause;
    return;
  }
  least_pause = std::max(least_pause, pause);
  close(why, reason, now, events, actions);
}

void StreamSession::State::begin(SessionTime now) {
  begun = true;
  scratch_topics.clear();
  dialect->standing_topics(scratch_topics);
  for (const StreamTopic& topic : scratch_topics) want_topic(topic);
  seen_symbols = 0;
  scratch_calls.clear();
  dialect->calls_at_open(scratch_calls);
  unmet = scratch_calls;
  for (StreamCall& call : scratch_calls) ask(std::move(call));
  next_watch_check = now.mono + kWatchCheckInterval;
}

bool StreamSession::State::ready() const {
  if (!open || closing || !begun || !unmet.empty()) return false;
  // Nothing is held or watched in this market: nothing is missed either.
  if (channels.size() == 0) return !is_account();
  if (!channels.settled() || channels.count(SubscriptionState::Confirmed) == 0) return false;
  return is_account() || data_seen;
}

void StreamSession::State::update_status(SessionTime now, EventBatch& events) {
  if (!open || closing) return;
  if (maintenance) return tell({FeedPhase::Down, FeedDownReason::Maintenance}, now, events);
  if (lag.late() != lagging) {
    lagging = lag.late();
    const auto late = std::chrono::duration<double>(lag.lag().value_or(nanoseconds{0}));
    note(NoticeSeverity::Warning, lagging ? "the venue's data comes late" : "the venue's data comes in time again",
         std::to_string(late.count()) + " s");
    // What was true when it was sent has to be stated anew.
    if (is_account()) resync_account(now);
  }
  if (lagging) return tell({FeedPhase::Down, FeedDownReason::Lagging}, now, events);
  if (!ready()) {
    // New topics on a live connection do not make the old ones unknown.
    if (told.phase != FeedPhase::Live) tell({FeedPhase::Synchronising, FeedDownReason::None}, now, events);
    return;
  }
  if (told.phase == FeedPhase::Live) return;
  tell({FeedPhase::Live, FeedDownReason::None}, now, events);
  note(NoticeSeverity::Info, "live",
       std::to_string(symbols.size()) + " instruments known, " + std::to_string(channels.count(SubscriptionState::Confirmed)) +
           " topics confirmed");
  back_off.reset();
}

void StreamSession::State::set_maintenance(bool on, SessionTime now) {
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

void StreamSession::State::react(StreamReaction reaction, std::string_view why, SessionTime now, EventBatch& events,
                                 SessionActions& actions) {
  switch (reaction) {
    case StreamReaction::Note:
    case StreamReaction::Retry:
      return;
    case StreamReaction::BackOff:
      statistics.rate_limits.add();
      request_credits.drain(now.mono);
      return stay_away("rate limited", FeedDownReason::Refused,
                       seconds{5} + nanoseconds{static_cast<std::int64_t>(jitter.fraction() * 5e9)}, now, events, actions);
    case StreamReaction::Maintenance:
      maintenance_by_error = true;
      return set_maintenance(true, now);
    case StreamReaction::Reconnect:
      return stay_away(why, FeedDownReason::Refused, seconds{1}, now, events, actions);
    case StreamReaction::Login:
      return stay_away(why, FeedDownReason::Unauthorised, seconds{1}, now, events, actions);
    case StreamReaction::Refused:
      return give_up("the venue refuses the key", now, events, actions);
  }
}

void StreamSession::State::forget_connection() {
  open = closing = logged_in = begun = data_seen = maintenance = maintenance_by_error = overflow = lagging = held_overflow = false;
  prepared = false;
  lag.on_closed();
  unmet.clear();
  waiting_calls.clear();
  open_calls.clear();
  pending.clear();
  held_reports.clear();
  asked_names.clear();
  waits_for_definitions = 0;
  next_ping.reset();
  life_ends.reset();
  retry_refused_at.reset();
  next_watch_check.reset();
  watchdog.stop();
  channels.on_connection_lost();
  for (auto& [topic, watch] : watches) {
    watch.last.reset();
    watch.renewed = false;
  }
  for (Book& book : books) {
    book.chained.synchroniser().on_connection_lost();
    book.spliced.reset();
    book.fruitless_snapshots = 0;
  }
  dialect->forget_connection();
}

void StreamSession::State::settle(std::size_t before, SessionTime now, EventBatch& events, SessionActions& actions) {
  if (open && !closing) {
    if (begun) take_up_wants();
    if (overflow) close("overflow", FeedDownReason::Overflow, now, events, actions);
    if (!closing) {
      if (logged_in) pump_topics(now, actions);
      pump_calls(now, actions);
    }
    update_status(now, events);
  }
  statistics.events.add(events.size() - std::min(before, events.size()));
}

StreamSession::StreamSession(StreamSessionOptions options, std::unique_ptr<StreamDialect> dialect, SymbolTable& symbols,
                             FeedStatistics& statistics)
    : state_{std::make_unique<State>(std::move(options), std::move(dialect), symbols, statistics)} {}
StreamSession::~StreamSession() = default;

bool StreamSession::prepare(SessionTime now, SessionActions& actions) {
  State& s = *state_;
  if (s.fatal) return false;
  if (!s.prepared) {
    s.prepared = true;
    s.scratch_calls.clear();
    s.dialect->calls_before_open(s.scratch_calls);
    for (StreamCall& call : s.scratch_calls) s.ask(std::move(call), {}, 0, true);
  }
  s.reconnect.reset();
  s.pump_calls(now, actions);
  if (s.waiting_calls.empty() && s.open_calls.empty()) return true;
  for (const State::WaitingCall& call : s.waiting_calls)
    earliest_of(s.reconnect, s.call_credits.available_at(1, std::max(call.not_before, s.calls_not_before)));
  return false;
}

std::string StreamSession::path_suffix() const { return state_->dialect->path_suffix(); }

void StreamSession::on_open(SessionTime now, EventBatch& events, SessionActions& actions) {
  State& s = *state_;
  const std::size_t before = events.size();
  s.forget_connection();
  s.open = true;
  s.reconnect.reset();
  s.least_pause = State::nanoseconds{0};
  s.statistics.connections.add();
  s.watchdog.start(now.mono);
  if (s.options.ping_interval.count() > 0) s.limits.ping_interval = std::min(s.limits.ping_interval, s.options.ping_interval);
  if (s.limits.ping_interval.count() > 0) s.next_ping = now.mono + s.limits.ping_interval;
  if (s.limits.life.count() > 0) s.life_ends = now.mono + s.limits.life;
  if (auto login = s.dialect->login(s.next_id, now.wall)) {
    static_cast<void>(s.request_credits.take(1, now.mono));
    s.pending.push_back({s.next_id++, State::Ask::Login, 0, {}, {}, now.mono + s.options.reply_timeout});
    actions.send.push_back(std::move(*login));
  } else {
    s.logged_in = true;
    s.begin(now);
  }
  s.settle(before, now, events, actions);
}

void StreamSession::on_frame(simdjson::padded_string_view frame, SessionTime now, EventBatch& events, SessionActions& actions) {
  State& s = *state_;
  if (!s.open || s.closing) return;
  const std::size_t before = events.size();
  s.statistics.messages.add();
  s.statistics.bytes.add(frame.size());
  s.watchdog.on_frame(now.mono);
  const auto decoded = s.dialect->decode(frame, now.mono, events);
  const FrameDetail& detail = s.dialect->detail();
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
      s.on_control(before, now, events, actions);
      break;
    case FrameKind::Reply:
    case FrameKind::Ignored:
      s.statistics.ignored.add();
      break;
  }
  s.settle(before, now, events, actions);
}

void StreamSession::on_outcome(std::uint64_t call, HttpOutcome& outcome, SessionTime now, EventBatch& events,
                               SessionActions& actions) {
  State& s = *state_;
  const std::size_t before = events.size();
  const auto found = std::ranges::find(s.open_calls, call, &State::OpenCall::id);
  if (found == s.open_calls.end() || s.closing) {
    s.statistics.late_frames.add();
    return;
  }
  State::OpenCall answered = std::move(*found);
  s.open_calls.erase(found);
  s.on_answer(answered, outcome, now, events, actions);
  // The opening waited for it.
  if (!s.open && !s.fatal && !s.reconnect) s.reconnect = now.mono;
  s.settle(before, now, events, actions);
}

void StreamSession::on_closed(std::string_view reason, SessionTime now, EventBatch& events) {
  State& s = *state_;
  const std::size_t before = events.size();
  for (const State::Book& book : s.books) {
    if (!book.live(s.join)) continue;
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

void StreamSession::on_deadline(SessionTime now, EventBatch& events, SessionActions& actions) {
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
  if (s.life_ends && *s.life_ends <= now.mono) {
    s.note(NoticeSeverity::Info, "the connection is replaced before the venue ends it");
    s.close("its time is over", FeedDownReason::Disconnected, now, events, actions);
  }
  for (std::size_t at = 0; at < s.pending.size();) {
    if (s.pending[at].due > now.mono) {
      ++at;
      continue;
    }
    const State::Pending request = std::move(s.pending[at]);
    s.pending.erase(s.pending.begin() + static_cast<std::ptrdiff_t>(at));
    switch (request.ask) {
      case State::Ask::Login:
        s.note(NoticeSeverity::Warning, "the login was not answered");
        s.close("no reply", FeedDownReason::Silent, now, events, actions);
        break;
      case State::Ask::Subscribe:
        s.close_subscribe(request, {request.accepted.begin(), request.accepted.end()}, now);
        break;
      case State::Ask::Unsubscribe:
        s.close_unsubscribe(request);
        break;
    }
  }
  if (s.next_ping && *s.next_ping <= now.mono) {
    s.next_ping = now.mono + s.limits.ping_interval;
    actions.send.push_back(s.dialect->ping(s.next_id++));
  }
  for (State::Book& book : s.books) {
    if (const auto due = book.chained.synchroniser().deadline(); !due || *due > now.mono) continue;
    book.chained.synchroniser().on_deadline(now.mono);
    s.statistics.resyncs.add();
  }
  if (s.retry_refused_at && *s.retry_refused_at <= now.mono) {
    s.retry_refused_at.reset();
    s.channels.retry_refused();
  }
  if (s.next_watch_check && *s.next_watch_check <= now.mono) {
    s.next_watch_check = now.mono + kWatchCheckInterval;
    s.check_watches(now, events, actions);
  }
  s.settle(before, now, events, actions);
}

void StreamSession::on_books_lost(std::span<const InstrumentId> books, SessionTime now, EventBatch& events,
                                  SessionActions& actions) {
  State& s = *state_;
  const std::size_t before = events.size();
  for (const InstrumentId instrument : books) {
    State::Book* book = s.book_of(instrument);
    if (book == nullptr) continue;
    if (s.join == BookJoin::Chained ? book->chained.on_lost() == BookVerdict::Invalidate : book->spliced.on_lost()) {
      s.statistics.resyncs.add();
      if (s.join == BookJoin::Spliced) s.ask_snapshot(*book, now);
    }
  }
  s.settle(before, now, events, actions);
}

std::optional<MonoTime> StreamSession::deadline() const {
  const State& s = *state_;
  if (!s.open || s.closing) return std::nullopt;
  std::optional<MonoTime> earliest = s.watchdog.deadline();
  earliest_of(earliest, s.life_ends);
  earliest_of(earliest, s.next_ping);
  for (const State::Pending& request : s.pending) earliest_of(earliest, request.due);
  for (const State::WaitingCall& call : s.waiting_calls)
    earliest_of(earliest, s.call_credits.available_at(1, std::max(call.not_before, s.calls_not_before)));
  if (s.logged_in && s.channels.count(SubscriptionState::Wanted) + s.channels.count(SubscriptionState::ToLeave) != 0)
    earliest_of(earliest, s.request_credits.available_at(1, MonoTime{}));
  for (const State::Book& book : s.books) earliest_of(earliest, book.chained.synchroniser().deadline());
  earliest_of(earliest, s.retry_refused_at);
  // Also what another session of the venue wants is taken up then.
  if (!s.is_account()) earliest_of(earliest, s.next_watch_check);
  return earliest;
}

std::optional<MonoTime> StreamSession::reconnect_at() const { return state_->reconnect; }

void StreamSession::want(std::string_view name) {
  if (const auto id = state_->symbols.find(name))
    state_->symbols.want(*id);
  else
    state_->wanted_names.emplace(name);
}

SessionNotices& StreamSession::notices() { return state_->notices; }

bool StreamSession::live() const { return state_->told.phase == FeedPhase::Live; }

}  // namespace hedgewatch
