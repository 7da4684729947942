#include "feeds/transport/tls_context.hpp"

#include <utility>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>

#include <stdexcept>

namespace hedgewatch {

namespace ssl = boost::asio::ssl;

TlsContext::TlsContext(const std::optional<std::filesystem::path>& ca_file)
    : context_{std::make_unique<ssl::context>(ssl::context::tls_client)} {
  if (SSL_CTX_set_min_proto_version(context_->native_handle(), TLS1_2_VERSION) != 1)
    throw std::runtime_error{"OpenSSL offers no TLS 1.2"};
  context_->set_verify_mode(ssl::verify_peer);
  boost::system::error_code error;
  if (ca_file)
    context_->load_verify_file(ca_file->string(), error);
  else
    context_->set_default_verify_paths(error);
  if (error)
    throw std::runtime_error{(ca_file ? "cannot take root certificates from " + ca_file->string() : "no system root certificates") +
                             ": " + error.message()};
}

TlsContext::~TlsContext() = default;

bool expect_host(ssl_st* connection, const std::string& host) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) == 1;
  SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // SSL_set_tlsext_host_name, written out because the macro casts the old way.
  std::string name = host;
  return !host.empty() && SSL_set1_host(connection, host.c_str()) == 1 &&
         SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

std::string verification_failure(ssl_st* connection) {
  const long result = SSL_get_verify_result(connection);
  return result == X509_V_OK ? std::string{} : std::string{X509_verify_cert_error_string(result)};
}

}  // namespace hedgewatch
