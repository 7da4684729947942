#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/market/event.hpp"
#include "core/types/ids.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// The connections' phases and the venues' own states, as events told them.
class Feeds {
 public:
  struct Connection {
    FeedPhase phase = FeedPhase::Connecting;
    FeedDownReason reason = FeedDownReason::None;
    MonoTime status_received{};
    MonoTime newest_market_data{};
    bool has_market_data = false;
  };
  struct Platform {
    bool known = false;
    bool locked = false;  ///< trading is locked or under maintenance
    MonoTime received{};
    ConnectionId connection = kNoConnection;
  };

  void resize(std::size_t connections) { connections_.resize(connections); }
  [[nodiscard]] std::size_t size() const { return connections_.size(); }

  /// Nothing when the connection is not one of the configuration's.
  [[nodiscard]] Connection* find(ConnectionId id) {
    const auto index = static_cast<std::size_t>(id);
    return index < connections_.size() ? &connections_[index] : nullptr;
  }
  [[nodiscard]] const Connection& at(std::size_t index) const { return connections_[index]; }
  /// Data without a connection, or of an unknown one, is never live.
  [[nodiscard]] bool live(ConnectionId id) const {
    const auto index = static_cast<std::size_t>(id);
    return index < connections_.size() && connections_[index].phase == FeedPhase::Live;
  }

  [[nodiscard]] Platform& platform(Venue venue) { return platforms_[static_cast<std::size_t>(venue)]; }
  [[nodiscard]] const Platform& platform(Venue venue) const { return platforms_[static_cast<std::size_t>(venue)]; }

 private:
  std::vector<Connection> connections_;
  std::array<Platform, kVenues.size()> platforms_{};
};

}  // namespace hedgewatch
