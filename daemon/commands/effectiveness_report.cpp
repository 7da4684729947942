#include "daemon/commands/effectiveness_report.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "core/hedge/correlation_breakdown.hpp"
#include "daemon/commands/svg_plot.hpp"

namespace hedgewatch {

namespace {

constexpr std::size_t kFewestPairs = 120;
constexpr double kCorrelationFloor = 0.95;
constexpr double kOffsetLow = 0.80;
constexpr double kOffsetHigh = 1.25;

/// Everything that the words, the table and the plots are made of.
struct Sample {
  std::vector<ReturnPair> pairs;
  std::vector<VenueTime> pair_times;
  std::size_t missing_bars = 0;
  std::size_t still_exposure = 0;  ///< pairs whose exposure did not move
  std::size_t still_hedge = 0;
  double exposure_change = 0;
  double largest_exposure_change = 0;
  double squared_exposure_changes = 0;
  PairStatistics whole;
  std::optional<double> offset;

  // by bar
  std::vector<VenueTime> times;
  PlotLine exposure_price{.name = "exposure", .values = {}};
  PlotLine hedge_price{.name = "hedge", .values = {}};
  PlotLine basis{.name = "basis", .values = {}};
  PlotLine correlation{.name = "window", .values = {}};
  PlotLine correlation_fast{.name = "exponential", .values = {}};
  PlotLine reduction{.name = "at the hedge held", .values = {}};
  PlotLine best_reduction{.name = "best of the window (R²)", .values = {}};
  PlotLine offset_line{.name = "offset", .values = {}};
  BasisStatistics last_basis;
  PairStatistics last_window;
};

Sample sample_of(const EffectivenessInput& input) {
  Sample sample;
  PriceEffectiveness series{input.parameters};
  for (std::size_t k = 0; k < input.bars.size(); ++k) {
    const PriceBar& bar = input.bars[k];
    series.add_bar(bar.time, bar.exposure, bar.hedge);
    if (!bar.exposure || !bar.hedge) ++sample.missing_bars;
    sample.times.push_back(bar.time);
    sample.exposure_price.values.push_back(bar.exposure);
    sample.hedge_price.values.push_back(bar.hedge);
    const BasisStatistics basis = series.basis();
    sample.basis.values.push_back(basis.ratio ? std::optional{*basis.ratio * 1e4} : std::nullopt);
    const PairStatistics window = series.by_pairs();
    const bool full = window.count >= std::min(input.parameters.window_pairs, kFewestPairs);
    sample.correlation.values.push_back(full ? window.correlation : std::nullopt);
    sample.correlation_fast.values.push_back(full ? series.fast().correlation() : std::nullopt);
    sample.reduction.values.push_back(full ? window.variance_reduction : std::nullopt);
    sample.best_reduction.values.push_back(full ? window.r_squared : std::nullopt);
    sample.offset_line.values.push_back(full ? series.dollar_offset() : std::nullopt);
    if (k + 1 == input.bars.size()) {
      sample.last_basis = basis;
      sample.last_window = window;
      sample.offset = series.dollar_offset();
    }
    if (k == 0) continue;
    const PriceBar& before = input.bars[k - 1];
    if (!before.exposure || !before.hedge || !bar.exposure || !bar.hedge) continue;
    const double exposure = *bar.exposure - *before.exposure;
    const double hedge = *bar.hedge - *before.hedge;
    sample.pairs.push_back({.exposure = price_move(*before.exposure, *bar.exposure, input.parameters.move),
                            .hedge = price_move(*before.hedge, *bar.hedge, input.parameters.move)});
    sample.pair_times.push_back(bar.time);
    sample.exposure_change += exposure;
    sample.squared_exposure_changes += exposure * exposure;
    if (exposure == 0) ++sample.still_exposure;
    if (hedge == 0) ++sample.still_hedge;
  }
  sample.whole = pair_statistics(sample.pairs, input.parameters.hedge_held);
  return sample;
}

std::string percent(double ratio, int decimals = 2) { return fixed_text(ratio * 100, decimals) + " %"; }

/// The offset divides by the exposure's whole move: near nothing it says nothing.
bool offset_conclusive(const Sample& sample) {
  return sample.offset.has_value() && std::abs(sample.exposure_change) >= 0.25 * std::sqrt(sample.squared_exposure_changes);
}

std::string_view described(PriceMove move) {
  switch (move) {
    case PriceMove::LogReturn:
      return "log returns";
    case PriceMove::Linear:
      return "price changes";
    case PriceMove::Inverse:
      return "changes of -1/price";
  }
  return "";
}

void describe_hedge(const Sample& sample, const EffectivenessParameters& parameters, std::vector<std::string>& says) {
  const PairStatistics& whole = sample.whole;
  const double held = parameters.hedge_held;
  if (!whole.correlation || !whole.variance_reduction) return;
  const double reduction = *whole.variance_reduction;
  says.push_back("The two prices moved with a correlation of " + fixed_text(*whole.correlation, 5) + " over " +
                 std::to_string(whole.count) + " pairs of " + std::string{described(parameters.move)} + ".");
  if (reduction >= 0)
    says.push_back("Short " + fixed_text(held, 3) + " of the hedge for each unit of exposure took away " + percent(reduction, 3) +
                   " of the variance. What is left is " + percent(std::sqrt(1 - reduction)) +
                   " of the standard deviation: that, and not the variance, is what a profit and loss shows.");
  else
    says.push_back("Short " + fixed_text(held, 3) + " of the hedge for each unit of exposure made the variance " +
                   fixed_text(1 - reduction, 2) + " times as large: it added risk.");
  if (whole.beta && whole.r_squared) {
    std::string sentence = "The ratio that would have removed most is " + fixed_text(*whole.beta, 4) + ", with " +
                           percent(*whole.r_squared, 3) + " of the variance";
    const double worth = *whole.r_squared - reduction;
    sentence += worth < 0.0005 ? ": the ratio held is as good." : ": the ratio held gives away " + percent(worth) + ".";
    says.push_back(sentence + " It is known only afterwards; out of sample it does worse.");
  }
  if (whole.tracking_error && parameters.move == PriceMove::LogReturn)
    says.push_back("What was left moved by " + fixed_text(*whole.tracking_error * 1e4, 2) +
                   " basis points a bar (one standard deviation).");
}

void describe_windows(const Sample& sample, std::vector<std::string>& says) {
  std::optional<std::size_t> worst;
  std::size_t defined = 0;
  std::size_t low = 0;
  for (std::size_t k = 0; k < sample.times.size(); ++k) {
    const auto& value = sample.correlation.values[k];
    if (!value) continue;
    ++defined;
    if (*value < kCorrelationFloor) ++low;
    if (!worst || *value < *sample.correlation.values[*worst]) worst = k;
  }
  if (!worst) return;
  std::string sentence = "Window by window the correlation was lowest, " + fixed_text(*sample.correlation.values[*worst], 4) +
                         ", in the window that ended " + utc_minute(sample.times[*worst]);
  sentence += low == 0 ? "; it never fell below " + fixed_text(kCorrelationFloor, 2) + "."
                       : "; it was below " + fixed_text(kCorrelationFloor, 2) + " in " +
                             percent(static_cast<double>(low) / static_cast<double>(defined), 1) + " of the windows.";
  says.push_back(sentence);
}

void describe_levels(const Sample& sample, std::vector<std::string>& says) {
  if (sample.last_basis.ratio) {
    std::string sentence = "At the end the hedge stood " + fixed_text(std::abs(*sample.last_basis.ratio) * 1e4, 2) +
                           " basis points " + (*sample.last_basis.ratio < 0 ? "below" : "above") + " the exposure";
    if (sample.last_basis.zscore)
      sentence += ", " + fixed_text(std::abs(*sample.last_basis.zscore), 1) + " standard deviations of its window " +
                  (*sample.last_basis.zscore < 0 ? "below" : "above") + " the usual";
    says.push_back(sentence + ".");
  }
  if (!offset_conclusive(sample)) return;
  const bool within = *sample.offset >= kOffsetLow && *sample.offset <= kOffsetHigh;
  says.push_back("Since the start the hedge paid back " + percent(*sample.offset, 1) + " of what the exposure's price moved, " +
                 (within ? "inside" : "outside") + " the 80 to 125 % of accounting practice. Economic evidence, not eligibility.");
}

/// A sum of squares is easily the sum of one.
void warn_of_single_bars(double held, const Sample& sample, std::vector<std::string>& warnings) {
  const auto look = [&](const auto& move_of, std::string_view what, std::string_view so) {
    double squares = 0;
    double largest = 0;
    std::size_t largest_at = 0;
    for (std::size_t i = 0; i < sample.pairs.size(); ++i) {
      const double move = move_of(sample.pairs[i]);
      squares += move * move;
      if (move * move <= largest) continue;
      largest = move * move;
      largest_at = i;
    }
    if (sample.pairs.size() >= 20 && largest > 0.25 * squares)
      warnings.push_back("One bar, " + utc_minute(sample.pair_times[largest_at]) + ", is " + percent(largest / squares, 0) +
                         " of " + std::string{what} + ": " + std::string{so});
  };
  look([](const ReturnPair& pair) { return pair.exposure; }, "all variance of the exposure",
       "the figures are about that bar. Look at it, and at the rest without it.");
  look([&](const ReturnPair& pair) { return pair.exposure - held * pair.hedge; }, "what the hedge left",
       "a bad print, or the one moment when the hedge was needed and did not work. Find out which.");
}

/// A whole that looks good can hide a window that was not.
void warn_of_windows(const Sample& sample, std::vector<std::string>& warnings) {
  if (!sample.whole.correlation || *sample.whole.correlation < kCorrelationFloor) return;
  double lowest = 1;
  for (const auto& value : sample.correlation.values) lowest = std::min(lowest, value.value_or(1));
  if (lowest < kCorrelationFloor)
    warnings.push_back("The whole sample's " + fixed_text(*sample.whole.correlation, 3) + " hides windows down to " +
                       fixed_text(lowest, 3) + ": see when that was. A hedge is needed most when it holds least.");
}

void warn(const EffectivenessInput& input, const Sample& sample, std::vector<std::string>& warnings) {
  const PairStatistics& whole = sample.whole;
  if (whole.count < kFewestPairs)
    warnings.push_back("Only " + std::to_string(whole.count) + " pairs: below " + std::to_string(kFewestPairs) +
                       " a correlation is mostly chance.");
  if (!whole.correlation)
    warnings.push_back(
        "There is no correlation: a price did not move, or there are too few pairs. Nothing below is evidence of a hedge.");
  if (whole.variance_reduction && *whole.variance_reduction < 0)
    warnings.push_back("The hedge added risk. Check the sign and the size of the ratio held (" +
                       fixed_text(input.parameters.hedge_held, 3) + ") before anything else.");
  const auto bars = static_cast<double>(std::max<std::size_t>(1, input.bars.size()));
  if (static_cast<double>(sample.missing_bars) > 0.02 * bars)
    warnings.push_back(
        percent(static_cast<double>(sample.missing_bars) / bars, 1) +
        " of the bars lack a price and are left out: if it is missing when markets are wild, all of this is too calm.");
  const auto pairs = static_cast<double>(std::max<std::size_t>(1, whole.count));
  const double still = static_cast<double>(std::max(sample.still_exposure, sample.still_hedge)) / pairs;
  if (still > 0.1)
    warnings.push_back(
        "In " + percent(still, 0) +
        " of the bars one price did not move at all. A stale price makes the correlation too low and a jump test too high: "
        "use longer bars.");
  const HayashiYoshida overlap = hayashi_yoshida(input.exposure_ticks, input.hedge_ticks);
  if (overlap.correlation && whole.correlation && *overlap.correlation - *whole.correlation > 0.05)
    warnings.push_back("The ticks themselves (Hayashi-Yoshida) correlate at " + fixed_text(*overlap.correlation, 3) +
                       ", the bars at " + fixed_text(*whole.correlation, 3) +
                       ": the prices come at different times, and the bars are too short for them.");
  warn_of_single_bars(input.parameters.hedge_held, sample, warnings);
  warn_of_windows(sample, warnings);
  if (sample.pairs.size() >= 2 * kFewestPairs) {
    const std::span<const ReturnPair> all{sample.pairs};
    const PairStatistics early = pair_statistics(all.first(all.size() / 2), input.parameters.hedge_held);
    const PairStatistics late = pair_statistics(all.subspan(all.size() / 2), input.parameters.hedge_held);
    if (early.beta && late.beta && std::abs(*early.beta - *late.beta) > 0.05)
      warnings.push_back("The best ratio was " + fixed_text(*early.beta, 3) + " in the first half and " +
                         fixed_text(*late.beta, 3) + " in the second: one ratio does not fit the whole.");
  }
  const auto reference = input.reference_correlation;
  if (reference && sample.last_window.correlation)
    if (const auto z = correlation_breakdown_zscore(*sample.last_window.correlation, *reference, sample.last_window.count);
        z && *z < -3 && *sample.last_window.correlation < kCorrelationFloor)
      warnings.push_back("The last window's correlation, " + fixed_text(*sample.last_window.correlation, 3) + ", is " +
                         fixed_text(-*z, 1) + " standard errors below the reference of " + fixed_text(*reference, 3) +
                         ": the relation may have broken.");
  if (sample.last_basis.zscore && std::abs(*sample.last_basis.zscore) > 4)
    warnings.push_back("The basis ends " + fixed_text(*sample.last_basis.zscore, 1) +
                       " standard deviations from its window's mean: what the hedge is worth is moving by itself.");
  if (sample.whole.count > 1 && !offset_conclusive(sample))
    warnings.push_back(
        "The dollar offset is inconclusive: the exposure ended near where it began, and nothing divides well by nothing.");
}

std::string row(std::string_view name, const std::string& value, std::string_view meaning) {
  return "<tr><th scope=\"row\">" + html_escaped(name) + "</th><td>" + html_escaped(value) + "</td><td>" + html_escaped(meaning) +
         "</td></tr>\n";
}

void write_table(const EffectivenessInput& input, const Sample& sample, std::ostream& out) {
  const PairStatistics& whole = sample.whole;
  const HayashiYoshida overlap = hayashi_yoshida(input.exposure_ticks, input.hedge_ticks);
  out << "<table>\n"
      << row("Correlation", fixed_text(whole.correlation, 5),
             "of " + std::string{described(input.parameters.move)} + ", whole sample")
      << row("of the ticks", fixed_text(overlap.correlation, 5), "Hayashi-Yoshida: a diagnostic, can leave -1 to 1")
      << row("Variance reduction", fixed_text(whole.variance_reduction, 5), "at the hedge held (Ederington), never clipped")
      << row("R squared", fixed_text(whole.r_squared, 5), "at the best ratio of the sample: optimistic")
      << row("Hedge held", fixed_text(input.parameters.hedge_held, 4), "units short for each unit of exposure")
      << row("Beta", fixed_text(whole.beta, 5), "the ratio of least variance")
      << row("Tracking error", fixed_text(whole.tracking_error, 6), "standard deviation of what is left, a bar")
      << row("Exposure's deviation",
             fixed_text(whole.variance_exposure ? std::optional{std::sqrt(*whole.variance_exposure)} : std::nullopt, 6),
             "the same without the hedge")
      << row("Dollar offset", offset_conclusive(sample) ? fixed_text(sample.offset, 4) : "inconclusive",
             "since the start; 1 is a perfect offset")
      << row("Basis", fixed_text(sample.last_basis.ratio ? std::optional{*sample.last_basis.ratio * 1e4} : std::nullopt, 2),
             "basis points, at the end")
      << row("Pairs", std::to_string(whole.count), "of " + std::to_string(input.bars.size()) + " bars") << "</table>\n";
}

constexpr std::string_view kStyle = R"(
  :root { color-scheme: light; }
  body { margin: 2rem auto; max-width: 960px; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; }
  h1 { font-size: 1.5rem; margin: 0 0 .2rem; }
  h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
  .period { color: #666; margin: 0 0 1rem; }
  .says { padding-left: 1.2rem; margin: .4rem 0; }
  .says li { margin: .25rem 0; }
  .warnings { border-left: 4px solid #D55E00; background: #fdf3ec; padding: .5rem 1rem; margin: 1rem 0; }
  .warnings h2 { margin: 0; }
  table { border-collapse: collapse; margin: .5rem 0; font-size: 14px; }
  th { text-align: left; font-weight: 600; padding: .15rem 1.2rem .15rem 0; }
  td { padding: .15rem 1.2rem .15rem 0; border-top: 1px solid #eee; }
  th { border-top: 1px solid #eee; }
  td:nth-child(2) { text-align: right; font-variant-numeric: tabular-nums; }
  td:nth-child(3) { color: #666; }
  figure { margin: 1.4rem 0 0; break-inside: avoid; }
  svg { width: 100%; height: auto; display: block; }
  figcaption { color: #666; font-size: 13px; }
  .about { color: #666; font-size: 13px; margin-top: 1.6rem; border-top: 1px solid #ddd; padding-top: .6rem; }
  @media print {
    @page { margin: 12mm; }
    body { margin: 0; max-width: none; padding: 0; font-size: 10.5pt; }
    .warnings { background: none; border: 1px solid #D55E00; border-left-width: 4px; }
    figure { margin-top: .6rem; }
  }
)";

void write_plot(const Plot& plot, std::string_view caption, std::ostream& out) {
  out << "<figure>\n" << svg_of(plot) << "<figcaption>" << html_escaped(caption) << "</figcaption>\n</figure>\n";
}

void write_plots(const Sample& sample, const EffectivenessInput& input, std::ostream& out) {
  const std::string window = std::to_string(input.parameters.window_pairs) + " pairs";
  write_plot({.title = "Price",
              .unit = "as in the files",
              .times = sample.times,
              .lines = {sample.exposure_price, sample.hedge_price},
              .marks = {},
              .decimals = 0,
              .least = {},
              .most = {}},
             "Where one line hides the other the two prices are the same at this scale. A gap is a missing price.", out);
  write_plot({.title = "Basis",
              .unit = "basis points, hedge over exposure",
              .times = sample.times,
              .lines = {sample.basis},
              .marks = {{.name = "", .from = 0, .to = 0}},
              .decimals = 0,
              .least = {},
              .most = {}},
             "What the hedge does not remove. A step is a change of regime, a spike a moment in which getting out was dear.", out);
  write_plot(
      {.title = "Rolling correlation",
       .unit = "last " + window + ", and exponential",
       .times = sample.times,
       .lines = {sample.correlation, sample.correlation_fast},
       .marks = {{.name = "floor 0.95", .from = kCorrelationFloor, .to = kCorrelationFloor}},
       .decimals = 3,
       .least = -1,
       .most = 1},
      "The exponential one reacts first and trembles more. A single bar on which only one side was quoted is enough for a dip.",
      out);
  write_plot({.title = "Variance reduction",
              .unit = "last " + window,
              .times = sample.times,
              .lines = {sample.reduction, sample.best_reduction},
              .marks = {},
              .decimals = 3,
              .least = -1,
              .most = 1},
             "At the ratio held, and at the best ratio of each window, which nobody knew in advance. Below 0 the hedge adds risk.",
             out);
  write_plot({.title = "Dollar offset",
              .unit = "since the start",
              .times = sample.times,
              .lines = {sample.offset_line},
              .marks = {{.name = "80 to 125 %", .from = kOffsetLow, .to = kOffsetHigh}},
              .decimals = 2,
              .least = 0,
              .most = 2},
             "It flies off whenever the exposure's price comes back to where it started: the denominator is then nothing.", out);
}

void write_accounting_section(const AccountingReport& report, std::ostream& out) {
  out << "<h2>" << kAccountingTitle << "</h2>\n<p class=\"period\">" << utc_minute(report.from) << " to " << utc_minute(report.to)
      << " UTC, profit of one unit of exposure and of what was held for it. A net written option usually fails whatever stands "
         "here.</p>\n<table>\n";
  for (const AccountingLine& line : accounting_lines(report)) {
    std::string name = line.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    out << row(name,
               line.word.empty() ? fixed_text(line.value, line.value == std::floor(line.value.value_or(0.5)) ? 0 : 5) : line.word,
               line.meaning);
  }
  out << "</table>\n";
  if (report.rebalancings.empty()) return;
  out << "<h2>Rebalancing log</h2>\n<table>\n";
  for (const RebalancingEntry& entry : report.rebalancings)
    out << row(utc_minute(entry.time), fixed_text(entry.after, 5), "units held, " + fixed_text(entry.before, 5) + " before");
  out << "</table>\n";
}

}  // namespace

EffectivenessWords effectiveness_in_words(const EffectivenessInput& input) {
  const Sample sample = sample_of(input);
  EffectivenessWords words;
  describe_hedge(sample, input.parameters, words.says);
  describe_windows(sample, words.says);
  describe_levels(sample, words.says);
  warn(input, sample, words.warnings);
  return words;
}

void write_effectiveness_report(const EffectivenessInput& input, const std::string& exposure, const std::string& hedge,
                                std::ostream& out, const AccountingReport* accounting) {
  const Sample sample = sample_of(input);
  const EffectivenessWords words = effectiveness_in_words(input);
  const std::string title = "Does " + hedge + " hedge " + exposure + "?";
  out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" << html_escaped(title)
      << "</title>\n<style>" << kStyle << "</style>\n</head>\n<body>\n<h1>" << html_escaped(title) << "</h1>\n<p class=\"period\">";
  if (!sample.times.empty())
    out << utc_minute(sample.times.front()) << " to " << utc_minute(sample.times.back()) << " UTC, " << sample.times.size()
        << " bars";
  else
    out << "no bars";
  out << "</p>\n<ul class=\"says\">\n";
  for (const std::string& sentence : words.says) out << "<li>" << html_escaped(sentence) << "</li>\n";
  out << "</ul>\n";
  if (!words.warnings.empty()) {
    out << "<section class=\"warnings\">\n<h2>Before you believe it</h2>\n<ul class=\"says\">\n";
    for (const std::string& sentence : words.warnings) out << "<li>" << html_escaped(sentence) << "</li>\n";
    out << "</ul>\n</section>\n";
  }
  out << "<h2>Figures</h2>\n";
  write_table(input, sample, out);
  write_plots(sample, input, out);
  if (accounting != nullptr) write_accounting_section(*accounting, out);
  out << "<p class=\"about\">Statistics of two prices. They say nothing about a book of options hedged with its underlying, whose "
         "gamma and "
         "vega do not show in a correlation of prices: for that, the effectiveness of profit and loss is what counts. Moves are "
      << described(input.parameters.move) << " between neighbouring bars that have both prices; sample statistics; windows of "
      << input.parameters.window_pairs << " pairs, shown from " << std::min(input.parameters.window_pairs, kFewestPairs)
      << " pairs on; exponential weights of " << fixed_text(input.parameters.fast_decay, 4)
      << " a pair. Made by hedgewatch effectiveness.</p>\n</body>\n</html>\n";
}

}  // namespace hedgewatch
