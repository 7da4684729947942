#include "daemon/commands/implied_vol_command.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>

#include "core/pricing/implied_vol.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/csv.hpp"

using namespace hedgewatch;

namespace {

struct Run {
  int status;
  std::string out;
  std::string errors;
};

Run run(const std::string& input) {
  std::istringstream in{input};
  std::ostringstream out;
  std::ostringstream errors;
  const int status = run_implied_vol(in, out, errors);
  return {status, out.str(), errors.str()};
}

}  // namespace

TEST_SUITE("daemon/commands/implied_vol") {
  TEST_CASE("columns come in any order and a price gives its vol in shortest form") {
    const Run result = run("# a remark\nprice,desk,K,type,F,id,T\n140,x,2100,p,2000,first,0.08\n");
    CHECK(result.status == kExitSuccess);
    CHECK(result.errors.empty());
    const double vol = implied_vol({OptionRight::Put, 2000, 2100, YearFraction::from_years(0.08), 140}).vol;
    std::istringstream in{result.out};
    CsvReader csv{in};
    REQUIRE(csv.next());
    CHECK(result.out.rfind("id,sigma,status\nfirst,", 0) == 0);
    CHECK(parse_number(csv.field(1)).value() == doctest::Approx(vol).epsilon(1e-12));
    CHECK(csv.field(2) == "ok");
    CHECK_FALSE(csv.next());
  }

  TEST_CASE("a price without a vol is a row with its reason, and no fault") {
    const Run result =
        run("id,type,F,K,T,price\n"
            "a,c,300,200,0.1,100\nb,c,300,200,0.1,90\nc,c,300,200,0.1,300\nd,p,300,200,0.1,201\n");
    CHECK(result.status == kExitSuccess);
    CHECK(result.out == "id,sigma,status\na,0,at_intrinsic\nb,,below_intrinsic\nc,inf,at_upper\nd,,above_upper\n");
  }

  TEST_CASE("a tick adds the interval of vols") {
    const Run result = run("id,type,F,K,T,price,tick\na,c,300,200,0.1,100.4,1\nb,p,300,290,0.1,9,\n");
    CHECK(result.status == kExitSuccess);
    std::istringstream in{result.out};
    CsvReader csv{in};
    REQUIRE(csv.next());
    CHECK(csv.field(csv.column("sigma_low").value()) == "0");
    CHECK(parse_number(csv.field(csv.column("sigma_high").value())).value() > parse_number(csv.field(1)).value());
    REQUIRE(csv.next());
    // Without a tick of its own a row has the interval of an exact price.
    CHECK(parse_number(csv.field(csv.column("sigma_low").value())).value() == doctest::Approx(parse_number(csv.field(1)).value()));
  }

  TEST_CASE("a bad row is named by its line, gives no output, and spoils no other") {
    const Run result =
        run("id,type,F,K,T,price,tick\n"
            "a,x,300,200,0.1,101,0\n"
            "b,c,0,200,0.1,101,0\n"
            "c,c,300,-2,0.1,101,0\n"
            "d,c,300,200,0,101,0\n"
            "e,c,300,200,0.1,nan,0\n"
            "f,c,300,200,0.1,101,-1\n"
            "g,c,300,2oo,0.1,101,0\n"
            "h,c,300\n"
            "i,p,300,200,0.1,1,0\n");
    CHECK(result.status == kExitFault);
    CHECK(result.errors ==
          "line 2: type is 'x', must be c or p\n"
          "line 3: F must be positive\n"
          "line 4: K must be positive\n"
          "line 5: T must be positive\n"
          "line 6: price must be finite\n"
          "line 7: tick must not be negative\n"
          "line 8: K is '2oo', must be a number\n"
          "line 9: has 3 fields, the header has 7\n");
    std::istringstream in{result.out};
    CsvReader csv{in};
    REQUIRE(csv.next());
    CHECK(csv.field(0) == "i");
    CHECK_FALSE(csv.next());
  }

  TEST_CASE("a header without a needed column, or none at all, is a fault that names it") {
    const Run lacking = run("id,type,F,K,price\n");
    CHECK(lacking.status == kExitFault);
    CHECK(lacking.out.empty());
    CHECK(lacking.errors == "line 1: no column T\n");
    CHECK(run("").status == kExitFault);
  }

  TEST_CASE("more rows than one block keep their order") {
    std::string input = "id,type,F,K,T,price\n";
    for (int i = 0; i < 2500; ++i) input += std::to_string(i) + ",p,300,290,0.1," + std::to_string(5 + 0.001 * i) + "\n";
    const Run result = run(input);
    CHECK(result.status == kExitSuccess);
    std::istringstream in{result.out};
    CsvReader csv{in};
    double before = 0;
    for (int i = 0; i < 2500; ++i) {
      REQUIRE(csv.next());
      const double vol = parse_number(csv.field(1)).value();
      const bool follows = csv.field(0) == std::to_string(i) && vol > before;
      REQUIRE(follows);
      before = vol;
    }
    CHECK_FALSE(csv.next());
  }
}
