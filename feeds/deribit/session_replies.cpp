#include "feeds/deribit/session_state.hpp"

#include <algorithm>
#include <limits>

namespace hedgewatch {

namespace {

bool has_word(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

void DeribitSession::State::on_reply(std::size_t before, SessionTime now, EventBatch& events, SessionActions& actions) {
  const FrameDetail detail = decoder.detail();
  const auto found = std::find_if(pending.begin(), pending.end(),
                                  [&](const Pending& request) { return detail.has_id && request.id == detail.id; });
  if (found == pending.end()) {
    statistics.late_frames.add();
    // Without an id it can only be about the connection as a whole.
    if (detail.has_error && !detail.has_id) on_error({}, detail, now, events, actions);
    return;
  }
  const Pending request = std::move(*found);
  pending.erase(found);

  if (detail.testnet && *detail.testnet != (options.endpoint == DeribitEndpoint::TestNetwork))
    return give_up(*detail.testnet ? "this is the test network, production was configured"
                                   : "this is production, the test network was configured",
                   FeedDownReason::Refused, now, events, actions);
  if (detail.sent_at_us != 0) note_answer_time(request, detail.sent_at_us, now);
  if (detail.has_error) return on_error(request, detail, now, events, actions);
  if (maintenance_by_error) {
    maintenance_by_error = false;
    set_maintenance(false, now);
  }

  switch (request.request.ask) {
    case Ask::Hello:
      if (!detail.testnet)
        return stay_away("the venue does not say which network it is", FeedDownReason::Refused, seconds{30}, now, events, actions);
      return begin(now, events, actions);
    case Ask::Heartbeat:
    case Ask::Test:
      return;
    case Ask::Auth:
    case Ask::Refresh:
      return on_auth(request, now, events, actions);
    case Ask::Instruments:
    case Ask::Instrument:
      return on_instruments(request, now, events);
    case Ask::Subscribe:
      return on_subscribed(request, now, events, actions);
    case Ask::Unsubscribe:
      for (const std::string& channel : channels.on_unsubscribed(request.batch))
        if (Book* book = book_of(channel)) book->synchroniser.on_unsubscribed();
      return;
    case Ask::Positions:
      return on_positions(before, now, events);
    case Ask::Summaries: {
      const auto decoded = decoder.decode_account_summaries(now.mono, events);
      if (!decoded.ok()) return on_reply_fault(decoded.error(), request, now);
      summaries_applied = true;
      return;
    }
    case Ask::Trades:
      return on_trades(request, now, events);
    case Ask::Orders:
      return on_orders(request, now, events);
    case Ask::Log:
      return on_log(request, now, events);
  }
}

void DeribitSession::State::note_answer_time(const Pending& request, std::uint64_t sent_at_us, SessionTime now) {
  if (sent_at_us > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 1'000)) return;
  const auto answered = from_nanoseconds<VenueTime>(static_cast<std::int64_t>(sent_at_us) * 1'000);
  lag.on_round_trip(request.sent, now.mono, answered);
  lag.on_stamped(now.mono, answered);
  if (const auto offset = lag.offset())
    statistics.clock_skew.store(offset->count() + nanoseconds_of(now.mono) - nanoseconds_of(now.wall), std::memory_order_relaxed);
}

void DeribitSession::State::on_reply_fault(const DecodeError& error, const Pending& request, SessionTime now) {
  FeedCount& count = statistics.decode_errors[static_cast<std::size_t>(error.fault)];
  count.add();
  std::string text{label(request.request.ask)};
  text.append(": ").append(label(error.fault)).append(", field ").append(error.field);
  if (worth_telling(count.get())) note(NoticeSeverity::Warning, "a reply could not be decoded", std::move(text));
  if (is_account()) next_poll = now.mono + seconds{5};
}

void DeribitSession::State::on_auth(const Pending& request, SessionTime now, EventBatch& events, SessionActions& actions) {
  const auto reply = decoder.decode_auth();
  if (!reply.ok()) {
    on_reply_fault(reply.error(), request, now);
    return stay_away("the login's reply could not be read", FeedDownReason::Unauthorised, seconds{30}, now, events, actions);
  }
  const deribit::AuthReply& auth = reply.value();
  if (!options.allow_trading_scope && auth.scope.find(":read_write") != std::string_view::npos) {
    note(NoticeSeverity::Error, "the key's scope", std::string{auth.scope});
    return give_up("the key may trade or move funds; a read-only key is required", FeedDownReason::Unauthorised, now, events,
                   actions);
  }
  const bool account = has_word(auth.scope, "account:read") || has_word(auth.scope, "account:read_write");
  const bool trade = has_word(auth.scope, "trade:read") || has_word(auth.scope, "trade:read_write");
  if (is_account() && (!account || !trade)) {
    note(NoticeSeverity::Error, "the key's scope", std::string{auth.scope});
    return give_up("the key lacks account:read or trade:read", FeedDownReason::Unauthorised, now, events, actions);
  }
  refresh_token = Secret{auth.refresh_token};
  // Long enough for any practical purpose, short enough not to overflow.
  const auto lifetime =
      seconds{static_cast<std::int64_t>(std::min<std::uint64_t>(auth.expires_in_seconds, std::uint64_t{366} * 86'400))};
  refresh_at = now.mono + std::chrono::duration_cast<nanoseconds>(lifetime) * 4 / 5;
  if (authenticated) return;
  authenticated = true;
  if (is_account()) begin_account();
}

void DeribitSession::State::on_instruments(const Pending& request, SessionTime now, EventBatch& events) {
  const std::size_t before = events.size();
  const auto decoded = decoder.decode_instruments(now.mono, events);
  const bool list = request.request.ask == Ask::Instruments;
  if (!decoded.ok()) {
    on_reply_fault(decoded.error(), request, now);
    // Without its instruments the feed is not live: ask again, slower each time.
    if (list) retry(request, now, seconds{10});
    return;
  }
  if (list) {
    --listings_open;
    std::uint32_t unread = decoder.detail().left_out_rows;
    note(NoticeSeverity::Info, "instruments listed",
         request.request.about + ": " + std::to_string(events.size() - before) + ", left out " + std::to_string(unread));
  }
  for (const Event& listed : events.events().subspan(before)) {
    if (!std::holds_alternative<InstrumentListed>(listed.body)) continue;
    at(listed.header.instrument).expired = false;
    consider(listed.header.instrument);
  }
  if (is_account() && !asked(Ask::Instrument)) next_poll = now.mono;
}

}  // namespace hedgewatch
