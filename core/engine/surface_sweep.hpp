#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/engine/option_chains.hpp"
#include "core/pricing/vol_surface.hpp"
#include "core/risk/option_fallback.hpp"

namespace hedgewatch {

/// One fit of a chain's whole surface from the mark vols of its listed options, in pieces: expiry by expiry the fresh marks are
/// collected, then fitted. Cells as SmileFitter counts them. After reserve() nothing allocates.
class SurfaceSweep {
 public:
  /// Makes room for any of these chains.
  void reserve(std::span<const OptionChain> chains, std::size_t connections);
  /// `chain` must stay where it is until done().
  void begin(const OptionChain& chain);
  void stop() { phase_ = Phase::Idle; }
  [[nodiscard]] bool idle() const { return phase_ == Phase::Idle; }
  [[nodiscard]] bool done() const { return phase_ == Phase::Done; }

  /// The expiry whose forward is asked for when the next cells are worked; null when none is.
  [[nodiscard]] const ChainExpiry* collecting() const;
  /// Works at least `cells`, or until done; the cells that were worked. `forward` stands in for marks that came without one, and is
  /// the answer for collecting().
  std::size_t advance(const DeskView& view, const FallbackForward& forward, std::size_t cells);

  [[nodiscard]] const SurfaceFitter& fitter() const { return fitter_; }
  /// Connections that marks came from.
  [[nodiscard]] std::span<const ConnectionId> connections() const { return connections_; }

 private:
  enum class Phase : std::uint8_t { Idle, Collecting, Fitting, Done };

  std::size_t collect(const DeskView& view, const FallbackForward& forward);
  void note_connection(ConnectionId connection);

  Phase phase_ = Phase::Idle;
  const OptionChain* chain_ = nullptr;
  std::size_t next_ = 0;  ///< expiry to collect
  std::vector<SmileQuote> quotes_;
  std::vector<ExpiryQuotes> expiries_;
  std::vector<ConnectionId> connections_;
  SurfaceFitter fitter_;
};

}  // namespace hedgewatch
