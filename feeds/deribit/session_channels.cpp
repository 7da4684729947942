#include "feeds/deribit/session_state.hpp"

#include <algorithm>
#include <array>

namespace hedgewatch::deribit {

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

}  // namespace hedgewatch::deribit

namespace hedgewatch {

namespace {

constexpr std::chrono::seconds kRetryRefusedAfter{30};

/// An account's positions are asked for at once when instruments are listed already, else after the market data had time to list
/// them.
constexpr std::chrono::seconds kListingHeadStart{1};

/// Names that one connection asks the definition of; more are a sign of something else.
constexpr std::size_t kMostAskedNames = 512;

constexpr std::size_t kMostNamesInNotice = 8;

constexpr std::string_view kIndexHead = "deribit_price_index.";
/// What the stablecoins that may be collateral are worth: their own index, and the one that the largest coin's two imply.
constexpr std::array<std::string_view, 4> kStablecoinIndices{"usdc_usd", "usdt_usd", "btc_usdc", "btc_usdt"};

bool is_stablecoin_index(std::string_view channel) {
  return channel.starts_with(kIndexHead) && std::find(kStablecoinIndices.begin(), kStablecoinIndices.end(),
                                                      channel.substr(kIndexHead.size())) != kStablecoinIndices.end();
}

std::string index_of(const Contract& contract) {
  return deribit::lower(contract.base.view()) + '_' + deribit::lower(contract.quote.view());
}

}  // namespace

DeribitSession::State::PerInstrument& DeribitSession::State::at(InstrumentId id) {
  const std::size_t position = count_of(id);
  if (position >= instruments.size()) instruments.resize(std::max(position + 1, symbols.size()));
  return instruments[position];
}

DeribitSession::State::Book* DeribitSession::State::book_of(std::string_view channel) {
  for (Book& book : books)
    if (book.channel == channel) return &book;
  return nullptr;
}

DeribitSession::State::Book* DeribitSession::State::book_of(InstrumentId id) {
  const std::int32_t place = id == kNoInstrument ? -1 : at(id).book;
  return place < 0 ? nullptr : &books[static_cast<std::size_t>(place)];
}

void DeribitSession::State::want_channel(std::string_view channel) {
  if (!channels.want(channel)) note(NoticeSeverity::Warning, "no room for another channel", std::string{channel});
}

bool DeribitSession::State::matches(const std::vector<InstrumentPattern>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const InstrumentPattern& pattern) { return pattern.matches(Venue::Deribit, name); });
}

void DeribitSession::State::consider(InstrumentId id) {
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

void DeribitSession::State::drop(InstrumentId id) {
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

bool DeribitSession::State::relevant(std::string_view name) const {
  if (deribit::is_combo_name(name)) return false;
  const std::string_view pair = name.substr(0, name.find('-'));
  const std::size_t underscore = pair.find('_');
  const std::string_view currency = underscore == std::string_view::npos ? pair : pair.substr(underscore + 1);
  return std::any_of(options.currencies.begin(), options.currencies.end(),
                     [&](const std::string& configured) { return configured == "any" || configured == currency; });
}

bool DeribitSession::State::relevant_index(std::string_view index) const {
  const std::size_t underscore = index.find('_');
  const std::string_view base = index.substr(0, underscore);
  const std::string_view quote = underscore == std::string_view::npos ? std::string_view{} : index.substr(underscore + 1);
  return std::any_of(options.currencies.begin(), options.currencies.end(), [&](const std::string& configured) {
    const std::string code = deribit::lower(configured);
    return code == "any" || code == base || code == quote;
  });
}

void DeribitSession::State::ask_definition(std::string_view name, bool needed) {
  if (name.empty() || (!needed && !relevant(name))) return;
  if (asked_names.size() >= kMostAskedNames || !asked_names.emplace(name).second) return;
  ask(Ask::Instrument, std::string{name});
}

void DeribitSession::State::ask_definitions(const FrameDetail& detail, bool needed) {
  for (const std::string_view name : detail.unknown) ask_definition(name, needed);
}

void DeribitSession::State::take_up_wants() {
  if (is_account() || symbols.wants() == seen_wants) return;
  seen_wants = symbols.wants();
  for (std::size_t position = 0; position < symbols.size(); ++position) {
    const InstrumentId id = symbols.id_at(position);
    if (symbols.wanted(id)) consider(id);
  }
}

void DeribitSession::State::begin_market_data() {
  want_channel("platform_state");
  want_channel("instrument.state.any.any");
  bool any_index = false;
  for (const std::string& currency : options.currencies) {
    ask(Ask::Instruments, currency);
    ++listings_open;
    // Dollar coins are no underlying.
    if (currency == "any" || currency.starts_with("USD") || currency.starts_with("EUR")) continue;
    want_channel("deribit_price_index." + deribit::lower(currency) + "_usd");
    any_index = true;
  }
  // Something has to tick for silence to be heard.
  if (!any_index) want_channel("deribit_price_index.btc_usd");
  for (const std::string_view index : kStablecoinIndices) want_channel(std::string{kIndexHead} + std::string{index});
  for (std::size_t position = 0; position < symbols.size(); ++position) consider(symbols.id_at(position));
}

void DeribitSession::State::on_subscribed(const Pending& request, SessionTime now, EventBatch& events, SessionActions& actions) {
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

void DeribitSession::State::on_refused(std::vector<std::string> refused, SessionTime now) {
  // What a stablecoin is worth is asked of every venue; one that has no such index is not asked again.
  std::erase_if(refused, [this](const std::string& channel) {
    const bool optional = is_stablecoin_index(channel);
    if (optional) channels.unwant(channel);
    return optional;
  });
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

}  // namespace hedgewatch
