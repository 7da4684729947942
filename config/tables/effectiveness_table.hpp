#pragma once

#include <optional>
#include <vector>

#include "config/cross_references.hpp"
#include "config/table_reader.hpp"
#include "core/engine/engine_setup.hpp"

namespace hedgewatch {

/// `effectiveness` of a [[hedge]]: nothing when it is absent. `legs` are the hedge's, of which the basis leg must be one.
/// The smile rule stands in this table and is the relationship's: it goes to `smile`, which stays as it is without one.
[[nodiscard]] std::optional<EffectivenessSetup> read_effectiveness(TableReader& hedge, CrossReferences& references,
                                                                   const std::vector<InstrumentPattern>& legs, SmileRule& smile);

}  // namespace hedgewatch
