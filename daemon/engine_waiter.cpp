#include "daemon/engine_waiter.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "daemon/event_queue.hpp"
#include "daemon/feed_poller.hpp"

namespace hedgewatch {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array kModes{WaitMode::BusyPoll, WaitMode::Adaptive, WaitMode::Blocking};
/// The clock is read once in so many looks.
constexpr int kLooksPerClockRead = 16;

void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t) && std::atomic<std::uint32_t>::is_always_lock_free,
              "the kernel compares the atomic's own word");

void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t value, std::chrono::nanoseconds longest) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
  timespec timeout{};
  timeout.tv_sec = static_cast<std::time_t>(seconds.count());
  timeout.tv_nsec = static_cast<long>((longest - seconds).count());
  // Every way of returning (woken, value changed, timeout, signal) makes the caller look again.
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, &timeout, nullptr, 0);
}

}  // namespace

std::string_view label(WaitMode mode) {
  switch (mode) {
    case WaitMode::BusyPoll:
      return "busy_poll";
    case WaitMode::Adaptive:
      return "adaptive";
    case WaitMode::Blocking:
      return "blocking";
  }
  return "";
}

std::optional<WaitMode> wait_mode_from_label(std::string_view text) {
  for (const WaitMode mode : kModes)
    if (label(mode) == text) return mode;
  return std::nullopt;
}

std::optional<EngineWaiter::Woken> EngineWaiter::look(const EventQueue& queue) {
  if (!queue.empty()) return Woken::Events;
  if (nudged_.load(std::memory_order_seq_cst) && nudged_.exchange(false)) return Woken::Nudged;
  return std::nullopt;
}

EngineWaiter::Woken EngineWaiter::wait(const EventQueue& queue, std::chrono::nanoseconds longest) {
  if (const auto woken = look(queue)) return *woken;
  if (feeds_ != nullptr) return wait_serving(queue, longest);
  const Clock::time_point start = Clock::now();
  const Clock::time_point end = start + longest;
  const Clock::time_point spin_end =
      mode_ == WaitMode::BusyPoll ? end : start + (mode_ == WaitMode::Adaptive ? std::min(spin_, longest) : Clock::duration{});

  Clock::time_point now = start;
  while (now < spin_end) {
    for (int count = 0; count < kLooksPerClockRead; ++count) {
      if (const auto woken = look(queue)) return *woken;
      pause_briefly();
    }
    now = Clock::now();
  }

  while (now < end) {
    // Announced before the last look: a producer that publishes after it sees the announcement and wakes.
    asleep_.store(1, std::memory_order_seq_cst);
    if (const auto woken = look(queue)) {
      asleep_.store(0, std::memory_order_seq_cst);
      return *woken;
    }
    sleep_while(asleep_, 1, end - now);
    asleep_.store(0, std::memory_order_seq_cst);
    if (const auto woken = look(queue)) return *woken;
    now = Clock::now();
  }
  return look(queue).value_or(Woken::TimedOut);
}

EngineWaiter::Woken EngineWaiter::wait_serving(const EventQueue& queue, std::chrono::nanoseconds longest) {
  const Clock::time_point end = Clock::now() + longest;
  Clock::time_point spin_end = mode_ == WaitMode::Adaptive ? std::min(Clock::now() + spin_, end) : Clock::time_point{};
  while (true) {
    const bool served = feeds_->poll();
    if (const auto woken = look(queue)) return *woken;
    const Clock::time_point now = Clock::now();
    if (now >= end) return Woken::TimedOut;
    if (served || mode_ == WaitMode::BusyPoll || now < spin_end) continue;
    // A nudge that came after the look has interrupted this wait.
    feeds_->wait(end - now);
    if (const auto woken = look(queue)) return *woken;
  }
}

void EngineWaiter::nudge() {
  nudged_.store(true, std::memory_order_seq_cst);
  if (feeds_ != nullptr) return feeds_->interrupt();
  wake();
}

void EngineWaiter::wake_sleeper() {
  if (asleep_.exchange(0, std::memory_order_seq_cst) != 0)
    ::syscall(SYS_futex, &asleep_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace hedgewatch
