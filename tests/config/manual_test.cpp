#include <doctest/doctest.h>

#include <regex>
#include <set>
#include <string>

#include "config/parser.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;

namespace {

std::string manual() { return testing::read_text(testing::source_directory() / "deploy/man/hedgewatch.toml.5"); }

}  // namespace

TEST_SUITE("config/manual") {
  TEST_CASE("the manual describes every key that can be written, and no other") {
    const auto folder = testing::source_directory() / "tests/data/config";
    std::string example;
    for (const char* name : {"valid.toml", "valid_venues.toml", "valid_cross.toml"}) example += testing::read_text(folder / name);
    std::set<std::string> written;
    const std::regex key{R"([^a-z_\[]([a-z_]+)(?: =|\]\]))"};
    for (std::sregex_iterator it{example.begin(), example.end(), key}; it != std::sregex_iterator{}; ++it) written.insert((*it)[1]);
    CHECK(written.size() > 45);  // the pattern finds what is written

    const std::string text = manual();
    std::set<std::string> described;
    const std::regex entry{R"(\.It Ic ([a-z_]+)\n)"};
    for (std::sregex_iterator it{text.begin(), text.end(), entry}; it != std::sregex_iterator{}; ++it) described.insert((*it)[1]);
    for (const std::string& one : written) {
      CAPTURE(one);
      CHECK(described.count(one) == 1);
    }
    for (const std::string& one : described) {
      CAPTURE(one);
      CHECK(written.count(one) == 1);
    }
  }

  TEST_CASE("the manual's example is a configuration without faults") {
    const std::string text = manual();
    const std::string open = ".Bd -literal -offset indent\n";
    const std::size_t begin = text.find(open) + open.size();
    const auto result = parse_config(text.substr(begin, text.find(".Ed", begin) - begin), "manual");
    if (!result.ok()) FAIL(result.error().front().text());
    CHECK(summary(result.value()) == "1 venue, 1 account, 1 book, 1 hedge");
  }
}
