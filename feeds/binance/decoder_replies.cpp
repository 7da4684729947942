#include <algorithm>
#include <array>

#include "feeds/binance/decoder_work.hpp"

namespace hedgewatch::binance {

namespace {

/// Perpetuals are dated 2100 until a delisting is planned.
constexpr std::int64_t kNeverMilliseconds = 4'133'404'800'000;

template <class Work>
bool go_to(Work& work, JsonReader::Position result) {
  if (result == nullptr || work.in.fault() != JsonFault::None) return work.fail(DecodeFault::MissingField, "result");
  work.in.seek(result);
  return true;
}

}  // namespace

struct Decoder::Work::Listing {
  std::string_view symbol, contract_type, base, quote, margin, underlying, side, status;
  double strike = kAbsent;
  double unit = kAbsent;
  double contract_size = kAbsent;
  double step = kAbsent;
  std::optional<std::int64_t> delivery_ms;
  bool option = false;
  bool futures = false;
};

bool Decoder::Work::filters(Listing& row) {
  return array("filters", [&] {
    std::string_view type;
    double step = kAbsent;
    const bool read = object("filters", [&](JsonKey field) {
      if (field.is("filterType")) return text("filterType", type);
      if (field.is("stepSize")) return number("stepSize", step);
      return skip();
    });
    if (read && type == "LOT_SIZE") row.step = step;
    return read;
  });
}

bool Decoder::Work::listing_fields(Listing& row) {
  return object("symbols", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("symbol"):
        return text("symbol", row.symbol);
      case k("contractType"):
        if (field.is("contractType")) {
          row.futures = true;
          return text("contractType", row.contract_type);
        }
        if (field.is("contractSize")) return number("contractSize", row.contract_size);
        if (field.is("contractStatus")) return text("contractStatus", row.status);
        return skip();
      case k("status"):
        return text("status", row.status);
      case k("baseAsset"):
        return field.is("baseAsset") ? text("baseAsset", row.base) : skip();
      case k("quoteAsset"):
        return field.is("quoteAsset") ? text("quoteAsset", row.quote) : skip();
      case k("marginAsset"):
        return field.is("marginAsset") ? text("marginAsset", row.margin) : skip();
      case k("underlying"):
        return field.is("underlying") ? text("underlying", row.underlying) : skip();
      case k("side"):
        return text("side", row.side);
      case k("strikePrice"):
        return field.is("strikePrice") ? number("strikePrice", row.strike) : skip();
      case k("unit"):
        return number("unit", row.unit);
      case k("expiryDate"):
        row.option = true;
        return field.is("expiryDate") ? integer("expiryDate", row.delivery_ms) : skip();
      case k("deliveryDate"):
        return field.is("deliveryDate") ? integer("deliveryDate", row.delivery_ms) : skip();
      case k("filters"):
        return filters(row);
      default:
        return skip();
    }
  });
}

bool Decoder::Work::contract_from(const Listing& row, Contract& contract) {
  if (row.symbol.empty()) return fail(DecodeFault::MissingField, "symbol");
  const bool spot = !row.option && !row.futures;
  std::array<char, InstrumentName::kCapacity> buffer{};
  const std::string_view behind = spot ? kSpotSuffix : "";
  if (row.symbol.size() + behind.size() > buffer.size()) return fail(DecodeFault::NameTooLong, "symbol");
  const auto end = std::copy(row.symbol.begin(), row.symbol.end(), buffer.begin());
  std::copy(behind.begin(), behind.end(), end);
  contract.name = *InstrumentName::from({buffer.data(), row.symbol.size() + behind.size()});
  contract.contract_size = 1;
  if (!asset(row.quote, "quoteAsset", contract.quote)) return false;
  contract.settlement = contract.quote;

  if (row.option) {
    contract.kind = ContractKind::Option;
    AssetCode quote;
    if (!pair(row.underlying, "underlying", contract.base, quote)) return false;
    if (row.side != "CALL" && row.side != "PUT")
      return fail(row.side.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "side");
    contract.right = row.side == "CALL" ? OptionRight::Call : OptionRight::Put;
    if (!(row.strike > 0)) return fail(DecodeFault::BadValue, "strikePrice");
    contract.strike = row.strike;
    if (row.unit != 1) return fail(is_present(row.unit) ? DecodeFault::BadValue : DecodeFault::MissingField, "unit");
  } else {
    if (!asset(row.base, "baseAsset", contract.base)) return false;
    if (row.futures) {
      if (!asset(row.margin, "marginAsset", contract.settlement)) return false;
      const bool perpetual = row.contract_type == "PERPETUAL" || row.contract_type == "TRADIFI_PERPETUAL";
      if (!perpetual && row.contract_type.find("QUARTER") == std::string_view::npos &&
          row.contract_type.find("MONTH") == std::string_view::npos && row.contract_type.find("WEEK") == std::string_view::npos)
        return fail(row.contract_type.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "contractType");
      contract.kind = perpetual ? ContractKind::Perpetual : ContractKind::Future;
      // Only coin-margined contracts have a size; they count dollars.
      if (is_present(row.contract_size)) {
        if (!(row.contract_size > 0)) return fail(DecodeFault::BadValue, "contractSize");
        contract.contract_size = row.contract_size;
        contract.style = PayoffStyle::Inverse;
        contract.size_unit = SizeUnit::Quote;
      }
    }
  }
  if (contract.kind == ContractKind::Option || contract.kind == ContractKind::Future) {
    if (!row.delivery_ms || *row.delivery_ms >= kNeverMilliseconds) return fail(DecodeFault::MissingField, "deliveryDate");
    const auto expiry = venue_time_from_milliseconds(*row.delivery_ms);
    if (!expiry) return fail(DecodeFault::BadValue, "deliveryDate");
    contract.expiry = *expiry;
  }
  if (!(row.step > 0)) return fail(is_present(row.step) ? DecodeFault::BadValue : DecodeFault::MissingField, "stepSize");
  contract.lot = row.step * contract.contract_size;
  return true;
}

/// A coin whose code no AssetCode holds is none of those that are asked for.
bool Decoder::Work::of_listed_coin(const Listing& row) const {
  if (decoder.coins_.empty()) return true;
  const auto split = row.option ? split_pair(row.underlying) : std::nullopt;
  const auto coin = row.option ? (split ? std::optional{split->first} : std::nullopt) : AssetCode::from(row.base);
  return coin && std::find(decoder.coins_.begin(), decoder.coins_.end(), *coin) != decoder.coins_.end();
}

bool Decoder::Work::listing() {
  const JsonReader::Position start = in.position();
  Listing row;
  Contract contract;
  ++detail.rows;
  if (listing_fields(row)) {
    // What is delisted stays in the list for long.
    if ((row.status != "TRADING" && !row.status.empty()) || !of_listed_coin(row)) {
      ++detail.left_out_rows;
      return true;
    }
    if (contract_from(row, contract) && list_contract(contract)) return true;
  }
  if (error->fault == DecodeFault::NotJson || error->fault == DecodeFault::Truncated || error->fault == DecodeFault::BatchFull)
    return false;
  error.reset();
  in.forgive();
  in.seek(start);
  ++detail.left_out_rows;
  return skip();
}

bool Decoder::Work::depth_snapshot(std::string_view symbol) {
  if (!single(symbol, decoder.product_ ? suffix(*decoder.product_) : std::string_view{}, "symbol")) return false;
  kind = {Stream::BestLevels, "depth"};
  const EventHeader named = header;
  std::optional<std::uint64_t> last;
  VenueTime at_match = kNoVenueTime;
  bool has_bids = false;
  bool has_asks = false;
  if (!begin_book()) return false;
  const bool read = object("result", [&](JsonKey field) {
    if (field.is("lastUpdateId")) return identity("lastUpdateId", last);
    if (field.is("T")) return time("T", at_match);
    if (field.is("bids")) {
      has_bids = true;
      return levels("bids", Side::Buy);
    }
    if (field.is("asks")) {
      has_asks = true;
      return levels("asks", Side::Sell);
    }
    return skip();
  });
  if (!read) return false;
  if (!last) return fail(DecodeFault::MissingField, "lastUpdateId");
  if (!has_bids || !has_asks) return fail(DecodeFault::MissingField, has_bids ? "asks" : "bids");
  header = named;
  header.exchange_time = at_match;
  return end_book(BookForm::Snapshot, *last);
}

bool Decoder::Work::funding_info() {
  return array("result", [&] {
    std::string_view symbol;
    double hours = kAbsent;
    const bool read = object("result", [&](JsonKey field) {
      if (field.is("symbol")) return text("symbol", symbol);
      if (field.is("fundingIntervalHours")) return number("fundingIntervalHours", hours);
      return skip();
    });
    if (!read) return false;
    ++detail.rows;
    if (!in_list(symbol, {}, "symbol")) return !error.has_value();
    if (!(hours > 0)) return fail(DecodeFault::BadValue, "fundingIntervalHours");
    const std::size_t at = count_of(header.instrument);
    if (decoder.funding_hours_.size() <= at) decoder.funding_hours_.resize(at + 1);
    decoder.funding_hours_[at] = hours;
    return true;
  });
}

Result<Decoded, DecodeError> Decoder::decode_instruments(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("exchangeInfo");
  if (go_to(work, result_)) {
    bool listed = false;
    const bool read = work.object("result", [&](JsonKey field) {
      if (!field.is("symbols") && !field.is("optionSymbols")) return work.skip();
      listed = true;
      return work.array("symbols", [&] { return work.listing(); });
    });
    if (read && !listed) work.fail(DecodeFault::MissingField, "symbols");
  }
  return work.finish(FrameKind::Control);
}

Result<Decoded, DecodeError> Decoder::decode_depth(std::string_view symbol, MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("depth");
  static_cast<void>(go_to(work, result_) && work.depth_snapshot(symbol));
  return work.finish(FrameKind::MarketData);
}

Result<Decoded, DecodeError> Decoder::decode_funding_info(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("fundingInfo");
  if (go_to(work, result_) && work.funding_info()) funding_known_ = true;
  return work.finish(FrameKind::Control);
}

Result<VenueTime, DecodeError> Decoder::decode_server_time() {
  EventBatch none{0};
  Work work{*this, MonoTime{}, none};
  work.name("time");
  VenueTime time = kNoVenueTime;
  if (go_to(work, result_))
    static_cast<void>(
        work.object("result", [&](JsonKey field) { return field.is("serverTime") ? work.time("serverTime", time) : work.skip(); }));
  if (!work.error && time == kNoVenueTime) work.fail(DecodeFault::MissingField, "serverTime");
  if (const auto finished = work.finish(FrameKind::Control); !finished.ok()) return finished.error();
  return time;
}

Result<bool, DecodeError> Decoder::decode_may_trade() {
  // What moves money or places orders. A permission that is not known here is read as none: the venue adds some for products that
  // are of no account.
  constexpr std::array<std::string_view, 8> kMore{
      "enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer",   "enableMargin",
      "enableFutures",     "enableVanillaOptions",   "enableSpotAndMarginTrading", "enablePortfolioMarginTrading"};
  EventBatch none{0};
  Work work{*this, MonoTime{}, none};
  work.name("apiRestrictions");
  bool reads = false;
  bool trades = false;
  if (go_to(work, result_))
    static_cast<void>(work.object("result", [&](JsonKey field) {
      const bool reading = field.is("enableReading");
      if (!reading && std::none_of(kMore.begin(), kMore.end(), [&](std::string_view word) { return field.is(word); }))
        return work.skip();
      std::optional<bool> on;
      if (!work.flag("enable", on)) return false;
      (reading ? reads : trades) |= on.value_or(false);
      return true;
    }));
  // Without it this is another answer than the one that was asked for.
  if (!work.error && !reads) work.fail(DecodeFault::MissingField, "enableReading");
  if (const auto finished = work.finish(FrameKind::Control); !finished.ok()) return finished.error();
  return trades;
}

Result<Decoded, DecodeError> Decoder::decode_positions(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("positionRisk");
  work.header.account = options_.account;
  const EventHeader header = work.header;
  legs_.clear();
  if (go_to(work, result_) && work.push(PositionSnapshotBegin{}) &&
      work.array("result", [&] { return work.position_statement_row(); }) && work.every_instrument_known("symbol")) {
    work.header = header;
    work.push(PositionSnapshotEnd{});
  }
  return work.finish(FrameKind::Account);
}

Result<Decoded, DecodeError> Decoder::decode_account(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.name("account");
  work.header.account = options_.account;
  static_cast<void>(go_to(work, result_) && work.account_statement());
  return work.finish(FrameKind::Account);
}

}  // namespace hedgewatch::binance
