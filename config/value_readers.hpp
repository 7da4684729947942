#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/shown.hpp"
#include "config/table_reader.hpp"

namespace hedgewatch {

// Values that have the same form in many tables. What could not be read stays at its default, with a fault in the list.

/// One of the words that a key may hold, and what it means.
template <class T>
struct Choice {
  std::string_view name;
  T value;
};

template <class T, std::size_t N>
[[nodiscard]] std::string choices_of(const std::array<Choice<T>, N>& choices) {
  std::array<std::string_view, N> names;
  std::ranges::transform(choices, names.begin(), &Choice<T>::name);
  return one_of(names);
}

/// What the text that was found means; nothing when there is none, or with a fault when it is none of the choices.
template <class T, std::size_t N>
[[nodiscard]] std::optional<T> chosen(TableReader& table, const std::optional<Found<std::string>>& found,
                                      const std::array<Choice<T>, N>& choices) {
  if (!found) return std::nullopt;
  for (const Choice<T>& choice : choices)
    if (choice.name == found->value) return choice.value;
  table.fault(*found, "is " + shown(found->value) + ", must be " + choices_of(choices));
  return std::nullopt;
}

template <class T, std::size_t N>
void read_choice(TableReader& table, std::string_view key, const std::array<Choice<T>, N>& choices, T& into) {
  if (const auto value = chosen(table, table.text(key, choices_of(choices)), choices)) into = *value;
}

/// An integer within bounds; nothing when it is absent, or with a fault when it is wrong.
[[nodiscard]] std::optional<std::int64_t> read_integer(TableReader& table, std::string_view key, std::int64_t least,
                                                       std::int64_t most);

/// Reads an integer within bounds; the default stays when it is absent or wrong.
template <class T>
void read_count(TableReader& table, std::string_view key, std::int64_t least, std::int64_t most, T& into) {
  if (const auto value = read_integer(table, key, least, most)) into = static_cast<T>(*value);
}

/// Reads a duration such as "10s" within bounds, and returns where it stands; the default stays when it is absent or wrong.
std::optional<Found<std::string>> read_duration(TableReader& table, std::string_view key, std::chrono::nanoseconds least,
                                                std::chrono::nanoseconds most, std::chrono::nanoseconds& into);

/// The number that was found when it is above 0; nothing, with a fault, when it is not.
[[nodiscard]] std::optional<Found<double>> positive(TableReader& table, std::optional<Found<double>> found,
                                                    std::string_view must_be);

/// A path from the root; empty when it is absent or wrong.
[[nodiscard]] std::string read_absolute_path(TableReader& table, std::string_view key);

/// The fault of a value that a list already holds.
void fault_repeated(TableReader& table, const Found<std::string>& found);

/// Asset codes, each well-formed and listed once; the others are faults and left out.
[[nodiscard]] std::vector<std::string> as_asset_codes(TableReader& table, const std::vector<Found<std::string>>& texts);

}  // namespace hedgewatch
