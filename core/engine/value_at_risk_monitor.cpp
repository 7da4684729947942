#include "core/engine/value_at_risk_monitor.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <string_view>
#include <utility>

#include "core/engine/scenario_positions.hpp"
#include "core/risk/tail_comparison.hpp"
#include "core/types/duration_text.hpp"
#include "core/types/number_text.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kValueAtRiskRefresh = std::chrono::seconds{10};
constexpr std::uint32_t kValueAtRiskHoldingsPerCycle = 128;
constexpr std::size_t kFull = 0;
constexpr std::size_t kDeltaGamma = 1;
constexpr std::array<std::string_view, 2> kMethodNames{"historical", "delta_gamma"};
constexpr double kFewestReturns = 20;

/// One return in the tail at least, or the largest loss of few would pass for a quantile.
double fewest_returns(double confidence) { return std::max(kFewestReturns, 1 / (1 - confidence)); }

Estimate price_of(const DeskView& view, std::uint32_t exposure) {
  const Exposure& one = view.desk.exposures[exposure];
  for (std::uint32_t p = one.first_part; p < one.first_part + one.part_count; ++p) {
    const Estimate index = view.index_price(view.desk.parts[p].index);
    if (index.quality.ok()) return index;
  }
  return {0, Quality::unknown(FigureReason::MissingIndex)};
}

}  // namespace

void ValueAtRiskMonitor::lay_out(const DeskView& view, FigureTable& table) {
  std::vector<Book> old = std::move(books_);
  books_.clear();
  current_ = kNoPlace;
  next_ = 0;
  if (!view.setup.scenario) return;
  const ValueAtRiskSetup& setup = view.setup.scenario->value_at_risk;
  const std::string horizon = duration_text(setup.horizon);
  std::size_t most = 0;
  for (std::uint32_t e = 0; e < view.desk.exposures.size(); ++e) {
    const Exposure& exposure = view.desk.exposures[e];
    const std::string_view book = view.portfolio.book_name(exposure.book);
    const std::string_view underlying = exposure.underlying.view();
    Book one{.name = std::string{book} + '/' + std::string{underlying}, .returns = ReturnWindow{setup.bar, setup.window}};
    for (Book& before : old)
      if (before.name == one.name && before.returns.bar() == setup.bar && before.returns.window() == setup.window)
        one.returns = std::move(before.returns);
    for (const double confidence : setup.confidences) {
      Tail tail{.confidence = confidence};
      for (std::size_t m = 0; m < kMethods; ++m) {
        tail.value_at_risk[m] =
            table.add_row(Figure::ValueAtRiskUsd, {book, underlying, number_text(confidence), horizon, kMethodNames[m]});
        tail.expected_shortfall[m] =
            table.add_row(Figure::ExpectedShortfallUsd, {book, underlying, number_text(confidence), horizon, kMethodNames[m]});
      }
      one.tails.push_back(tail);
    }
    one.count = table.add_row(Figure::ValueAtRiskReturns, {book, underlying});
    books_.push_back(std::move(one));
    most = std::max<std::size_t>(most, holdings_of_exposure(view.desk, e).count);
  }
  run_ = ScenarioRun{};
  run_.reserve(most, setup.window);
  cells_.clear();
  cells_.reserve(setup.window);
  losses_.clear();
  losses_.reserve(setup.window);
}

void ValueAtRiskMonitor::begin(const DeskView& view) {
  const ValueAtRiskSetup& setup = view.setup.scenario->value_at_risk;
  for (std::size_t tried = 0; tried < books_.size(); ++tried) {
    const std::uint32_t exposure = next_;
    next_ = static_cast<std::uint32_t>((next_ + 1) % books_.size());
    Book& book = books_[exposure];
    if (view.now < book.due || static_cast<double>(book.returns.count()) < kFewestReturns) continue;
    book.due = view.now + kValueAtRiskRefresh;
    const double scale =
        std::sqrt(std::chrono::duration<double>{setup.horizon}.count() / std::chrono::duration<double>{setup.bar}.count());
    cells_.clear();
    for (std::size_t i = 0; i < book.returns.count(); ++i)
      cells_.push_back({.spot_shock = std::expm1(scale * book.returns.log_return(i)), .vol_shock = 0, .weight = 1});
    const ExposureHoldings range = holdings_of_exposure(view.desk, exposure);
    current_ = exposure;
    holding_ = range.first;
    end_holding_ = range.first + range.count;
    delta_usd_ = 0;
    gamma_usd_per_percent_ = 0;
    gathered_ = quality_now(view, exposure);
    run_.begin(cells_);
    return;
  }
}

void ValueAtRiskMonitor::gather(const DeskView& view) {
  const std::uint32_t end = std::min(end_holding_, holding_ + kValueAtRiskHoldingsPerCycle);
  for (; holding_ < end; ++holding_) {
    const SeenPosition seen = seen_position(view, holding_);
    gathered_ = worst(gathered_, seen.quality);
    if (!seen.counts) continue;
    run_.add(seen.position);
    delta_usd_ += seen.delta_usd;
    gamma_usd_per_percent_ += seen.gamma_usd_per_percent;
  }
}

void ValueAtRiskMonitor::publish(const Publisher& out, Book& book, const Quality& now) {
  for (const Tail& tail : book.tails)
    for (std::size_t m = 0; m < kMethods; ++m) {
      const Quality quality = worst(tail.quality[m], now);
      out.publish(tail.value_at_risk[m], tail.losses[m].value_at_risk, quality);
      out.publish(tail.expected_shortfall[m], tail.losses[m].expected_shortfall, quality);
    }
  out.publish(book.count, static_cast<double>(book.returns.count()), Quality{});
  book.published = now;
}

void ValueAtRiskMonitor::finish(const DeskView& view, const Publisher& out) {
  Book& book = books_[current_];
  const auto profits = run_.profits_usd();
  for (Tail& tail : book.tails) {
    const bool enough = static_cast<double>(profits.size()) >= fewest_returns(tail.confidence) - 1e-9;
    std::array<std::optional<TailLoss>, kMethods> found;
    for (std::size_t m = 0; m < kMethods; ++m) {
      losses_.clear();
      for (std::size_t i = 0; i < profits.size(); ++i)
        losses_.push_back(
            -(m == kFull ? profits[i] : delta_gamma_profit_usd(delta_usd_, gamma_usd_per_percent_, cells_[i].spot_shock)));
      found[m] = historical_tail_loss(losses_, tail.confidence);
      tail.losses[m] = found[m].value_or(TailLoss{});
      tail.quality[m] = gathered_;
      if (!enough)
        tail.quality[m] = worst(gathered_, Quality::unknown(FigureReason::WarmingUp));
      else if (!found[m])
        tail.quality[m] = worst(gathered_, Quality::unknown(FigureReason::NotFinite));
    }
    if (found[kFull] && found[kDeltaGamma] && !close_enough(*found[kDeltaGamma], *found[kFull]))
      tail.quality[kDeltaGamma] = worst(tail.quality[kDeltaGamma], Quality::unknown(FigureReason::Inconclusive));
  }
  publish(out, book, quality_now(view, current_));
  current_ = kNoPlace;
}

void ValueAtRiskMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  if (books_.empty()) return;
  for (std::uint32_t e = 0; e < books_.size(); ++e) {
    Book& book = books_[e];
    const Estimate price = price_of(view, e);
    const std::size_t before = book.returns.count();
    book.returns.advance(view.now, price.quality.ok() ? price.value : 0);
    const Quality now = quality_now(view, e);
    if (book.returns.count() != before || !same_verdict(now, book.published)) publish(out, book, now);
  }
  if (current_ == kNoPlace) begin(view);
  if (current_ == kNoPlace) return;
  if (holding_ < end_holding_)
    gather(view);
  else
    run_.work(view.setup.scenario->options_per_cycle);
  if (holding_ == end_holding_ && run_.done()) finish(view, out);
}

void ValueAtRiskMonitor::visit_state(StateArchive& archive) {
  archive(run_, books_, cells_, losses_, current_, next_, holding_, end_holding_, delta_usd_, gamma_usd_per_percent_, gathered_);
}

}  // namespace hedgewatch
