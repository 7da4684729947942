// Fails when the way from a websocket's bytes to the figure table allocates in its steady state, the overloaded queue included.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "core/engine/engine.hpp"
#include "core/metric/figure_table.hpp"
#include "counted_new.hpp"
#include "daemon/engine_waiter.hpp"
#include "daemon/event_queue.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/transport/websocket_codec.hpp"

namespace hedgewatch {
namespace {

constexpr ConnectionId kMarket{0};
constexpr int kOptions = 100;
constexpr std::int64_t kStartMilliseconds = 1'800'000'000'000;

std::string server_frame(const std::string& text) {
  std::string frame{"\x81\x7E"};
  frame.push_back(static_cast<char>(text.size() >> 8));
  frame.push_back(static_cast<char>(text.size() & 0xFF));
  return frame + text;
}

std::string option_name(int number) {
  return "BTC-25JUN27-" + std::to_string(50'000 + 1'000 * (number / 2)) + (number % 2 == 0 ? "-C" : "-P");
}

std::string ticker(const std::string& name, int i) {
  return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.)" + name + R"(.100ms","data":{"timestamp":)" +
         std::to_string(kStartMilliseconds + i) + R"(,"instrument_name":")" + name +
         R"(","state":"open","best_bid_price":0.0415,"best_bid_amount":7.5,"best_ask_price":0.0425,"best_ask_amount":3.0,"mark_iv":)" +
         std::to_string(50 + i % 20) + R"(.25,"bid_iv":49.1,"ask_iv":51.3,"mark_price":0.0421,"last_price":0.042,"index_price":)" +
         std::to_string(90'000 + i % 40) + R"(.5,"underlying_price":)" + std::to_string(91'000 + i % 50) +
         R"(.25,"underlying_index":"BTC-25JUN27","interest_rate":0.0,"open_interest":120.5,)"
         R"("greeks":{"delta":0.51,"gamma":0.00002,"vega":110.2,"theta":-40.1,"rho":50.7},"stats":{"high":null,"low":null}}}})";
}

std::string book(int change) {
  return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":{"type":"change","timestamp":)" +
         std::to_string(kStartMilliseconds + change) + R"(,"instrument_name":"BTC-PERPETUAL","prev_change_id":)" +
         std::to_string(change) + R"(,"change_id":)" + std::to_string(change + 1) +
         R"(,"bids":[["change",90000.5,1200.0]],"asks":[["new",90001.0,)" + std::to_string(10 + change % 9 * 10) + R"(.0]]}}})";
}

struct Path {
  Path() : engine{setup()} {
    for (int number = 0; number < kOptions; ++number) list(option_name(number));
    list("BTC-PERPETUAL");
    apply({.header = header(), .body = FeedStatus{.phase = FeedPhase::Live}});
    for (int i = 0; i < 64; ++i) {
      frames.push_back(server_frame(ticker(option_name(i % kOptions), i)));
      if (i % 4 == 0) frames.push_back(server_frame(book(i)));
    }
  }

  static EngineSetup setup() {
    EngineSetup result;
    result.venues = {{.venue = Venue::Deribit}};
    result.connections = {"market"};
    result.connection_venues = {Venue::Deribit};
    result.watch = {{Venue::Deribit, "*"}};
    return result;
  }

  [[nodiscard]] EventHeader header() const {
    EventHeader result;
    result.received = now;
    result.connection = kMarket;
    return result;
  }
  void apply(const Event& event) { engine.apply(event); }
  void list(const std::string& name) {
    const Contract contract = deribit::contract_from_name(name).value();
    EventHeader listed = header();
    listed.instrument = symbols.add(contract).value();
    apply({.header = listed, .body = InstrumentListed{contract}});
  }

  /// A read's worth of frames: cut, decoded, queued. False: a frame was not understood.
  bool feed(std::size_t first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& frame = frames[(first + i) % frames.size()];
      const auto space = reader.space();
      std::copy(frame.begin(), frame.end(), space.begin());
      reader.commit(frame.size());
      const WebsocketMessage message = reader.next();
      if (message.item != WebsocketItem::Text) return false;
      if (!decoder.decode(message.payload, now, batch).ok()) return false;
    }
    delivered += batch.size();
    static_cast<void>(queue.sink(kMarket).deliver(batch));
    batch.truncate(0);
    return true;
  }

  void drain() {
    while (const std::size_t count = queue.take(part))
      for (std::size_t i = 0; i < count; ++i) apply(part[i]);
    queue.sink(kMarket).flush();
    engine.end_cycle(now);
    engine.figures().copy_to(snapshot);
  }

  bool round(std::size_t i) {
    now += std::chrono::milliseconds{5};
    if (!feed(i, 1 + i % 5)) return false;
    // Every so often the engine pauses until the queue overflows.
    if (i % 100 == 99)
      for (std::size_t flood = 0; flood < 400; ++flood)
        if (!feed(flood, 1)) return false;
    drain();
    return true;
  }

  Engine engine;
  MonoTime now = from_nanoseconds<MonoTime>(1'000'000'000'000);
  deribit::Symbols symbols{1'000};
  deribit::Decoder decoder{symbols, {.connection = kMarket}};
  WebsocketReader reader{1'000'000};
  EventBatch batch{4'096};
  EngineWaiter waiter{WaitMode::Blocking};
  EventQueue queue{{.producers = 1, .capacity = 1'024, .held_back = 1'024}, waiter};
  std::vector<Event> part{std::vector<Event>(512)};
  std::vector<std::string> frames;
  FigureSnapshot snapshot;
  std::size_t delivered = 0;
};

int run() {
  Path path;
  for (std::size_t i = 0; i < 300; ++i)
    if (!path.round(i)) {
      std::puts("FAILED: a frame was not understood");
      return 1;
    }
  const std::size_t before = allocations();
  bool fine = before != 0;
  for (std::size_t i = 300; i < 2'300; ++i) fine = path.round(i) && fine;
  const std::size_t made = allocations() - before;
  const auto conflated = path.queue.counters(kMarket).conflated.load();
  std::printf("%zu allocations on the way of %zu events from frame to table, %llu of them conflated\n", made, path.delivered,
              static_cast<unsigned long long>(conflated));
  if (!fine || conflated == 0 || path.snapshot.values.empty()) {
    std::puts("FAILED: the way was not gone");
    return 1;
  }
  return made == 0 ? 0 : 1;
}

}  // namespace
}  // namespace hedgewatch

int main() { return hedgewatch::run(); }
