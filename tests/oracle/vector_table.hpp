#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hedgewatch::testing {

/// A CSV file of the oracles (below shared/vectors), held whole. Fails the running test when it is absent or malformed.
class VectorTable {
 public:
  explicit VectorTable(const std::string& file);

  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  /// The text of a cell; the running test fails when there is no such column.
  [[nodiscard]] std::string text(std::size_t row, std::string_view column) const;
  /// True when the cell is empty, which the oracles use for undefined or unspecified.
  [[nodiscard]] bool blank(std::size_t row, std::string_view column) const { return text(row, column).empty(); }
  [[nodiscard]] double number(std::size_t row, std::string_view column) const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hedgewatch::testing
