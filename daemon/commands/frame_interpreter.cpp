#include "daemon/commands/frame_interpreter.hpp"

#include <array>
#include <map>
#include <optional>

#include "feeds/binance/decoder.hpp"
#include "feeds/bybit/decoder.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/symbols.hpp"
#include "feeds/okx/decoder.hpp"
#include "feeds/symbol_table.hpp"

namespace hedgewatch {

namespace {

class TableNames final : public InstrumentNames {
 public:
  explicit TableNames(const SymbolTable& table) : table_{table} {}
  [[nodiscard]] std::string_view name(InstrumentId id) const override { return table_.name(id); }

 private:
  const SymbolTable& table_;
};

/// Whether all of the words stand in the text.
template <class... Words>
bool has(std::string_view text, Words... words) {
  return ((text.find(words) != std::string_view::npos) && ...);
}

template <class Detail>
Interpretation interpretation(Result<Decoded, DecodeError> decoded, const Detail& detail, std::string reply = {}) {
  return {decoded, std::move(reply), detail.label, detail.unknown_rows, detail.left_out_rows, detail.refused_fields};
}

class DeribitFrames final : public FrameInterpreter {
 public:
  explicit DeribitFrames(bool known_only)
      : decoder_{symbols_, {.unknown = known_only ? deribit::UnknownInstrument::Refuse : deribit::UnknownInstrument::Imply}} {}

  [[nodiscard]] Interpretation interpret(const RecordedFrame& frame, MonoTime received, EventBatch& out) override {
    auto decoded = decoder_.decode(frame.padded_payload(), received, out);
    if (!decoded.ok() || decoded.value().kind != FrameKind::Reply) return interpretation(decoded, decoder_.detail());
    if (decoder_.detail().has_error)
      return interpretation(decoded, decoder_.detail(), "error " + std::to_string(decoder_.detail().error_code));
    const std::string_view text = frame.payload;
    if (has(text, "\"contract_size\"", "\"min_trade_amount\"", "\"kind\"") && !has(text, "\"order_id\""))
      return interpretation(decoder_.decode_instruments(received, out), decoder_.detail());
    if (has(text, "\"summaries\"") || has(text, "\"equity\"", "\"margin_balance\""))
      return interpretation(decoder_.decode_account_summaries(received, out), decoder_.detail());
    if (has(text, "\"floating_profit_loss\"", "\"direction\"", "\"result\":["))
      return interpretation(decoder_.decode_positions(received, out), decoder_.detail());
    return interpretation(decoded, decoder_.detail(), "of another kind");
  }
  [[nodiscard]] const InstrumentNames& names() const override { return names_; }

 private:
  deribit::Symbols symbols_;
  deribit::Decoder decoder_;
  TableNames names_{symbols_};
};

/// What the venues behind FrameReader have in common here.
class TableFrames : public FrameInterpreter {
 public:
  TableFrames(Venue venue, bool known_only)
      : symbols_{venue}, options_{.unlisted = known_only ? UnlistedInstrument::Refuse : UnlistedInstrument::Imply} {}
  [[nodiscard]] const InstrumentNames& names() const override { return names_; }

 protected:
  SymbolTable symbols_;
  DecodingOptions options_;

 private:
  TableNames names_{symbols_};
};

class BybitFrames final : public TableFrames {
 public:
  explicit BybitFrames(bool known_only) : TableFrames{Venue::Bybit, known_only} {}

  void connected(const RecordedFrame& record) override {
    constexpr std::string_view kPublic = "/v5/public/";
    const std::size_t at = record.url.find(kPublic);
    if (at == std::string_view::npos) return;
    if (const auto category = bybit::category_from(record.url.substr(at + kPublic.size())))
      categories_[std::string{record.connection}] = *category;
  }

  [[nodiscard]] Interpretation interpret(const RecordedFrame& frame, MonoTime received, EventBatch& out) override {
    const auto category = categories_.find(std::string{frame.connection});
    bybit::Decoder& decoder =
        decoders_[static_cast<std::size_t>(category == categories_.end() ? bybit::Category::Linear : category->second)];
    const auto decoded = decoder.decode(frame.padded_payload(), received, out);
    if (!decoded.ok() || decoded.value().kind != FrameKind::Reply) return interpretation(decoded, decoder.detail());
    if (decoder.detail().code != 0)
      return interpretation(decoded, decoder.detail(), "error " + std::to_string(decoder.detail().code));
    const std::string_view text = frame.payload;
    if (has(text, "\"lotSizeFilter\"", "\"baseCoin\""))
      return interpretation(decoder.decode_instruments(received, out), decoder.detail());
    if (has(text, "\"positionIdx\"", "\"positionValue\"") && !has(text, "\"orderId\""))
      return interpretation(decoder.decode_positions(received, {}, out), decoder.detail());
    if (has(text, "\"totalMarginBalance\"")) return interpretation(decoder.decode_wallet(received, out), decoder.detail());
    return interpretation(decoded, decoder.detail(), "of another kind");
  }

 private:
  std::map<std::string, bybit::Category> categories_;  ///< by connection
  std::array<bybit::Decoder, 4> decoders_{
      bybit::Decoder{symbols_, bybit::Category::Spot, options_}, bybit::Decoder{symbols_, bybit::Category::Linear, options_},
      bybit::Decoder{symbols_, bybit::Category::Inverse, options_}, bybit::Decoder{symbols_, bybit::Category::Option, options_}};
};

class OkxFrames final : public TableFrames {
 public:
  explicit OkxFrames(bool known_only) : TableFrames{Venue::Okx, known_only}, decoder_{symbols_, options_} {}

  [[nodiscard]] Interpretation interpret(const RecordedFrame& frame, MonoTime received, EventBatch& out) override {
    const auto decoded = decoder_.decode(frame.padded_payload(), received, out);
    if (!decoded.ok() || decoded.value().kind != FrameKind::Reply) return interpretation(decoded, decoder_.detail());
    if (decoder_.detail().code != 0)
      return interpretation(decoded, decoder_.detail(), "error " + std::to_string(decoder_.detail().code));
    const std::string_view text = frame.payload;
    if (has(text, "\"ctMult\"")) return interpretation(decoder_.decode_instruments(received, out), decoder_.detail());
    if (has(text, "\"posId\"", "\"avgPx\"") && !has(text, "\"ordId\"") && !has(text, "\"closeAvgPx\""))
      return interpretation(decoder_.decode_positions(received, out), decoder_.detail());
    if (has(text, "\"details\"", "\"cashBal\"")) return interpretation(decoder_.decode_balance(received, out), decoder_.detail());
    if (has(text, "\"markVol\"")) return interpretation(decoder_.decode_option_summary(received, out), decoder_.detail());
    return interpretation(decoded, decoder_.detail(), "of another kind");
  }

 private:
  okx::Decoder decoder_;
};

class BinanceFrames final : public TableFrames {
 public:
  explicit BinanceFrames(bool known_only) : TableFrames{Venue::Binance, known_only}, decoder_{symbols_, std::nullopt, options_} {}

  [[nodiscard]] Interpretation interpret(const RecordedFrame& frame, MonoTime received, EventBatch& out) override {
    const auto decoded = decoder_.decode(frame.padded_payload(), received, out);
    if (!decoded.ok() || decoded.value().kind != FrameKind::Reply) return interpretation(decoded, decoder_.detail());
    const std::string_view text = frame.payload;
    if (has(text, "\"filters\"") && (has(text, "\"symbols\"") || has(text, "\"optionSymbols\"")))
      return interpretation(decoder_.decode_instruments(received, out), decoder_.detail());
    if (has(text, "\"lastUpdateId\"", "\"bids\"")) {
      const std::string symbol = symbol_of(frame.url);
      if (symbol.empty()) return interpretation(decoded, decoder_.detail(), "depth without a symbol");
      return interpretation(decoder_.decode_depth(symbol, received, out), decoder_.detail());
    }
    if (has(text, "\"adjustedEquity\"") || has(text, "\"totalWalletBalance\"") || has(text, "\"balances\""))
      return interpretation(decoder_.decode_account(received, out), decoder_.detail());
    if (has(text, "\"positionAmt\"")) return interpretation(decoder_.decode_positions(received, out), decoder_.detail());
    if (has(text, "\"fundingIntervalHours\""))
      return interpretation(decoder_.decode_funding_info(received, out), decoder_.detail());
    return interpretation(decoded, decoder_.detail(), "of another kind");
  }

 private:
  /// symbol=BTCUSDT of a request, as the program names it.
  static std::string symbol_of(std::string_view url) {
    constexpr std::string_view kParameter = "symbol=";
    const std::size_t at = url.find(kParameter);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = url.substr(at + kParameter.size());
    std::string symbol{rest.substr(0, rest.find('&'))};
    if (has(url, "/api/v3/")) symbol += binance::kSpotSuffix;
    return symbol;
  }

  binance::Decoder decoder_;
};

}  // namespace

std::unique_ptr<FrameInterpreter> make_interpreter(Venue venue, bool known_only) {
  switch (venue) {
    case Venue::Deribit:
      return std::make_unique<DeribitFrames>(known_only);
    case Venue::Binance:
      return std::make_unique<BinanceFrames>(known_only);
    case Venue::Okx:
      return std::make_unique<OkxFrames>(known_only);
    case Venue::Bybit:
      return std::make_unique<BybitFrames>(known_only);
  }
  return nullptr;
}

}  // namespace hedgewatch
