#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "daemon/exposition/http_server.hpp"
#include "daemon/journal/recovery_attempts.hpp"
#include "daemon/journal/replay.hpp"
#include "daemon/journal/snapshot_files.hpp"
#include "system/daemon_fixture.hpp"
#include "system/shown_tables.hpp"

namespace hedgewatch::testing {
namespace {

/// One account, a hedge with a window longer than the test, an alert that stands throughout and one on the feed.
class Place {
 public:
  explicit Place(Exchange& exchange)
      : directory{folder_.write("unused", "") + ".journal.d"},
        text_{venue_config(exchange) + "market_data_max_age = \"60s\"\n" + account_config(folder_.write("secret", kClientSecret)) +
              "\n[[book]]\nname = \"main\"\nrules = [{ accounts = [\"main\"] }]\nequity = [{ account = \"main\", share = 1 }]\n"
              "\n[[hedge]]\nname = \"cover\"\nbook = \"main\"\nunderlying = \"BTC\"\nlegs = [\"deribit:BTC-PERPETUAL\"]\n"
              "view = \"net_transaction\"\ntarget_ratio = 1\nsoft_delta_limit_coins = 100\nhard_delta_limit_coins = 200\n"
              "\n[hedge.effectiveness]\ndesignated_at = \"2020-01-01T00:00:00Z\"\npnl_currency = \"coin\"\n"
              "basis_leg = \"deribit:BTC-PERPETUAL\"\nreference_price = \"index\"\nbasis_annualisation = \"simple\"\n"
              "beta_source = \"same_underlying\"\nsmile_rule = \"sticky_strike\"\nroll_rule = \"keep_history\"\n"
              "offset_floor = 1e-12\nbar = \"1s\"\nminimum_pairs = 3\nhalf_life = \"5s\"\nwindows = [\"3600s\"]\n"
              "\n[[alert]]\nname = \"Held\"\nfigure = \"hedgewatch_position_size\"\nabove = 0.01\nbelow = -0.01\n"
              "severity = \"warn\"\nsummary = \"something is held\"\n"
              "\n[[alert]]\nname = \"Equity\"\nfigure = \"hedgewatch_equity_usd\"\nabove = 0\nseverity = \"page\"\n"
              "summary = \"the account has equity\"\n"} {}

  /// Another configuration for the next life; `journal` is of that table.
  [[nodiscard]] std::string configuration(const std::string& more = {}, const std::string& journal = {},
                                          bool remembers = true) const {
    std::string text = text_ + "\n[journal]\ndirectory = \"" + directory + "\"\nsnapshot_interval = \"1s\"\n" + journal + more;
    text += "\n[alertmanager]\nurls = [\"http://127.0.0.1:1\"]\n";
    if (remembers) text += "state_file = \"" + directory + ".alerts\"\n";
    return folder_.write("hedgewatch.toml", text);
  }

 private:
  TemporaryFolder folder_;

 public:
  std::string directory;

 private:
  std::string text_;
};

/// What a life showed first and last, beside everything.
struct Life {
  std::string first;
  std::uint64_t first_cycle = 0;
  std::uint64_t last_cycle = 0;
  std::string log;
};

/// Bars in the hedge's window, whatever its other labels are; -1 where it is not shown.
double bars(Daemon& daemon) {
  double most = -1;
  for (const auto& [series, value] : daemon.scrape().samples)
    if (series.starts_with("hedgewatch_hedge_pairs{")) most = std::max(most, value);
  return most;
}

bool shows_a_price(const std::string& table) {
  for (const std::string_view figure :
       {"hedgewatch_mark_price{", "hedgewatch_index_price_usd{", "hedgewatch_equity_usd{",
        R"(hedgewatch_position_size{book="main")", "hedgewatch_book_delta_coins{", "hedgewatch_order_book_spread_ratio{"}) {
    for (std::size_t at = table.find(figure); at != std::string::npos; at = table.find(figure, at + 1))
      if (table.compare(table.find("} ", at), 5, "} ok ") == 0) return true;
  }
  return false;
}

bool is_live(const std::string& table, std::string_view connection) {
  const std::string row = "hedgewatch_feed_live{venue=\"deribit\",connection=\"" + std::string{connection} + "\"} ok none";
  const std::size_t at = table.find(row);
  double live = 0;
  if (at != std::string::npos) std::memcpy(&live, table.data() + at + row.size(), sizeof live);
  return live == 1;
}
bool market_is_live(const std::string& table) { return is_live(table, "deribit"); }
bool account_is_live(const std::string& table) { return is_live(table, "deribit/main"); }

/// Runs a daemon until `until` says so, and stops it.
template <class Until>
Life live(const std::string& config_file, Shown& shown, Until until) {
  Life life;
  Daemon daemon{config_file, [&](const Engine& engine) {
                  std::string table = bytes_of(engine.figures());
                  if (life.first.empty()) {
                    life.first = table;
                    life.first_cycle = engine.cycles();
                  }
                  life.last_cycle = engine.cycles();
                  shown.tables[engine.cycles()] = std::move(table);
                  shown.alerts += alerts_of(engine.alerts());
                }};
  daemon.start();
  REQUIRE(daemon.becomes_ready());
  until(daemon);
  daemon.application().stop();
  life.log = daemon.log_text();
  return life;
}

std::size_t count(const std::string& text, std::string_view words) {
  std::size_t found = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
  return found;
}

TEST_SUITE("system/recovery") {
  TEST_CASE("windows, alerts and acknowledgements go on over restarts, nothing old looks fresh, and a replay shows the same") {
    for (const bool remembers : {true, false}) {
      CAPTURE(remembers);
      Exchange exchange;
      const Place place{exchange};
      Shown shown;
      double before = 0;
      const Life first = live(place.configuration({}, {}, remembers), shown, [&](Daemon& daemon) {
        REQUIRE(eventually([&] { return daemon.log_text().find("fires: Held") != std::string::npos; }));
        REQUIRE(eventually([&] { return daemon.log_text().find("fires: Equity") != std::string::npos; }));
        CHECK(daemon.post("/-/acknowledge", "alert=Held").status == 200);
        REQUIRE(eventually([&] { return daemon.log_text().find("acknowledged: Held") != std::string::npos; }));
        REQUIRE(eventually([&] { return (before = bars(daemon)) >= 5; }));
      });
      CHECK(first.log.find("the engine begins anew") != std::string::npos);

      // Another book by the way: the configuration may change while it is down.
      const std::string more =
          "\n[[book]]\nname = \"by-hand\"\npositions = [{ instrument = \"deribit:BTC-PERPETUAL\", size = 1000 }]\n";
      double after = 0;
      const Life second = live(place.configuration(more, {}, remembers), shown, [&](Daemon& daemon) {
        REQUIRE(eventually([&] { return (after = bars(daemon)) >= 0; }));
        CHECK(daemon.scrape().value("hedgewatch_engine_continued") == 1);
        REQUIRE(eventually([&] { return bars(daemon) > before + 1; }));
      });
      CHECK(second.log.find("the engine goes on from") != std::string::npos);
      CHECK(second.first_cycle == first.last_cycle + 1);
      CHECK(after >= before);
      // Its first cycle may hold the first data already; whatever is shown as known, a feed must be live.
      std::size_t cycles_with_prices = 0;
      for (auto table = shown.tables.find(second.first_cycle); table != shown.tables.end(); ++table) {
        const bool price = shows_a_price(table->second);
        cycles_with_prices += price ? 1U : 0U;
        if (price) CHECK((market_is_live(table->second) || account_is_live(table->second)));
      }
      CHECK(cycles_with_prices > 10);
      CHECK(second.first.find("book=\"by-hand\"") != std::string::npos);
      for (const std::string_view words : {"fires: Equity", "resolved: Equity", "resolved: Held"})
        CHECK_MESSAGE(count(second.log, words) == 0, std::string{words});
      CHECK(count(second.log, "fires: Held") <= 1);  // of the new book

      std::string first_difference;
      std::string alerts;
      std::size_t compared = 0;
      ReplaySettings settings;
      settings.after_cycle = [&](WallTime, const Engine& engine) {
        alerts += alerts_of(engine.alerts());
        ++compared;
        if (first_difference.empty() && shown.tables[engine.cycles()] != bytes_of(engine.figures()))
          first_difference = "cycle " + std::to_string(engine.cycles());
      };
      settings.tell = [](const std::string& line) { FAIL_CHECK(line); };
      JournalReader journal{segments_in(place.directory)};
      const ReplayTotals totals = replay_journal(journal, settings);
      CHECK(first_difference == "");
      CHECK(compared == shown.tables.size());
      CHECK(alerts == shown.alerts);
      CHECK(totals.continued == 1);
    }
  }

  TEST_CASE("a page that the webhook did not accept is posted to it by the next life, with and without a state file") {
    for (const bool remembers : {true, false}) {
      CAPTURE(remembers);
      Exchange exchange;
      const Place place{exchange};
      std::atomic<bool> refuses{true};
      std::atomic<int> told{0};
      HttpServerOptions hook_options;
      hook_options.port = 0;
      hook_options.max_body_bytes = 1 << 20;
      HttpServer hook{hook_options};
      hook.start([&](const HttpRequest& request) {
        HttpResponse response;
        response.status = refuses ? 503 : 200;
        if (!refuses && request.body.find(R"("alertname":"Equity")") != std::string_view::npos) ++told;
        return response;
      });
      const std::string webhook = "\n[webhook]\nurl = \"http://127.0.0.1:" + std::to_string(hook.port()) + "/hook\"\n";
      Shown shown;
      live(place.configuration(webhook, {}, remembers), shown, [&](Daemon& daemon) {
        REQUIRE(eventually([&] {
          return daemon.log_text().find("cannot be told to http://127.0.0.1:" + std::to_string(hook.port())) != std::string::npos;
        }));
        REQUIRE(eventually([&] { return daemon.log_text().find("fires: Equity") != std::string::npos; }));
        REQUIRE(eventually([&] { return bars(daemon) >= 1; }));
      });
      refuses = false;
      const Life second =
          live(place.configuration(webhook, {}, remembers), shown, [&](Daemon&) { CHECK(eventually([&] { return told == 1; })); });
      CHECK(second.log.find("the engine goes on from") != std::string::npos);
      CHECK(count(second.log, "fires: Equity") == 0);
      CHECK(told == 1);
    }
  }

  TEST_CASE("a damaged snapshot costs nothing but time, and with restore = false the engine begins anew") {
    Exchange exchange;
    const Place place{exchange};
    Shown shown;
    const auto bars_come = [](Daemon& daemon) {
      CHECK(daemon.scrape().value("hedgewatch_engine_continued") == 0);
      REQUIRE(eventually([&] { return bars(daemon) >= 3; }));
    };
    const Life first = live(place.configuration(), shown, bars_come);
    {
      const auto snapshots = snapshots_in(place.directory);
      REQUIRE(snapshots.size() >= 2);
      std::fstream bytes{snapshots.back().path, std::ios::in | std::ios::out | std::ios::binary};
      bytes.seekp(300);
      bytes.put('\x7f');
    }
    const Life second = live(place.configuration(), shown, [](Daemon&) {});
    CHECK(second.log.find(", passed over") != std::string::npos);
    CHECK(second.first_cycle == first.last_cycle + 1);

    const Life third = live(place.configuration({}, "restore = false\n"), shown, [](Daemon&) {});
    CHECK(third.log.find("the engine begins anew: restore = false") != std::string::npos);
    CHECK(third.first_cycle == 1);
    CHECK(third.log.find("fires: Equity") == std::string::npos);
  }

  TEST_CASE("a daemon that ended again and again before it was ready, each time with what was saved, begins anew") {
    Exchange exchange;
    const Place place{exchange};
    Shown shown;
    const std::filesystem::path attempts = std::filesystem::path{place.directory} / "recovering";
    const auto nothing_is_counted = [&](Daemon& daemon) {
      daemon.application().tick();
      CHECK_FALSE(std::filesystem::exists(attempts));
    };
    live(place.configuration(), shown, nothing_is_counted);
    std::ofstream{attempts} << RecoveryAttempts::kMost;
    const Life anew = live(place.configuration(), shown, nothing_is_counted);
    CHECK(anew.log.find("the engine begins anew: the last 5 starts") != std::string::npos);
    CHECK(anew.first_cycle == 1);
    const Life next = live(place.configuration(), shown, nothing_is_counted);
    CHECK(next.log.find("the engine goes on from") != std::string::npos);
  }
}

}  // namespace
}  // namespace hedgewatch::testing
