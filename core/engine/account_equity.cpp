#include "core/engine/account_equity.hpp"

#include <algorithm>

#include "core/engine/leg_quotes.hpp"

namespace hedgewatch {

Estimate equity_usd(const DeskView& view, std::span<const std::uint16_t> accounts) {
  Estimate sum{0, Quality{}};
  Quality missing = Quality::unknown(FigureReason::MissingEquity);
  bool any = false;
  for (const AssetRows& row : view.desk.asset_rows) {
    if (std::find(accounts.begin(), accounts.end(), row.account) == accounts.end()) continue;
    const Account& account = view.portfolio.accounts()[row.account];
    const Account::Summary& summary = account.summaries()[row.summary];
    const double coins = summary.amounts.equity;
    const Quality told = view.freshness.of_account(summary.origin, account.venue());
    if (!is_present(coins)) return {0, worst(told, missing)};
    if (coins == 0) {
      sum.quality = worst(sum.quality, told);
      continue;
    }
    const Estimate price = dollars_of_asset(view, account.venue(), summary.amounts.asset);
    if (price.quality.ok()) {
      sum = sum + Estimate{coins, told} * price;
      any = true;
    } else if (coins > 0) {
      // A price that was there and is lost says more than one that never was.
      if (missing.state() != FigureState::Stale) missing = worst(told, price.quality);
    } else {
      return {0, worst(told, price.quality)};
    }
  }
  return any ? sum : Estimate{0, worst(sum.quality, missing)};
}

}  // namespace hedgewatch
