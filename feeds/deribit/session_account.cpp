#include <algorithm>
#include <array>

#include "feeds/deribit/session_state.hpp"

namespace hedgewatch {

namespace {

/// Position reports kept while a snapshot is on its way.
constexpr std::size_t kMostHeldReports = 4'096;

/// A venue that keeps naming what it does not define is told of after this many replies.
constexpr unsigned kMostWaitsForDefinitions = 5;

/// A history begins so long before the last whole statement: messages about fills come up to a tenth of a second after them.
constexpr std::chrono::nanoseconds kHistoryOverlap = std::chrono::seconds{5};

/// What "any" currency means to a query that takes one at a time.
constexpr std::array<std::string_view, 5> kSettlementCurrencies{"BTC", "ETH", "USDC", "USDT", "EURR"};

}  // namespace

void DeribitSession::State::begin_account() {
  for (const std::string_view channel : {"user.changes.any.any.100ms", "user.portfolio.any", "user.lock", "user.liquidation"})
    want_channel(channel);
  // Nothing is missed before the first statement.
  history_due = stated_at != kNoVenueTime;
}

void DeribitSession::State::ask_history(VenueTime to) {
  history_due = false;
  if (stated_at == kNoVenueTime || to <= stated_at) return;
  const VenueTime from = std::max({stated_at - kHistoryOverlap, first_stated_at, seen_fills.forgotten_to()});
  // The first moment that is not stated or forgotten.
  const std::int64_t from_ms = nanoseconds_of(from) / 1'000'000 + 1;
  const auto begin = [&](std::string_view currency) {
    if (history_of(currency) != nullptr) return;
    histories.push_back({.currency = std::string{currency}, .from_ms = from_ms, .to_ms = nanoseconds_of(to) / 1'000'000});
    ask(Ask::Trades, std::string{currency});
  };
  for (const std::string& currency : options.currencies) {
    if (currency != "any") {
      begin(currency);
      continue;
    }
    for (const std::string_view settlement : kSettlementCurrencies) begin(settlement);
  }
}

DeribitSession::State::History* DeribitSession::State::history_of(std::string_view currency) {
  const auto found = std::find_if(histories.begin(), histories.end(), [&](const History& one) { return one.currency == currency; });
  return found == histories.end() ? nullptr : &*found;
}

void DeribitSession::State::end_history(std::string_view currency, SessionTime now, EventBatch& events) {
  if (history_of(currency) == nullptr) return;
  std::erase_if(histories, [&](const History& one) { return one.currency == currency; });
  if (!history_open()) apply_statement(now, events);
}

void DeribitSession::State::hold_fills(std::size_t before, EventBatch& events) {
  const auto told_events = events.events();
  std::size_t kept = before;
  for (std::size_t i = before; i < told_events.size(); ++i) {
    if (!std::holds_alternative<Fill>(told_events[i].body)) {
      if (kept != i) told_events[kept] = told_events[i];
      ++kept;
    } else if (held_fills.size() < kMostHeldReports) {
      held_fills.push_back(told_events[i]);
    } else {
      held_overflow = true;
    }
  }
  events.truncate(kept);
}

std::size_t DeribitSession::State::keep_new_fills(std::size_t before, EventBatch& events) {
  const auto told_events = events.events();
  std::size_t kept = before;
  std::size_t fills = 0;
  for (std::size_t i = before; i < told_events.size(); ++i) {
    if (const auto* fill = std::get_if<Fill>(&told_events[i].body)) {
      const EventHeader& header = told_events[i].header;
      if (!seen_fills.first_time(header.instrument, *fill, header.exchange_time)) continue;
      ++fills;
    }
    if (kept != i) told_events[kept] = told_events[i];
    ++kept;
  }
  events.truncate(kept);
  return fills;
}

void DeribitSession::State::on_trades(const Pending& request, SessionTime now, EventBatch& events) {
  const std::size_t before = events.size();
  const std::string currency = request.request.about;
  History* history = history_of(currency);
  if (history == nullptr) return;
  const auto decoded = decoder.decode_user_trades(now.mono, events);
  if (!decoded.ok()) {
    on_reply_fault(decoded.error(), request, now);
    return end_history(currency, now, events);
  }
  const FrameDetail& detail = decoder.detail();
  if (detail.unknown_rows != 0 && history->waits < kMostWaitsForDefinitions) {
    // Nothing of the page counts until its instruments are defined, so that the fills keep their order.
    events.truncate(before);
    ++history->waits;
    ask_definitions(detail, true);
    return ask(Ask::Trades, currency, now.mono + seconds{1});
  }
  if (detail.unknown_rows != 0)
    note(NoticeSeverity::Warning, "missed fills in instruments that the venue does not define were left out",
         std::to_string(detail.unknown_rows));
  VenueTime newest = kNoVenueTime;
  for (const Event& told_event : events.events().subspan(before)) newest = std::max(newest, told_event.header.exchange_time);
  const std::size_t found = keep_new_fills(before, events);
  if (found != 0)
    note(NoticeSeverity::Info, "missed fills were found in the account's history", currency + ": " + std::to_string(found));
  const std::int64_t newest_ms = newest == kNoVenueTime ? history->from_ms : nanoseconds_of(newest) / 1'000'000;
  if (!detail.has_more.value_or(false)) return end_history(currency, now, events);
  // A page that ends in the millisecond in which it began would come again for ever.
  if (newest_ms <= history->from_ms) {
    note(NoticeSeverity::Warning, "the account's history is longer than a page within one millisecond", currency);
    return end_history(currency, now, events);
  }
  history->from_ms = newest_ms;
  ask(Ask::Trades, currency);
}

void DeribitSession::State::resync_account(SessionTime now) {
  statistics.resyncs.add();
  next_poll = now.mono;
  history_due = true;
}

void DeribitSession::State::on_account(std::size_t before, EventBatch& events) {
  if (history_open())
    hold_fills(before, events);
  else
    keep_new_fills(before, events);
  // Statements that overtake the snapshot are kept, so that the older snapshot cannot undo them.
  const bool hold = asked(Ask::Positions) || history_open();
  const bool hold_orders = asked(Ask::Orders);
  for (const Event& told_event : events.events().subspan(before)) {
    if (const auto* order = std::get_if<WorkingOrder>(&told_event.body)) {
      if (order->remaining != Size{}) symbols.want(told_event.header.instrument);
      if (hold_orders && held_orders.size() < kMostHeldReports) held_orders.push_back(told_event);
    }
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
  const auto stated = events.events().subspan(before);
  statement.assign(stated.begin(), stated.end());
  events.truncate(before);
  const VenueTime as_of = statement.back().header.exchange_time;
  if (history_due) ask_history(as_of);
  if (!history_open()) apply_statement(now, events);
}

void DeribitSession::State::ask_logs() {
  if (log_refused || asked(Ask::Log) || stated_at == kNoVenueTime) return;
  const auto begin = [&](std::string_view currency) {
    const auto known = std::find_if(logs.begin(), logs.end(), [&](const LogCursor& one) { return one.currency == currency; });
    if (known == logs.end()) {
      // What was moved before the first statement is in it.
      logs.push_back({.currency = std::string{currency}, .from_ms = nanoseconds_of(first_stated_at) / 1'000'000});
      return;
    }
    if (nanoseconds_of(stated_at) / 1'000'000 <= known->from_ms) return;
    known->asked_to = stated_at;
    known->continuation = 0;
    ask(Ask::Log, known->currency);
  };
  for (const std::string& currency : options.currencies) {
    if (currency != "any") {
      begin(currency);
      continue;
    }
    for (const std::string_view settlement : kSettlementCurrencies) begin(settlement);
  }
}

void DeribitSession::State::on_log(const Pending& request, SessionTime now, EventBatch& events) {
  const auto log =
      std::find_if(logs.begin(), logs.end(), [&](const LogCursor& one) { return one.currency == request.request.about; });
  if (log == logs.end()) return;
  const std::uint64_t before = log->continuation;
  const auto decoded = decoder.decode_transaction_log(now.mono, log->read_to, events);
  if (!decoded.ok()) return on_reply_fault(decoded.error(), request, now);
  const FrameDetail& detail = decoder.detail();
  log->newest = std::max(log->newest, detail.newest_entry);
  log->continuation = detail.continuation;
  if (detail.continuation != 0 && detail.continuation != before) return ask(Ask::Log, log->currency);
  log->read_to = std::max(log->read_to, log->newest);
  // Entries may appear a little after their time; the ids keep those that were told apart.
  log->from_ms = std::max(log->from_ms, nanoseconds_of(log->asked_to - kHistoryOverlap) / 1'000'000);
  log->continuation = 0;
}

void DeribitSession::State::on_orders(const Pending& request, SessionTime now, EventBatch& events) {
  const std::size_t before = events.size();
  const auto decoded = decoder.decode_open_orders(now.mono, events);
  if (!decoded.ok()) {
    // What is held is asked for again in its own rhythm; orders come with it.
    if (decoded.error().fault == DecodeFault::UnknownInstrument) return ask_definitions(decoder.detail(), true);
    return on_reply_fault(decoded.error(), request, now);
  }
  const Event end = events.events().back();
  events.truncate(events.size() - 1);
  for (const Event& told_event : events.events().subspan(before))
    if (std::holds_alternative<WorkingOrder>(told_event.body)) symbols.want(told_event.header.instrument);
  // A change that overtook the statement is newer than it; one without a time may be.
  for (const Event& held : held_orders)
    if ((held.header.exchange_time == kNoVenueTime || held.header.exchange_time > end.header.exchange_time) && !events.push(held))
      overflow = true;
  held_orders.clear();
  if (!events.push(end)) overflow = true;
}

void DeribitSession::State::apply_statement(SessionTime now, EventBatch& events) {
  if (statement.empty()) return;
  const auto push = [&](const Event& told_event) {
    if (!events.push(told_event)) overflow = true;
  };
  const std::size_t before = events.size();
  for (const Event& fill : held_fills) push(fill);
  held_fills.clear();
  keep_new_fills(before, events);
  if (held_overflow) {
    statement.clear();
    history_due = stated_at != kNoVenueTime;
    next_poll = now.mono;
    return;
  }
  const Event end = statement.back();
  const VenueTime as_of = end.header.exchange_time;
  statement.pop_back();
  for (const Event& told_event : statement) {
    push(told_event);
    const auto* report = std::get_if<PositionReport>(&told_event.body);
    if (report != nullptr && report->size != Size{}) symbols.want(told_event.header.instrument);
  }
  statement.clear();
  bool untimed = false;
  for (const Event& held : held_reports) {
    if (held.header.exchange_time == kNoVenueTime) untimed = true;
    if (held.header.exchange_time > as_of) push(held);
  }
  held_reports.clear();
  push(end);
  snapshot_applied = true;
  stated_at = std::max(stated_at, as_of);
  if (first_stated_at == kNoVenueTime) first_stated_at = as_of;
  ask_logs();
  // One whose time is not known may be older or newer than the snapshot: the next one tells.
  next_poll = now.mono + (history_due ? nanoseconds{0} : untimed ? nanoseconds{seconds{1}} : options.reconcile_interval);
}

}  // namespace hedgewatch
