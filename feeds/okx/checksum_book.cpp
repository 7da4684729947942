#include "feeds/okx/checksum_book.hpp"

#include <zlib.h>

#include "core/types/nano.hpp"

namespace hedgewatch::okx {

bool ChecksumBook::apply(BookForm form, std::span<const WireLevel> levels) {
  for (const WireLevel& level : levels)
    if (!Price::parse(level.price) || !Size::parse(level.size)) return false;
  if (form == BookForm::Snapshot) clear();
  for (const WireLevel& level : levels) {
    auto& side = level.side == Side::Buy ? bids_ : asks_;
    const std::int64_t price = Price::parse(level.price)->raw();
    if (Size::parse(level.size) == Size{})
      side.erase(price);
    else
      side[price] = {std::string{level.price}, std::string{level.size}};
  }
  return true;
}

std::int32_t ChecksumBook::checksum() const {
  std::string text;
  const auto append = [&text](const Words& words) {
    if (!text.empty()) text += ':';
    text.append(words.first).append(":").append(words.second);
  };
  auto bid = bids_.rbegin();
  auto ask = asks_.begin();
  for (std::size_t taken = 0; taken < kLevels; ++taken) {
    if (bid != bids_.rend()) append((bid++)->second);
    if (ask != asks_.end()) append((ask++)->second);
  }
  const auto* const bytes = reinterpret_cast<const Bytef*>(text.data());
  const auto sum = crc32(crc32(0, nullptr, 0), bytes, static_cast<uInt>(text.size()));
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(sum));
}

void ChecksumBook::clear() {
  bids_.clear();
  asks_.clear();
}

}  // namespace hedgewatch::okx
