#pragma once

#include <string>
#include <string_view>

namespace hedgewatch {

/// A key or token whose bytes are overwritten when it goes. Never printed; moved, not copied.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text);
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  [[nodiscard]] std::string_view view() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  void wipe();

  std::string text_;
};

/// Overwrites the text before it is released: for requests that carried a secret.
void wipe(std::string& text);

}  // namespace hedgewatch
