#include "daemon/journal/journal_writer.hpp"

#include <concurrentqueue/concurrentqueue.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/file_descriptor.hpp"
#include "daemon/journal/event_codec.hpp"
#include "daemon/journal/journal_block.hpp"
#include "daemon/journal/journal_digest.hpp"
#include "daemon/journal/journal_files.hpp"
#include "daemon/journal/snapshot_files.hpp"

namespace hedgewatch {

namespace {

struct QueueTraits : moodycamel::ConcurrentQueueDefaultTraits {
  static const std::size_t BLOCK_SIZE = 512;
  static const std::size_t EXPLICIT_INITIAL_INDEX_SIZE = 1024;
  static const std::size_t INITIAL_IMPLICIT_PRODUCER_HASH_SIZE = 0;

  /// All of it is resident from the start: a backlog costs the engine's thread no page fault, and the process never grows.
  static void* malloc(std::size_t size) {
    void* const memory = std::malloc(size);
    // Not with zeros: that would be made a calloc, whose pages are nobody's before they are used.
    if (memory != nullptr) std::memset(memory, 0xFF, size);
    return memory;
  }
  static void free(void* memory) { std::free(memory); }
};

/// An event with what must stand before it.
struct Entry {
  Event event;
  std::uint64_t lost_before = 0;
  std::uint32_t configuration = 0;  ///< not 0: no event, this configuration is in force from here
  bool snapshot = false;            ///< no event: the engine's state as of here waits in the buffer
};

using Queue = moodycamel::ConcurrentQueue<Entry, QueueTraits>;

constexpr std::size_t kBatch = 512;
/// A block is closed when it holds this much before compression.
constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
constexpr std::chrono::milliseconds kRetryAfter{1'000};
/// Between two looks at the queue, after few events and after many.
constexpr std::chrono::milliseconds kIdleRest{20};
constexpr std::chrono::milliseconds kBusyRest{1};
/// The queue must hold this many blocks at least, and must not grow.
constexpr std::size_t kMostCapacity = 1'000 * QueueTraits::BLOCK_SIZE;

/// Lost events are counted on both sides of the queue.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) { counter.fetch_add(count, std::memory_order_relaxed); }

/// A venue tells it once, or a person did: no later message makes up for it.
bool is_told_once(const EventBody& body) {
  return std::holds_alternative<Fill>(body) || std::holds_alternative<Transfer>(body) ||
         std::holds_alternative<ForcedEvent>(body) || std::holds_alternative<AlertAcknowledged>(body) ||
         std::holds_alternative<LimitOverridden>(body);
}

std::string fault_text(std::string_view what, const std::filesystem::path& file) {
  return std::string{what} + ' ' + file.string() + ": " + std::strerror(errno);
}

/// False with errno set.
bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

// The two counters want a cache line each, and there is one journal.
struct JournalWriter::State {  // NOLINT(clang-analyzer-optin.performance.Padding)
  State(JournalOptions given, JournalCounters& totals)
      : options{std::move(given)}, counters{totals}, queue{options.capacity + 2 * QueueTraits::BLOCK_SIZE}, token{queue} {
    if (options.capacity < kBatch || options.capacity > kMostCapacity)
      throw std::invalid_argument{"journal: the capacity must be between 512 and " + std::to_string(kMostCapacity)};
    block.payload.reserve(kBlockBytes + 4'096);
  }

  // ---- the writer's thread
  void run();
  /// How many entries; 0 when none waits.
  std::size_t take_some();
  void add_event(const Event& event);
  void close_block();
  void put(const JournalBlock& finished);
  bool open_segment();
  void drop_old_segments();
  void note_lost(std::uint64_t count);
  void write_state();
  void failed(const std::string& what);
  [[nodiscard]] JournalSession session() const {
    return {.version = options.version,
            .wall_offset_ns = wall_offset,
            .begun_ns = begun_ns,
            .build = options.build,
            .continues = options.continues,
            .boot = options.boot,
            .clock_shift_ns = options.clock_shift.count()};
  }
  [[nodiscard]] WallTime wall_of(MonoTime time) const { return from_nanoseconds<WallTime>(nanoseconds_of(time) + wall_offset); }

  JournalOptions options;
  JournalCounters& counters;

  Queue queue;
  moodycamel::ProducerToken token;
  std::uint64_t unrecorded = 0;  ///< the engine's thread: lost since the last entry that went through
  alignas(64) std::atomic<std::uint64_t> sent{0};
  alignas(64) std::atomic<std::uint64_t> taken{0};

  std::vector<std::byte> snapshot;          ///< the engine's thread's, until it waits
  std::atomic<bool> snapshot_waits{false};  ///< the writer's thread's, until it no longer does
  std::optional<MonoTime> next_snapshot;    ///< the engine's thread
  std::uint64_t sent_at_snapshot = 0;       ///< the engine's thread: `sent` when the newest was handed over

  std::mutex mutex;  ///< guards what follows until the thread's own things
  std::condition_variable wake;
  bool stop = false;
  std::uint32_t next_configuration = 1;
  std::map<std::uint32_t, std::string> announced;

  std::array<Entry, kBatch> batch{};
  JournalDigest digest;
  std::string configuration;
  JournalBlock block;
  std::string bytes;
  MonoTime block_begun{};
  bool block_is_urgent = false;  ///< holds what is told once
  std::uint64_t sequence = 0;
  std::int64_t wall_offset = 0;
  std::int64_t begun_ns = 0;
  std::unique_ptr<FileDescriptor> file;
  std::uint64_t unwritten = 0;  ///< since the file was lost
  std::filesystem::path file_path;
  std::uint64_t file_bytes = 0;
  MonoTime retry_at{};
  bool well = true;
  std::thread thread;
};

JournalWriter::JournalWriter(JournalOptions options, std::string configuration)
    : state_{std::make_unique<State>(std::move(options), counters_)} {
  State& state = *state_;
  state.configuration = std::move(configuration);
  state.begun_ns = nanoseconds_of(state.options.mono());
  state.wall_offset = nanoseconds_of(state.options.wall()) - state.begun_ns;
  remove_unfinished_snapshots(state.options.directory);
  state.sequence = next_sequence(state.options.directory);
  if (!state.open_segment()) throw std::runtime_error{fault_text("journal: cannot write in", state.options.directory)};
  state.thread = std::thread{[this] { state_->run(); }};
}

JournalWriter::~JournalWriter() {
  {
    const std::scoped_lock lock{state_->mutex};
    state_->stop = true;
  }
  state_->wake.notify_one();
  state_->thread.join();
}

// ---- the engine's thread

void JournalWriter::record(std::span<const Event> events) {
  State& state = *state_;
  for (const Event& event : events) {
    const std::uint64_t sent = state.sent.load(std::memory_order_relaxed);
    Entry entry{event, state.unrecorded, 0, false};
    if (sent - state.taken.load(std::memory_order_acquire) >= state.options.capacity ||
        !state.queue.try_enqueue(state.token, entry)) {
      ++state.unrecorded;
      add(counters_.lost_events, 1);
      continue;
    }
    state.unrecorded = 0;
    state.sent.store(sent + 1, std::memory_order_release);
  }
}

void JournalWriter::record_configuration(std::uint32_t number) {
  State& state = *state_;
  Entry entry{{}, state.unrecorded, number, false};
  // A configuration that found no room would leave a journal that replays wrongly without saying so; there is always room for one.
  if (!state.queue.try_enqueue(state.token, entry)) return;
  state.unrecorded = 0;
  state.sent.store(state.sent.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

bool JournalWriter::snapshot_due(MonoTime now) const {
  const std::uint64_t events = state_->sent.load(std::memory_order_relaxed) - state_->sent_at_snapshot;
  return (!state_->next_snapshot || now >= *state_->next_snapshot || events >= state_->options.snapshot_events) &&
         !state_->snapshot_waits.load(std::memory_order_acquire);
}

std::vector<std::byte>& JournalWriter::snapshot_buffer() { return state_->snapshot; }

void JournalWriter::hand_over_snapshot(MonoTime now) {
  State& state = *state_;
  state.next_snapshot = now + state.options.snapshot_every;
  state.sent_at_snapshot = state.sent.load(std::memory_order_relaxed);
  Entry entry{{}, state.unrecorded, 0, true};
  state.snapshot_waits.store(true, std::memory_order_release);
  if (!state.queue.try_enqueue(state.token, entry)) {
    state.snapshot_waits.store(false, std::memory_order_release);
    return;
  }
  state.unrecorded = 0;
  state.sent.store(state.sent.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

// ---- any other thread

std::uint32_t JournalWriter::announce_configuration(std::string text) {
  const std::scoped_lock lock{state_->mutex};
  const std::uint32_t number = state_->next_configuration++;
  state_->announced.emplace(number, std::move(text));
  return number;
}

// ---- the writer's thread

void JournalWriter::State::run() {
  pthread_setname_np(pthread_self(), "journal");
  bool busy = false;
  while (true) {
    bool stopping = false;
    {
      std::unique_lock lock{mutex};
      wake.wait_for(lock, busy ? kBusyRest : kIdleRest, [this] { return stop; });
      stopping = stop;
    }
    std::size_t taken_together = 0;
    while (const std::size_t count = take_some()) {
      taken_together += count;
      // The queue may stay filled for long.
      if (block_is_urgent) close_block();
    }
    busy = taken_together > kBatch;
    const bool due = stopping || (block.count > 0 && options.mono() - block_begun >= options.block_age);
    if (due) close_block();
    counters.oldest_waiting_ns.store(block.count > 0 ? nanoseconds_of(block_begun) : 0, std::memory_order_relaxed);
    if (stopping) return;
  }
}

std::size_t JournalWriter::State::take_some() {
  const std::uint64_t done = taken.load(std::memory_order_relaxed);
  const auto waiting = static_cast<std::size_t>(sent.load(std::memory_order_acquire) - done);
  if (waiting == 0) return 0;
  const std::size_t count = queue.try_dequeue_bulk_from_producer(token, batch.begin(), std::min(waiting, batch.size()));
  for (std::size_t index = 0; index < count; ++index) {
    const Entry& entry = batch[index];
    if (entry.lost_before > 0) note_lost(entry.lost_before);
    if (entry.snapshot) {
      write_state();
      continue;
    }
    if (entry.configuration == 0) {
      add_event(entry.event);
      continue;
    }
    close_block();
    {
      const std::scoped_lock lock{mutex};
      const auto found = announced.find(entry.configuration);
      if (found == announced.end()) continue;
      configuration = std::move(found->second);
      announced.erase(announced.begin(), std::next(found));
    }
    put({.kind = BlockKind::Configuration, .sequence = sequence, .count = 0, .first = options.wall(), .payload = configuration});
  }
  taken.store(done + count, std::memory_order_release);
  return count;
}

void JournalWriter::State::add_event(const Event& event) {
  if (block.count == 0) {
    block_begun = options.mono();
    block.sequence = sequence;
    block.first = wall_of(event.header.received);
  }
  encode_event(block.payload, event);
  ++block.count;
  ++sequence;
  if (is_told_once(event.body)) block_is_urgent = true;
  digest.note(event);
  if (block.payload.size() >= kBlockBytes) close_block();
}

void JournalWriter::State::close_block() {
  if (block.count == 0) return;
  put(block);
  block.payload.clear();
  block.count = 0;
  block_is_urgent = false;
}

void JournalWriter::State::note_lost(std::uint64_t count) {
  close_block();
  put({.kind = BlockKind::Loss, .sequence = sequence, .count = 0, .first = options.wall(), .payload = std::to_string(count)});
}

void JournalWriter::State::write_state() {
  // What it knows must stand in the segments before it does.
  close_block();
  if (file != nullptr && !snapshot.empty()) {
    const std::string_view bytes_of_state{reinterpret_cast<const char*>(snapshot.data()), snapshot.size()};
    const auto fault = write_snapshot(options.directory, {.sequence = sequence,
                                                          .taken = options.wall(),
                                                          .session = session(),
                                                          .configuration = configuration,
                                                          .state = std::string{bytes_of_state}});
    if (!fault) {
      add(counters.snapshots, 1);
      keep_snapshots(options.directory);
      drop_old_segments();
    } else {
      add(counters.write_failures, 1);
      if (options.tell) options.tell(*fault);
    }
  }
  snapshot_waits.store(false, std::memory_order_release);
}

void JournalWriter::State::failed(const std::string& what) {
  add(counters.write_failures, 1);
  retry_at = options.mono() + kRetryAfter;
  if (well && options.tell) options.tell(what);
  well = false;
  file.reset();
}

void JournalWriter::State::put(const JournalBlock& finished) {
  if (file == nullptr) {
    // What the block tells is known to the digest, with which the new segment begins: its events are lost one by one, not in sum.
    add(counters.lost_events, finished.count);
    unwritten += finished.count;
    if (options.mono() < retry_at || !open_segment()) return;
    const std::string lost = std::to_string(std::exchange(unwritten, 0));
    put({.kind = BlockKind::Loss, .sequence = sequence, .count = 0, .first = options.wall(), .payload = lost});
    return;
  }
  bytes.clear();
  append_block(bytes, finished);
  if (!write_all(file->number(), bytes) || (options.sync == JournalSync::Block && ::fdatasync(file->number()) != 0)) {
    failed(fault_text("cannot write", file_path));
    add(counters.lost_events, finished.count);
    unwritten += finished.count;
    return;
  }
  file_bytes += bytes.size();
  add(counters.bytes, bytes.size());
  add(counters.events, finished.count);
  if (file_bytes >= options.segment_bytes && finished.kind == BlockKind::Events) open_segment();
}

bool JournalWriter::State::open_segment() {
  const WallTime now = options.wall();
  // The restated events describe everything before the segment, and what waits in the block comes after them: the block is empty
  // here.
  file_path = options.directory / segment_name(sequence, now);
  auto opened = std::make_unique<FileDescriptor>(::open(file_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (opened->number() < 0) {
    failed(fault_text("cannot make", file_path));
    return false;
  }
  bytes.clear();
  append_block(bytes,
               {.kind = BlockKind::Session, .sequence = sequence, .count = 0, .first = now, .payload = session_text(session())});
  if (options.alerts)
    append_block(bytes, {.kind = BlockKind::Alerts, .sequence = sequence, .count = 0, .first = now, .payload = *options.alerts});
  append_block(bytes, {.kind = BlockKind::Configuration, .sequence = sequence, .count = 0, .first = now, .payload = configuration});
  JournalBlock restated{.kind = BlockKind::Restated, .sequence = sequence, .count = 0, .first = now, .payload = {}};
  const auto flush_restated = [&] {
    if (restated.count > 0) append_block(bytes, restated);
    restated.payload.clear();
    restated.count = 0;
  };
  digest.restate([&](const Event& event) {
    encode_event(restated.payload, event);
    ++restated.count;
    if (restated.payload.size() >= kBlockBytes) flush_restated();
  });
  flush_restated();
  if (!write_all(opened->number(), bytes)) {
    failed(fault_text("cannot write", file_path));
    return false;
  }
  options.alerts.reset();  // stands at the head of the session alone
  file = std::move(opened);
  file_bytes = bytes.size();
  add(counters.bytes, bytes.size());
  if (!well && options.tell) options.tell("writes again, to " + file_path.string());
  well = true;
  drop_old_segments();
  return true;
}

void JournalWriter::State::drop_old_segments() {
  counters.segments.store(keep_within(options.directory, options.max_bytes, options.max_age, options.wall()),
                          std::memory_order_relaxed);
}

}  // namespace hedgewatch
