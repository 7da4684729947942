#include "daemon/text_file.hpp"

#include <doctest/doctest.h>

#include "shared_files.hpp"

using namespace hedgewatch;

TEST_SUITE("daemon/text_file") {
  TEST_CASE("a file is read whole or not at all") {
    const auto file = testing::source_directory() / "tests/data/config/valid.toml";
    const std::string expected = testing::read_text(file);
    const auto whole = read_text_file(file.string(), expected.size());
    REQUIRE(whole.ok());
    CHECK(whole.value() == expected);

    const auto longer = read_text_file(file.string(), expected.size() - 1);
    REQUIRE_FALSE(longer.ok());
    CHECK(longer.error().words == "cannot be read: it is longer than " + std::to_string(expected.size() - 1) + " bytes");
  }
}
