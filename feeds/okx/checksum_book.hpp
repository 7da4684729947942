#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "feeds/frame_detail.hpp"

namespace hedgewatch::okx {

/// A book in the words of the wire, for the checksum that frames carried until May 2026. Only recordings have one that is not 0:
/// this is not for the live path, and it allocates.
class ChecksumBook {
 public:
  /// Takes a message's levels. False: a price or size is no number, and the book is then as before.
  [[nodiscard]] bool apply(BookForm form, std::span<const WireLevel> levels);
  /// CRC-32 (IEEE) over "price:size" of the 25 best bids and asks, taken in turns; where one side runs out, of the other alone.
  [[nodiscard]] std::int32_t checksum() const;
  void clear();

 private:
  static constexpr std::size_t kLevels = 25;
  using Words = std::pair<std::string, std::string>;

  std::map<std::int64_t, Words> bids_;  ///< by price in 1e-9
  std::map<std::int64_t, Words> asks_;
};

}  // namespace hedgewatch::okx
