#include "feeds/simulator/okx_text.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hedgewatch;
using namespace hedgewatch::simulator;

namespace {

struct Bench {
  SyntheticMarket market{{.seed = 3, .start = VenueTime{std::chrono::milliseconds{1'772'625'600'000}}, .strikes_per_side = 1}};
  SyntheticAccount account{{.seed = 3}, market};
  OkxText text{market, 3, false};

  const MarketInstrument& first(std::size_t underlying, ContractKind kind) const {
    for (const MarketInstrument& instrument : market.instruments())
      if (instrument.underlying == underlying && instrument.kind == kind) return instrument;
    FAIL("no such instrument");
    return market.instruments().front();
  }
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("feeds/simulator/okx_text") {
  TEST_CASE("names are made of the family, the date in six digits, the strike and the right") {
    const Bench bench;
    CHECK(bench.text.name(bench.first(0, ContractKind::Perpetual)) == "BTC-USD-SWAP");
    CHECK(bench.text.name(bench.first(1, ContractKind::Perpetual)) == "ETH-USD-SWAP");
    MarketInstrument option = bench.first(0, ContractKind::Option);
    option.strike_usd = 95'000;
    option.right = OptionRight::Put;
    option.expiry = VenueTime{std::chrono::milliseconds{1'798'185'600'000}};
    CHECK(bench.text.name(option) == "BTC-USD-261225-95000-P");
  }

  TEST_CASE("3 bitcoin of options are 300 contracts of 1 times 0.01; 4,000 dollars of an ETH swap are 400 of 10") {
    const Bench bench;
    CHECK(bench.text.contracts(bench.first(0, ContractKind::Option), 3) == doctest::Approx(300));
    CHECK(bench.text.contracts(bench.first(1, ContractKind::Option), 3) == doctest::Approx(30));
    CHECK(bench.text.contracts(bench.first(1, ContractKind::Perpetual), 4'000) == 400);
    CHECK(bench.text.contracts(bench.first(0, ContractKind::Perpetual), 4'000) == 40);
  }

  TEST_CASE("numbers are texts, without a point where none is needed, and empty where there is none") {
    Bench bench;
    MarketInstrument swap = bench.first(0, ContractKind::Perpetual);
    swap.bids = {{95'000, 1'510}};
    swap.asks.clear();
    const std::string row = bench.text.ticker(swap);
    CHECK(has(row, R"("bidPx":"95000","bidSz":"15.1")"));
    CHECK(has(row, R"("askPx":"","askSz":"")"));
    CHECK(has(bench.text.best_prices(swap), R"("asks":[],"bids":[["95000","15.1","0","1"]])"));
  }

  TEST_CASE("a change without an amount takes its level away, and one that changed nothing is empty") {
    Bench bench;
    const std::size_t swap = bench.market.perpetual_of(0);
    const BookChange change{.instrument = swap,
                            .change_id = 12,
                            .previous_change_id = 7,
                            .bids = {{LevelAction::Delete, 95'000.5, 0}},
                            .asks = {{LevelAction::New, 95'001, 200}}};
    const std::string row = bench.text.book_change(change);
    CHECK(has(row, R"("asks":[["95001","2","0","2"]],"bids":[["95000.5","0","0","0"]])"));
    CHECK(has(row, R"("seqId":12,"prevSeqId":7)"));
    const MarketInstrument& quiet = bench.market.instruments()[swap];
    const std::string same = std::to_string(quiet.change_id);
    CHECK(has(bench.text.book_unchanged(quiet), "\"seqId\":" + same + ",\"prevSeqId\":" + same));
  }

  TEST_CASE("in futures mode the account's own margins are empty, and each currency has a ratio") {
    Bench bench;
    const std::string row = bench.text.account(bench.account, {0, 1});
    CHECK(has(row, R"("adjEq":"","availEq":"","imr":"","mmr":"","mgnRatio":"")"));
    CHECK(has(row, R"("ccy":"BTC")"));
    CHECK(has(row, R"("ccy":"ETH")"));
    CHECK_FALSE(has(bench.text.account(bench.account, {1}), R"("ccy":"BTC")"));
  }

  TEST_CASE("a position that is gone has a size of 0 and little else") {
    Bench bench;
    const std::string row = bench.text.closed_position(bench.market.perpetual_of(0));
    CHECK(has(row, R"("pos":"0")"));
    CHECK(has(row, R"("avgPx":"","markPx":"","upl":"")"));
  }
}
