#include "config/tables/effectiveness_table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "config/shown.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"
#include "core/types/duration_text.hpp"

namespace hedgewatch {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::size_t kMostWindows = 4;
constexpr std::int64_t kMostBars = 10'080;  // a week of minutes: what a bar's end recomputes

std::optional<Found<std::string>> one_instrument(TableReader& table, CrossReferences& references, std::string_view key,
                                                 std::string_view form, std::optional<InstrumentPattern>& into) {
  auto text = table.required_text(key, form);
  if (text) into = references.as_pattern(table, *text, true);
  return text;
}

/// A convention of which this version knows one form: it is named all the same, so that no later version changes its meaning.
void read_named(TableReader& table, std::string_view key, std::string_view only) {
  const std::array<Choice<bool>, 1> choices{{{only, true}}};
  (void)chosen(table, table.required_text(key, choices_of(choices)), choices);
}

/// What the deltas assume of the smile, of the whole relationship.
void read_smile_rule(TableReader& table, SmileRule& smile) {
  static constexpr std::array<Choice<std::optional<SmileRule>>, 3> kRules{
      {{"sticky_strike", kStickyStrike}, {"sticky_delta", kStickyDelta}, {"skew_stickiness", std::nullopt}}};
  constexpr std::string_view kRatioForm = "a number from 0 to 3: 0 is sticky_delta, 1 sticky_strike";
  const auto word = table.required_text("smile_rule", choices_of(kRules));
  const auto rule = chosen(table, word, kRules);
  if (!rule || *rule) {
    if (rule) smile = **rule;
    const auto ratio = table.number("skew_stickiness_ratio", "left out");
    if (ratio && rule) table.fault(*ratio, "is given beside smile_rule = " + shown(word->value) + ", must be left out");
    return;
  }
  const auto ratio = table.required_number("skew_stickiness_ratio", kRatioForm);
  if (ratio && !(ratio->value >= 0 && ratio->value <= 3))
    table.fault(*ratio, "is " + shown(ratio->value) + ", must be " + std::string{kRatioForm});
  if (ratio) smile.skew_stickiness_ratio = ratio->value;
}

void read_windows(TableReader& table, EffectivenessConventions& sampling) {
  constexpr std::string_view kForm = "a whole number of bars, such as \"4h\"";
  const auto texts = table.texts("windows", kForm);
  if (texts.size() > kMostWindows)
    table.fault(texts[kMostWindows],
                "is window " + std::to_string(kMostWindows + 1) + ", must be at most " + std::to_string(kMostWindows));
  std::vector<nanoseconds> windows;
  for (const Found<std::string>& text : texts) {
    const auto window = parse_duration(text.value);
    const bool fits = window && sampling.bar.count() > 0 && *window % sampling.bar == nanoseconds{} &&
                      *window / sampling.bar >= 3 && *window / sampling.bar <= kMostBars;
    if (!fits)
      table.fault(text, "is " + shown(text.value) + ", must be a whole number of bars of " + duration_text(sampling.bar) +
                            ", from 3 to " + std::to_string(kMostBars));
    else if (!windows.empty() && *window <= windows.back())
      table.fault(text, "is " + shown(text.value) + ", must be longer than the window before it");
    else
      windows.push_back(*window);
  }
  if (!windows.empty()) sampling.windows = windows;
}

void read_sampling(TableReader& table, EffectivenessConventions& sampling) {
  constexpr std::string_view kFloorForm = "a number above 0, below 1";
  read_duration(table, "bar", seconds{1}, hours{24}, sampling.bar);
  read_windows(table, sampling);
  read_count(table, "minimum_pairs", 3, kMostBars, sampling.minimum_pairs);
  read_duration(table, "half_life", seconds{1}, hours{24 * 30}, sampling.half_life);
  read_duration(table, "reference_window", minutes{1}, hours{24 * 366}, sampling.reference);
  const auto floor = table.number("correlation_floor", kFloorForm);
  if (floor && !(floor->value > 0 && floor->value < 1))
    table.fault(*floor, "is " + shown(floor->value) + ", must be " + std::string{kFloorForm});
  if (floor) sampling.correlation_floor = floor->value;
}

}  // namespace

std::optional<EffectivenessSetup> read_effectiveness(TableReader& hedge, CrossReferences& references,
                                                     const std::vector<InstrumentPattern>& legs, SmileRule& smile) {
  static constexpr std::array<Choice<ProfitCurrency>, 2> kCurrencies{
      {{label(ProfitCurrency::Usd), ProfitCurrency::Usd}, {label(ProfitCurrency::Coin), ProfitCurrency::Coin}}};
  static constexpr std::array<Choice<BasisAnnualisation>, 3> kAnnualisations{
      {{label(BasisAnnualisation::Simple), BasisAnnualisation::Simple},
       {label(BasisAnnualisation::Continuous), BasisAnnualisation::Continuous},
       {label(BasisAnnualisation::Compound), BasisAnnualisation::Compound}}};
  constexpr std::string_view kReferenceForm = "\"index\" or one instrument such as \"deribit:BTC_USDC\"";
  constexpr std::string_view kOffsetForm = "a number above 0, in the P&L currency";
  auto table = hedge.table("effectiveness");
  if (!table) return std::nullopt;
  EffectivenessSetup setup;

  if (const auto at = table->required_text("designated_at", kUtcTimeForm)) {
    const auto time = utc_time(at->value);
    if (time)
      setup.designated_at = *time;
    else
      table->fault(*at, "is " + shown(at->value) + ", must be " + std::string{kUtcTimeForm});
  }
  if (const auto currency = chosen(*table, table->required_text("pnl_currency", choices_of(kCurrencies)), kCurrencies))
    setup.profit_currency = *currency;
  std::optional<InstrumentPattern> leg;
  const auto leg_text = one_instrument(*table, references, "basis_leg", kInstrumentForm, leg);
  if (leg && !legs.empty() &&
      std::none_of(legs.begin(), legs.end(), [&](const InstrumentPattern& one) { return one.matches(leg->venue, leg->symbol); }))
    table->fault(*leg_text, "is " + shown(leg_text->value) + ", must be one of the hedge's legs");
  if (leg) setup.basis_leg = std::move(*leg);
  if (const auto reference = table->required_text("reference_price", kReferenceForm); reference && reference->value != "index")
    setup.reference = references.as_pattern(*table, *reference, true);
  if (const auto convention =
          chosen(*table, table->required_text("basis_annualisation", choices_of(kAnnualisations)), kAnnualisations))
    setup.annualisation = *convention;
  read_named(*table, "beta_source", "same_underlying");
  read_smile_rule(*table, smile);
  read_named(*table, "roll_rule", "keep_history");
  if (const auto floor = positive(*table, table->required_number("offset_floor", kOffsetForm), kOffsetForm))
    setup.sampling.offset_floor = floor->value;
  read_sampling(*table, setup.sampling);
  table->finish();
  return setup;
}

}  // namespace hedgewatch
