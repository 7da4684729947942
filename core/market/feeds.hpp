#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
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

  /// Takes `count` connections; those of before come to their new places, the others have not said anything yet.
  void renumber_connections(std::span<const ConnectionId> new_of_old, std::size_t count) {
    std::vector<Connection> connections(count);
    for (std::size_t old = 0; old < new_of_old.size(); ++old)
      if (new_of_old[old] != kNoConnection) connections[static_cast<std::size_t>(new_of_old[old])] = connections_[old];
    connections_ = std::move(connections);
    for (Platform& platform : platforms_) {
      const auto old = static_cast<std::size_t>(platform.connection);
      platform.connection = old < new_of_old.size() ? new_of_old[old] : kNoConnection;
    }
  }

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

  /// See StateArchive.
  void visit_state(auto& archive) { archive(connections_, platforms_); }

 private:
  std::vector<Connection> connections_;
  std::array<Platform, kVenues.size()> platforms_{};
};

}  // namespace hedgewatch
