#pragma once

#include "core/instrument/contract.hpp"
#include "core/market/market_state.hpp"
#include "core/metric/quality.hpp"
#include "core/pricing/forward.hpp"
#include "core/pricing/vol_surface.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// A forward that the venue did not state, and how far it may be believed.
struct FallbackForward {
  double price = kAbsent;  ///< quote per base; to be read only while `quality` is ok
  ForwardSource source = ForwardSource::Unknown;
  Quality quality = Quality::unknown(FigureReason::MissingForward);
};

/// A vol that the venue did not state, and how far it may be believed.
struct FallbackVol {
  double vol = kAbsent;  ///< fraction; to be read only while `quality` is ok
  VolSource source = VolSource::Unknown;
  Quality quality = Quality::unknown(FigureReason::MissingVol);
};

/// What is asked of a fallback about one option whose own mark vol is missing or stale.
struct FallbackQuestion {
  ExpiryId expiry_id = kNoExpiry;
  VenueTime expiry = kNoVenueTime;
  VenueTime at = kNoVenueTime;  ///< the venue's newest time; the expiry lies after it
  double strike = 0;            ///< quote per base
  double forward = 0;           ///< quote per base, of the expiry
};

/// Answers for an option whose venue sends no fresh forward or vol of its own. Never asked while the venue's are fresh.
class OptionFallback {
 public:
  virtual FallbackForward forward(ExpiryId expiry) = 0;
  virtual FallbackVol vol(const FallbackQuestion& question) = 0;

 protected:
  ~OptionFallback() = default;
};

}  // namespace hedgewatch
