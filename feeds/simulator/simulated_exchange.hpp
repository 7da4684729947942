#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/types/time.hpp"
#include "feeds/simulator/faults.hpp"
#include "feeds/simulator/outgoing.hpp"

namespace hedgewatch::simulator {

struct HttpReply {
  int status = 200;
  std::string body = {};
};

/// A request as it came in. Views live as long as the call.
struct HttpQuestion {
  std::string_view verb;
  std::string_view target;  ///< path and query
  std::vector<std::pair<std::string_view, std::string_view>> headers = {};
  std::string_view body = {};

  /// First value of a header, compared without case; empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// A venue's protocol without sockets: requests and time in, frames out. Faults that are switched on are applied to what goes out.
/// Used on one thread.
class SimulatedExchange {
 public:
  SimulatedExchange() = default;
  SimulatedExchange(const SimulatedExchange&) = delete;
  SimulatedExchange& operator=(const SimulatedExchange&) = delete;
  virtual ~SimulatedExchange() = default;

  /// One line for whoever starts it: what there is.
  [[nodiscard]] virtual std::string description() const = 0;
  /// Where clients open the websocket, the first one named to whoever starts it; and where calls begin.
  [[nodiscard]] virtual std::string_view websocket_path() const = 0;
  [[nodiscard]] virtual std::string_view https_path() const = 0;

  /// False while a disconnect fault holds: connections are refused.
  [[nodiscard]] virtual bool accepts(MonoTime now) const = 0;
  /// No more clients fit.
  [[nodiscard]] virtual bool is_full() const = 0;
  /// Whether a websocket may be opened at this path and query.
  [[nodiscard]] virtual bool serves_websocket(std::string_view target) const = 0;

  [[nodiscard]] virtual ClientId open(std::string_view target, MonoTime now, std::vector<Outgoing>& out) = 0;
  virtual void closed(ClientId client) = 0;
  /// A text frame from a client. Frames to send are appended to `out`.
  virtual void handle(ClientId client, std::string_view text, MonoTime now, std::vector<Outgoing>& out) = 0;
  /// Everything due: notifications, heartbeats, ends of connections. `most` bounds the notifications of a replay at maximum speed.
  virtual void poll(MonoTime now, std::size_t most, std::vector<Outgoing>& out) = 0;
  /// The venue's calls, and `/control/...` for drills.
  [[nodiscard]] virtual HttpReply answer(const HttpQuestion& question, MonoTime now) = 0;

  [[nodiscard]] virtual FaultInjector& faults() = 0;
};

}  // namespace hedgewatch::simulator
