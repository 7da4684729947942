#include "feeds/session/book_synchroniser.hpp"

namespace hedgewatch {

void BookSynchroniser::on_subscribe_sent(MonoTime now) {
  if (step_ != Step::ToSubscribe) return;
  step_ = Step::AwaitSnapshot;
  deadline_ = now + timings_.snapshot;
}

void BookSynchroniser::on_unsubscribe_sent(MonoTime now) {
  if (step_ != Step::ToUnsubscribe) return;
  step_ = Step::AwaitUnsubscribed;
  deadline_ = now + timings_.unsubscribe;
}

void BookSynchroniser::on_unsubscribed() {
  if (step_ != Step::AwaitUnsubscribed) return;
  step_ = Step::ToSubscribe;
  deadline_.reset();
}

void BookSynchroniser::on_connection_lost() {
  tracker_.invalidate();
  deadline_.reset();
  fruitless_ = 0;
  step_ = Step::ToSubscribe;
}

BookVerdict BookSynchroniser::on_snapshot(std::uint64_t sequence) {
  if (step_ != Step::AwaitSnapshot && step_ != Step::Live) return BookVerdict::Ignore;
  tracker_.on_snapshot(sequence);
  deadline_.reset();
  fruitless_ = 0;
  step_ = Step::Live;
  return BookVerdict::Apply;
}

BookVerdict BookSynchroniser::on_delta(std::uint64_t previous, std::uint64_t sequence) {
  if (step_ != Step::Live) return BookVerdict::Ignore;
  switch (tracker_.on_delta(previous, sequence)) {
    case SequenceVerdict::Apply:
      return BookVerdict::Apply;
    case SequenceVerdict::Ignore:
      return BookVerdict::Ignore;
    case SequenceVerdict::Resync:
      break;
  }
  return on_lost();
}

BookVerdict BookSynchroniser::on_lost() {
  if (step_ != Step::Live) return BookVerdict::Ignore;
  tracker_.invalidate();
  step_ = Step::ToUnsubscribe;
  return BookVerdict::Invalidate;
}

void BookSynchroniser::on_deadline(MonoTime now) {
  if (!deadline_ || now < *deadline_) return;
  deadline_.reset();
  ++fruitless_;
  step_ = Step::ToUnsubscribe;
}

BookRequest BookSynchroniser::wants() const {
  if (step_ == Step::ToSubscribe) return BookRequest::Subscribe;
  return step_ == Step::ToUnsubscribe ? BookRequest::Unsubscribe : BookRequest::None;
}

BookPhase BookSynchroniser::phase() const {
  switch (step_) {
    case Step::ToSubscribe:
    case Step::AwaitSnapshot:
      return BookPhase::New;
    case Step::Live:
      return BookPhase::Live;
    case Step::ToUnsubscribe:
    case Step::AwaitUnsubscribed:
      break;
  }
  return BookPhase::Resyncing;
}

}  // namespace hedgewatch
