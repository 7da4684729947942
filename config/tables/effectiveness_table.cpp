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

/// False when the symbol names another asset; of a pattern that names none nothing is known.
bool may_be_of(const InstrumentPattern& instrument, std::string_view underlying) {
  const std::string_view asset = leading_asset(instrument.symbol);
  return asset.empty() || asset == underlying;
}

/// Legs of the hedge's own underlying have a beta of 1; for others it is stated, or measured by the relationship itself.
void read_beta_source(TableReader& table, HedgeSetup& hedge) {
  static constexpr std::array<Choice<BetaSource>, 1> kOwn{{{label(BetaSource::SameUnderlying), BetaSource::SameUnderlying}}};
  static constexpr std::array<Choice<BetaSource>, 2> kCross{
      {{label(BetaSource::Fixed), BetaSource::Fixed}, {label(BetaSource::Rolling), BetaSource::Rolling}}};
  constexpr std::string_view kBetaForm = "a number from 0.1 to 10: what the item returns for each unit of the legs' return";
  const auto read = [&](const auto& choices) {
    return chosen(table, table.required_text("beta_source", choices_of(choices)), choices);
  };
  const auto source = hedge.leg_underlying.empty() ? read(kOwn) : read(kCross);
  if (source) hedge.beta_source = *source;
  if (hedge.beta_source != BetaSource::Fixed) {
    if (const auto beta = table.number("beta", "left out"); beta && source)
      table.fault(*beta, "is given beside beta_source = " + shown(label(*source)) + ", must be left out");
    return;
  }
  const auto beta = table.required_number("beta", kBetaForm);
  if (beta && !(beta->value >= 0.1 && beta->value <= 10))
    table.fault(*beta, "is " + shown(beta->value) + ", must be " + std::string{kBetaForm});
  if (beta) hedge.beta = beta->value;
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

void read_effectiveness(TableReader& relationship, CrossReferences& references, HedgeSetup& hedge) {
  static constexpr std::array<Choice<ProfitCurrency>, 2> kCurrencies{
      {{label(ProfitCurrency::Usd), ProfitCurrency::Usd}, {label(ProfitCurrency::Coin), ProfitCurrency::Coin}}};
  static constexpr std::array<Choice<BasisAnnualisation>, 3> kAnnualisations{
      {{label(BasisAnnualisation::Simple), BasisAnnualisation::Simple},
       {label(BasisAnnualisation::Continuous), BasisAnnualisation::Continuous},
       {label(BasisAnnualisation::Compound), BasisAnnualisation::Compound}}};
  constexpr std::string_view kReferenceForm = "\"index\" or one instrument such as \"deribit:BTC_USDC\"";
  constexpr std::string_view kOffsetForm = "a number above 0, in the P&L currency";
  auto table = relationship.table("effectiveness");
  if (!table) return;
  const bool cross = !hedge.leg_underlying.empty();
  EffectivenessSetup setup;

  if (const auto at = table->required_text("designated_at", kUtcTimeForm)) {
    const auto time = utc_time(at->value);
    if (time)
      setup.designated_at = *time;
    else
      table->fault(*at, "is " + shown(at->value) + ", must be " + std::string{kUtcTimeForm});
  }
  const auto currency_text = table->required_text("pnl_currency", choices_of(kCurrencies));
  if (const auto currency = chosen(*table, currency_text, kCurrencies)) setup.profit_currency = *currency;
  if (cross && setup.profit_currency == ProfitCurrency::Coin)
    table->fault(*currency_text, "is " + shown(currency_text->value) + ", must be \"usd\" where item and legs are not of one coin");
  std::optional<InstrumentPattern> leg;
  const auto leg_text = one_instrument(*table, references, "basis_leg", kInstrumentForm, leg);
  if (leg && !hedge.legs.empty() && std::none_of(hedge.legs.begin(), hedge.legs.end(), [&](const InstrumentPattern& one) {
        return one.matches(leg->venue, leg->symbol);
      }))
    table->fault(*leg_text, "is " + shown(leg_text->value) + ", must be one of the hedge's legs");
  if (leg) setup.basis_leg = std::move(*leg);
  const auto reference = table->required_text("reference_price", kReferenceForm);
  if (reference && reference->value != "index") setup.reference = references.as_pattern(*table, *reference, true);
  if (reference && cross && (!setup.reference || !may_be_of(*setup.reference, hedge.underlying)))
    table->fault(*reference, "is " + shown(reference->value) + ", must be an instrument of the item's underlying " +
                                 shown(hedge.underlying) + ": the index is that of the legs");
  if (const auto convention =
          chosen(*table, table->required_text("basis_annualisation", choices_of(kAnnualisations)), kAnnualisations))
    setup.annualisation = *convention;
  read_beta_source(*table, hedge);
  read_smile_rule(*table, hedge.smile);
  read_named(*table, "roll_rule", "keep_history");
  if (const auto floor = positive(*table, table->required_number("offset_floor", kOffsetForm), kOffsetForm))
    setup.sampling.offset_floor = floor->value;
  read_sampling(*table, setup.sampling);
  table->finish();
  hedge.effectiveness = std::move(setup);
}

}  // namespace hedgewatch
