#include "daemon/commands/csv.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace hedgewatch {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

CsvReader::CsvReader(std::istream& in) : in_{in} {
  if (!read_record()) return;
  for (std::size_t i = 0; i < count_; ++i) names_.emplace_back(trimmed(fields_[i]));
}

std::optional<std::size_t> CsvReader::column(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == name) return i;
  return std::nullopt;
}

bool CsvReader::next() { return has_header() && read_record(); }

std::string CsvReader::row_fault() const {
  const bool free_text_last = names_.back() == "note" && count_ > names_.size();
  if (count_ == names_.size() || free_text_last) return {};
  return "has " + std::to_string(count_) + " fields, the header has " + std::to_string(names_.size());
}

std::string_view CsvReader::field(std::size_t column) const {
  return column < count_ ? trimmed(fields_[column]) : std::string_view{};
}

bool CsvReader::read_record() {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  while (std::getline(in_, text_)) {
    ++line_;
    if (line_ == 1 && text_.starts_with(kByteOrderMark)) text_.erase(0, kByteOrderMark.size());
    if (!text_.empty() && text_.back() == '\r') text_.pop_back();
    if (trimmed(text_).empty() || text_.front() == '#') continue;
    split();
    return true;
  }
  count_ = 0;
  return false;
}

void CsvReader::split() {
  count_ = 0;
  std::size_t at = 0;
  for (;;) {
    if (count_ == fields_.size()) fields_.emplace_back();
    std::string& field = fields_[count_++];
    field.clear();
    if (at < text_.size() && text_[at] == '"') {
      for (++at; at < text_.size(); ++at) {
        if (text_[at] == '"' && (at + 1 >= text_.size() || text_[at + 1] != '"')) break;
        if (text_[at] == '"') ++at;
        field.push_back(text_[at]);
      }
      at = text_.find(',', at);
    } else {
      const std::size_t comma = text_.find(',', at);
      field.assign(text_, at, comma == std::string::npos ? comma : comma - at);
      at = comma;
    }
    if (at == std::string::npos) return;
    ++at;
  }
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) return;
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value == 0 ? 0.0 : value);
  if (error == std::errc{}) out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos && !text.starts_with('#')) {
    out.append(text);
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace hedgewatch
