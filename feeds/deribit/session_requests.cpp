#include "feeds/deribit/session_state.hpp"

#include <algorithm>

#include "feeds/deribit/errors.hpp"

namespace hedgewatch::deribit {

std::string_view label(Ask ask) {
  switch (ask) {
    case Ask::Hello:
      return "public/hello";
    case Ask::Heartbeat:
      return "public/set_heartbeat";
    case Ask::Test:
      return "public/test";
    case Ask::Auth:
    case Ask::Refresh:
      return "public/auth";
    case Ask::Instruments:
      return "public/get_instruments";
    case Ask::Instrument:
      return "public/get_instrument";
    case Ask::Subscribe:
      return "subscribe";
    case Ask::Unsubscribe:
      return "unsubscribe";
    case Ask::Positions:
      return "private/get_positions";
    case Ask::Summaries:
      return "private/get_account_summaries";
    case Ask::Trades:
      return "private/get_user_trades_by_currency_and_time";
    case Ask::Orders:
      return "private/get_open_orders";
    case Ask::Log:
      return "private/get_transaction_log";
  }
  return "";
}

}  // namespace hedgewatch::deribit

namespace hedgewatch {

using deribit::Audience;
using deribit::ErrorReaction;

namespace {

constexpr std::chrono::nanoseconds kSlowestRetry{std::chrono::seconds{60}};

/// The most that the venue gives in one answer.
constexpr std::int64_t kTradesPerPage = 1'000;
/// A history that cannot be had does not keep the positions back for longer than this many attempts.
constexpr std::uint32_t kMostTradeAttempts = 4;

}  // namespace

void DeribitSession::State::ask(Ask what, std::string about, MonoTime not_before, std::uint32_t attempts) {
  waiting.push_back({what, std::move(about), not_before, attempts});
}

bool DeribitSession::State::asked(Ask what) const {
  return std::any_of(waiting.begin(), waiting.end(), [&](const Waiting& request) { return request.ask == what; }) ||
         std::any_of(pending.begin(), pending.end(), [&](const Pending& request) { return request.request.ask == what; });
}

void DeribitSession::State::post(Waiting request, std::uint64_t batch, std::string text, SessionTime now, SessionActions& actions) {
  pending.push_back({next_id, std::move(request), batch, now.mono + options.reply_timeout, now.mono});
  ++next_id;
  actions.send.push_back(std::move(text));
}

std::string DeribitSession::State::nonce() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::uint64_t bits = jitter.bits(); text.size() < 16; bits >>= 4) text += kDigits[bits & 15];
  return text;
}

std::string DeribitSession::State::text_of(const Waiting& request, SessionTime now) {
  switch (request.ask) {
    case Ask::Hello:
      return deribit::hello_request(next_id);
    case Ask::Heartbeat:
      return deribit::heartbeat_request(next_id, options.heartbeat.count());
    case Ask::Test:
      return deribit::test_request(next_id);
    case Ask::Auth: {
      constexpr std::string_view kScope = "session:hedgewatch account:read trade:read wallet:none block_trade:none";
      if (options.login == DeribitLogin::Secret) return deribit::auth_with_secret(next_id, *options.credential, kScope);
      return deribit::auth_with_signature(next_id, *options.credential, now.wall, nonce(), kScope);
    }
    case Ask::Refresh:
      return deribit::auth_refresh(next_id, refresh_token);
    case Ask::Instruments:
      return deribit::instruments_request(next_id, request.about);
    case Ask::Instrument:
      return deribit::instrument_request(next_id, request.about);
    case Ask::Positions:
      return deribit::positions_request(next_id);
    case Ask::Summaries:
      return deribit::account_summaries_request(next_id);
    case Ask::Trades: {
      const History* history = history_of(request.about);
      return deribit::user_trades_request(next_id, request.about, history == nullptr ? 0 : history->from_ms,
                                          history == nullptr ? 0 : history->to_ms, kTradesPerPage);
    }
    case Ask::Orders:
      return deribit::open_orders_request(next_id);
    case Ask::Log:
      for (const LogCursor& log : logs)
        if (log.currency == request.about)
          return deribit::transaction_log_request(next_id, log.currency, log.from_ms, nanoseconds_of(log.asked_to) / 1'000'000,
                                                  log.continuation);
      return {};
    case Ask::Subscribe:
    case Ask::Unsubscribe:
      break;
  }
  return {};
}

void DeribitSession::State::pump(SessionTime now, SessionActions& actions) {
  if (!open || closing) return;
  for (auto request = waiting.begin(); request != waiting.end();) {
    if (request->not_before > now.mono || !bucket_of(request->ask).take(cost_of(request->ask), now.mono)) {
      ++request;
      continue;
    }
    if (request->ask == Ask::Positions) {
      held_reports.clear();
      held_overflow = false;
    }
    if (request->ask == Ask::Orders) held_orders.clear();
    std::string text = text_of(*request, now);
    post(std::move(*request), 0, std::move(text), now, actions);
    request = waiting.erase(request);
  }
  if (!may_subscribe() || now.mono < subscribe_not_before) return;
  for (Book& book : books)
    if (book.synchroniser.wants() == BookRequest::Unsubscribe) channels.renew(book.channel);
  const Audience audience = is_account() ? Audience::Private : Audience::Public;
  while (channels.count(SubscriptionState::ToLeave) != 0 && subscribe_credits.take(kSubscribeCost, now.mono)) {
    const SubscriptionBatch batch = channels.take_unsubscribe();
    if (batch.channels.empty()) break;
    for (const std::string& channel : batch.channels)
      if (Book* book = book_of(channel)) book->synchroniser.on_unsubscribe_sent(now.mono);
    post({Ask::Unsubscribe, {}, {}, 0}, batch.number, deribit::unsubscribe_request(next_id, audience, batch.channels), now,
         actions);
  }
  while (channels.count(SubscriptionState::Wanted) != 0 && subscribe_credits.take(kSubscribeCost, now.mono)) {
    const SubscriptionBatch batch = channels.take_subscribe();
    if (batch.channels.empty()) break;
    for (const std::string& channel : batch.channels)
      if (Book* book = book_of(channel)) book->synchroniser.on_subscribe_sent(now.mono);
    post({Ask::Subscribe, {}, {}, 0}, batch.number, deribit::subscribe_request(next_id, audience, batch.channels), now, actions);
  }
}

void DeribitSession::State::retry(const Pending& request, SessionTime now, nanoseconds pause) {
  if (request.request.ask == Ask::Subscribe || request.request.ask == Ask::Unsubscribe) {
    channels.on_failed(request.batch);
    subscribe_not_before = std::max(subscribe_not_before, now.mono + pause);
    return;
  }
  const std::uint32_t attempts = request.request.attempts + 1;
  const nanoseconds slower = pause * (std::int64_t{1} << std::min<std::uint32_t>(attempts - 1, 5));
  ask(request.request.ask, request.request.about, now.mono + std::min(slower, std::max(pause, kSlowestRetry)), attempts);
}

void DeribitSession::State::abandon(const Pending& request, SessionTime now, EventBatch& events, SessionActions& actions) {
  switch (request.request.ask) {
    case Ask::Subscribe:
      return on_refused(channels.on_subscribed(request.batch, {}), now);
    case Ask::Unsubscribe:
      for (const std::string& channel : channels.on_unsubscribed(request.batch))
        if (Book* book = book_of(channel)) book->synchroniser.on_unsubscribed();
      return;
    case Ask::Instrument:
    case Ask::Test:
    case Ask::Heartbeat:
      return;
    case Ask::Instruments:
      --listings_open;
      return;
    case Ask::Positions:
    case Ask::Summaries:
      next_poll = now.mono + options.reconcile_interval;
      return;
    case Ask::Log:
      log_refused = true;
      note(NoticeSeverity::Warning, "the venue does not tell of deposits and transfers");
      return;
    case Ask::Orders:
      // Figures of working orders stay unknown, everything else goes on.
      orders_refused = true;
      note(NoticeSeverity::Warning, "the venue does not tell the working orders");
      return;
    case Ask::Trades:
      // The next statement of positions shows what was traded, if not at which prices.
      return end_history(request.request.about, now, events);
    case Ask::Refresh:
      return ask(Ask::Auth);
    case Ask::Hello:
    case Ask::Auth:
      return stay_away("the venue refuses to begin", FeedDownReason::Refused, seconds{30}, now, events, actions);
  }
}

void DeribitSession::State::on_error(const Pending& request, const FrameDetail& detail, SessionTime now, EventBatch& events,
                                     SessionActions& actions) {
  statistics.error_replies.add();
  if (worth_telling(statistics.error_replies.get()) || detail.error_code != last_error_code) {
    std::string text = std::to_string(detail.error_code) + " ";
    text.append(detail.error_message).append(" to ").append(label(request.request.ask));
    if (!request.request.about.empty()) text.append(" ").append(request.request.about);
    note(NoticeSeverity::Warning, "the venue answered with an error", std::move(text));
  }
  last_error_code = detail.error_code;
  if (request.request.ask == Ask::Trades && request.request.attempts + 1 >= kMostTradeAttempts)
    return abandon(request, now, events, actions);
  const bool login = request.request.ask == Ask::Auth || request.request.ask == Ask::Refresh;
  switch (deribit::reaction_to(detail.error_code, detail.error_message)) {
    case ErrorReaction::BackOff:
      statistics.rate_limits.add();
      request_credits.drain(now.mono);
      subscribe_credits.drain(now.mono);
      listing_credits.drain(now.mono);
      return stay_away("rate limited", FeedDownReason::Refused,
                       seconds{5} + nanoseconds{static_cast<std::int64_t>(jitter.fraction() * 5e9)}, now, events, actions);
    case ErrorReaction::Retry:
      return retry(request, now, seconds{1});
    case ErrorReaction::RetryAfterSettlement:
      return retry(request, now, seconds{2});
    case ErrorReaction::RetrySlowly:
      return retry(request, now, seconds{15});
    case ErrorReaction::Resubscribe:
      return retry(request, now, seconds{5});
    case ErrorReaction::Maintenance:
      maintenance_by_error = true;
      set_maintenance(true, now);
      return retry(request, now, seconds{30});
    case ErrorReaction::Reconnect:
      return stay_away("the venue wants another connection", FeedDownReason::Refused, seconds{1}, now, events, actions);
    case ErrorReaction::DropInstrument:
    case ErrorReaction::Log:
      return abandon(request, now, events, actions);
    case ErrorReaction::AccountLocked: {
      if (!events.push(event(ForcedEvent{ForcedEventKind::AccountLock, true}, now))) overflow = true;
      return abandon(request, now, events, actions);
    }
    case ErrorReaction::Authenticate:
      if (!options.credential)
        return stay_away("the venue wants a login, no credential is configured", FeedDownReason::Unauthorised, seconds{60}, now,
                         events, actions);
      retry(request, now, seconds{2});
      if (!asked(Ask::Auth)) ask(Ask::Auth);
      return;
    case ErrorReaction::Reauthenticate:
      if (login && request.request.ask == Ask::Auth)
        return give_up("the venue refuses the key", FeedDownReason::Unauthorised, now, events, actions);
      if (!options.credential || ++reauthentications > 1)
        return stay_away("the login does not hold", FeedDownReason::Unauthorised, seconds{60}, now, events, actions);
      // The token is gone, and what was subscribed with it may be.
      authenticated = false;
      snapshot_applied = false;
      histories.clear();
      statement.clear();
      held_fills.clear();
      std::erase_if(waiting, [](const Waiting& other) { return other.ask == Ask::Trades || other.ask == Ask::Positions; });
      changes_granted = false;
      refresh_at.reset();
      next_poll.reset();
      channels.on_connection_lost();
      std::erase_if(pending, [](const Pending& other) {
        return other.request.ask == Ask::Subscribe || other.request.ask == Ask::Unsubscribe;
      });
      if (told.phase == FeedPhase::Live) tell({FeedPhase::Synchronising, FeedDownReason::None}, now, events);
      if (!asked(Ask::Auth)) ask(Ask::Auth);
      return;
    case ErrorReaction::StayAwayLong:
      return stay_away("too many logins", FeedDownReason::Unauthorised,
                       seconds{120} + nanoseconds{static_cast<std::int64_t>(jitter.fraction() * 120e9)}, now, events, actions);
    case ErrorReaction::Fatal:
      // A refused refresh may only mean that the token was too old.
      if (request.request.ask == Ask::Refresh) return ask(Ask::Auth);
      return give_up(login ? "the venue refuses the key" : "the key's scope is too narrow", FeedDownReason::Unauthorised, now,
                     events, actions);
  }
}

}  // namespace hedgewatch
