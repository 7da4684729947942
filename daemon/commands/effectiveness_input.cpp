#include "daemon/commands/effectiveness_input.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <set>

#include "daemon/commands/csv.hpp"

namespace hedgewatch {

namespace {

/// A whole number of exactly `digits` digits at the front of `text`, which is shortened by them.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::optional<VenueTime> parse_nanoseconds(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault != std::errc{} || end != text.data() + text.size() || count < 0) return std::nullopt;
  return from_nanoseconds<VenueTime>(count);
}

std::string at_line(std::string_view name, const CsvReader& csv, std::string_view what) {
  std::string text{name};
  text += ":line " + std::to_string(csv.line()) + ": ";
  text += what;
  return text;
}

/// A price field: nothing read is a fault, an empty field is a missing price.
struct PriceField {
  bool readable = false;
  std::optional<double> price;
};

PriceField read_price(std::string_view text) {
  if (text.empty()) return {.readable = true, .price = std::nullopt};
  const auto number = parse_number(text);
  if (!number || !(*number > 0) || !std::isfinite(*number)) return {};
  return {.readable = true, .price = number};
}

std::optional<double> number_at(simdjson::dom::element json, std::string_view pointer) {
  double value = 0;
  if (json.at_pointer(pointer).get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

}  // namespace

std::optional<VenueTime> TimeColumn::read(std::string_view text) const {
  return nanoseconds ? parse_nanoseconds(text) : parse_iso_time(text);
}

std::optional<TimeColumn> find_time_column(const CsvReader& csv) {
  for (const std::string_view name : csv.names()) {
    if (lower(name) == "ts_ns") return TimeColumn{*csv.column(name), true};
    if (lower(name) == "timestamp") return TimeColumn{*csv.column(name), false};
  }
  return std::nullopt;
}

std::optional<PriceMove> price_move_named(std::string_view name) {
  if (name == "log") return PriceMove::LogReturn;
  if (name == "linear") return PriceMove::Linear;
  if (name == "inverse") return PriceMove::Inverse;
  return std::nullopt;
}

std::optional<VenueTime> parse_iso_time(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  // Nanoseconds since the epoch end in the year 2262.
  if (!date.ok() || *year < 1970 || *year > 2261) return std::nullopt;
  std::chrono::nanoseconds since_epoch = std::chrono::sys_days{date}.time_since_epoch();
  if (text.empty()) return VenueTime{since_epoch};

  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute) return std::nullopt;
  int second = 0;
  if (take(text, ':')) {
    const auto given = take_digits(text, 2);
    if (!given) return std::nullopt;
    second = *given;
  }
  if (*hour > 23 || *minute > 59 || second > 59) return std::nullopt;
  since_epoch += std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{second};
  if (take(text, '.')) {
    std::int64_t fraction = 0;
    std::size_t digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits)
      if (digits < 9) fraction = fraction * 10 + (text.front() - '0');
    if (digits == 0) return std::nullopt;
    for (; digits < 9; ++digits) fraction *= 10;
    since_epoch += std::chrono::nanoseconds{fraction};
  }
  if (!take(text, 'Z') && text.starts_with("+00:00")) text.remove_prefix(6);
  return text.empty() ? std::optional{VenueTime{since_epoch}} : std::nullopt;
}

std::vector<PriceTick> read_prices(std::istream& in, std::string_view name, std::string_view price_column,
                                   std::vector<std::string>& faults) {
  std::vector<PriceTick> prices;
  CsvReader csv{in};
  const auto time_column = find_time_column(csv);
  const auto price_at = csv.column(price_column);
  if (!csv.has_header() || !time_column || !price_at) {
    faults.push_back(at_line(name, csv, "the header needs ts_ns or timestamp, and the column " + std::string{price_column}));
    return prices;
  }
  while (csv.next()) {
    if (const std::string shape = csv.row_fault(); !shape.empty()) {
      faults.push_back(at_line(name, csv, shape));
      continue;
    }
    const auto time = time_column->read(csv.field(time_column->at));
    const PriceField field = read_price(csv.field(*price_at));
    if (!time) {
      faults.push_back(at_line(name, csv, "the time is unreadable"));
    } else if (!field.readable) {
      faults.push_back(at_line(name, csv, "the price is no positive number"));
    } else if (!prices.empty() && *time < prices.back().time) {
      faults.push_back(at_line(name, csv, "the time is before that of the row above"));
    } else if (field.price) {
      prices.push_back({*time, *field.price});
    }
  }
  return prices;
}

std::vector<PriceBar> bars_of_rows(const std::vector<PriceTick>& exposure, const std::vector<PriceTick>& hedge) {
  std::set<VenueTime> times;
  for (const PriceTick& tick : exposure) times.insert(tick.time);
  for (const PriceTick& tick : hedge) times.insert(tick.time);
  std::vector<PriceBar> bars;
  bars.reserve(times.size());
  std::size_t exposure_at = 0;
  std::size_t hedge_at = 0;
  const auto price_at = [](const std::vector<PriceTick>& ticks, std::size_t& at, VenueTime time) {
    std::optional<double> price;
    for (; at < ticks.size() && ticks[at].time <= time; ++at) price = ticks[at].price;
    return price;
  };
  for (const VenueTime time : times)
    bars.push_back({.time = time, .exposure = price_at(exposure, exposure_at, time), .hedge = price_at(hedge, hedge_at, time)});
  return bars;
}

std::vector<PriceBar> bars_of_ticks(const std::vector<PriceTick>& exposure, const std::vector<PriceTick>& hedge,
                                    const BarSampler::Grid& grid, std::size_t count) {
  BarSampler exposure_sampler{grid};
  BarSampler hedge_sampler{grid};
  std::size_t exposure_at = 0;
  std::size_t hedge_at = 0;
  const auto advance = [](BarSampler& sampler, const std::vector<PriceTick>& ticks, std::size_t& at, VenueTime end) {
    for (; at < ticks.size() && ticks[at].time <= end; ++at) sampler.add(ticks[at].time, ticks[at].price);
    return sampler.sample(end);
  };
  std::vector<PriceBar> bars;
  bars.reserve(count + 1);
  for (std::size_t index = 0; index <= count; ++index) {
    const VenueTime end = exposure_sampler.end_of_bar(static_cast<std::int64_t>(index));
    bars.push_back({.time = end,
                    .exposure = advance(exposure_sampler, exposure, exposure_at, end),
                    .hedge = advance(hedge_sampler, hedge, hedge_at, end)});
  }
  return bars;
}

Result<EffectivenessInput, std::string> read_ticks(std::istream& ticks, std::string_view specification,
                                                   std::vector<std::string>& faults) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(simdjson::padded_string{specification}).get(json) != simdjson::SUCCESS)
    return std::string{"the specification is not JSON"};

  // What must be there, in the order of the fields that take it.
  constexpr std::array kPointers{
      "/bars/n",        "/bars/dt_ns",         "/bars/t0_ns",         "/bars/max_age_ns",   "/params/W_valid_pairs",
      "/params/W_bars", "/params/lambda_fast", "/params/lambda_slow", "/params/halflife_s", "/params/h0"};
  std::array<double, kPointers.size()> values{};
  for (std::size_t i = 0; i < kPointers.size(); ++i) {
    const auto value = number_at(json, kPointers[i]);
    if (!value || !std::isfinite(*value)) return "the specification has no number at " + std::string{kPointers[i]};
    values[i] = *value;
  }
  std::int64_t start = 0;
  std::int64_t count = 0;
  if (json.at_pointer("/bars/t0_ns").get(start) != simdjson::SUCCESS || json.at_pointer("/bars/n").get(count) != simdjson::SUCCESS)
    return std::string{"the specification's /bars/t0_ns and /bars/n must be whole numbers"};
  constexpr std::int64_t kMostBars = 100'000'000;
  if (count < 0 || count > kMostBars) return std::string{"the specification's /bars/n must be between 0 and 100000000"};
  if (!(values[1] >= 1) || !(values[4] >= 1) || !(values[5] >= 1) || !(values[8] > 0))
    return std::string{"the specification's dt_ns, W_valid_pairs, W_bars and halflife_s must be positive"};
  const auto is_decay = [](double value) { return value >= 0 && value < 1; };
  if (!is_decay(values[6]) || !is_decay(values[7])) return std::string{"the specification's lambdas must be in [0, 1)"};

  EffectivenessInput input;
  input.parameters = {.window_pairs = static_cast<std::size_t>(values[4]),
                      .window_bars = static_cast<std::size_t>(values[5]),
                      .fast_decay = values[6],
                      .slow_decay = values[7],
                      .half_life = std::chrono::nanoseconds{static_cast<std::int64_t>(values[8] * 1e9)},
                      .hedge_held = values[9]};
  input.reference_correlation = number_at(json, "/population/rho");
  if (simdjson::dom::element moves; json.at_pointer("/params/moves").get(moves) == simdjson::SUCCESS) {
    std::string_view name;
    const auto move = moves.get(name) == simdjson::SUCCESS ? price_move_named(name) : std::nullopt;
    if (!move) return std::string{"the specification's /params/moves must be \"log\", \"linear\" or \"inverse\""};
    input.parameters.move = *move;
  }

  CsvReader csv{ticks};
  const auto time_at = csv.column("ts_ns");
  const auto instrument_at = csv.column("inst");
  const auto price_at = csv.column("price");
  if (!time_at || !instrument_at || !price_at) return std::string{"the ticks need the columns ts_ns, inst and price"};
  while (csv.next()) {
    const auto time = parse_nanoseconds(csv.field(*time_at));
    const PriceField field = read_price(csv.field(*price_at));
    const std::string_view instrument = csv.field(*instrument_at);
    if (!time || !field.price) {
      faults.push_back(at_line("ticks", csv, !time ? "the time is unreadable" : "the price is no positive number"));
    } else if (instrument != "A" && instrument != "B") {
      faults.push_back(at_line("ticks", csv, "inst is neither A nor B"));
    } else {
      (instrument == "A" ? input.exposure_ticks : input.hedge_ticks).push_back({*time, *field.price});
    }
  }
  input.bars = bars_of_ticks(input.exposure_ticks, input.hedge_ticks,
                             {.start = from_nanoseconds<VenueTime>(start),
                              .interval = std::chrono::nanoseconds{static_cast<std::int64_t>(values[1])},
                              .max_age = std::chrono::nanoseconds{static_cast<std::int64_t>(values[3])}},
                             static_cast<std::size_t>(count));
  return input;
}

}  // namespace hedgewatch
