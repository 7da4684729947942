#include "core/engine/profit_monitor.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>
#include <variant>

#include "core/engine/account_equity.hpp"
#include "core/engine/leg_quotes.hpp"

namespace hedgewatch {

namespace {

/// How long after expiry the venue's word about the delivery price is awaited; then the index stands in for it.
constexpr std::chrono::nanoseconds kDeliveryWait = std::chrono::minutes{2};

bool is_option(const Contract& contract) { return contract.kind == ContractKind::Option; }

bool inverse_future(const Contract& contract) { return contract.style == PayoffStyle::Inverse && !is_option(contract); }

/// Settlement asset that `size` units are worth at a price, up to a constant: differences are what counts.
double value_at(const Contract& contract, double size, double price) {
  return inverse_future(contract) ? -size / price : size * price;
}

constexpr std::string_view kEveryBook = "(all)";

}  // namespace

void ProfitMonitor::lay_out(const DeskView& view, FigureTable& table) {
  std::vector<Book> books(view.portfolio.book_count());
  std::vector<std::size_t> new_of_old(books_.size(), kGone);
  for (std::size_t i = 0; i < books.size(); ++i) {
    const std::string_view name = view.portfolio.book_name(i);
    for (std::size_t old = 0; old < books_.size(); ++old)
      if (books_[old].name == name) {
        books[i] = std::move(books_[old]);
        books_[old].name.clear();
        new_of_old[old] = i;
      }
    books[i].name = name;
    // Other periods begin anew: what was counted by the old ones says nothing about them.
    if (!(books[i].record.periods() == view.setup.profit)) books[i].record = ProfitRecord{view.setup.profit};
  }
  books_ = std::move(books);
  for (Position& position : positions_) position.book = position.book < new_of_old.size() ? new_of_old[position.book] : kGone;
  std::erase_if(positions_, [](const Position& position) {
    return position.book == kGone || (position.size == 0 && position.held == 0 && !position.traded.any);
  });
  std::sort(positions_.begin(), positions_.end(), [](const Position& a, const Position& b) {
    return std::pair{a.book, a.slot} < std::pair{b.book, b.slot};
  });

  for (const Holding& holding : view.portfolio.holdings()) position(holding.book, holding.slot);
  for (std::size_t i = 0; i < books_.size(); ++i) {
    Book& book = books_[i];
    // The rest is reported once something was in it, as its other figures are.
    book.reported = book.reported || i + 1 < books_.size() || has_positions(i);
    if (!book.reported) continue;
    for (std::size_t s = 0; s < kProfitSinces.size(); ++s) {
      const std::string_view since = label(kProfitSinces[s]);
      for (std::size_t c = 0; c < kProfitComponents; ++c)
        book.rows[s][c] = table.add_row(Figure::PnlUsd, {book.name, label(static_cast<ProfitComponent>(c)), since});
      book.ratio[s] = table.add_row(Figure::PnlUnexplainedRatio, {book.name, since});
    }
    book.session_loss = view.portfolio.book_accounts(i).empty() ? kNoRow : table.add_row(Figure::SessionLossRatio, {book.name});
  }
  all_accounts_.resize(view.portfolio.accounts().size());
  std::iota(all_accounts_.begin(), all_accounts_.end(), std::uint16_t{0});
  const auto reported = std::count_if(books_.begin(), books_.end(), [](const Book& book) { return book.session_loss != kNoRow; });
  every_session_loss_ = reported > 1 ? table.add_row(Figure::SessionLossRatio, {kEveryBook}) : kNoRow;
  fills_.reserve(kReservedFills);
  look_for_trades_ = true;
  round_open_ = false;
  next_round_ = view.now;
}

bool ProfitMonitor::has_positions(std::size_t book) const {
  return std::any_of(positions_.begin(), positions_.end(), [book](const Position& one) { return one.book == book; });
}

ProfitMonitor::Position& ProfitMonitor::position(std::size_t book, InstrumentSlot slot) {
  const auto place =
      std::lower_bound(positions_.begin(), positions_.end(), std::pair{book, slot}, [](const Position& one, const auto& key) {
        return std::pair{one.book, one.slot} < key;
      });
  if (place != positions_.end() && place->book == book && place->slot == slot) return *place;
  Position fresh;
  fresh.book = book;
  fresh.slot = slot;
  return *positions_.insert(place, fresh);
}

void ProfitMonitor::apply(const DeskView& view, const Event& event) {
  if (!is_account_event(event.body)) return;
  look_for_trades_ = true;
  const auto* fill = std::get_if<Fill>(&event.body);
  const InstrumentSlot slot = view.registry.slot_of(event.header.instrument);
  if (fill == nullptr || slot == kNoSlot || static_cast<std::size_t>(event.header.account) >= view.setup.accounts.size()) return;
  fills_.push_back({.account = event.header.account, .slot = slot, .fill = *fill, .sized = reconcile_->last_fill_booked()});
}

std::size_t ProfitMonitor::book_of(const DeskView& view, AccountId account, InstrumentSlot slot) {
  const Contract& contract = view.registry.contract(slot);
  const Venue venue = view.registry.venue(slot);
  for (std::size_t book = 0; book < view.setup.books.size(); ++book)
    for (const BookRule& rule : view.setup.books[book].rules)
      if (takes(rule, account, contract, venue)) return book;
  return view.setup.books.size();
}

ProfitMonitor::Moment ProfitMonitor::moment(const DeskView& view, InstrumentSlot slot) const {
  const Contract& contract = view.registry.contract(slot);
  const std::uint32_t place = view.desk.tracked_of_slot[index_of(slot)];
  const VenueTime venue_now = view.now_at(view.registry.venue(slot));
  const Estimate index = view.index_price(view.market.at(slot).index);
  const Estimate dollars =
      contract.style == PayoffStyle::Inverse ? index : dollars_of_asset(view, view.registry.venue(slot), contract.settlement);
  Moment now{.index = index.value,
             .dollars = dollars.value,
             .funding_paid = reconcile_->funding_paid_per_unit(slot),
             .at = venue_now,
             .quality = worst(index.quality, dollars.quality)};
  const auto delivered = reconcile_->delivery_price(slot);
  const bool passed = contract.expiry != kNoVenueTime && venue_now != kNoVenueTime && venue_now >= contract.expiry;
  now.over = delivered || passed || view.registry.phase(slot) == InstrumentPhase::Expired;
  if (now.over) {
    if (!delivered && !(passed && venue_now - contract.expiry >= kDeliveryWait))
      now.quality = worst(now.quality, Quality::unknown(FigureReason::Expired));
    now.forward = delivered.value_or(index.value);
    now.mark = delivery_value(contract, now.forward);
    return now;
  }
  if (place == kNoPlace) {
    now.quality = Quality::unknown(FigureReason::Empty);
    return now;
  }
  const InstrumentValuation& valuation = view.valuation(place);
  now.mark = valuation.mark_price;
  now.quality = worst(now.quality, valuation.mark);
  if (is_option(contract)) {
    now.forward = valuation.forward_price;
    now.vol = valuation.pricing_vol_ratio;
    now.quality = worst(now.quality, valuation.greeks);
  } else {
    now.forward = valuation.mark_price;
  }
  if (contract.style != PayoffStyle::Inverse && !is_dollar_quoted(contract))
    now.quality = worst(now.quality, Quality::unknown(FigureReason::MixedNumeraire));
  return now;
}

void ProfitMonitor::begin(const DeskView& view, Position& position, const Moment& now, double size) {
  const Contract& contract = view.registry.contract(position.slot);
  position.size = now.over ? 0 : size;
  position.start = now;
  position.started = true;
  position.open = {};
  position.traded = {};
  const bool timed = contract.expiry != kNoVenueTime && now.at != kNoVenueTime;
  const YearFraction left =
      timed ? YearFraction::from_nanoseconds(static_cast<double>((contract.expiry - now.at).count())) : YearFraction::from_years(0);
  position.sensitivity = now.over || size == 0 ? std::nullopt : value_sensitivity(contract, now.forward, now.vol, left);
}

ProfitTerms ProfitMonitor::explain(const DeskView& view, const Position& position, const Moment& now) {
  const Contract& contract = view.registry.contract(position.slot);
  const Moment& start = position.start;
  ProfitTerms terms;
  if (position.size != 0) {
    if (position.sensitivity) {
      const double forward_change = now.forward - start.forward;
      const VenueTime end = contract.expiry != kNoVenueTime ? std::min(now.at, contract.expiry) : now.at;
      const double with_index = start.forward * (now.index / start.index - 1);
      terms = taylor_terms(*position.sensitivity, position.size,
                           {.forward = forward_change,
                            .beyond_index = forward_change - with_index,
                            .vol = now.over ? 0 : now.vol - start.vol,
                            .years = YearFraction::from_nanoseconds(static_cast<double>((end - start.at).count())).years()});
    }
    terms[ProfitComponent::Funding] = -position.size * (now.funding_paid - start.funding_paid);
    explain_rest(terms, mark_profit(contract, position.size, start.mark, now.mark) + terms[ProfitComponent::Funding]);
  }
  const Traded& traded = position.traded;
  if (traded.any) terms[ProfitComponent::Trading] = value_at(contract, traded.size, now.mark) - traded.value;
  terms = terms.times(now.dollars);
  terms[ProfitComponent::Fees] = -traded.fees_usd;
  return terms;
}

void ProfitMonitor::cut(const DeskView& view, Position& position, const Moment& now, double size) {
  if (!position.started) {
    // What opened it is a trade of an interval that has just begun.
    const Traded traded = position.traded;
    begin(view, position, now, 0);
    position.traded = traded;
  }
  books_[position.book].record.add(now.at, explain(view, position, now));
  begin(view, position, now, size);
}

void ProfitMonitor::route_fills(const DeskView& view) {
  for (const Told& told : fills_) {
    Position& target = position(book_of(view, told.account, told.slot), told.slot);
    const Contract& contract = view.registry.contract(told.slot);
    const Fill& fill = told.fill;
    if (told.sized) {
      const double size = fill.side == Side::Buy ? fill.size.to_double() : -fill.size.to_double();
      target.traded.size += size;
      target.traded.value += value_at(contract, size, fill.price.to_double());
    }
    target.traded.any = true;
    if (!is_present(fill.fee)) continue;
    const AssetCode asset = fill.fee_asset.empty() ? contract.settlement : fill.fee_asset;
    const Estimate price = dollars_of_asset(view, view.registry.venue(told.slot), asset);
    // A fee whose asset has no price now is counted at the price it last had, which is off by little; without any it is left out.
    if (std::isfinite(price.value)) target.traded.fees_usd += fill.fee * price.value;
  }
  fills_.clear();
  for (std::size_t account = 0; account < view.setup.accounts.size(); ++account) {
    for (const AccountLedger::Missed& missed : reconcile_->ledger(account)->missed()) {
      if (!missed.cash) continue;
      Position& target = position(book_of(view, AccountId{static_cast<std::uint16_t>(account)}, missed.slot), missed.slot);
      target.traded.missed_size += missed.size;
      target.traded.missed_value -= *missed.cash;
      target.traded.any = true;
    }
  }
  reconcile_->clear_missed();
}

void ProfitMonitor::take_trades(const DeskView& view) {
  for (Position& one : positions_) {
    one.held = 0;
    one.size_quality = Quality{};
  }
  for (const Holding& holding : view.portfolio.holdings()) {
    Position& one = position(holding.book, holding.slot);
    one.held = holding.position.size;
    one.size_quality = holding.position.quality;
  }
  look_for_trades_ = false;
  for (Position& one : positions_) {
    const bool moved = one.held != one.size || one.traded.any;
    if (!moved || !one.size_quality.ok()) continue;
    // What the ledger took over counts at its cost where the book's size moved by it now, and at the mark where it had moved
    // before.
    if (one.traded.missed_size != 0 && one.traded.missed_size == one.held - one.size - one.traded.size) {
      one.traded.size += one.traded.missed_size;
      one.traded.value += one.traded.missed_value;
    }
    one.traded.missed_size = one.traded.missed_value = 0;
    const Moment now = moment(view, one.slot);
    if (now.over && one.started && one.size == 0 && !one.traded.any) continue;
    if (now.quality.ok())
      cut(view, one, now, one.held);
    else
      look_for_trades_ = true;
  }
}

void ProfitMonitor::refresh(const DeskView& view, Position& position) {
  const bool flat = position.size == 0 && position.held == 0 && !position.traded.any;
  position.quality = Quality{};
  if (flat) return;
  const Moment now = moment(view, position.slot);
  if (now.over && position.started && position.size == 0) return;
  position.quality = worst(now.quality, position.size_quality);
  if (!now.quality.ok()) return;
  if (!position.started) {
    if (position.size_quality.ok()) begin(view, position, now, position.held);
    return;
  }
  const ProfitRecord& record = books_[position.book].record;
  const bool turned = record.session_of(now.at) != record.session_of(position.start.at);
  if (now.over || turned || now.at - position.start.at >= kInterval)
    cut(view, position, now, position.size);
  else
    position.open = explain(view, position, now);
}

void ProfitMonitor::refresh_collateral(const DeskView& view, const Exposure& exposure) {
  Book& book = books_[exposure.book];
  if (exposure.equity.empty() || exposure.book >= view.setup.books.size() ||
      view.setup.books[exposure.book].numeraire == Numeraire::Coin)
    return;
  const auto known = std::find_if(book.collateral.begin(), book.collateral.end(),
                                  [&](const Collateral& one) { return one.asset == exposure.underlying; });
  Collateral& held = known != book.collateral.end() ? *known : book.collateral.emplace_back();
  held.asset = exposure.underlying;
  Estimate coins;
  Estimate index;
  VenueTime at = kNoVenueTime;
  for (const EquitySource& source : exposure.equity) {
    const Account& account = view.portfolio.accounts()[source.account];
    if (source.summary == kNoPlace || !is_present(account.summaries()[source.summary].amounts.equity)) {
      coins.quality = worst(coins.quality, Quality::unknown(FigureReason::MissingEquity));
      continue;
    }
    const Account::Summary& summary = account.summaries()[source.summary];
    coins = coins + Estimate{source.share * summary.amounts.equity, view.freshness.of_account(summary.origin, account.venue())};
    index = view.index_price(source.index);
    coins.quality = worst(coins.quality, index.quality);
    at = std::max(at, view.now_at(account.venue()));
  }
  held.quality = coins.quality;
  if (!coins.quality.ok()) return;
  const auto begin = [&] {
    held.started = true;
    held.coins = coins.value;
    held.index = index.value;
    held.at = at;
    held.open_usd = 0;
  };
  if (!held.started) return begin();
  held.open_usd = held.coins * (index.value - held.index);
  if (at - held.at < kInterval && book.record.session_of(at) == book.record.session_of(held.at)) return;
  ProfitTerms terms;
  terms[ProfitComponent::Collateral] = held.open_usd;
  book.record.add(at, terms);
  begin();
}

void ProfitMonitor::publish(const DeskView& view, const Publisher& out) {
  for (const Exposure& exposure : view.desk.exposures) refresh_collateral(view, exposure);
  std::size_t next = 0;
  for (std::size_t i = 0; i < books_.size(); ++i) {
    Book& book = books_[i];
    ProfitTerms open;
    Quality quality = view.portfolio.unlisted(i);
    for (const std::uint16_t account : view.portfolio.book_accounts(i)) quality = worst(quality, view.account_qualities[account]);
    VenueTime at = kNoVenueTime;
    for (const Venue venue : kVenues) at = std::max(at, view.now_at(venue));
    for (; next < positions_.size() && positions_[next].book == i; ++next) {
      open += positions_[next].open;
      quality = worst(quality, positions_[next].quality);
    }
    Quality collateral_quality;
    for (const Collateral& collateral : book.collateral) {
      open[ProfitComponent::Collateral] += collateral.open_usd;
      collateral_quality = worst(collateral_quality, collateral.quality);
    }
    const Quality everything = worst(quality, collateral_quality);
    if (!book.reported) continue;
    book.record.advance(at);
    for (std::size_t s = 0; s < kProfitSinces.size(); ++s) {
      ProfitTerms total = book.record.since(kProfitSinces[s]);
      total += open;
      for (std::size_t c = 0; c < kProfitComponents; ++c) {
        const bool collateral = static_cast<ProfitComponent>(c) == ProfitComponent::Collateral;
        out.publish(book.rows[s][c], {total.amounts[c], collateral ? collateral_quality : quality});
      }
      const auto ratio = total.unexplained_ratio();
      const Quality nothing_moved = Quality::unknown(FigureReason::Inconclusive);
      const Quality defined = ratio || !everything.ok() ? everything : nothing_moved;
      out.publish(book.ratio[s], {ratio.value_or(0), defined});
      if (kProfitSinces[s] == ProfitSince::Session)
        book.session_usd = {std::accumulate(total.amounts.begin(), total.amounts.end(), 0.0), everything};
    }
  }
  publish_session_losses(view, out);
}

void ProfitMonitor::publish_session_losses(const DeskView& view, const Publisher& out) {
  const auto loss = [&](const Estimate& earned, std::span<const std::uint16_t> accounts) -> Estimate {
    const Estimate equity = equity_usd(view, accounts);
    const Quality quality = worst(earned.quality, equity.quality);
    if (quality.ok() && !(equity.value > 0)) return {0, Quality::unknown(FigureReason::MissingEquity)};
    return {-earned.value / equity.value, quality};
  };
  Estimate every;
  for (std::size_t i = 0; i < books_.size(); ++i) {
    const Book& book = books_[i];
    if (book.session_loss == kNoRow) continue;
    out.publish(book.session_loss, loss(book.session_usd, view.portfolio.book_accounts(i)));
    every = every + book.session_usd;
  }
  if (every_session_loss_ != kNoRow) out.publish(every_session_loss_, loss(every, all_accounts_));
}

void ProfitMonitor::end_cycle(const DeskView& view, const Publisher& out) {
  if (look_for_trades_ || reconcile_->has_missed()) {
    const std::size_t known = positions_.size();
    route_fills(view);
    take_trades(view);
    if (positions_.size() != known) next_ = 0;
  }
  if (!round_open_ && view.now >= next_round_) {
    round_open_ = true;
    next_ = 0;
  }
  if (!round_open_) return;
  const std::size_t end = std::min(positions_.size(), next_ + kPositionsPerCycle);
  for (; next_ < end; ++next_) refresh(view, positions_[next_]);
  if (next_ < positions_.size()) return;
  round_open_ = false;
  next_round_ = view.now + kRefresh;
  publish(view, out);
}

void ProfitMonitor::visit_state(StateArchive& archive) {
  archive(books_, every_session_loss_, all_accounts_, positions_, fills_, look_for_trades_, next_, round_open_, next_round_);
}

}  // namespace hedgewatch
