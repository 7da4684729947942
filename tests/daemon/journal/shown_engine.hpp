#pragma once

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/parser.hpp"
#include "core/engine/engine.hpp"
#include "daemon/setup.hpp"

namespace hedgewatch {

/// Of a configuration that is right.
inline EngineSetup setup_of(std::string_view text) {
  auto parsed = parse_config(std::string{text}, "test");
  REQUIRE(parsed.ok());
  return to_engine_setup(parsed.value());
}

/// Every figure with the bits of its value and its reason, a line each.
inline std::string shown(const Engine& engine) {
  std::string text;
  const auto layout = engine.figures().layout();
  for (std::size_t place = 0; place < layout->rows.size(); ++place) {
    const FigureValue& value = engine.figures().at_position(place);
    text += std::string{definition_of(layout->rows[place].figure).name} + layout->rows[place].labels + ' ' +
            std::to_string(std::bit_cast<std::uint64_t>(value.value)) + ' ' + std::string{label(value.reason)} + '\n';
  }
  return text;
}

}  // namespace hedgewatch
