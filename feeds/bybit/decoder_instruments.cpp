#include <algorithm>
#include <array>

#include "feeds/bybit/decoder_work.hpp"

namespace hedgewatch::bybit {

struct Decoder::Work::Listing {
  std::string_view symbol, contract_type, base, quote, settlement, option_type;
  double quantity_step = kAbsent;
  double base_precision = kAbsent;
  VenueTime delivery = kNoVenueTime;
};

bool Decoder::Work::listing_fields(Listing& row) {
  return object("list", [&](JsonKey field) {
    switch (field.prefix()) {
      case k("symbol"):
        return text("symbol", row.symbol);
      case k("contractType"):
        return field.is("contractType") ? text("contractType", row.contract_type) : skip();
      case k("baseCoin"):
        return field.is("baseCoin") ? text("baseCoin", row.base) : skip();
      case k("quoteCoin"):
        return field.is("quoteCoin") ? text("quoteCoin", row.quote) : skip();
      case k("settleCoin"):
        return field.is("settleCoin") ? text("settleCoin", row.settlement) : skip();
      case k("optionsType"):
        return field.is("optionsType") ? text("optionsType", row.option_type) : skip();
      case k("deliveryTime"):
        return field.is("deliveryTime") ? time("deliveryTime", row.delivery) : skip();
      case k("lotSizeFilter"):
        if (!field.is("lotSizeFilter")) return skip();
        return object("lotSizeFilter", [&](JsonKey inner) {
          if (inner.is("qtyStep")) return number("qtyStep", row.quantity_step);
          if (inner.is("basePrecision")) return number("basePrecision", row.base_precision);
          return skip();
        });
      default:
        return skip();
    }
  });
}

bool Decoder::Work::contract_from(const Listing& row, Category category, Contract& contract) {
  if (row.symbol.empty()) return fail(DecodeFault::MissingField, "symbol");
  std::array<char, InstrumentName::kCapacity> buffer{};
  const std::string_view behind = suffix(category);
  if (row.symbol.size() + behind.size() > buffer.size()) return fail(DecodeFault::NameTooLong, "symbol");
  const auto end = std::copy(row.symbol.begin(), row.symbol.end(), buffer.begin());
  std::copy(behind.begin(), behind.end(), end);
  contract.name = *InstrumentName::from({buffer.data(), row.symbol.size() + behind.size()});
  if (!asset(row.base, "baseCoin", contract.base) || !asset(row.quote, "quoteCoin", contract.quote)) return false;
  contract.settlement = contract.quote;
  if (!row.settlement.empty() && !asset(row.settlement, "settleCoin", contract.settlement)) return false;
  contract.contract_size = 1;  // sizes are coins, or dollars where the contract is inverse: there is no multiplier

  switch (category) {
    case Category::Spot:
      contract.kind = ContractKind::Spot;
      break;
    case Category::Option:
      contract.kind = ContractKind::Option;
      break;
    case Category::Linear:
    case Category::Inverse:
      if (row.contract_type.ends_with("Perpetual"))
        contract.kind = ContractKind::Perpetual;
      else if (row.contract_type.ends_with("Futures"))
        contract.kind = ContractKind::Future;
      else
        return fail(row.contract_type.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "contractType");
      // A filter by coin brings both kinds: the type decides, not the question.
      if (row.contract_type.starts_with("Inverse")) {
        contract.style = PayoffStyle::Inverse;
        contract.size_unit = SizeUnit::Quote;
        if (row.settlement.empty()) contract.settlement = contract.base;
      } else if (!row.contract_type.starts_with("Linear")) {
        return fail(DecodeFault::UnknownWord, "contractType");
      }
      break;
  }
  if (contract.kind == ContractKind::Option || contract.kind == ContractKind::Future) {
    if (row.delivery == kNoVenueTime) return fail(DecodeFault::MissingField, "deliveryTime");
    contract.expiry = row.delivery;
  }
  if (contract.kind == ContractKind::Option) {
    if (row.option_type != "Call" && row.option_type != "Put")
      return fail(row.option_type.empty() ? DecodeFault::MissingField : DecodeFault::UnknownWord, "optionsType");
    contract.right = row.option_type == "Call" ? OptionRight::Call : OptionRight::Put;
    const auto strike = strike_of(row.symbol);
    if (!strike) return fail(DecodeFault::BadValue, "symbol");
    contract.strike = *strike;
  }
  contract.lot = category == Category::Spot ? row.base_precision : row.quantity_step;
  if (!(contract.lot > 0)) return fail(is_present(contract.lot) ? DecodeFault::BadValue : DecodeFault::MissingField, "qtyStep");
  return true;
}

bool Decoder::Work::listings() {
  const auto category = category_of({});
  if (!category) return false;
  return array("list", [&] {
    const JsonReader::Position start = in.position();
    Listing row;
    Contract contract;
    ++detail.rows;
    if (listing_fields(row) && contract_from(row, *category, contract) && list_contract(contract)) return true;
    if (error->fault == DecodeFault::NotJson || error->fault == DecodeFault::Truncated || error->fault == DecodeFault::BatchFull)
      return false;
    error.reset();
    in.forgive();
    in.seek(start);
    ++detail.left_out_rows;
    return skip();
  });
}

}  // namespace hedgewatch::bybit
