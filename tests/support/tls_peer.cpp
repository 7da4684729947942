#include "support/tls_peer.hpp"

#include <utility>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

namespace hedgewatch::testing {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

void require(bool fine, const char* what) {
  if (!fine) throw std::runtime_error{std::string{"test peer: "} + what};
}

template <class Write>
std::string pem(Write write) {
  const Owned<BIO> bio{BIO_new(BIO_s_mem())};
  require(write(bio.get()) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_ctrl(bio.get(), BIO_CTRL_INFO, 0, &data);
  return {data, static_cast<std::size_t>(size)};
}

Owned<EVP_PKEY> new_key() {
  Owned<EVP_PKEY> key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  require(key != nullptr, "key");
  return key;
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

Owned<X509> new_certificate(EVP_PKEY* key, const std::string& name, long serial, int from_days, int to_days) {
  constexpr long kDay = 86'400;
  Owned<X509> certificate{X509_new()};
  require(certificate != nullptr, "certificate");
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from_days * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), to_days * kDay);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const std::vector<unsigned char> text{name.begin(), name.end()};
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text.data(), static_cast<int>(text.size()), -1, 0);
  return certificate;
}

}  // namespace

struct TestAuthority::Keys {
  Owned<EVP_PKEY> key = new_key();
  Owned<X509> root = new_certificate(key.get(), "test authority " + std::to_string(std::random_device{}()), 1, -10, 10);
  mutable long serial = 1;
};

TestAuthority::TestAuthority() : keys_{std::make_unique<Keys>()} {
  X509* root = keys_->root.get();
  X509_set_issuer_name(root, X509_get_subject_name(root));
  add_extension(root, root, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(root, root, NID_key_usage, "critical,keyCertSign,cRLSign");
  require(X509_sign(root, keys_->key.get(), EVP_sha256()) != 0, "signature");

  std::string name = (std::filesystem::temp_directory_path() / "hedgewatch-authority-XXXXXX").string();
  const int descriptor = ::mkstemp(name.data());
  require(descriptor >= 0, "temporary file");
  ::close(descriptor);
  file_ = name;
  std::ofstream{file_} << pem([root](BIO* bio) { return PEM_write_bio_X509(bio, root); });
}

TestAuthority::~TestAuthority() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

Certificate TestAuthority::issue(const CertificateWish& wish) const {
  const Owned<EVP_PKEY> key = new_key();
  const Owned<X509> certificate = new_certificate(key.get(), "peer", ++keys_->serial, wish.valid_from_days, wish.valid_to_days);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(keys_->root.get()));
  std::string alternatives;
  for (const std::string& name : wish.names) alternatives += (alternatives.empty() ? "DNS:" : ",DNS:") + name;
  for (const std::string& address : wish.addresses) alternatives += (alternatives.empty() ? "IP:" : ",IP:") + address;
  if (!alternatives.empty()) add_extension(certificate.get(), keys_->root.get(), NID_subject_alt_name, alternatives);
  require(X509_sign(certificate.get(), keys_->key.get(), EVP_sha256()) != 0, "signature");
  return {
      .chain_pem = pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }),
      .key_pem = pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

std::string PeerConnection::accept_websocket(std::string_view behind) {
  std::string head = read_head();
  const std::string_view field = "Sec-WebSocket-Key: ";
  const std::size_t start = head.find(field) + field.size();
  const std::string text = head.substr(start, head.find("\r\n", start) - start) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, 64> accept{};
  const int length = EVP_EncodeBlock(accept.data(), digest.data(), static_cast<int>(size));
  write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
        std::string{accept.begin(), accept.begin() + length} + "\r\n\r\n" + std::string{behind});
  return head;
}

PeerConnection::Frame PeerConnection::read_frame() {
  const auto byte = [](char c) { return static_cast<unsigned char>(c); };
  const std::string head = read_exactly(2);
  require((byte(head[0]) & 0xF0) == 0x80, "client frame not final");
  require((byte(head[1]) & 0x80) != 0, "client frame not masked");
  std::size_t size = byte(head[1]) & 0x7F;
  if (size >= 126) {
    const std::string extended = read_exactly(size == 126 ? 2 : 8);
    size = 0;
    for (const char c : extended) size = size << 8 | byte(c);
  }
  const std::string mask = read_exactly(4);
  Frame frame{.opcode = static_cast<std::uint8_t>(byte(head[0]) & 0x0F), .payload = read_exactly(size)};
  for (std::size_t i = 0; i < size; ++i) frame.payload[i] = static_cast<char>(byte(frame.payload[i]) ^ byte(mask[i % 4]));
  return frame;
}

std::string server_frame(std::uint8_t first_byte, std::string_view payload) {
  std::string frame{static_cast<char>(first_byte)};
  const std::size_t size = payload.size();
  const std::size_t length_bytes = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
  frame.push_back(static_cast<char>(length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127));
  for (std::size_t i = length_bytes; i-- > 0;) frame.push_back(static_cast<char>(size >> (8 * i) & 0xFF));
  return frame.append(payload);
}

struct TlsPeer::Server {
  class Accepted final : public PeerConnection {
   public:
    explicit Accepted(asio::ssl::stream<tcp::socket>& stream) : stream_{stream} {}
    std::string read_head() override {
      std::string head;
      while (head.find("\r\n\r\n") == std::string::npos) head += read_exactly(1);
      return head;
    }
    void write(std::string_view bytes) override { asio::write(stream_, asio::buffer(bytes.data(), bytes.size())); }
    std::string read_exactly(std::size_t count) override {
      std::string bytes(count, '\0');
      asio::read(stream_, asio::buffer(bytes));
      return bytes;
    }
    void reset() override {
      stream_.next_layer().set_option(asio::socket_base::linger{true, 0});
      stream_.next_layer().close();
    }
    void wait_for_end() override {
      std::array<char, 4096> bytes{};
      boost::system::error_code error;
      while (!error) stream_.read_some(asio::buffer(bytes), error);
    }

   private:
    asio::ssl::stream<tcp::socket>& stream_;
  };

  void run() {
    while (!stopping) {
      boost::system::error_code error;
      tcp::socket socket{io};
      acceptor.accept(socket, error);
      if (error || stopping) return;
      // No script waits for ever.
      timeval patience{};
      patience.tv_sec = 20;
      ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      asio::ssl::stream<tcp::socket> stream{std::move(socket), context};
      stream.handshake(asio::ssl::stream_base::server, error);
      if (error) continue;
      if (const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name); name != nullptr) {
        const std::lock_guard lock{mutex};
        asked_for_name = name;
      }
      Accepted accepted{stream};
      try {
        script(accepted);
      } catch (const std::exception&) {
        // The client went away; the test sees its own side.
      }
    }
  }

  asio::io_context io;
  asio::ssl::context context{asio::ssl::context::tls_server};
  tcp::acceptor acceptor{io, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  Script script;
  mutable std::mutex mutex;
  std::string asked_for_name;
  std::atomic<bool> stopping{false};
  std::thread thread;
};

TlsPeer::TlsPeer(const Certificate& certificate, Script script, std::optional<int> newest_version)
    : server_{std::make_unique<Server>()} {
  server_->script = std::move(script);
  SSL_CTX* native = server_->context.native_handle();
  if (newest_version) {
    // Old versions are only offered at OpenSSL's lowest security level.
    SSL_CTX_set_security_level(native, 0);
    SSL_CTX_set_min_proto_version(native, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(native, *newest_version);
  }
  server_->context.use_certificate_chain(asio::buffer(certificate.chain_pem));
  server_->context.use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem);
  server_->thread = std::thread{[server = server_.get()] { server->run(); }};
}

TlsPeer::~TlsPeer() {
  server_->stopping = true;
  // A last connection wakes the accept.
  boost::system::error_code ignored;
  asio::io_context io;
  tcp::socket socket{io};
  socket.connect(server_->acceptor.local_endpoint(), ignored);
  server_->thread.join();
}

std::uint16_t TlsPeer::port() const { return server_->acceptor.local_endpoint().port(); }

std::string TlsPeer::asked_for_name() const {
  const std::lock_guard lock{server_->mutex};
  return server_->asked_for_name;
}

}  // namespace hedgewatch::testing
