#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/engine/engine.hpp"
#include "daemon/alerting/alert_message.hpp"
#include "daemon/alerting/raised_alerts_file.hpp"
#include "daemon/latency_histogram.hpp"
#include "feeds/transport/https_client.hpp"

namespace hedgewatch {

/// How a receiver wants to be told.
enum class ReceiverKind : std::uint8_t {
  Alertmanager,  ///< what is raised, again and again, and a heartbeat; the path is before /api/v2/alerts
  Webhook        ///< every change, once
};

/// Where alerts are posted.
struct AlertReceiver {
  std::string host;
  std::uint16_t port = 9093;
  std::string path;                ///< empty or starting with '/'
  bool tls = false;                ///< false only to a loopback address
  std::string authorization = {};  ///< value of that header; empty: none
  ReceiverKind kind = ReceiverKind::Alertmanager;

  /// `http://host:port/path`, as in labels and messages. Of a webhook's path nothing is told, since it may be a secret itself:
  /// `https://host:port/...`.
  [[nodiscard]] std::string name() const;
};

struct AlertDeskOptions {
  std::vector<AlertReceiver> receivers;
  std::string runbooks = "/usr/share/hedgewatch/runbooks";     ///< the folder or address that alerts point to
  std::string state_file;                                      ///< empty: nothing is remembered over a restart
  std::chrono::nanoseconds resend = std::chrono::seconds{30};  ///< what is raised is sent again so often
  std::chrono::nanoseconds timeout = std::chrono::seconds{5};  ///< of one delivery
  std::chrono::nanoseconds first_retry = std::chrono::milliseconds{250};
  std::chrono::nanoseconds longest_retry = std::chrono::seconds{10};
  std::function<MonoTime()> mono;
  std::function<WallTime()> wall;
  /// Whether the engine moves: the heartbeat is only sent while it does.
  std::function<bool()> healthy;
  /// Since the engine ended a cycle; may be empty. What stands still cannot judge itself.
  std::function<std::chrono::nanoseconds()> stall;
  std::function<void(AlertSeverity severity, const std::string& text, const std::string& detail)> tell;
  std::function<void(const std::string& receiver, const std::string& fault)> tell_failure;
};

/// A row that a person has acknowledged, or whose limit is another one for now.
struct HandledAlert {
  std::string rule;
  std::string labels;  ///< of its row
  double level = 0;    ///< of a limit
};

/// One receiver's totals.
struct AlertReceiverCounters {
  std::string receiver;
  std::uint64_t delivered = 0;  ///< posts that were accepted
  std::uint64_t failures = 0;   ///< posts that were not
  bool behind = false;          ///< the newest change has not been accepted yet
};

/// Takes the engine's transitions and tells the world: every change at once to every receiver, each on a thread of its own so that
/// a dead one delays nobody; what is raised again and again until it ends, because a receiver forgets; a heartbeat always, so that
/// silence is heard. An end is sent until it was accepted. What is raised is remembered over a restart, and so is an end that a
/// receiver has not accepted.
class AlertDesk {
 public:
  /// More are counted as refused; so is the oldest end that some receiver lacks, which makes room first.
  static constexpr std::size_t kMostRaised = 4'096;
  static constexpr const char* kHeartbeat = "HedgewatchHeartbeat";
  /// A receiver that comes back gets what it is owed in posts of so many changes, the oldest first: one that takes bodies up to a
  /// limit takes these.
  static constexpr std::size_t kMostChangesInPost = 256;
  /// A page of the desk's own, raised when the engine has stood still for so long: before the service's watchdog ends the process.
  static constexpr const char* kStalled = "EngineStalled";
  static constexpr std::chrono::nanoseconds kStalledAfter = std::chrono::seconds{3};

  explicit AlertDesk(AlertDeskOptions options);
  /// Stops; what is raised stays raised.
  ~AlertDesk();
  AlertDesk(const AlertDesk&) = delete;
  AlertDesk& operator=(const AlertDesk&) = delete;

  /// What the state file says; nothing when there is none.
  [[nodiscard]] std::optional<AlertMemory> memory() const;
  /// What was raised before the restart and still has a rule, for Engine::resume_alerts; it is told on, to a webhook only where it
  /// is untold. What had ended is told to those that lack it, and a stall of the engine before ends when this one's moves. Before
  /// start().
  [[nodiscard]] std::vector<RaisedAlert> remember(AlertMemory memory, const std::vector<AlertRule>& rules);
  /// The limits that were overridden then and are so still, for Engine::resume_overrides. After remember().
  [[nodiscard]] std::vector<OverriddenLimit> remembered_overrides() const;
  void start();
  void stop();

  /// On the engine's thread after each cycle. Does nothing, and takes no lock, unless an alert changed.
  void take(const AlertBoard& board);

  /// What is told now and whose rule and row fit, for Engine's acknowledgements. Any thread.
  [[nodiscard]] std::vector<AlertIdentity> raised(std::string_view rule, const std::vector<LabelMatch>& labels) const;

  /// What people have acknowledged, and the limits that are overridden now. Any thread.
  [[nodiscard]] std::vector<HandledAlert> acknowledged() const;
  [[nodiscard]] std::vector<HandledAlert> overridden() const;

  /// Time from the cycle that raised or ended an alert until a receiver had accepted it.
  [[nodiscard]] const LatencyHistogram& delivery() const { return delivery_; }
  [[nodiscard]] std::vector<AlertReceiverCounters> counters() const;
  [[nodiscard]] std::uint64_t transitions() const { return transitions_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  struct Raised {
    AlertMessage message;
    std::string rule;
    std::string row_labels;
    AlertIdentity identity;
    std::optional<RememberedAlert::Acknowledged> acknowledged;  ///< ended for its receivers, kept in memory
    std::uint64_t version = 0;                                  ///< of its newest change
    MonoTime changed{};
    bool known_to_webhooks = false;  ///< an end from before the restart that only an Alertmanager lacks
  };
  struct Receiver {
    AlertReceiver address;
    std::uint64_t accepted_version = 0;
    std::uint64_t delivered = 0;
    std::uint64_t failures = 0;
    std::chrono::nanoseconds retry_after{0};
    MonoTime next_attempt{};
    MonoTime next_resend{};
    bool told_failure = false;
    std::thread thread;
  };

  void serve(Receiver& receiver);
  /// What one post says.
  struct Telling {
    std::vector<AlertMessage> messages;
    std::vector<MonoTime> changes;  ///< when those happened that are new to the receiver
    std::uint64_t version = 0;      ///< of the newest change that it knows when it has accepted this
  };

  /// What the receiver is to be told now. Not `everything`: the changes alone, so that a page does not wait for what is known
  /// already.
  [[nodiscard]] Telling telling_for(const Receiver& receiver, bool everything, WallTime now) const;
  [[nodiscard]] HttpsRequest request_for(const Receiver& receiver, const std::vector<AlertMessage>& messages, WallTime now) const;
  /// Whether another alert has a place; the oldest ended one makes room.
  [[nodiscard]] bool make_room();
  void keep_memory();
  /// With the lock held, which is given up meanwhile.
  void write_memory(std::unique_lock<std::mutex>& lock);
  /// An end of before the restart, where it has a rule or is the desk's own, and a place.
  void remember_end(const RememberedEnd& end, const std::vector<AlertRule>& rules, std::chrono::nanoseconds offset);
  /// The newest version that every receiver of the kind has accepted.
  [[nodiscard]] std::uint64_t accepted_by(ReceiverKind kind) const;
  [[nodiscard]] AlertMessage stalled_message(WallTime since) const;
  [[nodiscard]] AlertMessage heartbeat() const;
  void take_one(const AlertBoard& board, const AlertTransition& transition, std::chrono::nanoseconds wall_offset);
  void watch_engine();

  AlertDeskOptions options_;
  LatencyHistogram delivery_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, Raised> alerts_;       ///< by key: raised, and ended ones that some receiver has not accepted
  std::vector<RememberedOverride> overrides_;  ///< in force
  std::uint64_t version_ = 0;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::thread memory_;
  bool forgotten_ = false;  ///< the state file does not say what is raised now
  bool stalled_ = false;
  std::optional<MonoTime> seen_stalled_;           ///< when it was first seen to stand still
  std::optional<RememberedEnd> remembered_stall_;  ///< of the process before: ends when the engine is seen to move
  bool stop_ = false;
  std::atomic<std::uint64_t> transitions_{0};
  std::atomic<std::uint64_t> refused_{0};
  WallTime started_{};
};

}  // namespace hedgewatch
