#include "feeds/frame_layout.hpp"

#include <algorithm>
#include <bitset>
#include <cstring>

#include "feeds/decimal_text.hpp"
#include "feeds/json_reader.hpp"
#include "feeds/value_scan.hpp"

namespace hedgewatch {

namespace {

/// What numbers and literals are made of.
bool is_bare(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.'; }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// One of up to nineteen digits, or with an exponent: its length is that of its token, 0 where there is none.
Decimal scan_longer_number(const char* first) {
  constexpr std::ptrdiff_t kMostDigits = 19;
  constexpr std::ptrdiff_t kLongestPart = 16;
  constexpr std::ptrdiff_t kLongestExponent = 3;
  Decimal number;
  number.negative = *first == '-';
  const char* c = first + (number.negative ? 1 : 0);
  const auto digits = [&] {
    const char* const from = c;
    for (; is_digit(*c) && c - from <= kLongestPart; ++c)
      number.mantissa = number.mantissa * 10 + static_cast<std::uint64_t>(*c - '0');
    return c - from;
  };
  const bool zero = *c == '0';
  const std::ptrdiff_t whole = digits();
  std::ptrdiff_t decimals = 0;
  if (*c == '.') {
    ++c;
    decimals = digits();
    if (decimals == 0) return {};
  }
  if (whole == 0 || (zero && whole != 1) || whole > kLongestPart || decimals > kLongestPart || whole + decimals > kMostDigits)
    return {};
  int exponent = 0;
  if (*c == 'e' || *c == 'E') {
    ++c;
    const bool negative = *c == '-';
    if (*c == '-' || *c == '+') ++c;
    const char* const power = c;
    for (; is_digit(*c) && c - power <= kLongestExponent; ++c) exponent = exponent * 10 + (*c - '0');
    if (c == power || c - power > kLongestExponent) return {};
    if (negative) exponent = -exponent;
  }
  number.exponent = exponent - static_cast<int>(decimals);
  number.token = {first, static_cast<std::size_t>(c - first)};
  return number;
}

/// How far behind its first character a value may be looked at. Of texts, those are looked at that begin in the frame.
constexpr std::size_t kReach = 48;
static_assert(kReach <= simdjson::SIMDJSON_PADDING);

}  // namespace

FrameLayouts::FrameLayouts(ScanWidth width) : wide_{width == ScanWidth::Widest && scanning::machine_scans_wide()} {
  layouts_.resize(kMostLayouts);
  reals_.fill(kAbsent);
}

inline const char* FrameLayouts::read_text(const char* value, const char* end, const Step& step) {
  const char* const quote = scanning::closing_quote(value, end);
  if (quote == nullptr) return nullptr;
  forms_[step.field] = ValueForm::Given;
  texts_[step.field] = {value, static_cast<std::size_t>(quote - value)};
  return quote;
}

/// What is no short number: a longer one, null, nothing between quotes. And literals that are passed over.
[[gnu::noinline]] const char* FrameLayouts::read_unusual(const char* value, const char* end, const Step& step) {
  if (step.next == Next::FreeBare) {
    const char* behind = value;
    while (behind < end && is_bare(*behind)) ++behind;
    return behind == value ? nullptr : behind;
  }
  if (step.next > Next::Whole) return nullptr;
  const bool quoted = value[-1] == '"';
  const std::string_view null{"null"};
  const bool is_null = !quoted && std::memcmp(value, null.data(), null.size()) == 0;
  forms_[step.field] = ValueForm::Null;
  reals_[step.field] = kAbsent;
  counts_[step.field] = 0;
  if (is_null) return value + null.size();
  if (quoted && *value == '"') return value;
  const Decimal number = scan_longer_number(value);
  if (number.token.empty()) return nullptr;
  forms_[step.field] = ValueForm::Given;
  if (step.next == Next::Real) {
    const auto real = number.to_double();
    if (!real) return nullptr;
    reals_[step.field] = *real;
  } else {
    const auto count = step.next == Next::Nano ? number.to_nano() : number.to_signed();
    if (!count) forms_[step.field] = ValueForm::Refused;
    counts_[step.field] = count.value_or(0);
  }
  return value + number.token.size();
}

[[gnu::noinline]] bool FrameLayouts::change_layout(std::size_t place, std::size_t& tried) {
  std::size_t other = 0;
  while (other < count_ && ((tried >> other & 1) != 0 || layouts_[current_].shared[other] < place)) ++other;
  if (other == count_) return false;
  for (std::size_t behind = place; behind < layouts_[current_].step_count; ++behind) {
    const std::uint8_t field = layouts_[current_].steps[behind].field;
    forms_[field] = ValueForm::Absent;
    reals_[field] = kAbsent;
    counts_[field] = 0;
    texts_[field] = {};
  }
  tried |= std::size_t{1} << other;
  current_ = other;
  return true;
}

/// One source for each way of scanning.
struct FrameLayouts::Reading {
  template <class Scan>
  static bool read(FrameLayouts& own, simdjson::padded_string_view frame);
#ifdef __x86_64__
  [[HEDGEWATCH_WIDE_SCAN, gnu::flatten]] static bool read_wide(FrameLayouts& own, simdjson::padded_string_view frame) {
    return read<scanning::WideScan>(own, frame);
  }
#endif
};

bool FrameLayouts::read(simdjson::padded_string_view frame) {
  if (count_ == 0) return false;
#ifdef __x86_64__
  if (wide_) return Reading::read_wide(*this, frame);
#endif
  return Reading::read<scanning::PlainScan>(*this, frame);
}

template <class Scan>
bool FrameLayouts::Reading::read(FrameLayouts& own, simdjson::padded_string_view frame) {
  const char* at = frame.data();
  const char* const end = at + frame.size();
  const char* value = at;
  const Scan scan{};
  const auto fits = [&](const char* place, const Step& step) { return scan.same_text(place, step.text.data(), step.tail); };
  std::size_t tried = std::size_t{1} << own.current_;
  Step* step = own.layouts_[own.current_].steps.data();
  for (;;) {
    if (at + step->length < end && fits(at, *step)) [[likely]] {
      value = at + step->length;
      const char* behind = nullptr;
      if (step->next <= Next::Whole) {
        const scanning::ShortNumber number = scan.short_number(value);
        behind = number.behind;
        const std::uint8_t field = step->field;
        own.forms_[field] = ValueForm::Given;
        if (step->next == Next::Real) {
          const double magnitude =
              static_cast<double>(static_cast<std::int64_t>(number.mantissa)) / scanning::kPowersOfTen[number.decimals];
          own.reals_[field] = number.negative ? -magnitude : magnitude;
        } else {
          const auto magnitude = static_cast<std::int64_t>(number.mantissa);
          const std::int64_t whole = number.negative ? -magnitude : magnitude;
          if (step->next == Next::Nano) {
            if (number.decimals > 9 ||
                __builtin_mul_overflow(whole, scanning::kWholePowersOfTen[9 - number.decimals], &own.counts_[field]))
              behind = nullptr;
          } else {
            own.counts_[field] = whole;
            if (number.decimals != 0) behind = nullptr;
          }
        }
      } else if (step->next == Next::FreeBare) {
        // From the minus sign to the nine there are the point and the slash: a reader that skips a value does not look into it.
        const unsigned length = scanning::first_of(scanning::not_in_number(value));
        if (length != 0 && length < sizeof(scanning::Block)) behind = value + length;
      } else if (step->next <= Next::FreeText) {
        behind = own.read_text(value, end, *step);
        if (behind == nullptr) return false;
      } else if (step->next == Next::More) {
        at = value;
        ++step;
        continue;
      } else {
        return false;
      }
      if (behind == nullptr) [[unlikely]] {
        behind = own.read_unusual(value, end, *step);
        if (behind == nullptr) return false;
      }
      // Where the value has the length that it had last, what follows need not wait until its end was found: the processor goes on
      // from here as it does behind a branch that it has foreseen. The empty statement hides from the compiler that both places
      // compare equal then, or it would go on from the one that was found.
      at = value + step->last_length;
      const char* foreseen = at;
      asm("" : "+r"(foreseen));
      if (behind != foreseen) [[unlikely]] {
        step->last_length = static_cast<std::uint16_t>(behind - value);
        at = behind;
      }
      ++step;
      continue;
    }
    if (step->next == Next::End && at + step->length == end && fits(at, *step)) {
      ++own.matched_;
      return true;
    }
    const auto place = static_cast<std::size_t>(step - own.layouts_[own.current_].steps.data());
    // The value before it may be longer than it looked: a number with an exponent.
    if (place != 0 && step[-1].next != Next::More && at < end && is_bare(*at)) {
      const char* const behind = own.read_unusual(value, end, step[-1]);
      if (behind == nullptr) return false;
      if (behind > at) {
        at = behind;
        continue;
      }
    }
    // Up to here the frame may be of another layout as well.
    if (!own.change_layout(place, tried)) return false;
    step = own.layouts_[own.current_].steps.data() + place;
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
    return at_ == frame_.size() && end_text(frame_.size(), Next::End, kPassedOver);
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
    if (named == pattern_.fields.end() && !path.starts_with(pattern_.free_below)) return false;
    const std::size_t first = at_;
    std::string_view inside;
    const bool quoted = peek() == '"';
    if (quoted ? !string(inside) : !bare()) return false;
    std::uint8_t field = kPassedOver;
    Next next = quoted ? Next::FreeText : Next::FreeBare;
    if (named != pattern_.fields.end()) {
      field = named->field;
      if (field == kFixedField) return true;
      if (seen_.test(field)) return false;
      seen_.set(field);
      next = static_cast<Next>(named->type);
      if (next == Next::Text && !quoted) return false;
    }
    // The quotes are the texts' around the value.
    if (!end_text(first + (quoted ? 1 : 0), next, field)) return false;
    text_from_ = at_ - (quoted ? 1 : 0);
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

  /// The text that began behind the last value ends before `behind`.
  bool end_text(std::size_t behind, Next next, std::uint8_t field) {
    while (behind - text_from_ > kLongestText) {
      if (!add_step(kLongestText, Next::More, kPassedOver)) return false;
      text_from_ += kLongestText;
    }
    return add_step(behind - text_from_, next, field);
  }

  bool add_step(std::size_t length, Next next, std::uint8_t field) {
    if (layout_.step_count == kMostSteps) return false;
    Step& step = layout_.steps[layout_.step_count++];
    step = {};
    std::memcpy(step.text.data(), frame_.data() + text_from_, length);
    step.tail = length == kLongestText ? 0 : ~0U << length;
    step.length = static_cast<std::uint16_t>(length);
    step.field = field;
    step.next = next;
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

bool FrameLayouts::same_step(const Step& a, const Step& b) {
  return a.field == b.field && a.next == b.next && a.length == b.length && a.text == b.text;
}

std::size_t FrameLayouts::shared_steps(const Layout& a, const Layout& b) {
  std::size_t steps = 0;
  while (steps < a.step_count && steps < b.step_count && same_step(a.steps[steps], b.steps[steps])) ++steps;
  return steps;
}

bool FrameLayouts::same(const Layout& a, const Layout& b) {
  return a.kind == b.kind && a.step_count == b.step_count && shared_steps(a, b) == a.step_count;
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
