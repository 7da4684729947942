#include "feeds/session/chained_book.hpp"

namespace hedgewatch {

BookVerdict ChainedBook::on_message(const FrameDetail& message) {
  switch (message.book) {
    case BookForm::Snapshot: {
      const BookVerdict verdict = synchroniser_.on_snapshot(message.sequence);
      if (verdict == BookVerdict::Apply) cross_sequence_ = message.cross_sequence;
      return verdict;
    }
    case BookForm::Change: {
      // Recordings of before there were numbers have a checksum instead, which is for the content's keeper to see.
      if (!message.previous) return synchroniser_.live() ? BookVerdict::Apply : BookVerdict::Ignore;
      const BookVerdict verdict = synchroniser_.on_delta(*message.previous, message.sequence);
      if (verdict != BookVerdict::Apply) return verdict;
      if (message.cross_sequence < cross_sequence_) return synchroniser_.on_lost();
      cross_sequence_ = message.cross_sequence;
      return verdict;
    }
    case BookForm::Whole:
      return BookVerdict::Apply;
    case BookForm::None:
      break;
  }
  return BookVerdict::Ignore;
}

}  // namespace hedgewatch
