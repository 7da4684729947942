#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <tuple>
#include <vector>

#include "core/market/event.hpp"

namespace hedgewatch {

/// What was true at one place of the event sequence, as the fewest events that say so: contracts and their phases, feeds, venues,
/// positions, balances, and the newest mark, quote and index of each. Order books are left out: their next snapshot brings them
/// back. A segment begins with it, so that older segments can be deleted. Bounded by what the venues list.
class JournalDigest {
 public:
  void note(const Event& event);
  /// The events in an order that can be applied: contracts before what names them, positions inside a snapshot.
  void restate(const std::function<void(const Event&)>& take) const;

 private:
  using InstrumentKey = std::pair<InstrumentId, ConnectionId>;
  using AssetKey = std::pair<AccountId, AssetCode>;

  std::map<InstrumentId, Event> contracts_;
  std::map<InstrumentId, Event> phases_;
  std::map<ConnectionId, Event> feeds_;
  std::map<Venue, Event> platforms_;
  std::map<std::tuple<Venue, AssetCode, AssetCode>, Event> indices_;
  std::map<InstrumentKey, Event> marks_;
  std::map<InstrumentId, Event> quotes_;
  std::map<InstrumentId, Event> fundings_;
  std::map<AssetKey, Event> summaries_;
  std::map<AssetKey, Event> greeks_;
  struct AccountPositions {
    std::map<InstrumentId, Event> open;
    std::vector<InstrumentId> named;  ///< by the snapshot that is under way
    bool in_snapshot = false;
    bool complete = false;  ///< a whole snapshot was seen
    EventHeader snapshot{};
  };
  std::map<AccountId, AccountPositions> positions_;
};

}  // namespace hedgewatch
