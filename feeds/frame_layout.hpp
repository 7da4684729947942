#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "feeds/json_reader.hpp"

namespace hedgewatch {

/// What stands at a place of a frame that was read by its layout.
enum class ValueForm : std::uint8_t {
  Absent,  ///< the layout has no such field
  Null,
  Number,        ///< bare
  QuotedNumber,  ///< a number alone in quotes, also where a name looks like one
  Text,          ///< in quotes: printable ASCII without escapes
  Word           ///< true or false
};

/// A value whose place in its message's layout has a meaning.
struct LayoutField {
  std::string_view path;  ///< its keys, joined by points: "params.data.greeks.delta"
  std::uint8_t field = 0;
  bool number = true;  ///< what stands in its quotes is read as a number when it is one
};
/// For paths whose value must stay as it was when the layout was learned: it says what the message is.
inline constexpr std::uint8_t kFixedField = 0xFF;

/// What the layouts of one kind of message have in common.
struct MessagePattern {
  std::span<const LayoutField> fields;
  /// Values whose path begins so and that no field names are checked and passed over. A frame that has any elsewhere is not
  /// learned.
  std::string_view free_below;
};

/// A venue writes the messages of a kind with the same keys in the same order for hours. The layouts that came lately are kept as
/// the texts between their values, so a frame of one of them is read by comparing these and scanning the values, without an index
/// of its structure. A layout is learned from a frame that the venue's own decoder has accepted; what differs in any way is left to
/// that decoder. So nothing is accepted here that it would refuse: the keys are those of an accepted frame byte for byte, the
/// values are whole numbers, literals or printable texts, and the frame ends where it did.
class FrameLayouts {
 public:
  static constexpr std::size_t kMostFields = 32;
  static constexpr std::size_t kMostLayouts = 8;
  /// So many frames that fit no layout are learned at once; of later ones one in kMissesPerLesson, in the place of an old one when
  /// there is no other. A venue that shuffles its keys costs little more than one without layouts.
  static constexpr std::uint64_t kFirstLessons = 32;
  static constexpr std::uint64_t kMissesPerLesson = 64;

  FrameLayouts();

  /// True: the frame has a known layout, and its values can be asked for until the next call. Views point into the frame.
  [[nodiscard]] bool read(simdjson::padded_string_view frame);

  /// The kind that was given when the layout of the frame was learned.
  [[nodiscard]] std::uint8_t kind() const { return layouts_[current_].kind; }
  [[nodiscard]] ValueForm form(std::uint8_t field) const { return forms_[field]; }
  [[nodiscard]] bool missing(std::uint8_t field) const { return forms_[field] <= ValueForm::Null; }
  /// Of a number, in quotes or bare.
  [[nodiscard]] Decimal decimal(std::uint8_t field) const {
    const Value& value = values_[field];
    return {value.mantissa, value.exponent, value.negative, true, text(field)};
  }
  /// A bare number as the nearest double, the same as its decimal's. A missing one leaves what was there. False: the value is of
  /// another form, or too large.
  [[nodiscard]] bool number(std::uint8_t field, double& into) const {
    static constexpr std::array<double, 16> kPowers{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    constexpr std::uint64_t kExactIntegers = std::uint64_t{1} << 53;
    if (forms_[field] != ValueForm::Number) return missing(field);
    const Value& value = values_[field];
    const auto decimals = static_cast<std::uint32_t>(-value.exponent);
    if (value.mantissa > kExactIntegers || decimals >= kPowers.size()) return unusual_number(field, into);
    const double magnitude = static_cast<double>(static_cast<std::int64_t>(value.mantissa)) / kPowers[decimals];
    into = value.negative ? -magnitude : magnitude;
    return true;
  }
  /// As written, without quotes; for whatever is neither absent nor null.
  [[nodiscard]] std::string_view text(std::uint8_t field) const { return {values_[field].first, values_[field].length}; }

  /// For a frame that `read` refused and the decoder took. Remembers its layout, unless it has values in arrays, a field twice, or
  /// values outside of what the pattern allows. `kind` comes back from kind().
  void learn(std::string_view frame, const MessagePattern& pattern, std::uint8_t kind);

  [[nodiscard]] std::uint64_t matched() const { return matched_; }
  /// Frames of the decoders' kinds that had to be read in full: what `learn` was called for.
  [[nodiscard]] std::uint64_t missed() const { return missed_; }
  /// Layouts that are known.
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  static constexpr std::size_t kMostSteps = 64;
  static constexpr std::size_t kMostBlocks = 128;
  static constexpr std::size_t kBlock = 16;
  static constexpr std::uint8_t kPassedOver = kMostFields;

  /// A text between two values, and the value behind it.
  struct Step {
    std::uint32_t tail = 0;         ///< the bits of the text's last block that are not the text's
    std::uint16_t at = 0;           ///< where the text begins in `text`
    std::uint16_t length = 0;       ///< of the text
    std::uint16_t least_rest = 0;   ///< characters of a frame from this text on, at least
    std::uint16_t last_length = 0;  ///< of the value, when it was read last
    std::uint8_t field = kPassedOver;
    bool number = false;
  };
  struct Layout {
    /// The texts, each from the beginning of a block on, with zeros up to the end of its last.
    alignas(kBlock) std::array<char, kMostBlocks * kBlock> text;
    std::array<Step, kMostSteps> steps;
    std::uint16_t step_count = 0;  ///< the last one has a text only
    std::uint16_t block_count = 0;
    std::uint8_t kind = 0;
    /// How many steps are the same as in the other layouts from the first on.
    std::array<std::uint8_t, kMostLayouts> shared{};
  };
  struct alignas(32) Value {
    const char* first = nullptr;
    std::uint64_t mantissa = 0;
    std::uint32_t length = 0;
    std::int16_t exponent = 0;
    bool negative = false;
  };
  class Learner;

  [[nodiscard]] bool unusual_number(std::uint8_t field, double& into) const;
  /// These return what is behind the value, or nothing.
  const char* read_value(const char* at, const char* end, const Step& step);
  static const char* scan_number(const char* first, Value& value);
  static const char* scan_longer_number(const char* first, Value& value);
  [[nodiscard]] static std::size_t shared_steps(const Layout& a, const Layout& b);
  [[nodiscard]] static bool same_step(const Layout& a, const Layout& b, std::size_t place);
  [[nodiscard]] static bool same(const Layout& a, const Layout& b);

  std::vector<Layout> layouts_;  ///< room for kMostLayouts from the start
  std::size_t count_ = 0;
  std::size_t current_ = 0;
  std::size_t next_victim_ = 0;
  std::array<ValueForm, kMostFields + 1> forms_{};
  std::array<Value, kMostFields + 1> values_{};
  std::uint64_t matched_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace hedgewatch
