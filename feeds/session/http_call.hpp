#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hedgewatch {

enum class HttpVerb : std::uint8_t { Get, Post, Put };

/// A call that a session wants made, without a body: path with query, and headers beside the usual ones. What is signed in it must
/// be sent as it is.
struct HttpCall {
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  HttpVerb verb = HttpVerb::Get;
  std::string host = {};  ///< another than the connection's, at the usual port; empty: the connection's
};

/// How a call ended.
struct HttpOutcome {
  unsigned status = 0;         ///< 0: there was no answer
  std::string body;            ///< without an answer: the transport's words
  unsigned retry_after_s = 0;  ///< as the venue asks for; 0: it does not
};

}  // namespace hedgewatch
