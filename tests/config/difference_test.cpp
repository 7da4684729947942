#include "config/difference.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hedgewatch;

namespace {

std::string between(std::string_view first, std::string_view second) {
  std::string text;
  for (const ConfigDifference& one : config_differences(first, second))
    text += one.path + ": " + one.first + " -> " + one.second + '\n';
  return text;
}

}  // namespace

TEST_SUITE("config/difference") {
  TEST_CASE("settings that differ are told by path and value, in order, and the others are not") {
    CHECK(between("a = 1\nb = \"x\"\n[c]\nd = 0.5\n", "a = 1\nb = \"y\"\n[c]\nd = 0.25\n") == "b: 'x' -> 'y'\nc.d: 0.5 -> 0.25\n");
    CHECK(between("a = 1\n", "a = 1 # a comment\n").empty());
  }

  TEST_CASE("what only one of the two says has nothing on the other side") {
    CHECK(between("a = 1\n", "b = true\n") == "a: 1 -> \nb:  -> true\n");
  }

  TEST_CASE("tables of a list are compared by their names, and by their places where they have none") {
    CHECK(between("[[hedge]]\nname = \"x\"\nlimit = 1\n[[hedge]]\nname = \"y\"\nlimit = 2\n",
                  "[[hedge]]\nname = \"y\"\nlimit = 3\n[[hedge]]\nname = \"x\"\nlimit = 1\n") == "hedge[y].limit: 2 -> 3\n");
    CHECK(between("r = [{ a = 1 }, { a = 2 }]\n", "r = [{ a = 1 }, { a = 4 }]\n") == "r[1].a: 2 -> 4\n");
  }

  TEST_CASE("a list of values is one setting") {
    CHECK(between("s = [-0.1, 0, 0.1]\n", "s = [-0.2, 0, 0.2]\n") == "s: [-0.1, 0, 0.1] -> [-0.2, 0, 0.2]\n");
  }

  TEST_CASE("a text that is no TOML counts as empty") { CHECK(between("= 1", "a = 1\n") == "a:  -> 1\n"); }
}
