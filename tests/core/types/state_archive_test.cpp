#include "core/types/state_archive.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace hedgewatch;

namespace {

/// Cannot be made from nothing, and its bits say all.
struct Fixed {
  explicit Fixed(int number) : value{number} {}
  int value;
  friend bool operator==(const Fixed&, const Fixed&) = default;
};

struct Part {
  std::string name;
  std::optional<double> number;
  std::vector<int> counts;

  void visit_state(auto& archive) { archive(name, number, counts); }
  friend bool operator==(const Part&, const Part&) = default;
};

struct Whole {
  std::vector<Part> parts;
  std::vector<Fixed> fixed;
  std::map<std::pair<int, int>, Part> by_place;
  std::set<std::string> names;
  std::array<std::vector<double>, 2> columns;
  std::unique_ptr<Part> other;
  double value = 0;

  void visit_state(auto& archive) {
    archive.section("parts");
    archive(parts, fixed, by_place);
    archive.section("the rest");
    archive(names, columns, other, value);
  }
};

Whole example() {
  Whole whole;
  whole.parts = {{"one", 1.5, {1, 2}}, {"two", std::nullopt, {}}};
  whole.fixed = {Fixed{3}, Fixed{4}};
  whole.by_place = {{{1, 2}, {"three", 3.0, {7}}}};
  whole.names = {"a", "b"};
  whole.columns = {std::vector{0.25}, std::vector<double>{}};
  whole.other = std::make_unique<Part>(Part{"four", 4.0, {}});
  whole.value = 9;
  return whole;
}

template <class State>
std::vector<std::byte> saved(State state) {
  std::vector<std::byte> bytes;
  StateArchive archive{bytes};
  archive(state);
  archive.end();
  return bytes;
}

template <class State>
std::string fault_of(std::span<const std::byte> bytes, State& state) {
  StateArchive archive{bytes};
  archive(state);
  archive.end();
  return archive.fault();
}

}  // namespace

TEST_SUITE("core/types/state_archive") {
  TEST_CASE("what was saved is loaded, over whatever stood there") {
    const Whole before = example();
    const std::vector<std::byte> bytes = saved(example());
    Whole after;
    after.parts = {{"other", 1.0, {9, 9, 9}}};
    after.names = {"c"};
    CHECK(fault_of(bytes, after) == "");
    CHECK(after.parts == before.parts);
    CHECK(after.fixed == before.fixed);
    CHECK(after.by_place == before.by_place);
    CHECK(after.names == before.names);
    CHECK(after.columns == before.columns);
    REQUIRE(after.other != nullptr);
    CHECK(*after.other == *before.other);
    CHECK(after.value == before.value);
  }

  TEST_CASE("bytes that end too early are a fault wherever they end, and never more than that") {
    const std::vector<std::byte> bytes = saved(example());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CAPTURE(size);
      Whole whole;
      CHECK(fault_of(std::span{bytes}.first(size), whole) != "");
    }
  }

  TEST_CASE("any byte may be wrong: what comes of it is state or a fault, and a count asks for no more than there is") {
    const std::vector<std::byte> bytes = saved(example());
    for (std::size_t place = 0; place < bytes.size(); ++place) {
      std::vector<std::byte> bad = bytes;
      bad[place] ^= std::byte{0xFF};
      // The flags of optional numbers are bits like others: they are not read here.
      std::vector<Part> parts;
      StateArchive archive{std::span<const std::byte>{bad}};
      archive.section("parts");
      archive(parts);
      CHECK(parts.size() <= bytes.size());
    }
  }

  TEST_CASE("a section that stands elsewhere is told by its name") {
    struct First {
      int value = 0;
      void visit_state(StateArchive& archive) {
        archive.section("first");
        archive(value);
      }
    };
    struct Second {
      int value = 0;
      void visit_state(StateArchive& archive) {
        archive.section("second");
        archive(value);
      }
    };
    Second second;
    CHECK(fault_of(saved(First{}), second) == "another section stands in second");
  }

  TEST_CASE("members of another size are told at the end, and so is what is left over") {
    std::pair<std::uint32_t, std::uint32_t> two{1, 2};
    std::uint64_t one = 0;
    std::vector<std::byte> bytes;
    StateArchive saving{bytes};
    saving(two);
    saving.end();
    StateArchive loading{std::span<const std::byte>{bytes}};
    loading(one);
    loading.end();
    CHECK(loading.fault() == "the shape differs in end");
    bytes.push_back(std::byte{0});
    CHECK(fault_of(bytes, two) == "bytes are left over in end");
  }

  TEST_CASE("what cannot be made from nothing must have been made before") {
    struct Made {
      explicit Made(int) {}
      std::vector<int> values;
      void visit_state(StateArchive& archive) { archive(values); }
    };
    std::vector<std::unique_ptr<Made>> before;
    before.push_back(std::make_unique<Made>(1));
    before[0]->values = {1, 2, 3};
    std::vector<std::byte> bytes;
    StateArchive saving{bytes};
    saving(before);
    saving.end();

    std::vector<std::unique_ptr<Made>> made;
    made.push_back(std::make_unique<Made>(2));
    CHECK(fault_of(bytes, made) == "");
    CHECK(made[0]->values == std::vector{1, 2, 3});

    std::vector<std::unique_ptr<Made>> none;
    CHECK(fault_of(bytes, none) != "");
  }
}
