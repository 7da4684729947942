#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/pricing/smile.hpp"
#include "core/types/result.hpp"
#include "core/types/units.hpp"

namespace hedgewatch {

/// fit_smile() in pieces, for callers who may not stop for long: the same steps, and the same slice to the last bit. Work is
/// counted in cells, one evaluation of a smile at one point; a piece is at most a few thousand. After reserve() nothing allocates.
class SmileFitter {
 public:
  /// Makes room for fits of up to so many quotes.
  void reserve(std::size_t quotes);
  /// Starts a fit; what was going on is forgotten. Copies the quotes; the slices of `bounds` must stay where they are until done().
  void begin(std::span<const SmileQuote> quotes, YearFraction to_expiry, SmileBounds bounds = {});
  /// Goes on until at least `cells` were worked, or until done; at least one piece. The cells that were worked.
  std::size_t advance(std::size_t cells);
  [[nodiscard]] bool done() const { return phase_ == Phase::Done; }
  /// Of the fit that is done.
  [[nodiscard]] const Result<SmileFit, SmileFault>& result() const { return result_; }

  /// See StateArchive. `bounds` has those of begin() among its own.
  void visit_state(auto& archive, SmileBounds bounds) {
    bool has_earlier = bounds_.earlier != nullptr;
    bool has_later = bounds_.later != nullptr;
    archive(phase_, result_, used_, errors_, years_, has_earlier, has_later, scale_, middle_, widest_vertex_, penalty_, next_,
            share_, starts_, descent_, best_, accepted_, least_error_, repaired_, cells_);
    if (archive.loading()) bounds_ = {has_earlier ? bounds.earlier : nullptr, has_later ? bounds.later : nullptr};
  }

 private:
  static constexpr std::size_t kParameters = 5;
  static constexpr std::size_t kStarts = 3;
  static constexpr std::size_t kPenaltyPoints = 49;
  using Parameters = std::array<double, kParameters>;
  enum class Phase : std::uint8_t { Starting, Free, Checking, Penalised, Moving, Done };

  struct Minimum {
    Parameters at{};
    double value = std::numeric_limits<double>::infinity();
  };
  /// Levenberg and Marquardt on the way.
  struct Descent {
    Minimum best;
    double damping = 0;
    int steps_left = 0;
    std::vector<double> here;   ///< residuals at the best point
    std::vector<double> there;  ///< at a point that is tried
    std::array<std::vector<double>, kParameters> columns;

    void visit_state(auto& archive) { archive(best, damping, steps_left, here, there, columns); }
  };

  static SviSlice slice_of(const Parameters& p);
  static Parameters parameters_of(const SviSlice& slice);

  void fail(SmileFault fault);
  void piece();
  void try_start();
  void descend_from(const Parameters& start, int steps);
  [[nodiscard]] bool descend();
  void next_free_descent();
  void check_free();
  void next_penalty();
  void try_moved();
  void finish(const SviSlice& slice);

  void write_residuals(const Parameters& p, std::vector<double>& out);
  void add_penalties(const SviSlice& slice, std::vector<double>& out) const;
  void add_crossings(const SviSlice& earlier, const SviSlice& later, const SviSlice& grid, const SviSlice& other_grid,
                     std::vector<double>& out) const;
  [[nodiscard]] Parameters best_for_vertex(double m, double sigma) const;
  [[nodiscard]] bool acceptable(const SviSlice& slice);
  [[nodiscard]] SviSlice moved_within(SviSlice slice);
  [[nodiscard]] CalendarCheck calendar(const SviSlice& earlier, const SviSlice& later);
  [[nodiscard]] FitError error_of(const SviSlice& slice);

  Phase phase_ = Phase::Done;
  Result<SmileFit, SmileFault> result_ = SmileFault::TooFewQuotes;
  std::vector<SmileQuote> used_;
  std::vector<double> errors_;
  double years_ = 0;
  SmileBounds bounds_;
  double scale_ = 1;          ///< of weighted residuals
  double middle_ = 0;         ///< of the quotes' k
  double widest_vertex_ = 1;  ///< sigma beyond which it costs
  double penalty_ = 0;        ///< weight of what arbitrage is left; 0: none is looked for
  std::size_t next_ = 0;      ///< start, descent, penalty or share that comes next in the phase
  std::size_t share_ = 0;
  std::array<Minimum, kStarts> starts_;
  Descent descent_;
  Minimum best_;
  SviSlice accepted_;
  double least_error_ = 0;  ///< of the accepted slice; infinite while there is none
  bool repaired_ = false;
  std::size_t cells_ = 0;  ///< worked since begin()
};

}  // namespace hedgewatch
