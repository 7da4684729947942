#include <algorithm>

#include "feeds/session/stream_session_state.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kSlowestRetry{std::chrono::seconds{60}};
constexpr std::chrono::nanoseconds kMaintenanceRetry{std::chrono::seconds{15}};
/// More pages of one list are a sign of something else.
constexpr std::size_t kMostWaitingCalls = 1'024;
/// A venue that keeps naming what it does not define is told of after this many answers.
constexpr unsigned kMostWaitsForDefinitions = 10;
/// Names that one connection asks the definition of.
constexpr std::size_t kMostAskedNames = 512;

}  // namespace

void StreamSession::State::ask(StreamCall call, MonoTime not_before, std::uint32_t attempts, bool before_open) {
  if (waiting_calls.size() >= kMostWaitingCalls) return note(NoticeSeverity::Warning, "too many calls wait", call.about);
  waiting_calls.push_back({std::move(call), not_before, attempts, before_open});
}

bool StreamSession::State::asked(const StreamCall& call) const {
  return std::ranges::any_of(waiting_calls, [&](const WaitingCall& one) { return one.call.same_list(call); }) ||
         std::ranges::any_of(open_calls, [&](const OpenCall& one) { return one.call.call.same_list(call); });
}

bool StreamSession::State::statement_open() const {
  return std::ranges::any_of(open_calls, [&](const OpenCall& one) { return dialect->states_positions(one.call.call); }) ||
         std::ranges::any_of(waiting_calls,
                             [&](const WaitingCall& one) { return !one.call.page.empty() && dialect->states_positions(one.call); });
}

void StreamSession::State::ask_snapshot(Book& book, SessionTime now) {
  StreamCall call;
  call.kind = kBookSnapshotCall;
  call.about = symbols.name(book.instrument);
  if (asked(call)) return;
  const std::uint32_t fruitless = std::min<std::uint32_t>(book.fruitless_snapshots, 5);
  const nanoseconds pause = fruitless == 0 ? nanoseconds{0} : nanoseconds{seconds{1}} * (std::int64_t{1} << (fruitless - 1));
  ask(std::move(call), now.mono + pause);
}

void StreamSession::State::pump_calls(SessionTime now, SessionActions& actions) {
  if (now.mono < calls_not_before) return;
  for (auto call = waiting_calls.begin(); call != waiting_calls.end();) {
    if (call->not_before > now.mono || !call_credits.take(1, now.mono)) {
      ++call;
      continue;
    }
    std::optional<HttpCall> request = dialect->request_of(call->call, now.wall);
    if (!request) {
      note(NoticeSeverity::Error, "a call cannot be made with this key", call->call.about);
      call = waiting_calls.erase(call);
      continue;
    }
    if (dialect->states_positions(call->call) && call->call.page.empty()) {
      held_reports.clear();
      held_overflow = false;
    }
    const std::uint64_t id = next_id++;
    actions.calls.push_back({id, std::move(*request)});
    open_calls.push_back({id, std::move(*call), now.mono});
    call = waiting_calls.erase(call);
  }
}

void StreamSession::State::retry(WaitingCall call, nanoseconds pause, SessionTime now) {
  const std::uint32_t attempts = call.attempts + 1;
  const nanoseconds slower = pause * (std::int64_t{1} << std::min<std::uint32_t>(attempts - 1, 5));
  // A list begins anew: its pages belong together.
  call.call.page.clear();
  ask(std::move(call.call), now.mono + std::min(slower, std::max(pause, kSlowestRetry)), attempts, call.before_open);
}

void StreamSession::State::on_list_done(const StreamCall& call) {
  std::erase_if(unmet, [&](const StreamCall& one) { return one.same_list(call); });
}

void StreamSession::State::on_answer(OpenCall& open_call, HttpOutcome& outcome, SessionTime now, EventBatch& events,
                                     SessionActions& actions) {
  if (outcome.status == 0) {
    statistics.error_replies.add();
    if (worth_telling(open_call.call.attempts + 1))
      note(NoticeSeverity::Warning, "a call got no answer", open_call.call.call.about + " " + outcome.body);
    return retry(std::move(open_call.call), seconds{1}, now);
  }
  const std::size_t before = events.size();
  outcome.body.reserve(outcome.body.size() + simdjson::SIMDJSON_PADDING);
  const simdjson::padded_string_view body{outcome.body.data(), outcome.body.size(), outcome.body.capacity()};
  const auto read = dialect->read(open_call.call.call, outcome.status, body, now.mono, events);
  statistics.refused_fields.add(dialect->detail().refused_fields);
  statistics.unknown_rows.add(dialect->detail().unknown_rows);
  if (!read.ok()) {
    events.truncate(before);
    const DecodeError& error = read.error();
    if (is_account() && error.fault == DecodeFault::UnknownInstrument && definitions_pending()) {
      open_call.call.attempts = 0;
      return retry(std::move(open_call.call), seconds{1}, now);
    }
    FeedCount& count = statistics.decode_errors[static_cast<std::size_t>(error.fault)];
    count.add();
    if (worth_telling(count.get()))
      note(NoticeSeverity::Warning, "an answer could not be read",
           std::string{label(error.fault)} + " in " + std::string{error.channel} + ", field " + std::string{error.field} + " " +
               unknown_name());
    return retry(std::move(open_call.call), seconds{1}, now);
  }
  const StreamAnswer& answer = read.value();
  if (answer.venue_time) {
    lag.on_round_trip(open_call.sent, now.mono, *answer.venue_time);
    if (const auto offset = lag.offset())
      statistics.clock_skew.store(offset->count() + nanoseconds_of(now.mono) - nanoseconds_of(now.wall), std::memory_order_relaxed);
  }
  if (answer.code != 0) return on_call_error(open_call, answer, outcome, now, events, actions);
  if (dialect->states_positions(open_call.call.call)) waits_for_definitions = 0;
  if (maintenance_by_error) {
    maintenance_by_error = false;
    set_maintenance(false, now);
  }
  if (answer.key_may_trade && !options.allow_trading_scope)
    return give_up("the key may do more than read: a monitor must not hold it", now, events, actions);

  const StreamCall& call = open_call.call.call;
  if (call.kind == kBookSnapshotCall) return on_snapshot(open_call, before, now, events);
  take_up_listings(before, events);
  // On each page of a statement.
  for (const Event& told_event : events.events().subspan(before)) {
    const auto* report = std::get_if<PositionReport>(&told_event.body);
    if (report != nullptr && report->size != Size{}) symbols.want(told_event.header.instrument);
  }
  if (!answer.next_page.empty()) {
    StreamCall next = call;
    next.page = answer.next_page;
    return ask(std::move(next), now.mono, 0, open_call.call.before_open);
  }
  const bool states = dialect->states_positions(call);
  if (states && held_overflow) {
    // What overtook it found no room: the next statement tells.
    events.truncate(before);
    return retry(std::move(open_call.call), seconds{1}, now);
  }
  if (states) finish_statement(before, events);
  on_list_done(call);
  if (call.every.count() == 0) return;
  StreamCall again = call;
  again.page.clear();
  const nanoseconds pause = again.every;
  ask(std::move(again), now.mono + pause);
}

bool StreamSession::State::definitions_pending() {
  ask_definitions();
  if (waits_for_definitions >= kMostWaitsForDefinitions) return false;
  if (waits_for_definitions++ == 0)
    note(NoticeSeverity::Info, "asks for the definitions of instruments that are held", unknown_name());
  return true;
}

std::string StreamSession::State::unknown_name() const {
  const auto unknown = dialect->detail().unknown;
  return unknown.empty() ? std::string{} : std::string{unknown.front()};
}

void StreamSession::State::ask_definitions() {
  for (const std::string_view name : dialect->detail().unknown) {
    if (asked_names.size() >= kMostAskedNames || !asked_names.emplace(name).second) continue;
    scratch_calls.clear();
    dialect->calls_to_define(name, scratch_calls);
    for (StreamCall& call : scratch_calls)
      if (!asked(call)) ask(std::move(call));
  }
}

void StreamSession::State::finish_statement(std::size_t before, EventBatch& events) {
  const VenueTime as_of = events.size() > before ? events.events().back().header.exchange_time : kNoVenueTime;
  for (const Event& held : held_reports)
    if (held.header.exchange_time > as_of && !events.push(held)) overflow = true;
  held_reports.clear();
}

void StreamSession::State::on_call_error(OpenCall& open_call, const StreamAnswer& answer, const HttpOutcome& outcome,
                                         SessionTime now, EventBatch& events, SessionActions& actions) {
  statistics.error_replies.add();
  const std::string message{answer.message};
  if (worth_telling(statistics.error_replies.get()) || answer.code != last_error_code)
    note(NoticeSeverity::Warning, "the venue answered a call with an error",
         std::to_string(answer.code) + " " + message + " to " + open_call.call.call.about);
  last_error_code = answer.code;
  const StreamReaction reaction = dialect->reaction_to(answer.code, message);
  switch (reaction) {
    case StreamReaction::Note: {
      const StreamCall& call = open_call.call.call;
      // Without its positions an account is not live, whatever the venue's reason.
      if (!dialect->states_positions(call)) on_list_done(call);
      if (call.every.count() == 0) return;
      StreamCall again = call;
      again.page.clear();
      return ask(std::move(again), now.mono + call.every);
    }
    case StreamReaction::Retry:
      return retry(std::move(open_call.call), seconds{1}, now);
    case StreamReaction::BackOff:
      statistics.rate_limits.add();
      call_credits.drain(now.mono);
      calls_not_before = now.mono + std::max<nanoseconds>(seconds{5}, seconds{outcome.retry_after_s});
      return retry(std::move(open_call.call), seconds{5}, now);
    case StreamReaction::Maintenance:
      react(reaction, {}, now, events, actions);
      return retry(std::move(open_call.call), kMaintenanceRetry, now);
    case StreamReaction::Reconnect:
    case StreamReaction::Login:
      if (!open) return retry(std::move(open_call.call), seconds{5}, now);
      return react(reaction, "a call says that the login does not hold", now, events, actions);
    case StreamReaction::Refused:
      return react(reaction, {}, now, events, actions);
  }
}

void StreamSession::State::on_snapshot(const OpenCall& open_call, std::size_t before, SessionTime now, EventBatch& events) {
  const auto id = symbols.find(open_call.call.call.about);
  Book* book = id ? book_of(*id) : nullptr;
  if (book == nullptr) {
    events.truncate(before);
    return statistics.late_frames.add();
  }
  switch (book->spliced.on_snapshot(dialect->detail().sequence)) {
    case SnapshotVerdict::Joined:
      book->fruitless_snapshots = 0;
      for (const Event& held : book->spliced.held())
        if (!events.push(held)) overflow = true;
      return;
    case SnapshotVerdict::TooOld:
      events.truncate(before);
      ++book->fruitless_snapshots;
      return ask_snapshot(*book, now);
    case SnapshotVerdict::Unasked:
      events.truncate(before);
      return;
  }
}

}  // namespace hedgewatch
