#include "core/portfolio/account.hpp"

#include <doctest/doctest.h>

using namespace hedgewatch;

namespace {

constexpr InstrumentId kFirst{1};
constexpr InstrumentId kSecond{2};
constexpr ConnectionId kLink{0};

PositionReport sized(double size, double entry = 100) {
  return {.size = Size::from_raw(static_cast<std::int64_t>(size * 1e9)), .average_entry = entry};
}

struct Desk {
  Feeds feeds;
  Freshness freshness{feeds};
  Account account;
  std::vector<std::uint32_t> closed;

  Desk() {
    feeds.renumber_connections({}, 1);
    feeds.find(kLink)->phase = FeedPhase::Live;
    (void)account.hear(Venue::Deribit, {.exchange_time = kNoVenueTime, .received = MonoTime{}, .connection = kLink});
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  Quality quality() { return account.positions_quality(freshness, feeds); }
  void snapshot(std::initializer_list<InstrumentId> named) {
    account.begin_snapshot();
    for (const InstrumentId id : named) account.apply(sized(5), id);
    account.end_snapshot(closed);
  }
};

}  // namespace

TEST_SUITE("core/portfolio/account") {
  TEST_CASE("positions are unknown until a whole snapshot has come") {
    Desk desk;
    CHECK(desk.quality() == Quality::unknown(FigureReason::NeverReceived));
    desk.account.apply(sized(3), kFirst);
    CHECK(desk.quality().state() == FigureState::Unknown);
    desk.account.begin_snapshot();
    CHECK(desk.quality().state() == FigureState::Unknown);
    desk.account.end_snapshot(desk.closed);
    CHECK(desk.quality().ok());
  }

  TEST_CASE("an end without a beginning completes nothing") {
    Desk desk;
    desk.account.end_snapshot(desk.closed);
    CHECK_FALSE(desk.quality().ok());
  }

  TEST_CASE("a snapshot that does not name a position closes it") {
    Desk desk;
    desk.snapshot({kFirst, kSecond});
    REQUIRE(desk.account.positions().size() == 2);
    desk.account.positions()[0].holding = 11;
    desk.snapshot({kSecond});
    CHECK(desk.account.positions()[0].size == 0);
    CHECK(desk.account.positions()[1].size == 5);
    CHECK(desk.closed == std::vector<std::uint32_t>{11});
  }

  TEST_CASE("a position keeps its size while a snapshot is under way") {
    Desk desk;
    desk.snapshot({kFirst});
    desk.account.begin_snapshot();
    CHECK(desk.account.positions()[0].size == 5);
  }

  TEST_CASE("a report opens a position, replaces it, and closes it with size 0") {
    Desk desk;
    CHECK(desk.account.apply(sized(3), kFirst).change == Account::Change::Opened);
    desk.account.positions()[0].holding = 4;
    const Account::Effect resized = desk.account.apply(sized(-2, 120), kFirst);
    CHECK(resized.change == Account::Change::Resized);
    CHECK(resized.holding == 4);
    CHECK(desk.account.positions()[0].size == -2);
    CHECK(desk.account.positions()[0].average_entry == 120);
    CHECK(desk.account.apply(sized(0), kFirst).change == Account::Change::Resized);
    CHECK(desk.account.positions()[0].size == 0);
    CHECK(desk.account.apply(sized(0), kSecond).change == Account::Change::None);
    CHECK(desk.account.positions().size() == 1);
  }

  TEST_CASE("a lost connection makes positions unknown until the next whole snapshot") {
    Desk desk;
    desk.snapshot({kFirst});
    desk.feeds.find(kLink)->phase = FeedPhase::Down;
    desk.account.lose_connection();
    CHECK(desk.quality() == Quality::unknown(FigureReason::FeedDown));
    desk.feeds.find(kLink)->phase = FeedPhase::Live;
    CHECK(desk.quality() == Quality::unknown(FigureReason::NeverReceived));
    desk.snapshot({kFirst});
    CHECK(desk.quality().ok());
  }

  TEST_CASE("a snapshot cut off by a lost connection closes nothing and completes nothing") {
    Desk desk;
    desk.snapshot({kFirst, kSecond});
    desk.account.begin_snapshot();
    desk.account.lose_connection();
    desk.account.end_snapshot(desk.closed);
    CHECK(desk.account.positions()[0].size == 5);
    CHECK_FALSE(desk.quality().ok());
  }

  TEST_CASE("a position beyond the capacity is refused, counted, and makes the list unknown") {
    Desk desk;
    desk.account.begin_snapshot();
    for (std::uint32_t i = 0; i <= Account::kMaxPositions; ++i) desk.account.apply(sized(1), InstrumentId{i});
    desk.account.end_snapshot(desk.closed);
    CHECK(desk.account.refused() == 1);
    CHECK(desk.account.positions().size() == Account::kMaxPositions);
    CHECK_FALSE(desk.quality().ok());
  }

  TEST_CASE("each asset has one summary, the newest") {
    Desk desk;
    const auto btc = AssetCode::from("BTC").value();
    CHECK(desk.account.apply(AccountSummary{.asset = btc, .equity = 3}, {}));
    CHECK_FALSE(desk.account.apply(AccountSummary{.asset = btc, .equity = 4}, {}));
    REQUIRE(desk.account.summaries().size() == 1);
    CHECK(desk.account.summaries()[0].amounts.equity == 4);
  }

  TEST_CASE("the first word of an account tells its venue, and says when that is another than was taken for it") {
    Account account;
    const Origin origin{.exchange_time = kNoVenueTime, .received = MonoTime{}, .connection = kLink};
    CHECK(account.hear(Venue::Okx, origin));
    CHECK(account.venue() == Venue::Okx);
    CHECK_FALSE(account.hear(Venue::Okx, origin));
  }

  TEST_CASE("an asset's totals are new once, and assets beyond the capacity are refused and counted") {
    Desk desk;
    const auto coin = [](std::size_t i) { return AssetCode::from("C" + std::to_string(i)).value(); };
    CHECK_FALSE(desk.account.states_totals_of(coin(0)));
    for (std::size_t i = 0; i < Account::kMaxAssets; ++i) CHECK(desk.account.apply(AccountGreeks{.asset = coin(i)}));
    CHECK_FALSE(desk.account.apply(AccountGreeks{.asset = coin(0)}));
    CHECK(desk.account.states_totals_of(coin(0)));
    CHECK(desk.account.refused() == 0);
    CHECK_FALSE(desk.account.apply(AccountGreeks{.asset = coin(Account::kMaxAssets)}));
    CHECK_FALSE(desk.account.states_totals_of(coin(Account::kMaxAssets)));
    CHECK(desk.account.refused() == 1);
  }
}
