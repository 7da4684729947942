#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/alert/alert_rule.hpp"
#include "core/hedge/basis.hpp"
#include "core/hedge/effectiveness_series.hpp"
#include "core/instrument/instrument_pattern.hpp"
#include "core/portfolio/order_rate.hpp"
#include "core/pricing/smile_rule.hpp"
#include "core/risk/profit_record.hpp"
#include "core/risk/scenario_setup.hpp"
#include "core/risk/vol_exposure.hpp"
#include "core/types/ids.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// Which account positions a book collects. Empty lists do not restrict; a position goes to the first book whose rule takes it.
struct BookRule {
  std::vector<AccountId> accounts;
  std::vector<std::string> underlyings;  ///< base asset codes
  std::vector<InstrumentPattern> instruments;
};

/// A position stated by hand. Size in the contract's SizeUnit, signed, long positive.
struct ExplicitPosition {
  InstrumentPattern instrument;  ///< exact
  double size = 0;
  std::optional<double> entry_price;  ///< in the contract's price unit
  /// When somebody last saw that it is so; nothing: it is not asked for. Off-exchange positions have nobody else who tells.
  std::optional<VenueTime> as_of = std::nullopt;
  std::chrono::nanoseconds max_age = std::chrono::hours{24};  ///< after which it wants to be seen again; with as_of only
};

/// What a book counts its fortune in. One that counts in coin does not gain or lose by the coin's price.
enum class Numeraire : std::uint8_t { Dollars, Coin };

struct BookSetup {
  std::string name;
  Numeraire numeraire = Numeraire::Dollars;
  std::vector<BookRule> rules;
  std::vector<ExplicitPosition> positions;
  /// Accounts whose equity enters the with_equity view of the delta, with the share that belongs to this book (0..1).
  struct EquityShare {
    AccountId account;
    double share = 1;
  };
  std::vector<EquityShare> equity;
};

enum class DeltaView : std::uint8_t { BlackScholes, NetTransaction, WithEquity };
[[nodiscard]] constexpr std::string_view label(DeltaView view) {
  switch (view) {
    case DeltaView::BlackScholes:
      return "black_scholes";
    case DeltaView::NetTransaction:
      return "net_transaction";
    case DeltaView::WithEquity:
      return "with_equity";
  }
  return "";
}

/// Where the beta of legs of another underlying comes from: what the item returns for each unit of the legs' return.
enum class BetaSource : std::uint8_t { SameUnderlying, Fixed, Rolling };
[[nodiscard]] constexpr std::string_view label(BetaSource source) {
  switch (source) {
    case BetaSource::SameUnderlying:
      return "same_underlying";
    case BetaSource::Fixed:
      return "fixed";
    case BetaSource::Rolling:
      return "rolling";
  }
  return "";
}

/// How the width of the band is found within which a net delta is left alone.
enum class BandKind : std::uint8_t { Fixed, WhalleyWilmott, Zakamouline };
[[nodiscard]] constexpr std::string_view label(BandKind kind) {
  switch (kind) {
    case BandKind::Fixed:
      return "fixed";
    case BandKind::WhalleyWilmott:
      return "whalley_wilmott";
    case BandKind::Zakamouline:
      return "zakamouline";
  }
  return "";
}

/// Where a hedge is traded back to its band's edge.
struct BandSetup {
  BandKind kind = BandKind::Fixed;
  /// Half of the fixed band, and of the one that the others fall back to; positive, at most the soft limit.
  double half_width_coins = 0;
  double risk_aversion_per_usd = 0;  ///< absolute; positive, never defaulted; not used by Fixed
  double cost_ratio = 0;             ///< one-way cost over the value traded; positive; not used by Fixed
};

/// An instrument that advice may trade.
struct AdviceInstrument {
  InstrumentPattern instrument;            ///< exact
  double max_trade_size = 0;               ///< of one advice, in the contract's SizeUnit; positive
  double fee_ratio = 0;                    ///< over the dollars of the underlying that a trade moves; negative is a rebate
  std::optional<double> position_limit;    ///< size without sign that the account's position must not pass
  std::optional<double> min_notional_usd;  ///< smaller trades are refused by the venue
};

/// What profit is counted in.
enum class ProfitCurrency : std::uint8_t { Usd, Coin };
[[nodiscard]] constexpr std::string_view label(ProfitCurrency currency) {
  return currency == ProfitCurrency::Coin ? "coin" : "usd";
}

/// How a relationship's effectiveness, basis and regime are measured.
struct EffectivenessSetup {
  EffectivenessConventions sampling;
  ProfitCurrency profit_currency = ProfitCurrency::Usd;
  InstrumentPattern basis_leg;                 ///< exact
  std::optional<InstrumentPattern> reference;  ///< exact; nothing: the dollar index of the basis leg's venue
  BasisAnnualisation annualisation = BasisAnnualisation::Simple;
  VenueTime designated_at{};  ///< no profit of a bar that ends before it counts

  friend bool operator==(const EffectivenessSetup&, const EffectivenessSetup&) = default;
};

/// A hedge relationship: the item is a book minus the leg positions, the legs are that book's positions in these instruments.
struct HedgeSetup {
  std::string name;
  std::string book;        ///< the book that holds item and legs
  std::string underlying;  ///< base asset code
  /// Base asset code of the legs where it is another one: a cross hedge. Empty: the same.
  std::string leg_underlying;
  BetaSource beta_source =
      BetaSource::SameUnderlying;  ///< Fixed or Rolling of a cross hedge, which has conventions of effectiveness
  double beta = 1;                 ///< positive; used by Fixed
  std::vector<InstrumentPattern> legs;
  /// Parallel to legs: which part of a position is this hedge's, above 0 and at most 1; empty: all of each. The rest of such a
  /// position belongs to other hedges: it is in neither item nor legs.
  std::vector<double> leg_shares;
  DeltaView view = DeltaView::BlackScholes;  ///< BlackScholes or NetTransaction; named in the configuration, never defaulted there
  SmileRule smile = kStickyStrike;           ///< what the deltas assume of the smile when the forward moves
  double target_ratio = 1;
  double soft_delta_limit_coins = 0;  ///< positive
  double hard_delta_limit_coins = 0;  ///< above the soft one
  std::optional<double> gamma_limit_coins_per_percent;
  std::optional<double> vega_limit_usd_per_vol_point;
  double flatten_within_bps = 25;                   ///< how far from the mid depth counts as there to be taken; positive
  std::optional<EffectivenessSetup> effectiveness;  ///< nothing: no figures of effectiveness, basis and regime
  std::optional<BandSetup> band;                    ///< nothing: the hedge has no band figures
  std::vector<AdviceInstrument> advice;             ///< empty: no advice
  std::string limit_owner;                          ///< who may override its delta limits for a time; empty: nobody
};

struct VenueSetup {
  Venue venue = Venue::Deribit;
  /// Marks, quotes and indices older than this are stale even on a live connection.
  std::chrono::nanoseconds market_data_max_age = std::chrono::seconds{60};
  std::chrono::nanoseconds account_max_age = std::chrono::seconds{120};
  /// Continuous, per year: forward = spot * exp(rate * T) where nothing better tells an expiry's forward. Without it nothing is
  /// carried.
  std::optional<double> carry_rate = std::nullopt;
  /// USDC and USDT count for a dollar while no venue tells a price of theirs; false: what is made of them is unknown until
  /// then.
  bool stablecoins_at_par = true;
};

/// What a venue cuts off the price of an asset that backs an account's positions.
struct CollateralSetup {
  AccountId account{};
  std::string asset;
  double haircut_ratio = 0;  ///< 0: it counts whole; below 1

  friend bool operator==(const CollateralSetup&, const CollateralSetup&) = default;
};

/// What a venue lets an account send.
struct AccountAllowance {
  AccountId account{};
  OrderAllowance orders;
};

/// Everything the engine is told before its first event. Names are resolved when instruments are listed.
struct EngineSetup {
  std::vector<VenueSetup> venues;
  std::vector<std::string> accounts;         ///< names; AccountId is the index
  std::vector<std::string> connections;      ///< names; ConnectionId is the index
  std::vector<Venue> connection_venues;      ///< parallel to connections
  std::vector<bool> account_connections;     ///< parallel to connections: carries an account and no market data; absent: false
  std::vector<CollateralSetup> collateral;   ///< at most one per account and asset; an asset that is not here counts whole
  std::vector<AccountAllowance> allowances;  ///< at most one per account; one that is not here is not bound by any that is known
  ProfitPeriods profit;
  std::vector<BookSetup> books;
  std::vector<HedgeSetup> hedges;
  std::vector<AlertRule> alerts;
  std::vector<InstrumentPattern> watch;          ///< figures per instrument also for these, held or not
  std::vector<InstrumentPattern> order_books;    ///< instruments whose book is followed: they have a spread
  std::optional<ScenarioSetup> scenario;         ///< nothing: no scenario, value-at-risk or shortfall figures
  std::optional<VolExposureSetup> vol_exposure;  ///< nothing: no figures by expiry bucket, of pin or settlement
};

}  // namespace hedgewatch
