#pragma once

#include <optional>

#include "config/cross_references.hpp"
#include "config/table_reader.hpp"
#include "core/engine/engine_setup.hpp"

namespace hedgewatch {

/// `band` of a [[hedge]]: nothing when it is absent. `soft_limit_coins` is what a half width must not pass; nothing when it could
/// not be read.
[[nodiscard]] std::optional<BandSetup> read_band(TableReader& hedge, std::optional<double> soft_limit_coins);

/// The `advice` tables of a [[hedge]]: the instruments that advice may trade, of the hedge's underlying where that is known.
[[nodiscard]] std::vector<AdviceInstrument> read_advice(TableReader& hedge, CrossReferences& references,
                                                        const std::string& underlying);

}  // namespace hedgewatch
