#include "daemon/commands/what_if_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "core/engine/engine.hpp"
#include "core/metric/figure_table.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/csv.hpp"
#include "daemon/commands/replay_command.hpp"
#include "daemon/journal/journal_reader.hpp"
#include "daemon/journal/replay.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr std::array kAnswers{Figure::BookDeltaCoins,
                              Figure::BookDeltaUsd,
                              Figure::BookGammaCoinsPerPercent,
                              Figure::BookGammaUsdPerPercent,
                              Figure::BookVegaUsdPerVolPoint,
                              Figure::BookThetaUsdPerDay,
                              Figure::BookRhoUsdPerPercent,
                              Figure::BookVanna,
                              Figure::BookVolga,
                              Figure::BookCharm,
                              Figure::ScenarioWorstLossUsd,
                              Figure::HedgeNetDeltaCoins,
                              Figure::HedgeRatio,
                              Figure::InitialMarginRatio,
                              Figure::MaintenanceMarginRatio,
                              Figure::LeverageRatio,
                              Figure::NetLeverageRatio,
                              Figure::PoolWorstLossUsd,
                              Figure::CollateralCoverageRatio,
                              Figure::LiquidationPriceUsd,
                              Figure::LiquidationDistanceRatio,
                              Figure::LiquidationDistanceSigmas};

struct SupposedTrade {
  std::size_t line = 0;
  Venue venue = Venue::Deribit;
  std::string instrument;
  double size = 0;
  double price = 0;
};

struct Trades {
  std::vector<SupposedTrade> list;
  bool faults = false;
};

Trades read_trades(std::istream& in, std::ostream& messages) {
  Trades trades;
  CsvReader csv{in};
  std::array<std::size_t, 4> places{};
  constexpr std::array<std::string_view, 4> kColumns{"venue", "instrument", "size", "price"};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const auto column = csv.column(kColumns[i]);
    if (!column) {
      messages << "line " << std::max<std::size_t>(csv.line(), 1) << ": has no column " << kColumns[i]
               << ", must have venue,instrument,size,price\n";
      trades.faults = true;
      return trades;
    }
    places[i] = *column;
  }
  while (csv.next()) {
    const auto wrong = [&](const std::string& what) {
      messages << "line " << csv.line() << ": " << what << '\n';
      trades.faults = true;
    };
    if (const std::string fault = csv.row_fault(); !fault.empty()) {
      wrong(fault);
      continue;
    }
    const auto venue = venue_from_label(csv.field(places[0]));
    const auto size = parse_number(csv.field(places[2]));
    const auto price = parse_number(csv.field(places[3]));
    if (!venue)
      wrong("venue is " + std::string{csv.field(places[0])} + ", must be deribit, binance, okx or bybit");
    else if (!size || !std::isfinite(*size) || *size == 0)
      wrong("size is " + std::string{csv.field(places[2])} + ", must be a number other than 0, negative for a sale");
    else if (!price || !std::isfinite(*price) || !(*price > 0))
      wrong("price is " + std::string{csv.field(places[3])} + ", must be a number above 0 in the contract's own unit");
    else
      trades.list.push_back({csv.line(), *venue, std::string{csv.field(places[1])}, *size, *price});
  }
  return trades;
}

/// Lets everything that is made anew about once a second be made anew: a second passes, and then as many cycles without time as the
/// grids of so many positions take, by the number of figures that they have.
void settle(Engine& engine, MonoTime& now) {
  constexpr int kPassing = 1'100;
  for (int i = 0; i < kPassing; ++i) engine.end_cycle(now += 1ms);
  const std::size_t standing = 200 + engine.figures().size() / 8;
  for (std::size_t i = 0; i < standing; ++i) engine.end_cycle(now);
}

struct Answer {
  std::string before;
  std::string after;
  std::string reason;
};
/// By figure and labels, in the order of the catalogue.
using Answers = std::map<std::pair<Figure, std::string>, Answer>;

/// The requirement of a venue is its own to change: after trades that it has not seen, nobody else knows it.
bool is_the_venues(const FigureLayout::Row& row) {
  return (row.figure == Figure::InitialMarginRatio || row.figure == Figure::MaintenanceMarginRatio) &&
         row.labels.find("source=\"venue\"") != std::string::npos;
}

void take(const Engine& engine, Answers& answers, bool after) {
  FigureSnapshot snapshot;
  engine.figures().copy_to(snapshot);
  for (std::size_t i = 0; i < snapshot.values.size(); ++i) {
    const FigureLayout::Row& row = snapshot.layout->rows[i];
    if (std::find(kAnswers.begin(), kAnswers.end(), row.figure) == kAnswers.end()) continue;
    Answer& answer = answers[{row.figure, row.labels}];
    std::string& text = after ? answer.after : answer.before;
    const FigureValue& value = snapshot.values[i];
    if (value.state == FigureState::Ok && !(after && is_the_venues(row)))
      append_number(text, value.value);
    else if (value.state != FigureState::Ok)
      answer.reason = label(value.reason);
    else
      answer.reason = "known_to_the_venue_only";
  }
}

void write(const Answers& answers, std::ostream& out) {
  out << "figure,labels,before,after,reason\n";
  for (const auto& [key, answer] : answers) {
    std::string line{definition_of(key.first).name};
    line += ',';
    append_field(line, key.second);
    line.append(",").append(answer.before).append(",").append(answer.after).append(",").append(answer.reason).append("\n");
    out << line;
  }
}

}  // namespace

int run_what_if(const WhatIfRequest& request, std::istream& in, std::ostream& out, std::ostream& messages) {
  auto segments = segments_of(request.inputs, messages);
  if (!segments) return kExitFault;
  const Trades trades = read_trades(in, messages);
  bool faults = trades.faults;
  bool answered = false;

  ReplaySettings settings;
  settings.tell = [&messages](const std::string& line) { messages << line << '\n'; };
  settings.until = request.at;
  settings.finished = [&](Engine& engine, std::span<const std::string> accounts, MonoTime now) {
    const std::string name = request.account.empty() && accounts.size() == 1 ? accounts.front() : request.account;
    const auto account = std::find(accounts.begin(), accounts.end(), name);
    if (account == accounts.end()) {
      messages << "--account is " << (name.empty() ? "missing" : name) << ", must be one of";
      for (const std::string& known : accounts) messages << ' ' << known;
      messages << '\n';
      return;
    }
    Answers answers;
    settle(engine, now);
    take(engine, answers, false);
    const AccountId id{static_cast<std::uint16_t>(account - accounts.begin())};
    for (const SupposedTrade& trade : trades.list) {
      if (engine.suppose(id, trade.venue, trade.instrument, trade.size, trade.price)) continue;
      messages << "line " << trade.line << ": instrument is " << trade.instrument << ", must be one that " << label(trade.venue)
               << " has listed while the account was known\n";
      faults = true;
    }
    settle(engine, now);
    take(engine, answers, true);
    write(answers, out);
    answered = true;
  };
  JournalReader journal{std::move(*segments)};
  const ReplayTotals totals = replay_journal(journal, settings);
  if (totals.cycles == 0) messages << "the journal holds no cycle to start from\n";
  return answered && !faults && !totals.faults ? kExitSuccess : kExitFault;
}

void add_what_if_command(CLI::App& app, int& status) {
  CLI::App* what_if = app.add_subcommand("what-if", "Greeks, margin and worst cell before and after trades");
  what_if->footer(
      R"(Reads trades as CSV and puts them on an account as a journal leaves it: of a daemon that runs, its journal's directory is its state
up to about a second ago.

Input: venue,instrument,size,price. Sizes are signed and in the contract's own unit (dollars for inverse futures, coins otherwise).
Output: figure,labels,before,after,reason. An undefined number is an empty field, and the reason says why.

What a venue asks for is its own to say: after the trades it is empty. The rows with source="model", the worst cell and the leverage are
made of the new positions; liquidation and coverage take the venue's requirement of before. Fees and the price against the mark are
not booked.

Exit status: 0 every trade was put on, 1 a trade or the journal could not be used, 2 wrong usage.

Example:
  printf 'venue,instrument,size,price\nderibit,BTC-PERPETUAL,-50000,61000\n' | hedgewatch what-if /var/lib/hedgewatch/journal)");
  struct Options {
    WhatIfRequest request;
    std::string trades = "-";
    std::string at;
  };
  auto options = std::make_shared<Options>();
  const auto time_check = CLI::Validator{
      [](const std::string& text) { return parse_time(text) ? std::string{} : "is " + text + ", must be a time"; }, "TIME"};
  what_if->add_option("FILE", options->request.inputs, "Journal directories or segments")->required();
  what_if->add_option("--trades", options->trades, "A CSV file; - is standard input")->capture_default_str();
  what_if->add_option("--account", options->request.account, "The account that trades; needed when there are several");
  what_if->add_option("--at", options->at, "The moment that is asked about; the end of the journal without it")->check(time_check);
  what_if->callback([options, &status] {
    if (!options->at.empty()) options->request.at = parse_time(options->at);
    if (options->trades == "-") {
      status = run_what_if(options->request, std::cin, std::cout, std::cerr);
      return;
    }
    std::ifstream file{options->trades};
    if (!file) {
      std::cerr << options->trades << ": cannot be read\n";
      status = kExitFault;
      return;
    }
    status = run_what_if(options->request, file, std::cout, std::cerr);
  });
}

}  // namespace hedgewatch
