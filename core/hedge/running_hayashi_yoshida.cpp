#include "core/hedge/running_hayashi_yoshida.hpp"

#include <algorithm>
#include <cmath>

#include "core/types/compensated_sum.hpp"

namespace hedgewatch {

std::optional<double> OverlapSums::correlation() const {
  if (!(squares_exposure > 0 && squares_hedge > 0)) return std::nullopt;
  return covariance / std::sqrt(squares_exposure) / std::sqrt(squares_hedge);
}

void RunningHayashiYoshida::add(Path path, VenueTime time, double price) {
  if (!(price > 0)) return;
  Side& own = side(path);
  if ((own.waiting && time < own.waiting->time) || (own.open && time <= own.open->time)) return;
  settle(time);
  own.waiting = PriceTick{time, price};
}

void RunningHayashiYoshida::settle(VenueTime time) {
  const auto due = [&](const Side& one) { return one.waiting && one.waiting->time < time; };
  Side& exposure = side(Path::Exposure);
  Side& hedge = side(Path::Hedge);
  if (due(exposure) && due(hedge) && hedge.waiting->time < exposure.waiting->time) close_return(Path::Hedge);
  if (due(exposure)) close_return(Path::Exposure);
  if (due(hedge)) close_return(Path::Hedge);
}

void RunningHayashiYoshida::close_return(Path path) {
  Side& own = side(path);
  Side& other = side(path == Path::Exposure ? Path::Hedge : Path::Exposure);
  const PriceTick tick = *own.waiting;
  if (own.open) {
    const double moved = std::log1p((tick.price - own.open->price) / own.open->price);
    // What of the other path closed after this return began overlaps it; what is still open there counts when it closes.
    running_.covariance += moved * own.others_since;
    (path == Path::Exposure ? running_.squares_exposure : running_.squares_hedge) += moved * moved;
    if (other.open && tick.time > other.open->time) other.others_since += moved;
  }
  own.open = tick;
  own.waiting.reset();
  own.others_since = 0;
}

void RunningHayashiYoshida::close_bar(VenueTime end) {
  settle(end + std::chrono::nanoseconds{1});
  ring_[closed_ % ring_.size()] = running_;
  ++closed_;
  running_ = {};
}

OverlapSums RunningHayashiYoshida::over(std::size_t bars) const {
  const std::size_t count = std::min({bars, closed_, ring_.size()});
  CompensatedSum covariance;
  CompensatedSum exposure;
  CompensatedSum hedge;
  for (std::size_t i = closed_ - count; i < closed_; ++i) {
    const OverlapSums& bar = ring_[i % ring_.size()];
    covariance.add(bar.covariance);
    exposure.add(bar.squares_exposure);
    hedge.add(bar.squares_hedge);
  }
  return {.covariance = covariance.value(), .squares_exposure = exposure.value(), .squares_hedge = hedge.value()};
}

}  // namespace hedgewatch
