#include "daemon/shutdown_stack.hpp"

#include <exception>

namespace hedgewatch {

void ShutdownStack::run() {
  while (!steps_.empty()) {
    const auto [name, undo] = std::move(steps_.back());
    steps_.pop_back();
    try {
      undo();
    } catch (const std::exception& error) {
      tell_(name, error.what());
    } catch (...) {
      tell_(name, "unknown reason");
    }
  }
}

}  // namespace hedgewatch
