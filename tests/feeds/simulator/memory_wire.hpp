#pragma once

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/market/event_batch.hpp"
#include "feeds/session/venue_session.hpp"
#include "feeds/simulator/simulated_exchange.hpp"

/// Sessions and a simulated exchange in one process, without sockets: frames and calls arrive at the moment they are sent.
namespace hedgewatch::testing {

/// One session's connection.
struct MemoryLine {
  VenueSession& session;
  std::string path;  ///< of the endpoint, without the session's suffix
  std::optional<simulator::ClientId> client = {};
  EventBatch batch{};
  SessionActions actions = {};
  std::vector<Event> events = {};         ///< all that was told so far
  std::vector<std::string> reasons = {};  ///< of every end of a connection
  std::vector<SessionNotice> notices = {};
  std::size_t openings = 0;
  bool never_again = false;

  template <class Body>
  [[nodiscard]] std::vector<Body> all() const {
    std::vector<Body> found;
    for (const Event& event : events)
      if (const Body* body = std::get_if<Body>(&event.body)) found.push_back(*body);
    return found;
  }
  [[nodiscard]] bool was_noted(std::string_view text) const {
    return std::ranges::any_of(notices, [&](const SessionNotice& notice) { return notice.text == text; });
  }
  [[nodiscard]] FeedStatus status() const {
    const auto told = all<FeedStatus>();
    return told.empty() ? FeedStatus{} : told.back();
  }
};

/// The clock, the exchange and the lines to it.
struct MemoryWire {
  static constexpr std::chrono::milliseconds kTick{10};

  explicit MemoryWire(simulator::SimulatedExchange& served, MonoTime start, WallTime calendar)
      : exchange{served}, now{start}, wall{calendar} {}

  void connect(MemoryLine& line) { lines.push_back(&line); }
  void run(std::chrono::nanoseconds duration) {
    const MonoTime end = now + duration;
    while (now < end) {
      now += kTick;
      wall += kTick;
      step();
    }
  }
  /// Until it is so; false when it is not within `limit`.
  template <class Condition>
  bool run_until(Condition&& condition, std::chrono::nanoseconds limit = std::chrono::seconds{60}) {
    for (const MonoTime end = now + limit; now < end;) {
      if (condition()) return true;
      run(kTick);
    }
    return condition();
  }
  /// The session's side hears nothing more and sends nothing, while the venue does not know: a cable is out.
  bool deaf = false;
  /// Requests are not delivered: to see what the venue does with a client that does not speak.
  bool mute = false;

  simulator::SimulatedExchange& exchange;
  MonoTime now;
  WallTime wall;
  std::vector<MemoryLine*> lines;

 private:
  [[nodiscard]] SessionTime time() const { return {now, wall}; }

  void step() {
    std::vector<simulator::Outgoing> out;
    exchange.poll(now, 100'000, out);
    deliver(out);
    for (MemoryLine* line : lines) {
      if (!line->client) open(*line);
      for (auto due = line->session.deadline(); line->client && due && *due <= now; due = line->session.deadline()) {
        line->session.on_deadline(time(), line->batch, line->actions);
        if (line->actions.send.empty() && line->actions.calls.empty() && !line->actions.close && line->batch.empty() &&
            line->session.deadline() == due)
          break;
        obey(*line);
      }
    }
  }

  void open(MemoryLine& line) {
    if (line.openings != 0 || line.never_again) {
      const auto again = line.session.reconnect_at();
      line.never_again = !again.has_value();
      if (!again || *again > now) return;
    }
    const bool ready = line.session.prepare(time(), line.actions);
    make_calls(line);
    if (!ready) return;
    ++line.openings;
    if (!exchange.accepts(now) || exchange.is_full()) {
      line.session.on_closed("connection refused", time(), line.batch);
      return keep(line);
    }
    std::vector<simulator::Outgoing> out;
    line.client = exchange.open(line.path + line.session.path_suffix(), now, out);
    line.session.on_open(time(), line.batch, line.actions);
    obey(line);
    deliver(out);
  }

  void keep(MemoryLine& line) {
    for (const Event& event : line.batch.events()) line.events.push_back(event);
    line.batch.truncate(0);
    for (SessionNotice& notice : line.session.notices().take()) line.notices.push_back(std::move(notice));
  }

  void make_calls(MemoryLine& line) {
    for (auto& [id, request] : std::exchange(line.actions.calls, {})) {
      simulator::HttpQuestion question{.verb = "GET", .target = request.target};
      for (const auto& [name, value] : request.headers) question.headers.emplace_back(name, value);
      if (request.verb != HttpVerb::Get) question.verb = request.verb == HttpVerb::Post ? "POST" : "PUT";
      HttpOutcome outcome;
      if (!deaf) {
        simulator::HttpReply reply = exchange.answer(question, now);
        outcome.status = static_cast<unsigned>(reply.status);
        outcome.body = std::move(reply.body);
      }
      line.session.on_outcome(id, outcome, time(), line.batch, line.actions);
      obey(line);
    }
  }

  void obey(MemoryLine& line) {
    keep(line);
    std::vector<simulator::Outgoing> out;
    for (const std::string& text : std::exchange(line.actions.send, {}))
      if (line.client && !deaf && !mute) exchange.handle(*line.client, text, now, out);
    const bool close = std::exchange(line.actions.close, false);
    const std::string reason{line.actions.close_reason};
    if (!close) make_calls(line);
    deliver(out);
    if (close) end(line, reason);
  }

  void end(MemoryLine& line, std::string_view reason) {
    if (!line.client) return;
    exchange.closed(*line.client);
    line.client.reset();
    line.reasons.emplace_back(reason);
    line.session.on_closed(reason, time(), line.batch);
    line.actions.clear();
    keep(line);
  }

  void deliver(std::vector<simulator::Outgoing>& frames) {
    for (simulator::Outgoing& frame : frames) {
      const auto found = std::ranges::find_if(lines, [&](const MemoryLine* line) { return line->client == frame.client; });
      if (found == lines.end()) continue;
      MemoryLine& line = **found;
      if (deaf) continue;
      if (!frame.text.empty()) {
        const simdjson::padded_string padded{frame.text};
        line.session.on_frame(padded, time(), line.batch, line.actions);
        obey(line);
      }
      if (frame.close && line.client == frame.client) end(line, frame.reason);
    }
  }
};

}  // namespace hedgewatch::testing
