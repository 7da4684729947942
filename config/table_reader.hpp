#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "config/config_fault.hpp"

namespace hedgewatch {

/// A value and where it stands, for the checks that come after reading.
template <class T>
struct Found {
  T value;
  TextPosition at;
  std::string path;
};

/// Reads one TOML table key by key and remembers what it was asked for, so that finish() can name the keys nobody knows.
/// A wrong type or a missing required key becomes a fault and reads as nothing.
/// `must_be` completes the sentence "must be ..." of those faults.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string path, FaultList& faults);

  std::optional<Found<std::string>> text(std::string_view key, std::string_view must_be);
  std::optional<Found<std::string>> required_text(std::string_view key, std::string_view must_be);
  /// An integer or a floating-point number, finite.
  std::optional<Found<double>> number(std::string_view key, std::string_view must_be);
  std::optional<Found<double>> required_number(std::string_view key, std::string_view must_be);
  std::optional<Found<std::int64_t>> integer(std::string_view key, std::string_view must_be);
  std::optional<Found<bool>> boolean(std::string_view key, std::string_view must_be);
  /// An array of at least one text: an empty one could mean none as well as all. Elements of another type are faults and left out.
  std::vector<Found<std::string>> texts(std::string_view key, std::string_view must_be);
  std::vector<Found<std::string>> required_texts(std::string_view key, std::string_view must_be);
  /// An array of at least one number, finite. Elements of another type are faults and left out.
  std::vector<Found<double>> numbers(std::string_view key, std::string_view must_be);
  /// `[key]` or an inline table.
  std::optional<TableReader> table(std::string_view key);
  /// `[[key]]` or an array of inline tables, none when the key is absent. False when something there is no table.
  bool tables(std::string_view key, std::vector<TableReader>& into);

  /// Every key that was not asked for is a fault; call it once, after the last question.
  /// `reserved` are keys with a message of their own.
  void finish(const std::map<std::string_view, std::string_view, std::less<>>& reserved = {});

  void fault(const TextPosition& at, std::string path, std::string message) {
    faults_->add(at, std::move(path), std::move(message));
  }
  template <class T>
  void fault(const Found<T>& found, std::string_view message) {
    faults_->add(found.at, found.path, std::string{message});
  }
  /// "is missing, must be ..." for a key of this table.
  void missing(std::string_view key, std::string_view must_be);

  [[nodiscard]] TextPosition at() const { return at_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return table_->contains(key); }

 private:
  const toml::node* find(std::string_view key);
  const toml::node* find_required(std::string_view key, std::string_view must_be);
  void wrong_type(const toml::node& node, std::string path, std::string_view must_be);
  std::optional<Found<std::string>> as_text(const toml::node* node, std::string_view key, std::string_view must_be);
  std::optional<Found<double>> as_number(const toml::node* node, std::string_view key, std::string_view must_be);
  std::vector<Found<std::string>> as_texts(const toml::node* node, std::string_view key, std::string_view must_be, bool required);

  const toml::table* table_;
  std::string path_;
  TextPosition at_;
  FaultList* faults_;
  std::vector<std::string_view> asked_;
};

/// Where a node of the document begins; the document itself and nodes without a place begin at 1:1.
[[nodiscard]] TextPosition position_of(const toml::node& node);

}  // namespace hedgewatch
