#include "feeds/session/subscription_set.hpp"

#include <algorithm>
#include <iterator>

namespace hedgewatch {

namespace {
constexpr std::size_t kQuotesAndComma = 3;
}

void SubscriptionSet::set_state(Entry& entry, SubscriptionState state) {
  --counts_[static_cast<std::size_t>(entry.state)];
  ++counts_[static_cast<std::size_t>(state)];
  entry.state = state;
}

void SubscriptionSet::queue(Entries::iterator entry, SubscriptionState state) {
  set_state(entry->second, state);
  entry->second.batch = 0;
  entry->second.again = false;
  entry->second.drop = false;
  (state == SubscriptionState::ToLeave ? to_unsubscribe_ : to_subscribe_).push_back(entry->first);
}

void SubscriptionSet::erase(Entries::iterator entry) {
  --counts_[static_cast<std::size_t>(entry->second.state)];
  entries_.erase(entry);
}

bool SubscriptionSet::want(std::string_view channel) {
  if (const auto known = entries_.find(channel); known != entries_.end()) {
    Entry& entry = known->second;
    entry.drop = false;
    if (entry.state == SubscriptionState::ToLeave && !entry.again)
      set_state(entry, SubscriptionState::Confirmed);
    else if (entry.state == SubscriptionState::Leaving)
      entry.again = true;
    return true;
  }
  if (entries_.size() >= limits_.channels) return false;
  const auto added = entries_.emplace(std::string{channel}, Entry{}).first;
  ++counts_[static_cast<std::size_t>(SubscriptionState::Wanted)];
  to_subscribe_.push_back(added->first);
  return true;
}

void SubscriptionSet::leave(Entries::iterator entry, bool again) {
  queue(entry, SubscriptionState::ToLeave);
  entry->second.again = again;
}

void SubscriptionSet::unwant(std::string_view channel) {
  const auto known = entries_.find(channel);
  if (known == entries_.end()) return;
  Entry& entry = known->second;
  switch (entry.state) {
    case SubscriptionState::Wanted:
    case SubscriptionState::Refused:
      erase(known);
      break;
    case SubscriptionState::Requested:
      entry.drop = true;
      break;
    case SubscriptionState::Confirmed:
      leave(known, false);
      break;
    case SubscriptionState::ToLeave:
    case SubscriptionState::Leaving:
      entry.again = false;
      break;
  }
}

void SubscriptionSet::renew(std::string_view channel) {
  const auto known = entries_.find(channel);
  if (known == entries_.end()) return;
  if (known->second.state == SubscriptionState::Confirmed)
    leave(known, true);
  else if (known->second.state == SubscriptionState::Refused)
    queue(known, SubscriptionState::Wanted);
}

void SubscriptionSet::retry_refused() {
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry)
    if (entry->second.state == SubscriptionState::Refused) queue(entry, SubscriptionState::Wanted);
}

SubscriptionBatch SubscriptionSet::take(std::deque<std::string>& waiting, SubscriptionState due, SubscriptionState asked) {
  SubscriptionBatch batch;
  std::size_t bytes = 0;
  while (!waiting.empty() && batch.channels.size() < limits_.channels_per_request) {
    const auto entry = entries_.find(waiting.front());
    if (entry == entries_.end() || entry->second.state != due) {
      waiting.pop_front();
      continue;
    }
    bytes += waiting.front().size() + kQuotesAndComma;
    if (bytes > limits_.bytes_per_request && !batch.channels.empty()) break;
    if (batch.channels.empty()) batch.number = ++last_batch_;
    set_state(entry->second, asked);
    entry->second.batch = batch.number;
    batch.channels.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
  if (!batch.channels.empty()) outstanding_.emplace(batch.number, batch.channels);
  return batch;
}

SubscriptionBatch SubscriptionSet::take_subscribe() {
  return take(to_subscribe_, SubscriptionState::Wanted, SubscriptionState::Requested);
}

SubscriptionBatch SubscriptionSet::take_unsubscribe() {
  return take(to_unsubscribe_, SubscriptionState::ToLeave, SubscriptionState::Leaving);
}

std::vector<std::string> SubscriptionSet::close_batch(std::uint64_t batch) {
  const auto open = outstanding_.find(batch);
  if (open == outstanding_.end()) return {};
  std::vector<std::string> channels = std::move(open->second);
  outstanding_.erase(open);
  return channels;
}

std::vector<std::string> SubscriptionSet::on_subscribed(std::uint64_t batch, const std::vector<std::string_view>& accepted) {
  std::vector<std::string_view> sorted = accepted;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> refused;
  for (std::string& channel : close_batch(batch)) {
    const auto entry = entries_.find(channel);
    if (entry == entries_.end() || entry->second.batch != batch) continue;
    if (std::binary_search(sorted.begin(), sorted.end(), std::string_view{channel})) {
      if (entry->second.drop)
        leave(entry, false);
      else
        set_state(entry->second, SubscriptionState::Confirmed);
    } else if (entry->second.drop) {
      erase(entry);
    } else {
      set_state(entry->second, SubscriptionState::Refused);
      refused.push_back(std::move(channel));
    }
  }
  return refused;
}

std::vector<std::string> SubscriptionSet::on_unsubscribed(std::uint64_t batch) {
  std::vector<std::string> left;
  for (std::string& channel : close_batch(batch)) {
    const auto entry = entries_.find(channel);
    if (entry == entries_.end() || entry->second.batch != batch) continue;
    if (entry->second.again)
      queue(entry, SubscriptionState::Wanted);
    else
      erase(entry);
    left.push_back(std::move(channel));
  }
  return left;
}

void SubscriptionSet::on_failed(std::uint64_t batch) {
  for (const std::string& channel : close_batch(batch)) {
    const auto entry = entries_.find(channel);
    if (entry == entries_.end() || entry->second.batch != batch) continue;
    if (entry->second.state == SubscriptionState::Leaving)
      leave(entry, entry->second.again);
    else if (entry->second.drop)
      leave(entry, false);  // it may have been subscribed all the same
    else
      queue(entry, SubscriptionState::Wanted);
  }
}

void SubscriptionSet::on_connection_lost() {
  ++generation_;
  outstanding_.clear();
  to_subscribe_.clear();
  to_unsubscribe_.clear();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    const bool leaving = entry->second.state == SubscriptionState::ToLeave || entry->second.state == SubscriptionState::Leaving;
    if (entry->second.drop || (leaving && !entry->second.again))
      erase(entry);
    else
      queue(entry, SubscriptionState::Wanted);
    entry = next;
  }
}

bool SubscriptionSet::accepts(std::string_view channel) const {
  const auto entry = entries_.find(channel);
  if (entry == entries_.end()) return false;
  // The first notification may come before the reply.
  return entry->second.state == SubscriptionState::Confirmed || entry->second.state == SubscriptionState::Requested;
}

}  // namespace hedgewatch
