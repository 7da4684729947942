#include "feeds/deribit/symbols.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hedgewatch;
using namespace hedgewatch::deribit;

namespace {
Contract named(const std::string& name) {
  Contract contract;
  contract.name = *InstrumentName::from(name);
  return contract;
}
}  // namespace

TEST_SUITE("feeds/deribit/symbols") {
  TEST_CASE("names and ids are found both ways, and an id keeps its meaning") {
    Symbols symbols{2000};
    for (int i = 0; i < 2000; ++i) REQUIRE(symbols.add(named("BTC-" + std::to_string(i))).has_value());
    for (int i = 0; i < 2000; ++i) {
      const auto id = symbols.find("BTC-" + std::to_string(i));
      REQUIRE(id.has_value());
      CHECK(count_of(*id) == static_cast<std::uint32_t>(i));
      CHECK(std::string{symbols.name(*id)} == "BTC-" + std::to_string(i));
    }
    CHECK_FALSE(symbols.find("BTC-2000").has_value());
    CHECK_FALSE(symbols.add(named("BTC-2000")).has_value());
    CHECK(symbols.add(named("BTC-7")) == symbols.find("BTC-7"));
    CHECK(symbols.size() == 2000);
  }

  TEST_CASE("forgetting the newest leaves the others where they were") {
    Symbols symbols{512};
    for (int i = 0; i < 512; ++i) symbols.add(named("X-" + std::to_string(i)));
    symbols.truncate(100);
    for (int i = 0; i < 512; ++i) CHECK(symbols.find("X-" + std::to_string(i)).has_value() == (i < 100));
    CHECK(symbols.add(named("Y")) == make_instrument_id(Venue::Deribit, 100));
  }

  TEST_CASE("a want is counted once") {
    Symbols symbols{4};
    const InstrumentId id = *symbols.add(named("A"));
    CHECK_FALSE(symbols.wanted(id));
    CHECK(symbols.want(id));
    CHECK_FALSE(symbols.want(id));
    CHECK(symbols.wants() == 1);
    symbols.add(named("A"));
    CHECK(symbols.wanted(id));
  }

  TEST_CASE("a name implies kind, payoff and expiry") {
    const auto perpetual = contract_from_name("BTC-PERPETUAL");
    REQUIRE(perpetual.has_value());
    CHECK(perpetual->kind == ContractKind::Perpetual);
    CHECK(perpetual->style == PayoffStyle::Inverse);
    CHECK(perpetual->size_unit == SizeUnit::Quote);
    CHECK(perpetual->contract_size == 10);
    CHECK(perpetual->expiry == kNoVenueTime);

    const auto linear = contract_from_name("ETH_USDC-PERPETUAL");
    REQUIRE(linear.has_value());
    CHECK(linear->style == PayoffStyle::Linear);
    CHECK(linear->size_unit == SizeUnit::Base);
    CHECK(std::string{linear->settlement.view()} == "USDC");

    const auto future = contract_from_name("ETH-5JUN26");
    REQUIRE(future.has_value());
    CHECK(future->kind == ContractKind::Future);
    CHECK(nanoseconds_of(future->expiry) == 1'780'646'400'000'000'000);

    const auto option = contract_from_name("DOGE_USDC-4OCT24-0d048-C");
    REQUIRE(option.has_value());
    CHECK(option->strike == 0.048);
    CHECK(option->right == OptionRight::Call);
    CHECK(contract_from_name("BTC-29FEB24-40000-P").has_value());

    CHECK(contract_from_name("BTC_USDC")->kind == ContractKind::Spot);
  }

  TEST_CASE("what is no name implies nothing") {
    for (const char* wrong :
         {"", "BTC", "BTC-", "-", "BTC-30FEB26", "BTC-5XXX26", "BTC-5JUN26-40000", "BTC-5JUN26-40000-X", "BTC-5JUN26-d5-C",
          "BTC-5JUN26-5d-C", "BTC-5JUN26-0-C", "btc-PERPETUAL", "BTC-CS-25DEC26-70000_75000", "BTC-FS-25DEC26_PERP",
          "(instrument_name)", "BTC-PERPETUAL-1-C", "BTC-5JUN26-40000-C-1", "BTC_-PERPETUAL"}) {
      const std::string name{wrong};
      CAPTURE(name);
      CHECK_FALSE(contract_from_name(name).has_value());
    }
  }
}
