#include <doctest/doctest.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/exposition/gunzip.hpp"
#include "system/daemon_fixture.hpp"

extern char** environ;

namespace hedgewatch {

namespace {

using testing::account_config;
using testing::Daemon;
using testing::eventually;
using testing::Exchange;
using testing::Exposition;
using testing::http_request;
using testing::TemporaryFolder;
using testing::venue_config;

constexpr std::string_view kMainBook = R"(
[[book]]
name = "main"
rules = [{ accounts = ["main"], underlyings = ["BTC"] }]
equity = [{ account = "main", share = 1.0 }]
)";

struct Thread {
  std::string id;
  std::string name;
  std::string cpus;  ///< that it may use: "0-2,5"
};

/// Those of this program now.
std::vector<Thread> threads() {
  std::vector<Thread> found;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/task"}) {
    Thread thread{.id = entry.path().filename(), .name = {}, .cpus = {}};
    std::ifstream status{entry.path() / "status"};
    for (std::string line; std::getline(status, line);) {
      const std::size_t value = line.find('\t') + 1;
      if (line.starts_with("Name:")) thread.name = line.substr(value);
      if (line.starts_with("Cpus_allowed_list:")) thread.cpus = line.substr(value);
    }
    found.push_back(std::move(thread));
  }
  return found;
}

/// Whether such a list has the CPU.
bool allows(const std::string& cpus, unsigned cpu) {
  std::istringstream ranges{cpus};
  for (std::string range; std::getline(ranges, range, ',');) {
    const std::size_t dash = range.find('-');
    const unsigned long first = std::stoul(range);
    const unsigned long last = dash == std::string::npos ? first : std::stoul(range.substr(dash + 1));
    if (first <= cpu && cpu <= last) return true;
  }
  return false;
}

std::ptrdiff_t threads_named(std::string_view name) { return std::ranges::count(threads(), name, &Thread::name); }

std::string hedge_config(double target, double soft, double hard) {
  return "\n[[hedge]]\nname = \"main\"\nbook = \"main\"\nunderlying = \"BTC\"\nlegs = [\"deribit:BTC-PERPETUAL\"]\nview = "
         "\"net_transaction\"\ntarget_ratio = " +
         std::to_string(target) + "\nsoft_delta_limit_coins = " + std::to_string(soft) +
         "\nhard_delta_limit_coins = " + std::to_string(hard) + "\n";
}

std::string position_config(const std::string& instrument, const std::string& size) {
  return "\n[[book.positions]]\ninstrument = \"deribit:" + instrument + "\"\nsize = " + size + "\n";
}

/// A market that withholds what the engine needs of some options: the vol of one, the forward of a whole expiry.
class PoorContent final : public simulator::VenueContent {
 public:
  explicit PoorContent(std::unique_ptr<simulator::SyntheticContent> whole) : whole_{std::move(whole)} {
    std::vector<const simulator::MarketInstrument*> options;
    for (const simulator::MarketInstrument& instrument : whole_->market().instruments())
      if (instrument.kind == ContractKind::Option && instrument.expiry - whole_->market().now() > std::chrono::hours{48})
        options.push_back(&instrument);
    REQUIRE(!options.empty());
    const auto* last = options.back();
    without_forward = last->name;
    expiry_without_forward_ = last->name.substr(0, last->name.find('-', 4) + 1);
    for (const auto* option : options) {
      if (option->expiry == last->expiry) continue;
      (without_vol.empty() ? without_vol : known) = option->name;
    }
    REQUIRE(!known.empty());
  }

  std::string without_vol;
  std::string without_forward;
  std::string known;

  [[nodiscard]] VenueTime venue_time(MonoTime now) const override { return whole_->venue_time(now); }
  [[nodiscard]] bool offers(const simulator::Channel& channel) const override { return whole_->offers(channel); }
  void on_subscribed(const simulator::Channel& channel, MonoTime now, std::vector<simulator::Notification>& first) override {
    const std::size_t before = first.size();
    whole_->on_subscribed(channel, now, first);
    impoverish(first, before);
  }
  void poll(MonoTime now, std::size_t most, const Wanted& wanted, std::vector<simulator::Notification>& out) override {
    const std::size_t before = out.size();
    whole_->poll(now, most, wanted, out);
    impoverish(out, before);
  }
  [[nodiscard]] std::optional<simulator::RpcReply> answer(std::string_view method, const simulator::Params& params,
                                                          MonoTime now) override {
    return whole_->answer(method, params, now);
  }
  [[nodiscard]] std::optional<simulator::RpcReply> drill(std::string_view name, const simulator::Params& params,
                                                         MonoTime now) override {
    return whole_->drill(name, params, now);
  }

 private:
  static void blank(std::string& json, std::string_view key) {
    const std::string quoted = '"' + std::string{key} + "\":";
    const std::size_t at = json.find(quoted);
    if (at == std::string::npos) return;
    const std::size_t begin = at + quoted.size();
    json.replace(begin, json.find_first_of(",}", begin) - begin, "null");
  }
  void impoverish(std::vector<simulator::Notification>& notifications, std::size_t from) const {
    for (std::size_t index = from; index < notifications.size(); ++index) {
      std::string& data = notifications[index].data;
      if (data.find('"' + without_vol + '"') != std::string::npos) blank(data, "mark_iv");
      if (data.find('"' + expiry_without_forward_) != std::string::npos) blank(data, "underlying_price");
      // The surface of the whole chain would tell the vol that the ticker withholds.
      if (data.starts_with('[') && data.find("\"iv\":") != std::string::npos) data = "[]";
    }
  }

  std::unique_ptr<simulator::SyntheticContent> whole_;
  std::string expiry_without_forward_;
};

/// Whether a figure of this book has any series.
bool has_series(const Exposition& seen, std::string_view name, std::string_view book) {
  const std::string label = "book=\"" + std::string{book} + '"';
  for (const auto& [key, value] : seen.samples)
    if (key.starts_with(std::string{name} + '{') && key.find(label) != std::string::npos) return true;
  return false;
}

/// The reason why a figure of this book has no series; empty when it has none.
std::string reason_of(const Exposition& seen, std::string_view name, std::string_view scope) {
  for (const auto& [key, value] : seen.samples) {
    if (!key.starts_with("hedgewatch_figure_state{") || key.find("figure=\"" + std::string{name} + '"') == std::string::npos)
      continue;
    if (key.find("scope=\"" + std::string{scope}) == std::string::npos) continue;
    const std::size_t begin = key.find("reason=\"") + 8;
    return key.substr(begin, key.find('"', begin) - begin);
  }
  return {};
}

/// The service manager's end of sd_notify.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) : socket_{::socket(AF_UNIX, SOCK_DGRAM, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size());
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const timeval patience{.tv_sec = 0, .tv_usec = 20'000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~NotifySocket() { ::close(socket_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  /// True when such a message comes; earlier ones are passed over.
  [[nodiscard]] bool hears(std::string_view words) {
    return eventually([&] {
      char block[4'096];
      const ssize_t got = ::recv(socket_, block, sizeof block, 0);
      return got > 0 && std::string_view{block, static_cast<std::size_t>(got)}.find(words) != std::string_view::npos;
    });
  }

 private:
  int socket_;
};

}  // namespace

TEST_SUITE("system/run") {
  TEST_CASE("an account's book, hedge and feeds appear on /metrics and the daemon becomes ready") {
    Exchange exchange;
    const TemporaryFolder folder;
    const std::string secret = folder.write("secret", testing::kClientSecret);
    const std::string config = folder.write(
        "hedgewatch.toml", venue_config(exchange) + account_config(secret) + std::string{kMainBook} + hedge_config(1, 2, 4));
    Daemon daemon{config};
    daemon.start();
    CHECK(daemon.get("/-/healthy").status == 200);
    const bool ready = daemon.becomes_ready();
    CAPTURE(daemon.get("/-/ready").body);
    CAPTURE(daemon.log_text());
    REQUIRE(ready);

    const auto delta = [&](std::string_view view) {
      return daemon.scrape().value(R"(hedgewatch_book_delta_coins{book="main",underlying="BTC",view=")" + std::string{view} +
                                   "\"}");
    };
    CHECK(eventually([&] { return delta("black_scholes") && delta("net_transaction") && delta("with_equity"); }));
    const Exposition seen = daemon.scrape();
    CHECK(seen.malformed.empty());
    CHECK(seen.repeated.empty());
    CHECK(seen.value("hedgewatch_ready") == 1);
    CHECK(seen.value("hedgewatch_engine_answered") == 1);
    CHECK(seen.value(R"(hedgewatch_feed_live{connection="deribit",venue="deribit"})") == 1);
    CHECK(seen.value(R"(hedgewatch_feed_live{connection="deribit/main",venue="deribit"})") == 1);
    CHECK(seen.value(R"(hedgewatch_book_vega_usd_per_vol_point{book="main",underlying="BTC"})").value_or(0) < 0);
    CHECK(seen.value(R"(hedgewatch_hedge_target_ratio{hedge="main"})") == 1);
    CHECK(seen.value(R"(hedgewatch_feed_messages_total{connection="deribit",venue="deribit"})").value_or(0) > 0);
    CHECK(seen.value("hedgewatch_tick_to_figure_seconds_count").value_or(0) > 0);
    CHECK(seen.value("hedgewatch_series").value_or(0) > 20);
    for (const auto& [key, value] : seen.samples) {
      CAPTURE(key);
      if (key.starts_with("hedgewatch_feed_decode_errors_total")) CHECK(value == 0);
      CHECK_FALSE(std::isnan(value));
    }
    CHECK(eventually([&] { return daemon.log_text().find("<6>deribit: live: ") != std::string::npos; }));
    CHECK(daemon.log_text().find(testing::kClientSecret) == std::string::npos);

    const auto packed = daemon.get("/metrics", "Accept: application/openmetrics-text\r\nAccept-Encoding: gzip\r\n");
    const std::string text = testing::gunzip(packed.body);
    CHECK(text.ends_with("# EOF\n"));
    CHECK(testing::parse_exposition(text).value(R"(hedgewatch_feed_live{connection="deribit",venue="deribit"})") == 1);

    if (std::system("command -v promtool >/dev/null") == 0) {
      const std::string plain = folder.write("metrics.txt", daemon.get("/metrics").body);
      CHECK(std::system(("promtool check metrics < " + plain).c_str()) == 0);
    }
  }

  TEST_CASE("a missing instrument, vol or forward makes the book's figures unknown, never 0") {
    auto content = std::make_unique<PoorContent>(std::make_unique<simulator::SyntheticContent>(testing::small_market()));
    const std::string without_vol = content->without_vol;
    const std::string without_forward = content->without_forward;
    const std::string known = content->known;
    Exchange exchange{std::move(content)};
    const TemporaryFolder folder;
    const std::string config =
        folder.write("hedgewatch.toml", venue_config(exchange) + "\n[[book]]\nname = \"known\"\n" + position_config(known, "-2.0") +
                                            "\n[[book]]\nname = \"no-instrument\"\n" + position_config(known, "-2.0") +
                                            position_config("BTC-1JAN49-5000-C", "1.0") + "\n[[book]]\nname = \"no-vol\"\n" +
                                            position_config(known, "-2.0") + position_config(without_vol, "1.0") +
                                            "\n[[book]]\nname = \"no-forward\"\n" + position_config(known, "-2.0") +
                                            position_config(without_forward, "1.0"));
    Daemon daemon{config};
    daemon.start();
    REQUIRE(daemon.becomes_ready());
    constexpr std::string_view kDelta = "hedgewatch_book_delta_coins";
    constexpr std::string_view kGamma = "hedgewatch_book_gamma_coins_per_percent";
    CAPTURE(daemon.log_text());
    REQUIRE(eventually([&] { return has_series(daemon.scrape(), kDelta, "known"); }));
    const auto settled = [&] {
      const Exposition seen = daemon.scrape();
      return reason_of(seen, kDelta, "no-vol") == "missing_vol" && reason_of(seen, kDelta, "no-forward") == "missing_forward";
    };
    const bool has_settled = eventually(settled);
    const Exposition seen = daemon.scrape();
    std::string states;
    for (const auto& [key, value] : seen.samples)
      if (key.starts_with("hedgewatch_figure_state") && key.find("_book_") != std::string::npos) states += key + '\n';
    CAPTURE(states);
    CHECK(has_settled);
    CHECK(reason_of(seen, kDelta, "no-instrument") == "missing_instrument");
    for (const std::string_view book : {"no-instrument", "no-vol", "no-forward"}) {
      CAPTURE(std::string{book});
      CHECK_FALSE(has_series(seen, kDelta, book));
      CHECK_FALSE(has_series(seen, kGamma, book));
      CHECK_FALSE(has_series(seen, "hedgewatch_book_vega_usd_per_vol_point", book));
    }
    CHECK(has_series(seen, kDelta, "known"));
  }

  TEST_CASE("a reload takes new limits, and keeps the old ones when the new are wrong") {
    Exchange exchange;
    const TemporaryFolder folder;
    const std::string secret = folder.write("secret", testing::kClientSecret);
    const std::string head = venue_config(exchange) + account_config(secret) + std::string{kMainBook};
    const std::string config = folder.write("hedgewatch.toml", head + hedge_config(1, 2, 4));
    Daemon daemon{config};
    daemon.start();
    const auto target = [&] { return daemon.scrape().value(R"(hedgewatch_hedge_target_ratio{hedge="main"})"); };
    CHECK(eventually([&] { return target() == 1.0; }));
    const auto hash = daemon.scrape().value("hedgewatch_config_hash");
    CHECK(daemon.scrape().value("hedgewatch_config_last_reload_successful") == 1);

    static_cast<void>(folder.write("hedgewatch.toml", head + hedge_config(0.5, 3, 2)));
    const auto refused = daemon.post("/-/reload");
    CHECK(refused.status == 500);
    CAPTURE(refused.body);
    CHECK(refused.body.find("hedge[0].hard_delta_limit_coins: is 2") != std::string::npos);
    Exposition seen = daemon.scrape();
    CHECK(seen.value("hedgewatch_config_last_reload_successful") == 0);
    CHECK(seen.value("hedgewatch_config_hash") == hash);
    CHECK(target() == 1.0);
    CHECK(daemon.log_text().find("hard_delta_limit_coins") != std::string::npos);

    static_cast<void>(folder.write("hedgewatch.toml", head + hedge_config(0.5, 2, 3)));
    CHECK(daemon.post("/-/reload").status == 200);
    CHECK(eventually([&] { return target() == 0.5; }));
    seen = daemon.scrape();
    CHECK(seen.value("hedgewatch_config_last_reload_successful") == 1);
    CHECK(seen.value("hedgewatch_config_hash") != hash);

    static_cast<void>(folder.write("hedgewatch.toml", venue_config(exchange) + std::string{"\n[[book]]\nname = \"x\"\n"} +
                                                          position_config("BTC-PERPETUAL", "10")));
    const auto restart = daemon.post("/-/reload");
    CHECK(restart.status == 500);
    CHECK(restart.body.find("the list of accounts changed: restart to use it") != std::string::npos);
    CHECK(target() == 0.5);
  }

  TEST_CASE("a reload takes the positions of the positions file, and keeps the old ones when the new are wrong") {
    Exchange exchange;
    const TemporaryFolder folder;
    const auto positions = [&](std::string_view size) {
      return folder.write("positions.toml", "[[position]]\nbook = \"cold\"\ninstrument = \"deribit:BTC-PERPETUAL\"\nsize = " +
                                                std::string{size} + "\nas_of = \"2026-11-25T08:00:00Z\"\n");
    };
    const std::string file = positions("7000");
    const std::string config = folder.write(
        "hedgewatch.toml", venue_config(exchange) + "\n[positions]\nfile = \"" + file + "\"\n\n[[book]]\nname = \"cold\"\n");
    Daemon daemon{config};
    daemon.start();
    const std::string series = R"({book="cold",instrument="BTC-PERPETUAL",venue="deribit"})";
    const auto size = [&] { return daemon.scrape().value("hedgewatch_position_size" + series); };
    CHECK(eventually([&] { return size() == 7000.0; }));
    CHECK(eventually([&] { return daemon.scrape().value("hedgewatch_position_age_seconds" + series).has_value(); }));

    static_cast<void>(positions("0"));
    const auto refused = daemon.post("/-/reload");
    CHECK(refused.status == 500);
    CAPTURE(refused.body);
    CHECK(refused.body.find(file + ":4:8: position[0].size: is 0, must be") != std::string::npos);
    CHECK(size() == 7000.0);

    static_cast<void>(positions("-250"));
    CHECK(daemon.post("/-/reload").status == 200);
    CHECK(eventually([&] { return size() == -250.0; }));
  }

  TEST_CASE("when the exchange goes, figures lose their series and the daemon says so") {
    Exchange exchange;
    const TemporaryFolder folder;
    const std::string config = folder.write(
        "hedgewatch.toml", venue_config(exchange) + "\n[[book]]\nname = \"hand\"\n" + position_config("BTC-PERPETUAL", "-5000"));
    Daemon daemon{config};
    daemon.start();
    REQUIRE(daemon.becomes_ready());
    constexpr std::string_view kDelta = "hedgewatch_book_delta_coins";
    REQUIRE(eventually([&] { return has_series(daemon.scrape(), kDelta, "hand"); }));

    exchange.server().stop();
    CHECK(eventually([&] { return !has_series(daemon.scrape(), kDelta, "hand"); }));
    const Exposition seen = daemon.scrape();
    CHECK(reason_of(seen, kDelta, "hand") == "feed_down");
    CHECK(seen.value(R"(hedgewatch_feed_live{connection="deribit",venue="deribit"})") == 0);
    CHECK(seen.value("hedgewatch_ready") == 0);
    const auto ready = daemon.get("/-/ready");
    CHECK(ready.status == 503);
    CHECK(ready.body.starts_with("deribit is "));
    CHECK(daemon.get("/-/healthy").status == 200);
  }

  TEST_CASE("the engine's thread reads the sockets where it is told to, until the exchange or the daemon goes") {
    {
      // Otherwise a thread of theirs does.
      Exchange exchange;
      const TemporaryFolder folder;
      Daemon daemon{folder.write("hedgewatch.toml", "[daemon]\nfeeds = \"own_thread\"\n" + venue_config(exchange))};
      daemon.start();
      REQUIRE(daemon.becomes_ready());
      CHECK(threads_named("feeds") != 0);
    }
    for (const std::string_view wait : {"busy_poll", "adaptive", "blocking"}) {
      CAPTURE(wait);
      Exchange exchange;
      const TemporaryFolder folder;
      const std::string secret = folder.write("secret", testing::kClientSecret);
      const std::string config =
          folder.write("hedgewatch.toml", "[daemon]\nfeeds = \"engine_thread\"\nwait = \"" + std::string{wait} + "\"\n" +
                                              venue_config(exchange) + account_config(secret) + std::string{kMainBook});
      Daemon daemon{config};
      daemon.start();
      REQUIRE(daemon.becomes_ready());
      CHECK(threads_named("feeds") == 0);
      CHECK(threads_named("engine") == 1);
      constexpr std::string_view kDelta = "hedgewatch_book_delta_coins";
      CHECK(eventually([&] { return has_series(daemon.scrape(), kDelta, "main"); }));
      CHECK(daemon.post("/-/reload").status == 200);
      CHECK(eventually([&] {
        daemon.application().tick();
        return daemon.log_text().find(": live: ") != std::string::npos;
      }));
      if (wait == "adaptive") {
        exchange.server().stop();
        CHECK(eventually([&] { return !has_series(daemon.scrape(), kDelta, "main"); }));
      }
      daemon.application().stop();
      // What the connections had to say, to the last, was written by others.
      CHECK_FALSE(daemon.log_writers().contains("engine"));
    }
  }

  TEST_CASE("the engine's CPU is left to the engine, by every thread of the daemon and for as long as it lives") {
    cpu_set_t before;
    REQUIRE(pthread_getaffinity_np(pthread_self(), sizeof before, &before) == 0);
    if (CPU_COUNT(&before) < 2) return;
    unsigned cpu = 0;
    while (!CPU_ISSET(cpu, &before)) ++cpu;
    for (const std::string_view feeds : {"own_thread", "engine_thread"}) {
      CAPTURE(feeds);
      Exchange exchange;
      const TemporaryFolder folder;
      Daemon daemon{folder.write("hedgewatch.toml", "[daemon]\nfeeds = \"" + std::string{feeds} + "\"\nwait = \"blocking\"\n" +
                                                        "engine_cpu = " + std::to_string(cpu) + "\n" + venue_config(exchange))};
      // The exchange's own, and those of the tests.
      std::set<std::string> others;
      for (const Thread& thread : threads()) others.insert(thread.id);
      others.erase(std::to_string(getpid()));
      daemon.start();
      REQUIRE(daemon.becomes_ready());
      int engines = 0;
      for (const Thread& thread : threads()) {
        if (others.contains(thread.id)) continue;
        CAPTURE(thread.name);
        CAPTURE(thread.cpus);
        const bool pinned = thread.cpus == std::to_string(cpu);
        engines += thread.name == "engine" ? 1 : 0;
        CHECK(pinned == (thread.name == "engine"));
        CHECK((pinned || !allows(thread.cpus, cpu)));
      }
      CHECK(engines == 1);
    }
    cpu_set_t after;
    REQUIRE(pthread_getaffinity_np(pthread_self(), sizeof after, &after) == 0);
    CHECK(CPU_EQUAL(&after, &before));
  }

  TEST_CASE("an engine that stands still shows no figure, and the daemon says for how long") {
    Exchange exchange;
    const TemporaryFolder folder;
    const std::string config = folder.write(
        "hedgewatch.toml", venue_config(exchange) + "\n[[book]]\nname = \"hand\"\n" + position_config("BTC-PERPETUAL", "-5000"));
    std::atomic<bool> stand = false;
    Daemon daemon{config, [&](const Engine&) {
                    while (stand.load()) std::this_thread::sleep_for(std::chrono::milliseconds{1});
                  }};
    daemon.start();
    REQUIRE(daemon.becomes_ready());
    REQUIRE(eventually([&] { return has_series(daemon.scrape(), "hedgewatch_book_delta_coins", "hand"); }));
    stand = true;
    CHECK(eventually([&] { return daemon.get("/-/healthy").status == 503; }));
    Exposition seen = daemon.scrape();
    CHECK(seen.value("hedgewatch_engine_answered") == 0);
    CHECK(seen.value("hedgewatch_engine_stall_seconds").value_or(0) > 2);
    CHECK(seen.value("hedgewatch_series") == 0);
    CHECK_FALSE(has_series(seen, "hedgewatch_book_delta_coins", "hand"));
    CHECK(seen.count_of_name("hedgewatch_feed_live") == 0);
    CHECK(daemon.get("/-/ready").body.starts_with("the engine has ended no cycle for "));
    stand = false;
    CHECK(eventually([&] { return has_series(daemon.scrape(), "hedgewatch_book_delta_coins", "hand"); }));
    CHECK(daemon.get("/-/healthy").status == 200);
  }

  TEST_CASE("two daemons live in one process") {
    Exchange exchange;
    const TemporaryFolder folder;
    const std::string first = folder.write(
        "first.toml", venue_config(exchange) + "\n[[book]]\nname = \"first\"\n" + position_config("BTC-PERPETUAL", "10"));
    const std::string second = folder.write(
        "second.toml", venue_config(exchange) + "\n[[book]]\nname = \"second\"\n" + position_config("BTC-PERPETUAL", "-10"));
    Daemon one{first};
    Daemon two{second};
    one.start();
    two.start();
    CHECK(one.application().http_port() != two.application().http_port());
    CHECK(eventually([&] { return has_series(one.scrape(), "hedgewatch_book_delta_coins", "first"); }));
    CHECK(eventually([&] { return has_series(two.scrape(), "hedgewatch_book_delta_coins", "second"); }));
    one.application().stop();
    CHECK_FALSE(has_series(two.scrape(), "hedgewatch_book_delta_coins", "first"));
  }

  TEST_CASE("what keeps it from starting is said, all of it") {
    const TemporaryFolder folder;
    Daemon absent{"/no/such/file.toml"};
    const auto no_file = absent.application().start();
    REQUIRE(no_file.size() == 1);
    CHECK(no_file.front().find("/no/such/file.toml: cannot be read") != std::string::npos);

    const std::string wrong = folder.write("wrong.toml", "[daemon]\nwait = \"maybe\"\ncolour = 1\n");
    Daemon faulty{wrong};
    CHECK(faulty.application().start().size() >= 2);
  }

  TEST_CASE("the process talks to the service manager and obeys its signals") {
    const auto binary = std::filesystem::canonical("/proc/self/exe").parent_path() / "hedgewatch";
    REQUIRE_MESSAGE(std::filesystem::exists(binary), "not built: " << binary.string());
    Exchange exchange;
    const TemporaryFolder folder;
    const std::string config = folder.write(
        "hedgewatch.toml", venue_config(exchange) + "\n[[book]]\nname = \"hand\"\n" + position_config("BTC-PERPETUAL", "-5000"));
    const std::string socket_path = folder.write("notify", "");
    std::filesystem::remove(socket_path);
    NotifySocket manager{socket_path};

    std::vector<std::string> environment{"NOTIFY_SOCKET=" + socket_path, "WATCHDOG_USEC=2000000"};
    for (char** variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
    std::vector<std::string> arguments{binary.string(), "run", "--config", config};
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> result;
      for (std::string& text : texts) result.push_back(text.data());
      result.push_back(nullptr);
      return result;
    };
    const std::string log = folder.write("log", "");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_APPEND, 0);
    pid_t process = 0;
    REQUIRE(posix_spawn(&process, binary.c_str(), &actions, nullptr, pointers(arguments).data(), pointers(environment).data()) ==
            0);
    posix_spawn_file_actions_destroy(&actions);

    CHECK(manager.hears("READY=1"));
    CHECK(manager.hears("STATUS=ready, 1 feed live"));
    CHECK(manager.hears("WATCHDOG=1"));
    CHECK(::kill(process, SIGHUP) == 0);
    CHECK(manager.hears("RELOADING=1"));
    CHECK(manager.hears("READY=1"));
    CHECK(::kill(process, SIGTERM) == 0);
    CHECK(manager.hears("STOPPING=1"));
    int status = 0;
    REQUIRE(::waitpid(process, &status, 0) == process);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
}

}  // namespace hedgewatch
