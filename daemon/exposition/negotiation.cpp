#include "daemon/exposition/negotiation.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace hedgewatch {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

/// The piece before `separator`; `rest` becomes what follows it.
std::string_view next_piece(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return trimmed(piece);
}

struct Choice {
  std::string_view word;
  std::string_view version;
  double quality = 1;
};

Choice read_choice(std::string_view piece) {
  Choice choice;
  choice.word = next_piece(piece, ';');
  while (!piece.empty()) {
    std::string_view value = next_piece(piece, ';');
    const std::string_view name = next_piece(value, '=');
    if (same_word(name, "version")) choice.version = value;
    if (!same_word(name, "q")) continue;
    double quality = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), quality);
    choice.quality = error == std::errc{} && end == value.data() + value.size() && quality >= 0 && quality <= 1 ? quality : 0;
  }
  return choice;
}

}  // namespace

MetricsFormat preferred_format(std::string_view accept) {
  double open_metrics = 0;
  double text = 0;
  while (!accept.empty()) {
    const Choice choice = read_choice(next_piece(accept, ','));
    if (same_word(choice.word, "application/openmetrics-text") && (choice.version.empty() || choice.version == "1.0.0"))
      open_metrics = std::max(open_metrics, choice.quality);
    if (same_word(choice.word, "text/plain")) text = std::max(text, choice.quality);
  }
  return open_metrics > 0 && open_metrics >= text ? MetricsFormat::OpenMetrics : MetricsFormat::Text;
}

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const Choice choice = read_choice(next_piece(accept_encoding, ','));
    if (same_word(choice.word, "gzip")) return choice.quality > 0;
  }
  return false;
}

}  // namespace hedgewatch
