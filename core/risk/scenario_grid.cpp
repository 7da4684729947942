#include "core/risk/scenario_grid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace hedgewatch {

namespace {

/// A multiple of the kernel's lane group that stays in the first-level cache.
constexpr std::size_t kChunk = 64;
static_assert(kChunk % kLaneGroup == 0);

}  // namespace

std::vector<ScenarioCell> ScenarioShape::cells() const {
  std::vector<ScenarioCell> all;
  for (std::uint32_t row = 0; row < vol_shocks.size(); ++row)
    for (const double spot : spot_shocks) all.push_back({.spot_shock = spot, .vol_shock = row, .weight = 1});
  all.insert(all.end(), extended.begin(), extended.end());
  return all;
}

double vol_term_factor(const ScenarioShape& shape, double days) {
  const double floored = std::max(days, 1.0);
  return std::pow(shape.vol_reference_days / floored,
                  floored < shape.vol_reference_days ? shape.short_term_power : shape.long_term_power);
}

double shocked_vol(double vol, const VolShock& shock, double term_factor) {
  if (shock.change_ratio == 0) return vol;
  return std::max({vol * (1 + shock.change_ratio * term_factor), shock.floor_ratio, 0.0});
}

ScenarioRun::ScenarioRun(ScenarioShape shape) : shape_{std::move(shape)} {}

void ScenarioRun::reserve(std::size_t options, std::size_t cells) {
  batch_ = OptionBatch{options};
  prices_ = GreekColumns{GreekSet::Usual, options};
  for (auto* column : {&size_, &forward_, &vol_, &term_factor_, &base_price_}) column->assign(options, 0);
  cells_.clear();
  cells_.reserve(cells);
  profits_.clear();
  profits_.reserve(cells);
  begin({});
}

void ScenarioRun::begin(std::span<const ScenarioCell> cells) {
  const std::size_t count = std::min(cells.size(), cells_.capacity());
  cells_.assign(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(count));
  profits_.assign(count, 0);
  count_ = 0;
  dollars_per_move_ = 0;
  overflowed_ = false;
  step_ = 0;
  lane_ = 0;
  sum_ = 0;
}

void ScenarioRun::again(std::span<const ScenarioCell> cells) {
  const std::size_t count = std::min(cells.size(), cells_.capacity());
  cells_.assign(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(count));
  profits_.assign(count, 0);
  step_ = 1;
  lane_ = 0;
  sum_ = 0;
}

bool ScenarioRun::add(const ScenarioPosition& position) {
  if (position.kind != ContractKind::Option) {
    dollars_per_move_ += position.unit == SizeUnit::Quote ? position.size : position.size * position.forward;
    return true;
  }
  if (!(position.to_expiry.years() > 0)) return true;
  if (count_ == size_.size()) {
    overflowed_ = true;
    return false;
  }
  batch_.set_contract(count_, position.right, position.strike);
  batch_.set_expiry(count_, position.to_expiry, position.rate);
  size_[count_] = position.size;
  forward_[count_] = position.forward;
  vol_[count_] = position.vol;
  term_factor_[count_] = vol_term_factor(shape_, position.to_expiry.days());
  ++count_;
  return true;
}

void ScenarioRun::price_chunk(std::size_t first, std::size_t count) {
  const std::span<double> forwards = batch_.forwards();
  const std::span<double> vols = batch_.vols();
  const bool base = step_ == 0;
  const ScenarioCell& cell = base ? ScenarioCell{} : cells_[step_ - 1];
  for (std::size_t i = first; i < first + count; ++i) {
    forwards[i] = forward_[i] * (1 + cell.spot_shock);
    vols[i] =
        base || shape_.vol_shocks.empty() ? vol_[i] : shocked_vol(vol_[i], shape_.vol_shocks[cell.vol_shock], term_factor_[i]);
  }
  price(batch_, first, count, prices_);
  const std::span<const double> premiums = prices_[Greek::Premium];
  for (std::size_t i = first; i < first + count; ++i) {
    if (base)
      base_price_[i] = premiums[i];
    else
      sum_ += size_[i] * (premiums[i] - base_price_[i]);
  }
}

std::size_t ScenarioRun::work(std::size_t most) {
  std::size_t priced = 0;
  while (!done() && priced < most) {
    const std::size_t chunk = std::min(kChunk, count_ - lane_);
    if (chunk > 0) price_chunk(lane_, chunk);
    lane_ += chunk;
    // A cell without options is work too, so that no number of cells is free.
    priced += std::max<std::size_t>(chunk, 1);
    if (lane_ < count_) continue;
    if (step_ > 0) {
      const ScenarioCell& cell = cells_[step_ - 1];
      profits_[step_ - 1] =
          overflowed_ ? std::numeric_limits<double>::quiet_NaN() : cell.weight * (sum_ + dollars_per_move_ * cell.spot_shock);
    }
    ++step_;
    lane_ = 0;
    sum_ = 0;
  }
  return priced;
}

std::optional<WorstCell> worst_cell(std::span<const double> profits_usd) {
  if (profits_usd.empty()) return std::nullopt;
  WorstCell worst{.cell = 0, .profit_usd = profits_usd.front()};
  for (std::size_t i = 0; i < profits_usd.size(); ++i) {
    if (!std::isfinite(profits_usd[i])) return std::nullopt;
    if (profits_usd[i] < worst.profit_usd) worst = {.cell = i, .profit_usd = profits_usd[i]};
  }
  return worst;
}

}  // namespace hedgewatch
