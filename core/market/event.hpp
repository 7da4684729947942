#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <variant>

#include "core/instrument/contract.hpp"
#include "core/types/ids.hpp"
#include "core/types/inline_text.hpp"
#include "core/types/nano.hpp"
#include "core/types/time.hpp"
#include "core/types/units.hpp"

/// Everything that can happen, after the venue's words and units were left at the door. Absent is nullopt or kAbsent, never 0.
namespace hedgewatch {

/// Marks a double a venue did not send, or sent as null. Test with is_present.
inline constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();
constexpr bool is_present(double value) { return value == value; }

enum class Side : std::uint8_t { Buy, Sell };

// ---- market data of one instrument (header.instrument)

/// Top of book. An absent side is an empty side.
struct Quote {
  std::optional<Price> bid;
  std::optional<Price> ask;
  Size bid_size;
  Size ask_size;
};

/// The venue's valuation. Any part may be absent.
struct Mark {
  double price = kAbsent;    ///< in the contract's price unit (coin for inverse options)
  double vol = kAbsent;      ///< fraction: 0.4875 is 48.75 %
  double forward = kAbsent;  ///< quote per base, for the option's own expiry
  double index = kAbsent;    ///< quote per base
  double rate = kAbsent;     ///< continuous, per year
};

/// The venue's Greeks as published, only to be reconciled with ours. Units: formulas page 1.2.
struct VenueGreeks {
  double delta = kAbsent;
  double gamma = kAbsent;
  double vega = kAbsent;
  double theta = kAbsent;
  double rho = kAbsent;
};

struct Funding {
  double current_rate_8h = kAbsent;  ///< fraction per 8 h accruing now; positive: longs pay
  double average_rate_8h = kAbsent;  ///< fraction, mean over the last 8 h
};

struct Trade {
  Price price;
  Size size;
  std::uint64_t sequence = 0;  ///< per instrument, consecutive; 0 when the venue has none
  Side aggressor = Side::Buy;
};

/// One change of an order book. Levels stand between a BookBegin and a BookEnd of the same instrument.
struct BookBegin {
  bool snapshot = false;  ///< true: what was known before is void
};
struct BookLevel {
  Price price;
  Size size;              ///< absolute; 0 removes the level
  Side side = Side::Buy;  ///< Buy: a bid
};
struct BookEnd {
  std::uint64_t sequence = 0;
};
/// The book is not to be believed until the next snapshot.
struct BookInvalidated {};

// ---- market data without an instrument

/// Spot reference of a pair, such as btc_usd.
struct IndexPrice {
  AssetCode base;
  AssetCode quote;
  double price = kAbsent;
};

// ---- instruments

struct InstrumentListed {
  Contract contract;
};
enum class InstrumentPhase : std::uint8_t { Open, Halted, Settling, Expired };
struct InstrumentStateChanged {
  InstrumentPhase phase = InstrumentPhase::Open;
};
/// What an expired contract settled at.
struct InstrumentDelivered {
  double price = kAbsent;  ///< quote per base
};

// ---- accounts (header.account)

/// The venue's whole statement about one position; replaces what was known. Size 0 closes it.
struct PositionReport {
  Size size;                       ///< signed, in the contract's SizeUnit; long positive
  double average_entry = kAbsent;  ///< in the contract's price unit
  double venue_delta_coins = kAbsent;
  double realized_pnl = kAbsent;        ///< in settlement currency
  double unrealized_pnl = kAbsent;      ///< in settlement currency
  double maintenance_margin = kAbsent;  ///< in settlement currency
};
/// Between Begin and End comes every open position of the account; one that is not named in between is flat.
struct PositionSnapshotBegin {};
struct PositionSnapshotEnd {};

struct Fill {
  Price price;
  Size size;             ///< unsigned
  double fee = kAbsent;  ///< in fee_asset; positive: paid by us
  AssetCode fee_asset;
  std::uint64_t sequence = 0;
  Side side = Side::Buy;  ///< our own side
  bool liquidation = false;
};

/// The venue's whole statement about one order of ours; replaces what was known of it.
struct WorkingOrder {
  std::uint64_t order = 0;  ///< the venue's number of the order, or a digest of its name
  Size remaining;           ///< unsigned, not yet filled, in the contract's SizeUnit; 0: it no longer rests
  Side side = Side::Buy;
};
/// Between Begin and End comes every order of the account that rests; one that is not named in between is gone.
struct WorkingOrdersBegin {};
struct WorkingOrdersEnd {};

/// Where the account's position in an instrument stands in the venue's queue for auto-deleveraging, where the venue tells: 0 last,
/// 1 first in line. The venues tell it in five steps or so.
struct DeleveragingRank {
  double place_ratio = kAbsent;
};

/// A deposit, withdrawal or transfer between accounts, where the venue tells of them. It moves equity and is no profit.
struct Transfer {
  AssetCode asset;
  double amount = kAbsent;  ///< positive: into the account
};

/// One currency's row of an account summary.
struct AccountSummary {
  AssetCode asset;
  double equity = kAbsent;   ///< includes option value
  double balance = kAbsent;  ///< cash
  double margin_balance = kAbsent;
  double initial_margin = kAbsent;
  double maintenance_margin = kAbsent;
  bool cross_collateral = false;  ///< true: margins are the whole account's, seen in this asset
};

/// The venue's own totals over an account's positions in one currency, for reconciliation.
struct AccountGreeks {
  AssetCode asset;
  double delta_total = kAbsent;    ///< coins, net-transaction view, without equity
  double options_delta = kAbsent;  ///< coins
  double options_gamma = kAbsent;  ///< coins per dollar
  double options_vega = kAbsent;   ///< dollars per vol point
  double options_theta = kAbsent;  ///< dollars per day
};

enum class ForcedEventKind : std::uint8_t { Liquidation, AutoDeleveraging, AccountLock, MarketMakerProtection, Other };
struct ForcedEvent {
  ForcedEventKind kind = ForcedEventKind::Other;
  bool active = true;  ///< false: the state has ended (an unlock)
};

// ---- feeds and time

enum class FeedPhase : std::uint8_t { Connecting, Synchronising, Live, Down };
enum class FeedDownReason : std::uint8_t {
  None,
  Disconnected,
  Silent,
  Refused,
  Unauthorised,
  Maintenance,
  Overflow,
  Stopped,
  Lagging
};
/// What a connection's data is worth from now on. Nothing of the connection is fresh unless it is Live.
struct FeedStatus {
  FeedPhase phase = FeedPhase::Connecting;
  FeedDownReason reason = FeedDownReason::None;
};
/// The venue's own state, whatever the connection's.
struct PlatformState {
  bool locked = false;
  bool maintenance = false;
};

/// A person has taken an alert on. The numbers are those of core/alert's AlertIdentity.
struct AlertAcknowledged {
  std::uint64_t rule = 0;
  std::uint64_t row = 0;
};

/// The owner of a limit has set another one for a time that begins with the header's received. The numbers are those of
/// core/alert's AlertIdentity.
struct LimitOverridden {
  std::uint64_t rule = 0;
  std::uint64_t row = 0;
  double level = kAbsent;     ///< in the figure's unit, of a limit on both sides its size; absent: the override is taken back
  std::int64_t lasts_ns = 0;  ///< positive
};

/// Time passes: header.received is now. header.exchange_time is not used.
struct TimerTick {};
/// The daemon marks where it recomputed and published, so that a replay cuts cycles at the same places.
struct EndOfCycle {};

using EventBody = std::variant<Quote, Mark, VenueGreeks, Funding, Trade, BookBegin, BookLevel, BookEnd, BookInvalidated, IndexPrice,
                               InstrumentListed, InstrumentStateChanged, InstrumentDelivered, PositionReport, PositionSnapshotBegin,
                               PositionSnapshotEnd, Fill, Transfer, AccountSummary, AccountGreeks, ForcedEvent, FeedStatus,
                               PlatformState, AlertAcknowledged, TimerTick, EndOfCycle, WorkingOrder, WorkingOrdersBegin,
                               WorkingOrdersEnd, LimitOverridden, DeleveragingRank>;

struct EventHeader {
  VenueTime exchange_time = kNoVenueTime;
  MonoTime received{};
  InstrumentId instrument = kNoInstrument;
  AccountId account = kNoAccount;
  ConnectionId connection = kNoConnection;
  Venue venue = Venue::Deribit;
};

struct Event {
  EventHeader header;
  EventBody body;
};

static_assert(std::is_trivially_copyable_v<Event>, "crosses threads by copy");
static_assert(sizeof(Event) <= 128, "one event, two cache lines");

/// Account events are never dropped; market data may be conflated, newest wins.
[[nodiscard]] constexpr bool is_account_event(const EventBody& body) {
  return std::holds_alternative<PositionReport>(body) || std::holds_alternative<PositionSnapshotBegin>(body) ||
         std::holds_alternative<PositionSnapshotEnd>(body) || std::holds_alternative<Fill>(body) ||
         std::holds_alternative<Transfer>(body) || std::holds_alternative<AccountSummary>(body) ||
         std::holds_alternative<AccountGreeks>(body) || std::holds_alternative<ForcedEvent>(body) ||
         std::holds_alternative<WorkingOrder>(body) || std::holds_alternative<WorkingOrdersBegin>(body) ||
         std::holds_alternative<WorkingOrdersEnd>(body) || std::holds_alternative<DeleveragingRank>(body);
}

}  // namespace hedgewatch
