#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/market/event.hpp"
#include "core/types/time.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// Where a forward came from, in the order in which sources are asked: the first that is fresh and sane answers.
enum class ForwardSource : std::uint8_t {
  VenueMark,         ///< the forward the venue states on this expiry's option marks
  DatedFuture,       ///< a future of the same expiry
  PutCallParity,     ///< calls and puts of this expiry at the same strikes
  PerpetualAndRate,  ///< perpetual carried to the expiry
  IndexAndRate,      ///< index carried to the expiry
  Unknown,
};
inline constexpr std::array kForwardSources{ForwardSource::VenueMark,     ForwardSource::DatedFuture,
                                            ForwardSource::PutCallParity, ForwardSource::PerpetualAndRate,
                                            ForwardSource::IndexAndRate,  ForwardSource::Unknown};

/// Label value: venue_mark, dated_future, put_call_parity, perpetual_and_rate, index_and_rate, unknown.
[[nodiscard]] std::string_view label(ForwardSource source);

/// A price (quote per base) and when it arrived; kAbsent where there is none.
struct TimedPrice {
  double price = kAbsent;
  MonoTime received{};
};

/// Both rights at one strike, undiscounted: quote per base, or coin for forward_from_coin_parity. A bid may be 0 (nobody bids).
struct ParityQuotes {
  double strike = 0;
  double call_bid = kAbsent;
  double call_ask = kAbsent;
  double put_bid = kAbsent;
  double put_ask = kAbsent;
  MonoTime oldest_received{};
};

/// A forward from one or many strikes with the half-width that the spreads leave open.
struct ParityForward {
  double forward = kAbsent;     ///< quote per base
  double half_width = kAbsent;  ///< quote per base; not negative
  MonoTime oldest_input{};      ///< of the strikes used
};

/// F - K = C - P: each strike with all four quotes allows an interval; the answer is the middle of the intervals' intersection,
/// or, where they contradict each other, the median of the middles weighted by 1/width. Absent when no strike has four sane quotes.
/// Error: the half-width, which the spreads leave; the arithmetic adds a few 2^-53 of the strike. Source: put-call parity on the
/// forward (Hull, Options, Futures and Other Derivatives), undiscounted.
[[nodiscard]] ParityForward forward_from_parity(std::span<const ParityQuotes> strikes);
/// The same with premiums in coin of the base: 1 - K/F = c - p, so a strike says F = K / (1 - (c - p)). Far above the strike the
/// coin's tick is magnified by (F/K)^2 K, which the half-width shows.
[[nodiscard]] ParityForward forward_from_coin_parity(std::span<const ParityQuotes> strikes);

struct ForwardInputs {
  TimedPrice venue_mark;
  TimedPrice dated_future;
  std::span<const ParityQuotes> parity;
  bool parity_in_coin = false;
  double parity_half_width_limit = 0.005;  ///< fraction of the forward; a wider parity forward is not used
  TimedPrice perpetual;
  TimedPrice index;
  double rate = 0;  ///< continuous carry per year: forward = spot * exp(rate * T); kAbsent forbids the two carried sources
  YearFraction to_expiry = YearFraction::from_years(0);
  MonoTime now{};
  std::chrono::nanoseconds max_age = std::chrono::seconds{60};  ///< inputs older than this are not used
};

struct Forward {
  double value = kAbsent;  ///< quote per base
  ForwardSource source = ForwardSource::Unknown;
  MonoTime oldest_input{};  ///< of the inputs used; its age is the figure's age
  double half_width = 0;    ///< what the source leaves open, quote per base; 0 except for parity
};

/// The forward of one expiry by the first source, in the order of ForwardSource, that is fresh, positive and finite. Error: that of
/// the source, plus for the carried ones 2^-52 (1 + |rate T|) relative, and whatever the rate is wrong by, times T.
[[nodiscard]] Forward select_forward(const ForwardInputs& inputs);

}  // namespace hedgewatch
