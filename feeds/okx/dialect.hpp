#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/okx/decoder.hpp"
#include "feeds/okx/requests.hpp"
#include "feeds/session/stream_dialect.hpp"

namespace hedgewatch::okx {

struct DialectOptions {
  ConnectionId connection = kNoConnection;
  AccountId account = kNoAccount;       ///< an account's connection; nothing: market data
  std::vector<std::string> currencies;  ///< whose options, indices and volatilities are followed
  std::optional<Credential> credential;
  bool demo = false;  ///< demo trading: signed calls say so in a header
};

/// OKX v5 in a stream session: one socket for market data, another for an account, both below the same address. Topics are a
/// channel and what it is about, `books:BTC-USD-SWAP`; a channel that stands alone is its name.
class Dialect final : public StreamDialect {
 public:
  /// Kinds of calls.
  enum Call : std::uint32_t { Time = kBookSnapshotCall + 1, Instruments, Configuration, Balance, Positions };

  /// `symbols` outlives it.
  Dialect(DialectOptions options, SymbolTable& symbols);

  [[nodiscard]] Venue venue() const override { return Venue::Okx; }
  [[nodiscard]] StreamLimits limits() const override;
  /// The lists, once: what is said of instruments that nobody has listed would count for nothing.
  void calls_before_open(std::vector<StreamCall>& calls) override;
  [[nodiscard]] std::string path_suffix() const override { return is_account() ? "/ws/v5/private" : "/ws/v5/public"; }

  [[nodiscard]] std::optional<std::string> login(std::uint64_t id, WallTime now) override;
  [[nodiscard]] std::string ping(std::uint64_t id) override;
  [[nodiscard]] std::string pong() override { return std::string{kPong}; }
  [[nodiscard]] std::string subscribe(std::uint64_t id, std::span<const std::string> topics) override;
  [[nodiscard]] std::string unsubscribe(std::uint64_t id, std::span<const std::string> topics) override;

  void standing_topics(std::vector<StreamTopic>& topics) override;
  void topics_of(const Contract& contract, bool with_book, std::vector<StreamTopic>& topics) override;
  [[nodiscard]] bool carries(const Contract& /*contract*/) const override { return true; }

  [[nodiscard]] Result<Decoded, DecodeError> decode(simdjson::padded_string_view frame, MonoTime received,
                                                    EventBatch& out) override;
  [[nodiscard]] const FrameDetail& detail() const override { return newest_->detail(); }
  [[nodiscard]] std::string_view topic() override;
  [[nodiscard]] std::optional<std::uint64_t> request_id() const override;
  [[nodiscard]] bool acknowledges_one_topic() const override;
  [[nodiscard]] StreamReaction reaction_to(std::int64_t code, std::string_view message) const override;

  void calls_at_open(std::vector<StreamCall>& calls) override;
  void calls_to_reconcile(std::vector<StreamCall>& calls) override;
  void calls_to_define(std::string_view name, std::vector<StreamCall>& calls) override;
  [[nodiscard]] std::optional<HttpCall> request_of(const StreamCall& call, WallTime now) override;
  [[nodiscard]] bool states_positions(const StreamCall& call) const override { return call.kind == Positions; }
  [[nodiscard]] Result<StreamAnswer, DecodeError> read(const StreamCall& call, unsigned status, simdjson::padded_string_view body,
                                                       MonoTime received, EventBatch& out) override;

 private:
  [[nodiscard]] std::vector<std::string> lists() const;
  [[nodiscard]] bool is_account() const { return options_.account != kNoAccount; }

  DialectOptions options_;
  /// Answers of calls have a decoder of their own, so that a statement that is called for does not mix with one in pages.
  Decoder stream_;
  Decoder answers_;
  Decoder* newest_ = &stream_;
  std::string topic_;
  std::set<std::string, std::less<>> listed_;  ///< lists that were read at least once
};

}  // namespace hedgewatch::okx
