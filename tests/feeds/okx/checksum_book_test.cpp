#include "feeds/okx/checksum_book.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace hedgewatch;

TEST_SUITE("feeds/okx/checksum_book") {
  TEST_CASE("levels of both sides in turns, in the wire's own words") {
    okx::ChecksumBook book;
    const std::array levels{WireLevel{"3366.1", "7", Side::Buy}, WireLevel{"3366", "6", Side::Buy},
                            WireLevel{"3365.9", "1", Side::Buy}, WireLevel{"3366.8", "9", Side::Sell},
                            WireLevel{"3368", "8", Side::Sell}};
    REQUIRE(book.apply(BookForm::Snapshot, levels));
    // CRC-32 of 3366.1:7:3366.8:9:3366:6:3368:8:3365.9:1
    CHECK(book.checksum() == -1468024679);
    const std::array change{WireLevel{"3365.9", "1.0", Side::Buy}};
    REQUIRE(book.apply(BookForm::Change, change));
    // The same number in other words is another checksum.
    CHECK(book.checksum() != -1468024679);
    const std::array removal{WireLevel{"3365.9", "0", Side::Buy}, WireLevel{"3400", "0", Side::Sell}};
    REQUIRE(book.apply(BookForm::Change, removal));
    const std::array back{WireLevel{"3365.9", "1", Side::Buy}};
    REQUIRE(book.apply(BookForm::Change, back));
    CHECK(book.checksum() == -1468024679);
    const std::array broken{WireLevel{"1", "x", Side::Buy}};
    CHECK_FALSE(book.apply(BookForm::Snapshot, broken));
    CHECK(book.checksum() == -1468024679);
  }
}
