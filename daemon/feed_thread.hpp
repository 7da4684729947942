#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/instrument/registry.hpp"
#include "daemon/credentials.hpp"
#include "daemon/event_queue.hpp"
#include "daemon/log.hpp"
#include "feeds/session/feed_statistics.hpp"

namespace hedgewatch {

class FeedPoller;
class FrameCapture;

/// What each connection is called, in the order of ConnectionId.
struct FeedName {
  Venue venue = Venue::Deribit;
  std::string connection;
};

/// Owns every connection to the exchanges, as connection_plans() has them, and the one I/O thread they live on, unless the engine's
/// thread is to serve them. What accounts hold, the market-data connections of their venue subscribe to.
class FeedThread {
 public:
  /// `secrets` has one entry per account. Queue, log and capture, which may be null, outlive the thread. `known`: ids that mean
  /// something already.
  /// Throws std::runtime_error when a venue's certificate file or a key cannot be used.
  FeedThread(const Config& config, std::vector<AccountSecrets> secrets, EventQueue& queue, Log& log,
             FrameCapture* capture = nullptr, const KnownInstruments& known = {});
  /// Stops.
  ~FeedThread();
  FeedThread(const FeedThread&) = delete;
  FeedThread& operator=(const FeedThread&) = delete;

  void start();
  /// Says goodbye to the exchanges, hands over the last events and ends the thread: some seconds at most. Where the engine's thread
  /// serves the feeds, it must still do so.
  void stop();

  /// Writes to the log what the connections had to say where the engine's thread serves them, which must not. Called about once a
  /// second, by any other thread; stop() does it too.
  void tell();

  /// For the engine's thread; null when the feeds have one of their own.
  [[nodiscard]] FeedPoller* poller();

  /// Market data is needed for these instruments from now on. Any thread.
  void want(std::vector<InstrumentPattern> exact);

  [[nodiscard]] const std::vector<FeedName>& names() const;
  [[nodiscard]] const FeedStatistics& statistics(std::size_t connection) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Instruments that the configuration names one by one: positions by hand, hedging legs and the watch list.
[[nodiscard]] std::vector<InstrumentPattern> named_instruments(const Config& config);

}  // namespace hedgewatch
