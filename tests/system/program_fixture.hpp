#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared_files.hpp"
#include "support/eventually.hpp"

namespace hedgewatch::testing {

/// The program of the build, its messages in a file, allowed to leave a core in its folder.
class Program {
 public:
  Program(const std::string& config, std::string log) : log_{std::move(log)} {
    const auto binary = std::filesystem::canonical("/proc/self/exe").parent_path() / "hedgewatch";
    REQUIRE_MESSAGE(std::filesystem::exists(binary), "not built: " << binary.string());
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_.c_str(), O_WRONLY | O_APPEND, 0);
    std::array arguments{binary.string(), std::string{"run"}, std::string{"--config"}, config};
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    REQUIRE(posix_spawn(&process_, binary.c_str(), &actions, nullptr, pointers.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    const rlimit unlimited{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    static_cast<void>(::prlimit(process_, RLIMIT_CORE, &unlimited, nullptr));  // unless this machine forbids it
  }
  ~Program() {
    if (process_ > 0) static_cast<void>(end(SIGKILL));
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] std::string log() const { return read_text(log_); }
  /// Its listener's port, as it says in its log.
  [[nodiscard]] std::uint16_t port() const {
    constexpr std::string_view kBefore = "127.0.0.1 port ";
    std::string seen;
    REQUIRE(eventually([&] {
      seen = log();
      const std::size_t at = seen.find(kBefore);
      return at != std::string::npos && seen.find('\n', at) != std::string::npos;
    }));
    return static_cast<std::uint16_t>(std::stoi(seen.substr(seen.find(kBefore) + kBefore.size())));
  }
  void signal(int number) const { REQUIRE(::kill(process_, number) == 0); }
  [[nodiscard]] std::string proc(std::string_view file) const {
    return read_text("/proc/" + std::to_string(process_) + '/' + std::string{file});
  }
  /// Its status as waitpid() tells it.
  [[nodiscard]] int end(int with) {
    ::kill(process_, with);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return status;
  }

 private:
  std::string log_;
  pid_t process_ = -1;
};

}  // namespace hedgewatch::testing
