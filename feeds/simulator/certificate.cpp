#include "feeds/simulator/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace hedgewatch::simulator {
namespace {

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>>;
using Bytes = std::unique_ptr<BIO, Freeing<BIO_free>>;

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string{"cannot make the simulated exchange's certificate: "} + what);
}

Key new_key() {
  Key key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  must(key != nullptr, "key");
  return key;
}

void extend(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
  must(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

Certificate new_certificate(EVP_PKEY* key, long serial, const char* name) {
  constexpr long kDay = 86'400;
  Certificate certificate{X509_new()};
  must(certificate != nullptr, "certificate");
  must(X509_set_version(certificate.get(), 2) == 1, "version");
  must(ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial) == 1, "serial number");
  must(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay) != nullptr, "validity");
  must(X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 30 * kDay) != nullptr, "validity");
  must(X509_set_pubkey(certificate.get(), key) == 1, "public key");
  must(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                                  reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1,
       "name");
  return certificate;
}

template <class Write>
std::string pem(Write write) {
  const Bytes bytes{BIO_new(BIO_s_mem())};
  must(bytes != nullptr && write(bytes.get()) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bytes.get(), &data);
  must(size > 0, "PEM");
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

LoopbackCertificate make_loopback_certificate() {
  const Key authority_key = new_key();
  const Certificate authority = new_certificate(authority_key.get(), 1, "hedgewatch simulated exchange authority");
  must(X509_set_issuer_name(authority.get(), X509_get_subject_name(authority.get())) == 1, "issuer");
  extend(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  extend(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
  must(X509_sign(authority.get(), authority_key.get(), EVP_sha256()) > 0, "signature");

  const Key key = new_key();
  const Certificate leaf = new_certificate(key.get(), 2, "localhost");
  must(X509_set_issuer_name(leaf.get(), X509_get_subject_name(authority.get())) == 1, "issuer");
  extend(leaf.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(leaf.get(), authority.get(), NID_key_usage, "critical,digitalSignature");
  extend(leaf.get(), authority.get(), NID_ext_key_usage, "serverAuth");
  extend(leaf.get(), authority.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  extend(leaf.get(), authority.get(), NID_authority_key_identifier, "keyid");
  must(X509_sign(leaf.get(), authority_key.get(), EVP_sha256()) > 0, "signature");

  return {.authority = pem([&](BIO* out) { return PEM_write_bio_X509(out, authority.get()); }),
          .certificate = pem([&](BIO* out) { return PEM_write_bio_X509(out, leaf.get()); }),
          .private_key =
              pem([&](BIO* out) { return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

}  // namespace hedgewatch::simulator
