#include "daemon/log_outbox.hpp"

#include <utility>

namespace hedgewatch {

void LogOutbox::add(LogLevel level, std::string_view source, std::string_view text, std::string_view detail) {
  const std::scoped_lock lock{mutex_};
  if (waiting_.size() == kCapacity)
    ++lost_;
  else
    waiting_.push_back({level, std::string{source}, std::string{text}, std::string{detail}});
}

void LogOutbox::write_to(Log& log) {
  std::vector<Message> messages;
  std::uint64_t lost = 0;
  {
    const std::scoped_lock lock{mutex_};
    messages.swap(waiting_);
    std::swap(lost, lost_);
  }
  for (const Message& message : messages) log.write(message.level, message.source, message.text, message.detail);
  if (lost != 0) log.warning("log", "messages found no room and were lost", std::to_string(lost));
}

}  // namespace hedgewatch
