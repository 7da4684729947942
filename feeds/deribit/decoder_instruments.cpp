#include "feeds/deribit/decoder_work.hpp"

#include <array>

namespace hedgewatch::deribit {

namespace {

std::optional<InstrumentPhase> phase_from(std::string_view word) {
  struct Row {
    std::string_view word;
    InstrumentPhase phase;
  };
  // The words of today, then those from before 2026.
  constexpr std::array kRows{Row{"open", InstrumentPhase::Open},          Row{"settlement", InstrumentPhase::Settling},
                             Row{"delivered", InstrumentPhase::Expired},  Row{"inactive", InstrumentPhase::Halted},
                             Row{"locked", InstrumentPhase::Halted},      Row{"halted", InstrumentPhase::Halted},
                             Row{"archivized", InstrumentPhase::Expired}, Row{"created", InstrumentPhase::Halted},
                             Row{"started", InstrumentPhase::Open},       Row{"settled", InstrumentPhase::Settling},
                             Row{"closed", InstrumentPhase::Expired},     Row{"terminated", InstrumentPhase::Expired}};
  for (const Row& row : kRows)
    if (row.word == word) return row.phase;
  return std::nullopt;
}

bool is_combo_kind(std::string_view kind) { return kind == "future_combo" || kind == "option_combo"; }

}  // namespace

struct Decoder::Work::Listing {
  std::string_view name, kind, type, future_type, option_type, base, quote, counter, settlement, period;
  double strike = kAbsent;
  double contract_size = kAbsent;
  double lot = kAbsent;
  std::optional<std::int64_t> expiry_ms;
};

bool Decoder::Work::instrument_state() {
  std::string_view state;
  if (!object("data", [&](JsonKey key) {
        switch (key.prefix()) {
          case k("instrument_name"):
            if (key.is("instrument_name")) return text("instrument_name", detail.state_instrument);
            break;
          case k("state"):
            return text("state", state);
          case k("timestamp"):
            if (key.is("timestamp")) return time("timestamp", header.exchange_time);
            break;
          default:
            break;
        }
        return skip();
      }))
    return false;
  if (state.empty()) return fail(DecodeFault::MissingField, "state");
  if (!timed()) return false;
  const auto phase = phase_from(state);
  if (!phase) {
    // New words are to be expected: they say nothing that is acted on.
    ignored = "instrument.state with a new word";
    return false;
  }
  detail.tradable = *phase == InstrumentPhase::Open;
  if (detail.state_instrument.empty()) return fail(DecodeFault::MissingField, "instrument_name");
  const auto id = known(detail.state_instrument);
  if (!id) {
    if (error) return false;
    // Somebody has to ask for its definition; until then there is nothing to tell the engine.
    ++detail.unknown_rows;
    ignored = is_combo_name(detail.state_instrument) ? "combo" : "instrument.state of an unlisted instrument";
    return false;
  }
  header.instrument = *id;
  detail.instrument = *id;
  return push(InstrumentStateChanged{*phase});
}

bool Decoder::Work::platform_state() {
  if (!object("data", [&](JsonKey key) {
        switch (key.prefix()) {
          case k("price_index"):
            if (key.is("price_index")) return text("price_index", detail.locked_index);
            break;
          case k("locked"):
            return flag("locked", detail.locked);
          case k("maintenance"):
            if (key.is("maintenance")) return flag("maintenance", detail.maintenance);
            break;
          default:
            break;
        }
        return skip();
      }))
    return false;
  if (!detail.locked && !detail.maintenance) return fail(DecodeFault::MissingField, "locked");
  return push(PlatformState{detail.locked.value_or(false), detail.maintenance.value_or(false)});
}

bool Decoder::Work::listing_fields(Listing& row) {
  return object("result", [&](JsonKey key) {
    switch (key.prefix()) {
      case k("instrument_name"):
        if (key.is("instrument_name")) return text("instrument_name", row.name);
        if (key.is("instrument_type")) return text("instrument_type", row.type);
        break;
      case k("kind"):
        return text("kind", row.kind);
      case k("future_type"):
        if (key.is("future_type")) return text("future_type", row.future_type);
        break;
      case k("option_type"):
        if (key.is("option_type")) return text("option_type", row.option_type);
        break;
      case k("base_currency"):
        if (key.is("base_currency")) return text("base_currency", row.base);
        break;
      case k("quote_currency"):
        if (key.is("quote_currency")) return text("quote_currency", row.quote);
        break;
      case k("counter_currency"):
        if (key.is("counter_currency")) return text("counter_currency", row.counter);
        break;
      case k("settlement_currency"):
        if (key.is("settlement_currency")) return text("settlement_currency", row.settlement);
        if (key.is("settlement_period")) return text("settlement_period", row.period);
        break;
      case k("strike"):
        return number("strike", row.strike);
      case k("contract_size"):
        if (key.is("contract_size")) return number("contract_size", row.contract_size);
        break;
      case k("min_trade_amount"):
        if (key.is("min_trade_amount")) return number("min_trade_amount", row.lot);
        break;
      case k("expiration_timestamp"):
        if (key.is("expiration_timestamp")) {
          if (in.skip_null()) return true;
          Decimal decimal;
          if (!in.number(decimal)) return fail_reading("expiration_timestamp");
          row.expiry_ms = decimal.to_signed();
          return row.expiry_ms.has_value() || fail(DecodeFault::BadNumber, "expiration_timestamp");
        }
        break;
      default:
        break;
    }
    return skip();
  });
}

bool Decoder::Work::contract_from(const Listing& row, Contract& contract) {
  if (row.name.empty()) return fail(DecodeFault::MissingField, "instrument_name");
  const auto name = InstrumentName::from(row.name);
  if (!name) return fail(DecodeFault::NameTooLong, "instrument_name");
  contract.name = *name;
  if (row.kind == "option") {
    contract.kind = ContractKind::Option;
  } else if (row.kind == "spot") {
    contract.kind = ContractKind::Spot;
  } else if (row.kind == "future") {
    contract.kind = row.period == "perpetual" ? ContractKind::Perpetual : ContractKind::Future;
  } else {
    return fail(row.kind.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "kind");
  }

  const auto base = asset_from(row.base);
  if (!base) return fail(row.base.empty() ? DecodeFault::MissingField : DecodeFault::NameTooLong, "base_currency");
  contract.base = *base;
  if (row.quote.empty()) return fail(DecodeFault::MissingField, "quote_currency");

  // Listings from before 2022 lack instrument_type: an option quoted in its own coin and a future quoted in dollars are inverse.
  const std::string_view type = row.type.empty() ? row.future_type : row.type;
  if (!type.empty() && type != "reversed" && type != "linear" && contract.kind != ContractKind::Spot)
    return fail(DecodeFault::UnknownWord, "instrument_type");
  bool inverse = type == "reversed";
  if (type.empty()) inverse = contract.kind == ContractKind::Option ? row.quote == row.base : row.quote == "USD";
  if (contract.kind == ContractKind::Spot) inverse = false;
  contract.style = inverse ? PayoffStyle::Inverse : PayoffStyle::Linear;
  contract.size_unit = inverse && contract.kind != ContractKind::Option ? SizeUnit::Quote : SizeUnit::Base;

  // The quote of a coin-quoted option is its coin: what the underlying is priced in is then the counter currency.
  const std::string_view quote = !inverse ? row.quote : row.counter.empty() ? std::string_view{"USD"} : row.counter;
  const auto quote_asset = asset_from(quote);
  if (!quote_asset) return fail(DecodeFault::NameTooLong, "quote_currency");
  contract.quote = *quote_asset;
  const std::string_view settlement = !row.settlement.empty() ? row.settlement : inverse ? row.base : quote;
  const auto settlement_asset = asset_from(settlement);
  if (!settlement_asset) return fail(DecodeFault::NameTooLong, "settlement_currency");
  contract.settlement = *settlement_asset;

  if (contract.kind == ContractKind::Option || contract.kind == ContractKind::Future) {
    if (!row.expiry_ms) return fail(DecodeFault::MissingField, "expiration_timestamp");
    const auto expiry = venue_time_from_milliseconds(*row.expiry_ms);
    if (!expiry) return fail(DecodeFault::BadValue, "expiration_timestamp");
    contract.expiry = *expiry;
  }
  if (contract.kind == ContractKind::Option) {
    if (row.option_type != "call" && row.option_type != "put")
      return fail(row.option_type.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "option_type");
    contract.right = row.option_type == "call" ? OptionRight::Call : OptionRight::Put;
    if (!(row.strike > 0)) return fail(is_present(row.strike) ? DecodeFault::BadValue : DecodeFault::MissingField, "strike");
    contract.strike = row.strike;
  }
  contract.contract_size = row.contract_size;
  if (contract.kind == ContractKind::Spot && !is_present(row.contract_size)) contract.contract_size = 1;
  if (!(contract.contract_size > 0))
    return fail(is_present(contract.contract_size) ? DecodeFault::BadValue : DecodeFault::MissingField, "contract_size");
  if (!(row.lot > 0)) return fail(is_present(row.lot) ? DecodeFault::BadValue : DecodeFault::MissingField, "min_trade_amount");
  contract.lot = row.lot;
  return true;
}

bool Decoder::Work::listing() {
  Listing row;
  if (!listing_fields(row)) return false;
  ++detail.rows;
  if (is_combo_kind(row.kind)) {
    ++detail.left_out_rows;
    return true;
  }
  Contract contract;
  if (!contract_from(row, contract)) return false;
  const auto id = symbols.add(contract);
  if (!id) return fail(DecodeFault::BatchFull, "instrument_name");
  header.instrument = *id;
  return push(InstrumentListed{contract});
}

bool Decoder::Work::listings() {
  return array("result", [&] {
    const JsonReader::Position row = in.position();
    if (listing()) return true;
    const DecodeFault fault = error->fault;
    if (fault == DecodeFault::NotJson || fault == DecodeFault::Truncated || fault == DecodeFault::BatchFull) return false;
    // One odd listing must not hide the others.
    error.reset();
    in.forgive();
    in.seek(row);
    ++detail.left_out_rows;
    return skip();
  });
}

Result<Decoded, DecodeError> Decoder::decode_instruments(MonoTime received, EventBatch& out) {
  Work work{*this, received, out};
  work.kind.label = "get_instruments";
  if (!go_to_result())
    work.fail(DecodeFault::MissingField, "result");
  else if (reader_.peek() == '[')
    static_cast<void>(work.listings());
  else
    static_cast<void>(work.listing());
  return work.finish(FrameKind::Control);
}

}  // namespace hedgewatch::deribit
