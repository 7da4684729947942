#include "feeds/simulator/channel.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "feeds/simulator/json_text.hpp"

namespace hedgewatch::simulator {
namespace {

std::vector<std::string_view> split(std::string_view name) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t dot = std::min(name.find('.', start), name.size());
    parts.push_back(name.substr(start, dot - start));
    start = dot + 1;
  }
  return parts;
}

std::optional<Interval> parse_interval(std::string_view word) {
  if (word == "raw") return Interval::Raw;
  if (word == "100ms") return Interval::HundredMilliseconds;
  if (word == "agg2") return Interval::Aggregated;
  return std::nullopt;
}

bool is_contract_kind(std::string_view word) {
  constexpr std::array<std::string_view, 7> kKinds{"any", "future", "option", "spot", "future_combo", "option_combo", "combo"};
  return std::find(kKinds.begin(), kKinds.end(), word) != kKinds.end();
}

std::optional<Channel> by_instrument_or_kind(ChannelKind kind, const std::vector<std::string_view>& parts) {
  const auto interval = parse_interval(parts.back());
  if (!interval) return std::nullopt;
  Channel channel{.kind = kind, .interval = *interval};
  const std::size_t first = kind == ChannelKind::Trades ? 1 : 2;
  if (parts.size() == first + 2) {
    channel.subject = parts[first];
    return channel;
  }
  if (parts.size() == first + 3 && is_contract_kind(parts[first])) {
    channel.contracts = parts[first];
    channel.subject = parts[first + 1];
    return channel;
  }
  return std::nullopt;
}

std::optional<Channel> parse_book(const std::vector<std::string_view>& parts) {
  const auto interval = parse_interval(parts.back());
  if (!interval) return std::nullopt;
  if (parts.size() == 3) return Channel{.kind = ChannelKind::Book, .interval = *interval, .subject = std::string{parts[1]}};
  if (parts.size() != 5 || *interval == Interval::Raw) return std::nullopt;
  constexpr std::array<std::string_view, 8> kGroups{"none", "1", "2", "5", "10", "25", "100", "250"};
  if (std::find(kGroups.begin(), kGroups.end(), parts[2]) == kGroups.end()) return std::nullopt;
  int depth = 0;
  std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), depth);
  if (depth != 1 && depth != 10 && depth != 20) return std::nullopt;
  return Channel{.kind = ChannelKind::GroupedBook,
                 .interval = *interval,
                 .subject = std::string{parts[1]},
                 .group = std::string{parts[2]},
                 .depth = depth};
}

std::optional<Channel> parse_user(const std::vector<std::string_view>& parts) {
  if (parts.size() < 2) return std::nullopt;
  const std::string_view what = parts[1];
  if (parts.size() == 2 && what == "lock") return Channel{.kind = ChannelKind::UserLock};
  if (parts.size() == 2 && what == "liquidation") return Channel{.kind = ChannelKind::UserLiquidation};
  if (parts.size() == 3 && what == "portfolio")
    return Channel{.kind = ChannelKind::UserPortfolio, .subject = std::string{parts[2]}};
  if (what == "changes") return by_instrument_or_kind(ChannelKind::UserChanges, parts);
  if (what == "trades") return by_instrument_or_kind(ChannelKind::UserTrades, parts);
  if (what == "orders") return by_instrument_or_kind(ChannelKind::UserOrders, parts);
  return std::nullopt;
}

}  // namespace

std::optional<Channel> parse_channel(std::string_view name) {
  const auto parts = split(name);
  if (std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty(); })) return std::nullopt;
  const std::string_view head = parts.front();
  const auto subject_only = [&](ChannelKind kind) -> std::optional<Channel> {
    if (parts.size() != 2) return std::nullopt;
    return Channel{.kind = kind, .subject = std::string{parts[1]}};
  };
  if (head == "ticker" || head == "perpetual") {
    const auto interval = parse_interval(parts.back());
    if (parts.size() != 3 || !interval) return std::nullopt;
    return Channel{.kind = head == "ticker" ? ChannelKind::Ticker : ChannelKind::Perpetual,
                   .interval = *interval,
                   .subject = std::string{parts[1]}};
  }
  if (head == "book") return parse_book(parts);
  if (head == "quote") return subject_only(ChannelKind::Quote);
  if (head == "trades") return parts.size() < 3 ? std::nullopt : by_instrument_or_kind(ChannelKind::Trades, parts);
  if (head == "markprice")
    return parts.size() == 3 && parts[1] == "options"
               ? std::optional{Channel{.kind = ChannelKind::MarkPriceOptions, .subject = std::string{parts[2]}}}
               : std::nullopt;
  if (head == "deribit_price_index") return subject_only(ChannelKind::PriceIndex);
  if (head == "deribit_price_statistics") return subject_only(ChannelKind::PriceStatistics);
  if (head == "deribit_volatility_index") return subject_only(ChannelKind::VolatilityIndex);
  if (head == "instrument")
    return parts.size() == 4 && parts[1] == "state" && is_contract_kind(parts[2])
               ? std::optional{Channel{
                     .kind = ChannelKind::InstrumentState, .subject = std::string{parts[3]}, .contracts = std::string{parts[2]}}}
               : std::nullopt;
  if (head == "platform_state" && parts.size() == 1) return Channel{.kind = ChannelKind::PlatformState};
  if (head == "user") return parse_user(parts);
  return std::nullopt;
}

std::string Channel::topic() const {
  const std::string by_kind = contracts.empty() ? subject : contracts + "." + subject;
  switch (kind) {
    case ChannelKind::Ticker:
      return "ticker." + subject;
    case ChannelKind::Book:
      return "book." + subject + (interval == Interval::Aggregated ? ".agg2" : ".raw");
    case ChannelKind::GroupedBook:
      return "book." + subject + "." + group + "." + std::to_string(depth);
    case ChannelKind::Quote:
      return "quote." + subject;
    case ChannelKind::Trades:
      return "trades." + by_kind;
    case ChannelKind::MarkPriceOptions:
      return "markprice.options." + subject;
    case ChannelKind::PriceIndex:
      return "deribit_price_index." + subject;
    case ChannelKind::PriceStatistics:
      return "deribit_price_statistics." + subject;
    case ChannelKind::VolatilityIndex:
      return "deribit_volatility_index." + subject;
    case ChannelKind::Perpetual:
      return "perpetual." + subject;
    case ChannelKind::InstrumentState:
      return "instrument.state." + by_kind;
    case ChannelKind::PlatformState:
      return "platform_state";
    case ChannelKind::UserChanges:
      return "user.changes." + by_kind;
    case ChannelKind::UserTrades:
      return "user.trades." + by_kind;
    case ChannelKind::UserOrders:
      return "user.orders." + by_kind;
    case ChannelKind::UserPortfolio:
      return "user.portfolio." + lower_case(subject);
    case ChannelKind::UserLock:
      return "user.lock";
    case ChannelKind::UserLiquidation:
      return "user.liquidation";
  }
  return {};
}

}  // namespace hedgewatch::simulator
