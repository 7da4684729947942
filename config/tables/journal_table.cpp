#include "config/tables/tables.hpp"

#include <array>
#include <chrono>
#include <string>

#include "config/value_readers.hpp"

namespace hedgewatch {

JournalConfig read_journal(TableReader& table) {
  using namespace std::chrono_literals;
  static constexpr std::array<Choice<JournalDurability>, 2> kDurabilities{
      {{"system", JournalDurability::System}, {"block", JournalDurability::Block}}};
  constexpr std::string_view kPathForm = "a path from the root such as \"/var/lib/hedgewatch/journal\"";
  JournalConfig journal;
  journal.directory = read_absolute_path(table, "directory");
  if (!table.has("directory")) table.missing("directory", kPathForm);
  read_count(table, "segment_mebibytes", 1, 4'096, journal.segment_mebibytes);
  read_count(table, "max_mebibytes", 2, 1'048'576, journal.max_mebibytes);
  if (journal.max_mebibytes < 2 * journal.segment_mebibytes)
    table.fault(table.at(), table.path_of("max_mebibytes"),
                "is " + std::to_string(journal.max_mebibytes) + ", must be at least two segments, " +
                    std::to_string(2 * journal.segment_mebibytes));
  read_duration(table, "max_age", 1h, 24h * 366, journal.max_age);
  read_choice(table, "durability", kDurabilities, journal.durability);
  read_duration(table, "snapshot_interval", 1s, 1h, journal.snapshot_interval);
  if (const auto restore = table.boolean("restore", "true or false")) journal.restore = restore->value;
  table.finish();
  return journal;
}

}  // namespace hedgewatch
