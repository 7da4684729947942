#include "daemon/alerting/alert_desk.hpp"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "daemon/text_file.hpp"
#include "feeds/transport/tls_context.hpp"

namespace hedgewatch {

namespace {

/// A receiver forgets what it was not told again for so many turns.
constexpr int kTurnsUntilForgotten = 4;
constexpr unsigned kFirstRefusal = 300;
/// How often a thread with nothing to send looks whether the engine moves.
constexpr std::chrono::nanoseconds kGlance = std::chrono::milliseconds{250};
/// A stall must be seen for so long: a whole process that was stopped, and goes on, has seen none.
constexpr std::chrono::nanoseconds kSeenFor = std::chrono::milliseconds{200};

std::string words(const AlertTransition& transition) {
  if (transition.to == AlertState::Acknowledged) return "acknowledged: ";
  return is_raised(transition.to) ? "fires: " : "resolved: ";
}

std::chrono::nanoseconds offset_of(WallTime wall, MonoTime mono) {
  return std::chrono::nanoseconds{nanoseconds_of(wall) - nanoseconds_of(mono)};
}

const AlertRule* rule_of(const std::vector<AlertRule>& rules, const std::string& name, std::string_view row_labels) {
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const AlertRule& candidate) {
    return candidate.name == name && matches(candidate.labels, row_labels);
  });
  return rule == rules.end() ? nullptr : &*rule;
}

}  // namespace

std::string AlertReceiver::name() const {
  const bool hidden = kind == ReceiverKind::Webhook && !path.empty();
  return (tls ? "https://" : "http://") + host + ':' + std::to_string(port) + (hidden ? "/..." : path);
}

AlertDesk::AlertDesk(AlertDeskOptions options) : options_{std::move(options)}, started_{options_.wall()} {
  for (const AlertReceiver& address : options_.receivers) {
    receivers_.push_back(std::make_unique<Receiver>());
    receivers_.back()->address = address;
  }
}

AlertDesk::~AlertDesk() { stop(); }

std::optional<AlertMemory> AlertDesk::memory() const {
  if (options_.state_file.empty()) return std::nullopt;
  const auto text = read_text_file(options_.state_file);
  return text.ok() ? std::optional{parse_remembered(text.value())} : std::nullopt;  // the first start has none
}

std::vector<RaisedAlert> AlertDesk::remember(AlertMemory memory, const std::vector<AlertRule>& rules) {
  const std::chrono::nanoseconds offset = offset_of(options_.wall(), options_.mono());
  const std::scoped_lock lock{mutex_};
  overrides_ = std::move(memory.overrides);
  AlertMemory kept;
  for (const RememberedAlert& alert : memory.alerts) {
    if (alert.rule == kStalled) {
      remembered_stall_ = {.rule = alert.rule, .labels = {}, .since = alert.since, .ended = {}, .untold = true};
      continue;
    }
    const AlertRule* rule = rule_of(rules, alert.rule, alert.labels);
    if (rule == nullptr || !make_room()) continue;
    const auto since = from_nanoseconds<MonoTime>(nanoseconds_of(alert.since) - offset.count());
    AlertMessage message = message_of(*rule, alert.labels, {.to = AlertState::Firing, .value = {}, .since = since, .at = since},
                                      offset, options_.runbooks);
    std::string key = message.key();
    // What was acknowledged has ended for its receivers.
    if (alert.acknowledged) message.ended = options_.wall();
    alerts_[std::move(key)] = {.message = std::move(message),
                               .rule = alert.rule,
                               .row_labels = alert.labels,
                               .identity = identity_of(alert.rule, rule->figure, alert.labels),
                               .acknowledged = alert.acknowledged,
                               .version = alert.untold ? ++version_ : 0,
                               .changed = since};
    kept.alerts.push_back(alert);
  }
  for (const RememberedEnd& end : memory.ended) remember_end(end, rules, offset);
  return raised_in(kept, offset);
}

void AlertDesk::remember_end(const RememberedEnd& end, const std::vector<AlertRule>& rules, std::chrono::nanoseconds offset) {
  const auto mono = [offset](WallTime time) { return from_nanoseconds<MonoTime>(nanoseconds_of(time) - offset.count()); };
  Raised told;
  std::string key{kStalled};
  if (end.rule == kStalled) {
    told.message = stalled_message(end.since);
    told.message.ended = end.ended;
  } else {
    const AlertRule* rule = rule_of(rules, end.rule, end.labels);
    if (rule == nullptr) return;
    told.message =
        message_of(*rule, end.labels, {.to = AlertState::Inactive, .value = {}, .since = mono(end.since), .at = mono(end.ended)},
                   offset, options_.runbooks);
    told.message.description = "ended before the restart, since " + utc_text(end.since);
    told.identity = identity_of(end.rule, rule->figure, end.labels);
    key = told.message.key();
  }
  // What has been raised again since is not over.
  if (alerts_.contains(key) || !make_room()) return;
  told.rule = end.rule;
  told.row_labels = end.labels;
  told.version = ++version_;
  told.changed = mono(end.ended);
  told.known_to_webhooks = !end.untold;
  alerts_[std::move(key)] = std::move(told);
}

std::vector<OverriddenLimit> AlertDesk::remembered_overrides() const {
  const WallTime now = options_.wall();
  const std::chrono::nanoseconds offset = offset_of(now, options_.mono());
  AlertMemory in_force;
  const std::scoped_lock lock{mutex_};
  for (const RememberedOverride& limit : overrides_)
    if (limit.until > now) in_force.overrides.push_back(limit);
  return overridden_in(in_force, offset);
}

void AlertDesk::start() {
  if (!options_.state_file.empty()) memory_ = std::thread{[this] { keep_memory(); }};
  for (const auto& receiver : receivers_) receiver->thread = std::thread{[this, &receiver = *receiver] { serve(receiver); }};
}

void AlertDesk::stop() {
  {
    const std::scoped_lock lock{mutex_};
    if (stop_) return;
    stop_ = true;
  }
  wake_.notify_all();
  if (memory_.joinable()) memory_.join();
  for (const auto& receiver : receivers_)
    if (receiver->thread.joinable()) receiver->thread.join();
  // What a receiver accepted last.
  std::unique_lock lock{mutex_};
  if (forgotten_) write_memory(lock);
}

void AlertDesk::take(const AlertBoard& board) {
  if (board.transitions().empty() && !board.overrides_changed()) return;
  const std::chrono::nanoseconds offset = offset_of(options_.wall(), options_.mono());
  const std::scoped_lock lock{mutex_};
  if (board.overrides_changed()) {
    overrides_.clear();
    for (OverriddenLimit& limit : board.overrides())
      overrides_.push_back({.rule = std::move(limit.rule),
                            .labels = std::move(limit.labels),
                            .level = limit.level,
                            .until = from_nanoseconds<WallTime>(nanoseconds_of(limit.until) + offset.count())});
  }
  const std::uint64_t before = version_;
  for (const AlertTransition& transition : board.transitions()) take_one(board, transition, offset);
  if (version_ == before && !board.overrides_changed()) return;
  forgotten_ = !options_.state_file.empty();
  wake_.notify_all();
}

void AlertDesk::take_one(const AlertBoard& board, const AlertTransition& transition, std::chrono::nanoseconds wall_offset) {
  transitions_.fetch_add(1, std::memory_order_relaxed);
  const bool taken_on = transition.to == AlertState::Acknowledged;
  const bool was_taken_on = transition.from == AlertState::Acknowledged;
  if (is_raised(transition.from) == is_raised(transition.to) && !was_taken_on) return;
  const AlertBoard::Alert& alert = board.alerts()[transition.alert];
  const AlertRule& rule = board.rules()[alert.rule];
  AlertMessage message = message_of(rule, alert.labels, transition, wall_offset, options_.runbooks);
  if (options_.tell) options_.tell(rule.severity, words(transition) + rule.name, message.description);
  std::string key = message.key();
  if (!alerts_.contains(key) && !make_room()) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  Raised& told = alerts_[std::move(key)];
  told = {.message = std::move(message),
          .rule = rule.name,
          .row_labels = alert.labels,
          .identity = alert.identity,
          .acknowledged = std::nullopt,
          .version = ++version_,
          .changed = transition.at};
  if (!taken_on) return;
  const Acknowledgement& acknowledgement = alert.machine.acknowledgement();
  told.acknowledged = {.until = from_nanoseconds<WallTime>(nanoseconds_of(acknowledgement.until) + wall_offset.count()),
                       .value = acknowledgement.value};
}

std::vector<AlertIdentity> AlertDesk::raised(std::string_view rule, const std::vector<LabelMatch>& labels) const {
  std::vector<AlertIdentity> found;
  const std::scoped_lock lock{mutex_};
  for (const auto& [key, alert] : alerts_)
    if (!alert.message.ended && alert.rule == rule && matches(labels, alert.row_labels)) found.push_back(alert.identity);
  return found;
}

std::vector<HandledAlert> AlertDesk::acknowledged() const {
  std::vector<HandledAlert> found;
  const std::scoped_lock lock{mutex_};
  for (const auto& [key, alert] : alerts_)
    if (alert.acknowledged) found.push_back({.rule = alert.rule, .labels = alert.row_labels});
  return found;
}

std::vector<HandledAlert> AlertDesk::overridden() const {
  std::vector<HandledAlert> found;
  const std::scoped_lock lock{mutex_};
  for (const RememberedOverride& limit : overrides_) found.push_back({limit.rule, limit.labels, limit.level});
  return found;
}

/// Called with the lock held.
void AlertDesk::watch_engine() {
  if (remembered_stall_ && options_.healthy()) {
    const WallTime now = options_.wall();
    remembered_stall_->ended = now;
    remember_end(*remembered_stall_, {}, offset_of(now, options_.mono()));
    remembered_stall_.reset();
    forgotten_ = !options_.state_file.empty();
    wake_.notify_all();
  }
  if (!options_.stall) return;
  const std::chrono::nanoseconds stall = options_.stall();
  if (stall < kStalledAfter)
    seen_stalled_.reset();
  else if (!seen_stalled_)
    seen_stalled_ = options_.mono();
  const bool stalled = seen_stalled_ && (stalled_ || options_.mono() - *seen_stalled_ >= kSeenFor);
  if (stalled == stalled_ || (stalled && !make_room())) return;
  stalled_ = stalled;
  const WallTime now = options_.wall();
  Raised& told = alerts_[kStalled];
  if (stalled) {
    told = {};
    told.message = stalled_message(remembered_stall_ ? remembered_stall_->since : now - stall);
    remembered_stall_.reset();
  } else {
    told.message.ended = now;
  }
  told.rule = kStalled;
  told.version = ++version_;
  told.changed = options_.mono();
  if (options_.tell)
    options_.tell(AlertSeverity::Page, (stalled ? "fires: " : "resolved: ") + std::string{kStalled}, told.message.description);
  forgotten_ = !options_.state_file.empty();
  wake_.notify_all();
}

AlertMessage AlertDesk::stalled_message(WallTime since) const {
  AlertMessage message;
  message.labels = {{"alertname", kStalled}, {"severity", std::string{label(AlertSeverity::Page)}}};
  message.summary = "The engine stands still: no hedge is watched";
  message.description = "no cycle has ended for 3 seconds";
  message.runbook = runbook_of(options_.runbooks, kStalled);
  message.starts = since;
  return message;
}

bool AlertDesk::make_room() {
  if (alerts_.size() < kMostRaised) return true;
  auto oldest = alerts_.end();
  for (auto alert = alerts_.begin(); alert != alerts_.end(); ++alert)
    if (alert->second.message.ended && !alert->second.acknowledged &&
        (oldest == alerts_.end() || alert->second.version < oldest->second.version))
      oldest = alert;
  if (oldest == alerts_.end()) return false;
  alerts_.erase(oldest);
  if (!receivers_.empty()) refused_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

/// A thread of its own: the disk may be slow, and neither the engine nor a receiver waits for it.
void AlertDesk::keep_memory() {
  pthread_setname_np(pthread_self(), "alert-memory");
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait(lock, [this] { return stop_ || forgotten_; });
    if (!forgotten_) return;
    write_memory(lock);
  }
}

void AlertDesk::write_memory(std::unique_lock<std::mutex>& lock) {
  forgotten_ = false;
  const std::uint64_t webhooks = accepted_by(ReceiverKind::Webhook);
  const std::uint64_t alertmanagers = accepted_by(ReceiverKind::Alertmanager);
  AlertMemory memory{.alerts = {}, .overrides = overrides_};
  for (const auto& [key, alert] : alerts_) {
    const bool untold = alert.version > webhooks && !alert.known_to_webhooks;
    if (!alert.message.ended || alert.acknowledged)
      memory.alerts.push_back({alert.rule, alert.row_labels, alert.message.starts, alert.acknowledged, untold});
    else if (untold || alert.version > alertmanagers)
      memory.ended.push_back({alert.rule, alert.row_labels, alert.message.starts, *alert.message.ended, untold});
  }
  if (remembered_stall_) memory.alerts.push_back({kStalled, {}, remembered_stall_->since, std::nullopt, true});
  lock.unlock();
  if (!write_remembered(options_.state_file, memory) && options_.tell_failure)
    options_.tell_failure(options_.state_file, std::strerror(errno));
  lock.lock();
}

std::uint64_t AlertDesk::accepted_by(ReceiverKind kind) const {
  std::uint64_t accepted = version_;
  for (const auto& receiver : receivers_)
    if (receiver->address.kind == kind) accepted = std::min(accepted, receiver->accepted_version);
  return accepted;
}

AlertMessage AlertDesk::heartbeat() const {
  AlertMessage message;
  message.labels = {{"alertname", kHeartbeat}, {"severity", "none"}};
  message.summary = "hedgewatch is alive; page when this stops";
  message.starts = started_;
  message.runbook = runbook_of(options_.runbooks, kHeartbeat);
  return message;
}

AlertDesk::Telling AlertDesk::telling_for(const Receiver& receiver, bool everything, WallTime now) const {
  Telling telling{.messages = {}, .changes = {}, .version = version_};
  const auto is_new = [&receiver](const Raised& alert) {
    return alert.version > receiver.accepted_version &&
           !(alert.known_to_webhooks && receiver.address.kind == ReceiverKind::Webhook);
  };
  std::vector<std::uint64_t> news;
  for (const auto& [key, alert] : alerts_)
    if (is_new(alert)) news.push_back(alert.version);
  if (news.size() > kMostChangesInPost) {
    const auto last = news.begin() + (kMostChangesInPost - 1);
    std::nth_element(news.begin(), last, news.end());
    telling.version = *last;
  }
  if (everything && options_.healthy()) telling.messages.push_back(heartbeat());
  for (const auto& [key, alert] : alerts_) {
    const bool change = is_new(alert);
    if (change ? alert.version > telling.version : !everything || alert.message.ended) continue;
    telling.messages.push_back(alert.message);
    // A calendar that was set back must not make an alert of the future, which a receiver refuses or goes on to show.
    AlertMessage& message = telling.messages.back();
    if (message.ended) message.ended = std::min(*message.ended, now);
    message.starts = std::min(message.starts, message.ended.value_or(now));
    if (change) telling.changes.push_back(alert.changed);
  }
  return telling;
}

HttpsRequest AlertDesk::request_for(const Receiver& receiver, const std::vector<AlertMessage>& messages, WallTime now) const {
  const AlertReceiver& address = receiver.address;
  HttpsRequest request;
  request.method = HttpsMethod::Post;
  request.host = address.host;
  request.port = address.port;
  request.headers = {{"Content-Type", "application/json"}};
  if (!address.authorization.empty()) request.headers.emplace_back("Authorization", address.authorization);
  request.tls = address.tls;
  if (address.kind == ReceiverKind::Webhook) {
    request.target = address.path.empty() ? "/" : address.path;
    request.body = webhook_body(messages);
    return request;
  }
  request.target = address.path + "/api/v2/alerts";
  request.body =
      alertmanager_body(messages, from_nanoseconds<WallTime>(nanoseconds_of(now) + kTurnsUntilForgotten * options_.resend.count()));
  return request;
}

void AlertDesk::serve(Receiver& receiver) {
  pthread_setname_np(pthread_self(), "alerts");
  std::optional<TlsContext> tls;
  if (receiver.address.tls) tls.emplace();
  HttpsSession session{tls ? &*tls : nullptr};
  std::unique_lock lock{mutex_};
  while (!stop_) {
    watch_engine();
    const MonoTime now = options_.mono();
    const bool behind = receiver.accepted_version < version_;
    const MonoTime due = behind ? receiver.next_attempt : std::max(receiver.next_resend, receiver.next_attempt);
    if (now < due) {
      wake_.wait_for(lock, std::min<std::chrono::nanoseconds>(due - now, kGlance),
                     [&] { return stop_ || (receiver.accepted_version < version_ && receiver.retry_after.count() == 0); });
      if (stop_) break;
      if (options_.mono() < due && !(receiver.accepted_version < version_ && receiver.retry_after.count() == 0)) continue;
    }

    const WallTime now_by_calendar = options_.wall();
    // One that could not be reached may have begun anew.
    const bool everything = receiver.address.kind == ReceiverKind::Alertmanager &&
                            (receiver.retry_after.count() != 0 || options_.mono() >= receiver.next_resend);
    const Telling telling = telling_for(receiver, everything, now_by_calendar);
    lock.unlock();

    std::string fault;
    if (!telling.messages.empty()) {
      const HttpsResult result = session.request(request_for(receiver, telling.messages, now_by_calendar),
                                                 {.timeout = options_.timeout, .body_bytes = std::size_t{1} << 20});
      if (!result.ok())
        fault = std::string{label(result.error().fault)} + ": " + result.error().detail;
      else if (result.value().status >= kFirstRefusal)
        fault = "answers status " + std::to_string(result.value().status);
    }
    const MonoTime done = options_.mono();

    lock.lock();
    if (fault.empty()) {
      for (const MonoTime changed : telling.changes) delivery_.record(done - changed);
      const std::uint64_t told = accepted_by(receiver.address.kind);
      receiver.accepted_version = telling.version;
      if (accepted_by(receiver.address.kind) > told && !options_.state_file.empty()) {
        forgotten_ = true;
        wake_.notify_all();
      }
      ++receiver.delivered;
      receiver.retry_after = std::chrono::nanoseconds{0};
      receiver.next_attempt = done;
      if (everything || receiver.address.kind == ReceiverKind::Webhook) receiver.next_resend = done + options_.resend;
      receiver.told_failure = false;
    } else {
      ++receiver.failures;
      receiver.retry_after = std::clamp(2 * receiver.retry_after, options_.first_retry, options_.longest_retry);
      receiver.next_attempt = done + receiver.retry_after;
      if (!receiver.told_failure && options_.tell_failure) options_.tell_failure(receiver.address.name(), fault);
      receiver.told_failure = true;
    }
    // An end that everybody knows need not be kept.
    const auto slowest = std::min_element(receivers_.begin(), receivers_.end(),
                                          [](const auto& a, const auto& b) { return a->accepted_version < b->accepted_version; });
    std::erase_if(alerts_, [known = (*slowest)->accepted_version](const auto& entry) {
      return entry.second.message.ended && !entry.second.acknowledged && entry.second.version <= known;
    });
  }
}

std::vector<AlertReceiverCounters> AlertDesk::counters() const {
  const std::scoped_lock lock{mutex_};
  std::vector<AlertReceiverCounters> counters;
  for (const auto& receiver : receivers_)
    counters.push_back({receiver->address.name(), receiver->delivered, receiver->failures, receiver->accepted_version < version_});
  return counters;
}

}  // namespace hedgewatch
