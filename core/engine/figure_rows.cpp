#include "core/engine/figure_rows.hpp"

#include <chrono>

namespace hedgewatch {

namespace {

Estimate stated(double value, const Quality& quality) {
  if (!is_present(value)) return {0, worst(quality, Quality::unknown(FigureReason::NeverReceived))};
  return {value, quality};
}

/// The venue's margin over what it tests it against. Nothing to divide by says nothing.
Estimate margin_ratio(double margin, double margin_balance, const Quality& quality) {
  const Estimate numerator = stated(margin, quality);
  const Estimate denominator = stated(margin_balance, quality);
  const Quality both = worst(numerator.quality, denominator.quality);
  if (!both.ok()) return {0, both};
  if (!(denominator.value > 0)) return {0, Quality::unknown(numerator.value > 0 ? FigureReason::NotFinite : FigureReason::Empty)};
  return {numerator.value / denominator.value, both};
}

Estimate dollars(const SplitAmount& amount, const Quality& quality, const Estimate& index_price) {
  if (amount.coins == 0) return {amount.usd, quality};
  return {amount.at(index_price.value), worst(quality, index_price.quality)};
}

}  // namespace

double seconds_between(MonoTime then, MonoTime now) { return std::chrono::duration<double>(now - then).count(); }

InstrumentRows InstrumentRows::add(FigureTable& table, std::string_view venue, const Contract& contract, bool follows_book) {
  const auto row = [&](Figure figure) { return table.add_row(figure, {venue, contract.name.view()}); };
  InstrumentRows rows;
  rows.mark_price = row(Figure::MarkPrice);
  rows.data_age = row(Figure::DataAgeSeconds);
  if (follows_book) rows.spread = row(Figure::SpreadRatio);
  if (contract.kind != ContractKind::Option) return rows;
  rows.mark_vol = row(Figure::MarkVolRatio);
  rows.pricing_vol = row(Figure::PricingVolRatio);
  rows.vol_source = row(Figure::PricingVolSource);
  rows.forward = row(Figure::ForwardPriceUsd);
  rows.forward_source = row(Figure::ForwardPriceSource);
  rows.delta = row(Figure::Delta);
  rows.gamma = row(Figure::GammaPerUsd);
  rows.vega = row(Figure::VegaUsdPerVolPoint);
  rows.theta = row(Figure::ThetaUsdPerDay);
  rows.rho = row(Figure::RhoUsdPerPercent);
  rows.vanna = row(Figure::Vanna);
  rows.volga = row(Figure::Volga);
  rows.charm = row(Figure::Charm);
  return rows;
}

void InstrumentRows::publish(const Publisher& out, const InstrumentValuation& valuation) const {
  out.publish(mark_price, valuation.mark_price, valuation.mark);
  if (delta == kNoRow) return;
  out.publish(mark_vol, valuation.mark_vol, valuation.vol);
  out.publish(pricing_vol, valuation.pricing_vol_ratio, valuation.pricing_vol);
  out.publish(vol_source, static_cast<double>(valuation.vol_source), valuation.pricing_vol);
  out.publish(forward, valuation.forward_price, valuation.forward);
  out.publish(forward_source, static_cast<double>(valuation.forward_source), valuation.forward);
  const Quality& greeks = valuation.greeks;
  out.publish(delta, valuation.published.delta, greeks);
  out.publish(gamma, valuation.published.gamma, greeks);
  out.publish(vega, valuation.published.vega_per_vol_point, greeks);
  out.publish(theta, valuation.published.theta_per_day, greeks);
  out.publish(rho, valuation.published.rho_per_percent, greeks);
  out.publish(vanna, valuation.vanna, greeks);
  out.publish(volga, valuation.volga, greeks);
  out.publish(charm, valuation.charm, greeks);
}

void InstrumentRows::publish_age(const Publisher& out, const InstrumentMarket& market) const {
  if (market.has_data)
    out.publish(data_age, {seconds_between(market.newest.received, out.now()), Quality::fresh(market.newest.received)});
  else
    out.publish(data_age, {0, Quality::unknown(FigureReason::NeverReceived)});
}

void InstrumentRows::publish_spread(const Publisher& out, const OrderBook* book, const Quality& quality) const {
  if (spread == kNoRow) return;
  if (book == nullptr || !book->valid() || book->crossed()) {
    out.publish(spread, {0, worst(quality, Quality::unknown(FigureReason::OrderBookInvalid))});
    return;
  }
  const auto bid = book->best_bid();
  const auto ask = book->best_ask();
  if (!bid || !ask) {
    out.publish(spread, {0, worst(quality, Quality::unknown(FigureReason::Empty))});
    return;
  }
  const double low = bid->price.to_double();
  const double high = ask->price.to_double();
  out.publish(spread, {(high - low) / ((high + low) / 2), quality});
}

PositionRows PositionRows::add(FigureTable& table, std::string_view book, std::string_view venue, std::string_view instrument) {
  const auto row = [&](Figure figure) { return table.add_row(figure, {book, venue, instrument}); };
  PositionRows rows;
  rows.size = row(Figure::PositionSize);
  rows.notional = row(Figure::PositionNotionalUsd);
  rows.profit = row(Figure::PositionUnrealizedPnlUsd);
  rows.delta = row(Figure::PositionDeltaCoins);
  return rows;
}

void PositionRows::publish_delta(const Publisher& out, const PositionRisk& risk, bool expired) const {
  const Quality own_delta = expired && !risk.flat ? Quality::unknown(FigureReason::Expired) : risk.delta;
  out.publish(delta, {risk.total.delta_black_scholes_coins, own_delta});
}

void PositionRows::publish_dollars(const Publisher& out, const PositionRisk& risk, const Estimate& index_price) const {
  out.publish(notional, dollars(risk.notional, risk.notional_quality, index_price));
  out.publish(profit, dollars(risk.profit, risk.profit_quality, index_price));
}

BookRows BookRows::add(FigureTable& table, std::string_view book, std::string_view underlying, bool has_equity) {
  const auto row = [&](Figure figure) { return table.add_row(figure, {book, underlying}); };
  BookRows rows;
  rows.delta_coins.fill(kNoRow);
  rows.delta_usd.fill(kNoRow);
  for (std::size_t view = 0; view < kDeltaViews.size(); ++view) {
    if (kDeltaViews[view] == DeltaView::WithEquity && !has_equity) continue;
    rows.delta_coins[view] = table.add_row(Figure::BookDeltaCoins, {book, underlying, label(kDeltaViews[view])});
    rows.delta_usd[view] = table.add_row(Figure::BookDeltaUsd, {book, underlying, label(kDeltaViews[view])});
  }
  rows.value = row(Figure::BookValueUsd);
  rows.gamma_coins = row(Figure::BookGammaCoinsPerPercent);
  rows.gamma_usd = row(Figure::BookGammaUsdPerPercent);
  rows.vega = row(Figure::BookVegaUsdPerVolPoint);
  rows.theta = row(Figure::BookThetaUsdPerDay);
  rows.rho = row(Figure::BookRhoUsdPerPercent);
  rows.vanna = row(Figure::BookVanna);
  rows.volga = row(Figure::BookVolga);
  rows.charm = row(Figure::BookCharm);
  rows.delta_low = row(Figure::BookDeltaLowCoins);
  rows.delta_high = row(Figure::BookDeltaHighCoins);
  rows.coverage = row(Figure::BookCoverageRatio);
  rows.fallback_positions = row(Figure::BookFallbackPositions);
  return rows;
}

void BookRows::publish(const Publisher& out, const BookExposure& exposure) const {
  for (std::size_t view = 0; view < kDeltaViews.size(); ++view) {
    out.publish(delta_coins[view], exposure.delta_coins[view]);
    out.publish(delta_usd[view], exposure.delta_usd[view]);
  }
  out.publish(value, exposure.value_usd);
  out.publish(gamma_coins, exposure.gamma_coins_per_percent);
  out.publish(gamma_usd, exposure.gamma_usd_per_percent);
  out.publish(vega, exposure.vega_usd_per_vol_point);
  out.publish(theta, exposure.theta_usd_per_day);
  out.publish(rho, exposure.rho_usd_per_percent);
  out.publish(vanna, exposure.vanna);
  out.publish(volga, exposure.volga);
  out.publish(charm, exposure.charm);
  out.publish(delta_low, exposure.delta_low_coins);
  out.publish(delta_high, exposure.delta_high_coins);
  out.publish(coverage, exposure.coverage);
  out.publish(fallback_positions, exposure.fallback_positions);
}

HedgeRows HedgeRows::add(FigureTable& table, const HedgeSetup& setup) {
  const std::string_view name = setup.name;
  const auto row = [&](Figure figure) { return table.add_row(figure, {name}); };
  const auto row_of = [&](Figure figure, std::string_view second) { return table.add_row(figure, {name, second}); };
  HedgeRows rows;
  rows.item = row(Figure::HedgeItemDeltaCoins);
  rows.legs = row(Figure::HedgeLegsDeltaCoins);
  rows.net_coins = row(Figure::HedgeNetDeltaCoins);
  rows.net_usd = row(Figure::HedgeNetDeltaUsd);
  rows.ratio = row(Figure::HedgeRatio);
  rows.target = row(Figure::HedgeTargetRatio);
  rows.over = row(Figure::HedgeOverRatio);
  rows.under = row(Figure::HedgeUnderRatio);
  rows.wrong_way = row(Figure::HedgeWrongWay);
  rows.neutrality_delta = row_of(Figure::HedgeNeutralityRatio, "delta");
  rows.neutrality_gamma = row_of(Figure::HedgeNeutralityRatio, "gamma");
  rows.neutrality_vega = row_of(Figure::HedgeNeutralityRatio, "vega");
  rows.usage_delta = row_of(Figure::HedgeLimitUsageRatio, "delta");
  rows.limit_soft = row_of(Figure::HedgeDeltaLimitCoins, "soft");
  rows.limit_hard = row_of(Figure::HedgeDeltaLimitCoins, "hard");
  if (setup.gamma_limit_coins_per_percent) rows.usage_gamma = row_of(Figure::HedgeLimitUsageRatio, "gamma");
  if (setup.vega_limit_usd_per_vol_point) rows.usage_vega = row_of(Figure::HedgeLimitUsageRatio, "vega");
  return rows;
}

void HedgeRows::publish(const Publisher& out, const HedgeSetup& setup, const HedgeFigures& figures) const {
  out.publish(item, figures.item_delta_coins);
  out.publish(legs, figures.legs_delta_coins);
  out.publish(net_coins, figures.net_delta_coins);
  out.publish(net_usd, figures.net_delta_usd);
  out.publish(ratio, figures.ratio);
  out.publish(target, {setup.target_ratio, Quality{}});
  out.publish(limit_soft, {setup.soft_delta_limit_coins, Quality{}});
  out.publish(limit_hard, {setup.hard_delta_limit_coins, Quality{}});
  out.publish(over, figures.over);
  out.publish(under, figures.under);
  out.publish(wrong_way, figures.wrong_way);
  out.publish(neutrality_delta, figures.neutrality_delta);
  out.publish(neutrality_gamma, figures.neutrality_gamma);
  out.publish(neutrality_vega, figures.neutrality_vega);
  out.publish(usage_delta, figures.usage_delta);
  out.publish(usage_gamma, figures.usage_gamma);
  out.publish(usage_vega, figures.usage_vega);
}

AccountRows AccountRows::add(FigureTable& table, std::string_view account, std::string_view venue, std::string_view asset) {
  const auto row = [&](Figure figure) { return table.add_row(figure, {account, venue, asset}); };
  AccountRows rows;
  rows.equity_usd = row(Figure::EquityUsd);
  rows.margin_balance = row(Figure::MarginBalance);
  rows.balance = row(Figure::Balance);
  rows.initial_margin_ratio = table.add_row(Figure::InitialMarginRatio, {account, venue, asset, "venue"});
  rows.maintenance_margin_ratio = table.add_row(Figure::MaintenanceMarginRatio, {account, venue, asset, "venue"});
  return rows;
}

void AccountRows::publish(const Publisher& out, const AccountSummary& summary, const Quality& quality,
                          const Estimate& index_price) const {
  const Quality equity = is_present(summary.equity) ? quality : Quality::unknown(FigureReason::MissingEquity);
  out.publish(equity_usd, Estimate{summary.equity, equity} * index_price);
  out.publish(margin_balance, stated(summary.margin_balance, quality));
  out.publish(balance, stated(summary.balance, quality));
  out.publish(initial_margin_ratio, margin_ratio(summary.initial_margin, summary.margin_balance, quality));
  out.publish(maintenance_margin_ratio, margin_ratio(summary.maintenance_margin, summary.margin_balance, quality));
}

FeedRows FeedRows::add(FigureTable& table, std::string_view venue, std::string_view connection, bool carries_market_data) {
  FeedRows rows;
  rows.live = table.add_row(Figure::FeedLive, {venue, connection});
  if (carries_market_data) rows.market_data_age = table.add_row(Figure::FeedLastMarketDataAgeSeconds, {venue, connection});
  return rows;
}

void FeedRows::publish(const Publisher& out, const Feeds::Connection& connection) const {
  out.publish(live, {connection.phase == FeedPhase::Live ? 1.0 : 0.0, Quality{}});
  if (market_data_age == kNoRow) return;
  if (connection.has_market_data)
    out.publish(market_data_age,
                {seconds_between(connection.newest_market_data, out.now()), Quality::fresh(connection.newest_market_data)});
  else
    out.publish(market_data_age, {0, Quality::unknown(FigureReason::NeverReceived)});
}

}  // namespace hedgewatch
