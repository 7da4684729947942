#include "config/tables/rebalancing_table.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/shown.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

namespace {

constexpr double kMostFeeRatio = 0.1;

void read_formula_inputs(TableReader& table, BandSetup& band) {
  constexpr std::string_view kAversionForm = "a number above 0: absolute risk aversion per dollar, such as 0.00001";
  constexpr std::string_view kCostForm = "a fraction above 0, at most 0.1: one-way cost over the value traded, such as 0.0005";
  if (band.kind == BandKind::Fixed) {
    for (const std::string_view key : {"risk_aversion_per_usd", "cost_ratio"})
      if (const auto given = table.number(key, "left out")) table.fault(*given, "is given for a fixed band, must be left out");
    return;
  }
  if (const auto aversion = positive(table, table.required_number("risk_aversion_per_usd", kAversionForm), kAversionForm))
    band.risk_aversion_per_usd = aversion->value;
  const auto cost = table.required_number("cost_ratio", kCostForm);
  if (cost && !(cost->value > 0 && cost->value <= kMostFeeRatio))
    table.fault(*cost, "is " + shown(cost->value) + ", must be " + std::string{kCostForm});
  if (cost) band.cost_ratio = cost->value;
}

std::optional<AdviceInstrument> read_advice_instrument(TableReader& table, CrossReferences& references,
                                                       const std::string& underlying) {
  constexpr std::string_view kSizeForm = "a size above 0 in the contract's own unit (dollars for inverse futures)";
  constexpr std::string_view kFeeForm = "a fraction from -0.1 to 0.1 of the value traded, negative for a rebate";
  constexpr std::string_view kNotionalForm = "a number of dollars above 0";
  AdviceInstrument advice;
  const auto instrument = table.required_text("instrument", kInstrumentForm);
  auto pattern = instrument ? references.as_pattern(table, *instrument, true) : std::nullopt;
  if (pattern && !underlying.empty()) {
    const std::string_view asset = leading_asset(pattern->symbol);
    if (!asset.empty() && asset != underlying)
      table.fault(*instrument,
                  "is " + shown(instrument->value) + ", must be an instrument of the hedge's underlying " + shown(underlying));
  }
  const auto size = positive(table, table.required_number("max_trade_size", kSizeForm), kSizeForm);
  const auto fee = table.required_number("fee_ratio", kFeeForm);
  if (fee && !(fee->value >= -kMostFeeRatio && fee->value <= kMostFeeRatio))
    table.fault(*fee, "is " + shown(fee->value) + ", must be " + std::string{kFeeForm});
  if (const auto limit = positive(table, table.number("position_limit", kSizeForm), kSizeForm))
    advice.position_limit = limit->value;
  if (const auto least = positive(table, table.number("min_notional_usd", kNotionalForm), kNotionalForm))
    advice.min_notional_usd = least->value;
  table.finish();
  if (!pattern || !size || !fee) return std::nullopt;
  advice.instrument = std::move(*pattern);
  advice.max_trade_size = size->value;
  advice.fee_ratio = fee->value;
  return advice;
}

}  // namespace

std::optional<BandSetup> read_band(TableReader& hedge, std::optional<double> soft_limit_coins) {
  static constexpr std::array<Choice<BandKind>, 3> kKinds{{{label(BandKind::Fixed), BandKind::Fixed},
                                                           {label(BandKind::WhalleyWilmott), BandKind::WhalleyWilmott},
                                                           {label(BandKind::Zakamouline), BandKind::Zakamouline}}};
  constexpr std::string_view kWidthForm = "a number of coins above 0";
  auto table = hedge.table("band");
  if (!table) return std::nullopt;
  BandSetup band;
  const auto kind = chosen(*table, table->required_text("kind", choices_of(kKinds)), kKinds);
  if (kind) band.kind = *kind;
  const auto width = positive(*table, table->required_number("half_width_coins", kWidthForm), kWidthForm);
  if (width && soft_limit_coins && width->value > *soft_limit_coins)
    table->fault(*width,
                 "is " + shown(width->value) + ", must be at most soft_delta_limit_coins (" + shown(*soft_limit_coins) + ")");
  if (width) band.half_width_coins = width->value;
  if (kind) {
    read_formula_inputs(*table, band);
  } else {
    // Which keys belong to it is not known: they are not called unknown too.
    (void)table->number("risk_aversion_per_usd", "a number");
    (void)table->number("cost_ratio", "a number");
  }
  table->finish();
  return band;
}

std::vector<AdviceInstrument> read_advice(TableReader& hedge, CrossReferences& references, const std::string& underlying) {
  constexpr std::size_t kMostInstruments = 8;
  std::vector<TableReader> tables;
  (void)hedge.tables("advice", tables);
  std::vector<AdviceInstrument> advice;
  for (TableReader& table : tables) {
    auto read = read_advice_instrument(table, references, underlying);
    if (!read) continue;
    bool known = false;
    for (const AdviceInstrument& other : advice) known = known || other.instrument == read->instrument;
    if (known)
      hedge.fault(table.at(), table.path(), "names an instrument again, must name each once");
    else
      advice.push_back(std::move(*read));
  }
  if (tables.size() > kMostInstruments)
    hedge.fault(tables[kMostInstruments].at(), tables[kMostInstruments].path(),
                "is instrument " + std::to_string(kMostInstruments + 1) + ", must be at most " + std::to_string(kMostInstruments));
  return advice;
}

}  // namespace hedgewatch
