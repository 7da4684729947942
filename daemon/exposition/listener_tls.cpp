#include "daemon/exposition/listener_tls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/ssl/context.hpp>

#include "daemon/text_file.hpp"

namespace hedgewatch {

namespace {

namespace ssl = boost::asio::ssl;

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using ReadBytes = std::unique_ptr<BIO, Freeing<BIO_free>>;
using ReadKey = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using ReadCertificate = std::unique_ptr<X509, Freeing<X509_free>>;

constexpr const char* kCiphersOfTls12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::size_t kLongestChain = 16;

/// OpenSSL asks on the terminal otherwise.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

ReadBytes bytes_of(std::string_view text) { return ReadBytes{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))}; }

Result<std::vector<ReadCertificate>, std::string> read_chain(const std::string& file) {
  const auto text = read_text_file(file);
  if (!text.ok()) return text.error().words;
  const ReadBytes bytes = bytes_of(text.value());
  std::vector<ReadCertificate> chain;
  ERR_clear_error();
  while (bytes != nullptr) {
    ReadCertificate next{PEM_read_bio_X509(bytes.get(), nullptr, no_passphrase, nullptr)};
    if (next == nullptr) break;
    if (chain.size() == kLongestChain) return "holds more than " + std::to_string(kLongestChain) + " certificates";
    chain.push_back(std::move(next));
  }
  // What ends the file is that no further one begins.
  const auto last = ERR_peek_last_error();
  const bool whole = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!whole) return std::string{"holds a certificate that cannot be read"};
  if (chain.empty()) return std::string{"holds no certificate, must be PEM with the server's own first"};
  return chain;
}

/// "Never" is written as a day of the year 9999; nanoseconds reach to 2262.
WallTime wall_time_of(const ASN1_TIME* time) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  constexpr std::int64_t kLastSecond = std::numeric_limits<std::int64_t>::max() / kPerSecond;
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return from_nanoseconds<WallTime>(std::clamp<std::int64_t>(::timegm(&parts), 0, kLastSecond) * kPerSecond);
}

CertificateValidity validity_of(const X509* certificate) {
  return {.begins = wall_time_of(X509_get0_notBefore(certificate)), .ends = wall_time_of(X509_get0_notAfter(certificate))};
}

}  // namespace

ListenerTls::ListenerTls() : context_{std::make_unique<ssl::context>(ssl::context::tls_server)} {}

ListenerTls::~ListenerTls() = default;

Result<std::shared_ptr<ListenerTls>, std::string> ListenerTls::read(const Place& place, const Secret& key) {
  const auto chain = read_chain(place.certificate_file);
  if (!chain.ok()) return place.certificate_name + ": " + chain.error();
  const ReadBytes bytes = bytes_of(key.view());
  const ReadKey private_key{bytes ? PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_passphrase, nullptr) : nullptr};
  ERR_clear_error();
  if (private_key == nullptr) return place.key_name + ": holds no private key, must be one in PEM without a passphrase";

  const std::shared_ptr<ListenerTls> tls{new ListenerTls};
  SSL_CTX* native = tls->context_->native_handle();
  const bool strict =
      SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(native, kCiphersOfTls12) == 1;
  if (!strict) return std::string{"OpenSSL offers no TLS 1.2 with forward secrecy"};
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  X509* own = chain.value().front().get();
  const bool taken = SSL_CTX_use_certificate(native, own) == 1;
  for (std::size_t link = 1; taken && link < chain.value().size(); ++link)
    if (SSL_CTX_add1_chain_cert(native, chain.value()[link].get()) != 1)
      return place.certificate_name + ": holds a certificate that cannot be sent";
  const bool fits =
      taken && X509_check_private_key(own, private_key.get()) == 1 && SSL_CTX_use_PrivateKey(native, private_key.get()) == 1;
  ERR_clear_error();
  if (!taken) return place.certificate_name + ": holds a certificate whose key is too weak";
  if (!fits) return place.key_name + ": does not match the certificate in \"" + place.certificate_file + '"';
  tls->validity_ = validity_of(own);
  return tls;
}

Result<CertificateValidity, std::string> certificate_validity(const std::string& certificate_file) {
  const auto chain = read_chain(certificate_file);
  if (!chain.ok()) return chain.error();
  return validity_of(chain.value().front().get());
}

}  // namespace hedgewatch
