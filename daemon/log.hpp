#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "config/config.hpp"
#include "core/types/time.hpp"

namespace hedgewatch {

/// The daemon's words to its operator: one line per message, under systemd with the journal's priority in front, otherwise with
/// the time. A message that keeps coming is counted instead of written. Any thread may write, except the engine's, which
/// leaves its messages to others (LogOutbox).
class Log {
 public:
  /// Messages of one source and text beyond kBurst within kWindow are counted and told once at the window's end.
  static constexpr int kBurst = 5;
  static constexpr std::chrono::seconds kWindow{30};

  struct Options {
    LogLevel least = LogLevel::Info;  ///< anything below is left out
    bool journal = false;             ///< priority prefix instead of a time
    std::function<void(std::string_view line)> write;
    std::function<MonoTime()> mono;
    std::function<WallTime()> wall;
  };

  explicit Log(Options options);
  /// To standard error, by the machine's clocks, as the environment says (JOURNAL_STREAM).
  [[nodiscard]] static Options standard_error(LogLevel least);
  /// Tells what is still counted.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// `source: text: detail`. `text` names the kind of message, by which repeats are counted; values belong into `detail`.
  void write(LogLevel level, std::string_view source, std::string_view text, std::string_view detail = {});
  void debug(std::string_view source, std::string_view text, std::string_view detail = {}) {
    write(LogLevel::Debug, source, text, detail);
  }
  void info(std::string_view source, std::string_view text, std::string_view detail = {}) {
    write(LogLevel::Info, source, text, detail);
  }
  void warning(std::string_view source, std::string_view text, std::string_view detail = {}) {
    write(LogLevel::Warning, source, text, detail);
  }
  void error(std::string_view source, std::string_view text, std::string_view detail = {}) {
    write(LogLevel::Error, source, text, detail);
  }

  void set_level(LogLevel least);
  /// Tells the repeats whose window is over. Called about once a second.
  void tick();

 private:
  /// More kinds of messages than this are not counted apart; the oldest is told and forgotten.
  static constexpr std::size_t kMaxKinds = 256;

  struct Kind {
    LogLevel level = LogLevel::Info;
    MonoTime window_start{};
    int written = 0;
    std::uint64_t withheld = 0;
  };
  using Key = std::pair<std::string, std::string>;  ///< source and text

  void write_line(LogLevel level, std::string_view source, std::string_view text, std::string_view detail);
  void tell_repeats(const Key& key, Kind& kind);

  std::mutex mutex_;
  Options options_;
  std::map<Key, Kind> kinds_;
  std::string line_;
};

}  // namespace hedgewatch
