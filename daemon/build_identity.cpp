#include "daemon/build_identity.hpp"

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstring>
#include <string_view>

namespace hedgewatch {

namespace {

constexpr std::size_t aligned(std::size_t bytes) { return (bytes + 3) & ~std::size_t{3}; }

/// The notes of one segment of the file as it lies in memory.
std::string_view build_id_in(std::string_view notes) {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note{};
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    const std::size_t name = aligned(note.n_namesz);
    const std::size_t content = aligned(note.n_descsz);
    if (notes.size() < name + content) return {};
    if (note.n_type == NT_GNU_BUILD_ID && notes.starts_with(std::string_view{"GNU\0", 4})) return notes.substr(name, note.n_descsz);
    notes.remove_prefix(name + content);
  }
  return {};
}

/// The program itself comes first; nothing else is looked at.
int look_at_program(dl_phdr_info* info, std::size_t, void* into) {
  for (std::size_t i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    // The loader says where the program lies by a number.
    const auto* first = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);  // NOLINT(performance-no-int-to-ptr)
    const std::string_view found = build_id_in({first, segment.p_memsz});
    if (found.empty()) continue;
    *static_cast<std::string*>(into) = found;
    break;
  }
  return 1;
}

}  // namespace

std::string build_identity() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  dl_iterate_phdr(look_at_program, &id);
  std::string text;
  for (const char byte : id) {
    const auto value = static_cast<unsigned char>(byte);
    text.push_back(kDigits[value >> 4U]);
    text.push_back(kDigits[value & 15U]);
  }
  return text;
}

}  // namespace hedgewatch
