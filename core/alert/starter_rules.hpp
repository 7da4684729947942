#pragma once

#include <span>
#include <vector>

#include "core/alert/alert_rule.hpp"
#include "core/engine/engine_setup.hpp"

namespace hedgewatch {

/// The rules a desk starts with: what wakes a person, its twins for inputs that are unknown while something is held, and the
/// warnings beside them. Limits of hedges come from their own configuration.
[[nodiscard]] std::vector<AlertRule> starter_rules(std::span<const HedgeSetup> hedges);

}  // namespace hedgewatch
