#include "core/hedge/depth_walk.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace hedgewatch {

namespace {

constexpr double sign_of(Side order) { return order == Side::Buy ? 1 : -1; }

/// Loss per quote unit traded at the mid: of coins for sizes in dollars, of quote currency otherwise.
double loss_ratio(const DepthSide& side, Side order, double price) {
  return sign_of(order) * (side.unit == SizeUnit::Quote ? 1 - side.mid / price : price / side.mid - 1);
}

double coins_at(const DepthSide& side, double size, double price) { return side.unit == SizeUnit::Quote ? size / price : size; }

}  // namespace

DepthWalk walk_depth(const DepthSide& side, Side order, double size) {
  DepthWalk walk{.wanted = size};
  double quote = 0;
  double against_mid = 0;
  for (std::size_t i = side.levels.size(); i > 0 && walk.filled < size; --i) {
    const OrderBook::Level& level = side.levels[i - 1];
    const double price = level.price.to_double();
    const double taken = std::min(level.size.to_double(), size - walk.filled);
    const double coins = coins_at(side, taken, price);
    walk.filled += taken;
    walk.filled_coins += coins;
    walk.worst_price = price;
    ++walk.levels_touched;
    quote += coins * price;
    against_mid += coins * (price - side.mid);
  }
  walk.unfilled = std::max(0.0, size - walk.filled);
  if (walk.filled_coins > 0) {
    walk.average_price = quote / walk.filled_coins;
    walk.slippage = sign_of(order) * against_mid / walk.filled_coins;
  }
  return walk;
}

std::optional<double> slippage_ratio(const DepthWalk& walk, double mid) {
  if (walk.unfilled > 0 || !(walk.filled_coins > 0) || !(mid > 0)) return std::nullopt;
  return walk.slippage / mid;
}

std::optional<double> slippage_cost(const DepthWalk& walk, const DepthSide& side, Side order) {
  if (walk.unfilled > 0) return std::nullopt;
  if (side.unit == SizeUnit::Base) return walk.slippage * walk.filled_coins;
  return sign_of(order) * (walk.filled - walk.filled_coins * side.mid);
}

DepthWithin depth_within(const DepthSide& side, Side order, double ratio) {
  DepthWithin depth;
  const double limit = side.mid * (1 + sign_of(order) * ratio);
  for (std::size_t i = side.levels.size(); i > 0; --i) {
    const OrderBook::Level& level = side.levels[i - 1];
    const double price = level.price.to_double();
    ++depth.levels_touched;
    if (order == Side::Buy ? price > limit : price < limit) break;
    depth.coins += coins_at(side, level.size.to_double(), side.mid);
  }
  depth.quote = depth.coins * side.mid;
  return depth;
}

DepthSplit split_depth(std::span<const DepthSide> books, Side order, double coins, std::span<double> sizes) {
  DepthSplit split{.wanted_coins = coins};
  books = books.first(std::min(books.size(), kMostSplitBooks));
  std::array<std::size_t, kMostSplitBooks> left{};
  std::array<double, kMostSplitBooks> next_loss{};
  const auto look = [&](std::size_t b) {
    next_loss[b] = left[b] == 0 ? std::numeric_limits<double>::infinity()
                                : loss_ratio(books[b], order, books[b].levels[left[b] - 1].price.to_double());
  };
  for (std::size_t b = 0; b < books.size(); ++b) {
    left[b] = books[b].levels.size();
    look(b);
  }
  std::fill(sizes.begin(), sizes.end(), 0.0);
  while (split.filled_coins < coins) {
    const auto best = static_cast<std::size_t>(
        std::min_element(next_loss.begin(), next_loss.begin() + static_cast<std::ptrdiff_t>(books.size())) - next_loss.begin());
    if (best >= books.size() || left[best] == 0) break;
    const DepthSide& book = books[best];
    const double loss = next_loss[best];
    const double available = coins_at(book, book.levels[left[best] - 1].size.to_double(), book.mid);
    const double taken = std::min(available, coins - split.filled_coins);
    split.filled_coins += taken;
    split.filled_quote += taken * book.mid;
    split.cost_quote += taken * book.mid * loss;
    split.marginal_ratio = loss;
    ++split.levels_touched;
    if (best < sizes.size()) sizes[best] += book.unit == SizeUnit::Quote ? taken * book.mid : taken;
    --left[best];
    look(best);
  }
  return split;
}

}  // namespace hedgewatch
