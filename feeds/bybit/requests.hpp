#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/types/time.hpp"
#include "feeds/bybit/symbols.hpp"
#include "feeds/session/http_call.hpp"
#include "feeds/session/secret.hpp"

/// The texts that are sent, one frame or one GET each.
namespace hedgewatch::bybit {

struct Credential {
  std::string key;
  Secret secret;
};

/// A login is void at once where clocks differ: it is made to last this long. The venue takes any time in the near future.
inline constexpr std::int64_t kLoginMilliseconds = 10'000;

[[nodiscard]] std::string auth_request(std::string_view id, const Credential& credential, WallTime now);
/// Due every 20 s.
[[nodiscard]] std::string ping_request(std::string_view id);
[[nodiscard]] std::string subscribe_request(std::string_view id, std::span<const std::string> topics);
[[nodiscard]] std::string unsubscribe_request(std::string_view id, std::span<const std::string> topics);

/// `symbol` is the venue's own.
[[nodiscard]] std::string ticker_topic(std::string_view symbol);
/// The best level of a side alone, whole each time.
[[nodiscard]] std::string first_level_topic(std::string_view symbol);
/// The depth that every market of the kind has: 50 levels, of options 25.
[[nodiscard]] std::string book_topic(Category category, std::string_view symbol);
/// Options' trades come for a whole coin: `what` is its name there, a symbol elsewhere.
[[nodiscard]] std::string trade_topic(std::string_view what);

/// One page of a market's instruments. `coin` must be given for options: without it the venue lists those of bitcoin alone.
/// `cursor` is next_page of the page before, empty for the first.
[[nodiscard]] HttpCall instruments_request(Category category, std::string_view coin, std::string_view cursor);
/// A signed GET: `query` is sent and signed as it is.
[[nodiscard]] HttpCall signed_request(std::string_view path, std::string_view query, const Credential& credential, WallTime now);
/// One page of the open positions; linear ones are asked for by the coin that they settle in.
[[nodiscard]] HttpCall positions_request(Category category, std::string_view settle_coin, std::string_view cursor,
                                         const Credential& credential, WallTime now);
/// Whether the key may only read.
[[nodiscard]] HttpCall key_request(const Credential& credential, WallTime now);
/// The venue's own sums over the options of each coin.
[[nodiscard]] HttpCall greeks_request(const Credential& credential, WallTime now);
/// Announced and present maintenance.
[[nodiscard]] HttpCall status_request();
[[nodiscard]] HttpCall wallet_request(const Credential& credential, WallTime now);

}  // namespace hedgewatch::bybit
