#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/commands/decode_command.hpp"
#include "daemon/commands/replay_command.hpp"
#include "daemon/commands/simulate_command.hpp"
#include "feeds/capture/recorded_frames.hpp"
#include "feeds/simulator/simulated_exchange.hpp"
#include "system/daemon_fixture.hpp"

namespace hedgewatch::testing {
namespace {

/// All that is in a captured file.
std::string text_of(const std::filesystem::path& file) {
  auto opened = RecordedFrames::open(file);
  REQUIRE(opened.ok());
  RecordedFrames frames = std::move(opened).value();
  std::string text;
  while (const auto frame = frames.next()) {
    REQUIRE(frame->ok());
    text.append(frame->value().payload).append("\n");
  }
  return text;
}

/// The file of one connection.
std::filesystem::path file_of(const std::filesystem::path& directory, std::string_view connection) {
  for (const auto& entry : std::filesystem::directory_iterator{directory})
    if (entry.path().filename().string().starts_with(std::string{connection} + '-')) return entry.path();
  return {};
}

/// When a figure had a value, and which.
struct Sample {
  std::int64_t time_ns = 0;
  double value = 0;
};
/// By figure and labels.
using Series = std::map<std::string, std::vector<Sample>>;

/// What a replay shows after each of its cycles.
Series replayed(const std::filesystem::path& input, const std::string& config, std::vector<std::string> figures) {
  ReplayRequest request;
  request.inputs = {input};
  request.configuration = config;
  request.every = std::chrono::nanoseconds{0};
  request.figures = std::move(figures);
  std::stringstream rows;
  std::ostringstream messages;
  const int status = run_replay(request, rows, messages);
  CAPTURE(messages.str());
  CHECK(status == 0);
  Series series;
  std::string row;
  std::getline(rows, row);
  while (std::getline(rows, row)) {
    const std::size_t name = row.find(',') + 1;
    const std::size_t state = row.find(",ok,,");
    if (state == std::string::npos) continue;
    series[row.substr(name, state - name)].push_back({std::stoll(row), std::stod(row.substr(state + 5))});
  }
  return series;
}

/// How many of the values that the one shows are not, in their order, among those that the other shows no later.
std::size_t missing(const std::vector<Sample>& journal, const std::vector<Sample>& capture, double tolerance) {
  // The calendar of a journal is that of its beginning; a clock may have been set by a little since.
  constexpr std::int64_t kSlack = 100'000'000;
  std::size_t count = 0;
  auto next = capture.begin();
  for (const Sample& shown : journal) {
    const auto found = std::find_if(next, capture.end(), [&](const Sample& one) {
      return std::abs(one.value - shown.value) <= tolerance * std::fmax(1, std::abs(shown.value));
    });
    if (found == capture.end() || found->time_ns > shown.time_ns + kSlack)
      ++count;
    else
      next = found;
  }
  return count;
}

TEST_SUITE("system/capture") {
  TEST_CASE("a daemon keeps what an exchange says and nothing that lets anybody in, and other commands read it") {
    const TemporaryFolder folder;
    const std::string directory = folder.write("unused", "") + ".capture.d";
    {
      Exchange exchange;
      const std::string config = venue_config(exchange) + "\n[capture]\ndirectory = \"" + directory + "\"\n" +
                                 account_config(folder.write("secret", kClientSecret)) +
                                 "\n[[book]]\nname = \"main\"\nrules = [{ accounts = [\"main\"] }]\n";
      Daemon daemon{folder.write("hedgewatch.toml", config)};
      daemon.start();
      REQUIRE(daemon.becomes_ready());
      CHECK(eventually([&] {
        const Exposition seen = daemon.scrape();
        return seen.samples.at("hedgewatch_capture_frames_total") > 20 &&
               seen.samples.at("hedgewatch_capture_withheld_frames_total") >= 1 &&
               seen.samples.at("hedgewatch_capture_lost_frames_total") == 0;
      }));
      daemon.application().stop();
    }

    const std::filesystem::path market = file_of(directory, "deribit");
    const std::filesystem::path account = file_of(directory, "deribit_main");
    REQUIRE(!market.empty());
    REQUIRE(!account.empty());
    CHECK(text_of(market).find("\"ticker.BTC-") != std::string::npos);
    CHECK(text_of(account).find("\"equity\"") != std::string::npos);
    for (const std::filesystem::path& file : {market, account})
      for (const std::string_view secret : {kClientSecret, std::string_view{"access_token"}, std::string_view{"refresh_token"}})
        CHECK_MESSAGE(text_of(file).find(secret) == std::string::npos, std::string{secret});

    auto opened = RecordedFrames::open(market);
    REQUIRE(opened.ok());
    RecordedFrames frames = std::move(opened).value();
    std::ostringstream events;
    std::ostringstream messages;
    static_cast<void>(decode_frames(Venue::Deribit, frames, {}, events, messages));
    CHECK(events.str().find("\"event\":\"mark\"") != std::string::npos);
    CHECK(events.str().find("\"receive_time_ns\":") != std::string::npos);

    SimulateOptions options;
    options.frames = market;
    const auto simulated = make_simulated_exchange(options, mono_now(), wall_now());
    REQUIRE(static_cast<bool>(simulated));
    CHECK(simulated.value()->description().find("frames") != std::string::npos);
  }

  TEST_CASE("a replay of the frames shows what a replay of the journal of the same run shows, as early or earlier") {
    const TemporaryFolder folder;
    const std::string directory = folder.write("unused", "");
    std::string config;
    {
      Exchange exchange;
      const std::string text = venue_config(exchange) + "\n[capture]\ndirectory = \"" + directory +
                               ".capture.d\"\n\n[journal]\ndirectory = \"" + directory + ".journal.d\"\n" +
                               account_config(folder.write("secret", kClientSecret)) +
                               "\n[[book]]\nname = \"main\"\nrules = [{ accounts = [\"main\"] }]\nequity = [{ account = \"main\", "
                               "share = 1 }]\n\n[[book]]\nname = \"by-hand\"\npositions = [{ instrument = "
                               "\"deribit:BTC-PERPETUAL\", size = 1000 }]\n";
      config = folder.write("hedgewatch.toml", text);
      Daemon daemon{config};
      daemon.start();
      REQUIRE(daemon.becomes_ready());
      const double frames = daemon.scrape().samples.at("hedgewatch_capture_frames_total");
      CHECK(eventually([&] { return daemon.scrape().samples.at("hedgewatch_capture_frames_total") > frames + 200; }));
      CHECK(daemon.scrape().samples.at("hedgewatch_capture_lost_frames_total") == 0);
      daemon.application().stop();
    }

    // Figures that one connection tells, and those that are made of what several tell: which of these the engine hears of first,
    // and how old an option is by then, is not the same.
    const std::vector<std::string> told{"hedgewatch_position_size", "hedgewatch_mark_price", "hedgewatch_index_price_usd"};
    const std::vector<std::string> made{"hedgewatch_equity_usd", "hedgewatch_book_delta_coins"};
    for (const bool exact : {true, false}) {
      const std::vector<std::string>& figures = exact ? told : made;
      const Series journal = replayed(directory + ".journal.d", "", figures);
      const Series capture = replayed(directory + ".capture.d", config, figures);
      std::map<std::string, std::size_t> compared;
      for (const auto& [name, samples] : journal) {
        CAPTURE(name);
        const auto found = capture.find(name);
        REQUIRE(found != capture.end());
        CHECK(missing(samples, found->second, exact ? 0 : 1e-4) <= (exact ? 0 : samples.size() / 10 + 1));
        compared[name.substr(0, name.find(','))] += samples.size();
      }
      for (const std::string& figure : figures) CHECK_MESSAGE(compared[figure] > 1, figure);
      CHECK(compared[exact ? "hedgewatch_mark_price" : "hedgewatch_book_delta_coins"] > 20);
    }
  }
}

}  // namespace
}  // namespace hedgewatch::testing
