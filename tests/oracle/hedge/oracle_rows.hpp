#pragma once

#include <doctest/doctest.h>
#include <simdjson.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>

#include "shared_files.hpp"

namespace hedgewatch::testing {

/// A number of the oracle: written as one, or as text with all of its digits.
inline double oracle_number(simdjson::dom::element element) {
  if (element.is_string()) return std::strtod(std::string{std::string_view{element}}.c_str(), nullptr);
  return double{element};
}

/// Calls with each case of a section of risk_misc.json; false when shared/ is absent.
inline bool for_each_case(const char* section, std::size_t least, const std::function<void(simdjson::dom::element)>& check) {
  if (skip_without_shared("vectors/risk_misc.json")) return false;
  const std::string text = read_text(*shared_directory() / "vectors/risk_misc.json");
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(text);
  std::size_t rows = 0;
  for (const simdjson::dom::element row : root[section]["cases"].get_array()) {
    CAPTURE(section);
    CAPTURE(rows);
    const std::string inputs = simdjson::to_string(row);
    CAPTURE(inputs);
    check(row);
    ++rows;
  }
  CHECK(rows >= least);
  return true;
}

/// Within 1e-12 of the scale that the value's inputs have.
inline void agree(double ours, double expected, double scale, const char* what) {
  CAPTURE(what);
  CAPTURE(ours);
  CAPTURE(expected);
  CHECK(std::abs(ours - expected) <= 1e-12 * scale);
}

}  // namespace hedgewatch::testing
