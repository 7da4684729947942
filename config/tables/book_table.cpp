#include "config/tables/tables.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/shown.hpp"
#include "config/value_forms.hpp"
#include "config/value_readers.hpp"
#include "core/portfolio/portfolio.hpp"

namespace hedgewatch {

namespace {

/// Shares are written as decimals; three times a third must not be called more than the whole.
constexpr double kShareTolerance = 1e-9;

std::vector<TableReader> tables_of(TableReader& table, std::string_view key) {
  std::vector<TableReader> tables;
  (void)table.tables(key, tables);
  return tables;
}

BookRule read_rule(TableReader& table, CrossReferences& references) {
  BookRule rule;
  for (const auto& found : table.texts("accounts", "the name of a configured [[account]]")) {
    const auto index = CrossReferences::resolve(table, found, references.accounts, "account");
    if (!index) continue;
    const AccountId account{static_cast<std::uint16_t>(*index)};
    if (std::ranges::find(rule.accounts, account) != rule.accounts.end())
      fault_repeated(table, found);
    else
      rule.accounts.push_back(account);
  }
  rule.underlyings = as_asset_codes(table, table.texts("underlyings", kAssetCodeForm));
  rule.instruments = references.as_patterns(table, table.texts("instruments", kPatternForm));
  if (!table.has("accounts") && !table.has("underlyings") && !table.has("instruments"))
    table.fault(table.at(), table.path(), "is empty, must name accounts, underlyings or instruments");
  table.finish();
  return rule;
}

std::optional<ExplicitPosition> read_position(TableReader& table, CrossReferences& references) {
  auto position = read_line(table, references);
  table.finish();
  return position;
}

void read_equity(TableReader& table, CrossReferences& references, BookSetup& book) {
  constexpr std::string_view kShareForm = "a share above 0, at most 1";
  const auto account = table.required_text("account", "the name of a configured [[account]]");
  auto share = table.required_number("share", kShareForm);
  table.finish();
  if (share && !(share->value > 0 && share->value <= 1)) {
    table.fault(*share, "is " + shown(share->value) + ", must be " + std::string{kShareForm});
    share.reset();
  }
  const auto index = account ? CrossReferences::resolve(table, *account, references.accounts, "account") : std::nullopt;
  if (!index || !share) return;
  const AccountId id{static_cast<std::uint16_t>(*index)};
  if (std::ranges::find(book.equity, id, &BookSetup::EquityShare::account) != book.equity.end()) {
    fault_repeated(table, *account);
    return;
  }
  double& given = references.equity_given[*index];
  if (given + share->value > 1 + kShareTolerance) {
    table.fault(*share, "is " + shown(share->value) + ", must be at most " + shown(std::max(0.0, 1 - given)) +
                            ": the books' shares of " + shown(account->value) + " may sum to 1");
    return;
  }
  given += share->value;
  book.equity.push_back({id, share->value});
}

}  // namespace

void read_book(TableReader& table, CrossReferences& references, Config& config) {
  BookSetup book;
  const auto name = read_name(table, references.books);
  if (name && name->value == kRestBook)
    table.fault(*name, "is " + shown(name->value) + ", must be another name: what no book takes is reported under it");
  static constexpr std::array<Choice<Numeraire>, 2> kNumeraires{{{"dollars", Numeraire::Dollars}, {"coin", Numeraire::Coin}}};
  read_choice(table, "numeraire", kNumeraires, book.numeraire);
  for (TableReader& rule : tables_of(table, "rules")) book.rules.push_back(read_rule(rule, references));
  for (TableReader& line : tables_of(table, "positions"))
    if (auto position = read_position(line, references)) book.positions.push_back(std::move(*position));
  for (TableReader& share : tables_of(table, "equity")) read_equity(share, references, book);
  if (!table.has("rules") && !table.has("positions") && config.positions.file.empty())
    table.missing("rules", "given, or positions, or both: a book holds something");
  table.finish();
  if (name) {
    book.name = name->value;
    config.books.push_back(std::move(book));
  }
}

}  // namespace hedgewatch
