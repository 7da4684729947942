#include "core/pricing/lane_columns.hpp"

#include <algorithm>

namespace hedgewatch {

LaneColumns::LaneColumns(std::size_t columns, std::size_t lanes, double initial) : lanes_{lanes} {
  // Columns a multiple of 4 KiB apart would fight for the same few ways of the first-level cache: leave them some lines askew.
  constexpr std::size_t kLinesPerPage = 64;
  constexpr std::size_t kSkewLines = 5;
  constexpr std::size_t kDoublesPerLine = 8;
  std::size_t lines = padded_lanes(lanes) / kDoublesPerLine;
  if (lines % kLinesPerPage < kSkewLines) lines += kSkewLines - lines % kLinesPerPage;
  stride_ = lines * kDoublesPerLine;
  const std::size_t cells = columns * stride_;
  cells_.reset(static_cast<double*>(::operator new[](std::max<std::size_t>(cells, 1) * sizeof(double), kAlignment)));
  std::fill_n(cells_.get(), cells, initial);
}

}  // namespace hedgewatch
