#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/table_reader.hpp"

namespace hedgewatch {

/// The names that one kind of table defines, in the order of the text.
class Names {
 public:
  struct Known {
    std::size_t index = 0;  ///< how many names of this kind stand before it
    std::size_t line = 0;
  };

  /// False once a definition itself is faulty: then nobody is told that a name does not exist. One mistake, one fault.
  bool complete = true;

  [[nodiscard]] const Known* find(std::string_view name) const;
  void add(std::string name, std::size_t line) { known_.emplace(std::move(name), Known{known_.size(), line}); }
  [[nodiscard]] std::size_t size() const { return known_.size(); }
  /// Some of them, for a fault.
  [[nodiscard]] std::string choices() const;

 private:
  std::map<std::string, Known, std::less<>> known_;
};

/// The table's `name`, well-formed and used once, which is then among `names`; nothing after a fault.
[[nodiscard]] std::optional<Found<std::string>> read_name(TableReader& table, Names& names);

}  // namespace hedgewatch
