#pragma once

namespace hedgewatch {

/// How a smile moves when the forward does: the at-the-money vol changes by ratio * skew * d ln F, the vol of any strike by
/// (ratio - 1) * d vol / d ln(K / F) * d ln F.
struct SmileRule {
  double skew_stickiness_ratio = 0;

  friend bool operator==(const SmileRule&, const SmileRule&) = default;
};
inline constexpr SmileRule kStickyStrike{1};  ///< each strike keeps its vol
inline constexpr SmileRule kStickyDelta{0};   ///< each moneyness, and so each delta, keeps its vol

}  // namespace hedgewatch
