#include "config/cross_references.hpp"

#include <set>
#include <utility>

#include "config/shown.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

std::optional<std::size_t> CrossReferences::resolve(TableReader& table, const Found<std::string>& found, const Names& names,
                                                    std::string_view header) {
  if (const auto* known = names.find(found.value)) return known->index;
  if (!names.complete) return std::nullopt;
  table.fault(found, "is " + shown(found.value) + ", must be the name of a configured [[" + std::string{header} + "]]" +
                         (names.size() == 0 ? ", and there is none" : ": " + names.choices()));
  return std::nullopt;
}

std::optional<InstrumentPattern> CrossReferences::as_pattern(TableReader& table, const Found<std::string>& found, bool exact) {
  const std::string_view form = exact ? kInstrumentForm : kPatternForm;
  auto pattern = parse_instrument_pattern(found.value);
  if (!pattern || (exact && !pattern->is_exact())) {
    table.fault(found, "is " + shown(found.value) + ", must be " + std::string{form});
    return std::nullopt;
  }
  patterns_.push_back({*pattern, found});
  return pattern;
}

std::vector<InstrumentPattern> CrossReferences::as_patterns(TableReader& table, const std::vector<Found<std::string>>& texts,
                                                            bool exact) {
  std::vector<InstrumentPattern> patterns;
  std::set<std::string_view> seen;
  for (const auto& found : texts) {
    auto pattern = as_pattern(table, found, exact);
    if (!pattern) continue;
    if (!seen.insert(found.value).second)
      fault_repeated(table, found);
    else
      patterns.push_back(std::move(*pattern));
  }
  return patterns;
}

void CrossReferences::check_venues_of_patterns(TableReader& document) const {
  if (!venues.complete) return;
  for (const Awaited& awaited : patterns_) {
    if (venues.find(label(awaited.pattern.venue)) != nullptr) continue;
    document.fault(awaited.found, "is " + shown(awaited.found.value) + ", must be on a configured venue: " + venues.choices());
  }
}

}  // namespace hedgewatch
