#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/instrument/contract.hpp"
#include "core/instrument/registry.hpp"
#include "core/market/event.hpp"
#include "core/market/freshness.hpp"
#include "core/market/order_book.hpp"

namespace hedgewatch {

/// The spot index of one pair on one venue.
enum class IndexId : std::uint32_t {};
inline constexpr IndexId kNoIndex{0xFFFFFFFF};
/// The options of one underlying, quote and expiry on one venue: they share a forward.
enum class ExpiryId : std::uint32_t {};
inline constexpr ExpiryId kNoExpiry{0xFFFFFFFF};

/// What the market says about one instrument. Every part has its own time, because channels carry different parts.
struct InstrumentMarket {
  Reading mark_price;  ///< in the contract's price unit
  Reading mark_vol;    ///< fraction
  Reading forward;     ///< quote per base, as sent with this instrument
  Reading rate;        ///< continuous, per year
  Quote quote;
  Origin quote_origin;
  Origin newest;        ///< of any market data of this instrument
  Reading book_change;  ///< present once a book was sent; when it last changed
  IndexId index = kNoIndex;
  ExpiryId expiry = kNoExpiry;
  std::uint32_t order_book = kNoOrderBook;
  bool has_data = false;
  bool has_mark = false;
  /// The newest vol came without a forward of its own: the newest forward of the expiry stands in.
  bool leans_on_expiry = false;

  static constexpr std::uint32_t kNoOrderBook = 0xFFFFFFFF;
};

/// Quotes, marks, indices, forwards and order books. Newest arrival wins within a connection, where the venue keeps the order,
/// unless the message was made seconds before what is known; between connections a message with an older exchange time does not
/// displace a newer one.
class MarketState {
 public:
  static constexpr std::size_t kMaxOrderBooks = 512;
  static constexpr std::size_t kMaxIndices = 1'024;

  /// Makes room for a newly listed instrument and registers its index and expiry. Slots come in order.
  void list(InstrumentSlot slot, Venue venue, const Contract& contract);

  /// What a mark told beyond its own instrument.
  struct MarkEffect {
    bool index_updated = false;
    bool expiry_forward_updated = false;
  };
  MarkEffect apply(InstrumentSlot slot, const Mark& mark, const Origin& origin);
  void apply(InstrumentSlot slot, const Quote& quote, const Origin& origin);
  /// The index that was updated, kNoIndex when none was.
  IndexId apply(Venue venue, const IndexPrice& index, const Origin& origin);
  /// Notes that some market data of the instrument arrived.
  void note(InstrumentSlot slot, const Origin& origin);

  /// See renumber(Origin&, ...).
  void renumber_connections(std::span<const ConnectionId> new_of_old);

  /// The book of an instrument, made at its first snapshot. Nothing before, or when there are kMaxOrderBooks already (counted).
  OrderBook* begin_book(InstrumentSlot slot, bool snapshot);
  /// Lets every book go, and what was refused for want of room: after a restart none is valid, and those that are sent have places.
  void drop_order_books();
  /// A change of the book was applied.
  void note_book(InstrumentSlot slot, const Origin& origin) { instruments_[index_of(slot)].book_change = {0, origin}; }
  [[nodiscard]] OrderBook* order_book(InstrumentSlot slot);
  [[nodiscard]] const OrderBook* order_book(InstrumentSlot slot) const;

  [[nodiscard]] const InstrumentMarket& at(InstrumentSlot slot) const { return instruments_[index_of(slot)]; }

  /// The forward to price with: the instrument's own, or the newest of its expiry where the newest vol came alone.
  [[nodiscard]] const Reading& pricing_forward(InstrumentSlot slot) const;

  /// The newest forward that the venue stated for an expiry, with whichever instrument.
  [[nodiscard]] const Reading& expiry_forward(ExpiryId id) const { return expiries_[static_cast<std::size_t>(id)].forward; }

  [[nodiscard]] const Reading& index(IndexId id) const { return indices_[static_cast<std::size_t>(id)].reading; }
  [[nodiscard]] Venue index_venue(IndexId id) const { return indices_[static_cast<std::size_t>(id)].venue; }
  [[nodiscard]] std::size_t index_count() const { return indices_.size(); }
  /// kNoIndex when the venue has no such pair yet.
  [[nodiscard]] IndexId find_index(Venue venue, std::string_view base, std::string_view quote) const;
  /// The pair against USD, or against the first of USDC and USDT that is known.
  [[nodiscard]] IndexId find_dollar_index(Venue venue, std::string_view base) const;
  [[nodiscard]] std::size_t expiry_count() const { return expiries_.size(); }

  [[nodiscard]] std::uint64_t refused_order_books() const { return refused_order_books_; }
  [[nodiscard]] std::uint64_t refused_indices() const { return refused_indices_; }
  /// Numbers that came seconds after newer ones of their connection, and were not taken.
  [[nodiscard]] std::uint64_t late_prices() const { return late_prices_; }

  /// See StateArchive.
  void visit_state(auto& archive) {
    archive(instruments_, indices_, expiries_, order_books_, refused_order_books_, refused_indices_, late_prices_);
  }

 private:
  struct Index {
    Venue venue;
    AssetCode base;
    AssetCode quote;
    Reading reading;
  };
  struct Expiry {
    Venue venue;
    AssetCode base;
    AssetCode quote;
    VenueTime at;
    Reading forward;
  };

  /// Whether a new message may stand in place of what is known.
  bool displaces(const Origin& known, const Origin& candidate);
  /// True when the reading was taken.
  bool update(Reading& reading, double value, const Origin& origin);
  IndexId find_or_add_index(Venue venue, const AssetCode& base, const AssetCode& quote);
  ExpiryId find_or_add_expiry(Venue venue, const Contract& contract);

  std::vector<InstrumentMarket> instruments_;
  std::vector<Index> indices_;
  std::vector<Expiry> expiries_;
  std::vector<std::unique_ptr<OrderBook>> order_books_;
  std::uint64_t refused_order_books_ = 0;
  std::uint64_t refused_indices_ = 0;
  std::uint64_t late_prices_ = 0;
};

}  // namespace hedgewatch
