// A simulated exchange talked to by its input, one line a step: `@N` lets N milliseconds pass, `GET target` and `POST target body`
// go over HTTPS, anything else is a websocket frame. Property: whatever a client says, every frame and every body that comes back
// is JSON, unless a fault that spoils frames was asked for, and a closed client hears nothing more.

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "feeds/simulator/deribit_exchange.hpp"
#include "feeds/simulator/synthetic_content.hpp"

using namespace hedgewatch;
using namespace hedgewatch::simulator;

namespace {

void must_be_json(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(text).get(element) != simdjson::SUCCESS) std::abort();
}

class Play {
 public:
  Play() : exchange_{{.keys = {{"client", "secret", false}}}, content()}, client_{exchange_.open(now_)} {}

  void step(std::string_view line) {
    std::vector<Outgoing> out;
    if (line.starts_with('@')) {
      int milliseconds = 0;
      std::from_chars(line.data() + 1, line.data() + line.size(), milliseconds);
      if (milliseconds < 0 || milliseconds > 1'500) return;
      now_ += std::chrono::milliseconds{milliseconds};
      exchange_.poll(now_, 1'000, out);
    } else if (line.starts_with("GET ")) {
      must_be_json(exchange_.handle_http("GET", line.substr(4), "", "", now_).body);
    } else if (line.starts_with("POST ")) {
      const std::string_view rest = line.substr(5);
      const std::size_t space = std::min(rest.find(' '), rest.size());
      must_be_json(exchange_.handle_http("POST", rest.substr(0, space), "", rest.substr(space), now_).body);
    } else {
      exchange_.handle(client_, line, now_, out);
    }
    for (const Outgoing& frame : out) {
      if (closed_) std::abort();
      if (frame.close) closed_ = true;
      if (!frame.text.empty() && exchange_.faults().touched() == 0) must_be_json(frame.text);
    }
    if (!closed_) return;
    exchange_.closed(client_);
    client_ = exchange_.open(now_);
    closed_ = false;
  }

 private:
  static std::unique_ptr<VenueContent> content() {
    SyntheticContentConfig config;
    config.market = {.start = VenueTime{std::chrono::seconds{1'772'697'590}}, .strikes_per_side = 1};
    return std::make_unique<SyntheticContent>(config);
  }

  MonoTime now_{std::chrono::hours{1}};
  DeribitExchange exchange_;
  ClientId client_;
  bool closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kMostSteps = 64;
  Play play;
  std::string_view input{reinterpret_cast<const char*>(data), size};
  for (int step = 0; step < kMostSteps && !input.empty(); ++step) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    play.step(line);
  }
  return 0;
}
