#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/desk_monitor.hpp"
#include "core/engine/reconcile_monitor.hpp"
#include "core/risk/profit_explain.hpp"
#include "core/risk/profit_record.hpp"

namespace hedgewatch {

/// Explains what each book earns. Every position has intervals of its own, cut at its trades, its expiry, the session's turn, and
/// after a minute; each is explained by the Greeks at its start. Positions without fresh inputs wait with their interval open. The
/// open intervals are re-estimated once a second of the engine's time, a bounded number of positions a cycle. What the components
/// mean stands in core/risk/profit_explain.md.
class ProfitMonitor final : public DeskMonitor {
 public:
  static constexpr std::chrono::nanoseconds kInterval = std::chrono::minutes{1};
  static constexpr std::chrono::nanoseconds kRefresh = std::chrono::seconds{1};
  static constexpr std::size_t kPositionsPerCycle = 128;

  /// `reconcile` must be told of every event and cycle before this.
  explicit ProfitMonitor(ReconcileMonitor& reconcile) : reconcile_{&reconcile} {}

  void lay_out(const DeskView& view, FigureTable& table) override;
  void apply(const DeskView& view, const Event& event) override;
  void end_cycle(const DeskView& view, const Publisher& out) override;
  void visit_state(StateArchive& archive) override;

 private:
  static constexpr std::size_t kGone = static_cast<std::size_t>(-1);
  static constexpr std::size_t kReservedFills = 256;

  /// The market of one instrument at one moment: everything needed to value and explain a position.
  struct Moment {
    double mark = 0;     ///< contract's price unit
    double forward = 0;  ///< options; the mark for futures
    double vol = 0;
    double index = 0;         ///< dollars per coin of the underlying
    double dollars = 1;       ///< per unit of the settlement asset
    double funding_paid = 0;  ///< per unit of size
    VenueTime at = kNoVenueTime;
    bool over = false;  ///< the contract is delivered: mark and forward are its last
    Quality quality;
  };
  /// Trades since the interval's start, and the fees they cost.
  struct Traded {
    double size = 0;
    double value = 0;  ///< settlement asset, at the trades' own prices: size * price, -size / price for inverse futures
    double fees_usd = 0;
    double missed_size = 0;  ///< adopted from the venue's statement, not yet in size and value
    double missed_value = 0;
    bool any = false;
  };
  struct Position {
    std::size_t book = 0;
    InstrumentSlot slot = kNoSlot;
    double size = 0;  ///< in the interval that is open
    double held = 0;  ///< by the portfolio, now
    Quality size_quality;
    bool started = false;
    Moment start;
    std::optional<ValueSensitivity> sensitivity;
    Traded traded;
    ProfitTerms open;  ///< of the interval that is open, dollars
    Quality quality;   ///< of `open`
  };
  /// A book's share of equity in one coin.
  struct Collateral {
    AssetCode asset;
    bool started = false;
    double coins = 0;
    double index = 0;
    VenueTime at = kNoVenueTime;
    double open_usd = 0;
    Quality quality;
  };
  struct Book {
    std::string name;
    bool reported = false;
    ProfitRecord record;
    std::vector<Collateral> collateral;
    Estimate session_usd;  ///< earned since the session began, every component
    std::array<std::array<RowId, kProfitComponents>, kProfitSinces.size()> rows{};
    std::array<RowId, kProfitSinces.size()> ratio{};
    RowId session_loss = kNoRow;  ///< only where an account's equity can be what it is measured by

    void visit_state(auto& archive) { archive(name, reported, record, collateral, session_usd, rows, ratio, session_loss); }
  };
  struct Told {
    AccountId account = kNoAccount;
    InstrumentSlot slot = kNoSlot;
    Fill fill;
    bool sized = false;  ///< false: its size is part of a statement to come, only its fee is news
  };

  [[nodiscard]] Moment moment(const DeskView& view, InstrumentSlot slot) const;
  [[nodiscard]] static std::size_t book_of(const DeskView& view, AccountId account, InstrumentSlot slot);
  [[nodiscard]] bool has_positions(std::size_t book) const;
  Position& position(std::size_t book, InstrumentSlot slot);
  static void begin(const DeskView& view, Position& position, const Moment& now, double size);
  [[nodiscard]] static ProfitTerms explain(const DeskView& view, const Position& position, const Moment& now);
  /// Ends the interval at `now` into the book's record and begins the next with `size`.
  void cut(const DeskView& view, Position& position, const Moment& now, double size);
  void route_fills(const DeskView& view);
  void take_trades(const DeskView& view);
  void refresh(const DeskView& view, Position& position);
  void refresh_collateral(const DeskView& view, const Exposure& exposure);
  void publish(const DeskView& view, const Publisher& out);
  void publish_session_losses(const DeskView& view, const Publisher& out);

  ReconcileMonitor* reconcile_;
  std::vector<Book> books_;            ///< parallel to the portfolio's books
  RowId every_session_loss_ = kNoRow;  ///< of all books together, where there are several
  std::vector<std::uint16_t> all_accounts_;
  std::vector<Position> positions_;  ///< by book and slot
  std::vector<Told> fills_;          ///< of this cycle
  bool look_for_trades_ = true;
  std::size_t next_ = 0;  ///< of the positions, in the round that is under way
  bool round_open_ = false;
  MonoTime next_round_{};
};

}  // namespace hedgewatch
