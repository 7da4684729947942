#include "feeds/simulator/control_requests.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hedgewatch;
using namespace hedgewatch::simulator;
using namespace std::chrono_literals;

namespace {

constexpr MonoTime kNow{5h};

struct Desk {
  FaultInjector faults;
  std::string drilled;

  HttpReply ask(std::string_view verb, std::string_view path, std::string_view body = {}) {
    return answer_control(verb, path, body, kNow, {.clients = 2, .subscriptions = 7, .venue_time = VenueTime{3ns}}, faults,
                          [this](std::string_view name, const Params& params) -> std::optional<RpcReply> {
                            if (name != "index") return std::nullopt;
                            drilled = params.text("index_name").value_or("");
                            if (drilled.empty()) return RpcReply{invalid_params("index_name")};
                            return RpcReply{std::string{"\"ok\""}};
                          });
  }
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_SUITE("feeds/simulator/control_requests") {
  TEST_CASE("the state tells clients, subscriptions, the venue's time and the faults") {
    Desk desk;
    CHECK(desk.ask("POST", "faults", R"({"faults":"silence@20s:5s"})").status == 200);
    const HttpReply state = desk.ask("GET", "state");
    CHECK(state.status == 200);
    for (const char* part : {R"("clients":2)", R"("subscriptions":7)", R"("venue_time_ns":3)", "silence scheduled"})
      CHECK(has(state.body, part));
    CHECK(desk.ask("DELETE", "faults").status == 200);
    CHECK_FALSE(has(desk.ask("GET", "state").body, "silence"));
  }

  TEST_CASE("a fault may be given in parts, and a wrong part is refused with what would be right") {
    Desk desk;
    CHECK(desk.ask("POST", "faults", R"({"fault":"gap","count":3,"target":"BTC","after":"0s"})").status == 200);
    CHECK(has(desk.ask("GET", "state").body, "gap on, 3 left, BTC"));
    CHECK(has(desk.ask("POST", "faults", R"({"fault":"gap","after":"5"})").body, "after must be a duration"));
    CHECK(has(desk.ask("POST", "faults", R"({"fault":"gap","count":0})").body, "count must be above 0"));
    CHECK(has(desk.ask("POST", "faults", "{}").body, "send {"));
    CHECK(desk.ask("POST", "faults", "no JSON").status == 400);
  }

  TEST_CASE("all else is the content's, with its own refusals, and what nobody knows is not there") {
    Desk desk;
    CHECK(desk.ask("POST", "index", R"({"index_name":"btc_usd"})").status == 200);
    CHECK(desk.drilled == "btc_usd");
    CHECK(desk.ask("POST", "index", "{}").status == 400);
    CHECK(desk.ask("POST", "song", "{}").status == 404);
    CHECK(desk.ask("GET", "index").status == 404);
  }
}
