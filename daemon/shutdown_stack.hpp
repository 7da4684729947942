#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace hedgewatch {

/// Undoes a start-up in reverse, each step by name; a step that fails does not keep the others from running.
class ShutdownStack {
 public:
  /// `tell` hears of each step that failed, with its reason.
  using Tell = std::function<void(const std::string& name, const std::string& reason)>;

  explicit ShutdownStack(Tell tell) : tell_{std::move(tell)} {}
  ~ShutdownStack() { run(); }
  ShutdownStack(const ShutdownStack&) = delete;
  ShutdownStack& operator=(const ShutdownStack&) = delete;

  void push(std::string name, std::function<void()> undo) { steps_.emplace_back(std::move(name), std::move(undo)); }
  /// Newest first. Afterwards the stack is empty.
  void run();

 private:
  Tell tell_;
  std::vector<std::pair<std::string, std::function<void()>>> steps_;
};

}  // namespace hedgewatch
