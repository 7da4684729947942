#include "daemon/exposition/routes.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "daemon/exposition/gunzip.hpp"

namespace hedgewatch {

namespace {

struct Fixture {
  FigureSnapshot snapshot;
  bool engine_answers = true;
  std::optional<ScrapeFacts> facts;
  std::optional<std::string> unhealthy;
  std::vector<std::string> not_ready;
  std::optional<std::string> reload_faults;
  int reloads = 0;
  std::string acknowledged;
  std::size_t raised = 1;
  std::string overridden;
  OverrideAnswer answer{.count = 1, .forbidden = false};

  Fixture() {
    FigureTable figures;
    figures.begin_layout();
    const RowId live = figures.add_row(Figure::FeedLive, {"deribit", "public"});
    figures.add_row(Figure::FeedLive, {"deribit", "main"});
    figures.end_layout();
    figures.set(live, 1, MonoTime{});
    figures.copy_to(snapshot);
  }

  Routes routes(std::string_view authorization = {}) {
    return Routes{{.snapshot = [this] { return engine_answers ? &snapshot : nullptr; },
                   .families =
                       [this](const ScrapeFacts& seen) {
                         facts = seen;
                         return std::vector<prometheus::MetricFamily>{};
                       },
                   .unhealthy = [this] { return unhealthy; },
                   .not_ready = [this] { return not_ready; },
                   .reload =
                       [this] {
                         ++reloads;
                         return reload_faults;
                       },
                   .acknowledge =
                       [this](const std::string& alert, const std::vector<LabelMatch>& labels) {
                         acknowledged = alert;
                         for (const LabelMatch& match : labels) acknowledged += ' ' + match.label + '=' + match.value;
                         return raised;
                       },
                   .override_limits =
                       [this](const OverrideOrder& order) {
                         overridden = order.alert + ' ' + (order.limit ? std::to_string(*order.limit) : "none") + ' ' +
                                      std::to_string(order.lasts.count() / 1'000'000'000) + ' ' + order.owner + ' ' + order.reason;
                         for (const LabelMatch& match : order.labels) overridden += ' ' + match.label + '=' + match.value;
                         return answer;
                       },
                   .authorization = std::string{authorization}}};
  }
};

/// Over the control socket.
HttpRequest get(std::string_view path) {
  return {.method = HttpMethod::Get, .path = path, .accept = {}, .accept_encoding = {}, .on_control_socket = true};
}

/// At the address, where anybody on this machine can ask.
HttpRequest at_address(HttpRequest request) {
  request.on_control_socket = false;
  return request;
}

}  // namespace

TEST_SUITE("daemon/exposition/routes") {
  TEST_CASE("metrics come as text by default, as OpenMetrics and gzip when asked for") {
    Fixture fixture;
    Routes routes = fixture.routes();
    const HttpResponse text = routes.handle(get("/metrics"));
    CHECK(text.status == 200);
    CHECK(text.content_type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(text.content_encoding.empty());
    CHECK(text.body.find("hedgewatch_feed_live") != std::string::npos);

    HttpRequest request = get("/metrics");
    request.accept = "application/openmetrics-text;version=1.0.0";
    request.accept_encoding = "gzip";
    const HttpResponse packed = routes.handle(request);
    CHECK(packed.content_encoding == "gzip");
    CHECK(packed.content_type.starts_with("application/openmetrics-text; version=1.0.0"));
    CHECK(testing::gunzip(packed.body).ends_with("# EOF\n"));
    // The compressor's memory is used again.
    CHECK(routes.handle(request).body == packed.body);
  }

  TEST_CASE("a scrape knows whether the engine answered and how many series it has") {
    Fixture fixture;
    Routes routes = fixture.routes();
    static_cast<void>(routes.handle(get("/metrics")));
    REQUIRE(fixture.facts.has_value());
    CHECK(fixture.facts->engine_answered);
    CHECK(fixture.facts->series == 1);

    fixture.engine_answers = false;
    const HttpResponse silent = routes.handle(get("/metrics"));
    CHECK(silent.status == 200);
    CHECK(silent.body.find("hedgewatch_feed_live") == std::string::npos);
    CHECK_FALSE(fixture.facts->engine_answered);
    CHECK(fixture.facts->series == 0);
  }

  TEST_CASE("readiness lists what is missing") {
    Fixture fixture;
    Routes routes = fixture.routes();
    CHECK(routes.handle(get("/-/ready")).status == 200);
    fixture.not_ready = {"deribit/public: connecting", "deribit/main: positions are not reconciled"};
    const HttpResponse waiting = routes.handle(get("/-/ready"));
    CHECK(waiting.status == 503);
    CHECK(waiting.body == "deribit/public: connecting\nderibit/main: positions are not reconciled\n");
  }

  TEST_CASE("health fails with its reason") {
    Fixture fixture;
    Routes routes = fixture.routes();
    CHECK(routes.handle(get("/-/healthy")).status == 200);
    fixture.unhealthy = "the engine has not moved for 3 s";
    CHECK(routes.handle(get("/-/healthy")).status == 503);
  }

  TEST_CASE("reload wants POST, the control socket and a good configuration") {
    Fixture fixture;
    Routes routes = fixture.routes();
    CHECK(routes.handle(get("/-/reload")).status == 405);
    CHECK(fixture.reloads == 0);
    HttpRequest post = get("/-/reload");
    post.method = HttpMethod::Post;
    CHECK(routes.handle(post).status == 200);
    CHECK(fixture.reloads == 1);
    fixture.reload_faults = "hedgewatch.toml:3:1: book[0].name: is missing";
    const HttpResponse failed = routes.handle(post);
    CHECK(failed.status == 500);
    CHECK(failed.body == "hedgewatch.toml:3:1: book[0].name: is missing\n");
    CHECK(routes.handle(at_address(post)).status == 403);
    post.from_page = true;
    CHECK(routes.handle(post).status == 403);
    CHECK(fixture.reloads == 2);
  }

  TEST_CASE("with a password nothing is told at the address without it, and changes are taken with it") {
    Fixture fixture;
    Routes routes = fixture.routes("Basic ZGVzazpodXNo");
    for (const char* path : {"/metrics", "/-/healthy", "/-/ready", "/-/reload", "/nothing"})
      for (const char* given : {"", "Basic ZGVzazpodXNp", "Basic ZGVzazpodXNob", "Basic", "Bearer ZGVzazpodXNo"}) {
        HttpRequest request = at_address(get(path));
        request.authorization = given;
        CAPTURE(std::string{path});
        CAPTURE(std::string{given});
        const HttpResponse refused = routes.handle(request);
        CHECK(refused.status == 401);
        CHECK(refused.authenticate.starts_with("Basic "));
        CHECK(refused.body == "a user and a password are needed\n");
      }
    HttpRequest request = at_address(get("/metrics"));
    request.authorization = "Basic ZGVzazpodXNo";
    CHECK(routes.handle(request).status == 200);
    request.path = "/-/reload";
    request.method = HttpMethod::Post;
    CHECK(routes.handle(request).status == 200);
    CHECK(fixture.reloads == 1);
    CHECK(routes.handle(get("/metrics")).status == 200);  // the socket's access rights stand for the password
  }

  TEST_CASE("other paths are not found and never reflected") {
    Fixture fixture;
    Routes routes = fixture.routes();
    const HttpResponse lost = routes.handle(get("/<script>"));
    CHECK(lost.status == 404);
    CHECK(lost.body.find("script") == std::string::npos);
    HttpRequest put = get("/metrics");
    put.method = HttpMethod::Other;
    CHECK(routes.handle(put).status == 405);
  }

  TEST_CASE("an acknowledgement is posted as a form with the alert and the labels that fit, on the control socket") {
    Fixture fixture;
    Routes routes = fixture.routes();
    HttpRequest request = get("/-/acknowledge");
    CHECK(routes.handle(request).status == 405);
    request.method = HttpMethod::Post;
    CHECK(routes.handle(request).status == 400);
    request.body = "alert=NetDelta&hedge=short+straddle";
    CHECK(routes.handle(request).body == "acknowledged 1 alert\n");
    CHECK(fixture.acknowledged == "NetDelta hedge=short straddle");
    fixture.raised = 0;
    CHECK(routes.handle(request).status == 404);
    fixture.acknowledged.clear();
    request.from_page = true;
    CHECK(routes.handle(request).status == 403);
    request.from_page = false;
    CHECK(routes.handle(at_address(request)).status == 403);
    CHECK(fixture.acknowledged.empty());
  }

  TEST_CASE("the owner of a limit overrides it for a time, with a reason") {
    Fixture fixture;
    Routes routes = fixture.routes();
    const auto post = [&routes](std::string_view body) {
      HttpRequest request = get("/-/override");
      request.method = HttpMethod::Post;
      request.body = body;
      return routes.handle(request);
    };
    const HttpResponse done = post("alert=SessionLoss&book=main&limit=0.05&for=2h&owner=anna&reason=roll+day");
    CHECK(done.status == 200);
    CHECK(done.body == "overrode 1 limit\n");
    CHECK(fixture.overridden == "SessionLoss 0.050000 7200 anna roll day book=main");
    CHECK(post("alert=SessionLoss&limit=none&owner=anna&reason=done").body == "restored 1 limit\n");
    CHECK(fixture.overridden == "SessionLoss none 0 anna done");
    fixture.overridden.clear();
    for (const char* bad : {"", "alert=A&limit=1&for=1h&owner=o", "alert=A&limit=1&for=25h&owner=o&reason=r",
                            "alert=A&limit=1&for=0s&owner=o&reason=r", "alert=A&limit=one&for=1h&owner=o&reason=r",
                            "alert=A&limit=nan&for=1h&owner=o&reason=r", "limit=1&for=1h&owner=o&reason=r",
                            "alert=A&limit=1&for=1h&reason=r", "alert=A&for=1h&owner=o&reason=r"}) {
      CAPTURE(bad);
      CHECK(post(bad).status == 400);
    }
    CHECK(fixture.overridden.empty());
    fixture.answer = {.count = 0, .forbidden = false};
    CHECK(post("alert=A&limit=1&for=1h&owner=o&reason=r").status == 404);
    fixture.answer = {.count = 0, .forbidden = true};
    CHECK(post("alert=A&limit=1&for=1h&owner=o&reason=r").status == 403);
    CHECK(routes.handle(get("/-/override")).status == 405);
    HttpRequest request = get("/-/override");
    request.method = HttpMethod::Post;
    request.body = "alert=A&limit=1&for=1h&owner=o&reason=r";
    CHECK(routes.handle(at_address(request)).status == 403);
    request.from_page = true;
    CHECK(routes.handle(request).status == 403);
  }
}

}  // namespace hedgewatch
