#include "core/metric/figure.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "shared_files.hpp"

using namespace hedgewatch;

TEST_SUITE("core/metric/figure") {
  TEST_CASE("every figure has a page in the repository, and the page names it") {
    constexpr std::string_view kPrefix = "hedgewatch_";
    for (const FigureDefinition& definition : figure_catalogue()) {
      CAPTURE(definition.name);
      CAPTURE(definition.page);
      REQUIRE(definition.name.starts_with(kPrefix));
      REQUIRE_FALSE(definition.page.empty());
      const std::filesystem::path page = testing::source_directory() / definition.page;
      REQUIRE(std::filesystem::exists(page));
      // Within code marks, alone or followed by its labels.
      const std::string text = testing::read_text(page);
      const std::string name = "`" + std::string{definition.name.substr(kPrefix.size())};
      const bool named = text.find(name + "`") != std::string::npos || text.find(name + "{") != std::string::npos;
      CHECK(named);
    }
  }
}
