#include "core/engine/account_equity.hpp"

#include <doctest/doctest.h>

#include "core/engine/engine_driver.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;
using doctest::Approx;

namespace {

/// A book whose session's loss is measured by its account's equity: what is not lost shows whether the equity is known.
EngineSetup setup_of_one_book() {
  EngineSetup setup = EngineDriver::setup();
  BookSetup book;
  book.name = "main";
  book.rules = {BookRule{.accounts = {kMain}, .underlyings = {}, .instruments = {}}};
  setup.books = {book};
  return setup;
}

EngineDriver funded(std::initializer_list<std::pair<const char*, double>> equities) {
  EngineDriver driver{setup_of_one_book()};
  driver.list_perpetual("BTC-PERPETUAL");
  driver.index(50'000);
  driver.begin_snapshot();
  driver.end_snapshot();
  for (const auto& [asset, equity] : equities) driver.equity(equity, asset);
  driver.cycle();
  driver.advance(std::chrono::seconds{2});
  driver.cycle();
  return driver;
}

std::string state(const EngineDriver& driver) { return driver.state(Figure::SessionLossRatio, {"main"}); }

}  // namespace

TEST_SUITE("core/engine/account_equity") {
  TEST_CASE("what has no price is left out, and counts for nothing where it is nothing") {
    CHECK(state(funded({{"BTC", 2}})) == "ok/none");
    CHECK(state(funded({{"BTC", 2}, {"SOL", 100}})) == "ok/none");
    CHECK(state(funded({{"BTC", 2}, {"SOL", 0}})) == "ok/none");
    CHECK(state(funded({{"USD", 1'000}})) == "ok/none");
  }

  TEST_CASE("it is unknown where nothing has a price, where an asset without one is owed, and before it was told") {
    CHECK(state(funded({{"SOL", 100}})) == "unknown/missing_index");
    CHECK(state(funded({{"BTC", 2}, {"SOL", -1}})) == "unknown/missing_index");
    CHECK(state(funded({})) == "unknown/missing_equity");
    CHECK(state(funded({{"BTC", 0}})) == "unknown/missing_equity");
  }
}
