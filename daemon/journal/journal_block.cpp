#include "daemon/journal/journal_block.hpp"

#include <zstd.h>

#include <array>
#include <bit>
#include <boost/crc.hpp>
#include <cstddef>
#include <cstring>

namespace hedgewatch {

namespace {

constexpr std::string_view kMagic{"HWJ\x01", 4};
constexpr int kCompressionLevel = 1;

/// CRC32C (Castagnoli), the polynomial of iSCSI and ext4.
using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

/// As it lies on disk, after the magic. Every member has its natural place: there is no padding.
struct Header {
  std::uint32_t crc = 0;
  std::uint64_t sequence = 0;
  std::int64_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t stored_bytes = 0;
  std::uint32_t kind = 0;
  std::uint64_t reserved = 0;
};

template <class Number>
void put(std::string& out, Number number) {
  const auto bytes = std::bit_cast<std::array<char, sizeof(Number)>>(number);
  out.append(bytes.data(), bytes.size());
}

template <class Number>
void get(std::string_view& bytes, Number& number) {
  std::array<char, sizeof(Number)> raw{};
  bytes.copy(raw.data(), raw.size());
  bytes.remove_prefix(raw.size());
  number = std::bit_cast<Number>(raw);
}

void put_checked_part(std::string& out, const Header& header) {
  put(out, header.sequence);
  put(out, header.first);
  put(out, header.count);
  put(out, header.payload_bytes);
  put(out, header.stored_bytes);
  put(out, header.kind);
  put(out, header.reserved);
}

Header read_header(std::string_view bytes) {
  Header header;
  get(bytes, header.crc);
  get(bytes, header.sequence);
  get(bytes, header.first);
  get(bytes, header.count);
  get(bytes, header.payload_bytes);
  get(bytes, header.stored_bytes);
  get(bytes, header.kind);
  get(bytes, header.reserved);
  return header;
}

#if defined(__x86_64__)
/// The processor's own instruction, eight bytes at a time: a start reads whole segments.
__attribute__((target("sse4.2"))) std::uint32_t crc_by_instruction(std::string_view checked) {
  std::uint64_t crc = 0xFFFFFFFF;
  for (; checked.size() >= sizeof(std::uint64_t); checked.remove_prefix(sizeof(std::uint64_t))) {
    std::uint64_t word = 0;
    std::memcpy(&word, checked.data(), sizeof word);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (const char byte : checked) rest = __builtin_ia32_crc32qi(rest, static_cast<unsigned char>(byte));
  return rest ^ 0xFFFFFFFF;
}
#endif

std::uint32_t crc_of(std::string_view checked) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return crc_by_instruction(checked);
#endif
  Crc32c crc;
  crc.process_bytes(checked.data(), checked.size());
  return crc.checksum();
}

constexpr std::size_t kUncheckedBytes = 8;  ///< the magic and the sum itself
static_assert(kBlockHeaderBytes == kUncheckedBytes + 3 * sizeof(std::uint64_t) + 4 * sizeof(std::uint32_t));

bool is_kind(std::uint32_t kind) {
  return kind >= static_cast<std::uint32_t>(BlockKind::Session) && kind <= static_cast<std::uint32_t>(BlockKind::Alerts);
}

}  // namespace

void append_block(std::string& out, const JournalBlock& block) {
  std::string stored(ZSTD_compressBound(block.payload.size()), '\0');
  const std::size_t size =
      ZSTD_compress(stored.data(), stored.size(), block.payload.data(), block.payload.size(), kCompressionLevel);
  stored.resize(size);  // compressBound leaves no way to fail

  const Header header{.crc = 0,
                      .sequence = block.sequence,
                      .first = nanoseconds_of(block.first),
                      .count = block.count,
                      .payload_bytes = static_cast<std::uint32_t>(block.payload.size()),
                      .stored_bytes = static_cast<std::uint32_t>(stored.size()),
                      .kind = static_cast<std::uint32_t>(block.kind)};
  std::string checked;
  put_checked_part(checked, header);
  checked += stored;
  out += kMagic;
  put(out, crc_of(checked));
  out += checked;
}

std::optional<JournalBlock> BlockWalker::block_at(std::uint64_t offset, std::uint64_t& end) const {
  std::string_view rest = bytes_.substr(offset);
  if (rest.size() < kBlockHeaderBytes || !rest.starts_with(kMagic)) return std::nullopt;
  const Header header = read_header(rest.substr(kMagic.size()));
  if (!is_kind(header.kind) || header.payload_bytes > kLongestPayload || header.stored_bytes > rest.size() - kBlockHeaderBytes)
    return std::nullopt;
  if (crc_of(rest.substr(kUncheckedBytes, kBlockHeaderBytes - kUncheckedBytes + header.stored_bytes)) != header.crc)
    return std::nullopt;
  end = offset + kBlockHeaderBytes + header.stored_bytes;
  const bool known = header.count > 0 && header.sequence < first_wanted_ && header.count <= first_wanted_ - header.sequence;
  if (known && header.kind == static_cast<std::uint32_t>(BlockKind::Events))
    return JournalBlock{.kind = BlockKind::Events,
                        .sequence = header.sequence,
                        .count = header.count,
                        .first = from_nanoseconds<WallTime>(header.first),
                        .payload = {}};

  JournalBlock block{.kind = static_cast<BlockKind>(header.kind),
                     .sequence = header.sequence,
                     .count = header.count,
                     .first = from_nanoseconds<WallTime>(header.first),
                     .payload = std::string(header.payload_bytes, '\0')};
  const std::string_view stored = rest.substr(kBlockHeaderBytes, header.stored_bytes);
  const std::size_t size = ZSTD_decompress(block.payload.data(), block.payload.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) != 0 || size != block.payload.size()) return std::nullopt;
  return block;
}

std::optional<BlockWalker::Step> BlockWalker::next() {
  if (offset_ == bytes_.size()) return std::nullopt;
  std::uint64_t end = 0;
  if (auto block = block_at(offset_, end)) {
    offset_ = end;
    return Step{.block = std::move(block), .damage = {}};
  }
  BlockDamage damage{.offset = offset_, .bytes = 0, .at_end = false};
  std::size_t candidate = offset_ + 1;
  while (true) {
    candidate = bytes_.find(kMagic, candidate);
    if (candidate == std::string_view::npos) {
      damage.bytes = bytes_.size() - offset_;
      damage.at_end = true;
      offset_ = bytes_.size();
      break;
    }
    if (block_at(candidate, end)) {
      damage.bytes = candidate - offset_;
      offset_ = candidate;
      break;
    }
    ++candidate;
  }
  return Step{.block = {}, .damage = damage};
}

}  // namespace hedgewatch
