#include "daemon/commands/greeks_command.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include "core/pricing/black76.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/csv.hpp"

using namespace hedgewatch;

namespace {

struct Run {
  int status;
  std::string out;
  std::string errors;
};

Run run(const std::string& input, GreeksConvention convention = GreeksConvention::Black76) {
  std::istringstream in{input};
  std::ostringstream out;
  std::ostringstream errors;
  const int status = run_greeks(in, out, errors, convention);
  return {status, out.str(), errors.str()};
}

/// The cell of a column in the n-th output row.
std::string cell(const std::string& csv, std::size_t row, const char* column) {
  std::istringstream in{csv};
  CsvReader reader{in};
  for (std::size_t i = 0; i <= row; ++i) REQUIRE(reader.next());
  REQUIRE(reader.column(column).has_value());
  return std::string{reader.field(*reader.column(column))};
}

}  // namespace

TEST_SUITE("daemon/commands/greeks") {
  TEST_CASE("columns come in any order, and what is not asked for is ignored") {
    const Run result = run("# a remark\nsigma,desk,K,type,F,id,T\n0.64,x,2100,p,2000,first,0.08\n");
    CHECK(result.status == kExitSuccess);
    CHECK(result.errors.empty());
    const auto expected = black76({.right = OptionRight::Put,
                                   .forward = 2000,
                                   .strike = 2100,
                                   .to_expiry = YearFraction::from_years(0.08),
                                   .vol = Vol::from_fraction(0.64)})
                              .value();
    CHECK(cell(result.out, 0, "id") == "first");
    CHECK(parse_number(cell(result.out, 0, "price")).value() == doctest::Approx(expected.price).epsilon(1e-14));
    CHECK(parse_number(cell(result.out, 0, "veta")).value() == doctest::Approx(expected.veta).epsilon(1e-12));
    CHECK(parse_number(cell(result.out, 0, "d2")).value() == doctest::Approx(expected.d2).epsilon(1e-13));
    CHECK(cell(result.out, 0, "rho_spot") != "");
  }

  TEST_CASE("a bad row is named by its line, gives no output, and spoils no other") {
    const Run result =
        run("id,type,F,K,T,sigma,r\n"
            "a,c,100,100,0.5,0.4,\n"
            "b,call,100,100,0.5,0.4,0\n"
            "c,c,,100,0.5,0.4,0\n"
            "d,c,100,100,-0.5,0.4,0\n"
            "e,c,100,100,0.5\n"
            "f,c,nan,100,0.5,0.4,0\n"
            "g,c,100,100,0.5,-0.4,0\n"
            "h,p,100,90,0.5,0.4,0.01\n");
    CHECK(result.status == kExitFault);
    CHECK(cell(result.out, 0, "id") == "a");
    CHECK(cell(result.out, 1, "id") == "h");
    CHECK(result.out.find("\nb,") == std::string::npos);
    for (const char* message : {"line 3: type is 'call', must be c or p\n", "line 4: F is '', must be a number\n",
                                "line 5: expired: T is negative\n", "line 6: has 5 fields, the header has 7\n",
                                "line 7: an input or the discount factor is not finite\n", "line 8: sigma is negative\n"})
      CHECK_MESSAGE(result.errors.find(message) != std::string::npos, std::string{message});
  }

  TEST_CASE("a missing column is a fault of the header") {
    const Run result = run("id,type,F,K,T\na,c,1,1,1\n");
    CHECK(result.status == kExitFault);
    CHECK(result.errors == "line 1: no column sigma\n");
    CHECK(result.out.empty());
    CHECK(run("").status == kExitFault);
  }

  TEST_CASE("an undefined Greek is an empty field") {
    const Run result = run("id,type,F,K,T,sigma\nkink,c,100,100,0,0.4\n");
    CHECK(result.status == kExitSuccess);
    CHECK(cell(result.out, 0, "delta_fwd") == "0.5");
    CHECK(cell(result.out, 0, "gamma_fwd").empty());
    CHECK(cell(result.out, 0, "price") == "0");
  }

  TEST_CASE("inverse gives coin values, and Deribit's columns only without a coin rate") {
    const Run result =
        run("id,type,F,K,T,sigma,q\na,p,3000,3300,0.1,0.7,0\nb,p,3000,3300,0.1,0.7,0.02\n", GreeksConvention::CoinSettled);
    CHECK(result.status == kExitSuccess);
    const double coin = parse_number(cell(result.out, 0, "price_coin")).value();
    CHECK(parse_number(cell(result.out, 0, "price_usd")).value() == doctest::Approx(3000 * coin));
    CHECK(parse_number(cell(result.out, 0, "delta_net")).value() ==
          doctest::Approx(parse_number(cell(result.out, 0, "delta_bs")).value() - coin));
    CHECK(parse_number(cell(result.out, 0, "drb_vega")).value() ==
          doctest::Approx(parse_number(cell(result.out, 0, "vega_usd")).value() / 100));
    CHECK(cell(result.out, 1, "drb_vega").empty());
    CHECK(cell(result.out, 1, "drb_rho").empty());
    CHECK_FALSE(cell(result.out, 1, "rho_q_coin").empty());
  }

  TEST_CASE("more rows than a block come out all and in order") {
    std::string input = "id,type,F,K,T,sigma\n";
    for (int i = 0; i < 3000; ++i) input += std::to_string(i) + ",c,100,100,0.5,0.4\n";
    const Run result = run(input);
    CHECK(result.status == kExitSuccess);
    std::istringstream in{result.out};
    CsvReader reader{in};
    int expected = 0;
    while (reader.next()) CHECK(parse_number(reader.field(0)) == expected++);
    CHECK(expected == 3000);
  }
}
