#include "feeds/transport/feed_connection.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "feeds/transport/clock.hpp"
#include "feeds/transport/https_client.hpp"

namespace hedgewatch {

namespace asio = boost::asio;

namespace {

/// The events of one read are handed on together, but a long read does not keep the engine waiting for more than this.
constexpr std::size_t kDeliverFrom = 256;
/// Between two calls of on_deadline.
constexpr std::chrono::nanoseconds kLeastPause = std::chrono::milliseconds{1};

HttpsMethod method_of(HttpVerb verb) {
  switch (verb) {
    case HttpVerb::Get:
      return HttpsMethod::Get;
    case HttpVerb::Post:
      return HttpsMethod::Post;
    case HttpVerb::Put:
      return HttpsMethod::Put;
  }
  return HttpsMethod::Get;
}

/// Of a header's text; 0 when it holds no count.
unsigned seconds_in(std::string_view text) {
  constexpr unsigned kMost = 3'600;
  unsigned seconds = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return error == std::errc{} && rest == text.data() + text.size() ? std::min(seconds, kMost) : 0;
}

/// The counter has one writer.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

}  // namespace

class FeedConnection::Driver final : public WebsocketListener, public std::enable_shared_from_this<Driver> {
 public:
  Driver(asio::io_context& io, TlsContext& tls, const FeedConnectionSetup& setup, std::unique_ptr<VenueSession> session,
         EventSink& sink)
      : io_{io},
        client_{io, tls, setup.endpoint, setup.limits, *this},
        session_{std::move(session)},
        sink_{sink},
        tls_{tls},
        calls_{setup.calls},
        call_limits_{.timeout = setup.call_timeout, .body_bytes = setup.limits.frame_bytes},
        batch_{setup.batch_capacity},
        timer_{io},
        flush_interval_{setup.flush_interval} {}

  void start() {
    asio::post(io_, [self = shared_from_this()] {
      if (self->phase_ != Phase::Idle) return;
      self->phase_ = Phase::Running;
      self->open(session_now());
    });
  }

  void stop(std::function<void()> done) {
    asio::post(io_, [self = shared_from_this(), done = std::move(done)]() mutable { self->begin_stop(std::move(done)); });
  }

  /// The owner is gone.
  void abandon() {
    phase_ = Phase::Stopped;
    timer_.cancel();
    client_.abandon();
  }

  // ---- what happens on the socket

  void on_open(SessionTime now) override {
    session_->on_open(now, batch_, actions_);
    after_session(now);
  }

  void on_frame(simdjson::padded_string_view frame, SessionTime received) override {
    if (closing_) return;  // what the session has given up it is not shown any more
    session_->on_frame(frame, received, batch_, actions_);
    obey();
    if (batch_.size() >= kDeliverFrom) deliver(received);
  }

  void on_read_end(SessionTime received) override { after_session(received); }

  void on_closed(CloseCause cause, std::string_view detail, SessionTime now) override {
    closing_ = false;
    std::string reason{cause == CloseCause::Requested ? detail : label(cause)};
    if (cause != CloseCause::Requested && !detail.empty()) reason.append(": ").append(detail);
    session_->on_closed(reason, now, batch_);
    // A break that comes now needs no closing any more; the sink has told the engine.
    deliver(now);
    if (phase_ == Phase::Stopping) return end_stop();
    arm_timer();
  }

  FeedCounters counters;
  [[nodiscard]] const WebsocketCounters& socket_counters() const { return client_.counters(); }
  [[nodiscard]] VenueSession& session() { return *session_; }

 private:
  enum class Phase : std::uint8_t { Idle, Running, Stopping, Stopped };

  void after_session(SessionTime now) {
    obey();
    deliver(now);
    arm_timer();
  }

  /// Opens the socket, once the session has what it needs for it.
  void open(SessionTime now) {
    const bool ready = session_->prepare(now, actions_);
    obey();
    if (ready) {
      if (std::exchange(opened_, true)) add(counters.reconnects, 1);
      client_.open(session_->path_suffix());
    }
    arm_timer();
  }

  void obey() {
    for (const std::string& text : actions_.send) client_.send(text);
    for (SessionCall& call : actions_.calls) make(call);
    if (actions_.close && !closing_) {
      add(counters.session_closes, 1);
      close(actions_.close_reason);
    }
    actions_.clear();
  }

  void make(SessionCall& call) {
    HttpsRequest request{.method = method_of(call.request.verb), .host = calls_.host, .port = calls_.port};
    request.target = calls_.path + call.request.target;
    if (!call.request.host.empty()) {
      constexpr std::uint16_t kUsualPort = 443;
      request.host = call.request.host;
      request.port = kUsualPort;
      request.target = call.request.target;
    }
    request.headers = call.request.headers;
    async_https_request(io_, &tls_, std::move(request), call_limits_, [weak = weak_from_this(), id = call.id](HttpsResult result) {
      if (const auto self = weak.lock()) self->on_called(id, std::move(result));
    });
  }

  void on_called(std::uint64_t id, HttpsResult result) {
    if (phase_ != Phase::Running) return;
    HttpOutcome outcome;
    if (result.ok()) {
      outcome.status = result.value().status;
      outcome.retry_after_s = seconds_in(result.value().header("Retry-After"));
      outcome.body = std::move(result).value().body;
    } else {
      outcome.body = std::string{label(result.error().fault)} + ": " + result.error().detail;
    }
    const SessionTime now = session_now();
    session_->on_outcome(id, outcome, now, batch_, actions_);
    after_session(now);
  }

  void close(std::string_view reason) {
    closing_ = true;
    client_.close(reason);
  }

  void deliver(SessionTime now) {
    // A session told of lost books may have events of its own; those of a second loss go out with the next frame.
    for (int round = 0; round < 2 && !batch_.empty(); ++round) {
      add(counters.events, batch_.size());
      const Delivery delivery = sink_.deliver(batch_);
      batch_.truncate(0);
      held_back_ = delivery.outcome == DeliveryOutcome::Conflated;
      if (delivery.outcome == DeliveryOutcome::Broken) return on_broken();
      if (delivery.lost_books.empty()) return;
      add(counters.lost_books, delivery.lost_books.size());
      lost_books_.assign(delivery.lost_books.begin(), delivery.lost_books.end());
      session_->on_books_lost(lost_books_, now, batch_, actions_);
      obey();
    }
  }

  void on_broken() {
    held_back_ = true;
    add(counters.overflows, 1);
    if (!client_.idle() && !closing_) close("overflow");
  }

  // ---- time

  [[nodiscard]] std::optional<MonoTime> next_time() const {
    std::optional<MonoTime> next;
    if (client_.idle()) next = session_->reconnect_at();
    if (client_.is_open()) next = session_->deadline();
    if (held_back_) {
      const MonoTime flush = mono_now() + flush_interval_;
      next = next ? std::min(*next, flush) : flush;
    }
    return next;
  }

  /// Deadlines mostly move away with each frame: the timer is only set again when it would ring too late.
  void arm_timer(std::optional<MonoTime> not_before = std::nullopt) {
    if (phase_ != Phase::Running) return;
    std::optional<MonoTime> next = next_time();
    if (next && not_before) next = std::max(*next, *not_before);
    if (!next || (armed_ && *armed_ <= *next)) return;
    armed_ = next;
    timer_.expires_at(steady_time(*next));
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      if (const auto self = weak.lock(); self && !error) self->on_timer();
    });
  }

  void on_timer() {
    armed_.reset();
    if (phase_ != Phase::Running) return;
    const SessionTime now = session_now();
    if (held_back_) held_back_ = !sink_.flush();
    if (client_.idle()) {
      if (const auto at = session_->reconnect_at(); at && *at <= now.mono) {
        open(now);
      }
    } else if (const auto at = session_->deadline(); at && *at <= now.mono && client_.is_open()) {
      session_->on_deadline(now, batch_, actions_);
    }
    obey();
    deliver(now);
    // A session that leaves its deadline in the past must not turn the loop into a spin.
    arm_timer(now.mono + kLeastPause);
  }

  // ---- stopping

  void begin_stop(std::function<void()> done) {
    if (done) stopped_.push_back(std::move(done));
    if (phase_ == Phase::Stopped) return call_stopped();
    if (phase_ == Phase::Stopping) return;
    const bool running = phase_ == Phase::Running;
    phase_ = Phase::Stopping;
    timer_.cancel();
    if (!running || client_.idle()) return end_stop();
    if (!closing_) close("stopped");
  }

  void end_stop() {
    phase_ = Phase::Stopped;
    if (held_back_) sink_.flush();
    call_stopped();
  }

  void call_stopped() {
    for (const auto& done : std::exchange(stopped_, {})) done();
  }

  asio::io_context& io_;
  WebsocketClient client_;
  std::unique_ptr<VenueSession> session_;
  EventSink& sink_;
  TlsContext& tls_;
  CallEndpoint calls_;
  HttpsLimits call_limits_;
  EventBatch batch_;
  SessionActions actions_;
  std::vector<InstrumentId> lost_books_;
  asio::steady_timer timer_;
  std::chrono::nanoseconds flush_interval_;
  std::optional<MonoTime> armed_;
  std::vector<std::function<void()>> stopped_;
  bool held_back_ = false;  ///< the sink has something left that it must be asked to hand on
  bool opened_ = false;     ///< at least once, or tried
  bool closing_ = false;    ///< asked the socket to close, not closed yet
  Phase phase_ = Phase::Idle;
};

FeedConnection::FeedConnection(asio::io_context& io, TlsContext& tls, const FeedConnectionSetup& setup,
                               std::unique_ptr<VenueSession> session, EventSink& sink)
    : driver_{std::make_shared<Driver>(io, tls, setup, std::move(session), sink)} {}

FeedConnection::~FeedConnection() { driver_->abandon(); }

void FeedConnection::start() { driver_->start(); }
void FeedConnection::stop(std::function<void()> done) { driver_->stop(std::move(done)); }
const FeedCounters& FeedConnection::counters() const { return driver_->counters; }
const WebsocketCounters& FeedConnection::socket_counters() const { return driver_->socket_counters(); }
VenueSession& FeedConnection::session() { return driver_->session(); }

}  // namespace hedgewatch
