#pragma once

#include <string_view>
#include <vector>

#include "core/engine/desk_monitor.hpp"

namespace hedgewatch {

/// Whether an asset is a coin that is meant to be worth a dollar: USDC, USDT, DAI and the like, and not the dollar itself.
[[nodiscard]] bool is_stablecoin(std::string_view asset);

/// What the stablecoins that accounts hold as collateral are worth, by every source there is: each venue's index of the coin
/// against the dollar, and what a large coin's two indices on one venue imply, in dollars over in the stablecoin. A depeg is
/// believed when a second source agrees.
class StablecoinMonitor final : public DeskMonitor {
 public:
  void lay_out(const DeskView& view, FigureTable& table) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  struct Source {
    IndexId numerator = kNoIndex;
    IndexId denominator = kNoIndex;  ///< kNoIndex: the numerator is the price itself
    RowId row = kNoRow;
  };
  struct Coin {
    std::vector<Source> sources;
    RowId confirmed = kNoRow;

    void visit_state(auto& archive) { archive(sources, confirmed); }
  };

  static Coin find_sources(const DeskView& view, FigureTable& table, std::string_view asset);

  std::vector<Coin> coins_;
};

}  // namespace hedgewatch
