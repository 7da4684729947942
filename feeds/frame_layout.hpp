#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "core/market/event.hpp"

namespace hedgewatch {

/// What stands at a place of a frame that was read by its layout.
enum class ValueForm : std::uint8_t {
  Absent,   ///< the layout has no such field
  Null,     ///< or the empty text where a number stands in quotes otherwise
  Given,    ///< a number or a text
  Refused,  ///< a number that its type cannot hold
};

/// Which instructions of the processor are used.
enum class ScanWidth : std::uint8_t {
  Plain,  ///< those that every processor of the architecture has
  Widest  ///< the best that it has
};

/// What a field's value is read into.
enum class ValueType : std::uint8_t {
  Real,   ///< the nearest double
  Nano,   ///< a count of 1e-9, exactly
  Whole,  ///< an integer
  Text    ///< in quotes: printable ASCII without escapes
};

/// A value whose place in its message's layout has a meaning.
struct LayoutField {
  std::string_view path;  ///< its keys, joined by points: "params.data.greeks.delta"
  std::uint8_t field = 0;
  ValueType type = ValueType::Text;
};
/// For paths whose value must stay as it was when the layout was learned: it says what the message is.
inline constexpr std::uint8_t kFixedField = 0xFF;

/// What the layouts of one kind of message have in common.
struct MessagePattern {
  std::span<const LayoutField> fields;
  /// Values whose path begins so and that no field names are passed over: texts when they are printable, bare ones by
  /// their characters alone, as the decoder's skip does it. A frame that has any elsewhere is not learned.
  std::string_view free_below;
};

/// A venue writes the messages of a kind with the same keys in the same order for hours. The layouts that came lately are kept as
/// the texts between their values, so a frame of one of them is read by comparing these and scanning the values, without an index
/// of its structure. A layout is learned from a frame that the venue's own decoder has accepted; what differs in any way is left to
/// that decoder. So nothing is accepted here that it would refuse: the keys are those of an accepted frame byte for byte, quotes
/// stand where they stood, values that are asked for are numbers, literals or printable texts to their end, and the frame ends
/// where it did. Bare values that nobody asks for are passed over as the decoder's skip does it, by their characters alone.
class FrameLayouts {
 public:
  static constexpr std::size_t kMostFields = 32;
  static constexpr std::size_t kMostLayouts = 8;
  /// So many frames that fit no layout are learned at once; of later ones one in kMissesPerLesson, in the place of an old one when
  /// there is no other. A venue that shuffles its keys costs little more than one without layouts.
  static constexpr std::uint64_t kFirstLessons = 32;
  static constexpr std::uint64_t kMissesPerLesson = 64;

  explicit FrameLayouts(ScanWidth width = ScanWidth::Widest);

  /// True: the frame has a known layout, and its values can be asked for until the next call. Views point into the frame.
  [[nodiscard]] bool read(simdjson::padded_string_view frame);

  /// The kind that was given when the layout of the frame was learned.
  [[nodiscard]] std::uint8_t kind() const { return layouts_[current_].kind; }
  [[nodiscard]] ValueForm form(std::uint8_t field) const { return forms_[field]; }
  /// kAbsent when it is not given.
  [[nodiscard]] double real(std::uint8_t field) const { return reals_[field]; }
  /// A count of 1e-9, or an integer, as the field has it; 0 when it is not given.
  [[nodiscard]] std::int64_t count(std::uint8_t field) const { return counts_[field]; }
  /// Without its quotes; empty when the layout has no such field.
  [[nodiscard]] std::string_view text(std::uint8_t field) const { return texts_[field]; }

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
  static constexpr std::size_t kLongestText = 32;
  static constexpr std::uint8_t kPassedOver = kMostFields;

  /// What follows a text.
  enum class Next : std::uint8_t {
    Real,  // these first ones are as those of ValueType
    Nano,
    Whole,
    Text,
    FreeText,
    FreeBare,  ///< a number or a literal that nobody asks for
    More,      ///< the text goes on in the next step
    End
  };
  /// A text between two values, and the value behind it.
  struct alignas(16) Step {
    std::array<char, kLongestText> text{};  ///< zeros behind it
    std::uint32_t tail = 0;                 ///< the bits of the characters that are not the text's
    std::uint16_t length = 0;               ///< of the text
    std::uint16_t last_length = 0;          ///< of the value, when it was read last
    std::uint8_t field = kPassedOver;
    Next next = Next::End;
  };
  struct Layout {
    std::array<Step, kMostSteps> steps;
    std::uint8_t step_count = 0;
    std::uint8_t kind = 0;
    /// How many steps are the same as in the other layouts from the first on.
    std::array<std::uint8_t, kMostLayouts> shared{};
  };
  class Learner;
  struct Reading;

  /// These return what is behind the value, or nothing.
  const char* read_text(const char* value, const char* end, const Step& step);
  const char* read_unusual(const char* value, const char* end, const Step& step);
  /// The place goes on in a layout that is the same so far and was not tried. False: there is none.
  bool change_layout(std::size_t place, std::size_t& tried);
  [[nodiscard]] static bool same_step(const Step& a, const Step& b);
  [[nodiscard]] static std::size_t shared_steps(const Layout& a, const Layout& b);
  [[nodiscard]] static bool same(const Layout& a, const Layout& b);

  std::vector<Layout> layouts_;  ///< room for kMostLayouts from the start
  std::size_t count_ = 0;
  std::size_t current_ = 0;  ///< fields that it has not are as from the start
  std::size_t next_victim_ = 0;
  std::array<ValueForm, kMostFields + 1> forms_{};
  std::array<double, kMostFields + 1> reals_{};
  std::array<std::int64_t, kMostFields + 1> counts_{};
  std::array<std::string_view, kMostFields + 1> texts_{};
  bool wide_;
  std::uint64_t matched_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace hedgewatch
