#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hedgewatch {

/// Reads CSV with a header row: columns in any order, lines starting with `#` and blank lines skipped, CRLF and a leading byte
/// order mark accepted, fields in double quotes unquoted (a quoted field ends on its own line).
class CsvReader {
 public:
  /// Reads up to and including the header. `in` outlives the reader.
  explicit CsvReader(std::istream& in);

  /// False when the input ended before a header row.
  [[nodiscard]] bool has_header() const { return !names_.empty(); }
  /// Where the column of this name stands, or nothing. Of two columns with one name the first counts.
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;

  /// The header's names, in order.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  /// Moves to the next row; false at the end of the input.
  bool next();
  /// Number of the current line in the input, from 1, comments counted.
  [[nodiscard]] std::size_t line() const { return line_; }
  /// What is wrong with the shape of the current row, or empty: a row must have as many fields as the
  /// header, for a stray comma would shift numbers into other columns. Only a last column named `note` may hold commas.
  [[nodiscard]] std::string row_fault() const;
  /// A field of the current row without surrounding blanks; empty beyond its end. Valid until next().
  [[nodiscard]] std::string_view field(std::size_t column) const;

 private:
  bool read_record();
  void split();

  std::istream& in_;
  std::vector<std::string> names_;
  std::string text_;
  std::vector<std::string> fields_;
  std::size_t count_ = 0;
  std::size_t line_ = 0;
};

/// The whole text as a number (decimal or exponent form, optional sign, `nan` and `inf` as such), or nothing.
/// A magnitude beyond the range of a double is nothing too.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

/// Appends the shortest text that reads back as the same number; nothing for NaN, which is how an undefined value is written; 0 for
/// -0.
void append_number(std::string& out, double value);

/// Appends a field, in double quotes where it needs them.
void append_field(std::string& out, std::string_view text);

}  // namespace hedgewatch
