#include "daemon/commands/effectiveness_report.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <sstream>
#include <string>

#include "daemon/commands/svg_plot.hpp"

using namespace hedgewatch;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

/// Two prices that share their moves, with noise of their own on the hedge.
EffectivenessInput walk(std::size_t bars, double noise, unsigned seed = 1) {
  std::mt19937 random{seed};
  std::normal_distribution<double> normal;
  EffectivenessInput input;
  input.parameters.window_pairs = input.parameters.window_bars = 120;
  double exposure = 100;
  double own = 0;
  for (std::size_t k = 0; k < bars; ++k) {
    const auto time = from_nanoseconds<VenueTime>(1'700'000'000'000'000'000 + static_cast<std::int64_t>(k) * kMinute);
    input.bars.push_back({.time = time, .exposure = exposure, .hedge = exposure * std::exp(own)});
    input.exposure_ticks.push_back({time, exposure});
    input.hedge_ticks.push_back({time, exposure * std::exp(own)});
    exposure *= std::exp(0.001 * normal(random) + 0.0005);
    own += noise * normal(random);
  }
  return input;
}

bool any(const std::vector<std::string>& sentences, std::string_view part) {
  return std::any_of(sentences.begin(), sentences.end(),
                     [&](const std::string& one) { return one.find(part) != std::string::npos; });
}

std::string page_of(const EffectivenessInput& input) {
  std::ostringstream out;
  write_effectiveness_report(input, "spot", "future", out);
  return out.str();
}

}  // namespace

TEST_SUITE("daemon/commands/effectiveness_report") {
  TEST_CASE("a good hedge is told in sentences and without a warning") {
    const EffectivenessWords words = effectiveness_in_words(walk(600, 0.00005));
    CHECK(any(words.says, "correlation of 0.99"));
    CHECK(any(words.says, "took away 99."));
    CHECK(any(words.says, "never fell below 0.95"));
    CHECK(any(words.says, "inside the 80 to 125 %"));
    CHECK_MESSAGE(words.warnings.empty(), words.warnings.front());
  }

  TEST_CASE("each way in which the numbers lie has its warning") {
    struct Row {
      const char* warning;
      std::function<EffectivenessInput()> make;
    };
    const Row rows[] = {
        {"Only 49 pairs", [] { return walk(50, 0.0001); }},
        {"The hedge added risk",
         [] {
           EffectivenessInput input = walk(600, 0.0001);
           input.parameters.hedge_held = -1;
           return input;
         }},
        {"of the bars lack a price",
         [] {
           EffectivenessInput input = walk(600, 0.0001);
           for (std::size_t k = 0; k < input.bars.size(); k += 10) input.bars[k].hedge.reset();
           return input;
         }},
        {"one price did not move at all",
         [] {
           EffectivenessInput input = walk(600, 0.0001);
           for (std::size_t k = 1; k < input.bars.size(); ++k)
             if (k % 4 != 0) input.bars[k].hedge = input.bars[k - 1].hedge;
           return input;
         }},
        {"of what the hedge left",
         [] {
           EffectivenessInput input = walk(600, 0.0001);
           *input.bars[300].hedge *= 1.01;
           return input;
         }},
        {"hides windows down to",
         [] {
           EffectivenessInput input = walk(3'000, 0.0001);
           for (std::size_t k = 1'500; k < 1'560; ++k) *input.bars[k].hedge *= k % 2 == 0 ? 1.0005 : 0.9995;
           return input;
         }},
        {"of all variance of the exposure",
         [] {
           EffectivenessInput input = walk(600, 0.0001);
           for (std::size_t k = 300; k < input.bars.size(); ++k) {
             *input.bars[k].exposure *= 1.2;
             *input.bars[k].hedge *= 1.2;
           }
           return input;
         }},
        {"one ratio does not fit the whole",
         [] {
           EffectivenessInput input = walk(600, 0.0001);
           for (std::size_t k = 300; k < input.bars.size(); ++k) *input.bars[k].hedge = std::sqrt(*input.bars[k].exposure);
           return input;
         }},
        {"the relation may have broken",
         [] {
           EffectivenessInput input = walk(600, 0.003);
           input.reference_correlation = 0.99;
           return input;
         }},
        {"The dollar offset is inconclusive",
         [] {
           EffectivenessInput input = walk(601, 0.0001);
           for (std::size_t k = 0; k < 300; ++k)
             input.bars[600 - k] = {input.bars[600 - k].time, input.bars[k].exposure, input.bars[k].hedge};
           return input;
         }},
        {"There is no correlation",
         [] {
           EffectivenessInput input = walk(300, 0.0001);
           for (PriceBar& bar : input.bars) bar.hedge = 7;
           return input;
         }},
    };
    for (const Row& row : rows) {
      CAPTURE(row.warning);
      CHECK(any(effectiveness_in_words(row.make()).warnings, row.warning));
    }
  }

  TEST_CASE("the page is whole, has its five plots and loads nothing") {
    const std::string page = page_of(walk(600, 0.0001));
    CHECK(page.starts_with("<!DOCTYPE html>"));
    CHECK(page.ends_with("</html>\n"));
    std::size_t plots = 0;
    for (std::size_t at = page.find("<svg"); at != std::string::npos; at = page.find("<svg", at + 1)) ++plots;
    CHECK(plots == 5);
    for (const char* loaded : {"<script", "http", "src=", "url(", "@import", "<link"}) {
      CAPTURE(loaded);
      CHECK(page.find(loaded) == std::string::npos);
    }
    CHECK(page.find("nan") == std::string::npos);
    CHECK(page.find("inf") == std::string::npos);
  }

  TEST_CASE("a file name cannot break the page") {
    std::ostringstream out;
    write_effectiveness_report(walk(10, 0.001), "<b>&\"", "x", out);
    CHECK(out.str().find("<b>") == std::string::npos);
    CHECK(out.str().find("&lt;b&gt;&amp;&quot;") != std::string::npos);
  }

  TEST_CASE("a page of nothing says that there is nothing") {
    const std::string page = page_of({});
    CHECK(page.find("no bars") != std::string::npos);
    CHECK(page.find("nothing to show") != std::string::npos);
  }
}

TEST_SUITE("daemon/commands/svg_plot") {
  TEST_CASE("times are in UTC and numbers without exponents") {
    CHECK(utc_minute(from_nanoseconds<VenueTime>(1'709'209'740'000'000'000)) == "2024-02-29 12:29");
    CHECK(fixed_text(1e-9, 3) == "0.000");
    CHECK(fixed_text(-1e-9, 3) == "0.000");
    CHECK(fixed_text(1e15, 0) == "1000000000000000");
    CHECK(fixed_text(std::nullopt, 2) == "\u2013");
  }

  TEST_CASE("a spike between columns is kept, a gap interrupts the line, and what is cut off is said") {
    Plot plot{.title = "spikes",
              .unit = "",
              .times = {},
              .lines = {{.name = "one", .values = {}}},
              .marks = {},
              .decimals = 1,
              .least = {},
              .most = {}};
    for (int i = 0; i < 20'000; ++i) {
      plot.times.push_back(from_nanoseconds<VenueTime>(i * kMinute));
      plot.lines[0].values.emplace_back(i == 12'345 ? 50.0 : 1.0);
    }
    for (std::size_t i = 5'000; i < 6'000; ++i) plot.lines[0].values[i].reset();
    const std::string svg = svg_of(plot);
    CHECK(svg.find(">40.0<") != std::string::npos);  // the axis reaches it
    const std::string path = svg.substr(svg.find("<path d="));
    CHECK(std::count(path.begin(), path.end(), 'M') == 2);
    CHECK(svg.size() < 60'000);
    plot.most = 10;
    CHECK(svg_of(plot).find("cut off: values reach from 1.0 to 50.0") != std::string::npos);
  }
}
