#include <doctest/doctest.h>
#include <simdjson.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/engine/engine_driver.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

constexpr double kDay = 86'400;

double number(simdjson::dom::element element) {
  if (element.is_string()) return std::strtod(std::string{std::string_view{element}}.c_str(), nullptr);
  if (element.is_int64()) return static_cast<double>(std::int64_t{element});
  return double{element};
}

/// What the account's figures are made of, to tell what counts as an error in the last digits.
struct Scale {
  double delta = 0;
  double value = 0;
  double vega = 0;
  double theta = 0;
};

struct Account {
  EngineDriver driver;
  Scale scale;
  bool whole_days = true;  ///< no option is in its last day, where the oracle caps theta and a book does not
};

std::string name_of(std::size_t index) { return "P" + std::to_string(index); }

Account load(simdjson::dom::element source) {
  EngineSetup setup = EngineDriver::setup();
  BookSetup book;
  book.name = "main";
  book.rules = {BookRule{.accounts = {kMain}, .underlyings = {}, .instruments = {}}};
  book.equity = {{.account = kMain, .share = 1}};
  setup.books = {book};
  Account account{.driver = EngineDriver{setup}, .scale = {}};
  EngineDriver& driver = account.driver;
  const std::string_view coin = source["ccy"];
  const double index_price = number(source["index_price"]);

  std::size_t count = 0;
  driver.begin_snapshot();
  for (const simdjson::dom::element position : source["positions"].get_array()) {
    const std::string name = name_of(count++);
    const double forward = number(position["F"]);
    if (std::string_view{position["kind"]} == "option") {
      const double seconds = number(position["T_seconds"]);
      const double size = number(position["size_coin"]);
      account.whole_days = account.whole_days && seconds >= kDay;
      driver.list_option(name, std::string_view{position["type"]} == "c" ? OptionRight::Call : OptionRight::Put,
                         number(position["K"]), seconds / kDay, PayoffStyle::Inverse, coin);
      driver.mark(name, {.price = number(position["mark_price_coin"]), .vol = number(position["mark_iv"]), .forward = forward});
      driver.position(name, size, 0);
      account.scale.delta += std::abs(size);
      account.scale.value += std::abs(size) * index_price;
      account.scale.vega += std::abs(size) * forward * std::sqrt(seconds / (365 * kDay)) / 100;
      account.scale.theta += std::abs(size) * forward / (2 * std::sqrt(seconds / (365 * kDay)) * 365);
    } else {
      const double notional = number(position["N_usd"]);
      driver.list_perpetual(name, coin);
      driver.mark(name, {.price = forward});
      driver.position(name, notional, forward);
      account.scale.delta += std::abs(notional / forward);
      account.scale.value += std::abs(notional / forward) * index_price;
    }
  }
  driver.end_snapshot();
  driver.index(index_price, coin);
  driver.equity(number(source["equity_coin"]), coin);
  driver.cycle();
  return account;
}

void agree(double ours, double expected, double scale, const std::string& what) {
  CAPTURE(what);
  CAPTURE(ours);
  CAPTURE(expected);
  CHECK(std::abs(ours - expected) <= 1e-12 * scale);
}

}  // namespace

TEST_SUITE("oracle/risk/inverse_accounts") {
  TEST_CASE("whole coin-margined accounts pass through the engine to the oracle's totals") {
    if (skip_without_shared("vectors/inverse_accounts.json")) return;
    const std::string text = read_text(*shared_directory() / "vectors/inverse_accounts.json");
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(text);
    std::size_t rows = 0;
    std::size_t thetas = 0;
    for (const simdjson::dom::element source : root["accounts"].get_array()) {
      const std::string id{std::string_view{source["id"]}};
      CAPTURE(id);
      const Account account = load(source);
      const EngineDriver& driver = account.driver;
      const std::string_view coin = source["ccy"];
      const simdjson::dom::element expect = source["expect"];
      const double index_price = number(source["index_price"]);
      const Scale& scale = account.scale;
      const double equity = std::abs(number(source["equity_coin"]));
      const auto delta = [&](std::string_view view) { return driver.value(Figure::BookDeltaCoins, {"main", coin, view}); };
      agree(delta("black_scholes"), number(expect["option_bs_delta"]) + number(expect["futures_delta"]), scale.delta,
            "black_scholes");
      agree(delta("net_transaction"), number(expect["delta_total"]), scale.delta, "delta_total");
      agree(delta("with_equity"), number(expect["equity_plus_delta_total"]), scale.delta + equity, "equity_plus_delta_total");
      agree(driver.value(Figure::BookDeltaUsd, {"main", coin, "with_equity"}), number(expect["usd_delta"]),
            (scale.delta + equity) * index_price, "usd_delta");
      agree(driver.value(Figure::BookValueUsd, {"main", coin}), number(expect["option_value_coin"]) * index_price, scale.value,
            "value");
      agree(driver.value(Figure::BookVegaUsdPerVolPoint, {"main", coin}), number(expect["vega_usd_pt"]), 8 * scale.vega, "vega");
      if (account.whole_days) {
        agree(driver.value(Figure::BookThetaUsdPerDay, {"main", coin}), number(expect["theta_usd_day"]), 8 * scale.theta, "theta");
        ++thetas;
      }
      ++rows;
    }
    CHECK(rows == 60);
    CHECK(thetas > 0);
  }
}
