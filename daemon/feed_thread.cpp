#include "daemon/feed_thread.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/capture/captured_session.hpp"
#include "daemon/io_poller.hpp"
#include "daemon/log_outbox.hpp"
#include "daemon/setup.hpp"
#include "daemon/venue_feeds.hpp"
#include "feeds/transport/feed_connection.hpp"
#include "feeds/transport/tls_context.hpp"

namespace hedgewatch {

namespace {

namespace asio = boost::asio;

/// How often the sessions' notices are taken to the log, or to where it waits to be written.
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

}  // namespace

struct FeedThread::State {
  /// What the connections of one venue share.
  struct VenueState {
    Venue kind = Venue::Deribit;
    std::unique_ptr<TlsContext> tls;
    std::unique_ptr<SymbolTable> symbols;
    std::vector<VenueSession*> market_data;
  };
  struct Line {
    FeedName name;
    std::unique_ptr<FeedStatistics> statistics = std::make_unique<FeedStatistics>();
    VenueSession* session = nullptr;  ///< the connection's
    std::unique_ptr<FeedConnection> connection;
    std::uint64_t lost_notices = 0;
  };

  State(Log& given_log, bool served) : log{given_log} {
    if (!served) return;
    // Before anybody polls: a context that is found without work stops for good.
    work.emplace(context.get_executor());
    poller.emplace(context);
    // The context's thread for looking up names starts with its first use and may use the CPUs of whoever that is: not the
    // engine's.
    asio::ip::tcp::resolver{context}.async_resolve("127.0.0.1", "0", asio::ip::resolver_base::numeric_host,
                                                   [](const boost::system::error_code&, const auto&) {});
  }

  void keep_house();
  void tell_notices();
  void tell(LogLevel level, const Line& line, std::string_view text, std::string_view detail);

  Log& log;
  LogOutbox outbox;  ///< of the engine's thread
  asio::io_context context{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  asio::steady_timer timer{context};
  bool keeps_house = true;  ///< the I/O thread's
  std::vector<std::unique_ptr<VenueState>> venues;
  std::vector<Line> lines;
  std::vector<FeedName> names;
  std::optional<IoPoller> poller;  ///< for the engine's thread; nothing: there is one of their own
  bool started = false;
  std::thread thread;
};

FeedThread::FeedThread(const Config& config, std::vector<AccountSecrets> secrets, EventQueue& queue, Log& log,
                       FrameCapture* capture, const KnownInstruments& known)
    : state_{std::make_unique<State>(log, config.daemon.feeds == FeedPlace::EngineThread)} {
  std::random_device entropy;
  const std::vector<InstrumentPattern> named = named_instruments(config);
  for (const VenueConfig& venue : config.venues) {
    auto& shared = *state_->venues.emplace_back(std::make_unique<State::VenueState>());
    shared.kind = venue.kind;
    shared.tls =
        std::make_unique<TlsContext>(venue.ca_file.empty() ? std::nullopt : std::optional<std::filesystem::path>{venue.ca_file});
    shared.symbols = make_symbols(venue.kind);
    std::vector<std::pair<InstrumentName, InstrumentId>> ids;
    for (const KnownInstruments::Named& instrument : known.named)
      if (instrument.venue == venue.kind) ids.emplace_back(instrument.name, instrument.id);
    shared.symbols->reserve_ids(ids, known.next_counts[static_cast<std::size_t>(venue.kind)]);
  }

  const std::vector<ConnectionPlan> plans = connection_plans(config);
  for (std::size_t index = 0; index < plans.size(); ++index) {
    const ConnectionPlan& plan = plans[index];
    const VenueConfig& venue = config.venues[plan.venue];
    State::VenueState& shared = *state_->venues[plan.venue];
    std::vector<InstrumentPattern> watch = venue.watch;
    std::ranges::copy_if(named, std::back_inserter(watch),
                         [&venue](const InstrumentPattern& pattern) { return pattern.venue == venue.kind; });
    State::Line& line = state_->lines.emplace_back();
    line.name = {venue.kind, plan.name};
    state_->names.push_back(line.name);
    Feed feed = make_feed({.plan = plan,
                           .venue = venue,
                           .account = plan.account ? &config.accounts[*plan.account] : nullptr,
                           .secrets = plan.account ? std::move(secrets[*plan.account]) : AccountSecrets{},
                           .connection = ConnectionId{static_cast<std::uint8_t>(index)},
                           .watch = std::move(watch),
                           .seed = std::uint64_t{entropy()} << 32 | entropy(),
                           .symbols = *shared.symbols,
                           .statistics = *line.statistics});
    if (capture != nullptr) feed.session = std::make_unique<CapturedSession>(std::move(feed.session), *capture, index);
    line.session = feed.session.get();
    if (!plan.account) shared.market_data.push_back(line.session);
    FeedConnectionSetup setup;
    setup.endpoint = std::move(feed.endpoint);
    setup.calls = std::move(feed.calls);
    line.connection = std::make_unique<FeedConnection>(state_->context, *shared.tls, setup, std::move(feed.session),
                                                       queue.sink(ConnectionId{static_cast<std::uint8_t>(index)}));
  }
}

FeedThread::~FeedThread() { stop(); }

void FeedThread::start() {
  if (!state_->work) state_->work.emplace(state_->context.get_executor());
  for (State::Line& line : state_->lines) line.connection->start();
  asio::post(state_->context, [state = state_.get()] { state->keep_house(); });
  state_->started = true;
  if (state_->poller) return;
  state_->thread = std::thread{[state = state_.get()] {
    pthread_setname_np(pthread_self(), "feeds");
    state->context.run();
  }};
}

void FeedThread::stop() {
  if (!std::exchange(state_->started, false)) return;
  std::vector<std::promise<void>> stopped(state_->lines.size());
  for (std::size_t index = 0; index < stopped.size(); ++index)
    state_->lines[index].connection->stop([&done = stopped[index]] { done.set_value(); });
  for (std::promise<void>& done : stopped) done.get_future().wait();
  const auto told = std::make_shared<std::promise<void>>();
  asio::post(state_->context, [state = state_.get(), told] {
    state->tell_notices();
    state->timer.cancel();
    state->keeps_house = false;
    // Who polls it goes on until the engine stops, and would not sleep without.
    if (!state->poller) state->work.reset();
    told->set_value();
  });
  told->get_future().wait();
  tell();
  if (state_->thread.joinable()) state_->thread.join();
}

void FeedThread::tell() { state_->outbox.write_to(state_->log); }

FeedPoller* FeedThread::poller() { return state_->poller ? &*state_->poller : nullptr; }

void FeedThread::want(std::vector<InstrumentPattern> exact) {
  asio::post(state_->context, [state = state_.get(), wanted = std::move(exact)] {
    for (const InstrumentPattern& pattern : wanted)
      for (const auto& venue : state->venues)
        if (venue->kind == pattern.venue)
          for (VenueSession* session : venue->market_data) session->want(pattern.symbol);
  });
}

const std::vector<FeedName>& FeedThread::names() const { return state_->names; }

const FeedStatistics& FeedThread::statistics(std::size_t connection) const { return *state_->lines[connection].statistics; }

void FeedThread::State::keep_house() {
  timer.expires_after(kNoticeInterval);
  timer.async_wait([this](const boost::system::error_code& error) {
    if (error || !keeps_house) return;
    tell_notices();
    keep_house();
  });
}

void FeedThread::State::tell_notices() {
  for (Line& line : lines) {
    SessionNotices& notices = line.session->notices();
    for (const SessionNotice& notice : notices.take()) tell(level_of(notice.severity), line, notice.text, notice.detail);
    if (notices.lost() != line.lost_notices) {
      tell(LogLevel::Warning, line, "notices were lost", std::to_string(notices.lost() - line.lost_notices));
      line.lost_notices = notices.lost();
    }
  }
}

void FeedThread::State::tell(LogLevel level, const Line& line, std::string_view text, std::string_view detail) {
  if (poller)
    outbox.add(level, line.name.connection, text, detail);
  else
    log.write(level, line.name.connection, text, detail);
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
