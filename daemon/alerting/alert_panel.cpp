#include "daemon/alerting/alert_panel.hpp"

#include <algorithm>
#include <array>

namespace hedgewatch {

namespace {

struct Panel {
  std::string_view alert;
  std::string_view board;
  std::string_view id;
};
constexpr Panel kListOfAlerts{"", "overview", "100"};
/// As deploy/grafana/boards.mjs numbers them.
constexpr std::array kPanels{
    Panel{"NetDeltaAboveSoftLimit", "hedge", "110"},
    Panel{"NetDeltaAboveHardLimit", "hedge", "110"},
    Panel{"NetDeltaFarAboveHardLimit", "hedge", "110"},
    Panel{"NetDeltaUnknown", "hedge", "110"},
    Panel{"HedgeWrongWay", "hedge", "111"},
    Panel{"OutsideRebalancingBand", "hedge", "112"},
    Panel{"BookDeltaUnknown", "books", "120"},
    Panel{"MaintenanceMarginHigh", "accounts", "130"},
    Panel{"MaintenanceMarginCritical", "accounts", "130"},
    Panel{"MaintenanceMarginUnknown", "accounts", "130"},
    Panel{"ForcedEvent", "accounts", "131"},
    Panel{"PositionMismatch", "accounts", "132"},
    Panel{"HedgeCannotBeMoved", "liquidity", "140"},
    Panel{"ProfitUnexplained", "profit", "150"},
    Panel{"FeedDown", "feeds", "160"},
    Panel{"VenueLocked", "feeds", "161"},
    Panel{"HedgewatchDown", "feeds", "162"},
    Panel{"HedgewatchHeartbeat", "feeds", "162"},
    Panel{"EngineStalled", "feeds", "163"},
    Panel{"HedgeOverHedged", "hedge", "113"},
    Panel{"HedgeUnderHedged", "hedge", "113"},
    Panel{"NeutralityLost", "hedge", "119"},
    Panel{"CorrelationLow", "hedge", "114"},
    Panel{"CorrelationBroken", "hedge", "115"},
    Panel{"VarianceReductionLow", "hedge", "116"},
    Panel{"DollarOffsetOutside", "hedge", "117"},
    Panel{"ConstraintBinding", "hedge", "118"},
    Panel{"LiquidationPriceNear", "accounts", "133"},
    Panel{"LiquidationPriceWithinThreeSigma", "accounts", "134"},
    Panel{"LiquidationDistanceUnknown", "accounts", "133"},
    Panel{"WorstCellLoss", "accounts", "135"},
    Panel{"WorstCellLossUnknown", "accounts", "135"},
    Panel{"StablecoinDepegged", "accounts", "136"},
    Panel{"StablecoinPriceUnknown", "accounts", "136"},
    Panel{"BasisOutlier", "liquidity", "141"},
    Panel{"RegimeStressed", "liquidity", "142"},
    Panel{"RegimeDislocated", "liquidity", "142"},
    Panel{"JumpSeen", "liquidity", "143"},
    Panel{"SessionLoss", "profit", "151"},
    Panel{"SessionLossUnknown", "profit", "151"},
    Panel{"FeedGapStorm", "feeds", "164"},
    Panel{"JournalBehind", "feeds", "165"},
    Panel{"ForcedEventUnknown", "accounts", "131"},
    Panel{"MarketMakerProtection", "accounts", "131"},
    Panel{"PositionMismatchUnknown", "accounts", "132"},
    Panel{"HedgeCannotBeMovedUnknown", "liquidity", "140"},
};

constexpr std::array<std::string_view, 4> kVariables{"hedge", "book", "underlying", "venue"};

void append_query_text(std::string& out, std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 0xFU];
  }
}

}  // namespace

std::string alert_panel(const std::vector<std::pair<std::string, std::string>>& labels) {
  const auto name = std::find_if(labels.begin(), labels.end(), [](const auto& pair) { return pair.first == "alertname"; });
  const Panel* panel = &kListOfAlerts;
  for (const Panel& one : kPanels)
    if (name != labels.end() && one.alert == name->second) panel = &one;
  std::string address = "d/hedgewatch-";
  address.append(panel->board).append("?viewPanel=").append(panel->id);
  for (const auto& [label, value] : labels) {
    // "all" stands for every venue together, which is no venue.
    if (std::find(kVariables.begin(), kVariables.end(), label) == kVariables.end() || value == "all") continue;
    address.append("&var-").append(label).append("=");
    append_query_text(address, value);
  }
  return address;
}

}  // namespace hedgewatch
