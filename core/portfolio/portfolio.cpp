#include "core/portfolio/portfolio.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace hedgewatch {

namespace {

bool admits(const BookRule& rule, AccountId account) {
  return rule.accounts.empty() || std::find(rule.accounts.begin(), rule.accounts.end(), account) != rule.accounts.end();
}

}  // namespace

bool takes(const BookRule& rule, AccountId account, const Contract& contract, Venue venue) {
  if (!admits(rule, account)) return false;
  if (!rule.underlyings.empty() &&
      std::find(rule.underlyings.begin(), rule.underlyings.end(), contract.base.view()) == rule.underlyings.end())
    return false;
  return rule.instruments.empty() ||
         std::any_of(rule.instruments.begin(), rule.instruments.end(),
                     [&](const InstrumentPattern& pattern) { return pattern.matches(venue, contract.name.view()); });
}

void Portfolio::configure(const EngineSetup& setup) {
  std::vector<Account> accounts(setup.accounts.size());
  for (std::size_t i = 0; i < setup.accounts.size(); ++i) {
    const auto known = std::find(account_names_.begin(), account_names_.end(), setup.accounts[i]);
    if (known != account_names_.end()) accounts[i] = std::move(accounts_[static_cast<std::size_t>(known - account_names_.begin())]);
  }
  accounts_ = std::move(accounts);
  account_names_ = setup.accounts;
  books_ = setup.books;

  lines_.clear();
  for (std::uint32_t book = 0; book < books_.size(); ++book)
    for (const ExplicitPosition& position : books_[book].positions)
      lines_.push_back({book, position.instrument, position.size, position.entry_price});

  const auto account_count = static_cast<std::uint16_t>(accounts_.size());
  book_accounts_.assign(book_count(), {});
  for (std::size_t book = 0; book < books_.size(); ++book)
    for (std::uint16_t account = 0; account < account_count; ++account)
      if (std::any_of(books_[book].rules.begin(), books_[book].rules.end(),
                      [account](const BookRule& rule) { return admits(rule, AccountId{account}); }))
        book_accounts_[book].push_back(account);
  for (std::uint16_t account = 0; account < account_count; ++account) book_accounts_[books_.size()].push_back(account);
  unlisted_.assign(book_count(), Quality{});
  holdings_.clear();
  sources_.clear();
}

Account* Portfolio::account(AccountId id) {
  const auto index = static_cast<std::size_t>(id);
  return index < accounts_.size() ? &accounts_[index] : nullptr;
}

std::string_view Portfolio::book_name(std::size_t book) const {
  return book < books_.size() ? std::string_view{books_[book].name} : kRestBook;
}

void Portfolio::rebuild(const InstrumentRegistry& registry) {
  holdings_.clear();
  sources_.clear();
  unlisted_.assign(book_count(), Quality{});
  const Quality missing = Quality::unknown(FigureReason::MissingInstrument);
  const auto rest = static_cast<std::uint32_t>(books_.size());

  for (std::uint32_t line = 0; line < lines_.size(); ++line) {
    const InstrumentSlot slot = registry.find(lines_[line].instrument.venue, lines_[line].instrument.symbol);
    if (slot == kNoSlot)
      unlisted_[lines_[line].book] = missing;
    else
      sources_.push_back({lines_[line].book, slot, kLineSource, line});
  }

  const auto account_count = static_cast<std::uint16_t>(accounts_.size());
  for (std::uint16_t account = 0; account < account_count; ++account) {
    std::vector<AccountPosition>& positions = accounts_[account].positions();
    std::erase_if(positions, [](const AccountPosition& position) { return position.size == 0; });
    for (std::uint32_t index = 0; index < positions.size(); ++index) {
      positions[index].holding = kNoHolding;
      const InstrumentSlot slot = registry.slot_of(positions[index].instrument);
      if (slot == kNoSlot) {
        // Any book that could hold it may be wrong by it.
        bool admitted = false;
        for (std::uint32_t book = 0; book < rest; ++book) {
          const auto& candidates = book_accounts_[book];
          if (std::find(candidates.begin(), candidates.end(), account) == candidates.end()) continue;
          unlisted_[book] = missing;
          admitted = true;
        }
        if (!admitted) unlisted_[rest] = missing;
        continue;
      }
      std::uint32_t taker = rest;
      for (std::uint32_t book = 0; book < rest && taker == rest; ++book)
        for (const BookRule& rule : books_[book].rules)
          if (takes(rule, AccountId{account}, registry.contract(slot), registry.venue(slot))) {
            taker = book;
            break;
          }
      sources_.push_back({taker, slot, account, index});
    }
  }

  const auto key = [&registry](const Source& source) {
    const Contract& contract = registry.contract(source.slot);
    return std::tuple{source.book, contract.base, registry.venue(source.slot), contract.quote, registry.id(source.slot)};
  };
  std::stable_sort(sources_.begin(), sources_.end(), [&key](const Source& a, const Source& b) { return key(a) < key(b); });

  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    const Source& source = sources_[i];
    if (holdings_.empty() || holdings_.back().book != source.book || holdings_.back().slot != source.slot)
      holdings_.push_back({.book = source.book, .slot = source.slot, .position = {}, .first_source = i, .source_count = 0});
    ++holdings_.back().source_count;
    if (source.account != kLineSource)
      accounts_[source.account].positions()[source.index].holding = static_cast<std::uint32_t>(holdings_.size() - 1);
  }
}

void Portfolio::refresh(std::size_t holding, const InstrumentRegistry& registry, std::span<const Quality> account_qualities) {
  Holding& target = holdings_[holding];
  const Contract& contract = registry.contract(target.slot);
  SizedPosition position;
  for (std::uint32_t i = target.first_source; i < target.first_source + target.source_count; ++i) {
    const Source& source = sources_[i];
    double size = 0;
    double entry = kAbsent;
    if (source.account == kLineSource) {
      size = lines_[source.index].size;
      entry = lines_[source.index].entry_price.value_or(kAbsent);
    } else {
      const AccountPosition& stated = accounts_[source.account].positions()[source.index];
      size = stated.size;
      entry = stated.average_entry;
      position.quality = worst(position.quality, account_qualities[source.account]);
    }
    if (size == 0) continue;
    position.size += size;
    const double cost = entry_cost(contract, size, entry);
    if (std::isfinite(cost))
      position.entry_cost += cost;
    else
      position.entry_known = false;
  }
  target.position = position;
}

bool Portfolio::awaits(InstrumentId id, Venue venue, std::string_view name) const {
  const bool by_line = std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
    return line.instrument.venue == venue && line.instrument.symbol == name;
  });
  if (by_line) return true;
  return std::any_of(accounts_.begin(), accounts_.end(), [id](const Account& account) {
    const auto orders = account.orders().orders();
    return std::any_of(account.positions().begin(), account.positions().end(),
                       [id](const AccountPosition& position) { return position.instrument == id; }) ||
           std::any_of(orders.begin(), orders.end(), [id](const WorkingOrders::Order& order) { return order.instrument == id; });
  });
}

}  // namespace hedgewatch
