#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/risk/profit_explain.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// From when an amount is counted.
enum class ProfitSince : std::uint8_t { Session, Designation, Window };
inline constexpr std::array kProfitSinces{ProfitSince::Session, ProfitSince::Designation, ProfitSince::Window};
[[nodiscard]] std::string_view label(ProfitSince since);

/// Where sessions turn and how far the window reaches.
struct ProfitPeriods {
  std::chrono::nanoseconds session_start = std::chrono::hours{8};  ///< after midnight UTC
  std::chrono::nanoseconds window = std::chrono::hours{24};        ///< a whole number of its 96 steps

  friend bool operator==(const ProfitPeriods&, const ProfitPeriods&) = default;
};

/// Explained profit in dollars, added up by the venue's time: since the session began, since the record began, and over a sliding
/// window that moves in 96 steps. Bounded.
class ProfitRecord {
 public:
  static constexpr std::size_t kWindowSteps = 96;

  explicit ProfitRecord(ProfitPeriods periods = {});
  [[nodiscard]] const ProfitPeriods& periods() const { return periods_; }

  /// Profit of an interval that ended at `at`. Intervals that span the session's turn belong to the new session: cut them there
  /// (session_of tells). Times that step backwards are taken as the newest.
  void add(VenueTime at, const ProfitTerms& terms);
  /// Time passes without profit: a session may turn, and the window slides.
  void advance(VenueTime at);

  [[nodiscard]] ProfitTerms since(ProfitSince since) const;
  /// Counts sessions; it changes where one turns.
  [[nodiscard]] std::int64_t session_of(VenueTime at) const;

  /// See StateArchive.
  void visit_state(auto& archive) { archive(periods_, newest_, session_, designation_, steps_); }

 private:
  [[nodiscard]] std::int64_t step_of(VenueTime at) const;

  ProfitPeriods periods_;
  VenueTime newest_ = kNoVenueTime;
  ProfitTerms session_;
  ProfitTerms designation_;
  std::vector<ProfitTerms> steps_;  ///< a ring by step
};

}  // namespace hedgewatch
