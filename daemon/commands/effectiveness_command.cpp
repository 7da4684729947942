#include "daemon/commands/effectiveness_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <utility>

#include "core/hedge/correlation_breakdown.hpp"
#include "core/risk/value_at_risk.hpp"
#include "core/types/duration_text.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/csv.hpp"
#include "daemon/commands/effectiveness_report.hpp"
#include "daemon/commands/svg_plot.hpp"

namespace hedgewatch {

namespace {

constexpr std::string_view kDescription =
    R"(How well one price tracks another: correlation, beta, variance reduction at the hedge held, tracking error, dollar offset.
These are statistics of prices (basis="price"). They say nothing about a book of options hedged with its underlying.

Two forms of input:
  --exposure FILE[:COLUMN] --hedge FILE[:COLUMN]
      CSV with ts_ns (nanoseconds since the epoch) or timestamp (ISO 8601, UTC; any case), and `price` or the named column.
      Each time that either file has is a bar; a side without that time is missing there.
  --ticks FILE --spec FILE
      CSV ts_ns,inst,price with instruments A (exposure) and B (hedge), and a JSON specification of bars and parameters.

Returns are logarithmic unless --moves (or the specification's /params/moves) says otherwise: `linear` takes price changes, which
are the profit of linear contracts, `inverse` the changes of -1/price, which are that of inverse contracts in coin. Then the figures
are those of basis="pnl_total" of a hedge that holds --hedge-held units for each unit of exposure. Sample statistics divide by n-1, an undefined value is empty. --series writes a row per bar:
  w_* last --window valid pairs, b_* valid pairs among the last --window bars, e_* exponential with --decay, z_* the same started
  at zero and corrected, t_* by elapsed time with --half-life, bv_* jump test, basis* of the price levels, doff the offset so far.

--accounting adds economic evidence for hedge accounting, of observations that do not overlap: for IFRS 9 the economic relationship,
the amount of ineffectiveness and the rebalancing log, for IAS 39 and ASC 815 the regression and offset tests of practice.

--report writes a page beside the other output: what the numbers say in words, what to know before they are believed, and plots of
price, basis, rolling correlation, variance reduction and dollar offset. It is one file that loads nothing, and it prints.

Examples:
  hedgewatch effectiveness --exposure btc.csv:Close_spot --hedge btc.csv:Close_futures
  hedgewatch effectiveness --exposure spot.csv --hedge perpetual.csv --report hedge.html

Exit status: 0 all rows used, 1 a fault in the input, 2 wrong usage.)";

using Figures = std::vector<std::pair<std::string, std::optional<double>>>;

void append_statistics(Figures& out, const std::string& prefix, const PairStatistics& s) {
  out.emplace_back(prefix + "n", static_cast<double>(s.count));
  out.emplace_back(prefix + "mean_a", s.mean_exposure);
  out.emplace_back(prefix + "mean_b", s.mean_hedge);
  out.emplace_back(prefix + "var_a_s", s.variance_exposure);
  out.emplace_back(prefix + "var_a_p", s.variance_exposure_population);
  out.emplace_back(prefix + "var_b_s", s.variance_hedge);
  out.emplace_back(prefix + "cov_s", s.covariance);
  out.emplace_back(prefix + "corr", s.correlation);
  out.emplace_back(prefix + "beta", s.beta);
  out.emplace_back(prefix + "alpha", s.alpha);
  out.emplace_back(prefix + "r2", s.r_squared);
  out.emplace_back(prefix + "resid_sd", s.residual_deviation);
  out.emplace_back(prefix + "te_h0", s.tracking_error);
  out.emplace_back(prefix + "he_h0", s.variance_reduction);
  out.emplace_back(prefix + "rv_a", s.sum_squares_exposure);
  out.emplace_back(prefix + "rv_b", s.sum_squares_hedge);
  out.emplace_back(prefix + "rcorr", s.realized_correlation);
  out.emplace_back(prefix + "rbeta", s.realized_beta);
}

/// The state after the last bar that was added, under the column names of --series.
Figures figures_of(const PriceEffectiveness& series, std::optional<double> reference_correlation) {
  Figures out;
  const PairStatistics pairs = series.by_pairs();
  append_statistics(out, "w_", pairs);
  const PairStatistics bars = series.by_bars();
  out.emplace_back("b_n", static_cast<double>(bars.count));
  out.emplace_back("b_corr", bars.correlation);
  out.emplace_back("b_beta", bars.beta);
  out.emplace_back("b_var_a_s", bars.variance_exposure);
  out.emplace_back("b_te_h0", bars.tracking_error);
  out.emplace_back("e_var_a", series.fast().variance_exposure());
  out.emplace_back("e_var_b", series.fast().variance_hedge());
  out.emplace_back("e_cov", series.fast().covariance());
  out.emplace_back("e_corr", series.fast().correlation());
  out.emplace_back("e_beta", series.fast().beta());
  out.emplace_back("z_var_a", series.fast_bias_corrected().variance_exposure());
  out.emplace_back("z_cov", series.fast_bias_corrected().covariance());
  out.emplace_back("z_corr", series.fast_bias_corrected().correlation());
  out.emplace_back("t_var_a", series.by_time().variance_exposure());
  out.emplace_back("t_cov", series.by_time().covariance());
  out.emplace_back("t_corr", series.by_time().correlation());
  out.emplace_back("t_beta", series.by_time().beta());
  out.emplace_back("vol_ratio", series.volatility_ratio());
  out.emplace_back("fisher_z_vs_pop", pairs.correlation && reference_correlation
                                          ? correlation_breakdown_zscore(*pairs.correlation, *reference_correlation, pairs.count)
                                          : std::nullopt);
  const JumpTest jumps = series.jumps();
  const auto with_returns = [&](double value) { return jumps.count > 0 ? std::optional{value} : std::nullopt; };
  out.emplace_back("bv_rv", with_returns(jumps.realized_variance));
  out.emplace_back("bv_bv", with_returns(jumps.bipower_variation));
  out.emplace_back("bv_tp", with_returns(jumps.tripower_quarticity));
  out.emplace_back("bv_rj", jumps.relative_jump);
  out.emplace_back("bv_bns_z", jumps.zscore);
  const BasisStatistics basis = series.basis();
  out.emplace_back("basis", basis.ratio);
  out.emplace_back("basis_sd", basis.deviation);
  out.emplace_back("basis_z", basis.zscore);
  out.emplace_back("doff", series.dollar_offset());
  return out;
}

void write_series(const EffectivenessInput& input, std::ostream& out) {
  PriceEffectiveness series{input.parameters};
  std::string text = "k,t_ns";
  for (const auto& [name, value] : figures_of(series, input.reference_correlation)) text += "," + name;
  text += '\n';
  for (std::size_t k = 0; k < input.bars.size(); ++k) {
    const PriceBar& bar = input.bars[k];
    series.add_bar(bar.time, bar.exposure, bar.hedge);
    text += std::to_string(k) + "," + std::to_string(nanoseconds_of(bar.time));
    for (const auto& [name, value] : figures_of(series, input.reference_correlation)) {
      text += ',';
      if (value) append_number(text, *value);
    }
    text += '\n';
    out << text;
    text.clear();
  }
}

/// Whole-sample figures: every valid pair, the ticks themselves, and the tail of the hedged profit.
Figures whole_sample(const EffectivenessInput& input) {
  std::vector<ReturnPair> pairs;
  std::vector<double> losses;
  for (std::size_t k = 1; k < input.bars.size(); ++k) {
    const PriceBar& before = input.bars[k - 1];
    const PriceBar& bar = input.bars[k];
    if (!before.exposure || !before.hedge || !bar.exposure || !bar.hedge) continue;
    const double exposure_change = *bar.exposure - *before.exposure;
    const double hedge_change = *bar.hedge - *before.hedge;
    pairs.push_back({.exposure = price_move(*before.exposure, *bar.exposure, input.parameters.move),
                     .hedge = price_move(*before.hedge, *bar.hedge, input.parameters.move)});
    losses.push_back(input.parameters.hedge_held * hedge_change - exposure_change);
  }
  Figures out;
  append_statistics(out, "", pair_statistics(pairs, input.parameters.hedge_held));
  const HayashiYoshida overlap = hayashi_yoshida(input.exposure_ticks, input.hedge_ticks);
  out.emplace_back("hayashi_yoshida_corr", overlap.correlation);
  constexpr std::array<std::pair<std::string_view, double>, 3> kConfidences{{{"95", 0.95}, {"97_5", 0.975}, {"99", 0.99}}};
  for (const auto& [name, confidence] : kConfidences) {
    const auto tail = historical_tail_loss(losses, confidence);
    const std::string suffix{name};
    out.emplace_back("hedged_value_at_risk_" + suffix, tail ? std::optional{tail->value_at_risk} : std::nullopt);
    out.emplace_back("hedged_expected_shortfall_" + suffix, tail ? std::optional{tail->expected_shortfall} : std::nullopt);
  }
  return out;
}

void write_table(const Figures& figures, std::string_view title, std::ostream& out) {
  out << title << '\n';
  for (const auto& [name, value] : figures) {
    std::string text;
    if (value) append_number(text, *value);
    out << "  " << name << std::string(name.size() < 30 ? 30 - name.size() : 1, ' ') << text << '\n';
  }
}

void write_json_object(const Figures& figures, std::ostream& out) {
  out << '{';
  bool first = true;
  for (const auto& [name, value] : figures) {
    std::string text;
    if (value && std::isfinite(*value)) append_number(text, *value);
    out << (first ? "" : ",") << '"' << name << "\":" << (text.empty() ? "null" : text);
    first = false;
  }
  out << '}';
}

void write_accounting(const AccountingReport& report, std::ostream& out) {
  out << kAccountingTitle << ", " << utc_minute(report.from) << " to " << utc_minute(report.to) << " UTC\n";
  for (const AccountingLine& line : accounting_lines(report)) {
    std::string text = line.word;
    if (line.value) append_number(text, *line.value);
    text.resize(std::max<std::size_t>(text.size(), 24), ' ');
    out << "  " << line.name << std::string(line.name.size() < 36 ? 36 - line.name.size() : 1, ' ') << text << ' ' << line.meaning
        << '\n';
  }
  if (!report.rebalancings.empty()) out << "  rebalancing log: time, units held before and after\n";
  for (const RebalancingEntry& entry : report.rebalancings) {
    std::string text = "    " + utc_minute(entry.time) + "  ";
    append_number(text, entry.before);
    text += "  ";
    append_number(text, entry.after);
    out << text << '\n';
  }
}

void write_accounting_json(const AccountingReport& report, std::ostream& out) {
  out << "{\"title\":\"" << kAccountingTitle << "\",\"from_ns\":" << nanoseconds_of(report.from)
      << ",\"to_ns\":" << nanoseconds_of(report.to);
  for (const AccountingLine& line : accounting_lines(report)) {
    std::string text;
    if (!line.word.empty())
      text = '"' + line.word + '"';
    else if (line.value && std::isfinite(*line.value))
      append_number(text, *line.value);
    out << ",\"" << line.name << "\":" << (text.empty() ? "null" : text);
  }
  out << ",\"rebalancing_log\":[";
  for (std::size_t i = 0; i < report.rebalancings.size(); ++i) {
    const RebalancingEntry& entry = report.rebalancings[i];
    std::string text = i == 0 ? "{" : ",{";
    text += "\"time_ns\":" + std::to_string(nanoseconds_of(entry.time)) + ",\"before\":";
    append_number(text, entry.before);
    text += ",\"after\":";
    append_number(text, entry.after);
    out << text << '}';
  }
  out << "]}";
}

struct Options {
  std::string exposure;
  std::string hedge;
  std::string ticks;
  std::string specification;
  std::string report;
  bool json = false;
  bool series = false;
  std::size_t window = 240;
  double decay = 0.94;
  double slow_decay = 0.99;
  double half_life_hours = 6;
  double hedge_held = 1;
  std::string moves = "log";
  std::optional<double> reference_correlation;
  bool accounting = false;
  std::string observation = "24h";
  std::string designated;
  std::string rebalancings;
};

/// FILE or FILE:COLUMN; a file whose own name holds the colon wins.
std::pair<std::string, std::string> file_and_column(const std::string& given) {
  const std::size_t colon = given.rfind(':');
  if (colon == std::string::npos || std::ifstream{given}) return {given, "price"};
  return {given.substr(0, colon), given.substr(colon + 1)};
}

std::vector<PriceTick> read_side(const std::string& given, std::vector<std::string>& faults) {
  const auto [file, column] = file_and_column(given);
  std::ifstream in{file};
  if (!in) {
    faults.push_back(file + ": cannot be opened");
    return {};
  }
  return read_prices(in, file, column, faults);
}

Result<EffectivenessInput, std::string> read_input(const Options& options, std::vector<std::string>& faults) {
  if (!options.ticks.empty()) {
    std::ifstream ticks{options.ticks};
    if (!ticks) return options.ticks + ": cannot be opened";
    std::ifstream specification{options.specification};
    if (!specification) return options.specification + ": cannot be opened";
    const std::string text{std::istreambuf_iterator<char>{specification}, {}};
    return read_ticks(ticks, text, faults);
  }
  EffectivenessInput input;
  input.parameters = {.window_pairs = options.window,
                      .window_bars = options.window,
                      .fast_decay = options.decay,
                      .slow_decay = options.slow_decay,
                      .half_life = std::chrono::nanoseconds{static_cast<std::int64_t>(options.half_life_hours * 3600e9)},
                      .hedge_held = options.hedge_held,
                      .move = price_move_named(options.moves).value_or(PriceMove::LogReturn)};
  input.reference_correlation = options.reference_correlation;
  input.exposure_ticks = read_side(options.exposure, faults);
  input.hedge_ticks = read_side(options.hedge, faults);
  input.bars = bars_of_rows(input.exposure_ticks, input.hedge_ticks);
  return input;
}

/// A file's name without its folder and its ending, or the column that was taken from it.
std::string short_name(const std::string& given) {
  const auto [file, column] = file_and_column(given);
  return column != "price" ? column : std::filesystem::path{file}.stem().string();
}

/// What the options ask for; faults of the files go to `faults`.
std::optional<AccountingReport> read_accounting(const Options& options, const EffectivenessInput& input,
                                                std::vector<std::string>& faults) {
  if (!options.accounting) return std::nullopt;
  AccountingOptions wanted;
  if (const auto length = parse_duration(options.observation)) wanted.observation = *length;
  if (!options.designated.empty()) wanted.designated = parse_iso_time(options.designated);
  if (!options.rebalancings.empty()) {
    std::ifstream in{options.rebalancings};
    if (in)
      wanted.rebalancings = read_rebalancings(in, options.rebalancings, faults);
    else
      faults.push_back(options.rebalancings + ": cannot be opened");
  }
  return accounting_report(input, wanted);
}

bool write_report(const Options& options, const EffectivenessInput& input, const AccountingReport* accounting) {
  std::ofstream out{options.report};
  const bool ticks = !options.ticks.empty();
  write_effectiveness_report(input, ticks ? "A" : short_name(options.exposure), ticks ? "B" : short_name(options.hedge), out,
                             accounting);
  out.close();
  return static_cast<bool>(out);
}

int run(const Options& options) {
  std::vector<std::string> faults;
  const auto input = read_input(options, faults);
  std::optional<AccountingReport> evidence;
  if (input) evidence = read_accounting(options, input.value(), faults);
  const AccountingReport* accounting = evidence ? &*evidence : nullptr;
  for (const std::string& fault : faults) std::cerr << fault << '\n';
  if (!input) {
    std::cerr << input.error() << '\n';
    return kExitFault;
  }
  if (input.value().bars.empty() && !faults.empty()) {
    std::cerr << "there is no bar to measure\n";
    return kExitFault;
  }
  const EffectivenessOutput form = options.series ? EffectivenessOutput::Series
                                   : options.json ? EffectivenessOutput::Json
                                                  : EffectivenessOutput::Table;
  write_effectiveness(input.value(), form, std::cout, accounting);
  std::cout.flush();
  if (!options.report.empty() && !write_report(options, input.value(), accounting)) {
    std::cerr << options.report << ": cannot be written\n";
    return kExitFault;
  }
  return faults.empty() && std::cout ? kExitSuccess : kExitFault;
}

}  // namespace

void write_effectiveness(const EffectivenessInput& input, EffectivenessOutput form, std::ostream& out,
                         const AccountingReport* accounting) {
  if (form == EffectivenessOutput::Series) {
    write_series(input, out);
    return;
  }
  PriceEffectiveness series{input.parameters};
  for (const PriceBar& bar : input.bars) series.add_bar(bar.time, bar.exposure, bar.hedge);
  const Figures sample = whole_sample(input);
  const Figures last = figures_of(series, input.reference_correlation);
  if (form == EffectivenessOutput::Json) {
    out << "{\"bars\":" << input.bars.size() << ",\"full_sample\":";
    write_json_object(sample, out);
    out << ",\"last_bar\":";
    write_json_object(last, out);
    if (accounting != nullptr) {
      out << ",\"accounting\":";
      write_accounting_json(*accounting, out);
    }
    out << "}\n";
    return;
  }
  write_table(sample, "whole sample of " + std::to_string(input.bars.size()) + " bars", out);
  write_table(last, "state after the last bar", out);
  if (accounting != nullptr) write_accounting(*accounting, out);
}

void add_effectiveness_command(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("effectiveness", "Measure how well one price tracked another, offline");
  command->footer(std::string{kDescription});
  CLI::Option* exposure = command->add_option("--exposure", options->exposure, "Price that is hedged")->type_name("FILE[:COLUMN]");
  CLI::Option* hedge = command->add_option("--hedge", options->hedge, "The hedge instrument's price")->type_name("FILE[:COLUMN]");
  CLI::Option* ticks = command->add_option("--ticks", options->ticks, "CSV of ticks, with --spec")->type_name("FILE");
  CLI::Option* specification =
      command->add_option("--spec", options->specification, "JSON specification of --ticks")->type_name("FILE");
  exposure->needs(hedge);
  hedge->needs(exposure);
  ticks->needs(specification)->excludes(exposure);
  specification->needs(ticks);
  command->add_flag("--json", options->json, "Figures as one JSON object");
  command->add_flag("--series", options->series, "A CSV row per bar");
  command->add_option("--report", options->report, "Write a page with words and plots to this HTML file")->type_name("FILE");
  command->add_option("--window", options->window, "Rolling window in pairs and in bars")
      ->check(CLI::Range(2, 10'000'000))
      ->capture_default_str();
  command->add_option("--decay", options->decay, "Weight that the past keeps at each pair")
      ->check(CLI::Range(0.0, 0.999999))
      ->capture_default_str();
  command->add_option("--half-life-hours", options->half_life_hours, "Half-life of the time-weighted estimator")
      ->check(CLI::Range(1e-6, 1e5))
      ->capture_default_str();
  command->add_option("--hedge-held", options->hedge_held, "Units of the hedge short for each unit of exposure")
      ->capture_default_str();
  command->add_option("--moves", options->moves, "What is compared: log returns, price changes, or changes of -1/price")
      ->check(CLI::IsMember({"log", "linear", "inverse"}))
      ->capture_default_str();
  command->add_option("--reference-correlation", options->reference_correlation, "What fisher_z_vs_pop compares with")
      ->check(CLI::Range(-1.0, 1.0));
  CLI::Option* accounting = command->add_flag("--accounting", options->accounting, "Evidence for hedge accounting, too");
  command->add_option("--observation", options->observation, "Length of one observation of the accounting tests, such as 8h or 24h")
      ->type_name("DURATION")
      ->needs(accounting)
      ->capture_default_str();
  command->add_option("--designated", options->designated, "When the relationship was designated: ISO 8601 in UTC")
      ->type_name("TIME")
      ->needs(accounting);
  command->add_option("--rebalancings", options->rebalancings, "CSV of times and of what was held from then on")
      ->type_name("FILE")
      ->needs(accounting);
  command->callback([options, &status] {
    if (options->exposure.empty() && options->ticks.empty())
      throw CLI::RequiredError("--exposure and --hedge, or --ticks and --spec,");
    if (!parse_duration(options->observation) || parse_duration(options->observation)->count() <= 0)
      throw CLI::ValidationError("--observation", "is '" + options->observation + "', must be a duration above 0 such as 24h");
    if (!options->designated.empty() && !parse_iso_time(options->designated))
      throw CLI::ValidationError("--designated", "is '" + options->designated + "', must be a time such as 2026-02-01T08:00:00Z");
    status = run(*options);
  });
}

}  // namespace hedgewatch
