#include "bench/conventional_pipeline.hpp"

#include <rapidjson/document.h>

#include <array>
#include <cmath>
#include <ql/pricingengines/blackcalculator.hpp>
#include <utility>

namespace hedgewatch::bench {

namespace {

constexpr std::array kGreekNames{"value", "delta", "gamma", "vega", "theta", "rho"};

}  // namespace

ConventionalPipeline::ConventionalPipeline(std::vector<Option> options, std::uint32_t books, Scope scope, Gauges gauges)
    : options_{std::move(options)}, vols_(options_.size(), 0.5208), greeks_(options_.size()), sums_(books), scope_{scope} {
  std::array<prometheus::Family<prometheus::Gauge>*, kGreeks> of_books{};
  std::array<prometheus::Family<prometheus::Gauge>*, kGreeks> of_options{};
  for (std::size_t g = 0; g < kGreeks; ++g) {
    of_books[g] = &prometheus::BuildGauge().Name(std::string{"book_"} + kGreekNames[g]).Help("of a book").Register(registry_);
    of_options[g] =
        &prometheus::BuildGauge().Name(std::string{"option_"} + kGreekNames[g]).Help("of an option").Register(registry_);
  }
  book_gauges_.resize(books);
  for (std::uint32_t book = 0; book < books; ++book)
    for (auto* family : of_books) book_gauges_[book].push_back(&family->Add({{"book", "book" + std::to_string(book)}}));
  for (std::size_t i = 0; i < options_.size(); ++i) {
    by_name_.emplace(options_[i].name, i);
    if (gauges != Gauges::EveryOptionToo) continue;
    option_gauges_.emplace_back();
    for (auto* family : of_options) option_gauges_.back().push_back(&family->Add({{"instrument", options_[i].name}}));
  }
}

bool ConventionalPipeline::on_frame(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  if (document.HasParseError() || !document.IsObject()) return false;
  const auto params = document.FindMember("params");
  if (params == document.MemberEnd()) return false;
  const auto data = params->value.FindMember("data");
  if (data == params->value.MemberEnd()) return false;
  const auto number = [&](const char* name) {
    const auto found = data->value.FindMember(name);
    return found != data->value.MemberEnd() && found->value.IsNumber() ? found->value.GetDouble() : std::nan("");
  };
  const auto name = data->value.FindMember("instrument_name");
  if (name == data->value.MemberEnd() || !name->value.IsString()) return false;
  Ticker ticker{.instrument = name->value.GetString(),
                .timestamp_ms = number("timestamp"),
                .forward = number("underlying_price"),
                .vol = number("mark_iv") / 100,
                .rate = number("interest_rate")};
  {
    const std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(ticker));
  }
  ready_.notify_one();
  return true;
}

void ConventionalPipeline::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    ready_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (waiting_.empty()) {
      stop_ = false;
      return;
    }
    const Ticker ticker = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    apply(ticker);
    lock.lock();
  }
}

void ConventionalPipeline::stop() {
  {
    const std::lock_guard lock{mutex_};
    stop_ = true;
  }
  ready_.notify_one();
}

void ConventionalPipeline::take_one() {
  std::unique_lock lock{mutex_};
  if (waiting_.empty()) return;
  const Ticker ticker = std::move(waiting_.front());
  waiting_.pop_front();
  lock.unlock();
  apply(ticker);
}

ConventionalPipeline::Greeks ConventionalPipeline::price(std::size_t option, const Ticker& ticker) const {
  constexpr double kMillisecondsPerYear = 365.0 * 24 * 3600 * 1000;
  const Option& contract = options_[option];
  const double years = (contract.expiry_ms - ticker.timestamp_ms) / kMillisecondsPerYear;
  const QuantLib::BlackCalculator calculator{contract.call ? QuantLib::Option::Call : QuantLib::Option::Put, contract.strike,
                                             ticker.forward, vols_[option] * std::sqrt(years), std::exp(-ticker.rate * years)};
  const double size = contract.size;
  return {{size * calculator.value(), size * calculator.delta(ticker.forward), size * calculator.gamma(ticker.forward),
           size * calculator.vega(years) / 100, size * calculator.theta(ticker.forward, years) / 365,
           size * calculator.rho(years)}};
}

void ConventionalPipeline::set(const GaugeRow& gauges, const Greeks& greeks) const {
  for (std::size_t g = 0; g < kGreeks; ++g) gauges[g]->Set(greeks.of[g]);
}

void ConventionalPipeline::apply(const Ticker& ticker) {
  const auto found = by_name_.find(ticker.instrument);
  if (found != by_name_.end()) {
    vols_[found->second] = ticker.vol;
    if (scope_ == Scope::OneOption) {
      const std::size_t option = found->second;
      const Greeks before = std::exchange(greeks_[option], price(option, ticker));
      Greeks& sum = sums_[options_[option].book];
      for (std::size_t g = 0; g < kGreeks; ++g) sum.of[g] += greeks_[option].of[g] - before.of[g];
      set(book_gauges_[options_[option].book], sum);
      if (!option_gauges_.empty()) set(option_gauges_[option], greeks_[option]);
    } else {
      sums_.assign(sums_.size(), Greeks{});
      for (std::size_t option = 0; option < options_.size(); ++option) {
        greeks_[option] = price(option, ticker);
        Greeks& sum = sums_[options_[option].book];
        for (std::size_t g = 0; g < kGreeks; ++g) sum.of[g] += greeks_[option].of[g];
        if (!option_gauges_.empty()) set(option_gauges_[option], greeks_[option]);
      }
      for (std::size_t book = 0; book < sums_.size(); ++book) set(book_gauges_[book], sums_[book]);
    }
  }
  published_.fetch_add(1, std::memory_order_release);
}

}  // namespace hedgewatch::bench
