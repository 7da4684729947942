#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hedgewatch {

/// Text of at most N-1 bytes held in place, so that an event which names something stays trivially copyable.
template <std::size_t N>
class InlineText {
 public:
  static_assert(N >= 2 && N <= 256);
  static constexpr std::size_t kCapacity = N - 1;

  constexpr InlineText() = default;

  /// Nothing when the text is too long: a shortened name would be another name.
  static constexpr std::optional<InlineText> from(std::string_view text) {
    if (text.size() > kCapacity) return std::nullopt;
    InlineText result;
    std::copy(text.begin(), text.end(), result.characters_.begin());
    result.size_ = static_cast<std::uint8_t>(text.size());
    return result;
  }

  [[nodiscard]] constexpr std::string_view view() const { return {characters_.data(), size_}; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }

  friend constexpr bool operator==(const InlineText& a, const InlineText& b) { return a.view() == b.view(); }
  friend constexpr auto operator<=>(const InlineText& a, const InlineText& b) { return a.view() <=> b.view(); }

 private:
  std::array<char, N - 1> characters_{};
  std::uint8_t size_ = 0;
};

/// A currency or asset code in upper case, such as BTC, USD, USDC.
using AssetCode = InlineText<8>;
/// A venue's own symbol, such as BTC-25DEC26-100000-C.
using InstrumentName = InlineText<32>;

}  // namespace hedgewatch
