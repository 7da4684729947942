// The simulated exchanges of Binance, OKX and Bybit talked to by their input. The first byte chooses the venue and the websocket's
// path; then one line a step: `@N` lets N milliseconds pass, `GET`, `POST` and `PUT` with a target and a body are calls, signed
// where a `+` stands before them, anything else is a websocket frame. Property: whatever a client says, what comes back is JSON or
// the venue's word for a ping, unless a fault that spoils frames was asked for, and a closed client hears nothing more.

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "feeds/simulator/binance_exchange.hpp"
#include "feeds/simulator/bybit_exchange.hpp"
#include "feeds/simulator/okx_exchange.hpp"

using namespace hedgewatch;
using namespace hedgewatch::simulator;

namespace {

constexpr VenueTime kNoon{std::chrono::seconds{1'772'625'600}};

void must_be_json(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(text).get(element) != simdjson::SUCCESS) std::abort();
}

SyntheticMarketConfig market() { return {.seed = 3, .start = kNoon, .strikes_per_side = 1}; }

std::unique_ptr<SimulatedExchange> exchange_of(std::uint8_t which) {
  const std::vector<ApiKey> keys = {{"monitor", "secret", false, "phrase"}};
  if (which == 0) {
    BinanceExchangeConfig config;
    config.market = market();
    config.keys = keys;
    return std::make_unique<BinanceExchange>(std::move(config));
  }
  if (which == 1) {
    OkxExchangeConfig config;
    config.market = market();
    config.keys = keys;
    return std::make_unique<OkxExchange>(std::move(config));
  }
  BybitExchangeConfig config;
  config.market = market();
  config.keys = keys;
  return std::make_unique<BybitExchange>(std::move(config));
}

std::string_view path_of(std::uint8_t venue, std::uint8_t door) {
  constexpr std::array<std::array<std::string_view, 4>, 3> kPaths{
      {{"/public/stream", "/private/ws", "/coin/market/ws", "/spot/ws-api/v3"},
       {"/ws/v5/public", "/ws/v5/private", "/ws/v5/business", "/ws/v5/public"},
       {"/v5/public/linear", "/v5/private", "/v5/public/option", "/v5/public/spot"}}};
  return kPaths[venue][door];
}

class Play {
 public:
  explicit Play(std::uint8_t choice)
      : venue_{static_cast<std::uint8_t>(choice % 3)},
        path_{path_of(venue_, static_cast<std::uint8_t>(choice / 3 % 4))},
        exchange_{exchange_of(venue_)} {
    if (!exchange_->serves_websocket(path_)) std::abort();
    open();
  }

  void step(std::string_view line) {
    std::vector<Outgoing> out;
    if (line.starts_with('@')) {
      int milliseconds = 0;
      std::from_chars(line.data() + 1, line.data() + line.size(), milliseconds);
      if (milliseconds < 0 || milliseconds > 1'500) return;
      now_ += std::chrono::milliseconds{milliseconds};
      exchange_->poll(now_, 1'000, out);
    } else if (!call(line)) {
      exchange_->handle(client_, line, now_, out);
    }
    take(out);
  }

 private:
  void open() {
    std::vector<Outgoing> out;
    client_ = exchange_->open(path_, now_, out);
    closed_ = false;
    take(out);
  }
  void take(const std::vector<Outgoing>& out) {
    for (const Outgoing& frame : out) {
      if (frame.client != client_ || closed_) std::abort();
      closed_ = frame.close;
      if (!frame.text.empty() && frame.text != "pong" && exchange_->faults().touched() == 0) must_be_json(frame.text);
    }
    if (!closed_) return;
    exchange_->closed(client_);
    open();
  }
  bool call(std::string_view line) {
    const bool with_key = line.starts_with('+');
    if (with_key) line.remove_prefix(1);
    const std::size_t space = line.find(' ');
    const std::string_view verb = line.substr(0, space);
    if (space == std::string_view::npos || (verb != "GET" && verb != "POST" && verb != "PUT")) return false;
    line.remove_prefix(space + 1);
    const std::size_t end = std::min(line.find(' '), line.size());
    HttpQuestion question{.verb = verb, .target = line.substr(0, end), .body = line.substr(end)};
    if (with_key)
      question.headers = {{"X-MBX-APIKEY", "monitor"},    {"OK-ACCESS-KEY", "monitor"},    {"OK-ACCESS-PASSPHRASE", "phrase"},
                          {"X-BAPI-API-KEY", "monitor"},  {"OK-ACCESS-SIGN", "none"},      {"X-BAPI-SIGN", "none"},
                          {"x-simulated-trading", "1"},   {"OK-ACCESS-TIMESTAMP", "none"}, {"X-BAPI-TIMESTAMP", "1772625600000"},
                          {"X-BAPI-RECV-WINDOW", "10000"}};
    must_be_json(exchange_->answer(question, now_).body);
    return true;
  }

  std::uint8_t venue_;
  std::string_view path_;
  MonoTime now_{std::chrono::hours{1}};
  std::unique_ptr<SimulatedExchange> exchange_;
  ClientId client_{};
  bool closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kMostSteps = 64;
  if (size == 0) return 0;
  Play play{data[0]};
  std::string_view input{reinterpret_cast<const char*>(data), size};
  input.remove_prefix(1);
  for (int step = 0; step < kMostSteps && !input.empty(); ++step) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    play.step(line);
  }
  return 0;
}
