#pragma once

#include <string_view>

#include "config/table_reader.hpp"
#include "core/alert/alert_rule.hpp"

namespace hedgewatch {

// What an [[alert]] and a [[limit]] have in common.

inline constexpr std::string_view kOwnerForm = "a name: who may override the limit for a time";

/// `figure` and `labels`: which rows the rule is about. Only labels that the figure has.
void read_rule_scope(TableReader& table, AlertRule& rule);

/// `summary` and `runbook`: what it says.
void read_rule_words(TableReader& table, AlertRule& rule);

}  // namespace hedgewatch
