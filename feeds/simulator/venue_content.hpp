#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "core/types/result.hpp"
#include "core/types/time.hpp"
#include "feeds/simulator/channel.hpp"
#include "feeds/simulator/outgoing.hpp"

namespace hedgewatch::simulator {

/// An error of the venue's table. `data` is JSON, or empty.
struct RpcError {
  int code = 0;
  std::string message = {};
  std::string data = {};
};
/// The JSON of `result`, or the error.
using RpcReply = Result<std::string, RpcError>;

[[nodiscard]] RpcError invalid_params(std::string_view param, std::string_view reason = "wrong format");

/// A request's named parameters.
class Params {
 public:
  Params() = default;
  explicit Params(simdjson::dom::object object) : object_{object} {}

  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  /// Also of a number with a zero fraction, or of a text that holds a number (as in a query).
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const;
  [[nodiscard]] std::optional<double> number(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  /// Nothing when it is no array of texts.
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view key) const;

 private:
  std::optional<simdjson::dom::object> object_;
};

/// What happened, before it is addressed: the exchange sends it to those who subscribed to the topic.
struct Notification {
  std::string topic = {};
  std::string data = {};  ///< JSON of `params.data`
  FrameClass kind = FrameClass::Market;
};

/// What a simulated venue shows: a seeded market with an account, or a recording. The protocol around it is the exchange's.
class VenueContent {
 public:
  using Wanted = std::function<bool(const std::string& topic)>;

  VenueContent() = default;
  VenueContent(const VenueContent&) = delete;
  VenueContent& operator=(const VenueContent&) = delete;
  virtual ~VenueContent() = default;

  /// One line for whoever starts it: what there is.
  [[nodiscard]] virtual std::string description() const { return {}; }
  /// The venue's own clock.
  [[nodiscard]] virtual VenueTime venue_time(MonoTime now) const = 0;
  [[nodiscard]] virtual bool offers(const Channel& channel) const = 0;
  /// What a new subscriber is sent at once, in order. Topics are ignored.
  virtual void on_subscribed(const Channel& channel, MonoTime now, std::vector<Notification>& first) = 0;
  /// Everything due until now, of topics that somebody wants. `most` bounds what is produced in one call, for content that has
  /// no pace of its own.
  virtual void poll(MonoTime now, std::size_t most, const Wanted& wanted, std::vector<Notification>& out) = 0;
  /// A query of market or account data. Nothing: no such method.
  [[nodiscard]] virtual std::optional<RpcReply> answer(std::string_view method, const Params& params, MonoTime now) = 0;
  /// A drill of the content itself (a trade, a fall of the index). Nothing: no such drill.
  [[nodiscard]] virtual std::optional<RpcReply> drill(std::string_view name, const Params& params, MonoTime now) = 0;
};

}  // namespace hedgewatch::simulator
