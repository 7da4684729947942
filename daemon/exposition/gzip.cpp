#include "daemon/exposition/gzip.hpp"

#include <zlib.h>

#include <limits>

namespace hedgewatch {

namespace {
/// The fastest level: metrics text shrinks about tenfold at any level, and a scrape is on the machine that trades.
constexpr int kLevel = 1;
constexpr int kGzipWindow = 15 + 16;
constexpr int kMemoryLevel = 8;
}  // namespace

struct GzipCompressor::Stream {
  z_stream zlib{};
  bool usable = false;

  Stream() { usable = deflateInit2(&zlib, kLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK; }
  ~Stream() {
    if (usable) deflateEnd(&zlib);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

GzipCompressor::GzipCompressor() : stream_{std::make_unique<Stream>()} {}
GzipCompressor::~GzipCompressor() = default;
GzipCompressor::GzipCompressor(GzipCompressor&&) noexcept = default;
GzipCompressor& GzipCompressor::operator=(GzipCompressor&&) noexcept = default;

bool GzipCompressor::compress(std::string_view text, std::string& out) {
  z_stream& zlib = stream_->zlib;
  if (!stream_->usable || deflateReset(&zlib) != Z_OK) return false;
  const uLong bound = deflateBound(&zlib, static_cast<uLong>(text.size()));
  if (text.size() > std::numeric_limits<uInt>::max() || bound > std::numeric_limits<uInt>::max()) return false;
  out.resize(bound);
  // zlib's pointers are not const, but it does not write to its input.
  zlib.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
  zlib.avail_in = static_cast<uInt>(text.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib.avail_out = static_cast<uInt>(out.size());
  if (deflate(&zlib, Z_FINISH) != Z_STREAM_END) return false;
  out.resize(zlib.total_out);
  return true;
}

}  // namespace hedgewatch
