#include "feeds/frame_layout.hpp"

#include <algorithm>
#include <bit>
#include <bitset>
#include <cstring>

#include "feeds/decimal_text.hpp"

namespace hedgewatch {

namespace {

/// Sixteen characters side by side.
using Block = unsigned char __attribute__((vector_size(16)));

Block block_at(const char* at) {
  Block block;
  std::memcpy(&block, at, sizeof block);
  return block;
}
constexpr Block all(char c) {
  const auto x = static_cast<unsigned char>(c);
  return Block{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}
/// A bit for each character of which the comparison held, the first one's the lowest; above them nothing.
template <class Comparison>
unsigned bits(Comparison comparison) {
#ifdef __SSE2__
  return static_cast<unsigned>(__builtin_ia32_pmovmskb128(reinterpret_cast<char __attribute__((vector_size(16)))>(comparison)));
#else
  unsigned found = 0;
  for (unsigned i = 0; i < 16; ++i) found |= (comparison[i] != 0 ? 1U : 0U) << i;
  return found;
#endif
}
unsigned first_of(unsigned found) { return static_cast<unsigned>(std::countr_zero(found)); }

constexpr unsigned kAll = 0xFFFF;
/// The bits of a block that do not belong to a text's last `length` characters, and all above.
constexpr unsigned behind_text(std::size_t length) { return ~0U << length; }

/// Whether the `length` characters at both places are the same; `tail` are the bits behind the text in its last block.
[[gnu::always_inline]] inline bool same_text(const char* at, const char* text, std::size_t length, unsigned tail) {
  for (; length >= sizeof(Block); length -= sizeof(Block), at += sizeof(Block), text += sizeof(Block))
    if (bits(block_at(at) == block_at(text)) != kAll) return false;
  return (bits(block_at(at) == block_at(text)) | tail) == ~0U;
}

/// The closing quote of the text at `at`, nothing when there is none before `end` or something else than printable ASCII without
/// escapes comes first.
const char* closing_quote(const char* at, const char* end) {
  for (; at < end; at += sizeof(Block)) {
    const Block block = block_at(at);
    // Above the highest ASCII character or below the space: unsigned, both are far from the space.
    const unsigned special = bits((block == all('"')) | (block == all('\\')) | (block - all(' ') > all('~' - ' ')));
    if (special == 0) continue;
    at += first_of(special);
    return at < end && *at == '"' ? at : nullptr;
  }
  return nullptr;
}

/// Behind the characters from `at` on that numbers are made of; nothing when there is none of them, or more than fifteen.
const char* behind_number(const char* at) {
  const Block block = block_at(at);
  // From the minus sign to the nine there are the point and the slash: a reader that skips a value does not look into it.
  const unsigned own = bits((block - all('-') <= all('9' - '-')) | ((block | all(0x20)) == all('e')) | (block == all('+')));
  return own == kAll || (own & 1) == 0 ? nullptr : at + first_of(~own);
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// The number whose `count` digits, from 1 to 8, are the lowest bytes of `word`: what stands above them is dropped.
std::uint64_t number_of(std::uint64_t word, unsigned count) {
  constexpr std::uint64_t kPairs = 0x000000FF000000FFU;
  std::uint64_t digits = (word & 0x0F0F0F0F0F0F0F0FU) << (64 - 8 * count);
  digits = digits * 10 + (digits >> 8);
  return ((digits & kPairs) * (100 + (std::uint64_t{1'000'000} << 32)) +
          ((digits >> 16) & kPairs) * (1 + (std::uint64_t{10'000} << 32))) >>
         32;
}
constexpr std::array<std::uint64_t, 9> kPowers{1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

std::uint64_t word_at(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// How far behind its first character a value may be looked at.
constexpr std::size_t kReach = 48;
static_assert(kReach <= simdjson::SIMDJSON_PADDING);

}  // namespace

FrameLayouts::FrameLayouts() { layouts_.resize(kMostLayouts); }

/// By JSON's grammar, of at most eight digits together and without an exponent: the others are scanned apart.
inline const char* FrameLayouts::scan_number(const char* first, Value& value) {
  value.first = first;
  value.negative = *first == '-';
  const char* const digits = first + (value.negative ? 1 : 0);
  // What is no digit; above the block too.
  const unsigned others = ~bits((block_at(digits) ^ all('0')) <= all(9));
  const unsigned whole = first_of(others);
  unsigned count = whole;
  std::uint64_t word = word_at(digits);
  const char* behind = digits + whole;
  if (*behind == '.') {
    const unsigned end = first_of(others & (others - 1));
    if (end == whole + 1) return nullptr;
    if (end > 9) return scan_longer_number(first, value);
    // The decimals move down over the point.
    const std::uint64_t before_point = (std::uint64_t{1} << (8 * whole)) - 1;
    word = (word & before_point) | (word_at(digits + 1) & ~before_point);
    count = end - 1;
    behind = digits + end;
  }
  if ((*behind | 0x20) == 'e') return scan_longer_number(first, value);
  if (whole == 0 || (*digits == '0' && whole != 1)) return nullptr;
  if (count <= 8) {
    value.mantissa = number_of(word, count);
  } else {  // a whole number, such as a time
    if (count >= 16) return scan_longer_number(first, value);
    value.mantissa = number_of(word, 8) * kPowers[count - 8] + number_of(word_at(digits + 8), count - 8);
  }
  value.exponent = static_cast<std::int16_t>(static_cast<int>(whole) - static_cast<int>(count));
  value.length = static_cast<std::uint32_t>(behind - first);
  return behind;
}

const char* FrameLayouts::scan_longer_number(const char* first, Value& value) {
  constexpr std::ptrdiff_t kMostDigits = 19;
  constexpr std::ptrdiff_t kLongestPart = 16;
  constexpr std::ptrdiff_t kLongestExponent = 3;
  value.mantissa = 0;
  const char* c = first + (value.negative ? 1 : 0);
  const auto digits = [&] {
    const char* const from = c;
    for (; is_digit(*c) && c - from <= kLongestPart; ++c)
      value.mantissa = value.mantissa * 10 + static_cast<std::uint64_t>(*c - '0');
    return c - from;
  };
  const bool zero = *c == '0';
  const std::ptrdiff_t whole = digits();
  std::ptrdiff_t decimals = 0;
  if (*c == '.') {
    ++c;
    decimals = digits();
    if (decimals == 0) return nullptr;
  }
  if (whole == 0 || (zero && whole != 1) || whole > kLongestPart || decimals > kLongestPart || whole + decimals > kMostDigits)
    return nullptr;
  int exponent = 0;
  if (*c == 'e' || *c == 'E') {
    ++c;
    const bool negative = *c == '-';
    if (*c == '-' || *c == '+') ++c;
    const char* const power = c;
    for (; is_digit(*c) && c - power <= kLongestExponent; ++c) exponent = exponent * 10 + (*c - '0');
    if (c == power || c - power > kLongestExponent) return nullptr;
    if (negative) exponent = -exponent;
  }
  value.exponent = static_cast<std::int16_t>(exponent - static_cast<int>(decimals));
  value.length = static_cast<std::uint32_t>(c - first);
  return c;
}

inline const char* FrameLayouts::read_value(const char* at, const char* end, const Step& step) {
  Value& value = values_[step.field];
  ValueForm& form = forms_[step.field];
  const char first = *at;
  if (first == '"') {
    ++at;
    if (step.number) {
      const char* const behind = scan_number(at, value);
      if (behind != nullptr && *behind == '"') {
        form = ValueForm::QuotedNumber;
        return behind + 1;
      }
    }
    const char* const quote = closing_quote(at, end);
    if (quote == nullptr) return nullptr;
    form = ValueForm::Text;
    value.first = at;
    value.length = static_cast<std::uint32_t>(quote - at);
    return quote + 1;
  }
  if (first <= '9') {  // a digit or a sign; what is neither is no number
    form = ValueForm::Number;
    return step.field == kPassedOver ? behind_number(at) : scan_number(at, value);
  }
  const auto literal = [&](std::string_view word, ValueForm meaning) -> const char* {
    if (std::memcmp(at, word.data(), word.size()) != 0) return nullptr;
    form = meaning;
    value.first = at;
    value.length = static_cast<std::uint32_t>(word.size());
    return at + word.size();
  };
  if (first == 'n') return literal("null", ValueForm::Null);
  return first == 't' ? literal("true", ValueForm::Word) : literal("false", ValueForm::Word);
}

bool FrameLayouts::unusual_number(std::uint8_t field, double& into) const {
  const auto value = decimal(field).to_double();
  if (value) into = *value;
  return value.has_value();
}

bool FrameLayouts::read(simdjson::padded_string_view frame) {
  if (count_ == 0) return false;
  forms_ = {};
  const char* at = frame.data();
  const char* const end = at + frame.size();
  std::size_t tried = std::size_t{1} << current_;
  std::size_t place = 0;
  for (;;) {
    Layout& layout = layouts_[current_];
    Step* step = layout.steps.data() + place;
    const Step* const last = layout.steps.data() + layout.step_count - 1;
    const auto fits = [&] {
      return end - at >= step->least_rest && same_text(at, layout.text.data() + step->at, step->length, step->tail);
    };
    for (; step != last && fits(); ++step) {
      const char* const value = at + step->length;
      const char* const behind = read_value(value, end, *step);
      if (behind == nullptr) return false;
      // Where the value has the length that it had last, what follows need not wait until its end was found: the processor goes on
      // from here as it does behind a branch that it has foreseen. The empty statement hides from the compiler that it is the same.
      at = value + step->last_length;
      asm("" : "+r"(at));
      if (behind != value + step->last_length) [[unlikely]] {
        step->last_length = static_cast<std::uint16_t>(behind - value);
        at = behind;
      }
    }
    if (step == last && end - at == step->length && fits()) {
      ++matched_;
      return true;
    }
    // Up to here the frame may be of another layout as well.
    place = static_cast<std::size_t>(step - layout.steps.data());
    std::size_t other = 0;
    while (other < count_ && ((tried >> other & 1) != 0 || layout.shared[other] < place)) ++other;
    if (other == count_) return false;
    tried |= std::size_t{1} << other;
    current_ = other;
  }
}

/// Walks through a frame that is known to be JSON and writes its layout down. False where that cannot be.
class FrameLayouts::Learner {
 public:
  Learner(std::string_view frame, const MessagePattern& pattern, Layout& layout)
      : frame_{frame}, pattern_{pattern}, layout_{layout} {}

  bool learn() {
    skip_space();
    if (!object()) return false;
    skip_space();
    if (at_ != frame_.size() || !end_text(frame_.size())) return false;
    // Each value has a character at least.
    std::uint16_t rest = 0;
    for (std::size_t place = layout_.step_count; place-- > 0;) {
      rest = static_cast<std::uint16_t>(rest + layout_.steps[place].length + (place + 1 == layout_.step_count ? 0 : 1));
      layout_.steps[place].least_rest = rest;
    }
    return true;
  }

 private:
  [[nodiscard]] char peek() const { return at_ < frame_.size() ? frame_[at_] : '\0'; }
  void skip_space() {
    while (is_space(peek())) ++at_;
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool string(std::string_view& inside) {
    const std::size_t first = ++at_;
    while (at_ < frame_.size() && frame_[at_] != '"' && frame_[at_] != '\\') ++at_;
    inside = frame_.substr(first, at_ - first);
    return take('"');
  }

  bool object() {
    if (!take('{')) return false;
    skip_space();
    if (take('}')) return true;
    const std::size_t outer = path_size_;
    do {
      skip_space();
      std::string_view key;
      // A key with a point in it would look like two.
      if (peek() != '"' || !string(key) || key.find('.') != std::string_view::npos || !descend(key)) return false;
      skip_space();
      if (!take(':')) return false;
      skip_space();
      if (peek() == '{' ? !object() : !scalar()) return false;
      path_size_ = outer;
      skip_space();
    } while (take(','));
    return take('}');
  }

  bool descend(std::string_view key) {
    const std::size_t point = path_size_ == 0 ? 0 : 1;
    if (path_size_ + point + key.size() > path_.size()) return false;
    if (point != 0) path_[path_size_] = '.';
    std::copy(key.begin(), key.end(), path_.begin() + static_cast<std::ptrdiff_t>(path_size_ + point));
    path_size_ += point + key.size();
    return true;
  }

  bool scalar() {
    const std::string_view path{path_.data(), path_size_};
    const auto named =
        std::find_if(pattern_.fields.begin(), pattern_.fields.end(), [&](const LayoutField& field) { return field.path == path; });
    std::uint8_t field = kPassedOver;
    bool number = false;
    if (named != pattern_.fields.end()) {
      field = named->field;
      number = named->number;
    } else if (!path.starts_with(pattern_.free_below)) {
      return false;
    }
    if (field < kMostFields) {
      if (seen_.test(field)) return false;
      seen_.set(field);
    }
    const std::size_t first = at_;
    std::string_view inside;
    const bool quoted = peek() == '"';
    if (quoted ? !string(inside) : !bare()) return false;
    if (field == kFixedField) return true;
    if (!end_text(first)) return false;
    Step& step = layout_.steps[layout_.step_count - 1];
    step.field = field;
    step.number = number;
    text_from_ = at_;
    return true;
  }

  /// A number or a literal.
  bool bare() {
    const std::size_t first = at_;
    while (at_ < frame_.size() && (std::string_view{"+-."}.find(peek()) != std::string_view::npos ||
                                   (peek() >= '0' && peek() <= '9') || (peek() >= 'a' && peek() <= 'z') || peek() == 'E'))
      ++at_;
    return at_ != first;
  }

  /// The text that began behind the last value ends here.
  bool end_text(std::size_t behind) {
    const std::size_t length = behind - text_from_;
    const std::size_t blocks = length / kBlock + 1;
    if (layout_.step_count == kMostSteps || layout_.block_count + blocks > kMostBlocks) return false;
    Step& step = layout_.steps[layout_.step_count++];
    step = {};
    step.at = static_cast<std::uint16_t>(layout_.block_count * kBlock);
    step.length = static_cast<std::uint16_t>(length);
    step.tail = behind_text(length % kBlock);
    char* const to = layout_.text.data() + step.at;
    std::fill_n(to, blocks * kBlock, '\0');
    std::memcpy(to, frame_.data() + text_from_, length);
    layout_.block_count = static_cast<std::uint16_t>(layout_.block_count + blocks);
    return true;
  }

  std::string_view frame_;
  const MessagePattern& pattern_;
  Layout& layout_;
  std::size_t at_ = 0;
  std::size_t text_from_ = 0;
  std::array<char, 128> path_{};
  std::size_t path_size_ = 0;
  std::bitset<kMostFields> seen_;
};

std::size_t FrameLayouts::shared_steps(const Layout& a, const Layout& b) {
  std::size_t steps = 0;
  while (steps + 1 < a.step_count && steps + 1 < b.step_count && same_step(a, b, steps)) ++steps;
  return steps;
}

bool FrameLayouts::same_step(const Layout& a, const Layout& b, std::size_t place) {
  const Step& left = a.steps[place];
  const Step& right = b.steps[place];
  return left.field == right.field && left.length == right.length &&
         same_text(a.text.data() + left.at, b.text.data() + right.at, left.length, left.tail);
}

bool FrameLayouts::same(const Layout& a, const Layout& b) {
  return a.kind == b.kind && a.step_count == b.step_count && shared_steps(a, b) + 1U == a.step_count &&
         same_step(a, b, a.step_count - 1U);
}

void FrameLayouts::learn(std::string_view frame, const MessagePattern& pattern, std::uint8_t kind) {
  ++missed_;
  if (missed_ > kFirstLessons && missed_ % kMissesPerLesson != 0) return;
  Layout learned;
  learned.kind = kind;
  if (!Learner{frame, pattern, learned}.learn()) return;
  // It may be known: then a value was not as usual.
  for (std::size_t other = 0; other < count_; ++other)
    if (same(learned, layouts_[other])) return;
  std::size_t place = count_;
  if (count_ < kMostLayouts) {
    ++count_;
  } else {
    if (next_victim_ == current_) next_victim_ = (next_victim_ + 1) % kMostLayouts;
    place = next_victim_;
    next_victim_ = (place + 1) % kMostLayouts;
  }
  layouts_[place] = learned;
  for (std::size_t other = 0; other < count_; ++other)
    layouts_[place].shared[other] = layouts_[other].shared[place] =
        static_cast<std::uint8_t>(shared_steps(layouts_[place], layouts_[other]));
}

}  // namespace hedgewatch
