#pragma once

#include <cstdint>
#include <string_view>

#include "core/metric/figure.hpp"

namespace hedgewatch {

/// Names one alert in 16 bytes, the same on every machine and in every journal: FNV-1a of its rule's name, and of its figure's name
/// and its row's labels.
struct AlertIdentity {
  std::uint64_t rule = 0;
  std::uint64_t row = 0;

  friend bool operator==(const AlertIdentity&, const AlertIdentity&) = default;
};

/// `row_labels` as in FigureLayout::Row::labels.
[[nodiscard]] AlertIdentity identity_of(std::string_view rule, Figure figure, std::string_view row_labels);

}  // namespace hedgewatch
