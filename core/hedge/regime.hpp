#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/hedge/jump_test.hpp"

namespace hedgewatch {

/// What market it is, from quiet to one whose prices do not belong together.
enum class Regime : std::uint8_t { Calm, Normal, Stressed, Dislocated };
inline constexpr std::array kRegimes{Regime::Calm, Regime::Normal, Regime::Stressed, Regime::Dislocated};
[[nodiscard]] std::string_view label(Regime regime);

/// When the vol ratio changes the regime. It is left at another level than it is entered at, and kept for a while at least.
struct RegimeThresholds {
  double calm_below = 0.70;  ///< fast over slow vol
  double calm_until = 0.85;  ///< back to normal above it
  double stressed_above = 1.50;
  double stressed_until = 1.20;  ///< back to normal below it
  int fewest_bars = 5;           ///< before a milder regime may follow; a harsher one follows at once
};

/// Holds the regime. A function of the bars it is told.
class RegimeState {
 public:
  explicit RegimeState(const RegimeThresholds& thresholds = {}) : thresholds_{thresholds} {}

  /// One bar. `vol_ratio`: nothing keeps the regime as far as vol decides it. `dislocated` wins over every vol.
  Regime add_bar(std::optional<double> vol_ratio, bool dislocated);
  [[nodiscard]] Regime regime() const { return regime_; }

 private:
  [[nodiscard]] Regime by_vol(double vol_ratio) const;

  RegimeThresholds thresholds_;
  Regime regime_ = Regime::Normal;
  Regime vol_regime_ = Regime::Normal;
  int bars_in_regime_ = 0;
};

/// The share of a limit that a regime leaves: 1 for calm and normal, 0.5 for stressed, 0.25 for dislocated.
[[nodiscard]] double limit_multiplier(Regime regime);

/// Realised vol, fast against slow vol and jumps of one price, from its log returns by bar. Takes its memory at once.
class VolatilitySeries {
 public:
  struct Parameters {
    std::chrono::nanoseconds bar = std::chrono::seconds{60};
    std::size_t window_bars = 240;
    std::size_t minimum_returns = 120;
    std::chrono::nanoseconds fast_half_life = std::chrono::minutes{30};
    std::chrono::nanoseconds slow_half_life = std::chrono::hours{24};
    /// Below this share of bars in which the price was told anew, unchanged prices make jumps where there were none.
    double fewest_ticked = 0.8;
  };
  explicit VolatilitySeries(const Parameters& parameters);

  /// One bar: its log return, and whether the price was told anew within it. Nothing: one of its ends is missing.
  void add_bar(std::optional<double> log_return, bool ticked);

  [[nodiscard]] std::size_t returns() const { return returns_; }
  /// Zero mean over the window, per year; nothing below the minimum of returns.
  [[nodiscard]] std::optional<double> realised_vol() const { return realised_vol_; }
  /// Nothing below the minimum of returns, or while nothing moves.
  [[nodiscard]] std::optional<double> vol_ratio() const;
  /// Nothing below the minimum of returns, while nothing moves, or when too many bars went without a tick.
  [[nodiscard]] std::optional<double> jump_zscore() const { return jump_zscore_; }

  /// See StateArchive.
  void visit_state(auto& archive) {
    archive(window_, ticked_, returns_, bars_since_return_, returns_ever_, fast_, slow_, realised_vol_, jump_zscore_);
  }

 private:
  Parameters parameters_;
  std::vector<std::optional<double>> window_;  ///< in order, oldest first
  std::vector<unsigned char> ticked_;          ///< parallel to window_
  std::size_t returns_ = 0;
  std::size_t bars_since_return_ = 0;
  std::size_t returns_ever_ = 0;
  double fast_ = 0;
  double slow_ = 0;
  std::optional<double> realised_vol_;
  std::optional<double> jump_zscore_;
};

}  // namespace hedgewatch
