#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hedgewatch {

/// Writes state to bytes, or reads it back: each class names its members once, in `visit_state(archive)`, for both directions, so
/// that what is saved and what is loaded cannot drift apart.
///
/// The bytes are for the same build on the same kind of machine, behind a checksum of their keeper's. Every length is checked
/// against what is left, sections are named, and the shape of everything visited is compared at the end; a place inside other
/// state is not. What is trivially copyable goes bit by bit: such a struct must hold no pointer, span or reference.
class StateArchive {
 public:
  /// Saves: appends to `out`, which keeps its capacity from one use to the next.
  explicit StateArchive(std::vector<std::byte>& out) : out_{&out} {}
  /// Loads.
  explicit StateArchive(std::span<const std::byte> in) : in_{in} {}

  [[nodiscard]] bool loading() const { return out_ == nullptr; }
  [[nodiscard]] bool failed() const { return !fault_.empty(); }
  /// What did not fit, and in which section; empty when all did.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  /// The first fault stays. After one, nothing more is read.
  void fail(std::string_view what) {
    if (failed()) return;
    fault_ = std::string{what} + " in " + std::string{section_};
  }

  template <class... Values>
  void operator()(Values&... values) {
    (visit(values), ...);
  }

  /// Begins a part with a name, so that bytes which are read as something else are told near their place.
  void section(std::string_view name) {
    section_ = name;
    std::uint64_t mark = digest_of(name);
    const std::uint64_t expected = mark;
    visit(mark);
    if (mark != expected) fail("another section stands");
  }
  /// The end: loading, everything must have been read, and it must have had the shape that was saved.
  void end() {
    section_ = "end";
    std::uint64_t shape = shape_;
    const std::uint64_t expected = shape;
    visit(shape);
    if (shape != expected) fail("the shape differs");
    if (loading() && !in_.empty()) fail("bytes are left over");
  }

  /// Bytes as they are; their number is known to both sides.
  void raw(void* place, std::size_t bytes) {
    if (out_ != nullptr) {
      const auto* first = static_cast<const std::byte*>(place);
      out_->insert(out_->end(), first, first + bytes);
      return;
    }
    if (failed()) return;
    if (in_.size() < bytes) return fail("bytes are missing");
    if (bytes != 0) std::memcpy(place, in_.data(), bytes);
    in_ = in_.subspan(bytes);
  }

 private:
  template <class T>
  static constexpr bool kVisits = requires(T& value, StateArchive& archive) { value.visit_state(archive); };
  template <class T>
  static constexpr bool kBits = std::is_trivially_copyable_v<T> && !kVisits<T>;

  static constexpr std::uint64_t digest_of(std::string_view text) {
    std::uint64_t digest = 0xCBF29CE484222325;
    for (const char c : text) digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    return digest;
  }
  void note_shape(std::size_t bytes) { shape_ = (shape_ ^ bytes) * 0x100000001B3; }

  template <class T>
  void visit(T& value) {
    if constexpr (kVisits<T>) {
      value.visit_state(*this);
    } else {
      static_assert(kBits<T>, "a class with members of its own has a visit_state");
      static_assert(!std::is_pointer_v<T>, "an address means nothing in the next process");
      note_shape(sizeof(T));
      raw(&value, sizeof(T));
    }
  }

  /// A count of elements that take at least `least_bytes` each: never more than what is left can hold.
  std::size_t count(std::size_t now, std::size_t least_bytes) {
    std::uint64_t number = now;
    raw(&number, sizeof number);
    if (!loading()) return now;
    if (failed()) return 0;
    if (number > in_.size() / (least_bytes == 0 ? 1 : least_bytes)) {
      fail("a count is too large");
      return 0;
    }
    return static_cast<std::size_t>(number);
  }

  void visit(std::string& text) {
    const std::size_t size = count(text.size(), 1);
    if (loading()) text.resize(size);
    raw(text.data(), size);
  }

  template <class T>
  void visit(std::vector<T>& values) {
    if constexpr (kBits<T>) {
      note_shape(sizeof(T));
      const std::size_t size = count(values.size(), sizeof(T));
      if constexpr (std::default_initializable<T>) {
        if (loading()) values.resize(size);
        raw(values.data(), size * sizeof(T));
      } else {
        if (!loading()) return raw(values.data(), size * sizeof(T));
        values.clear();
        for (std::size_t i = 0; i < size && !failed(); ++i) {
          std::array<std::byte, sizeof(T)> bytes{};
          raw(bytes.data(), bytes.size());
          values.push_back(std::bit_cast<T>(bytes));
        }
      }
    } else {
      // Where an element cannot be made from nothing, the same number of them was made from the configuration.
      const std::size_t size = count(values.size(), 1);
      if (loading()) values.resize(size);
      for (T& value : values) visit(value);
    }
  }

  template <class T, std::size_t N>
  void visit(std::array<T, N>& values) {
    if constexpr (kBits<std::array<T, N>>) {
      note_shape(sizeof values);
      raw(values.data(), sizeof values);
    } else {
      for (T& value : values) visit(value);
    }
  }
  template <class T, std::size_t N>
  void visit(T (&values)[N]) {
    for (T& value : values) visit(value);
  }

  template <class T>
  void visit(std::unique_ptr<T>& value) {
    bool there = value != nullptr;
    raw(&there, sizeof there);
    if (loading() && !there) value.reset();
    if (there && value == nullptr) {
      if constexpr (std::default_initializable<T>)
        value = std::make_unique<T>();
      else
        return fail("something stands that the configuration does not make");
    }
    if (there) visit(*value);
  }

  template <class Key, class Value>
  void visit(std::pair<Key, Value>& pair) {
    visit(pair.first);
    visit(pair.second);
  }

  template <class Key, class Value>
  void visit(std::map<Key, Value>& values) {
    const std::size_t size = count(values.size(), 1);
    if (!loading()) {
      for (auto& [key, value] : values) {
        Key copy = key;
        visit(copy);
        visit(value);
      }
      return;
    }
    values.clear();
    for (std::size_t i = 0; i < size && !failed(); ++i) {
      Key key{};
      Value value{};
      visit(key);
      visit(value);
      values.insert_or_assign(values.end(), std::move(key), std::move(value));
    }
  }

  template <class Key>
  void visit(std::set<Key>& values) {
    const std::size_t size = count(values.size(), 1);
    if (!loading()) {
      for (Key key : values) visit(key);
      return;
    }
    values.clear();
    for (std::size_t i = 0; i < size && !failed(); ++i) {
      Key key{};
      visit(key);
      values.insert(values.end(), std::move(key));
    }
  }

  std::vector<std::byte>* out_ = nullptr;
  std::span<const std::byte> in_;
  std::uint64_t shape_ = 0xCBF29CE484222325;
  std::string_view section_ = "the beginning";
  std::string fault_;
};

}  // namespace hedgewatch
