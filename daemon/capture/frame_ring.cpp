#include "daemon/capture/frame_ring.hpp"

#include <algorithm>
#include <cstring>

namespace hedgewatch {

FrameRing::FrameRing(std::size_t bytes) : bytes_(std::max<std::size_t>(bytes, 1'024)) {}

void FrameRing::write(std::uint64_t at, const void* from, std::size_t size) {
  const std::size_t place = at % bytes_.size();
  const std::size_t first = std::min(size, bytes_.size() - place);
  std::memcpy(bytes_.data() + place, from, first);
  std::memcpy(bytes_.data(), static_cast<const char*>(from) + first, size - first);
}

void FrameRing::read(std::uint64_t at, void* into, std::size_t size) const {
  const std::size_t place = at % bytes_.size();
  const std::size_t first = std::min(size, bytes_.size() - place);
  std::memcpy(into, bytes_.data() + place, first);
  std::memcpy(static_cast<char*>(into) + first, bytes_.data(), size - first);
}

bool FrameRing::put(const WaitingFrame& frame, std::string_view text) {
  const std::uint64_t begin = put_.load(std::memory_order_relaxed);
  const std::uint64_t used = begin - taken_.load(std::memory_order_acquire);
  const std::size_t needed = sizeof(Head) + text.size();
  if (text.size() > bytes_.size() || needed > bytes_.size() - used) return false;
  const Head head{frame, static_cast<std::uint32_t>(text.size())};
  write(begin, &head, sizeof head);
  write(begin + sizeof head, text.data(), text.size());
  if (used == 0) oldest_ns_.store(nanoseconds_of(frame.queued), std::memory_order_relaxed);
  put_.store(begin + needed, std::memory_order_release);
  return true;
}

void FrameRing::drain(const std::function<void(const WaitingFrame&, std::string_view)>& take) {
  std::uint64_t at = taken_.load(std::memory_order_relaxed);
  const std::uint64_t end = put_.load(std::memory_order_acquire);
  while (at != end) {
    Head head;
    read(at, &head, sizeof head);
    oldest_ns_.store(nanoseconds_of(head.frame.queued), std::memory_order_relaxed);
    text_.resize(head.size);
    read(at + sizeof head, text_.data(), head.size);
    at += sizeof head + head.size;
    taken_.store(at, std::memory_order_release);
    take(head.frame, text_);
  }
  oldest_ns_.store(0, std::memory_order_relaxed);
}

}  // namespace hedgewatch
