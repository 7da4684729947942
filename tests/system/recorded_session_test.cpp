#include <doctest/doctest.h>
#include <simdjson.h>

#include <array>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/metric/figure.hpp"
#include "feeds/capture/recorded_frames.hpp"
#include "feeds/simulator/recorded_content.hpp"
#include "shared_files.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch {

namespace {

using testing::Daemon;
using testing::eventually;
using testing::Exchange;
using testing::Exposition;
using testing::TemporaryFolder;

/// What a ticker says, or what the table shows: delta, gamma, vega, theta, rho.
using GreekSet = std::array<double, 5>;
constexpr std::array<Figure, 5> kGreekFigures{Figure::Delta, Figure::GammaPerUsd, Figure::VegaUsdPerVolPoint,
                                              Figure::ThetaUsdPerDay, Figure::RhoUsdPerPercent};

/// The Greeks that the venue published, ticker by ticker of each option.
std::map<std::string, std::vector<GreekSet>> published_greeks(const std::filesystem::path& file) {
  std::map<std::string, std::vector<GreekSet>> published;
  auto opened = RecordedFrames::open(file);
  REQUIRE(opened.ok());
  RecordedFrames frames = std::move(opened).value();
  simdjson::dom::parser parser;
  while (const auto next = frames.next()) {
    if (!next->ok() || next->value().kind != RecordKind::Received) continue;
    simdjson::dom::element data;
    if (parser.parse(next->value().payload.data(), next->value().payload.size()).at_pointer("/params/data").get(data) !=
        simdjson::SUCCESS)
      continue;
    simdjson::dom::element greeks;
    if (data.at_key("greeks").get(greeks) != simdjson::SUCCESS) continue;
    GreekSet set{};
    std::size_t place = 0;
    for (const char* name : {"delta", "gamma", "vega", "theta", "rho"}) set[place++] = double(greeks[name]);
    published[std::string{std::string_view{data["instrument_name"]}}].push_back(set);
  }
  return published;
}

/// Deribit publishes five decimals, gamma on a grid of 1e-5; a tolerance is the larger of an absolute and a relative one.
bool agrees(std::size_t greek, double actual, double expected) {
  constexpr GreekSet kAbsolute{1e-4, 1e-5, 2e-3, 0.05, 2e-3};
  constexpr GreekSet kRelative{0, 0, 1e-3, 1e-3, 1e-3};
  return std::abs(actual - expected) <= std::max(kAbsolute[greek], kRelative[greek] * std::abs(expected));
}

void check_greeks(const std::string& instrument, const GreekSet& actual, const GreekSet& expected) {
  for (std::size_t i = 0; i < actual.size(); ++i) {
    CAPTURE(instrument);
    const std::string figure{definition_of(kGreekFigures[i]).name};
    CAPTURE(figure);
    CAPTURE(actual[i]);
    CAPTURE(expected[i]);
    CHECK(agrees(i, actual[i], expected[i]));
  }
}

/// Matches each ticker with what the table showed, in order. Two tickers of one read whose figures are the same show once.
void check_sequence(const std::string& instrument, const std::vector<GreekSet>& shown, const std::vector<GreekSet>& published) {
  const std::size_t merged = published.size() - std::min(published.size(), shown.size());
  std::size_t at = 0;
  std::size_t repeats = 0;
  for (std::size_t i = 0; i < published.size(); ++i) {
    if (i > 0 && published[i] == published[i - 1] && repeats < merged) {
      ++repeats;
      continue;
    }
    CAPTURE(instrument);
    CAPTURE(i);
    REQUIRE(at < shown.size());
    check_greeks(instrument, shown[at++], published[i]);
  }
  CHECK(at == shown.size());
}

std::unique_ptr<simulator::VenueContent> recording(const std::filesystem::path& file, std::optional<double> speed) {
  auto content = simulator::RecordedContent::load(file, {.speed = speed});
  REQUIRE(content.ok());
  return std::move(content).value();
}

/// Notes the table's Greeks of the watched options each time one of them has a newer ticker. Runs on the engine's thread.
class TableWatcher {
 public:
  explicit TableWatcher(std::vector<std::string> instruments) : instruments_{std::move(instruments)} {}

  void operator()(const Engine& engine) {
    const FigureTable& table = engine.figures();
    if (table.layout()->version != version_) {
      version_ = table.layout()->version;
      rows_.clear();
      for (const std::string& instrument : instruments_) {
        Rows rows{.instrument = instrument, .mark = table.find(Figure::MarkPrice, {"deribit", instrument}), .greeks = {}};
        for (std::size_t i = 0; i < rows.greeks.size(); ++i) rows.greeks[i] = table.find(kGreekFigures[i], {"deribit", instrument});
        if (rows.mark != kNoRow) rows_.push_back(rows);
      }
    }
    for (const Rows& rows : rows_) {
      const FigureValue& mark = table.at(rows.mark);
      if (mark.state != FigureState::Ok) continue;
      GreekSet set{};
      for (std::size_t i = 0; i < set.size(); ++i) {
        const FigureValue& value = table.at(rows.greeks[i]);
        set[i] = value.state == FigureState::Ok ? value.value : std::nan("");
      }
      // Tickers that came in one read have one receive time: either tells of a newer one.
      const std::pair shown{mark.as_of, set};
      if (shown == seen_[rows.instrument]) continue;
      seen_[rows.instrument] = shown;
      const std::scoped_lock lock{mutex_};
      shown_[rows.instrument].push_back(set);
      ++count_;
    }
  }

  [[nodiscard]] std::size_t count() {
    const std::scoped_lock lock{mutex_};
    return count_;
  }
  [[nodiscard]] std::map<std::string, std::vector<GreekSet>> shown() {
    const std::scoped_lock lock{mutex_};
    return shown_;
  }

 private:
  struct Rows {
    std::string instrument;
    RowId mark;
    std::array<RowId, 5> greeks;
  };
  std::vector<std::string> instruments_;
  std::uint64_t version_ = ~std::uint64_t{0};
  std::vector<Rows> rows_;
  std::map<std::string, std::pair<MonoTime, GreekSet>> seen_;
  std::mutex mutex_;
  std::map<std::string, std::vector<GreekSet>> shown_;
  std::size_t count_ = 0;
};

std::string recorded_venue(Exchange& exchange, const std::string& watch, const std::string& currencies) {
  std::string text = testing::venue_config(exchange, "watch = [" + watch + "]\n");
  text.replace(text.find("[\"BTC\"]"), 7, currencies);
  return text;
}

/// The scraped Greeks of one option; nothing while any of them has no series.
std::optional<GreekSet> scraped(const Exposition& seen, const std::string& instrument) {
  GreekSet set{};
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto value =
        seen.value(std::string{definition_of(kGreekFigures[i]).name} + "{instrument=\"" + instrument + "\",venue=\"deribit\"}");
    if (!value) return std::nullopt;
    set[i] = *value;
  }
  return set;
}

}  // namespace

TEST_SUITE("system/recorded_session") {
  TEST_CASE("a recorded session served over TLS shows the venue's Greeks after each of its 89 option tickers, and in the scrape") {
    if (testing::skip_without_shared("system/recorded_session")) return;
    const auto file = *testing::shared_directory() / "data/deribit/cryptofeed_options_20210722.jsonl.zst";
    const auto published = published_greeks(file);
    std::vector<std::string> names;
    std::string watch;
    std::size_t tickers = 0;
    for (const auto& [name, sets] : published) {
      names.push_back(name);
      watch += (watch.empty() ? "\"deribit:" : ", \"deribit:") + name + '"';
      tickers += sets.size();
    }
    REQUIRE(names.size() == 10);
    REQUIRE(tickers == 89);

    Exchange exchange{recording(file, 4.0)};
    const TemporaryFolder folder;
    const std::string config = folder.write("hedgewatch.toml", recorded_venue(exchange, watch, "[\"BTC\", \"ETH\"]"));
    const auto watcher = std::make_shared<TableWatcher>(names);
    Daemon daemon{config, [watcher](const Engine& engine) { (*watcher)(engine); }, 1};
    daemon.start();
    const auto repeats = [&] {
      std::size_t count = 0;
      for (const auto& [name, sets] : published)
        for (std::size_t i = 1; i < sets.size(); ++i)
          if (sets[i] == sets[i - 1]) ++count;
      return count;
    }();
    CAPTURE(repeats);
    // The recording's end: every option shows its last ticker, and nothing more comes.
    const bool complete = eventually([&] {
      const std::size_t before = watcher->count();
      if (before + repeats < tickers) return false;
      std::this_thread::sleep_for(std::chrono::seconds{1});
      return watcher->count() == before;
    });
    CAPTURE(watcher->count());
    CAPTURE(daemon.log_text());
    REQUIRE(complete);

    const auto shown = watcher->shown();
    for (const auto& [name, sets] : published) {
      REQUIRE(shown.contains(name));
      check_sequence(name, shown.at(name), sets);
    }
    const Exposition seen = daemon.scrape();
    for (const auto& [name, sets] : published) {
      const auto last = scraped(seen, name);
      REQUIRE(last.has_value());
      check_greeks(name, *last, sets.back());
    }
  }

  TEST_CASE("a recorded chain of 310 options is scraped with the venue's Greeks") {
    if (testing::skip_without_shared("system/recorded_session")) return;
    const auto file = *testing::shared_directory() / "data/deribit/btc_chain_full_greeks_20200514.jsonl.zst";
    const auto published = published_greeks(file);
    REQUIRE(published.size() == 310);
    Exchange exchange{recording(file, std::nullopt)};
    const TemporaryFolder folder;
    Daemon daemon{folder.write("hedgewatch.toml", recorded_venue(exchange, "\"deribit:BTC-*\"", "[\"BTC\"]"))};
    daemon.start();
    const auto all_there = [&] {
      const Exposition seen = daemon.scrape();
      for (const auto& [name, sets] : published)
        if (!scraped(seen, name)) return false;
      return true;
    };
    const bool complete = eventually(all_there);
    CAPTURE(daemon.log_text());
    REQUIRE(complete);
    const Exposition seen = daemon.scrape();
    for (const auto& [name, sets] : published) check_greeks(name, scraped(seen, name).value(), sets.back());
  }
}

}  // namespace hedgewatch
