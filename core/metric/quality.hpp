#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/metric/figure.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// How far a number may be believed: the receive time of its oldest input and the worst thing that is wrong with any of them.
/// It fits into two words and combines without a branch on the reason, so a book can carry one per group of figures.
class Quality {
 public:
  /// Nothing is wrong and nothing was needed: a constant. Neutral under worst().
  constexpr Quality() = default;

  static constexpr Quality fresh(MonoTime as_of) { return Quality{as_of, 0}; }
  static constexpr Quality stale(MonoTime as_of, FigureReason reason) {
    return Quality{as_of, static_cast<std::uint8_t>(kStale + rank(reason))};
  }
  static constexpr Quality unknown(FigureReason reason) {
    return Quality{MonoTime::max(), static_cast<std::uint8_t>(kUnknown + rank(reason))};
  }

  [[nodiscard]] constexpr bool ok() const { return severity_ == 0; }
  [[nodiscard]] constexpr FigureState state() const {
    return severity_ == 0 ? FigureState::Ok : severity_ < kUnknown ? FigureState::Stale : FigureState::Unknown;
  }
  [[nodiscard]] constexpr FigureReason reason() const { return kMildestFirst[severity_ % kUnknown % kStale]; }
  /// MonoTime::max() when there was no input with a time.
  [[nodiscard]] constexpr MonoTime as_of() const { return as_of_; }

  /// The quality of a number made of both. Unknown beats stale beats ok; among equals the later reason in kMildestFirst wins.
  friend constexpr Quality worst(Quality a, Quality b) {
    return Quality{std::min(a.as_of_, b.as_of_), std::max(a.severity_, b.severity_)};
  }
  friend constexpr bool operator==(const Quality&, const Quality&) = default;
  /// Whether both say the same of a number, whatever their ages.
  friend constexpr bool same_verdict(Quality a, Quality b) { return a.severity_ == b.severity_; }

  /// From what concerns one input to what concerns everything: the reason that is shown is the widest one.
  static constexpr std::array kMildestFirst{FigureReason::None,
                                            FigureReason::TooOld,
                                            FigureReason::Halted,
                                            FigureReason::Inconclusive,
                                            FigureReason::Empty,
                                            FigureReason::WarmingUp,
                                            FigureReason::DepthShort,
                                            FigureReason::OrderBookInvalid,
                                            FigureReason::MissingEntryPrice,
                                            FigureReason::MissingEquity,
                                            FigureReason::MissingIndex,
                                            FigureReason::MissingVol,
                                            FigureReason::MissingForward,
                                            FigureReason::MissingMark,
                                            FigureReason::NotFinite,
                                            FigureReason::MixedNumeraire,
                                            FigureReason::Expired,
                                            FigureReason::NeverReceived,
                                            FigureReason::FeedDown,
                                            FigureReason::MissingInstrument};

 private:
  static constexpr std::uint8_t kStale = 32;
  static constexpr std::uint8_t kUnknown = 64;

  constexpr Quality(MonoTime as_of, std::uint8_t severity) : as_of_{as_of}, severity_{severity} {}

  static constexpr std::size_t rank(FigureReason reason) {
    return static_cast<std::size_t>(std::find(kMildestFirst.begin(), kMildestFirst.end(), reason) - kMildestFirst.begin());
  }

  MonoTime as_of_ = MonoTime::max();
  std::uint8_t severity_ = 0;
};

static_assert(Quality::kMildestFirst.size() == static_cast<std::size_t>(FigureReason::WarmingUp) + 1,
              "every reason has its place in the order");

}  // namespace hedgewatch
