#include "daemon/commands/greeks_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pricing/black76.hpp"
#include "core/pricing/coin_settled.hpp"
#include "core/pricing/option_batch.hpp"
#include "core/pricing/venue_conventions.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/csv.hpp"

namespace hedgewatch {

namespace {

constexpr std::string_view kGreeksDescription =
    R"(Prices options and their Greeks: CSV in, CSV out.

Input columns, in any order, others ignored, lines starting with # skipped:
  id     anything; copied to the output
  type   c or p
  F      forward of the option's own expiry, quote per base
  K      strike
  T      time to expiry in years of 365 days
  sigma  volatility, 1.0 = 100 %
  r      (optional) continuous discount rate; 0 without it
  b      (optional) continuous cost of carry, spot = F exp(-b T), for the *_spot columns; 0 without it
  q      (optional, with --inverse) continuous rate on the coin; 0 without it

Output: id and Greeks in raw calculus: per 1.0 of vol, per year, per 1.0 of rate. Divide vega by 100 for one vol point and
theta, charm, color and veta by 365 for one day. Numbers are in shortest round-trip form, an undefined value is an empty
field. With --inverse: coin-settled options as on Deribit; the drb_* columns are what its ticker publishes (where q = 0,
theta without its cap at the option's price).

Example:
  printf 'id,type,F,K,T,sigma\na,c,61250,60000,0.05,0.58\n' | hedgewatch greeks

A row that cannot be read or priced gives `line N: what is wrong` on standard error and no output row.
Exit status: 0 every row priced, 1 a fault in the input, 2 wrong usage.)";

/// Rows are priced in blocks by the vector kernels.
constexpr std::size_t kRowsPerBlock = 1024;

struct Row {
  std::string id;
  std::size_t line = 0;
  Black76Input input;
};

struct Black76Column {
  std::string_view name;
  double Black76Greeks::*value;
};

constexpr std::array kBlack76Columns{Black76Column{"price", &Black76Greeks::price},
                                     Black76Column{"delta_fwd", &Black76Greeks::delta},
                                     Black76Column{"delta_spot", &Black76Greeks::spot_delta},
                                     Black76Column{"gamma_fwd", &Black76Greeks::gamma},
                                     Black76Column{"gamma_spot", &Black76Greeks::spot_gamma},
                                     Black76Column{"vega", &Black76Greeks::vega},
                                     Black76Column{"theta_fwd", &Black76Greeks::theta},
                                     Black76Column{"theta_spot", &Black76Greeks::spot_theta},
                                     Black76Column{"rho_fwd", &Black76Greeks::rho},
                                     Black76Column{"rho_spot", &Black76Greeks::spot_rho},
                                     Black76Column{"vanna", &Black76Greeks::vanna},
                                     Black76Column{"volga", &Black76Greeks::volga},
                                     Black76Column{"charm_fwd", &Black76Greeks::charm},
                                     Black76Column{"charm_spot", &Black76Greeks::spot_charm},
                                     Black76Column{"speed", &Black76Greeks::speed},
                                     Black76Column{"zomma", &Black76Greeks::zomma},
                                     Black76Column{"color_fwd", &Black76Greeks::color},
                                     Black76Column{"veta", &Black76Greeks::veta},
                                     Black76Column{"ultima", &Black76Greeks::ultima},
                                     Black76Column{"dual_delta", &Black76Greeks::dual_delta},
                                     Black76Column{"d1", &Black76Greeks::d1},
                                     Black76Column{"d2", &Black76Greeks::d2}};

struct CoinColumn {
  std::string_view name;
  double CoinOptionGreeks::*value;
};

constexpr std::array kCoinColumns{CoinColumn{"price_coin", &CoinOptionGreeks::price_coin},
                                  CoinColumn{"price_usd", &CoinOptionGreeks::price_quote},
                                  CoinColumn{"delta_bs", &CoinOptionGreeks::delta_bs},
                                  CoinColumn{"delta_net", &CoinOptionGreeks::delta_net},
                                  CoinColumn{"dp_dF", &CoinOptionGreeks::price_coin_per_forward},
                                  CoinColumn{"gamma_bs", &CoinOptionGreeks::gamma_bs},
                                  CoinColumn{"dnet_dF", &CoinOptionGreeks::delta_net_per_forward},
                                  CoinColumn{"d2p_dF2", &CoinOptionGreeks::price_coin_per_forward_twice},
                                  CoinColumn{"vega_usd", &CoinOptionGreeks::vega_quote},
                                  CoinColumn{"vega_coin", &CoinOptionGreeks::vega_coin},
                                  CoinColumn{"vanna_net", &CoinOptionGreeks::vanna_net},
                                  CoinColumn{"volga_coin", &CoinOptionGreeks::volga_coin},
                                  CoinColumn{"theta_usd", &CoinOptionGreeks::theta_quote},
                                  CoinColumn{"theta_coin", &CoinOptionGreeks::theta_coin},
                                  CoinColumn{"charm_net", &CoinOptionGreeks::charm_net},
                                  CoinColumn{"rho_q_coin", &CoinOptionGreeks::rho_coin}};

struct DeribitColumn {
  std::string_view name;
  double PublishedGreeks::*value;
};

constexpr std::array kDeribitColumns{
    DeribitColumn{"drb_delta", &PublishedGreeks::delta}, DeribitColumn{"drb_gamma", &PublishedGreeks::gamma},
    DeribitColumn{"drb_vega", &PublishedGreeks::vega_per_vol_point}, DeribitColumn{"drb_theta", &PublishedGreeks::theta_per_day},
    DeribitColumn{"drb_rho", &PublishedGreeks::rho_per_percent}};

/// Where a numeric column stands, and where its value goes.
struct NumberColumn {
  std::string_view name;
  std::size_t at = 0;
  void (*store)(Black76Input& input, double value) = nullptr;
};

/// Reads rows of options and says what is wrong with those that are none.
class RowReader {
 public:
  RowReader(std::istream& in, GreeksConvention convention) : csv_{in} {
    if (!csv_.has_header()) {
      report(csv_.line(), "no header row: need columns id,type,F,K,T,sigma");
      return;
    }
    readable_ = true;
    require("id", id_);
    require("type", type_);
    number("F", true, [](Black76Input& input, double value) { input.forward = value; });
    number("K", true, [](Black76Input& input, double value) { input.strike = value; });
    number("T", true, [](Black76Input& input, double value) { input.to_expiry = YearFraction::from_years(value); });
    number("sigma", true, [](Black76Input& input, double value) { input.vol = Vol::from_fraction(value); });
    if (convention == GreeksConvention::CoinSettled) {
      number("q", false, [](Black76Input& input, double value) { input.rate = value; });
    } else {
      number("r", false, [](Black76Input& input, double value) { input.rate = value; });
      number("b", false, [](Black76Input& input, double value) { input.carry = value; });
    }
  }

  /// False when the header lacks a column: there is nothing to read then.
  [[nodiscard]] bool readable() const { return readable_; }
  [[nodiscard]] bool any_fault() const { return any_fault_; }

  /// The next good row, or nothing at the end. Faulty rows are reported and passed over.
  std::optional<Row> next() {
    while (csv_.next())
      if (auto row = parse()) return row;
    return std::nullopt;
  }

  void report(std::size_t line, std::string what) {
    faults_.emplace_back(line, std::move(what));
    any_fault_ = true;
  }

  /// Writes what was reported since the last call, in the order of the lines.
  void write_faults(std::ostream& errors) {
    std::stable_sort(faults_.begin(), faults_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [line, what] : faults_) errors << "line " << line << ": " << what << '\n';
    faults_.clear();
  }

 private:
  void require(std::string_view name, std::size_t& at) {
    if (const auto found = csv_.column(name)) {
      at = *found;
      return;
    }
    report(csv_.line(), "no column " + std::string{name});
    readable_ = false;
  }

  void number(std::string_view name, bool required, void (*store)(Black76Input&, double)) {
    NumberColumn column{.name = name, .at = 0, .store = store};
    if (required) {
      require(name, column.at);
    } else if (const auto found = csv_.column(name)) {
      column.at = *found;
    } else {
      return;
    }
    (required ? required_ : optional_).push_back(column);
  }

  std::optional<Row> parse() {
    if (const std::string fault = csv_.row_fault(); !fault.empty()) return refuse(fault);
    Row row{.id = std::string{csv_.field(id_)}, .line = csv_.line(), .input = {}};
    const std::string_view type = csv_.field(type_);
    if (type == "c" || type == "C") {
      row.input.right = OptionRight::Call;
    } else if (type == "p" || type == "P") {
      row.input.right = OptionRight::Put;
    } else {
      return refuse("type is '" + std::string{type} + "', must be c or p");
    }
    for (const NumberColumn& column : required_)
      if (!read_number(column, row)) return std::nullopt;
    for (const NumberColumn& column : optional_)
      if (!csv_.field(column.at).empty() && !read_number(column, row)) return std::nullopt;
    return row;
  }

  bool read_number(const NumberColumn& column, Row& row) {
    const std::string_view text = csv_.field(column.at);
    if (const auto value = parse_number(text)) {
      column.store(row.input, *value);
      return true;
    }
    report(csv_.line(), std::string{column.name} + " is '" + std::string{text} + "', must be a number");
    return false;
  }

  std::nullopt_t refuse(std::string what) {
    report(csv_.line(), std::move(what));
    return std::nullopt;
  }

  CsvReader csv_;
  std::size_t id_ = 0;
  std::size_t type_ = 0;
  std::vector<NumberColumn> required_;
  std::vector<NumberColumn> optional_;
  std::vector<std::pair<std::size_t, std::string>> faults_;
  bool readable_ = false;
  bool any_fault_ = false;
};

std::optional<PricingFault> fault_of(const Black76Input& input, GreeksConvention convention) {
  // A price in coin has no value without a forward.
  if (convention == GreeksConvention::CoinSettled && input.forward == 0) return PricingFault::ForwardNegative;
  return pricing_fault(input);
}

std::string_view explained(PricingFault fault) {
  constexpr std::array<std::string_view, 5> kTexts{"expired: T is negative", "F must be positive", "K is negative",
                                                   "sigma is negative", "an input or the discount factor is not finite"};
  return kTexts[static_cast<std::size_t>(fault)];
}

template <class Columns, class Values>
void append_columns(std::string& text, const Columns& columns, const Values& values) {
  for (const auto& column : columns) {
    text.push_back(',');
    append_number(text, values.*column.value);
  }
}

template <class Columns>
void append_names(std::string& text, const Columns& columns) {
  for (const auto& column : columns) {
    text.push_back(',');
    text.append(column.name);
  }
}

void append_black76(std::string& text, const Row& row, Black76Greeks greeks) {
  add_spot_greeks(row.input, greeks);
  append_field(text, row.id);
  append_columns(text, kBlack76Columns, greeks);
  text.push_back('\n');
}

void append_coin_settled(std::string& text, const Row& row, const Black76Greeks& greeks) {
  const Black76Input& input = row.input;
  append_field(text, row.id);
  append_columns(text, kCoinColumns, to_coin_settled(greeks, input.forward, input.strike));
  if (input.rate == 0) {
    // A price beyond any theta: the column is defined without the cap.
    constexpr double kNoCap = 1e300;
    append_columns(text, kDeribitColumns,
                   to_deribit(greeks, {.right = input.right,
                                       .forward = input.forward,
                                       .strike = input.strike,
                                       .to_expiry = input.to_expiry,
                                       .vol = input.vol,
                                       .style = PayoffStyle::Linear,
                                       .mark_price = kNoCap}));
  } else {
    text.append(kDeribitColumns.size(), ',');
  }
  text.push_back('\n');
}

}  // namespace

int run_greeks(std::istream& in, std::ostream& out, std::ostream& errors, GreeksConvention convention) {
  const bool inverse = convention == GreeksConvention::CoinSettled;
  RowReader reader{in, convention};
  if (!reader.readable()) {
    reader.write_faults(errors);
    return kExitFault;
  }

  std::string text = "id";
  if (inverse) {
    append_names(text, kCoinColumns);
    append_names(text, kDeribitColumns);
  } else {
    append_names(text, kBlack76Columns);
  }
  text.push_back('\n');

  std::vector<Row> block;
  OptionBatch batch{kRowsPerBlock};
  GreekColumns columns{GreekSet::Every, kRowsPerBlock};
  for (bool more = true; more;) {
    block.clear();
    while (block.size() < kRowsPerBlock && more) {
      auto row = reader.next();
      more = row.has_value();
      if (row) block.push_back(std::move(*row));
    }
    for (std::size_t lane = 0; lane < block.size(); ++lane) batch.set(lane, block[lane].input);
    price(batch, 0, block.size(), columns);
    for (std::size_t lane = 0; lane < block.size(); ++lane) {
      const Row& row = block[lane];
      if (const auto fault = fault_of(row.input, convention)) {
        reader.report(row.line, std::string{explained(*fault)});
      } else if (inverse) {
        append_coin_settled(text, row, columns.lane(lane));
      } else {
        append_black76(text, row, columns.lane(lane));
      }
    }
    out << text;
    text.clear();
    reader.write_faults(errors);
  }
  out.flush();
  if (!out) {
    errors << "cannot write the output\n";
    return kExitFault;
  }
  return reader.any_fault() ? kExitFault : kExitSuccess;
}

void add_greeks_command(CLI::App& app, int& status) {
  struct Options {
    std::string file;
    bool inverse = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("greeks", "Price options given as CSV, with every Greek");
  command->footer(std::string{kGreeksDescription});
  command->add_option("FILE", options->file, "CSV to read; standard input without it")->check(CLI::ExistingFile);
  command->add_flag("--inverse", options->inverse, "Coin-settled options: prices and Greeks in coin and dollars");
  command->callback([options, &status] {
    const GreeksConvention convention = options->inverse ? GreeksConvention::CoinSettled : GreeksConvention::Black76;
    if (options->file.empty()) {
      status = run_greeks(std::cin, std::cout, std::cerr, convention);
      return;
    }
    std::ifstream in{options->file};
    status = run_greeks(in, std::cout, std::cerr, convention);
  });
}

}  // namespace hedgewatch
