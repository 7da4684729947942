#include "feeds/simulator/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <simdjson.h>

namespace hedgewatch::simulator {

std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
  std::string number{text.data(), end};
  if (number.find('.') == std::string::npos) number += ".0";
  return number;
}

std::string json_exponent_number(double value) {
  if (!std::isfinite(value) || value == 0) return json_number(value);
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific).ptr;
  std::string number{text.data(), end};
  // to_chars writes "8.55e+04"; venues write "8.55e4".
  const std::size_t exponent = number.find('e') + 1;
  if (number[exponent] == '+') number.erase(exponent, 1);
  std::size_t digits = exponent + (number[exponent] == '-' ? 1U : 0U);
  while (digits + 1 < number.size() && number[digits] == '0') number.erase(digits, 1);
  return number;
}

std::string lower_case(std::string_view text) {
  std::string result{text};
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

std::string json_string(std::string_view text) {
  std::string quoted{"\""};
  const bool utf8 = simdjson::validate_utf8(text);
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      quoted += '\\';
      quoted += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20 || (!utf8 && static_cast<unsigned char>(letter) > 0x7E)) {
      constexpr std::string_view kHex = "0123456789abcdef";
      quoted += "\\u00";
      quoted += kHex[static_cast<unsigned char>(letter) >> 4];
      quoted += kHex[static_cast<unsigned char>(letter) & 15];
    } else {
      quoted += letter;
    }
  }
  quoted += '"';
  return quoted;
}

void JsonObject::open(std::string_view key) {
  starts_.push_back(body_.size());
  body_ += '"';
  body_ += key;
  body_ += "\":";
}

JsonObject& JsonObject::number(std::string_view key, double value) {
  const double size = std::abs(value);
  return raw(key, exponents_ && (size >= 10'000 || size < 0.001) ? json_exponent_number(value) : json_number(value));
}

JsonObject& JsonObject::number_or_null(std::string_view key, std::optional<double> value) {
  return value ? number(key, *value) : null(key);
}

JsonObject& JsonObject::integer(std::string_view key, std::int64_t value) { return raw(key, std::to_string(value)); }
JsonObject& JsonObject::text(std::string_view key, std::string_view value) { return raw(key, json_string(value)); }
JsonObject& JsonObject::boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
JsonObject& JsonObject::null(std::string_view key) { return raw(key, "null"); }

JsonObject& JsonObject::raw(std::string_view key, std::string_view json) {
  open(key);
  body_ += json;
  return *this;
}

std::string JsonObject::str(std::size_t rotation) const {
  std::string object{"{"};
  object.reserve(body_.size() + starts_.size() + 2);
  for (std::size_t i = 0; i < starts_.size(); ++i) {
    const std::size_t field = (i + rotation) % starts_.size();
    const std::size_t end = field + 1 < starts_.size() ? starts_[field + 1] : body_.size();
    if (i != 0) object += ',';
    object.append(body_, starts_[field], end - starts_[field]);
  }
  object += '}';
  return object;
}

std::string json_array(const std::vector<std::string>& items) {
  std::string array{"["};
  for (const std::string& item : items) {
    if (array.size() > 1) array += ',';
    array += item;
  }
  array += ']';
  return array;
}

}  // namespace hedgewatch::simulator
