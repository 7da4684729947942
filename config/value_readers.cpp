#include "config/value_readers.hpp"

#include <set>
#include <utility>

#include "config/value_forms.hpp"
#include "core/types/duration_text.hpp"

namespace hedgewatch {

std::optional<std::int64_t> read_integer(TableReader& table, std::string_view key, std::int64_t least, std::int64_t most) {
  const std::string must_be = "an integer from " + std::to_string(least) + " to " + std::to_string(most);
  const auto found = table.integer(key, must_be);
  if (!found) return std::nullopt;
  if (found->value >= least && found->value <= most) return found->value;
  table.fault(*found, "is " + std::to_string(found->value) + ", must be " + must_be);
  return std::nullopt;
}

std::optional<Found<std::string>> read_duration(TableReader& table, std::string_view key, std::chrono::nanoseconds least,
                                                std::chrono::nanoseconds most, std::chrono::nanoseconds& into) {
  const std::string must_be = "a duration from \"" + duration_text(least) + "\" to \"" + duration_text(most) + '"';
  auto found = table.text(key, must_be);
  if (!found) return std::nullopt;
  const auto duration = parse_duration(found->value);
  if (duration && *duration >= least && *duration <= most) {
    into = *duration;
    return found;
  }
  table.fault(*found, "is " + shown(found->value) + ", must be " + must_be);
  return std::nullopt;
}

std::optional<Found<double>> positive(TableReader& table, std::optional<Found<double>> found, std::string_view must_be) {
  if (!found || found->value > 0) return found;
  table.fault(*found, "is " + shown(found->value) + ", must be " + std::string{must_be});
  return std::nullopt;
}

std::string read_absolute_path(TableReader& table, std::string_view key) {
  constexpr std::string_view kMustBe = "a path from the root such as \"/etc/hedgewatch/file\"";
  auto found = table.text(key, kMustBe);
  if (!found) return {};
  if (found->value.starts_with('/') && found->value.find('\0') == std::string::npos) return std::move(found->value);
  // Not repeated: a secret could have been put in its file's place.
  table.fault(*found, "is no absolute path, must be " + std::string{kMustBe});
  return {};
}

void fault_repeated(TableReader& table, const Found<std::string>& found) {
  table.fault(found, "is " + shown(found.value) + " again, must be listed once");
}

std::vector<std::string> as_asset_codes(TableReader& table, const std::vector<Found<std::string>>& texts) {
  std::vector<std::string> codes;
  std::set<std::string_view> seen;
  for (const auto& found : texts) {
    if (!is_asset_code(found.value))
      table.fault(found, "is " + shown(found.value) + ", must be " + std::string{kAssetCodeForm});
    else if (!seen.insert(found.value).second)
      fault_repeated(table, found);
    else
      codes.push_back(found.value);
  }
  return codes;
}

}  // namespace hedgewatch
