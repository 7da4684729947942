#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/simulator/deribit_text.hpp"
#include "feeds/simulator/paced_market.hpp"
#include "feeds/simulator/resting_orders.hpp"
#include "feeds/simulator/synthetic_account.hpp"
#include "feeds/simulator/synthetic_market.hpp"
#include "feeds/simulator/venue_content.hpp"

namespace hedgewatch::simulator {

struct SyntheticContentConfig {
  SyntheticMarketConfig market;
  SyntheticAccountConfig account;
  bool vary_key_order = true;
  double quote_usd = 50'000;  ///< of the account's bid and ask in each perpetual; 0: it has no working orders
};

/// A seeded market and account as a venue's content. Its clock starts with the market's and runs with the caller's.
class SyntheticContent final : public VenueContent {
 public:
  static constexpr std::size_t kMostPastFills = 20'000;

  explicit SyntheticContent(const SyntheticContentConfig& config);

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] VenueTime venue_time(MonoTime now) const override;
  [[nodiscard]] bool offers(const Channel& channel) const override;
  void on_subscribed(const Channel& channel, MonoTime now, std::vector<Notification>& first) override;
  void poll(MonoTime now, std::size_t most, const Wanted& wanted, std::vector<Notification>& out) override;
  [[nodiscard]] std::optional<RpcReply> answer(std::string_view method, const Params& params, MonoTime now) override;
  [[nodiscard]] std::optional<RpcReply> drill(std::string_view name, const Params& params, MonoTime now) override;

  [[nodiscard]] const SyntheticMarket& market() const { return market_; }
  [[nodiscard]] const SyntheticAccount& account() const { return account_; }

 private:
  void on_step(const MarketChanges& changes, const Wanted& wanted, std::vector<Notification>& out);
  void tell_markets(const MarketChanges& changes, const Wanted& wanted, std::vector<Notification>& out);
  void tell_aggregated_books(const Wanted& wanted, std::vector<Notification>& out);
  void tell_indices(const Wanted& wanted, std::vector<Notification>& out);
  void tell_account(const Wanted& wanted, std::vector<Notification>& out);
  [[nodiscard]] double stablecoin_price(std::string_view index_name) const;
  void tell_stablecoins(const Wanted& wanted, std::vector<Notification>& out);
  /// The topics that something about an instrument goes to, e.g. trades.BTC-PERPETUAL and trades.future.any.
  [[nodiscard]] std::vector<std::string> topics(std::string_view head, const MarketInstrument& instrument) const;
  [[nodiscard]] std::optional<std::size_t> underlying_of(const Params& params) const;
  [[nodiscard]] std::optional<std::size_t> underlying_by_index(std::string_view index_name) const;
  [[nodiscard]] bool selected(const MarketInstrument& instrument, const Params& params) const;
  [[nodiscard]] RpcReply instruments(const Params& params);
  [[nodiscard]] RpcReply account_summaries(const Params& params, bool all);
  [[nodiscard]] RpcReply user_trades(const Params& params);
  [[nodiscard]] RpcReply open_orders(const Params& params);
  /// Deposits and withdrawals only.
  [[nodiscard]] RpcReply transaction_log(const Params& params);

  /// A book as the subscribers of its one-second channel know it.
  struct SentBook {
    std::int64_t change_id = 0;
    std::vector<BookLevel> bids;
    std::vector<BookLevel> asks;
  };

  struct Moved {
    std::int64_t id = 0;
    VenueTime at{};
    std::size_t underlying = 0;
    double coins = 0;
  };

  PacedMarket paced_;
  SyntheticMarket& market_;
  SyntheticAccount account_;
  RestingOrders resting_;
  DeribitText text_;
  std::vector<AccountFill> fills_;
  std::vector<RestingOrder> changed_orders_;
  std::vector<Moved> moved_;            ///< by drills, oldest first
  std::deque<AccountFill> past_fills_;  ///< oldest first, the newest kMostPastFills
  std::map<std::size_t, SentBook> aggregated_;
  std::uint64_t steps_ = 0;
};

}  // namespace hedgewatch::simulator
