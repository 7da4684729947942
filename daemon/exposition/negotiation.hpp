#pragma once

#include <string_view>

#include "daemon/exposition/metrics_writer.hpp"

namespace hedgewatch {

/// The format that an Accept header prefers; Text when it says nothing that we have.
[[nodiscard]] MetricsFormat preferred_format(std::string_view accept);

/// True when an Accept-Encoding header takes gzip.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace hedgewatch
