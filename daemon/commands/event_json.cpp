#include "daemon/commands/event_json.hpp"

#include <cstdint>
#include <optional>
#include <type_traits>

#include "daemon/commands/csv.hpp"

namespace hedgewatch {

namespace {

class Writer {
 public:
  explicit Writer(std::string& out) : out_{out} {}

  void text(std::string_view name, std::string_view value) {
    key(name);
    out_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '"';
  }
  void number(std::string_view name, double value) {
    if (!is_present(value)) return;
    key(name);
    append_number(out_, value);
  }
  void integer(std::string_view name, std::int64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void count(std::string_view name, std::uint64_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void flag(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  template <class Tag>
  void exact(std::string_view name, Nano<Tag> value) {
    key(name);
    constexpr std::uint64_t kScale = Nano<Tag>::kScale;
    const std::int64_t raw = value.raw();
    const std::uint64_t magnitude = raw < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(raw) : static_cast<std::uint64_t>(raw);
    if (raw < 0) out_ += '-';
    out_ += std::to_string(magnitude / kScale);
    std::uint64_t rest = magnitude % kScale;
    if (rest == 0) return;
    std::string decimals(9, '0');
    for (std::size_t at = 9; at-- > 0; rest /= 10) decimals[at] = static_cast<char>('0' + rest % 10);
    out_ += '.';
    out_ += decimals.substr(0, decimals.find_last_not_of('0') + 1);
  }

 private:
  void key(std::string_view name) {
    out_ += out_.empty() || out_.back() == '{' ? "\"" : ",\"";
    out_ += name;
    out_ += "\":";
  }

  std::string& out_;
};

constexpr std::string_view label(Side side) { return side == Side::Buy ? "buy" : "sell"; }

constexpr std::string_view label(ContractKind kind) {
  switch (kind) {
    case ContractKind::Spot:
      return "spot";
    case ContractKind::Future:
      return "future";
    case ContractKind::Perpetual:
      return "perpetual";
    case ContractKind::Option:
      return "option";
  }
  return "";
}

constexpr std::string_view label(InstrumentPhase phase) {
  switch (phase) {
    case InstrumentPhase::Open:
      return "open";
    case InstrumentPhase::Halted:
      return "halted";
    case InstrumentPhase::Settling:
      return "settling";
    case InstrumentPhase::Expired:
      return "expired";
  }
  return "";
}

constexpr std::string_view label(ForcedEventKind kind) {
  switch (kind) {
    case ForcedEventKind::Liquidation:
      return "liquidation";
    case ForcedEventKind::AutoDeleveraging:
      return "auto_deleveraging";
    case ForcedEventKind::AccountLock:
      return "account_lock";
    case ForcedEventKind::MarketMakerProtection:
      return "market_maker_protection";
    case ForcedEventKind::Other:
      return "other";
  }
  return "";
}

constexpr std::string_view label(FeedPhase phase) {
  switch (phase) {
    case FeedPhase::Connecting:
      return "connecting";
    case FeedPhase::Synchronising:
      return "synchronising";
    case FeedPhase::Live:
      return "live";
    case FeedPhase::Down:
      return "down";
  }
  return "";
}

constexpr std::string_view label(FeedDownReason reason) {
  switch (reason) {
    case FeedDownReason::None:
      return "none";
    case FeedDownReason::Disconnected:
      return "disconnected";
    case FeedDownReason::Silent:
      return "silent";
    case FeedDownReason::Refused:
      return "refused";
    case FeedDownReason::Unauthorised:
      return "unauthorised";
    case FeedDownReason::Maintenance:
      return "maintenance";
    case FeedDownReason::Overflow:
      return "overflow";
    case FeedDownReason::Stopped:
      return "stopped";
    case FeedDownReason::Lagging:
      return "lagging";
  }
  return "";
}

/// The name of each alternative and its own fields.
struct BodyName {
  std::string_view operator()(const Quote&) const { return "quote"; }
  std::string_view operator()(const Mark&) const { return "mark"; }
  std::string_view operator()(const VenueGreeks&) const { return "venue_greeks"; }
  std::string_view operator()(const Funding&) const { return "funding"; }
  std::string_view operator()(const Trade&) const { return "trade"; }
  std::string_view operator()(const BookBegin&) const { return "book_begin"; }
  std::string_view operator()(const BookLevel&) const { return "book_level"; }
  std::string_view operator()(const BookEnd&) const { return "book_end"; }
  std::string_view operator()(const BookInvalidated&) const { return "book_invalidated"; }
  std::string_view operator()(const IndexPrice&) const { return "index_price"; }
  std::string_view operator()(const InstrumentListed&) const { return "instrument_listed"; }
  std::string_view operator()(const InstrumentStateChanged&) const { return "instrument_state"; }
  std::string_view operator()(const InstrumentDelivered&) const { return "instrument_delivered"; }
  std::string_view operator()(const PositionReport&) const { return "position"; }
  std::string_view operator()(const PositionSnapshotBegin&) const { return "position_snapshot_begin"; }
  std::string_view operator()(const PositionSnapshotEnd&) const { return "position_snapshot_end"; }
  std::string_view operator()(const Fill&) const { return "fill"; }
  std::string_view operator()(const DeleveragingRank&) const { return "deleveraging_rank"; }
  std::string_view operator()(const Transfer&) const { return "transfer"; }
  std::string_view operator()(const AccountSummary&) const { return "account_summary"; }
  std::string_view operator()(const AccountGreeks&) const { return "account_greeks"; }
  std::string_view operator()(const ForcedEvent&) const { return "forced_event"; }
  std::string_view operator()(const FeedStatus&) const { return "feed_status"; }
  std::string_view operator()(const PlatformState&) const { return "platform_state"; }
  std::string_view operator()(const AlertAcknowledged&) const { return "alert_acknowledged"; }
  std::string_view operator()(const WorkingOrder&) const { return "working_order"; }
  std::string_view operator()(const WorkingOrdersBegin&) const { return "working_orders_begin"; }
  std::string_view operator()(const WorkingOrdersEnd&) const { return "working_orders_end"; }
  std::string_view operator()(const LimitOverridden&) const { return "limit_overridden"; }
  std::string_view operator()(const TimerTick&) const { return "timer_tick"; }
  std::string_view operator()(const EndOfCycle&) const { return "end_of_cycle"; }
};

struct BodyFields {
  Writer& out;

  void operator()(const Quote& quote) const {
    if (quote.bid) {
      out.exact("bid", *quote.bid);
      out.exact("bid_size", quote.bid_size);
    }
    if (quote.ask) {
      out.exact("ask", *quote.ask);
      out.exact("ask_size", quote.ask_size);
    }
  }
  void operator()(const Mark& mark) const {
    out.number("price", mark.price);
    out.number("vol", mark.vol);
    out.number("forward", mark.forward);
    out.number("index", mark.index);
    out.number("rate", mark.rate);
  }
  void operator()(const VenueGreeks& greeks) const {
    out.number("delta", greeks.delta);
    out.number("gamma", greeks.gamma);
    out.number("vega", greeks.vega);
    out.number("theta", greeks.theta);
    out.number("rho", greeks.rho);
  }
  void operator()(const Funding& funding) const {
    out.number("current_rate_8h", funding.current_rate_8h);
    out.number("average_rate_8h", funding.average_rate_8h);
  }
  void operator()(const Trade& trade) const {
    out.exact("price", trade.price);
    out.exact("size", trade.size);
    out.text("aggressor", label(trade.aggressor));
    if (trade.sequence != 0) out.count("sequence", trade.sequence);
  }
  void operator()(const BookBegin& begin) const { out.flag("snapshot", begin.snapshot); }
  void operator()(const BookLevel& level) const {
    out.text("side", level.side == Side::Buy ? "bid" : "ask");
    out.exact("price", level.price);
    out.exact("size", level.size);
  }
  void operator()(const BookEnd& end) const { out.count("sequence", end.sequence); }
  void operator()(const IndexPrice& index) const {
    out.text("base", index.base.view());
    out.text("quote", index.quote.view());
    out.number("price", index.price);
  }
  void operator()(const InstrumentListed& listed) const {
    const Contract& contract = listed.contract;
    out.text("kind", label(contract.kind));
    out.text("style", contract.style == PayoffStyle::Inverse ? "inverse" : "linear");
    out.text("size_unit", contract.size_unit == SizeUnit::Quote ? "quote" : "base");
    out.text("base", contract.base.view());
    out.text("quote", contract.quote.view());
    out.text("settlement", contract.settlement.view());
    if (contract.expiry != kNoVenueTime) out.integer("expiry_ns", nanoseconds_of(contract.expiry));
    if (contract.kind == ContractKind::Option) {
      out.text("right", contract.right == OptionRight::Call ? "call" : "put");
      out.number("strike", contract.strike);
    }
    out.number("contract_size", contract.contract_size);
    out.number("lot", contract.lot);
  }
  void operator()(const InstrumentStateChanged& state) const { out.text("phase", label(state.phase)); }
  void operator()(const InstrumentDelivered& delivery) const { out.number("price", delivery.price); }
  void operator()(const PositionReport& position) const {
    out.exact("size", position.size);
    out.number("average_entry", position.average_entry);
    out.number("venue_delta_coins", position.venue_delta_coins);
    out.number("realized_pnl", position.realized_pnl);
    out.number("unrealized_pnl", position.unrealized_pnl);
    out.number("maintenance_margin", position.maintenance_margin);
  }
  void operator()(const Fill& fill) const {
    out.text("side", label(fill.side));
    out.exact("price", fill.price);
    out.exact("size", fill.size);
    out.number("fee", fill.fee);
    if (!fill.fee_asset.empty()) out.text("fee_asset", fill.fee_asset.view());
    if (fill.sequence != 0) out.count("sequence", fill.sequence);
    if (fill.liquidation) out.flag("liquidation", true);
  }
  void operator()(const WorkingOrder& order) const {
    out.text("order", std::to_string(order.order));
    out.text("side", label(order.side));
    out.exact("remaining", order.remaining);
  }
  void operator()(const DeleveragingRank& rank) const { out.number("place_ratio", rank.place_ratio); }
  void operator()(const Transfer& transfer) const {
    out.text("asset", transfer.asset.view());
    out.number("amount", transfer.amount);
  }
  void operator()(const AccountSummary& summary) const {
    out.text("asset", summary.asset.view());
    out.number("equity", summary.equity);
    out.number("balance", summary.balance);
    out.number("margin_balance", summary.margin_balance);
    out.number("initial_margin", summary.initial_margin);
    out.number("maintenance_margin", summary.maintenance_margin);
    out.flag("cross_collateral", summary.cross_collateral);
  }
  void operator()(const AccountGreeks& totals) const {
    out.text("asset", totals.asset.view());
    out.number("delta_total", totals.delta_total);
    out.number("options_delta", totals.options_delta);
    out.number("options_gamma", totals.options_gamma);
    out.number("options_vega", totals.options_vega);
    out.number("options_theta", totals.options_theta);
  }
  void operator()(const ForcedEvent& event) const {
    out.text("kind", label(event.kind));
    out.flag("active", event.active);
  }
  void operator()(const AlertAcknowledged& acknowledged) const {
    out.count("rule", acknowledged.rule);
    out.count("row", acknowledged.row);
  }
  void operator()(const LimitOverridden& overridden) const {
    out.count("rule", overridden.rule);
    out.count("row", overridden.row);
    out.number("level", overridden.level);
    out.integer("lasts_ns", overridden.lasts_ns);
  }
  void operator()(const FeedStatus& status) const {
    out.text("phase", label(status.phase));
    if (status.reason != FeedDownReason::None) out.text("reason", label(status.reason));
  }
  void operator()(const PlatformState& state) const {
    out.flag("locked", state.locked);
    out.flag("maintenance", state.maintenance);
  }
  template <class Empty>
    requires std::is_empty_v<Empty>
  void operator()(const Empty&) const {}
};

}  // namespace

void append_event_json(std::string& out, const Event& event, const InstrumentNames& names) {
  out += '{';
  Writer writer{out};
  writer.text("event", std::visit(BodyName{}, event.body));
  const EventHeader& header = event.header;
  if (header.instrument != kNoInstrument) writer.text("instrument", names.name(header.instrument));
  if (header.account != kNoAccount) writer.count("account", static_cast<std::uint64_t>(header.account));
  if (header.exchange_time != kNoVenueTime) writer.integer("exchange_time_ns", nanoseconds_of(header.exchange_time));
  if (nanoseconds_of(header.received) != 0) writer.integer("receive_time_ns", nanoseconds_of(header.received));
  std::visit(BodyFields{writer}, event.body);
  out += '}';
}

}  // namespace hedgewatch
