// What one websocket message costs the reading thread under flood on loopback: the transport's reader against Beast's own
// async_read. CPU time of the reading thread, not wall time. Both sides read the same bytes from a server thread that never waits
// for them.

#include <benchmark/benchmark.h>

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "bench/rounds.hpp"
#include "feeds/simulator/certificate.hpp"
#include "feeds/transport/tls_context.hpp"
#include "feeds/transport/websocket_client.hpp"
#include "feeds/transport/websocket_codec.hpp"

namespace hedgewatch {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using TlsSocket = asio::ssl::stream<tcp::socket>;

constexpr int kMessages = 20'000;
constexpr int kBlock = 100;  ///< messages in one write

std::string frames(std::size_t size) {
  std::string one{'\x81'};
  if (size < 126) {
    one.push_back(static_cast<char>(size));
  } else {
    one.push_back(126);
    one.push_back(static_cast<char>(size >> 8));
    one.push_back(static_cast<char>(size & 0xFF));
  }
  one.append(size, 'x');
  std::string all;
  for (int i = 0; i < kBlock; ++i) all += one;
  return all;
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Accepts one websocket and floods it.
template <class Stream>
class Flood {
 public:
  template <class Make>
  Flood(std::size_t size, Make make) : acceptor_{io_, {asio::ip::address_v4::loopback(), 0}} {
    thread_ = std::thread{[this, size, make] {
      boost::system::error_code error;
      websocket::stream<Stream> socket{make(acceptor_.accept())};
      if constexpr (std::is_same_v<Stream, TlsSocket>) socket.next_layer().handshake(asio::ssl::stream_base::server);
      socket.accept();
      const std::string block = frames(size);
      // The client's first byte starts the flood: none of it is read together with the upgrade.
      char byte = 0;
      socket.next_layer().read_some(asio::buffer(&byte, 1), error);
      for (int sent = 0; sent < kMessages && !error; sent += kBlock) asio::write(socket.next_layer(), asio::buffer(block), error);
      while (!error) socket.next_layer().read_some(asio::buffer(&byte, 1), error);
    }};
  }
  ~Flood() { thread_.join(); }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;
  [[nodiscard]] tcp::endpoint address() const { return acceptor_.local_endpoint(); }

 private:
  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

/// CPU seconds that Beast's own reader spends on all messages.
template <class Stream>
double read_with_beast(asio::io_context& io, websocket::stream<Stream>& socket) {
  socket.handshake("localhost", "/");
  asio::write(socket.next_layer(), asio::buffer("x", 1));
  boost::beast::flat_buffer buffer;
  int seen = 0;
  std::function<void()> read = [&] {
    socket.async_read(buffer, [&](boost::system::error_code error, std::size_t bytes) {
      benchmark::DoNotOptimize(bytes);
      buffer.consume(buffer.size());
      if (!error && ++seen < kMessages) read();
    });
  };
  const double before = cpu_seconds();
  read();
  io.run();
  return cpu_seconds() - before;
}

/// CPU seconds that the transport's codec spends on all messages over plain TCP.
double read_with_codec(asio::io_context& io, websocket::stream<tcp::socket>& socket) {
  socket.handshake("localhost", "/");
  asio::write(socket.next_layer(), asio::buffer("x", 1));
  WebsocketReader reader{1'000'000};
  int seen = 0;
  std::function<void()> read = [&] {
    const auto space = reader.space();
    socket.next_layer().async_read_some(asio::buffer(space.data(), space.size()),
                                        [&](boost::system::error_code error, std::size_t bytes) {
                                          reader.commit(bytes);
                                          WebsocketItem item = reader.next().item;
                                          for (; item == WebsocketItem::Text; item = reader.next().item) ++seen;
                                          if (item != WebsocketItem::NeedMore) return;
                                          if (!error && seen < kMessages) read();
                                        });
  };
  const double before = cpu_seconds();
  read();
  io.run();
  return cpu_seconds() - before;
}

class Counter final : public WebsocketListener {
 public:
  explicit Counter(asio::io_context& io) : io_{io} {}
  void on_open(SessionTime) override {
    before_ = cpu_seconds();
    socket->send("x");
  }
  void on_frame(simdjson::padded_string_view frame, SessionTime) override {
    benchmark::DoNotOptimize(frame.data());
    if (++seen_ < kMessages) return;
    spent = cpu_seconds() - before_;
    io_.stop();
  }
  void on_read_end(SessionTime) override {}
  void on_closed(CloseCause, std::string_view, SessionTime) override { io_.stop(); }
  double spent = 0;
  WebsocketClient* socket = nullptr;

 private:
  asio::io_context& io_;
  double before_ = 0;
  int seen_ = 0;
};

tcp::socket connected(asio::io_context& io, const tcp::endpoint& address) {
  tcp::socket socket{io};
  socket.connect(address);
  return socket;
}

void report(benchmark::State& state, const bench::Rounds& rounds, double target) {
  state.counters["ns"] = rounds.median_nanoseconds("ours");
  state.counters["beast_ns"] = rounds.median_nanoseconds("beast");
  state.counters["beast_ratio"] = rounds.median_ratio("beast", "ours");
  state.counters["beast_ratio_target"] = target;
}

void tcp_message(benchmark::State& state, std::size_t size, double target) {
  bench::Rounds rounds;
  for (auto _ : state) {
    const auto plain = [](tcp::socket socket) { return socket; };
    for (const bool ours : {false, true}) {
      const Flood<tcp::socket> flood{size, plain};
      asio::io_context io{1};
      websocket::stream<tcp::socket> socket{connected(io, flood.address())};
      rounds.add(ours ? "ours" : "beast", (ours ? read_with_codec(io, socket) : read_with_beast(io, socket)) * 1e9 / kMessages);
    }
  }
  report(state, rounds, target);
}

void tls_message(benchmark::State& state, std::size_t size, double target) {
  const simulator::LoopbackCertificate certificate = simulator::make_loopback_certificate();
  const auto file = std::filesystem::temp_directory_path() / ("hedgewatch-bench-" + std::to_string(::getpid()) + ".pem");
  std::ofstream{file} << certificate.authority;
  asio::ssl::context server{asio::ssl::context::tls_server};
  server.use_certificate_chain(asio::buffer(certificate.certificate));
  server.use_private_key(asio::buffer(certificate.private_key), asio::ssl::context::pem);
  TlsContext client{file};
  std::filesystem::remove(file);
  const auto secured = [&server](tcp::socket socket) { return TlsSocket{std::move(socket), server}; };

  bench::Rounds rounds;
  for (auto _ : state) {
    {
      const Flood<TlsSocket> flood{size, secured};
      asio::io_context io{1};
      websocket::stream<TlsSocket> socket{TlsSocket{connected(io, flood.address()), client.native()}};
      socket.next_layer().handshake(asio::ssl::stream_base::client);
      rounds.add("beast", read_with_beast(io, socket) * 1e9 / kMessages);
    }
    const Flood<TlsSocket> flood{size, secured};
    asio::io_context io{1};
    Counter counter{io};
    WebsocketClient socket{io, client, {.host = "localhost", .port = flood.address().port(), .path = "/"}, {}, counter};
    counter.socket = &socket;
    socket.open();
    io.run();
    if (counter.spent == 0) return state.SkipWithError("the flood was not read");
    rounds.add("ours", counter.spent * 1e9 / kMessages);
  }
  report(state, rounds, target);
}

BENCHMARK_CAPTURE(tcp_message, 180_bytes, 180, 4.5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(tcp_message, 800_bytes, 800, 8)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(tls_message, 180_bytes, 180, 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(tls_message, 800_bytes, 800, 2.5)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hedgewatch
