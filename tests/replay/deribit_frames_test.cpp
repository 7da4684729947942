#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/commands/command.hpp"
#include "daemon/commands/decode_command.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/frames.hpp"
#include "feeds/deribit/json_tree.hpp"
#include "shared_files.hpp"

// Every recorded Deribit line decodes or is counted under a named reason.

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct Outcome {
  int status = 0;
  std::map<std::string, std::uint64_t> counts;
  std::string totals;
  std::map<std::string, std::uint64_t> events;
};

Outcome decoded(const std::string& file) {
  auto opened = RecordedFrames::open(*shared_directory() / "data/deribit" / file);
  REQUIRE(opened.ok());
  RecordedFrames frames = std::move(opened).value();
  std::ostringstream out;
  std::ostringstream messages;
  Outcome outcome;
  outcome.status = decode_frames(Venue::Deribit, frames, {}, out, messages);
  std::istringstream lines{messages.str()};
  bool table = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "count channel outcome reason") {
      table = true;
    } else if (table && line.find(" records, ") != std::string::npos) {
      outcome.totals = line;
    } else if (table) {
      const std::size_t space = line.find(' ');
      outcome.counts[line.substr(space + 1)] = std::stoull(line.substr(0, space));
    }
  }
  std::istringstream events{out.str()};
  for (std::string line; std::getline(events, line);) {
    const std::size_t from = line.find(":\"") + 2;
    ++outcome.events[line.substr(from, line.find('"', from) - from)];
  }
  return outcome;
}

using Counts = std::map<std::string, std::uint64_t>;

void is(const Outcome& outcome, int status, const Counts& counts, const std::string& totals) {
  CHECK(outcome.status == status);
  for (const auto& [reason, count] : counts) {
    CAPTURE(reason);
    const auto found = outcome.counts.find(reason);
    CHECK((found == outcome.counts.end() ? 0 : found->second) == count);
  }
  for (const auto& [reason, count] : outcome.counts) {
    CAPTURE(reason);
    CAPTURE(count);
    CHECK(counts.contains(reason));
  }
  CHECK(outcome.totals == totals);
}

}  // namespace

TEST_SUITE("replay/deribit_frames") {
  TEST_CASE("the session of July 2021: every ticker, snapshot and change") {
    if (skip_without_shared("replay/deribit_frames")) return;
    const Outcome outcome = decoded("cryptofeed_options_20210722.jsonl.zst");
    is(outcome, kExitSuccess,
       {{"book decoded", 46},
        {"get_instruments decoded", 4},
        {"record ignored connect", 1},
        {"record ignored header", 1},
        {"reply ignored of another kind", 1},
        {"request ignored sent by us", 1},
        {"ticker decoded", 89}},
       "143 records, 1525 events");
    CHECK(outcome.events.at("venue_greeks") == 89);
    CHECK(outcome.events.at("quote") == 89);
    CHECK(outcome.events.at("book_end") == 46);
  }

  TEST_CASE("the chain of May 2020: instruments implied by their names") {
    if (skip_without_shared("replay/deribit_frames")) return;
    const Outcome outcome = decoded("btc_chain_full_greeks_20200514.jsonl.zst");
    is(outcome, kExitSuccess, {{"ticker decoded", 310}}, "310 records, 1240 events");
    CHECK(outcome.events.at("instrument_listed") == 310);
  }

  TEST_CASE("the tickers of September 2026: exponents, nulls, times that step back") {
    if (skip_without_shared("replay/deribit_frames")) return;
    is(decoded("fastmm_tickers_prod_20260930.jsonl"), kExitSuccess, {{"ticker decoded", 23}}, "23 records, 66 events");
  }

  TEST_CASE("single frames of 2021 to 2023") {
    if (skip_without_shared("replay/deribit_frames")) return;
    is(decoded("crypto_msg_parser_2021_2023.jsonl"), kExitSuccess,
       {{"book decoded", 8},
        {"chart ignored of no use", 3},
        {"quote decoded", 2},
        {"reply ignored of another kind", 7},
        {"ticker decoded", 3},
        {"trades decoded", 3}},
       "26 records, 81 events");
  }

  TEST_CASE("a client's fixtures: lists, combos, summaries, an error") {
    if (skip_without_shared("replay/deribit_frames")) return;
    is(decoded("nautilus_test_data.jsonl"), kExitSuccess,
       {{"book decoded", 3},
        {"chart ignored of no use", 1},
        {"deribit_volatility_index ignored of no use", 1},
        {"get_account_summaries decoded", 2},
        {"get_instruments decoded", 5},
        {"get_instruments row left out", 13},
        {"heartbeat decoded", 1},
        {"quote decoded", 1},
        {"reply ignored error 10028", 1},
        {"reply ignored of another kind", 19},
        {"ticker decoded", 1},
        {"trades decoded", 1},
        {"trades ignored combo", 1},
        {"user.portfolio decoded", 1}},
       "38 records, 65 events");
  }

  TEST_CASE("the documentation's channels: only the one whose channel names no instrument is an error") {
    if (skip_without_shared("replay/deribit_frames")) return;
    is(decoded("docs_asyncapi_examples.jsonl"), kExitFault,
       {{"block_rfq ignored of no use", 4},
        {"block_trade_confirmations ignored of no use", 2},
        {"book decoded", 3},
        {"chart ignored of no use", 1},
        {"deribit_price_index decoded", 1},
        {"deribit_price_ranking ignored of no use", 1},
        {"deribit_price_statistics ignored of no use", 1},
        {"deribit_volatility_index ignored of no use", 1},
        {"estimated_expiration_price ignored of no use", 1},
        {"incremental_ticker ignored of no use", 2},
        {"instrument.state decoded", 1},
        {"markprice.options decoded", 1},
        {"perpetual error unknown_instrument instrument_name", 1},
        {"platform_state decoded", 1},
        {"platform_state.public_methods_state ignored of no use", 1},
        {"quote decoded", 1},
        {"ticker decoded", 1},
        {"trades decoded", 2},
        {"user.access_log ignored of no use", 1},
        {"user.changes decoded", 2},
        {"user.combo_trades ignored of no use", 2},
        {"user.lock decoded", 1},
        {"user.orders ignored of no use", 4},
        {"user.portfolio decoded", 1},
        {"user.trades decoded", 2}},
       "39 records, 50 events");
  }

  TEST_CASE("the documentation's replies") {
    if (skip_without_shared("replay/deribit_frames")) return;
    is(decoded("docs_openapi_examples.jsonl"), kExitSuccess,
       {{"get_account_summaries decoded", 3},
        {"get_instruments decoded", 2},
        {"get_positions decoded", 1},
        {"reply ignored of another kind", 15}},
       "21 records, 15 events");
  }

  TEST_CASE("recorded frames with their keys reversed give the same events") {
    if (skip_without_shared("replay/deribit_frames")) return;
    auto opened = RecordedFrames::open(*shared_directory() / "data/deribit/cryptofeed_options_20210722.jsonl.zst");
    REQUIRE(opened.ok());
    RecordedFrames frames = std::move(opened).value();
    Bench straight{deribit::UnknownInstrument::Imply};
    Bench reversed{deribit::UnknownInstrument::Imply};
    int compared = 0;
    while (auto next = frames.next()) {
      REQUIRE(next->ok());
      if (next->value().kind != RecordKind::Received) continue;
      const std::string text{next->value().payload};
      REQUIRE(straight.decode(text).ok());
      REQUIRE(reversed.decode(json_text(json_tree(text), {.reversed = true})).ok());
      auto left = straight.lines();
      auto right = reversed.lines();
      std::sort(left.begin(), left.end());
      std::sort(right.begin(), right.end());
      CHECK(left == right);
      ++compared;
    }
    CHECK(compared == 136);
  }
}
