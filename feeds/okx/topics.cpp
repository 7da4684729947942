#include "feeds/okx/topics.hpp"

#include <algorithm>
#include <array>

namespace hedgewatch::okx {

namespace {

/// Behind `key:` up to a comma, a blank or the end; the venue puts a blank behind some commas.
std::string_view word_behind(std::string_view message, std::string_view key) {
  const std::size_t at = message.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = message.substr(at + key.size());
  return rest.substr(0, std::min(rest.find_first_of(", "), rest.size()));
}

}  // namespace

void write_topic(std::string& into, std::string_view channel, std::string_view about) {
  into = channel;
  if (!about.empty()) into.append(":").append(about);
}

Subscription subscription_of(std::string_view topic) {
  constexpr std::array<std::string_view, 4> kByType{"instruments", "positions", "liquidation-warning", "orders"};
  const std::size_t colon = topic.find(':');
  const std::string_view channel = topic.substr(0, colon);
  if (colon == std::string_view::npos) return {std::string{channel}, {}, {}};
  const std::string_view field = channel == "opt-summary"                               ? "instFamily"
                                 : std::ranges::find(kByType, channel) != kByType.end() ? "instType"
                                                                                        : "instId";
  return {std::string{channel}, std::string{field}, std::string{topic.substr(colon + 1)}};
}

bool topic_in_words(std::string_view message, std::string& into) {
  const std::string_view channel = word_behind(message, "channel:");
  if (channel.empty()) return false;
  std::string_view about;
  for (const std::string_view key : {"instId:", "instFamily:", "instType:"})
    if (about.empty()) about = word_behind(message, key);
  write_topic(into, channel, about);
  return true;
}

}  // namespace hedgewatch::okx
