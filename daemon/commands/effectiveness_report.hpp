#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "daemon/commands/effectiveness_accounting.hpp"
#include "daemon/commands/effectiveness_input.hpp"

namespace hedgewatch {

/// What the numbers say, one sentence each, and what is to be known before they are believed.
struct EffectivenessWords {
  std::vector<std::string> says;
  std::vector<std::string> warnings;
};
[[nodiscard]] EffectivenessWords effectiveness_in_words(const EffectivenessInput& input);

/// One self-contained HTML page: the words, a table of figures, and plots of price, basis, rolling correlation, variance reduction
/// and dollar offset. No script, no font and no address is loaded, and no plot is cut by the end of a printed page. `exposure` and
/// `hedge` name the prices. The accounting evidence has a section of its own where it is wanted.
void write_effectiveness_report(const EffectivenessInput& input, const std::string& exposure, const std::string& hedge,
                                std::ostream& out, const AccountingReport* accounting = nullptr);

}  // namespace hedgewatch
