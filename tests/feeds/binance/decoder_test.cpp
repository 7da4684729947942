#include "feeds/binance/decoder.hpp"

#include <cmath>
#include <cstdint>

#include "feeds/venue_bench.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct Bench : VenueBench<binance::Decoder> {
  explicit Bench(std::optional<binance::Product> product = std::nullopt, const DecodingOptions& given = kImplying)
      : VenueBench{Venue::Binance, given} {
    decoder = std::make_unique<binance::Decoder>(symbols, product, options);
  }
};

std::string frame(std::string_view name) { return venue_frame("binance", name); }

}  // namespace

TEST_SUITE("feeds/binance/decoder") {
  TEST_CASE("a perpetual's and a spot pair's quotes of one symbol belong to two instruments") {
    Bench bench;
    bench.takes(frame("book_ticker"), FrameKind::MarketData, "bookTicker");
    CHECK(bench.only<InstrumentListed>().contract.name.view() == "ETHUSDT");
    CHECK(bench.only<Quote>().ask_size == *Size::parse("1.87"));
    CHECK(bench.decoder->detail().sequence == 9412);
    bench.takes(frame("book_ticker_spot"), FrameKind::MarketData, "bookTicker");
    CHECK(bench.only<InstrumentListed>().contract.name.view() == "ETHUSDT-SPOT");
    CHECK(bench.only<Quote>().bid == Price::parse("3010.11"));
    CHECK_FALSE(bench.only<Quote>().ask.has_value());
    CHECK(bench.batch.events().back().header.exchange_time == kNoVenueTime);
  }

  TEST_CASE("the name of an unknown pair that only its stream tells outlives the decoding") {
    Bench bench{std::nullopt, {}};
    bench.refuses(frame("depth_levels_spot"), DecodeFault::UnknownInstrument, "s");
    const auto unknown = bench.decoder->detail().unknown;
    REQUIRE(unknown.size() == 1);
    CHECK(unknown.front() == "BTCUSDT");
    // In the decoder, that is: it was on a stack that was left.
    const auto begin = reinterpret_cast<std::uintptr_t>(bench.decoder.get());
    const auto at = reinterpret_cast<std::uintptr_t>(unknown.front().data());
    CHECK(at >= begin);
    CHECK(at < begin + sizeof(binance::Decoder));
  }

  TEST_CASE("the connection's product decides where looks cannot") {
    Bench bench{binance::Product::Spot};
    bench.takes(frame("aggregate_trade"), FrameKind::MarketData, "aggTrade");
    CHECK(bench.only<InstrumentListed>().contract.kind == ContractKind::Spot);
    // The buyer was the maker: the seller came.
    CHECK(bench.only<Trade>().aggressor == Side::Sell);
  }

  TEST_CASE("a coin-margined contract is 100 dollars of bitcoin: 39 of them are 3,900") {
    Bench bench;
    bench.takes(frame("depth"), FrameKind::MarketData, "depth");
    const auto levels = bench.all<BookLevel>();
    REQUIRE(levels.size() == 3);
    CHECK(levels[0].size == *Size::parse("3900"));
    CHECK(levels[1].size == Size{});
    CHECK(bench.only<InstrumentListed>().contract.settlement.view() == "BTC");
    CHECK(bench.only<InstrumentListed>().contract.size_unit == SizeUnit::Quote);
    CHECK(bench.decoder->detail().first_sequence == 5000);
    CHECK(bench.decoder->detail().sequence == 5040);
    CHECK(bench.decoder->detail().previous == 4990);
  }

  TEST_CASE("spot's changes have no predecessor, its best levels no symbol; a future's change must name its predecessor") {
    Bench bench;
    bench.takes(frame("depth_spot"), FrameKind::MarketData, "depth");
    CHECK_FALSE(bench.decoder->detail().previous.has_value());
    CHECK(bench.decoder->detail().book == BookForm::Change);
    bench.takes(frame("depth_levels_spot"), FrameKind::MarketData, "depth levels");
    CHECK(bench.decoder->detail().book == BookForm::Whole);
    CHECK(bench.symbols.name(bench.decoder->detail().instrument) == "BTCUSDT-SPOT");
    bench.refuses(with(frame("depth"), ",\"pu\":4990", ""), DecodeFault::MissingField, "pu");
    bench.refuses(with(frame("depth"), "\"U\":5000", "\"U\":5041"), DecodeFault::BadValue, "U");
  }

  TEST_CASE("a snapshot to join changes to does not say whose it is") {
    Bench bench{binance::Product::CoinMargined};
    bench.reads(frame("reply_depth"), FrameKind::MarketData, "depth",
                [&] { return bench.decoder->decode_depth("BTCUSD_PERP", MonoTime{}, bench.batch); });
    CHECK(bench.decoder->detail().sequence == 5010);
    CHECK(bench.only<BookBegin>().snapshot);
    CHECK(bench.all<BookLevel>()[0].size == *Size::parse("1200"));
  }

  TEST_CASE("marks: the empty rate of a delivery contract is not 0, and it has no funding") {
    Bench bench;
    bench.takes(frame("mark_price"), FrameKind::MarketData, "markPriceUpdate");
    CHECK(bench.only<Mark>().price == 81000.74);
    CHECK(bench.only<Mark>().index == 80984.62);
    CHECK(bench.only<Funding>().current_rate_8h == 0.00006);
    bench.takes(frame("mark_price_future"), FrameKind::MarketData, "markPriceUpdate");
    CHECK(bench.all<Funding>().empty());
    CHECK(bench.only<Mark>().price == 81900.5);
    bench.takes(frame("mark_prices"), FrameKind::MarketData, "markPriceUpdate");
    CHECK(bench.all<Mark>().size() == 2);
  }

  TEST_CASE("no funding before the intervals were read; then a rate for four hours counts twice") {
    Bench bench{binance::Product::UsdMargined, {}};
    for (const char* name : {"BTCUSDT", "ETHUSDT"}) bench.symbols.add(*binance::contract_from_name(name));
    bench.takes(frame("mark_price"), FrameKind::MarketData, "markPriceUpdate");
    CHECK(bench.all<Funding>().empty());
    bench.reads(R"([{"symbol":"ETHUSDT","fundingIntervalHours":4},{"symbol":"NOBODYUSDT","fundingIntervalHours":1}])",
                FrameKind::Control, "fundingInfo", [&] { return bench.decoder->decode_funding_info(MonoTime{}, bench.batch); });
    bench.takes(frame("mark_price"), FrameKind::MarketData, "markPriceUpdate");
    CHECK(bench.only<Funding>().current_rate_8h == 0.00006);
    bench.takes(frame("mark_prices"), FrameKind::MarketData, "markPriceUpdate");
    CHECK(bench.only<Funding>().current_rate_8h == doctest::Approx(-0.0002).epsilon(1e-15));
    // SOLUSDT was not listed.
    CHECK(bench.decoder->detail().unknown_rows == 1);
  }

  TEST_CASE("a chain of option marks: -1.0 is no vol, 0.000 no quote, and the forward is the index carried at the venue's rate") {
    Bench bench;
    bench.takes(frame("option_marks"), FrameKind::MarketData, "markPrice");
    const auto marks = bench.all<Mark>();
    REQUIRE(marks.size() == 2);
    CHECK(marks[0].vol == 0.515);
    CHECK(marks[0].rate == 0.04);
    const double years = (1798185600.0 - 1796000000.0) / (365 * 86400.0);
    CHECK(marks[0].forward == doctest::Approx(81000 * std::exp(0.04 * years)).epsilon(1e-12));
    CHECK_FALSE(is_present(marks[1].vol));
    CHECK(marks[1].price == 0.4);
    CHECK(bench.all<VenueGreeks>().size() == 1);
    CHECK(bench.all<VenueGreeks>()[0].vega == 98.25);
    const auto quotes = bench.all<Quote>();
    CHECK(quotes[0].bid == Price::parse("2700"));
    CHECK_FALSE(quotes[1].bid.has_value());
    CHECK(quotes[1].ask_size == *Size::parse("4"));
  }

  TEST_CASE("indices of two kinds; trades that did not meet the book are ignored") {
    Bench bench;
    bench.takes(frame("index"), FrameKind::MarketData, "indexPrice");
    CHECK(bench.only<IndexPrice>().quote.view() == "USDT");
    bench.takes(frame("pair_index"), FrameKind::MarketData, "indexPriceUpdate");
    CHECK(bench.only<IndexPrice>().quote.view() == "USD");
    bench.takes(frame("trade_insurance"), FrameKind::Ignored, "trade outside the book");
    bench.takes(frame("kline"), FrameKind::Ignored, "kline");
    CHECK(bench.batch.empty());
  }

  TEST_CASE("an account's changes: sides of hedge mode are one position, coin-margined ones are dollars") {
    Bench bench;
    bench.takes(frame("account_update"), FrameKind::Account, "ACCOUNT_UPDATE");
    const auto reports = bench.all<PositionReport>();
    REQUIRE(reports.size() == 3);
    CHECK(reports[0].size == *Size::parse("2.5"));
    CHECK(reports[0].average_entry == 80500);
    CHECK(reports[1].size == *Size::parse("-1.5"));
    CHECK_FALSE(is_present(reports[1].average_entry));
    CHECK(reports[2].size == *Size::parse("-1200"));
    // A wallet without the marks is no equity.
    CHECK(bench.all<AccountSummary>().empty());
  }

  TEST_CASE("the same word means another shape on the options' stream") {
    Bench bench{binance::Product::Options};
    bench.takes(frame("account_update_options"), FrameKind::Account, "ACCOUNT_UPDATE");
    CHECK(bench.only<AccountSummary>().equity == 92000.5);
    CHECK(bench.only<AccountSummary>().margin_balance == 119000);
    CHECK(bench.only<AccountSummary>().balance == 120000);
    bench.takes(frame("option_positions"), FrameKind::Account, "BALANCE_POSITION_UPDATE");
    CHECK(bench.only<PositionReport>().size == *Size::parse("-10.5"));
    bench.takes(frame("option_greeks"), FrameKind::Account, "GREEK_UPDATE");
    CHECK(bench.only<AccountGreeks>().asset.view() == "BTC");
    CHECK(bench.only<AccountGreeks>().options_theta == 838.5);
  }

  TEST_CASE("fees: positive is paid on futures, negative on options") {
    Bench bench;
    bench.takes(frame("order_trade"), FrameKind::Account, "ORDER_TRADE_UPDATE");
    CHECK(bench.only<Fill>().fee == 0.0000018);
    CHECK(bench.only<Fill>().size == *Size::parse("300"));
    CHECK(bench.only<ForcedEvent>().kind == ForcedEventKind::AutoDeleveraging);
    bench.takes(frame("order_trade_option"), FrameKind::Account, "ORDER_TRADE_UPDATE");
    CHECK(bench.only<Fill>().fee == 1.62);
    bench.takes(with(frame("order_trade"), "\"x\":\"TRADE\"", "\"x\":\"NEW\""), FrameKind::Ignored, "order without a trade");
  }

  TEST_CASE("a key that may do more than read, and one that another answer says nothing of") {
    Bench bench;
    const auto may_trade = [&](std::string_view text) {
      REQUIRE(bench.decode(text).ok());
      return bench.decoder->decode_may_trade();
    };
    CHECK_FALSE(may_trade(R"({"ipRestrict":true,"enableReading":true,"enableFutures":false,"enableFixReadOnly":true})").value());
    CHECK(may_trade(R"({"enableReading":true,"enableVanillaOptions":true})").value());
    CHECK(may_trade(R"({"enableWithdrawals":true,"enableReading":true})").value());
    CHECK_FALSE(may_trade(R"({"enableFutures":false})").ok());
    REQUIRE(bench.decode(R"({"serverTime":1801234567000})").ok());
    CHECK(bench.decoder->decode_server_time().value() == from_nanoseconds<VenueTime>(1'801'234'567'000'000'000));
    REQUIRE(bench.decode("{}").ok());
    CHECK_FALSE(bench.decoder->decode_server_time().ok());
  }

  TEST_CASE("spot balances, statements of positions and of accounts") {
    Bench bench;
    bench.takes(frame("spot_balances"), FrameKind::Account, "outboundAccountPosition");
    CHECK(bench.only<AccountSummary>().equity == 10.75);
    bench.reads(frame("reply_positions"), FrameKind::Account, "positionRisk",
                [&] { return bench.decoder->decode_positions(MonoTime{}, bench.batch); });
    CHECK(bench.only<PositionReport>().size == *Size::parse("-9.479"));
    CHECK(bench.all<PositionSnapshotEnd>().size() == 1);
    // Whatever sign the quantity has, the side decides.
    bench.reads(frame("reply_option_positions"), FrameKind::Account, "positionRisk",
                [&] { return bench.decoder->decode_positions(MonoTime{}, bench.batch); });
    CHECK(bench.only<PositionReport>().size == *Size::parse("-2.5"));
    bench.reads(with(frame("reply_option_positions"), "\"-2.5\"", "\"2.5\""), FrameKind::Account, "positionRisk",
                [&] { return bench.decoder->decode_positions(MonoTime{}, bench.batch); });
    CHECK(bench.only<PositionReport>().size == *Size::parse("-2.5"));
    bench.reads(frame("reply_account"), FrameKind::Account, "account",
                [&] { return bench.decoder->decode_account(MonoTime{}, bench.batch); });
    CHECK(bench.only<AccountSummary>().equity == 950);
    CHECK(bench.only<AccountSummary>().balance == 1000);
  }

  TEST_CASE("listings: steps from the filters, an option of 1,000 coins a contract is left out, and so is what was delisted") {
    Bench bench;
    bench.reads(frame("reply_exchange_info"), FrameKind::Control, "exchangeInfo",
                [&] { return bench.decoder->decode_instruments(MonoTime{}, bench.batch); });
    const auto listed = bench.all<InstrumentListed>();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].contract.lot == 0.001);
    CHECK(listed[0].contract.kind == ContractKind::Future);
    CHECK(listed[1].contract.contract_size == 10);
    CHECK(listed[1].contract.style == PayoffStyle::Inverse);
    CHECK(bench.decoder->detail().left_out_rows == 1);
    bench.reads(frame("reply_option_info"), FrameKind::Control, "exchangeInfo",
                [&] { return bench.decoder->decode_instruments(MonoTime{}, bench.batch); });
    CHECK(bench.only<InstrumentListed>().contract.strike == 95000);
    CHECK(bench.decoder->detail().left_out_rows == 1);
  }

  TEST_CASE("what a connection says about itself") {
    Bench bench;
    bench.takes(frame("acknowledgement"), FrameKind::Control, "acknowledgement");
    CHECK(std::string{bench.decoder->detail().request} == "11");
    bench.takes(frame("refused"), FrameKind::Control, "error");
    CHECK(bench.decoder->detail().code == 2);
    bench.takes(R"({"code":-1121,"msg":"Invalid symbol."})", FrameKind::Control, "error");
    CHECK(bench.decoder->detail().code == -1121);
    bench.takes(frame("key_expired"), FrameKind::Control, "listenKeyExpired");
    CHECK(bench.decoder->detail().control == ControlKind::KeyExpired);
    bench.takes(with(frame("key_expired"), "listenKeyExpired", "@dataStream#expired"), FrameKind::Control, "listenKeyExpired");
    bench.takes(frame("shutdown"), FrameKind::Control, "serverShutdown");
    CHECK(bench.decoder->detail().control == ControlKind::Upgrade);
    bench.refuses(with(frame("kline"), "\"e\":\"kline\"", "\"e\":\"lottery\""), DecodeFault::UnknownChannel, "e");
  }

  TEST_CASE("names of all kinds") {
    using binance::contract_from_name;
    CHECK(contract_from_name("ETHUSD_PERP")->contract_size == 10);
    CHECK(contract_from_name("BTCUSD_261225")->contract_size == 100);
    CHECK(contract_from_name("BTCUSDT_261225")->style == PayoffStyle::Linear);
    CHECK(contract_from_name("XRP-261225-2.5-C")->strike == 2.5);
    CHECK_FALSE(contract_from_name("BTC-261325-95000-C").has_value());
    CHECK_FALSE(contract_from_name("BTCUSDT_PEPR").has_value());
    CHECK_FALSE(contract_from_name("USDT").has_value());
  }
}
