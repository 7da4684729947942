#pragma once

#include <cstddef>

/// How often this program has called operator new: linking counted_new.cpp replaces it.
std::size_t allocations();
/// After so many further calls one throws std::bad_alloc, and those behind it succeed again. A huge count: none.
void fail_after(std::size_t calls);
