#include "feeds/simulator/synthetic_content.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "feeds/simulator/market_drills.hpp"

namespace hedgewatch::simulator {
namespace {

constexpr std::uint64_t kStepsPerIndex = 5;
constexpr std::uint64_t kStepsPerSecondTopics = 10;  ///< mark surface and portfolio: about once a second

RpcError unknown_instrument() { return {10020, "invalid_or_unsupported_instrument", {}}; }

std::string_view kind_word(const MarketInstrument& instrument) {
  return instrument.kind == ContractKind::Option ? "option" : "future";
}

bool is_any(std::string_view word) { return word == "any"; }

/// An index name in either case: currencies in channel names are written in both.
bool same_letters(std::string_view a, std::string_view b) { return lower_case(a) == lower_case(b); }

}  // namespace

SyntheticContent::SyntheticContent(const SyntheticContentConfig& config)
    : paced_{config.market},
      market_{paced_.market()},
      account_{config.account, market_},
      resting_{config.quote_usd, market_},
      text_{market_, config.market.seed, config.vary_key_order} {}

std::string SyntheticContent::description() const {
  return "a market of " + std::to_string(market_.instruments().size()) + " instruments from seed " +
         std::to_string(market_.configuration().seed) + ", an account with " + std::to_string(account_.positions().size()) +
         " positions";
}

VenueTime SyntheticContent::venue_time(MonoTime now) const { return paced_.venue_time(now); }

std::optional<std::size_t> SyntheticContent::underlying_by_index(std::string_view index_name) const {
  for (std::size_t u = 0; u < market_.underlyings().size(); ++u)
    if (market_.underlyings()[u].index_name == index_name) return u;
  return std::nullopt;
}

bool SyntheticContent::offers(const Channel& channel) const {
  const auto known_currency = [&](std::string_view currency) {
    if (is_any(currency)) return true;
    const auto& all = market_.underlyings();
    return std::any_of(all.begin(), all.end(),
                       [&](const MarketUnderlying& one) { return same_letters(one.config.currency, currency); });
  };
  const auto listed = [&](std::string_view name) {
    const auto index = market_.find(name);
    return index && market_.instruments()[*index].state == ListingState::Open;
  };
  switch (channel.kind) {
    case ChannelKind::Ticker:
    case ChannelKind::Book:
    case ChannelKind::GroupedBook:
    case ChannelKind::Quote:
      return listed(channel.subject);
    case ChannelKind::Perpetual: {
      const auto index = market_.find(channel.subject);
      return index && market_.instruments()[*index].kind == ContractKind::Perpetual;
    }
    case ChannelKind::Trades:
    case ChannelKind::UserChanges:
    case ChannelKind::UserTrades:
    case ChannelKind::UserOrders:
      return channel.contracts.empty() ? listed(channel.subject) : known_currency(channel.subject);
    case ChannelKind::PriceIndex:
      return underlying_by_index(channel.subject).has_value() || market_.stablecoin_index(channel.subject).has_value();
    case ChannelKind::MarkPriceOptions:
    case ChannelKind::PriceStatistics:
    case ChannelKind::VolatilityIndex:
      return underlying_by_index(channel.subject).has_value();
    case ChannelKind::InstrumentState:
    case ChannelKind::UserPortfolio:
      return known_currency(channel.subject);
    case ChannelKind::PlatformState:
    case ChannelKind::UserLock:
    case ChannelKind::UserLiquidation:
      return true;
  }
  return false;
}

void SyntheticContent::on_subscribed(const Channel& channel, MonoTime /*now*/, std::vector<Notification>& first) {
  const auto add = [&](std::string data, FrameClass kind = FrameClass::Market) { first.push_back({{}, std::move(data), kind}); };
  const auto index = market_.find(channel.subject);
  const auto underlying = underlying_by_index(channel.subject);
  switch (channel.kind) {
    case ChannelKind::Ticker:
      add(text_.ticker(market_.instruments()[*index]));
      break;
    case ChannelKind::Book:
      if (channel.interval == Interval::Aggregated) {
        // All subscribers of this channel share one chain of changes: a new one starts at its last link.
        MarketInstrument known = market_.instruments()[*index];
        const auto [sent, is_new] = aggregated_.try_emplace(*index, SentBook{known.change_id, known.bids, known.asks});
        known.change_id = sent->second.change_id;
        known.bids = sent->second.bids;
        known.asks = sent->second.asks;
        add(text_.book_snapshot(known), FrameClass::BookSnapshot);
        break;
      }
      add(text_.book_snapshot(market_.instruments()[*index]), FrameClass::BookSnapshot);
      break;
    case ChannelKind::GroupedBook:
      add(text_.grouped_book(market_.instruments()[*index], channel.group, static_cast<std::size_t>(channel.depth)));
      break;
    case ChannelKind::Quote:
      add(text_.quote(market_.instruments()[*index]));
      break;
    case ChannelKind::Perpetual:
      add(text_.perpetual(market_.instruments()[*index]));
      break;
    case ChannelKind::MarkPriceOptions:
      add(text_.mark_prices(*underlying, VenueTime::min()));
      break;
    case ChannelKind::PriceIndex:
      add(underlying ? text_.price_index(market_.underlyings()[*underlying])
                     : text_.price_index(channel.subject, stablecoin_price(channel.subject)));
      break;
    case ChannelKind::PriceStatistics:
      add(text_.price_statistics(market_.underlyings()[*underlying]));
      break;
    case ChannelKind::VolatilityIndex:
      add(text_.volatility_index(market_.underlyings()[*underlying]));
      break;
    case ChannelKind::UserPortfolio:
      for (std::size_t u = 0; u < market_.underlyings().size(); ++u)
        if (is_any(channel.subject) || same_letters(channel.subject, market_.underlyings()[u].config.currency))
          add(text_.summary(account_, u), FrameClass::Account);
      for (std::size_t s = 0; s < market_.stablecoins().size(); ++s)
        if (is_any(channel.subject) || same_letters(channel.subject, market_.stablecoins()[s].currency))
          add(text_.stablecoin_summary(account_, s), FrameClass::Account);
      break;
    default:
      break;
  }
}

double SyntheticContent::stablecoin_price(std::string_view index_name) const {
  constexpr double kGrid = 1e6;
  return std::round(market_.stablecoin_index(index_name).value_or(0) * kGrid) / kGrid;
}

std::vector<std::string> SyntheticContent::topics(std::string_view head, const MarketInstrument& instrument) const {
  const std::string& currency = market_.underlyings()[instrument.underlying].config.currency;
  std::vector<std::string> topics{std::string{head} + "." + instrument.name};
  for (const std::string_view kind : {kind_word(instrument), std::string_view{"any"}})
    for (const std::string_view coin : {std::string_view{currency}, std::string_view{"any"}})
      topics.push_back(std::string{head} + "." + std::string{kind} + "." + std::string{coin});
  return topics;
}

void SyntheticContent::tell_markets(const MarketChanges& changes, const Wanted& wanted, std::vector<Notification>& out) {
  const auto& instruments = market_.instruments();
  // The last ticker of a contract carries its delivery price, before its state says that it is over.
  for (const std::size_t index : changes.expired)
    if (std::string topic = "ticker." + instruments[index].name; wanted(topic))
      out.push_back({std::move(topic), text_.ticker(instruments[index]), FrameClass::Market});
  for (const std::size_t index : changes.states)
    for (const std::string& topic : topics("instrument.state", instruments[index]))
      if (wanted(topic)) out.push_back({topic, text_.state(instruments[index]), FrameClass::Platform});

  std::map<std::string, std::vector<std::string>> trades;
  for (const MarketTrade& trade : changes.trades)
    for (const std::string& topic : topics("trades", instruments[trade.instrument]))
      if (wanted(topic)) trades[topic].push_back(text_.trade(trade));
  for (const auto& [topic, rows] : trades) out.push_back({topic, json_array(rows), FrameClass::Market});

  for (const BookChange& change : changes.books) {
    const MarketInstrument& instrument = instruments[change.instrument];
    if (std::string topic = "book." + instrument.name + ".raw"; wanted(topic))
      out.push_back({std::move(topic), text_.book_change(change), FrameClass::BookChange});
    if (std::string topic = "quote." + instrument.name; change.top_changed && wanted(topic))
      out.push_back({std::move(topic), text_.quote(instrument), FrameClass::Market});
    constexpr std::array<std::string_view, 8> kGroups{"none", "1", "2", "5", "10", "25", "100", "250"};
    for (const std::string_view group : kGroups)
      for (const int depth : {1, 10, 20})
        if (std::string topic = "book." + instrument.name + "." + std::string{group} + "." + std::to_string(depth); wanted(topic))
          out.push_back(
              {std::move(topic), text_.grouped_book(instrument, group, static_cast<std::size_t>(depth)), FrameClass::Market});
  }
  for (const std::size_t index : changes.marked) {
    const MarketInstrument& instrument = instruments[index];
    if (std::string topic = "ticker." + instrument.name; wanted(topic))
      out.push_back({std::move(topic), text_.ticker(instrument), FrameClass::Market});
    if (instrument.kind != ContractKind::Perpetual) continue;
    if (std::string topic = "perpetual." + instrument.name; wanted(topic))
      out.push_back({std::move(topic), text_.perpetual(instrument), FrameClass::Market});
  }
}

void SyntheticContent::tell_aggregated_books(const Wanted& wanted, std::vector<Notification>& out) {
  for (auto& [index, sent] : aggregated_) {
    const MarketInstrument& instrument = market_.instruments()[index];
    if (instrument.change_id == sent.change_id) continue;
    const BookChange change{.instrument = index,
                            .change_id = instrument.change_id,
                            .previous_change_id = sent.change_id,
                            .bids = level_changes(sent.bids, instrument.bids),
                            .asks = level_changes(sent.asks, instrument.asks)};
    sent = {instrument.change_id, instrument.bids, instrument.asks};
    if (std::string topic = "book." + instrument.name + ".agg2"; wanted(topic))
      out.push_back({std::move(topic), text_.book_change(change), FrameClass::BookChange});
  }
}

void SyntheticContent::tell_indices(const Wanted& wanted, std::vector<Notification>& out) {
  for (std::size_t u = 0; u < market_.underlyings().size(); ++u) {
    const MarketUnderlying& underlying = market_.underlyings()[u];
    if (std::string topic = "deribit_price_index." + underlying.index_name; steps_ % kStepsPerIndex == 0 && wanted(topic))
      out.push_back({std::move(topic), text_.price_index(underlying), FrameClass::Market});
    if (steps_ % kStepsPerSecondTopics != 0) continue;
    if (std::string topic = "deribit_price_statistics." + underlying.index_name; wanted(topic))
      out.push_back({std::move(topic), text_.price_statistics(underlying), FrameClass::Market});
    if (std::string topic = "deribit_volatility_index." + underlying.index_name; wanted(topic))
      out.push_back({std::move(topic), text_.volatility_index(underlying), FrameClass::Market});
    if (std::string topic = "markprice.options." + underlying.index_name; wanted(topic))
      out.push_back({std::move(topic), text_.mark_prices(u, market_.now() - std::chrono::seconds{1}), FrameClass::Market});
  }
}

void SyntheticContent::tell_stablecoins(const Wanted& wanted, std::vector<Notification>& out) {
  constexpr std::string_view kHead = "deribit_price_index.";
  const auto tell = [&](const std::string& index_name) {
    if (std::string topic = std::string{kHead} + index_name; wanted(topic))
      out.push_back({std::move(topic), text_.price_index(index_name, stablecoin_price(index_name)), FrameClass::Market});
  };
  for (const MarketStablecoin& coin : market_.stablecoins()) {
    tell(coin.index_name);
    for (const MarketUnderlying& underlying : market_.underlyings())
      tell(lower_case(underlying.config.currency) + '_' + lower_case(coin.currency));
  }
}

void SyntheticContent::tell_account(const Wanted& wanted, std::vector<Notification>& out) {
  std::map<std::size_t, std::vector<AccountFill>> by_instrument;
  for (const AccountFill& fill : fills_) by_instrument[fill.trade.instrument].push_back(fill);
  std::map<std::size_t, std::vector<RestingOrder>> orders;
  for (const RestingOrder& order : changed_orders_) {
    orders[order.instrument].push_back(order);
    by_instrument[order.instrument];
  }
  std::vector<bool> touched(market_.underlyings().size());
  for (const auto& [index, fills] : by_instrument) {
    const MarketInstrument& instrument = market_.instruments()[index];
    touched[instrument.underlying] = touched[instrument.underlying] || !fills.empty();
    for (const std::string& topic : topics("user.changes", instrument))
      if (wanted(topic)) out.push_back({topic, text_.user_changes(index, fills, orders[index], account_), FrameClass::Account});
    if (fills.empty()) continue;
    for (const std::string& topic : topics("user.trades", instrument)) {
      if (!wanted(topic)) continue;
      std::vector<std::string> rows;
      for (const AccountFill& fill : fills) rows.push_back(text_.user_trade(fill));
      out.push_back({topic, json_array(rows), FrameClass::Account});
    }
  }
  for (std::size_t u = 0; u < market_.underlyings().size(); ++u) {
    if (!touched[u] && steps_ % kStepsPerSecondTopics != 0) continue;
    std::string own = "user.portfolio." + market_.underlyings()[u].index_name;
    own.resize(own.size() - std::string_view{"_usd"}.size());
    for (std::string topic : {std::move(own), std::string{"user.portfolio.any"}})
      if (wanted(topic)) out.push_back({std::move(topic), text_.summary(account_, u), FrameClass::Account});
  }
  if (steps_ % kStepsPerSecondTopics != 0) return;
  for (std::size_t s = 0; s < market_.stablecoins().size(); ++s)
    for (std::string topic : {"user.portfolio." + lower_case(market_.stablecoins()[s].currency), std::string{"user.portfolio.any"}})
      if (wanted(topic)) out.push_back({std::move(topic), text_.stablecoin_summary(account_, s), FrameClass::Account});
}

void SyntheticContent::on_step(const MarketChanges& changes, const Wanted& wanted, std::vector<Notification>& out) {
  ++steps_;
  account_.step(market_, changes, fills_);
  resting_.step(market_, changed_orders_);
  past_fills_.insert(past_fills_.end(), fills_.begin(), fills_.end());
  while (past_fills_.size() > kMostPastFills) past_fills_.pop_front();
  tell_indices(wanted, out);
  if (steps_ % kStepsPerIndex == 0) tell_stablecoins(wanted, out);
  tell_markets(changes, wanted, out);
  if (steps_ % kStepsPerSecondTopics == 0) tell_aggregated_books(wanted, out);
  tell_account(wanted, out);
}

void SyntheticContent::poll(MonoTime now, std::size_t /*most*/, const Wanted& wanted, std::vector<Notification>& out) {
  paced_.advance(now, [&](const MarketChanges& changes) { on_step(changes, wanted, out); });
}

std::optional<std::size_t> SyntheticContent::underlying_of(const Params& params) const {
  const auto currency = params.text("currency");
  for (std::size_t u = 0; currency && u < market_.underlyings().size(); ++u)
    if (same_letters(market_.underlyings()[u].config.currency, *currency)) return u;
  return std::nullopt;
}

bool SyntheticContent::selected(const MarketInstrument& instrument, const Params& params) const {
  const auto currency = params.text("currency");
  if (currency && !is_any(*currency) && !same_letters(market_.underlyings()[instrument.underlying].config.currency, *currency))
    return false;
  const auto kind = params.text("kind");
  return !kind || is_any(*kind) || *kind == kind_word(instrument);
}

RpcReply SyntheticContent::instruments(const Params& params) {
  if (!params.text("currency")) return invalid_params("currency", "is missing");
  const bool expired = params.flag("expired");
  std::vector<std::string> rows;
  for (const MarketInstrument& instrument : market_.instruments())
    if (selected(instrument, params) && (instrument.state == ListingState::Delivered) == expired)
      rows.push_back(text_.instrument(instrument));
  return json_array(rows);
}

RpcReply SyntheticContent::account_summaries(const Params& params, bool all) {
  if (!all) {
    const auto underlying = underlying_of(params);
    if (!underlying) return invalid_params("currency");
    return text_.summary(account_, *underlying);
  }
  std::vector<std::string> rows;
  for (std::size_t u = 0; u < market_.underlyings().size(); ++u) rows.push_back(text_.summary(account_, u));
  for (std::size_t s = 0; s < market_.stablecoins().size(); ++s) rows.push_back(text_.stablecoin_summary(account_, s));
  return JsonObject{}.integer("id", 4'711).text("username", "simulated").raw("summaries", json_array(rows)).str();
}

RpcReply SyntheticContent::user_trades(const Params& params) {
  const auto currency = params.text("currency");
  const auto from = params.integer("start_timestamp");
  const auto to = params.integer("end_timestamp");
  const std::int64_t count = params.integer("count").value_or(10);
  const std::string sorting = params.text("sorting").value_or("default");
  if (!currency || (!is_any(*currency) && !underlying_of(params))) return invalid_params("currency");
  if (!from || !to) return invalid_params(from ? "end_timestamp" : "start_timestamp", "is missing");
  if (count < 1 || count > 1'000) return invalid_params("count");
  if (sorting != "asc" && sorting != "desc" && sorting != "default") return invalid_params("sorting");
  std::vector<std::string> rows;
  bool more = false;
  const auto add = [&](const AccountFill& fill) {
    const std::int64_t at = nanoseconds_of(fill.trade.time) / 1'000'000;
    if (at < *from || at > *to || !selected(market_.instruments()[fill.trade.instrument], params)) return;
    if (rows.size() == static_cast<std::size_t>(count))
      more = true;
    else
      rows.push_back(text_.user_trade(fill));
  };
  if (sorting == "asc")
    std::for_each(past_fills_.begin(), past_fills_.end(), add);
  else
    std::for_each(past_fills_.rbegin(), past_fills_.rend(), add);
  return JsonObject{}.raw("trades", json_array(rows)).boolean("has_more", more).str();
}

RpcReply SyntheticContent::open_orders(const Params& params) {
  std::vector<std::string> rows;
  for (const RestingOrder& order : resting_.orders())
    if (selected(market_.instruments()[order.instrument], params)) rows.push_back(text_.order(order));
  return json_array(rows);
}

RpcReply SyntheticContent::transaction_log(const Params& params) {
  const auto underlying = underlying_of(params);
  const auto from = params.integer("start_timestamp");
  const auto to = params.integer("end_timestamp");
  if (!underlying) return invalid_params("currency");
  if (!from || !to) return invalid_params(from ? "end_timestamp" : "start_timestamp", "is missing");
  std::vector<std::string> rows;
  for (auto moved = moved_.rbegin(); moved != moved_.rend(); ++moved) {
    const std::int64_t at = nanoseconds_of(moved->at) / 1'000'000;
    if (moved->underlying != *underlying || at < *from || at > *to) continue;
    rows.push_back(JsonObject{}
                       .integer("id", moved->id)
                       .integer("user_seq", moved->id)
                       .integer("timestamp", at)
                       .text("type", moved->coins > 0 ? "deposit" : "withdrawal")
                       .text("currency", market_.underlyings()[*underlying].config.currency)
                       .number("change", moved->coins)
                       .str());
  }
  return JsonObject{}.raw("logs", json_array(rows)).null("continuation").str();
}

std::optional<RpcReply> SyntheticContent::answer(std::string_view method, const Params& params, MonoTime /*now*/) {
  const auto& instruments_listed = market_.instruments();
  const auto named = [&]() -> const MarketInstrument* {
    const auto name = params.text("instrument_name");
    const auto index = name ? market_.find(*name) : std::nullopt;
    return index ? &instruments_listed[*index] : nullptr;
  };
  if (method == "public/get_instruments") return instruments(params);
  if (method == "public/get_instrument" || method == "public/ticker" || method == "public/get_order_book") {
    const MarketInstrument* instrument = named();
    if (instrument == nullptr) return RpcReply{unknown_instrument()};
    if (method == "public/get_instrument") return RpcReply{text_.instrument(*instrument)};
    if (method == "public/ticker") return RpcReply{text_.ticker(*instrument)};
    const std::int64_t depth = params.integer("depth").value_or(5);
    if (depth < 1 || depth > 10'000) return RpcReply{invalid_params("depth")};
    return RpcReply{text_.order_book(*instrument, static_cast<std::size_t>(depth))};
  }
  if (method == "public/get_index_price") {
    const auto name = params.text("index_name");
    const auto underlying = name ? underlying_by_index(*name) : std::nullopt;
    if (!underlying) return RpcReply{invalid_params("index_name")};
    const double price = std::round(market_.underlyings()[*underlying].index_usd * 100) / 100;
    return RpcReply{JsonObject{}.number("index_price", price).number("estimated_delivery_price", price).str()};
  }
  if (method == "public/get_book_summary_by_currency" || method == "public/get_book_summary_by_instrument") {
    const auto name = params.text("instrument_name");
    std::vector<std::string> rows;
    for (const MarketInstrument& instrument : instruments_listed)
      if (instrument.state == ListingState::Open && selected(instrument, params) && (!name || *name == instrument.name))
        rows.push_back(text_.book_summary(instrument));
    return RpcReply{json_array(rows)};
  }
  if (method == "private/get_positions") {
    std::vector<std::string> rows;
    for (const auto& [index, position] : account_.positions())
      if (selected(instruments_listed[index], params)) rows.push_back(text_.position(index, position, false));
    return RpcReply{json_array(rows)};
  }
  if (method == "private/get_position") {
    const MarketInstrument* instrument = named();
    if (instrument == nullptr) return RpcReply{unknown_instrument()};
    const std::size_t index = static_cast<std::size_t>(instrument - instruments_listed.data());
    const auto held = account_.positions().find(index);
    return RpcReply{text_.position(index, held == account_.positions().end() ? AccountPosition{} : held->second, false)};
  }
  if (method == "private/get_transaction_log") return transaction_log(params);
  if (method == "private/get_open_orders") return open_orders(params);
  if (method == "private/get_user_trades_by_currency_and_time") return user_trades(params);
  if (method == "private/get_account_summary") return account_summaries(params, false);
  if (method == "private/get_account_summaries") return account_summaries(params, true);
  return std::nullopt;
}

std::optional<RpcReply> SyntheticContent::drill(std::string_view name, const Params& params, MonoTime /*now*/) {
  if (name == "transfer") {
    const auto underlying = underlying_of(params);
    const auto coins = params.number("amount");
    if (!underlying || !coins || !(std::abs(*coins) > 0))
      return RpcReply{invalid_params("amount", R"(send {"currency":"BTC","amount":-1.5}, negative goes out)")};
    account_.transfer(*underlying, *coins);
    moved_.push_back({moved_.empty() ? 1 : moved_.back().id + 1, market_.now(), *underlying, *coins});
    if (moved_.size() > kMostPastFills) moved_.erase(moved_.begin());
    return RpcReply{std::string{"\"ok\""}};
  }
  return drill_market(market_, name, params, [this](std::string_view instrument) { return market_.find(instrument); });
}

}  // namespace hedgewatch::simulator
