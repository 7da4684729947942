#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/types/time.hpp"
#include "feeds/binance/symbols.hpp"
#include "feeds/session/http_call.hpp"
#include "feeds/session/secret.hpp"

/// The texts that are sent, one frame or one GET each.
namespace hedgewatch::binance {

struct Credential {
  std::string key;
  Secret secret;  ///< shared, or an Ed25519 private key in PEM
};

/// Since April 2026 each stream of futures and options belongs to one path of the host. On a wrong one it is acknowledged and stays
/// silent: the path is part of what a stream is.
enum class StreamPath : std::uint8_t { Public, Market, Private };
[[nodiscard]] std::string_view text(StreamPath path);
/// Of a stream's name; spot has no paths. Nothing for a name whose path is not known: it must not be guessed.
[[nodiscard]] std::optional<StreamPath> path_of(Product product, std::string_view stream);

/// Names of streams; `symbol` is the venue's own, in either case.
[[nodiscard]] std::string book_ticker_stream(std::string_view symbol);
[[nodiscard]] std::string depth_stream(std::string_view symbol);
[[nodiscard]] std::string mark_price_stream(std::string_view symbol);
[[nodiscard]] std::string aggregate_trade_stream(std::string_view symbol);
/// The index of a coin-margined pair such as BTCUSD.
[[nodiscard]] std::string pair_index_stream(std::string_view pair);
/// The whole chain of an underlying such as BTCUSDT.
[[nodiscard]] std::string option_marks_stream(std::string_view underlying);

/// How many of the first streams go into one call.
[[nodiscard]] std::size_t streams_in_one_call(std::span<const std::string> streams);
[[nodiscard]] std::string subscribe_request(std::uint64_t id, std::span<const std::string> streams);
[[nodiscard]] std::string unsubscribe_request(std::uint64_t id, std::span<const std::string> streams);
/// What the connection is subscribed to. Binance has no ping of its own above the websocket's: any answer is a sign of life.
[[nodiscard]] std::string subscriptions_request(std::uint64_t id);
/// The same on spot's connection for requests.
[[nodiscard]] std::string spot_ping_request(std::uint64_t id);
/// Opens the events of the spot account on that connection. Nothing when the secret is a key in PEM that cannot sign.
[[nodiscard]] std::optional<std::string> spot_account_request(std::uint64_t id, const Credential& credential, WallTime now);

[[nodiscard]] HttpCall instruments_request(Product product);
/// 1,000 levels.
[[nodiscard]] HttpCall depth_request(Product product, std::string_view symbol);
[[nodiscard]] HttpCall funding_info_request(Product product);
[[nodiscard]] HttpCall server_time_request(Product product);
/// What the key may do. Spot's host answers it, for all products.
[[nodiscard]] std::optional<HttpCall> permissions_request(const Credential& credential, WallTime now);
/// The key for the private stream: Post gives it, or the one that there is; Put makes it last for another hour. Not signed. Spot
/// has none.
[[nodiscard]] HttpCall listen_key_request(Product product, HttpVerb verb, const Credential& credential);
/// A signed GET. `query` holds the parameters, encoded, without timestamp and signature. Nothing when the secret is a key in PEM
/// that cannot sign.
[[nodiscard]] std::optional<HttpCall> signed_request(std::string_view path, std::string_view query, const Credential& credential,
                                                     WallTime now);
/// Nothing for spot, which has balances alone.
[[nodiscard]] std::optional<HttpCall> positions_request(Product product, const Credential& credential, WallTime now);
[[nodiscard]] std::optional<HttpCall> account_request(Product product, const Credential& credential, WallTime now);

}  // namespace hedgewatch::binance
