// From the exchanges' sockets to the table: a server on loopback for each venue sends its tickers over TLS websocket by a fixed
// schedule; the daemon's transport, decoders, queue and engine turn them into figures. A ticker's wait counts from when it was
// meant to be sent, so that one that the server, the wire or we hold up is not omitted. At flood it counts from the write.

#include <benchmark/benchmark.h>

#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <openssl/evp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/draining_engine.hpp"
#include "bench/option_desk.hpp"
#include "daemon/cpu_reserve.hpp"
#include "daemon/io_poller.hpp"
#include "feeds/binance/decoder.hpp"
#include "feeds/bybit/decoder.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/okx/decoder.hpp"
#include "feeds/simulator/certificate.hpp"
#include "feeds/transport/tls_context.hpp"
#include "feeds/transport/websocket_client.hpp"

namespace hedgewatch {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::uint32_t kDifferentFrames = 1'024;
constexpr unsigned kEngineCpu = 1;

/// A text message as a server sends it: at least 126 bytes, below 64 KiB.
std::string websocket_frame(const std::string& text) {
  std::string frame{static_cast<char>(0x81)};
  frame.push_back(126);
  frame.push_back(static_cast<char>(text.size() >> 8));
  frame.push_back(static_cast<char>(text.size() & 0xFF));
  return frame + text;
}

/// The answer to an upgrade request (RFC 6455, 4.2.2).
std::string upgrade_answer(const std::string& request) {
  constexpr std::string_view kKey = "Sec-WebSocket-Key: ";
  const std::size_t at = request.find(kKey);
  const std::string key = request.substr(at + kKey.size(), 24) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(key.data(), key.size(), digest, &size, EVP_sha1(), nullptr);
  unsigned char text[64];
  EVP_EncodeBlock(text, digest, static_cast<int>(size));
  std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
  for (const unsigned char* letter = text; *letter != 0; ++letter) answer.push_back(static_cast<char>(*letter));
  return answer + "\r\n\r\n";
}

struct Schedule {
  std::uint64_t tickers = 0;
  std::chrono::nanoseconds interval{0};  ///< 0: flood
};

/// Sends the tickers of one venue to the first client that says a word.
class TickerServer {
 public:
  TickerServer(const bench::OptionDesk& desk, std::uint32_t venue, const simulator::LoopbackCertificate& certificate,
               Schedule schedule)
      : schedule_{schedule},
        meant_(schedule.tickers),
        begun_(schedule.tickers),
        acceptor_{io_, {asio::ip::address_v4::loopback(), 0}} {
    tls_.use_certificate_chain(asio::buffer(certificate.certificate));
    tls_.use_private_key(asio::buffer(certificate.private_key), asio::ssl::context::pem);
    const std::uint32_t venues = desk.shape().venues;
    const std::uint32_t options = desk.shape().options / venues;
    for (std::uint32_t i = 0; i < kDifferentFrames; ++i)
      frames_.push_back(websocket_frame(desk.ticker_frame(i * 37 % options * venues + venue, i % 64)));
    thread_ = std::thread{[this] { serve(); }};
  }
  ~TickerServer() { thread_.join(); }
  TickerServer(const TickerServer&) = delete;
  TickerServer& operator=(const TickerServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  /// When this ticker was meant to be sent. Set before it is sent.
  [[nodiscard]] MonoTime meant(std::uint64_t ticker) const {
    return from_nanoseconds<MonoTime>(meant_[ticker].load(std::memory_order_acquire));
  }
  /// When its write began: what lies between is the server's own lateness.
  [[nodiscard]] MonoTime begun(std::uint64_t ticker) const {
    return from_nanoseconds<MonoTime>(begun_[ticker].load(std::memory_order_acquire));
  }

 private:
  void serve() {
    boost::system::error_code error;
    asio::ssl::stream<tcp::socket> socket{acceptor_.accept(), tls_};
    socket.next_layer().set_option(tcp::no_delay{true});
    socket.handshake(asio::ssl::stream_base::server, error);
    std::string request;
    asio::read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n", error);
    if (error) return;
    asio::write(socket, asio::buffer(upgrade_answer(request)), error);
    char byte = 0;
    socket.read_some(asio::buffer(&byte, 1), error);
    send_all(socket, error);
    while (!error) socket.read_some(asio::buffer(&byte, 1), error);
  }

  void send_all(asio::ssl::stream<tcp::socket>& socket, boost::system::error_code& error) {
    constexpr std::uint64_t kMostTogether = 16;
    // It sleeps until shortly before a ticker is due and polls from then on. The kernel adds 50 us to a sleep unless told
    // otherwise.
    constexpr std::chrono::microseconds kPolled{100};
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    const MonoTime start = mono_now();
    std::string block;
    for (std::uint64_t next = 0; next < schedule_.tickers && !error;) {
      block.clear();
      const std::uint64_t first = next;
      MonoTime due{};
      // What is due leaves together, so that a late server does not fall further behind.
      for (std::uint64_t together = 0; next < schedule_.tickers && together < kMostTogether; ++together) {
        const MonoTime now = mono_now();
        due = schedule_.interval.count() == 0 ? now : start + schedule_.interval * static_cast<std::int64_t>(next);
        if (due > now) break;
        meant_[next].store(nanoseconds_of(due), std::memory_order_release);
        block += frames_[next++ % kDifferentFrames];
      }
      const MonoTime now = mono_now();
      if (!block.empty()) {
        for (std::uint64_t ticker = first; ticker < next; ++ticker)
          begun_[ticker].store(nanoseconds_of(now), std::memory_order_release);
        asio::write(socket, asio::buffer(block), error);
      } else if (due - now > 2 * kPolled) {
        std::this_thread::sleep_for(due - now - kPolled);
      } else {
        poll_.wait();
      }
    }
  }

  Schedule schedule_;
  std::vector<std::atomic<std::int64_t>> meant_;
  std::vector<std::atomic<std::int64_t>> begun_;
  std::vector<std::string> frames_;
  bench::Poll poll_;
  asio::io_context io_;
  asio::ssl::context tls_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_;
  std::thread thread_;
};

using Decode = std::function<bool(simdjson::padded_string_view frame, MonoTime received, EventBatch& out)>;

template <class Decoder, class Symbols>
struct Reading {
  template <class... Arguments>
  explicit Reading(Symbols table, const Arguments&... arguments) : symbols{std::move(table)}, decoder{symbols, arguments...} {}
  Symbols symbols;
  Decoder decoder;
};

/// Of one venue's connection, which knows the options that the desk holds there.
template <class Decoder, class Symbols, class... Arguments>
Decode decoding(Symbols symbols, const bench::OptionDesk& desk, std::uint32_t venue, const Arguments&... arguments) {
  for (std::uint32_t i = venue; i < desk.shape().options; i += desk.shape().venues) symbols.add(desk.contract(i));
  const auto reading = std::make_shared<Reading<Decoder, Symbols>>(std::move(symbols), arguments...);
  return [reading](simdjson::padded_string_view frame, MonoTime received, EventBatch& out) {
    return reading->decoder.decode(frame, received, out).ok();
  };
}

Decode decoder_of(const bench::OptionDesk& desk, std::uint32_t venue) {
  const ConnectionId connection{static_cast<std::uint8_t>(venue)};
  const DecodingOptions options{.connection = connection};
  switch (bench::OptionDesk::venue_at(venue)) {
    case Venue::Binance:
      return decoding<binance::Decoder>(SymbolTable{Venue::Binance}, desk, venue, std::optional{binance::Product::Options},
                                        options);
    case Venue::Okx:
      return decoding<okx::Decoder>(SymbolTable{Venue::Okx}, desk, venue, options);
    case Venue::Bybit:
      return decoding<bybit::Decoder>(SymbolTable{Venue::Bybit}, desk, venue, bybit::Category::Option, options);
    case Venue::Deribit:
      break;
  }
  return decoding<deribit::Decoder>(deribit::Symbols{}, desk, venue, deribit::DecoderOptions{.connection = connection});
}

/// When the last connection has brought everything, or one has failed.
struct Ending {
  std::uint32_t open = 0;  ///< connections that have not
  std::function<void()> end;
  void now() {
    if (end) std::exchange(end, {})();
  }
};

/// One venue's connection, on the thread that reads: from frames to the queue.
class Feed final : public WebsocketListener {
 public:
  Feed(Ending& ending, Decode decode, const TickerServer& server, std::uint64_t tickers, EventSink& sink)
      : ending_{ending}, decode_{std::move(decode)}, server_{server}, tickers_{tickers}, sink_{sink} {
    late.reserve(tickers);
    read.reserve(tickers);
    delivered.reserve(tickers);
  }
  void on_open(SessionTime) override { socket->send("x"); }
  void on_frame(simdjson::padded_string_view frame, SessionTime received) override {
    const std::size_t before = batch_.size();
    const MonoTime meant = server_.meant(seen_);
    if (!decode_(frame, meant, batch_) || batch_.size() == before) failed = true;
    late.push_back(static_cast<double>((server_.begun(seen_) - meant).count()));
    read.push_back(static_cast<double>((received.mono - meant).count()));
    ++seen_;
  }
  void on_read_end(SessionTime) override {
    static_cast<void>(sink_.deliver(batch_));
    batch_.truncate(0);
    const MonoTime now = mono_now();
    while (delivered.size() < seen_) delivered.push_back(static_cast<double>((now - server_.meant(delivered.size())).count()));
    if (failed) return ending_.now();
    if (seen_ == tickers_ && --ending_.open == 0) ending_.now();
  }
  void on_closed(CloseCause, std::string_view, SessionTime) override {
    failed = true;
    ending_.now();
  }
  WebsocketClient* socket = nullptr;
  bool failed = false;
  std::vector<double> late;       ///< by ticker, nanoseconds: its write began, after it was meant to
  std::vector<double> read;       ///< it was read from the socket
  std::vector<double> delivered;  ///< its events were in the queue

 private:
  Ending& ending_;
  Decode decode_;
  const TickerServer& server_;
  std::uint64_t tickers_;
  EventSink& sink_;
  std::uint64_t seen_ = 0;
  EventBatch batch_{4'096};
};

/// The authority of the server's certificate, as a file while this lives.
class Authority {
 public:
  explicit Authority(const std::string& text) { std::ofstream{file_} << text; }
  ~Authority() { std::filesystem::remove(file_); }
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_ = std::filesystem::temp_directory_path() / ("hedgewatch-load-" + std::to_string(::getpid()) + ".pem");
};

struct Load {
  double tickers_per_second = 0;  ///< of all venues together; 0: flood; three events each
  std::uint32_t options = 1'000;
  std::uint32_t venues = 1;
  WaitMode wait = WaitMode::BusyPoll;
  FeedPlace feeds = FeedPlace::OwnThread;
  double p50_us_aim = 0;  ///< 0: none is stated
};

/// One venue's end of the wire and ours.
struct Line {
  Line(asio::io_context& io, Ending& ending, TlsContext& tls, const simulator::LoopbackCertificate& certificate,
       const bench::OptionDesk& desk, std::uint32_t venue, Schedule schedule, EventQueue& queue)
      : server{desk, venue, certificate, schedule},
        feed{ending, decoder_of(desk, venue), server, schedule.tickers, queue.sink(ConnectionId{static_cast<std::uint8_t>(venue)})},
        socket{io, tls, {.host = "localhost", .port = server.port(), .path = "/"}, {}, feed} {
    feed.socket = &socket;
  }
  TickerServer server;
  Feed feed;
  WebsocketClient socket;
};

void wire_to_table(benchmark::State& state, const Load& load) {
  constexpr double kSeconds = 0.4;
  const simulator::LoopbackCertificate certificate = simulator::make_loopback_certificate();
  const Authority authority{certificate.authority};
  TlsContext tls{authority.file()};
  const bench::OptionDesk desk{{.options = load.options, .books = 10, .venues = load.venues, .expiries = 8}};
  const bool flood = load.tickers_per_second == 0;
  const double venue_rate = load.tickers_per_second / load.venues;
  const Schedule schedule{.tickers = flood ? 100'000 / load.venues : static_cast<std::uint64_t>(kSeconds * venue_rate),
                          .interval = std::chrono::nanoseconds{flood ? 0 : static_cast<std::int64_t>(1e9 / venue_rate)}};
  for (auto _ : state) {
    bench::DrainingEngine engine{desk, load.wait};
    asio::io_context io{1};
    const auto work = asio::make_work_guard(io);
    IoPoller poller{io};
    std::promise<void> ended;
    Ending ending{.open = load.venues, .end = [&] { load.feeds == FeedPlace::OwnThread ? io.stop() : ended.set_value(); }};
    // Feeds and exchanges stay off the engine's processor, as the daemon's threads do with engine_cpu.
    const CpuReserve reserve{kEngineCpu};
    std::vector<std::unique_ptr<Line>> lines;
    for (std::uint32_t venue = 0; venue < load.venues; ++venue)
      lines.push_back(std::make_unique<Line>(io, ending, tls, certificate, desk, venue, schedule, engine.queue()));
    if (load.feeds == FeedPlace::EngineThread) engine.serve(poller);
    engine.start(kEngineCpu);
    const MonoTime start = mono_now();
    for (const auto& line : lines) line->socket.open();
    if (load.feeds == FeedPlace::OwnThread)
      io.run();
    else
      ended.get_future().wait();
    const double seconds = std::chrono::duration<double>(mono_now() - start).count();
    engine.stop();
    for (const auto& line : lines) line->socket.abandon();
    for (const auto& line : lines)
      if (line->feed.failed) return state.SkipWithError("the tickers did not all arrive");
    engine.report(state);
    Feed& first = lines.front()->feed;
    state.counters["server_late_p50_us"] = bench::percentile(first.late, 0.5) / 1e3;
    state.counters["read_p50_us"] = bench::percentile(first.read, 0.5) / 1e3;
    // At flood this is what the sockets' buffers hold, some megabytes on either side.
    state.counters["read_p99_us"] = bench::percentile(first.read, 0.99) / 1e3;
    state.counters["delivered_p50_us"] = bench::percentile(first.delivered, 0.5) / 1e3;
    state.counters["tickers_per_second"] = static_cast<double>(schedule.tickers * load.venues) / seconds;
    if (load.p50_us_aim > 0) state.counters["p50_us_aim"] = load.p50_us_aim;
    if (flood) state.counters["oldest_unapplied_p99_us_aim"] = 5'000;
  }
}

void row(const char* name, const Load& load) {
  benchmark::RegisterBenchmark(name, [load](benchmark::State& state) { wire_to_table(state, load); })
      ->Iterations(1)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

/// The stated pair first, then every rate for every size of book and for every number of venues.
const bool kRegistered = [] {
  row("wire_to_table/spinning", {.tickers_per_second = 2'000, .wait = WaitMode::BusyPoll, .p50_us_aim = 25});
  row("wire_to_table/sleeping", {.tickers_per_second = 2'000, .wait = WaitMode::Blocking, .p50_us_aim = 60});
  row("wire_to_table/spinning/one_thread",
      {.tickers_per_second = 2'000, .wait = WaitMode::BusyPoll, .feeds = FeedPlace::EngineThread, .p50_us_aim = 25});
  row("wire_to_table/sleeping/one_thread",
      {.tickers_per_second = 2'000, .wait = WaitMode::Blocking, .feeds = FeedPlace::EngineThread, .p50_us_aim = 60});
  for (const std::uint32_t options : {10U, 100U, 1'000U, 10'000U}) {
    const std::string held = std::to_string(options) + "_options";
    row(("load/1k_events/" + held).c_str(), {.tickers_per_second = 1e3 / 3, .options = options});
    row(("load/10k_events/" + held).c_str(), {.tickers_per_second = 1e4 / 3, .options = options});
    row(("load/100k_events/" + held).c_str(), {.tickers_per_second = 1e5 / 3, .options = options});
    row(("load/flood/" + held).c_str(), {.options = options});
  }
  for (const std::uint32_t venues : {2U, 3U, 4U}) {
    const std::string heard = std::to_string(venues) + "_venues";
    row(("venues/10k_events/" + heard).c_str(), {.tickers_per_second = 1e4 / 3, .venues = venues});
    row(("venues/100k_events/" + heard).c_str(), {.tickers_per_second = 1e5 / 3, .venues = venues});
    row(("venues/flood/" + heard).c_str(), {.venues = venues});
  }
  return true;
}();

}  // namespace
}  // namespace hedgewatch
