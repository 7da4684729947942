#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/engine/engine_setup.hpp"
#include "core/instrument/registry.hpp"
#include "core/portfolio/account.hpp"
#include "core/risk/position_risk.hpp"

namespace hedgewatch {

/// The book that collects account positions no rule takes. Reported only when there are any.
inline constexpr std::string_view kRestBook = "rest";

/// One instrument in one book, with everything that holds it: configured lines and accounts.
struct Holding {
  std::uint32_t book = 0;
  InstrumentSlot slot = kNoSlot;
  SizedPosition position;
  std::uint32_t first_source = 0;
  std::uint32_t source_count = 0;
};

/// Whether a rule takes a position.
[[nodiscard]] bool takes(const BookRule& rule, AccountId account, const Contract& contract, Venue venue);

/// Configured lines and account positions, collected into books. The assignment is made anew when the structure changes.
class Portfolio {
 public:
  /// Takes the configuration; known accounts keep what the venue said when the new configuration names them too.
  void configure(const EngineSetup& setup);

  [[nodiscard]] Account* account(AccountId id);
  [[nodiscard]] std::span<const Account> accounts() const { return accounts_; }
  [[nodiscard]] std::span<Account> accounts() { return accounts_; }

  /// Assigns every position to its book. Holdings come out ordered by book, underlying, venue, quote and instrument.
  void rebuild(const InstrumentRegistry& registry);
  [[nodiscard]] std::span<const Holding> holdings() const { return holdings_; }
  /// Recomputes one holding's size, cost and quality from its sources.
  void refresh(std::size_t holding, const InstrumentRegistry& registry, std::span<const Quality> account_qualities);

  /// Configured books, and one more for the rest.
  [[nodiscard]] std::size_t book_count() const { return books_.size() + 1; }
  [[nodiscard]] std::string_view book_name(std::size_t book) const;
  /// MissingInstrument while a line or a position of the book has no listed instrument: its underlying is not even known.
  [[nodiscard]] Quality unlisted(std::size_t book) const { return unlisted_[book]; }
  /// Accounts from which positions of the book can come.
  [[nodiscard]] std::span<const std::uint16_t> book_accounts(std::size_t book) const { return book_accounts_[book]; }

  /// Whether listing this instrument gives a waiting line, position or working order its contract.
  [[nodiscard]] bool awaits(InstrumentId id, Venue venue, std::string_view name) const;

  /// See StateArchive.
  void visit_state(auto& archive) { archive(accounts_, sources_, holdings_, unlisted_); }

 private:
  struct Line {
    std::uint32_t book;
    InstrumentPattern instrument;
    double size;
    std::optional<double> entry_price;
  };
  struct Source {
    std::uint32_t book;
    InstrumentSlot slot;
    std::uint16_t account;  ///< kLineSource: a configured line
    std::uint32_t index;    ///< into lines_ or the account's positions
  };
  static constexpr std::uint16_t kLineSource = 0xFFFF;

  std::vector<BookSetup> books_;
  std::vector<std::string> account_names_;
  std::vector<Account> accounts_;
  std::vector<Line> lines_;
  std::vector<Source> sources_;
  std::vector<Holding> holdings_;
  std::vector<Quality> unlisted_;
  std::vector<std::vector<std::uint16_t>> book_accounts_;
};

}  // namespace hedgewatch
