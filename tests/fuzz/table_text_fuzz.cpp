// Texts that people or other programs hand to the commands: CSV, single numbers, and the file of raised alerts. Property: a number
// is what the C library says it is, a row has the header's width or a fault, a written field reads back, and remembered alerts
// that were read are written and read as the same.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

#include "daemon/alerting/raised_alerts_file.hpp"
#include "daemon/commands/csv.hpp"

using namespace hedgewatch;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_number(std::string_view text) {
  const auto number = parse_number(text);
  if (!number) return;
  const std::string copy{text};
  char* end = nullptr;
  const double expected = std::strtod(copy.c_str(), &end);
  require(end == copy.c_str() + copy.size());
  require(std::isnan(*number) ? std::isnan(expected) : *number == expected);
  std::string again;
  append_number(again, *number);
  if (!std::isfinite(*number))
    require(again.empty());
  else
    require(parse_number(again) == *number);
}

void check_table(const std::string& text) {
  std::istringstream in{text};
  CsvReader reader{in};
  std::size_t line = reader.line();
  while (reader.next()) {
    require(reader.line() > line);
    line = reader.line();
    const bool whole = reader.row_fault().empty();
    for (std::size_t column = 0; column < reader.names().size() + 2; ++column) {
      const std::string_view field = reader.field(column);
      require(field.size() <= text.size());
      // Only a last column of notes may go on behind a comma.
      if (whole && column >= reader.names().size() && reader.names().back() != "note") require(field.empty());
      check_number(field);
    }
  }
}

void check_field(std::string_view text) {
  // A quoted field ends on its own line, and blanks around a field are not its own.
  if (text.find_first_of("\r\n") != std::string_view::npos || text.find('\0') != std::string_view::npos) return;
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.front() == '\t' || text.back() == '\t') return;
  std::string table = "a,b\nx,";
  append_field(table, text);
  table += '\n';
  std::istringstream in{table};
  CsvReader reader{in};
  require(reader.next() && reader.row_fault().empty() && reader.field(1) == text);
}

void check_memory(std::string_view text) {
  const std::string once = remembered_text(parse_remembered(text));
  require(remembered_text(parse_remembered(once)) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  check_number(text);
  check_table(text);
  check_field(text);
  check_memory(text);
  return 0;
}
