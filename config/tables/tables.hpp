#pragma once

#include <optional>

#include "config/config.hpp"
#include "config/cross_references.hpp"
#include "config/table_reader.hpp"

namespace hedgewatch {

// One reader a table of the file, each in a source file of its own. Each asks for every key it knows and finishes the table, so
// that unknown keys are faults; what could not be read stays at its default, with a fault in the list. Readers of [[tables]] add
// what they read to the Config, even with faults in it: nobody runs a Config that has any.

[[nodiscard]] DaemonConfig read_daemon(TableReader& table);
[[nodiscard]] HttpConfig read_http(TableReader& table);
[[nodiscard]] JournalConfig read_journal(TableReader& table);
[[nodiscard]] CaptureConfig read_capture(TableReader& table);
[[nodiscard]] ScenarioSetup read_scenario(TableReader& table);
[[nodiscard]] VolExposureSetup read_exposure(TableReader& table);
[[nodiscard]] ProfitPeriods read_profit(TableReader& table);
void read_venue(TableReader& table, CrossReferences& references, Config& config);
void read_account(TableReader& table, CrossReferences& references, Config& config);
/// A position's instrument, size and entry price; the table is not finished.
[[nodiscard]] std::optional<ExplicitPosition> read_line(TableReader& table, CrossReferences& references);
[[nodiscard]] PositionsConfig read_positions(TableReader& table);
/// A [[position]] joins the book that it names.
void read_manual_position(TableReader& table, CrossReferences& references, Config& config);
void read_book(TableReader& table, CrossReferences& references, Config& config);
[[nodiscard]] AlertmanagerConfig read_alertmanager(TableReader& table);
[[nodiscard]] WebhookConfig read_webhook(TableReader& table);
/// Two rules, for the soft and the hard level, and one for a figure that is unknown.
void read_limit(TableReader& table, CrossReferences& references, Config& config);
void read_alert(TableReader& table, CrossReferences& references, Config& config);
void read_hedge(TableReader& table, CrossReferences& references, Config& config);

}  // namespace hedgewatch
