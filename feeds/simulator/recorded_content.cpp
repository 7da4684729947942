#include "feeds/simulator/recorded_content.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "feeds/capture/recorded_frames.hpp"
#include "feeds/deribit/symbols.hpp"

namespace hedgewatch::simulator {
namespace {

constexpr auto kIndexInterval = std::chrono::seconds{1};

std::string text_of(const simdjson::dom::element& object, std::string_view key) {
  std::string_view value;
  return object.at_key(key).get(value) == simdjson::SUCCESS ? std::string{value} : std::string{};
}
std::optional<double> number_of(const simdjson::dom::element& object, std::string_view key) {
  double value = 0;
  return object.at_key(key).get(value) == simdjson::SUCCESS ? std::optional{value} : std::nullopt;
}
std::optional<std::int64_t> integer_of(const simdjson::dom::element& object, std::string_view key) {
  std::int64_t value = 0;
  return object.at_key(key).get(value) == simdjson::SUCCESS ? std::optional{value} : std::nullopt;
}

/// btc_usd of BTC-25DEC26, sol_usdc of SOL_USDC-PERPETUAL.
std::string index_of(std::string_view instrument) {
  const std::string pair = lower_case(instrument.substr(0, instrument.find('-')));
  return pair.find('_') == std::string::npos ? pair + "_usd" : pair;
}

bool is_perpetual(std::string_view instrument) { return instrument.ends_with("-PERPETUAL"); }

template <class Levels>
std::string plain_levels(const Levels& begin_to_end, std::size_t depth) {
  std::vector<std::string> items;
  for (const auto& [price, amount] : begin_to_end) {
    if (items.size() == depth) break;
    items.push_back("[" + json_number(price) + "," + json_number(amount) + "]");
  }
  return json_array(items);
}

std::string new_levels(const std::map<double, double>& levels) {
  std::vector<std::string> items;
  for (const auto& [price, amount] : levels) items.push_back("[\"new\"," + json_number(price) + "," + json_number(amount) + "]");
  return json_array(items);
}

}  // namespace

Result<std::unique_ptr<RecordedContent>, std::string> RecordedContent::load(const std::filesystem::path& file,
                                                                            ReplayConfig config) {
  auto frames = RecordedFrames::open(file);
  if (!frames) return frames.error();
  return take_all(std::move(frames).value(), config);
}

Result<std::unique_ptr<RecordedContent>, std::string> RecordedContent::read(std::istream& in, ReplayConfig config) {
  return take_all(RecordedFrames{in}, config);
}

Result<std::unique_ptr<RecordedContent>, std::string> RecordedContent::take_all(RecordedFrames frames, ReplayConfig config) {
  std::unique_ptr<RecordedContent> content{new RecordedContent{config}};
  while (const auto record = frames.next()) {
    if (record->ok()) {
      content->take(record->value());
    } else {
      ++content->counts_.faults;
    }
  }
  if (content->frames_.empty()) return std::string{"the recording holds no notification that can be replayed"};
  content->complete();
  return content;
}

void RecordedContent::take(const RecordedFrame& record) {
  if (record.kind == RecordKind::Http && record.url.find("public/get_instruments") != std::string_view::npos)
    take_instruments(record.payload);
  if (record.kind == RecordKind::Received) take_notification(record);
}

void RecordedContent::take_notification(const RecordedFrame& record) {
  ++counts_.passed_over;
  simdjson::ondemand::document document;
  simdjson::ondemand::object params;
  std::string_view channel_name;
  std::string_view data;
  if (cutter_.iterate(record.padded_payload()).get(document) != simdjson::SUCCESS) return;
  if (document["params"].get_object().get(params) != simdjson::SUCCESS) return;
  if (params["channel"].get_string().get(channel_name) != simdjson::SUCCESS) return;
  const std::string name{channel_name};
  simdjson::ondemand::value value;
  simdjson::ondemand::json_type type{};
  if (params["data"].get(value) != simdjson::SUCCESS || value.type().get(type) != simdjson::SUCCESS) return;
  if (type == simdjson::ondemand::json_type::object) {
    simdjson::ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS || object.raw_json().get(data) != simdjson::SUCCESS) return;
  } else if (type == simdjson::ondemand::json_type::array) {
    simdjson::ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS || array.raw_json().get(data) != simdjson::SUCCESS) return;
  } else {
    return;
  }
  const auto channel = parse_channel(name);
  simdjson::dom::element parsed;
  if (!channel || parser_.parse(data.data(), data.size()).get(parsed) != simdjson::SUCCESS) return;

  Frame frame{.topic = channel->topic(), .data = std::string{data}, .kind = FrameClass::Market};
  if (channel->is_private()) frame.kind = FrameClass::Account;
  if (channel->kind == ChannelKind::PlatformState || channel->kind == ChannelKind::InstrumentState)
    frame.kind = FrameClass::Platform;
  VenueTime time = newest_;
  if (const auto sent = integer_of(parsed, "timestamp")) time = venue_time_from_milliseconds(*sent).value_or(newest_);
  if (record.received) time = from_nanoseconds<VenueTime>(nanoseconds_of(*record.received));
  newest_ = std::max(newest_, time);
  frame.time = newest_;
  frame.instrument = text_of(parsed, "instrument_name");
  if (channel->kind == ChannelKind::Book) {
    frame.topic = "book." + channel->subject + ".raw";
    frame.kind = text_of(parsed, "type") == "snapshot" ? FrameClass::BookSnapshot : FrameClass::BookChange;
  }
  if (channel->kind == ChannelKind::Ticker) {
    frame.index = index_of(channel->subject);
    frame.index_price = number_of(parsed, "index_price").value_or(0);
    JsonObject quote;
    quote.text("instrument_name", channel->subject).integer("timestamp", milliseconds_of(frame.time));
    for (const std::string_view key : {"best_bid_price", "best_bid_amount", "best_ask_price", "best_ask_amount"})
      quote.number_or_null(key, number_of(parsed, key));
    frame.quote = quote.str();
    if (const auto funding = number_of(parsed, "current_funding"))
      frame.perpetual = JsonObject{}
                            .number("interest", *funding)
                            .number("index_price", frame.index_price)
                            .integer("timestamp", milliseconds_of(frame.time))
                            .str();
  }
  --counts_.passed_over;
  if (!channel->is_private() && frame.instrument.empty()) frame.instrument = channel->contracts.empty() ? channel->subject : "";
  const std::string instrument = frame.instrument;
  const bool ticker = channel->kind == ChannelKind::Ticker;
  frames_.push_back(std::move(frame));
  if (ticker && !record.book.empty()) take_book(record, instrument);
}

void RecordedContent::take_book(const RecordedFrame& record, const std::string& instrument) {
  simdjson::dom::element parsed;
  if (parser_.parse(record.book.data(), record.book.size()).get(parsed) != simdjson::SUCCESS) return;
  Book book{
      .bids = {}, .asks = {}, .change_id = integer_of(parsed, "change_id").value_or(0), .timestamp = milliseconds_of(newest_)};
  for (const auto& [side, levels] : {std::pair{"bids", &book.bids}, std::pair{"asks", &book.asks}}) {
    simdjson::dom::array rows;
    if (parsed.at_key(side).get(rows) != simdjson::SUCCESS) return;
    for (const simdjson::dom::element row : rows) {
      double price = 0;
      double amount = 0;
      if (row.at(0).get(price) == simdjson::SUCCESS && row.at(1).get(amount) == simdjson::SUCCESS) (*levels)[price] = amount;
    }
  }
  frames_.push_back({.topic = "book." + instrument + ".raw",
                     .data = book_snapshot(instrument, book),
                     .kind = FrameClass::BookSnapshot,
                     .time = newest_,
                     .instrument = instrument});
}

void RecordedContent::take_instruments(std::string_view body) {
  simdjson::dom::array instruments;
  if (parser_.parse(body.data(), body.size()).at_key("result").get(instruments) != simdjson::SUCCESS) {
    ++counts_.faults;
    return;
  }
  for (const simdjson::dom::element element : instruments) define(element);
}

void RecordedContent::define(const simdjson::dom::element& element) {
  simdjson::dom::object instrument;
  if (element.get(instrument) != simdjson::SUCCESS) return;
  const std::string name = text_of(element, "instrument_name");
  if (name.empty()) return;
  std::string json = simdjson::minify(instrument);
  const std::string index = index_of(name);
  const std::string base = text_of(element, "base_currency");
  const bool linear = index.find("_usd") + 4 != index.size();
  std::string settlement = text_of(element, "settlement_currency");
  if (settlement.empty()) settlement = linear ? text_of(element, "quote_currency") : base;
  // Older definitions lack what today's clients read.
  const auto supply = [&](std::string_view key, const std::string& value) {
    simdjson::dom::element there;
    if (instrument.at_key(key).get(there) == simdjson::SUCCESS) return;
    json.back() = ',';
    json += "\"" + std::string{key} + "\":" + value + "}";
  };
  supply("settlement_currency", json_string(settlement));
  supply("price_index", json_string(index));
  supply("instrument_type", linear ? "\"linear\"" : "\"reversed\"");
  supply("counter_currency", linear ? json_string(text_of(element, "quote_currency")) : "\"USD\"");
  supply("state", "\"open\"");
  supply("tick_size_steps", "[]");
  supply("instrument_id", std::to_string(100'000 + definitions_.size()));
  definitions_[name] = {.json = std::move(json), .currency = settlement, .kind = text_of(element, "kind")};
}

void RecordedContent::define_from_name(const std::string& name) {
  if (name.empty() || definitions_.contains(name)) return;
  const auto contract = deribit::contract_from_name(name);
  if (!contract) return;
  const bool option = contract->kind == ContractKind::Option;
  const bool perpetual = contract->kind == ContractKind::Perpetual;
  const bool inverse = contract->style == PayoffStyle::Inverse;
  const std::string base{contract->base.view()};
  const std::string settlement{contract->settlement.view()};
  constexpr std::int64_t kPerpetualExpires = 32'503'708'800'000;
  JsonObject object;
  object.text("instrument_name", name)
      .integer("instrument_id", static_cast<std::int64_t>(100'000 + definitions_.size()))
      .text("kind", option                                 ? "option"
                    : contract->kind == ContractKind::Spot ? "spot"
                                                           : "future")
      .text("base_currency", base)
      .text("quote_currency", option && inverse ? base : std::string{contract->quote.view()})
      .text("counter_currency", contract->quote.view())
      .text("settlement_currency", settlement)
      .text("instrument_type", inverse ? "reversed" : "linear")
      .text("price_index", index_of(name))
      .number("contract_size", contract->contract_size)
      .number("min_trade_amount", contract->lot)
      .number("tick_size", option ? 0.0005 : 0.5)
      .raw("tick_size_steps", "[]")
      .integer("creation_timestamp", milliseconds_of(first_))
      .integer("expiration_timestamp",
               perpetual || contract->expiry == kNoVenueTime ? kPerpetualExpires : milliseconds_of(contract->expiry))
      .text("settlement_period", perpetual ? "perpetual" : "month")
      .boolean("is_active", true)
      .text("state", "open");
  if (option) object.text("option_type", contract->right == OptionRight::Call ? "call" : "put").number("strike", contract->strike);
  definitions_[name] = {.json = object.str(), .currency = settlement, .kind = option ? "option" : "future"};
}

void RecordedContent::complete() {
  first_ = frames_.front().time;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const Frame& frame = frames_[i];
    by_topic_[frame.topic].push_back(i);
    if (frame.topic.starts_with("ticker.") || frame.topic.starts_with("book.")) pending_topics_.insert(frame.topic);
    define_from_name(frame.instrument);
  }
  // Derived topics, where the recording has none of its own.
  std::map<std::string, std::vector<std::size_t>> derived;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const Frame& frame = frames_[i];
    if (!frame.quote.empty()) derived["quote." + frame.instrument].push_back(i);
    if (!frame.perpetual.empty()) derived["perpetual." + frame.instrument].push_back(i);
    if (frame.index_price > 0) derived["deribit_price_index." + frame.index].push_back(i);
  }
  for (auto& [topic, frames] : derived) by_topic_.try_emplace(topic, std::move(frames));
  counts_.frames = frames_.size();
  counts_.instruments = definitions_.size();
}

std::string RecordedContent::description() const {
  return "a recording of " + std::to_string(counts_.frames) + " frames and " + std::to_string(counts_.instruments) +
         " instruments; " + std::to_string(counts_.passed_over) + " received lines are no notification of a known channel, " +
         std::to_string(counts_.faults) + " lines could not be read";
}

VenueTime RecordedContent::venue_time(MonoTime now) const {
  if (!begun_) return first_;
  if (!config_.speed || finished()) return next_ == 0 ? first_ : frames_[next_ - 1].time;
  const double elapsed = static_cast<double>((now - *begun_).count()) * *config_.speed;
  return std::min(first_ + std::chrono::nanoseconds{static_cast<std::int64_t>(elapsed)}, frames_.back().time);
}

bool RecordedContent::offers(const Channel& channel) const {
  switch (channel.kind) {
    case ChannelKind::Ticker:
    case ChannelKind::Book:
    case ChannelKind::GroupedBook:
    case ChannelKind::Quote:
      return definitions_.contains(channel.subject);
    case ChannelKind::Perpetual:
      return definitions_.contains(channel.subject) && is_perpetual(channel.subject);
    case ChannelKind::Trades:
    case ChannelKind::UserChanges:
    case ChannelKind::UserTrades:
    case ChannelKind::UserOrders:
      return !channel.contracts.empty() || definitions_.contains(channel.subject);
    case ChannelKind::MarkPriceOptions:
    case ChannelKind::PriceIndex:
    case ChannelKind::PriceStatistics:
    case ChannelKind::VolatilityIndex:
      return std::any_of(definitions_.begin(), definitions_.end(),
                         [&](const auto& definition) { return index_of(definition.first) == channel.subject; });
    case ChannelKind::InstrumentState:
    case ChannelKind::PlatformState:
    case ChannelKind::UserPortfolio:
    case ChannelKind::UserLock:
    case ChannelKind::UserLiquidation:
      return true;
  }
  return false;
}

std::string RecordedContent::index_tick(const std::string& index, double price, VenueTime time) const {
  return JsonObject{}.text("index_name", index).number("price", price).integer("timestamp", milliseconds_of(time)).str();
}

std::string RecordedContent::book_snapshot(const std::string& instrument, const Book& book) const {
  return JsonObject{}
      .text("type", "snapshot")
      .text("instrument_name", instrument)
      .integer("timestamp", book.timestamp)
      .integer("change_id", book.change_id)
      .raw("bids", new_levels(book.bids))
      .raw("asks", new_levels(book.asks))
      .str();
}

std::string RecordedContent::grouped_book(const std::string& instrument, const Book& book, std::size_t depth) const {
  const std::vector<std::pair<double, double>> bids{book.bids.rbegin(), book.bids.rend()};
  return JsonObject{}
      .text("instrument_name", instrument)
      .integer("timestamp", book.timestamp)
      .integer("change_id", book.change_id)
      .raw("bids", plain_levels(bids, depth))
      .raw("asks", plain_levels(book.asks, depth))
      .str();
}

void RecordedContent::apply_book(const Frame& frame) {
  simdjson::dom::element parsed;
  if (parser_.parse(frame.data).get(parsed) != simdjson::SUCCESS) return;
  Book& book = books_[frame.instrument];
  if (frame.kind == FrameClass::BookSnapshot) book = {};
  book.change_id = integer_of(parsed, "change_id").value_or(book.change_id);
  book.timestamp = integer_of(parsed, "timestamp").value_or(milliseconds_of(frame.time));
  for (const auto& [side, levels] : {std::pair{"bids", &book.bids}, std::pair{"asks", &book.asks}}) {
    simdjson::dom::array rows;
    if (parsed.at_key(side).get(rows) != simdjson::SUCCESS) continue;
    for (const simdjson::dom::element row : rows) {
      std::string_view action;
      double price = 0;
      double amount = 0;
      if (row.at(0).get(action) != simdjson::SUCCESS || row.at(1).get(price) != simdjson::SUCCESS ||
          row.at(2).get(amount) != simdjson::SUCCESS)
        continue;
      if (action == "delete") {
        levels->erase(price);
      } else {
        (*levels)[price] = amount;
      }
    }
  }
}

void RecordedContent::on_subscribed(const Channel& channel, MonoTime now, std::vector<Notification>& first) {
  std::string topic = channel.topic();
  if (channel.kind == ChannelKind::Book) topic = "book." + channel.subject + ".raw";
  const auto recorded = by_topic_.find(topic);
  const auto book = books_.find(channel.subject);
  if (recorded == by_topic_.end()) {
    if (channel.kind == ChannelKind::GroupedBook && book != books_.end())
      first.push_back(
          {topic, grouped_book(channel.subject, book->second, static_cast<std::size_t>(channel.depth)), FrameClass::Market});
    return;
  }
  pending_topics_.erase(topic);
  if (!begun_) last_subscribed_ = now;
  const bool served = !served_.insert(topic).second;
  if (served && channel.kind == ChannelKind::Book) {
    if (book != books_.end()) first.push_back({topic, book_snapshot(channel.subject, book->second), FrameClass::BookSnapshot});
    return;
  }
  // Frames that have gone by: all of them for the first subscriber, the newest for later ones.
  const auto gone = std::lower_bound(recorded->second.begin(), recorded->second.end(), next_);
  auto from = recorded->second.begin();
  if (served && gone != from) from = gone - 1;
  for (auto i = from; i != gone; ++i)
    spread(
        frames_[*i], [&](const std::string& wanted) { return wanted == topic; }, first);
}

void RecordedContent::spread(const Frame& frame, const Wanted& wanted, std::vector<Notification>& out) {
  if (wanted(frame.topic)) out.push_back({frame.topic, frame.data, frame.kind});
  const auto derived = [&](std::string topic, const std::string& data) {
    if (data.empty() || !wanted(topic)) return;
    // A recorded channel of that name speaks for itself.
    const auto recorded = by_topic_.find(topic);
    if (recorded == by_topic_.end() || frames_[recorded->second.front()].topic != topic)
      out.push_back({std::move(topic), data, FrameClass::Market});
  };
  derived("quote." + frame.instrument, frame.quote);
  derived("perpetual." + frame.instrument, frame.perpetual);
  if (frame.index_price > 0) derived("deribit_price_index." + frame.index, index_tick(frame.index, frame.index_price, frame.time));
}

void RecordedContent::tick_indices(MonoTime now, const Wanted& wanted, std::vector<Notification>& out) {
  for (const auto& [index, price] : indices_) {
    MonoTime& last = last_index_tick_.try_emplace(index, now).first->second;
    if (now - last < kIndexInterval) continue;
    last = now;
    if (std::string topic = "deribit_price_index." + index; wanted(topic))
      out.push_back({std::move(topic), index_tick(index, price, venue_time(now)), FrameClass::Market});
  }
}

void RecordedContent::poll(MonoTime now, std::size_t most, const Wanted& wanted, std::vector<Notification>& out) {
  if (!begun_ && last_subscribed_ && (pending_topics_.empty() || now - *last_subscribed_ >= config_.settle)) begun_ = now;
  if (!begun_) return;
  const std::size_t before = out.size();
  const VenueTime due = venue_time(now);
  while (!finished()) {
    const Frame& frame = frames_[next_];
    if (config_.speed ? frame.time > due : out.size() - before >= most) break;
    ++next_;
    if (frame.kind == FrameClass::BookSnapshot || frame.kind == FrameClass::BookChange) {
      apply_book(frame);
      for (const int depth : {1, 10, 20})
        if (std::string topic = "book." + frame.instrument + ".none." + std::to_string(depth);
            wanted(topic) && !by_topic_.contains(topic))
          out.push_back({std::move(topic),
                         grouped_book(frame.instrument, books_[frame.instrument], static_cast<std::size_t>(depth)),
                         FrameClass::Market});
    }
    if (frame.topic.starts_with("ticker.")) last_of_topic_[frame.topic] = next_ - 1;
    if (frame.index_price > 0) {
      indices_[frame.index] = frame.index_price;
      last_index_tick_[frame.index] = now;
    }
    spread(frame, wanted, out);
  }
  tick_indices(now, wanted, out);
}

RpcReply RecordedContent::last_ticker(const Params& params, bool with_book) {
  const std::string name = params.text("instrument_name").value_or("");
  const std::string topic = "ticker." + name;
  const auto recorded = by_topic_.find(topic);
  if (recorded == by_topic_.end()) return RpcError{10020, "invalid_or_unsupported_instrument", {}};
  const auto seen = last_of_topic_.find(topic);
  std::string ticker = frames_[seen != last_of_topic_.end() ? seen->second : recorded->second.front()].data;
  if (!with_book) return ticker;
  const Book none;
  const auto book = books_.find(name);
  const std::string levels = grouped_book(name, book != books_.end() ? book->second : none,
                                          static_cast<std::size_t>(std::max<std::int64_t>(params.integer("depth").value_or(5), 1)));
  // The ticker's fields with the book's.
  ticker.back() = ',';
  return ticker + levels.substr(1);
}

std::optional<RpcReply> RecordedContent::answer(std::string_view method, const Params& params, MonoTime /*now*/) {
  if (method == "public/get_instruments") {
    const auto currency = params.text("currency");
    if (!currency) return RpcReply{invalid_params("currency", "is missing")};
    if (params.flag("expired")) return RpcReply{std::string{"[]"}};
    const std::string kind = params.text("kind").value_or("any");
    std::vector<std::string> rows;
    for (const auto& [name, definition] : definitions_)
      if ((*currency == "any" || lower_case(*currency) == lower_case(definition.currency)) &&
          (kind == "any" || kind == definition.kind))
        rows.push_back(definition.json);
    return RpcReply{json_array(rows)};
  }
  if (method == "public/get_instrument") {
    const auto found = definitions_.find(params.text("instrument_name").value_or(""));
    if (found == definitions_.end()) return RpcReply{RpcError{10020, "invalid_or_unsupported_instrument", {}}};
    return RpcReply{found->second.json};
  }
  if (method == "public/ticker") return last_ticker(params, false);
  if (method == "public/get_order_book") return last_ticker(params, true);
  if (method == "public/get_index_price") {
    const std::string index = params.text("index_name").value_or("");
    const auto seen = indices_.find(index);
    const auto recorded = by_topic_.find("deribit_price_index." + index);
    if (seen == indices_.end() && recorded == by_topic_.end()) return RpcReply{invalid_params("index_name")};
    double price = seen != indices_.end() ? seen->second : frames_[recorded->second.front()].index_price;
    return RpcReply{JsonObject{}.number("index_price", price).number("estimated_delivery_price", price).str()};
  }
  if (method == "public/get_book_summary_by_currency") return RpcReply{std::string{"[]"}};
  if (method == "private/get_positions") return RpcReply{std::string{"[]"}};
  if (method == "private/get_account_summaries")
    return RpcReply{JsonObject{}.integer("id", 4'711).text("username", "recorded").raw("summaries", "[]").str()};
  if (method == "private/get_account_summary") {
    const std::string currency = params.text("currency").value_or("");
    if (currency.empty()) return RpcReply{invalid_params("currency")};
    JsonObject empty;
    empty.text("currency", currency);
    for (const std::string_view key :
         {"equity", "balance", "margin_balance", "initial_margin", "maintenance_margin", "options_value", "options_delta",
          "options_gamma", "options_vega", "options_theta", "delta_total"})
      empty.number(key, 0);
    return RpcReply{empty.str()};
  }
  return std::nullopt;
}

std::optional<RpcReply> RecordedContent::drill(std::string_view /*name*/, const Params& /*params*/, MonoTime /*now*/) {
  return std::nullopt;
}

}  // namespace hedgewatch::simulator
