// A journal's segment of any bytes. The first byte says how the rest is packed: as it is, as the events of a well-formed block, or
// as several blocks with one byte spoiled. Property: walking covers every byte once, as a block or as damage; an event that can be
// read is written as the same bytes again, and reading a file ends.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/journal/event_codec.hpp"
#include "daemon/journal/journal_block.hpp"
#include "daemon/journal/journal_reader.hpp"

using namespace hedgewatch;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string segment_of(std::uint8_t packing, std::string_view rest) {
  if (packing % 3 == 0) return std::string{rest};
  std::string bytes;
  if (packing % 3 == 1) {
    append_block(bytes, {.kind = BlockKind::Session, .sequence = 7, .payload = session_text({"1", 5})});
    append_block(bytes,
                 {.kind = packing % 2 == 0 ? BlockKind::Restated : BlockKind::Events, .sequence = 7, .payload = std::string{rest}});
    return bytes;
  }
  // Each part of the input, up to a zero byte, is a block of the kind that its first byte names.
  std::uint64_t sequence = 0;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part.empty()) continue;
    const auto kind = static_cast<BlockKind>(1 + static_cast<std::uint8_t>(part.front()) % 7);
    append_block(bytes, {.kind = kind, .sequence = sequence++, .payload = std::string{part.substr(1)}});
  }
  if (packing % 2 == 1 && !bytes.empty()) bytes[packing * std::size_t{37} % bytes.size()] ^= '\x10';
  return bytes;
}

void walk(std::string_view bytes) {
  BlockWalker walker{bytes};
  std::uint64_t covered = 0;
  while (const auto step = walker.next()) {
    require(step->block.has_value() != step->damage.has_value() && walker.offset() > covered);
    if (step->damage) {
      require(step->damage->offset == covered && step->damage->bytes == walker.offset() - covered);
      require(step->damage->at_end == (walker.offset() == bytes.size()) || !step->damage->at_end);
    }
    covered = walker.offset();
  }
  require(covered == bytes.size());
}

void recode(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view before = bytes;
    const auto event = decode_event(bytes);
    if (!event) {
      require(bytes.data() == before.data() && bytes.size() == before.size());
      return;
    }
    std::string again;
    encode_event(again, *event);
    require(again == before.substr(0, before.size() - bytes.size()));
  }
}

/// A file in memory that the reader can open by name.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_{memfd_create("segment", MFD_CLOEXEC)} {
    require(descriptor_ >= 0 && write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void read(std::string_view bytes) {
  const MemoryFile file{bytes};
  JournalReader reader{{SegmentFile{.path = file.path()}}};
  std::size_t items = 0;
  while (const auto item = reader.next()) {
    require(++items <= bytes.size() * 1'100 + 2);  // zstd shrinks by no more than about a thousand
    if (const auto* damage = std::get_if<JournalDamage>(&*item)) require(!damage->what.empty());
  }
  require(!reader.next());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  recode(rest);
  const std::string segment = segment_of(data[0], rest);
  walk(segment);
  read(segment);
  return 0;
}
