#include "daemon/journal/journal_block.hpp"

#include <doctest/doctest.h>

#include <boost/crc.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace hedgewatch {
namespace {

JournalBlock block(std::uint64_t sequence, std::string payload) {
  return {.kind = BlockKind::Events,
          .sequence = sequence,
          .count = 3,
          .first = from_nanoseconds<WallTime>(1'790'000'000'000'000'000),
          .payload = std::move(payload)};
}

std::string three_blocks() {
  std::string bytes;
  append_block(bytes, block(10, "first " + std::string(5'000, 'a')));
  append_block(bytes, block(13, "second"));
  append_block(bytes, block(16, ""));
  return bytes;
}

struct Walk {
  std::vector<std::uint64_t> sequences;
  std::vector<BlockDamage> damage;
};

Walk walk(std::string_view bytes) {
  Walk result;
  BlockWalker walker{bytes};
  while (const auto step = walker.next()) {
    if (step->block) result.sequences.push_back(step->block->sequence);
    if (step->damage) result.damage.push_back(*step->damage);
  }
  return result;
}

TEST_SUITE("daemon/journal/journal_block") {
  TEST_CASE("blocks come back whole and in order") {
    const std::string bytes = three_blocks();
    BlockWalker walker{bytes};
    const auto first = walker.next();
    REQUIRE(first.has_value());
    REQUIRE(first->block.has_value());
    CHECK(first->block->kind == BlockKind::Events);
    CHECK(first->block->sequence == 10);
    CHECK(first->block->count == 3);
    CHECK(first->block->first == from_nanoseconds<WallTime>(1'790'000'000'000'000'000));
    CHECK(first->block->payload == "first " + std::string(5'000, 'a'));
    CHECK(walk(bytes).sequences == std::vector<std::uint64_t>{10, 13, 16});
    CHECK(walk(bytes).damage.empty());
  }

  TEST_CASE("a tail that was torn at any byte is reported once, and all before it is read") {
    const std::string bytes = three_blocks();
    const std::size_t last_whole = bytes.size() - (kBlockHeaderBytes + 9);  // an empty payload is 9 bytes of zstd
    for (std::size_t length = last_whole + 1; length < bytes.size(); ++length) {
      CAPTURE(length);
      const Walk result = walk(std::string_view{bytes}.substr(0, length));
      CHECK(result.sequences == std::vector<std::uint64_t>{10, 13});
      REQUIRE(result.damage.size() == 1);
      CHECK(result.damage[0].at_end);
      CHECK(result.damage[0].offset == last_whole);
      CHECK(result.damage[0].bytes == length - last_whole);
    }
  }

  TEST_CASE("a bit that flips anywhere in a block loses that block alone") {
    const std::string whole = three_blocks();
    std::string one;
    append_block(one, block(10, "first " + std::string(5'000, 'a')));
    std::string two;
    append_block(two, block(13, "second"));
    for (std::size_t at = one.size(); at < one.size() + two.size(); ++at) {
      CAPTURE(at);
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
      const Walk result = walk(bytes);
      CHECK(result.sequences == std::vector<std::uint64_t>{10, 16});
      REQUIRE(result.damage.size() == 1);
      CHECK(!result.damage[0].at_end);
      CHECK(result.damage[0].offset == one.size());
      CHECK(result.damage[0].bytes == two.size());
    }
  }

  TEST_CASE(
      "events that are not wanted come without their payload, as soon as one of a block is wanted all of it, and damage is seen") {
    std::string bytes = three_blocks();
    const auto sizes = [&](std::uint64_t first_wanted) {
      std::vector<std::size_t> found;
      BlockWalker walker{bytes, first_wanted};
      while (const auto step = walker.next()) found.push_back(step->block ? step->block->payload.size() : 999);
      return found;
    };
    CHECK(sizes(12) == std::vector<std::size_t>{5'006, 6, 0});
    CHECK(sizes(13) == std::vector<std::size_t>{0, 6, 0});
    CHECK(sizes(15) == std::vector<std::size_t>{0, 6, 0});
    CHECK(sizes(16) == std::vector<std::size_t>{0, 0, 0});
    bytes[20] = static_cast<char>(bytes[20] ^ 0x10);
    CHECK(sizes(16) == std::vector<std::size_t>{999, 0, 0});
  }

  TEST_CASE("the sum is CRC32C, whatever the length") {
    for (std::size_t length = 0; length < 40; ++length) {
      CAPTURE(length);
      std::string bytes;
      append_block(bytes, block(length, std::string(length, 'x') + "tail" + std::to_string(length)));
      boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
      crc.process_bytes(bytes.data() + 8, bytes.size() - 8);
      std::uint32_t stored = 0;
      std::memcpy(&stored, bytes.data() + 4, sizeof stored);
      CHECK(stored == crc.checksum());
    }
  }

  TEST_CASE("bytes that are no journal are one damage") {
    const Walk result = walk("this was never a journal");
    CHECK(result.sequences.empty());
    REQUIRE(result.damage.size() == 1);
    CHECK(result.damage[0].at_end);
    CHECK(walk("").damage.empty());
  }
}

}  // namespace
}  // namespace hedgewatch
