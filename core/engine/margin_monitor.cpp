#include "core/engine/margin_monitor.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

#include "core/engine/leg_quotes.hpp"
#include "core/engine/scenario_positions.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kRefresh = std::chrono::seconds{1};
/// Option prices, or positions read, that one cycle may spend.
constexpr std::size_t kWorkPerCycle = 512;
constexpr std::size_t kPiece = 128;
constexpr std::string_view kCross = "cross";
constexpr std::string_view kAll = "all";
constexpr std::array<std::string_view, 2> kDirections{"down", "up"};
constexpr double kDaysPerYear = 365;
/// Moves of spot, up and down, in which a pool must not lose much.
constexpr double kNearSpot = 0.2;

bool is_near(const ScenarioCell& cell) { return std::abs(cell.spot_shock) <= kNearSpot; }

Estimate stated(double value, const Quality& quality, FigureReason missing) {
  return is_present(value) ? Estimate{value, quality} : Estimate{0, worst(quality, Quality::unknown(missing))};
}

/// Nothing to divide by says nothing, and is reported as the venue's own ratios are.
Estimate ratio(const Estimate& numerator, const Estimate& denominator) {
  const Quality both = worst(numerator.quality, denominator.quality);
  if (!both.ok()) return {0, both};
  if (!(denominator.value > 0)) return {0, Quality::unknown(numerator.value > 0 ? FigureReason::NotFinite : FigureReason::Empty)};
  return {numerator.value / denominator.value, both};
}

std::span<const double> moves_of(std::size_t side) {
  return side == 0 ? std::span<const double>{kMovesDown} : std::span<const double>{kMovesUp};
}

}  // namespace

Estimate MarginMonitor::price_of(const DeskView& view, const Pool& pool, const Held& held) {
  return dollars_of_asset(view, view.portfolio.accounts()[pool.account].venue(), held.asset);
}

double MarginMonitor::Underlying::daily_sigma() const {
  return vol_weight > 0 ? weighted_vol / vol_weight / std::sqrt(kDaysPerYear) : 0;
}

// ---- structure

void MarginMonitor::add_pool(const DeskView& view, FigureTable& table, std::uint16_t account, bool cross,
                             const std::vector<std::uint32_t>& summaries) {
  const Account& source = view.portfolio.accounts()[account];
  const std::string_view name = view.setup.accounts[account];
  const std::string_view venue = label(source.venue());
  Pool& pool = pools_.emplace_back();
  pool.account = account;
  pool.cross = cross;
  for (const std::uint32_t summary : summaries) {
    const AssetCode asset = source.summaries()[summary].amounts.asset;
    pool.assets.push_back({.asset = asset,
                           .summary = summary,
                           .price = table.add_row(Figure::CollateralPriceUsd, {name, venue, asset.view()}),
                           .haircut = {}});
    for (const CollateralSetup& collateral : view.setup.collateral) {
      if (collateral.account != AccountId{account} || collateral.asset != asset.view()) continue;
      pool.assets.back().haircut = collateral.haircut_ratio;
      pool.assets.back().haircut_row = table.add_row(Figure::CollateralHaircutRatio, {name, venue, asset.view()});
    }
  }
  const std::string_view label = cross ? kCross : pool.assets.front().asset.view();
  for (const AccountPosition& position : source.positions()) {
    const InstrumentSlot slot = view.registry.slot_of(position.instrument);
    if (slot == kNoSlot) continue;
    const Contract& contract = view.registry.contract(slot);
    if (contract.kind == ContractKind::Spot || (!cross && contract.settlement != pool.assets.front().asset)) continue;
    if (std::any_of(pool.targets.begin(), pool.targets.end(), [&](const Target& one) { return one.base == contract.base; }))
      continue;
    Target& target = pool.targets.emplace_back();
    target.base = contract.base;
    target.index = view.market.at(slot).index;
  }
  std::sort(pool.targets.begin(), pool.targets.end(), [](const Target& a, const Target& b) { return a.base < b.base; });
  pool.underlyings = pool.targets.size();
  if (pool.underlyings > 1) pool.targets.emplace_back();
  for (Target& target : pool.targets) {
    const std::string_view moved = target.all() ? kAll : target.base.view();
    for (std::size_t side = 0; side < kSides; ++side)
      target.rows[side] = {
          .price =
              target.all() ? kNoRow : table.add_row(Figure::LiquidationPriceUsd, {name, venue, label, moved, kDirections[side]}),
          .distance = table.add_row(Figure::LiquidationDistanceRatio, {name, venue, label, moved, kDirections[side]}),
          .sigmas = table.add_row(Figure::LiquidationDistanceSigmas, {name, venue, label, moved, kDirections[side]})};
  }
  pool.share = table.add_row(Figure::CollateralShareRatio, {name, venue, label});
  pool.result.underlyings.resize(pool.underlyings);
  pool.result.moves.resize(pool.targets.size());
  if (pool.underlyings == 0) return;
  pool.full_leverage = table.add_row(Figure::LeverageRatio, {name, venue, label, "full"});
  pool.delta_leverage = table.add_row(Figure::LeverageRatio, {name, venue, label, "delta"});
  pool.net_leverage = table.add_row(Figure::NetLeverageRatio, {name, venue, label});
  if (!view.setup.scenario) return;
  pool.worst_loss = table.add_row(Figure::PoolWorstLossUsd, {name, venue, label});
  pool.worst_near_loss = table.add_row(Figure::PoolWorstCellLossRatio, {name, venue, label});
  pool.model_maintenance = table.add_row(Figure::MaintenanceMarginRatio, {name, venue, label, "model"});
  pool.coverage = table.add_row(Figure::CollateralCoverageRatio, {name, venue, label});
}

void MarginMonitor::lay_out(const DeskView& view, FigureTable& table) {
  pools_.clear();
  cells_.clear();
  if (view.setup.scenario) {
    const ScenarioShape& shape = view.setup.scenario->shape;
    cells_ = shape.cells();
    grid_cells_ = cells_.size();
    // A grid may end before the moves that are asked about, or step over them.
    for (std::uint32_t vol = 0; vol < shape.vol_shocks.size(); ++vol)
      for (const double spot : {-kNearSpot, kNearSpot}) cells_.push_back({.spot_shock = spot, .vol_shock = vol});
  }
  near_profits_usd_.reserve(cells_.size());
  stage_ = Stage::Idle;
  next_ = 0;
  least_coverage_ = imbalance_ = kNoRow;
  std::size_t most_positions = 0;
  std::size_t most_targets = 0;
  for (std::uint16_t a = 0; a < view.portfolio.accounts().size(); ++a) {
    const Account& account = view.portfolio.accounts()[a];
    std::vector<std::uint32_t> summaries(account.summaries().size());
    for (std::uint32_t i = 0; i < summaries.size(); ++i) summaries[i] = i;
    const bool cross = std::any_of(account.summaries().begin(), account.summaries().end(),
                                   [](const Account::Summary& summary) { return summary.amounts.cross_collateral; });
    if (cross) {
      // By name, so that it does not depend on which row came first from which one the account's margin is read.
      std::sort(summaries.begin(), summaries.end(), [&](std::uint32_t x, std::uint32_t y) {
        return account.summaries()[x].amounts.asset < account.summaries()[y].amounts.asset;
      });
      add_pool(view, table, a, true, summaries);
    } else {
      for (const std::uint32_t summary : summaries) add_pool(view, table, a, false, {summary});
    }
    most_positions = std::max(most_positions, account.positions().size());
  }
  for (const Pool& pool : pools_) most_targets = std::max(most_targets, pool.targets.size());
  if (!cells_.empty() && std::any_of(pools_.begin(), pools_.end(), [](const Pool& pool) { return pool.coverage != kNoRow; })) {
    least_coverage_ = table.add_row(Figure::CollateralMinCoverageRatio, {kAll});
    imbalance_ = table.add_row(Figure::CollateralImbalanceRatio, {kAll});
  }
  funds_.assign(pools_.size(), Funds{});
  positions_.clear();
  positions_.reserve(most_positions);
  working_.underlyings.reserve(most_targets);
  working_.moves.reserve(most_targets);
  grid_ = ScenarioRun{view.setup.scenario ? view.setup.scenario->shape : ScenarioShape{}};
  grid_.reserve(most_positions, cells_.size());
  moves_ = ScenarioRun{};
  moves_.reserve(most_positions, 1);
}

// ---- the venue's statements

MarginMonitor::Funds MarginMonitor::funds_of(const DeskView& view, const Pool& pool) {
  const Account& account = view.portfolio.accounts()[pool.account];
  Funds funds;
  bool margined = false;
  for (const Held& held : pool.assets) {
    const Account::Summary& summary = account.summaries()[held.summary];
    const AccountSummary& amounts = summary.amounts;
    const Quality quality = view.freshness.of_account(summary.origin, account.venue());
    const Estimate price = price_of(view, pool, held);
    const Estimate equity = stated(amounts.equity, quality, FigureReason::MissingEquity);
    // What is not owned needs no price.
    const Estimate worth = equity.quality.ok() && equity.value == 0 ? equity : equity * price;
    funds.equity = funds.equity + worth;
    // A debt is owed whole.
    funds.counted = funds.counted + (worth.value > 0 ? worth * Estimate{1 - held.haircut.value_or(0), Quality{}} : worth);
    if (margined) continue;
    // Of a cross-margined account every asset's row is the whole account's, in that asset.
    funds.balance = stated(amounts.margin_balance, quality, FigureReason::NeverReceived) * price;
    funds.maintenance = stated(amounts.maintenance_margin, quality, FigureReason::NeverReceived) * price;
    margined = funds.balance.quality.ok() && funds.maintenance.quality.ok();
  }
  return funds;
}

// ---- a pool's turn

bool MarginMonitor::begin(const DeskView& view) {
  for (std::size_t tried = 0; tried < pools_.size(); ++tried) {
    current_ = next_;
    next_ = static_cast<std::uint32_t>((next_ + 1) % pools_.size());
    Pool& pool = pools_[current_];
    if (pool.underlyings == 0 || view.now < pool.due) continue;
    pool.due = view.now + kRefresh;
    begun_ = funds_[current_];
    positions_.clear();
    options_usd_ = 0;
    Result& result = working_;
    result.notional = result.delta = result.repriced = result.searched = view.account_qualities[pool.account];
    result.full_notional_usd = result.delta_notional_usd = result.worst_loss_usd = 0;
    result.worst_near_loss_usd = 0;
    result.underlyings.assign(pool.underlyings, Underlying{});
    result.moves.assign(pool.targets.size(), {});
    stage_ = Stage::Vols;
    place_ = 0;
    return true;
  }
  return false;
}

std::size_t MarginMonitor::take_vols(const DeskView& view) {
  const std::size_t first = place_;
  const std::vector<TrackedInstrument>& tracked = view.desk.tracked;
  const Pool& pool = pools_[current_];
  for (; place_ < std::min(first + kPiece, tracked.size()); ++place_) {
    const InstrumentValuation& valuation = view.valuation(static_cast<std::uint32_t>(place_));
    const Contract& contract = view.registry.contract(tracked[place_].slot);
    if (contract.kind != ContractKind::Option || !valuation.greeks.ok() || valuation.expired) continue;
    for (std::size_t u = 0; u < pool.underlyings; ++u) {
      if (pool.targets[u].base != contract.base) continue;
      working_.underlyings[u].vol_weight += valuation.unit.gamma_usd_per_percent;
      working_.underlyings[u].weighted_vol += valuation.unit.gamma_usd_per_percent * valuation.pricing_vol_ratio;
    }
  }
  const std::size_t done = place_ - first;
  if (place_ == tracked.size()) {
    stage_ = Stage::Gather;
    place_ = 0;
  }
  return std::max<std::size_t>(done, 1);
}

void MarginMonitor::take(const DeskView& view, const AccountPosition& position) {
  const Pool& pool = pools_[current_];
  Result& result = working_;
  const auto spoil = [&result](const Quality& quality) {
    for (Quality* one : {&result.notional, &result.delta, &result.repriced, &result.searched}) *one = worst(*one, quality);
  };
  const InstrumentSlot slot = view.registry.slot_of(position.instrument);
  if (slot == kNoSlot) return spoil(Quality::unknown(FigureReason::MissingInstrument));
  const Contract& contract = view.registry.contract(slot);
  if (contract.kind == ContractKind::Spot || (!pool.cross && contract.settlement != pool.assets.front().asset)) return;
  const std::uint32_t tracked = view.desk.tracked_of_slot[index_of(slot)];
  std::uint32_t u = 0;
  while (u < pool.underlyings && pool.targets[u].base != contract.base) ++u;
  if (tracked == kNoPlace || u == pool.underlyings) return spoil(Quality::unknown(FigureReason::WarmingUp));
  const InstrumentValuation& valuation = view.valuation(tracked);
  if (valuation.expired) return;
  const Quality& size = view.account_qualities[pool.account];
  const PositionRisk risk = position_risk(contract, valuation, {.size = position.size, .quality = size});
  const Estimate index = view.index_price(view.market.at(slot).index);
  Underlying& underlying = result.underlyings[u];

  const Quality notional = risk.notional.coins == 0 && risk.notional_quality.ok() ? Quality{} : index.quality;
  result.notional = worst(result.notional, worst(risk.notional_quality, notional));
  result.full_notional_usd += std::abs(risk.notional.at(index.value));
  result.delta = worst(result.delta, worst(risk.delta, index.quality));
  result.delta_notional_usd += std::abs(risk.total.delta_black_scholes_coins) * index.value;
  underlying.net_delta_coins += risk.total.delta_net_transaction_coins;

  const SeenPosition seen = seen_position(view, slot, position.size, size);
  result.repriced = worst(result.repriced, seen.quality);
  const bool option = contract.kind == ContractKind::Option;
  const bool in_coin = contract.style == PayoffStyle::Inverse;
  const Quality converted = in_coin ? index.quality : Quality{};
  result.searched = worst(result.searched, worst(seen.quality, option ? worst(risk.value_quality, converted) : converted));
  if (!seen.counts) return;
  underlying.options = underlying.options || option;
  const double value = risk.value.at(index.value);
  if (option)
    options_usd_ += value;
  else
    (in_coin ? underlying.inverse_delta_usd : underlying.linear_delta_usd) +=
        in_coin ? risk.total.delta_black_scholes_coins * index.value : seen.delta_usd;
  positions_.push_back({.position = seen.position, .underlying = u, .coin_value_usd = option && in_coin ? value : 0});
}

std::size_t MarginMonitor::gather(const DeskView& view) {
  const Pool& pool = pools_[current_];
  const std::vector<AccountPosition>& all = view.portfolio.accounts()[pool.account].positions();
  const std::size_t first = place_;
  for (; place_ < std::min(first + kPiece, all.size()); ++place_)
    if (all[place_].size != 0) take(view, all[place_]);
  const std::size_t done = std::max<std::size_t>(place_ - first, 1);
  if (place_ < all.size()) return done;
  // A balance that is nearer to the equity than to the equity without options contains them: portfolio margin does, standard does
  // not.
  const double balance = begun_.balance.value;
  const double equity = begun_.equity.value;
  options_count_ = begun_.equity.quality.ok() && std::abs(balance - equity) <= std::abs(balance - (equity - options_usd_));
  for (const Position& position : positions_)
    if (counts(position)) working_.underlyings[position.underlying].option_value_usd += position.coin_value_usd;
  const Account& account = view.portfolio.accounts()[pool.account];
  for (std::size_t u = 0; u < pool.underlyings; ++u)
    for (const Held& held : pool.assets) {
      if (held.asset != pool.targets[u].base) continue;
      const Estimate price = price_of(view, pool, held);
      working_.underlyings[u].collateral_usd =
          pool.cross ? account.summaries()[held.summary].amounts.equity * price.value : begun_.balance.value;
    }
  begin_grid(0);
  return done;
}

/// Without portfolio margin a long option is worth something and counts for nothing.
bool MarginMonitor::counts(const Position& position) const {
  return position.position.kind != ContractKind::Option || options_count_ || position.position.size < 0;
}

std::size_t MarginMonitor::load(ScenarioRun& run, bool counted_only) {
  const Target& target = pools_[current_].targets[target_];
  const std::size_t first = place_;
  for (; place_ < std::min(first + kPiece, positions_.size()); ++place_) {
    const Position& position = positions_[place_];
    if ((target.all() || position.underlying == target_) && (!counted_only || counts(position))) run.add(position.position);
  }
  return std::max<std::size_t>(place_ - first, 1);
}

void MarginMonitor::begin_grid(std::size_t target) {
  if (cells_.empty() || !working_.repriced.ok() || target == pools_[current_].underlyings) return begin_search(0);
  target_ = target;
  place_ = 0;
  grid_.begin(cells_);
  stage_ = Stage::LoadGrid;
}

MovedAccount MarginMonitor::moved_account(const Target& target) const {
  MovedAccount account{.fixed_usd = begun_.balance.value, .coins_usd = 0, .maintenance_usd = begun_.maintenance.value};
  for (std::size_t u = 0; u < working_.underlyings.size(); ++u) {
    if (!target.all() && u != target_) continue;
    const Underlying& underlying = working_.underlyings[u];
    const double coins = underlying.collateral_usd - (underlying.collateral_usd != 0 ? underlying.option_value_usd : 0);
    account.coins_usd += coins;
    account.fixed_usd -= coins;
  }
  return account;
}

std::optional<std::array<std::optional<double>, MarginMonitor::kSides>> MarginMonitor::closed_form() const {
  const Pool& pool = pools_[current_];
  const Underlying& only = working_.underlyings.front();
  if (pool.cross || pool.underlyings != 1 || only.options) return std::nullopt;
  const bool in_coin = pool.assets.front().asset == pool.targets.front().base;
  if (in_coin ? only.linear_delta_usd != 0 : only.inverse_delta_usd != 0) return std::nullopt;
  const auto move =
      in_coin
          ? futures_liquidation_move(PayoffStyle::Inverse, begun_.balance.value, only.inverse_delta_usd, begun_.maintenance.value)
          : futures_liquidation_move(PayoffStyle::Linear, begun_.balance.value, only.linear_delta_usd, begun_.maintenance.value);
  std::array<std::optional<double>, kSides> moves{};
  if (move) moves[*move < 0 ? 0 : 1] = *move;
  return moves;
}

void MarginMonitor::begin_search(std::size_t target) {
  const Pool& pool = pools_[current_];
  working_.searched = worst(working_.searched, worst(begun_.balance.quality, begun_.maintenance.quality));
  if (!working_.searched.ok() || target == pool.targets.size()) return finish();
  if (!(begun_.balance.value > begun_.maintenance.value)) {
    for (auto& moves : working_.moves) moves = {0, 0};
    return finish();
  }
  if (const auto moves = closed_form()) {
    working_.moves.front() = *moves;
    return finish();
  }
  target_ = target;
  side_ = 0;
  place_ = 0;
  search_ = LiquidationSearch{moves_of(side_)};
  moves_.begin(std::array{ScenarioCell{.spot_shock = search_.ask()}});
  stage_ = Stage::LoadMoves;
}

void MarginMonitor::end_search() {
  if (search_.failed()) working_.searched = Quality::unknown(FigureReason::NotFinite);
  working_.moves[target_][side_] = search_.found();
  if (++side_ == kSides) return begin_search(target_ + 1);
  search_ = LiquidationSearch{moves_of(side_)};
  moves_.again(std::array{ScenarioCell{.spot_shock = search_.ask()}});
}

void MarginMonitor::finish() {
  pools_[current_].result = working_;  // of equal sizes: nothing is allocated
  stage_ = Stage::Idle;
}

void MarginMonitor::take_grid(std::span<const double> profits_usd) {
  const auto worst_of_all = worst_cell(profits_usd.first(grid_cells_));
  if (!worst_of_all) {
    working_.repriced = worst(working_.repriced, Quality::unknown(FigureReason::NotFinite));
    return;
  }
  working_.worst_loss_usd += std::max(0.0, -worst_of_all->profit_usd);
  near_profits_usd_.clear();
  for (std::size_t c = 0; c < profits_usd.size(); ++c)
    if (is_near(cells_[c])) near_profits_usd_.push_back(profits_usd[c]);
  const auto near = worst_cell(near_profits_usd_);
  if (near)
    working_.worst_near_loss_usd += std::max(0.0, -near->profit_usd);
  else
    working_.repriced = worst(working_.repriced, Quality::unknown(FigureReason::NotFinite));
}

std::size_t MarginMonitor::step(const DeskView& view) {
  switch (stage_) {
    case Stage::Idle:
      break;
    case Stage::Vols:
      return take_vols(view);
    case Stage::Gather:
      return gather(view);
    case Stage::LoadGrid: {
      const std::size_t done = load(grid_, false);
      if (place_ == positions_.size()) stage_ = Stage::Grid;
      return done;
    }
    case Stage::Grid: {
      const std::size_t done = grid_.work(kPiece);
      if (!grid_.done()) return done;
      take_grid(grid_.profits_usd());
      begin_grid(target_ + 1);
      return done;
    }
    case Stage::LoadMoves: {
      const std::size_t done = load(moves_, true);
      if (place_ == positions_.size()) stage_ = Stage::Search;
      return done;
    }
    case Stage::Search: {
      const std::size_t done = moves_.work(kPiece);
      if (!moves_.done()) return done;
      const double move = search_.ask();
      search_.answer(headroom_usd(moved_account(pools_[current_].targets[target_]), moves_.profits_usd().front(), move));
      if (search_.done())
        end_search();
      else
        moves_.again(std::array{ScenarioCell{.spot_shock = search_.ask()}});
      return done;
    }
  }
  return 1;
}

// ---- what is shown

/// Coins of collateral and what the positions add to them, underlying by underlying, in dollars without sign.
Estimate MarginMonitor::net_exposure(const DeskView& view, const Pool& pool) {
  const Account& account = view.portfolio.accounts()[pool.account];
  Estimate sum{0, worst(pool.result.delta, view.account_qualities[pool.account])};
  for (std::size_t u = 0; u < pool.underlyings; ++u) {
    Estimate coins{pool.result.underlyings[u].net_delta_coins, Quality{}};
    for (const Held& held : pool.assets)
      if (held.asset == pool.targets[u].base)
        coins = coins + stated(account.summaries()[held.summary].amounts.equity, Quality{}, FigureReason::MissingEquity);
    coins.value = std::abs(coins.value);
    sum = sum + coins * view.index_price(pool.targets[u].index);
  }
  return sum;
}

void MarginMonitor::publish_targets(const DeskView& view, const Publisher& out, const Pool& pool, const Quality& now) const {
  const Result& result = pool.result;
  const Quality quality = worst(result.searched, now);
  double largest_sigma = 0;
  for (const Underlying& one : result.underlyings) largest_sigma = std::max(largest_sigma, one.daily_sigma());
  for (std::size_t t = 0; t < pool.targets.size(); ++t) {
    const Target& target = pool.targets[t];
    const double sigma = target.all() ? largest_sigma : result.underlyings[t].daily_sigma();
    const Quality with_sigma = sigma > 0 || !quality.ok() ? quality : Quality::unknown(FigureReason::MissingVol);
    for (std::size_t side = 0; side < kSides; ++side) {
      const std::optional<double>& move = result.moves[t][side];
      const double distance = std::abs(move.value_or(moves_of(side).back()));
      out.publish(target.rows[side].distance, distance, quality);
      out.publish(target.rows[side].sigmas, sigma > 0 ? distance / sigma : 0, with_sigma);
      if (target.rows[side].price == kNoRow) continue;
      const Estimate price = view.index_price(target.index) * Estimate{1 + move.value_or(0), quality};
      out.publish(target.rows[side].price, price.value,
                  move || !price.quality.ok() ? price.quality : Quality::unknown(FigureReason::Empty));
    }
  }
}

void MarginMonitor::publish(const DeskView& view, const Publisher& out) {
  Estimate all_counted;
  for (const Funds& funds : funds_) all_counted = all_counted + funds.counted;
  std::optional<double> least;
  double most = 0;
  Quality covered;
  for (std::size_t p = 0; p < pools_.size(); ++p) {
    const Pool& pool = pools_[p];
    const Funds& funds = funds_[p];
    const Result& result = pool.result;
    for (const Held& held : pool.assets) {
      out.publish(held.price, price_of(view, pool, held));
      if (held.haircut) out.publish(held.haircut_row, *held.haircut, Quality{});
    }
    out.publish(pool.share, ratio(funds.counted, all_counted));
    if (pool.underlyings == 0) continue;
    const Quality& held_now = view.account_qualities[pool.account];
    const auto current = [&](double value, const Quality& quality) { return Estimate{value, worst(quality, held_now)}; };
    out.publish(pool.full_leverage, ratio(current(result.full_notional_usd, result.notional), funds.equity));
    out.publish(pool.delta_leverage, ratio(current(result.delta_notional_usd, result.delta), funds.equity));
    out.publish(pool.net_leverage, ratio(net_exposure(view, pool), funds.equity));
    publish_targets(view, out, pool, worst(held_now, worst(funds.balance.quality, funds.maintenance.quality)));
    if (pool.coverage == kNoRow) continue;
    const Estimate worst_loss = current(result.worst_loss_usd, result.repriced);
    out.publish(pool.worst_loss, worst_loss);
    out.publish(pool.worst_near_loss, ratio(current(result.worst_near_loss_usd, result.repriced), funds.equity));
    out.publish(pool.model_maintenance, ratio(worst_loss, funds.balance));
    const Estimate need = funds.maintenance + worst_loss;
    const Estimate coverage = need.quality.ok() && !(need.value > 0)
                                  ? Estimate{0, Quality::unknown(FigureReason::Empty)}
                                  : Estimate{funds.counted.value / need.value, worst(funds.counted.quality, need.quality)};
    out.publish(pool.coverage, coverage);
    // A pool that needs nothing is not the one that gives way.
    if (need.quality.ok() && !(need.value > 0)) continue;
    covered = worst(covered, coverage.quality);
    if (!coverage.quality.ok()) continue;
    least = least ? std::min(*least, coverage.value) : coverage.value;
    most = std::max(most, coverage.value);
  }
  const Quality quality = least || !covered.ok() ? covered : Quality::unknown(FigureReason::Empty);
  out.publish(least_coverage_, least.value_or(0), quality);
  out.publish(imbalance_, least ? most - *least : 0, quality);
}

void MarginMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  if (pools_.empty()) return;
  for (std::size_t p = 0; p < pools_.size(); ++p) funds_[p] = funds_of(view, pools_[p]);
  for (std::size_t spent = 0; spent < kWorkPerCycle;) {
    if (stage_ == Stage::Idle && !begin(view)) break;
    spent += step(view);
  }
  publish(view, out);
}

void MarginMonitor::visit_state(StateArchive& archive) {
  archive(pools_, funds_, cells_, grid_cells_, near_profits_usd_, least_coverage_, imbalance_, stage_, current_, next_, place_,
          target_, side_, begun_, options_usd_, options_count_, working_, positions_, grid_, moves_, search_);
}

}  // namespace hedgewatch
