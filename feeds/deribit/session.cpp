#include "feeds/deribit/session.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <set>
#include <utility>

#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/errors.hpp"
#include "feeds/session/back_off.hpp"
#include "feeds/session/book_synchroniser.hpp"
#include "feeds/session/silence_watchdog.hpp"
#include "feeds/session/subscription_set.hpp"
#include "feeds/session/token_bucket.hpp"

namespace hedgewatch {

using deribit::Audience;
using deribit::BookForm;
using deribit::ErrorReaction;
using deribit::FrameDetail;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

// The venue's prices for requests, in credits. Its pools are shared by all connections of an account or address, so each
// connection spends at half of the documented pace.
constexpr std::uint32_t kRequestCost = 500;
constexpr std::uint32_t kSubscribeCost = 3'000;
constexpr std::uint32_t kListingCost = 10'000;
constexpr std::uint32_t kRequestPool = 25'000;
constexpr std::uint32_t kRequestRefill = 5'000;
constexpr std::uint32_t kSubscribePool = 15'000;
constexpr std::uint32_t kSubscribeRefill = 5'000;
// The stricter of two documented limits for get_instruments on a websocket: five at once, then one each ten seconds.
constexpr std::uint32_t kListingPool = 50'000;
constexpr std::uint32_t kListingRefill = 1'000;

constexpr seconds kRetryRefusedAfter{30};
constexpr nanoseconds kSlowestRetry{seconds{60}};
/// An account's positions are asked for at once when instruments are listed already, else after the market data had time to list
/// them.
constexpr seconds kListingHeadStart{1};
/// Names that one connection asks the definition of; more are a sign of something else.
constexpr std::size_t kMostAskedNames = 512;
constexpr std::size_t kMostLockedIndices = 64;
/// Position reports kept while a snapshot is on its way.
constexpr std::size_t kMostHeldReports = 4'096;
constexpr std::size_t kMostNamesInNotice = 8;
/// A venue that keeps naming what it does not define is told of after this many replies.
constexpr unsigned kMostWaitsForDefinitions = 5;

enum class Ask : std::uint8_t {
  Hello,
  Heartbeat,
  Test,
  Auth,
  Refresh,
  Instruments,
  Instrument,
  Subscribe,
  Unsubscribe,
  Positions,
  Summaries
};

constexpr std::string_view label(Ask ask) {
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
  }
  return "";
}

/// A request that waits for credits or its time.
struct Waiting {
  Ask ask;
  std::string about;  ///< currency or instrument
  MonoTime not_before{};
  std::uint32_t attempts = 0;
};

/// A request that waits for its reply.
struct Pending {
  std::uint64_t id = 0;
  Waiting request;
  std::uint64_t batch = 0;
  MonoTime due{};
  WallTime sent{};
};

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string index_of(const Contract& contract) { return lower(contract.base.view()) + '_' + lower(contract.quote.view()); }

bool has_word(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

/// Reconnect jitter and nonces: uniform, not secret.
class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) : state_{seed} {}
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  double fraction() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

void keep_earliest(std::optional<MonoTime>& earliest, std::optional<MonoTime> other) {
  if (other && (!earliest || *other < *earliest)) earliest = other;
}

}  // namespace

struct DeribitSession::State {
  State(DeribitSessionOptions given, deribit::Symbols& names, FeedStatistics& counts)
      : options{std::move(given)},
        symbols{names},
        statistics{counts},
        decoder{names, {.connection = options.connection, .account = options.account}},
        jitter{options.seed},
        watchdog{{.any_frame = options.silence_limit.count() > 0 ? options.silence_limit : options.heartbeat * 5 / 2,
                  .market_data = options.market_data_silence_limit}} {}

  // ---- what is told to the engine and the operator

  [[nodiscard]] bool is_account() const { return options.role == DeribitRole::Account; }

  Event event(const EventBody& body, SessionTime now) const {
    EventHeader header;
    header.received = now.mono;
    header.connection = options.connection;
    header.account = is_account() ? options.account : kNoAccount;
    header.venue = Venue::Deribit;
    return {header, body};
  }

  void tell(FeedStatus status, SessionTime now, EventBatch& events) {
    if (status.phase == told.phase && status.reason == told.reason) return;
    if (!events.push(event(status, now))) return;
    told = status;
  }

  void note(NoticeSeverity severity, std::string_view text, std::string detail = {}) {
    notices.add(severity, text, std::move(detail));
  }

  /// For what may come by the thousand: the first, second, fourth, eighth ... time.
  static bool worth_telling(std::uint64_t count) { return (count & (count - 1)) == 0; }

  void close(std::string_view why, FeedDownReason reason, SessionTime now, EventBatch& events, SessionActions& actions) {
    if (closing) return;
    closing = true;
    actions.close = true;
    actions.close_reason = why;
    tell({FeedPhase::Down, reason}, now, events);
  }

  /// Only a new configuration heals it: no attempt is made again.
  void give_up(std::string_view why, FeedDownReason reason, SessionTime now, EventBatch& events, SessionActions& actions) {
    fatal = true;
    note(NoticeSeverity::Error, why);
    close(why, reason, now, events, actions);
  }

  /// Closes, and stays away for at least this long.
  void stay_away(std::string_view why, FeedDownReason reason, nanoseconds pause, SessionTime now, EventBatch& events,
                 SessionActions& actions) {
    least_pause = std::max(least_pause, pause);
    note(NoticeSeverity::Warning, why);
    close(why, reason, now, events, actions);
  }

  // ---- requests

  void ask(Ask what, std::string about = {}, MonoTime not_before = {}, std::uint32_t attempts = 0) {
    waiting.push_back({what, std::move(about), not_before, attempts});
  }

  [[nodiscard]] bool asked(Ask what) const {
    return std::any_of(waiting.begin(), waiting.end(), [&](const Waiting& request) { return request.ask == what; }) ||
           std::any_of(pending.begin(), pending.end(), [&](const Pending& request) { return request.request.ask == what; });
  }

  TokenBucket& bucket_of(Ask what) { return what == Ask::Instruments ? listing_credits : request_credits; }
  static std::uint32_t cost_of(Ask what) { return what == Ask::Instruments ? kListingCost : kRequestCost; }

  void post(Waiting request, std::uint64_t batch, std::string text, SessionTime now, SessionActions& actions) {
    pending.push_back({next_id, std::move(request), batch, now.mono + options.reply_timeout, now.wall});
    ++next_id;
    actions.send.push_back(std::move(text));
  }

  [[nodiscard]] std::string nonce() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (std::uint64_t bits = jitter.bits(); text.size() < 16; bits >>= 4) text += kDigits[bits & 15];
    return text;
  }

  [[nodiscard]] std::string text_of(const Waiting& request, SessionTime now) {
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
      case Ask::Subscribe:
      case Ask::Unsubscribe:
        break;
    }
    return {};
  }

  [[nodiscard]] bool may_subscribe() const { return accepted_by_us && (!is_account() || authenticated); }

  /// Sends what has credits and whose time has come.
  void pump(SessionTime now, SessionActions& actions) {
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

  // ---- which instruments, which channels

  struct Book {
    std::string channel;
    InstrumentId instrument = kNoInstrument;
    BookSynchroniser synchroniser;
    bool joined = true;  ///< by change ids; a grouped book is a snapshot each time
  };

  struct PerInstrument {
    bool followed = false;
    bool expired = false;
    std::int32_t book = -1;
  };

  PerInstrument& at(InstrumentId id) {
    const std::size_t position = count_of(id);
    if (position >= instruments.size()) instruments.resize(std::max(position + 1, symbols.size()));
    return instruments[position];
  }

  Book* book_of(std::string_view channel) {
    for (Book& book : books)
      if (book.channel == channel) return &book;
    return nullptr;
  }
  Book* book_of(InstrumentId id) {
    const std::int32_t place = id == kNoInstrument ? -1 : at(id).book;
    return place < 0 ? nullptr : &books[static_cast<std::size_t>(place)];
  }

  void want_channel(std::string_view channel) {
    if (!channels.want(channel)) note(NoticeSeverity::Warning, "no room for another channel", std::string{channel});
  }

  [[nodiscard]] static bool matches(const std::vector<InstrumentPattern>& patterns, std::string_view name) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const InstrumentPattern& pattern) { return pattern.matches(Venue::Deribit, name); });
  }

  /// Subscribes to what the instrument is needed for. Only the market-data session does.
  void consider(InstrumentId id) {
    if (is_account()) return;
    PerInstrument& known = at(id);
    if (known.expired) return;
    const Contract& contract = symbols.contract(id);
    const std::string_view name = contract.name.view();
    if (options.mark_surface && contract.kind == ContractKind::Option) want_channel("markprice.options." + index_of(contract));
    const bool with_book = matches(options.books, name);
    if (const auto named = wanted_names.find(name); named != wanted_names.end()) {
      symbols.want(id);
      wanted_names.erase(named);
    }
    if (known.followed || (!with_book && !symbols.wanted(id) && !matches(options.watch, name))) return;
    known.followed = true;
    const std::string text{name};
    want_channel("ticker." + text + ".100ms");
    want_channel("deribit_price_index." + index_of(contract));
    if (!with_book) return;
    const bool joined = options.book == DeribitBook::Changes;
    const std::string_view form = joined ? ".100ms" : options.book == DeribitBook::Top10 ? ".none.10.100ms" : ".none.20.100ms";
    known.book = static_cast<std::int32_t>(books.size());
    Book& book = books.emplace_back();
    book.channel = "book." + text + std::string{form};
    book.instrument = id;
    book.synchroniser = BookSynchroniser{{.snapshot = options.snapshot_timeout, .unsubscribe = options.snapshot_timeout}};
    book.joined = joined;
    want_channel(book.channel);
  }

  void drop(InstrumentId id) {
    PerInstrument& known = at(id);
    known.expired = true;
    if (!known.followed) return;
    known.followed = false;
    channels.unwant("ticker." + std::string{symbols.name(id)} + ".100ms");
    if (Book* book = book_of(id)) {
      channels.unwant(book->channel);
      book->synchroniser.on_connection_lost();
    }
  }

  /// Whether an instrument belongs to one of the configured settlement currencies, as far as its name tells.
  [[nodiscard]] bool relevant(std::string_view name) const {
    if (deribit::is_combo_name(name)) return false;
    const std::string_view pair = name.substr(0, name.find('-'));
    const std::size_t underscore = pair.find('_');
    const std::string_view currency = underscore == std::string_view::npos ? pair : pair.substr(underscore + 1);
    return std::any_of(options.currencies.begin(), options.currencies.end(),
                       [&](const std::string& configured) { return configured == "any" || configured == currency; });
  }

  [[nodiscard]] bool relevant_index(std::string_view index) const {
    const std::size_t underscore = index.find('_');
    const std::string_view base = index.substr(0, underscore);
    const std::string_view quote = underscore == std::string_view::npos ? std::string_view{} : index.substr(underscore + 1);
    return std::any_of(options.currencies.begin(), options.currencies.end(), [&](const std::string& configured) {
      const std::string code = lower(configured);
      return code == "any" || code == base || code == quote;
    });
  }

  /// Asks for the definition of an instrument that was named and is not listed, once per connection.
  void ask_definition(std::string_view name, bool needed) {
    if (name.empty() || (!needed && !relevant(name))) return;
    if (asked_names.size() >= kMostAskedNames || !asked_names.emplace(name).second) return;
    ask(Ask::Instrument, std::string{name});
  }

  void ask_definitions(const FrameDetail& detail, bool needed) {
    for (const std::string_view name : detail.unknown) ask_definition(name, needed);
  }

  void take_up_wants() {
    if (is_account() || symbols.wants() == seen_wants) return;
    seen_wants = symbols.wants();
    for (std::size_t position = 0; position < symbols.size(); ++position) {
      const InstrumentId id = deribit::Symbols::id_at(position);
      if (symbols.wanted(id)) consider(id);
    }
  }

  // ---- the connection's life

  void begin_market_data() {
    want_channel("platform_state");
    want_channel("instrument.state.any.any");
    bool any_index = false;
    for (const std::string& currency : options.currencies) {
      ask(Ask::Instruments, currency);
      ++listings_open;
      // Dollar coins are no underlying.
      if (currency == "any" || currency.starts_with("USD") || currency.starts_with("EUR")) continue;
      want_channel("deribit_price_index." + lower(currency) + "_usd");
      any_index = true;
    }
    // Something has to tick for silence to be heard.
    if (!any_index) want_channel("deribit_price_index.btc_usd");
    for (std::size_t position = 0; position < symbols.size(); ++position) consider(deribit::Symbols::id_at(position));
  }

  void begin_account() {
    for (const std::string_view channel : {"user.changes.any.any.100ms", "user.portfolio.any", "user.lock", "user.liquidation"})
      want_channel(channel);
  }

  /// hello has been answered by the right network.
  void begin(SessionTime now, EventBatch& events, SessionActions& actions) {
    accepted_by_us = true;
    ask(Ask::Heartbeat);
    if (options.credential) {
      ask(Ask::Auth);
    } else if (is_account()) {
      return give_up("the account has no credential", FeedDownReason::Unauthorised, now, events, actions);
    }
    if (!is_account()) begin_market_data();
  }

  [[nodiscard]] bool ready() const {
    if (!open || closing || !accepted_by_us || !channels.settled() || channels.count(SubscriptionState::Confirmed) == 0)
      return false;
    if (is_account()) return authenticated && changes_granted && snapshot_applied && summaries_applied;
    return listings_open == 0 && data_seen;
  }

  void update_status(SessionTime now, EventBatch& events) {
    if (!open || closing) return;
    if (maintenance) return tell({FeedPhase::Down, FeedDownReason::Maintenance}, now, events);
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

  void set_maintenance(bool on, SessionTime now) {
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

  // ---- frames

  void on_decode_error(const DecodeError& error, SessionTime now, EventBatch& events) {
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

  void lose(Book& book, SessionTime now, EventBatch& events) {
    if (book.synchroniser.on_lost() != BookVerdict::Invalidate) return;
    invalidate(book, now, events);
  }

  void invalidate(const Book& book, SessionTime now, EventBatch& events) {
    statistics.gaps.add();
    statistics.resyncs.add();
    Event lost = event(BookInvalidated{}, now);
    lost.header.instrument = book.instrument;
    // A full batch holds a snapshot or listings; the reader of an overflowing batch is told by the feed's closing.
    if (!events.push(lost)) overflow = true;
  }

  void resync_account(SessionTime now) {
    statistics.resyncs.add();
    next_poll = now.mono;
  }

  void on_book(std::size_t before, SessionTime now, EventBatch& events) {
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

  void on_market_data(std::size_t before, SessionTime now, EventBatch& events) {
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
    if (detail.book != BookForm::None) on_book(before, now, events);
    ask_definitions(detail, false);
  }

  void on_account(std::size_t before, EventBatch& events) {
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

  void on_control(std::size_t before, SessionTime now, EventBatch& events) {
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

  /// The venue's messages each tell one thing; what the engine is told is the whole.
  void on_platform_state(std::size_t before, SessionTime now, EventBatch& events) {
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

  // ---- replies

  void on_reply(std::size_t before, SessionTime now, EventBatch& events, SessionActions& actions) {
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
    if (detail.sent_at_us != 0) {
      // Half of the round trip each way.
      const std::int64_t ours = nanoseconds_of(request.sent) / 2 + nanoseconds_of(now.wall) / 2;
      if (detail.sent_at_us < static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 1'000))
        statistics.clock_skew.store(static_cast<std::int64_t>(detail.sent_at_us) * 1'000 - ours, std::memory_order_relaxed);
    }
    if (detail.has_error) return on_error(request, detail, now, events, actions);
    if (maintenance_by_error) {
      maintenance_by_error = false;
      set_maintenance(false, now);
    }

    switch (request.request.ask) {
      case Ask::Hello:
        if (!detail.testnet)
          return stay_away("the venue does not say which network it is", FeedDownReason::Refused, seconds{30}, now, events,
                           actions);
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
    }
  }

  void on_reply_fault(const DecodeError& error, const Pending& request, SessionTime now) {
    FeedCount& count = statistics.decode_errors[static_cast<std::size_t>(error.fault)];
    count.add();
    std::string text{label(request.request.ask)};
    text.append(": ").append(label(error.fault)).append(", field ").append(error.field);
    if (worth_telling(count.get())) note(NoticeSeverity::Warning, "a reply could not be decoded", std::move(text));
    if (is_account()) next_poll = now.mono + seconds{5};
  }

  void on_auth(const Pending& request, SessionTime now, EventBatch& events, SessionActions& actions) {
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

  void on_instruments(const Pending& request, SessionTime now, EventBatch& events) {
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

  void on_subscribed(const Pending& request, SessionTime now, EventBatch& events, SessionActions& actions) {
    std::vector<std::string_view> accepted;
    if (!decoder.decode_channels([&](std::string_view channel) { accepted.push_back(channel); })) {
      channels.on_failed(request.batch);
      subscribe_not_before = now.mono + seconds{5};
      return on_reply_fault({DecodeFault::WrongType, "subscribe", "result"}, request, now);
    }
    for (const std::string_view channel : accepted)
      if (channel.starts_with("user.changes.")) changes_granted = true;
    on_refused(channels.on_subscribed(request.batch, accepted), now);
    if (is_account()) {
      if (channels.settled() && !changes_granted)
        return stay_away("the venue grants no user.changes channel", FeedDownReason::Refused, seconds{60}, now, events, actions);
      if (channels.settled() && !next_poll)
        next_poll = now.mono + (symbols.size() == 0 ? nanoseconds{kListingHeadStart} : nanoseconds{0});
    } else if (!maintenance && channels.count(SubscriptionState::Confirmed) != 0) {
      watchdog.expect_market_data(now.mono);
    }
  }

  void on_refused(const std::vector<std::string>& refused, SessionTime now) {
    if (refused.empty()) return;
    statistics.refused_channels.add(refused.size());
    std::string names = std::to_string(refused.size()) + ":";
    for (std::size_t at = 0; at < refused.size() && at < kMostNamesInNotice; ++at) names.append(" ").append(refused[at]);
    note(NoticeSeverity::Warning, "channels were not granted", std::move(names));
    for (const std::string& channel : refused) {
      if (Book* book = book_of(channel)) book->synchroniser.on_connection_lost();
      // Older servers know these lists by kind only.
      if (channel == "instrument.state.any.any") {
        for (const std::string_view kind : {"future", "option", "spot"})
          want_channel("instrument.state." + std::string{kind} + ".any");
        channels.unwant(channel);
      } else if (channel == "user.changes.any.any.100ms") {
        for (const std::string_view kind : {"future", "option", "spot", "future_combo", "option_combo"})
          want_channel("user.changes." + std::string{kind} + ".any.100ms");
        channels.unwant(channel);
      }
    }
    retry_refused_at = now.mono + kRetryRefusedAfter;
  }

  void on_positions(std::size_t before, SessionTime now, EventBatch& events) {
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

  // ---- errors

  void retry(const Pending& request, SessionTime now, nanoseconds pause) {
    if (request.request.ask == Ask::Subscribe || request.request.ask == Ask::Unsubscribe) {
      channels.on_failed(request.batch);
      subscribe_not_before = std::max(subscribe_not_before, now.mono + pause);
      return;
    }
    const std::uint32_t attempts = request.request.attempts + 1;
    const nanoseconds slower = pause * (std::int64_t{1} << std::min<std::uint32_t>(attempts - 1, 5));
    ask(request.request.ask, request.request.about, now.mono + std::min(slower, std::max(pause, kSlowestRetry)), attempts);
  }

  /// The request is wrong and would be wrong again.
  void abandon(const Pending& request, SessionTime now, EventBatch& events, SessionActions& actions) {
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
      case Ask::Refresh:
        return ask(Ask::Auth);
      case Ask::Hello:
      case Ask::Auth:
        return stay_away("the venue refuses to begin", FeedDownReason::Refused, seconds{30}, now, events, actions);
    }
  }

  void on_error(const Pending& request, const FrameDetail& detail, SessionTime now, EventBatch& events, SessionActions& actions) {
    statistics.error_replies.add();
    if (worth_telling(statistics.error_replies.get()) || detail.error_code != last_error_code) {
      std::string text = std::to_string(detail.error_code) + " ";
      text.append(detail.error_message).append(" to ").append(label(request.request.ask));
      if (!request.request.about.empty()) text.append(" ").append(request.request.about);
      note(NoticeSeverity::Warning, "the venue answered with an error", std::move(text));
    }
    last_error_code = detail.error_code;
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

  // ---- state

  DeribitSessionOptions options;
  deribit::Symbols& symbols;
  FeedStatistics& statistics;
  deribit::Decoder decoder;
  SessionNotices notices;
  Jitter jitter;

  // for the life of the session
  BackOff back_off;
  TokenBucket request_credits{kRequestPool, kRequestRefill};
  TokenBucket subscribe_credits{kSubscribePool, kSubscribeRefill};
  TokenBucket listing_credits{kListingPool, kListingRefill};
  SubscriptionSet channels;
  std::vector<PerInstrument> instruments;
  std::vector<Book> books;
  std::set<std::string, std::less<>> wanted_names;
  std::uint64_t seen_wants = 0;
  std::uint64_t next_id = 1;
  FeedStatus told;
  bool fatal = false;
  nanoseconds least_pause{0};
  std::optional<MonoTime> reconnect;
  std::uint32_t reauthentications = 0;
  std::int64_t last_error_code = 0;

  // of one connection
  bool open = false;
  bool closing = false;
  bool accepted_by_us = false;
  bool authenticated = false;
  bool changes_granted = false;
  bool snapshot_applied = false;
  unsigned waits_for_definitions = 0;  ///< positions replies in a row that named an instrument not yet defined
  bool summaries_applied = false;
  bool data_seen = false;
  bool maintenance = false;
  bool maintenance_by_error = false;
  bool overflow = false;
  std::int32_t listings_open = 0;
  std::deque<Waiting> waiting;
  std::vector<Pending> pending;
  std::set<std::string, std::less<>> asked_names;
  std::set<std::string, std::less<>> locked_indices;
  std::vector<Event> held_reports;
  bool held_overflow = false;
  Secret refresh_token;
  std::optional<MonoTime> refresh_at;
  std::optional<MonoTime> next_poll;
  std::optional<MonoTime> retry_refused_at;
  MonoTime subscribe_not_before{};
  SilenceWatchdog watchdog;

  void forget_connection() {
    open = closing = accepted_by_us = authenticated = changes_granted = snapshot_applied = summaries_applied = data_seen = false;
    maintenance = maintenance_by_error = overflow = held_overflow = false;
    listings_open = 0;
    waiting.clear();
    pending.clear();
    asked_names.clear();
    locked_indices.clear();
    held_reports.clear();
    refresh_token = Secret{};
    refresh_at.reset();
    next_poll.reset();
    retry_refused_at.reset();
    subscribe_not_before = MonoTime{};
    watchdog.stop();
    channels.on_connection_lost();
    for (Book& book : books) book.synchroniser.on_connection_lost();
  }

  /// After every call that came from outside.
  void settle(std::size_t before, SessionTime now, EventBatch& events, SessionActions& actions) {
    take_up_wants();
    if (overflow) close("overflow", FeedDownReason::Overflow, now, events, actions);
    pump(now, actions);
    update_status(now, events);
    statistics.events.add(events.size() - std::min(before, events.size()));
  }
};

DeribitSession::DeribitSession(DeribitSessionOptions options, deribit::Symbols& symbols, FeedStatistics& statistics)
    : state_{std::make_unique<State>(std::move(options), symbols, statistics)} {}
DeribitSession::~DeribitSession() = default;

void DeribitSession::on_open(SessionTime now, EventBatch& events, SessionActions& actions) {
  State& s = *state_;
  const std::size_t before = events.size();
  s.forget_connection();
  s.open = true;
  s.reconnect.reset();
  s.least_pause = nanoseconds{0};
  s.statistics.connections.add();
  s.watchdog.start(now.mono);
  s.ask(Ask::Hello);
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
  const FrameDetail& detail = s.decoder.detail();
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
        static_cast<void>(s.request_credits.take(kRequestCost, now.mono));
        std::string text = deribit::test_request(s.next_id);
        s.post({Ask::Test, {}, {}, 0}, 0, std::move(text), now, actions);
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
  if (s.told.phase != FeedPhase::Down || s.told.reason == FeedDownReason::Maintenance) {
    const FeedDownReason why = reason.starts_with("overflow")  ? FeedDownReason::Overflow
                               : reason.starts_with("stopped") ? FeedDownReason::Stopped
                               : s.maintenance                 ? FeedDownReason::Maintenance
                                                               : FeedDownReason::Disconnected;
    s.tell({FeedPhase::Down, why}, now, events);
  }
  if (!reason.empty()) s.note(NoticeSeverity::Warning, "the connection ended", std::string{reason});
  const nanoseconds pause = std::max(s.back_off.next(s.jitter.fraction()), s.least_pause);
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
  for (const Pending& request : s.pending) {
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
    s.ask(Ask::Refresh);
  }
  if (s.next_poll && *s.next_poll <= now.mono) {
    s.next_poll.reset();
    if (!s.asked(Ask::Positions)) s.ask(Ask::Positions);
    if (!s.asked(Ask::Summaries)) s.ask(Ask::Summaries);
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
  for (const Pending& request : s.pending) keep_earliest(earliest, request.due);
  for (const Waiting& request : s.waiting) {
    const TokenBucket& bucket = request.ask == Ask::Instruments ? s.listing_credits : s.request_credits;
    keep_earliest(earliest, bucket.available_at(State::cost_of(request.ask), request.not_before));
  }
  if (s.may_subscribe() && s.channels.count(SubscriptionState::Wanted) + s.channels.count(SubscriptionState::ToLeave) != 0)
    keep_earliest(earliest, s.subscribe_credits.available_at(kSubscribeCost, s.subscribe_not_before));
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
