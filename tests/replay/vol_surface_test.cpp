#include "core/pricing/vol_surface.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/commands/csv.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct Expiry {
  YearFraction to_expiry = YearFraction::from_years(0);
  std::vector<SmileQuote> quotes;
};
/// Currency, then expiry as text (which sorts by time).
using Chain = std::map<std::string, std::map<std::string, Expiry>>;

Chain load(const std::filesystem::path& file) {
  std::istringstream in{read_text(file)};
  CsvReader csv{in};
  const auto column = [&](const char* name) {
    const auto found = csv.column(name);
    REQUIRE(found.has_value());
    return *found;
  };
  const std::size_t currency = column("currency");
  const std::size_t expiry = column("expiry_datetime");
  const std::size_t strike = column("strike");
  const std::size_t forward = column("underlying");
  const std::size_t years = column("time_to_maturity");
  const std::size_t vol = column("implied_volatility");
  Chain chain;
  while (csv.next()) {
    const auto number = [&](std::size_t at) { return parse_number(csv.field(at)).value_or(kAbsent); };
    Expiry& one = chain[std::string{csv.field(currency)}][std::string{csv.field(expiry)}];
    one.to_expiry = YearFraction::from_years(number(years));
    const double k = std::log(number(strike) / number(forward));
    one.quotes.push_back({k, number(vol), vega_weight(k, Vol::from_fraction(number(vol)), one.to_expiry)});
  }
  return chain;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

TEST_SUITE("replay/vol_surface") {
  TEST_CASE("every expiry of recorded chains is fitted near its marks and without arbitrage") {
    if (skip_without_shared("deribit/chains")) return;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{*shared_directory() / "data" / "deribit" / "chains"})
      files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    REQUIRE(files.size() == 9);

    std::vector<double> medians, ninety_fifths, weighted;
    std::string table;
    for (const std::filesystem::path& file : files) {
      const std::string name = file.filename().string();
      CAPTURE(name);
      for (const auto& [currency, expiries] : load(file)) {
        CAPTURE(currency);
        std::vector<ExpiryQuotes> quotes;
        std::vector<std::string> dates;
        for (const auto& [date, expiry] : expiries) {
          const auto nanoseconds = static_cast<std::int64_t>(expiry.to_expiry.years() * YearFraction::kNanosecondsPerYear);
          quotes.push_back({from_nanoseconds<VenueTime>(nanoseconds), expiry.to_expiry, expiry.quotes, MonoTime{}});
          dates.push_back(date.substr(0, 10));
        }
        VolSurface surface{std::chrono::seconds{60}};
        surface.fit(quotes);
        CHECK(surface.unfitted() == 0);
        REQUIRE(surface.slices().size() == quotes.size());
        for (std::size_t i = 0; i < quotes.size(); ++i) {
          const SurfaceSlice& slice = surface.slices()[i];
          CAPTURE(dates[i]);
          CHECK(check_butterfly(slice.fit.slice).free_of_arbitrage);
          for (std::size_t j = 0; j < i; ++j)
            CHECK(check_calendar(surface.slices()[j].fit.slice, slice.fit.slice).free_of_arbitrage);
          const FitError& error = slice.fit.error;
          medians.push_back(error.median_points);
          ninety_fifths.push_back(error.p95_points);
          weighted.push_back(error.rms_points);
          std::array<char, 160> line{};
          std::snprintf(line.data(), line.size(),
                        "\n%s %s %s %7.2f days %4u quotes: median %5.2f p95 %5.2f worst %5.2f weighted %5.2f",
                        name.substr(25, 8).c_str(), currency.c_str(), dates[i].c_str(), slice.to_expiry.days(), slice.fit.quotes,
                        error.median_points, error.p95_points, error.worst_points, error.rms_points);
          table += line.data();
        }
      }
    }
    MESSAGE("fit errors in vol points" << table);
    MESSAGE("median over " << medians.size() << " expiries: median " << median(medians) << ", p95 " << median(ninety_fifths)
                           << ", vega-weighted rms " << median(weighted));
    CHECK(medians.size() > 200);
    CHECK(median(medians) < 0.3);
    CHECK(median(weighted) < 0.4);
    CHECK(*std::max_element(medians.begin(), medians.end()) < 6);
  }
}
