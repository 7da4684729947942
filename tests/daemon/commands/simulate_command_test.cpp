#include "daemon/commands/simulate_command.hpp"

#include <doctest/doctest.h>
#include <simdjson.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "daemon/commands/command.hpp"
#include "feeds/simulator/deribit_exchange.hpp"

using namespace hedgewatch;

namespace {

constexpr WallTime kWall{std::chrono::milliseconds{1'772'625'600'123}};

std::string fault_of(const SimulateOptions& options) {
  const auto made = make_simulated_exchange(options, MonoTime{}, kWall);
  return made.ok() ? std::string{} : made.error();
}

}  // namespace

TEST_SUITE("daemon/commands/simulate_command") {
  TEST_CASE("the first line is JSON with the addresses, and the authority's file is where it was asked for") {
    const auto ca_file = std::filesystem::temp_directory_path() / "hedgewatch-simulate-command-test.pem";
    SimulateOptions options;
    options.ca_out = ca_file;
    std::ostringstream out;
    std::ostringstream err;
    bool there = false;
    CHECK(simulate(options, out, err, [&] { there = std::filesystem::exists(ca_file); }) == kExitSuccess);
    CHECK(there);
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    REQUIRE(parser.parse(out.str()).get(object) == simdjson::SUCCESS);
    for (const char* key : {"websocket", "https", "control", "ca_file"}) {
      std::string_view text;
      CHECK(object.at_key(key).get(text) == simdjson::SUCCESS);
      CHECK(!text.empty());
    }
    CHECK(err.str().find("instruments from seed 1") != std::string::npos);
    std::filesystem::remove(ca_file);
  }

  TEST_CASE("the market starts now unless another time is given") {
    const auto now = make_simulated_exchange({}, MonoTime{}, kWall);
    REQUIRE(now.ok());
    CHECK(static_cast<simulator::DeribitExchange&>(*now.value()).content().venue_time(MonoTime{}) ==
          VenueTime{std::chrono::milliseconds{1'772'625'600'123}});
    SimulateOptions options;
    options.start_time = VenueTime{std::chrono::seconds{1'700'000'000}};
    const auto then = make_simulated_exchange(options, MonoTime{}, kWall);
    REQUIRE(then.ok());
    CHECK(static_cast<simulator::DeribitExchange&>(*then.value()).content().venue_time(MonoTime{}) == *options.start_time);
  }

  TEST_CASE("what cannot be served is told, with exit status 1") {
    SimulateOptions options;
    options.faults = "gapp";
    CHECK(fault_of(options).find("gapp") != std::string::npos);
    options = {};
    options.client_secret_file = "/nowhere/secret";
    CHECK(fault_of(options).find("/nowhere/secret") != std::string::npos);
    const auto file = std::filesystem::temp_directory_path() / "hedgewatch-simulate-command-test.jsonl";
    std::ofstream{file} << "{\"t\":\"header\"}\n";
    options = {};
    options.frames = file;
    CHECK(fault_of(options).find("no notification") != std::string::npos);
    std::ostringstream out;
    std::ostringstream err;
    CHECK(simulate(options, out, err, [] {}) == kExitFault);
    CHECK(out.str().empty());
    CHECK(err.str().find(file.string()) != std::string::npos);
    std::filesystem::remove(file);
  }
}
