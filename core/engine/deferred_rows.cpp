#include "core/engine/deferred_rows.hpp"

#include <algorithm>
#include <cstddef>

namespace hedgewatch {

void DeferredRows::lay_out(const Desk& desk, const FigureTable& table, std::span<const std::uint8_t> read) {
  instruments_.assign(desk.tracked.size(), {});
  positions_.assign(desk.position_rows.size(), {});
  watched_instruments_.clear();
  watched_positions_.clear();
  // kNoRow is beyond all of them, and so may be what a saved state says.
  const auto is_read = [&](RowId row) {
    return static_cast<std::uint32_t>(row) < table.size() && read[table.position_of(row)] != 0;
  };
  for (std::uint32_t place = 0; place < desk.tracked.size(); ++place) {
    const auto rows = desk.tracked[place].rows.valued();
    if (std::any_of(rows.begin(), rows.end(), is_read)) watched_instruments_.push_back(place);
  }
  for (std::uint32_t holding = 0; holding < desk.position_rows.size(); ++holding) {
    const PositionRows& rows = desk.position_rows[holding];
    if (is_read(rows.size) || is_read(rows.delta) || is_read(rows.notional) || is_read(rows.profit))
      watched_positions_.push_back(holding);
  }
}

void DeferredRows::write_instrument(const DeferredSources& sources, FigureTable& table, std::uint32_t place) {
  Instrument& instrument = instruments_[place];
  if (!instrument.waits) return;
  instrument.waits = false;
  const TrackedInstrument& tracked = sources.desk.tracked[place];
  tracked.rows.publish(Publisher{table, instrument.made}, tracked.last_valuation);
}

void DeferredRows::write_position(const DeferredSources& sources, FigureTable& table, std::uint32_t holding) {
  Position& position = positions_[holding];
  const PositionRows& rows = sources.desk.position_rows[holding];
  const PositionRisk& risk = sources.risks[holding];
  if (position.risk_waits) {
    const InstrumentSlot slot = sources.holdings[holding].slot;
    const InstrumentValuation& valuation = sources.desk.tracked[sources.desk.tracked_of_slot[index_of(slot)]].last_valuation;
    rows.publish_delta(Publisher{table, position.risk_made}, risk, valuation.expired);
  }
  if (position.dollars_wait) rows.publish_dollars(Publisher{table, position.dollars_made}, risk, position.index_price);
  position.risk_waits = position.dollars_wait = false;
}

void DeferredRows::write_watched(const DeferredSources& sources, FigureTable& table) {
  for (const std::uint32_t place : watched_instruments_) write_instrument(sources, table, place);
  for (const std::uint32_t holding : watched_positions_) write_position(sources, table, holding);
}

void DeferredRows::write_all(const DeferredSources& sources, FigureTable& table) {
  for (std::uint32_t place = 0; place < instruments_.size(); ++place) write_instrument(sources, table, place);
  for (std::uint32_t holding = 0; holding < positions_.size(); ++holding) write_position(sources, table, holding);
}

}  // namespace hedgewatch
