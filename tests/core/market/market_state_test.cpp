#include "core/market/market_state.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

namespace {

constexpr InstrumentSlot kLow{0};
constexpr InstrumentSlot kHigh{1};
constexpr InstrumentSlot kFuture{2};

Contract contract(std::string_view name, ContractKind kind) {
  Contract result;
  result.name = InstrumentName::from(name).value();
  result.base = AssetCode::from("BTC").value();
  result.quote = AssetCode::from("USD").value();
  result.kind = kind;
  result.expiry = from_nanoseconds<VenueTime>(1'900'000'000'000'000'000);
  return result;
}

MarketState market() {
  MarketState state;
  state.list(kLow, Venue::Deribit, contract("BTC-X-90000-C", ContractKind::Option));
  state.list(kHigh, Venue::Deribit, contract("BTC-X-110000-C", ContractKind::Option));
  state.list(kFuture, Venue::Deribit, contract("BTC-X", ContractKind::Future));
  return state;
}

Origin origin(std::int64_t second, std::uint8_t connection = 0) {
  return {.exchange_time = from_nanoseconds<VenueTime>(second * 1'000'000'000),
          .received = from_nanoseconds<MonoTime>(second * 1'000'000'000 + 1),
          .connection = ConnectionId{connection}};
}

}  // namespace

TEST_SUITE("core/market/market_state") {
  TEST_CASE("each part of a mark keeps its own time, and an absent part keeps what was known") {
    MarketState state = market();
    state.apply(kLow, Mark{.price = 0.05, .vol = 0.5, .forward = 100'000}, origin(10));
    state.apply(kLow, Mark{.price = 0.06}, origin(12));
    const InstrumentMarket& low = state.at(kLow);
    CHECK(low.mark_price.value == 0.06);
    CHECK(low.mark_price.origin.exchange_time == origin(12).exchange_time);
    CHECK(low.mark_vol.value == 0.5);
    CHECK(low.mark_vol.origin.exchange_time == origin(10).exchange_time);
  }

  TEST_CASE("an option prices on the forward of its own message, not on a newer one of its expiry") {
    MarketState state = market();
    state.apply(kLow, Mark{.vol = 0.5, .forward = 100'000}, origin(10));
    state.apply(kHigh, Mark{.vol = 0.6, .forward = 100'500}, origin(11));
    CHECK(state.pricing_forward(kLow).value == 100'000);
  }

  TEST_CASE("a vol that came alone is priced on the newest forward of the expiry") {
    MarketState state = market();
    state.apply(kLow, Mark{.vol = 0.5, .forward = 100'000}, origin(10));
    const auto effect = state.apply(kHigh, Mark{.vol = 0.6, .forward = 100'500}, origin(11));
    CHECK(effect.expiry_forward_updated);
    state.apply(kLow, Mark{.price = 0.05, .vol = 0.51}, origin(12));
    CHECK(state.at(kLow).leans_on_expiry);
    CHECK(state.pricing_forward(kLow).value == 100'500);
    CHECK(state.at(kLow).forward.value == 100'000);
    state.apply(kLow, Mark{.vol = 0.52, .forward = 100'700}, origin(13));
    CHECK_FALSE(state.at(kLow).leans_on_expiry);
    CHECK(state.pricing_forward(kLow).value == 100'700);
  }

  TEST_CASE("within a connection the newest arrival wins even when the venue's clock steps back") {
    MarketState state = market();
    state.apply(kFuture, Mark{.price = 101'000}, origin(10));
    state.apply(kFuture, Mark{.price = 102'000}, origin(9));
    CHECK(state.at(kFuture).mark_price.value == 102'000);
  }

  TEST_CASE("a message that was held up on the way does not displace newer ones of its connection, and is counted") {
    MarketState state = market();
    const auto late = [](std::int64_t made, std::int64_t received) {
      return Origin{.exchange_time = from_nanoseconds<VenueTime>(made * 1'000'000'000),
                    .received = from_nanoseconds<MonoTime>(received * 1'000'000'000),
                    .connection = ConnectionId{0}};
    };
    state.apply(kFuture, Mark{.price = 101'000, .index = 100'900}, late(20, 20));
    state.apply(kFuture, Quote{.bid = Price::from_raw(101'001'000'000'000), .ask = {}, .bid_size = {}, .ask_size = {}},
                late(20, 20));
    CHECK_FALSE(state.apply(kFuture, Mark{.price = 99'000, .index = 98'900}, late(10, 20)).index_updated);
    state.apply(kFuture, Quote{.bid = Price::from_raw(99'001'000'000'000), .ask = {}, .bid_size = {}, .ask_size = {}},
                late(10, 20));
    CHECK(state.at(kFuture).mark_price.value == 101'000);
    CHECK(state.index(state.at(kFuture).index).value == 100'900);
    CHECK(state.at(kFuture).quote.bid == Price::from_raw(101'001'000'000'000));
    CHECK(state.late_prices() == 3);
  }

  TEST_CASE("after ten seconds without anything newer an older stamp is a venue's clock that was set back") {
    MarketState state = market();
    state.apply(kFuture, Mark{.price = 101'000}, origin(4'000));
    Origin set_back = origin(400);
    set_back.received = origin(4'009).received;
    state.apply(kFuture, Mark{.price = 102'000}, set_back);
    CHECK(state.at(kFuture).mark_price.value == 101'000);
    set_back.received = origin(4'010).received;
    state.apply(kFuture, Mark{.price = 103'000}, set_back);
    CHECK(state.at(kFuture).mark_price.value == 103'000);
    CHECK(state.late_prices() == 1);
  }

  TEST_CASE("between connections an older message does not displace a newer one") {
    MarketState state = market();
    state.apply(kFuture, Mark{.price = 101'000}, origin(10, 0));
    state.apply(kFuture, Mark{.price = 102'000}, origin(9, 1));
    CHECK(state.at(kFuture).mark_price.value == 101'000);
    state.apply(kFuture, Mark{.price = 103'000}, origin(11, 1));
    CHECK(state.at(kFuture).mark_price.value == 103'000);
  }

  TEST_CASE("the index of a pair comes from its own channel and from marks alike") {
    MarketState state = market();
    const IndexId id = state.find_index(Venue::Deribit, "BTC", "USD");
    REQUIRE(id != kNoIndex);
    CHECK_FALSE(state.index(id).present());
    CHECK(state.apply(kFuture, Mark{.price = 101'000, .index = 100'900}, origin(10)).index_updated);
    CHECK(state.index(id).value == 100'900);
    CHECK(state.apply(Venue::Deribit, IndexPrice{AssetCode::from("BTC").value(), AssetCode::from("USD").value(), 100'950},
                      origin(11)) == id);
    CHECK(state.index(id).value == 100'950);
  }

  TEST_CASE("an underlying's dollar index is the one against USD, else against a dollar stablecoin") {
    MarketState state = market();
    const auto sol = AssetCode::from("SOL").value();
    CHECK(state.find_dollar_index(Venue::Deribit, "SOL") == kNoIndex);
    const IndexId usdc = state.apply(Venue::Deribit, IndexPrice{sol, AssetCode::from("USDC").value(), 150}, origin(1));
    CHECK(state.find_dollar_index(Venue::Deribit, "SOL") == usdc);
    const IndexId usd = state.apply(Venue::Deribit, IndexPrice{sol, AssetCode::from("USD").value(), 151}, origin(2));
    CHECK(state.find_dollar_index(Venue::Deribit, "SOL") == usd);
  }

  TEST_CASE("an order book exists from its first snapshot on") {
    MarketState state = market();
    CHECK(state.begin_book(kFuture, false) == nullptr);
    CHECK(state.order_book(kFuture) == nullptr);
    OrderBook* book = state.begin_book(kFuture, true);
    REQUIRE(book != nullptr);
    CHECK(state.begin_book(kFuture, false) == book);
  }

  TEST_CASE("order books that are dropped exist from their next snapshot on") {
    MarketState state = market();
    REQUIRE(state.begin_book(kFuture, true) != nullptr);
    REQUIRE(state.begin_book(kLow, true) != nullptr);
    state.drop_order_books();
    CHECK(state.order_book(kFuture) == nullptr);
    CHECK(state.begin_book(kFuture, false) == nullptr);
    REQUIRE(state.begin_book(kLow, true) != nullptr);
    CHECK(state.order_book(kFuture) == nullptr);
  }
}
