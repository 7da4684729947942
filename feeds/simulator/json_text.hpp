#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hedgewatch::simulator {

/// A JSON number the way venues write them: shortest form that reads back as the same double, with a decimal point.
/// Non-finite values have no JSON form: they become null.
[[nodiscard]] std::string json_number(double value);
/// The same value with an exponent, as the venue writes some ("8.55e4"). Zero and non-finite values fall back to json_number.
[[nodiscard]] std::string json_exponent_number(double value);
/// With quotes, and escaped. Of a text that is not UTF-8, each byte beyond ASCII is escaped as a letter of Latin-1.
[[nodiscard]] std::string json_string(std::string_view text);
/// Letters of ASCII in lower case, all else as it is: venues write currencies in both.
[[nodiscard]] std::string lower_case(std::string_view text);

/// Builds one JSON object. The order of its keys can be rotated, because a real venue's order varies between frames of one channel.
class JsonObject {
 public:
  /// `exponents`: large and small numbers are written with an exponent.
  explicit JsonObject(bool exponents = false) : exponents_{exponents} {}

  JsonObject& number(std::string_view key, double value);
  /// Null when absent.
  JsonObject& number_or_null(std::string_view key, std::optional<double> value);
  JsonObject& integer(std::string_view key, std::int64_t value);
  JsonObject& text(std::string_view key, std::string_view value);
  JsonObject& boolean(std::string_view key, bool value);
  JsonObject& null(std::string_view key);
  /// `json` is already JSON.
  JsonObject& raw(std::string_view key, std::string_view json);

  /// The object's text, its fields starting with field number `rotation` modulo their count.
  [[nodiscard]] std::string str(std::size_t rotation = 0) const;

 private:
  void open(std::string_view key);

  std::string body_;
  std::vector<std::size_t> starts_;
  bool exponents_;
};

/// `[a,b,...]` of texts that are already JSON.
[[nodiscard]] std::string json_array(const std::vector<std::string>& items);

}  // namespace hedgewatch::simulator
