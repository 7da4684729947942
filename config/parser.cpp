#include "config/parser.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "config/cross_references.hpp"
#include "config/table_reader.hpp"
#include "config/tables/tables.hpp"
#include "config/text_screen.hpp"

namespace hedgewatch {

namespace {

std::string plural(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string{noun} + (count == 1 ? "" : "s");
}

using ReadTable = void (*)(TableReader&, CrossReferences&, Config&);

/// Reads every [[key]] table and returns how many there are. When some are none, the names they would have defined stay open.
std::size_t read_each(TableReader& document, std::string_view key, Names& names, CrossReferences& references, Config& config,
                      ReadTable read_table) {
  std::vector<TableReader> tables;
  if (!document.tables(key, tables)) names.complete = false;
  for (TableReader& table : tables) read_table(table, references, config);
  return tables.size();
}

/// Reads the document from the top: tables before those that refer to them.
Config read(TableReader document) {
  Config config;
  CrossReferences references;
  if (auto table = document.table("daemon")) config.daemon = read_daemon(*table);
  if (auto table = document.table("http")) config.http = read_http(*table);
  if (auto table = document.table("journal")) config.journal = read_journal(*table);
  if (auto table = document.table("capture")) config.capture = read_capture(*table);
  const std::size_t venue_tables = read_each(document, "venue", references.venues, references, config, read_venue);
  if (references.venues.complete && venue_tables == 0) {
    references.venues.complete = false;
    document.missing("venue", "at least one [[venue]] table");
  }
  read_each(document, "account", references.accounts, references, config, read_account);
  if (auto table = document.table("positions")) config.positions = read_positions(*table);
  read_each(document, "book", references.books, references, config, read_book);
  std::vector<TableReader> lines;
  (void)document.tables("position", lines);
  for (TableReader& line : lines) read_manual_position(line, references, config);
  read_each(document, "hedge", references.hedges, references, config, read_hedge);
  if (auto table = document.table("scenario")) config.scenario = read_scenario(*table);
  if (auto table = document.table("profit")) config.profit = read_profit(*table);
  if (auto table = document.table("exposure")) config.exposure = read_exposure(*table);
  read_each(document, "alert", references.alerts, references, config, read_alert);
  read_each(document, "limit", references.alerts, references, config, read_limit);
  if (auto table = document.table("alertmanager")) config.alertmanager = read_alertmanager(*table);
  if (auto table = document.table("webhook")) config.webhook = read_webhook(*table);
  references.check_venues_of_patterns(document);
  document.finish({
      {"venues", "is an unknown key, must be \"venue\": write [[venue]] before each"},
      {"accounts", "is an unknown key, must be \"account\": write [[account]] before each"},
      {"books", "is an unknown key, must be \"book\": write [[book]] before each"},
      {"hedges", "is an unknown key, must be \"hedge\": write [[hedge]] before each"},
      {"alerts", "is an unknown key, must be \"alert\": write [[alert]] before each"},
      {"limits", "is an unknown key, must be \"limit\": write [[limit]] before each"},
  });
  return config;
}

TextPosition at_of(const toml::source_region& region) {
  return {std::max<std::size_t>(region.begin.line, 1), std::max<std::size_t>(region.begin.column, 1)};
}

std::string no_toml(const toml::parse_error& error) {
  std::string what{error.description()};
  std::ranges::replace_if(
      what, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return "is no TOML (" + what + "), must be TOML 1.0";
}

}  // namespace

Result<Config, std::vector<ConfigFault>> parse_config(std::string_view text, std::string_view file_name) {
  FaultList faults{file_name};
  if (const auto refused = screen(text)) {
    faults.add(refused->at, "", std::string{refused->message});
    return faults.take();
  }
  try {
    const toml::table document = toml::parse(text);
    Config config = read(TableReader{document, "", faults});
    if (faults.empty()) return config;
  } catch (const toml::parse_error& error) {
    faults.add(at_of(error.source()), "", no_toml(error));
  }
  return faults.take();
}

Result<Config, std::vector<ConfigFault>> parse_config(const NamedText& main, const NamedText& positions) {
  FaultList faults{positions.name};
  // Alone first: it may hold positions and nothing else, and what is no TOML alone would only be found at a place that is none.
  if (const auto refused = screen(positions.text)) {
    faults.add(refused->at, "", std::string{refused->message});
    return faults.take();
  }
  try {
    const toml::table document = toml::parse(positions.text);
    for (const auto& [key, node] : document)
      if (key.str() != "position")
        faults.add(at_of(key.source()), std::string{key.str()},
                   "is an unknown key, must be \"position\": write [[position]] before each");
  } catch (const toml::parse_error& error) {
    faults.add(at_of(error.source()), "", no_toml(error));
  }
  if (!faults.empty()) return faults.take();

  auto whole = parse_config(joined_text(main.text, positions.text), main.name);
  if (whole.ok()) return whole;
  const auto above = static_cast<std::size_t>(std::ranges::count(main.text, '\n')) + 1;
  std::vector<ConfigFault> placed = whole.error();
  for (ConfigFault& fault : placed) {
    if (fault.at.line <= above) continue;
    fault.file = positions.name;
    fault.at.line -= above;
  }
  return placed;
}

std::string joined_text(std::string_view main, std::string_view positions) {
  std::string text{main};
  text += '\n';
  text += positions;
  return text;
}

std::string summary(const Config& config) {
  return plural(config.venues.size(), "venue") + ", " + plural(config.accounts.size(), "account") + ", " +
         plural(config.books.size(), "book") + ", " + plural(config.hedges.size(), "hedge");
}

}  // namespace hedgewatch
