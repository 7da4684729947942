#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/hedge/hayashi_yoshida.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// Sums of products of overlapping returns, and of squared returns.
struct OverlapSums {
  double covariance = 0;
  double squares_exposure = 0;
  double squares_hedge = 0;

  /// Nothing when either path never moved. A diagnostic: it can leave [-1, 1].
  [[nodiscard]] std::optional<double> correlation() const;
};

/// The covariation of two price paths as their ticks come in: the estimator of `hayashi_yoshida`, over the newest bars. A product
/// of two returns belongs to the bar in which the later of them closes, so a window also holds the part of a return that began
/// before it. O(1) a tick, O(window) where a bar ends; takes its memory at once.
class RunningHayashiYoshida {
 public:
  enum class Path : std::uint8_t { Exposure, Hedge };

  /// `bars` is how many of the newest bars are kept; positive.
  explicit RunningHayashiYoshida(std::size_t bars) : ring_(bars) {}

  /// The next tick of a path. Of equal stamps the last one counts; an earlier stamp than that of the path's newest says nothing,
  /// and neither does a price that is not positive.
  void add(Path path, VenueTime time, double price);
  /// The bar that ends at `end` is over: no tick of it is still to come.
  void close_bar(VenueTime end);

  /// Over the newest `bars` bars that were closed, at most as many as are kept.
  [[nodiscard]] OverlapSums over(std::size_t bars) const;

  /// See StateArchive.
  void visit_state(auto& archive) { archive(sides_, running_, ring_, closed_); }

 private:
  struct Side {
    std::optional<PriceTick> open;     ///< where the running return begins
    std::optional<PriceTick> waiting;  ///< the newest tick, which one of equal stamp may still replace
    double others_since = 0;           ///< returns of the other path that closed after `open`
  };

  /// Ticks before `time` are final.
  void settle(VenueTime time);
  void close_return(Path path);
  [[nodiscard]] Side& side(Path path) { return sides_[static_cast<std::size_t>(path)]; }

  std::array<Side, 2> sides_;
  OverlapSums running_;
  std::vector<OverlapSums> ring_;
  std::size_t closed_ = 0;
};

}  // namespace hedgewatch
