#include "core/portfolio/portfolio.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace hedgewatch;

namespace {

constexpr AccountId kMain{0};
constexpr AccountId kOther{1};

InstrumentPattern pattern(std::string symbol) { return {.venue = Venue::Deribit, .symbol = std::move(symbol)}; }

Contract contract(std::string_view name, std::string_view base, ContractKind kind, PayoffStyle style) {
  Contract result;
  result.name = InstrumentName::from(name).value();
  result.base = AssetCode::from(base).value();
  result.quote = AssetCode::from("USD").value();
  result.kind = kind;
  result.style = style;
  result.size_unit = style == PayoffStyle::Inverse && kind != ContractKind::Option ? SizeUnit::Quote : SizeUnit::Base;
  return result;
}

struct Desk {
  InstrumentRegistry registry;
  Portfolio portfolio;
  std::vector<Quality> qualities{Quality{}, Quality{}};
  std::uint32_t next = 0;

  InstrumentId list(std::string_view name, std::string_view base, ContractKind kind, PayoffStyle style = PayoffStyle::Inverse) {
    const InstrumentId id = make_instrument_id(Venue::Deribit, next++);
    registry.list(id, Venue::Deribit, contract(name, base, kind, style));
    return id;
  }
  void hold(AccountId account, InstrumentId id, double size, double entry = 100) {
    portfolio.account(account)->apply(
        PositionReport{.size = Size::from_raw(static_cast<std::int64_t>(size * 1e9)), .average_entry = entry}, id);
  }
  void rebuild() {
    portfolio.rebuild(registry);
    for (std::size_t i = 0; i < portfolio.holdings().size(); ++i) portfolio.refresh(i, registry, qualities);
  }
  [[nodiscard]] std::string names() const {
    std::string text;
    for (const Holding& holding : portfolio.holdings())
      text.append(portfolio.book_name(holding.book)).append(":").append(registry.contract(holding.slot).name.view()).append(" ");
    return text;
  }
};

EngineSetup accounts_and(std::vector<BookSetup> books) {
  EngineSetup setup;
  setup.accounts = {"main", "other"};
  setup.books = std::move(books);
  return setup;
}

BookSetup ruled(std::string name, BookRule rule) {
  return {.name = std::move(name), .rules = {std::move(rule)}, .positions = {}, .equity = {}};
}

}  // namespace

TEST_SUITE("core/portfolio/portfolio") {
  TEST_CASE("a position goes to the first book whose rule takes it, and the others to the rest") {
    Desk desk;
    desk.portfolio.configure(accounts_and({ruled("calls", {.accounts = {}, .underlyings = {}, .instruments = {pattern("BTC-*-C")}}),
                                           ruled("btc", {.accounts = {}, .underlyings = {"BTC"}, .instruments = {}})}));
    desk.hold(kMain, desk.list("BTC-X-1-C", "BTC", ContractKind::Option), 1);
    desk.hold(kMain, desk.list("BTC-X-1-P", "BTC", ContractKind::Option), 1);
    desk.hold(kMain, desk.list("ETH-PERPETUAL", "ETH", ContractKind::Perpetual), 1);
    desk.rebuild();
    CHECK(desk.names() == "calls:BTC-X-1-C btc:BTC-X-1-P rest:ETH-PERPETUAL ");
  }

  TEST_CASE("a rule that names accounts takes from those only") {
    Desk desk;
    desk.portfolio.configure(accounts_and({ruled("own", {.accounts = {kOther}, .underlyings = {}, .instruments = {}})}));
    const InstrumentId id = desk.list("BTC-PERPETUAL", "BTC", ContractKind::Perpetual);
    desk.hold(kMain, id, 1);
    desk.hold(kOther, id, 2);
    desk.rebuild();
    CHECK(desk.names() == "own:BTC-PERPETUAL rest:BTC-PERPETUAL ");
    CHECK(desk.portfolio.holdings()[0].position.size == 2);
    CHECK(desk.portfolio.book_accounts(0).size() == 1);
    CHECK(desk.portfolio.book_accounts(1).size() == 2);
  }

  TEST_CASE("one instrument held from several sources is one holding whose cost is that of its parts") {
    Desk desk;
    BookSetup book = ruled("all", {});
    book.positions = {{.instrument = pattern("BTC-PERPETUAL"), .size = -30'000, .entry_price = 60'000}};
    desk.portfolio.configure(accounts_and({book}));
    const InstrumentId id = desk.list("BTC-PERPETUAL", "BTC", ContractKind::Perpetual);
    desk.hold(kMain, id, 100'000, 50'000);
    desk.hold(kOther, id, 50'000, 40'000);
    desk.rebuild();
    REQUIRE(desk.portfolio.holdings().size() == 1);
    const SizedPosition& position = desk.portfolio.holdings()[0].position;
    CHECK(position.size == 120'000);
    // 100,000 / 50,000 + 50,000 / 40,000 - 30,000 / 60,000 coins
    CHECK(position.entry_cost == doctest::Approx(2 + 1.25 - 0.5));
    CHECK(position.entry_known);
  }

  TEST_CASE("a holding is known as well as the worst of its accounts") {
    Desk desk;
    desk.portfolio.configure(accounts_and({ruled("all", {})}));
    const InstrumentId id = desk.list("BTC-PERPETUAL", "BTC", ContractKind::Perpetual);
    desk.hold(kMain, id, 1);
    desk.hold(kOther, id, 1);
    desk.qualities[1] = Quality::unknown(FigureReason::FeedDown);
    desk.rebuild();
    CHECK(desk.portfolio.holdings()[0].position.quality.reason() == FigureReason::FeedDown);
  }

  TEST_CASE("a missing entry price is missing for the whole holding") {
    Desk desk;
    desk.portfolio.configure(accounts_and({ruled("all", {})}));
    const InstrumentId id = desk.list("BTC-PERPETUAL", "BTC", ContractKind::Perpetual);
    desk.hold(kMain, id, 1, kAbsent);
    desk.hold(kOther, id, 1, 100);
    desk.rebuild();
    CHECK_FALSE(desk.portfolio.holdings()[0].position.entry_known);
  }

  TEST_CASE("a line whose instrument is not listed makes its own book unknown, and only that") {
    Desk desk;
    BookSetup book{.name = "lines",
                   .rules = {},
                   .positions = {{.instrument = pattern("BTC-X-1-C"), .size = 1, .entry_price = {}}},
                   .equity = {}};
    BookSetup other{.name = "other", .rules = {}, .positions = {}, .equity = {}};
    desk.portfolio.configure(accounts_and({book, other}));
    desk.rebuild();
    CHECK(desk.portfolio.unlisted(0).reason() == FigureReason::MissingInstrument);
    CHECK(desk.portfolio.unlisted(1).ok());
    CHECK(desk.portfolio.awaits(make_instrument_id(Venue::Deribit, 0), Venue::Deribit, "BTC-X-1-C"));
    CHECK_FALSE(desk.portfolio.awaits(make_instrument_id(Venue::Deribit, 0), Venue::Deribit, "BTC-X-2-C"));
    desk.list("BTC-X-1-C", "BTC", ContractKind::Option);
    desk.rebuild();
    CHECK(desk.portfolio.unlisted(0).ok());
  }

  TEST_CASE("an account position without a listed instrument makes every book unknown that could hold it") {
    Desk desk;
    desk.portfolio.configure(accounts_and({ruled("main", {.accounts = {kMain}, .underlyings = {}, .instruments = {}}),
                                           ruled("other", {.accounts = {kOther}, .underlyings = {}, .instruments = {}})}));
    desk.hold(kOther, make_instrument_id(Venue::Deribit, 77), 1);
    desk.rebuild();
    CHECK(desk.portfolio.unlisted(0).ok());
    CHECK(desk.portfolio.unlisted(1).reason() == FigureReason::MissingInstrument);
    CHECK(desk.portfolio.awaits(make_instrument_id(Venue::Deribit, 77), Venue::Deribit, "ANY"));
  }

  TEST_CASE("holdings of one book and underlying lie together, ordered by instrument and not by arrival") {
    Desk desk;
    desk.portfolio.configure(accounts_and({ruled("all", {})}));
    const InstrumentId a = desk.list("BTC-A", "BTC", ContractKind::Option);
    const InstrumentId e = desk.list("ETH-A", "ETH", ContractKind::Option);
    const InstrumentId b = desk.list("BTC-B", "BTC", ContractKind::Option);
    for (const InstrumentId id : {b, e, a}) desk.hold(kMain, id, 1);
    desk.rebuild();
    CHECK(desk.names() == "all:BTC-A all:BTC-B all:ETH-A ");
  }

  TEST_CASE("a new configuration keeps what the venue said about an account of the same name") {
    Desk desk;
    desk.portfolio.configure(accounts_and({ruled("all", {})}));
    desk.hold(kOther, desk.list("BTC-PERPETUAL", "BTC", ContractKind::Perpetual), 7);
    EngineSetup changed = accounts_and({ruled("renamed", {})});
    changed.accounts = {"other"};
    desk.portfolio.configure(changed);
    desk.rebuild();
    CHECK(desk.names() == "renamed:BTC-PERPETUAL ");
    CHECK(desk.portfolio.holdings()[0].position.size == 7);
  }
}
