#pragma once

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "daemon/feed_poller.hpp"

namespace hedgewatch {

/// Runs the handlers of an I/O context on whichever thread calls. The context has work as long as it is polled, since one without
/// would end every wait at once.
class IoPoller final : public FeedPoller {
 public:
  explicit IoPoller(boost::asio::io_context& context) : context_{context} {}

  bool poll() override { return context_.poll_one() != 0; }
  void wait(std::chrono::nanoseconds longest) override { context_.run_one_for(longest); }
  void interrupt() override {
    boost::asio::post(context_, [] {});
  }

 private:
  boost::asio::io_context& context_;
};

}  // namespace hedgewatch
