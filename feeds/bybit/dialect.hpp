#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/bybit/decoder.hpp"
#include "feeds/bybit/requests.hpp"
#include "feeds/session/stream_dialect.hpp"
#include "feeds/symbol_table.hpp"

namespace hedgewatch::bybit {

struct DialectOptions {
  /// The market of a market-data connection's path. An account's connection is for all of them.
  Category category = Category::Linear;
  /// An account's connection: it signs in.
  std::optional<Credential> credential = {};
  /// Underlying coins whose instruments are discovered.
  std::vector<std::string> coins = {};
  ConnectionId connection = kNoConnection;
  AccountId account = kNoAccount;
};

/// What is Bybit's own about a connection. Topics are acknowledged by the request's name, options' by the topics themselves; the
/// account says nothing at first, so its statements are called for, and again every few seconds, since equity, margins and
/// marks move without a message.
class Dialect final : public StreamDialect {
 public:
  /// `symbols` outlives the dialect.
  Dialect(DialectOptions options, SymbolTable& symbols);

  [[nodiscard]] Venue venue() const override { return Venue::Bybit; }
  [[nodiscard]] StreamLimits limits() const override;

  void calls_before_open(std::vector<StreamCall>& calls) override;

  [[nodiscard]] std::optional<std::string> login(std::uint64_t id, WallTime now) override;
  [[nodiscard]] std::string ping(std::uint64_t id) override;
  [[nodiscard]] std::string subscribe(std::uint64_t id, std::span<const std::string> topics) override;
  [[nodiscard]] std::string unsubscribe(std::uint64_t id, std::span<const std::string> topics) override;

  void standing_topics(std::vector<StreamTopic>& topics) override;
  void topics_of(const Contract& contract, bool with_book, std::vector<StreamTopic>& topics) override;
  [[nodiscard]] bool carries(const Contract& contract) const override;

  [[nodiscard]] Result<Decoded, DecodeError> decode(simdjson::padded_string_view frame, MonoTime received,
                                                    EventBatch& out) override;
  [[nodiscard]] const FrameDetail& detail() const override { return decoder_.detail(); }
  [[nodiscard]] std::string_view topic() override { return decoder_.detail().channel_name; }
  [[nodiscard]] std::optional<std::uint64_t> request_id() const override { return request_; }
  void refused_topics(std::vector<std::string_view>& topics) const override;
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
  /// A request of the option socket, whose acknowledgement does not name it.
  struct Asked {
    std::uint64_t id = 0;
    std::vector<std::string> topics;
  };
  void remember(std::uint64_t id, std::span<const std::string> topics);
  [[nodiscard]] std::optional<std::uint64_t> asked_for(std::string_view topic);
  [[nodiscard]] Result<bool, DecodeError> read_list(const StreamCall& call, MonoTime received, EventBatch& out,
                                                    StreamAnswer& answer);
  [[nodiscard]] Result<bool, DecodeError> read_positions(const StreamCall& call, MonoTime received, EventBatch& out);
  void keep_discovered(std::size_t before, EventBatch& out) const;
  void tell_expired(EventBatch& out, MonoTime received);

  DialectOptions options_;
  SymbolTable& symbols_;
  Decoder decoder_;
  std::optional<std::uint64_t> request_;
  std::deque<Asked> asked_;
  std::string next_page_;
  VenueTime statement_began_ = kNoVenueTime;
  std::set<InstrumentId> expired_;
};

}  // namespace hedgewatch::bybit
