#include <array>

#include "feeds/okx/decoder_work.hpp"

namespace hedgewatch::okx {

namespace {

std::optional<InstrumentPhase> phase_from(std::string_view state) {
  struct Row {
    std::string_view word;
    InstrumentPhase phase;
  };
  constexpr std::array kRows{Row{"live", InstrumentPhase::Open},      Row{"suspend", InstrumentPhase::Halted},
                             Row{"preopen", InstrumentPhase::Halted}, Row{"test", InstrumentPhase::Halted},
                             Row{"rebase", InstrumentPhase::Halted},  Row{"settling", InstrumentPhase::Settling},
                             Row{"expired", InstrumentPhase::Expired}};
  for (const Row& row : kRows)
    if (row.word == state) return row.phase;
  return std::nullopt;
}

}  // namespace

struct Decoder::Work::Listing {
  std::string_view instrument, type, underlying, base, quote, settlement, contract_type, value_currency, option_type, state, rule;
  double contract_value = kAbsent;
  double multiplier = kAbsent;
  double strike = kAbsent;
  double lot = kAbsent;
  VenueTime expiry = kNoVenueTime;
};

bool Decoder::Work::listing_fields(Listing& row) {
  return object("data", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("instId"):
        return text("instId", row.instrument);
      case k("instType"):
        return field.is("instType") ? text("instType", row.type) : skip();
      case k("uly"):
        return text("uly", row.underlying);
      case k("baseCcy"):
        return text("baseCcy", row.base);
      case k("quoteCcy"):
        return field.is("quoteCcy") ? text("quoteCcy", row.quote) : skip();
      case k("settleCcy"):
        return field.is("settleCcy") ? text("settleCcy", row.settlement) : skip();
      case k("ctType"):
        return text("ctType", row.contract_type);
      case k("ctVal"):
        return number("ctVal", row.contract_value);
      case k("ctMult"):
        return number("ctMult", row.multiplier);
      case k("ctValCcy"):
        return field.is("ctValCcy") ? text("ctValCcy", row.value_currency) : skip();
      case k("optType"):
        return text("optType", row.option_type);
      case k("stk"):
        return number("stk", row.strike);
      case k("expTime"):
        return time("expTime", row.expiry);
      case k("lotSz"):
        return number("lotSz", row.lot);
      case k("state"):
        return text("state", row.state);
      case k("ruleType"):
        return field.is("ruleType") ? text("ruleType", row.rule) : skip();
      default:
        return skip();
    }
  });
}

/// Economics come from the fields alone: names and the words in them have changed.
bool Decoder::Work::contract_from(const Listing& row, Contract& contract) {
  if (row.instrument.empty()) return fail(DecodeFault::MissingField, "instId");
  const auto text_of_name = InstrumentName::from(row.instrument);
  if (!text_of_name) return fail(DecodeFault::NameTooLong, "instId");
  contract.name = *text_of_name;
  if (row.type == "SPOT") {
    contract.kind = ContractKind::Spot;
    contract.contract_size = 1;
    contract.lot = row.lot;
    if (!asset(row.base, "baseCcy", contract.base) || !asset(row.quote, "quoteCcy", contract.quote)) return false;
    contract.settlement = contract.quote;
    return row.lot > 0 || fail(is_present(row.lot) ? DecodeFault::BadValue : DecodeFault::MissingField, "lotSz");
  }
  if (row.type == "OPTION")
    contract.kind = ContractKind::Option;
  else if (row.type == "SWAP" || row.rule == "xperp")
    contract.kind = ContractKind::Perpetual;
  else if (row.type == "FUTURES")
    contract.kind = ContractKind::Future;
  else
    return fail(row.type.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "instType");

  const std::size_t dash = row.underlying.find('-');
  if (dash == std::string_view::npos) return fail(DecodeFault::MissingField, "uly");
  if (!asset(row.underlying.substr(0, dash), "uly", contract.base)) return false;
  if (!asset(row.underlying.substr(dash + 1), "uly", contract.quote)) return false;
  // A placeholder may stand where an account decides: then the quote is what profit is counted in.
  contract.settlement = asset_code(row.settlement).value_or(contract.quote);

  const bool option = contract.kind == ContractKind::Option;
  if (option) {
    // Only of options settled in their coin is it certain that prices are in it.
    if (contract.settlement != contract.base) return fail(DecodeFault::BadValue, "settleCcy");
    contract.style = PayoffStyle::Inverse;
  } else if (row.contract_type == "inverse") {
    contract.style = PayoffStyle::Inverse;
    contract.size_unit = SizeUnit::Quote;
  } else if (row.contract_type != "linear") {
    return fail(row.contract_type.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "ctType");
  }
  const std::string_view counted = contract.size_unit == SizeUnit::Base ? contract.base.view() : contract.quote.view();
  if (row.value_currency != counted) return fail(DecodeFault::BadValue, "ctValCcy");
  if (!(row.contract_value > 0)) return fail(DecodeFault::BadValue, "ctVal");
  if (!(row.multiplier > 0)) return fail(DecodeFault::BadValue, "ctMult");
  contract.contract_size = row.contract_value * row.multiplier;
  if (!(row.lot > 0)) return fail(DecodeFault::BadValue, "lotSz");
  contract.lot = row.lot * contract.contract_size;

  if (contract.kind != ContractKind::Perpetual) {
    if (row.expiry == kNoVenueTime) return fail(DecodeFault::MissingField, "expTime");
    contract.expiry = row.expiry;
  }
  if (option) {
    if (row.option_type != "C" && row.option_type != "P") return fail(DecodeFault::UnknownWord, "optType");
    contract.right = row.option_type == "C" ? OptionRight::Call : OptionRight::Put;
    if (!(row.strike > 0)) return fail(DecodeFault::BadValue, "stk");
    contract.strike = row.strike;
  }
  return true;
}

bool Decoder::Work::listings() {
  return array("data", [&] {
    const JsonReader::Position start = in.position();
    Listing row;
    Contract contract;
    ++detail.rows;
    if (listing_fields(row)) {
      if (row.type == "MARGIN") {
        // The spot pair again, by the same name.
        ++detail.left_out_rows;
        return true;
      }
      if (contract_from(row, contract) && list_contract(contract)) {
        const auto phase = phase_from(row.state);
        return !phase || *phase == InstrumentPhase::Open || push(InstrumentStateChanged{*phase});
      }
    }
    if (error->fault == DecodeFault::NotJson || error->fault == DecodeFault::Truncated || error->fault == DecodeFault::BatchFull)
      return false;
    error.reset();
    in.forgive();
    in.seek(start);
    ++detail.left_out_rows;
    return skip();
  });
}

}  // namespace hedgewatch::okx
