#include "core/engine/leg_quotes.hpp"

#include <algorithm>
#include <string_view>

#include "core/portfolio/portfolio.hpp"

namespace hedgewatch {

LegQuote leg_quote(const DeskView& view, InstrumentSlot slot) {
  const Venue venue = view.registry.venue(slot);
  const InstrumentMarket& market = view.market.at(slot);
  const auto of = [](double bid, double ask, const Quality& quality) -> LegQuote {
    if (!quality.ok()) return {0, 0, quality};
    if (!(bid > 0) || !(ask > bid)) return {0, 0, Quality::unknown(FigureReason::Empty)};
    return {.mid = (bid + ask) / 2, .half_spread = (ask - bid) / 2, .quality = quality};
  };
  const OrderBook* book = view.market.order_book(slot);
  if (book != nullptr && book->valid() && book->best_bid() && book->best_ask()) {
    const LegQuote quote = of(book->best_bid()->price.to_double(), book->best_ask()->price.to_double(),
                              view.freshness.of_market(market.book_change, venue, FigureReason::OrderBookInvalid));
    if (quote.quality.ok()) return quote;
  }
  if (!market.quote.bid || !market.quote.ask) return {};
  const Reading newest{.value = market.quote.bid->to_double(), .origin = market.quote_origin};
  return of(market.quote.bid->to_double(), market.quote.ask->to_double(),
            view.freshness.of_market(newest, venue, FigureReason::NeverReceived));
}

std::optional<std::uint32_t> book_of_position(const EngineSetup& setup, AccountId account, const Contract& contract, Venue venue) {
  for (std::uint32_t b = 0; b < setup.books.size(); ++b)
    if (std::any_of(setup.books[b].rules.begin(), setup.books[b].rules.end(),
                    [&](const BookRule& rule) { return takes(rule, account, contract, venue); }))
      return b;
  return std::nullopt;
}

Estimate dollars_of_asset(const DeskView& view, Venue venue, const AssetCode& asset) {
  const std::string_view code = asset.view();
  if (code == "USD") return {1, Quality{}};
  if (code == "USDC" || code == "USDT") {
    const Estimate told = view.index_price(view.market.find_index(venue, code, "USD"));
    if (told.quality.reason() != FigureReason::MissingIndex) return told;
    // A venue that quotes everything in it says nothing of the coin itself; another may.
    const auto& venues = view.setup.venues;
    for (const VenueSetup& other : venues)
      if (const Estimate price = view.index_price(view.market.find_index(other.venue, code, "USD"));
          price.quality.reason() != FigureReason::MissingIndex)
        return price;
    const auto known = std::find_if(venues.begin(), venues.end(), [&](const VenueSetup& one) { return one.venue == venue; });
    return known != venues.end() && !known->stablecoins_at_par ? told : Estimate{1, Quality{}};
  }
  // An index in a stablecoin is worth what that is worth.
  for (const std::string_view quote : {"USD", "USDC", "USDT"})
    if (const IndexId index = view.market.find_index(venue, code, quote); index != kNoIndex)
      return view.index_price(index) * dollars_of_asset(view, venue, *AssetCode::from(quote));
  return view.index_price(kNoIndex);
}

}  // namespace hedgewatch
