#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/instrument/contract.hpp"
#include "core/types/nano.hpp"

namespace hedgewatch {

/// What a position has earned since its ledger began, in the contract's settlement asset. A gain is positive.
struct LedgerAmounts {
  double realized = 0;  ///< of what was closed or delivered, before fees and funding
  double funding = 0;   ///< received; negative: paid
  double fees = 0;      ///< paid in the settlement asset; negative: a rebate

  [[nodiscard]] double net() const { return realized + funding - fees; }
  friend LedgerAmounts operator+(const LedgerAmounts& a, const LedgerAmounts& b) {
    return {a.realized + b.realized, a.funding + b.funding, a.fees + b.fees};
  }
};

/// Our own account of one position in one contract, kept from fills. Sizes are exact counts, so a flip through zero leaves no dust.
/// Profit is paid in the settlement asset: coin for inverse contracts, where the average entry of futures is harmonic
/// (sum N / sum(N / price)) and options are quoted in coin; the quote currency for linear ones.
class PositionLedger {
 public:
  /// Fees are paid in few assets; one beyond these is counted in refused_fees().
  static constexpr std::size_t kMaxFeeAssets = 4;

  explicit PositionLedger(const Contract& contract);

  struct FillEffect {
    Size closed;          ///< signed as the position was: what the fill took away
    Size opened;          ///< signed as the fill
    double realized = 0;  ///< settlement asset, fee apart
  };
  /// Takes a fill of `size` (signed, buying positive) at `price` in the contract's price unit. An empty `fee_asset` is the
  /// settlement asset. Nothing happens, and nothing is returned, when the price is not finite, is negative, is 0 for anything but
  /// an option, or when the fee is not finite (no fee told is 0).
  std::optional<FillEffect> fill(Size size, double price, double fee = 0, AssetCode fee_asset = {});

  /// Adds a fee paid; an empty asset is the settlement asset.
  void add_fee(double fee, const AssetCode& asset);
  /// Adds funding received (negative: paid), in the settlement asset.
  void add_funding(double received) { amounts_.funding += received; }

  /// Ends the position at the delivery price (quote per base). Options pay their intrinsic value there, in coin when inverse;
  /// futures close at it. Returns what that realised; nothing for a price that is not positive and finite, and for contracts
  /// without expiry.
  std::optional<double> deliver(double delivery_price);

  /// What taking over the venue's statement changed.
  struct Adjustment {
    Size difference;             ///< the venue's size minus ours
    std::optional<double> cash;  ///< settlement asset that the missed trades brought in: realised minus what was added to the cost
  };
  /// Takes the venue's size and average entry. `realized_change` is what the venue has realised beyond what we knew; without it the
  /// cash of missed trades is known only when they did nothing but open. Without an entry the profit of the position is unknown.
  Adjustment adopt(Size size, std::optional<double> average_entry, std::optional<double> realized_change = std::nullopt);

  [[nodiscard]] const Contract& contract() const { return contract_; }
  [[nodiscard]] Size size() const { return size_; }
  /// In the contract's price unit; nothing when flat or unknown.
  [[nodiscard]] std::optional<double> average_entry() const;
  /// Settlement asset that the open size cost: sum of size * price, of size / price for inverse futures (the sign of the size).
  [[nodiscard]] double cost() const { return cost_; }
  /// Profit of the open position at a mark in the contract's price unit; nothing when entry or mark are of no use.
  [[nodiscard]] std::optional<double> unrealized(double mark_price) const;
  [[nodiscard]] const LedgerAmounts& amounts() const { return amounts_; }

  struct AssetFees {
    AssetCode asset;
    double paid = 0;
  };
  /// Fees paid in other assets than the settlement asset.
  [[nodiscard]] std::span<const AssetFees> other_fees() const { return std::span{other_fees_}.first(other_fee_count_); }
  [[nodiscard]] std::uint64_t refused_fees() const { return refused_fees_; }

 private:
  [[nodiscard]] bool inverse_future() const;
  [[nodiscard]] double cost_of(double size, double price) const;

  Contract contract_;
  Size size_;
  double cost_ = 0;
  bool entry_known_ = true;
  LedgerAmounts amounts_;
  std::array<AssetFees, kMaxFeeAssets> other_fees_{};
  std::size_t other_fee_count_ = 0;
  std::uint64_t refused_fees_ = 0;
};

/// Settlement asset that one unit of size is worth at delivery: intrinsic value of an option (in coin when inverse), the price
/// otherwise in the contract's price unit. The price must be positive.
[[nodiscard]] double delivery_value(const Contract& contract, double delivery_price);

/// Rolls a dated leg: closes `from` at its price and opens in `to` the same size (inverse futures: the same dollars). Returns what
/// the closing realised; nothing, with both unchanged, when a price is of no use or the two do not count size alike.
[[nodiscard]] std::optional<double> roll(PositionLedger& from, PositionLedger& to, double from_price, double to_price);

}  // namespace hedgewatch
