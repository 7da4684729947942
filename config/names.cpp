#include "config/names.hpp"

#include <vector>

#include "config/shown.hpp"
#include "config/value_forms.hpp"

namespace hedgewatch {

const Names::Known* Names::find(std::string_view name) const {
  const auto found = known_.find(name);
  return found != known_.end() ? &found->second : nullptr;
}

std::string Names::choices() const {
  constexpr std::size_t kMostListed = 12;
  std::vector<std::string_view> names;
  for (const auto& [name, known] : known_)
    if (names.size() < kMostListed) names.emplace_back(name);
  return one_of(names) + (known_.size() > kMostListed ? " and more" : "");
}

std::optional<Found<std::string>> read_name(TableReader& table, Names& names) {
  auto found = table.required_text("name", kNameForm);
  if (found && !is_name(found->value)) {
    table.fault(*found, "is " + shown(found->value) + ", must be " + std::string{kNameForm});
    found.reset();
  }
  if (!found) {
    names.complete = false;
    return std::nullopt;
  }
  if (const auto* other = names.find(found->value)) {
    table.fault(*found, "is " + shown(found->value) + ", must be a name that is not taken (line " + std::to_string(other->line) +
                            " has it)");
    return std::nullopt;
  }
  names.add(found->value, found->at.line);
  return found;
}

}  // namespace hedgewatch
