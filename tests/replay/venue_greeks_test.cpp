#include <doctest/doctest.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/pricing/venue_conventions.hpp"
#include "daemon/commands/csv.hpp"
#include "shared_files.hpp"

using namespace hedgewatch;
using namespace hedgewatch::testing;

namespace {

struct OptionName {
  OptionRight right = OptionRight::Call;
  double strike = 0;
  VenueTime expiry = kNoVenueTime;
};

int digits(std::string_view text) {
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// All four venues expire at 08:00 UTC.
VenueTime expiry_of(int year, unsigned month, unsigned day) {
  const std::chrono::sys_days date = std::chrono::year{2000 + year} / std::chrono::month{month} / std::chrono::day{day};
  return VenueTime{std::chrono::nanoseconds{date.time_since_epoch() + std::chrono::hours{8}}};
}

/// BTC-30JUL21-2800-C, ETH-6AUG21-2800-P (day and month by name), BTC-231229-40000-P and BTC-USD-231229-40000-P (digits).
std::optional<OptionName> parse_name(std::string_view name) {
  constexpr std::string_view kMonths = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t dash = std::min(name.find('-', at), name.size());
    parts.push_back(name.substr(at, dash - at));
    at = dash + 1;
  }
  if (parts.size() < 4 || (parts.back() != "C" && parts.back() != "P")) return std::nullopt;
  OptionName option;
  option.right = parts.back() == "C" ? OptionRight::Call : OptionRight::Put;
  option.strike = parse_number(parts[parts.size() - 2]).value();
  const std::string_view date = parts[parts.size() - 3];
  if (const std::size_t letter = date.find_first_not_of("0123456789"); letter != std::string_view::npos) {
    const std::size_t month = kMonths.find(date.substr(letter, 3)) / 3 + 1;
    option.expiry = expiry_of(digits(date.substr(letter + 3)), static_cast<unsigned>(month),
                              static_cast<unsigned>(digits(date.substr(0, letter))));
  } else {
    const auto two = [&](std::size_t at) { return digits(date.substr(at, 2)); };
    option.expiry = expiry_of(two(0), static_cast<unsigned>(two(2)), static_cast<unsigned>(two(4)));
  }
  return option;
}

VenueTime at_milliseconds(std::int64_t milliseconds) { return venue_time_from_milliseconds(milliseconds).value(); }

YearFraction exact_time(VenueTime at, VenueTime expiry) {
  return YearFraction::from_nanoseconds(static_cast<double>((expiry - at).count()));
}

/// The payloads of a recorded file, parsed; what is no JSON object is passed over.
template <class Visit>
void each_payload(const std::string& file, const Visit& visit) {
  simdjson::dom::parser outer;
  simdjson::dom::parser inner;
  std::istringstream in{read_text(*shared_directory() / "data" / file)};
  for (std::string line; std::getline(in, line);) {
    simdjson::dom::element record;
    std::string_view data;
    if (outer.parse(line).get(record) != simdjson::SUCCESS || record["data"].get(data) != simdjson::SUCCESS) continue;
    simdjson::dom::element payload;
    if (inner.parse(data.data(), data.size()).get(payload) == simdjson::SUCCESS && payload.is_object()) visit(payload);
  }
}

double number_of(simdjson::dom::element element) {
  if (std::string_view text; element.get(text) == simdjson::SUCCESS) return parse_number(text).value_or(std::nan(""));
  double value = 0;
  return element.get(value) == simdjson::SUCCESS ? value : std::nan("");
}

bool within(double computed, double published, double relative, double absolute) {
  return std::fabs(computed - published) <= std::fmax(relative * std::fabs(published), absolute);
}

/// Compares every option ticker of a Deribit file and returns how many there were.
int compare_deribit(const std::string& file) {
  int compared = 0;
  each_payload(file, [&](simdjson::dom::element payload) {
    simdjson::dom::element data;
    if (payload.at_pointer("/params/data").get(data) != simdjson::SUCCESS || !data.is_object()) return;
    simdjson::dom::element greeks;
    if (data["greeks"].get(greeks) != simdjson::SUCCESS) return;
    const std::string name{std::string_view{data["instrument_name"]}};
    CAPTURE(name);
    const auto option = parse_name(name);
    REQUIRE(option.has_value());
    ++compared;
    const VenueTime at = at_milliseconds(std::int64_t{data["timestamp"]});
    const auto result = deribit_greeks({.right = option->right,
                                        .forward = number_of(data["underlying_price"]),
                                        .strike = option->strike,
                                        .to_expiry = deribit_time_to_expiry(at, option->expiry),
                                        .vol = Vol::from_percent(number_of(data["mark_iv"])),
                                        .mark_price = number_of(data["mark_price"])});
    REQUIRE(result.ok());
    const PublishedGreeks& g = result.value();
    const auto check = [&](const char* key, double computed, double relative, double absolute) {
      const double published = number_of(greeks[key]);
      CAPTURE(std::string{key});
      CAPTURE(computed);
      CAPTURE(published);
      CHECK(within(computed, published, relative, absolute));
    };
    check("delta", g.delta, 0, 1e-4);
    check("gamma", g.gamma, 0, 1e-5);
    check("vega", g.vega_per_vol_point, 1e-3, 2e-3);
    check("theta", g.theta_per_day, 1e-3, 0.05);
    check("rho", g.rho_per_percent, 1e-3, 2e-3);
  });
  return compared;
}

}  // namespace

TEST_SUITE("replay/venue_greeks") {
  TEST_CASE("every recorded Deribit option ticker carries the Greeks that its convention gives") {
    if (skip_without_shared("Deribit's recorded tickers")) return;
    CHECK(compare_deribit("deribit/cryptofeed_options_20210722.jsonl.zst") == 89);
    CHECK(compare_deribit("deribit/btc_chain_full_greeks_20200514.jsonl.zst") == 310);
  }

  TEST_CASE("both Greek sets of OKX's summary are reproduced") {
    if (skip_without_shared("OKX's recorded opt-summary")) return;
    int compared = 0;
    each_payload("okx/opt_summary_btc_20231201.jsonl", [&](simdjson::dom::element payload) {
      simdjson::dom::array rows;
      REQUIRE(payload["data"].get(rows) == simdjson::SUCCESS);
      // The frame does not carry the spot of its Black-Scholes set; any row's two vegas give it, the largest to the most digits.
      double spot = 0;
      double largest = 0;
      for (const simdjson::dom::element row : rows) {
        const double vega = number_of(row["vega"]);
        if (vega > largest) {
          largest = vega;
          spot = number_of(row["vegaBS"]) / vega;
        }
      }
      for (const simdjson::dom::element row : rows) {
        const std::string name{std::string_view{row["instId"]}};
        CAPTURE(name);
        const auto option = parse_name(name);
        REQUIRE(option.has_value());
        ++compared;
        const VenueTime at = at_milliseconds(static_cast<std::int64_t>(number_of(row["ts"])));
        const auto result = okx_greeks({.right = option->right,
                                        .forward = number_of(row["fwdPx"]),
                                        .spot = spot,
                                        .strike = option->strike,
                                        .to_expiry = exact_time(at, option->expiry),
                                        .vol = Vol::from_fraction(number_of(row["markVol"]))});
        REQUIRE(result.ok());
        const auto check = [&](const char* key, double computed, double relative, double absolute) {
          const double published = number_of(row[key]);
          CAPTURE(std::string{key});
          CAPTURE(computed);
          CAPTURE(published);
          CHECK(within(computed, published, relative, absolute));
        };
        const PublishedGreeks& bs = result.value().black_scholes;
        const PublishedGreeks& pa = result.value().premium_adjusted;
        check("deltaBS", bs.delta, 5e-4, 1e-9);
        check("gammaBS", bs.gamma, 5e-4, 1e-9);
        check("vegaBS", bs.vega_per_vol_point, 5e-4, 1e-9);
        check("thetaBS", bs.theta_per_day, 2e-3, 1e-7);
        check("delta", pa.delta, 5e-4, 1e-9);
        check("gamma", pa.gamma, 5e-4, 1e-7);
        check("vega", pa.vega_per_vol_point, 5e-4, 1e-10);
        check("theta", pa.theta_per_day, 2e-3, 1e-10);
      }
    });
    CHECK(compared == 12);
  }

  TEST_CASE("Bybit's documented tickers carry the Greeks that its convention gives") {
    if (skip_without_shared("Bybit's option tickers")) return;
    int compared = 0;
    const auto compare = [&](simdjson::dom::element row, std::int64_t milliseconds) {
      std::string_view delta;
      if (row["vega"].get(delta) != simdjson::SUCCESS) return;
      const std::string name{std::string_view{row["symbol"]}};
      CAPTURE(name);
      const auto option = parse_name(name);
      REQUIRE(option.has_value());
      ++compared;
      simdjson::dom::element vol;
      if (row["markPriceIv"].get(vol) != simdjson::SUCCESS) vol = row["markIv"];
      const double forward = number_of(row["underlyingPrice"]);
      const YearFraction to_expiry = exact_time(at_milliseconds(milliseconds), option->expiry);
      const auto price_at = [&](double mark_vol) {
        return black76({.right = option->right,
                        .forward = forward,
                        .strike = option->strike,
                        .to_expiry = to_expiry,
                        .vol = Vol::from_fraction(mark_vol)})
            .value()
            .price;
      };
      const auto greeks_at = [&](double mark_vol) {
        const auto result = bybit_greeks({.right = option->right,
                                          .forward = forward,
                                          .strike = option->strike,
                                          .to_expiry = to_expiry,
                                          .vol = Vol::from_fraction(mark_vol)});
        REQUIRE(result.ok());
        return result.value();
      };
      // The printed vol has four decimals. The mark price carries more digits of it, unless it is next to nothing.
      const double mark_price = number_of(row["markPrice"]);
      double low = number_of(vol) - 1e-4;
      double high = number_of(vol) + 1e-4;
      for (int step = 0; mark_price > 1 && step < 50; ++step) {
        const double middle = 0.5 * (low + high);
        (price_at(middle) < mark_price ? low : high) = middle;
      }
      const PublishedGreeks g = greeks_at(0.5 * (low + high));
      const auto check = [&](const char* key, double PublishedGreeks::*greek) {
        const double published = number_of(row[key]);
        CAPTURE(std::string{key});
        CAPTURE(g.*greek);
        CAPTURE(published);
        CHECK(within(g.*greek, published, 1e-4, 2e-8));
      };
      check("delta", &PublishedGreeks::delta);
      check("gamma", &PublishedGreeks::gamma);
      check("vega", &PublishedGreeks::vega_per_vol_point);
      check("theta", &PublishedGreeks::theta_per_day);
    };
    for (const char* file : {"bybit/docs_examples.jsonl", "bybit/nautilus_test_data.jsonl"})
      each_payload(file, [&](simdjson::dom::element payload) {
        simdjson::dom::element found;
        if (payload["data"].get(found) == simdjson::SUCCESS && found.is_object() && payload["ts"].is_int64())
          compare(found, std::int64_t{payload["ts"]});
        simdjson::dom::array list;
        if (payload.at_pointer("/result/list").get(list) == simdjson::SUCCESS && payload["time"].is_int64())
          for (const simdjson::dom::element row : list)
            if (row.is_object()) compare(row, std::int64_t{payload["time"]});
      });
    CHECK(compared >= 3);
  }

  TEST_CASE("Binance's hourly summaries carry the Greeks that its convention gives") {
    if (skip_without_shared("Binance's hourly option summaries")) return;
    struct Row {
      std::string name;
      OptionName option;
      YearFraction to_expiry = YearFraction::from_years(0);
      double vol, delta, gamma, vega, theta;
    };
    int compared = 0;
    for (const char* day : {"2023-10-20", "2023-10-21"}) {
      std::istringstream in{
          read_text(*shared_directory() / "data/binance/options_eoh" / ("BTCUSDT-EOHSummary-" + std::string{day} + ".csv.zst"))};
      CsvReader reader{in};
      const auto number = [&](const char* column) {
        return parse_number(reader.field(reader.column(column).value())).value_or(std::nan(""));
      };
      std::map<int, std::vector<Row>> hours;
      while (reader.next()) {
        const std::string name{reader.field(reader.column("symbol").value())};
        const auto option = parse_name(name);
        REQUIRE(option.has_value());
        const int hour = digits(reader.field(reader.column("hour").value()));
        // The summary is taken at the end of its hour; expiry_of() gives 08:00 of the day.
        const VenueTime at =
            expiry_of(23, 10, static_cast<unsigned>(digits(std::string_view{day}.substr(8)))) + std::chrono::hours{hour + 1 - 8};
        Row row{.name = name,
                .option = *option,
                .to_expiry = exact_time(at, option->expiry),
                .vol = number("mark_iv"),
                .delta = number("delta"),
                .gamma = number("gamma"),
                .vega = number("vega"),
                .theta = number("theta")};
        if (row.to_expiry.years() > 0 && row.vol > 0) hours[hour].push_back(row);
      }
      for (const auto& [hour, rows] : hours) {
        CAPTURE(hour);
        const auto greeks_at = [](const Row& row, double index, double later_seconds = 0) {
          const auto result = binance_greeks({.right = row.option.right,
                                              .index_price = index,
                                              .strike = row.option.strike,
                                              .to_expiry = YearFraction::from_nanoseconds(
                                                  row.to_expiry.years() * YearFraction::kNanosecondsPerYear + later_seconds * 1e9),
                                              .vol = Vol::from_fraction(row.vol)});
          REQUIRE(result.ok());
          return result.value();
        };
        // The files have no index: each delta near the money gives one, and the median serves for the hour.
        std::vector<double> indices;
        for (const Row& row : rows) {
          if (!(std::fabs(row.delta) > 0.3 && std::fabs(row.delta) < 0.7)) continue;
          double low = 1'000;
          double high = 1'000'000;
          for (int step = 0; step < 60; ++step) {
            const double middle = 0.5 * (low + high);
            (greeks_at(row, middle).delta < row.delta ? low : high) = middle;
          }
          indices.push_back(low);
        }
        REQUIRE_FALSE(indices.empty());
        std::nth_element(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(indices.size() / 2), indices.end());
        const double index = indices[indices.size() / 2];
        CAPTURE(index);
        for (const Row& row : rows) {
          CAPTURE(row.name);
          ++compared;
          const PublishedGreeks g = greeks_at(row, index);
          // The snapshot is taken a few seconds off the full hour, which matters in the last hours of an option's life.
          const PublishedGreeks moved = greeks_at(row, index, 5);
          const auto check = [&](double PublishedGreeks::*greek, double published, double relative, double absolute) {
            const double computed = g.*greek;
            CAPTURE(computed);
            CAPTURE(published);
            CHECK(std::fabs(computed - published) <=
                  relative * std::fabs(published) + absolute + std::fabs(moved.*greek - computed));
          };
          check(&PublishedGreeks::delta, row.delta, 1e-4, 1e-6);
          check(&PublishedGreeks::gamma, row.gamma, 1e-3, 1e-8);
          check(&PublishedGreeks::vega_per_vol_point, row.vega, 1e-4, 1e-6);
          check(&PublishedGreeks::theta_per_day, row.theta, 1e-4, 1e-6);
        }
      }
    }
    CHECK(compared > 5000);
  }
}
