#include <chrono>
#include <string>

#include "config/tables/tables.hpp"
#include "config/value_readers.hpp"

namespace hedgewatch {

CaptureConfig read_capture(TableReader& table) {
  using namespace std::chrono_literals;
  CaptureConfig capture;
  capture.directory = read_absolute_path(table, "directory");
  if (!table.has("directory")) table.missing("directory", "a path from the root such as \"/var/lib/hedgewatch/capture\"");
  read_count(table, "max_mebibytes", 64, 1'048'576, capture.max_mebibytes);
  read_duration(table, "max_age", 1h, 24h * 366, capture.max_age);
  table.finish();
  return capture;
}

}  // namespace hedgewatch
