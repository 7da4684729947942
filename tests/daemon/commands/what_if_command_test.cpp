#include "daemon/commands/what_if_command.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include "core/engine/engine_driver.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/csv.hpp"
#include "daemon/journal/journal_writer.hpp"
#include "feeds/transport/clock.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kConfiguration = R"([[venue]]
kind = "deribit"
endpoint = "wss://127.0.0.1:1/"
network = "testnet"
currencies = ["BTC"]
[[account]]
name = "main"
venue = "deribit"
client_id = "kEy01"
secret_credential = "key"
[[book]]
name = "desk"
rules = [{ accounts = ["main"] }]
[scenario]
spot_shocks = [-0.1, 0, 0.1]
vol_shocks = [{ name = "same", change_ratio = 0 }]
)";

/// A journal of one account that is short 100,000 dollars of the perpetual, and has seen one call.
class Recorded {
 public:
  Recorded() : folder_{std::filesystem::temp_directory_path() / ("hedgewatch_what_if_" + std::to_string(::getpid()))} {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    JournalOptions options;
    options.directory = folder_;
    options.mono = mono_now;
    options.wall = wall_now;
    JournalWriter journal{std::move(options), std::string{kConfiguration}};
    const auto record = [&journal](const EventBody& body, std::uint32_t instrument = 0, std::uint8_t connection = 0) {
      journal.record(Event{.header = {.exchange_time = testing::kVenueStart,
                                      .received = testing::kStart,
                                      .instrument = make_instrument_id(Venue::Deribit, instrument),
                                      .account = connection == 1 ? AccountId{0} : kNoAccount,
                                      .connection = ConnectionId{connection},
                                      .venue = Venue::Deribit},
                           .body = body});
    };
    record(FeedStatus{.phase = FeedPhase::Live});
    record(FeedStatus{.phase = FeedPhase::Live}, 0, 1);
    Contract contract;
    contract.name = InstrumentName::from("BTC-PERPETUAL").value();
    contract.base = contract.settlement = AssetCode::from("BTC").value();
    contract.quote = AssetCode::from("USD").value();
    contract.contract_size = contract.lot = 10;
    contract.kind = ContractKind::Perpetual;
    contract.style = PayoffStyle::Inverse;
    contract.size_unit = SizeUnit::Quote;
    record(InstrumentListed{contract}, 1);
    contract.name = InstrumentName::from("BTC-30D-50000-C").value();
    contract.kind = ContractKind::Option;
    contract.size_unit = SizeUnit::Base;
    contract.strike = 50'000;
    contract.contract_size = 1;
    contract.lot = 0.1;
    contract.expiry = testing::kVenueStart + std::chrono::hours{24 * 30};
    record(InstrumentListed{contract}, 2);
    record(Mark{.price = 50'000, .index = 50'000}, 1);
    record(Mark{.price = 0.06, .vol = 0.5, .forward = 50'000, .index = 50'000, .rate = 0}, 2);
    record(PositionSnapshotBegin{}, 0, 1);
    record(PositionReport{.size = testing::size_of(-100'000), .average_entry = 50'000}, 1, 1);
    record(PositionSnapshotEnd{}, 0, 1);
    record(AccountSummary{.asset = AssetCode::from("BTC").value(),
                          .equity = 4,
                          .margin_balance = 4,
                          .initial_margin = 0.2,
                          .maintenance_margin = 0.1},
           0, 1);
    record(EndOfCycle{});
  }
  ~Recorded() { std::filesystem::remove_all(folder_); }
  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

struct Told {
  int status = 0;
  std::string messages;
  std::map<std::string, std::pair<std::string, std::string>> figures;  ///< by name and labels: before, after
};

Told ask(const Recorded& recorded, const std::string& trades, const std::string& account = {}) {
  std::istringstream in{trades};
  std::stringstream out;
  std::ostringstream messages;
  Told told;
  told.status = run_what_if({.inputs = {recorded.folder()}, .account = account, .at = {}}, in, out, messages);
  told.messages = messages.str();
  CsvReader csv{out};
  while (csv.next())
    told.figures[std::string{csv.field(0)} + ' ' + std::string{csv.field(1)}] = {std::string{csv.field(2)},
                                                                                 std::string{csv.field(3)}};
  return told;
}

double number(const std::string& text) {
  CAPTURE(text);
  const auto value = parse_number(text);
  REQUIRE(value);
  return *value;
}

constexpr const char* kDelta = "hedgewatch_book_delta_coins book=\"desk\",underlying=\"BTC\",view=\"black_scholes\"";
constexpr const char* kWorst = "hedgewatch_scenario_worst_loss_usd book=\"desk\",underlying=\"BTC\"";
constexpr const char* kModel =
    "hedgewatch_maintenance_margin_ratio account=\"main\",venue=\"deribit\",asset=\"BTC\",source=\"model\"";
constexpr const char* kVenue =
    "hedgewatch_maintenance_margin_ratio account=\"main\",venue=\"deribit\",asset=\"BTC\",source=\"venue\"";

}  // namespace

TEST_SUITE("daemon/commands/what_if_command") {
  TEST_CASE("a trade in what is held moves Greeks, worst cell and model margin, and the venue's margin is its own to say") {
    const Recorded recorded;
    const Told told = ask(recorded, "venue,instrument,size,price\nderibit,BTC-PERPETUAL,50000,50000\n");
    CAPTURE(told.messages);
    CHECK(told.status == kExitSuccess);
    const auto& delta = told.figures.at(kDelta);
    CHECK(number(delta.first) == doctest::Approx(-2));
    CHECK(number(delta.second) == doctest::Approx(-1));
    const auto& worst = told.figures.at(kWorst);
    CHECK(number(worst.first) == doctest::Approx(10'000));
    CHECK(number(worst.second) == doctest::Approx(5'000));
    const auto& model = told.figures.at(kModel);
    CHECK(number(model.first) == doctest::Approx(10'000 / 200'000.0));
    CHECK(number(model.second) == doctest::Approx(5'000 / 200'000.0));
    CHECK(number(told.figures.at(kVenue).first) == doctest::Approx(0.025));
    CHECK(told.figures.at(kVenue).second.empty());
  }

  TEST_CASE("an instrument that is not held yet comes into the book") {
    const Recorded recorded;
    const Told told = ask(recorded, "price,size,instrument,venue\n0.06,-10,BTC-30D-50000-C,deribit\n");
    CAPTURE(told.messages);
    CHECK(told.status == kExitSuccess);
    CHECK(number(told.figures.at(kDelta).second) < -7);
    const auto& vega = told.figures.at("hedgewatch_book_vega_usd_per_vol_point book=\"desk\",underlying=\"BTC\"");
    CHECK(number(vega.first) == 0);
    CHECK(number(vega.second) < -500);
    CHECK(number(told.figures.at(kWorst).second) > 10'000);
  }

  TEST_CASE("a row that cannot be used is told with its line, and the others are answered") {
    const Recorded recorded;
    const Told told = ask(recorded,
                          "venue,instrument,size,price\nderibit,BTC-PERPETUAL,0,50000\nderibit,BTC-NONE,1,2\nnowhere,X,1,2\n"
                          "deribit,BTC-PERPETUAL,50000,-1\nderibit,BTC-PERPETUAL,50000,50000\n");
    CHECK(told.status == kExitFault);
    CHECK(told.messages.find("line 2: size is 0, must be") != std::string::npos);
    CHECK(told.messages.find("line 3: instrument is BTC-NONE, must be") != std::string::npos);
    CHECK(told.messages.find("line 4: venue is nowhere, must be") != std::string::npos);
    CHECK(told.messages.find("line 5: price is -1, must be") != std::string::npos);
    CHECK(number(told.figures.at(kDelta).second) == doctest::Approx(-1));
  }

  TEST_CASE("an account that is not there, a missing column and an empty journal are faults") {
    const Recorded recorded;
    const Told other = ask(recorded, "venue,instrument,size,price\n", "other");
    CHECK(other.status == kExitFault);
    CHECK(other.messages.find("--account is other, must be one of main") != std::string::npos);
    const Told column = ask(recorded, "venue,instrument,size\n");
    CHECK(column.status == kExitFault);
    CHECK(column.messages.find("line 1: has no column price") != std::string::npos);
  }
}
