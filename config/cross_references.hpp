#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/names.hpp"
#include "config/table_reader.hpp"
#include "core/instrument/instrument_pattern.hpp"

namespace hedgewatch {

/// What the tables of one text know of each other: the names they define and what refers to them. A table that refers to another
/// is read after it.
struct CrossReferences {
  Names venues;
  Names accounts;
  Names books;
  Names hedges;
  Names alerts;
  /// Of each account, by index: the share of its equity that the books read so far have taken.
  std::map<std::size_t, double> equity_given;

  /// The index of a name that another table, `[[header]]`, must define; nothing, with a fault, when it does not.
  [[nodiscard]] static std::optional<std::size_t> resolve(TableReader& table, const Found<std::string>& found, const Names& names,
                                                          std::string_view header);

  /// A pattern of instruments, or one instrument when `exact`; nothing, with a fault, when it is malformed.
  [[nodiscard]] std::optional<InstrumentPattern> as_pattern(TableReader& table, const Found<std::string>& found, bool exact);
  /// Patterns, each well-formed and listed once; the others are faults and left out.
  [[nodiscard]] std::vector<InstrumentPattern> as_patterns(TableReader& table, const std::vector<Found<std::string>>& texts,
                                                           bool exact = false);

  /// After all tables: a fault for every pattern of a venue that no [[venue]] configures.
  void check_venues_of_patterns(TableReader& document) const;

 private:
  struct Awaited {
    InstrumentPattern pattern;
    Found<std::string> found;
  };
  std::vector<Awaited> patterns_;
};

}  // namespace hedgewatch
