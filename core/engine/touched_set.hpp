#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hedgewatch {

/// Indices that must be recomputed, each once, in the order they were touched. Never allocates after resize().
class TouchedSet {
 public:
  /// Empties the set and makes room for indices below `size`.
  void resize(std::size_t size) {
    marked_.assign(size, 0);
    items_.clear();
    items_.reserve(size);
  }
  /// Makes room for more and keeps what is in it.
  void grow(std::size_t size) {
    if (size <= marked_.size()) return;
    marked_.resize(size, 0);
    items_.reserve(size);
  }
  void insert(std::size_t index) {
    if (marked_[index] != 0) return;
    marked_[index] = 1;
    items_.push_back(static_cast<std::uint32_t>(index));
  }
  void insert_all() {
    for (std::size_t i = 0; i < marked_.size(); ++i) insert(i);
  }
  void clear() {
    for (const std::uint32_t item : items_) marked_[item] = 0;
    items_.clear();
  }
  [[nodiscard]] bool contains(std::size_t index) const { return marked_[index] != 0; }
  /// How many indices there is room for.
  [[nodiscard]] std::size_t size() const { return marked_.size(); }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] std::span<const std::uint32_t> items() const { return items_; }

  /// See StateArchive.
  void visit_state(auto& archive) { archive(marked_, items_); }

 private:
  std::vector<std::uint8_t> marked_;
  std::vector<std::uint32_t> items_;
};

}  // namespace hedgewatch
