#include <algorithm>
#include <iterator>

#include "feeds/session/stream_session_state.hpp"

namespace hedgewatch {

namespace {

constexpr std::size_t kMostTopicsInNotice = 8;

}  // namespace

StreamSession::State::PerInstrument& StreamSession::State::at(InstrumentId id) {
  const std::size_t position = count_of(id);
  if (position >= instruments.size()) instruments.resize(std::max(position + 1, symbols.size()));
  return instruments[position];
}

StreamSession::State::Book* StreamSession::State::book_of(InstrumentId id) {
  const std::int32_t place = id == kNoInstrument ? -1 : at(id).book;
  return place < 0 ? nullptr : &books[static_cast<std::size_t>(place)];
}

StreamSession::State::Book* StreamSession::State::book_of_topic(std::string_view topic) {
  const auto found = std::ranges::find(books, topic, &Book::topic);
  return found == books.end() ? nullptr : &*found;
}

void StreamSession::State::want_topic(const StreamTopic& topic) {
  if (!channels.want(topic.name)) return note(NoticeSeverity::Warning, "no room for another topic", topic.name);
  if (topic.silence_limit.count() > 0) watches.try_emplace(topic.name, Watch{.limit = topic.silence_limit, .last = {}});
}

void StreamSession::State::consider(InstrumentId id) {
  if (is_account() || !dialect->carries(symbols.contract(id))) return;
  PerInstrument& known = at(id);
  if (known.expired) return;
  const std::string_view name = symbols.name(id);
  const auto matches = [&](const std::vector<InstrumentPattern>& patterns) {
    return std::ranges::any_of(patterns, [&](const InstrumentPattern& one) { return one.matches(dialect->venue(), name); });
  };
  const bool with_book = matches(options.books);
  if (const auto named = wanted_names.find(name); named != wanted_names.end()) {
    symbols.want(id);
    wanted_names.erase(named);
  }
  if (known.followed || (!with_book && !symbols.wanted(id) && !matches(options.watch))) return;
  known.followed = true;
  scratch_topics.clear();
  dialect->topics_of(symbols.contract(id), with_book, scratch_topics);
  for (const StreamTopic& topic : scratch_topics) {
    want_topic(topic);
    known.topics.push_back(topic.name);
    if (!topic.is_book || known.book >= 0) continue;
    known.book = static_cast<std::int32_t>(books.size());
    books.push_back({topic.name, id, ChainedBook{{.snapshot = options.snapshot_timeout, .unsubscribe = options.snapshot_timeout}},
                     SplicedBook{dialect->splice_rule()}});
  }
}

void StreamSession::State::drop(InstrumentId id) {
  PerInstrument& known = at(id);
  known.expired = true;
  if (!known.followed) return;
  known.followed = false;
  for (const std::string& topic : known.topics) {
    channels.unwant(topic);
    watches.erase(topic);
  }
  known.topics.clear();
  if (Book* book = book_of(id)) {
    book->chained.synchroniser().on_connection_lost();
    book->spliced.reset();
  }
}

void StreamSession::State::take_up_wants() {
  if (is_account()) return;
  // Another connection of the venue may have listed them.
  for (; seen_symbols < symbols.size(); ++seen_symbols) consider(symbols.id_at(seen_symbols));
  if (symbols.wants() == seen_wants) return;
  seen_wants = symbols.wants();
  for (std::size_t position = 0; position < symbols.size(); ++position)
    if (const InstrumentId id = symbols.id_at(position); symbols.wanted(id)) consider(id);
}

void StreamSession::State::take_up_listings(std::size_t before, const EventBatch& events) {
  if (is_account()) return;
  for (const Event& told_event : events.events().subspan(before)) {
    const InstrumentId id = told_event.header.instrument;
    if (std::holds_alternative<InstrumentListed>(told_event.body)) {
      consider(id);
    } else if (const auto* state = std::get_if<InstrumentStateChanged>(&told_event.body)) {
      if (state->phase == InstrumentPhase::Expired) drop(id);
      if (state->phase == InstrumentPhase::Open) {
        at(id).expired = false;
        consider(id);
      }
    }
  }
}

void StreamSession::State::pump_topics(SessionTime now, SessionActions& actions) {
  if (!begun) return;
  if (join == BookJoin::Chained)
    for (Book& book : books)
      if (book.chained.synchroniser().wants() == BookRequest::Unsubscribe) channels.renew(book.topic);
  const auto send = [&](Ask what, const SubscriptionBatch& batch) {
    for (const std::string& topic : batch.channels) {
      Book* book = join == BookJoin::Chained ? book_of_topic(topic) : nullptr;
      if (book == nullptr) continue;
      if (what == Ask::Subscribe)
        book->chained.synchroniser().on_subscribe_sent(now.mono);
      else
        book->chained.synchroniser().on_unsubscribe_sent(now.mono);
    }
    const std::uint64_t id = next_id++;
    actions.send.push_back(what == Ask::Subscribe ? dialect->subscribe(id, batch.channels)
                                                  : dialect->unsubscribe(id, batch.channels));
    pending.push_back({id, what, batch.number, batch.channels, {}, now.mono + options.reply_timeout});
  };
  while (channels.count(SubscriptionState::ToLeave) != 0 && request_credits.take(1, now.mono)) {
    const SubscriptionBatch batch = channels.take_unsubscribe();
    if (batch.channels.empty()) break;
    send(Ask::Unsubscribe, batch);
  }
  while (channels.count(SubscriptionState::Wanted) != 0 && request_credits.take(1, now.mono)) {
    const SubscriptionBatch batch = channels.take_subscribe();
    if (batch.channels.empty()) break;
    send(Ask::Subscribe, batch);
  }
}

void StreamSession::State::on_acknowledged(SessionTime now) {
  const FrameDetail& detail = dialect->detail();
  const bool one = dialect->acknowledges_one_topic();
  const std::optional<std::uint64_t> id = dialect->request_id();
  const std::string topic{one ? dialect->topic() : std::string_view{}};
  const auto found = std::ranges::find_if(pending, [&](const Pending& request) {
    if (request.ask == Ask::Login) return false;
    if (one && (!id || request.id == *id)) return std::ranges::find(request.topics, topic) != request.topics.end();
    return id && request.id == *id;
  });
  if (found == pending.end()) {
    statistics.late_frames.add();
    return;
  }
  if (one) {
    if (detail.control == ControlKind::Error)
      ++found->refused;
    else
      found->accepted.push_back(topic);
    if (found->accepted.size() + found->refused < found->topics.size()) return;
  }
  const Pending request = std::move(*found);
  pending.erase(found);
  if (request.ask == Ask::Unsubscribe) return close_unsubscribe(request);
  const std::vector<std::string>& named = one ? request.accepted : request.topics;
  std::vector<std::string_view> accepted{named.begin(), named.end()};
  if (!one) {
    scratch_names.clear();
    dialect->refused_topics(scratch_names);
    std::erase_if(accepted, [&](std::string_view name) { return std::ranges::find(scratch_names, name) != scratch_names.end(); });
  }
  if (!one && detail.control == ControlKind::Error) accepted.clear();
  close_subscribe(request, accepted, now);
}

void StreamSession::State::close_subscribe(const Pending& request, const std::vector<std::string_view>& accepted, SessionTime now) {
  const std::vector<std::string> refused = channels.on_subscribed(request.batch, accepted);
  confirm_watches(accepted, now);
  if (join == BookJoin::Spliced)
    for (const std::string_view topic : accepted)
      if (Book* book = book_of_topic(topic); book != nullptr && book->spliced.wants_snapshot()) ask_snapshot(*book, now);
  on_refused(refused, now);
  if (!is_account() && !maintenance && channels.count(SubscriptionState::Confirmed) != 0) watchdog.expect_market_data(now.mono);
}

void StreamSession::State::close_unsubscribe(const Pending& request) {
  for (const std::string& topic : channels.on_unsubscribed(request.batch))
    if (Book* book = book_of_topic(topic)) {
      book->chained.synchroniser().on_unsubscribed();
      book->spliced.reset();
    }
}

void StreamSession::State::on_refused(const std::vector<std::string>& refused, SessionTime now) {
  if (refused.empty()) return;
  statistics.refused_channels.add(refused.size());
  std::string names = std::to_string(refused.size()) + ":";
  for (std::size_t place = 0; place < refused.size() && place < kMostTopicsInNotice; ++place)
    names.append(" ").append(refused[place]);
  note(NoticeSeverity::Warning, "topics were not granted", std::move(names));
  for (const std::string& topic : refused)
    if (Book* book = book_of_topic(topic)) book->chained.synchroniser().on_connection_lost();
  retry_refused_at = now.mono + options.retry_refused_after;
}

void StreamSession::State::confirm_watches(const std::vector<std::string_view>& accepted, SessionTime now) {
  if (watches.empty()) return;
  for (const std::string_view topic : accepted)
    if (const auto watch = watches.find(topic); watch != watches.end() && !watch->second.last) watch->second.last = now.mono;
}

void StreamSession::State::check_watches(SessionTime now, EventBatch& events, SessionActions& actions) {
  if (maintenance) return;
  for (auto& [topic, watch] : watches) {
    if (!watch.last || now.mono - *watch.last < watch.limit) continue;
    if (watch.renewed) {
      note(NoticeSeverity::Warning, "a topic stays silent", topic);
      return close("a topic is silent", FeedDownReason::Silent, now, events, actions);
    }
    note(NoticeSeverity::Warning, "a topic is silent and is subscribed anew", topic);
    statistics.resyncs.add();
    watch.renewed = true;
    watch.last.reset();
    Book* book = book_of_topic(topic);
    if (book != nullptr && book->live(join)) invalidate(*book, now, events);
    if (book != nullptr)
      static_cast<void>(join == BookJoin::Chained ? book->chained.on_lost() == BookVerdict::Invalidate : book->spliced.on_lost());
    channels.renew(topic);
  }
}

}  // namespace hedgewatch
