#pragma once

#include "config/cross_references.hpp"
#include "config/table_reader.hpp"
#include "core/engine/engine_setup.hpp"

namespace hedgewatch {

/// `effectiveness` of a [[hedge]], and the conventions of the whole relationship that stand in it: smile rule and source of beta.
/// Nothing changes when it is absent. The hedge's underlyings and legs have been read.
void read_effectiveness(TableReader& table, CrossReferences& references, HedgeSetup& hedge);

}  // namespace hedgewatch
