#include "feeds/symbol_table.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>

namespace hedgewatch {
namespace {

Contract named(const std::string& name) {
  Contract contract;
  contract.name = *InstrumentName::from(name);
  return contract;
}

constexpr InstrumentId id_of(std::uint32_t count) { return make_instrument_id(Venue::Okx, count); }

SymbolTable continued() {
  SymbolTable symbols{Venue::Okx, 16};
  const std::array ids{std::pair{*InstrumentName::from("OLD-B"), id_of(7)}, std::pair{*InstrumentName::from("OLD-A"), id_of(2)}};
  symbols.reserve_ids(ids, 9);
  return symbols;
}

TEST_SUITE("feeds/symbol_table") {
  TEST_CASE("a name that a process before had gets its id again, and a new one an id that nothing has had") {
    SymbolTable symbols = continued();
    CHECK(symbols.size() == 0);
    CHECK_FALSE(symbols.find("OLD-A").has_value());
    CHECK(symbols.add(named("NEW-A")) == id_of(9));
    CHECK(symbols.add(named("OLD-B")) == id_of(7));
    CHECK(symbols.add(named("OLD-A")) == id_of(2));
    CHECK(symbols.add(named("NEW-B")) == id_of(10));
    CHECK(symbols.find("OLD-B") == id_of(7));
    CHECK(symbols.name(id_of(7)) == "OLD-B");
    CHECK(symbols.want(id_of(2)));
    CHECK(symbols.wanted(id_of(2)));
    CHECK_FALSE(symbols.wanted(id_of(9)));
    REQUIRE(symbols.size() == 4);
    CHECK(symbols.id_at(0) == id_of(9));
    CHECK(symbols.id_at(2) == id_of(2));
  }

  TEST_CASE("what is forgotten gets the same ids once more") {
    SymbolTable symbols = continued();
    REQUIRE(symbols.add(named("NEW-A")).has_value());
    REQUIRE(symbols.add(named("OLD-A")).has_value());
    REQUIRE(symbols.add(named("NEW-B")).has_value());
    symbols.truncate(1);
    CHECK_FALSE(symbols.find("OLD-A").has_value());
    CHECK(symbols.add(named("NEW-C")) == id_of(10));
    CHECK(symbols.add(named("OLD-A")) == id_of(2));
    symbols.truncate(0);
    CHECK(symbols.add(named("NEW-D")) == id_of(9));
  }
}

}  // namespace
}  // namespace hedgewatch
