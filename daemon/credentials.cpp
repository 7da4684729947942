#include "daemon/credentials.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

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

/// One line without spaces, or a key in PEM.
bool is_secret_text(std::string_view text) {
  if (text.starts_with("-----BEGIN "))
    return std::ranges::all_of(text, [](char c) { return (c >= ' ' && c < 0x7F) || c == '\n' || c == '\r'; });
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
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
  if (!is_secret_text(text)) return error("holds spaces, line ends or control characters, must be one word");
  return Secret{text};
}

/// One secret of an account, named by one of two keys: KIND_credential or KIND_file.
Result<Secret, CredentialError> read_of_account(const AccountConfig& account, std::string_view kind, const std::string& credential,
                                                const std::string& file, const std::string& directory) {
  const bool from_systemd = !credential.empty();
  return read_place({.owner = "account \"" + account.name + '"',
                     .key = std::string{kind} + (from_systemd ? "_credential" : "_file"),
                     .value = from_systemd ? credential : file,
                     .from_systemd = from_systemd},
                    directory);
}

}  // namespace

std::string credentials_directory() {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory != nullptr ? directory : "";
}

Result<Secret, CredentialError> read_secret(const AccountConfig& account, const std::string& directory) {
  return read_of_account(account, "secret", account.secret_credential, account.secret_file, directory);
}

Result<AccountSecrets, CredentialError> read_secrets(const AccountConfig& account, const std::string& directory) {
  auto secret = read_secret(account, directory);
  if (!secret.ok()) return secret.error();
  AccountSecrets secrets{std::move(secret).value(), {}};
  if (account.passphrase_credential.empty() && account.passphrase_file.empty()) return secrets;
  auto passphrase = read_of_account(account, "passphrase", account.passphrase_credential, account.passphrase_file, directory);
  if (!passphrase.ok()) return passphrase.error();
  secrets.passphrase = std::move(passphrase).value();
  return secrets;
}

Result<Secret, CredentialError> read_token(std::string_view table, const TokenConfig& token, const std::string& directory) {
  const bool from_systemd = !token.credential.empty();
  if (!from_systemd && token.file.empty()) return Secret{};
  return read_place({.owner = '[' + std::string{table} + ']',
                     .key = std::string{token.user.empty() ? "token" : "basic_auth"} + (from_systemd ? "_credential" : "_file"),
                     .value = from_systemd ? token.credential : token.file,
                     .from_systemd = from_systemd},
                    directory);
}

Result<Secret, CredentialError> read_listener_key(const ListenerTlsConfig& tls, const std::string& directory) {
  const bool from_systemd = !tls.key_credential.empty();
  if (!from_systemd && tls.key_file.empty()) return Secret{};
  return read_place({.owner = "[http]",
                     .key = from_systemd ? "tls_key_credential" : "tls_key_file",
                     .value = from_systemd ? tls.key_credential : tls.key_file,
                     .from_systemd = from_systemd},
                    directory);
}

std::string authorization_of(const TokenConfig& token, const Secret& secret) {
  if (secret.empty()) return {};
  if (token.user.empty()) return "Bearer " + std::string{secret.view()};
  std::string pair = token.user + ':';
  pair.append(secret.view());
  constexpr std::size_t kGroupBytes = 3;
  constexpr std::size_t kGroupDigits = 4;
  // One more than the digits: OpenSSL ends them with a zero byte.
  std::string digits((pair.size() + kGroupBytes - 1) / kGroupBytes * kGroupDigits + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(digits.data()),
                                   reinterpret_cast<const unsigned char*>(pair.data()), static_cast<int>(pair.size()));
  digits.resize(static_cast<std::size_t>(size));
  wipe(pair);
  std::string header = "Basic " + digits;
  wipe(digits);
  return header;
}

}  // namespace hedgewatch
