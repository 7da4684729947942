#include "daemon/commands/implied_vol_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/pricing/implied_vol.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/csv.hpp"

namespace hedgewatch {

namespace {

constexpr std::string_view kImpliedVolDescription =
    R"(Finds the Black-76 volatility of option prices: CSV in, CSV out.

Input columns, in any order, others ignored, lines starting with # skipped:
  id     anything; copied to the output
  type   c or p
  F      forward of the option's own expiry, quote per base
  K      strike
  T      time to expiry in years of 365 days
  price  undiscounted, in the unit of F (divide a discounted price by its discount factor, multiply a coin price by F)
  tick   (optional) grid of the price, in its unit

Output: id, sigma (1.0 = 100 %, shortest round-trip form) and status:
  ok               sigma gives this price, to 1e-12 or to what the price's own rounding allows
  at_intrinsic     the price is the payoff at F: sigma is 0
  below_intrinsic  cheaper than that: no vol, an empty field
  at_upper         a call at F or a put at K: sigma is inf, do not use it
  above_upper      dearer than that: no vol, an empty field
With a tick column also sigma_low and sigma_high, the vols of the price half a tick lower and higher: an interval that reaches
0 or inf, or is wide, says that the price does not hold its vol. Prices of every row are read from the out-of-the-money side.

Example:
  printf 'id,type,F,K,T,price\na,c,61250,60000,0.05,3812.5\n' | hedgewatch implied-vol

A row that cannot be read, or whose F, K or T is not positive, gives `line N: what is wrong` on standard error and no output
row. Exit status: 0 every row answered, 1 a fault in the input, 2 wrong usage.)";

/// Rows are solved in blocks by the vector kernel.
constexpr std::size_t kPricesPerBlock = 1024;

constexpr std::array<std::string_view, 6> kPriceColumns{"id", "type", "F", "K", "T", "price"};
enum Column : std::size_t { Id, Type, ForwardColumn, StrikeColumn, YearsColumn, PriceColumn };

struct Block {
  std::vector<std::string> id;
  std::vector<OptionRight> right;
  std::vector<double> forward, strike, years, price, tick, vol, low, high;
  std::vector<ImpliedVolStatus> status;

  void clear() {
    id.clear();
    right.clear();
    for (std::vector<double>* column : {&forward, &strike, &years, &price, &tick}) column->clear();
  }

  void solve() {
    for (std::vector<double>* column : {&vol, &low, &high}) column->resize(id.size());
    status.resize(id.size());
    const ImpliedVolBatch batch{right, forward, strike, years, price, {}, vol, status};
    solve_implied_vols(batch);
    solve_implied_vol_intervals(batch, tick, low, high);
  }
};

/// What makes a row impossible to answer, or empty.
std::string fault_of(double forward, double strike, double years, double price, double tick) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto positive = [](double value) { return value > 0 && value < kInfinity; };
  if (!positive(forward)) return "F must be positive";
  if (!positive(strike)) return "K must be positive";
  if (!positive(years)) return "T must be positive";
  if (!std::isfinite(price)) return "price must be finite";
  if (!(tick >= 0 && tick < kInfinity)) return "tick must not be negative";
  return {};
}

/// A vol that is infinite is written as such; one that is not there as an empty field.
void append_vol(std::string& text, double vol) {
  text.push_back(',');
  if (std::isinf(vol))
    text.append("inf");
  else
    append_number(text, vol);
}

class Reader {
 public:
  Reader(std::istream& in, std::ostream& errors) : csv_{in}, errors_{errors} {
    if (!csv_.has_header()) {
      report("no header row: need columns id,type,F,K,T,price");
      return;
    }
    for (std::size_t i = 0; i < kPriceColumns.size(); ++i) {
      if (const auto found = csv_.column(kPriceColumns[i]))
        at_[i] = *found;
      else
        report("no column " + std::string{kPriceColumns[i]});
    }
    tick_at_ = csv_.column("tick");
    readable_ = !any_fault_;
  }

  [[nodiscard]] bool readable() const { return readable_; }
  [[nodiscard]] bool any_fault() const { return any_fault_; }
  [[nodiscard]] bool has_tick() const { return tick_at_.has_value(); }

  /// Fills a block; false when the input ended.
  bool fill(Block& block) {
    while (block.id.size() < kPricesPerBlock) {
      if (!csv_.next()) return false;
      add_row(block);
    }
    return true;
  }

 private:
  void add_row(Block& block) {
    if (const std::string fault = csv_.row_fault(); !fault.empty()) return report(fault);
    const std::string_view type = csv_.field(at_[Type]);
    const bool call = type == "c" || type == "C";
    if (!call && type != "p" && type != "P") return report("type is '" + std::string{type} + "', must be c or p");
    const auto forward = number(ForwardColumn);
    const auto strike = forward ? number(StrikeColumn) : std::nullopt;
    const auto years = strike ? number(YearsColumn) : std::nullopt;
    const auto price = years ? number(PriceColumn) : std::nullopt;
    if (!price) return;
    const bool ticks = tick_at_ && !csv_.field(*tick_at_).empty();
    const auto tick = ticks ? number_at(*tick_at_, "tick") : std::optional{0.0};
    if (!tick) return;
    if (const std::string fault = fault_of(*forward, *strike, *years, *price, *tick); !fault.empty()) return report(fault);
    block.id.emplace_back(csv_.field(at_[Id]));
    block.right.push_back(call ? OptionRight::Call : OptionRight::Put);
    block.forward.push_back(*forward);
    block.strike.push_back(*strike);
    block.years.push_back(*years);
    block.price.push_back(*price);
    block.tick.push_back(*tick);
  }

  std::optional<double> number(Column column) { return number_at(at_[column], kPriceColumns[column]); }

  std::optional<double> number_at(std::size_t at, std::string_view name) {
    const auto value = parse_number(csv_.field(at));
    if (!value) report(std::string{name} + " is '" + std::string{csv_.field(at)} + "', must be a number");
    return value;
  }

  void report(const std::string& what) {
    errors_ << "line " << csv_.line() << ": " << what << '\n';
    any_fault_ = true;
  }

  CsvReader csv_;
  std::ostream& errors_;
  std::array<std::size_t, kPriceColumns.size()> at_{};
  std::optional<std::size_t> tick_at_;
  bool readable_ = false;
  bool any_fault_ = false;
};

}  // namespace

int run_implied_vol(std::istream& in, std::ostream& out, std::ostream& errors) {
  Reader reader{in, errors};
  if (!reader.readable()) return kExitFault;
  std::string text = reader.has_tick() ? "id,sigma,status,sigma_low,sigma_high\n" : "id,sigma,status\n";
  Block block;
  for (bool more = true; more;) {
    block.clear();
    more = reader.fill(block);
    block.solve();
    for (std::size_t row = 0; row < block.id.size(); ++row) {
      append_field(text, block.id[row]);
      append_vol(text, block.vol[row]);
      text.push_back(',');
      text.append(label(block.status[row]));
      if (reader.has_tick()) {
        append_vol(text, block.low[row]);
        append_vol(text, block.high[row]);
      }
      text.push_back('\n');
    }
    out << text;
    text.clear();
  }
  out.flush();
  if (!out) {
    errors << "cannot write the output\n";
    return kExitFault;
  }
  return reader.any_fault() ? kExitFault : kExitSuccess;
}

void add_implied_vol_command(CLI::App& app, int& status) {
  const auto file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("implied-vol", "Find the volatility of option prices given as CSV");
  command->footer(std::string{kImpliedVolDescription});
  command->add_option("FILE", *file, "CSV to read; standard input without it")->check(CLI::ExistingFile);
  command->callback([file, &status] {
    if (file->empty()) {
      status = run_implied_vol(std::cin, std::cout, std::cerr);
      return;
    }
    std::ifstream in{*file};
    status = run_implied_vol(in, std::cout, std::cerr);
  });
}

}  // namespace hedgewatch
