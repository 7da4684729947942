#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "daemon/exposition/shortest_text.hpp"

namespace hedgewatch {

/// Text that grows at its end and keeps its memory between uses. Unlike std::string it neither initialises
/// what is about to be written nor checks for space at each character: the caller asks for room once.
class TextBuffer {
 public:
  /// Enough for any number, and for what is written over behind it.
  static constexpr std::size_t kNumberRoom = kShortestTextRoom;

  void clear() { size_ = 0; }
  /// Takes back what was put behind the first `size` bytes.
  void cut(std::size_t size) { size_ = size; }
  /// Makes sure that `bytes` more can be added by the put functions.
  void need(std::size_t bytes) {
    if (capacity_ - size_ < bytes) grow(bytes);
  }

  /// The put functions do not check for space: need() came first.
  void put(std::string_view text) {
    if (text.empty()) return;  // an empty view may have no address
    std::memcpy(memory_.get() + size_, text.data(), text.size());
    size_ += text.size();
  }
  /// The same for long text: a copy of some kilobytes at once takes up to twice as long as in pieces, where the library leaves it
  /// to one instruction of the processor.
  void put_long(std::string_view text) {
    constexpr std::size_t kPiece = 1'024;
    for (; text.size() > kPiece; text.remove_prefix(kPiece)) put(text.substr(0, kPiece));
    put(text);
  }
  void put(char c) { memory_[size_++] = c; }
  /// Shortest text that reads back as the same value; NaN, +Inf and -Inf as Prometheus writes them.
  void put_number(double value) {
    if (!std::isfinite(value)) {
      put(std::isnan(value) ? std::string_view{"NaN"} : value > 0 ? std::string_view{"+Inf"} : std::string_view{"-Inf"});
      return;
    }
    size_ = static_cast<std::size_t>(write_shortest(memory_.get() + size_, value) - memory_.get());
  }

  void append(std::string_view text) {
    need(text.size());
    put(text);
  }
  void append_number(double value) {
    need(kNumberRoom);
    put_number(value);
  }

  [[nodiscard]] std::string_view view() const { return {memory_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  void grow(std::size_t bytes) {
    const std::size_t capacity = (size_ + bytes) * 2;
    auto memory = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) std::memcpy(memory.get(), memory_.get(), size_);
    memory_ = std::move(memory);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace hedgewatch
