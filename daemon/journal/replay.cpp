#include "daemon/journal/replay.hpp"

#include <chrono>
#include <cstddef>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "config/parser.hpp"
#include "daemon/alerting/raised_alerts_file.hpp"
#include "daemon/setup.hpp"

namespace hedgewatch {

namespace {

class Replay {
 public:
  explicit Replay(const ReplaySettings& settings) : settings_{settings} {
    if (settings_.start && !settings_.configuration) begin_with(*settings_.start);
  }

  void take(const JournalItem& item) {
    if (skipped(item)) return;
    std::visit([this](const auto& what) { on(what); }, item);
  }
  [[nodiscard]] const ReplayTotals& totals() const { return totals_; }
  /// An engine is there, with all that it knows.
  [[nodiscard]] bool running() const { return engine_.has_value(); }
  /// Not all that the snapshot does not know is there.
  [[nodiscard]] bool has_hole() const { return has_hole_; }
  /// The newest reason why no engine is there, or not the one that was.
  [[nodiscard]] const std::string& why_not() const { return why_not_; }
  [[nodiscard]] ReplayEnd end() {
    return {.engine = *std::exchange(engine_, std::nullopt), .session = session_, .totals = totals_};
  }
  /// What is next is behind the moment until which was asked for.
  [[nodiscard]] bool done() const { return done_; }
  void finish() {
    if (settings_.finished && engine_ && totals_.cycles > 0) settings_.finished(*engine_, accounts_, now_);
  }

 private:
  void begin_with(const JournalSnapshot& snapshot) {
    auto parsed = parse_config(snapshot.configuration, "snapshot");
    if (!parsed.ok()) return refuse("the configuration of a snapshot is not understood: " + parsed.error().front().text());
    EngineSetup setup = to_engine_setup(parsed.value());
    accounts_ = setup.accounts;
    auto restored = Engine::restored(std::move(setup), std::as_bytes(std::span{snapshot.state}));
    if (!restored.ok()) return refuse("a snapshot does not fit this program: " + restored.error());
    engine_.emplace(std::move(restored).value());
    session_ = snapshot.session;
    begins_at_ = snapshot.sequence;
    ++totals_.sessions;
    if (settings_.begin_session) settings_.begin_session(session_);
  }

  /// What the snapshot knows already. It ends with the first event that is news, or with another session.
  bool skipped(const JournalItem& item) {
    if (!begins_at_) return false;
    if (const auto* event = std::get_if<JournaledEvent>(&item)) {
      if (event->sequence < *begins_at_) return true;
      if (event->sequence > *begins_at_) miss(event->sequence - *begins_at_);
    } else if (const auto* start = std::get_if<SessionStart>(&item)) {
      const bool same = start->session == session_;
      if (start->sequence < *begins_at_ || (same && start->sequence == *begins_at_)) return true;
      if (same) miss(start->sequence - *begins_at_);
      // A machine that crashed may have lost what the snapshot knows: the session that went on from it comes behind a hole.
      if (!same && start->session.continues && start->sequence == *begins_at_) {
        begins_at_.reset();
        on(SessionStart{.session = start->session, .continues = true, .sequence = start->sequence});
        return true;
      }
    } else if (const auto* text = std::get_if<ConfigurationText>(&item)) {
      return text->sequence < *begins_at_ || text->text == settings_.start->configuration;
    } else {
      return std::holds_alternative<RestatedEvent>(item) || std::holds_alternative<RememberedAlerts>(item);
    }
    begins_at_.reset();
    return false;
  }

  /// Events that the snapshot does not know, and the journal neither.
  void miss(std::uint64_t count) {
    totals_.lost_events += count;
    has_hole_ = true;
    refuse(std::to_string(count) + " events behind the snapshot are missing in the journal");
  }

  void on(const SessionStart& start) {
    continuing_ = start.continues && engine_.has_value();
    if (engine_ && !continuing_) keep_alerts(std::chrono::nanoseconds{session_.wall_offset_ns - start.session.wall_offset_ns});
    remembered_ = false;
    session_ = start.session;
    if (!continuing_) engine_.reset();
    ++totals_.sessions;
    if (continuing_) ++totals_.continued;
  }

  /// Their times are of the session's own steady clock.
  void on(const RememberedAlerts& remembered) {
    const AlertMemory memory = parse_remembered(remembered.text);
    raised_ = raised_in(memory, std::chrono::nanoseconds{0});
    overridden_ = overridden_in(memory, std::chrono::nanoseconds{0});
    remembered_ = true;
  }

  void on(const ConfigurationText& text) {
    auto parsed = parse_config(text.text, "journal");
    if (!parsed.ok()) {
      fault("a configuration in the journal is not understood: " + parsed.error().front().text());
      return;
    }
    if (settings_.configured) settings_.configured(text.text);
    if (settings_.configuration) {
      const std::string why = misfit(parsed.value(), *settings_.configuration);
      if (!why.empty()) {
        fault("the other configuration does not fit the journal: " + why);
        return;
      }
    }
    EngineSetup setup = to_engine_setup(settings_.configuration ? *settings_.configuration : parsed.value());
    accounts_ = setup.accounts;
    const bool goes_on = std::exchange(continuing_, false);
    if (engine_ && !goes_on) {
      engine_->reconfigure(std::move(setup));
      return;
    }
    if (goes_on)
      engine_->resume(std::move(setup));
    else
      engine_.emplace(std::move(setup));
    // Journals that do not say what was remembered are of a time when an engine never went on.
    if (remembered_ || (!goes_on && !parsed.value().alertmanager.state_file.empty())) {
      engine_->resume_alerts(std::exchange(raised_, {}));
      engine_->resume_overrides(std::exchange(overridden_, {}));
    }
    if (settings_.begin_session) settings_.begin_session(session_);
  }

  void on(const RestatedEvent& restated) {
    if (engine_) engine_->apply(restated.event);
  }

  void on(const JournaledEvent& journaled) {
    if (!engine_) return;
    ++totals_.events;
    engine_->apply(journaled.event);
    if (!std::holds_alternative<EndOfCycle>(journaled.event.body)) return;
    const MonoTime now = journaled.event.header.received;
    engine_->end_cycle(now);
    now_ = now;
    done_ = settings_.until && from_nanoseconds<WallTime>(nanoseconds_of(now) + session_.wall_offset_ns) >= *settings_.until;
    ++totals_.cycles;
    if (settings_.after_cycle)
      settings_.after_cycle(from_nanoseconds<WallTime>(nanoseconds_of(now) + session_.wall_offset_ns), *engine_);
  }

  void on(const LostEvents& lost) {
    totals_.lost_events += lost.count;
    tell(std::to_string(lost.count) + " events are missing here: the journal had no room for them");
  }

  void on(const JournalDamage& damage) {
    ++totals_.damages;
    tell(damage.file.string() + ": " + damage.what + " at byte " + std::to_string(damage.offset) + ", " +
         std::to_string(damage.bytes) + " bytes passed over");
  }

  /// With a state file the daemon remembers over a restart what is raised and which limits are overridden. `shift` is from the
  /// clock of the session that ends to that of the next.
  void keep_alerts(std::chrono::nanoseconds shift) {
    raised_ = engine_->alerts().raised();
    for (RaisedAlert& alert : raised_) {
      alert.since += shift;
      if (alert.acknowledgement) alert.acknowledgement->until += shift;
    }
    overridden_ = engine_->alerts().overrides();
    for (OverriddenLimit& limit : overridden_) limit.until += shift;
  }

  void fault(const std::string& line) {
    totals_.faults = true;
    engine_.reset();
    continuing_ = false;
    refuse(line);
  }
  void refuse(const std::string& line) {
    why_not_ = line;
    tell(line);
  }
  void tell(const std::string& line) {
    if (settings_.tell) settings_.tell(line);
  }

  const ReplaySettings& settings_;
  ReplayTotals totals_;
  JournalSession session_;
  std::optional<Engine> engine_;
  std::vector<std::string> accounts_;
  std::vector<RaisedAlert> raised_;  ///< in the session before, for the engine that is made next
  std::vector<OverriddenLimit> overridden_;
  MonoTime now_{};
  std::string why_not_ = "the journal ends with a session that has no configuration";
  bool has_hole_ = false;
  bool done_ = false;
  bool continuing_ = false;  ///< a session has begun that goes on with the engine, under a configuration that is still to come
  bool remembered_ = false;  ///< its journal says what was raised at its start
  std::optional<std::uint64_t> begins_at_;  ///< the snapshot's place, until the journal has come to it
};

}  // namespace

ReplayTotals replay_journal(JournalSource& journal, const ReplaySettings& settings) {
  Replay replay{settings};
  while (!replay.done()) {
    const auto item = journal.next();
    if (!item) break;
    replay.take(*item);
  }
  replay.finish();
  return replay.totals();
}

Result<ReplayEnd, std::string> replay_to_end(JournalReader& journal, const ReplaySettings& settings) {
  constexpr std::uint64_t kItemsBetweenLooks = 1'024;
  Replay replay{settings};
  if (!replay.running()) return replay.why_not();
  for (std::uint64_t items = 1; const auto item = journal.next(); ++items) {
    replay.take(*item);
    if (replay.has_hole()) break;
    if (items % kItemsBetweenLooks == 0 && settings.give_up && settings.give_up()) {
      std::string given_up = "the journal's end is too far away: given up";
      if (settings.tell) settings.tell(given_up);
      return given_up;
    }
  }
  if (replay.has_hole() || !replay.running()) return replay.why_not();
  return replay.end();
}

ReplayTotals replay_side_by_side(JournalSource& journal, const ReplaySettings& first, const ReplaySettings& second) {
  Replay one{first};
  Replay two{second};
  while (const auto item = journal.next()) {
    one.take(*item);
    two.take(*item);
  }
  ReplayTotals totals = one.totals();
  totals.faults = totals.faults || two.totals().faults;
  return totals;
}

std::string misfit(const Config& recorded, const Config& other) {
  if (recorded.venues.size() != other.venues.size()) return "it must have the same [[venue]] tables in the same order";
  for (std::size_t index = 0; index < recorded.venues.size(); ++index)
    if (recorded.venues[index].kind != other.venues[index].kind) return "it must have the same [[venue]] tables in the same order";
  if (recorded.accounts.size() != other.accounts.size()) return "it must have the same [[account]] tables in the same order";
  for (std::size_t index = 0; index < recorded.accounts.size(); ++index)
    if (recorded.accounts[index].name != other.accounts[index].name ||
        recorded.accounts[index].venue != other.accounts[index].venue)
      return "it must have the same [[account]] tables in the same order";
  return {};
}

}  // namespace hedgewatch
