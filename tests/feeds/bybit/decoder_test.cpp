#include "feeds/bybit/decoder.hpp"

#include "feeds/venue_bench.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct Bench : VenueBench<bybit::Decoder> {
  explicit Bench(bybit::Category category, const DecodingOptions& given = kImplying) : VenueBench{Venue::Bybit, given} {
    decoder = std::make_unique<bybit::Decoder>(symbols, category, options);
  }
};

std::string frame(std::string_view name) { return venue_frame("bybit", name); }

}  // namespace

TEST_SUITE("feeds/bybit/decoder") {
  TEST_CASE("a future's ticker is the snapshot with what was named since put in its place") {
    Bench bench{bybit::Category::Linear};
    bench.takes(frame("ticker_snapshot"), FrameKind::MarketData, "tickers");
    CHECK(bench.only<Quote>().bid_size == *Size::parse("17.25"));
    CHECK(bench.only<Mark>().index == 3010.75);
    // 0.00006 for four hours is 0.00012 for eight.
    CHECK(bench.only<Funding>().current_rate_8h == doctest::Approx(0.00012).epsilon(1e-15));
    bench.takes(frame("ticker_delta"), FrameKind::MarketData, "tickers");
    CHECK(bench.only<Quote>().bid == Price::parse("3012.10"));
    CHECK(bench.only<Quote>().ask == Price::parse("3012.60"));
    CHECK(bench.only<Quote>().ask_size == *Size::parse("9.5"));
    CHECK(bench.only<Mark>().price == 3012.35);
    CHECK(bench.only<Mark>().index == 3010.75);
  }

  TEST_CASE("named and empty means that there is none now") {
    Bench bench{bybit::Category::Linear};
    bench.takes(frame("ticker_snapshot"), FrameKind::MarketData, "tickers");
    bench.takes(with(frame("ticker_delta"), "\"3012.60\"", "\"\""), FrameKind::MarketData, "tickers");
    CHECK_FALSE(bench.only<Quote>().ask.has_value());
    CHECK(bench.only<Quote>().bid == Price::parse("3012.10"));
    bench.takes(with(frame("ticker_delta"), "\"markPrice\":\"3012.35\"", "\"indexPrice\":\"\""), FrameKind::MarketData, "tickers");
    CHECK_FALSE(is_present(bench.only<Mark>().index));
  }

  TEST_CASE("a change without its snapshot says nothing, also after the subscriptions were lost") {
    Bench bench{bybit::Category::Linear};
    bench.takes(frame("ticker_delta"), FrameKind::Ignored, "ticker change before its snapshot");
    CHECK(bench.batch.empty());
    bench.takes(frame("ticker_snapshot"), FrameKind::MarketData, "tickers");
    bench.decoder->forget_tickers();
    bench.takes(frame("ticker_delta"), FrameKind::Ignored, "ticker change before its snapshot");
  }

  TEST_CASE("a frame that is refused leaves the merged ticker as it was") {
    Bench bench{bybit::Category::Linear};
    bench.takes(frame("ticker_snapshot"), FrameKind::MarketData, "tickers");
    bench.refuses(with(frame("ticker_delta"), "\"3012.35\"", "\"3012.35x\""), DecodeFault::BadNumber, "markPrice");
    bench.takes(with(frame("ticker_delta"), "\"ask1Price\":\"3012.60\",", ""), FrameKind::MarketData, "tickers");
    CHECK(bench.only<Quote>().ask == Price::parse("3012.40"));
  }

  TEST_CASE("without the interval a funding rate cannot be put on eight hours") {
    Bench bench{bybit::Category::Linear};
    bench.takes(with(frame("ticker_snapshot"), "\"fundingIntervalHour\":\"4\",", ""), FrameKind::MarketData, "tickers");
    CHECK(bench.all<Funding>().empty());
  }

  TEST_CASE("an option's ticker: vols are fractions, a bid of 0 is no bid, the underlying price is the expiry's forward") {
    Bench bench{bybit::Category::Option};
    bench.takes(frame("ticker_option"), FrameKind::MarketData, "tickers");
    CHECK_FALSE(bench.only<Quote>().bid.has_value());
    CHECK(bench.only<Quote>().ask == Price::parse("251.5"));
    CHECK(bench.only<Mark>().vol == 0.5875);
    CHECK(bench.only<Mark>().forward == 3022.5);
    CHECK(bench.only<Mark>().index == 3010.75);
    CHECK(bench.only<VenueGreeks>().delta == -0.58812);
    const auto listed = bench.only<InstrumentListed>().contract;
    CHECK(listed.settlement.view() == "USDT");
    CHECK(listed.style == PayoffStyle::Linear);
    CHECK(listed.strike == 3200);
  }

  TEST_CASE("where an option has no vol its Greeks of zero are no Greeks") {
    Bench bench{bybit::Category::Option};
    bench.takes(with(frame("ticker_option"), "\"0.5875\"", "\"0\""), FrameKind::MarketData, "tickers");
    CHECK_FALSE(is_present(bench.only<Mark>().vol));
    CHECK(bench.all<VenueGreeks>().empty());
  }

  TEST_CASE("a book's chain: u follows u by one, the time is the matching engine's, and 1 begins anew") {
    Bench bench{bybit::Category::Inverse};
    bench.takes(frame("book_snapshot"), FrameKind::MarketData, "orderbook");
    CHECK(bench.only<BookBegin>().snapshot);
    CHECK(bench.decoder->detail().book == BookForm::Snapshot);
    CHECK(bench.decoder->detail().cross_sequence == 9001);
    CHECK(nanoseconds_of(bench.batch.events().back().header.exchange_time) == 1801234567017000000);
    bench.takes(frame("book_delta"), FrameKind::MarketData, "orderbook");
    CHECK_FALSE(bench.only<BookBegin>().snapshot);
    CHECK(bench.decoder->detail().sequence == 42);
    CHECK(bench.decoder->detail().previous == 41);
    CHECK(bench.only<BookLevel>().size == Size{});
    bench.takes(with(frame("book_delta"), "\"u\":42", "\"u\":1"), FrameKind::MarketData, "orderbook");
    CHECK(bench.only<BookBegin>().snapshot);
  }

  TEST_CASE("sizes of an inverse contract are dollars and settle in the coin: 24,000 of BTCUSD are 24,000 dollars") {
    Bench bench{bybit::Category::Linear};
    bench.takes(frame("position"), FrameKind::Account, "position");
    const auto reports = bench.all<PositionReport>();
    REQUIRE(reports.size() == 2);
    CHECK(reports[0].size == *Size::parse("-24000"));
    CHECK(reports[0].average_entry == 80400.5);
    CHECK(reports[1].size == Size{});
    CHECK_FALSE(is_present(reports[1].average_entry));
    const auto listed = bench.all<InstrumentListed>();
    CHECK(listed[0].contract.size_unit == SizeUnit::Quote);
    CHECK(listed[0].contract.settlement.view() == "BTC");
    CHECK(listed[1].contract.size_unit == SizeUnit::Base);
    CHECK(listed[1].contract.settlement.view() == "USDT");
  }

  TEST_CASE("a position without a side must be flat") {
    Bench bench{bybit::Category::Linear};
    bench.refuses(with(frame("position"), "\"size\":\"0\"", "\"size\":\"3\""), DecodeFault::BadValue, "side");
    bench.refuses(with(frame("position"), "\"side\":\"Sell\"", "\"side\":\"Short\""), DecodeFault::UnknownWord, "side");
  }

  TEST_CASE("both sides of hedge mode are one position: 12.5 long and 2 short are 10.5, at no one price") {
    Bench bench{bybit::Category::Linear};
    bench.reads(frame("reply_positions"), FrameKind::Account, "position/list",
                [&] { return bench.decoder->decode_positions(MonoTime{}, {}, bench.batch); });
    const auto reports = bench.all<PositionReport>();
    REQUIRE(reports.size() == 2);
    CHECK(reports[1].size == *Size::parse("10.5"));
    CHECK_FALSE(is_present(reports[1].average_entry));
    CHECK(bench.all<PositionSnapshotBegin>().size() == 1);
    CHECK(bench.all<PositionSnapshotEnd>().size() == 1);
    // The next message speaks of the short side alone.
    bench.takes(with(with(with(frame("position"), "\"size\":\"0\"", "\"size\":\"0.5\""), "\"side\":\"\"", "\"side\":\"Sell\""),
                     "\"positionIdx\":0,\"entryPrice\":\"0\"", "\"positionIdx\":2,\"entryPrice\":\"3100\""),
                FrameKind::Account, "position");
    CHECK(bench.all<PositionReport>().back().size == *Size::parse("12"));
  }

  TEST_CASE("pages of positions make one statement") {
    Bench bench{bybit::Category::Linear};
    bench.reads(frame("reply_positions"), FrameKind::Account, "position/list",
                [&] { return bench.decoder->decode_positions(MonoTime{}, {.first = false, .last = false}, bench.batch); });
    CHECK(bench.all<PositionSnapshotBegin>().empty());
    CHECK(bench.all<PositionSnapshotEnd>().empty());
  }

  TEST_CASE("a wallet's margins are the account's dollars seen in each coin: 12,000 at 81,000 a coin are 0.1481 coins") {
    Bench bench{bybit::Category::Linear};
    bench.takes(frame("wallet"), FrameKind::Account, "wallet");
    const auto rows = bench.all<AccountSummary>();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].asset.view() == "BTC");
    CHECK(rows[0].cross_collateral);
    CHECK(rows[0].equity == 1.5);
    CHECK(rows[0].balance == 1.6);
    CHECK(rows[0].maintenance_margin == doctest::Approx(12000.0 / 81000).epsilon(1e-12));
    // The stablecoin is worth 28,471.5 / 28,500 = 0.999 dollars, and its margins say so.
    CHECK(rows[1].margin_balance == doctest::Approx(120000 / 0.999).epsilon(1e-12));
    CHECK(bench.decoder->detail().left_out_rows == 1);
  }

  TEST_CASE("executions: fees in the settlement coin, funding is no fill, a deleveraging is told") {
    Bench bench{bybit::Category::Linear};
    bench.takes(frame("execution"), FrameKind::Account, "execution");
    const auto fills = bench.all<Fill>();
    REQUIRE(fills.size() == 2);
    CHECK(fills[0].fee == 4.14205);
    CHECK(fills[0].fee_asset.view() == "USDT");
    CHECK(fills[0].side == Side::Buy);
    CHECK(bench.only<ForcedEvent>().kind == ForcedEventKind::AutoDeleveraging);
    CHECK(bench.decoder->detail().left_out_rows == 1);
  }

  TEST_CASE("block trades are left out of the tape, greeks are options' totals") {
    Bench bench{bybit::Category::Linear};
    bench.takes(frame("trades"), FrameKind::MarketData, "publicTrade");
    CHECK(bench.only<Trade>().aggressor == Side::Sell);
    CHECK(bench.decoder->detail().left_out_rows == 1);
    bench.takes(frame("greeks"), FrameKind::Account, "greeks");
    CHECK(bench.only<AccountGreeks>().options_vega == 11.5);
    CHECK_FALSE(is_present(bench.only<AccountGreeks>().delta_total));
  }

  TEST_CASE("three forms of pong, and acknowledgements that name their request or do not") {
    Bench bench{bybit::Category::Option};
    bench.takes(frame("pong_public"), FrameKind::Control, "pong");
    bench.takes(frame("pong_option"), FrameKind::Control, "pong");
    CHECK(bench.decoder->detail().control == ControlKind::Pong);
    bench.takes(frame("acknowledgement_option"), FrameKind::Control, "subscribe");
    CHECK(bench.decoder->detail().control == ControlKind::Subscribed);
    REQUIRE(bench.decoder->refused_topics().size() == 1);
    CHECK(std::string{bench.decoder->refused_topics().front()} == "tickers.NOTHING");
    REQUIRE(bench.decoder->accepted_topics().size() == 1);
    CHECK(std::string{bench.decoder->accepted_topics().front()} == "tickers.ETH-25DEC26-3200-P-USDT");
    bench.takes(with(frame("acknowledgement_option"), "\"tickers.ETH-25DEC26-3200-P-USDT\"", ""), FrameKind::Control, "subscribe");
    CHECK(bench.decoder->detail().control == ControlKind::Error);
    CHECK(std::string{bench.decoder->detail().message} == "tickers.NOTHING");
    bench.takes(frame("refused_topic"), FrameKind::Control, "subscribe");
    CHECK(bench.decoder->detail().control == ControlKind::Error);
    CHECK(std::string{bench.decoder->detail().request} == "s2");
    bench.takes(frame("auth"), FrameKind::Control, "auth");
    CHECK(bench.decoder->detail().control == ControlKind::LoggedIn);
  }

  TEST_CASE("a topic that is subscribed already is as good as subscribed now") {
    Bench bench{bybit::Category::Linear};
    bench.takes(with(frame("refused_topic"), "handler not found", "already subscribed"), FrameKind::Control, "subscribe");
    CHECK(bench.decoder->detail().control == ControlKind::Subscribed);
  }

  TEST_CASE("a refusal of any request is an error") {
    Bench bench{bybit::Category::Linear};
    bench.takes(with(with(frame("pong_public"), "\"success\":true", "\"success\":false"), "pong", "Too many visits!"),
                FrameKind::Control, "refusal");
    CHECK(bench.decoder->detail().control == ControlKind::Error);
    CHECK(std::string{bench.decoder->detail().message} == "Too many visits!");
  }

  TEST_CASE("the first level, whole each time, is a quote; an empty side is one, and so is a removal none") {
    Bench bench{bybit::Category::Spot};
    const std::string first =
        R"({"topic":"orderbook.1.ETHUSDT","type":"snapshot","ts":1801234567020,"data":{"s":"ETHUSDT","b":[["3012.1","5.25"]],"a":[["3012.2","7.5"]],"u":41,"seq":9001},"cts":1801234567017})";
    bench.takes(first, FrameKind::MarketData, "orderbook");
    CHECK(bench.only<Quote>().bid == Price::parse("3012.1"));
    CHECK(bench.only<Quote>().ask_size == *Size::parse("7.5"));
    CHECK(bench.all<BookBegin>().empty());
    CHECK(bench.all<BookLevel>().empty());
    CHECK(bench.decoder->detail().book == BookForm::None);
    bench.takes(with(first, R"(["3012.2","7.5"])", ""), FrameKind::MarketData, "orderbook");
    CHECK_FALSE(bench.only<Quote>().ask.has_value());
    // Recordings of before 2025 have changes of it: those are a book's.
    bench.takes(with(first, "snapshot", "delta"), FrameKind::MarketData, "orderbook");
    CHECK(bench.all<Quote>().empty());
    CHECK(bench.decoder->detail().book == BookForm::Change);
  }

  TEST_CASE("listings: the type decides, the strike is in the name, an odd row is left out, and there is a next page") {
    Bench bench{bybit::Category::Linear};
    bench.reads(frame("reply_instruments"), FrameKind::Control, "instruments-info",
                [&] { return bench.decoder->decode_instruments(MonoTime{}, bench.batch); });
    const auto listed = bench.all<InstrumentListed>();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].contract.kind == ContractKind::Future);
    CHECK(nanoseconds_of(listed[0].contract.expiry) == 1798185600000000000);
    CHECK(listed[1].contract.style == PayoffStyle::Inverse);
    CHECK(bench.decoder->detail().left_out_rows == 1);
    CHECK(std::string{bench.decoder->detail().next_page} == "first%3DB");
    bench.reads(frame("reply_options"), FrameKind::Control, "instruments-info",
                [&] { return bench.decoder->decode_instruments(MonoTime{}, bench.batch); });
    CHECK(bench.only<InstrumentListed>().contract.strike == 2.5);
    CHECK(bench.only<InstrumentListed>().contract.lot == 10);
  }

  TEST_CASE("a spot pair and a perpetual of one symbol are two instruments") {
    Bench spot{bybit::Category::Spot};
    spot.takes(with(with(frame("book_snapshot"), "BTCUSD", "BTCUSDT"), "\"s\":\"BTCUSD\"", "\"s\":\"BTCUSDT\""),
               FrameKind::MarketData, "orderbook");
    CHECK(spot.only<InstrumentListed>().contract.name.view() == "BTCUSDT-SPOT");
    CHECK(spot.only<InstrumentListed>().contract.kind == ContractKind::Spot);
  }

  TEST_CASE("what nobody listed, and topics that are not known, are told as such") {
    Bench bench{bybit::Category::Linear, {}};
    bench.refuses(frame("ticker_snapshot"), DecodeFault::UnknownInstrument, "symbol");
    bench.refuses(with(frame("kline"), "kline.1.", "lottery."), DecodeFault::UnknownChannel, "topic");
    bench.takes(frame("kline"), FrameKind::Ignored, "kline");
    bench.refuses(with(frame("execution"), "\"execType\":\"Trade\",", ""), DecodeFault::MissingField, "execType");
  }

  TEST_CASE("names of all kinds") {
    using bybit::contract_from_name;
    CHECK(contract_from_name("BTCPERP")->quote.view() == "USDC");
    CHECK(contract_from_name("BTC-26DEC25")->settlement.view() == "USDC");
    CHECK(contract_from_name("BTC-6JAN23-17500-C")->kind == ContractKind::Option);
    // The last Friday of December 2026 is Christmas Day.
    CHECK(nanoseconds_of(contract_from_name("BTCUSDZ26")->expiry) == 1798185600000000000);
    CHECK(contract_from_name("BTCUSDZ26")->style == PayoffStyle::Inverse);
    CHECK_FALSE(contract_from_name("BTC-31FEB26-17500-C").has_value());
    CHECK_FALSE(contract_from_name("BTC-6JAN23-0-C").has_value());
    CHECK_FALSE(contract_from_name("").has_value());
  }
}
