#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types/time.hpp"
#include "feeds/session/secret.hpp"

/// The JSON texts that are sent, one frame each. Names and ids go in as they are: no venue symbol needs escaping; text that
/// comes from a configuration is escaped.
namespace hedgewatch::deribit {

/// The venue refuses frames from 32 kB on, and more than 500 channels in one call.
inline constexpr std::size_t kLongestRequest = 31'000;
inline constexpr std::size_t kMostChannels = 500;

enum class Audience : std::uint8_t { Public, Private };

struct Credential {
  std::string client_id;
  Secret secret;
};

/// lower-case hex HMAC-SHA256 of `timestamp LF nonce LF data`, keyed with the secret.
[[nodiscard]] std::string signature(const Secret& secret, std::int64_t timestamp_ms, std::string_view nonce, std::string_view data);

[[nodiscard]] std::string hello_request(std::uint64_t id);
/// The venue takes no interval below 10 s.
[[nodiscard]] std::string heartbeat_request(std::uint64_t id, std::int64_t interval_seconds);
[[nodiscard]] std::string test_request(std::uint64_t id);
[[nodiscard]] std::string time_request(std::uint64_t id);

/// Sends the secret itself. The text holds it: wipe it when it was sent.
[[nodiscard]] std::string auth_with_secret(std::uint64_t id, const Credential& credential, std::string_view scope);
/// The secret stays here. The venue takes the timestamp for 60 s.
[[nodiscard]] std::string auth_with_signature(std::uint64_t id, const Credential& credential, WallTime now, std::string_view nonce,
                                              std::string_view scope);
[[nodiscard]] std::string auth_refresh(std::uint64_t id, const Secret& refresh_token);
[[nodiscard]] std::string logout_request(std::uint64_t id);

/// `currency` is the settlement currency, or "any".
[[nodiscard]] std::string instruments_request(std::uint64_t id, std::string_view currency);
[[nodiscard]] std::string instrument_request(std::uint64_t id, std::string_view name);
[[nodiscard]] std::string positions_request(std::uint64_t id);
[[nodiscard]] std::string account_summaries_request(std::uint64_t id);
[[nodiscard]] std::string open_orders_request(std::uint64_t id);
/// What moved an account's cash in one currency; `continuation` is of the page before, 0: the first.
[[nodiscard]] std::string transaction_log_request(std::uint64_t id, std::string_view currency, std::int64_t from_ms,
                                                  std::int64_t to_ms, std::uint64_t continuation);
/// An account's trades from `from_ms` (milliseconds since the epoch) on, oldest first, at most `count` (the venue gives 1,000).
[[nodiscard]] std::string user_trades_request(std::uint64_t id, std::string_view currency, std::int64_t from_ms, std::int64_t to_ms,
                                              std::int64_t count);

/// How many of the first channels fit into one call.
[[nodiscard]] std::size_t channels_in_one_call(std::span<const std::string> channels);
/// The caller sees to it that they fit.
[[nodiscard]] std::string subscribe_request(std::uint64_t id, Audience audience, std::span<const std::string> channels);
[[nodiscard]] std::string unsubscribe_request(std::uint64_t id, Audience audience, std::span<const std::string> channels);

}  // namespace hedgewatch::deribit
