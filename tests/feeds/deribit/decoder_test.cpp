#include "feeds/deribit/decoder.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "feeds/deribit/frames.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

void decodes(Bench& bench, const std::string& text, FrameKind kind, std::string_view channel) {
  const auto decoded = bench.decode(text);
  CAPTURE(text);
  if (!decoded.ok()) {
    const std::string fault{label(decoded.error().fault)};
    const std::string field{decoded.error().field};
    FAIL(fault << " " << field);
  }
  CHECK(decoded.value().kind == kind);
  CHECK(std::string{decoded.value().channel} == std::string{channel});
}

void refuses(Bench& bench, const std::string& text, DecodeFault fault, std::string_view field) {
  const auto decoded = bench.decode(text);
  CAPTURE(text);
  REQUIRE_FALSE(decoded.ok());
  CHECK(std::string{label(decoded.error().fault)} == std::string{label(fault)});
  CHECK(std::string{decoded.error().field} == std::string{field});
  CHECK(bench.batch.empty());
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  const std::string missing{what};
  REQUIRE_MESSAGE(at != std::string::npos, missing);
  return text.replace(at, what.size(), with);
}

std::int64_t milliseconds(const Event& event) { return nanoseconds_of(event.header.exchange_time) / 1'000'000; }

}  // namespace

TEST_SUITE("feeds/deribit/decoder") {
  TEST_CASE("an option ticker becomes a quote, a mark in typed units and the venue's Greeks") {
    Bench bench;
    decodes(bench, frame_text("ticker_option"), FrameKind::MarketData, "ticker");
    REQUIRE(bench.batch.size() == 3);
    const auto quote = bench.only<Quote>();
    CHECK(quote.bid == Price::parse("0.0615"));
    CHECK(quote.ask == Price::parse("0.0635"));
    CHECK(quote.bid_size == *Size::parse("3.2"));
    CHECK(quote.ask_size == *Size::parse("7.5"));
    const auto mark = bench.only<Mark>();
    CHECK(mark.price == 0.0624);
    CHECK(mark.vol == doctest::Approx(0.5208).epsilon(1e-15));
    CHECK(mark.forward == 89105.25);
    CHECK(mark.index == 88412.5);
    CHECK(mark.rate == 0.0);
    const auto greeks = bench.only<VenueGreeks>();
    CHECK(greeks.delta == -0.47213);
    CHECK(greeks.gamma == 0.00002);
    CHECK(greeks.vega == 101.337);
    CHECK(greeks.theta == -61.25);
    CHECK(greeks.rho == -38.75);
    for (const Event& event : bench.batch.events()) {
      CHECK(bench.symbols.name(event.header.instrument) == "BTC-26MAR27-90000-P");
      CHECK(milliseconds(event) == 1801234567890);
      CHECK(event.header.connection == ConnectionId{1});
      CHECK(event.header.account == kNoAccount);
    }
  }

  TEST_CASE("a perpetual's ticker carries funding, and its forward is unknown") {
    Bench bench;
    decodes(bench, frame_text("ticker_perpetual"), FrameKind::MarketData, "ticker");
    CHECK(bench.batch.size() == 3);
    CHECK(bench.only<Quote>().ask_size == *Size::parse("8700"));
    CHECK(bench.only<Funding>().current_rate_8h == 0.00001225);
    CHECK(bench.only<Funding>().average_rate_8h == -3.1e-5);
    CHECK(bench.only<Mark>().price == 3051.42);
    CHECK_FALSE(is_present(bench.only<Mark>().forward));
    CHECK_FALSE(is_present(bench.only<Mark>().vol));
  }

  TEST_CASE("null and 0.0 are empty sides, never prices of zero") {
    Bench bench;
    decodes(bench, frame_text("ticker_future"), FrameKind::MarketData, "ticker");
    CHECK(bench.only<Quote>().bid.has_value());
    CHECK_FALSE(bench.only<Quote>().ask.has_value());
    decodes(bench, frame_text("ticker_linear_option"), FrameKind::MarketData, "ticker");
    CHECK_FALSE(bench.only<Quote>().bid.has_value());
    CHECK(bench.only<Quote>().ask == Price::parse("0.0815"));
    decodes(bench, frame_text("quote_one_sided"), FrameKind::MarketData, "quote");
    CHECK_FALSE(bench.only<Quote>().bid.has_value());
    CHECK(bench.only<Quote>().ask == Price::parse("0.0635"));
  }

  TEST_CASE("a delivery price is told once the contract has expired, and is no estimate before") {
    Bench bench;
    const std::string early = replaced(frame_text("ticker_future"), "\"last_price\":null", "\"delivery_price\":88400.5");
    decodes(bench, early, FrameKind::MarketData, "ticker");
    CHECK(bench.all<InstrumentDelivered>().empty());
    decodes(bench, replaced(early, "1801234567910", "1813910400000"), FrameKind::MarketData, "ticker");
    CHECK(bench.only<InstrumentDelivered>().price == 88'400.5);
  }

  TEST_CASE("a vol of zero is no vol, a far option's mark of zero is a mark") {
    Bench bench;
    const std::string text = replaced(replaced(frame_text("ticker_option"), "52.08", "0.0"), "0.0624", "0.0");
    decodes(bench, text, FrameKind::MarketData, "ticker");
    CHECK_FALSE(is_present(bench.only<Mark>().vol));
    CHECK(bench.only<Mark>().price == 0.0);
  }

  TEST_CASE("combos are ignored by name, whatever signs their numbers have") {
    Bench bench;
    decodes(bench, frame_text("ticker_combo"), FrameKind::Ignored, "combo");
    CHECK(bench.batch.empty());
    CHECK(deribit::is_combo_name("BTC-CS-25DEC26-70000_75000"));
    CHECK_FALSE(deribit::is_combo_name("BTC-PERPETUAL"));
    CHECK_FALSE(deribit::is_combo_name("BTC-26MAR27-90000-P"));
    CHECK_FALSE(deribit::is_combo_name("ETH_USDC"));
  }

  TEST_CASE("a quote that exact numbers cannot hold is left out alone and counted") {
    Bench bench;
    decodes(bench, replaced(frame_text("ticker_option"), "\"best_bid_amount\":3.2", "\"best_bid_amount\":3.2e30"),
            FrameKind::MarketData, "ticker");
    CHECK(bench.all<Quote>().empty());
    CHECK(bench.only<Mark>().price == 0.0624);
    CHECK(bench.decoder.detail().refused_fields == 1);
  }

  TEST_CASE("an incremental book gives its levels and the chain of its change ids") {
    Bench bench;
    decodes(bench, frame_text("book_snapshot"), FrameKind::MarketData, "book");
    REQUIRE(bench.batch.size() == 6);
    CHECK(std::get<BookBegin>(bench.batch.events()[0].body).snapshot);
    CHECK(std::get<BookEnd>(bench.batch.events()[5].body).sequence == 9007199254740993U);
    const auto levels = bench.all<BookLevel>();
    CHECK(levels[0].side == Side::Buy);
    CHECK(levels[3].side == Side::Sell);
    CHECK(levels[3].size == *Size::parse("1000200"));
    CHECK(bench.decoder.detail().book == deribit::BookForm::Snapshot);
    CHECK(bench.decoder.detail().previous_change_id == 0);

    decodes(bench, frame_text("book_change"), FrameKind::MarketData, "book");
    CHECK_FALSE(bench.only<BookBegin>().snapshot);
    CHECK(bench.only<BookEnd>().sequence == 18446744073709551615U);
    CHECK(bench.decoder.detail().book == deribit::BookForm::Change);
    CHECK(bench.decoder.detail().previous_change_id == 9007199254740993U);
    CHECK(bench.all<BookLevel>()[1].size == Size{});
    CHECK(std::string{bench.decoder.detail().channel_name} == "book.BTC-PERPETUAL.100ms");
  }

  TEST_CASE("a grouped book is a snapshot each time") {
    Bench bench;
    decodes(bench, frame_text("book_top10"), FrameKind::MarketData, "book");
    CHECK(bench.only<BookBegin>().snapshot);
    CHECK(bench.all<BookLevel>().size() == 2);
    CHECK(bench.decoder.detail().book == deribit::BookForm::Grouped);
  }

  TEST_CASE("a book with a level that cannot be held is an error as a whole") {
    Bench bench;
    const std::string book = frame_text("book_change");
    refuses(bench, replaced(book, "88410.0,500.0", "88410.0,1e40"), DecodeFault::BadNumber, "asks");
    refuses(bench, replaced(book, "88410.0,500.0", "0.0,500.0"), DecodeFault::BadValue, "asks");
    refuses(bench, replaced(book, "88410.0,500.0", "88410.0"), DecodeFault::MissingField, "asks");
    refuses(bench, replaced(book, "\"new\"", "\"moved\""), DecodeFault::UnknownWord, "asks");
    refuses(bench, replaced(book, "\"prev_change_id\":9007199254740993,", ""), DecodeFault::MissingField, "prev_change_id");
    refuses(bench, replaced(book, "\"type\":\"change\"", "\"type\":\"patch\""), DecodeFault::UnknownWord, "type");
    refuses(bench, replaced(book, "\"type\":\"change\",", ""), DecodeFault::MissingField, "type");
    refuses(bench, replaced(frame_text("book_top10"), "[0.061,30.0]", "[0.061]"), DecodeFault::MissingField, "bids");
  }

  TEST_CASE("trades keep the taker's side and their sequence; a combo's own trade is left out") {
    Bench bench;
    decodes(bench, frame_text("trades"), FrameKind::MarketData, "trades");
    const auto trade = bench.only<Trade>();
    CHECK(trade.price == *Price::parse("0.0625"));
    CHECK(trade.size == *Size::parse("2.5"));
    CHECK(trade.sequence == 812);
    CHECK(trade.aggressor == Side::Buy);
    CHECK(bench.decoder.detail().left_out_rows == 1);
  }

  TEST_CASE("the mark surface states vols as fractions") {
    Bench bench;
    decodes(bench, frame_text("mark_surface"), FrameKind::MarketData, "markprice.options");
    const auto marks = bench.all<Mark>();
    REQUIRE(marks.size() == 2);
    CHECK(marks[0].vol == 0.5208);
    CHECK(marks[1].price == 0.0523);
    CHECK_FALSE(is_present(marks[0].forward));
  }

  TEST_CASE("one unlisted row of a surface is counted and named, and costs the others nothing") {
    Bench bench;
    decodes(bench, replaced(frame_text("mark_surface"), "BTC-26MAR27-90000-C", "BTC-26MAR27-91000-C"), FrameKind::MarketData,
            "markprice.options");
    CHECK(bench.all<Mark>().size() == 1);
    CHECK(bench.decoder.detail().unknown_rows == 1);
    REQUIRE(bench.decoder.detail().unknown.size() == 1);
    CHECK(std::string{bench.decoder.detail().unknown[0]} == "BTC-26MAR27-91000-C");
  }

  TEST_CASE("index, funding and states") {
    Bench bench;
    decodes(bench, frame_text("price_index"), FrameKind::MarketData, "deribit_price_index");
    CHECK(std::string{bench.only<IndexPrice>().base.view()} == "ETH");
    CHECK(std::string{bench.only<IndexPrice>().quote.view()} == "USDC");
    CHECK(bench.only<IndexPrice>().price == 3050.88);
    decodes(bench, frame_text("perpetual"), FrameKind::MarketData, "perpetual");
    CHECK(bench.only<Funding>().current_rate_8h == -0.000215);
    decodes(bench, frame_text("instrument_state"), FrameKind::Control, "instrument.state");
    CHECK(bench.only<InstrumentStateChanged>().phase == InstrumentPhase::Expired);
    decodes(bench, replaced(frame_text("instrument_state"), "delivered", "resting"), FrameKind::Ignored,
            "instrument.state with a new word");
    decodes(bench, replaced(replaced(frame_text("instrument_state"), "delivered", "open"), "90000-P", "92000-P"),
            FrameKind::Ignored, "instrument.state of an unlisted instrument");
    CHECK(bench.decoder.detail().tradable);
    CHECK(std::string{bench.decoder.detail().state_instrument} == "BTC-26MAR27-92000-P");
    decodes(bench, frame_text("platform_locked"), FrameKind::Control, "platform_state");
    CHECK(bench.only<PlatformState>().locked);
    CHECK(bench.decoder.detail().locked == std::optional{true});
    CHECK_FALSE(bench.decoder.detail().maintenance.has_value());
    decodes(bench, frame_text("platform_maintenance"), FrameKind::Control, "platform_state");
    CHECK(bench.only<PlatformState>().maintenance);
  }

  TEST_CASE("a created instrument is listed and known from then on") {
    Bench bench;
    decodes(bench, frame_text("instrument_creation"), FrameKind::Control, "instrument.creation");
    const Contract contract = bench.only<InstrumentListed>().contract;
    CHECK(contract.kind == ContractKind::Option);
    CHECK(contract.style == PayoffStyle::Inverse);
    CHECK(std::string{contract.quote.view()} == "USD");
    CHECK(contract.lot == 0.1);
    CHECK(bench.symbols.find("BTC-26MAR27-95000-C").has_value());
  }

  TEST_CASE("a list of instruments gives payoff, size unit and expiry, with or without the newer fields") {
    Bench bench;
    decodes(bench, frame_text("reply_instruments"), FrameKind::Control, "get_instruments");
    const auto listed = bench.all<InstrumentListed>();
    REQUIRE(listed.size() == 5);
    CHECK(bench.decoder.detail().left_out_rows == 1);
    CHECK(listed[0].contract.right == OptionRight::Put);
    CHECK(listed[0].contract.strike == 90000);
    CHECK(listed[0].contract.size_unit == SizeUnit::Base);
    CHECK(nanoseconds_of(listed[0].contract.expiry) == 1806048000000'000'000);
    CHECK(listed[1].contract.kind == ContractKind::Perpetual);
    CHECK(listed[1].contract.expiry == kNoVenueTime);
    CHECK(listed[1].contract.size_unit == SizeUnit::Quote);
    CHECK(listed[2].contract.style == PayoffStyle::Linear);
    CHECK(listed[2].contract.contract_size == 1000);
    CHECK(listed[2].contract.strike == 2.4);
    CHECK(listed[3].contract.kind == ContractKind::Spot);
    CHECK(std::string{listed[3].contract.settlement.view()} == "USDC");
    CHECK(listed[4].contract.style == PayoffStyle::Inverse);
    CHECK(std::string{listed[4].contract.settlement.view()} == "BTC");
  }

  TEST_CASE("an odd listing is left out of a list and is an error alone") {
    Bench bench;
    decodes(bench, replaced(frame_text("reply_instruments"), "\"strike\":2.4", "\"strike\":-2.4"), FrameKind::Control,
            "get_instruments");
    CHECK(bench.all<InstrumentListed>().size() == 4);
    CHECK(bench.decoder.detail().left_out_rows == 2);
    refuses(bench, replaced(frame_text("instrument_creation"), "95000.0", "-95000.0"), DecodeFault::BadValue, "strike");
    refuses(bench, replaced(frame_text("instrument_creation"), "1806048000000", "92233720368547758"), DecodeFault::BadValue,
            "expiration_timestamp");
    CHECK_FALSE(bench.symbols.find("BTC-26MAR27-95000-C").has_value());
  }

  TEST_CASE("account channels carry the account and the venue's own totals") {
    Bench bench;
    decodes(bench, frame_text("portfolio"), FrameKind::Account, "user.portfolio");
    const auto summary = bench.only<AccountSummary>();
    CHECK(summary.equity == 55.1234);
    CHECK(summary.margin_balance == 56.75);
    CHECK(summary.maintenance_margin == 3.25);
    CHECK(summary.cross_collateral);
    const auto totals = bench.only<AccountGreeks>();
    CHECK(totals.delta_total == 1.125);
    CHECK(totals.options_theta == 1450.25);
    for (const Event& event : bench.batch.events()) CHECK(event.header.account == AccountId{2});
  }

  TEST_CASE("changes give the fill with our own side and the position with its direction's sign") {
    Bench bench;
    decodes(bench, frame_text("changes"), FrameKind::Account, "user.changes");
    const auto fill = bench.only<Fill>();
    CHECK(fill.side == Side::Sell);
    CHECK(fill.fee == -0.00002555);
    CHECK(fill.liquidation);
    CHECK(fill.sequence == 91234567);
    const auto positions = bench.all<PositionReport>();
    REQUIRE(positions.size() == 2);
    CHECK(positions[0].size == *Size::parse("-910000"));
    CHECK(positions[0].average_entry == 88100.25);
    CHECK(positions[1].size == Size{});
    CHECK_FALSE(is_present(positions[1].average_entry));
    for (const Event& event : bench.batch.events()) CHECK(milliseconds(event) == 1801234569500);
  }

  TEST_CASE("a position whose size has the wrong sign follows its direction") {
    Bench bench;
    decodes(bench, replaced(frame_text("changes"), "\"size\":-910000.0", "\"size\":910000.0"), FrameKind::Account, "user.changes");
    CHECK(bench.all<PositionReport>()[0].size == *Size::parse("-910000"));
  }

  TEST_CASE("a position in an unlisted instrument voids the whole statement and names it") {
    Bench bench;
    refuses(bench, replaced(frame_text("reply_positions"), "BTC-PERPETUAL", "SOL-PERPETUAL"), DecodeFault::UnknownInstrument,
            "instrument_name");
    REQUIRE(bench.decoder.detail().unknown.size() == 1);
    CHECK(std::string{bench.decoder.detail().unknown[0]} == "SOL-PERPETUAL");
  }

  TEST_CASE("a position snapshot stands between its begin and end") {
    Bench bench;
    decodes(bench, frame_text("reply_positions"), FrameKind::Account, "get_positions");
    REQUIRE(bench.batch.size() == 4);
    CHECK(std::holds_alternative<PositionSnapshotBegin>(bench.batch.events().front().body));
    CHECK(std::holds_alternative<PositionSnapshotEnd>(bench.batch.events().back().body));
    CHECK(bench.all<PositionReport>()[0].size == *Size::parse("-25"));
    CHECK(bench.all<PositionReport>()[0].venue_delta_coins == 11.80325);
    CHECK(bench.batch.events().back().header.instrument == kNoInstrument);
    CHECK(milliseconds(bench.batch.events().back()) == 1801234570004);
  }

  TEST_CASE("a history of trades tells fills at their own times, and whether there are more") {
    Bench bench;
    decodes(bench, frame_text("reply_user_trades"), FrameKind::Account, "get_user_trades");
    const auto fills = bench.all<Fill>();
    REQUIRE(fills.size() == 2);
    CHECK(fills[0].side == Side::Sell);
    CHECK(fills[0].fee == -0.00002555);
    CHECK(fills[1].sequence == 4412);
    CHECK(fills[1].size == *Size::parse("2.5"));
    CHECK(milliseconds(bench.batch.events()[0]) == 1801234569500);
    CHECK(milliseconds(bench.batch.events()[1]) == 1801234570001);
    CHECK(bench.decoder.detail().has_more == true);
    for (const Event& event : bench.batch.events()) CHECK(event.header.account == AccountId{2});
  }

  TEST_CASE("a history's trade without a number is refused, one in an unlisted instrument is left out and named") {
    Bench bench;
    refuses(bench, replaced(frame_text("reply_user_trades"), "\"trade_seq\":4412,", ""), DecodeFault::MissingField, "trade_seq");
    decodes(bench, replaced(frame_text("reply_user_trades"), "BTC-PERPETUAL", "SOL-PERPETUAL"), FrameKind::Account,
            "get_user_trades");
    CHECK(bench.all<Fill>().size() == 1);
    CHECK(bench.decoder.detail().unknown_rows == 1);
  }

  TEST_CASE("open orders stand between begin and end, with what remains of them; triggers that were not reached do not rest") {
    Bench bench;
    decodes(bench, frame_text("reply_open_orders"), FrameKind::Account, "get_open_orders");
    REQUIRE(bench.batch.size() == 5);
    CHECK(std::holds_alternative<WorkingOrdersBegin>(bench.batch.events().front().body));
    CHECK(std::holds_alternative<WorkingOrdersEnd>(bench.batch.events().back().body));
    const auto orders = bench.all<WorkingOrder>();
    CHECK(orders[0].order == 99123456900);
    CHECK(orders[0].remaining == *Size::parse("30000"));
    CHECK(orders[0].side == Side::Buy);
    CHECK(orders[1].remaining == Size{});
    CHECK(orders[1].order > 99123456910);
    CHECK(orders[2].remaining == *Size::parse("2.5"));
    CHECK(orders[2].side == Side::Sell);
    CHECK(milliseconds(bench.batch.events()[1]) == 1801234569000);
    CHECK(milliseconds(bench.batch.events().back()) == 1801234571000);
  }

  TEST_CASE("an order that cannot be told voids the statement") {
    const std::string good = frame_text("reply_open_orders");
    Bench bench;
    refuses(bench, replaced(good, "BTC-26MAR27-90000-P", "SOL-PERPETUAL"), DecodeFault::UnknownInstrument, "instrument_name");
    refuses(bench, replaced(good, "\"filled_amount\":20000.0", "\"filled_amount\":60000.0"), DecodeFault::BadValue,
            "filled_amount");
    refuses(bench, replaced(good, "\"order_id\":\"99123456900\",", ""), DecodeFault::MissingField, "order_id");
    refuses(bench, replaced(good, "\"direction\":\"buy\"", "\"direction\":\"hold\""), DecodeFault::UnknownWord, "direction");
  }

  TEST_CASE("orders in a message about changes are told with it") {
    Bench bench;
    const std::string order =
        R"("orders":[{"order_id":"77","instrument_name":"BTC-PERPETUAL","direction":"sell","order_state":"cancelled","amount":10.0,"filled_amount":4.0,"last_update_timestamp":1801234569400}])";
    decodes(bench, replaced(frame_text("changes"), "\"orders\":[]", order), FrameKind::Account, "user.changes");
    CHECK(bench.only<WorkingOrder>().order == 77);
    CHECK(bench.only<WorkingOrder>().remaining == Size{});
    CHECK(bench.all<Fill>().size() == 1);
    CHECK(bench.all<PositionReport>().size() == 2);
  }

  TEST_CASE("summaries come per currency") {
    Bench bench;
    decodes(bench, frame_text("reply_summaries"), FrameKind::Account, "get_account_summaries");
    CHECK(bench.all<AccountSummary>().size() == 2);
    CHECK(bench.all<AccountGreeks>().size() == 1);
    CHECK_FALSE(bench.all<AccountSummary>()[0].cross_collateral);
  }

  TEST_CASE("forced events say what has begun and what has ended") {
    Bench bench;
    decodes(bench, frame_text("lock"), FrameKind::Account, "user.lock");
    CHECK(bench.only<ForcedEvent>().kind == ForcedEventKind::AccountLock);
    CHECK(bench.only<ForcedEvent>().active);
    decodes(bench, replaced(frame_text("lock"), "true", "false"), FrameKind::Account, "user.lock");
    CHECK_FALSE(bench.only<ForcedEvent>().active);
    decodes(bench, frame_text("market_maker_protection"), FrameKind::Account, "user.mmp_trigger");
    CHECK(bench.only<ForcedEvent>().kind == ForcedEventKind::MarketMakerProtection);
    decodes(bench, frame_text("liquidation_started"), FrameKind::Account, "user.liquidation");
    CHECK(bench.only<ForcedEvent>().kind == ForcedEventKind::Liquidation);
    decodes(bench, replaced(frame_text("liquidation_started"), "started", "completed"), FrameKind::Account, "user.liquidation");
    CHECK_FALSE(bench.only<ForcedEvent>().active);
    decodes(bench, frame_text("deleveraging"), FrameKind::Account, "user.liquidation");
    CHECK(bench.only<ForcedEvent>().kind == ForcedEventKind::AutoDeleveraging);
    decodes(bench, replaced(frame_text("deleveraging"), "adl_transfer", "new_state"), FrameKind::Account, "user.liquidation");
    CHECK(bench.only<ForcedEvent>().kind == ForcedEventKind::Other);
  }

  TEST_CASE("replies and heartbeats are told to the session") {
    Bench bench;
    decodes(bench, frame_text("reply_subscribe"), FrameKind::Reply, "reply");
    CHECK(bench.decoder.detail().has_id);
    CHECK(bench.decoder.detail().id == 21);
    CHECK(bench.decoder.detail().testnet == std::optional{false});
    CHECK(bench.decoder.detail().sent_at_us == 1801234570000400);
    std::vector<std::string> channels;
    CHECK(bench.decoder.decode_channels([&](std::string_view channel) { channels.emplace_back(channel); }));
    CHECK(channels == std::vector<std::string>{"ticker.BTC-PERPETUAL.100ms", "platform_state"});

    decodes(bench, frame_text("reply_error"), FrameKind::Reply, "reply");
    CHECK(bench.decoder.detail().has_error);
    CHECK(bench.decoder.detail().error_code == -32602);
    CHECK(std::string{bench.decoder.detail().error_message} == "Invalid params");
    CHECK(bench.decoder.detail().testnet == std::optional{true});

    decodes(bench, frame_text("reply_auth"), FrameKind::Reply, "reply");
    const auto reply = bench.decoder.decode_auth();
    REQUIRE(reply.ok());
    CHECK(reply.value().expires_in_seconds == 900);
    CHECK(std::string{reply.value().refresh_token} == "1801.refresh.example");

    decodes(bench, frame_text("heartbeat"), FrameKind::Control, "heartbeat");
    CHECK_FALSE(bench.decoder.detail().test_request);
    decodes(bench, frame_text("heartbeat_test_request"), FrameKind::Control, "heartbeat");
    CHECK(bench.decoder.detail().test_request);
  }

  TEST_CASE("channels of no use are ignored by name, unknown ones are errors") {
    Bench bench;
    decodes(bench, frame_text("chart"), FrameKind::Ignored, "chart");
    refuses(bench, replaced(frame_text("chart"), "chart.trades", "charts.trades"), DecodeFault::UnknownChannel, "channel");
    refuses(bench, replaced(frame_text("quote_one_sided"), "quote.", "quotes."), DecodeFault::UnknownChannel, "channel");
  }

  TEST_CASE("an unlisted instrument is an error, or listed as its name implies") {
    const std::string text = replaced(frame_text("ticker_option"), "\"instrument_name\":\"BTC-26MAR27-90000-P\"",
                                      "\"instrument_name\":\"ETH-5JUN26-2750-C\"");
    Bench strict;
    refuses(strict, text, DecodeFault::UnknownInstrument, "instrument_name");
    Bench lenient{deribit::UnknownInstrument::Imply};
    decodes(lenient, text, FrameKind::MarketData, "ticker");
    const Contract contract = lenient.only<InstrumentListed>().contract;
    CHECK(contract.strike == 2750);
    CHECK(contract.style == PayoffStyle::Inverse);
    CHECK(nanoseconds_of(contract.expiry) == 1780646400'000'000'000);
    CHECK(std::holds_alternative<InstrumentListed>(lenient.batch.events().front().body));
    decodes(lenient, text, FrameKind::MarketData, "ticker");
    CHECK(lenient.all<InstrumentListed>().empty());

    Bench book{deribit::UnknownInstrument::Imply};
    decodes(book,
            replaced(frame_text("book_top10"), "\"instrument_name\":\"BTC-26MAR27-90000-P\"", "\"instrument_name\":\"BTC-1MAY26\""),
            FrameKind::MarketData, "book");
    CHECK(std::holds_alternative<InstrumentListed>(book.batch.events()[0].body));
    CHECK(std::holds_alternative<BookBegin>(book.batch.events()[1].body));
    CHECK(std::holds_alternative<BookEnd>(book.batch.events().back().body));
  }

  TEST_CASE("a time beyond the year 2262 is refused") {
    Bench bench;
    refuses(bench, replaced(frame_text("ticker_option"), "1801234567890", "32503708800000"), DecodeFault::BadValue, "timestamp");
    refuses(bench, replaced(frame_text("ticker_option"), "1801234567890", "-5"), DecodeFault::BadValue, "timestamp");
    refuses(bench, replaced(frame_text("ticker_option"), "\"timestamp\":1801234567890,", ""), DecodeFault::MissingField,
            "timestamp");
  }

  TEST_CASE("a full batch is an error that leaves nothing behind, not even a listing") {
    deribit::Symbols symbols;
    deribit::Decoder decoder{symbols, {.unknown = deribit::UnknownInstrument::Imply}};
    EventBatch small{3};
    const simdjson::padded_string frame{frame_text("ticker_option")};
    const auto decoded = decoder.decode(frame, MonoTime{}, small);
    REQUIRE_FALSE(decoded.ok());
    CHECK(decoded.error().fault == DecodeFault::BatchFull);
    CHECK(small.empty());
    CHECK(symbols.size() == 0);
  }
}
