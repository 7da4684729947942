#include "daemon/feed_thread.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/setup.hpp"
#include "feeds/deribit/session.hpp"
#include "feeds/transport/feed_connection.hpp"
#include "feeds/transport/tls_context.hpp"

namespace hedgewatch {

namespace {

namespace asio = boost::asio;

/// How often the sessions' notices reach the log.
constexpr std::chrono::milliseconds kNoticeInterval{200};

LogLevel level_of(NoticeSeverity severity) {
  switch (severity) {
    case NoticeSeverity::Info:
      return LogLevel::Info;
    case NoticeSeverity::Warning:
      return LogLevel::Warning;
    case NoticeSeverity::Error:
      return LogLevel::Error;
  }
  return LogLevel::Info;
}

DeribitSessionOptions common_options(const VenueConfig& venue, ConnectionId connection, std::uint64_t seed) {
  DeribitSessionOptions options;
  options.connection = connection;
  options.endpoint = venue.production ? DeribitEndpoint::Production : DeribitEndpoint::TestNetwork;
  options.currencies = venue.currencies;
  options.heartbeat = std::chrono::duration_cast<std::chrono::seconds>(venue.heartbeat_interval);
  options.silence_limit = venue.silence_limit;
  options.max_lag = venue.max_lag;
  options.seed = seed;
  return options;
}

FeedConnectionSetup connection_setup(const VenueConfig& venue) {
  FeedConnectionSetup setup;
  setup.endpoint = {.host = venue.endpoint.host, .port = venue.endpoint.port, .path = venue.endpoint.path};
  return setup;
}

}  // namespace

struct FeedThread::State {
  /// What the connections of one venue share.
  struct VenueState {
    Venue kind = Venue::Deribit;
    std::unique_ptr<TlsContext> tls;
    deribit::Symbols symbols;
    DeribitSession* market_data = nullptr;
  };
  struct Feed {
    FeedName name;
    std::unique_ptr<FeedStatistics> statistics = std::make_unique<FeedStatistics>();
    DeribitSession* session = nullptr;  ///< the connection's
    std::unique_ptr<FeedConnection> connection;
    std::uint64_t lost_notices = 0;
  };

  explicit State(Log& given_log) : log{given_log} {}

  void add_feed(FeedName name, VenueState& venue, const VenueConfig& config, DeribitSessionOptions options, EventQueue& queue);
  void keep_house();
  void tell_notices();

  Log& log;
  asio::io_context context{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  asio::steady_timer timer{context};
  std::vector<std::unique_ptr<VenueState>> venues;
  std::vector<Feed> feeds;
  std::vector<FeedName> names;
  std::thread thread;
};

void FeedThread::State::add_feed(FeedName name, VenueState& venue, const VenueConfig& config, DeribitSessionOptions options,
                                 EventQueue& queue) {
  Feed& feed = feeds.emplace_back();
  feed.name = name;
  names.push_back(std::move(name));
  EventSink& sink = queue.sink(options.connection);
  auto session = std::make_unique<DeribitSession>(std::move(options), venue.symbols, *feed.statistics);
  feed.session = session.get();
  feed.connection = std::make_unique<FeedConnection>(context, *venue.tls, connection_setup(config), std::move(session), sink);
}

FeedThread::FeedThread(const Config& config, std::vector<Secret> secrets, EventQueue& queue, Log& log)
    : state_{std::make_unique<State>(log)} {
  std::random_device entropy;
  const auto seed = [&entropy] { return std::uint64_t{entropy()} << 32 | entropy(); };
  const EngineSetup setup = to_engine_setup(config);
  const std::vector<InstrumentPattern> named = named_instruments(config);

  for (std::size_t index = 0; index < config.venues.size(); ++index) {
    const VenueConfig& venue = config.venues[index];
    auto& shared = *state_->venues.emplace_back(std::make_unique<State::VenueState>());
    shared.kind = venue.kind;
    shared.tls =
        std::make_unique<TlsContext>(venue.ca_file.empty() ? std::nullopt : std::optional<std::filesystem::path>{venue.ca_file});
    const ConnectionId connection = venue_connection(index);
    DeribitSessionOptions options = common_options(venue, connection, seed());
    options.role = DeribitRole::MarketData;
    options.watch = venue.watch;
    std::ranges::copy_if(named, std::back_inserter(options.watch),
                         [&venue](const InstrumentPattern& pattern) { return pattern.venue == venue.kind; });
    options.books = venue.books;
    state_->add_feed({venue.kind, setup.connections[static_cast<std::size_t>(connection)]}, shared, venue, std::move(options),
                     queue);
    shared.market_data = state_->feeds.back().session;
  }

  for (std::size_t index = 0; index < config.accounts.size(); ++index) {
    const AccountConfig& account = config.accounts[index];
    const auto venue = std::ranges::find(config.venues, account.venue, &VenueConfig::kind);
    if (venue == config.venues.end()) continue;  // the parser refuses it
    auto& shared = *state_->venues[static_cast<std::size_t>(venue - config.venues.begin())];
    const ConnectionId connection = account_connection(config, index);
    DeribitSessionOptions options = common_options(*venue, connection, seed());
    options.role = DeribitRole::Account;
    options.account = AccountId{static_cast<std::uint16_t>(index)};
    options.credential = deribit::Credential{account.client_id, std::move(secrets[index])};
    options.login = account.auth == AuthMethod::ClientSignature ? DeribitLogin::Signature : DeribitLogin::Secret;
    options.allow_trading_scope = account.allow_trading_scope;
    state_->add_feed({account.venue, setup.connections[static_cast<std::size_t>(connection)]}, shared, *venue, std::move(options),
                     queue);
  }
}

FeedThread::~FeedThread() { stop(); }

void FeedThread::start() {
  state_->work.emplace(state_->context.get_executor());
  for (State::Feed& feed : state_->feeds) feed.connection->start();
  state_->keep_house();
  state_->thread = std::thread{[state = state_.get()] {
    pthread_setname_np(pthread_self(), "feeds");
    state->context.run();
  }};
}

void FeedThread::stop() {
  if (!state_->thread.joinable()) return;
  std::vector<std::promise<void>> stopped(state_->feeds.size());
  for (std::size_t index = 0; index < stopped.size(); ++index)
    state_->feeds[index].connection->stop([&done = stopped[index]] { done.set_value(); });
  for (std::promise<void>& done : stopped) done.get_future().wait();
  asio::post(state_->context, [state = state_.get()] {
    state->tell_notices();
    state->timer.cancel();
    state->work.reset();
  });
  state_->thread.join();
}

void FeedThread::want(std::vector<InstrumentPattern> exact) {
  asio::post(state_->context, [state = state_.get(), wanted = std::move(exact)] {
    for (const InstrumentPattern& pattern : wanted)
      for (const auto& venue : state->venues)
        if (venue->kind == pattern.venue) venue->market_data->want(pattern.symbol);
  });
}

const std::vector<FeedName>& FeedThread::names() const { return state_->names; }

const FeedStatistics& FeedThread::statistics(std::size_t connection) const { return *state_->feeds[connection].statistics; }

void FeedThread::State::keep_house() {
  timer.expires_after(kNoticeInterval);
  timer.async_wait([this](const boost::system::error_code& error) {
    if (error || !work) return;
    tell_notices();
    keep_house();
  });
}

void FeedThread::State::tell_notices() {
  for (Feed& feed : feeds) {
    SessionNotices& notices = feed.session->notices();
    for (const SessionNotice& notice : notices.take())
      log.write(level_of(notice.severity), feed.name.connection, notice.text, notice.detail);
    if (notices.lost() != feed.lost_notices) {
      log.warning(feed.name.connection, "notices were lost", std::to_string(notices.lost() - feed.lost_notices));
      feed.lost_notices = notices.lost();
    }
  }
}

std::vector<InstrumentPattern> named_instruments(const Config& config) {
  std::vector<InstrumentPattern> named;
  const auto add = [&named](const InstrumentPattern& pattern) {
    if (pattern.is_exact() && std::ranges::find(named, pattern) == named.end()) named.push_back(pattern);
  };
  for (const BookSetup& book : config.books)
    for (const ExplicitPosition& position : book.positions) add(position.instrument);
  for (const HedgeSetup& hedge : config.hedges)
    for (const InstrumentPattern& leg : hedge.legs) add(leg);
  for (const VenueConfig& venue : config.venues)
    for (const InstrumentPattern& pattern : venue.watch) add(pattern);
  return named;
}

}  // namespace hedgewatch
