#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/instrument/contract.hpp"
#include "feeds/binance/decoder.hpp"
#include "feeds/binance/requests.hpp"
#include "feeds/binance/symbols.hpp"
#include "feeds/session/stream_dialect.hpp"
#include "feeds/symbol_table.hpp"

namespace hedgewatch::binance {

/// What one connection is for. Each market has hosts of its own. Of USD-margined futures and options each stream belongs to one
/// path: Public (quotes and books), Market (marks), or Private, one for each account. Spot and coin-margined futures have all of
/// their market data on one connection, which goes by the name of Public.
struct DialectOptions {
  Product product = Product::UsdMargined;
  StreamPath path = StreamPath::Public;
  std::vector<AssetCode> coins = {};  ///< whose instruments are listed; of options, whose chains are followed
  DecodingOptions decoding = {};
  Credential credential = {};  ///< of an account
  /// Where a key's permissions are asked for, which is spot's host for all markets; empty: where all other calls go.
  std::string permissions_host = {};
};

/// Goes behind what the addresses of a product begin with; an account's key follows it, where there is one.
[[nodiscard]] std::string_view websocket_path(Product product, StreamPath path);

/// Binance's streams, in the words of StreamSession. Acknowledgements prove nothing here: streams that speak regularly are watched
/// one by one.
class Dialect final : public StreamDialect {
 public:
  /// `symbols` outlives it.
  Dialect(DialectOptions options, SymbolTable& symbols);

  [[nodiscard]] Venue venue() const override { return Venue::Binance; }
  [[nodiscard]] StreamLimits limits() const override;
  [[nodiscard]] BookJoin book_join() const override { return BookJoin::Spliced; }
  [[nodiscard]] SpliceRule splice_rule() const override;

  void calls_before_open(std::vector<StreamCall>& calls) override;
  [[nodiscard]] std::string path_suffix() const override;

  [[nodiscard]] std::optional<std::string> login(std::uint64_t id, WallTime now) override;
  [[nodiscard]] std::string ping(std::uint64_t id) override;
  [[nodiscard]] std::string subscribe(std::uint64_t id, std::span<const std::string> topics) override;
  [[nodiscard]] std::string unsubscribe(std::uint64_t id, std::span<const std::string> topics) override;

  void standing_topics(std::vector<StreamTopic>& topics) override;
  void topics_of(const Contract& contract, bool with_book, std::vector<StreamTopic>& topics) override;
  [[nodiscard]] bool carries(const Contract& contract) const override;

  [[nodiscard]] Result<Decoded, DecodeError> decode(simdjson::padded_string_view frame, MonoTime received,
                                                    EventBatch& out) override;
  [[nodiscard]] const FrameDetail& detail() const override { return detail_; }
  [[nodiscard]] std::string_view topic() override { return detail_.channel_name; }
  [[nodiscard]] std::optional<std::uint64_t> request_id() const override;
  [[nodiscard]] StreamReaction reaction_to(std::int64_t code, std::string_view message) const override;
  void forget_connection() override;

  void calls_at_open(std::vector<StreamCall>& calls) override;
  void calls_to_reconcile(std::vector<StreamCall>& calls) override;
  void calls_to_define(std::string_view name, std::vector<StreamCall>& calls) override;
  [[nodiscard]] std::optional<HttpCall> request_of(const StreamCall& call, WallTime now) override;
  [[nodiscard]] bool states_positions(const StreamCall& call) const override;
  [[nodiscard]] Result<StreamAnswer, DecodeError> read(const StreamCall& call, unsigned status, simdjson::padded_string_view body,
                                                       MonoTime received, EventBatch& out) override;

 private:
  [[nodiscard]] bool is_account() const { return options_.path == StreamPath::Private; }
  [[nodiscard]] bool has_marks() const {
    return options_.path == StreamPath::Market ||
           (options_.path == StreamPath::Public && options_.product == Product::CoinMargined);
  }
  [[nodiscard]] bool is_spot() const { return options_.product == Product::Spot; }

  DialectOptions options_;
  Decoder decoder_;
  FrameDetail detail_;  ///< the decoder's, and what its replies were to requests of this connection
  std::string listen_key_;
  std::string message_;                         ///< of the latest answer that was an error
  std::optional<std::uint64_t> login_request_;  ///< whose reply opens the account's events
  std::optional<std::uint64_t> topic_request_;  ///< whose reply shows that the account's connection answers
};

}  // namespace hedgewatch::binance
