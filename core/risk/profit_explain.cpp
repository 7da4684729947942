#include "core/risk/profit_explain.hpp"

#include <cmath>

#include "core/pricing/black76.hpp"
#include "core/pricing/coin_settled.hpp"

namespace hedgewatch {

std::string_view label(ProfitComponent component) {
  constexpr std::array<std::string_view, kProfitComponents> kLabels{
      "delta", "gamma", "vega", "theta", "vanna", "volga", "funding", "basis", "trading", "fees", "collateral", "unexplained"};
  return kLabels[static_cast<std::size_t>(component)];
}

ProfitTerms& ProfitTerms::operator+=(const ProfitTerms& other) {
  for (std::size_t i = 0; i < amounts.size(); ++i) amounts[i] += other.amounts[i];
  return *this;
}

ProfitTerms& ProfitTerms::operator-=(const ProfitTerms& other) {
  for (std::size_t i = 0; i < amounts.size(); ++i) amounts[i] -= other.amounts[i];
  return *this;
}

ProfitTerms ProfitTerms::times(double factor) const {
  ProfitTerms scaled;
  for (std::size_t i = 0; i < amounts.size(); ++i) scaled.amounts[i] = factor * amounts[i];
  return scaled;
}

double ProfitTerms::explained() const {
  double sum = 0;
  for (std::size_t i = 0; i < amounts.size(); ++i)
    if (i != static_cast<std::size_t>(ProfitComponent::Unexplained)) sum += amounts[i];
  return sum;
}

double ProfitTerms::total() const { return explained() + (*this)[ProfitComponent::Unexplained]; }

double ProfitTerms::gross() const {
  double sum = 0;
  for (std::size_t i = 0; i < amounts.size(); ++i)
    if (i != static_cast<std::size_t>(ProfitComponent::Unexplained)) sum += std::abs(amounts[i]);
  return sum;
}

std::optional<double> ProfitTerms::unexplained_ratio() const {
  const double scale = gross();
  if (!(scale > 0)) return std::nullopt;
  return std::abs((*this)[ProfitComponent::Unexplained]) / scale;
}

std::optional<ValueSensitivity> value_sensitivity(const Contract& contract, double forward, double vol, YearFraction to_expiry,
                                                  double rate) {
  if (!(forward > 0) || !std::isfinite(forward)) return std::nullopt;
  const bool inverse = contract.style == PayoffStyle::Inverse;
  if (contract.kind != ContractKind::Option) {
    if (!inverse) return ValueSensitivity{.delta = 1};
    const double slope = 1 / (forward * forward);
    return ValueSensitivity{.delta = slope, .gamma = -2 * slope / forward};
  }
  if (!(to_expiry.years() > 0) || !(vol > 0)) return std::nullopt;
  if (inverse) {
    const auto greeks = coin_settled({.right = contract.right,
                                      .forward = forward,
                                      .strike = contract.strike,
                                      .to_expiry = to_expiry,
                                      .vol = Vol::from_fraction(vol),
                                      .coin_rate = rate});
    if (!greeks) return std::nullopt;
    const CoinOptionGreeks& g = greeks.value();
    return ValueSensitivity{.delta = g.price_coin_per_forward,
                            .gamma = g.price_coin_per_forward_twice,
                            .vega = g.vega_coin,
                            .theta = g.theta_coin,
                            .vanna = g.vanna_net / forward,
                            .volga = g.volga_coin};
  }
  const auto greeks = black76({.right = contract.right,
                               .forward = forward,
                               .strike = contract.strike,
                               .to_expiry = to_expiry,
                               .vol = Vol::from_fraction(vol),
                               .rate = rate});
  if (!greeks) return std::nullopt;
  const Black76Greeks& g = greeks.value();
  return ValueSensitivity{.delta = g.delta, .gamma = g.gamma, .vega = g.vega, .theta = g.theta, .vanna = g.vanna, .volga = g.volga};
}

ProfitTerms taylor_terms(const ValueSensitivity& start, double size, const MarketMove& move) {
  ProfitTerms terms;
  terms[ProfitComponent::Delta] = size * start.delta * (move.forward - move.beyond_index);
  terms[ProfitComponent::Basis] = size * start.delta * move.beyond_index;
  terms[ProfitComponent::Gamma] = size * start.gamma * move.forward * move.forward / 2;
  terms[ProfitComponent::Vega] = size * start.vega * move.vol;
  terms[ProfitComponent::Theta] = size * start.theta * move.years;
  terms[ProfitComponent::Vanna] = size * start.vanna * move.forward * move.vol;
  terms[ProfitComponent::Volga] = size * start.volga * move.vol * move.vol / 2;
  return terms;
}

double mark_profit(const Contract& contract, double size, double from, double to) {
  if (contract.style == PayoffStyle::Inverse && contract.kind != ContractKind::Option) return size / from * ((to - from) / to);
  return size * (to - from);
}

void explain_rest(ProfitTerms& terms, double earned) { terms[ProfitComponent::Unexplained] = earned - terms.explained(); }

}  // namespace hedgewatch
