#pragma once

#include <unistd.h>

namespace hedgewatch {

/// Closes the file at the end of its scope.
class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_{number} {}
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  /// Negative when opening failed.
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

}  // namespace hedgewatch
