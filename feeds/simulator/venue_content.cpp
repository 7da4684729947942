#include "feeds/simulator/venue_content.hpp"

#include <charconv>
#include <cmath>

#include "feeds/simulator/json_text.hpp"

namespace hedgewatch::simulator {

RpcError invalid_params(std::string_view param, std::string_view reason) {
  return {-32602, "Invalid params", JsonObject{}.text("reason", reason).text("param", param).str()};
}

std::optional<std::string> Params::text(std::string_view key) const {
  std::string_view value;
  if (!object_ || object_->at_key(key).get(value) != simdjson::SUCCESS) return std::nullopt;
  return std::string{value};
}

std::optional<double> Params::number(std::string_view key) const {
  if (!object_) return std::nullopt;
  double value = 0;
  if (object_->at_key(key).get(value) == simdjson::SUCCESS) return value;
  const auto written = text(key);
  if (!written) return std::nullopt;
  const auto [rest, error] = std::from_chars(written->data(), written->data() + written->size(), value);
  if (error != std::errc{} || rest != written->data() + written->size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> Params::integer(std::string_view key) const {
  const auto value = number(key);
  if (!value || !(std::abs(*value) < 9e15) || *value != std::floor(*value)) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

bool Params::flag(std::string_view key) const {
  bool value = false;
  if (object_ && object_->at_key(key).get(value) == simdjson::SUCCESS) return value;
  return text(key) == "true";
}

std::optional<std::vector<std::string>> Params::texts(std::string_view key) const {
  simdjson::dom::array array;
  if (!object_ || object_->at_key(key).get(array) != simdjson::SUCCESS) return std::nullopt;
  std::vector<std::string> texts;
  for (const simdjson::dom::element element : array) {
    std::string_view value;
    if (element.get(value) != simdjson::SUCCESS) return std::nullopt;
    texts.emplace_back(value);
  }
  return texts;
}

}  // namespace hedgewatch::simulator
