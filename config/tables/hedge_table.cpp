#include "config/tables/tables.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/shown.hpp"
#include "config/tables/effectiveness_table.hpp"
#include "config/tables/rebalancing_table.hpp"
#include "config/tables/rule_parts.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

namespace {

constexpr double kMostTargetRatio = 10;

/// A leg on another underlying would silently hedge nothing: delta is summed per underlying.
void check_legs(TableReader& table, const std::vector<Found<std::string>>& legs, const std::string& underlying, bool cross) {
  for (const auto& found : legs) {
    const auto pattern = parse_instrument_pattern(found.value);
    if (!pattern) continue;
    const std::string_view asset = leading_asset(pattern->symbol);
    if (!asset.empty() && asset != underlying)
      table.fault(
          found, "is " + shown(found.value) +
                     (cross ? ", must be an instrument of leg_underlying " : ", must be an instrument of the hedge's underlying ") +
                     shown(underlying));
  }
}

/// Legs of another underlying hedge by a beta that the conventions of effectiveness name. What trades in the item's own coin has no
/// meaning there.
void read_leg_underlying(TableReader& table, HedgeSetup& hedge) {
  const auto found = table.text("leg_underlying", kAssetCodeForm);
  if (!found) return;
  if (!is_asset_code(found->value))
    table.fault(*found, "is " + shown(found->value) + ", must be " + std::string{kAssetCodeForm});
  else if (found->value == hedge.underlying)
    table.fault(*found, "is " + shown(found->value) + ", must be another one than underlying, or left out");
  else
    hedge.leg_underlying = found->value;
  if (!table.has("effectiveness")) table.missing("effectiveness", "the conventions of a hedge with leg_underlying");
  for (const std::string_view key : {"band", "advice"})
    if (table.has(key)) table.fault(found->at, table.path_of(key), "is given beside leg_underlying, must be left out");
}

constexpr std::string_view kShareForm = "a number above 0, at most 1";

/// One number a leg; nothing is left out by itself.
void read_leg_shares(TableReader& table, const std::vector<Found<std::string>>& legs, HedgeSetup& hedge) {
  const auto shares = table.numbers("leg_shares", kShareForm);
  for (const auto& found : shares) {
    if (!(found.value > 0 && found.value <= 1))
      table.fault(found, "is " + shown(found.value) + ", must be " + std::string{kShareForm});
    hedge.leg_shares.push_back(found.value);
  }
  if (!shares.empty() && shares.size() != legs.size())
    table.fault(shares.front(), "is the first of " + std::to_string(shares.size()) + ", must be one number for each of the " +
                                    std::to_string(legs.size()) + " legs");
}

/// No part of a position hedges twice: the shares that the hedges of a book take of it sum to at most 1.
void check_shares(TableReader& table, const std::vector<Found<std::string>>& legs, const HedgeSetup& hedge,
                  const std::vector<HedgeSetup>& others) {
  constexpr double kRounding = 1e-9;
  if (legs.size() != hedge.legs.size()) return;
  const auto share_of = [](const HedgeSetup& one, std::size_t leg) {
    return leg < one.leg_shares.size() ? one.leg_shares[leg] : 1;
  };
  for (std::size_t i = 0; i < hedge.legs.size(); ++i) {
    double taken = 0;
    std::string by;
    for (const HedgeSetup& other : others) {
      if (other.book != hedge.book) continue;
      double most = 0;
      for (std::size_t leg = 0; leg < other.legs.size(); ++leg)
        if (other.legs[leg].overlaps(hedge.legs[i])) most = std::max(most, share_of(other, leg));
      if (most > 0) by = other.name;
      taken += most;
    }
    if (taken > 0 && taken + share_of(hedge, i) > 1 + kRounding)
      table.fault(legs[i], "is " + shown(legs[i].value) + " with a share of " + shown(share_of(hedge, i)) +
                               ", must leave room for the share of " + shown(by) +
                               ": the leg_shares of the hedges of a book sum to at most 1");
  }
}

}  // namespace

void read_hedge(TableReader& table, CrossReferences& references, Config& config) {
  static constexpr std::array<Choice<DeltaView>, 2> kViews{
      {{label(DeltaView::BlackScholes), DeltaView::BlackScholes}, {label(DeltaView::NetTransaction), DeltaView::NetTransaction}}};
  constexpr std::string_view kCoinLimitForm = "a number of coins above 0";
  constexpr std::string_view kRatioForm = "a number above 0, at most 10 (1 is fully hedged)";
  HedgeSetup hedge;
  const auto name = read_name(table, references.hedges);

  if (auto book = table.required_text("book", "the name of a configured [[book]]");
      book && CrossReferences::resolve(table, *book, references.books, "book"))
    hedge.book = std::move(book->value);
  if (auto underlying = table.required_text("underlying", kAssetCodeForm)) {
    if (is_asset_code(underlying->value))
      hedge.underlying = std::move(underlying->value);
    else
      table.fault(*underlying, "is " + shown(underlying->value) + ", must be " + std::string{kAssetCodeForm});
  }
  read_leg_underlying(table, hedge);
  const auto legs = table.required_texts("legs", kPatternForm);
  hedge.legs = references.as_patterns(table, legs);
  const std::string& of_legs = hedge.leg_underlying.empty() ? hedge.underlying : hedge.leg_underlying;
  if (!of_legs.empty()) check_legs(table, legs, of_legs, !hedge.leg_underlying.empty());
  read_leg_shares(table, legs, hedge);
  check_shares(table, legs, hedge, config.hedges);

  if (const auto view = chosen(table, table.required_text("view", choices_of(kViews)), kViews)) hedge.view = *view;
  auto ratio = table.required_number("target_ratio", kRatioForm);
  if (ratio && !(ratio->value > 0 && ratio->value <= kMostTargetRatio))
    table.fault(*ratio, "is " + shown(ratio->value) + ", must be " + std::string{kRatioForm});
  if (ratio) hedge.target_ratio = ratio->value;

  const auto soft = positive(table, table.required_number("soft_delta_limit_coins", kCoinLimitForm), kCoinLimitForm);
  const auto hard = positive(table, table.required_number("hard_delta_limit_coins", kCoinLimitForm), kCoinLimitForm);
  if (soft) hedge.soft_delta_limit_coins = soft->value;
  if (hard) hedge.hard_delta_limit_coins = hard->value;
  if (soft && hard && !(hard->value > soft->value))
    table.fault(*hard, "is " + shown(hard->value) + ", must be above soft_delta_limit_coins (" + shown(soft->value) + ")");

  if (auto owner = table.text("limit_owner", kOwnerForm)) hedge.limit_owner = std::move(owner->value);

  constexpr std::string_view kGammaForm = "a number above 0: coins of delta for a move of one percent";
  constexpr std::string_view kVegaForm = "a number above 0: dollars for one volatility point";
  if (const auto limit = positive(table, table.number("gamma_limit_coins_per_percent", kGammaForm), kGammaForm))
    hedge.gamma_limit_coins_per_percent = limit->value;
  if (const auto limit = positive(table, table.number("vega_limit_usd_per_vol_point", kVegaForm), kVegaForm))
    hedge.vega_limit_usd_per_vol_point = limit->value;

  constexpr std::string_view kDistanceForm = "a number of basis points above 0, at most 1000";
  const auto distance = table.number("flatten_within_bps", kDistanceForm);
  if (distance && !(distance->value > 0 && distance->value <= 1000))
    table.fault(*distance, "is " + shown(distance->value) + ", must be " + std::string{kDistanceForm});
  if (distance) hedge.flatten_within_bps = distance->value;
  read_effectiveness(table, references, hedge);
  hedge.band = read_band(table, soft ? std::optional{soft->value} : std::nullopt);
  hedge.advice = read_advice(table, references, hedge.underlying);
  table.finish();
  if (name) {
    hedge.name = name->value;
    config.hedges.push_back(std::move(hedge));
  }
}

}  // namespace hedgewatch
