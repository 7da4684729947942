#include "daemon/commands/frame_interpreter.hpp"

#include <array>
#include <map>
#include <optional>
#include <utility>

#include "feeds/binance/decoder.hpp"
#include "feeds/bybit/decoder.hpp"
#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/symbols.hpp"
#include "feeds/okx/decoder.hpp"
#include "feeds/session/book_synchroniser.hpp"
#include "feeds/session/chained_book.hpp"
#include "feeds/session/spliced_book.hpp"

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
  Interpretation read{decoded, std::move(reply), detail.label, detail.unknown_rows, detail.left_out_rows, detail.refused_fields};
  if (!detail.unknown.empty())
    read.unknown_name = detail.unknown.front();
  else if (!decoded.ok() && decoded.error().fault == DecodeFault::UnknownInstrument)
    read.unknown_name = detail.channel_name;
  return read;
}

/// What a break in a book's sequence looks like to who applies events.
void invalidate_book(ConnectionId connection, Venue venue, InstrumentId book, MonoTime received, EventBatch& out) {
  static_cast<void>(
      out.push(EventHeader{.received = received, .instrument = book, .connection = connection, .venue = venue}, BookInvalidated{}));
}

/// Does to the events behind `before` what the verdict says of them.
void judge_book(BookVerdict verdict, const InterpreterSetup& setup, InstrumentId book, std::size_t before, MonoTime received,
                EventBatch& out) {
  if (verdict == BookVerdict::Apply) return;
  out.truncate(before);
  if (verdict == BookVerdict::Invalidate) invalidate_book(setup.connection, setup.venue, book, received, out);
}

class DeribitFrames final : public FrameInterpreter {
 public:
  explicit DeribitFrames(const InterpreterSetup& setup)
      : setup_{setup},
        symbols_{setup.symbols == nullptr ? own_.emplace() : static_cast<deribit::Symbols&>(*setup.symbols)},
        decoder_{symbols_,
                 {.connection = setup.connection,
                  .account = setup.account,
                  .unknown = setup.known_only ? deribit::UnknownInstrument::Refuse : deribit::UnknownInstrument::Imply}} {}

  void lost() override { books_.clear(); }
  [[nodiscard]] Interpretation interpret(const RecordedFrame& frame, MonoTime received, EventBatch& out) override {
    const std::size_t before = out.size();
    auto decoded = decoder_.decode(frame.padded_payload(), received, out);
    if (decoded.ok() && decoder_.detail().book != deribit::BookForm::None && setup_.connection != kNoConnection)
      judge_book(verdict(received), setup_, decoder_.detail().instrument, before, received, out);
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
  BookVerdict verdict(MonoTime received) {
    const deribit::FrameDetail& detail = decoder_.detail();
    BookSynchroniser& book = books_[detail.instrument];
    if (detail.book == deribit::BookForm::Change) return book.on_delta(detail.previous_change_id, detail.change_id);
    if (!book.live()) {
      book = BookSynchroniser{};
      book.on_subscribe_sent(received);
    }
    return book.on_snapshot(detail.change_id);
  }

  InterpreterSetup setup_;
  std::optional<deribit::Symbols> own_;
  deribit::Symbols& symbols_;
  deribit::Decoder decoder_;
  TableNames names_{symbols_};
  std::map<InstrumentId, BookSynchroniser> books_;
};

/// What the venues behind FrameReader have in common here.
class TableFrames : public FrameInterpreter {
 public:
  explicit TableFrames(const InterpreterSetup& setup)
      : setup_{setup},
        symbols_{setup.symbols == nullptr ? own_.emplace(setup.venue) : *setup.symbols},
        options_{.connection = setup.connection,
                 .account = setup.account,
                 .unlisted = setup.known_only ? UnlistedInstrument::Refuse : UnlistedInstrument::Imply} {}
  [[nodiscard]] const InstrumentNames& names() const override { return names_; }
  void lost() override { books_.clear(); }

 protected:
  /// Of a frame that was decoded, by a venue whose streams bring their own snapshots.
  void judge_chain(const FrameDetail& detail, std::size_t before, MonoTime received, EventBatch& out) {
    if (detail.book == BookForm::None || setup_.connection == kNoConnection) return;
    ChainedBook& book = books_[detail.instrument];
    if (detail.book == BookForm::Snapshot && !book.synchroniser().live()) {
      book = ChainedBook{};
      book.synchroniser().on_subscribe_sent(received);
    }
    judge_book(book.on_message(detail), setup_, detail.instrument, before, received, out);
  }

  InterpreterSetup setup_;
  std::optional<SymbolTable> own_;
  SymbolTable& symbols_;
  DecodingOptions options_;

 private:
  TableNames names_{symbols_};
  std::map<InstrumentId, ChainedBook> books_;
};

class BybitFrames final : public TableFrames {
 public:
  explicit BybitFrames(const InterpreterSetup& setup)
      : TableFrames{setup}, category_{bybit::category_from(setup.part).value_or(bybit::Category::Linear)} {}

  void connected(const RecordedFrame& record) override {
    constexpr std::string_view kPublic = "/v5/public/";
    const std::size_t at = record.url.find(kPublic);
    if (at == std::string_view::npos) return;
    if (const auto category = bybit::category_from(record.url.substr(at + kPublic.size())))
      categories_[std::string{record.connection}] = *category;
  }
  void lost() override {
    TableFrames::lost();
    list_ = 0;
    for (bybit::Decoder& decoder : decoders_) decoder.forget_tickers();
  }

  [[nodiscard]] Interpretation interpret(const RecordedFrame& frame, MonoTime received, EventBatch& out) override {
    const auto category = categories_.find(std::string{frame.connection});
    bybit::Decoder& decoder = decoders_[static_cast<std::size_t>(category == categories_.end() ? category_ : category->second)];
    const std::size_t before = out.size();
    const auto decoded = decoder.decode(frame.padded_payload(), received, out);
    if (decoded.ok()) judge_chain(decoder.detail(), before, received, out);
    if (!decoded.ok() || decoded.value().kind != FrameKind::Reply) return interpretation(decoded, decoder.detail());
    if (decoder.detail().code != 0)
      return interpretation(decoded, decoder.detail(), "error " + std::to_string(decoder.detail().code));
    const std::string_view text = frame.payload;
    if (has(text, "\"lotSizeFilter\"", "\"baseCoin\""))
      return interpretation(decoder.decode_instruments(received, out), decoder.detail());
    if (has(text, "\"totalMarginBalance\"")) return interpretation(decoder.decode_wallet(received, out), decoder.detail());
    if (setup_.account != kNoAccount && has(text, "\"nextPageCursor\"", "\"list\"", "\"category\""))
      return positions_page(decoder, text, received, out);
    if (has(text, "\"positionIdx\"", "\"positionValue\"") && !has(text, "\"orderId\""))
      return interpretation(decoder.decode_positions(received, {}, out), decoder.detail());
    return interpretation(decoded, decoder.detail(), "of another kind");
  }

 private:
  /// The daemon asks for the positions market by market, in this order, and each to its last page: together they are the whole.
  static constexpr std::array<std::string_view, 4> kLists{"\"category\":\"linear\"", "\"category\":\"linear\"",
                                                          "\"category\":\"inverse\"", "\"category\":\"option\""};

  Interpretation positions_page(bybit::Decoder& decoder, std::string_view text, MonoTime received, EventBatch& out) {
    if (list_ == kLists.size() || !has(text, kLists[list_])) {
      // Another statement has begun, or one whose beginning is not here.
      if (!has(text, kLists[0])) {
        list_ = kLists.size();
        return {Decoded{FrameKind::Reply, {}}, "positions whose beginning is missing", {}};
      }
      list_ = 0;
      page_ = 0;
    }
    const StatementPart part{.first = list_ == 0 && page_ == 0, .last = list_ + 1 == kLists.size()};
    const auto read = decoder.decode_positions(received, part, out);
    if (!read.ok()) {
      // The daemon asks for all of it again.
      list_ = kLists.size();
    } else if (decoder.detail().next_page.empty()) {
      ++list_;
      page_ = 0;
    } else {
      ++page_;
    }
    return interpretation(read, decoder.detail());
  }

  bybit::Category category_;                           ///< where nothing says it
  std::map<std::string, bybit::Category> categories_;  ///< by connection
  std::size_t list_ = 0;                               ///< of the statement of positions that is under way
  std::size_t page_ = 0;
  std::array<bybit::Decoder, 4> decoders_{
      bybit::Decoder{symbols_, bybit::Category::Spot, options_}, bybit::Decoder{symbols_, bybit::Category::Linear, options_},
      bybit::Decoder{symbols_, bybit::Category::Inverse, options_}, bybit::Decoder{symbols_, bybit::Category::Option, options_}};
};

class OkxFrames final : public TableFrames {
 public:
  explicit OkxFrames(const InterpreterSetup& setup) : TableFrames{setup}, decoder_{symbols_, options_} {}

  [[nodiscard]] Interpretation interpret(const RecordedFrame& frame, MonoTime received, EventBatch& out) override {
    const std::size_t before = out.size();
    const auto decoded = decoder_.decode(frame.padded_payload(), received, out);
    if (decoded.ok()) judge_chain(decoder_.detail(), before, received, out);
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

/// The market of a connection; nothing where the part does not say one.
std::optional<binance::Product> binance_product(std::string_view part) {
  if (part.starts_with("spot")) return binance::Product::Spot;
  if (part.starts_with("usd_margined")) return binance::Product::UsdMargined;
  if (part.starts_with("coin_margined")) return binance::Product::CoinMargined;
  if (part.starts_with("options")) return binance::Product::Options;
  return std::nullopt;
}

class BinanceFrames final : public TableFrames {
 public:
  explicit BinanceFrames(const InterpreterSetup& setup)
      : TableFrames{setup}, product_{binance_product(setup.part)}, decoder_{symbols_, product_, options_} {}

  void lost() override { spliced_.clear(); }
  [[nodiscard]] Interpretation interpret(const RecordedFrame& frame, MonoTime received, EventBatch& out) override {
    const std::size_t before = out.size();
    const auto decoded = decoder_.decode(frame.padded_payload(), received, out);
    if (decoded.ok() && decoder_.detail().book == BookForm::Change && setup_.connection != kNoConnection)
      on_change(before, received, out);
    if (!decoded.ok() || decoded.value().kind != FrameKind::Reply) return interpretation(decoded, decoder_.detail());
    const std::string_view text = frame.payload;
    if (has(text, "\"filters\"") && (has(text, "\"symbols\"") || has(text, "\"optionSymbols\"")))
      return interpretation(decoder_.decode_instruments(received, out), decoder_.detail());
    if (has(text, "\"lastUpdateId\"", "\"bids\"")) {
      std::string symbol = symbol_of(frame.url);
      if (symbol.empty()) symbol = only_waiting_book();
      if (symbol.empty()) return interpretation(decoded, decoder_.detail(), "depth without a symbol");
      const auto snapshot = decoder_.decode_depth(symbol, received, out);
      if (snapshot.ok() && setup_.connection != kNoConnection) on_snapshot(symbol, before, out);
      return interpretation(snapshot, decoder_.detail());
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
  /// A capture does not keep what was asked; the daemon asks for the snapshots of books that wait for one.
  std::string only_waiting_book() const {
    std::string only;
    for (const auto& [instrument, book] : spliced_) {
      if (!book.wants_snapshot()) continue;
      if (!only.empty()) return {};
      only = symbols_.name(instrument);
    }
    return only;
  }
  SplicedBook& book_of(InstrumentId instrument) {
    const bool spot = symbols_.name(instrument).ends_with(binance::kSpotSuffix);
    return spliced_.try_emplace(instrument, spot ? SpliceRule::NextNumber : SpliceRule::NamedPredecessor).first->second;
  }
  void on_change(std::size_t before, MonoTime received, EventBatch& out) {
    const InstrumentId instrument = decoder_.detail().instrument;
    const SpliceVerdict verdict = book_of(instrument).on_change(decoder_.detail(), out.events().subspan(before));
    if (verdict == SpliceVerdict::Apply) return;
    out.truncate(before);
    if (verdict == SpliceVerdict::Invalidate) invalidate_book(setup_.connection, setup_.venue, instrument, received, out);
  }
  void on_snapshot(std::string_view symbol, std::size_t before, EventBatch& out) {
    const auto id = symbols_.find(symbol);
    if (!id || book_of(*id).on_snapshot(decoder_.detail().sequence) != SnapshotVerdict::Joined) return out.truncate(before);
    for (const Event& held : book_of(*id).held()) static_cast<void>(out.push(held));
  }

  std::optional<binance::Product> product_;
  binance::Decoder decoder_;
  std::map<InstrumentId, SplicedBook> spliced_;
};

}  // namespace

std::unique_ptr<FrameInterpreter> make_interpreter(const InterpreterSetup& setup) {
  switch (setup.venue) {
    case Venue::Deribit:
      return std::make_unique<DeribitFrames>(setup);
    case Venue::Binance:
      return std::make_unique<BinanceFrames>(setup);
    case Venue::Okx:
      return std::make_unique<OkxFrames>(setup);
    case Venue::Bybit:
      return std::make_unique<BybitFrames>(setup);
  }
  return nullptr;
}

}  // namespace hedgewatch
