#pragma once

#include <ostream>

#include "daemon/commands/effectiveness_accounting.hpp"
#include "daemon/commands/effectiveness_input.hpp"

namespace CLI {
class App;
}

namespace hedgewatch {

enum class EffectivenessOutput : std::uint8_t { Table, Json, Series };

/// Writes the figures of the whole sample and of the last windows (Table, Json), or a CSV row per bar (Series). The accounting
/// evidence, where it is wanted, comes with the table and the JSON.
void write_effectiveness(const EffectivenessInput& input, EffectivenessOutput form, std::ostream& out,
                         const AccountingReport* accounting = nullptr);

void add_effectiveness_command(CLI::App& app, int& status);

}  // namespace hedgewatch
