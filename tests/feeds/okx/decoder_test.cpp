#include "feeds/okx/decoder.hpp"

#include "feeds/venue_bench.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct Bench : VenueBench<okx::Decoder> {
  explicit Bench(const DecodingOptions& given = kImplying) : VenueBench{Venue::Okx, given} {
    decoder = std::make_unique<okx::Decoder>(symbols, options);
  }
};

std::string frame(std::string_view name) { return venue_frame("okx", name); }

}  // namespace

TEST_SUITE("feeds/okx/decoder") {
  TEST_CASE("contracts become coins: 415 of 0.01 are 4.15 bitcoin") {
    Bench bench;
    bench.takes(frame("best_prices"), FrameKind::MarketData, "bbo-tbt");
    CHECK(bench.only<Quote>().ask_size == *Size::parse("4.15"));
    CHECK(bench.only<Quote>().bid_size == *Size::parse("3.885"));
    CHECK(bench.only<Quote>().bid == Price::parse("81001.1"));
  }

  TEST_CASE("contracts of an inverse swap become dollars: 15 of 100 are 1,500") {
    Bench bench;
    bench.takes(frame("book_snapshot"), FrameKind::MarketData, "books");
    const auto levels = bench.all<BookLevel>();
    REQUIRE(levels.size() == 3);
    CHECK(levels[0].side == Side::Sell);
    CHECK(levels[0].size == *Size::parse("1500"));
    CHECK(levels[2].size == *Size::parse("12000"));
    CHECK(bench.batch.events().front().header.instrument == bench.batch.events().back().header.instrument);
    bench.takes(frame("trades"), FrameKind::MarketData, "trades");
    CHECK(bench.only<Trade>().size == *Size::parse("370"));
  }

  TEST_CASE("an option's contract is its value times its multiplier: 300 times 1 times 0.01 are 3 bitcoin") {
    Bench bench;
    bench.takes(frame("positions"), FrameKind::Account, "positions");
    const auto reports = bench.all<PositionReport>();
    REQUIRE(reports.size() == 3);
    CHECK(reports[2].size == *Size::parse("-3"));
    CHECK(reports[2].average_entry == 0.04);
  }

  TEST_CASE("short and long side by side are one position: 0.2 less 1.2 bitcoin are one short") {
    Bench bench;
    bench.takes(frame("positions"), FrameKind::Account, "positions");
    const auto reports = bench.all<PositionReport>();
    CHECK(reports[0].size == *Size::parse("-1.2"));
    CHECK(reports[1].size == *Size::parse("-1"));
    CHECK_FALSE(is_present(reports[1].average_entry));
    CHECK(bench.all<PositionSnapshotBegin>().size() == 1);
    CHECK(bench.all<PositionSnapshotEnd>().size() == 1);
  }

  TEST_CASE("a statement in pages begins with the first and ends with the last") {
    Bench bench;
    bench.takes(with(frame("positions"), "\"lastPage\":true", "\"lastPage\":false"), FrameKind::Account, "positions");
    CHECK(bench.all<PositionSnapshotBegin>().size() == 1);
    CHECK(bench.all<PositionSnapshotEnd>().empty());
    bench.takes(with(frame("positions"), "\"curPage\":1", "\"curPage\":2"), FrameKind::Account, "positions");
    CHECK(bench.all<PositionSnapshotBegin>().empty());
    CHECK(bench.all<PositionSnapshotEnd>().size() == 1);
    // An event names only what has changed.
    bench.takes(with(frame("positions"), "\"snapshot\"", "\"event_update\""), FrameKind::Account, "positions");
    CHECK(bench.all<PositionSnapshotBegin>().empty());
    CHECK(bench.all<PositionSnapshotEnd>().empty());
  }

  TEST_CASE("an empty side, an empty text and a side of the other order of keys") {
    Bench bench;
    bench.takes(frame("best_prices_one_sided"), FrameKind::MarketData, "bbo-tbt");
    CHECK_FALSE(bench.only<Quote>().ask.has_value());
    CHECK(bench.only<Quote>().bid_size == *Size::parse("0.3"));
    bench.takes(frame("ticker"), FrameKind::MarketData, "tickers");
    CHECK_FALSE(bench.only<Quote>().bid.has_value());
    CHECK(bench.only<Quote>().ask_size == *Size::parse("25"));
  }

  TEST_CASE("a book's chain, its checksum and levels in the wire's own words") {
    Bench bench;
    bench.takes(frame("book_snapshot"), FrameKind::MarketData, "books");
    CHECK(bench.decoder->detail().book == BookForm::Snapshot);
    CHECK_FALSE(bench.decoder->detail().previous.has_value());
    CHECK(bench.decoder->detail().checksum == 0);
    bench.takes(frame("book_update"), FrameKind::MarketData, "books");
    CHECK(bench.decoder->detail().book == BookForm::Change);
    CHECK(bench.decoder->detail().previous == 400);
    CHECK(bench.decoder->detail().sequence == 407);
    CHECK(bench.decoder->detail().checksum == -12345);
    REQUIRE(bench.decoder->detail().wire_levels.size() == 1);
    CHECK(std::string{bench.decoder->detail().wire_levels[0].price} == "81002");
    bench.takes(frame("book_five"), FrameKind::MarketData, "books5");
    CHECK(bench.decoder->detail().book == BookForm::Whole);
    CHECK(bench.only<BookBegin>().snapshot);
    bench.refuses(with(frame("book_update"), ",\"prevSeqId\":400", ""), DecodeFault::MissingField, "prevSeqId");
    bench.refuses(with(frame("book_update"), "\"update\"", "\"change\""), DecodeFault::UnknownWord, "action");
  }

  TEST_CASE("marks of coin options are in coin, vols are fractions, and the Greeks are the Black-Scholes set") {
    Bench bench;
    bench.takes(frame("mark_price"), FrameKind::MarketData, "mark-price");
    CHECK(bench.only<Mark>().price == 0.041275);
    bench.takes(frame("option_summary"), FrameKind::MarketData, "opt-summary");
    CHECK(bench.only<Mark>().vol == 0.4625);
    CHECK(bench.only<Mark>().forward == 84250.5);
    CHECK(bench.only<VenueGreeks>().delta == 0.3475);
    CHECK(bench.only<VenueGreeks>().gamma == 0.000031);
    CHECK(bench.only<VenueGreeks>().vega == 104.5);
    // A fresh listing without a vol and a forward says nothing.
    CHECK(bench.decoder->detail().left_out_rows == 1);
  }

  TEST_CASE("a stablecoin's rate is a price like any other") {
    Bench bench;
    bench.takes(frame("index"), FrameKind::MarketData, "index-tickers");
    CHECK(bench.only<IndexPrice>().base.view() == "USDT");
    CHECK(bench.only<IndexPrice>().quote.view() == "USD");
    CHECK(bench.only<IndexPrice>().price == 0.9991);
  }

  TEST_CASE("0.00004 for the four hours between two fundings is 0.00008 for eight; without the times it is nothing") {
    Bench bench;
    bench.takes(frame("funding"), FrameKind::MarketData, "funding-rate");
    CHECK(bench.only<Funding>().current_rate_8h == doctest::Approx(0.00008).epsilon(1e-15));
    bench.takes(with(frame("funding"), "1801252800000", ""), FrameKind::MarketData, "funding-rate");
    CHECK(bench.batch.empty());
  }

  TEST_CASE("margin of the whole account is seen in each currency; in the mode without, each has its own") {
    Bench bench;
    bench.takes(frame("account"), FrameKind::Account, "account");
    const auto rows = bench.all<AccountSummary>();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].cross_collateral);
    CHECK(rows[0].margin_balance == 2.25);
    CHECK(rows[0].maintenance_margin == 0.225);
    CHECK(rows[1].initial_margin == doctest::Approx(36000 / 0.999).epsilon(1e-12));
    bench.takes(frame("account_futures_mode"), FrameKind::Account, "account");
    const auto own = bench.only<AccountSummary>();
    CHECK_FALSE(own.cross_collateral);
    CHECK(own.maintenance_margin == 0.05);
    // A ratio of 16 over 0.05 coins of maintenance: 0.8 coins stand against it.
    CHECK(own.margin_balance == doctest::Approx(0.8).epsilon(1e-12));
  }

  TEST_CASE("fills: fees that are paid are positive, contracts are coins, and what was forced is told") {
    Bench bench;
    bench.takes(frame("orders"), FrameKind::Account, "orders");
    const auto fills = bench.all<Fill>();
    REQUIRE(fills.size() == 2);
    CHECK(fills[0].fee == 4.86);
    CHECK(fills[0].size == *Size::parse("0.3"));
    CHECK_FALSE(is_present(fills[1].fee));
    CHECK(bench.only<ForcedEvent>().kind == ForcedEventKind::AutoDeleveraging);
    CHECK(bench.decoder->detail().left_out_rows == 1);
    bench.takes(frame("balance_and_position"), FrameKind::Account, "balance_and_position");
    CHECK(bench.only<ForcedEvent>().kind == ForcedEventKind::Liquidation);
    bench.takes(frame("account_greeks"), FrameKind::Account, "account-greeks");
    CHECK(bench.only<AccountGreeks>().options_theta == -220.5);
    CHECK_FALSE(is_present(bench.only<AccountGreeks>().options_delta));
  }

  TEST_CASE("text pings, acknowledgements, refusals and the notice of an upgrade") {
    Bench bench;
    bench.takes("pong", FrameKind::Control, "pong");
    CHECK(bench.decoder->detail().control == ControlKind::Pong);
    bench.takes("ping", FrameKind::Control, "ping");
    CHECK(bench.decoder->detail().control == ControlKind::Ping);
    bench.takes(frame("subscribed"), FrameKind::Control, "event");
    CHECK(bench.decoder->detail().control == ControlKind::Subscribed);
    CHECK(std::string{bench.decoder->detail().channel_name} == "bbo-tbt");
    CHECK(std::string{bench.decoder->detail().argument} == "BTC-USDT-SWAP");
    bench.takes(frame("refused"), FrameKind::Control, "event");
    CHECK(bench.decoder->detail().control == ControlKind::Error);
    CHECK(bench.decoder->detail().code == 60018);
    bench.takes(frame("notice"), FrameKind::Control, "event");
    CHECK(bench.decoder->detail().control == ControlKind::Upgrade);
    bench.takes(frame("status"), FrameKind::Control, "status");
    CHECK(bench.only<PlatformState>().maintenance);
    bench.refuses("pang", DecodeFault::NotJson, "");
  }

  TEST_CASE("listings: economics from the fields alone") {
    Bench bench;
    bench.reads(frame("reply_instruments"), FrameKind::Control, "public/instruments",
                [&] { return bench.decoder->decode_instruments(MonoTime{}, bench.batch); });
    const auto listed = bench.all<InstrumentListed>();
    REQUIRE(listed.size() == 3);
    CHECK(listed[0].contract.contract_size == doctest::Approx(0.1).epsilon(1e-15));
    CHECK(listed[0].contract.style == PayoffStyle::Inverse);
    // The same underlying, linear, with a placeholder for what it settles in.
    CHECK(listed[1].contract.style == PayoffStyle::Linear);
    CHECK(listed[1].contract.base == listed[0].contract.base);
    CHECK(listed[1].contract.settlement.view() == "USD");
    CHECK(bench.only<InstrumentStateChanged>().phase == InstrumentPhase::Halted);
    // A future by type that never ends in truth.
    CHECK(listed[2].contract.kind == ContractKind::Perpetual);
    // Borrowing on a spot pair, and an option whose price unit is not certain.
    CHECK(bench.decoder->detail().left_out_rows == 2);
  }

  TEST_CASE("what nobody listed, and channels that are not known, are told as such") {
    Bench bench{DecodingOptions{}};
    bench.refuses(frame("best_prices"), DecodeFault::UnknownInstrument, "instId");
    bench.refuses(frame("positions"), DecodeFault::UnknownInstrument, "instId");
    bench.refuses(with(frame("candle"), "candle1m", "lottery"), DecodeFault::UnknownChannel, "channel");
    bench.takes(frame("candle"), FrameKind::Ignored, "candle");
  }

  TEST_CASE("a size that cannot be held exactly is no size") {
    Bench bench;
    bench.takes(with(frame("best_prices"), "\"415\"", "\"0.00000001\""), FrameKind::MarketData, "bbo-tbt");
    CHECK(bench.all<Quote>().empty());
    CHECK(bench.decoder->detail().refused_fields == 1);
    bench.refuses(with(frame("book_snapshot"), "\"15\"", "\"1e18\""), DecodeFault::BadNumber, "asks");
  }
}
