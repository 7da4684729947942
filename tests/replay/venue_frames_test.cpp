#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <sstream>
#include <string>

#include "daemon/commands/decode_command.hpp"
#include "shared_files.hpp"

// Every recorded line of Binance, OKX and Bybit decodes or is counted under a named reason.

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

using Counts = std::map<std::string, std::uint64_t>;

void is(Venue venue, const std::string& file, const Counts& expected, const std::string& totals) {
  auto opened = RecordedFrames::open(*shared_directory() / "data" / label(venue) / file);
  REQUIRE(opened.ok());
  RecordedFrames frames = std::move(opened).value();
  std::ostringstream out;
  std::ostringstream messages;
  decode_frames(venue, frames, {.summary_only = true}, out, messages);
  std::istringstream lines{messages.str()};
  Counts counts;
  std::string found_totals;
  bool table = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "count channel outcome reason") {
      table = true;
    } else if (table && line.find(" records, ") != std::string::npos) {
      found_totals = line;
    } else if (table) {
      const std::size_t space = line.find(' ');
      counts[line.substr(space + 1)] = std::stoull(line.substr(0, space));
    }
  }
  for (const auto& [reason, count] : expected) {
    CAPTURE(reason);
    const auto found = counts.find(reason);
    CHECK((found == counts.end() ? 0 : found->second) == count);
  }
  for (const auto& [reason, count] : counts) {
    CAPTURE(reason);
    CAPTURE(count);
    CHECK(expected.contains(reason));
  }
  CHECK(found_totals == totals);
}

}  // namespace

TEST_SUITE("replay/venue_frames") {
  TEST_CASE("Binance, single frames: crypto msg parser 2021 2022") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Binance, "crypto_msg_parser_2021_2022.jsonl",
       {{"24hrTicker ignored of no use", 10},
        {"aggTrade decoded", 5},
        {"bookTicker decoded", 5},
        {"depth decoded", 5},
        {"depth levels decoded", 6},
        {"kline ignored of no use", 5},
        {"markPriceUpdate decoded", 4},
        {"reply ignored depth without a symbol", 5},
        {"reply ignored of another kind", 4},
        {"ticker_all ignored of no use", 1},
        {"trade_all ignored of no use", 1}},
       "51 records, 107 events");
  }

  TEST_CASE("Binance, a session of spot") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Binance, "cryptofeed_spot_20211012.jsonl.zst",
       {{"aggTrade decoded", 2},
        {"bookTicker decoded", 84},
        {"depth decoded", 181},
        {"exchangeInfo decoded", 1},
        {"exchangeInfo row left out", 437},
        {"kline ignored of no use", 2},
        {"record ignored connect", 1},
        {"record ignored header", 1}},
       "272 records, 6776 events");
  }

  TEST_CASE("Binance, a session of futures") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Binance, "cryptofeed_usdm_20210722.jsonl.zst",
       {{"aggTrade decoded", 91},
        {"bookTicker decoded", 613},
        {"depth decoded", 768},
        {"exchangeInfo decoded", 1},
        {"exchangeInfo row left out", 2},
        {"kline ignored of no use", 67},
        {"record ignored connect", 1},
        {"record ignored header", 1}},
       "1542 records, 14270 events");
  }

  TEST_CASE("Binance, the documentation of options") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Binance, "docs_options_examples.jsonl",
       {{"24hrTicker ignored of no use", 1},
        {"ORDER_TRADE_UPDATE ignored order without a trade", 1},
        {"account decoded", 2},
        {"acknowledgement decoded", 3},
        {"bookTicker decoded", 1},
        {"depthUpdate decoded", 2},
        {"error decoded", 2},
        {"exchangeInfo decoded", 1},
        {"indexPrice decoded", 1},
        {"kline ignored of no use", 1},
        {"listenKeyExpired decoded", 1},
        {"openInterest ignored of no use", 1},
        {"optionSymbol ignored of no use", 1},
        {"reply ignored depth without a symbol", 1},
        {"reply ignored of another kind", 35},
        {"trade decoded", 1}},
       "55 records, 19 events");
  }

  TEST_CASE("Binance, mark prices of 2026") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Binance, "fastmm_usdm_markprice_prod_20260930.jsonl", {{"markPriceUpdate decoded", 20}}, "20 records, 42 events");
  }

  TEST_CASE("Binance, single frames: nautilus test data") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Binance, "nautilus_test_data.jsonl",
       {{"24hrTicker ignored of no use", 1},
        {"ACCOUNT_UPDATE decoded", 2},
        {"ALGO_UPDATE ignored of no use", 2},
        {"ORDER_TRADE_UPDATE decoded", 7},
        {"ORDER_TRADE_UPDATE ignored order without a trade", 2},
        {"TRADE_LITE ignored of no use", 1},
        {"account decoded", 2},
        {"aggTrade decoded", 1},
        {"balanceUpdate ignored of no use", 2},
        {"bookTicker decoded", 1},
        {"depthUpdate decoded", 1},
        {"exchangeInfo decoded", 1},
        {"exchangeInfo row left out", 1},
        {"executionReport decoded", 1},
        {"executionReport ignored order without a trade", 5},
        {"forceOrder ignored of no use", 1},
        {"kline ignored of no use", 2},
        {"listStatus ignored of no use", 1},
        {"markPriceUpdate decoded", 1},
        {"outboundAccountPosition decoded", 2},
        {"positionRisk decoded", 1},
        {"reply ignored depth without a symbol", 1},
        {"reply ignored of another kind", 18},
        {"trade decoded", 1}},
       "57 records, 36 events");
  }

  TEST_CASE("Binance, single frames: tardis node mappers spot futures") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Binance, "tardis_node_mappers_spot_futures.jsonl",
       {{"24hrTicker ignored of no use", 3},
        {"acknowledgement decoded", 1},
        {"aggTrade decoded", 1},
        {"bookTicker decoded", 3},
        {"depth decoded", 10},
        {"depthSnapshot ignored of no use", 6},
        {"forceOrder ignored of no use", 2},
        {"indexPriceUpdate decoded", 1},
        {"markPriceUpdate decoded", 4},
        {"openInterest ignored of no use", 2},
        {"trade decoded", 5},
        {"trade ignored trade outside the book", 2}},
       "40 records, 69 events");
  }

  TEST_CASE("OKX, single frames: crypto msg parser 2022") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Okx, "crypto_msg_parser_2022.jsonl",
       {{"bbo-tbt decoded", 6},
        {"books-l2-tbt decoded", 5},
        {"books5 decoded", 6},
        {"candle ignored of no use", 6},
        {"funding-rate decoded", 2},
        {"funding-rate row left out", 2},
        {"reply ignored of another kind", 12},
        {"tickers decoded", 6},
        {"trades decoded", 6}},
       "49 records, 124 events");
  }

  TEST_CASE("OKX, a session of books") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Okx, "cryptofeed_books_20220513.jsonl.zst",
       {{"books decoded", 290},
        {"event decoded", 18},
        {"public/instruments decoded", 25},
        {"public/instruments row left out", 15},
        {"record ignored connect", 1},
        {"record ignored header", 1},
        {"request ignored sent by us", 3},
        {"tickers decoded", 28},
        {"trades decoded", 74}},
       "440 records, 16326 events");
  }

  TEST_CASE("OKX, a session of tick-by-tick books; contracts of unlisted coins have no known size") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Okx, "cryptofeed_mixed_l2_tbt_20210722.jsonl.zst",
       {{"books-l2-tbt decoded", 878},
        {"books-l2-tbt error unknown_instrument instId", 626},
        {"event decoded", 30},
        {"record ignored connect", 1},
        {"request ignored sent by us", 1},
        {"tickers decoded", 36},
        {"tickers error unknown_instrument instId", 10},
        {"trades decoded", 28},
        {"trades error unknown_instrument instId", 8}},
       "1618 records, 5400 events");
  }

  TEST_CASE("OKX, books with sequence ids") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Okx, "fastmm_books_bbo_seqid_prod_20260926.jsonl",
       {{"bbo-tbt decoded", 13}, {"books decoded", 14}, {"trades decoded", 3}}, "30 records, 197 events");
  }

  TEST_CASE("OKX, single frames: nautilus test data") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Okx, "nautilus_test_data.jsonl",
       {{"- error missing_field data", 5},
        {"- error wrong_type", 2},
        {"account decoded", 2},
        {"account/balance decoded", 1},
        {"account/positions decoded", 1},
        {"bbo-tbt decoded", 1},
        {"books decoded", 2},
        {"candle ignored of no use", 1},
        {"funding-rate decoded", 1},
        {"instruments decoded", 1},
        {"orders decoded", 8},
        {"orders-algo ignored of no use", 1},
        {"public/instruments decoded", 5},
        {"public/instruments row left out", 4},
        {"public/opt-summary decoded", 1},
        {"reply ignored of another kind", 24},
        {"sprd- ignored of no use", 1},
        {"tickers decoded", 1},
        {"trades decoded", 1}},
       "59 records, 83 events");
  }

  TEST_CASE("OKX, option summaries") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Okx, "opt_summary_btc_20231201.jsonl", {{"opt-summary decoded", 1}}, "1 records, 36 events");
  }

  TEST_CASE("OKX, single frames: tardis node mappers") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Okx, "tardis_node_mappers.jsonl",
       {{"bbo-tbt decoded", 1},
        {"books-l2-tbt decoded", 3},
        {"books-l2-tbt error unknown_instrument instId", 3},
        {"event decoded", 2},
        {"funding-rate error unknown_instrument instId", 3},
        {"index-tickers decoded", 4},
        {"liquidation-orders ignored of no use", 1},
        {"liquidations ignored of no use", 2},
        {"mark-price decoded", 1},
        {"mark-price error unknown_instrument instId", 3},
        {"open-interest ignored of no use", 3},
        {"opt-summary decoded", 2},
        {"price-limit ignored of no use", 1},
        {"tickers decoded", 2},
        {"tickers error unknown_instrument instId", 2},
        {"trades decoded", 3},
        {"trades error unknown_instrument instId", 1},
        {"trades-all ignored of no use", 1}},
       "38 records, 41 events");
  }

  TEST_CASE("Bybit, a session of linear perpetuals") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Bybit, "cryptofeed_v5_linear_btc_eth_20260809.jsonl.zst",
       {{"instruments-info decoded", 2},
        {"instruments-info row left out", 42},
        {"kline ignored of no use", 34},
        {"orderbook decoded", 835},
        {"publicTrade decoded", 28},
        {"record ignored connect", 1},
        {"record ignored header", 1},
        {"request ignored sent by us", 17},
        {"subscribe decoded", 17},
        {"tickers decoded", 401}},
       "1336 records, 15938 events");
  }

  TEST_CASE("Bybit, best prices") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Bybit, "cryptofeed_v5_orderbook1_20250613.jsonl",
       {{"orderbook decoded", 337}, {"record ignored connect", 2}, {"request ignored sent by us", 10}, {"subscribe decoded", 10}},
       "359 records, 347 events");
  }

  TEST_CASE("Bybit, the documentation") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Bybit, "docs_examples.jsonl",
       {{"allLiquidation ignored of no use", 1},
        {"auth decoded", 1},
        {"auth ignored request", 1},
        {"execution decoded", 1},
        {"execution.fast ignored of no use", 1},
        {"greeks decoded", 1},
        {"instruments-info decoded", 2},
        {"insurance ignored of no use", 1},
        {"kline ignored of no use", 1},
        {"order ignored of no use", 1},
        {"orderbook decoded", 1},
        {"orderbook.full ignored of no use", 1},
        {"orderbook.rpi ignored of no use", 1},
        {"pong decoded", 4},
        {"position decoded", 1},
        {"position/list decoded", 1},
        {"priceLimit ignored of no use", 1},
        {"publicTrade decoded", 1},
        {"reply ignored of another kind", 10},
        {"strategy ignored of no use", 1},
        {"subscribe decoded", 5},
        {"subscribe ignored request", 13},
        {"tickers decoded", 2},
        {"unsubscribe ignored request", 1},
        {"wallet decoded", 1},
        {"wallet-balance decoded", 1}},
       "56 records, 32 events");
  }

  TEST_CASE("Bybit, single frames: nautilus test data") {
    if (skip_without_shared("replay/venue_frames")) return;
    is(Venue::Bybit, "nautilus_test_data.jsonl",
       {{"- error unknown_channel topic", 1},
        {"auth decoded", 2},
        {"control error missing_field op", 1},
        {"control ignored operation of no use here", 1},
        {"execution decoded", 2},
        {"execution.fast ignored of no use", 2},
        {"instruments-info decoded", 8},
        {"instruments-info row left out", 4},
        {"kline ignored of no use", 1},
        {"order ignored of no use", 11},
        {"orderbook decoded", 2},
        {"position decoded", 2},
        {"position/list decoded", 2},
        {"reply ignored of another kind", 12},
        {"subscribe decoded", 2},
        {"tickers decoded", 2},
        {"wallet decoded", 3},
        {"wallet-balance decoded", 3}},
       "57 records, 48 events");
  }
}
