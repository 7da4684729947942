#include "daemon/capture/frame_ring.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

WaitingFrame frame_at(int number) { return {WallTime{1s * number}, MonoTime{1s * number}, static_cast<std::uint32_t>(number % 3)}; }

}  // namespace

TEST_SUITE("daemon/capture/frame_ring") {
  TEST_CASE("frames come out as they went in, around the end of the memory many times") {
    FrameRing ring{1'024};
    for (int round = 0; round < 200; ++round) {
      const std::string first(static_cast<std::size_t>(round), 'a');
      CHECK(ring.put(frame_at(round), first));
      CHECK(ring.put(frame_at(round + 1), "b"));
      CHECK(ring.oldest_waiting_ns() == std::chrono::nanoseconds{1s * round}.count());
      std::vector<std::string> texts;
      ring.drain([&](const WaitingFrame& frame, std::string_view text) {
        CHECK(frame.received == frame_at(round + static_cast<int>(texts.size())).received);
        texts.emplace_back(text);
      });
      CHECK(texts == std::vector<std::string>{first, "b"});
      CHECK(ring.oldest_waiting_ns() == 0);
    }
  }

  TEST_CASE("what finds no room is refused whole, and there is room again when something was taken") {
    FrameRing ring{1'024};
    const std::string half(480, 'x');
    CHECK(ring.put(frame_at(1), half));
    CHECK(ring.put(frame_at(2), half));
    CHECK(!ring.put(frame_at(3), half));
    CHECK(!ring.put(frame_at(3), std::string(5'000, 'x')));
    std::size_t taken = 0;
    ring.drain([&](const WaitingFrame&, std::string_view text) { taken += text == half ? 1U : 100U; });
    CHECK(taken == 2);
    CHECK(ring.put(frame_at(3), half));
  }

  TEST_CASE("two threads pass a hundred thousand frames without losing or mixing one") {
    FrameRing ring{4'096};
    constexpr int kFrames = 100'000;
    std::thread putting{[&ring] {
      for (int number = 0; number < kFrames;) {
        if (ring.put(frame_at(number), std::string(static_cast<std::size_t>(number % 50), 'x')))
          ++number;
        else
          std::this_thread::yield();
      }
    }};
    int next = 0;
    int wrong = 0;
    while (next < kFrames) {
      ring.drain([&](const WaitingFrame& frame, std::string_view text) {
        if (frame.received != frame_at(next).received || text.size() != static_cast<std::size_t>(next % 50)) ++wrong;
        ++next;
      });
      std::this_thread::yield();
    }
    putting.join();
    CHECK(wrong == 0);
  }
}
