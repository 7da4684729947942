#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hedgewatch {

/// A GET that a session wants sent: path with query, and headers beside the usual ones. What is signed in it must be sent as it is.
struct HttpRequest {
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
};

}  // namespace hedgewatch
