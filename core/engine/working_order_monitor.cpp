#include "core/engine/working_order_monitor.hpp"

#include <algorithm>
#include <chrono>
#include <variant>

#include "core/engine/leg_quotes.hpp"

namespace hedgewatch {

namespace {

constexpr std::chrono::nanoseconds kOrderRefresh = std::chrono::milliseconds{100};

}  // namespace

void WorkingOrderMonitor::lay_out(const DeskView& view, FigureTable& table) {
  books_.clear();
  for (const Exposure& exposure : view.desk.exposures) {
    Book& book = books_.emplace_back();
    const std::string_view name = view.portfolio.book_name(exposure.book);
    for (std::size_t v = 0; v < kViews.size(); ++v) {
      book.bid_rows[v] = table.add_row(Figure::WorkingBidDeltaCoins, {name, exposure.underlying.view(), label(kViews[v])});
      book.ask_rows[v] = table.add_row(Figure::WorkingAskDeltaCoins, {name, exposure.underlying.view(), label(kViews[v])});
    }
  }
  touched_ = true;
}

void WorkingOrderMonitor::apply(const DeskView&, const Event& event) {
  if (is_account_event(event.body) || std::holds_alternative<FeedStatus>(event.body)) touched_ = true;
}

std::uint32_t WorkingOrderMonitor::exposure_of(const DeskView& view, std::size_t account, InstrumentSlot slot) {
  const Contract& contract = view.registry.contract(slot);
  const auto book =
      book_of_position(view.setup, AccountId{static_cast<std::uint16_t>(account)}, contract, view.registry.venue(slot));
  const auto place = book.value_or(static_cast<std::uint32_t>(view.setup.books.size()));
  for (std::uint32_t e = 0; e < view.desk.exposures.size(); ++e)
    if (view.desk.exposures[e].book == place && view.desk.exposures[e].underlying == contract.base) return e;
  return kNoPlace;
}

void WorkingOrderMonitor::add_orders(const DeskView& view, std::size_t account, const Quality& known) {
  InstrumentId last = kNoInstrument;
  std::uint32_t exposure = kNoPlace;
  for (const WorkingOrders::Order& order : view.portfolio.accounts()[account].orders().orders()) {
    const InstrumentSlot slot = view.registry.slot_of(order.instrument);
    if (slot == kNoSlot) continue;
    // Orders of one instrument stand together.
    if (order.instrument != last) exposure = exposure_of(view, account, slot);
    last = order.instrument;
    const std::uint32_t place = view.desk.tracked_of_slot[index_of(slot)];
    if (exposure == kNoPlace || place == kNoPlace) continue;
    const PositionRisk risk =
        position_risk(view.registry.contract(slot), view.valuation(place), {.size = order.remaining.to_double(), .quality = known});
    const std::array deltas{risk.total.delta_black_scholes_coins, risk.total.delta_net_transaction_coins};
    Sums& sums = books_[exposure].sums;
    const bool bid = order.remaining > Size{};
    for (std::size_t v = 0; v < kViews.size(); ++v) (bid ? sums.bids : sums.asks)[v] += deltas[v];
    Quality& quality = bid ? sums.bid_quality : sums.ask_quality;
    quality = worst(quality, risk.delta);
  }
}

void WorkingOrderMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  if (books_.empty() || (!touched_ && view.now < due_)) return;
  touched_ = false;
  due_ = view.now + kOrderRefresh;
  for (Book& book : books_) book.sums = {};
  const auto accounts = view.portfolio.accounts();
  for (std::size_t account = 0; account < accounts.size(); ++account) {
    const Quality known = accounts[account].orders_quality(view.freshness, view.feeds);
    add_orders(view, account, known);
    for (std::uint32_t e = 0; e < books_.size(); ++e) {
      const auto sources = view.portfolio.book_accounts(view.desk.exposures[e].book);
      if (std::find(sources.begin(), sources.end(), account) == sources.end()) continue;
      Sums& sums = books_[e].sums;
      sums.bid_quality = worst(sums.bid_quality, known);
      sums.ask_quality = worst(sums.ask_quality, known);
    }
  }
  for (std::uint32_t e = 0; e < books_.size(); ++e) {
    const Book& book = books_[e];
    for (std::size_t v = 0; v < kViews.size(); ++v) {
      const Estimate& delta = view.book_exposures[e].delta_coins[static_cast<std::size_t>(kViews[v])];
      out.publish(book.bid_rows[v], delta + Estimate{book.sums.bids[v], book.sums.bid_quality});
      out.publish(book.ask_rows[v], delta + Estimate{book.sums.asks[v], book.sums.ask_quality});
    }
  }
}

void WorkingOrderMonitor::visit_state(StateArchive& archive) { archive(books_, touched_, due_); }

}  // namespace hedgewatch
