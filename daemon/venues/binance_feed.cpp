#include <stdexcept>

#include "daemon/venue_feeds.hpp"

namespace hedgewatch {

Feed make_binance_feed(FeedRequest /*request*/) { throw std::runtime_error("binance is not followed yet"); }

}  // namespace hedgewatch
