#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hedgewatch {

/// The fields of an application/x-www-form-urlencoded body in their order, decoded. Nothing when a part has no '=', no name, or an
/// escape that is none.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view body);

}  // namespace hedgewatch
