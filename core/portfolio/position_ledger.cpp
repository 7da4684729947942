#include "core/portfolio/position_ledger.hpp"

#include <algorithm>
#include <cmath>

#include "core/pricing/inverse_future.hpp"

namespace hedgewatch {

namespace {

bool is_option(const Contract& contract) { return contract.kind == ContractKind::Option; }

bool is_usable_price(const Contract& contract, double price) {
  return std::isfinite(price) && (price > 0 || (is_option(contract) && price == 0));
}

bool opposite(Size a, Size b) { return (a.raw() < 0 && b.raw() > 0) || (a.raw() > 0 && b.raw() < 0); }

Size smaller(Size a, Size b) { return std::abs(a.raw()) <= std::abs(b.raw()) ? a : b; }

}  // namespace

PositionLedger::PositionLedger(const Contract& contract) : contract_{contract} {}

bool PositionLedger::inverse_future() const { return contract_.style == PayoffStyle::Inverse && !is_option(contract_); }

double PositionLedger::cost_of(double size, double price) const { return inverse_future() ? size / price : size * price; }

void PositionLedger::add_fee(double fee, const AssetCode& asset) {
  if (fee == 0) return;
  if (asset == AssetCode{} || asset == contract_.settlement) {
    amounts_.fees += fee;
    return;
  }
  const auto known = std::find_if(other_fees_.begin(), other_fees_.begin() + static_cast<std::ptrdiff_t>(other_fee_count_),
                                  [&](const AssetFees& fees) { return fees.asset == asset; });
  if (known != other_fees_.begin() + static_cast<std::ptrdiff_t>(other_fee_count_)) {
    known->paid += fee;
  } else if (other_fee_count_ < kMaxFeeAssets) {
    other_fees_[other_fee_count_++] = {asset, fee};
  } else {
    ++refused_fees_;
  }
}

std::optional<PositionLedger::FillEffect> PositionLedger::fill(Size size, double price, double fee, AssetCode fee_asset) {
  if (!is_usable_price(contract_, price) || !std::isfinite(fee)) return std::nullopt;
  FillEffect effect{.closed = {}, .opened = size};
  if (opposite(size_, size)) {
    effect.closed = smaller(size_, Size{} - size);
    effect.opened = size + effect.closed;
    const double share = static_cast<double>(effect.closed.raw()) / static_cast<double>(size_.raw());
    const double closed_cost = share * cost_;
    const double proceeds = cost_of(effect.closed.to_double(), price);
    effect.realized = inverse_future() ? closed_cost - proceeds : proceeds - closed_cost;
    if (entry_known_) amounts_.realized += effect.realized;
    size_ = size_ - effect.closed;
    cost_ -= closed_cost;
    if (size_.raw() == 0) {
      cost_ = 0;
      entry_known_ = true;
    }
  }
  size_ = size_ + effect.opened;
  cost_ += cost_of(effect.opened.to_double(), price);
  add_fee(fee, fee_asset);
  return effect;
}

std::optional<double> PositionLedger::deliver(double delivery_price) {
  if (!(delivery_price > 0) || !std::isfinite(delivery_price) || contract_.expiry == kNoVenueTime) return std::nullopt;
  if (size_.raw() == 0) return 0;
  const auto effect = fill(Size{} - size_, delivery_value(contract_, delivery_price));
  return effect ? std::optional{effect->realized} : std::nullopt;
}

PositionLedger::Adjustment PositionLedger::adopt(Size size, std::optional<double> average_entry,
                                                 std::optional<double> realized_change) {
  Adjustment adjustment{.difference = size - size_, .cash = std::nullopt};
  const bool flat = size.raw() == 0;
  const bool usable = flat || (average_entry && is_usable_price(contract_, *average_entry));
  const double cost = flat || !usable ? 0 : cost_of(size.to_double(), *average_entry);
  // Only opening trades leave the profit realised so far as it was.
  const bool only_opened = !opposite(size_, size) && std::abs(size.raw()) >= std::abs(size_.raw());
  const double added = inverse_future() ? cost_ - cost : cost - cost_;
  if (usable && entry_known_ && (realized_change || only_opened)) adjustment.cash = realized_change.value_or(0) - added;
  if (realized_change) amounts_.realized += *realized_change;
  size_ = size;
  cost_ = cost;
  entry_known_ = usable;
  return adjustment;
}

std::optional<double> PositionLedger::average_entry() const {
  if (size_.raw() == 0 || !entry_known_) return std::nullopt;
  return inverse_future() ? size_.to_double() / cost_ : cost_ / size_.to_double();
}

std::optional<double> PositionLedger::unrealized(double mark_price) const {
  if (size_.raw() == 0) return 0;
  if (!entry_known_ || !is_usable_price(contract_, mark_price)) return std::nullopt;
  if (!inverse_future()) return size_.to_double() * mark_price - cost_;
  const double size = size_.to_double();
  const auto value = hedgewatch::inverse_future({.notional_quote = size, .entry_price = size / cost_, .mark_price = mark_price});
  return value ? std::optional{value->pnl_coins} : std::nullopt;
}

double delivery_value(const Contract& contract, double delivery_price) {
  if (!is_option(contract)) return delivery_price;
  const double sign = contract.right == OptionRight::Call ? 1 : -1;
  const double intrinsic = std::max(sign * (delivery_price - contract.strike), 0.0);
  return contract.style == PayoffStyle::Inverse ? intrinsic / delivery_price : intrinsic;
}

std::optional<double> roll(PositionLedger& from, PositionLedger& to, double from_price, double to_price) {
  if (from.contract().size_unit != to.contract().size_unit || !is_usable_price(from.contract(), from_price) ||
      !is_usable_price(to.contract(), to_price))
    return std::nullopt;
  const Size moved = from.size();
  const auto closed = from.fill(Size{} - moved, from_price);
  const auto opened = to.fill(moved, to_price);
  return closed && opened ? std::optional{closed->realized} : std::nullopt;
}

}  // namespace hedgewatch
