#include "core/instrument/registry.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;
using Listing = InstrumentRegistry::Listing;

namespace {

Contract named(std::string_view name, double strike = 100) {
  Contract contract;
  contract.name = InstrumentName::from(name).value();
  contract.base = AssetCode::from("BTC").value();
  contract.strike = strike;
  return contract;
}

}  // namespace

TEST_SUITE("core/instrument/registry") {
  TEST_CASE("an instrument is found by its id and by its venue's name") {
    InstrumentRegistry registry;
    const InstrumentId id = make_instrument_id(Venue::Deribit, 5);
    REQUIRE(registry.list(id, Venue::Deribit, named("BTC-A")) == Listing::New);
    const InstrumentSlot slot = registry.slot_of(id);
    REQUIRE(slot != kNoSlot);
    CHECK(registry.find(Venue::Deribit, "BTC-A") == slot);
    CHECK(registry.find(Venue::Okx, "BTC-A") == kNoSlot);
    CHECK(registry.find(Venue::Deribit, "BTC-B") == kNoSlot);
    CHECK(registry.slot_of(make_instrument_id(Venue::Deribit, 4)) == kNoSlot);
    CHECK(registry.slot_of(make_instrument_id(Venue::Okx, 5)) == kNoSlot);
    CHECK(registry.slot_of(kNoInstrument) == kNoSlot);
    CHECK(registry.id(slot) == id);
    CHECK(registry.venue(slot) == Venue::Deribit);
  }

  TEST_CASE("listing again tells whether anything changed, and keeps the place") {
    InstrumentRegistry registry;
    const InstrumentId id = make_instrument_id(Venue::Deribit, 0);
    registry.list(id, Venue::Deribit, named("BTC-A"));
    const InstrumentSlot slot = registry.slot_of(id);
    CHECK(registry.list(id, Venue::Deribit, named("BTC-A")) == Listing::Same);
    CHECK(registry.list(id, Venue::Deribit, named("BTC-A", 200)) == Listing::Changed);
    CHECK(registry.slot_of(id) == slot);
    CHECK(registry.contract(slot).strike == 200);
    CHECK(registry.list(id, Venue::Deribit, named("BTC-RENAMED", 200)) == Listing::Changed);
    CHECK(registry.find(Venue::Deribit, "BTC-A") == kNoSlot);
    CHECK(registry.find(Venue::Deribit, "BTC-RENAMED") == slot);
  }

  TEST_CASE("an expired instrument that is listed again is open again") {
    InstrumentRegistry registry;
    const InstrumentId id = make_instrument_id(Venue::Deribit, 0);
    registry.list(id, Venue::Deribit, named("BTC-A"));
    registry.set_phase(registry.slot_of(id), InstrumentPhase::Expired);
    CHECK(registry.list(id, Venue::Deribit, named("BTC-A")) == Listing::Changed);
    CHECK(registry.phase(registry.slot_of(id)) == InstrumentPhase::Open);
  }

  TEST_CASE("an instrument beyond the capacity, or under another venue's id, is refused and counted") {
    InstrumentRegistry registry{2};
    CHECK(registry.list(make_instrument_id(Venue::Deribit, 0), Venue::Deribit, named("A")) == Listing::New);
    CHECK(registry.list(make_instrument_id(Venue::Okx, 1), Venue::Deribit, named("B")) == Listing::Refused);
    CHECK(registry.list(make_instrument_id(Venue::Okx, 1), Venue::Okx, named("B")) == Listing::New);
    CHECK(registry.list(make_instrument_id(Venue::Okx, 0), Venue::Okx, named("C")) == Listing::Refused);
    CHECK(registry.refused() == 2);
    CHECK(registry.size() == 2);
  }
}
