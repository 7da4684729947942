#include "core/portfolio/position_ledger.hpp"

#include <doctest/doctest.h>
#include <simdjson.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>

#include "core/portfolio/funding.hpp"
#include "oracle/vector_table.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

double number(simdjson::dom::element element) {
  if (element.is_string()) return std::strtod(std::string{std::string_view{element}}.c_str(), nullptr);
  if (element.is_int64()) return static_cast<double>(std::int64_t{element});
  return double{element};
}

Size size(double value) { return Size::from_raw(std::llround(value * 1e9)); }

Contract inverse_perpetual() {
  return {.name = {},
          .base = {},
          .quote = {},
          .settlement = AssetCode::from("BTC").value(),
          .kind = ContractKind::Perpetual,
          .style = PayoffStyle::Inverse,
          .size_unit = SizeUnit::Quote};
}

void agree(double ours, double expected, double scale, const char* what) {
  CAPTURE(std::string{what});
  CAPTURE(ours);
  CAPTURE(expected);
  CHECK(std::abs(ours - expected) <= 1e-12 * scale);
}

}  // namespace

TEST_SUITE("oracle/risk/position_ledger") {
  TEST_CASE("a ledger kept from fills has the oracle's profit, open and closed, whole and in parts") {
    if (skip_without_shared("inverse_futures.csv")) return;
    const VectorTable table{"inverse_futures.csv"};
    REQUIRE(table.rows() == 206);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::string id = table.text(row, "id");
      CAPTURE(id);
      const double notional = table.number(row, "N_usd");
      const double entry = table.number(row, "entry");
      const double mark = table.number(row, "mark");
      const double expected = table.number(row, "pnl_coin");
      // Closing subtracts what two prices made of the size, so its digits are those of the size in coin.
      const double coins = std::abs(notional) / std::min(entry, mark);
      PositionLedger ledger{inverse_perpetual()};
      ledger.fill(size(notional), entry);
      agree(ledger.unrealized(mark).value(), expected, std::abs(expected) + 1e-3 * coins, "open");
      const double third = std::trunc(notional / 3);
      ledger.fill(size(-third), mark);
      agree(ledger.amounts().realized + ledger.unrealized(mark).value(), expected, coins, "partly closed");
      // Through zero: what is left of the old side closes, the same amount opens on the other.
      ledger.fill(size(-2 * (notional - third)), mark);
      agree(ledger.amounts().realized, expected, coins, "closed by a flip");
      agree(ledger.unrealized(mark).value(), 0, coins, "opened by the flip");
    }
  }

  TEST_CASE("published profits and the harmonic average of inverse contracts are reproduced") {
    if (skip_without_shared("inverse_contract_examples.json")) return;
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    REQUIRE(!parser.load((*shared_directory() / "vectors/published/inverse_contract_examples.json").string()).get(document));
    std::size_t profits = 0;
    for (const simdjson::dom::element example : document["cases"].get_array()) {
      simdjson::dom::element entry;
      if (example["entry"].get(entry)) continue;
      ++profits;
      PositionLedger ledger{inverse_perpetual()};
      ledger.fill(size(number(example["N"])), number(entry));
      ledger.fill(size(-number(example["N"])), number(example["exit"]));
      agree(ledger.amounts().realized, number(example["pnl_coin"]["recomputed"]), 1, "profit");
    }
    CHECK(profits == 3);
    PositionLedger ledger{inverse_perpetual()};
    ledger.fill(size(1'000), 5'000);
    ledger.fill(size(2'000), 6'000);
    CHECK(ledger.average_entry().value() == doctest::Approx(5'625).epsilon(1e-14));
  }

  TEST_CASE("funding paid over stretches of rate, index and size agrees with the oracle") {
    if (skip_without_shared("risk_misc.json")) return;
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    REQUIRE(!parser.load((*shared_directory() / "vectors/risk_misc.json").string()).get(document));
    std::size_t count = 0;
    for (const simdjson::dom::element example : document["funding"]["cases"].get_array()) {
      CAPTURE(count);
      Contract contract = inverse_perpetual();
      if (!bool{example["inverse"]}) {
        contract.style = PayoffStyle::Linear;
        contract.size_unit = SizeUnit::Base;
      }
      PositionLedger ledger{contract};
      FundingAccrual accrual{contract, FundingSchedule::Continuous};
      double scale = 0;
      double seen = 0;
      VenueTime end{};
      double held = 0;
      const auto book = [&] {
        ledger.add_funding(-held * (accrual.paid_per_unit() - seen));
        seen = accrual.paid_per_unit();
      };
      for (const simdjson::dom::element segment : example["segments"].get_array()) {
        const auto start = venue_time_from_milliseconds(std::int64_t{segment["t0_ms"]}).value();
        end = venue_time_from_milliseconds(std::int64_t{segment["t1_ms"]}).value();
        accrual.update(start, number(segment["rate_8h"]), number(segment["index"]));
        book();
        held = number(segment["position"]);
        scale += std::abs(funding_paid(contract, held, number(segment["rate_8h"]), number(segment["index"]), end - start));
      }
      accrual.advance(end);
      book();
      // The ledger takes differences of a running sum, which costs digits of that sum and not of the stretch.
      agree(ledger.amounts().funding, number(example["expect"]["funding_pnl"]), 20 * scale, "funding received");
      ++count;
    }
    CHECK(count == 30);
  }

  TEST_CASE("published funding rates and payments are reproduced") {
    if (skip_without_shared("funding_examples.json")) return;
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    REQUIRE(!parser.load((*shared_directory() / "vectors/published/funding_examples.json").string()).get(document));
    const simdjson::dom::element deribit = document["deribit"];
    const double cap = number(deribit["cap_used"]);
    for (const simdjson::dom::element example : deribit["cases"].get_array())
      agree(damped_funding_rate(number(example["premium"]), cap), number(example["rate_8h"]), 1e-3, "damped rate");
    for (const simdjson::dom::element example : deribit["payment_cases"].get_array())
      agree(funding_paid(inverse_perpetual(), number(example["position_usd"]), number(example["rate_8h"]), number(example["index"]),
                         std::chrono::minutes{static_cast<std::int64_t>(number(example["minutes"]))}),
            number(example["coin"]), number(example["coin"]), "payment");
    for (const simdjson::dom::element example : document["binance_style"]["cases"].get_array())
      agree(clamped_funding_rate(number(example["premium"])), number(example["rate"]), 1e-3, "clamped rate");
    for (const simdjson::dom::element example : document["bit_com"]["cases"].get_array())
      agree(damped_funding_rate(number(example["premium"]), 1, 0.0005), number(example["rate"]), 1e-3, "wider dead band");
    CHECK(3 * funding_paid(Contract{.name = {}, .base = {}, .quote = {}, .settlement = {}, .style = PayoffStyle::Linear}, 1, 0.0001,
                           20'000, std::chrono::hours{8}) ==
          doctest::Approx(6));
  }
}
