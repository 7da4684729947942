#include "feeds/deribit/requests.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdio>

namespace hedgewatch::deribit {

namespace {

void append_escaped(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> buffer{};
      std::snprintf(buffer.data(), buffer.size(), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += buffer.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

/// Opens the request and its params; what follows are the params' fields.
std::string begin(std::uint64_t id, std::string_view method) {
  std::string text = R"({"jsonrpc":"2.0","id":)";
  text += std::to_string(id);
  text += R"(,"method":")";
  text += method;
  text += R"(","params":{)";
  return text;
}

void append_field(std::string& text, std::string_view name, std::string_view value) {
  if (text.back() != '{') text += ',';
  append_escaped(text, name);
  text += ':';
  append_escaped(text, value);
}

void append_field(std::string& text, std::string_view name, std::int64_t value) {
  if (text.back() != '{') text += ',';
  append_escaped(text, name);
  text += ':';
  text += std::to_string(value);
}

std::string end(std::string text) {
  text += "}}";
  return text;
}

std::string channels_request(std::uint64_t id, std::string_view method, std::span<const std::string> channels) {
  std::string text = begin(id, method);
  text += R"("channels":[)";
  bool first = true;
  for (const std::string& channel : channels) {
    if (!first) text += ',';
    first = false;
    append_escaped(text, channel);
  }
  text += ']';
  return end(std::move(text));
}

}  // namespace

std::string signature(const Secret& secret, std::int64_t timestamp_ms, std::string_view nonce, std::string_view data) {
  std::string message = std::to_string(timestamp_ms);
  message += '\n';
  message += nonce;
  message += '\n';
  message += data;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.view().data(), static_cast<int>(secret.view().size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(), &size);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(std::size_t{2} * size);
  for (unsigned int at = 0; at < size; ++at) {
    hex += kDigits[digest[at] >> 4];
    hex += kDigits[digest[at] & 15];
  }
  return hex;
}

std::string hello_request(std::uint64_t id) {
  std::string text = begin(id, "public/hello");
  append_field(text, "client_name", "hedgewatch");
  append_field(text, "client_version", "0.1.0");
  return end(std::move(text));
}

std::string heartbeat_request(std::uint64_t id, std::int64_t interval_seconds) {
  std::string text = begin(id, "public/set_heartbeat");
  append_field(text, "interval", interval_seconds < 10 ? 10 : interval_seconds);
  return end(std::move(text));
}

std::string test_request(std::uint64_t id) { return end(begin(id, "public/test")); }

std::string time_request(std::uint64_t id) { return end(begin(id, "public/get_time")); }

std::string auth_with_secret(std::uint64_t id, const Credential& credential, std::string_view scope) {
  std::string text;
  // One block from the start: growing would leave copies of the secret in released memory.
  text.reserve(512 + 2 * (credential.client_id.size() + credential.secret.view().size() + scope.size()));
  text += begin(id, "public/auth");
  append_field(text, "grant_type", "client_credentials");
  append_field(text, "client_id", credential.client_id);
  append_field(text, "client_secret", credential.secret.view());
  if (!scope.empty()) append_field(text, "scope", scope);
  return end(std::move(text));
}

std::string auth_with_signature(std::uint64_t id, const Credential& credential, WallTime now, std::string_view nonce,
                                std::string_view scope) {
  const std::int64_t timestamp_ms = nanoseconds_of(now) / 1'000'000;
  std::string text = begin(id, "public/auth");
  append_field(text, "grant_type", "client_signature");
  append_field(text, "client_id", credential.client_id);
  append_field(text, "timestamp", timestamp_ms);
  append_field(text, "nonce", nonce);
  append_field(text, "data", "");
  append_field(text, "signature", signature(credential.secret, timestamp_ms, nonce, ""));
  if (!scope.empty()) append_field(text, "scope", scope);
  return end(std::move(text));
}

std::string auth_refresh(std::uint64_t id, const Secret& refresh_token) {
  std::string text;
  text.reserve(256 + 2 * refresh_token.view().size());
  text += begin(id, "public/auth");
  append_field(text, "grant_type", "refresh_token");
  append_field(text, "refresh_token", refresh_token.view());
  return end(std::move(text));
}

std::string logout_request(std::uint64_t id) { return end(begin(id, "private/logout")); }

std::string instruments_request(std::uint64_t id, std::string_view currency) {
  std::string text = begin(id, "public/get_instruments");
  append_field(text, "currency", currency);
  text += R"(,"expired":false)";
  return end(std::move(text));
}

std::string instrument_request(std::uint64_t id, std::string_view name) {
  std::string text = begin(id, "public/get_instrument");
  append_field(text, "instrument_name", name);
  return end(std::move(text));
}

std::string positions_request(std::uint64_t id) {
  std::string text = begin(id, "private/get_positions");
  append_field(text, "currency", "any");
  return end(std::move(text));
}

std::string account_summaries_request(std::uint64_t id) {
  std::string text = begin(id, "private/get_account_summaries");
  text += R"("extended":true)";
  return end(std::move(text));
}

std::string open_orders_request(std::uint64_t id) { return end(begin(id, "private/get_open_orders")); }

std::string transaction_log_request(std::uint64_t id, std::string_view currency, std::int64_t from_ms, std::int64_t to_ms,
                                    std::uint64_t continuation) {
  std::string text = begin(id, "private/get_transaction_log");
  append_field(text, "currency", currency);
  append_field(text, "start_timestamp", from_ms);
  append_field(text, "end_timestamp", to_ms);
  append_field(text, "count", std::int64_t{250});
  if (continuation != 0) append_field(text, "continuation", static_cast<std::int64_t>(continuation));
  return end(std::move(text));
}

std::string user_trades_request(std::uint64_t id, std::string_view currency, std::int64_t from_ms, std::int64_t to_ms,
                                std::int64_t count) {
  std::string text = begin(id, "private/get_user_trades_by_currency_and_time");
  append_field(text, "currency", currency);
  append_field(text, "start_timestamp", from_ms);
  append_field(text, "end_timestamp", to_ms);
  append_field(text, "count", count);
  append_field(text, "sorting", "asc");
  return end(std::move(text));
}

std::size_t channels_in_one_call(std::span<const std::string> channels) {
  constexpr std::size_t kAround = 120;
  std::size_t bytes = kAround;
  std::size_t count = 0;
  for (const std::string& channel : channels) {
    bytes += channel.size() + 3;
    if (count == kMostChannels || bytes > kLongestRequest) break;
    ++count;
  }
  return count;
}

std::string subscribe_request(std::uint64_t id, Audience audience, std::span<const std::string> channels) {
  return channels_request(id, audience == Audience::Public ? "public/subscribe" : "private/subscribe", channels);
}

std::string unsubscribe_request(std::uint64_t id, Audience audience, std::span<const std::string> channels) {
  return channels_request(id, audience == Audience::Public ? "public/unsubscribe" : "private/unsubscribe", channels);
}

}  // namespace hedgewatch::deribit
