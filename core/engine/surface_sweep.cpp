#include "core/engine/surface_sweep.hpp"

#include <algorithm>
#include <cmath>

namespace hedgewatch {

namespace {

/// What it costs to look at one mark: a logarithm and an exponential.
constexpr std::size_t kCellsPerMark = 4;

}  // namespace

std::size_t SurfaceSweep::most_quotes(const OptionChain& chain) {
  std::size_t count = 0;
  for (const ChainExpiry& expiry : chain.expiries) count += expiry.options.size();
  return count;
}

void SurfaceSweep::reserve(std::span<const OptionChain> chains, std::size_t connections) {
  std::size_t options = 0;
  std::size_t expiries = 0;
  std::size_t widest = 0;
  for (const OptionChain& chain : chains) {
    options = std::max(options, most_quotes(chain));
    expiries = std::max(expiries, chain.expiries.size());
    for (const ChainExpiry& expiry : chain.expiries) widest = std::max(widest, expiry.options.size());
  }
  quotes_.reserve(options);
  expiries_.reserve(expiries);
  connections_.reserve(connections);
  fitter_.reserve(expiries, widest);
}

void SurfaceSweep::begin(const OptionChain& chain) {
  chain_ = &chain;
  next_ = 0;
  quotes_.clear();
  // Expiries point into the quotes, which must not move.
  quotes_.reserve(most_quotes(chain));
  expiries_.clear();
  connections_.clear();
  phase_ = Phase::Collecting;
}

void SurfaceSweep::stop() {
  phase_ = Phase::Idle;
  expiries_.clear();
  quotes_.clear();
}

const ChainExpiry* SurfaceSweep::collecting() const {
  return phase_ == Phase::Collecting && next_ < chain_->expiries.size() ? &chain_->expiries[next_] : nullptr;
}

void SurfaceSweep::note_connection(ConnectionId connection) {
  if (std::find(connections_.begin(), connections_.end(), connection) == connections_.end()) connections_.push_back(connection);
}

/// Takes the fresh marks of one expiry. Only half of the venue's age limit is allowed, so that the surface is not too old before it
/// is fitted again.
std::size_t SurfaceSweep::collect(const DeskView& view, const FallbackForward& forward) {
  const ChainExpiry& expiry = chain_->expiries[next_++];
  const VenueTime venue_now = view.now_at(chain_->venue);
  if (venue_now == kNoVenueTime || !(expiry.at > venue_now)) return 1;
  const auto limit = view.freshness.market_limit(chain_->venue) / 2;
  const auto to_expiry = YearFraction::from_nanoseconds(static_cast<double>((expiry.at - venue_now).count()));
  const std::size_t first = quotes_.size();
  MonoTime oldest = view.now;
  for (const InstrumentSlot slot : expiry.options) {
    const InstrumentMarket& market = view.market.at(slot);
    if (!market.mark_vol.present() || view.registry.phase(slot) != InstrumentPhase::Open ||
        !view.freshness.fresh_within(market.mark_vol.origin, limit))
      continue;
    const Reading& own = view.market.pricing_forward(slot);
    const bool has_own = own.present() && view.freshness.fresh_within(own.origin, limit);
    if (!has_own && !forward.quality.ok()) continue;
    const double k = std::log(view.registry.contract(slot).strike / (has_own ? own.value : forward.price));
    const Vol vol = Vol::from_fraction(market.mark_vol.value);
    // The fitter leaves out what is not finite or not positive.
    quotes_.push_back({k, vol.fraction(), vega_weight(k, vol, to_expiry)});
    oldest = std::min({oldest, market.mark_vol.origin.received, has_own ? own.origin.received : forward.quality.as_of()});
    note_connection(market.mark_vol.origin.connection);
  }
  expiries_.push_back({expiry.at, to_expiry, std::span{quotes_}.subspan(first), oldest});
  return 1 + kCellsPerMark * expiry.options.size();
}

std::size_t SurfaceSweep::advance(const DeskView& view, const FallbackForward& forward, std::size_t cells) {
  if (phase_ == Phase::Collecting) {
    const std::size_t worked = collect(view, forward);
    if (next_ == chain_->expiries.size()) {
      fitter_.begin(expiries_);
      phase_ = fitter_.done() ? Phase::Done : Phase::Fitting;
    }
    return worked;
  }
  if (phase_ != Phase::Fitting) return 0;
  const std::size_t worked = fitter_.advance(cells);
  if (fitter_.done()) phase_ = Phase::Done;
  return worked;
}

}  // namespace hedgewatch
