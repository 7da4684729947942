// A session played by its input, one line a step: `@N` lets N milliseconds pass, `!` loses the connection, anything else is a
// frame. The first byte chooses the role. Request ids count from 1, so a line can answer what was asked. Property: whatever the
// venue says, the session asks for nothing the venue would refuse by size, speaks only for its own connection, ends its deadlines,
// is never live without data, and comes back or says that it never will.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "feeds/deribit/session.hpp"

using namespace hedgewatch;

namespace {

DeribitSessionOptions options_for(bool account) {
  DeribitSessionOptions options;
  options.connection = ConnectionId{5};
  options.currencies = {"BTC", "USDC"};
  options.watch = {{Venue::Deribit, "BTC-*"}};
  options.books = {{Venue::Deribit, "*-PERPETUAL"}};
  if (account) {
    options.role = DeribitRole::Account;
    options.account = AccountId{1};
    options.credential = deribit::Credential{"client", Secret{"not-a-secret"}};
  }
  return options;
}

class Play {
 public:
  explicit Play(bool account) : session_{options_for(account), symbols_, statistics_} {}

  void open() {
    session_.on_open(now_, batch_, actions_);
    check();
  }
  void frame(std::string_view text) {
    const simdjson::padded_string padded{text};
    session_.on_frame(padded, now_, batch_, actions_);
    check();
  }
  void pass(std::chrono::milliseconds duration) {
    now_.mono += duration;
    now_.wall += duration;
    for (int round = 0; round < 64; ++round) {
      const auto due = session_.deadline();
      if (!due || *due > now_.mono || actions_.close) return;
      session_.on_deadline(now_, batch_, actions_);
      check();
    }
    if (const auto due = session_.deadline(); due && *due <= now_.mono) std::abort();
  }
  void lose() {
    session_.on_closed("lost", now_, batch_);
    check();
    if (session_.live()) std::abort();
    const auto again = session_.reconnect_at();
    if (!again) return;
    if (*again <= now_.mono) std::abort();
    now_.mono = *again;
    open();
  }

 private:
  void check() {
    for (const std::string& text : actions_.send)
      if (text.size() >= 32'000) std::abort();
    for (const Event& event : batch_.events())
      if (event.header.connection != ConnectionId{5} || event.header.venue != Venue::Deribit) std::abort();
    batch_.truncate(0);
    const bool closing = actions_.close;
    actions_.clear();
    if (closing) lose();
  }

  deribit::Symbols symbols_{256};
  FeedStatistics statistics_;
  DeribitSession session_;
  EventBatch batch_{2048};
  SessionActions actions_;
  SessionTime now_{MonoTime{std::chrono::seconds{10}}, WallTime{std::chrono::seconds{1'800'000'000}}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  Play play{rest.front() == 'a'};
  rest.remove_prefix(1);
  play.open();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    if (line.front() == '@')
      play.pass(std::chrono::milliseconds{
          std::min<std::int64_t>(std::strtol(std::string{line.substr(1)}.c_str(), nullptr, 10), 100'000)});
    else if (line.front() == '!')
      play.lose();
    else
      play.frame(line);
  }
  return 0;
}
