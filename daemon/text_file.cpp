#include "daemon/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "daemon/file_descriptor.hpp"

namespace hedgewatch {

namespace {

FileError system_error(int code) { return {"cannot be read: " + std::generic_category().message(code)}; }

}  // namespace

Result<std::string, FileError> read_text_file(const std::string& path, std::size_t most_bytes) {
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (file.number() < 0) return system_error(errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return system_error(errno);
  if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) return FileError{"cannot be read: it is no regular file"};

  std::string text;
  std::array<char, 16'384> block;
  while (true) {
    const ssize_t count = ::read(file.number(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(errno);
    if (count == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
    if (text.size() > most_bytes) return FileError{"cannot be read: it is longer than " + std::to_string(most_bytes) + " bytes"};
  }
}

}  // namespace hedgewatch
