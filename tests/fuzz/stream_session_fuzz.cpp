// A stream session of each venue, played by its input. The first byte chooses the venue and the role; then one line a step: `@N`
// lets N milliseconds pass, `!` loses the connection, `=N STATUS BODY` answers the Nth call that is under way, anything else is a
// frame. Property: whatever the venue says, the session speaks only for its own connection and within the venue's sizes, ends its
// deadlines, is never live while closed, and comes back or says that it never will.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feeds/binance/dialect.hpp"
#include "feeds/bybit/dialect.hpp"
#include "feeds/okx/dialect.hpp"
#include "feeds/session/stream_session.hpp"

using namespace hedgewatch;

namespace {

constexpr ConnectionId kConnection{5};
constexpr AccountId kAccount{1};
constexpr std::size_t kMostSteps = 256;

void must(bool holds) {
  if (!holds) std::abort();
}

struct Cast {
  Venue venue = Venue::Okx;
  bool account = false;
  int part = 0;  ///< which of the venue's connections
};

Cast cast_of(std::uint8_t byte) {
  constexpr Venue kPlayed[] = {Venue::Okx, Venue::Bybit, Venue::Binance};
  return {.venue = kPlayed[byte % 3], .account = byte / 3 % 2 == 1, .part = byte / 6 % 8};
}

std::unique_ptr<StreamDialect> dialect_of(const Cast& cast, SymbolTable& symbols) {
  if (cast.venue == Venue::Okx) {
    okx::DialectOptions options;
    options.connection = kConnection;
    options.currencies = {"BTC", "ETH"};
    options.demo = cast.part % 2 == 1;
    if (cast.account) {
      options.account = kAccount;
      options.credential = okx::Credential{"key", Secret{"not-a-secret"}, Secret{"not-a-phrase"}};
    }
    return std::make_unique<okx::Dialect>(std::move(options), symbols);
  }
  if (cast.venue == Venue::Bybit) {
    constexpr bybit::Category kCategories[] = {bybit::Category::Spot, bybit::Category::Linear, bybit::Category::Inverse,
                                               bybit::Category::Option};
    bybit::DialectOptions options{.category = kCategories[cast.part % 4], .coins = {"BTC"}, .connection = kConnection};
    if (cast.account) {
      options.account = kAccount;
      options.credential = bybit::Credential{"key", Secret{"not-a-secret"}};
    }
    return std::make_unique<bybit::Dialect>(std::move(options), symbols);
  }
  constexpr binance::Product kProducts[] = {binance::Product::Spot, binance::Product::UsdMargined, binance::Product::CoinMargined,
                                            binance::Product::Options};
  binance::DialectOptions options;
  options.product = kProducts[cast.part % 4];
  options.path =
      cast.account ? binance::StreamPath::Private : (cast.part < 4 ? binance::StreamPath::Public : binance::StreamPath::Market);
  options.coins = {*AssetCode::from("BTC")};
  options.decoding.connection = kConnection;
  if (cast.account) {
    options.decoding.account = kAccount;
    options.credential = binance::Credential{"key", Secret{"not-a-secret"}};
  }
  return std::make_unique<binance::Dialect>(std::move(options), symbols);
}

StreamSessionOptions options_for(const Cast& cast) {
  StreamSessionOptions options;
  options.connection = kConnection;
  if (cast.account) options.account = kAccount;
  options.watch = {{cast.venue, "BTC*"}};
  options.books = {{cast.venue, "BTC-USD-SWAP"}, {cast.venue, "BTCUSDT"}};
  return options;
}

class Play {
 public:
  explicit Play(const Cast& cast)
      : cast_{cast}, symbols_{cast.venue, 64}, session_{options_for(cast), dialect_of(cast, symbols_), symbols_, statistics_} {}

  void begin() {
    if (ended_ || open_) return;
    const bool ready = session_.prepare(now_, actions_);
    take_calls();
    actions_.clear();
    if (!ready) return;
    static_cast<void>(session_.path_suffix());
    open_ = true;
    session_.on_open(now_, batch_, actions_);
    check();
  }
  void frame(std::string_view text) {
    if (!open_) return;
    const simdjson::padded_string padded{text};
    session_.on_frame(padded, now_, batch_, actions_);
    check();
  }
  void answer(std::string_view text) {
    std::size_t which = 0;
    unsigned status = 0;
    const auto [after_which, bad] = std::from_chars(text.data(), text.data() + text.size(), which);
    if (bad != std::errc{} || after_which == text.data() + text.size()) return;
    const auto [after_status, worse] = std::from_chars(after_which + 1, text.data() + text.size(), status);
    if (worse != std::errc{} || calls_.empty()) return;
    const auto found = calls_.begin() + static_cast<std::ptrdiff_t>(which % calls_.size());
    const std::uint64_t call = *found;
    calls_.erase(found);
    const auto used = static_cast<std::size_t>(after_status - text.data());
    HttpOutcome outcome{.status = status % 600, .body = std::string{text.substr(std::min(used + 1, text.size()))}};
    outcome.body.reserve(outcome.body.size() + simdjson::SIMDJSON_PADDING);
    session_.on_outcome(call, outcome, now_, batch_, actions_);
    check();
    begin();
  }
  void pass(std::chrono::milliseconds duration) {
    now_.mono += duration;
    now_.wall += duration;
    if (!open_) return begin();
    for (int round = 0; round < 64; ++round) {
      const auto due = session_.deadline();
      if (!due || *due > now_.mono || !open_) return;
      session_.on_deadline(now_, batch_, actions_);
      check();
    }
    const auto due = session_.deadline();
    must(!due || *due > now_.mono);
  }
  void lose() {
    if (!open_) return;
    open_ = false;
    session_.on_closed("lost", now_, batch_);
    check();
    must(!session_.live());
    const auto again = session_.reconnect_at();
    ended_ = !again;
    if (ended_) return;
    must(*again > now_.mono);
    now_.mono = *again;
    begin();
  }

 private:
  void take_calls() {
    for (const SessionCall& call : actions_.calls) {
      must(call.request.target.starts_with('/') && call.request.target.find_first_of(" \r\n") == std::string::npos);
      must(std::ranges::find(calls_, call.id) == calls_.end());
      calls_.push_back(call.id);
    }
    must(calls_.size() < 10'000);
  }
  void check() {
    for (const std::string& text : actions_.send) must(!text.empty() && text.size() < 65'536);
    for (const Event& event : batch_.events()) must(event.header.connection == kConnection && event.header.venue == cast_.venue);
    take_calls();
    batch_.truncate(0);
    static_cast<void>(session_.notices().take());
    const bool closing = actions_.close;
    actions_.clear();
    if (closing) lose();
  }

  Cast cast_;
  SymbolTable symbols_;
  FeedStatistics statistics_;
  StreamSession session_;
  EventBatch batch_{2048};
  SessionActions actions_;
  std::vector<std::uint64_t> calls_;
  bool open_ = false;
  bool ended_ = false;
  SessionTime now_{MonoTime{std::chrono::seconds{10}}, WallTime{std::chrono::seconds{1'800'000'000}}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  Play play{cast_of(data[0])};
  rest.remove_prefix(1);
  play.begin();
  for (std::size_t step = 0; step < kMostSteps && !rest.empty(); ++step) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.empty()) continue;
    if (line.front() == '@') {
      std::int64_t milliseconds = 0;
      std::from_chars(line.data() + 1, line.data() + line.size(), milliseconds);
      play.pass(std::chrono::milliseconds{std::clamp<std::int64_t>(milliseconds, 0, 100'000)});
    } else if (line.front() == '!') {
      play.lose();
    } else if (line.front() == '=') {
      play.answer(line.substr(1));
    } else {
      play.frame(line);
    }
  }
  return 0;
}
