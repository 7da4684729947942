#include "core/market/market_state.hpp"

#include <array>
#include <chrono>
#include <string_view>

namespace hedgewatch {

namespace {

/// Channels of one connection stamp the same moment this differently at most.
constexpr std::chrono::seconds kMostDisorder{2};
/// When nothing newer came for so long, an older stamp means that the venue's clock was set back.
constexpr std::chrono::seconds kClockSetBack{10};

/// Made so long before what is known of the same connection that it was held up on the way.
bool held_up(const Origin& known, const Origin& candidate) {
  if (known.exchange_time == kNoVenueTime || candidate.exchange_time == kNoVenueTime) return false;
  return known.connection == candidate.connection && known.exchange_time - candidate.exchange_time > kMostDisorder &&
         candidate.received - known.received < kClockSetBack;
}

}  // namespace

bool MarketState::displaces(const Origin& known, const Origin& candidate) {
  if (held_up(known, candidate)) {
    ++late_prices_;
    return false;
  }
  // What came over a connection that is gone has nobody who keeps the order.
  return known.connection == kNoConnection || known.connection == candidate.connection ||
         candidate.exchange_time >= known.exchange_time;
}

bool MarketState::update(Reading& reading, double value, const Origin& origin) {
  if (!is_present(value)) return false;
  if (reading.present() && !displaces(reading.origin, origin)) return false;
  reading = {value, origin};
  return true;
}

void MarketState::list(InstrumentSlot slot, Venue venue, const Contract& contract) {
  if (instruments_.size() <= index_of(slot)) instruments_.resize(index_of(slot) + 1);
  InstrumentMarket& market = instruments_[index_of(slot)];
  market.index = find_or_add_index(venue, contract.base, contract.quote);
  market.expiry = contract.kind == ContractKind::Option ? find_or_add_expiry(venue, contract) : kNoExpiry;
}

MarketState::MarkEffect MarketState::apply(InstrumentSlot slot, const Mark& mark, const Origin& origin) {
  InstrumentMarket& market = instruments_[index_of(slot)];
  note(slot, origin);
  market.has_mark = true;
  MarkEffect effect;
  update(market.mark_price, mark.price, origin);
  update(market.rate, mark.rate, origin);
  if (update(market.mark_vol, mark.vol, origin)) market.leans_on_expiry = !is_present(mark.forward);
  update(market.forward, mark.forward, origin);
  if (market.expiry != kNoExpiry)
    effect.expiry_forward_updated = update(expiries_[static_cast<std::size_t>(market.expiry)].forward, mark.forward, origin);
  if (market.index != kNoIndex)
    effect.index_updated = update(indices_[static_cast<std::size_t>(market.index)].reading, mark.index, origin);
  return effect;
}

void MarketState::apply(InstrumentSlot slot, const Quote& quote, const Origin& origin) {
  InstrumentMarket& market = instruments_[index_of(slot)];
  note(slot, origin);
  if (!displaces(market.quote_origin, origin)) return;
  market.quote = quote;
  market.quote_origin = origin;
}

IndexId MarketState::apply(Venue venue, const IndexPrice& index, const Origin& origin) {
  const IndexId id = find_or_add_index(venue, index.base, index.quote);
  if (id == kNoIndex) return kNoIndex;
  return update(indices_[static_cast<std::size_t>(id)].reading, index.price, origin) ? id : kNoIndex;
}

void MarketState::note(InstrumentSlot slot, const Origin& origin) {
  InstrumentMarket& market = instruments_[index_of(slot)];
  market.newest = origin;
  market.has_data = true;
}

void MarketState::renumber_connections(std::span<const ConnectionId> new_of_old) {
  for (InstrumentMarket& market : instruments_) {
    for (Reading* reading : {&market.mark_price, &market.mark_vol, &market.forward, &market.rate, &market.book_change})
      renumber(reading->origin, new_of_old);
    renumber(market.quote_origin, new_of_old);
    renumber(market.newest, new_of_old);
  }
  for (Index& index : indices_) renumber(index.reading.origin, new_of_old);
  for (Expiry& expiry : expiries_) renumber(expiry.forward.origin, new_of_old);
}

OrderBook* MarketState::begin_book(InstrumentSlot slot, bool snapshot) {
  InstrumentMarket& market = instruments_[index_of(slot)];
  if (market.order_book == InstrumentMarket::kNoOrderBook) {
    if (!snapshot) return nullptr;
    if (order_books_.size() == kMaxOrderBooks) {
      ++refused_order_books_;
      return nullptr;
    }
    market.order_book = static_cast<std::uint32_t>(order_books_.size());
    order_books_.push_back(std::make_unique<OrderBook>());
  }
  OrderBook* book = order_books_[market.order_book].get();
  book->begin(snapshot);
  return book;
}

void MarketState::drop_order_books() {
  for (InstrumentMarket& market : instruments_) market.order_book = InstrumentMarket::kNoOrderBook;
  order_books_.clear();
  refused_order_books_ = 0;
}

OrderBook* MarketState::order_book(InstrumentSlot slot) {
  const std::uint32_t book = at(slot).order_book;
  return book == InstrumentMarket::kNoOrderBook ? nullptr : order_books_[book].get();
}

const OrderBook* MarketState::order_book(InstrumentSlot slot) const {
  const std::uint32_t book = at(slot).order_book;
  return book == InstrumentMarket::kNoOrderBook ? nullptr : order_books_[book].get();
}

const Reading& MarketState::pricing_forward(InstrumentSlot slot) const {
  const InstrumentMarket& market = at(slot);
  return market.leans_on_expiry && market.expiry != kNoExpiry ? expiries_[static_cast<std::size_t>(market.expiry)].forward
                                                              : market.forward;
}

IndexId MarketState::find_index(Venue venue, std::string_view base, std::string_view quote) const {
  for (std::size_t i = 0; i < indices_.size(); ++i)
    if (indices_[i].venue == venue && indices_[i].base.view() == base && indices_[i].quote.view() == quote)
      return IndexId{static_cast<std::uint32_t>(i)};
  return kNoIndex;
}

IndexId MarketState::find_dollar_index(Venue venue, std::string_view base) const {
  constexpr std::array<std::string_view, 3> kDollars{"USD", "USDC", "USDT"};
  for (const std::string_view quote : kDollars) {
    const IndexId id = find_index(venue, base, quote);
    if (id != kNoIndex) return id;
  }
  return kNoIndex;
}

IndexId MarketState::find_or_add_index(Venue venue, const AssetCode& base, const AssetCode& quote) {
  const IndexId known = find_index(venue, base.view(), quote.view());
  if (known != kNoIndex) return known;
  if (indices_.size() == kMaxIndices) {
    ++refused_indices_;
    return kNoIndex;
  }
  indices_.push_back({.venue = venue, .base = base, .quote = quote, .reading = {}});
  return IndexId{static_cast<std::uint32_t>(indices_.size() - 1)};
}

ExpiryId MarketState::find_or_add_expiry(Venue venue, const Contract& contract) {
  for (std::size_t i = 0; i < expiries_.size(); ++i) {
    const Expiry& expiry = expiries_[i];
    if (expiry.venue == venue && expiry.at == contract.expiry && expiry.base == contract.base && expiry.quote == contract.quote)
      return ExpiryId{static_cast<std::uint32_t>(i)};
  }
  expiries_.push_back({.venue = venue, .base = contract.base, .quote = contract.quote, .at = contract.expiry, .forward = {}});
  return ExpiryId{static_cast<std::uint32_t>(expiries_.size() - 1)};
}

}  // namespace hedgewatch
