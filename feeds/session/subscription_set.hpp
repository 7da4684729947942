#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hedgewatch {

enum class SubscriptionState : std::uint8_t {
  Wanted,     ///< to be subscribed
  Requested,  ///< asked for, no reply yet
  Confirmed,  ///< the venue named it in its reply
  Refused,    ///< the venue left it out of its reply
  ToLeave,    ///< to be unsubscribed
  Leaving,    ///< unsubscribe asked for, no reply yet
};

/// Channels to ask for in one request. `number` is unique in the set's life: keep it beside the request's id.
struct SubscriptionBatch {
  std::uint64_t number = 0;
  std::vector<std::string> channels;
};

struct SubscriptionLimits {
  std::size_t channels = 20'000;           ///< in the whole set
  std::size_t channels_per_request = 500;  ///< positive
  std::size_t bytes_per_request = 24'000;  ///< of channel names with quotes and comma
};

/// Which channels one connection should carry, and which it does. Venues leave refused channels out of their reply without
/// saying so, hence the difference between requested and accepted is taken here. Requests are served in the order of asking, after
/// a lost connection in the order of the names.
class SubscriptionSet {
 public:
  explicit SubscriptionSet(SubscriptionLimits limits = {}) : limits_{limits} {}

  /// Adds a channel; one that is being left is subscribed again afterwards. False when the set is full: then nothing was added.
  [[nodiscard]] bool want(std::string_view channel);
  /// Removes a channel, after an unsubscribe where the venue knows it.
  void unwant(std::string_view channel);
  /// Leaves a channel and subscribes it again, for a new snapshot.
  void renew(std::string_view channel);
  /// Refused channels are asked for again.
  void retry_refused();

  /// The next channels to subscribe; empty when none is wanted. They count as requested from now on.
  [[nodiscard]] SubscriptionBatch take_subscribe();
  /// The next channels to unsubscribe. They count as leaving from now on.
  [[nodiscard]] SubscriptionBatch take_unsubscribe();

  /// The venue's reply to a subscribe batch. Returns the refused channels: requested and not accepted. A reply to a batch of an
  /// earlier connection, or to none, changes nothing.
  std::vector<std::string> on_subscribed(std::uint64_t batch, const std::vector<std::string_view>& accepted);
  /// The reply to an unsubscribe batch, whatever it lists: afterwards none of its channels is subscribed. Returns its channels.
  std::vector<std::string> on_unsubscribed(std::uint64_t batch);
  /// The request failed as a whole or got no reply: its channels are due again.
  void on_failed(std::uint64_t batch);
  /// All subscriptions die with the connection. Everything still wanted, refused ones too, is due again.
  void on_connection_lost();

  /// Nothing the set was asked for is Wanted or Requested.
  [[nodiscard]] bool settled() const { return count(SubscriptionState::Wanted) == 0 && count(SubscriptionState::Requested) == 0; }
  /// A notification of this channel belongs to the present subscription.
  [[nodiscard]] bool accepts(std::string_view channel) const;
  [[nodiscard]] std::size_t count(SubscriptionState state) const { return counts_[static_cast<std::size_t>(state)]; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Grows with each lost connection.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  struct Entry {
    std::uint64_t batch = 0;  ///< the request it is part of, 0 for none
    SubscriptionState state = SubscriptionState::Wanted;
    bool again = false;  ///< while it is left: subscribe it again afterwards
    bool drop = false;   ///< while it is requested: leave it after the reply
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  void set_state(Entry& entry, SubscriptionState state);
  void queue(Entries::iterator entry, SubscriptionState state);
  void erase(Entries::iterator entry);
  void leave(Entries::iterator entry, bool again);
  SubscriptionBatch take(std::deque<std::string>& waiting, SubscriptionState due, SubscriptionState asked);
  /// Removes and returns the members of an outstanding batch.
  std::vector<std::string> close_batch(std::uint64_t batch);

  SubscriptionLimits limits_;
  Entries entries_;
  std::deque<std::string> to_subscribe_;  ///< may hold names that are no longer due; they are skipped
  std::deque<std::string> to_unsubscribe_;
  std::map<std::uint64_t, std::vector<std::string>> outstanding_;
  std::array<std::size_t, 6> counts_{};
  std::uint64_t last_batch_ = 0;
  std::uint64_t generation_ = 0;
};

}  // namespace hedgewatch
