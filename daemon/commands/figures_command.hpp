#pragma once

#include <iosfwd>

namespace CLI {
class App;
}

namespace hedgewatch {

/// Writes the catalogue as CSV: name, labels (separated by blanks), help, page (the document about it). In the catalogue's order.
void write_catalogue(std::ostream& out);

void add_figures_command(CLI::App& app, int& status);

}  // namespace hedgewatch
