#include <stdexcept>

#include "daemon/venue_feeds.hpp"

namespace hedgewatch {

Feed make_bybit_feed(FeedRequest /*request*/) { throw std::runtime_error("bybit is not followed yet"); }

}  // namespace hedgewatch
