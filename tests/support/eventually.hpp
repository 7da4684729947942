#pragma once

#include <chrono>
#include <thread>

namespace hedgewatch::testing {

/// True as soon as the condition holds; false when it has not for a long time.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds pause = std::chrono::milliseconds{20}) {
  constexpr std::chrono::milliseconds kPatience = std::chrono::minutes{1};
  for (std::chrono::milliseconds waited{0}; waited < kPatience; waited += pause) {
    if (condition()) return true;
    std::this_thread::sleep_for(pause);
  }
  return false;
}

}  // namespace hedgewatch::testing
