#include <chrono>
#include <optional>
#include <utility>

#include "config/shown.hpp"
#include "config/tables/tables.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kShortestAge = 1min;
constexpr std::chrono::nanoseconds kLongestAge = 24h * 365;

}  // namespace

std::optional<ExplicitPosition> read_line(TableReader& table, CrossReferences& references) {
  constexpr std::string_view kSizeForm = "a number other than 0, negative for a short position";
  constexpr std::string_view kPriceForm = "a price above 0 in the contract's own unit";
  ExplicitPosition position;
  const auto instrument = table.required_text("instrument", kInstrumentForm);
  auto pattern = instrument ? references.as_pattern(table, *instrument, true) : std::nullopt;
  const auto size = table.required_number("size", kSizeForm);
  if (size && size->value == 0) table.fault(*size, "is 0, must be " + std::string{kSizeForm});
  const auto entry = positive(table, table.number("entry_price", kPriceForm), kPriceForm);
  if (!pattern || !size) return std::nullopt;
  position.instrument = std::move(*pattern);
  position.size = size->value;
  if (entry) position.entry_price = entry->value;
  return position;
}

PositionsConfig read_positions(TableReader& table) {
  PositionsConfig positions;
  if (!table.has("file")) table.missing("file", "an absolute path");
  positions.file = read_absolute_path(table, "file");
  read_duration(table, "max_age", kShortestAge, kLongestAge, positions.max_age);
  table.finish();
  return positions;
}

void read_manual_position(TableReader& table, CrossReferences& references, Config& config) {
  const auto name = table.required_text("book", "the name of a configured [[book]]");
  const auto book = name ? CrossReferences::resolve(table, *name, references.books, "book") : std::nullopt;
  auto position = read_line(table, references);
  std::chrono::nanoseconds max_age = config.positions.max_age;
  if (const auto at = table.required_text("as_of", kUtcTimeForm)) {
    const auto time = utc_time(at->value);
    if (!time) table.fault(*at, "is " + shown(at->value) + ", must be " + std::string{kUtcTimeForm});
    if (time && position) position->as_of = *time;
  }
  read_duration(table, "max_age", kShortestAge, kLongestAge, max_age);
  table.finish();
  if (!position || !book || *book >= config.books.size()) return;
  position->max_age = max_age;
  config.books[*book].positions.push_back(std::move(*position));
}

}  // namespace hedgewatch
