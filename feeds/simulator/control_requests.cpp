#include "feeds/simulator/control_requests.hpp"

#include <simdjson.h>

#include <string>
#include <utility>
#include <vector>

#include "feeds/simulator/json_text.hpp"

namespace hedgewatch::simulator {
namespace {

RpcReply control_faults(const Params& params, MonoTime now, FaultInjector& injector) {
  std::vector<Fault> faults;
  if (const auto list = params.text("faults")) {
    auto parsed = parse_faults(*list);
    if (!parsed) return RpcError{400, parsed.error(), {}};
    faults = std::move(parsed).value();
  } else if (const auto name = params.text("fault")) {
    auto parsed = parse_fault(*name);
    if (!parsed) return RpcError{400, parsed.error(), {}};
    Fault fault = std::move(parsed).value();
    for (const std::string_view field : {"after", "duration", "delay"}) {
      const auto text = params.text(field);
      if (!text) continue;
      const auto duration = parse_duration(*text);
      if (!duration) return RpcError{400, std::string{field} + " must be a duration with its unit, such as 500ms, 20s or 2m", {}};
      if (field == "after") fault.after = *duration;
      if (field == "duration") fault.duration = *duration;
      if (field == "delay") fault.delay = *duration;
    }
    if (const auto count = params.integer("count")) {
      if (*count < 1) return RpcError{400, "count must be above 0", {}};
      fault.count = static_cast<std::size_t>(*count);
    }
    if (auto of = params.text("target")) fault.target = std::move(*of);
    faults.push_back(std::move(fault));
  } else {
    return RpcError{
        400,
        R"(send {"fault":"gap","after":"0s","duration":"5s","count":1,"target":"BTC-PERPETUAL","delay":"200ms"}, all but the first optional, or {"faults":"gap@5s*2,silence@20s:5s"})",
        {}};
  }
  for (Fault& fault : faults) injector.add(std::move(fault), now);
  return std::string{"\"ok\""};
}

HttpReply answered(const RpcReply& reply) {
  if (reply.ok()) return {200, JsonObject{}.raw("result", reply.value()).str()};
  return {400, JsonObject{}.text("error", reply.error().message).str()};
}

HttpReply not_there() {
  return {404, R"({"error":"there is GET state, POST and DELETE faults, POST trade, POST index, POST vol, POST stress"})"};
}

}  // namespace

HttpReply answer_control(std::string_view verb, std::string_view path, std::string_view body, MonoTime now,
                         const ControlState& state, FaultInjector& faults, const ContentDrill& drill) {
  if (path == "state") {
    std::vector<std::string> descriptions;
    for (const std::string& text : faults.descriptions(now)) descriptions.push_back(json_string(text));
    return answered(JsonObject{}
                        .integer("clients", static_cast<std::int64_t>(state.clients))
                        .integer("subscriptions", static_cast<std::int64_t>(state.subscriptions))
                        .integer("venue_time_ns", nanoseconds_of(state.venue_time))
                        .raw("faults", json_array(descriptions))
                        .integer("frames_touched_by_faults", static_cast<std::int64_t>(faults.touched()))
                        .str());
  }
  if (path == "faults" && verb == "DELETE") {
    faults.clear();
    return answered(std::string{"\"ok\""});
  }
  if (verb != "POST") return not_there();
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const std::string text{body};
  if (parser.parse(text).get(object) != simdjson::SUCCESS) return {400, R"({"error":"the body must be a JSON object"})"};
  const Params params{object};
  if (path == "faults") return answered(control_faults(params, now, faults));
  if (const auto reply = drill(path, params)) return answered(*reply);
  return not_there();
}

}  // namespace hedgewatch::simulator
