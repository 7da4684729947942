#include "feeds/session/signing.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <memory>
#include <vector>

namespace hedgewatch {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

struct Digest {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
};

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Digest hmac_sha256(const Secret& secret, std::string_view message) {
  Digest digest;
  HMAC(EVP_sha256(), secret.view().data(), static_cast<int>(secret.view().size()), bytes_of(message), message.size(),
       digest.bytes.data(), &digest.size);
  return digest;
}

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::vector<unsigned char> text(4 * ((size + 2) / 3) + 1);
  const int written = EVP_EncodeBlock(text.data(), bytes, static_cast<int>(size));
  return {text.begin(), text.begin() + written};
}

struct Release {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// Asks nobody: a key under a passphrase is no key here.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return 0; }

}  // namespace

std::string hmac_sha256_hex(const Secret& secret, std::string_view message) {
  const Digest digest = hmac_sha256(secret, message);
  std::string hex;
  hex.reserve(std::size_t{2} * digest.size);
  for (unsigned int at = 0; at < digest.size; ++at) {
    hex += kDigits[digest.bytes[at] >> 4];
    hex += kDigits[digest.bytes[at] & 15];
  }
  return hex;
}

std::string hmac_sha256_base64(const Secret& secret, std::string_view message) {
  const Digest digest = hmac_sha256(secret, message);
  return base64(digest.bytes.data(), digest.size);
}

bool is_private_key(const Secret& secret) { return secret.view().find("-----BEGIN") != std::string_view::npos; }

std::optional<std::string> ed25519_base64(const Secret& private_key, std::string_view message) {
  const std::unique_ptr<BIO, Release> text{BIO_new_mem_buf(private_key.view().data(), static_cast<int>(private_key.view().size()))};
  if (!text) return std::nullopt;
  const std::unique_ptr<EVP_PKEY, Release> key{PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr)};
  if (!key || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) return std::nullopt;
  const std::unique_ptr<EVP_MD_CTX, Release> context{EVP_MD_CTX_new()};
  std::array<unsigned char, 64> signature{};
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(message), message.size()) != 1)
    return std::nullopt;
  return base64(signature.data(), size);
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
      continue;
    }
    constexpr std::string_view kUpper = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kUpper[byte >> 4];
    encoded += kUpper[byte & 15];
  }
  return encoded;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace hedgewatch
