#pragma once

#include <cstddef>

/// How often this program has called operator new: linking counted_new.cpp replaces it.
std::size_t allocations();
