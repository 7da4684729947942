// Whatever happens in whatever order: a book that was invalidated applies nothing before a snapshot of a new subscription, every
// Apply continues the chain, and a subscription set's counts are those of its channels.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/session/book_synchroniser.hpp"
#include "feeds/session/subscription_set.hpp"

namespace {

using namespace hedgewatch;

void require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_{data}, size_{size} {}
  [[nodiscard]] bool empty() const { return size_ == 0; }
  std::uint8_t next() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

/// The book as its consumer sees it, from the verdicts alone.
class BookModel {
 public:
  void step(Input& input) {
    now_ += std::chrono::milliseconds{input.next() * 40};
    switch (input.next() % 8) {
      case 0:
        if (book_.wants() == BookRequest::Subscribe) asked_ = true;
        book_.on_subscribe_sent(now_);
        break;
      case 1:
        book_.on_unsubscribe_sent(now_);
        break;
      case 2:
        book_.on_unsubscribed();
        break;
      case 3:
        snapshot(input.next());
        break;
      case 4:
        book_.on_connection_lost();
        last_.reset();
        asked_ = false;
        break;
      case 5:
        if (book_.on_lost() == BookVerdict::Invalidate) invalidate();
        break;
      case 6:
        book_.on_deadline(now_);
        break;
      default:
        delta(input);
        break;
    }
    require(book_.live() == last_.has_value());
    require(!book_.live() || (book_.wants() == BookRequest::None && !book_.deadline()));
  }

 private:
  void snapshot(std::uint64_t sequence) {
    if (book_.on_snapshot(sequence) != BookVerdict::Apply) return;
    require(last_ || asked_);
    asked_ = false;
    last_ = sequence;
  }
  void delta(Input& input) {
    const std::uint64_t previous = input.next();
    const std::uint64_t sequence = input.next();
    const BookVerdict verdict = book_.on_delta(previous, sequence);
    if (verdict == BookVerdict::Apply) {
      require(last_ == previous);
      last_ = sequence;
    }
    if (verdict == BookVerdict::Invalidate) invalidate();
  }
  void invalidate() {
    require(last_.has_value());
    last_.reset();
    asked_ = false;
  }

  BookSynchroniser book_;
  MonoTime now_{std::chrono::hours{1}};
  std::optional<std::uint64_t> last_;  ///< nothing: invalid
  bool asked_ = false;                 ///< a subscribe went out since the last invalidation
};

class SetModel {
 public:
  void step(Input& input) {
    const std::string channel(1, static_cast<char>('a' + input.next() % 12));
    switch (input.next() % 8) {
      case 0:
        static_cast<void>(set_.want(channel));
        break;
      case 1:
        set_.unwant(channel);
        break;
      case 2:
        set_.renew(channel);
        break;
      case 3:
        keep(set_.take_subscribe());
        break;
      case 4:
        keep(set_.take_unsubscribe());
        break;
      case 5:
        reply(input);
        break;
      case 6:
        set_.retry_refused();
        break;
      default:
        if (input.next() % 4 == 0) set_.on_connection_lost();
        break;
    }
    std::size_t sum = 0;
    for (int state = 0; state < 6; ++state) sum += set_.count(static_cast<SubscriptionState>(state));
    require(sum == set_.size() && set_.size() <= kLimits.channels);
  }

 private:
  static constexpr SubscriptionLimits kLimits{.channels = 10, .channels_per_request = 3, .bytes_per_request = 12};

  void keep(const SubscriptionBatch& batch) {
    require(batch.channels.size() <= kLimits.channels_per_request);
    if (!batch.channels.empty()) batches_.push_back(batch);
  }
  /// Any batch of the past, accepted in part, as any kind of reply.
  void reply(Input& input) {
    if (batches_.empty()) return;
    const SubscriptionBatch& batch = batches_[input.next() % batches_.size()];
    const std::uint8_t kind = input.next();
    if (kind % 3 == 0) set_.on_failed(batch.number);
    if (kind % 3 == 1) set_.on_unsubscribed(batch.number);
    if (kind % 3 != 2) return;
    std::vector<std::string_view> accepted;
    for (std::size_t i = 0; i < batch.channels.size(); ++i)
      if ((kind >> (i + 2) & 1) != 0) accepted.emplace_back(batch.channels[i]);
    for (const std::string& refused : set_.on_subscribed(batch.number, accepted)) require(!set_.accepts(refused));
  }

  SubscriptionSet set_{kLimits};
  std::vector<SubscriptionBatch> batches_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, size};
  BookModel book;
  SetModel set;
  while (!input.empty()) {
    if (input.next() % 2 == 0)
      book.step(input);
    else
      set.step(input);
  }
  return 0;
}
