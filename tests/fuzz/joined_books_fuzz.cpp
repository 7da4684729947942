// Books that are joined from a stream and a snapshot, beside a model that knows every change by its number. A stream of changes
// numbered from 1 is played in any order, with repeats and holes, and snapshots of any moment. Property: whenever the book is
// whole, the changes that it applied behind its snapshot are exactly those that follow the snapshot, each once and in order.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>

#include "feeds/session/chained_book.hpp"
#include "feeds/session/spliced_book.hpp"

using namespace hedgewatch;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// Change number n covers the update ids (n - 1) * kWidth + 1 to n * kWidth.
constexpr std::uint64_t kWidth = 3;

FrameDetail change_of(std::uint64_t number) {
  FrameDetail detail;
  detail.book = BookForm::Change;
  detail.first_sequence = (number - 1) * kWidth + 1;
  detail.sequence = number * kWidth;
  detail.previous = (number - 1) * kWidth;
  detail.cross_sequence = number;
  return detail;
}

Event marked(std::uint64_t number) {
  Event event;
  event.body = BookEnd{number};
  return event;
}

std::uint64_t mark_of(const Event& event) { return std::get<BookEnd>(event.body).sequence; }

/// What a consumer holds: all update ids up to here, without a hole.
class Held {
 public:
  void snapshot(std::uint64_t last) { last_ = last; }
  void change(std::uint64_t number) {
    require(last_.has_value());
    require((number - 1) * kWidth <= *last_);  // no hole before it
    require(number * kWidth >= *last_);        // and nothing older than what is known
    last_ = number * kWidth;
  }
  void lose() { last_.reset(); }
  [[nodiscard]] bool whole() const { return last_.has_value(); }

 private:
  std::optional<std::uint64_t> last_;
};

class Splice {
 public:
  explicit Splice(SpliceRule rule) : book_{rule} {}

  void step(std::uint8_t what, std::uint8_t number) {
    switch (what) {
      case 0:
        snapshot(number);
        break;
      case 1:
        if (book_.on_lost()) held_.lose();
        break;
      case 2:
        book_.reset();
        held_.lose();
        break;
      default:
        change(1U + number);
        break;
    }
    require(book_.live() == held_.whole() && book_.wants_snapshot() != book_.live());
  }

 private:
  void snapshot(std::uint64_t last) {
    if (book_.on_snapshot(last) != SnapshotVerdict::Joined) return;
    held_.snapshot(last);
    for (const Event& event : book_.held()) held_.change(mark_of(event));
  }
  void change(std::uint64_t number) {
    const Event event = marked(number);
    switch (book_.on_change(change_of(number), std::span{&event, 1})) {
      case SpliceVerdict::Apply:
        held_.change(number);
        break;
      case SpliceVerdict::Invalidate:
        require(held_.whole());
        held_.lose();
        break;
      case SpliceVerdict::Ignore:
        require(held_.whole());
        break;
      case SpliceVerdict::Hold:
        require(!held_.whole());
        break;
    }
  }

  SplicedBook book_;
  Held held_;
};

class Chain {
 public:
  void step(std::uint8_t what, std::uint8_t number) {
    now_ += std::chrono::milliseconds{number};
    switch (what) {
      case 0:
        snapshot(number);
        break;
      case 1:
        if (book_.on_lost() == BookVerdict::Invalidate) held_.lose();
        break;
      case 2:
        book_.synchroniser().on_connection_lost();
        held_.lose();
        break;
      case 3:
        book_.synchroniser().on_subscribe_sent(now_);
        break;
      case 4:
        book_.synchroniser().on_unsubscribe_sent(now_);
        book_.synchroniser().on_unsubscribed();
        break;
      case 5:
        book_.synchroniser().on_deadline(now_);
        break;
      default:
        change(1U + number);
        break;
    }
    require(book_.synchroniser().live() == held_.whole());
  }

 private:
  void snapshot(std::uint64_t number) {
    FrameDetail detail;
    detail.book = BookForm::Snapshot;
    detail.sequence = number * kWidth;
    detail.cross_sequence = number;
    if (book_.on_message(detail) == BookVerdict::Apply) held_.snapshot(number * kWidth);
  }
  void change(std::uint64_t number) {
    const BookVerdict verdict = book_.on_message(change_of(number));
    if (verdict == BookVerdict::Apply) held_.change(number);
    if (verdict == BookVerdict::Invalidate) held_.lose();
  }

  ChainedBook book_;
  Held held_;
  MonoTime now_{std::chrono::hours{1}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Splice named{SpliceRule::NamedPredecessor};
  Splice numbered{SpliceRule::NextNumber};
  Chain chain;
  for (std::size_t at = 0; at + 1 < size; at += 2) {
    // Small numbers, so that chains happen; the top bits say whose turn it is.
    const auto what = static_cast<std::uint8_t>(data[at] % 16U);
    const std::uint8_t number = data[at + 1] % 32U;
    switch (data[at] >> 6U) {
      case 0:
        named.step(what, number);
        break;
      case 1:
        numbered.step(what, number);
        break;
      default:
        chain.step(what, number);
        break;
    }
  }
  return 0;
}
