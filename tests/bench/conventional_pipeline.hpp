#pragma once

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace hedgewatch::bench {

/// What a good engineer would write in a week from well-known parts: rapidjson's document for a frame, a mutex and a condition
/// variable to the thread that prices, QuantLib's BlackCalculator for an option, a prometheus-cpp gauge for a figure. It is the
/// baseline of tick_to_table_bench. It does less than the engine does: no freshness, no accounts, no hedges, no alerts.
class ConventionalPipeline {
 public:
  struct Option {
    std::string name;
    std::uint32_t book = 0;
    double size = 0;  ///< signed
    double strike = 0;
    bool call = false;
    double expiry_ms = 0;  ///< since the epoch
  };
  enum class Scope : std::uint8_t {
    Expiry,     ///< a ticker's forward is that of all options of its expiry: they are repriced
    OneOption,  ///< the ticker's own option is repriced, and its book corrected by the difference
  };
  enum class Gauges : std::uint8_t {
    Books,          ///< six a book
    EveryOptionToo  ///< and six an option
  };

  ConventionalPipeline(std::vector<Option> options, std::uint32_t books, Scope scope, Gauges gauges);

  /// The feed's thread: reads the frame and queues what it says. False when it is no ticker.
  bool on_frame(const std::string& text);

  /// The pricing thread: waits for a ticker, reprices and publishes; until stop().
  void run();
  void stop();
  /// Takes and publishes one ticker that waits, on the caller's thread.
  void take_one();

  /// Tickers whose figures are in the gauges.
  [[nodiscard]] std::uint64_t published() const { return published_.load(std::memory_order_acquire); }
  [[nodiscard]] double delta_of_book(std::uint32_t book) const { return book_gauges_[book][1]->Value(); }

 private:
  static constexpr std::size_t kGreeks = 6;  ///< value, delta, gamma, vega, theta, rho
  struct Ticker {
    std::string instrument;
    double timestamp_ms = 0;
    double forward = 0;
    double vol = 0;
    double rate = 0;
  };
  struct Greeks {
    double of[kGreeks] = {};
  };
  using GaugeRow = std::vector<prometheus::Gauge*>;

  void apply(const Ticker& ticker);
  [[nodiscard]] Greeks price(std::size_t option, const Ticker& ticker) const;
  void set(const GaugeRow& gauges, const Greeks& greeks) const;

  std::vector<Option> options_;
  std::vector<double> vols_;
  std::vector<Greeks> greeks_;
  std::vector<Greeks> sums_;
  std::unordered_map<std::string, std::size_t> by_name_;
  Scope scope_;
  prometheus::Registry registry_;
  std::vector<GaugeRow> book_gauges_;
  std::vector<GaugeRow> option_gauges_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Ticker> waiting_;
  bool stop_ = false;
  std::atomic<std::uint64_t> published_{0};
};

}  // namespace hedgewatch::bench
