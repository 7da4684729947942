#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hedgewatch {

namespace detail {
/// Reads a JSON-style decimal (sign, digits, fraction, exponent) exactly as a count of 1e-9.
/// Nothing when it is no number, does not fit, or has a non-zero digit beyond the ninth decimal.
[[nodiscard]] std::optional<std::int64_t> parse_nano(std::string_view text);
}  // namespace detail

/// An exact decimal: an integer count of 1e-9. Two prices are the same book level or they are not.
/// There is no product of two of them: what price times size means depends on the contract.
template <class Tag>
class Nano {
 public:
  static constexpr std::int64_t kScale = 1'000'000'000;

  constexpr Nano() = default;
  static constexpr Nano from_raw(std::int64_t raw) { return Nano{raw}; }
  static std::optional<Nano> parse(std::string_view text) {
    const auto raw = detail::parse_nano(text);
    return raw ? std::optional{Nano{*raw}} : std::nullopt;
  }

  [[nodiscard]] constexpr std::int64_t raw() const { return raw_; }
  [[nodiscard]] constexpr double to_double() const { return static_cast<double>(raw_) / static_cast<double>(kScale); }

  friend constexpr auto operator<=>(Nano, Nano) = default;
  friend constexpr Nano operator+(Nano a, Nano b) { return Nano{a.raw_ + b.raw_}; }
  friend constexpr Nano operator-(Nano a, Nano b) { return Nano{a.raw_ - b.raw_}; }

 private:
  constexpr explicit Nano(std::int64_t raw) : raw_{raw} {}
  std::int64_t raw_ = 0;
};

/// In the venue's own price unit: coin for inverse options, quote currency otherwise.
using Price = Nano<struct PriceTag>;
/// In the venue's own size unit; the contract says whether that is quote currency, coin or contracts.
using Size = Nano<struct SizeTag>;

}  // namespace hedgewatch
