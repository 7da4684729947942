#include "daemon/journal/journal_reader.hpp"

#include <charconv>
#include <limits>
#include <utility>

#include "daemon/journal/event_codec.hpp"
#include "daemon/text_file.hpp"

namespace hedgewatch {

bool JournalReader::open_next_segment() {
  path_ = segments_[next_segment_++].path;
  auto bytes = read_text_file(path_.string(), std::numeric_limits<std::size_t>::max());
  if (!bytes.ok()) return false;
  bytes_ = std::move(bytes).value();
  walker_.emplace(bytes_, first_wanted_);
  begins_session_ = false;
  return true;
}

std::optional<JournalItem> JournalReader::from_block(JournalBlock& block) {
  switch (block.kind) {
    case BlockKind::Session: {
      auto session = parse_session(block.payload);
      if (!session) break;
      // Segments of one process follow each other without a gap; anything else is another beginning.
      const bool follows = session_ && block.sequence == expected_sequence_;
      const bool same = session_ && *session_ == *session;
      begins_session_ = !(follows && same);
      session_ = std::move(session);
      expected_sequence_ = block.sequence;
      if (begins_session_) return SessionStart{*session_, session_->continues && follows && !same, block.sequence};
      return std::nullopt;
    }
    case BlockKind::Alerts:
      if (!begins_session_) return std::nullopt;
      return RememberedAlerts{std::move(block.payload)};
    case BlockKind::Configuration:
      if (!begins_session_ && block.payload == configuration_) return std::nullopt;
      configuration_ = block.payload;
      return ConfigurationText{.text = std::move(block.payload), .sequence = block.sequence};
    case BlockKind::Restated:
      if (!begins_session_) return std::nullopt;
      [[fallthrough]];
    case BlockKind::Events:
      if (block.payload.empty() && block.count > 0) {
        expected_sequence_ = block.sequence + block.count;
        return std::nullopt;
      }
      event_sequence_ = block.sequence;
      block_ = std::move(block);
      events_ = block_.payload;
      return std::nullopt;
    case BlockKind::State:
      break;
    case BlockKind::Loss: {
      std::uint64_t count = 0;
      const char* const last = block.payload.data() + block.payload.size();
      if (std::from_chars(block.payload.data(), last, count).ptr == last) return LostEvents{count};
      break;
    }
  }
  return JournalDamage{
      .file = path_, .offset = walker_->offset(), .bytes = 0, .torn_tail = false, .what = "a block makes no sense"};
}

std::optional<JournalItem> JournalReader::next() {
  while (true) {
    if (!events_.empty()) {
      const auto event = decode_event(events_);
      if (!event) {
        const std::size_t bytes = std::exchange(events_, {}).size();
        return JournalDamage{.file = path_,
                             .offset = walker_->offset(),
                             .bytes = bytes,
                             .torn_tail = false,
                             .what = "an event of a kind this program does not know"};
      }
      if (block_.kind == BlockKind::Restated) return RestatedEvent{*event};
      expected_sequence_ = event_sequence_ + 1;
      return JournaledEvent{*event, event_sequence_++};
    }
    if (!walker_) {
      if (next_segment_ == segments_.size()) return std::nullopt;
      if (!open_next_segment())
        return JournalDamage{.file = path_, .offset = 0, .bytes = 0, .torn_tail = false, .what = "cannot be opened"};
    }
    auto step = walker_->next();
    if (!step) {
      walker_.reset();
      continue;
    }
    if (step->damage) {
      const BlockDamage& damage = *step->damage;
      return JournalDamage{.file = path_,
                           .offset = damage.offset,
                           .bytes = damage.bytes,
                           .torn_tail = damage.at_end,
                           .what = damage.at_end ? "a torn tail" : "damaged bytes"};
    }
    if (auto item = from_block(*step->block)) return item;
  }
}

}  // namespace hedgewatch
