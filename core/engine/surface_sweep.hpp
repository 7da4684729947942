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
  /// Nothing is left that points into the quotes: room made for larger chains moves them.
  void stop();
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

  /// See StateArchive. `chain` is the one that was begun.
  void visit_state(auto& archive, const OptionChain* chain) {
    archive(phase_, next_, quotes_, connections_);
    std::uint64_t count = expiries_.size();
    archive(count);
    if (archive.loading()) {
      chain_ = chain;
      if (chain_ == nullptr && phase_ != Phase::Idle) archive.fail("nothing is swept");
      if (count > quotes_.size() + (chain == nullptr ? 0 : chain->expiries.size())) archive.fail("a count is too large");
      if (archive.failed()) return stop();
      quotes_.reserve(chain == nullptr ? 0 : most_quotes(*chain));
      expiries_.assign(count, ExpiryQuotes{});
    }
    for (ExpiryQuotes& one : expiries_) {
      std::size_t first = one.quotes.empty() ? 0 : static_cast<std::size_t>(one.quotes.data() - quotes_.data());
      std::size_t size = one.quotes.size();
      archive(one.expiry, one.to_expiry, first, size, one.oldest_input);
      if (!archive.loading()) continue;
      if (first > quotes_.size() || size > quotes_.size() - first) archive.fail("quotes are missing");
      if (archive.failed()) return stop();
      one.quotes = std::span{quotes_}.subspan(first, size);
    }
    if (phase_ == Phase::Fitting) fitter_.visit_state(archive, expiries_);
  }

 private:
  enum class Phase : std::uint8_t { Idle, Collecting, Fitting, Done };

  std::size_t collect(const DeskView& view, const FallbackForward& forward);
  void note_connection(ConnectionId connection);
  [[nodiscard]] static std::size_t most_quotes(const OptionChain& chain);

  Phase phase_ = Phase::Idle;
  const OptionChain* chain_ = nullptr;
  std::size_t next_ = 0;  ///< expiry to collect
  std::vector<SmileQuote> quotes_;
  std::vector<ExpiryQuotes> expiries_;
  std::vector<ConnectionId> connections_;
  SurfaceFitter fitter_;
};

}  // namespace hedgewatch
