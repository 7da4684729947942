#include "core/pricing/forward.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

namespace hedgewatch {

namespace {

/// What one strike says about the forward.
struct Allowed {
  double low = 0;
  double high = 0;
  MonoTime received{};
};

bool positive_and_finite(double value) { return value > 0 && value < std::numeric_limits<double>::infinity(); }

/// A side that may be asked for: an ask must be there and be positive, a bid may not be negative, and they may not cross.
bool quoted(double bid, double ask) { return bid >= 0 && positive_and_finite(ask) && bid <= ask; }

/// Lowest and highest c - p that can be had now.
std::optional<std::pair<double, double>> synthetic(const ParityQuotes& quotes) {
  if (!positive_and_finite(quotes.strike) || !quoted(quotes.call_bid, quotes.call_ask) || !quoted(quotes.put_bid, quotes.put_ask))
    return std::nullopt;
  return std::pair{quotes.call_bid - quotes.put_ask, quotes.call_ask - quotes.put_bid};
}

std::optional<Allowed> allowed_in_quote(const ParityQuotes& quotes) {
  const auto difference = synthetic(quotes);
  if (!difference) return std::nullopt;
  return Allowed{quotes.strike + difference->first, quotes.strike + difference->second, quotes.oldest_received};
}

std::optional<Allowed> allowed_in_coin(const ParityQuotes& quotes) {
  const auto difference = synthetic(quotes);
  // c - p = 1 - K/F stays below 1 for every forward.
  if (!difference || !(difference->second < 1)) return std::nullopt;
  return Allowed{quotes.strike / (1 - difference->first), quotes.strike / (1 - difference->second), quotes.oldest_received};
}

/// Smallest x at which half of the weight 1/width lies at or below x. Ties and order do not matter.
template <class AllowedOf>
double weighted_median(std::span<const ParityQuotes> strikes, AllowedOf allowed_of, double total_weight) {
  const auto weight = [](const Allowed& allowed) { return 1 / (allowed.high - allowed.low); };
  double best = kAbsent;
  for (const ParityQuotes& candidate : strikes) {
    const auto here = allowed_of(candidate);
    if (!here) continue;
    const double middle = 0.5 * (here->low + here->high);
    if (best <= middle) continue;
    double below = 0;
    for (const ParityQuotes& other : strikes)
      if (const auto there = allowed_of(other); there && 0.5 * (there->low + there->high) <= middle) below += weight(*there);
    if (2 * below >= total_weight) best = middle;
  }
  return best;
}

template <class AllowedOf>
ParityForward from_parity(std::span<const ParityQuotes> strikes, AllowedOf allowed_of) {
  ParityForward answer;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  double narrowest = std::numeric_limits<double>::infinity();
  double total_weight = 0;
  bool any = false;
  for (const ParityQuotes& quotes : strikes) {
    const auto allowed = allowed_of(quotes);
    if (!allowed) continue;
    low = std::max(low, allowed->low);
    high = std::min(high, allowed->high);
    narrowest = std::min(narrowest, allowed->high - allowed->low);
    total_weight += 1 / (allowed->high - allowed->low);
    answer.oldest_input = any ? std::min(answer.oldest_input, allowed->received) : allowed->received;
    any = true;
  }
  if (!any) return answer;
  // An interval without width (locked quotes) outweighs everything; the intersection, if there is one, has it.
  if (low <= high) {
    answer.forward = 0.5 * (low + high);
    answer.half_width = 0.5 * (high - low);
  } else {
    answer.forward = weighted_median(strikes, allowed_of, total_weight);
    // Strikes that contradict each other leave at least the gap open.
    answer.half_width = 0.5 * std::max(narrowest, low - high);
  }
  if (!positive_and_finite(answer.forward)) answer.forward = answer.half_width = kAbsent;
  return answer;
}

}  // namespace

std::string_view label(ForwardSource source) {
  switch (source) {
    case ForwardSource::VenueMark:
      return "venue_mark";
    case ForwardSource::DatedFuture:
      return "dated_future";
    case ForwardSource::PutCallParity:
      return "put_call_parity";
    case ForwardSource::PerpetualAndRate:
      return "perpetual_and_rate";
    case ForwardSource::IndexAndRate:
      return "index_and_rate";
    case ForwardSource::Unknown:
      return "unknown";
  }
  return "unknown";
}

ParityForward forward_from_parity(std::span<const ParityQuotes> strikes) { return from_parity(strikes, allowed_in_quote); }

ParityForward forward_from_coin_parity(std::span<const ParityQuotes> strikes) { return from_parity(strikes, allowed_in_coin); }

Forward select_forward(const ForwardInputs& inputs) {
  const auto usable = [&](double price, MonoTime received) {
    return positive_and_finite(price) && inputs.now - received <= inputs.max_age;
  };
  if (usable(inputs.venue_mark.price, inputs.venue_mark.received))
    return {inputs.venue_mark.price, ForwardSource::VenueMark, inputs.venue_mark.received};
  if (usable(inputs.dated_future.price, inputs.dated_future.received))
    return {inputs.dated_future.price, ForwardSource::DatedFuture, inputs.dated_future.received};

  // Only fresh strikes: one stale quote must not widen, or move, what the others say.
  const auto fresh = [&](const ParityQuotes& quotes) { return inputs.now - quotes.oldest_received <= inputs.max_age; };
  const auto fresh_quote = [&](const ParityQuotes& quotes) { return fresh(quotes) ? allowed_in_quote(quotes) : std::nullopt; };
  const auto fresh_coin = [&](const ParityQuotes& quotes) { return fresh(quotes) ? allowed_in_coin(quotes) : std::nullopt; };
  const ParityForward parity =
      inputs.parity_in_coin ? from_parity(inputs.parity, fresh_coin) : from_parity(inputs.parity, fresh_quote);
  if (parity.half_width <= inputs.parity_half_width_limit * parity.forward)
    return {parity.forward, ForwardSource::PutCallParity, parity.oldest_input, parity.half_width};

  const double carry = std::exp(inputs.rate * inputs.to_expiry.years());
  const auto carried = [&](const TimedPrice& spot) {
    return inputs.to_expiry.years() >= 0 && usable(spot.price * carry, spot.received);
  };
  if (carried(inputs.perpetual))
    return {inputs.perpetual.price * carry, ForwardSource::PerpetualAndRate, inputs.perpetual.received};
  if (carried(inputs.index)) return {inputs.index.price * carry, ForwardSource::IndexAndRate, inputs.index.received};
  return {};
}

}  // namespace hedgewatch
