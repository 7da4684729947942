#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace hedgewatch::scanning {

// Looking at the text between a frame's values and at its numbers, sixteen or thirty-two characters at a time. There is one struct
// of the same calls for each set of instructions. All of them may look at the sixteen characters behind the last one they judge,
// and `same_text` at thirty-two.

/// Sixteen characters side by side.
using Block = unsigned char __attribute__((vector_size(16)));

[[gnu::always_inline]] inline Block block_at(const char* at) {
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
[[gnu::always_inline]] inline unsigned bits(Comparison comparison) {
#ifdef __SSE2__
  return static_cast<unsigned>(__builtin_ia32_pmovmskb128(reinterpret_cast<char __attribute__((vector_size(16)))>(comparison)));
#else
  unsigned found = 0;
  for (unsigned i = 0; i < 16; ++i) found |= (comparison[i] != 0 ? 1U : 0U) << i;
  return found;
#endif
}
[[gnu::always_inline]] inline unsigned first_of(unsigned found) { return static_cast<unsigned>(std::countr_zero(found)); }

/// The bits of the characters that no number starts or goes on with, but for exponents; above the block all.
[[gnu::always_inline]] inline unsigned not_in_number(const char* at) {
  // From the minus sign to the nine there are the point and the slash.
  return ~bits(block_at(at) - all('-') <= all('9' - '-'));
}

/// The closing quote of the text at `at`, nothing when there is none before `end` or something else than printable ASCII without
/// escapes comes first.
inline const char* closing_quote(const char* at, const char* end) {
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

/// The number whose `count` digits, from 1 to 8, are the lowest bytes of `word`: what stands above them is dropped.
inline std::uint64_t number_of(std::uint64_t word, unsigned count) {
  constexpr std::uint64_t kPairs = 0x000000FF000000FFU;
  std::uint64_t digits = (word & 0x0F0F0F0F0F0F0F0FU) << (64 - 8 * count);
  digits = digits * 10 + (digits >> 8);
  return ((digits & kPairs) * (100 + (std::uint64_t{1'000'000} << 32)) +
          ((digits >> 16) & kPairs) * (1 + (std::uint64_t{10'000} << 32))) >>
         32;
}
inline constexpr std::array<std::int64_t, 10> kWholePowersOfTen{1,       10,        100,        1'000,       10'000,
                                                                100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
inline constexpr std::array<double, 16> kPowersOfTen{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

inline std::uint64_t word_at(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// A number of at most fifteen characters without an exponent: its digits are a whole number that a double holds.
struct ShortNumber {
  const char* behind = nullptr;  ///< nothing: it is another kind of number, or none
  std::uint64_t mantissa = 0;
  unsigned decimals = 0;
  bool negative = false;
};

struct PlainScan {
  /// Whether thirty-two characters at both places are the same; `tail` are the bits of those that do not matter.
  [[nodiscard, gnu::always_inline]] bool same_text(const char* at, const char* text, std::uint32_t tail) const {
    const unsigned first = bits(block_at(at) == block_at(text));
    const unsigned second = bits(block_at(at + sizeof(Block)) == block_at(text + sizeof(Block)));
    return (first | second << 16 | tail) == ~0U;
  }
  /// By JSON's grammar. What stands behind it is not judged.
  [[nodiscard, gnu::always_inline]] ShortNumber short_number(const char* first) const {
    ShortNumber number;
    number.negative = *first == '-';
    const char* const digits = first + (number.negative ? 1 : 0);
    // What is no digit; above the block too.
    const unsigned others = ~bits((block_at(digits) ^ all('0')) <= all(9));
    const unsigned whole = first_of(others);
    const bool point = digits[whole] == '.';
    const unsigned end = point ? first_of(others & (others - 1)) : whole;
    if (whole == 0 || end >= sizeof(Block) || (*digits == '0' && whole != 1)) return number;
    std::uint64_t word = word_at(digits);
    std::uint64_t next = word_at(digits + 8);
    unsigned count = whole;
    if (point) {
      if (end == whole + 1) return number;
      // The decimals move down over the point.
      if (whole < 8) {
        const std::uint64_t before_point = (std::uint64_t{1} << (8 * whole)) - 1;
        word = (word & before_point) | (word_at(digits + 1) & ~before_point);
        next >>= 8;
      } else {
        const std::uint64_t before_point = (std::uint64_t{1} << (8 * (whole - 8))) - 1;
        next = (next & before_point) | ((next >> 8) & ~before_point);
      }
      count = end - 1;
      number.decimals = count - whole;
    }
    if (count <= 8) {
      number.mantissa = number_of(word, count);
    } else {
      number.mantissa = number_of(word, 8) * static_cast<std::uint64_t>(kWholePowersOfTen[count - 8]) + number_of(next, count - 8);
    }
    number.behind = digits + end;
    return number;
  }
};

#ifdef __x86_64__
#define HEDGEWATCH_WIDE_SCAN gnu::target("avx2,bmi,bmi2")

[[nodiscard]] inline bool machine_scans_wide() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0;
}

/// The same by AVX2. Its constants are made once a frame: the empty statement hides that they are constants, or each use would make
/// them anew.
class WideScan {
 public:
  [[nodiscard, HEDGEWATCH_WIDE_SCAN]] bool same_text(const char* at, const char* text, std::uint32_t tail) const {
    const __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i there = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
    return (static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(here, there))) | tail) == ~0U;
  }

  [[nodiscard, HEDGEWATCH_WIDE_SCAN]] ShortNumber short_number(const char* first) const {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(first));
    const __m128i digits = _mm_sub_epi8(block, zero_);
    const __m128i numerals = _mm_cmpeq_epi8(_mm_min_epu8(digits, nine_), digits);
    const unsigned sign = *first == '-' ? 1 : 0;
    const unsigned others = ~static_cast<unsigned>(_mm_movemask_epi8(numerals)) & ~sign;
    const auto points = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, point_)));
    // Places in the block: behind the whole part, and behind the number.
    const unsigned whole = first_of(others);
    const unsigned end = first_of(others & ~(others & (~others + 1) & points));
    const unsigned point = end != whole ? 1 : 0;
    const bool odd = (whole == sign) | (end >= 16) | (end == whole + 1) | ((first[sign] == '0') & (whole > sign + 1));
    if (odd) [[unlikely]]
      return {};
    // The digits move to the block's end, those of the whole part by one more, over the point.
    const __m128i moved = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kPlaces.data() + end));
    const __m128i before_point =
        _mm_set1_epi8(static_cast<char>(static_cast<int>(whole & (0U - point)) - 2 + static_cast<int>(point)));
    const __m128i places = _mm_sub_epi8(moved, _mm_cmpgt_epi8(moved, before_point));
    const __m128i aligned = _mm_shuffle_epi8(_mm_and_si128(digits, numerals), places);
    const __m128i pairs = _mm_maddubs_epi16(aligned, pairs_);
    const __m128i fours = _mm_madd_epi16(pairs, fours_);
    const __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), eights_);
    const auto halves = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
    return {first + end, (halves & 0xFFFF'FFFF) * 100'000'000 + (halves >> 32), end - whole - point, sign != 0};
  }

 private:
  [[gnu::always_inline]] static __m128i held(__m128i constant) {
    asm("" : "+x"(constant));
    return constant;
  }

  /// From -17 to 14: sixteen of them from `end` on say where each digit of a number that ends there comes from, or one place
  /// before.
  static constexpr std::array<std::int8_t, 32> kPlaces = [] {
    std::array<std::int8_t, 32> places{};
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<std::int8_t>(static_cast<int>(i) - 17);
    return places;
  }();

  __m128i zero_ = held(_mm_set1_epi8('0'));
  __m128i nine_ = held(_mm_set1_epi8(9));
  __m128i point_ = held(_mm_set1_epi8('.'));
  // Tens and units of two digits, of two pairs, of two fours.
  __m128i pairs_ = held(_mm_set1_epi16(0x010A));
  __m128i fours_ = held(_mm_set1_epi32(0x0001'0064));
  __m128i eights_ = held(_mm_set1_epi32(0x0001'2710));
};
#else
[[nodiscard]] inline bool machine_scans_wide() { return false; }
#endif

}  // namespace hedgewatch::scanning
