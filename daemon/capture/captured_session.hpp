#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "daemon/capture/frame_capture.hpp"
#include "feeds/session/venue_session.hpp"

namespace hedgewatch {

/// A session whose frames and answers are kept before it reads them. It is otherwise the session that it was given.
class CapturedSession final : public VenueSession {
 public:
  /// The capture outlives the session; `connection` is its number there.
  CapturedSession(std::unique_ptr<VenueSession> session, FrameCapture& capture, std::size_t connection)
      : session_{std::move(session)}, capture_{capture}, connection_{connection} {}

  [[nodiscard]] bool prepare(SessionTime now, SessionActions& actions) override { return session_->prepare(now, actions); }
  [[nodiscard]] std::string path_suffix() const override { return session_->path_suffix(); }
  void on_open(SessionTime now, EventBatch& events, SessionActions& actions) override { session_->on_open(now, events, actions); }
  void on_frame(simdjson::padded_string_view frame, SessionTime now, EventBatch& events, SessionActions& actions) override {
    capture_.keep(connection_, now.wall, frame);
    session_->on_frame(frame, now, events, actions);
  }
  void on_outcome(std::uint64_t call, HttpOutcome& outcome, SessionTime now, EventBatch& events, SessionActions& actions) override {
    if (outcome.status != 0) capture_.keep(connection_, now.wall, outcome.body);
    session_->on_outcome(call, outcome, now, events, actions);
  }
  void on_closed(std::string_view reason, SessionTime now, EventBatch& events) override {
    session_->on_closed(reason, now, events);
  }
  void on_deadline(SessionTime now, EventBatch& events, SessionActions& actions) override {
    session_->on_deadline(now, events, actions);
  }
  void on_books_lost(std::span<const InstrumentId> books, SessionTime now, EventBatch& events, SessionActions& actions) override {
    session_->on_books_lost(books, now, events, actions);
  }
  [[nodiscard]] std::optional<MonoTime> deadline() const override { return session_->deadline(); }
  [[nodiscard]] std::optional<MonoTime> reconnect_at() const override { return session_->reconnect_at(); }
  void want(std::string_view name) override { session_->want(name); }
  [[nodiscard]] SessionNotices& notices() override { return session_->notices(); }

 private:
  std::unique_ptr<VenueSession> session_;
  FrameCapture& capture_;
  std::size_t connection_;
};

}  // namespace hedgewatch
