#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/commands/decode_command.hpp"
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
}

}  // namespace
}  // namespace hedgewatch::testing
