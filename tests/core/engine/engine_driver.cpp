#include "core/engine/engine_driver.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace hedgewatch::testing {

EngineSetup EngineDriver::setup() {
  EngineSetup setup;
  setup.venues = {{.venue = Venue::Deribit}};
  setup.accounts = {"main", "second"};
  setup.connections = {"market", "account"};
  setup.connection_venues = {Venue::Deribit, Venue::Deribit};
  return setup;
}

EngineDriver::EngineDriver(EngineSetup configuration, bool live) : engine_{std::move(configuration)} {
  if (!live) return;
  status(kPublic, FeedPhase::Live);
  status(kPrivate, FeedPhase::Live);
}

InstrumentId EngineDriver::list(const Contract& contract) {
  const std::string name{contract.name.view()};
  const auto known = ids_.find(name);
  const InstrumentId id = known != ids_.end() ? known->second : make_instrument_id(Venue::Deribit, next_id_++);
  ids_[name] = id;
  apply(InstrumentListed{contract}, id);
  return id;
}

InstrumentId EngineDriver::list_option(std::string_view name, OptionRight right, double strike, double days, PayoffStyle style,
                                       std::string_view base) {
  const bool inverse = style == PayoffStyle::Inverse;
  return list({.name = InstrumentName::from(name).value(),
               .base = AssetCode::from(base).value(),
               .quote = AssetCode::from(inverse ? "USD" : "USDC").value(),
               .settlement = AssetCode::from(inverse ? base : "USDC").value(),
               .expiry = in_days(days),
               .strike = strike,
               .contract_size = 1,
               .lot = 0.1,
               .kind = ContractKind::Option,
               .right = right,
               .style = style,
               .size_unit = SizeUnit::Base});
}

InstrumentId EngineDriver::list_perpetual(std::string_view name, std::string_view base) {
  return list({.name = InstrumentName::from(name).value(),
               .base = AssetCode::from(base).value(),
               .quote = AssetCode::from("USD").value(),
               .settlement = AssetCode::from(base).value(),
               .contract_size = 10,
               .lot = 10,
               .kind = ContractKind::Perpetual,
               .style = PayoffStyle::Inverse,
               .size_unit = SizeUnit::Quote});
}

InstrumentId EngineDriver::list_linear(std::string_view name, std::string_view base) {
  return list({.name = InstrumentName::from(name).value(),
               .base = AssetCode::from(base).value(),
               .quote = AssetCode::from("USDC").value(),
               .settlement = AssetCode::from("USDC").value(),
               .contract_size = 1,
               .lot = 0.001,
               .kind = ContractKind::Perpetual,
               .style = PayoffStyle::Linear,
               .size_unit = SizeUnit::Base});
}

void EngineDriver::apply(const EventBody& body, InstrumentId instrument, AccountId account, ConnectionId connection) {
  engine_.apply({.header = {.exchange_time = venue_now(),
                            .received = now_,
                            .instrument = instrument,
                            .account = account,
                            .connection = connection,
                            .venue = Venue::Deribit},
                 .body = body});
}

void EngineDriver::index(double price, std::string_view base, std::string_view quote) {
  apply(IndexPrice{.base = AssetCode::from(base).value(), .quote = AssetCode::from(quote).value(), .price = price});
}

void EngineDriver::status(ConnectionId connection, FeedPhase phase) {
  apply(FeedStatus{.phase = phase}, kNoInstrument, kNoAccount, connection);
}

void EngineDriver::position(std::string_view name, double size, std::optional<double> entry, AccountId account) {
  apply(PositionReport{.size = size_of(size), .average_entry = entry.value_or(kAbsent)}, id(name), account, kPrivate);
}

void EngineDriver::equity(double equity, std::string_view asset, AccountId account) {
  summary({.asset = AssetCode::from(asset).value(), .equity = equity}, account);
}

FigureValue EngineDriver::figure(Figure figure, std::initializer_list<std::string_view> labels) const {
  const RowId row = engine_.figures().find(figure, labels);
  std::string wanted{definition_of(figure).name};
  for (const std::string_view label : labels) wanted.append(" ").append(label);
  REQUIRE_MESSAGE(row != kNoRow, "no row: " << wanted);
  return engine_.figures().at(row);
}

bool EngineDriver::has(Figure figure, std::initializer_list<std::string_view> labels) const {
  return engine_.figures().find(figure, labels) != kNoRow;
}

double EngineDriver::value(Figure wanted, std::initializer_list<std::string_view> labels) const {
  const FigureValue found = figure(wanted, labels);
  const std::string name{definition_of(wanted).name};
  const std::string why{label(found.reason)};
  CAPTURE(name);
  CAPTURE(why);
  REQUIRE(found.state == FigureState::Ok);
  return found.value;
}

std::string EngineDriver::state(Figure wanted, std::initializer_list<std::string_view> labels) const {
  const FigureValue found = figure(wanted, labels);
  return std::string{label(found.state)} + "/" + std::string{label(found.reason)};
}

BookSetup book_of(std::string_view name, std::initializer_list<ExplicitPosition> positions) {
  BookSetup book;
  book.name = name;
  book.positions = positions;
  return book;
}

ExplicitPosition line(std::string_view instrument, double size, std::optional<double> entry) {
  return {.instrument = deribit(instrument), .size = size, .entry_price = entry};
}

InstrumentPattern deribit(std::string_view symbol) { return {.venue = Venue::Deribit, .symbol = std::string{symbol}}; }

Size size_of(double value) { return Size::from_raw(std::llround(value * 1e9)); }

}  // namespace hedgewatch::testing
