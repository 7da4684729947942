#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "core/instrument/instrument_pattern.hpp"
#include "core/types/result.hpp"

namespace hedgewatch {

// What single texts of the configuration must look like, each with the words that a fault uses to say so.

/// Names of accounts, books and hedges: they become label values and file names.
[[nodiscard]] bool is_name(std::string_view text);
inline constexpr std::string_view kNameForm = "1 to 48 letters, digits, '-', '_' or '.', starting with a letter or digit";

/// 2 to 7 capital letters or digits, with at least one letter.
[[nodiscard]] bool is_asset_code(std::string_view text);
inline constexpr std::string_view kAssetCodeForm = "a code of 2 to 7 capital letters or digits such as \"BTC\"";

[[nodiscard]] bool is_credential_name(std::string_view text);
inline constexpr std::string_view kCredentialForm = "the name of a systemd credential: 1 to 64 letters, digits, '-', '_' or '.'";

/// `venue:SYMBOL`; `*` in the symbol stands for any run of characters. Symbols may hold capital letters, digits, '-', '_' and '.',
/// and a lower-case 'd', which Deribit writes for the decimal point in strikes.
[[nodiscard]] std::optional<InstrumentPattern> parse_instrument_pattern(std::string_view text);
inline constexpr std::string_view kPatternForm = "venue:SYMBOL such as \"deribit:BTC-*-C\"";
inline constexpr std::string_view kInstrumentForm = "one instrument such as \"deribit:BTC-PERPETUAL\"";

/// The base asset that an instrument's symbol starts with, empty when a star stands in it.
[[nodiscard]] std::string_view leading_asset(std::string_view symbol);

/// `wss://host[:port][/path]`; an IPv6 host stands in brackets. The error says what the text is, without repeating it.
[[nodiscard]] Result<Endpoint, std::string_view> parse_endpoint(std::string_view text);

/// `https://host[:port][/path]`, as parse_endpoint.
[[nodiscard]] Result<Endpoint, std::string_view> parse_rest_endpoint(std::string_view text);

/// `https://host[:port][/path]`, or `http://` where the host is a loopback address or `localhost`.
[[nodiscard]] Result<HttpAddress, std::string_view> parse_http_address(std::string_view text);

struct ListenAddress {
  std::string host;  ///< an IP literal, without brackets
  std::uint16_t port = 0;
  bool loopback = false;
};
/// `IPv4:port` or `[IPv6]:port`.
[[nodiscard]] std::optional<ListenAddress> parse_listen_address(std::string_view text);

/// `2026-01-31T08:00:00Z` and nothing else.
[[nodiscard]] std::optional<VenueTime> utc_time(std::string_view text);
inline constexpr std::string_view kUtcTimeForm = "a time in UTC such as \"2026-01-31T08:00:00Z\"";

/// What a host name tells about the venue behind it. OKX's calls go to one host for production and demo trading: it tells nothing.
enum class HostKind : std::uint8_t { Production, Testnet, Other };
[[nodiscard]] HostKind host_kind(Venue venue, std::string_view host);

}  // namespace hedgewatch
