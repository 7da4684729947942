#include "daemon/commands/figures_command.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "core/metric/figure.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/csv.hpp"

namespace hedgewatch {

void write_catalogue(std::ostream& out) {
  out << "name,labels,help,page\n";
  std::string row;
  for (const FigureDefinition& figure : figure_catalogue()) {
    std::string labels;
    for (std::size_t i = 0; i < figure.label_count(); ++i) {
      if (i > 0) labels += ' ';
      labels += figure.labels[i];
    }
    row.clear();
    append_field(row, figure.name);
    row += ',';
    append_field(row, labels);
    row += ',';
    append_field(row, figure.help);
    row += ',';
    append_field(row, figure.page);
    out << row << '\n';
  }
}

void add_figures_command(CLI::App& app, int& status) {
  CLI::App* figures = app.add_subcommand("figures", "List every figure that can be published, as CSV");
  figures->footer(
      R"(Columns: name, labels (separated by blanks), help (what it is, with unit and sign), page (the document that says what
it tells, when it lies, and its formula).

The daemon's own counters are not among them; /metrics explains each.

Example:
  hedgewatch figures | grep hedge_ratio)");
  figures->callback([&status] {
    write_catalogue(std::cout);
    status = kExitSuccess;
  });
}

}  // namespace hedgewatch
