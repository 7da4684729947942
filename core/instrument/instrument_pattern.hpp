#pragma once

#include <string>
#include <string_view>

#include "core/types/ids.hpp"

namespace hedgewatch {

/// `venue:SYMBOL`, where SYMBOL may hold `*` for any run of characters. `deribit:BTC-*-C` is every BTC call on Deribit.
struct InstrumentPattern {
  Venue venue = Venue::Deribit;
  std::string symbol;

  [[nodiscard]] bool matches(Venue other, std::string_view name) const;
  /// Whether there could be an instrument that both match.
  [[nodiscard]] bool overlaps(const InstrumentPattern& other) const;
  /// True when the pattern names exactly one instrument.
  [[nodiscard]] bool is_exact() const { return symbol.find('*') == std::string::npos; }
  friend bool operator==(const InstrumentPattern&, const InstrumentPattern&) = default;

  void visit_state(auto& archive) { archive(venue, symbol); }
};

}  // namespace hedgewatch
