// Live = offline: what the daemon publishes of a hedge is what `hedgewatch effectiveness` says of the ticks that its engine saw.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/commands/csv.hpp"
#include "daemon/journal/journal_reader.hpp"
#include "system/alertmanager_fixture.hpp"
#include "system/daemon_fixture.hpp"

extern char** environ;

namespace hedgewatch::testing {
namespace {

constexpr double kItemDollars = 500'000;
constexpr double kHedgeDollars = 450'000;
constexpr double kBarsPerYear = 365 * 86'400.0;
constexpr std::size_t kShortWindow = 6;   ///< bars
constexpr std::size_t kLongWindow = 600;  ///< more than the test lasts
constexpr std::size_t kReferenceBars = 60;

std::string binary() {
  const auto path = std::filesystem::canonical("/proc/self/exe").parent_path() / "hedgewatch";
  REQUIRE_MESSAGE(std::filesystem::exists(path), "not built: " << path.string());
  return path.string();
}

/// A child with its output in a file.
pid_t spawn(std::vector<std::string> arguments, const std::string& output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, (output + ".messages").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t process = 0;
  REQUIRE(posix_spawn(&process, arguments[0].c_str(), &actions, nullptr, pointers.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  return process;
}

int ended(pid_t process) {
  int status = 0;
  REQUIRE(waitpid(process, &status, 0) == process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string text_of(const std::string& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The dated future with the nearest expiry.
std::string nearest_future(const simulator::SyntheticMarket& market) {
  const simulator::MarketInstrument* nearest = nullptr;
  for (const simulator::MarketInstrument& one : market.instruments())
    if (one.kind == ContractKind::Future && one.expiry - market.now() > std::chrono::hours{24} &&
        (nearest == nullptr || one.expiry < nearest->expiry))
      nearest = &one;
  REQUIRE(nearest != nullptr);
  return nearest->name;
}

std::string book_config(const std::string& name, const std::string& future) {
  std::ostringstream text;
  text << "\n[[book]]\nname = \"" << name << "\"\n\n[[book.positions]]\ninstrument = \"deribit:" << future
       << "\"\nsize = " << kItemDollars << "\n\n[[book.positions]]\ninstrument = \"deribit:BTC-PERPETUAL\"\nsize = -"
       << kHedgeDollars << '\n';
  return text.str();
}

std::string hedge_config(const std::string& name, const std::string& future, const std::string& sampling) {
  return "\n[[hedge]]\nname = \"" + name + "\"\nbook = \"" + name +
         "\"\nunderlying = \"BTC\"\nlegs = [\"deribit:BTC-PERPETUAL\"]\n"
         "view = \"net_transaction\"\ntarget_ratio = 1\nsoft_delta_limit_coins = 0.1\nhard_delta_limit_coins = 10\n"
         "\n[hedge.effectiveness]\ndesignated_at = \"2020-01-01T00:00:00Z\"\npnl_currency = \"coin\"\n"
         "basis_leg = \"deribit:BTC-PERPETUAL\"\nreference_price = \"deribit:" +
         future +
         "\"\nbasis_annualisation = \"simple\"\nbeta_source = \"same_underlying\"\nsmile_rule = \"sticky_strike\"\n"
         "roll_rule = \"keep_history\"\noffset_floor = 1e-12\nbar = \"1s\"\nminimum_pairs = 3\nhalf_life = \"5s\"\n" +
         sampling;
}

/// One hedge over both windows, and one whose only window is short enough for a reference of a minute to freeze in this test.
std::string hedges_config(const std::string& future) {
  const std::string short_window = '"' + std::to_string(kShortWindow) + "s\"";
  return book_config("carry", future) + book_config("drift", future) +
         hedge_config("carry", future, "windows = [" + short_window + ", \"" + std::to_string(kLongWindow) + "s\"]\n") +
         hedge_config("drift", future, "windows = [" + short_window + "]\nreference_window = \"1m\"\n");
}

double mid_of(const Quote& quote) { return (quote.bid->to_double() + quote.ask->to_double()) / 2; }

/// The ticks of item and leg in the journal's order, as the command reads them.
std::string journalled_ticks(const std::string& directory, const std::string& future) {
  std::string ticks = "ts_ns,inst,price\n";
  std::map<InstrumentId, char> wanted;
  JournalReader journal{segments_in(directory)};
  while (const auto item = journal.next()) {
    CHECK_FALSE(std::holds_alternative<LostEvents>(*item));
    const auto* event = std::get_if<JournaledEvent>(&*item);
    if (event == nullptr) continue;
    const EventHeader& header = event->event.header;
    if (const auto* listed = std::get_if<InstrumentListed>(&event->event.body)) {
      if (listed->contract.name.view() == future) wanted[header.instrument] = 'A';
      if (listed->contract.name.view() == "BTC-PERPETUAL") wanted[header.instrument] = 'B';
    }
    const auto* quote = std::get_if<Quote>(&event->event.body);
    const auto name = wanted.find(header.instrument);
    if (quote == nullptr || name == wanted.end() || !quote->bid || !quote->ask) continue;
    ticks += std::to_string(nanoseconds_of(header.exchange_time)) + ',' + name->second + ',';
    append_number(ticks, mid_of(*quote));
    ticks += '\n';
  }
  return ticks;
}

struct Specification {
  std::int64_t first_bar_ns = 0;
  std::size_t bars = 0;
  std::size_t window = 0;
  std::string_view moves = "log";
  double held = 1;
  double reference_correlation = 0;

  [[nodiscard]] std::string json() const {
    std::ostringstream text;
    text.precision(17);
    text << R"({"bars":{"n":)" << bars << R"(,"dt_ns":1000000000,"t0_ns":)" << first_bar_ns
         << R"(,"max_age_ns":1000000000},"params":{"W_valid_pairs":)" << window << R"(,"W_bars":)" << window
         << R"(,"lambda_fast":0.94,"lambda_slow":0.99,"halflife_s":5,"moves":")" << moves << R"(","h0":)" << held
         << R"(},"population":{"rho":)" << reference_correlation << "}}";
    return text.str();
  }
};

using OfflineRows = std::map<std::int64_t, std::map<std::string, std::string>>;  ///< by the bar's end

class Recorded {
 public:
  explicit Recorded(const TemporaryFolder& folder) : folder_{folder} {}

  std::string ticks;

  [[nodiscard]] OfflineRows offline(const Specification& specification) const {
    const std::string output = folder_.write("offline.csv", "");
    REQUIRE(ended(spawn({binary(), "effectiveness", "--ticks", folder_.write("ticks.csv", ticks), "--spec",
                         folder_.write("spec.json", specification.json()), "--series"},
                        output)) == 0);
    std::istringstream in{text_of(output)};
    CsvReader csv{in};
    OfflineRows rows;
    while (csv.next()) {
      auto& row = rows[std::stoll(std::string{csv.field(*csv.column("t_ns"))})];
      for (const std::string& name : csv.names()) row[name] = std::string{csv.field(*csv.column(name))};
    }
    return rows;
  }
  /// The item's newest price up to a time.
  [[nodiscard]] double item_price_until(std::int64_t end_ns) const {
    double price = 0;
    std::istringstream lines{ticks};
    std::string line;
    for (std::getline(lines, line); std::getline(lines, line) && std::stoll(line) <= end_ns;)
      if (const std::size_t at = line.find(",A,"); at != std::string::npos) price = std::stod(line.substr(at + 3));
    return price;
  }
  /// Hayashi and Yoshida's correlation of the ticks up to a time.
  [[nodiscard]] double overlap_until(std::int64_t end_ns) const {
    std::string until;
    std::istringstream lines{ticks};
    for (std::string line; std::getline(lines, line);)
      if (until.empty() || std::stoll(line.substr(0, line.find(','))) <= end_ns) until += line + '\n';
    const std::string output = folder_.write("whole.json", "");
    const Specification any{.first_bar_ns = end_ns, .bars = 0, .window = 3};
    REQUIRE(ended(spawn({binary(), "effectiveness", "--ticks", folder_.write("until.csv", until), "--spec",
                         folder_.write("any.json", any.json()), "--json"},
                        output)) == 0);
    const std::string json = text_of(output);
    constexpr std::string_view kName = "\"hayashi_yoshida_corr\":";
    const std::size_t at = json.find(kName);
    REQUIRE(at != std::string::npos);
    return std::stod(json.substr(at + kName.size()));
  }

 private:
  const TemporaryFolder& folder_;
};

double number(const std::map<std::string, std::string>& row, const std::string& name) {
  const auto found = row.find(name);
  CAPTURE(name);
  REQUIRE(found != row.end());
  return std::strtod(found->second.c_str(), nullptr);
}

bool agrees(double live, double offline) { return std::abs(live - offline) <= 1e-12 * std::abs(offline); }

/// A scrape, and its figures of the hedge.
struct Live {
  Exposition scrape;
  std::string hedge = "carry";

  [[nodiscard]] std::optional<double> find(const std::string& figure, const std::string& estimator, const std::string& window,
                                           const std::string& basis) const {
    return scrape.value("hedgewatch_hedge_" + figure + "{basis=\"" + basis + "\",estimator=\"" + estimator + "\",hedge=\"" + hedge +
                        "\",window=\"" + window + "\"}");
  }
  [[nodiscard]] double value(const std::string& figure, const std::string& estimator, const std::string& window,
                             const std::string& basis) const {
    CAPTURE(figure);
    CAPTURE(estimator);
    CAPTURE(window);
    CAPTURE(basis);
    const auto found = find(figure, estimator, window, basis);
    REQUIRE(found.has_value());
    return *found;
  }
};

void same(const std::string& what, double live, double offline) {
  CAPTURE(what);
  CAPTURE(live);
  CAPTURE(offline);
  CHECK(agrees(live, offline));
}

constexpr const char* kShort = "6s";
constexpr const char* kLong = "10m";

/// What every window says of either basis. `scale` is what one unit of offline hedge is of the live one.
void check_window(const Live& live, const std::string& window, const std::string& basis,
                  const std::map<std::string, std::string>& row, double scale) {
  CAPTURE(window);
  CAPTURE(basis);
  same("pairs", live.value("pairs", "rolling", window, basis), number(row, "w_n"));
  same("correlation", live.value("correlation_ratio", "rolling", window, basis), number(row, "w_corr"));
  same("beta", live.value("beta", "rolling", window, basis), scale * number(row, "w_beta"));
  same("R squared", live.value("r_squared", "rolling", window, basis), number(row, "w_r2"));
  same("variance reduction", live.value("variance_reduction_ratio", "rolling", window, basis), number(row, "w_he_h0"));
}

/// Every price figure of the scrape against the offline state after the bar that it shows; nothing when no bar agrees.
std::optional<std::int64_t> shown_bar(const Live& live, const OfflineRows& rows) {
  for (const auto& [end, row] : rows)
    if (!row.at("w_corr").empty() && agrees(live.value("correlation_ratio", "rolling", kShort, "price"), number(row, "w_corr")))
      return end;
  return std::nullopt;
}

}  // namespace

TEST_SUITE("system/effectiveness") {
  TEST_CASE("the figures of a running daemon are those of the offline command on the same ticks") {
    auto content = std::make_unique<simulator::SyntheticContent>(small_market());
    const std::string future = nearest_future(content->market());
    Exchange exchange{std::move(content)};
    const TemporaryFolder folder;
    const std::string directory = folder.write("mark", "") + ".journal.d";
    const std::uint16_t port = free_port();
    std::string config = venue_config(exchange) + "\n[journal]\ndirectory = \"" + directory + "\"\n" + hedges_config(future);
    const std::string listen = "127.0.0.1:0";
    config.replace(config.find(listen), listen.size(), "127.0.0.1:" + std::to_string(port));
    ServerProcess daemon;
    daemon.start({binary(), "run", "--config", folder.write("hedgewatch.toml", config)}, port);

    // Scrapes of three bars, well after the shorter window began to forget.
    std::vector<Live> scrapes;
    const bool seen = eventually([&] {
      Live live{parse_exposition(http_request(port, "GET", "/metrics").body)};
      const auto pairs = live.find("pairs", "rolling", kLong, "pnl_total");
      if (!pairs || *pairs < static_cast<double>(kShortWindow) + 3) return false;
      if (scrapes.empty() ||
          scrapes.back().value("pairs", "rolling", kLong, "price") < live.value("pairs", "rolling", kLong, "price"))
        scrapes.push_back(std::move(live));
      return scrapes.size() >= 3;
    });
    // Until a minute's reference lies wholly before the window.
    std::optional<Live> drifted;
    const auto drift_seen = [&] {
      Live live{parse_exposition(http_request(port, "GET", "/metrics").body), "drift"};
      if (!live.find("correlation_breakdown_zscore", "rolling", kShort, "price")) return false;
      drifted = std::move(live);
      return true;
    };
    for (int patience = 0; patience < 4 && !drifted; ++patience) (void)eventually(drift_seen);
    daemon.stop();
    REQUIRE(seen);
    REQUIRE(drifted.has_value());

    Recorded recorded{folder};
    recorded.ticks = journalled_ticks(directory, future);
    const std::int64_t first_tick = std::stoll(recorded.ticks.substr(recorded.ticks.find('\n') + 1));
    const std::int64_t first_bar = (first_tick / 1'000'000'000 + 1) * 1'000'000'000;
    Specification prices{.first_bar_ns = first_bar, .bars = 300, .window = kShortWindow};
    const OfflineRows by_short_window = recorded.offline(prices);
    prices.window = kLongWindow;
    const OfflineRows by_long_window = recorded.offline(prices);

    std::int64_t newest = 0;
    for (const Live& live : scrapes) {
      const auto bar = shown_bar(live, by_short_window);
      REQUIRE(bar.has_value());
      CAPTURE(*bar);
      CHECK(*bar > newest);
      newest = *bar;
      check_window(live, kShort, "price", by_short_window.at(*bar), 1);
      check_window(live, kLong, "price", by_long_window.at(*bar), 1);
      const auto& row = by_long_window.at(*bar);
      same("tracking error", live.value("tracking_error_ratio", "rolling", kLong, "price"),
           number(row, "w_te_h0") * std::sqrt(kBarsPerYear));
      same("ewma correlation", live.value("correlation_ratio", "ewma", "5s", "price"), number(row, "t_corr"));
      same("ewma beta", live.value("beta", "ewma", "5s", "price"), number(row, "t_beta"));
      same("Hayashi and Yoshida's correlation", live.value("correlation_ratio", "hayashi_yoshida", kLong, "price"),
           recorded.overlap_until(*bar));
      const auto basis = live.scrape.value("hedgewatch_basis_ratio{hedge=\"carry\",tenor=\"perpetual\",venue=\"deribit\"}");
      REQUIRE(basis.has_value());
      same("basis", *basis, number(row, "basis"));

      // The profit of two inverse contracts in coin, from the bar on that the daemon counted first.
      const auto counted = static_cast<std::int64_t>(live.value("pairs", "rolling", kLong, "pnl_total"));
      Specification profits{.first_bar_ns = *bar - counted * 1'000'000'000,
                            .bars = static_cast<std::size_t>(counted),
                            .window = kShortWindow,
                            .moves = "inverse",
                            .held = kHedgeDollars / kItemDollars};
      const double scale = kItemDollars / kHedgeDollars;
      check_window(live, kShort, "pnl_total", recorded.offline(profits).at(*bar), scale);
      profits.window = kLongWindow;
      const auto profit = recorded.offline(profits).at(*bar);
      check_window(live, kLong, "pnl_total", profit, scale);
      same("ewma correlation of profit", live.value("correlation_ratio", "ewma", "5s", "pnl_total"), number(profit, "t_corr"));
      same("ewma beta of profit", live.value("beta", "ewma", "5s", "pnl_total"), scale * number(profit, "t_beta"));
      // An item whose price came back to where it was has moved by less than the floor.
      const auto moved_in = [](const std::map<std::string, std::string>& window) {
        return std::abs(number(window, "w_n") * number(window, "w_mean_a") * kItemDollars) >= 1e-12;
      };
      CHECK(live.find("dollar_offset_ratio", "cumulative", "observed", "pnl_total").has_value() == moved_in(profit));
      if (moved_in(profit))
        same("dollar offset", live.value("dollar_offset_ratio", "cumulative", "observed", "pnl_total"), number(profit, "doff"));
      profits.window = kShortWindow;
      const auto recent = recorded.offline(profits).at(*bar);
      CHECK(live.find("dollar_offset_ratio", "rolling", kShort, "pnl_total").has_value() == moved_in(recent));
      if (moved_in(recent))
        same("rolling dollar offset", live.value("dollar_offset_ratio", "rolling", kShort, "pnl_total"),
             number(recent, "w_mean_b") / number(recent, "w_mean_a") / scale);
      // Over the item's notional at the bar's open, which is near the one at its mid price.
      const double error = number(recent, "w_te_h0") * std::sqrt(kBarsPerYear) * recorded.item_price_until(*bar);
      const double live_error = live.value("tracking_error_ratio", "rolling", kShort, "pnl_total");
      CAPTURE(error);
      CAPTURE(live_error);
      CHECK(std::abs(live_error - error) < 0.01 * error);
    }

    // Which minute the reference is only the daemon knows: one must give all three figures of drift.
    prices.window = kShortWindow;
    const auto bar = shown_bar(*drifted, by_short_window);
    REQUIRE(bar.has_value());
    const auto& now = by_short_window.at(*bar);
    const double breakdown = drifted->value("correlation_breakdown_zscore", "rolling", kShort, "price");
    const double beta_drift = drifted->value("beta_drift", "rolling", kShort, "price");
    const double residual_drift = drifted->value("residual_drift_ratio", "rolling", kShort, "price");
    prices.window = kReferenceBars;
    std::size_t agreeing = 0;
    std::string tried;
    for (const auto& [end, reference] : recorded.offline(prices)) {
      if (end >= *bar || reference.at("w_beta").empty()) continue;
      const double of_beta = number(now, "w_beta") - number(reference, "w_beta");
      const double of_residual = number(now, "w_resid_sd") / number(reference, "w_resid_sd");
      tried += std::to_string(end) + ' ' + std::to_string(of_beta) + ' ' + std::to_string(of_residual) + '\n';
      if (!(std::abs(beta_drift - of_beta) <= 1e-12 * std::abs(number(now, "w_beta"))) || !agrees(residual_drift, of_residual))
        continue;
      ++agreeing;
      prices.window = kShortWindow;
      prices.reference_correlation = number(reference, "w_corr");
      same("breakdown", breakdown, number(recorded.offline(prices).at(*bar), "fisher_z_vs_pop"));
    }
    CAPTURE(beta_drift);
    CAPTURE(residual_drift);
    CAPTURE(tried);
    CHECK(agreeing == 1);
  }
}

}  // namespace hedgewatch::testing
