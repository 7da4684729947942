#pragma once

#include <chrono>

namespace hedgewatch {

/// What the engine's thread does for the feeds while it waits, where they have no thread of their own: their sockets are read, and
/// what was decoded is delivered into the queue, inside these calls.
class FeedPoller {
 public:
  virtual ~FeedPoller() = default;

  /// Does one piece of what is due, such as one connection's read. False: nothing was. Never waits.
  virtual bool poll() = 0;
  /// The same, but waits until something is due, interrupt() is called, or `longest` has passed. It may return earlier.
  virtual void wait(std::chrono::nanoseconds longest) = 0;
  /// Ends the present or the next wait(). Any thread.
  virtual void interrupt() = 0;
};

}  // namespace hedgewatch
