#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hedge/bar_sampler.hpp"
#include "core/hedge/hayashi_yoshida.hpp"
#include "core/hedge/price_effectiveness.hpp"
#include "core/types/result.hpp"
#include "daemon/commands/csv.hpp"

namespace hedgewatch {

/// One bar of the two prices. A missing price is nullopt.
struct PriceBar {
  VenueTime time{};
  std::optional<double> exposure;
  std::optional<double> hedge;
};

/// Where a CSV header has its times, and how they are written: `ts_ns` or `timestamp`, in any case.
struct TimeColumn {
  std::size_t at = 0;
  bool nanoseconds = false;

  [[nodiscard]] std::optional<VenueTime> read(std::string_view text) const;
};
[[nodiscard]] std::optional<TimeColumn> find_time_column(const CsvReader& csv);

/// `log`, `linear` or `inverse`.
[[nodiscard]] std::optional<PriceMove> price_move_named(std::string_view name);

/// Everything the offline command computes from.
struct EffectivenessInput {
  EffectivenessParameters parameters;
  std::optional<double> reference_correlation;  ///< what the breakdown statistic compares with
  std::vector<PriceBar> bars;
  std::vector<PriceTick> exposure_ticks;
  std::vector<PriceTick> hedge_ticks;
};

/// Reads prices with their times from CSV: column `ts_ns` or `timestamp` (any case; ISO 8601, UTC), and `price_column`.
/// An empty field is a missing price. What is wrong with a row goes to `faults` as `NAME:line N: what`; the row is left out.
[[nodiscard]] std::vector<PriceTick> read_prices(std::istream& in, std::string_view name, std::string_view price_column,
                                                 std::vector<std::string>& faults);

/// Bars at every time that either side has; a side without that time is missing there.
[[nodiscard]] std::vector<PriceBar> bars_of_rows(const std::vector<PriceTick>& exposure, const std::vector<PriceTick>& hedge);

/// Previous-tick bars 0..count on the grid.
[[nodiscard]] std::vector<PriceBar> bars_of_ticks(const std::vector<PriceTick>& exposure, const std::vector<PriceTick>& hedge,
                                                  const BarSampler::Grid& grid, std::size_t count);

/// Ticks as CSV `ts_ns,inst,price` (instruments A and B) with a JSON specification (bars, params, population).
[[nodiscard]] Result<EffectivenessInput, std::string> read_ticks(std::istream& ticks, std::string_view specification,
                                                                 std::vector<std::string>& faults);

/// `2020-08-11 08:00:00`, with `T` for the blank, a fraction and a final `Z` allowed; the time of day may be left out.
[[nodiscard]] std::optional<VenueTime> parse_iso_time(std::string_view text);

}  // namespace hedgewatch
