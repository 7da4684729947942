// Property: a decoder that knows the layouts of a venue's frames says of any frame what one says that knows none.

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "feeds/binance/decoder.hpp"
#include "feeds/deribit/decoder.hpp"

using namespace hedgewatch;

namespace {

constexpr const char* kTicker =
    R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.BTC-26MAR27-90000-P.100ms","data":{"timestamp":1801234567890,"state":"open","stats":{"high":0.071,"low":null},"greeks":{"delta":-0.47213,"gamma":0.00002},"instrument_name":"BTC-26MAR27-90000-P","mark_price":0.0624,"mark_iv":52.08,"best_bid_price":0.0615,"best_bid_amount":3.2,"best_ask_price":0.0635,"best_ask_amount":7.5}}})";
constexpr const char* kBestPrices =
    R"({"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":9412,"T":1801234567121,"s":"ETHUSDT","b":"3011.10","B":"4.213","a":"3011.20","A":"1.870"}})";

bool same(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

void require_same(const Event& a, const Event& b) {
  if (a.body.index() != b.body.index() || a.header.exchange_time != b.header.exchange_time ||
      a.header.instrument != b.header.instrument)
    std::abort();
  if (const auto* quote = std::get_if<Quote>(&a.body)) {
    const auto& other = std::get<Quote>(b.body);
    if (quote->bid != other.bid || quote->ask != other.ask || quote->bid_size != other.bid_size ||
        quote->ask_size != other.ask_size)
      std::abort();
  }
  if (const auto* mark = std::get_if<Mark>(&a.body)) {
    const auto& other = std::get<Mark>(b.body);
    if (!same(mark->price, other.price) || !same(mark->vol, other.vol) || !same(mark->forward, other.forward) ||
        !same(mark->index, other.index) || !same(mark->rate, other.rate))
      std::abort();
  }
  if (const auto* greeks = std::get_if<VenueGreeks>(&a.body)) {
    const auto& other = std::get<VenueGreeks>(b.body);
    if (!same(greeks->delta, other.delta) || !same(greeks->gamma, other.gamma) || !same(greeks->vega, other.vega)) std::abort();
  }
}

/// `make()` gives a decoder that has read nothing.
template <class Make>
void compare(simdjson::padded_string_view frame, const std::string& known, Make&& make) {
  const auto general = make();
  const auto knowing = make();
  EventBatch expected{64};
  EventBatch found{64};
  const simdjson::padded_string lesson{known};
  if (!knowing->decoder.decode(lesson, MonoTime{}, found).ok() || knowing->decoder.layouts().size() != 1) std::abort();
  found.truncate(0);
  const auto right = general->decoder.decode(frame, MonoTime{}, expected);
  const auto ours = knowing->decoder.decode(frame, MonoTime{}, found);
  if (right.ok() != ours.ok() || expected.size() != found.size()) std::abort();
  if (right.ok() && (right.value().kind != ours.value().kind || right.value().channel != ours.value().channel)) std::abort();
  if (!right.ok() && (right.error().fault != ours.error().fault || right.error().field != ours.error().field)) std::abort();
  for (std::size_t i = 0; i < found.size(); ++i) require_same(expected.events()[i], found.events()[i]);
}

struct DeribitRun {
  DeribitRun() { symbols.add(*deribit::contract_from_name("BTC-26MAR27-90000-P")); }
  deribit::Symbols symbols{64};
  deribit::Decoder decoder{symbols};
};

struct BinanceRun {
  BinanceRun() { symbols.add(*binance::contract_from_name("ETHUSDT")); }
  SymbolTable symbols{Venue::Binance, 64};
  binance::Decoder decoder{symbols, binance::Product::UsdMargined};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<char> text(size + simdjson::SIMDJSON_PADDING, '}');
  if (size != 0) std::memcpy(text.data(), data, size);
  const simdjson::padded_string_view frame{text.data(), size, text.size()};
  compare(frame, kTicker, [] { return std::make_unique<DeribitRun>(); });
  compare(frame, kBestPrices, [] { return std::make_unique<BinanceRun>(); });
  return 0;
}
