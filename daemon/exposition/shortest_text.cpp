#include "daemon/exposition/shortest_text.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace hedgewatch {

// The digits are found as R. Giulietti describes in "The Schubfach way to render doubles" (2020): the interval of what reads back
// as the value is scaled by a power of ten so that it holds at least one integer and at most one that ends in a zero. Where there
// is one of these it is the shortest decimal, else the nearest integer is.

namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kMantissaBits = 52;
constexpr int kExponentBias = 1'075;  ///< of a mantissa read as an integer
constexpr std::uint64_t kHiddenBit = std::uint64_t{1} << kMantissaBits;
constexpr double kIntegersEnd = 9'007'199'254'740'992.0;  ///< 2^53: below it every integer is a double
constexpr int kWordBits = 64;
constexpr std::uint64_t kTenToThe16 = 10'000'000'000'000'000;
constexpr std::uint64_t kTenToThe8 = 100'000'000;

/// The first 128 bits of a power of ten, rounded up.
struct Power {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

constexpr int kLeastPower = -292;
constexpr int kMostPower = 324;

/// An unsigned number of 832 bits, least significant limb first: enough for 5^324 and for 2^831 / 5^292.
struct Large {
  std::array<std::uint32_t, 26> limbs{};

  constexpr void multiply(std::uint32_t factor) {
    std::uint64_t carry = 0;
    for (std::uint32_t& limb : limbs) {
      carry += std::uint64_t{limb} * factor;
      limb = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  constexpr void divide(std::uint32_t divisor) {
    std::uint64_t rest = 0;
    for (std::size_t at = limbs.size(); at-- > 0;) {
      rest = rest << 32 | limbs[at];
      limbs[at] = static_cast<std::uint32_t>(rest / divisor);
      rest %= divisor;
    }
  }
  /// `always_up`: what is not here any more was not zero.
  [[nodiscard]] constexpr Power leading_bits(bool always_up) const {
    std::size_t top = limbs.size() - 1;
    while (limbs[top] == 0) --top;
    const auto limb = [&](std::size_t below) { return below > top ? std::uint64_t{0} : std::uint64_t{limbs[top - below]}; };
    const int shift = std::countl_zero(limbs[top]);
    const auto two = [&](std::size_t below) {
      const std::uint64_t joined = limb(below) << 32 | limb(below + 1);
      return shift == 0 ? joined : joined << shift | limb(below + 2) >> (32 - shift);
    };
    Power power{two(0), two(2)};
    bool up = always_up || static_cast<std::uint32_t>(limb(4) << shift) != 0;
    for (std::size_t below = 5; below <= top; ++below) up = up || limb(below) != 0;
    if (up && ++power.low == 0) ++power.high;
    return power;
  }
};

/// Powers of ten and of five have the same leading bits. Dividing one by one rounds down once: floor(floor(x / 5) / 5) is
/// floor(x / 25).
constexpr auto make_powers() {
  std::array<Power, kMostPower - kLeastPower + 1> powers{};
  Large up{};
  up.limbs.front() = 1;
  for (int exponent = 0; exponent <= kMostPower; ++exponent, up.multiply(5))
    powers[static_cast<std::size_t>(exponent - kLeastPower)] = up.leading_bits(false);
  Large down{};
  down.limbs.back() = 0x80000000U;
  for (int exponent = -1; exponent >= kLeastPower; --exponent) {
    down.divide(5);
    powers[static_cast<std::size_t>(exponent - kLeastPower)] = down.leading_bits(true);
  }
  return powers;
}
constexpr auto kPowers = make_powers();

constexpr int floor_log10_pow2(int exponent) { return (exponent * 1'262'611) >> 22; }
constexpr int floor_log2_pow10(int exponent) { return (exponent * 1'741'647) >> 19; }

/// An unsigned number of 192 bits.
struct Scaled {
  Wide upper = 0;
  std::uint64_t lowest = 0;

  /// The whole part of this / 2^128; its last bit is set when more than the table's rounding was cut off.
  [[nodiscard]] std::uint64_t whole() const {
    return static_cast<std::uint64_t>(upper >> kWordBits) | static_cast<std::uint64_t>(static_cast<std::uint64_t>(upper) > 1);
  }
};

/// A value is digits * 10^exponent.
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

/// Of a normal value, without its sign, whose neighbours are equally far away: its fraction is not 0. The digits are 17, some at
/// the end 0. Nothing here branches on the value, since no processor foresees how long the text of a measured one is.
Decimal shortest_decimal(std::uint64_t fraction, int biased_exponent) {
  const std::uint64_t mantissa = fraction | kHiddenBit;
  const int exponent = biased_exponent - kExponentBias;
  const int scale = floor_log10_pow2(exponent);
  const int shift = exponent + floor_log2_pow10(-scale) + 1;
  const Power& power = kPowers[static_cast<std::size_t>(-scale - kLeastPower)];
  // An even mantissa also gets what lies exactly half-way to its neighbours.
  const std::uint64_t odd = mantissa & 1;
  const Wide low = Wide{power.low} * (4 * mantissa << shift);
  const Scaled value{Wide{power.high} * (4 * mantissa << shift) + static_cast<std::uint64_t>(low >> kWordBits),
                     static_cast<std::uint64_t>(low)};
  // Half of the way to a neighbour is 2 << shift powers.
  const Wide half = Wide{power.high} << (shift + 1) | power.low >> (kWordBits - 1 - shift);
  const std::uint64_t half_lowest = power.low << (shift + 1);
  const Scaled below{value.upper - half - (value.lowest < half_lowest ? 1 : 0), 0};
  const Scaled above{value.upper + half + (value.lowest + half_lowest < half_lowest ? 1 : 0), 0};
  const std::uint64_t least = below.whole() + odd;
  const std::uint64_t quarters = value.whole();
  const std::uint64_t most = above.whole() - odd;

  const std::uint64_t whole = quarters / 4;
  const std::uint64_t tens = whole / 10;
  // The nearer integer is inside when any is; of two equally near ones the even one.
  const std::uint64_t nearest = whole + static_cast<std::uint64_t>(quarters + (whole & 1) > 4 * whole + 2);
  const auto next_ten = static_cast<std::uint64_t>(40 * tens + 40 <= most);
  const auto ends_in_zero = static_cast<std::uint64_t>(least <= 40 * tens) | next_ten;
  const std::uint64_t digits = nearest + ends_in_zero * (10 * (tens + next_ten) - nearest);
  const auto sixteen = static_cast<std::uint64_t>(digits < kTenToThe16);
  return {digits * (1 + 9 * sixteen), scale - static_cast<int>(sixteen)};
}

/// Eight digits of a number below 10^8, one a byte, the first in the lowest one.
inline std::uint64_t eight_digits(std::uint64_t number) {
  const std::uint64_t fours = number / 10'000 | (number % 10'000) << 32;
  const std::uint64_t hundreds = (fours * 10'486 >> 20) & 0x0000007F0000007F;
  const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
  const std::uint64_t tens = (twos * 103 >> 10) & 0x000F000F000F000F;
  return tens | (twos - 10 * tens) << 8;
}

void put_eight(char* out, std::uint64_t characters) { std::memcpy(out, &characters, sizeof characters); }

constexpr std::uint64_t kZeros = 0x3030303030303030;
constexpr std::uint64_t kMostDigits = 17;

/// The characters with a point after the first `before`, 0 to 7; the last one is pushed out.
std::uint64_t with_point(std::uint64_t characters, int before) {
  const std::uint64_t head = (std::uint64_t{1} << (8 * before)) - 1;
  return (characters & head) | std::uint64_t{'.'} << (8 * before) | (characters & ~head) << 8;
}

char* write_fallback(char* out, double value) { return std::to_chars(out, out + kShortestTextRoom, value).ptr; }

}  // namespace

static_assert(std::endian::native == std::endian::little, "digits are stored eight at a time");

char* write_shortest(char* out, double value) {
  constexpr int kExponentMask = 0x7FF;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t fraction = bits & (kHiddenBit - 1);
  const int biased_exponent = static_cast<int>(bits >> kMantissaBits) & kExponentMask;

  if (value > -kIntegersEnd && value < kIntegersEnd) {
    const auto integer = static_cast<std::int64_t>(value);
    if (static_cast<double>(integer) == value) {
      constexpr std::int64_t kShorterWithExponent = 100'000;
      if (integer % kShorterWithExponent == 0 && bits != 0) return write_fallback(out, value);  // also -0
      return std::to_chars(out, out + kShortestTextRoom, integer).ptr;
    }
  } else if (biased_exponent < kExponentBias + kMantissaBits / 2) {
    return write_fallback(out, value);  // in fixed notation the exact integer
  }
  // Subnormal values have fewer digits; below a power of two the neighbours are half as far apart.
  if (biased_exponent == 0 || fraction == 0) return write_fallback(out, value);

  *out = '-';
  out += bits >> (kWordBits - 1);
  const Decimal decimal = shortest_decimal(fraction, biased_exponent);
  const std::uint64_t first_nine = decimal.digits / kTenToThe8;
  const std::uint64_t lower = eight_digits(decimal.digits - first_nine * kTenToThe8);
  const char first = static_cast<char>('0' + first_nine / kTenToThe8);
  const std::uint64_t upper = eight_digits(first_nine % kTenToThe8);
  const int zeros_at_end = lower != 0 ? std::countl_zero(lower) / 8 : upper != 0 ? 8 + std::countl_zero(upper) / 8 : 16;
  const int count = static_cast<int>(kMostDigits) - zeros_at_end;
  const std::uint64_t upper_text = upper | kZeros;
  const std::uint64_t lower_text = lower | kZeros;
  const int point = decimal.exponent + static_cast<int>(kMostDigits);  ///< digits before it

  if (point > 0 && point < static_cast<int>(kMostDigits)) {
    *out = first;
    if (point <= 8) {
      put_eight(out + 1, with_point(upper_text, point - 1));
      put_eight(out + 9, lower_text << 8 | upper_text >> 56);
    } else {
      put_eight(out + 1, upper_text);
      put_eight(out + 9, with_point(lower_text, point - 9));
    }
    out[17] = static_cast<char>(lower_text >> 56);
    return out + count + 1;
  }
  const int zeros_before = -point;
  if (point <= 0 && zeros_before <= (count > 1 ? 3 : 2)) {
    put_eight(out, with_point(kZeros, 1));
    out += 2 + zeros_before;
    *out = first;
    put_eight(out + 1, upper_text);
    put_eight(out + 9, lower_text);
    return out + count;
  }
  out[0] = first;
  out[1] = '.';
  put_eight(out + 2, upper_text);
  put_eight(out + 10, lower_text);
  out += count > 1 ? count + 1 : 1;
  int power = point - 1;
  *out++ = 'e';
  *out++ = power < 0 ? '-' : '+';
  power = power < 0 ? -power : power;
  if (power >= 100) *out++ = static_cast<char>('0' + power / 100);
  *out++ = static_cast<char>('0' + power / 10 % 10);
  *out++ = static_cast<char>('0' + power % 10);
  return out;
}

}  // namespace hedgewatch
