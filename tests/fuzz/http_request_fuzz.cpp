// A request as the HTTP server hands it to the routes. One line each: method, path, Accept, Accept-Encoding, whether a page sent
// it; the rest is the body. Property: the answer is of the known ones, says nothing that came with the request, and depends on
// nothing but what it may: two paths that do not exist are answered alike.

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/exposition/form.hpp"
#include "daemon/exposition/negotiation.hpp"
#include "daemon/exposition/routes.hpp"

using namespace hedgewatch;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

RouteSources sources(bool with_password) {
  RouteSources sources;
  sources.snapshot = [] { return static_cast<const FigureSnapshot*>(nullptr); };
  sources.families = [](const ScrapeFacts&) { return std::vector<prometheus::MetricFamily>{}; };
  sources.unhealthy = [] { return std::optional<std::string>{}; };
  sources.not_ready = [] { return std::vector<std::string>{}; };
  sources.reload = [] { return std::optional<std::string>{}; };
  sources.acknowledge = [](const std::string& alert, const std::vector<LabelMatch>& labels) {
    require(!alert.empty());
    return alert.size() + labels.size() > 8 ? std::size_t{0} : std::size_t{1};
  };
  sources.override_limits = [](const OverrideOrder& order) {
    require(!order.alert.empty() && !order.owner.empty() && !order.reason.empty());
    require(order.lasts.count() >= 0 && order.lasts <= std::chrono::hours{24} && (!order.limit || order.lasts.count() > 0));
    return OverrideAnswer{.count = order.alert.size() % 2, .forbidden = order.owner.size() % 2 == 1};
  };
  if (with_password) sources.authorization = "Basic ZGVzazpodXNo";
  return sources;
}

/// The plain way to read a form, to compare with.
bool decodes(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') continue;
    if (text.size() - at < 3 || std::isxdigit(static_cast<unsigned char>(text[at + 1])) == 0 ||
        std::isxdigit(static_cast<unsigned char>(text[at + 2])) == 0)
      return false;
  }
  return true;
}

void check_form(std::string_view body) {
  const auto form = parse_form(body);
  if (!form) return;
  require(decodes(body));
  std::size_t bytes = 0;
  for (const auto& [name, value] : *form) {
    require(!name.empty());
    bytes += name.size() + value.size();
  }
  require(bytes <= body.size());
}

std::string_view take_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Routes closed_to_changes{sources(false)};
  static Routes with_password{sources(true)};
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  const std::string_view method = take_line(rest);
  HttpRequest request;
  request.method = method == "GET"    ? HttpMethod::Get
                   : method == "HEAD" ? HttpMethod::Head
                   : method == "POST" ? HttpMethod::Post
                                      : HttpMethod::Other;
  request.path = take_line(rest);
  request.accept = take_line(rest);
  request.accept_encoding = take_line(rest);
  request.from_page = take_line(rest) == "page";
  request.body = rest;
  check_form(rest);

  request.on_control_socket = true;
  const HttpResponse answer = closed_to_changes.handle(request);
  request.on_control_socket = false;
  require(with_password.handle(request).status == 401);
  constexpr std::array kStatus{200U, 400U, 403U, 404U, 405U};
  require(std::ranges::find(kStatus, answer.status) != kStatus.end());
  require((answer.status == 405) == !answer.allow.empty());
  if (answer.status != 404) {
    constexpr std::array<std::string_view, 6> kPaths{"/metrics",  "/-/healthy",     "/-/ready",
                                                     "/-/reload", "/-/acknowledge", "/-/override"};
    require(std::ranges::find(kPaths, request.path) != kPaths.end());
  }
  const HttpResponse closed = closed_to_changes.handle(request);
  if (request.method == HttpMethod::Post) require(closed.status != 200);

  // What the client chose freely makes no difference to what is said.
  HttpRequest other = request;
  other.body = {};
  const HttpResponse refused = closed_to_changes.handle(other);
  require(refused.body == closed.body && refused.status == closed.status);
  return 0;
}
