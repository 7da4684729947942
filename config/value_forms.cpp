#include "config/value_forms.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstddef>

#include "core/types/inline_text.hpp"

namespace hedgewatch {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_alphanumeric(char c) { return is_digit(c) || is_upper(c) || is_lower(c); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr bool is_name_character(char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; }
constexpr bool is_symbol_character(char c) { return is_upper(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == 'd'; }

constexpr std::size_t kMostNameBytes = 48;
constexpr std::size_t kMostCredentialBytes = 64;
constexpr std::size_t kMostHostBytes = 253;

template <class Predicate>
bool all_are(std::string_view text, Predicate predicate) {
  return std::ranges::all_of(text, predicate);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return port;
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (part == 3)) return false;
    const std::string_view digits = text.substr(0, dot);
    if (digits.empty() || digits.size() > 3 || !all_are(digits, is_digit)) return false;
    if (digits.size() > 1 && digits.front() == '0') return false;  // some readers take it for octal
    int value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    if (value > 255) return false;
    text = part == 3 ? std::string_view{} : text.substr(dot + 1);
  }
  return true;
}

/// Looks like an IPv6 literal; whether the groups add up is the resolver's business.
bool is_ipv6_like(std::string_view text) {
  return text.size() >= 2 && text.size() <= 45 && std::ranges::count(text, ':') >= 2 &&
         all_are(text, [](char c) { return is_hex(c) || c == ':' || c == '.'; });
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostHostBytes && is_alphanumeric(text.front()) &&
         all_are(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

/// What stands before the port, and the port with its colon. Brackets are taken off an IPv6 host.
struct HostAndRest {
  std::string_view host;
  std::string_view rest;
  bool bracketed = false;
};
std::optional<HostAndRest> split_host(std::string_view authority) {
  if (!authority.starts_with('[')) {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    return HostAndRest{authority.substr(0, colon), authority.substr(colon), false};
  }
  const std::size_t close = authority.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  return HostAndRest{authority.substr(1, close - 1), authority.substr(close + 1), true};
}

std::optional<unsigned> digits(std::string_view text, std::size_t at, std::size_t count) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + count, value);
  if (error != std::errc{} || end != text.data() + at + count) return std::nullopt;
  return value;
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostNameBytes && is_alphanumeric(text.front()) && all_are(text, is_name_character);
}

bool is_asset_code(std::string_view text) {
  return text.size() >= 2 && text.size() <= AssetCode::kCapacity &&
         all_are(text, [](char c) { return is_upper(c) || is_digit(c); }) && std::ranges::any_of(text, is_upper);
}

bool is_credential_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostCredentialBytes && all_are(text, is_name_character) && text.front() != '.';
}

std::optional<InstrumentPattern> parse_instrument_pattern(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto venue = venue_from_label(text.substr(0, colon));
  const std::string_view symbol = text.substr(colon + 1);
  if (!venue || symbol.empty() || symbol.size() > InstrumentName::kCapacity) return std::nullopt;
  if (!all_are(symbol, [](char c) { return is_symbol_character(c) || c == '*'; })) return std::nullopt;
  return InstrumentPattern{*venue, std::string{symbol}};
}

std::string_view leading_asset(std::string_view symbol) {
  const std::size_t end = symbol.find_first_of("-_*");
  if (end == std::string_view::npos || symbol[end] == '*') return {};
  return symbol.substr(0, end);
}

namespace {

/// What follows the scheme of an address.
Result<Endpoint, std::string_view> parse_authority_and_path(std::string_view text, std::uint16_t usual_port) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view authority = text.substr(0, slash);
  const std::string_view path = text.substr(slash);
  if (text.find('@') != std::string_view::npos) return std::string_view{"an address with a user name"};
  if (!all_are(path, [](char c) { return c > ' ' && c < 0x7F && c != '#' && c != '?'; }))
    return std::string_view{"an address with a query, a fragment or spaces"};

  const auto split = split_host(authority);
  if (!split || (split->bracketed ? !is_ipv6_like(split->host) : !is_host_name(split->host)))
    return std::string_view{"an address without a valid host"};
  Endpoint endpoint{std::string{split->host}, usual_port, path.empty() ? std::string{"/"} : std::string{path}};
  if (!split->rest.empty()) {
    const auto port = split->rest.starts_with(':') ? parse_port(split->rest.substr(1)) : std::nullopt;
    if (!port || *port == 0) return std::string_view{"an address with a port outside 1 to 65535"};
    endpoint.port = *port;
  }
  return endpoint;
}

}  // namespace

Result<Endpoint, std::string_view> parse_endpoint(std::string_view text) {
  constexpr std::string_view kScheme = "wss://";
  constexpr std::uint16_t kUsualPort = 443;
  if (text.starts_with("ws://")) return std::string_view{"without TLS"};
  if (!text.starts_with(kScheme)) return std::string_view{"no wss:// address"};
  return parse_authority_and_path(text.substr(kScheme.size()), kUsualPort);
}

Result<Endpoint, std::string_view> parse_rest_endpoint(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  constexpr std::uint16_t kUsualPort = 443;
  if (text.starts_with("http://")) return std::string_view{"without TLS"};
  if (!text.starts_with(kScheme)) return std::string_view{"no https:// address"};
  return parse_authority_and_path(text.substr(kScheme.size()), kUsualPort);
}

Result<HttpAddress, std::string_view> parse_http_address(std::string_view text) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kTls = "https://";
  constexpr std::uint16_t kUsualPort = 9093;
  const bool plain = text.starts_with(kPlain);
  if (!plain && !text.starts_with(kTls)) return std::string_view{"no http:// or https:// address"};
  auto endpoint = parse_authority_and_path(text.substr(plain ? kPlain.size() : kTls.size()), kUsualPort);
  if (!endpoint.ok()) return endpoint.error();
  HttpAddress address{std::move(endpoint).value(), !plain};
  const std::string& host = address.endpoint.host;
  if (plain && host != "localhost" && host != "::1" && !host.starts_with("127."))
    return std::string_view{"without TLS beyond this machine"};
  if (address.endpoint.path == "/") address.endpoint.path.clear();
  return address;
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const auto split = split_host(text);
  if (!split || (split->bracketed ? !is_ipv6_like(split->host) : !is_ipv4(split->host))) return std::nullopt;
  const auto port = split->rest.starts_with(':') ? parse_port(split->rest.substr(1)) : std::nullopt;
  if (!port) return std::nullopt;
  const bool loopback = split->bracketed ? split->host == "::1" : split->host.starts_with("127.");
  return ListenAddress{std::string{split->host}, *port, loopback};
}

HostKind host_kind(Venue venue, std::string_view host) {
  struct Row {
    Venue venue;
    std::string_view domain;  ///< the host itself, or what stands behind its last point but these
    HostKind kind;
  };
  // The first that fits counts.
  static constexpr std::array kHosts{Row{Venue::Deribit, "test.deribit.com", HostKind::Testnet},
                                     Row{Venue::Deribit, "deribit.com", HostKind::Production},
                                     Row{Venue::Binance, "testnet.binance.vision", HostKind::Testnet},
                                     Row{Venue::Binance, "binancefuture.com", HostKind::Testnet},
                                     Row{Venue::Binance, "demo-fapi.binance.com", HostKind::Testnet},
                                     Row{Venue::Binance, "demo-fstream.binance.com", HostKind::Testnet},
                                     Row{Venue::Binance, "binance.com", HostKind::Production},
                                     Row{Venue::Binance, "binance.vision", HostKind::Production},
                                     Row{Venue::Okx, "wspap.okx.com", HostKind::Testnet},
                                     Row{Venue::Okx, "wseeapap.okx.com", HostKind::Testnet},
                                     Row{Venue::Okx, "wsuspap.okx.com", HostKind::Testnet},
                                     Row{Venue::Okx, "ws.okx.com", HostKind::Production},
                                     Row{Venue::Okx, "wseea.okx.com", HostKind::Production},
                                     Row{Venue::Okx, "wsus.okx.com", HostKind::Production},
                                     Row{Venue::Bybit, "stream-testnet.bybit.com", HostKind::Testnet},
                                     Row{Venue::Bybit, "api-testnet.bybit.com", HostKind::Testnet},
                                     Row{Venue::Bybit, "stream-demo.bybit.com", HostKind::Testnet},
                                     Row{Venue::Bybit, "api-demo.bybit.com", HostKind::Testnet},
                                     Row{Venue::Bybit, "bybit.com", HostKind::Production},
                                     Row{Venue::Bybit, "bytick.com", HostKind::Production}};
  std::string name{host};
  std::ranges::transform(name, name.begin(), [](char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; });
  if (name.ends_with('.')) name.pop_back();
  for (const Row& row : kHosts)
    if (row.venue == venue && (name == row.domain || name.ends_with("." + std::string{row.domain}))) return row.kind;
  return HostKind::Other;
}

std::optional<VenueTime> utc_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != kShape[i]) return std::nullopt;
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)}, std::chrono::month{*month},
                                         std::chrono::day{*day}};
  if (!date.ok() || *year < 1970 || *year > 2200) return std::nullopt;
  return VenueTime{std::chrono::nanoseconds{std::chrono::sys_days{date}.time_since_epoch()} + std::chrono::hours{*hour} +
                   std::chrono::minutes{*minute} + std::chrono::seconds{*second}};
}

}  // namespace hedgewatch
