#include "daemon/credentials.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "daemon/file_descriptor.hpp"

namespace hedgewatch {

namespace {

constexpr std::size_t kMostSecretBytes = 4'096;

/// Read into and wiped, whatever way the reading ends.
class WipedBuffer {
 public:
  WipedBuffer() = default;
  ~WipedBuffer() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  WipedBuffer(const WipedBuffer&) = delete;
  WipedBuffer& operator=(const WipedBuffer&) = delete;

  /// Up to the end of the file, or until the buffer is full. False with errno on an error.
  bool fill_from(int file) {
    while (size_ < bytes_.size()) {
      const ssize_t count = ::read(file, bytes_.data() + size_, bytes_.size() - size_);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      if (count == 0) return true;
      size_ += static_cast<std::size_t>(count);
    }
    return true;
  }
  [[nodiscard]] bool full() const { return size_ == bytes_.size(); }
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kMostSecretBytes + 3> bytes_{};  // a line end and one byte too many
  std::size_t size_ = 0;
};

std::string octal(mode_t mode) {
  std::string digits = "0000";
  for (std::size_t i = digits.size(); i-- > 0; mode >>= 3) digits[i] = static_cast<char>('0' + (mode & 7U));
  return digits;
}

/// What is wrong with the file's own access rights; empty when it is private. systemd guards its credentials itself: it may give
/// them to the service's user by an access list, which shows as group bits, but never opens them to all.
std::string access_fault(const struct stat& status, bool from_systemd) {
  if (!S_ISREG(status.st_mode)) return "is no regular file, must be one";
  const mode_t mode = status.st_mode & mode_t{07777};
  const mode_t forbidden = from_systemd ? S_IRWXO : S_IRWXG | S_IRWXO;
  if ((mode & forbidden) != 0) return "has mode " + octal(mode) + ", must be closed to others: chmod 0600";
  if (!from_systemd && status.st_uid != ::geteuid() && status.st_uid != 0)
    return "belongs to user " + std::to_string(status.st_uid) + ", must belong to the daemon's user " +
           std::to_string(::geteuid()) + " or to root";
  return {};
}

/// Where a secret is, and how messages name it.
struct SecretPlace {
  std::string owner;  ///< account "main"
  std::string key;    ///< secret_file
  std::string value;
  bool from_systemd = false;
};

Result<Secret, CredentialError> read_place(const SecretPlace& place, const std::string& directory) {
  const auto& [owner, key, value, from_systemd] = place;
  const auto error = [&place](const std::string& what) {
    return CredentialError{place.owner + ": " + place.key + " \"" + place.value + "\": " + what};
  };

  if (from_systemd && directory.empty())
    return error("cannot be found as CREDENTIALS_DIRECTORY is not set, must be given by systemd with LoadCredential=" + value +
                 ":FILE");
  const std::string path = from_systemd ? directory + '/' + value : value;
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  struct stat status {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0)
    return error("cannot be read: " + std::generic_category().message(errno));
  if (const std::string fault = access_fault(status, from_systemd); !fault.empty()) return error(fault);

  WipedBuffer buffer;
  if (!buffer.fill_from(file.number())) return error("cannot be read: " + std::generic_category().message(errno));
  std::string_view text = buffer.text();
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (buffer.full() || text.size() > kMostSecretBytes)
    return error("is longer than " + std::to_string(kMostSecretBytes) + " bytes, must be a secret alone");
  if (text.empty()) return error("is empty, must hold the secret");
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; }))
    return error("holds spaces, line ends or control characters, must be one word");
  return Secret{text};
}

}  // namespace

std::string credentials_directory() {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory != nullptr ? directory : "";
}

Result<Secret, CredentialError> read_secret(const AccountConfig& account, const std::string& directory) {
  const bool from_systemd = !account.secret_credential.empty();
  return read_place({.owner = "account \"" + account.name + '"',
                     .key = from_systemd ? "secret_credential" : "secret_file",
                     .value = from_systemd ? account.secret_credential : account.secret_file,
                     .from_systemd = from_systemd},
                    directory);
}

Result<Secret, CredentialError> read_token(std::string_view table, const TokenConfig& token, const std::string& directory) {
  const bool from_systemd = !token.credential.empty();
  if (!from_systemd && token.file.empty()) return Secret{};
  return read_place({.owner = '[' + std::string{table} + ']',
                     .key = from_systemd ? "token_credential" : "token_file",
                     .value = from_systemd ? token.credential : token.file,
                     .from_systemd = from_systemd},
                    directory);
}

}  // namespace hedgewatch
