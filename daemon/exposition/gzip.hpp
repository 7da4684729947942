#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace hedgewatch {

/// Compresses whole texts in gzip's format; its memory is taken once. Used by one thread.
class GzipCompressor {
 public:
  GzipCompressor();
  ~GzipCompressor();
  GzipCompressor(GzipCompressor&&) noexcept;
  GzipCompressor& operator=(GzipCompressor&&) noexcept;

  /// Replaces `out`. False when zlib failed; then `out` means nothing and the text goes out as it is.
  [[nodiscard]] bool compress(std::string_view text, std::string& out);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace hedgewatch
