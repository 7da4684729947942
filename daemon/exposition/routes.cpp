#include "daemon/exposition/routes.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/types/duration_text.hpp"
#include "daemon/exposition/form.hpp"
#include "daemon/exposition/negotiation.hpp"

namespace hedgewatch {

namespace {

constexpr unsigned kBadRequest = 400;
constexpr unsigned kUnauthorised = 401;
constexpr unsigned kForbidden = 403;
constexpr unsigned kNotFound = 404;
constexpr unsigned kMethodNotAllowed = 405;
constexpr unsigned kReloadFailed = 500;
constexpr unsigned kUnavailable = 503;

HttpResponse plain(unsigned status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse wrong_method(std::string_view allow) {
  HttpResponse response = plain(kMethodNotAllowed, "method not allowed\n");
  response.allow = allow;
  return response;
}

/// In a time that does not tell how much of it was right.
bool same_secret(std::string_view given, std::string_view expected) {
  return given.size() == expected.size() && CRYPTO_memcmp(given.data(), expected.data(), expected.size()) == 0;
}

}  // namespace

Routes::Routes(RouteSources sources) : sources_{std::move(sources)} {}

HttpResponse Routes::handle(const HttpRequest& request) {
  if (!request.on_control_socket && !sources_.authorization.empty() &&
      !same_secret(request.authorization, sources_.authorization)) {
    HttpResponse response = plain(kUnauthorised, "a user and a password are needed\n");
    response.authenticate = R"(Basic realm="hedgewatch", charset="UTF-8")";
    return response;
  }
  const bool reads = request.method == HttpMethod::Get || request.method == HttpMethod::Head;
  if (request.path == "/-/reload") return request.method == HttpMethod::Post ? reload(request) : wrong_method("POST");
  if (request.path == "/-/acknowledge") return request.method == HttpMethod::Post ? acknowledge(request) : wrong_method("POST");
  if (request.path == "/-/override") return request.method == HttpMethod::Post ? override_limits(request) : wrong_method("POST");
  if (request.path == "/metrics") return reads ? metrics(request) : wrong_method("GET, HEAD");
  if (request.path == "/-/healthy") return reads ? healthy() : wrong_method("GET, HEAD");
  if (request.path == "/-/ready") return reads ? ready() : wrong_method("GET, HEAD");
  return plain(kNotFound, "not found; there are /metrics, /-/healthy, /-/ready, /-/reload, /-/acknowledge and /-/override\n");
}

HttpResponse Routes::metrics(const HttpRequest& request) {
  const MetricsFormat format = preferred_format(request.accept);
  const FigureSnapshot* snapshot = sources_.snapshot();
  ScrapeFacts facts;
  if (snapshot != nullptr) {
    writer_.adopt(snapshot->layout);
    const auto ok =
        std::ranges::count_if(snapshot->values, [](const FigureValue& figure) { return figure.state == FigureState::Ok; });
    facts = {.engine_answered = true, .series = static_cast<std::size_t>(ok), .refused_series = 0};
  }
  facts.refused_series = writer_.refused();
  const auto families = sources_.families(facts);
  const std::string_view text = writer_.render(format, snapshot, families);

  HttpResponse response;
  response.content_type = content_type(format);
  if (accepts_gzip(request.accept_encoding) && gzip_.compress(text, response.body)) {
    response.content_encoding = "gzip";
  } else {
    response.body.assign(text);
  }
  return response;
}

HttpResponse Routes::healthy() const {
  const auto reason = sources_.unhealthy();
  return reason ? plain(kUnavailable, *reason + "\n") : plain(200, "healthy\n");
}

HttpResponse Routes::ready() const {
  const std::vector<std::string> reasons = sources_.not_ready();
  if (reasons.empty()) return plain(200, "ready\n");
  std::string body;
  for (const std::string& reason : reasons) body.append(reason).append("\n");
  return plain(kUnavailable, std::move(body));
}

std::optional<HttpResponse> Routes::refused_change(const HttpRequest& request) const {
  // Any page in a browser on this machine could post here.
  if (request.from_page) return plain(kForbidden, "changes are not taken from web pages\n");
  if (request.on_control_socket || !sources_.authorization.empty()) return std::nullopt;
  return plain(kForbidden,
               "changes are only taken on the control socket, or with a password: [http] control_socket, basic_auth_user\n");
}

HttpResponse Routes::reload(const HttpRequest& request) const {
  if (auto refused = refused_change(request)) return std::move(*refused);
  const auto faults = sources_.reload();
  return faults ? plain(kReloadFailed, *faults + "\n") : plain(200, "reloaded\n");
}

HttpResponse Routes::acknowledge(const HttpRequest& request) const {
  if (auto refused = refused_change(request)) return std::move(*refused);
  const auto form = parse_form(request.body);
  std::string alert;
  std::vector<LabelMatch> labels;
  if (form)
    for (const auto& [name, value] : *form) {
      if (name == "alert")
        alert = value;
      else
        labels.push_back({name, value});
    }
  if (alert.empty())
    return plain(kBadRequest, "must be a form with the field alert, and a field for each label that is to fit, such as hedge\n");
  const std::size_t count = sources_.acknowledge(alert, labels);
  if (count == 0) return plain(kNotFound, "no such alert is raised\n");
  return plain(200, "acknowledged " + std::to_string(count) + (count == 1 ? " alert\n" : " alerts\n"));
}

HttpResponse Routes::override_limits(const HttpRequest& request) const {
  constexpr std::string_view kForm =
      "must be a form with the fields alert, owner, limit (a number, or none to take an override back), for (a duration of at most "
      "24h) and reason, and a field for each label that is to fit, such as hedge\n";
  constexpr std::chrono::nanoseconds kLongest = std::chrono::hours{24};
  if (auto refused = refused_change(request)) return std::move(*refused);
  OverrideOrder order;
  std::string limit;
  std::optional<std::chrono::nanoseconds> lasts;
  for (auto& [name, value] : parse_form(request.body).value_or(std::vector<std::pair<std::string, std::string>>{})) {
    if (name == "alert")
      order.alert = value;
    else if (name == "owner")
      order.owner = value;
    else if (name == "reason")
      order.reason = value;
    else if (name == "limit")
      limit = value;
    else if (name == "for")
      lasts = parse_duration(value);
    else
      order.labels.push_back({name, value});
  }
  const bool withdrawn = limit == "none";
  if (!withdrawn) {
    double level = 0;
    const auto [end, fault] = std::from_chars(limit.data(), limit.data() + limit.size(), level);
    if (fault == std::errc{} && end == limit.data() + limit.size() && std::isfinite(level)) order.limit = level;
  }
  const bool timed = withdrawn || (lasts && lasts->count() > 0 && *lasts <= kLongest);
  if (order.alert.empty() || order.owner.empty() || order.reason.empty() || (!withdrawn && !order.limit) || !timed)
    return plain(kBadRequest, std::string{kForm});
  order.lasts = lasts.value_or(std::chrono::nanoseconds{0});
  const OverrideAnswer answer = sources_.override_limits(order);
  if (answer.forbidden) return plain(kForbidden, "that is not the owner of the limit\n");
  if (answer.count == 0) return plain(kNotFound, "there is no such limit\n");
  return plain(
      200, (withdrawn ? "restored " : "overrode ") + std::to_string(answer.count) + (answer.count == 1 ? " limit\n" : " limits\n"));
}

}  // namespace hedgewatch
