#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hedgewatch {

/// A place in the text, both counted from 1.
struct TextPosition {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// One thing that is wrong, where, and what would be right.
struct ConfigFault {
  std::string file;
  TextPosition at;
  std::string path;     ///< such as book[1].positions[0].size, elements counted from 0; empty for the file as a whole
  std::string message;  ///< "is X, must be Y"; one line, never a secret

  /// `FILE:LINE:COL: path: message`
  [[nodiscard]] std::string text() const;
};

/// Collects the faults of one text.
class FaultList {
 public:
  explicit FaultList(std::string_view file) : file_{file} {}

  void add(TextPosition at, std::string path, std::string message);
  [[nodiscard]] bool empty() const { return faults_.empty(); }
  /// In the order of the text.
  [[nodiscard]] std::vector<ConfigFault> take();

 private:
  std::string file_;
  std::vector<ConfigFault> faults_;
};

}  // namespace hedgewatch
