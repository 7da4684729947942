#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

namespace hedgewatch::testing {

/// The text inside a gzip body; fails the running test when it is not gzip.
inline std::string gunzip(const std::string& body) {
  z_stream zlib{};
  REQUIRE(inflateInit2(&zlib, 15 + 16) == Z_OK);
  std::string input = body;
  zlib.next_in = reinterpret_cast<Bytef*>(input.data());
  zlib.avail_in = static_cast<uInt>(input.size());
  std::string text;
  int code = Z_OK;
  while (code == Z_OK) {
    std::string block(65'536, '\0');
    zlib.next_out = reinterpret_cast<Bytef*>(block.data());
    zlib.avail_out = static_cast<uInt>(block.size());
    code = inflate(&zlib, Z_NO_FLUSH);
    text.append(block, 0, block.size() - zlib.avail_out);
  }
  inflateEnd(&zlib);
  REQUIRE(code == Z_STREAM_END);
  return text;
}

}  // namespace hedgewatch::testing
