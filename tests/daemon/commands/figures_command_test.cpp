#include "daemon/commands/figures_command.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "core/metric/figure.hpp"
#include "daemon/commands/csv.hpp"

namespace hedgewatch {
namespace {

TEST_SUITE("daemon/commands/figures_command") {
  TEST_CASE("every figure of the catalogue is one row, in order, and reads back as it stands there") {
    std::stringstream text;
    write_catalogue(text);
    CsvReader reader{text};
    const std::vector<std::string> names{"name", "labels", "help", "page"};
    REQUIRE(reader.names() == names);
    for (const FigureDefinition& figure : figure_catalogue()) {
      CAPTURE(std::string{figure.name});
      REQUIRE(reader.next());
      CHECK(reader.row_fault().empty());
      CHECK(reader.field(0) == figure.name);
      CHECK(reader.field(2) == figure.help);
      CHECK(reader.field(3) == figure.page);
    }
    CHECK(!reader.next());
  }

  TEST_CASE("labels are one field, in the order of the series") {
    std::ostringstream text;
    write_catalogue(text);
    CHECK(text.str().find("\nhedgewatch_scenario_pnl_usd,book underlying spot_shock vol_shock,") != std::string::npos);
    CHECK(text.str().find("\nhedgewatch_hedge_ratio,hedge,") != std::string::npos);
  }
}

}  // namespace
}  // namespace hedgewatch
