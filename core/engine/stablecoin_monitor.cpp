#include "core/engine/stablecoin_monitor.hpp"

#include <array>
#include <set>
#include <string>
#include <utility>

namespace hedgewatch {

namespace {

constexpr std::string_view kDollar = "USD";
/// Coins whose indices in dollars and in stablecoins are deep enough to imply a price, the deepest first.
constexpr std::array<std::string_view, 2> kLargeCoins{"BTC", "ETH"};

}  // namespace

bool is_stablecoin(std::string_view asset) {
  return asset == "DAI" || (asset != kDollar && asset.find(kDollar) != std::string_view::npos);
}

StablecoinMonitor::Coin StablecoinMonitor::find_sources(const DeskView& view, FigureTable& table, std::string_view asset) {
  Coin coin;
  std::set<Venue> seen;
  for (const VenueSetup& setup : view.setup.venues) {
    const Venue venue = setup.venue;
    if (!seen.insert(venue).second) continue;
    const auto add = [&](IndexId numerator, IndexId denominator, std::string_view source) {
      const RowId row = table.add_row(Figure::StablecoinPriceUsd, {asset, label(venue), source});
      coin.sources.push_back({.numerator = numerator, .denominator = denominator, .row = row});
    };
    if (const IndexId index = view.market.find_index(venue, asset, kDollar); index != kNoIndex) add(index, kNoIndex, "index");
    for (const std::string_view large : kLargeCoins) {
      const IndexId in_dollars = view.market.find_index(venue, large, kDollar);
      const IndexId in_coin = view.market.find_index(venue, large, asset);
      if (in_dollars == kNoIndex || in_coin == kNoIndex) continue;
      add(in_dollars, in_coin, "implied");
      break;
    }
  }
  coin.confirmed = table.add_row(Figure::StablecoinConfirmedPriceUsd, {asset});
  return coin;
}

void StablecoinMonitor::lay_out(const DeskView& view, FigureTable& table) {
  coins_.clear();
  std::set<std::string> assets;
  for (const Account& account : view.portfolio.accounts())
    for (const Account::Summary& summary : account.summaries())
      if (is_stablecoin(summary.amounts.asset.view())) assets.emplace(summary.amounts.asset.view());
  for (const std::string& asset : assets) coins_.push_back(find_sources(view, table, asset));
}

void StablecoinMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  for (const Coin& coin : coins_) {
    Estimate lowest{0, Quality::unknown(FigureReason::NeverReceived)};
    Estimate second = lowest;
    for (const Source& source : coin.sources) {
      Estimate price = view.index_price(source.numerator);
      if (source.denominator != kNoIndex) {
        const Estimate coins = view.index_price(source.denominator);
        price = {price.value / coins.value, worst(price.quality, coins.quality)};
      }
      out.publish(source.row, price);
      if (!price.quality.ok()) {
        // Where none is to be believed, the reason of one stands for all.
        if (!lowest.quality.ok()) lowest.quality = price.quality;
        continue;
      }
      if (!lowest.quality.ok() || price.value < lowest.value)
        second = std::exchange(lowest, price);
      else if (!second.quality.ok() || price.value < second.value)
        second = price;
    }
    out.publish(coin.confirmed, second.quality.ok() ? second : lowest);
  }
}

void StablecoinMonitor::visit_state(StateArchive& archive) { archive(coins_); }

}  // namespace hedgewatch
