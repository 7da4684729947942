#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/types/time.hpp"
#include "feeds/session/http_call.hpp"
#include "feeds/session/secret.hpp"

/// The texts that are sent, one frame or one GET each.
namespace hedgewatch::okx {

struct Credential {
  std::string key;
  Secret secret;
  Secret passphrase;
};

/// A channel and what it is about: {"channel":"books","instId":"BTC-USDT-SWAP"}.
struct Subscription {
  std::string channel;
  std::string field;  ///< instId, instType, instFamily; empty: the channel stands alone
  std::string value;
  friend bool operator==(const Subscription&, const Subscription&) = default;
};

/// Not JSON: this text alone. Due after 20 s without a frame; the venue closes a connection that was silent for 30 s.
inline constexpr std::string_view kPing = "ping";
inline constexpr std::string_view kPong = "pong";

/// Holds a signature and the passphrase: wipe it when it was sent. The venue takes it for 30 s.
[[nodiscard]] std::string login_request(const Credential& credential, WallTime now);
/// How many of the first go into one call; the venue takes 64 kB.
[[nodiscard]] std::size_t subscriptions_in_one_call(std::span<const Subscription> subscriptions);
[[nodiscard]] std::string subscribe_request(std::string_view id, std::span<const Subscription> subscriptions);
[[nodiscard]] std::string unsubscribe_request(std::string_view id, std::span<const Subscription> subscriptions);

/// `type` is SPOT, SWAP, FUTURES or OPTION; options must be asked for by their family.
[[nodiscard]] HttpCall instruments_request(std::string_view type, std::string_view family);
/// A signed GET; `target` is the path with its query. `demo`: the account is one of demo trading.
[[nodiscard]] HttpCall signed_request(std::string_view target, const Credential& credential, WallTime now, bool demo);

}  // namespace hedgewatch::okx
