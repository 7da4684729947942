#include <doctest/doctest.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <set>
#include <sstream>
#include <streambuf>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/parser.hpp"
#include "core/engine/engine.hpp"
#include "core/market/event_batch.hpp"
#include "daemon/build_identity.hpp"
#include "daemon/commands/alert_timeline.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/replay_command.hpp"
#include "daemon/commands/replay_output.hpp"
#include "daemon/journal/journal_files.hpp"
#include "daemon/journal/journal_writer.hpp"
#include "daemon/journal/snapshot_files.hpp"
#include "daemon/setup.hpp"
#include "daemon/venue_feeds.hpp"
#include "feeds/deribit/session.hpp"
#include "feeds/simulator/deribit_exchange.hpp"
#include "feeds/simulator/synthetic_content.hpp"
#include "shared_files.hpp"
#include "support/eventually.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::nanoseconds kStep = 10s;
constexpr std::size_t kSteps = 24h / kStep;
constexpr VenueTime kEvening{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}.time_since_epoch() + 20h};
constexpr VenueTime kMorning = kEvening + 12h;

/// Everything that an engine can be asked to follow, with that soft limit of the hedge.
std::string desk(std::string_view soft_limit) {
  return R"([[venue]]
kind = "deribit"
endpoint = "wss://exchange.example/ws/api/v2"
network = "testnet"
currencies = ["BTC"]
watch = ["deribit:BTC-PERPETUAL"]
books = ["deribit:BTC-PERPETUAL"]
market_data_max_age = "200s"
heartbeat_interval = "30s"
silence_limit = "75s"

[[account]]
name = "main"
venue = "deribit"
client_id = "monitor"
secret_file = "/nowhere"

[[book]]
name = "all"
rules = [{ accounts = ["main"] }]
equity = [{ account = "main", share = 1 }]

[[hedge]]
name = "straddles"
book = "all"
underlying = "BTC"
legs = ["deribit:BTC-PERPETUAL"]
view = "net_transaction"
target_ratio = 1
hard_delta_limit_coins = 5
soft_delta_limit_coins = )" +
         std::string{soft_limit} + R"(
limit_owner = "anna"
band = { kind = "whalley_wilmott", half_width_coins = 0.5, risk_aversion_per_usd = 0.000001, cost_ratio = 0.0005 }

[hedge.effectiveness]
designated_at = "2026-11-24T20:00:00Z"
pnl_currency = "usd"
basis_leg = "deribit:BTC-PERPETUAL"
reference_price = "index"
basis_annualisation = "simple"
beta_source = "same_underlying"
smile_rule = "sticky_strike"
roll_rule = "keep_history"
offset_floor = 100
windows = ["1h", "4h"]
minimum_pairs = 20
reference_window = "3h"

[[hedge.advice]]
instrument = "deribit:BTC-PERPETUAL"
max_trade_size = 1000000
fee_ratio = 0.0005

[scenario]
spot_shocks = [-0.2, -0.1, 0, 0.1, 0.2]
vol_shocks = [{ name = "down", change_ratio = -0.3, floor_ratio = 0.1 }, { name = "up", change_ratio = 0.5 }]
options_per_cycle = 64
value_at_risk = { window = 48 }

[exposure]

[alertmanager]
urls = ["http://127.0.0.1:9093"]
owner = "head-of-risk"

[[alert]]
name = "IndexMoved"
figure = "hedgewatch_index_price_usd"
change_above = 300
change_within = "20m"
clear_hold = "5m"
severity = "warn"
summary = "The index has come far"
)";
}

Config parsed(const std::string& text) {
  auto config = parse_config(text, "desk.toml");
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? std::string{} : config.error().front().text()));
  return std::move(config).value();
}

simulator::SyntheticContentConfig world() {
  simulator::SyntheticContentConfig config;
  config.market.seed = 20'261'124;
  config.market.start = kEvening;
  config.market.step = std::chrono::duration_cast<std::chrono::milliseconds>(kStep);
  config.market.strikes_per_side = 5;
  config.market.underlyings = {{.currency = "BTC", .index_usd = 96'000}};
  config.account.straddle_usd = 0;
  config.account.option_fills_per_minute = 0.5;
  return config;
}

/// A folder for the files of one run.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_{std::filesystem::temp_directory_path() / ("hedgewatch_" + name + '_' + std::to_string(::getpid()))} {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What a live run showed from one moment on, as a replay that begins there has to write it.
struct Seek {
  std::size_t step = 0;
  WallTime from{};
  std::string table;             ///< the rows of the first cycle, which a replay begins with
  std::uint64_t figures_at = 0;  ///< where the rows after that cycle begin
  std::uint64_t alerts_at = 0;   ///< where its changes of alerts begin
};

/// A day of the simulated exchange, through its protocol and the daemon's sessions into an engine and, in the engine's order, into
/// the files of a journal, as the daemon's engine thread does it. What the engine shows after each cycle is written beside them.
class JournalledDay {
 public:
  explicit JournalledDay(const Folder& folder)
      : exchange_{{.seed = 5, .keys = {{"monitor", "correct horse", false}}},
                  std::make_unique<simulator::SyntheticContent>(world())},
        content_{&dynamic_cast<simulator::SyntheticContent&>(exchange_.content())},
        engine_{to_engine_setup(config_)},
        journal_{std::in_place, journal_options(folder), desk("2.5")},
        figures_file_{folder.path() / "figures.csv", std::ios::binary},
        figures_{csv_output(figures_file_, {})} {
    perpetual_ = content_->market().instruments()[content_->market().perpetual_of(0)].name;
    // The sessions refer to the plans.
    for (std::size_t index = 0; index < plans_.size(); ++index) {
      const ConnectionPlan& plan = plans_[index];
      const VenueConfig& venue = config_.venues[plan.venue];
      Line& line = lines_[index];
      line.session = make_feed({.plan = plan,
                                .venue = venue,
                                .account = plan.account ? &config_.accounts[*plan.account] : nullptr,
                                .secrets = {.secret = Secret{"correct horse"}, .passphrase = {}},
                                .connection = ConnectionId{static_cast<std::uint8_t>(index)},
                                .watch = venue.watch,
                                .seed = index + 1,
                                .symbols = *symbols_,
                                .statistics = line.statistics})
                         .session;
      open(line);
    }
    while (!live()) {
      REQUIRE(now_ < kOpening + 60s);
      move(1s);
    }
    end_cycle();
  }

  /// Those moments are kept in seeks().
  void seek_at(std::size_t step) { steps_to_seek_.insert(step); }

  void step() {
    move(kStep);
    if (!heard_) apply(Event{.header = {.received = now_}, .body = TimerTick{}});
    end_cycle();
    ++steps_;
  }
  void order(std::string_view name, bool buy, double amount) {
    drill("trade", std::string{R"({"instrument_name":")"} + std::string{name} + R"(","direction":")" + (buy ? "buy" : "sell") +
                       R"(","amount":)" + std::to_string(amount) + "}");
  }
  void transfer(double coins) { drill("transfer", R"({"currency":"BTC","amount":)" + std::to_string(coins) + "}"); }
  void disconnect() {
    Line& account = lines_.back();
    exchange_.closed(*account.client);
    account.client.reset();
    account.session->on_closed("reset by peer", times(), batch_);
    pass_on();
  }
  void reconnect() { open(lines_.back()); }
  /// As a reload does it.
  void reconfigure(const std::string& text) {
    engine_.reconfigure(to_engine_setup(parsed(text)));
    journal_->record_configuration(journal_->announce_configuration(text));
  }
  /// A person takes on what fires.
  void acknowledge() {
    for (const AlertBoard::Alert& alert : engine_.alerts().alerts()) {
      if (alert.machine.state() != AlertState::Firing) continue;
      apply(Event{.header = {.received = now_}, .body = AlertAcknowledged{.rule = alert.identity.rule, .row = alert.identity.row}});
      ++acknowledged_;
    }
  }
  /// The owner of a limit allows more for a time.
  void override_limit(std::string_view name, double level, std::chrono::nanoseconds lasts) {
    for (const AlertBoard::Alert& alert : engine_.alerts().alerts()) {
      if (engine_.alerts().rules()[alert.rule].name != name) continue;
      apply(Event{.header = {.received = now_},
                  .body = LimitOverridden{
                      .rule = alert.identity.rule, .row = alert.identity.row, .level = level, .lasts_ns = lasts.count()}});
      ++overridden_;
    }
  }
  /// The journal is whole on the disk, and nothing comes after it.
  void finish() {
    CHECK(journal_->counters().lost_events.load() == 0);
    CHECK(journal_->counters().write_failures.load() == 0);
    journal_.reset();
    figures_->finish();
    figures_file_.close();
  }

  [[nodiscard]] std::string at_the_money(VenueTime expiry, OptionRight right) const {
    const simulator::MarketInstrument* best = nullptr;
    for (const simulator::MarketInstrument& one : content_->market().instruments())
      if (one.kind == ContractKind::Option && one.right == right && one.expiry == expiry &&
          (best == nullptr || std::abs(one.strike_usd - one.index_usd) < std::abs(best->strike_usd - best->index_usd)))
        best = &one;
    REQUIRE(best != nullptr);
    return best->name;
  }
  [[nodiscard]] const std::string& perpetual() const { return perpetual_; }
  [[nodiscard]] const std::vector<Seek>& seeks() const { return seeks_; }
  [[nodiscard]] const std::string& alerts() const { return alerts_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] std::uint64_t cycles() const { return cycles_; }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::size_t overridden() const { return overridden_; }
  [[nodiscard]] std::size_t figures() const { return engine_.figures().size(); }

 private:
  struct Line {
    FeedStatistics statistics;
    std::unique_ptr<VenueSession> session;
    std::optional<simulator::ClientId> client = {};
  };

  JournalOptions journal_options(const Folder& folder) {
    JournalOptions options;
    options.directory = folder.path() / "journal";
    std::filesystem::create_directories(options.directory);
    options.segment_bytes = std::uint64_t{200} << 10;
    options.snapshot_every = 5min;
    options.capacity = kMostWaiting * 2;
    options.version = "test";
    options.build = build_identity();
    options.mono = [this] { return from_nanoseconds<MonoTime>(clock_.load()); };
    options.wall = [this] { return wall_of(from_nanoseconds<MonoTime>(clock_.load())); };
    return options;
  }
  [[nodiscard]] WallTime wall_of(MonoTime time) const {
    return from_nanoseconds<WallTime>(nanoseconds_of(kEvening) + nanoseconds_of(time) - nanoseconds_of(kOpening));
  }
  [[nodiscard]] SessionTime times() const { return {now_, wall_of(now_)}; }
  [[nodiscard]] bool live() const {
    return std::ranges::all_of(lines_, [](const Line& line) { return dynamic_cast<const DeribitSession&>(*line.session).live(); });
  }

  void drill(std::string_view name, const std::string& parameters) {
    simdjson::dom::parser parser;
    const simdjson::padded_string padded{parameters};
    simdjson::dom::object object;
    REQUIRE(!parser.parse(padded).get(object));
    REQUIRE(content_->drill(name, simulator::Params{object}, now_)->ok());
  }
  void open(Line& line) {
    line.client = exchange_.open(now_);
    line.session->on_open(times(), batch_, actions_);
    send(line);
  }
  void send(Line& line) {
    pass_on();
    REQUIRE_FALSE(actions_.close);
    std::vector<std::string> texts;
    texts.swap(actions_.send);
    for (const std::string& text : texts) {
      out_.clear();
      exchange_.handle(*line.client, text, now_, out_);
      frames_.insert(frames_.end(), out_.begin(), out_.end());
    }
  }
  void move(std::chrono::nanoseconds by) {
    heard_ = false;
    now_ += by;
    clock_.store(nanoseconds_of(now_));
    out_.clear();
    exchange_.poll(now_, 1'000, out_);
    frames_.insert(frames_.end(), out_.begin(), out_.end());
    deliver();
    for (Line& line : lines_)
      for (int calls = 0; line.client && line.session->deadline().value_or(MonoTime::max()) <= now_ && calls < 10; ++calls) {
        line.session->on_deadline(times(), batch_, actions_);
        send(line);
        deliver();
      }
  }
  void deliver() {
    while (!frames_.empty()) {
      const simulator::Outgoing frame = std::move(frames_.front());
      frames_.pop_front();
      REQUIRE_FALSE(frame.close);
      for (Line& line : lines_) {
        if (line.client != frame.client) continue;
        line.session->on_frame(simdjson::padded_string{frame.text}, times(), batch_, actions_);
        send(line);
      }
    }
  }
  void pass_on() {
    for (const Event& event : batch_.events()) apply(event);
    batch_.truncate(0);
  }
  void apply(const Event& event) {
    heard_ = true;
    engine_.apply(event);
    record(event);
  }
  /// The engine does not wait for its journal; a day in seconds has to.
  void record(const Event& event) {
    journal_->record(event);
    ++events_;
    if (events_ % kMostWaiting == 0) await([this] { return events_ - journal_->counters().events.load() < kMostWaiting; });
  }
  template <class Condition>
  static void await(Condition holds) {
    REQUIRE(hedgewatch::testing::eventually(holds, 1ms));
  }
  void end_cycle() {
    record(Event{.header = {.received = now_}, .body = EndOfCycle{}});
    engine_.end_cycle(now_);
    ++cycles_;
    show();
    if (!journal_->snapshot_due(now_)) return;
    const std::uint64_t written = journal_->counters().snapshots.load();
    journal_->record_snapshot(now_, [this](std::vector<std::byte>& out) { engine_.save(out); });
    await([&] { return journal_->counters().snapshots.load() > written; });
  }
  void show() {
    const bool seek = steps_to_seek_.contains(steps_);
    const std::uint64_t alerts_before = alerts_.size();
    for (const AlertChange& change : alert_changes(engine_.alerts(), wall_of(now_))) append_alert_change(alerts_, change);
    engine_.figures().copy_to(table_);
    figures_->sample(wall_of(now_), table_);
    if (!seek) return;
    std::ostringstream table;
    csv_output(table, {})->sample(wall_of(now_), table_);
    seeks_.push_back({.step = steps_,
                      .from = wall_of(now_),
                      .table = table.str(),
                      .figures_at = static_cast<std::uint64_t>(figures_file_.tellp()),
                      .alerts_at = alerts_before});
  }

  static constexpr MonoTime kOpening{1h};
  static constexpr std::uint64_t kMostWaiting = 100'000;

  MonoTime now_ = kOpening;
  std::atomic<std::int64_t> clock_{nanoseconds_of(kOpening)};  ///< now_, for the writer's thread
  Config config_ = parsed(desk("2.5"));
  std::vector<ConnectionPlan> plans_ = connection_plans(config_);
  simulator::DeribitExchange exchange_;
  simulator::SyntheticContent* content_;
  Engine engine_;
  std::optional<JournalWriter> journal_;
  std::ofstream figures_file_;
  std::unique_ptr<ReplayOutput> figures_;
  std::string alerts_{kAlertTimelineHeader};
  FigureSnapshot table_;
  std::unique_ptr<SymbolTable> symbols_ = make_symbols(Venue::Deribit);
  std::array<Line, 2> lines_;
  EventBatch batch_;
  SessionActions actions_;
  std::vector<simulator::Outgoing> out_;
  std::deque<simulator::Outgoing> frames_;
  std::string perpetual_;
  bool heard_ = false;  ///< an event in this cycle
  std::size_t steps_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t cycles_ = 0;
  std::size_t acknowledged_ = 0;
  std::size_t overridden_ = 0;
  std::set<std::size_t> steps_to_seek_;
  std::vector<Seek> seeks_;
};

/// Takes what a replay writes and holds it against what it has to be, byte by byte.
class Comparison final : public std::streambuf {
 public:
  explicit Comparison(std::vector<std::string_view> expected) : expected_{std::move(expected)} {}

  /// Where they part, with the two lines; empty when they are the same to the last byte.
  [[nodiscard]] std::string difference() {
    if (difference_.empty() && !skip_empty()) return {};
    if (difference_.empty()) difference_ = "it ends before " + line_at(0);
    return difference_;
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  int_type overflow(int_type c) override {
    const char text = traits_type::to_char_type(c);
    if (c != traits_type::eof()) xsputn(&text, 1);
    return traits_type::not_eof(c);
  }
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    std::string_view rest{text, static_cast<std::size_t>(count)};
    while (!rest.empty() && difference_.empty()) {
      if (!skip_empty()) {
        difference_ = "it goes on with " + std::string{rest.substr(0, kShown)};
        break;
      }
      const std::string_view expected = expected_[part_].substr(at_, rest.size());
      if (rest.starts_with(expected)) {
        at_ += expected.size();
        bytes_ += expected.size();
        rest.remove_prefix(expected.size());
        continue;
      }
      const auto apart = std::ranges::mismatch(expected, rest).in1 - expected.begin();
      difference_ = '"' + std::string{rest.substr(static_cast<std::size_t>(apart), kShown)} + "\" in " +
                    line_at(static_cast<std::size_t>(apart));
    }
    return count;
  }
  /// False at the end of all that is expected.
  bool skip_empty() {
    while (part_ < expected_.size() && at_ == expected_[part_].size()) {
      ++part_;
      at_ = 0;
    }
    return part_ < expected_.size();
  }
  [[nodiscard]] std::string line_at(std::size_t ahead) const {
    const std::string_view part = expected_[part_];
    const std::size_t at = at_ + ahead;
    const std::size_t before = at == 0 ? std::string_view::npos : part.rfind('\n', at - 1);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    return '"' + std::string{part.substr(begin, part.find('\n', at) - begin)} + '"';
  }

  static constexpr std::size_t kShown = 60;
  std::vector<std::string_view> expected_;
  std::size_t part_ = 0;
  std::size_t at_ = 0;
  std::uint64_t bytes_ = 0;
  std::string difference_;
};

/// How a replay of the folder's journal differs from what is expected, and what it said.
struct Replayed {
  std::string difference;
  std::string messages;
  std::uint64_t bytes = 0;
};
Replayed replayed(const Folder& folder, bool alerts, std::optional<WallTime> from, std::vector<std::string_view> expected) {
  ReplayRequest request;
  request.inputs = {folder.path() / "journal"};
  request.every = 0ns;
  request.from = from;
  request.alerts = alerts;
  Comparison comparison{std::move(expected)};
  std::ostream out{&comparison};
  std::ostringstream messages;
  CHECK(run_replay(request, out, messages) == kExitSuccess);
  return {comparison.difference(), messages.str(), comparison.bytes()};
}

std::string totals(std::uint64_t events, std::uint64_t cycles) {
  return "replayed " + std::to_string(events) + " events in " + std::to_string(cycles) + " cycles of 1 session\n";
}

}  // namespace

TEST_SUITE("replay/journalled_day") {
  TEST_CASE("a day's journal gives the figures and alerts of the live run to the byte, from its start and from 28 random moments") {
    const Folder folder{"journalled_day"};
    JournalledDay day{folder};
    // One in each part of the day, so that each begins with another snapshot.
    constexpr std::size_t kSeeks = 28;
    std::mt19937_64 random{21};
    for (std::size_t part = 0; part < kSeeks; ++part) {
      constexpr std::size_t kLength = kSteps / (kSeeks + 1);
      day.seek_at((part + 1) * kLength + random() % kLength);
    }
    const std::array sold{day.at_the_money(kMorning, OptionRight::Call), day.at_the_money(kMorning, OptionRight::Put),
                          day.at_the_money(kMorning + 24h, OptionRight::Call), day.at_the_money(kMorning + 48h, OptionRight::Put)};
    constexpr std::size_t kLost = 3'000;
    for (std::size_t i = 0; i < kSteps; ++i) {
      for (std::size_t which = 0; which < sold.size(); ++which)
        if (i == 50 + 3 * which) day.order(sold[which], false, 5);
      if (i % 500 == 100) day.order(day.perpetual(), true, 150'000);
      if (i % 500 == 200) day.order(day.perpetual(), false, 150'000);
      if (i == 2'000) day.transfer(7.5);
      if (i == kLost) day.disconnect();
      if (i == kLost + 10) day.order(sold[2], false, 3);
      if (i == kLost + 60) day.reconnect();
      if (i == 1'234 || i == 6'789) day.acknowledge();
      if (i == 4'000) day.override_limit("NetDeltaAboveSoftLimit", 3.5, 2h);
      if (i == 5'000) day.reconfigure(desk("3"));
      day.step();
    }
    day.finish();
    const auto segments = segments_in(folder.path() / "journal");
    const auto snapshots = snapshots_in(folder.path() / "journal");
    const std::string figures = hedgewatch::testing::read_text(folder.path() / "figures.csv");
    MESSAGE(day.events() << " events, " << day.cycles() << " cycles, " << segments.size() << " segments, " << snapshots.size()
                         << " snapshots; " << figures.size() << " bytes of " << day.figures() << " figures, " << day.alerts().size()
                         << " of alerts; " << day.acknowledged() << " acknowledged, " << day.overridden() << " overridden");
    CHECK(day.acknowledged() > 0);
    CHECK(day.overridden() > 0);

    const Replayed whole_figures = replayed(folder, false, std::nullopt, {figures});
    CHECK(whole_figures.difference == "");
    CHECK(whole_figures.messages == totals(day.events(), day.cycles()));
    const Replayed whole_alerts = replayed(folder, true, std::nullopt, {day.alerts()});
    CHECK(whole_alerts.difference == "");

    std::set<std::uint64_t> begun_at;
    for (const Seek& seek : day.seeks()) {
      CAPTURE(seek.step);
      const auto next = std::ranges::lower_bound(snapshots, seek.from, {}, &SnapshotFile::taken);
      REQUIRE(next != snapshots.begin());
      const std::uint64_t sequence = std::prev(next)->sequence;
      begun_at.insert(sequence);
      const Replayed part = replayed(folder, false, seek.from, {seek.table, std::string_view{figures}.substr(seek.figures_at)});
      CHECK(part.difference == "");
      // It did not begin before its snapshot.
      CHECK(part.messages.starts_with("replayed " + std::to_string(day.events() - sequence) + " events"));
      const Replayed alerts =
          replayed(folder, true, seek.from, {kAlertTimelineHeader, std::string_view{day.alerts()}.substr(seek.alerts_at)});
      CHECK(alerts.difference == "");
    }
    CHECK(day.seeks().size() == kSeeks);
    CHECK(begun_at.size() >= 20);
  }
}
