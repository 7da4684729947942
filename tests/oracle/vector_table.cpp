#include "oracle/vector_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "shared_files.hpp"

namespace hedgewatch::testing {

namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in{line + ","};
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

}  // namespace

VectorTable::VectorTable(const std::string& file) {
  std::istringstream in{read_text(*shared_directory() / "vectors" / file)};
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (columns_.empty()) {
      columns_ = cells_of(line);
    } else {
      rows_.push_back(cells_of(line));
      // A last column of free text may hold commas.
      REQUIRE_MESSAGE(rows_.back().size() >= columns_.size(), file << ": " << line);
    }
  }
  REQUIRE_MESSAGE(!rows_.empty(), file << " has no rows");
}

std::string VectorTable::text(std::size_t row, std::string_view column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  REQUIRE_MESSAGE(found != columns_.end(), "no column " << std::string{column});
  return rows_.at(row)[static_cast<std::size_t>(found - columns_.begin())];
}

double VectorTable::number(std::size_t row, std::string_view column) const {
  const std::string cell = text(row, column);
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  const bool whole = error == std::errc{} && end == cell.data() + cell.size();
  REQUIRE_MESSAGE(whole, std::string{column} << " is not a number: " << cell);
  return value;
}

}  // namespace hedgewatch::testing
