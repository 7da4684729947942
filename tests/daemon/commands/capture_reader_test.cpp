#include "daemon/commands/capture_reader.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "support/temporary_folder.hpp"

using namespace hedgewatch;
using hedgewatch::testing::TemporaryFolder;

namespace {

constexpr std::int64_t kBegin = 1'796'000'000'000'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;

constexpr std::string_view kDeribit =
    "[[venue]]\nkind = \"deribit\"\nendpoint = \"wss://127.0.0.1:1/\"\nnetwork = \"testnet\"\ncurrencies = [\"BTC\"]\n"
    "market_data_max_age = \"2s\"\n[[account]]\nname = \"main\"\nvenue = \"deribit\"\nclient_id = \"kEy01\"\n"
    "secret_credential = \"key\"\n[[book]]\nname = \"desk\"\nrules = [{ accounts = [\"main\"] }]\n";
constexpr std::string_view kBybit =
    "[[venue]]\nkind = \"bybit\"\nnetwork = \"testnet\"\nproducts = [\"linear\"]\ncurrencies = [\"BTC\"]\n"
    "[[account]]\nname = \"main\"\nvenue = \"bybit\"\nclient_id = \"kEy01\"\nsecret_credential = \"key\"\n"
    "[[book]]\nname = \"desk\"\nrules = [{ accounts = [\"main\"] }]\n";
constexpr std::string_view kBinance =
    "[[venue]]\nkind = \"binance\"\nnetwork = \"testnet\"\nproducts = [\"usd_margined\"]\ncurrencies = [\"BTC\"]\n"
    "[[book]]\nname = \"desk\"\npositions = [{ instrument = \"binance:BTCUSDT\", size = 1 }]\n";

/// A line of a capture, so long after the beginning.
std::string line(double seconds, std::string_view frame) {
  return std::to_string(kBegin + static_cast<std::int64_t>(seconds * 1e9)) + ' ' + std::string{frame} + '\n';
}

std::string index_price(double price) {
  return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"deribit_price_index.btc_usd","data":{"price":)" +
         std::to_string(price) + R"(,"timestamp":1796000000000,"index_name":"btc_usd"}}})";
}
std::string quote(std::string_view instrument) {
  return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"quote.)" + std::string{instrument} +
         R"(","data":{"timestamp":1796000000000,"instrument_name":")" + std::string{instrument} +
         R"(","best_bid_price":50000,"best_bid_amount":10,"best_ask_price":50001,"best_ask_amount":10}}})";
}
std::string book(std::string_view type, int change, int previous) {
  return R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":{"type":")" +
         std::string{type} + R"(","instrument_name":"BTC-PERPETUAL","timestamp":1796000000000,"change_id":)" +
         std::to_string(change) + (previous == 0 ? "" : ",\"prev_change_id\":" + std::to_string(previous)) +
         R"(,"bids":[["new",50000,10]],"asks":[["new",50001,10]]}}})";
}

struct Reading {
  std::vector<Event> events;
  std::vector<std::string> told;
  CaptureTotals totals;

  /// How many events there are of a kind.
  template <class Body>
  [[nodiscard]] int count() const {
    int found = 0;
    for (const Event& event : events) found += std::holds_alternative<Body>(event.body) ? 1 : 0;
    return found;
  }
  /// Phases of a connection, with the seconds at which it came to them.
  [[nodiscard]] std::string phases(int connection) const {
    std::string text;
    for (const Event& event : events)
      if (const auto* status = std::get_if<FeedStatus>(&event.body); status && event.header.connection == ConnectionId(connection))
        text += std::to_string((nanoseconds_of(event.header.received) - kBegin) / 100'000'000) +
                (status->phase == FeedPhase::Live ? " live " : " down ");
    return text;
  }
};

/// Of the folder's files of frames, in the order in which they are given.
Reading read(const TemporaryFolder& folder, std::string_view configuration) {
  auto loaded = load_config(folder.write("hedgewatch.toml", configuration));
  REQUIRE(loaded.ok());
  LoadedConfig config = std::move(loaded).value();
  const std::vector<std::filesystem::path> inputs{folder.path()};
  REQUIRE(is_capture(folder.path()));
  auto files = capture_files(inputs, connection_plans(config.config));
  REQUIRE(files.ok());
  Reading reading;
  CaptureReader reader{std::move(config), std::move(files).value(), [&](const std::string& what) { reading.told.push_back(what); }};
  REQUIRE(std::holds_alternative<SessionStart>(*reader.next()));
  REQUIRE(std::get<ConfigurationText>(*reader.next()).text == configuration);
  while (const auto item = reader.next()) {
    const auto& journaled = std::get<JournaledEvent>(*item);
    CHECK(journaled.sequence == reading.events.size());
    reading.events.push_back(journaled.event);
  }
  reading.totals = reader.totals();
  return reading;
}

}  // namespace

TEST_SUITE("daemon/commands/capture_reader") {
  TEST_CASE("frames of all files come in the order of their times, each time with its cycle, and time passes between them") {
    const TemporaryFolder folder;
    static_cast<void>(folder.write("deribit-1.frames", line(0, index_price(1)) + line(0.25, index_price(3))));
    static_cast<void>(folder.write("deribit-2.frames", line(0.05, index_price(2)) + line(0.25, index_price(4))));
    const Reading reading = read(folder, kDeribit);
    std::string told;
    for (const Event& event : reading.events) {
      const auto* price = std::get_if<IndexPrice>(&event.body);
      const auto ms = std::to_string((nanoseconds_of(event.header.received) - kBegin) / 1'000'000);
      if (price != nullptr) told += ms + " price " + std::to_string(static_cast<int>(price->price)) + ' ';
      if (std::holds_alternative<TimerTick>(event.body)) told += ms + " tick ";
      if (std::holds_alternative<EndOfCycle>(event.body)) told += ms + " end; ";
    }
    CHECK(told == "0 price 1 0 end; 50 price 2 50 end; 150 tick 150 end; 250 price 3 250 price 4 250 end; ");
    CHECK(reading.totals.frames == 4);
    CHECK(reading.totals.whole());
    CHECK(reading.told.empty());
  }

  TEST_CASE("a connection is live from its first frame, and down while it is silent for longer than its data may be old") {
    const TemporaryFolder folder;
    static_cast<void>(folder.write("deribit-1.frames", line(0, index_price(1)) + line(5, index_price(2)) + line(6, "{}")));
    static_cast<void>(folder.write("deribit_main-1.frames", line(1, index_price(1)) + line(8, index_price(1))));
    const Reading reading = read(folder, kDeribit);
    CHECK(reading.phases(0) == "0 live 21 down 50 live ");
    CHECK(reading.phases(1) == "10 live ");
  }

  TEST_CASE("of a silence of days an hour is walked through") {
    const TemporaryFolder folder;
    static_cast<void>(folder.write("deribit-1.frames", line(0, index_price(1)) + line(3 * 86'400, index_price(2))));
    const Reading reading = read(folder, kDeribit);
    CHECK(reading.count<TimerTick>() == 36'000);
    CHECK(reading.phases(0) == "0 live 21 down 2592000 live ");
  }

  TEST_CASE("lines that hold no frame are told with their file and number, and nothing else is lost") {
    const TemporaryFolder folder;
    const std::string file = folder.write("deribit-1.frames", line(0, index_price(1)) + index_price(2) + "\n12monkeys {}\n" +
                                                                  line(1, "{\"broken") + line(1, index_price(3)));
    const Reading reading = read(folder, kDeribit);
    CHECK(reading.told == std::vector<std::string>{file + ":2: the frame has no receive time",
                                                   file + ":3: the receive time is neither nanoseconds nor ISO 8601 in UTC",
                                                   file + ":4: frame: truncated"});
    CHECK(reading.totals.bad_lines == 2);
    CHECK(reading.totals.undecoded == 1);
    CHECK(!reading.totals.whole());
    CHECK(reading.count<IndexPrice>() == 2);
  }

  TEST_CASE("an instrument that nothing defines is told once and counted") {
    const TemporaryFolder folder;
    const std::string file = folder.write(
        "deribit-1.frames", line(0, quote("BTC-PERPETUAL")) + line(0, quote("NO SUCH THING")) + line(1, quote("NO SUCH THING")));
    const Reading reading = read(folder, kDeribit);
    REQUIRE(reading.told.size() == 1);
    CHECK(reading.told[0].starts_with(file + ":2: "));
    CHECK(reading.told[0].ends_with("NO SUCH THING: the instrument is not listed, and its name does not tell what it is"));
    CHECK(reading.totals.undecoded == 2);
    CHECK(reading.count<InstrumentListed>() == 1);
    CHECK(reading.count<Quote>() == 1);
  }

  TEST_CASE("a book whose sequence breaks is void until its next snapshot, and so is one whose connection was silent") {
    const TemporaryFolder folder;
    static_cast<void>(folder.write("deribit-1.frames", line(0, book("change", 4, 3)) + line(0.1, book("snapshot", 5, 0)) +
                                                           line(0.2, book("change", 6, 5)) + line(0.3, book("change", 8, 7)) +
                                                           line(0.4, book("change", 9, 8)) + line(0.5, book("snapshot", 10, 0)) +
                                                           line(9, book("change", 11, 10))));
    const Reading reading = read(folder, kDeribit);
    CHECK(reading.count<BookBegin>() == 3);
    CHECK(reading.count<BookInvalidated>() == 1);
  }

  TEST_CASE("the positions that Bybit states market by market are one statement") {
    const TemporaryFolder folder;
    const auto page = [](std::string_view category, std::string_view cursor, std::string_view symbol) {
      std::string text = R"({"retCode":0,"retMsg":"OK","result":{"category":")" + std::string{category} +
                         R"(","nextPageCursor":")" + std::string{cursor} + R"(","list":[)";
      if (!symbol.empty())
        text +=
            R"({"symbol":")" + std::string{symbol} +
            R"(","side":"Buy","size":"2","positionIdx":0,"avgPrice":"50000","positionValue":"1","updatedTime":"1796000000000"})";
      return text + R"(]},"time":1796000000000})";
    };
    static_cast<void>(
        folder.write("bybit_main-1.frames", line(0, page("inverse", "", "")) + line(0, page("linear", "next", "BTCUSDT")) +
                                                line(0, page("linear", "", "ETHUSDT")) + line(0, page("linear", "", "")) +
                                                line(0, page("inverse", "", "BTCUSD")) + line(0, page("option", "", ""))));
    const Reading reading = read(folder, kBybit);
    CHECK(reading.totals.unplaced == 1);
    CHECK(reading.count<PositionSnapshotBegin>() == 1);
    CHECK(reading.count<PositionReport>() == 3);
    CHECK(reading.count<PositionSnapshotEnd>() == 1);
    bool of_account = true;
    for (const Event& event : reading.events)
      if (std::holds_alternative<PositionReport>(event.body)) of_account = of_account && event.header.account == AccountId{0};
    CHECK(of_account);
  }

  TEST_CASE("a snapshot of Binance that does not name its book joins the one that waits for it") {
    const TemporaryFolder folder;
    const auto change = [](int first, int last, int previous) {
      return R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1796000000000,"T":1796000000000,"s":"BTCUSDT","U":)" +
             std::to_string(first) + ",\"u\":" + std::to_string(last) + ",\"pu\":" + std::to_string(previous) +
             R"(,"b":[["50000","1"]],"a":[["50001","1"]]}})";
    };
    const std::string snapshot = R"({"lastUpdateId":15,"E":1796000000000,"T":1796000000000,"bids":[["50000","2"]],"asks":[]})";
    static_cast<void>(folder.write("binance-usd_margined_public-1.frames",
                                   line(0, change(1, 10, 0)) + line(0.1, change(11, 20, 10)) + line(0.2, snapshot) +
                                       line(0.3, change(21, 30, 20)) + line(0.4, change(41, 50, 40))));
    const Reading reading = read(folder, kBinance);
    std::string books;
    for (const Event& event : reading.events) {
      if (const auto* begin = std::get_if<BookBegin>(&event.body)) books += begin->snapshot ? "snapshot " : "change ";
      if (std::holds_alternative<BookInvalidated>(event.body)) books += "void ";
    }
    CHECK(books == "snapshot change change void ");
    CHECK(reading.told.empty());
  }

  TEST_CASE("a market's connection lists the coins of the configuration alone") {
    const TemporaryFolder folder;
    const auto best = [](std::string_view symbol) {
      return R"({"stream":"x@bookTicker","data":{"e":"bookTicker","u":1,"E":1796000000000,"T":1796000000000,"s":")" +
             std::string{symbol} + R"(","b":"10","B":"1","a":"11","A":"1"}})";
    };
    static_cast<void>(folder.write("binance-usd_margined_public.frames", line(0, best("BTCUSDT")) + line(0, best("ETHUSDT"))));
    const Reading reading = read(folder, kBinance);
    CHECK(reading.count<InstrumentListed>() == 1);
    CHECK(reading.count<Quote>() == 2);
  }

  TEST_CASE("a file belongs to the connection with whose name its own begins") {
    const TemporaryFolder folder;
    const auto loaded = load_config(folder.write("hedgewatch.toml", kDeribit));
    REQUIRE(loaded.ok());
    const auto plans = connection_plans(loaded.value().config);
    const auto connection = [&](const std::string& name) -> std::string {
      const std::vector<std::filesystem::path> inputs{folder.write(name, "")};
      const auto files = capture_files(inputs, plans);
      return files.ok() ? plans[files.value().at(0).connection].name : files.error();
    };
    CHECK(connection("deribit-1796000000000000000.frames.zst") == "deribit");
    CHECK(connection("deribit_main-1796000000000000000.frames.zst") == "deribit/main");
    CHECK(connection("deribit.txt") == "deribit");
    CHECK(
        connection("deribit_mainly.txt").find("is of no connection of the configuration, its name must begin with deribit- or ") !=
        std::string::npos);
  }

  TEST_CASE("the end of a capture is that of the file that begins last") {
    const TemporaryFolder folder;
    const std::string first = folder.write("deribit-1.frames", line(0, "{}") + line(9, "{}"));
    const std::string second = folder.write("deribit-2.frames", line(1, "{}") + line(3, "{}") + "torn\n");
    CHECK(end_of_capture({{first, 0}, {second, 0}}) == from_nanoseconds<WallTime>(kBegin + 3 * kSecond));
    CHECK(!end_of_capture({{folder.write("deribit-3.frames", ""), 0}}).has_value());
  }
}
