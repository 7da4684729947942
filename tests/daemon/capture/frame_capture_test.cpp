#include "daemon/capture/frame_capture.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "feeds/capture/recorded_frames.hpp"
#include "feeds/transport/clock.hpp"

using namespace hedgewatch;
using namespace std::chrono_literals;

namespace {

class CaptureFolder {
 public:
  CaptureFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hedgewatch-capture-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~CaptureFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  CaptureFolder(const CaptureFolder&) = delete;
  CaptureFolder& operator=(const CaptureFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Names of the files, in order.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{path_}) names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
  /// Time and text of each frame of a file.
  [[nodiscard]] std::vector<std::string> frames(const std::string& name) const {
    auto file = RecordedFrames::open(path_ / name);
    REQUIRE(file.ok());
    RecordedFrames recorded = std::move(file).value();
    std::vector<std::string> frames;
    while (const auto frame = recorded.next()) {
      REQUIRE(frame->ok());
      frames.push_back(std::to_string(nanoseconds_of(*frame->value().received)) + ' ' + std::string{frame->value().payload});
    }
    return frames;
  }

 private:
  std::filesystem::path path_;
};

FrameCaptureOptions capture_to(const CaptureFolder& folder) {
  FrameCaptureOptions options;
  options.directory = folder.path();
  options.connections = {"deribit", "deribit/main"};
  options.mono = mono_now;
  options.wall = wall_now;
  return options;
}

/// Waits for what another thread does; false when it has not for a long time.
template <class Condition>
bool comes_true(Condition condition) {
  for (int attempt = 0; attempt < 3'000; ++attempt) {
    if (condition()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

}  // namespace

TEST_SUITE("daemon/capture/frame_capture") {
  TEST_CASE("each connection has a file of its own, named after it and its first frame, that the reader of recordings reads") {
    const CaptureFolder folder;
    {
      FrameCapture capture{capture_to(folder)};
      capture.keep(0, WallTime{1'000s}, R"({"a":1})");
      capture.keep(1, WallTime{1'001s}, R"({"b":2})");
      capture.keep(0, WallTime{1'002s}, "{\n\"c\": 3\n}");
    }
    CHECK(folder.names() == std::vector<std::string>{"deribit-1000000000000.frames.zst", "deribit_main-1001000000000.frames.zst"});
    CHECK(folder.frames("deribit-1000000000000.frames.zst") ==
          std::vector<std::string>{R"(1000000000000 {"a":1})", R"(1002000000000 { "c": 3 })"});
    CHECK(folder.frames("deribit_main-1001000000000.frames.zst") == std::vector<std::string>{R"(1001000000000 {"b":2})"});
    const auto mode = std::filesystem::status(folder.path() / "deribit-1000000000000.frames.zst").permissions();
    CHECK((mode & std::filesystem::perms::others_all) == std::filesystem::perms::none);
  }

  TEST_CASE("what is about signing in is withheld, whichever venue says it") {
    for (const char* const text :
         {R"({"jsonrpc":"2.0","id":1,"result":{"access_token":"t","scope":"account:read"}})", R"({"listenKey":"k"})",
          R"({"e":"listenKeyExpired"})", R"({"op":"auth","success":true})", R"({"event":"login","code":"0"})",
          R"({"result":{"refresh_token":"t"}})", R"({"request":{"args":["key",1,"x"],"op":"auth"}})"})
      CHECK_MESSAGE(may_hold_secret(text), text);
    for (const char* const text : {R"({"method":"subscription","params":{"channel":"user.portfolio.btc","data":{"equity":1}}})",
                                   R"({"topic":"orderbook.50.BTCUSDT","data":{"b":[]}})"})
      CHECK_MESSAGE(!may_hold_secret(text), text);
    const CaptureFolder folder;
    {
      FrameCapture capture{capture_to(folder)};
      capture.keep(0, WallTime{1'000s}, R"({"result":{"access_token":"planted"}})");
      capture.keep(0, WallTime{1'001s}, "{}");
      CHECK(capture.counters().withheld_frames == 1);
    }
    CHECK(folder.frames("deribit-1001000000000.frames.zst") == std::vector<std::string>{"1001000000000 {}"});
  }

  TEST_CASE("frames that find no room are counted, and those that did are kept") {
    const CaptureFolder folder;
    FrameCaptureOptions options = capture_to(folder);
    options.waiting_bytes = 1'024;
    FrameCapture capture{std::move(options)};
    capture.keep(0, WallTime{1'000s}, std::string(2'000, 'x'));
    CHECK(capture.counters().lost_frames == 1);
    capture.keep(0, WallTime{1'001s}, "{}");
    CHECK(comes_true([&] { return capture.counters().frames == 1; }));
    CHECK(capture.lag() == 0ns);
  }

  TEST_CASE("a file that is full is followed by another, and the oldest go when all are too many") {
    const CaptureFolder folder;
    FrameCaptureOptions options = capture_to(folder);
    options.file_bytes = 1;
    options.max_bytes = 300;
    {
      FrameCapture capture{std::move(options)};
      std::uint64_t kept = 0;
      for (int number = 0; number < 20; ++number) {
        // Noise, so that it stays as large as it is: a file a block.
        std::string noise(std::size_t{1} << 18, ' ');
        std::uint64_t state = static_cast<std::uint64_t>(number) + 1;
        for (char& c : noise) {
          state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
          c = static_cast<char>('0' + (state >> 33U) % 64);
        }
        capture.keep(0, WallTime{1s * (1'000 + number)}, noise);
        CHECK(comes_true([&] { return capture.counters().frames > kept; }));
        ++kept;
      }
    }
    CHECK(folder.names().size() < 5);
  }

  TEST_CASE("a disk that refuses loses frames that are counted and told, and the capture goes on") {
    const CaptureFolder folder;
    std::atomic<int> told{0};
    FrameCaptureOptions options = capture_to(folder);
    options.tell = [&told](const std::string&) { ++told; };
    std::ofstream{folder.path() / "deribit-1000000000000.frames.zst"} << "in the way";
    FrameCapture capture{std::move(options)};
    capture.keep(0, WallTime{1'000s}, "{}");
    CHECK(comes_true([&] { return told == 1; }));
    CHECK(capture.counters().write_failures == 1);
    CHECK(capture.counters().lost_frames == 1);
  }

  TEST_CASE("a folder that cannot be written is refused at the start") {
    const CaptureFolder folder;
    FrameCaptureOptions options = capture_to(folder);
    options.directory = folder.path() / "missing";
    CHECK_THROWS(FrameCapture{std::move(options)});
  }
}
