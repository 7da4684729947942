#include "daemon/journal/journal_files.hpp"

#include <doctest/doctest.h>

#include <string>

namespace hedgewatch {
namespace {

TEST_SUITE("daemon/journal/journal_files") {
  TEST_CASE("what a session tells comes back, and of an older one, which says less, what it says") {
    const JournalSession session{.version = "1.2.3",
                                 .wall_offset_ns = 77,
                                 .begun_ns = 5,
                                 .build = "b1",
                                 .continues = true,
                                 .boot = "a-boot",
                                 .clock_shift_ns = -5};
    CHECK(parse_session(session_text(session)) == session);
    CHECK(parse_session(session_text(session) + "\nmore") == session);
    CHECK(parse_session("1.2.3\n77\n5\nb1\n1") ==
          JournalSession{.version = "1.2.3", .wall_offset_ns = 77, .begun_ns = 5, .build = "b1", .continues = true});
    CHECK(parse_session("1.2.3\n77") == JournalSession{.version = "1.2.3", .wall_offset_ns = 77});
    CHECK_FALSE(parse_session("1.2.3").has_value());
    CHECK_FALSE(parse_session("1.2.3\n77\n5\nb1\n1\na-boot\nfar").has_value());
  }
}

}  // namespace
}  // namespace hedgewatch
