#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace hedgewatch {

/// Kernels work on whole groups of this many lanes; arrays are padded to it.
inline constexpr std::size_t kLaneGroup = 16;

constexpr std::size_t padded_lanes(std::size_t lanes) { return (lanes + kLaneGroup - 1) / kLaneGroup * kLaneGroup; }

/// Several columns of doubles in one allocation, each aligned to a cache line and padded to whole lane groups.
class LaneColumns {
 public:
  LaneColumns() = default;
  /// Every cell starts as `initial`, padding included.
  LaneColumns(std::size_t columns, std::size_t lanes, double initial);

  LaneColumns(LaneColumns&&) noexcept = default;
  LaneColumns& operator=(LaneColumns&&) noexcept = default;

  [[nodiscard]] std::size_t lanes() const { return lanes_; }
  /// Distance from a cell to its neighbour in the next column.
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] double* data(std::size_t column) { return cells_.get() + column * stride_; }
  [[nodiscard]] const double* data(std::size_t column) const { return cells_.get() + column * stride_; }
  [[nodiscard]] std::span<double> column(std::size_t column) { return {data(column), lanes_}; }
  [[nodiscard]] std::span<const double> column(std::size_t column) const { return {data(column), lanes_}; }

  /// The cells of columns that were made with as many lanes. See StateArchive.
  void visit_cells(auto& archive, std::size_t columns) {
    std::size_t lanes = lanes_;
    archive(lanes);
    if (lanes != lanes_) archive.fail("another number of lanes");
    for (std::size_t column = 0; column < columns; ++column) archive.raw(data(column), lanes_ * sizeof(double));
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(double* cells) const { ::operator delete[](cells, kAlignment); }
  };

  std::unique_ptr<double[], Free> cells_;
  std::size_t lanes_ = 0;
  std::size_t stride_ = 0;
};

}  // namespace hedgewatch
