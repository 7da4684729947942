#include <stdexcept>

#include "daemon/venue_feeds.hpp"

namespace hedgewatch {

Feed make_okx_feed(FeedRequest /*request*/) { throw std::runtime_error("okx is not followed yet"); }

}  // namespace hedgewatch
