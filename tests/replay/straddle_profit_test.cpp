#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/engine_driver.hpp"
#include "core/risk/profit_explain.hpp"
#include "core/risk/profit_record.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

constexpr std::string_view kExpiry = "BTC-27FEB26-";
constexpr std::string_view kPerpetual = "BTC-PERPETUAL";
constexpr double kStraddles = -25;
constexpr double kFeeRatio = 0.000'5;  // of the perpetual's dollars
constexpr double kDayMilliseconds = 86'400'000;

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream text{line};
  for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
  return cells;
}

double number(const std::string& text) {
  double value = kAbsent;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

struct OptionRow {
  double forward = 0;
  double mark = 0;
  double vol = 0;
};

struct Snapshot {
  std::map<std::string, OptionRow> options;
  double index = 0;
  double perpetual = kAbsent;
};

/// Every snapshot of one expiry and of the perpetual, by milliseconds.
std::map<std::int64_t, Snapshot> panel() {
  std::map<std::int64_t, Snapshot> snapshots;
  const auto series = *shared_directory() / "data/series";
  std::istringstream options{read_text(series / "deribit_panel_2026-02.csv.zst")};
  std::string line;
  std::getline(options, line);
  while (std::getline(options, line)) {
    if (line.find(kExpiry) == std::string::npos) continue;
    const auto row = cells(line);
    REQUIRE(row.size() >= 11);
    Snapshot& snapshot = snapshots[std::strtoll(row[0].c_str(), nullptr, 10)];
    snapshot.options[row[1]] = {number(row[2]), number(row[5]), number(row[6])};
    snapshot.index = number(row[10]);
  }
  std::istringstream marks{read_text(series / "deribit_perp_marks_20251230_20260415.csv.zst")};
  std::getline(marks, line);
  while (std::getline(marks, line)) {
    const auto row = cells(line);
    if (row.size() < 24 || row[3] != "BTC") continue;
    const auto place = snapshots.find(std::strtoll(row[1].c_str(), nullptr, 10));
    if (place != snapshots.end()) place->second.perpetual = number(row[22]);
  }
  std::erase_if(snapshots, [](const auto& one) { return !(one.second.perpetual > 0) || one.second.options.empty(); });
  return snapshots;
}

/// A short straddle and its hedge in an account, driven through the whole engine.
class StraddleDesk {
 public:
  StraddleDesk(std::int64_t start_milliseconds, double strike)
      : start_{start_milliseconds},
        call_{std::string{kExpiry} + std::to_string(static_cast<int>(strike)) + "-C"},
        put_{std::string{kExpiry} + std::to_string(static_cast<int>(strike)) + "-P"},
        driver_{setup()} {
    constexpr std::int64_t kExpiryMilliseconds = 1'772'179'200'000;  // 27 February 2026, 08:00 UTC
    days_ = static_cast<double>(kExpiryMilliseconds - start_) / kDayMilliseconds;
    driver_.list_option(call_, OptionRight::Call, strike, days_);
    driver_.list_option(put_, OptionRight::Put, strike, days_);
    driver_.list_perpetual(kPerpetual);
  }

  [[nodiscard]] bool marked_in(const Snapshot& snapshot) const {
    return snapshot.options.count(call_) == 1 && snapshot.options.count(put_) == 1;
  }
  [[nodiscard]] double perpetual_size() const { return size_; }

  void show(std::int64_t at, const Snapshot& snapshot) {
    driver_.advance(std::chrono::milliseconds{at - start_} - (driver_.now() - kStart));
    mark(snapshot);
    driver_.cycle();
  }

  void open() {
    driver_.begin_snapshot();
    driver_.end_snapshot();
    sell(call_);
    sell(put_);
    driver_.cycle();
  }

  [[nodiscard]] double straddle(const Snapshot& snapshot) const {
    return snapshot.options.at(call_).mark + snapshot.options.at(put_).mark;
  }

  /// Trades the perpetual at its mark until the net transaction delta is nothing; returns the fee in coin.
  double hedge(const Snapshot& snapshot) {
    const double delta = driver_.value(Figure::BookDeltaCoins, {"main", "BTC", "net_transaction"});
    const double trade = -std::round(delta * snapshot.perpetual / 10) * 10;
    if (trade == 0) return 0;
    const double fee = std::abs(trade) / snapshot.perpetual * kFeeRatio;
    size_ += trade;
    fill(kPerpetual, trade, snapshot.perpetual, fee);
    driver_.position(kPerpetual, size_, snapshot.perpetual);
    driver_.cycle();
    return fee;
  }

  [[nodiscard]] ProfitTerms profit() const {
    ProfitTerms terms;
    for (std::size_t c = 0; c < kProfitComponents; ++c)
      terms.amounts[c] = driver_.value(Figure::PnlUsd, {"main", label(static_cast<ProfitComponent>(c)), "designation"});
    return terms;
  }

 private:
  static EngineSetup setup() {
    EngineSetup setup = EngineDriver::setup();
    setup.venues = {{.venue = Venue::Deribit}};
    BookSetup book;
    book.name = "main";
    book.rules = {BookRule{.accounts = {kMain}, .underlyings = {"BTC"}, .instruments = {}}};
    setup.books = {book};
    return setup;
  }
  void mark(const Snapshot& snapshot) {
    driver_.index(snapshot.index);
    for (const std::string& name : {call_, put_}) {
      const OptionRow& row = snapshot.options.at(name);
      driver_.mark(name, {.price = row.mark, .vol = row.vol, .forward = row.forward, .index = snapshot.index});
    }
    driver_.mark(kPerpetual, {.price = snapshot.perpetual, .index = snapshot.index});
    driver_.begin_snapshot();
    if (opened_) {
      driver_.position(call_, kStraddles, entry_[0]);
      driver_.position(put_, kStraddles, entry_[1]);
      if (size_ != 0) driver_.position(kPerpetual, size_, snapshot.perpetual);
    }
    driver_.end_snapshot();
    marks_ = {snapshot.options.at(call_).mark, snapshot.options.at(put_).mark};
  }
  void sell(const std::string& name) {
    opened_ = true;
    const std::size_t leg = name == call_ ? 0 : 1;
    entry_[leg] = marks_[leg];
    fill(name, kStraddles, marks_[leg], 0);
    driver_.position(name, kStraddles, marks_[leg]);
  }
  void fill(std::string_view name, double size, double price, double fee) {
    driver_.apply(Fill{.price = Price::from_raw(std::llround(price * 1e9)),
                       .size = size_of(std::abs(size)),
                       .fee = fee,
                       .fee_asset = {},
                       .side = size > 0 ? Side::Buy : Side::Sell},
                  driver_.id(name), kMain, kPrivate);
  }

  std::int64_t start_;
  double days_ = 0;
  std::string call_;
  std::string put_;
  EngineDriver driver_;
  std::array<double, 2> marks_{};
  std::array<double, 2> entry_{};
  bool opened_ = false;
  double size_ = 0;
};

std::string date_of(std::int64_t milliseconds) {
  const std::chrono::sys_days day{std::chrono::days{milliseconds / static_cast<std::int64_t>(kDayMilliseconds)}};
  const std::chrono::year_month_day date{day};
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%02u-%02u", static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text.data();
}

void print_row(const std::string& day, double index, const ProfitTerms& terms) {
  std::printf("%-6s %8.0f", day.c_str(), index);
  for (const ProfitComponent component :
       {ProfitComponent::Delta, ProfitComponent::Basis, ProfitComponent::Gamma, ProfitComponent::Theta, ProfitComponent::Vega,
        ProfitComponent::Vanna, ProfitComponent::Volga, ProfitComponent::Fees, ProfitComponent::Unexplained})
    std::printf(" %9.0f", terms[component]);
  std::printf(" %9.0f %7.4f\n", terms.total(), terms.unexplained_ratio().value_or(0));
}

}  // namespace

TEST_SUITE("replay/straddle_profit") {
  TEST_CASE("a short straddle through a fall of the market, hedged at each snapshot, earns theta and pays for gamma and vega") {
    if (skip_without_shared("deribit_panel_2026-02.csv.zst")) return;
    const auto snapshots = panel();
    REQUIRE(snapshots.size() > 80);
    const auto first = snapshots.begin();
    double strike = 0;
    for (const auto& [name, row] : first->second.options) {
      const double one = number(name.substr(kExpiry.size(), name.size() - kExpiry.size() - 2));
      if (strike == 0 || std::abs(one - first->second.index) < std::abs(strike - first->second.index)) strike = one;
    }
    StraddleDesk desk{first->first, strike};
    // The same profit from prices alone.
    double earned_by_prices = 0;
    const Snapshot* before = nullptr;
    std::string day;
    double index = 0;
    ProfitTerms day_start;
    std::size_t used = 0;
    std::printf("short %g straddles %s%g; dollars a day\n", -kStraddles, std::string{kExpiry}.c_str(), strike);
    std::printf(
        "day       index     delta     basis     gamma     theta      vega     vanna     volga      fees unexplain     total   "
        "ratio\n");
    for (const auto& [at, snapshot] : snapshots) {
      if (!desk.marked_in(snapshot)) continue;
      const std::string today = date_of(at);
      desk.show(at, snapshot);
      if (used++ == 0) desk.open();
      if (before != nullptr) {
        const double options = kStraddles * (desk.straddle(snapshot) - desk.straddle(*before));
        const double futures = desk.perpetual_size() * (1 / before->perpetual - 1 / snapshot.perpetual);
        earned_by_prices += (options + futures) * snapshot.index;
      }
      before = &snapshot;
      const ProfitTerms now = desk.profit();
      if (!day.empty() && today != day) {
        ProfitTerms earned = now;
        earned -= day_start;
        print_row(day, index, earned);
        day_start = now;
      }
      day = today;
      index = snapshot.index;
      earned_by_prices -= desk.hedge(snapshot) * snapshot.index;
    }
    // The last hedge's fee is told at the next look.
    desk.show(snapshots.rbegin()->first + 2'000, *before);
    const ProfitTerms whole = desk.profit();
    ProfitTerms last = whole;
    last -= day_start;
    print_row(day, index, last);
    print_row("all", index, whole);
    CHECK(used > 60);
    CHECK(whole.total() == doctest::Approx(earned_by_prices).epsilon(1e-6));
    // What a short straddle is: paid for time, charged for movement.
    CHECK(whole[ProfitComponent::Theta] > 0);
    CHECK(whole[ProfitComponent::Gamma] < 0);
    CHECK(whole[ProfitComponent::Fees] < 0);
    CHECK(whole.unexplained_ratio().value() < 0.1);
  }
}
